"""Silence is a fault: windows in which we were blind, alerts that go out once, replies that are late."""

from __future__ import annotations

import pytest

from storage.views import Alert
from storage.words import Batch, Cause
from tests.storage.house import DAY, HOUR, MINUTE, NOON, ROSE, House, post

SOURCE = "x:mentions:rosebakery"
ANA = "ana@rosebakery.example"


def hear(house: House, at_minute: float, *, more: bool = False, gap: bool = False) -> None:
    """One round so many minutes after noon."""
    now = NOON + at_minute * MINUTE
    claimed = house.casebook.sources.claim(SOURCE, now)
    assert claimed is not None
    house.casebook.rounds.record(SOURCE, claimed.fence, [], Batch((), f"cursor-{at_minute}", more, gap=gap), now)


def fail(house: House, at_minute: float, cause: Cause = Cause.DOWN, why: str = "X does not answer.") -> None:
    """One failed poll so many minutes after noon; it is due again two minutes later."""
    now = NOON + at_minute * MINUTE
    claimed = house.casebook.sources.claim(SOURCE, now)
    assert claimed is not None
    house.casebook.sources.failed(SOURCE, claimed.fence, why, now + 2 * MINUTE, now, cause)


@pytest.fixture
def seeing(house: House) -> House:
    """A house that read its source at noon; the window before its first look is another test's."""
    hear(house, 0)
    return house


def windows(house: House) -> list[tuple[float, float, Cause, str, bool, float | None]]:
    """Windows since noon in minutes, newest first."""
    found = house.reading.blind_windows(NOON)
    return [
        (
            (one.began_at - NOON) / MINUTE, (one.ended_at - NOON) / MINUTE, one.cause, one.why, one.gap,
            None if one.caught_up_at is None else (one.caught_up_at - NOON) / MINUTE,
        )
        for one in found
    ]  # fmt: skip


def test_a_failure_that_is_soon_over_is_no_window(seeing: House) -> None:
    fail(seeing, 2)
    hear(seeing, 4)
    hear(seeing, 14)  # ten minutes to the second are not too long yet
    assert windows(seeing) == []


def test_the_time_from_the_last_look_to_the_next_one_is_a_window(seeing: House) -> None:
    fail(seeing, 2, Cause.KEY, "X refused the key.")
    fail(seeing, 8, Cause.LIMIT, "X's limit is reached.")
    (state,) = seeing.casebook.sources.all()
    assert (state.cause, state.last_error_at) == (Cause.LIMIT, NOON + 8 * MINUTE)
    hear(seeing, 90)
    assert windows(seeing) == [(0, 90, Cause.LIMIT, "X's limit is reached.", False, 90)]
    (state,) = seeing.casebook.sources.all()
    assert (state.cause, state.last_error, state.failures) == (None, None, 0)


def test_silence_without_a_failure_means_that_nobody_was_there(seeing: House) -> None:
    hear(seeing, 200)
    assert windows(seeing) == [(0, 200, Cause.OFF, "Amends was not running.", False, 200)]


def test_a_window_is_caught_up_only_when_the_walk_is_done(seeing: House) -> None:
    hear(seeing, 60, more=True)
    hear(seeing, 63, more=True)  # the claim of a walk that was cut off ends after two minutes
    assert windows(seeing) == [(0, 60, Cause.OFF, "Amends was not running.", False, None)]
    hear(seeing, 66)
    assert windows(seeing) == [(0, 60, Cause.OFF, "Amends was not running.", False, 66)]


def test_a_gap_is_a_window_however_short(seeing: House) -> None:
    hear(seeing, 2, gap=True)
    assert windows(seeing) == [(0, 2, Cause.LIMIT, "More was written between two looks than the site shows.", True, 2)]


def test_what_was_never_read_is_blind_from_the_beginning(house: House) -> None:
    fail(house, 0, Cause.KEY, "X refused the key.")
    hear(house, 30)
    (window,) = house.reading.blind_windows(NOON)
    assert (window.began_at, window.ended_at, window.cause) == (NOON - DAY, NOON + 30 * MINUTE, Cause.KEY)
    assert (window.brand, window.place, window.source_key) == (ROSE.key, "x", SOURCE)


def test_only_windows_since_a_time_and_the_newest_first(seeing: House) -> None:
    hear(seeing, 60)
    hear(seeing, 200)
    assert [one[1] for one in windows(seeing)] == [200, 60]
    assert [one.ended_at for one in seeing.reading.blind_windows(NOON + HOUR)] == [NOON + 200 * MINUTE]
    assert len(seeing.reading.blind_windows(NOON, limit=1)) == 1


def test_looking_again_waits_after_a_failure_and_goes_on_after_a_success(house: House) -> None:
    sources = house.casebook.sources
    sources.follow_failed(SOURCE, NOON + HOUR)
    sources.follow_failed(SOURCE, NOON + 2 * HOUR)
    (state,) = sources.all()
    assert (state.follow_at, state.follow_failures) == (NOON + 2 * HOUR, 2)
    sources.followed(SOURCE)
    (state,) = sources.all()
    assert (state.follow_at, state.follow_failures) == (None, 0)


