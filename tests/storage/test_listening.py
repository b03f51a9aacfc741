"""Listening: what people's decisions teach, how it is stored and given back, second looks as due work, and who waits less."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine

from storage.casebook import Casebook, Judged
from storage.casebook import hearings as hearing_rows
from storage.casebook.hearings import EVERY
from storage.casebook.verdicts import MOST_TRIES, Again
from storage.engine import open_engine
from storage.lifecycle import MovedOn
from storage.views import SHIPPED, Hearing
from storage.words import Author, Brand, CaseState, Gone, Kind, Verdict
from tests.storage.house import (
    CHATTER,
    COMPLAINT,
    CORA,
    DAN,
    DAY,
    HOUR,
    KEY,
    MINUTE,
    NOON,
    PRAISE,
    ROSE,
    SECOND,
    SWIFT,
    US,
    House,
    answer,
    post,
    verdict,
)

LATER = NOON + HOUR
LOOKS = "first-1+second-1"
SHARES = (0.3, 0.1, 0.1, 0.3, 0.1, 0.05, 0.05)
VECTOR = bytes(range(8))

DOUBTFUL = verdict(Kind.CHATTER, shares=SHARES, ask_again=True)
RAISED = verdict(shares=(0.9, *SHARES[1:]), ask_again=True)
"""A complaint that both looks are to judge."""


def second(kind: Kind = Kind.COMPLAINT, **also: Any) -> Verdict:
    """What both looks say."""
    return verdict(kind, stage=2, shares=SHARES, vector=VECTOR, **also)


@pytest.fixture
def house(house: House) -> House:
    """The shop at noon: nobody has taught anything, and all brands have just had their turn to be learnt for."""
    for brand in house.casebook.hearings.claim_due(NOON, LOOKS):
        house.casebook.hearings.learnt(Hearing.shipped(brand, NOON).but(model=LOOKS), NOON)
    return house


def due(house: House, now: datetime = LATER, looks: str = LOOKS) -> bool:
    """Whether somebody may learn for the bakery now; whoever asks takes its turn."""
    return ROSE.key in house.casebook.hearings.claim_due(now, looks)


def taught(house: House) -> list[tuple[Any, ...]]:
    """Every lesson: the mention, whether it is a complaint, and what else."""
    return house.rows("SELECT mention_id, is_complaint, kind FROM lessons ORDER BY id")


def somebody(number: int) -> Author:
    """One of many strangers."""
    return Author(f"s-{number}", f"stranger{number}")


def see_again(house: House, *seen: Judged | Gone, now: datetime = LATER) -> None:
    house.casebook.rounds.record_again(ROSE.key, seen, "x", now)


def together(*acts: Callable[[], object]) -> list[object]:
    """Everybody at the same instant; what came of each, refusals and all."""
    ready = threading.Barrier(len(acts))

    def do(act: Callable[[], object]) -> object:
        ready.wait()
        try:
            return act()
        except MovedOn as moved_on:
            return moved_on

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


# What people decide teaches --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("praise", Kind.PRAISE),
        ("question", Kind.QUESTION),
        ("not_us", Kind.NOT_US),
        ("spam", Kind.SPAM),
        ("solved", None),
        ("no_complaint", None),
    ],
)
def test_a_dismissal_teaches_what_ana_said_it_is(house: House, reason: str, kind: Kind | None) -> None:
    house.casebook.cases.dismiss(house.complain(), reason, house.ana, LATER)
    assert taught(house) == [(1, False, kind)]


@pytest.mark.parametrize("reason", ["answered", "other"])
def test_a_dismissal_that_says_nothing_of_the_text_teaches_nothing(house: House, reason: str) -> None:
    house.casebook.cases.dismiss(house.complain(), reason, house.ana, LATER)
    assert taught(house) == []
    assert not due(house)


ACTS: dict[str, Callable[[House, int], object]] = {
    "approving": lambda house, case_id: house.approve(house.propose(case_id)),
    "going offline": lambda house, case_id: house.casebook.cases.offline(case_id, "", house.ana, LATER),
    "resolving": lambda house, case_id: house.casebook.cases.resolve(case_id, "Oven", "Cake", "", house.ana, LATER),
    "already answered": lambda house, case_id: house.casebook.cases.already_answered(case_id, house.ana, LATER),
}


@pytest.mark.parametrize("act", list(ACTS))
def test_whoever_deals_with_a_case_says_that_it_is_a_complaint(house: House, act: str) -> None:
    ACTS[act](house, house.complain())
    assert taught(house) == [(1, True, "complaint")]
    (lesson,) = house.casebook.hearings.lessons(ROSE.key, 9)
    assert (lesson.mention_id, lesson.post, lesson.is_complaint, lesson.kind) == (1, post(), True, Kind.COMPLAINT)
    assert (lesson.features, lesson.made_with) == (None, None)


def test_a_note_a_snooze_and_what_the_machine_does_teach_nothing(house: House) -> None:
    case_id = house.complain()
    house.casebook.cases.note(case_id, "Ask the baker", house.ben, LATER)
    house.casebook.cases.snooze(case_id, LATER + DAY, house.ben, LATER)
    house.hear(Judged(answer("p2", post(), "Thank you!", by=CORA, at=LATER), PRAISE))
    house.casebook.verdicts.record(house.hear(Judged(post("q1", by=DAN), RAISED)).raised[0], second(Kind.PRAISE), LATER)
    assert taught(house) == []


def test_who_thinks_again_teaches_anew_and_only_the_last_word_counts(house: House) -> None:
    case_id = house.complain()
    house.casebook.cases.dismiss(case_id, "spam", house.ben, LATER)
    (first,) = house.casebook.hearings.lessons(ROSE.key, 9)
    house.casebook.hearings.keep_features([(first, b"spam")], LOOKS)
    house.casebook.cases.reopen(case_id, "It is Cora", house.ana, LATER + MINUTE)
    assert taught(house) == [(1, True, "complaint")]
    (lesson,) = house.casebook.hearings.lessons(ROSE.key, 9)
    assert (lesson.id, lesson.at) == (first.id, LATER + MINUTE)
    assert lesson.features is None, "the text may be another one by now"
    assert house.one("SELECT by FROM lessons") == house.ana


def test_what_the_looks_make_of_a_decided_post_is_kept_with_the_decision_and_no_other(house: House) -> None:
    case_id = house.complain()
    house.casebook.cases.dismiss(case_id, "spam", house.ana, LATER)
    (before,) = house.casebook.hearings.lessons(ROSE.key, 9)
    house.casebook.hearings.keep_features([(before, b"spam")], LOOKS)
    (kept,) = house.casebook.hearings.lessons(ROSE.key, 9)
    assert kept == replace(before, features=b"spam", made_with=LOOKS)
    house.casebook.cases.reopen(case_id, "", house.ana, LATER + MINUTE)
    house.casebook.hearings.keep_features([(before, b"late")], LOOKS)
    assert house.one("SELECT features FROM lessons") is None, "taught anew since it was read"
    see_again(house, Gone("p1", "deleted"))
    house.casebook.cases.dismiss(house.complain(post("q1", by=DAN)), "spam", house.ana, LATER)
    house.casebook.hearings.keep_features([(replace(before, at=LATER), b"of another post")], LOOKS)
    assert house.one("SELECT features FROM lessons") is None, "the lesson of a post that has gone, under its number"


def test_a_decision_that_came_too_late_teaches_nothing(house: House) -> None:
    case_id = house.complain()
    house.casebook.cases.dismiss(case_id, "spam", house.ana, LATER, 1)
    for late in (
        partial(house.casebook.cases.dismiss, case_id, "praise", house.ben, LATER, 1),
        partial(house.casebook.cases.offline, case_id, "", house.ben, LATER, 1),
        partial(house.casebook.cases.resolve, case_id, "Oven", "Cake", "", house.ben, LATER, 1),
        partial(house.casebook.cases.already_answered, case_id, house.ben, LATER, 7),
    ):
        with pytest.raises(MovedOn):
            late()
    assert taught(house) == [(1, False, "spam")]


def test_one_post_teaches_each_brand_what_its_own_people_say(house: House) -> None:
    case_id = house.complain()
    house.casebook.rounds.record_import(SWIFT.key, [Judged(post(), COMPLAINT)], NOON + MINUTE)
    house.casebook.cases.dismiss(case_id, "not_us", house.ana, LATER)
    assert [len(house.casebook.hearings.lessons(brand.key, 9)) for brand in (ROSE, SWIFT)] == [1, 0]
    assert house.casebook.hearings.claim_due(LATER, LOOKS) == (ROSE.key,), "the other brand was taught nothing"


def test_the_newest_lessons_count_and_are_told_oldest_first(house: House) -> None:
    for number in range(4):
        case_id = house.complain(post(f"p{number}", by=somebody(number)))
        house.casebook.cases.dismiss(case_id, "praise", house.ana, LATER + number * MINUTE)
    told = [lesson.post.native_id for lesson in house.casebook.hearings.lessons(ROSE.key, 3)]
    assert told == ["p1", "p2", "p3"]


def test_people_say_what_a_mention_is_that_raised_nothing(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    hearings = house.casebook.hearings
    hearings.tell(1, Kind.PRAISE, house.ana, LATER)
    hearings.tell(1, None, house.ana, LATER)
    assert taught(house) == [(1, False, None)]
    hearings.tell(1, Kind.COMPLAINT, house.ana, LATER)
    assert taught(house) == [(1, True, "complaint")]
    assert house.one("SELECT count(*) FROM cases") == 0
    with pytest.raises(MovedOn):
        hearings.tell(2, Kind.SPAM, house.ana, LATER)


def test_a_mention_says_what_it_was_told_to_be(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL), Judged(post("q1", by=DAN), DOUBTFUL))
    house.casebook.hearings.tell(1, Kind.PRAISE, house.ana, LATER)
    told = {one.mention_id: one.told for one in house.casebook.hearings.heard(ROSE.key, NOON, 9)}
    assert told == {1: False, 2: None}


# You missed this one ---------------------------------------------------------------------------------------------------


def test_a_missed_complaint_is_raised_by_who_found_it_and_teaches(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    case_id = house.casebook.cases.raise_missed(1, house.ana, LATER)
    assert house.state(case_id) is CaseState.OPEN
    assert house.history(case_id) == [(house.ana, "case", "", "open")]
    assert house.reading.inbox(LATER).rows[0].waiting == HOUR
    assert taught(house) == [(1, True, "complaint")]


def test_the_second_press_hears_that_there_is_a_case(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    house.casebook.cases.raise_missed(1, house.ana, LATER)
    with pytest.raises(MovedOn, match="belongs to a case already"):
        house.casebook.cases.raise_missed(1, house.ben, LATER)
    with pytest.raises(MovedOn, match="no longer here"):
        house.casebook.cases.raise_missed(2, house.ben, LATER)
    assert house.one("SELECT count(*) FROM cases") == 1


def test_two_who_press_at_once_raise_one_case(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    told = together(*(partial(house.casebook.cases.raise_missed, 1, by, LATER) for by in (house.ana, house.ben) * 3))
    assert (told.count(1), sum(isinstance(one, MovedOn) for one in told)) == (1, 5)
    assert house.one("SELECT count(*) FROM cases") == 1


def test_what_was_missed_in_a_conversation_with_a_live_case_joins_it(house: House) -> None:
    house.hear(Judged(post(), CHATTER), Judged(answer("p2", post(), "It is stale!", by=CORA, at=NOON), COMPLAINT))
    assert house.casebook.cases.raise_missed(1, house.ana, LATER) == 1
    assert house.file(1).case.turn == 2
    assert house.one("SELECT count(*) FROM cases") == 1


def test_an_older_and_a_stored_complaint_can_be_raised_as_missed(house: House) -> None:
    house.hear(Judged(post("old", by=DAN, at=NOON - 9 * DAY), COMPLAINT), now=NOON)
    house.casebook.rounds.record_import(ROSE.key, [Judged(post("kept"), COMPLAINT)], NOON, store_only=True)
    assert [house.casebook.cases.raise_missed(number, house.ana, LATER) for number in (1, 2)] == [1, 2]
    assert house.reading.older_complaints(ROSE.key, LATER) == 0


def test_a_post_that_has_gone_is_not_raised_and_teaches_nothing(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL), Judged(post("q1", by=DAN), DOUBTFUL))
    see_again(house, Gone("p1", "deleted"))
    house.casebook.forgetting.forget("x", DAN.native_id, house.ana, LATER)
    for number in (1, 2):
        with pytest.raises(MovedOn):
            house.casebook.cases.raise_missed(number, house.ana, LATER)
        with pytest.raises(MovedOn):
            house.casebook.hearings.tell(number, Kind.COMPLAINT, house.ana, LATER)
    assert taught(house) == []
    assert house.one("SELECT count(*) FROM cases") == 0


def test_no_second_look_takes_back_what_a_person_raised(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    case_id = house.casebook.cases.raise_missed(1, house.ana, LATER)
    house.casebook.verdicts.record(1, second(Kind.PRAISE), LATER, 1)
    assert house.state(case_id) is CaseState.OPEN
    see_again(house, Judged(replace(post(), text="Green, too", edited_at=LATER + MINUTE), RAISED), now=LATER + MINUTE)
    house.casebook.verdicts.record(1, second(Kind.PRAISE), LATER + 2 * MINUTE, 2)
    assert house.state(case_id) is CaseState.OPEN


def test_no_second_look_raises_what_a_person_called_no_complaint(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    house.casebook.hearings.tell(1, None, house.ana, LATER)
    assert house.casebook.verdicts.record(1, second(), LATER, 1) is None
    assert house.one("SELECT count(*) FROM cases") == 0
    edited = Judged(replace(post(), text="Green, too", edited_at=LATER + MINUTE), DOUBTFUL)
    see_again(house, edited, now=LATER + MINUTE)
    assert house.casebook.verdicts.record(1, second(), LATER + 2 * MINUTE, 2) == 1, (
        "of that text nobody has said anything"
    )


# What goes with a post -------------------------------------------------------------------------------------------------


def learned(house: House, at: datetime = LATER, **also: Any) -> int | None:
    """The brand's lessons are learnt: a hearing with weights."""
    assert due(house, at)
    return house.casebook.hearings.learnt(hearing(house, at, **also), at)


