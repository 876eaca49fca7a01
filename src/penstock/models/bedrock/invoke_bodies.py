"""What each family of models wants to be asked when it is invoked by itself; pure.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from penstock.core.prompt import Prompt, material, system_text
from penstock.models.bedrock.asking import Wishes, lines

# This form must name a limit.
_MAX_TOKENS = 4_096

Body = dict[str, Any]
Bodies = Callable[[Prompt, Wishes, bool], Body]
"""The body for a prompt and its wishes; the third says whether a cache point may be set."""


def completion(prompt: Prompt, wishes: Wishes, caching: bool) -> Body:
    """Anthropic's form before messages.
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-text-completion.html"""
    said = "".join(
        f"\n\n{'Human' if line.role == 'user' else 'Assistant'}: {_without_turns(line.text)}"
        for line in lines(prompt)
    )
    return {
        "prompt": f"{system_text(prompt)}{said}\n\nAssistant:",
        "max_tokens_to_sample": _MAX_TOKENS,
        **wishes.named("max_tokens_to_sample", "temperature", "top_p", "stop_sequences", "top_k"),
    }


def nova(prompt: Prompt, wishes: Wishes, caching: bool) -> Body:
    """https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html"""
    system: list[Body] = [{"text": text}] if (text := prompt.instructions).strip() else []
    if system and caching:
        system.append({"cachePoint": {"type": "default"}})
    if text := material(prompt):
        system.append({"text": text})
    settings = wishes.named("maxTokens", "temperature", "topP", "stopSequences", "topK")
    return {
        "schemaVersion": "messages-v1",
        "messages": [{"role": line.role, "content": [{"text": line.text}]} for line in lines(prompt)],
        **({"system": system} if system else {}),
        **({"inferenceConfig": settings} if settings else {}),
    }


def titan(prompt: Prompt, wishes: Wishes, caching: bool) -> Body:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html"""
    said = "".join(
        f"{'User' if line.role == 'user' else 'Bot'}: {_without_turns(line.text)}\n" for line in lines(prompt)
    )
    system = f"{text}\n\n" if (text := system_text(prompt)) else ""
    settings = wishes.named("maxTokenCount", "temperature", "topP", "stopSequences")
    return {
        "inputText": f"{system}{said}Bot:",
        **({"textGenerationConfig": settings} if settings else {}),
    }


def llama2(prompt: Prompt, wishes: Wishes, caching: bool) -> Body:
    """https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-2/"""
    said, system = "", system_text(prompt)
    head = f"<<SYS>>\n{system}\n<</SYS>>\n\n" if system else ""
    for line in lines(prompt):
        text = _without_marks(line.text)
        said += f"<s>[INST] {head}{text} [/INST]" if line.role == "user" else f" {text} </s>"
        head = ""
    return {"prompt": said, **wishes.named("max_gen_len", "temperature", "top_p", "")}


def llama3(prompt: Prompt, wishes: Wishes, caching: bool) -> Body:
    """https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-3/"""
    return _llama(prompt, wishes, "<|start_header_id|>{}<|end_header_id|>\n\n", "<|eot_id|>")


def llama4(prompt: Prompt, wishes: Wishes, caching: bool) -> Body:
    """https://www.llama.com/docs/model-cards-and-prompt-formats/llama4/"""
    return _llama(prompt, wishes, "<|header_start|>{}<|header_end|>\n\n", "<|eot|>")


def command(prompt: Prompt, wishes: Wishes, caching: bool) -> Body:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command.html"""
    said = "".join(
        f"{'User' if line.role == 'user' else 'Chatbot'}: {_without_turns(line.text)}\n"
        for line in lines(prompt)
    )
    system = f"{text}\n\n" if (text := system_text(prompt)) else ""
    return {
        "prompt": f"{system}{said}Chatbot:",
        "stream": True,
        **wishes.named("max_tokens", "temperature", "p", "stop_sequences", "k"),
    }


def command_r(prompt: Prompt, wishes: Wishes, caching: bool) -> Body:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command-r-plus.html"""
    *earlier, question = lines(prompt)
    body: Body = {
        "message": question.text,
        "chat_history": [
            {"role": "USER" if line.role == "user" else "CHATBOT", "message": line.text} for line in earlier
        ],
        "preamble": system_text(prompt),
    }
    return {
        **{name: value for name, value in body.items() if value},
        **wishes.named("max_tokens", "temperature", "p", "stop_sequences", "k"),
    }


# --- Prompts that are one text ------------------------------------------------

_MARKS = re.compile(r"<\|[\w ]*\|>|</?s>|\[/?INST\]|<</?SYS>>")
_TURNS = re.compile(r"^(Human|Assistant|User|Bot|Chatbot):", re.MULTILINE)


def _llama(prompt: Prompt, wishes: Wishes, head: str, end: str) -> Body:
    system = [("system", text)] if (text := system_text(prompt)) else []
    said = "".join(
        f"{head.format(role)}{_without_marks(text)}{end}"
        for role, text in (*system, *((line.role, line.text) for line in lines(prompt)))
    )
    return {
        "prompt": f"<|begin_of_text|>{said}{head.format('assistant')}",
        **wishes.named("max_gen_len", "temperature", "top_p", ""),
    }


def _without_marks(text: str) -> str:
    """Nobody may end their own turn and speak as the system: the marks of the template are taken out."""
    while (bare := _MARKS.sub("", text)) != text:
        text = bare
    return text


def _without_turns(text: str) -> str:
    """The same where names at the beginning of a line are the marks."""
    return _TURNS.sub(r"\1 :", text)
