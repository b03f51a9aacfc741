"""Both life cycles, pair by pair: what is allowed moves and is told, what is not changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timezone
from itertools import product
from typing import Any

import pytest

from storage.casebook.chain import verify
from storage.casebook.moves import move_case, move_reply, reply_row
from storage.engine import writing
from storage.lifecycle import (
    CASE_MOVES,
    LIVE_CASES,
    OUTBOX,
    REPLY_BIRTHS,
    REPLY_MOVES,
    SPENT_REPLIES,
    MovedOn,
    Paused,
    check_case_move,
    check_reply_move,
)
from storage.words import CaseState, Length, ReplyState, check_utc
from tests.storage.house import HOLD, HOUR, KEY, MINUTE, NOON, House

LATER = NOON + HOUR

ACTS: dict[CaseState, Callable[[House, int], None]] = {
    CaseState.OPEN: lambda house, case: house.casebook.cases.reopen(case, "She called.", house.ben, LATER),
    CaseState.ANSWERED: lambda house, case: house.casebook.cases.already_answered(case, house.ben, LATER),
    CaseState.OFFLINE: lambda house, case: house.casebook.cases.offline(case, "By phone.", house.ben, LATER),
    CaseState.RESOLVED: lambda house, case: house.casebook.cases.resolve(case, "Oven", "Cake", "", house.ben, LATER),
    CaseState.DISMISSED: lambda house, case: house.casebook.cases.dismiss(case, "praise", house.ben, LATER),
}
"""What a person does to bring a case into a state."""


def by_removal(house: House) -> int:
    reply_id = house.posted()
    house.casebook.removals.approve(reply_id, "Wrong cake.", house.ana, LATER, hold=HOLD)
    removal = house.casebook.removals.claim(reply_id, LATER + MINUTE)
    assert removal is not None
    house.casebook.removals.removed(reply_id, removal.fence, LATER + MINUTE)
    return reply_id


def by_withdrawing(house: House) -> int:
    reply_id = house.approved()
    house.casebook.replies.withdraw(reply_id, house.ana, NOON + 3 * MINUTE)
    return reply_id


WALKS: dict[ReplyState, Callable[[House], int]] = {
    ReplyState.APPROVED: lambda house: house.approved(),
    ReplyState.SENDING: lambda house: house.sending().id,
    ReplyState.POSTED: lambda house: house.posted(),
    ReplyState.UNCERTAIN: lambda house: house.unsure().id,
    ReplyState.REFUSED: lambda house: house.refused(),
    ReplyState.BY_HAND: lambda house: house.by_hand(),
    ReplyState.WITHDRAWN: by_withdrawing,
    ReplyState.REMOVED: by_removal,
}
"""How a reply comes into each state by the real workflow."""

TOLD = r"^(You|Ana|Ben) .* at \d\d:\d\d\.$|^At \d\d:\d\d: |^{}\.$"
"""What a move that comes too late is told: who was first, and when; else what cannot be."""

NEEDED: dict[ReplyState, dict[str, Any]] = {
    ReplyState.SENDING: {"payload": "{}", "sent_at": LATER},
    ReplyState.POSTED: {"posted_at": LATER},
}
"""What the base asks for beside the state."""


def test_no_state_was_forgotten() -> None:
    assert set(CASE_MOVES) == set(ACTS) == set(CaseState)
    assert set(REPLY_MOVES) == set(WALKS) == set(ReplyState)


def test_no_state_leads_to_itself_and_all_can_be_reached() -> None:
    assert all(state not in CASE_MOVES[state] for state in CaseState)
    assert all(state not in REPLY_MOVES[state] for state in ReplyState)
    assert set().union(*CASE_MOVES.values()) == set(CaseState)
    assert REPLY_BIRTHS | set().union(*REPLY_MOVES.values()) == set(ReplyState)


def test_what_is_posted_is_never_sent_again() -> None:
    after_posting = set(REPLY_MOVES[ReplyState.POSTED])
    for state in list(after_posting):
        after_posting |= REPLY_MOVES[state]
    assert after_posting == {ReplyState.REMOVED}


def test_a_spent_reply_never_comes_back_to_life_by_itself() -> None:
    assert all(REPLY_MOVES[state] <= {ReplyState.BY_HAND, ReplyState.WITHDRAWN} for state in SPENT_REPLIES)


def test_the_sets_of_states_fit_together() -> None:
    assert {CaseState.OPEN, CaseState.ANSWERED, CaseState.OFFLINE} == LIVE_CASES
    assert OUTBOX | SPENT_REPLIES | {ReplyState.POSTED} == set(ReplyState)
    assert issubclass(Paused, MovedOn)


@pytest.mark.parametrize(("old", "new"), list(product(CaseState, CaseState)))
def test_each_pair_of_case_states(house: House, old: CaseState, new: CaseState) -> None:
    case_id = house.complain()
    if old is not CaseState.OPEN:
        ACTS[old](house, case_id)
    assert house.state(case_id) is old
    before, told = house.everything(), house.file(case_id).history
    if new in CASE_MOVES[old]:
        ACTS[new](house, case_id)
        assert house.state(case_id) is new
        *earlier, move = house.file(case_id).history
        assert tuple(earlier) == told
        assert (move.who, move.thing, move.was, move.now_is, move.at) == (house.ben, "case", old, new, LATER)
        assert move.why
    else:
        with pytest.raises(MovedOn, match=TOLD.format(f"A case that is {old} cannot become {new}")):
            ACTS[new](house, case_id)
        assert house.everything() == before


@pytest.mark.parametrize(("old", "new"), list(product(ReplyState, ReplyState)))
def test_each_pair_of_reply_states(house: House, old: ReplyState, new: ReplyState) -> None:
    reply_id = WALKS[old](house)
    assert house.reply_state(reply_id) is old
    before, told = house.everything(), house.file(1).history
    if new in REPLY_MOVES[old]:
        move_it(house, reply_id, new)
        assert house.reply_state(reply_id) is new
        *earlier, move = house.file(1).history
        assert tuple(earlier) == told
        assert (move.who, move.thing, move.was, move.now_is) == (house.ben, "reply", old, new)
        assert (move.why, move.at) == ("Tried.", LATER)
    else:
        with pytest.raises(MovedOn, match=TOLD.format(f"A reply that is {old} cannot become {new}")):
            move_it(house, reply_id, new)
        assert house.everything() == before


def move_it(house: House, reply_id: int, new: ReplyState) -> None:
    with writing(house.engine) as connection:
        row = reply_row(connection, reply_id)
        move_reply(connection, KEY, row, new, who=house.ben, why="Tried.", now=LATER, **NEEDED.get(new, {}))


def test_a_reply_that_somebody_moved_since_it_was_read_is_left_alone(house: House) -> None:
    reply_id = house.approved()
    with writing(house.engine) as connection:
        as_read = reply_row(connection, reply_id)
    house.casebook.replies.withdraw(reply_id, house.ben, LATER)
    before = house.everything()
    with pytest.raises(MovedOn, match="Somebody else"), writing(house.engine) as connection:
        move_reply(
            connection,
            KEY,
            as_read,
            ReplyState.SENDING,
            who=house.ana,
            why="x",
            now=LATER,
            **NEEDED[ReplyState.SENDING],
        )
    assert house.everything() == before


def test_a_case_that_somebody_moved_at_the_same_instant_is_left_alone(house: House) -> None:
    case_id = house.complain()
    house.meddle("BEFORE UPDATE ON cases", "SELECT RAISE(IGNORE)", "RETURN NULL")
    with pytest.raises(MovedOn, match="Somebody else just changed this case"):
        house.casebook.cases.dismiss(case_id, "praise", house.ana, LATER)
    assert house.history(case_id) == [("machine", "case", "", "open")]


def test_only_aware_instants_in_utc_are_words() -> None:
    assert check_utc(NOON) is NOON
    for wrong in (NOON.replace(tzinfo=None), NOON.astimezone(timezone(HOUR))):
        with pytest.raises(ValueError, match="must be an aware datetime in UTC"):
            check_utc(wrong)


def test_a_text_fits_when_it_is_there_and_not_too_long() -> None:
    assert [Length(used, 280).fits for used in (0, 1, 280, 281)] == [False, True, True, False]


def test_a_case_that_is_not_there_cannot_be_moved(house: House) -> None:
    with pytest.raises(MovedOn, match="no such case"), writing(house.engine) as connection:
        move_case(connection, KEY, 99, CaseState.OPEN, who=house.ana, why="x", now=NOON)
    with pytest.raises(MovedOn, match="no such reply"):
        house.casebook.replies.withdraw(99, house.ana, NOON)


def test_checking_a_move_says_what_is_wrong_in_words() -> None:
    check_case_move(CaseState.OPEN, CaseState.ANSWERED)
    check_reply_move(ReplyState.APPROVED, ReplyState.SENDING)
    with pytest.raises(MovedOn) as told:
        check_reply_move(ReplyState.POSTED, ReplyState.SENDING)
    assert told.value.why == "A reply that is posted cannot become sending."


@pytest.mark.parametrize("state", list(ReplyState))
def test_however_a_reply_came_into_its_state_the_history_tells_it(house: House, state: ReplyState) -> None:
    WALKS[state](house)
    assert verify(house.engine, KEY) == ()
