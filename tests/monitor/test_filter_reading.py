"""Reading a page of posts: cut and folded like its texts alone, every word with its place in what the customer wrote."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.filter.examples import read_examples
from monitor.filter.folding import MOST_JUDGED, fold
from monitor.filter.grams import cut
from monitor.filter.reading import read_page, whole_text
from storage.words import Author, Post

TEXTS = [one.text for one in read_examples()[::300]]
HARD = (
    "", "x", "😡 😡", "no no no no", "a" * 1_300, "ab " * 600, "\ud800 lone", "https://x.example/y z", "పని చేయలేదు!",
    "two\nlines. three\n\n sentences!? a.b", "tab\tand\u00a0hard\u2007space", "a \ue001 b", "\ue001\n\ue001",
    "late " * 2_000, "İSTANBUL'da  İĞRENÇ", "it`s n-a #Never", "\u200bA\u200b very\u0301 SLOW",
)  # fmt: skip


def as_post(text: str, title: str = "") -> Post:
    return Post("import", "0", Author("1", ""), text, datetime(2026, 11, 20, tzinfo=UTC), "0", title=title)


def test_a_page_is_cut_and_folded_like_its_texts_alone() -> None:
    texts = [*TEXTS, *HARD]
    posts = [as_post(text, title) for text, title in zip(texts, reversed(texts), strict=True)]
    for _ in range(2):  # read, and then remembered
        for post, read in zip(posts, read_page(posts), strict=True):
            for part, text in ((read.text, post.text), (read.title, post.title)):
                alone = fold(text)
                assert (part.keys, part.sentences) == (alone.keys, alone.sentences)
            assert read.whole == whole_text(post)
            assert list(read.words) == [word for word in cut(read.whole) if word != "\ue001"]


def test_sentences_end_with_stops_and_lines() -> None:
    folded = fold("It came late. Cold too!! and\nwrong.No\n\nend")
    assert list(zip(folded.keys, folded.sentences, strict=True)) == [
        ("it", 0), ("came", 0), ("late", 0), ("cold", 1), ("too", 1), ("and", 3), ("wrong", 4), ("no", 4), ("end", 6),
    ]  # fmt: skip


@given(st.text(max_size=60))
@example("'Tis n-a:( no.w\u200bay \n#x")
@example("\ue001 a\nb \ue001c")
@example("İ İİ x")
def test_every_word_has_its_place(text: str) -> None:
    folded = fold(text)
    end = 0
    for at, key in enumerate(folded.keys):
        begin, last = folded.place(at, at)
        assert end <= begin < last <= len(text)
        assert fold(text[begin:last]).keys == [key]
        end = last


@pytest.mark.parametrize("text", [*TEXTS[:20], *HARD])
def test_several_words_reach_from_the_first_to_the_last(text: str) -> None:
    folded = fold(text)
    if folded.keys:
        start, end = folded.place(0, len(folded.keys) - 1)
        assert (start, end) == (folded.place(0, 0)[0], folded.place(len(folded.keys) - 1, len(folded.keys) - 1)[1])
        assert fold(text[:MOST_JUDGED][start:end]).keys == folded.keys
