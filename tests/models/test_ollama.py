from __future__ import annotations

from penstock.models.ollama import decode, models_at


def test_the_models_come_in_ollamas_order_and_those_that_only_embed_are_left_out() -> None:
    body = b'{"models":[{"name":"llama3.2:latest"},{"name":"nomic-embed-text:latest"},{"name":"qwen3:8b"}]}'

    assert decode(body) == ["llama3.2:latest", "qwen3:8b"]


def test_what_is_no_ollama_has_no_models() -> None:
    assert decode(b"<html>") == []
    assert decode(b'{"models":null}') == []


async def test_nobody_there_is_no_error() -> None:
    assert await models_at("http://127.0.0.1:1") is None
