from __future__ import annotations

import asyncio
import socket

import pytest

from penstock.models.ollama import decode, models_at


def test_the_models_come_in_ollamas_order_and_those_that_only_embed_are_left_out() -> None:
    body = b'{"models":[{"name":"llama3.2:latest"},{"name":"nomic-embed-text:latest"},{"name":"qwen3:8b"}]}'

    assert decode(body) == ["llama3.2:latest", "qwen3:8b"]


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"models":null}', b'{"models":[{"name":"\xff"}]}', b'{"x":' + b"[" * 100_000]
)
def test_what_is_no_ollama_has_no_models(body: bytes) -> None:
    assert decode(body) == []


async def test_nobody_there_is_no_error() -> None:
    assert await models_at("http://127.0.0.1:1") is None


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"], ids=["nothing", "half"]
)
async def test_whoever_keeps_us_waiting_is_not_waited_for(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = asyncio.create_task(models_at(f"http://127.0.0.1:{server.getsockname()[1]}", within_s=0.2))
        connection, _ = await asyncio.to_thread(server.accept)
        with connection:
            connection.sendall(said)

            assert await asked is None


async def test_a_redirect_leads_nowhere() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = asyncio.create_task(models_at(f"http://127.0.0.1:{server.getsockname()[1]}", within_s=30))
        connection, _ = await asyncio.to_thread(server.accept)
        with connection:
            connection.sendall(answer)

            assert await asked is None
