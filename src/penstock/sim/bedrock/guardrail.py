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


def trace(answer: Answer, guardrail: str) -> dict[str, Any]:
    """A denied topic, found in the question or in the answer."""
    topic = {"name": "simulated-topic", "type": "DENY", "action": "BLOCKED", "detected": True}
    assessment = {
        "topicPolicy": {"topics": [topic]},
        "invocationMetrics": {"guardrailProcessingLatency": 120, "usage": _USAGE},
    }
    if answer.blocked == "input":
        return {"inputAssessment": {guardrail: assessment}, "actionReason": "Guardrail blocked."}
    return {
        "outputAssessments": {guardrail: [assessment]},
        "modelOutput": [],
        "actionReason": "Guardrail blocked.",
    }
