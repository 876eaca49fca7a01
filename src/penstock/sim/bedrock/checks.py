"""What Bedrock checks of a request, in the words of AWS as far as they are known."""

from __future__ import annotations

from typing import Any

from penstock.sim.asked import Wrong, dicts, record


def check(messages: list[dict[str, Any]], body: dict[str, Any]) -> None:
    """Raises Wrong."""
    if not messages:
        raise Wrong("invalid", "The messages field is empty. Add a message and try again.")
    if messages[0].get("role") != "user":
        raise Wrong(
            "invalid",
            "A conversation must start with a user message. Try again with a conversation that starts with a "
            "user message.",
        )
    uses: set[str] = set()
    for at, message in enumerate(messages):
        if message.get("role") not in ("user", "assistant"):
            raise Wrong("invalid", f"The role at messages.{at} must be user or assistant.")
        if at and message["role"] == messages[at - 1]["role"]:
            raise Wrong(
                "invalid",
                "A conversation must alternate between user and assistant roles. Make sure the conversation "
                "alternates between user and assistant roles and try again.",
            )
        uses = _check_content(at, dicts(message.get("content")), uses, has_tools="toolConfig" in body)
    _check_numbers(record(body.get("inferenceConfig")))


def _check_content(at: int, content: list[dict[str, Any]], uses: set[str], *, has_tools: bool) -> set[str]:
    """The ids of the tools that the message calls; `uses` are those that it must bring results for."""
    if not content:
        raise Wrong(
            "invalid",
            f"The content field in the Message object at messages.{at} is empty. Add a ContentBlock object "
            "to the content field and try again.",
        )
    for part, block in enumerate(content):
        if "text" in block and not str(block["text"]).strip():
            raise Wrong(
                "invalid",
                f"The text field in the ContentBlock object at messages.{at}.content.{part} is blank. Add "
                "text to the text field, and try again.",
            )
    results = _ids(content, "toolResult")
    if missing := uses - results:
        raise Wrong(
            "invalid",
            f"Expected toolResult blocks at messages.{at}.content for the following Ids: "
            f"{', '.join(sorted(missing))}",
        )
    if results - uses:
        raise Wrong(
            "invalid",
            f"The number of toolResult blocks at messages.{at}.content exceeds the number of toolUse blocks "
            "of previous turn.",
        )
    called = _ids(content, "toolUse")
    if called and not has_tools:
        raise Wrong(
            "invalid",
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        )
    return called


def _ids(content: list[dict[str, Any]], kind: str) -> set[str]:
    return {str(record(block[kind]).get("toolUseId")) for block in content if kind in block}


def _check_numbers(config: dict[str, Any]) -> None:
    for name, least, most in (("maxTokens", 1, None), ("temperature", 0, 1), ("topP", 0, 1)):
        value = config.get(name)
        if value is None:
            continue
        if not isinstance(value, int | float) or value < least:
            bound = f"greater than or equal to {least}"
        elif most is not None and value > most:
            bound = f"less than or equal to {most}"
        else:
            continue
        raise Wrong(
            "invalid",
            f"1 validation error detected: Value '{value}' at 'inferenceConfig.{name}' failed to satisfy "
            f"constraint: Member must have value {bound}",
        )


def needs(body: dict[str, Any], *names: str) -> None:
    """Raises Wrong when InvokeModel needs a key that is not there."""
    for name in names:
        if name not in body:
            raise Wrong(
                "malformed",
                f"Malformed input request: #: required key [{name}] not found, please reformat your input "
                "and try again.",
            )
