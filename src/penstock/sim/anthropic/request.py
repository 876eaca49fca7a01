"""What a request to Anthropic's Messages API asks for, and what is wrong with it.

https://docs.claude.com/en/api/messages
"""

from __future__ import annotations

from typing import Any

from penstock.sim.asked import Asked, Document, Tool, Wrong, all_text, dicts, record, texts


def read(raw: Any, model: str, *, streamed: bool) -> Asked:
    """Raises Wrong, with the words of Anthropic as far as they are known."""
    body = record(raw)
    messages = dicts(body.get("messages"))
    _check(body, messages)
    last = messages[-1]
    content = _content(last)
    choice = record(body.get("tool_choice"))
    return Asked(
        model=model,
        question=" ".join(str(part.get("text")) for part in content if part.get("type") == "text")
        if last["role"] == "user"
        else "",
        said=said(body),
        streamed=streamed,
        max_tokens=body["max_tokens"],
        stops=texts(body.get("stop_sequences")),
        tools=tuple(
            Tool(str(tool.get("name")), record(tool.get("input_schema"))) for tool in dicts(body.get("tools"))
        ),
        must_call={"any": "", "tool": str(choice.get("name"))}.get(str(choice.get("type"))),
        returned=any(part.get("type") == "tool_result" for part in content),
        thinks=record(body.get("thinking")).get("type") in ("enabled", "adaptive"),
        documents=tuple(_documents(messages)),
    )


def said(body: dict[str, Any]) -> str:
    """All that counts as input."""
    contents = [message.get("content") for message in dicts(body.get("messages"))]
    return all_text([body.get("system"), contents, body.get("tools")])


def _content(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else dicts(content)


def _documents(messages: list[dict[str, Any]]) -> list[Document]:
    parts = [part for message in messages for part in _content(message) if part.get("type") == "document"]
    return [
        Document(str(part.get("title") or "a document"), str(record(part.get("source")).get("data", "")))
        for part in parts
        if record(part.get("citations")).get("enabled")
    ]


def _check(body: dict[str, Any], messages: list[dict[str, Any]]) -> None:
    if "max_tokens" not in body:
        raise Wrong("invalid", "max_tokens: Field required")
    if not isinstance(body["max_tokens"], int) or body["max_tokens"] < 1:
        raise Wrong("invalid", "max_tokens: Input should be greater than or equal to 1")
    if not messages:
        raise Wrong("invalid", "messages: at least one message is required")
    for at, message in enumerate(messages):
        if message.get("role") not in ("user", "assistant"):
            raise Wrong("invalid", f'messages.{at}.role: Input should be "user" or "assistant"')
        content = _content(message)
        if not content and at < len(messages) - 1:
            raise Wrong("invalid", f"messages.{at}: all messages must have non-empty content")
        if any(part.get("type") == "text" and not part.get("text") for part in content):
            raise Wrong("invalid", "messages: text content blocks must be non-empty")
    if messages[0]["role"] != "user":
        raise Wrong("invalid", 'messages: first message must use the "user" role')
    _check_results(messages)
    budget = record(body.get("thinking")).get("budget_tokens")
    if isinstance(budget, int) and budget >= body["max_tokens"]:
        raise Wrong("invalid", "`max_tokens` must be greater than `thinking.budget_tokens`.")


def _check_results(messages: list[dict[str, Any]]) -> None:
    uses: set[str] = set()
    for at, message in enumerate(messages):
        content = _content(message)
        results = {str(part.get("tool_use_id")) for part in content if part.get("type") == "tool_result"}
        if missing := uses - results:
            raise Wrong(
                "invalid",
                f"messages.{at - 1}: `tool_use` ids were found without `tool_result` blocks immediately "
                f"after: {', '.join(sorted(missing))}. Each `tool_use` block must have a corresponding "
                "`tool_result` block in the next message.",
            )
        if stray := results - uses:
            raise Wrong(
                "invalid",
                f"messages.{at}.content: unexpected `tool_use_id` found in `tool_result` blocks: "
                f"{', '.join(sorted(stray))}.",
            )
        uses = {str(part.get("id")) for part in content if part.get("type") == "tool_use"}
