"""Markdown in blocks, blocks in sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.blocks import Block, blocks, sentences

_PAGE = """\
Title
=====

First line
goes on.
# Part one ##
- an item
  that goes on
- another

| a | b |
|---|---|
| 1 | 2 |

```python
# no heading

x = 1
```
<!-- not
for readers -->
---
    indented code
After
-----
The end"""


def test_a_page_is_taken_apart_into_its_blocks() -> None:
    assert blocks(_PAGE) == [
        Block("heading", "Title", 1),
        Block("text", "First line\ngoes on."),
        Block("heading", "Part one", 1),
        Block("item", "- an item\n  that goes on"),
        Block("item", "- another"),
        Block("table", "| a | b |\n|---|---|\n| 1 | 2 |"),
        Block("code", "```python\n# no heading\n\nx = 1\n```"),
        Block("code", "```\n    indented code\n```"),
        Block("heading", "After", 2),
        Block("text", "The end"),
    ]


def test_a_fence_that_is_never_closed_runs_to_the_end() -> None:
    assert blocks("~~~~\n# x\n~~~\ny") == [Block("code", "~~~~\n# x\n~~~\ny\n~~~~")]


def test_a_heading_of_unlikely_length_is_text() -> None:
    assert blocks("# " + "word " * 100)[0].kind == "text"


def test_code_in_a_list_item_loses_its_indentation() -> None:
    assert blocks("1. Run:\n\n   ```sh\n   ls\n     -l\n   ```")[1] == Block("code", "```sh\nls\n  -l\n```")


@given(
    st.lists(st.sampled_from(["word", "# ", "#", "- ", "```", "|", "\n", "\n\n", "    ", "===", "--", " "]))
)
def test_no_word_is_lost_whatever_the_marks(parts: list[str]) -> None:
    text = "".join(parts)

    found = "\n".join(block.text for block in blocks(text))

    assert found.count("word") == text.count("word")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three?", ["One. ", "Two! ", "Three?"]),
        ("See penstock.toml, e.g. the model. Done.", ["See penstock.toml, e.g. the model. ", "Done."]),
        ("It costs 3.50 today. Dr. No agrees.", ["It costs 3.50 today. ", "Dr. No agrees."]),
        ("猫です。犬です！「本当。」はい", ["猫です。", "犬です！", "「本当。」", "はい"]),
        ("*So it is.* (Really.) Yes", ["*So it is.* ", "(Really.) ", "Yes"]),
        ("no end", ["no end"]),
    ],
)
def test_sentences_end_where_a_reader_would_say(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


@given(st.text(alphabet="ab .!?。！」)\n"))
def test_sentences_put_together_are_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text