def hearing(house: House, at: datetime = LATER, **also: Any) -> Hearing:
    """What a learner makes of the brand's newest hearing."""
    before = house.casebook.hearings.current(ROSE.key) or Hearing.shipped(ROSE.key, at)
    made = {"model": LOOKS, "line_first": 0.4, "line_both": 0.5, "weights": b"weights", "lessons": 1}
    return before.but(**{**made, "lessons_digest": "d" * 64, "why": "From one decision.", "at": at, **also})


def a_taught_brand(house: House) -> int:
    """Ana dismissed what Cora wrote, and Dan's was looked at twice; weights were learnt from both. Gives Cora's case."""
    case_id = house.complain()
    house.hear(Judged(post("q1", by=DAN), RAISED))
    house.casebook.verdicts.record(1, second(), LATER, 1)
    house.casebook.cases.dismiss(case_id, "praise", house.ana, LATER)
    house.casebook.cases.offline(2, "", house.ana, LATER)
    for hours in (1, 2):
        lessons = house.casebook.hearings.lessons(ROSE.key, 9)
        house.casebook.hearings.keep_features([(lesson, b"features") for lesson in lessons], LOOKS)
        assert learned(house, LATER + hours * EVERY, weights=f"weights {hours}".encode()) == hours
    return case_id


