"""The same words from many accounts are a campaign, not many customers."""

from __future__ import annotations

import pytest

from storage.casebook import Judged
from storage.casebook.fingerprints import fingerprint
from storage.words import Author, CaseState, Kind
from tests.storage.house import DAY, HOUR, NOON, House, post, verdict

SAID = "Worst bakery in the whole city, my cake was stale and nobody cared, go to the other one"


def account(number: int) -> Author:
    return Author(f"m-{number}", f"mallory{number}")


def say(house: House, number: int, said: str = SAID, **also: object) -> tuple[int, ...]:
    """One of many accounts says it."""
    told = Judged(post(f"m{number}", said, by=account(number), at=NOON + number * HOUR), verdict(**also))  # type: ignore[arg-type]
    return house.hear(told, now=NOON + number * HOUR).raised


def test_the_fourth_account_with_the_same_words_raises_nothing_and_takes_the_others_back(house: House) -> None:
    assert [len(say(house, number)) for number in range(4)] == [1, 1, 1, 0]
    assert [house.state(case_id) for case_id in (1, 2, 3)] == [CaseState.DISMISSED] * 3
    kinds = house.rows("SELECT kind FROM verdicts ORDER BY id")
    assert [kind for (kind,) in kinds].count("spam") == 4
    assert len(say(house, 4)) == 0, "and so it goes on"


def test_names_links_and_capitals_make_no_other_words(house: House) -> None:
    dressed = (SAID, f"@rosebakery {SAID.upper()}", f"{SAID}!!! https://elsewhere.example/x", f"{SAID} #boycott")
    assert [len(say(house, number, said)) for number, said in enumerate(dressed)] == [1, 1, 1, 0]


def test_a_case_that_somebody_touched_stays(house: House) -> None:
    say(house, 0)
    house.casebook.cases.note(1, "I know her", house.ana, NOON)
    for number in range(1, 4):
        say(house, number)
    assert [house.state(case_id) for case_id in (1, 2, 3)] == [CaseState.OPEN, CaseState.DISMISSED, CaseState.DISMISSED]


def test_one_customer_who_says_it_again_and_again_is_one_voice(house: House) -> None:
    for number in range(5):
        told = post(f"p{number}", SAID, at=NOON + number * HOUR)
        assert len(house.hear(Judged(told, verdict()), now=NOON + number * HOUR).raised) == 1


def test_what_may_be_about_somebodys_health_is_never_taken_for_spam(house: House) -> None:
    assert [len(say(house, number, sensitive=True)) for number in range(5)] == [1] * 5


def test_short_words_are_alike_by_chance(house: House) -> None:
    assert [len(say(house, number, "Never again, worst bakery")) for number in range(5)] == [1] * 5


def test_old_repeats_do_not_count(house: House) -> None:
    for number in range(3):
        say(house, number)
    late = Judged(post("late", SAID, by=account(9), at=NOON + 9 * DAY), verdict())
    assert len(house.hear(late, now=NOON + 9 * DAY).raised) == 1


@pytest.mark.parametrize("kind", [Kind.PRAISE, Kind.CHATTER])
def test_praise_from_many_accounts_is_bought(house: House, kind: Kind) -> None:
    for number in range(4):
        say(house, number, "I simply love this bakery and their wonderful bread, five stars from me", kind=kind)
    assert house.rows("SELECT kind FROM verdicts ORDER BY id DESC")[0][0] == "spam"


def test_what_is_alike_is_known_in_every_script() -> None:
    telugu = "నా కేక్ ఇంకా రాలేదు ఎవరూ ఫోన్ ఎత్తడం లేదు చాలా దారుణం ఇది"
    assert fingerprint(telugu) == fingerprint(f"@rosebakery {telugu}!!")
    assert fingerprint(telugu) is not None
    assert fingerprint("") is None
