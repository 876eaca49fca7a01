"""Files read and split: pure."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock.core.blocks import blocks
from penstock.knowledge.html_page import html_blocks
from penstock.knowledge.loaders import MAX_PIECE_CHARS, Piece, Unreadable, load, split

_MARKS = ["# ", "## ", "### ", "- ", "1. ", "```\n", "| ", "    ", "\n", "\n\n", " ", ". ", ":\n", "---\n"]
_pages = st.lists(st.one_of(st.sampled_from(_MARKS), st.from_regex(r"w[a-e]{1,9}", fullmatch=True))).map(
    "".join
)


def _words(text: str) -> set[str]:
    return {word.strip("#-.|:`") for word in text.split() if "w" in word}


@settings(max_examples=200)
@given(_pages, st.integers(min_value=60, max_value=400))
@example("# wa\n\n## wb", 60)
def test_splitting_loses_no_word_and_keeps_to_the_bound(page: str, max_chars: int) -> None:
    pieces = split(blocks(page), max_chars)

    together = " ".join(f"{piece.heading} {piece.text}" for piece in pieces)
    assert all(0 < len(piece.text) <= max_chars for piece in pieces)
    assert all(word in together for word in _words(page))


@given(st.text(max_size=3_000))
def test_no_text_is_too_odd_to_be_split(text: str) -> None:
    for name in ("a.md", "a.txt", "a.html"):
        clean = text.encode("utf-8", "ignore").replace(b"\0", b"")
        for piece in load(clean, name):
            assert 0 < len(piece.text) <= MAX_PIECE_CHARS


def test_a_piece_knows_the_way_to_it() -> None:
    page = "# Leave\n\nWelcome.\n\n## Parents\n\nA year.\n\n### Twins\n\nTwo.\n\n## Illness\n\nCall."

    assert load(page.encode(), "leave.md") == [
        Piece("Leave", "Welcome."),
        Piece("Leave > Parents", "A year."),
        Piece("Leave > Parents > Twins", "Two."),
        Piece("Leave > Illness", "Call."),
    ]


def test_front_matter_gives_the_title_and_nothing_else() -> None:
    page = "---\ntitle: 'Our leave'\ndraft: true\n---\nTwenty days.\n"

    assert load(page.encode(), "leave.md") == [Piece("Our leave", "Twenty days.")]


def test_code_is_kept_whole_with_the_sentence_that_introduces_it() -> None:
    before = "Some words. " * 80
    code = "```sh\n" + "run this\n" * 30 + "```"

    pieces = load(f"{before}\n\nNow do this:\n\n{code}\n".encode(), "a.md")

    assert [piece.text for piece in pieces] == [before.strip(), f"Now do this:\n\n{code}"]


def test_code_that_is_too_long_is_cut_between_lines_and_fenced_again() -> None:
    code = "```python\n" + "".join(f"line_{n} = {n}\n" for n in range(300)) + "```"

    pieces = load(code.encode(), "a.md")

    assert len(pieces) > 3
    for piece in pieces:
        assert piece.text.startswith("```python\nline_")
        assert piece.text.endswith("\n```")
    assert sum(piece.text.count("line_") for piece in pieces) == 300


def test_a_long_table_is_cut_between_rows_and_each_part_has_its_head() -> None:
    head = "| name | value |\n|---|---|\n"
    rows = [f"| row{n} | {n} |" for n in range(200)]

    pieces = load((head + "\n".join(rows)).encode(), "a.md")

    assert len(pieces) > 2
    assert all(piece.text.startswith(head) for piece in pieces)
    assert "\n".join(piece.text.removeprefix(head) for piece in pieces) == "\n".join(rows)


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    pieces = load(("This is a sentence of a few words. " * 100).encode(), "a.txt")

    assert all(piece.text.endswith("words.") for piece in pieces)


_HTML = """<!doctype html><html><head><title>Leave</title><style>p {color: red}</style></head>
<body><nav><a href="/">Home</a></nav><script>var secret = 1 < 2;</script><!-- a note -->
<h1>Leave &amp; pay</h1><p>Twenty <b>days</b> a&nbsp;year,<br>at least.
<ul><li>in <code>summer</code><li><p>in winter</ul>
<h2>Asking</h2><pre>POST /leave
  {"days": 3}</pre><table><tr><th>Who<th>Days<tr><td>You<td>20</table>1 < 2"""


def test_an_html_page_gives_its_words_and_leaves_its_frame() -> None:
    assert load(_HTML.encode(), "leave.html") == [
        Piece("Leave & pay", "Twenty days a year, at least.\n\n- in `summer`\n- in winter"),
        Piece(
            "Leave & pay > Asking",
            '```\nPOST /leave\n  {"days": 3}\n```\n\nWho | Days\nYou | 20\n\n1 < 2',
        ),
    ]


def test_a_page_without_a_heading_is_named_by_its_title() -> None:
    assert load(b"<title>Leave</title><p>Twenty days.", "a.htm") == [Piece("Leave", "Twenty days.")]


def test_hostile_html_is_read_in_good_time() -> None:
    for page in ("<!--" * 100_000, "<a " * 100_000, "<" * 100_000, "<svg>" * 50_000):
        html_blocks(page)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("Grüße\r\n".encode(), "a.txt"),
        ("\ufeffGrüße".encode(), "a.txt"),
        ("Grüße".encode("utf-16"), "a.txt"),
        (b'<meta charset="windows-1252"><p>' + "Grüße".encode("cp1252"), "a.html"),
    ],
)
def test_the_encoding_is_found(data: bytes, name: str) -> None:
    assert load(data, name) == [Piece("", "Grüße")]


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        (b"caf\xe9", "a.txt", "not UTF-8 text (byte 3 is 0xe9)"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "a.md", "binary"),
        (b"a\0b", "a.md", "binary"),
        (b"<meta charset=klingon>", "a.html", "an encoding that is not known"),
        (b"<meta charset=rot13>", "a.html", "an encoding that is not known"),
    ],
)
def test_what_is_not_text_is_refused_with_the_reason(data: bytes, name: str, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        load(data, name)

    assert why in str(refused.value)
