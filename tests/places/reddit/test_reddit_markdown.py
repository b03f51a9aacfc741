"""What the owner wrote reads on Reddit as it was written."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from places.reddit.markdown import escape

SIGNS = st.text(alphabet=st.sampled_from("ab 1.)#+-*_~`^|<>[]()!&;=\\:\n\t\"'éя"), max_size=60)
markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])


class Read(HTMLParser):
    """What a page shows, and with which elements."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.elements = "", set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(written: str) -> Read:
    read = Read()
    read.feed(markdown.render(written))
    read.close()
    return read


@given(SIGNS)
def test_every_sign_reads_as_itself(text: str) -> None:
    read = shown(escape(text))
    assert read.elements <= {"p", "br"}
    assert read.text.split() == text.split()


@given(SIGNS)
def test_line_ends_stay_line_ends(text: str) -> None:
    lines = [line.split() for line in text.split("\n") if line.strip()]
    assert [line.split() for line in shown(escape(text)).text.split("\n") if line.strip()] == lines


@pytest.mark.parametrize(
    "text", ["# Sorry", "1. first", "- no", "    code", "~~gone~~ ^up", ">!spoiler!<", "a | b\n--|--\n1 | 2"]
)
def test_nothing_becomes_markup(text: str) -> None:
    assert markdown.render(text) != markdown.render(escape(text)) or "^" in text
    assert shown(escape(text)).elements <= {"p", "br"}


@pytest.mark.parametrize("pump", ["x", "a.", "a@", "&a", "1", "https://", "_", "@a.", "\\"])
def test_no_text_takes_long(pump: str) -> None:
    began = time.perf_counter()
    escape(pump * (100_000 // len(pump)))
    assert time.perf_counter() - began < 1.0


def test_addresses_are_left_whole() -> None:
    text = "Write to hello_there@rose-bakery.example or see https://rose.example/a_b_(c)?x=1&y=*"
    assert escape(text) == "Write to hello_there@rose-bakery.example or see https://rose.example/a_b_(c)?x=1&y=\\*"


def test_an_ordinary_reply_is_sent_as_it_is() -> None:
    text = "Dear Cora, we're sorry (truly!) about Saturday's bread. Please write to us. – Ana, Rose Bakery 🥐"
    assert escape(text) == text