def weights(house: House) -> list[bytes | None]:
    return [one.weights for one in house.casebook.hearings.all(ROSE.key)]


def test_a_deleted_post_takes_its_lesson_and_all_weights_along_and_the_rest_is_learnt_anew(house: House) -> None:
    a_taught_brand(house)
    assert weights(house) == [b"weights 2", b"weights 1"]
    now = LATER + 3 * DAY - HOUR
    see_again(house, Gone("p1", "deleted"), now=now)
    assert taught(house) == [(2, True, "complaint")]
    assert weights(house) == [None, None]
    assert [one.line_first for one in house.casebook.hearings.all(ROSE.key)] == [0.4, 0.4]
    assert due(house, now)
    (left,) = house.casebook.hearings.lessons(ROSE.key, 9)
    assert (left.post.native_id, left.features) == ("q1", b"features")


def test_a_forgotten_person_takes_lessons_weights_shares_and_vectors_along(house: House) -> None:
    a_taught_brand(house)
    house.casebook.forgetting.forget("x", CORA.native_id, house.ana, LATER + 3 * DAY)
    assert taught(house) == [(2, True, "complaint")]
    assert weights(house) == [None, None]
    of_cora = house.rows("SELECT shares, vector FROM verdicts WHERE mention_id = 1 ORDER BY id")
    assert [(str(shares), vector) for shares, vector in of_cora] == [("[]", None)] * 2
    assert [len(one.first) for one in house.casebook.hearings.heard(ROSE.key, NOON, 9)] == [len(SHARES)]


