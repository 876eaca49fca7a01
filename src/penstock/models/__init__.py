"""Models: one file or small folder each, filling `core.ports.Model`.

    asking.py       what they do alike when they ask
    http.py         how they reach their providers
    body.py         an answer while it arrives
    decoding.py     what providers send, decoded
    complaint.py    what providers complain of, as our errors
    hiding.py       what no message of ours may hold
    sources.py      the numbers of sources that a provider cites
    messages/       Anthropic's Messages API, which Bedrock speaks, too

These are what they share; beyond that, none knows another.
"""
