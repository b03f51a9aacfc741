"""Hashed grams: the same text falls into the same drawers wherever it stands, and nothing in a text can upset it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.filter.grams import BITS, MOST_READ, Grams, cut, hash_words_and_pieces


def drawers(grams: Grams, row: int) -> list[int]:
    return sorted(grams.drawers[grams.rows == row].tolist())


def hashed(*texts: str) -> tuple[Grams, Grams]:
    return hash_words_and_pieces([cut(text) for text in texts])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Cât mai aștept??", ["cat", "mai", "astept", "?", "?"]),
        ("ЁЛКА", ["елка"]),
        ("don't DON’T", ["dont", "dont"]),
        ("sooooo good", ["soo", "good"]),
        ("12 days, 4.500 lei", ["00", "days", ",", "0000", "lei"]),
        ("12days", ["00", "days"]),
        ("see https://shop.example/x and @rose_bakery", ["see", "and", "@"]),
        ("పని చేయలేదు!", ["పని", "చేయలేదు", "!"]),
        ("नहीं आया", ["नहीं", "आया"]),
        ("straße Łódź kötü", ["strasse", "lodz", "kotu"]),
        ("a\u200bb\x00c", ["abc"]),
        ("😡😡😡😡", ["😡", "😡"]),
        ("", []),
    ],
)
def test_texts_are_made_alike(text: str, tokens: list[str]) -> None:
    assert [token for token in cut(text) if token != "\ue000"] == tokens


def test_a_text_falls_into_the_same_drawers_alone_and_on_a_page() -> None:
    texts = ("My cake never came", "", "thanks!", "x", "Cât mai aștept?? 12 zile", "😡")
    page = hashed(*texts)
    for row, text in enumerate(texts):
        for alone, together in zip(hashed(text), page, strict=True):
            assert drawers(alone, 0) == drawers(together, row), text


def test_words_pairs_and_pieces_are_counted() -> None:
    words, pieces = hashed("no cake no cake")
    assert len(words.drawers) == 4 + 3  # words and pairs
    assert len(np.unique(words.drawers)) == 2 + 2
    assert len(pieces.drawers) == 2 * ((3 + 2 + 1) + (5 + 4 + 3 + 2))  # " no ", " cake ": pieces of 2, 3, 4, 5 letters


def test_no_gram_reaches_over_the_end_of_a_text() -> None:
    apart = hashed("never", "came")
    together, alone = hashed("never came")[0], hashed("never")[0]
    assert len(apart[0].drawers) == 2
    assert len(together.drawers) == 3
    assert drawers(apart[0], 0) == drawers(alone, 0)


def test_what_one_gram_weighs_makes_a_vector_of_length_one() -> None:
    words, pieces = hashed("alpha beta gamma", "", "delta")
    for grams in (words, pieces):
        weights = grams.share()[grams.rows]
        lengths = np.bincount(grams.rows, weights=weights**2, minlength=3)
        assert lengths == pytest.approx([1.0, 0.0, 1.0], abs=1e-5)


@given(st.lists(st.text(max_size=200), min_size=1, max_size=5))
def test_nothing_in_a_text_upsets_it(texts: list[str]) -> None:
    for grams in hash_words_and_pieces([cut(text) for text in texts]):
        assert grams.texts == len(texts)
        assert len(grams.drawers) == len(grams.rows)
        assert not len(grams.drawers) or (grams.drawers.min() >= 0 and grams.drawers.max() < 1 << BITS)
        assert not len(grams.rows) or (grams.rows.min() >= 0 and grams.rows.max() < len(texts))
        assert (np.diff(grams.rows) >= 0).all()


def test_a_long_text_costs_what_its_beginning_costs() -> None:
    assert hashed("ab " * MOST_READ)[1].drawers.tolist() == hashed(("ab " * MOST_READ)[:MOST_READ])[1].drawers.tolist()
