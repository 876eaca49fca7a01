"""Amazon Bedrock's runtime endpoint, simulated.

api.py        which operation on which model, and who may ask
converse.py   Converse, streamed and whole; checks.py what is checked of a request
invoke.py     InvokeModel; families.py each family's JSON, in messages.py and prompts.py
frames.py     the messages of a stream
guardrail.py  the trace of an intervention
errors.py     how Bedrock says no
"""

from penstock.sim.bedrock.api import Bedrock

__all__ = ["Bedrock"]