def test_a_forgotten_mention_is_looked_at_no_more(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    house.casebook.forgetting.forget("x", CORA.native_id, house.ana, LATER)
    assert house.casebook.verdicts.claim_again(LATER, 9) == ()
    assert house.one("SELECT again_at FROM mentions") is None


def test_what_goes_while_it_is_learnt_does_not_come_back_with_what_was_learnt(house: House) -> None:
    a_taught_brand(house)
    now = LATER + 4 * DAY
    assert due(house, now)
    made = hearing(house, now, weights=b"Cora's words")
    see_again(house, Gone("p1", "deleted"), now=now + SECOND)
    assert house.casebook.hearings.learnt(made, now) is None
    assert weights(house) == [None, None]
    assert due(house, now + SECOND)


def test_a_post_that_nobody_decided_about_takes_nothing_along(house: House) -> None:
    a_taught_brand(house)
    house.hear(Judged(post("r1", by=somebody(1)), CHATTER), now=LATER)
    see_again(house, Gone("r1", "deleted"))
    assert len(taught(house)) == 2
    assert weights(house) == [b"weights 2", b"weights 1"]


def test_a_case_whose_post_has_gone_can_be_dealt_with_and_teaches_nothing(house: House) -> None:
    reply = house.approved()
    house.posted(reply)
    see_again(house, Gone("p1", "deleted"))
    house.casebook.cases.resolve(1, "Oven", "Cake", "", house.ana, LATER)
    assert house.state(1) is CaseState.RESOLVED
    assert taught(house) == []


# How a brand is listened for -------------------------------------------------------------------------------------------


def test_a_brand_that_nobody_taught_is_listened_for_as_shipped(house: House) -> None:
    assert house.casebook.hearings.current(ROSE.key) is None
    assert house.casebook.hearings.all(ROSE.key) == ()
    assert house.casebook.hearings.lessons(ROSE.key, 9) == ()


def test_versions_rise_and_the_newest_counts(house: House) -> None:
    house.casebook.cases.dismiss(house.complain(), "praise", house.ana, LATER)
    assert learned(house) == 1
    assert learned(house, LATER + EVERY, line_both=0.6, weights=None) == 2
    newest, oldest = house.casebook.hearings.all(ROSE.key)
    assert house.casebook.hearings.current(ROSE.key) == newest
    assert (newest.version, newest.line_first, newest.line_both, newest.weights) == (2, 0.4, 0.6, None)
    assert (oldest.version, oldest.weights, oldest.lessons, oldest.at) == (1, b"weights", 1, LATER)
    assert house.casebook.hearings.all(SWIFT.key) == ()


def test_the_same_again_stores_nothing(house: House) -> None:
    house.casebook.cases.dismiss(house.complain(), "praise", house.ana, LATER)
    assert learned(house) == 1
    assert learned(house, LATER + EVERY, lessons=2, why="From two decisions.") is None
    assert len(house.casebook.hearings.all(ROSE.key)) == 1
    assert not due(house, LATER + EVERY + HOUR), "its turn is over all the same"


def test_the_owner_asks_for_as_many_a_day_as_she_wants_to_see(house: House) -> None:
    house.casebook.hearings.ask_per_day(ROSE.key, 2.5, house.ana, LATER)
    asked = house.casebook.hearings.current(ROSE.key)
    assert asked is not None
    assert (asked.version, asked.per_day, asked.why, asked.by) == (1, 2.5, "About 2.5 a day.", house.ana)
    assert learned(house) == 2
    house.casebook.hearings.ask_per_day(ROSE.key, None, house.ana, LATER + HOUR)
    asked = house.casebook.hearings.current(ROSE.key)
    assert asked is not None
    assert (asked.per_day, asked.why, asked.weights) == (None, "As many as there are.", b"weights")


def counted(house: House) -> list[str]:
    """The posts whose lessons count."""
    return [lesson.post.native_id for lesson in house.casebook.hearings.lessons(ROSE.key, 9)]


def a_lesson(house: House, native_id: str, at: datetime) -> None:
    """Ana dismisses what somebody wrote."""
    case_id = house.complain(post(native_id, by=Author(native_id, native_id)), now=LATER)
    house.casebook.cases.dismiss(case_id, "praise", house.ana, at)


def test_as_shipped_again_puts_lessons_aside_and_going_back_brings_them_back(house: House) -> None:
    hearings = house.casebook.hearings
    a_lesson(house, "first", LATER)
    learned(house)
    assert hearings.reset(ROSE.key, house.ana, LATER + HOUR) == 2
    shipped = hearings.current(ROSE.key)
    assert shipped is not None
    assert (shipped.model, shipped.line_first, shipped.line_both, shipped.weights) == (SHIPPED, None, None, None)
    assert (shipped.per_day, shipped.since, shipped.lessons) == (None, LATER + HOUR, 0)
    assert counted(house) == []
    a_lesson(house, "second", LATER + 2 * HOUR)
    assert counted(house) == ["second"]
    assert hearings.go_back(ROSE.key, 1, house.ben, LATER + 3 * HOUR) == 3
    back = hearings.current(ROSE.key)
    assert back is not None
    assert (back.model, back.weights, back.since, back.by) == (LOOKS, b"weights", None, house.ben)
    assert back.why == "Back to version 1."
    assert counted(house) == ["first"]
    assert due(house, LATER + 3 * HOUR), "weights that are gone are made anew"


def test_going_back_passes_over_what_was_taught_since_and_can_be_undone_itself(house: House) -> None:
    for number, name in enumerate(("first", "second", "third"), start=1):
        a_lesson(house, name, LATER + number * DAY)
        assert learned(house, LATER + number * DAY, weights=name.encode()) == number
    hearings = house.casebook.hearings
    assert hearings.go_back(ROSE.key, 1, house.ana, LATER + 4 * DAY) == 4
    assert counted(house) == ["first"]
    a_lesson(house, "fourth", LATER + 5 * DAY)
    assert counted(house) == ["first", "fourth"]
    assert learned(house, LATER + 5 * DAY) == 5
    assert counted(house) == ["first", "fourth"], "learning does not bring them back"
    assert hearings.go_back(ROSE.key, 3, house.ana, LATER + 6 * DAY) == 6
    assert counted(house) == ["first", "second", "third"]
    assert hearings.go_back(ROSE.key, 5, house.ana, LATER + 7 * DAY) == 7
    assert counted(house) == ["first", "fourth"]


def test_old_hearings_lose_their_weights_and_can_be_gone_back_to_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing_rows, "WEIGHTS_KEPT", 3)
    for number in range(1, 6):
        a_lesson(house, f"p{number}", LATER + number * DAY)
        assert learned(house, LATER + number * DAY, weights=b"w%d" % number) == number
    hearings = house.casebook.hearings
    assert [one.weights for one in hearings.all(ROSE.key)] == [b"w5", b"w4", b"w3", None, None]
    assert hearings.go_back(ROSE.key, 1, house.ana, LATER + 6 * DAY) == 6
    assert counted(house) == ["p1"]
    assert due(house, LATER + 6 * DAY), "its weights are made anew"


