"""A clock that was set: plans made under another wait as long as was meant, holds run on, and nothing comes to rest for weeks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from storage.casebook import Judged
from storage.casebook.clocks import APART, EVERY, FARTHEST, LONGEST_WAIT
from storage.casebook.digests import LEASE as DIGEST_LEASE
from storage.words import CaseState
from tests.storage.house import (
    DAY,
    HOLD,
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    House,
    post,
    verdict,
)

WEEKS = 21 * DAY
AHEAD = NOON + WEEKS


def due_at(house: House, reply_id: int) -> timedelta:
    """When a reply is due, after noon."""
    reply = next(one for one in house.file(1).replies if one.id == reply_id)
    assert reply.due_at is not None
    return reply.due_at - NOON


def approved_under_a_clock_ahead(house: House) -> int:
    """Ana says yes to an answer while the clock is three weeks ahead, which is noted."""
    house.casebook.clocks.note(AHEAD)
    case = house.complain(post(at=AHEAD - MINUTE))
    return house.approve(house.propose(case, now=AHEAD), now=AHEAD)


# Set back ---------------------------------------------------------------------------------------------------------------


def test_time_that_passes_is_no_clock_set_back(house: House) -> None:
    clocks = house.casebook.clocks
    assert [clocks.note(NOON + step * MINUTE) for step in range(5)] == [timedelta(0)] * 5


def test_a_clock_set_back_is_told_once_by_how_much(house: House) -> None:
    clocks = house.casebook.clocks
    clocks.note(AHEAD)
    assert (clocks.note(NOON), clocks.note(NOON)) == (WEEKS, timedelta(0))


def test_a_little_behind_is_another_machines_clock(house: House) -> None:
    clocks = house.casebook.clocks
    clocks.note(NOON)
    assert clocks.note(NOON - APART + SECOND) == timedelta(0)
    assert clocks.note(NOON - APART) == APART


def test_the_time_is_written_once_a_minute(house: House) -> None:
    written: list[str] = []
    house.casebook.clocks.note(NOON)
    with house.before_each(lambda said: written.append(said) if said.startswith(("UPDATE", "INSERT")) else None):
        house.casebook.clocks.note(NOON + EVERY - SECOND)
    assert written == []


def test_a_reply_approved_under_a_clock_weeks_ahead_goes_out_after_its_whole_hold(house: House) -> None:
    reply = approved_under_a_clock_ahead(house)
    house.casebook.clocks.note(NOON)
    assert due_at(house, reply) == HOLD
    assert house.casebook.replies.due(NOON + HOLD - SECOND) == ()
    assert [one.id for one in house.casebook.replies.due(NOON + HOLD)] == [reply]


def test_a_long_wait_under_another_clock_is_believed_for_two_hours(house: House) -> None:
    reply = approved_under_a_clock_ahead(house)
    house.casebook.replies.put_off(reply, "X is away.", AHEAD + DAY, AHEAD + MINUTE)
    house.casebook.clocks.note(NOON)
    assert due_at(house, reply) == LONGEST_WAIT


def test_what_was_planned_by_the_right_clock_stands(house: House) -> None:
    reply = house.approved()
    due = due_at(house, reply)
    house.casebook.clocks.note(AHEAD)
    house.casebook.clocks.note(NOON + 4 * MINUTE)
    assert due_at(house, reply) == due


def test_what_nobody_plans_so_far_ahead_begins_its_wait_anew(house: House) -> None:
    reply = house.approved()
    house.casebook.clocks.note(NOON)
    house.casebook.replies.put_off(reply, "X is away.", NOON + FARTHEST + DAY, NOON)
    house.casebook.clocks.note(NOON + HOUR)  # no clock was seen to be set
    assert due_at(house, reply) == HOUR + LONGEST_WAIT


def test_a_look_and_a_taking_down_planned_under_another_clock_come_in_their_time(house: House) -> None:
    house.casebook.clocks.note(AHEAD)
    house.complain(post(at=AHEAD - MINUTE))
    up = house.posted(house.approve(house.propose(1, now=AHEAD), now=AHEAD), now=AHEAD + HOLD)
    house.casebook.removals.approve(up, "", house.ana, AHEAD + HOUR, hold=HOLD)
    other = house.complain(post("p2", at=AHEAD))
    unsure = house.unsure(house.approve(house.propose(other, now=AHEAD), now=AHEAD), now=AHEAD + HOUR)
    house.casebook.clocks.note(NOON)
    assert house.casebook.removals.due(NOON + HOLD - SECOND) == ()
    assert house.casebook.removals.due(NOON + HOLD) == (up,)
    soon, late = NOON + 10 * MINUTE - 2 * SECOND, NOON + 10 * MINUTE
    assert house.casebook.replies.to_look(soon) == ()
    assert [one.id for one, _ in house.casebook.replies.to_look(late)] == [unsure.id]


def test_sources_are_read_at_once_and_their_silence_counts_from_now(house: House) -> None:
    house.hear(post(), now=AHEAD)
    house.casebook.clocks.note(AHEAD)
    house.casebook.clocks.note(NOON)
    (state,) = house.casebook.sources.due(NOON)
    assert state.last_success_at == NOON


def test_a_source_planned_farther_off_than_anything_is_read_though_nobody_saw_the_clock(house: House) -> None:
    house.hear(post(), now=AHEAD)
    assert [state.key for state in house.casebook.sources.due(NOON)] == ["x:mentions:rosebakery"]
    assert house.casebook.sources.claim("x:mentions:rosebakery", NOON) is not None


def test_a_case_put_aside_for_a_day_comes_back_after_a_day(house: House) -> None:
    house.complain()
    house.casebook.clocks.note(AHEAD)
    house.casebook.cases.snooze(1, AHEAD + DAY, house.ana, AHEAD)
    house.casebook.clocks.note(NOON)
    assert house.file(1).case.snoozed_until == NOON + DAY


def test_a_complaint_taken_for_an_old_one_is_raised_when_the_clock_is_right_again(house: House) -> None:
    house.casebook.clocks.note(AHEAD)
    assert house.hear(Judged(post(at=NOON - HOUR), verdict()), now=AHEAD).raised == ()
    house.casebook.clocks.note(NOON)
    assert house.state(1) is CaseState.OPEN


def test_an_old_complaint_stays_an_old_one(house: House) -> None:
    house.casebook.clocks.note(AHEAD)
    house.hear(Judged(post(at=NOON - 3 * DAY), verdict()), now=AHEAD)
    house.casebook.clocks.note(NOON)
    assert house.reading.case(1) is None


def test_one_older_complaint_a_day_goes_on_after_a_clock_that_was_ahead(house: House) -> None:
    for number in range(3):
        house.hear(Judged(post(f"old{number}", at=NOON - 5 * DAY + number * HOUR), verdict()), now=NOON)
    house.casebook.brands.answer_old_one_a_day("rosebakery", True, house.ana, NOON)
    raised = [house.casebook.cases.raise_old_due(now) for now in (AHEAD, NOON, NOON + HOUR, NOON + DAY)]
    assert raised == [1, 1, 0, 1]


def test_somebody_seen_under_a_clock_that_was_ahead_signs_in_again(house: House) -> None:
    token = house.casebook.people.open_session(1, AHEAD, HOUR, 30 * DAY)
    assert house.casebook.people.person_for(token, AHEAD) is not None
    assert house.casebook.people.person_for(token, NOON) is None


# Set forward ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [7 * SECOND, HOUR, WEEKS])
def test_a_clock_set_forward_cuts_no_hold_short(house: House, jump: timedelta) -> None:
    reply = house.approved()
    half = NOON + 3 * MINUTE + HOLD / 2
    house.casebook.clocks.was_set(jump, half + jump)
    for _ in range(2):  # another process notices it too
        house.casebook.clocks.was_set(jump, half + jump + SECOND)
    over = half + jump + HOLD / 2
    assert house.casebook.replies.due(over - SECOND) == ()
    assert house.casebook.replies.claim(reply, over - SECOND) is None
    assert [one.id for one in house.casebook.replies.due(over)] == [reply]


def test_a_hold_that_was_over_stays_over(house: House) -> None:
    reply = house.approved()
    late = NOON + 10 * MINUTE
    house.casebook.clocks.was_set(HOUR, late + HOUR)
    assert [one.id for one in house.casebook.replies.due(late + HOUR)] == [reply]


def test_a_yes_given_by_the_new_clock_is_held_by_the_new_clock(house: House) -> None:
    reply = house.approved()  # three minutes past noon
    house.casebook.clocks.was_set(HOUR, NOON + 4 * MINUTE - SECOND)  # the clock stood at about eleven before
    assert due_at(house, reply) == 3 * MINUTE + HOLD


def test_a_clock_set_back_and_then_far_forward_cuts_no_hold_short(house: House) -> None:
    reply = house.approved()
    yes = NOON + 3 * MINUTE
    back = yes + 10 * SECOND - 50 * SECOND
    house.casebook.clocks.was_set(-50 * SECOND, back)  # ten seconds after the yes
    ahead = back + 10 * SECOND + 2 * HOUR
    house.casebook.clocks.was_set(2 * HOUR, ahead)  # ten seconds later
    assert house.casebook.replies.due(ahead + 40 * SECOND - SECOND) == ()
    assert [one.id for one in house.casebook.replies.due(ahead + HOLD)] == [reply]


def test_a_taking_down_can_be_thought_better_of_for_the_rest_of_its_hold(house: House) -> None:
    up = house.posted()
    at = NOON + HOUR
    house.casebook.removals.approve(up, "", house.ana, at, hold=HOLD)
    house.casebook.clocks.was_set(DAY, at + DAY + SECOND)
    assert house.casebook.removals.due(at + DAY + HOLD - SECOND) == ()
    assert house.casebook.removals.due(at + DAY + HOLD) == (up,)


def test_looks_begin_again_when_nobody_knows_how_far_apart_they_were(house: House) -> None:
    unsure = house.unsure()
    at = NOON + HOUR
    house.casebook.replies.not_found(unsure.id, unsure.fence, "Not there.", at + 3 * MINUTE, at)
    house.casebook.replies.look_anew("reddit", at + DAY, at)  # another site
    house.casebook.replies.look_anew("x", at + 10 * MINUTE, at + MINUTE)
    assert house.casebook.replies.to_look(at + 10 * MINUTE - SECOND) == ()
    assert [looks for _, looks in house.casebook.replies.to_look(at + 10 * MINUTE)] == [0]


def test_what_a_person_is_asked_about_is_not_looked_for_again(house: House) -> None:
    unsure = house.unsure()
    house.casebook.replies.not_found(unsure.id, unsure.fence, "Please look yourself.", None, NOON + HOUR)
    house.casebook.replies.look_anew("x", NOON + HOUR, NOON + HOUR)
    assert house.casebook.replies.to_look(NOON + DAY) == ()


# Mails ------------------------------------------------------------------------------------------------------------------

TODAY, ANA = date(2026, 11, 22), "ana@rosebakery.example"


def test_a_digest_sent_for_a_date_to_come_is_sent_when_it_comes_under_another_message_id(house: House) -> None:
    digests, then = house.casebook.digests, TODAY + WEEKS
    early = digests.claim("rosebakery", ANA, then, AHEAD)
    assert early is not None
    digests.sent(early.id, AHEAD)
    digests.not_yet(TODAY, NOON)
    assert digests.claim("rosebakery", ANA, then, NOON + MINUTE) is None, "not before it comes"
    again = digests.claim("rosebakery", ANA, then, AHEAD + HOUR)
    assert again is not None
    assert again.message_id != early.message_id
    digests.sent(again.id, AHEAD + HOUR)
    assert digests.claim("rosebakery", ANA, then, AHEAD + 2 * HOUR) is None


def test_todays_digest_is_not_sent_again_by_a_clock_set_back(house: House) -> None:
    digests = house.casebook.digests
    claimed = digests.claim("rosebakery", ANA, TODAY, NOON + HOUR)
    assert claimed is not None
    digests.sent(claimed.id, NOON + HOUR)
    digests.not_yet(TODAY, NOON)
    assert digests.claim("rosebakery", ANA, TODAY, NOON + 2 * HOUR) is None


@pytest.mark.parametrize("failed", [False, True])
def test_a_digest_left_under_a_clock_that_was_ahead_is_sent(house: House, failed: bool) -> None:
    digests = house.casebook.digests
    claimed = digests.claim("rosebakery", ANA, TODAY, AHEAD)
    assert claimed is not None
    if failed:
        digests.failed(claimed.id, "The mail server is away.", AHEAD)
    assert digests.claim("rosebakery", ANA, TODAY, NOON + DIGEST_LEASE) is not None


@pytest.mark.parametrize("failed", [False, True])
def test_an_alert_left_under_a_clock_that_was_ahead_is_sent(house: House, failed: bool) -> None:
    alerts = house.casebook.alerts
    claimed = alerts.claim("x:mentions:rosebakery", NOON - HOUR, ANA, AHEAD)
    assert claimed is not None
    if failed:
        alerts.failed(claimed.id, "The mail server is away.", AHEAD)
    assert alerts.claim("x:mentions:rosebakery", NOON - HOUR, ANA, NOON) is not None
