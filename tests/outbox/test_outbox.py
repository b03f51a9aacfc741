"""The publish protocol, step by step: nothing twice, nothing lost, and a person is told whatever the machine cannot know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from places.doors import NeedsPerson, Refused, Repeat, Unavailable, Unsure
from responders.outbox import look_due, post_due, remove_due
from storage.lifecycle import MovedOn
from storage.words import CaseState, Posted, Reply, ReplyState
from tests.outbox.shop import Shop

ANA, BEN = "person:1", "person:2"
HOLD, SETTLE, LEASE = timedelta(minutes=1), timedelta(minutes=3), timedelta(seconds=90)


def go(shop: Shop, by: timedelta) -> None:
    """Move the clock and do the outbox's work."""
    shop.clock.move(by)
    post_due(shop.outbox)
    look_due(shop.outbox)
    remove_due(shop.outbox)


def test_an_approved_reply_goes_out_once_when_its_hold_is_over(shop: Shop) -> None:
    case = shop.complaint()
    reply = shop.approved(case)
    go(shop, HOLD - timedelta(seconds=1))
    assert shop.platform.requests == 0
    for _ in range(3):
        go(shop, timedelta(seconds=1))
    assert [one.text for one in shop.platform.up] == [shop.reply(reply).text]
    assert shop.platform.up[0].parent_id == "100"
    assert shop.reply(reply).state is ReplyState.POSTED
    assert shop.case(case).state is CaseState.ANSWERED


