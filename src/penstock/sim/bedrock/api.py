"""Amazon Bedrock's runtime endpoint, simulated: which operation on which model, and who may ask."""

from __future__ import annotations

import re
import uuid
from random import Random
from typing import Any, ClassVar, Literal, NamedTuple
from urllib.parse import unquote

from penstock.sim.api import Api, Call
from penstock.sim.asked import Request, Wrong, record
from penstock.sim.bedrock import converse, errors, invoke
from penstock.sim.simulator import Simulator
from penstock.sim.steps import Say, Steps

_PATH = re.compile(r"/model/(?P<model>[^?]+)/(?P<operation>converse|invoke)(?P<tail>-[a-z-]+)?")
_STREAMED = {"converse": "-stream", "invoke": "-with-response-stream"}
_PROFILE = re.compile(r"^(us|us-gov|eu|apac|jp|au|ca|sa|global)\.")

_FAMILY_OF = {
    "anthropic.": "anthropic",
    "amazon.nova": "nova",
    "amazon.titan-text": "titan",
    "amazon.titan-tg1": "titan",
    "meta.": "llama",
    "cohere.": "cohere",
    "mistral.": "mistral",
}
# Whose models answer to Converse, but not here to InvokeModel.
_OTHERS = (
    "ai21.",
    "deepseek.",
    "openai.",
    "qwen.",
    "writer.",
    "moonshot",
    "minimax.",
    "google.",
    "nvidia.",
    "zai.",
)

_OPAQUE = ("application-inference-profile/", "provisioned-model/", "custom-model", "imported-model/")
"""In the ARN of a model whose name does not tell its family."""


class Bedrock(Simulator, frozen=True, kw_only=True):
    """For `simulate`, and behind `penstock sim bedrock`."""

    kind: ClassVar[str] = "bedrock"

    def api(self, request: Request) -> Api:
        # A UUID as AWS gives, but the same for the same request.
        bits = Random(f"{self.seed} {request.path} {request.body!r}").getrandbits(128)
        return BedrockApi(str(uuid.UUID(int=bits, version=4)))


class BedrockApi(NamedTuple):
    request_id: str

    def refused(self, kind: str, message: str = "", *, retry_after_s: float | None = None) -> Steps | None:
        return errors.refused(kind, message, request_id=self.request_id)

    def interrupted(self, kind: str) -> Say | None:
        return errors.interrupted(kind)

    def call(self, request: Request) -> Call | Steps:
        found = _PATH.fullmatch(request.path.partition("?")[0])
        if found is None or request.method != "POST":
            raise Wrong("no-operation")
        _check_auth(request)
        operation, tail = found["operation"], found["tail"] or ""
        if tail and tail != _STREAMED[operation]:
            raise Wrong("no-operation")
        model, body = known(unquote(found["model"])), request.json()
        about: dict[str, Any] = {"streamed": bool(tail), "request_id": self.request_id}
        if operation == "converse":
            return converse.read(body, model, **about)
        return invoke.read(body, model, family(model, record(body)), request.headers, **about)


def _check_auth(request: Request) -> None:
    """That it is signed, or brings an API key; not by whom."""
    said = request.headers.get("authorization", "")
    if not said and "x-amz-signature=" not in request.path.lower():
        raise Wrong("no-auth")
    if said and not said.startswith(("AWS4-HMAC-SHA256 ", "Bearer ")):
        raise Wrong("unauthorized")


def known(model: str) -> str:
    """The model's id, without region and account. Raises Wrong for one that does not look like Bedrock's."""
    is_arn = model.startswith("arn:")
    if is_arn and any(part in model for part in _OPAQUE):
        return model
    plain = _PROFILE.sub("", model.rpartition("/")[2] if is_arn else model)
    if plain.startswith((*_FAMILY_OF, *_OTHERS, "amazon.")):
        return plain
    raise Wrong("not-found" if is_arn else "unknown-model")


def family(model: str, body: dict[str, Any]) -> str:
    """The family whose JSON the model speaks; of a model that does not tell, the one the body speaks."""
    name = next((name for prefix, name in _FAMILY_OF.items() if model.startswith(prefix)), None)
    if name is None:
        name = _by_body(body)
    if name == "anthropic" and "prompt" in body and "messages" not in body:
        return "anthropic legacy"
    if name is None:
        raise Wrong(
            "invalid", f"penstock sim does not know how {model} is asked with InvokeModel: use Converse."
        )
    return name


def _by_body(body: dict[str, Any]) -> Literal["anthropic", "titan", "nova"] | None:
    match body:
        case {"anthropic_version": _} | {"max_tokens_to_sample": _}:
            return "anthropic"
        case {"inputText": _}:
            return "titan"
        case {"messages": [{"content": [{"text": _}, *_]}, *_]}:
            return "nova"
        case _:
            return None
