"""Models in Amazon Bedrock, asked by ConverseStream or by InvokeModelWithResponseStream.

    model.py       the model: the call, the stream, its failures
    converse.py    ConverseStream, the same for all models
    invoke.py      InvokeModel, each family in its own words: invoke_bodies.py, invoke_chunks.py,
                   and for Claude, which speaks in messages, invoke_claude.py
    blocks.py      the content blocks that ConverseStream and Nova stream
    asking.py      what both are asked alike; reading.py and answer.py: what both are heard alike
    ids.py         what the names of models say
    guardrail.py   guardrails: how one is asked for, and what it takes back
    complaint.py   what Bedrock complains of

Neither of the two is imported here: whoever uses one does not pay for the other.
"""

from penstock.models.bedrock.model import Api, Bedrock

__all__ = ["Api", "Bedrock"]
