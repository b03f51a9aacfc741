"""Which words are told to speak for and against a complaint: those of many people's posts, and none that says who anybody is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import count

import numpy as np
import pytest

from monitor.filter.grams import BITS, hash_words_and_pieces
from monitor.filter.learned import WORD_BITS, Head
from monitor.learning.words import MOST, Telling, tell_words
from storage.views import Lesson
from storage.words import Author, Post
from tests.monitor.shop import NOON, ROSE

_ids = count(1)


def lesson(
    text: str, *, real: bool, place: str = "mastodon", who: str = "", name: str = "", lang: str = "en"
) -> Lesson:
    number = next(_ids)
    author = Author(who or f"a{number}", who, name)
    post = Post(place, f"p{number}", author, text, NOON - timedelta(hours=1), f"c{number}", lang=lang)
    return Lesson(number, number, post, real, None, NOON, None, None)


def head(**weights: float) -> Head:
    """A head in which these words have these weights, and no other any."""
    array = np.zeros(1 << WORD_BITS, np.float32)
    for word, weight in weights.items():
        grams, _ = hash_words_and_pieces([[word]])
        array[grams.drawers >> (BITS - WORD_BITS)] = weight
    return Head(0.0, array)


def tell(lessons: Iterable[Lesson], **weights: float) -> Telling:
    return tell_words(list(lessons), head(**weights), ROSE, lambda place: place != "x")


def twice(text: str, *, real: bool, lang: str = "en") -> list[Lesson]:
    return [lesson(text, real=real, lang=lang) for _ in range(2)]


def test_words_are_told_the_loudest_first_on_their_side() -> None:
    decided = [*twice("The queue was dreadful.", real=True), *twice("What a lovely morning!", real=False)]
    told = tell(decided, queue=0.2, dreadful=0.5, lovely=-0.4, morning=-0.1)
    assert told == Telling(("dreadful", "queue"), ("lovely", "morning"))


def test_nothing_is_told_before_anything_was_learned() -> None:
    assert tell_words(twice("A dreadful queue", real=True), None, ROSE, lambda _: True) == Telling()
    assert tell([]) == Telling()


def test_what_one_person_wrote_stays_theirs() -> None:
    assert tell([lesson("A dreadful queue", real=True)], dreadful=0.5) == Telling()
    again = [lesson("A dreadful queue", real=True, who="cora") for _ in range(3)]
    assert tell(again, dreadful=0.5) == Telling()


def test_places_that_forbid_learning_are_left_out() -> None:
    decided = [lesson("A dreadful queue", real=True, place="x") for _ in range(3)]
    assert tell(decided, dreadful=0.5) == Telling()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("I told @martina that it was late", "martina"),
        ("See https://evil.example/dreadful now", "dreadful"),
        ("See evil.example now", "evil"),
        ("Write to dreadful@evil.example", "dreadful"),
        ("It was room 12345 again", "00000"),
        ("We were served by Martina again", "martina"),
        ("Rose Bakery was late", "bakery"),
        ("At Market Street it was late", "market"),
        ("a/dreadful/path", "dreadful"),
    ],
)
def test_names_handles_numbers_and_links_are_never_told(text: str, word: str) -> None:
    assert tell(twice(text, real=True), **{word: 0.9}) == Telling()


def test_the_names_of_those_who_wrote_are_never_told() -> None:
    decided = [
        lesson("martina says it was late", real=True, who=f"w{number}", name="Martina Maier") for number in (1, 2)
    ]
    assert tell(decided, martina=0.9) == Telling()


def test_nouns_are_no_names_in_german() -> None:
    decided = twice("Die Torte war trocken, und die Torte kam zu spät.", real=True, lang="de")
    assert tell(decided, torte=0.5, trocken=0.4).speak_for == ("Torte", "trocken")


def test_who_shouts_names_nobody() -> None:
    decided = [*twice("THAT WAS DREADFUL", real=True), *twice("it was dreadful", real=True)]
    assert tell(decided, dreadful=0.5).speak_for == ("dreadful",)


def test_a_word_whose_own_decisions_say_otherwise_got_its_weight_from_another() -> None:
    assert tell(twice("A lovely morning", real=False), lovely=0.5) == Telling()


def test_words_are_told_as_they_are_written_in_any_alphabet() -> None:
    decided = [
        *twice("Всё было отвратительно.", real=True),
        *twice("కేక్ చాలా పాతది", real=True),
        *twice("pâine învechită", real=True),
    ]
    told = tell(decided, отвратительно=0.5, invechita=0.4, పాతది=0.3)
    assert told.speak_for == ("отвратительно", "învechită", "పాతది")


def test_at_most_eight_are_told() -> None:
    words = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "joist")
    told = tell(twice(" ".join(words), real=True), **dict.fromkeys(words, 0.5))
    assert len(told.speak_for) == MOST


def test_hidden_and_hostile_letters_break_nothing() -> None:
    hostile = "<script>alert(1)</script> \u202ednuos\u202c a\u0300\u0301 \ufffd" + "x" * 5_000
    assert tell(twice(hostile, real=True), script=0.9, alert=0.9).speak_for == ()
