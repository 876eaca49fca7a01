"""Anthropic's Messages API as plain data, for whoever speaks it: Anthropic's adapter, and Bedrock's.

    families.py   what a Claude takes, by its name
    request.py    a prompt in, the body of a request out
    events.py     the events of a stream in, our events out
    shapes.py     what these events are made of

https://platform.claude.com/docs/en/api/messages/create
"""
