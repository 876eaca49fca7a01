"""The few sentences that the demo model says of itself, in English and in Japanese."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from penstock.core.words import fold, is_japanese


class Phrases(NamedTuple):
    """`who` opens a conversation, `reminder` ends its later answers;
    `nearest` introduces quotes when `words` of the question are in none of the passages."""

    who: str
    reminder: str
    nearest: str
    nothing: str
    greeting: str
    about: str
    thanks: str


ENGLISH = Phrases(
    who=(
        # Also as the last of several models, where others are connected and have failed.
        "> **No language model wrote this.** This is Penstock's demo model: it quotes the local "
        "documents, word for word. If no model is connected yet, set `OPENAI_API_KEY` or "
        "`ANTHROPIC_API_KEY`, or run Ollama, then start Penstock again.\n\n"
    ),
    nearest="The passages I found do not mention {words}. The nearest say:\n\n",
    reminder="\n\n_Quoted from the documents; no language model wrote this._",
    nothing=(
        "I found nothing about this in the documents I can read.\n\n"
        "- Try other words: I find only what the documents say in the same words.\n"
        "- Add documents: `penstock index FOLDER`.\n"
        "- Connect a model, if none is: set `OPENAI_API_KEY` or `ANTHROPIC_API_KEY`, or run Ollama, "
        "then start Penstock again."
    ),
    greeting="Hello! Ask me about something that is in the documents, and I will quote what they say.",
    about="Ask me about something that is in the documents, and I will quote what they say.",
    thanks="You are welcome.",
)

JAPANESE = Phrases(
    who=(
        "> **これは言語モデルが書いた文章ではありません。** Penstock のデモモデルが、"
        "手元の文書をそのまま引用しています。モデルをまだ接続していない場合は、`OPENAI_API_KEY` か "
        "`ANTHROPIC_API_KEY` を設定するか Ollama を起動してから、Penstock を起動し直してください。\n\n"
    ),
    nearest="見つかった箇所に {words} は出てきません。最も近い箇所は次のとおりです。\n\n",
    reminder="\n\n_文書からの引用です。言語モデルが書いた文章ではありません。_",
    nothing=(
        "読み込んだ文書の中には、これについての記述が見つかりませんでした。\n\n"
        "- 別の言葉で試してください。文書と同じ言葉しか見つけられません。\n"
        "- 文書を追加してください: `penstock index フォルダー`\n"
        "- モデルが未接続なら接続してください: `OPENAI_API_KEY` か `ANTHROPIC_API_KEY` を設定するか "
        "Ollama を起動してから、Penstock を起動し直します。"
    ),
    greeting="こんにちは。文書に書かれていることを質問してください。該当する箇所を引用してお答えします。",
    about="文書に書かれていることを質問してください。該当する箇所を引用してお答えします。",
    thanks="どういたしまして。",
)

SmallTalk = Literal["greeting", "about", "thanks"]

_SMALL_TALK: dict[SmallTalk, re.Pattern[str]] = {
    "greeting": re.compile(
        r"(?:hello|hi|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)"
        r"|hallo|guten (?:tag|morgen|abend)|moin|servus|bonjour|salut|hola|buenos dias|ciao|ola|nihao"
        r"|你好|您好|안녕하세요|สวัสด(?:ี|ีครับ|ีค่ะ)"
        r"|こんにちは|こんばんは|おはよう(?:ございます)?|はじめまして|やあ|もしもし)"
        r"(?: (?:there|all|everyone|penstock|again|how are you))*"
    ),
    "about": re.compile(
        r"(?:who|what) are you|what can you do(?: for me)?|what is this|help(?: me)?|what can i ask(?: you)?"
        r"|(?:あなたは)?(?:誰|だれ|何|なに)(?:ですか)?|何ができますか|ヘルプ|使い方"
    ),
    "thanks": re.compile(
        r"(?:thanks|thank you|thx|danke|merci|gracias)(?: (?:a lot|so much|very much|again))?"
        r"|ありがとう(?:ございます|ございました)?"
    ),
}
_MARKS = re.compile(r"[\s!.,?;:…~、。！？\u3000]+")


def in_language_of(question: str) -> Phrases:
    return JAPANESE if is_japanese(question) else ENGLISH


def small_talk(question: str) -> SmallTalk | None:
    """What kind of courtesy the whole question is, or None when it asks for something."""
    said = _MARKS.sub(" ", fold(question[:100])).strip()
    return next((kind for kind, pattern in _SMALL_TALK.items() if pattern.fullmatch(said)), None)
