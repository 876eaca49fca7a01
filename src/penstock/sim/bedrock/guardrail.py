"""What a guardrail tells of its intervention: the trace.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailTraceAssessment.html
"""

from __future__ import annotations

from typing import Any

from penstock.sim.answer import Answer

_USAGE = {
    "topicPolicyUnits": 1,
    "contentPolicyUnits": 1,
    "wordPolicyUnits": 0,
    "sensitiveInformationPolicyUnits": 0,
    "sensitiveInformationPolicyFreeUnits": 0,
    "contextualGroundingPolicyUnits": 0,
}


def trace(answer: Answer, guardrail: str, *, invoked: bool = False) -> dict[str, Any]:
    """A denied topic, found in the question or in the answer. InvokeModel calls the assessments otherwise."""
    topic = {"name": "simulated-topic", "type": "DENY", "action": "BLOCKED", "detected": True}
    assessment = {
        "topicPolicy": {"topics": [topic]},
        "invocationMetrics": {"guardrailProcessingLatency": 120, "usage": _USAGE},
    }
    found: dict[str, Any]
    if answer.blocked == "input":
        found = {"input" if invoked else "inputAssessment": {guardrail: assessment}}
    elif invoked:
        found = {"outputs": [{guardrail: assessment}]}
    else:
        found = {"outputAssessments": {guardrail: [assessment]}}
    output = [answer.judged] if answer.judged else []
    return {**found, "modelOutput": output, "actionReason": "Guardrail blocked."}
