from __future__ import annotations

import pytest

from sandbox.x.problems import Problem
from sandbox.x.query import Subject, compile_query, tokens_of


def subject(text: str, **given: object) -> Subject:
    base: dict[str, object] = {
        "tokens": tokens_of(text),
        "author": ("cora", "7"),
        "mentions": frozenset({"rosebakery"}),
        "to": ("rosebakery", "1"),
        "kinds": frozenset({"reply"}),
        "lang": "en",
        "conversation_id": "55",
    }
    return Subject(**{**base, **given})  # type: ignore[arg-type]


TEXT = "The ROSE bakery's bread, cold as ice-cream; https://t.co/abc"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("bread", True),
        ("brea", False),
        ("BREAD cold", True),
        ("bread warm", False),
        ("bread OR warm", True),
        ("warm OR hot bread", False),  # and binds closer than or
        ("(warm OR cold) bread", True),
        ('"rose bakery"', True),
        ('"bakery rose"', False),
        ('"ice cream"', True),
        ('"ice-cream"', True),
        ("bread -cold", False),
        ("bread -warm", True),
        ('bread -"rose bakery"', False),
        ("bread -(warm OR cold)", False),
        ("bread -(warm hot)", True),
        ("from:cora bread", True),
        ("from:Cora", True),
        ("from:@cora", True),
        ("from:7", True),
        ("bread -from:cora", False),
        ("bread -from:rosebakery", True),
        ("to:rosebakery", True),
        ("to:cora", False),
        ("@rosebakery", True),
        ("@RoseBakery", True),
        ("@rose", False),
        ("bread is:reply", True),
        ("bread is:retweet", False),
        ("bread -is:retweet", True),
        ("bread is:quote", False),
        ("bread lang:en", True),
        ("bread lang:ru", False),
        ("conversation_id:55", True),
        ("conversation_id:5", False),
        ('("Rose Bakery" OR rosebakery) -from:rosebakery -is:retweet', True),
    ],
)
def test_a_query_means_what_it_means_on_x(query: str, found: bool) -> None:
    assert compile_query(query)(subject(TEXT)) is found


@pytest.mark.parametrize("text", ["Холодный хлеб", "pâine rece", "చల్లని రొట్టె"])
def test_words_of_every_alphabet_are_words(text: str) -> None:
    first, second = text.split()
    assert compile_query(f'"{text}"')(subject(f"x {text}, y"))
    assert compile_query(f"{second} {first}")(subject(text.upper()))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "x" * 513,
        "(bread",
        "bread)",
        "()",
        "bread OR",
        "OR bread",
        '"bread',
        "-bread",
        "is:retweet",
        "lang:en -is:retweet",
        "-(bread)",
        "near:here bread",
        "is:nice bread",
        "from: bread",
    ],
)
def test_what_x_does_not_take_is_refused(query: str) -> None:
    with pytest.raises(Problem) as refused:
        compile_query(query)
    assert refused.value.status == 400


def test_a_query_of_the_longest_length_is_taken() -> None:
    assert compile_query("x" * 512)(subject("y")) is False