def test_nobody_goes_back_to_a_version_that_never_was(house: House) -> None:
    house.casebook.hearings.ask_per_day(ROSE.key, 3, house.ana, LATER)
    for brand, version in ((ROSE.key, 2), (ROSE.key, 0), (SWIFT.key, 1)):
        with pytest.raises(MovedOn, match="no version"):
            house.casebook.hearings.go_back(brand, version, house.ana, LATER)


MEANWHILE: dict[str, Callable[[House, datetime], object]] = {
    "teaches": lambda house, now: house.casebook.cases.reopen(1, "", house.ana, now),
    "asks": lambda house, now: house.casebook.hearings.ask_per_day(ROSE.key, 3, house.ana, now),
    "goes back": lambda house, now: house.casebook.hearings.go_back(ROSE.key, 1, house.ana, now),
    "starts again": lambda house, now: house.casebook.hearings.reset(ROSE.key, house.ana, now),
}


@pytest.mark.parametrize("act", list(MEANWHILE))
def test_what_ana_does_while_it_is_learnt_is_not_undone_by_what_was_learnt(house: House, act: str) -> None:
    house.casebook.cases.dismiss(house.complain(), "praise", house.ana, LATER)
    learned(house)
    now = LATER + EVERY
    assert due(house, now)
    made = hearing(house, now, line_first=0.3)
    MEANWHILE[act](house, now + SECOND)
    before = house.casebook.hearings.all(ROSE.key)
    assert house.casebook.hearings.learnt(made, now) is None
    assert house.casebook.hearings.all(ROSE.key) == before


def test_lessons_that_came_while_others_were_learnt_keep_their_turn(house: House) -> None:
    house.casebook.cases.dismiss(house.complain(), "praise", house.ana, LATER)
    assert due(house)
    made = hearing(house)
    house.casebook.cases.reopen(1, "", house.ana, LATER + SECOND)
    assert house.casebook.hearings.learnt(made, LATER) is None
    assert learned(house, LATER + SECOND) == 1


# Whose turn it is to learn ---------------------------------------------------------------------------------------------


@pytest.fixture
def taught_house(house: House) -> House:
    """Ana has just dismissed one case."""
    house.casebook.cases.dismiss(house.complain(), "praise", house.ana, LATER)
    return house


def test_a_brand_is_learnt_for_by_one_and_by_another_when_that_one_died(taught_house: House) -> None:
    assert due(taught_house, LATER)
    assert not due(taught_house, LATER)
    assert not due(taught_house, LATER + 9 * MINUTE)
    assert due(taught_house, LATER + 10 * MINUTE)


def test_who_was_taken_for_dead_stores_nothing(taught_house: House) -> None:
    assert due(taught_house, LATER)
    assert due(taught_house, LATER + 10 * MINUTE)
    assert taught_house.casebook.hearings.learnt(hearing(taught_house), LATER) is None
    assert taught_house.casebook.hearings.learnt(hearing(taught_house), LATER + 10 * MINUTE) == 1


def test_a_new_brand_has_its_turn_at_once_and_one_that_is_known_does_not_jump_the_queue(house: House) -> None:
    new = Brand("pixelfix", "PixelFix")
    house.casebook.brands.sync([ROSE, SWIFT, new], LATER)
    assert house.casebook.hearings.claim_due(LATER, LOOKS) == (new.key,)
    house.casebook.brands.sync([replace(ROSE, name="Rose & Sons")], LATER)
    assert house.casebook.hearings.claim_due(LATER, LOOKS) == ()


def test_a_brand_is_learnt_for_daily_though_nobody_taught_anything_new(taught_house: House) -> None:
    learned(taught_house)
    assert not due(taught_house, LATER + EVERY - SECOND)
    assert due(taught_house, LATER + EVERY)


@pytest.mark.parametrize("by", [-30 * DAY, -2 * DAY, 2 * DAY, 400 * DAY])
def test_a_clock_that_was_set_anew_keeps_nobody_from_learning(taught_house: House, by: timedelta) -> None:
    learned(taught_house)
    assert due(taught_house, LATER + by)


def test_other_looks_learn_anew_at_once_and_one_of_them_at_a_time(taught_house: House) -> None:
    learned(taught_house)
    assert not due(taught_house, LATER + MINUTE)
    assert due(taught_house, LATER + MINUTE, "first-2+second-1")
    assert not due(taught_house, LATER + MINUTE, "first-2+second-1")
    assert not due(taught_house, LATER + MINUTE, "first-3")
    assert due(taught_house, LATER + 12 * MINUTE, "first-3")


def test_other_looks_learn_anew_though_no_turn_was_set(taught_house: House) -> None:
    learned(taught_house)
    taught_house.do("UPDATE brands SET learn_at = NULL")
    assert not due(taught_house, LATER + MINUTE)
    assert due(taught_house, LATER + MINUTE, "first-2")


def test_two_services_one_without_a_second_look_do_not_undo_each_other(taught_house: House) -> None:
    learned(taught_house)
    assert not due(taught_house, LATER + MINUTE, "first-1"), "it can listen by what the other learnt"
    assert due(taught_house, LATER + EVERY, "first-1"), "but learns when it is its turn"
    made = hearing(taught_house, LATER + EVERY, model="first-1", line_both=None)
    assert taught_house.casebook.hearings.learnt(made, LATER + EVERY) == 2
    assert due(taught_house, LATER + EVERY + MINUTE), "whose hearing the other cannot use in full"


def test_as_shipped_fits_all_looks(taught_house: House) -> None:
    learned(taught_house)
    taught_house.casebook.hearings.reset(ROSE.key, taught_house.ana, LATER + MINUTE)
    assert not due(taught_house, LATER + 2 * MINUTE, "first-2")
    assert due(taught_house, LATER + MINUTE + EVERY)