def test_undo_during_the_hold_posts_nothing(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.casebook.replies.withdraw(reply, ANA, shop.clock())
    go(shop, HOLD * 2)
    assert shop.platform.requests == 0
    with pytest.raises(MovedOn):
        shop.casebook.replies.withdraw(reply, ANA, shop.clock())


def test_undo_after_it_went_out_says_that_it_is_too_late(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    go(shop, HOLD)
    with pytest.raises(MovedOn, match="Too late"):
        shop.casebook.replies.withdraw(reply, ANA, shop.clock())


def test_a_lost_answer_is_looked_for_and_never_posted_again(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.platform.outcomes = [shop.platform.put_up_but_fail(Unsure("The answer was lost."))]
    go(shop, HOLD)
    assert shop.reply(reply).state is ReplyState.UNCERTAIN
    go(shop, SETTLE - timedelta(seconds=1))
    assert shop.reply(reply).state is ReplyState.UNCERTAIN
    go(shop, timedelta(seconds=1))
    assert shop.reply(reply).state is ReplyState.POSTED
    assert shop.reply(reply).native_id == "up-1"
    assert shop.platform.requests == 1


def test_on_x_a_reply_that_cannot_be_found_is_for_a_person_and_is_not_repeated(shop: Shop) -> None:
    case = shop.complaint()
    reply = shop.approved(case)
    shop.platform.outcomes = [Unsure("The answer was lost.")]
    go(shop, HOLD)
    for _ in range(10):
        go(shop, SETTLE)
    assert shop.platform.requests == 1
    assert shop.reply(reply).state is ReplyState.UNCERTAIN
    assert "don't know whether your reply went out" in shop.parked(case)
    assert [row.case_id for row in shop.reading.lists(shop.clock()).parked] == [case]


def test_a_person_is_asked_only_after_two_looks_one_window_apart(shop: Shop) -> None:
    case = shop.complaint()
    reply = shop.approved(case)
    shop.platform.outcomes = [Unsure("The answer was lost.")]
    go(shop, HOLD)
    go(shop, SETTLE)
    for _ in range(3):
        go(shop, timedelta(0))  # looking again at once would tell nothing new
    assert shop.reply(reply).looks == 1
    assert not shop.parked(case)
    go(shop, SETTLE)
    assert shop.reply(reply).looks == 2
    assert "looked on X 2 times" in shop.parked(case)


def test_a_person_who_saw_it_settles_it(shop: Shop) -> None:
    case = shop.complaint()
    reply = shop.approved(case)
    shop.platform.outcomes = [Unsure("The answer was lost.")]
    go(shop, HOLD)
    shop.casebook.replies.person_says(reply, True, ANA, shop.clock())
    assert shop.reply(reply).state is ReplyState.POSTED
    assert shop.case(case).state is CaseState.ANSWERED
    assert not shop.parked(case)


def test_a_person_who_did_not_see_it_may_post_anew(shop: Shop) -> None:
    case = shop.complaint()
    reply = shop.approved(case)
    shop.platform.outcomes = [Unsure("The answer was lost.")]
    go(shop, HOLD)
    shop.casebook.replies.person_says(reply, False, ANA, shop.clock())
    file = shop.reading.case(case)
    assert file is not None
    proposal = file.proposals[0].id
    again = shop.casebook.replies.approve(proposal, 1, ANA, shop.clock(), hold=HOLD)
    go(shop, HOLD)
    assert shop.reply(again).state is ReplyState.POSTED
    assert len(shop.platform.up) == 1


@pytest.mark.parametrize("hidden", [False, True])
def test_reddit_posts_once_more_after_two_empty_looks_and_then_asks(shop: Shop, hidden: bool) -> None:
    shop.platform.repeat = Repeat.AFTER_TWO_LOOKS
    shop.platform.hidden = hidden
    case = shop.complaint()
    reply = shop.approved(case)
    shop.platform.outcomes = [Unsure("lost")] if not hidden else [Unsure("lost"), Unsure("lost")]
    for _ in range(10):
        go(shop, SETTLE)
    assert shop.platform.requests == 2
    expected = ReplyState.POSTED if not hidden else ReplyState.UNCERTAIN
    assert shop.reply(reply).state is expected
    assert bool(shop.parked(case)) is hidden


@pytest.mark.parametrize("repeat", [Repeat.AFTER_TWO_LOOKS, Repeat.NEVER])
def test_before_anything_is_posted_again_we_look_by_the_platforms_own_clock(shop: Shop, repeat: Repeat) -> None:
    shop.platform.repeat = repeat
    reply = shop.approved(shop.complaint())
    written = shop.clock()
    shop.clock.move(timedelta(hours=7))  # ours is ahead: by it nothing of ours is as new as our own attempt
    shop.platform.outcomes = [Unsure("lost")]
    go(shop, HOLD)
    for _ in range(2):
        go(shop, SETTLE)
    sent = written + timedelta(hours=7) + HOLD
    decisive = written if repeat is Repeat.AFTER_TWO_LOOKS else sent
    assert shop.platform.asked_since == [sent, decisive]
    assert shop.reply(reply).looks == 2 or shop.reply(reply).state is ReplyState.POSTED


def test_a_repeat_is_looked_for_since_the_first_try(shop: Shop) -> None:
    shop.platform.repeat = Repeat.KEYED
    reply = shop.approved(shop.complaint())
    shop.platform.outcomes = [Unsure("lost"), Unsure("lost")]
    go(shop, HOLD)
    first = shop.clock()
    for _ in range(3):
        go(shop, SETTLE)
    assert shop.platform.asked_since == [first] * len(shop.platform.asked_since)
    assert shop.platform.requests >= 2
    assert shop.reply(reply).state in (ReplyState.POSTED, ReplyState.UNCERTAIN)


def test_a_keyed_place_repeats_after_one_look_with_the_same_key(shop: Shop) -> None:
    shop.platform.repeat = Repeat.KEYED
    shop.approved(shop.complaint())
    keys: list[str] = []

    def lost(reply: Reply) -> Posted:
        keys.append(reply.key)
        raise Unsure("lost")

    def taken(reply: Reply) -> Posted:
        keys.append(reply.key)
        return shop.platform.put_up(reply)

    shop.platform.outcomes = [lost, taken]
    go(shop, HOLD)
    go(shop, SETTLE)
    go(shop, timedelta(seconds=1))
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_looking_that_is_not_possible_counts_for_nothing(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.platform.outcomes = [shop.platform.put_up_but_fail(Unsure("lost"))]
    later = shop.clock() + timedelta(hours=1)
    shop.platform.looks = [Unavailable("Rate limit.", later)]
    go(shop, HOLD)
    go(shop, SETTLE)
    assert shop.reply(reply).state is ReplyState.UNCERTAIN
    assert shop.reply(reply).looks == 0
    go(shop, timedelta(hours=1))
    assert shop.reply(reply).state is ReplyState.POSTED


@pytest.mark.parametrize("trouble", ["an unforeseen error", "no account"])
def test_a_look_that_fails_is_no_proof_that_nothing_is_there(shop: Shop, trouble: str) -> None:
    shop.platform.repeat = Repeat.AFTER_TWO_LOOKS
    reply = shop.approved(shop.complaint())
    shop.platform.outcomes = [shop.platform.put_up_but_fail(Unsure("lost"))]
    go(shop, HOLD)
    shop.platform.looks = [ZeroDivisionError() for _ in range(4)]
    outbox = replace(shop.outbox, publishers={}) if trouble == "no account" else shop.outbox
    for _ in range(4):
        shop.clock.move(timedelta(minutes=15))
        assert look_due(outbox) == 0
        assert post_due(shop.outbox) == 0
    assert (shop.reply(reply).state, shop.reply(reply).looks) == (ReplyState.UNCERTAIN, 0)
    shop.platform.looks = []
    go(shop, timedelta(minutes=15))
    assert shop.reply(reply).state is ReplyState.POSTED
    assert len(shop.platform.up) == 1


def test_a_reply_that_another_process_settles_meanwhile_does_not_stop_the_next(shop: Shop) -> None:
    first = shop.approved(shop.complaint())
    second = shop.approved(shop.another_complaint())

    def slowly(reply: Reply) -> Posted:
        posted = shop.platform.put_up(reply)
        shop.clock.move(LEASE)
        look_due(shop.outbox)  # the other process takes this one for dead
        return posted

    shop.platform.outcomes = [slowly]
    shop.clock.move(HOLD)
    assert post_due(shop.outbox) == 1
    assert shop.reply(second).state is ReplyState.POSTED
    go(shop, SETTLE)
    assert shop.reply(first).state is ReplyState.POSTED
    assert len(shop.platform.up) == 2


def test_two_processes_that_find_the_same_stranded_reply_both_go_on(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.clock.move(HOLD)
    shop.claimed(reply)
    shop.clock.move(LEASE)
    asked = 0

    def clock() -> datetime:
        nonlocal asked
        asked += 1
        if asked == 2:  # it has read what is stranded and has not yet said so
            look_due(shop.outbox)
        return shop.clock()

    look_due(replace(shop.outbox, clock=clock))
    assert asked > 2
    assert shop.reply(reply).state is ReplyState.UNCERTAIN


def test_a_refusal_parks_the_case_and_says_why(shop: Shop) -> None:
    case = shop.complaint()
    reply = shop.approved(case)
    shop.platform.outcomes = [Refused("The post you answer was deleted.")]
    go(shop, HOLD)
    assert shop.reply(reply).state is ReplyState.REFUSED
    assert "deleted" in shop.parked(case)
    go(shop, SETTLE * 5)
    assert shop.platform.requests == 1


def test_a_reply_refused_for_the_api_goes_to_a_person_to_post_by_hand(shop: Shop) -> None:
    case = shop.complaint()
    reply = shop.approved(case)
    shop.platform.outcomes = [Refused("X lets us answer only who mentioned you.", by_hand=True)]
    go(shop, HOLD)
    assert shop.reply(reply).state is ReplyState.BY_HAND
    assert [row.case_id for row in shop.reading.lists(shop.clock()).by_hand] == [case]
    shop.casebook.replies.posted_by_hand(reply, None, ANA, shop.clock())
    assert shop.case(case).state is CaseState.ANSWERED


def test_the_platforms_own_time_is_waited_for(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    back_at = shop.clock() + HOLD + timedelta(minutes=14)
    shop.platform.outcomes = [Unavailable("Rate limit.", back_at)]
    go(shop, HOLD)
    go(shop, timedelta(minutes=13))
    assert shop.platform.requests == 1
    assert "Rate limit" in (shop.reply(reply).why or "")
    go(shop, timedelta(minutes=1))
    assert shop.reply(reply).state is ReplyState.POSTED


def test_without_a_time_each_wait_is_longer_than_the_last(shop: Shop) -> None:
    shop.approved(shop.complaint())
    shop.platform.outcomes = [Unavailable("Down.") for _ in range(6)]
    tries = []
    for minute in range(70):
        before = shop.platform.requests
        go(shop, timedelta(minutes=1))
        if shop.platform.requests > before:
            tries.append(minute)
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps == sorted(gaps)
    assert gaps[0] == 1
    assert gaps[-1] >= 16
    assert len(shop.platform.up) == 1


def test_missing_credits_keep_the_reply_and_say_what_to_do(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.platform.outcomes = [NeedsPerson("X has no credits left: top up your account.")]
    go(shop, HOLD)
    assert shop.reply(reply).state is ReplyState.APPROVED
    assert "top up" in (shop.reply(reply).why or "")
    go(shop, timedelta(minutes=15))
    assert shop.reply(reply).state is ReplyState.POSTED


def test_an_unforeseen_error_while_posting_is_treated_as_unsure(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.platform.outcomes = [shop.platform.put_up_but_fail(ZeroDivisionError())]
    go(shop, HOLD)
    go(shop, SETTLE)
    assert shop.reply(reply).state is ReplyState.POSTED
    assert shop.platform.requests == 1


def test_one_failing_reply_does_not_stop_the_next(shop: Shop) -> None:
    first = shop.approved(shop.complaint())
    second = shop.approved(shop.another_complaint())
    shop.platform.outcomes = [RuntimeError("boom")]
    go(shop, HOLD)
    assert shop.reply(first).state is ReplyState.UNCERTAIN
    assert shop.reply(second).state is ReplyState.POSTED


@dataclass(frozen=True)
class Change:
    """Something that happens between approval and claim."""

    name: str
    happens: Callable[..., None]
    told: str


CHANGES = [
    Change("writes", lambda shop: shop.says("101", "And nobody answers the phone!"), "wrote again"),
    Change("edits", lambda shop: shop.says("100", "@rosebakery it is worse: no cake at all"), "edited"),
    Change("deletes", lambda shop: shop.deletes("100"), "deleted"),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
@pytest.mark.parametrize("when", ["during the hold", "at the last moment"])
def test_what_the_customer_does_after_approval_stops_the_reply_and_is_told(
    shop: Shop, change: Change, when: str
) -> None:
    case = shop.complaint()
    reply = shop.approved(case)
    if when == "during the hold":
        change.happens(shop)
    else:
        shop.before_claim = [lambda: change.happens(shop)]
    go(shop, HOLD)
    go(shop, SETTLE)
    assert shop.platform.requests == 0
    assert shop.reply(reply).state is ReplyState.WITHDRAWN
    assert "not posted" in shop.parked(case) or "deleted" in shop.parked(case)
    assert [row.case_id for row in shop.reading.lists(shop.clock()).parked] == [case]


def test_when_the_post_cannot_be_looked_at_nothing_is_posted_blind(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.before_claim = [Unavailable("X does not answer."), ValueError("odd answer")]
    go(shop, HOLD)
    assert shop.platform.requests == 0
    assert "look at the post once more" in (shop.reply(reply).why or "")
    go(shop, timedelta(minutes=1))
    assert shop.platform.requests == 0
    go(shop, timedelta(minutes=15))
    assert shop.reply(reply).state is ReplyState.POSTED


@pytest.mark.parametrize("scope", ["*", "rosebakery"])
def test_pausing_holds_everything_and_resuming_lets_it_go(shop: Shop, scope: str) -> None:
    reply = shop.approved(shop.complaint())
    shop.casebook.pauses.pause(scope, ANA, shop.clock())
    go(shop, HOLD * 5)
    assert shop.platform.requests == 0
    assert shop.reply(reply).state is ReplyState.APPROVED
    shop.casebook.pauses.resume(scope, ANA, shop.clock())
    go(shop, timedelta(0))
    assert shop.reply(reply).state is ReplyState.POSTED


def test_a_pause_between_look_and_claim_still_counts(shop: Shop) -> None:
    shop.approved(shop.complaint())
    shop.before_claim = [lambda: shop.casebook.pauses.pause("*", BEN, shop.clock())]
    go(shop, HOLD)
    assert shop.platform.requests == 0


def test_a_reply_left_behind_by_a_dead_process_is_looked_for_first(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.clock.move(HOLD)
    claimed = shop.claimed(reply)
    shop.platform.put_up(claimed)  # the dead process had posted it
    go(shop, LEASE - timedelta(seconds=1))
    assert shop.reply(reply).state is ReplyState.SENDING
    go(shop, timedelta(seconds=1))
    assert shop.reply(reply).state is ReplyState.UNCERTAIN
    go(shop, SETTLE)
    assert shop.reply(reply).state is ReplyState.POSTED
    assert len(shop.platform.up) == 1


def test_a_machine_that_slept_between_claim_and_request_claims_anew(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.clock.move(HOLD)
    asleep = [timedelta(hours=2)]

    def drowsy() -> datetime:
        """The clock of a laptop that is shut once, right after the claim."""
        if asleep and shop.reply(reply).state is ReplyState.SENDING:
            shop.clock.move(asleep.pop())
        return shop.clock()

    post_due(replace(shop.outbox, clock=drowsy))
    assert shop.platform.requests == 0
    assert shop.reply(reply).state is ReplyState.APPROVED
    go(shop, timedelta(0))
    assert shop.reply(reply).state is ReplyState.POSTED
    assert len(shop.platform.up) == 1


def test_a_process_thought_dead_cannot_settle_after_another_took_over(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.clock.move(HOLD)
    claimed = shop.claimed(reply)
    go(shop, LEASE)
    shop.casebook.replies.found(reply, claimed.fence, Posted("up-1", None, shop.clock()), shop.clock())
    with pytest.raises(MovedOn):
        shop.casebook.replies.posted(reply, claimed.fence, Posted("up-2", None, shop.clock()), shop.clock())
    assert shop.reply(reply).native_id == "up-1"


def test_the_clock_going_back_an_hour_while_sending_loses_and_doubles_nothing(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.clock.move(HOLD)
    claimed = shop.claimed(reply)
    shop.platform.put_up(claimed)
    shop.clock.move(-timedelta(hours=1))
    for _ in range(4):
        go(shop, SETTLE)
    assert shop.reply(reply).state is ReplyState.POSTED
    assert len(shop.platform.up) == 1


def test_taking_down_is_undoable_until_it_is_due(shop: Shop) -> None:
    case = shop.complaint()
    reply = shop.approved(case)
    go(shop, HOLD)
    shop.casebook.removals.approve(reply, "wrong customer", ANA, shop.clock(), hold=HOLD)
    shop.casebook.removals.undo(reply, ANA, shop.clock())
    go(shop, HOLD * 2)
    assert len(shop.platform.up) == 1
    shop.casebook.removals.approve(reply, "wrong customer", ANA, shop.clock(), hold=HOLD)
    go(shop, HOLD)
    assert shop.platform.up == []
    assert shop.reply(reply).state is ReplyState.REMOVED
    assert shop.case(case).state is CaseState.OPEN


@pytest.mark.parametrize("trouble", [Unavailable("Down."), Unsure("lost"), ZeroDivisionError()])
def test_taking_down_is_tried_until_it_is_down(shop: Shop, trouble: Exception) -> None:
    reply = shop.approved(shop.complaint())
    go(shop, HOLD)
    shop.platform.removals = [trouble]
    shop.casebook.removals.approve(reply, "", ANA, shop.clock(), hold=HOLD)
    go(shop, HOLD)
    assert shop.reply(reply).state is ReplyState.POSTED
    go(shop, timedelta(minutes=15 if isinstance(trouble, ZeroDivisionError) else 1))
    assert shop.reply(reply).state is ReplyState.REMOVED


def test_taking_down_without_a_connected_account_is_told(shop: Shop) -> None:
    case = shop.complaint()
    reply = shop.approved(case)
    go(shop, HOLD)
    shop.casebook.removals.approve(reply, "", ANA, shop.clock(), hold=HOLD)
    shop.clock.move(HOLD)
    assert remove_due(replace(shop.outbox, publishers={})) == 0
    assert "No account is connected" in shop.parked(case)
    assert len(shop.platform.up) == 1


def test_taking_down_that_is_refused_is_told(shop: Shop) -> None:
    case = shop.complaint()
    reply = shop.approved(case)
    go(shop, HOLD)
    shop.platform.removals = [Refused("Only the author may delete it.")]
    shop.casebook.removals.approve(reply, "", ANA, shop.clock(), hold=HOLD)
    go(shop, HOLD)
    assert "could not be taken down" in shop.parked(case)
    assert shop.reply(reply).removal_due_at is None


def test_without_a_connected_account_the_reply_waits_and_says_so(shop: Shop) -> None:
    reply = shop.approved(shop.complaint())
    shop.clock.move(HOLD)
    post_due(replace(shop.outbox, publishers={}))
    assert shop.reply(reply).state is ReplyState.APPROVED
    assert "No account is connected" in (shop.reply(reply).why or "")