def test_a_poll_asked_for_by_a_person_looks_again_too(house: House) -> None:
    house.casebook.sources.follow_failed(SOURCE, NOON + DAY)
    house.casebook.sources.poll_now(NOON)
    (state,) = house.casebook.sources.all()
    assert (state.next_at, state.follow_at) == (NOON, None)


# Alerts ----------------------------------------------------------------------------------------------------------------


def claim(house: House, minutes: float = 0, began: float = 0, thing: str = SOURCE, to: str = ANA) -> Alert | None:
    return house.casebook.alerts.claim(thing, NOON + began * MINUTE, to, NOON + minutes * MINUTE)


def test_one_silence_is_one_alert_for_each_recipient(house: House) -> None:
    first = claim(house)
    assert first is not None
    assert claim(house) is None
    house.casebook.alerts.sent(first.id, NOON)
    assert claim(house, minutes=600) is None
    other = claim(house, to="ben@rosebakery.example")
    assert other is not None
    assert other.message_id != first.message_id


def test_a_mail_that_was_not_taken_is_tried_again_with_the_same_message_id(house: House) -> None:
    first = claim(house)
    assert first is not None
    house.casebook.alerts.failed(first.id, "nothing listens", NOON)
    assert claim(house, minutes=1) is None
    again = claim(house, minutes=2)
    assert again is not None
    assert (again.id, again.message_id, again.tries) == (first.id, first.message_id, 2)


def test_an_alert_left_by_a_process_that_died_is_taken_over(house: House) -> None:
    first = claim(house)
    assert first is not None
    assert claim(house, minutes=4.9) is None
    again = claim(house, minutes=5)
    assert again is not None
    assert again.message_id == first.message_id


def test_a_site_that_comes_and_goes_is_told_once_in_six_hours(house: House) -> None:
    first = claim(house)
    assert first is not None
    house.casebook.alerts.sent(first.id, NOON)
    assert claim(house, minutes=60, began=50) is None
    assert claim(house, minutes=60, began=50, thing="outbox:rosebakery:x") is not None
    assert claim(house, minutes=361, began=350) is not None


def test_an_alert_sent_under_a_clock_that_was_ahead_silences_nothing(house: House) -> None:
    first = claim(house, minutes=100_000)
    assert first is not None
    house.casebook.alerts.sent(first.id, NOON + 100_000 * MINUTE)
    assert claim(house, minutes=10, began=5) is not None


# Late replies ------------------------------------------------------------------------------------------------------------


def test_a_reply_is_late_half_an_hour_after_the_yes(house: House) -> None:
    reply_id = house.approved()
    assert house.reading.late_replies(NOON + 20 * MINUTE) == ()
    house.casebook.replies.put_off(reply_id, "X does not answer.", NOON + 5 * HOUR, NOON + 10 * MINUTE)
    (late,) = house.reading.late_replies(NOON + 5 * HOUR)
    assert (late.brand, late.place, late.number, late.why) == (ROSE.key, "x", 1, "X does not answer.")
    assert late.since == NOON + 3 * MINUTE


def test_what_is_paused_or_settled_is_not_late(house: House) -> None:
    reply_id = house.approved()
    house.casebook.pauses.pause("*", house.ana, NOON)
    assert house.reading.late_replies(NOON + DAY) == ()
    house.casebook.pauses.resume("*", house.ana, NOON)
    assert len(house.reading.late_replies(NOON + DAY)) == 1
    house.casebook.replies.withdraw(reply_id, house.ana, NOON + MINUTE)
    assert house.reading.late_replies(NOON + DAY) == ()


def test_a_reply_we_cannot_look_for_is_late_and_one_that_waits_for_a_person_is_not(house: House) -> None:
    reply_id = house.approved()
    claimed = house.casebook.replies.claim(reply_id, NOON + 5 * MINUTE)
    assert claimed is not None
    now = claimed.sent_at
    house.casebook.replies.unsure(reply_id, claimed.fence, "No answer.", now + MINUTE, now)
    assert house.reading.late_replies(now + 50 * MINUTE) == ()
    house.casebook.replies.look_later(reply_id, claimed.fence, now + 2 * HOUR, "X does not answer.", now + MINUTE)
    (late,) = house.reading.late_replies(now + 61 * MINUTE)
    assert late.why == "X does not answer."
    house.casebook.replies.not_found(reply_id, claimed.fence, "Please look.", None, now + 2 * HOUR)
    assert house.reading.late_replies(now + DAY) == ()


def test_a_complaint_heard_after_a_window_is_still_raised(seeing: House) -> None:
    seeing.hear(post(at=NOON + 30 * MINUTE), now=NOON + HOUR)
    assert [one[:3] for one in windows(seeing)] == [(0, 60, Cause.OFF)]
    assert seeing.reading.inbox(NOON + HOUR).total == 1
