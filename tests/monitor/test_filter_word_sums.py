"""Sums of words that are remembered: the same numbers as without a memory, however often it forgets and whoever reads at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.filter import judge, judge_page, remembering, word_sums
from monitor.filter.examples import read_examples
from monitor.filter.first_look import TABLES, FirstLook, first_look
from monitor.filter.grams import cut, find_joints, hash_pairs, hash_words_and_pieces
from monitor.filter.heads import Floats
from monitor.filter.remembering import Remembered
from monitor.filter.tables import pack
from monitor.filter.weights import read_weights
from monitor.filter.word_sums import WordSums
from storage.words import Author, Brand, Post

BY_WORDS, BY_PIECES = ("words", "about_words"), ("pieces", "about_pieces", "languages")
TEXTS = [one.text for one in read_examples()[::300]]
HARD = ("", "x", "😡 😡", "no no no no", "a" * 1_300, "ab " * 600, "\ud800 lone", "https://x.example/y z", "పని చేయలేదు!")


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    return {name: np.asarray(array) for name, array in read_weights("first").items()}


def added_up_anew(weights: dict[str, np.ndarray], name: str, texts: list[list[str]]) -> Floats:
    """What the tables say of each gram, added up one by one."""
    grams = hash_words_and_pieces(texts)[name in BY_PIECES]
    table = weights[name].astype(np.int64)
    shift = 17 - (len(table).bit_length() - 1)
    sums = np.zeros((len(texts), table.shape[1]), np.int64)
    np.add.at(sums, grams.rows, table[grams.drawers >> shift])
    return np.asarray(sums.astype(np.float32) * grams.share()[:, None], np.float32)


def memory(weights: dict[str, np.ndarray]) -> WordSums:
    tables = {name: pack(weights[name], weights[f"{name}_scale"]) for name in TABLES}
    return WordSums({name: tables[name] for name in BY_WORDS}, {name: tables[name] for name in BY_PIECES})


def test_what_is_remembered_is_what_is_found_anew(weights: dict[str, np.ndarray]) -> None:
    kept = memory(weights)
    texts = [cut(text) for text in (*TEXTS, *HARD)]
    parts: list[list[list[str]]] = [texts[:40], texts[20:], texts[::-1], [], [[]]]
    for part in parts:
        for name, sums in zip(TABLES, kept.add_up(part, TABLES), strict=True):
            if part:
                assert np.array_equal(sums, added_up_anew(weights, name, part)), name
            assert len(sums) == len(part)


def test_it_forgets_and_is_still_right(weights: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_sums, "MOST_REMEMBERED", 20)
    kept = memory(weights)
    for text in (*TEXTS, *HARD):
        words = [cut(text)]
        assert np.array_equal(kept.add_up(words, ["pieces"])[0], added_up_anew(weights, "pieces", words))
        assert len(kept) <= 20 + len(set(words[0]))


def test_long_words_do_not_fill_the_memory(weights: dict[str, np.ndarray]) -> None:
    kept = memory(weights)
    for at in range(1_000):
        kept.add_up([[f"{at}" + "a" * 1_190]], ["words"])
    assert len(kept) < 600


@given(st.lists(st.text("abc d", max_size=9), min_size=2, max_size=6))
def test_a_pair_falls_into_the_drawer_it_has_in_its_text(texts: list[str]) -> None:
    words = [word for text in texts for word in text.split()]
    if len(words) < 2:
        return
    in_text = set(hash_words_and_pieces([words])[0].drawers.tolist())
    assert set(hash_pairs(find_joints(words[:-1]), find_joints(words[1:])).tolist()) <= in_text


def test_a_table_adds_up_even_the_longest_text() -> None:
    for extreme in (-127, 127):
        table = pack(np.full((1 << 17, 10), extreme, np.int8), np.ones(10, np.float32))
        _, pieces = hash_words_and_pieces([["a" * 1_200], ["b"]])
        counts = pieces.counts()
        assert table.sum(pieces).tolist() == [[extreme * count] * 10 for count in counts.tolist()]


@pytest.mark.parametrize("columns", [1, 3, 4, 10, 15])
def test_a_table_of_any_width_adds_up(columns: int) -> None:
    weights = np.random.default_rng(1).integers(-127, 128, (1 << 13, columns)).astype(np.int8)
    words, _ = hash_words_and_pieces([["a", "late", "cake"], [], ["😡"]])
    found = pack(weights, np.ones(columns, np.float32)).sum(words)
    wanted = np.zeros((3, columns), np.int64)
    np.add.at(wanted, words.rows, weights.astype(np.int64)[words.drawers >> 4])
    assert found.tolist() == wanted.tolist()


def test_what_was_made_once_is_not_made_again() -> None:
    made: list[str] = []

    def upper(words: list[str]) -> Iterator[str]:
        made.extend(words)
        return map(str.upper, words)

    kept = Remembered(upper)  # type: ignore[arg-type]
    assert [kept.of(["a", "b", "a"])[word] for word in "ab"] == ["A", "B"]
    assert kept.of(["b", "c"])["c"] == "C"
    assert made == ["a", "b", "c"]


def test_too_much_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "MOST_REMEMBERED", 4)
    kept = Remembered(lambda words: map(str.upper, words))
    first = kept.of("abcde")
    assert len(first) == 5
    assert dict(kept.of("f")) == {"f": "F"}
    assert len(first) == 5, "who is still reading it reads on"
    kept.of(["x" * 100])
    assert dict(kept.of("g")) == {"g": "G"}


def test_many_may_read_at_once() -> None:
    look = FirstLook(dict(read_weights("first")))
    texts = [cut(text) for text in TEXTS]
    wanted = first_look().look(texts)
    with ThreadPoolExecutor(8) as pool:
        for looks in pool.map(look.look, [texts] * 32):
            assert np.array_equal(looks.feelings, wanted.feelings)


def test_a_text_is_judged_alone_as_on_a_page() -> None:
    posts = [
        Post("import", str(at), Author("1", ""), text, datetime(2026, 11, 20, tzinfo=UTC), str(at))
        for at, text in enumerate(TEXTS)
    ]
    brand = Brand(key="evaluation", name="")
    assert judge_page(posts, brand) == [judge(post, brand) for post in posts]