def test_nothing_is_written_while_nothing_is_to_be_learnt_or_looked_at(house: House) -> None:
    written: list[str] = []
    with house.before_each(lambda said: written.append(said) if said.startswith(("UPDATE", "INSERT")) else None):
        assert house.casebook.hearings.claim_due(LATER, LOOKS) == ()
        assert house.casebook.verdicts.claim_again(LATER, 9) == ()
        house.casebook.verdicts.leave([])
        house.casebook.hearings.keep_features([], LOOKS)
    assert written == []


# Second looks that are due ---------------------------------------------------------------------------------------------


def claim(house: House, now: datetime = LATER, most: int = 9) -> list[int]:
    return [one.mention_id for one in house.casebook.verdicts.claim_again(now, most)]


def test_the_uncertain_and_those_about_to_be_raised_are_due_and_no_others(house: House) -> None:
    told = [CHATTER, DOUBTFUL, COMPLAINT, RAISED]
    house.hear(*(Judged(post(f"p{number}", by=somebody(number)), one) for number, one in enumerate(told)))
    due_now = house.casebook.verdicts.claim_again(LATER, 9)
    assert due_now == tuple(
        Again(number, ROSE.key, post(f"p{number - 1}", by=somebody(number - 1)), 1) for number in (2, 4)
    )


def test_whoever_waited_longest_is_looked_at_first_and_no_more_than_asked_for(house: House) -> None:
    for minutes in (5, 1, 3):
        house.hear(Judged(post(f"p{minutes}", by=somebody(minutes)), DOUBTFUL), now=NOON + minutes * MINUTE)
    assert claim(house, most=2) == [2, 3]
    assert claim(house, most=2) == [1]
    assert claim(house) == []


def test_a_mention_is_looked_at_by_one_and_by_another_when_that_one_died(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    assert claim(house) == [1]
    assert claim(house, LATER + 14 * MINUTE) == []
    assert claim(house, LATER + 15 * MINUTE) == [1]


def test_a_mention_that_stops_whoever_looks_is_given_up_and_keeps_its_verdict(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    for turn in range(MOST_TRIES):
        assert claim(house, LATER + turn * HOUR) == [1]
    assert claim(house, LATER + MOST_TRIES * HOUR) == []
    assert house.one("SELECT again_at FROM mentions") is None
    assert house.one("SELECT count(*) FROM verdicts") == 1


def test_a_mention_that_was_given_up_is_looked_at_when_it_is_edited(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    for turn in range(MOST_TRIES + 1):
        claim(house, LATER + turn * HOUR)
    see_again(house, Judged(replace(post(), text="Stale, I say", edited_at=LATER), DOUBTFUL), now=LATER + 9 * HOUR)
    assert claim(house, LATER + 9 * HOUR) == [1]


def test_a_deleted_post_waits_until_it_is_back_and_costs_nobody_a_write(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    see_again(house, Gone("p1", "deleted"))
    written: list[str] = []
    with house.before_each(lambda said: written.append(said) if said.startswith("UPDATE") else None):
        assert claim(house) == []
    assert written == []
    see_again(house, Judged(post(), DOUBTFUL), now=LATER + MINUTE)
    assert claim(house, LATER + MINUTE) == [1]


@pytest.mark.parametrize("by", [-30 * DAY, -HOUR, HOUR, 400 * DAY])
def test_a_clock_that_was_set_anew_keeps_nobody_from_looking(house: House, by: timedelta) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    claim(house)
    assert claim(house, LATER + by) == [1]


def test_two_clocks_a_little_apart_do_not_take_each_other_s_mentions(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    assert claim(house) == [1]
    for behind in (SECOND, MINUTE, 14 * MINUTE):
        assert claim(house, LATER - behind) == []


def test_a_verdict_ends_the_waiting(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    claim(house)
    house.casebook.verdicts.record(1, second(Kind.CHATTER), LATER, 1)
    assert house.one("SELECT again_at FROM mentions") is None
    assert claim(house, LATER + DAY) == []


def test_a_verdict_that_is_known_ends_the_waiting_too(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    house.casebook.verdicts.record(1, second(Kind.CHATTER), LATER, 1)
    house.do("UPDATE mentions SET again_at = found_at, again_tries = 1")
    assert claim(house) == [1]
    assert house.casebook.verdicts.record(1, second(Kind.CHATTER), LATER, 1) is None
    assert claim(house, LATER + DAY) == []


def test_what_a_rule_decides_is_left(house: House) -> None:
    house.hear(*(Judged(post(f"p{number}", by=somebody(number)), DOUBTFUL) for number in range(3)))
    assert claim(house) == [1, 2, 3]
    house.casebook.verdicts.leave([1, 3])
    assert claim(house, LATER + HOUR) == [2]


def test_an_edit_that_came_while_a_rule_was_asked_keeps_its_turn(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    claim(house)
    see_again(house, Judged(replace(post(), text="Stale, I say", edited_at=LATER), DOUBTFUL))
    house.casebook.verdicts.leave([1])
    assert claim(house) == [1]


def test_a_look_at_a_text_that_was_edited_meanwhile_counts_for_nothing(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    (taken,) = house.casebook.verdicts.claim_again(LATER, 9)
    see_again(house, Judged(replace(post(), text="All fine now", edited_at=LATER), DOUBTFUL))
    with pytest.raises(MovedOn, match="edited meanwhile"):
        house.casebook.verdicts.record(1, second(), LATER, taken.version)
    assert house.one("SELECT count(*) FROM cases") == 0
    assert [one.version for one in house.casebook.verdicts.claim_again(LATER, 9)] == [2]


def test_a_second_look_raises_what_the_first_left(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    assert house.casebook.verdicts.record(1, second(urgency=3), LATER, 1) == 1
    file = house.file(1)
    assert (file.case.state, file.case.urgency) == (CaseState.OPEN, 3)
    assert [move.why for move in file.history] == ["A second look found a complaint."]


def test_a_second_look_retracts_a_case_that_nobody_touched(house: House) -> None:
    case_id = house.hear(Judged(post(), RAISED)).raised[0]
    house.casebook.verdicts.record(1, second(Kind.PRAISE), LATER, 1)
    assert house.state(case_id) is CaseState.DISMISSED
    assert house.file(case_id).history[-1].why == "A second look found no complaint."
    assert taught(house) == [], "the machine teaches itself nothing"


def test_of_an_edited_post_too_it_is_the_second_look_that_retracts(house: House) -> None:
    case_id = house.hear(Judged(post(), RAISED)).raised[0]
    see_again(house, Judged(replace(post(), text="Stale, I say", edited_at=LATER), RAISED))
    house.casebook.verdicts.record(1, second(Kind.PRAISE), LATER, 2)
    assert house.file(case_id).history[-1].why == "A second look found no complaint."


def test_a_second_look_leaves_a_case_that_ben_has_touched(house: House) -> None:
    case_id = house.hear(Judged(post(), RAISED)).raised[0]
    house.casebook.cases.note(case_id, "I know her", house.ben, LATER)
    house.casebook.verdicts.record(1, second(Kind.PRAISE), LATER, 1)
    assert house.state(case_id) is CaseState.OPEN


def test_what_was_imported_to_be_stored_is_neither_looked_at_again_nor_raised(house: House) -> None:
    told = [DOUBTFUL, RAISED]
    imported = [Judged(post(f"p{number}", by=somebody(number)), one) for number, one in enumerate(told)]
    house.casebook.rounds.record_import(ROSE.key, imported, NOON, store_only=True)
    assert claim(house) == []


def test_old_posts_are_not_looked_at_again(house: House) -> None:
    old = NOON - 3 * DAY
    house.hear(Judged(post(at=old), DOUBTFUL), Judged(post("q1", by=DAN, at=old), RAISED), now=NOON)
    assert claim(house) == []
    assert house.reading.older_complaints(ROSE.key, NOON) == 1


def test_a_repost_and_a_post_that_has_gone_raise_nothing_on_a_second_look(house: House) -> None:
    house.hear(Judged(post(is_repost=True), DOUBTFUL), Judged(post("q1", by=DAN), DOUBTFUL))
    see_again(house, Gone("q1", "deleted"))
    assert [house.casebook.verdicts.record(number, second(), LATER, 1) for number in (1, 2)] == [None, None]
    assert house.one("SELECT count(*) FROM cases") == 0


def elsewhere(url: str) -> tuple[Engine, Casebook]:
    """A worker on another machine: an engine of its own."""
    engine = open_engine(url)
    return engine, Casebook(engine, KEY)


def test_two_workers_at_once_look_at_each_mention_once(house: House, url: str) -> None:
    house.hear(*(Judged(post(f"p{number}", by=somebody(number)), DOUBTFUL) for number in range(12)))
    engine, other = elsewhere(url)
    works = [partial(book.verdicts.claim_again, LATER, 3) for book in (house.casebook, other) * 3]
    taken = [one.mention_id for some in together(*works) for one in _agains(some)]
    engine.dispose()
    assert sorted(taken) == list(range(1, 13))


def _agains(some: object) -> Sequence[Again]:
    assert isinstance(some, tuple)
    return some


def test_two_workers_at_once_learn_for_a_brand_once(taught_house: House, url: str) -> None:
    engine, other = elsewhere(url)
    claims = [partial(book.hearings.claim_due, LATER, LOOKS) for book in (taught_house.casebook, other) * 3]
    told = together(*claims)
    engine.dispose()
    assert (told.count((ROSE.key,)), told.count(())) == (1, 5)


# What was heard --------------------------------------------------------------------------------------------------------


def test_what_was_heard_is_told_newest_first_with_what_both_looks_say(house: House) -> None:
    first = post(title="Rose Bakery", said="Stale", url="https://x.example/p1", rating=3)
    house.hear(Judged(first, DOUBTFUL), now=NOON)
    house.hear(Judged(post("q1", by=DAN), RAISED), now=NOON + MINUTE)
    house.casebook.verdicts.record(2, second(Kind.COMPLAINT), LATER, 1)
    newest, oldest = house.casebook.hearings.heard(ROSE.key, NOON, 9)
    assert (newest.mention_id, newest.case_id, newest.kind, newest.vector) == (2, 1, Kind.COMPLAINT, VECTOR)
    assert (newest.first, newest.second) == (RAISED.shares, SHARES)
    assert (oldest.mention_id, oldest.case_id, oldest.kind, oldest.found_at) == (1, None, Kind.CHATTER, NOON)
    assert (oldest.first, oldest.second, oldest.vector, oldest.told) == (SHARES, (), None, None)
    assert (oldest.place, oldest.handle, oldest.name, oldest.url) == ("x", "cora", "Cora", "https://x.example/p1")
    assert (oldest.title, oldest.text, oldest.rating, oldest.language) == ("Rose Bakery", "Stale", 3, "en")


def test_the_second_look_has_the_last_word_of_what_a_mention_is(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    house.casebook.verdicts.record(1, second(Kind.QUESTION), LATER, 1)
    assert [one.kind for one in house.casebook.hearings.heard(ROSE.key, NOON, 9)] == [Kind.QUESTION]


def test_what_was_said_of_an_earlier_text_is_not_told_of_the_present_one(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    house.casebook.verdicts.record(1, second(Kind.CHATTER), LATER, 1)
    glad = verdict(Kind.PRAISE, shares=SHARES[::-1])
    see_again(house, Judged(replace(post(), text="All fine now, thank you", edited_at=LATER), glad))
    (one,) = house.casebook.hearings.heard(ROSE.key, NOON, 9)
    assert (one.kind, one.first, one.second, one.vector) == (Kind.PRAISE, SHARES[::-1], (), None)
    assert one.text == "All fine now, thank you"


def test_only_so_many_and_only_the_brand_s_own_and_what_stands_are_told(house: House) -> None:
    for number in range(5):
        house.hear(Judged(post(f"p{number}", by=somebody(number)), DOUBTFUL), now=NOON + number * MINUTE)
    house.casebook.rounds.record_import(SWIFT.key, [Judged(post("p3", by=somebody(3)), CHATTER)], LATER)
    see_again(house, Gone("p4", "deleted"))
    heard = house.casebook.hearings.heard
    assert [one.mention_id for one in heard(ROSE.key, NOON, 2)] == [4, 3]
    assert [one.mention_id for one in heard(ROSE.key, NOON + 2 * MINUTE, 9)] == [4, 3]
    assert [one.kind for one in heard(SWIFT.key, NOON, 9)] == [Kind.CHATTER]
    assert heard(ROSE.key, LATER, 9) == ()


def test_what_one_brand_was_told_is_not_what_the_other_was_told(house: House) -> None:
    house.hear(Judged(post(), DOUBTFUL))
    house.casebook.rounds.record_import(SWIFT.key, [Judged(post(), DOUBTFUL)], NOON)
    house.casebook.hearings.tell(2, Kind.COMPLAINT, house.ana, LATER)
    assert [house.casebook.hearings.heard(brand.key, NOON, 9)[0].told for brand in (ROSE, SWIFT)] == [None, True]


# Who waits less --------------------------------------------------------------------------------------------------------


def urgency(house: House, case_id: int = 1) -> int:
    return house.file(case_id).case.urgency


@pytest.mark.parametrize(("first", "then"), [(1, 2), (2, 3), (3, 3), (4, 4)])
def test_whoever_complained_not_long_ago_is_answered_a_step_sooner(house: House, first: int, then: int) -> None:
    assert urgency(house, house.complain()) == 2
    assert urgency(house, house.complain(post("p2", at=NOON + 179 * DAY), first)) == then


def test_whoever_complained_long_ago_or_is_somebody_else_waits_as_others_do(house: House) -> None:
    house.complain()
    assert urgency(house, house.complain(post("p2", by=DAN))) == 2
    assert urgency(house, house.complain(post("p3", at=NOON + 181 * DAY))) == 2


def test_what_was_no_complaint_makes_nobody_a_regular(house: House) -> None:
    house.casebook.cases.dismiss(house.complain(), "praise", house.ana, LATER)
    assert urgency(house, house.complain(post("p2", at=NOON + DAY))) == 2


def joining(count: int, first: int = 0, **also: Any) -> list[Judged]:
    """So many strangers below Cora's complaint."""
    return [
        Judged(
            answer(f"s{number}", post(), f"Same here ({number})", by=somebody(number), at=NOON + MINUTE, **also),
            CHATTER,
        )
        for number in range(first, first + count)
    ]


@pytest.mark.parametrize(("others", "expected"), [(2, 2), (3, 3), (9, 3), (10, 4), (12, 4)])
def test_the_more_join_in_below_a_complaint_the_sooner_it_wants_an_answer(
    house: House, others: int, expected: int
) -> None:
    house.complain()
    house.hear(*joining(others))
    assert urgency(house) == expected


def test_those_who_are_only_overheard_count_too(house: House) -> None:
    house.complain()
    see_again(house, *joining(3))
    assert house.one("SELECT count(*) FROM mentions") == 1
    assert urgency(house) == 3


def test_who_writes_often_is_one_and_neither_cora_nor_we_join_in(house: House) -> None:
    house.complain()
    often = [answer(f"d{number}", post(), f"And {number}!", by=DAN, at=NOON + MINUTE) for number in range(9)]
    ours = [answer(f"u{number}", post(), f"Sorry {number}", by=US, at=NOON + MINUTE) for number in range(3)]
    more = answer("p2", post(), "Really!", by=CORA, at=NOON + MINUTE)
    house.hear(*(Judged(one, CHATTER) for one in (*often, *ours)), *joining(1), Judged(more, COMPLAINT))
    assert house.state(1) is CaseState.OPEN
    house.hear(Judged(answer("d99", post(), "And on!", by=DAN, at=NOON + HOUR), CHATTER))
    assert urgency(house) == 2


def test_no_crowd_makes_the_gravest_less_grave_or_hurries_what_was_answered(house: House) -> None:
    house.complain(urgency=4)
    house.complain(post("q1", by=DAN))
    house.casebook.cases.already_answered(2, house.ana, LATER)
    below = [answer(f"t{n}", post("q1"), f"Well ({n})", by=somebody(n), at=NOON + MINUTE) for n in range(4)]
    house.hear(*joining(4), *(Judged(one, CHATTER) for one in below), now=LATER)
    assert (urgency(house), urgency(house, 2)) == (4, 2)


def test_who_complains_beside_others_is_hurried_only_by_those_who_answer_it(house: House) -> None:
    ours = post("u1", "Easter cakes are here", by=US)
    crowd = [answer(f"c{n}", ours, f"Mine was stale ({n})", by=somebody(n), at=NOON) for n in range(6)]
    house.hear(Judged(ours, CHATTER), *crowd)
    assert {urgency(house, number) for number in range(1, 7)} == {2}
    below = [answer(f"t{n}", crowd[0], f"So was mine ({n})", by=somebody(9 + n), at=NOON + MINUTE) for n in range(3)]
    house.hear(*(Judged(one, CHATTER) for one in below))
    assert [urgency(house, number) for number in range(1, 7)] == [3, 2, 2, 2, 2, 2]


def test_whoever_waits_a_day_goes_up_a_step_in_the_inbox(house: House) -> None:
    house.complain()
    house.complain(post("q1", by=DAN, at=NOON + 20 * HOUR), 3)
    house.complain(post("r1", by=somebody(1), at=NOON + 20 * HOUR), 4)

    def order(hours: int) -> list[int]:
        return [row.case_id for row in house.reading.inbox(NOON + hours * HOUR).rows]

    assert order(23) == [3, 2, 1]
    assert order(24) == [3, 1, 2]
    assert order(43) == [3, 1, 2]
    assert order(44) == [3, 2, 1]
    assert house.reading.inbox(NOON + 25 * HOUR).rows[1].urgency == 2, "where it stands, not what it is"
