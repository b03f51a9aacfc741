"""Several at once, on both databases: one wins, nothing is stored twice, and everybody sees one order of what happened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest

from storage.casebook import Casebook, Judged, Round
from storage.casebook.chain import verify
from storage.engine import open_engine, writing
from storage.lifecycle import MovedOn
from storage.words import Account, Batch, Brand, CaseState, Gone, ReplyState
from tests.storage.house import (
    BY_API,
    COMPLAINT,
    CORA,
    DAN,
    DAY,
    HOLD,
    KEY,
    MINUTE,
    NOON,
    ROSE,
    SWIFT,
    House,
    answer,
    draft,
    post,
    us,
)

MANY = 6
LATER = NOON + 10 * MINUTE


def together(*acts: Callable[[], object]) -> list[object]:
    """Everybody at the same instant; what came of each, refusals and all."""
    ready = threading.Barrier(len(acts))

    def do(act: Callable[[], object]) -> object:
        ready.wait()
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - what came of it is looked at by the test
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def poll(house: House, source: str, brand: str, *judged: Judged) -> Round:
    """One process polls one source."""
    house.casebook.sources.ensure(source, brand, "x", MINUTE, NOON)
    claimed = house.casebook.sources.claim(source, LATER)
    assert claimed is not None
    batch = Batch(tuple(one.post for one in judged), "cursor")
    return house.casebook.rounds.record(source, claimed.fence, judged, batch, LATER)


# What comes in ---------------------------------------------------------------------------------------------------------


def test_one_post_that_several_sources_bring_at_once_is_one_post_and_one_case(house: House) -> None:
    heard = together(
        *(partial(poll, house, f"x:{number}", ROSE.key, Judged(post(), COMPLAINT)) for number in range(MANY))
    )
    assert sorted(one.found for one in heard if isinstance(one, Round)) == [0] * (MANY - 1) + [1]
    assert house.one("SELECT count(*) FROM cases") == 1
    assert house.one("SELECT count(*) FROM quarantine") == 0


def test_one_post_heard_for_two_brands_at_once_is_one_post_with_a_case_for_each(house: House) -> None:
    heard = together(*(partial(poll, house, f"x:{b.key}", b.key, Judged(post(), COMPLAINT)) for b in (ROSE, SWIFT)))
    assert [one.found for one in heard if isinstance(one, Round)] == [1, 1]
    assert house.one("SELECT count(*) FROM posts") == 1
    assert sorted(house.rows("SELECT brand FROM cases")) == [(ROSE.key,), (SWIFT.key,)]


def test_a_customer_who_writes_several_posts_at_once_is_one_customer(house: House) -> None:
    posts = [post(f"p{number}") for number in range(MANY)]
    together(*(partial(poll, house, f"x:{one.native_id}", ROSE.key, Judged(one, COMPLAINT)) for one in posts))
    assert house.one("SELECT count(*) FROM customers") == 1
    assert house.one("SELECT count(*) FROM cases") == MANY


def test_a_conversation_that_two_sources_bring_in_halves_is_one_case(house: House) -> None:
    first = post()
    second = answer("p2", first, "And nobody called", by=CORA, at=NOON + MINUTE)
    together(
        partial(poll, house, "x:1", ROSE.key, Judged(first, COMPLAINT)),
        partial(poll, house, "x:2", ROSE.key, Judged(second, COMPLAINT)),
    )
    assert house.rows("SELECT state, turn FROM cases") == [("open", 2)]
    assert verify(house.engine, KEY) == ()


def test_a_source_is_claimed_by_one_and_what_the_other_brings_is_dropped(house: House) -> None:
    house.casebook.sources.poll_now(LATER)
    claims = together(*[partial(house.casebook.sources.claim, "x:mentions:rosebakery", LATER)] * MANY)
    assert sum(claim is not None for claim in claims) == 1
    assert not any(isinstance(claim, Exception) for claim in claims)


def test_an_edit_seen_by_two_at_once_moves_the_turn_once(house: House) -> None:
    case_id = house.complain()
    edited = Judged(replace(post(), text="Stale, and green", edited_at=LATER), COMPLAINT)
    together(*[partial(house.casebook.rounds.record_again, ROSE.key, [edited], "x", LATER)] * MANY)
    assert house.file(case_id).case.turn == 2


def test_a_deletion_seen_by_many_at_once_is_one(house: House) -> None:
    case_id = house.complain()
    gone = Gone(post().native_id, "deleted")
    together(*[partial(house.casebook.rounds.record_again, ROSE.key, [gone], "x", LATER)] * MANY)
    assert house.file(case_id).case.turn == 2
    assert house.state(case_id) is CaseState.DISMISSED


def test_poison_that_comes_twice_at_once_is_kept_once(house: House) -> None:
    together(*[partial(record_again, house)] * MANY)
    assert house.one("SELECT count(*) FROM quarantine") == 1


def record_again(house: House) -> None:
    bad = Judged(post("bad", "stale \0 cake"), COMPLAINT)
    house.casebook.rounds.record_again(ROSE.key, [bad], "x", LATER)


def test_our_own_answer_seen_by_many_at_once_is_one_answer(house: House) -> None:
    case_id = house.complain()
    ours = Judged(us(answer("r9", post(), "Sorry!", by=CORA, at=LATER)), COMPLAINT)
    together(*[partial(house.casebook.rounds.record_again, ROSE.key, [ours], "x", LATER)] * MANY)
    assert house.one("SELECT count(*) FROM replies") == 1
    assert house.state(case_id) is CaseState.ANSWERED


def test_one_older_complaint_a_day_is_one_however_many_look(house: House) -> None:
    old = [Judged(post(f"p{n}", by=DAN, at=NOON - 9 * DAY), COMPLAINT) for n in range(MANY)]
    house.casebook.rounds.record_import(ROSE.key, old, NOON)
    house.casebook.brands.answer_old_one_a_day(ROSE.key, True, house.ana, NOON)
    raised = together(*[partial(house.casebook.cases.raise_old_due, NOON)] * MANY)
    assert sorted(map(str, raised)) == ["0"] * (MANY - 1) + ["1"]


# What people and processes do -----------------------------------------------------------------------------------------


def test_of_many_decisions_about_one_case_one_is_made_and_the_others_hear_whose(house: House) -> None:
    case_id = house.complain()
    cases = house.casebook.cases
    told = together(*(partial(cases.dismiss, case_id, "praise", by, LATER, 1) for by in (house.ana, house.ben) * 3))
    lost = [one for one in told if one is not None]
    assert len(lost) == 5
    assert all(isinstance(one, MovedOn) for one in lost)
    assert len([row for row in house.history(case_id) if row[3] == "dismissed"]) == 1


def test_dismissing_and_approving_at_once_never_leaves_an_approved_reply_of_a_dismissed_case(house: House) -> None:
    for number in range(8):
        case_id = house.complain(post(f"p{number}"))
        proposal = house.propose(case_id)
        together(
            partial(house.casebook.replies.approve, proposal, 1, house.ana, LATER, hold=HOLD),
            partial(house.casebook.cases.dismiss, case_id, "praise", house.ben, LATER, 1),
        )
        file = house.file(case_id)
        assert file.case.state is CaseState.DISMISSED or file.replies
        assert {one.state for one in file.replies} <= (
            {ReplyState.WITHDRAWN} if file.case.state is CaseState.DISMISSED else {ReplyState.APPROVED}
        )


def test_an_undo_and_a_claim_at_once_have_one_winner(house: House) -> None:
    for number in range(8):
        reply_id = house.approved(house.complain(post(f"p{number}")))
        undone, claimed = together(
            partial(house.casebook.replies.withdraw, reply_id, house.ana, LATER),
            partial(house.casebook.replies.claim, reply_id, LATER),
        )
        assert (undone is None) == (claimed is None), (undone, claimed)
        assert house.reply_state(reply_id) is (ReplyState.WITHDRAWN if claimed is None else ReplyState.SENDING)


def test_revisions_made_at_once_are_all_there(house: House) -> None:
    proposal = house.propose(house.complain())
    revise = house.casebook.proposals.revise
    made = together(*(partial(revise, proposal, f"Sorry, Cora ({n}).", [], house.ana, LATER) for n in range(MANY)))
    assert len(set(map(str, made))) == MANY
    assert sorted(house.rows("SELECT revision FROM proposals")) == [(n,) for n in range(MANY + 1)]


def test_proposals_of_a_turn_are_made_once(house: House) -> None:
    case_id = house.complain()
    made = together(*[partial(house.propose, case_id)] * MANY)
    assert sum(isinstance(one, int) for one in made) == 1
    assert sum(isinstance(one, MovedOn) for one in made) == MANY - 1


def test_texts_of_their_own_written_at_once_are_all_there(house: House) -> None:
    case_id = house.complain()
    write = house.casebook.proposals.write
    made = together(*(partial(write, case_id, draft(f"Sorry {n}"), BY_API, LATER) for n in range(MANY)))
    assert len(set(map(str, made))) == MANY
    assert not any(isinstance(one, Exception) for one in made)


def test_notes_written_at_once_are_all_in_the_history_and_its_chain_holds(house: House) -> None:
    case_id = house.complain()
    told = together(*(partial(house.casebook.cases.note, case_id, f"note {n}", house.ben, LATER) for n in range(MANY)))
    assert told == [None] * MANY
    assert sorted(move.note for move in house.file(case_id).history if move.note) == [f"note {n}" for n in range(MANY)]
    assert verify(house.engine, KEY) == ()


def test_two_services_that_start_at_once_know_one_house(house: House) -> None:
    new = Brand("pixelfix", "PixelFix")
    account = Account("x", "us-9", "pixelfix")

    def start() -> None:
        book = house.casebook
        book.brands.sync([ROSE, SWIFT, new], LATER)
        book.brands.own_account(new.key, account, LATER)
        book.sources.ensure("x:pixelfix", new.key, "x", MINUTE, LATER)
        book.pauses.pause("*", house.ana, LATER)

    assert together(*[start] * MANY) == [None] * MANY
    assert house.casebook.brands.own_accounts(new.key) == (account,)
    assert house.casebook.pauses.scopes() == {"*"}


def test_an_address_taken_by_two_at_once_is_one_account(house: House) -> None:
    add = house.casebook.people.add
    told = together(*[partial(add, "vera@rosebakery.example", "Vera", "viewer", "hash", LATER)] * MANY)
    assert sum(isinstance(one, int) for one in told) == 1
    assert sum(isinstance(one, ValueError) for one in told) == MANY - 1


def test_a_digest_and_a_lease_are_one_processes(house: House) -> None:
    digests, leases = house.casebook.digests, house.casebook.leases
    claims = together(*[partial(digests.claim, "*", "ana@rosebakery.example", NOON.date(), LATER)] * MANY)
    assert sum(one is not None for one in claims) == 1
    held = together(*(partial(leases.hold, "ticker", f"service {n}", LATER, MINUTE) for n in range(MANY)))
    assert sorted(map(str, held)) == ["False"] * (MANY - 1) + ["True"]


def test_a_digest_that_was_sent_keeps_nobody_from_writing(house: House) -> None:
    digests, ana = house.casebook.digests, "ana@rosebakery.example"
    sent = digests.claim("*", ana, NOON.date(), NOON)
    assert sent is not None
    digests.sent(sent.id, NOON)
    with writing(house.engine):  # who waited for this would wait for ever, and be told that the database is busy
        assert digests.claim("*", ana, NOON.date(), LATER) is None


# The order of a pause and a claim --------------------------------------------------------------------------------------


@contextmanager
def held_up(house: House, statement: str) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Whoever is about to say this waits inside the transaction: (it is there, let it go on)."""
    there, go_on = threading.Event(), threading.Event()

    def wait(said: str) -> None:
        if said.startswith(statement) and not there.is_set():
            there.set()
            assert go_on.wait(5)

    with house.before_each(wait):
        yield there, go_on
        go_on.set()


def test_a_pause_pressed_while_a_claim_is_under_way_comes_after_it_and_stops_the_next(house: House) -> None:
    first, second = house.approved(), house.approved(house.complain(post("p2", by=DAN)))
    with ThreadPoolExecutor(2) as pool, held_up(house, "UPDATE replies SET state") as (there, go_on):
        claim = pool.submit(house.casebook.replies.claim, first, LATER)
        assert there.wait(5)
        pause = pool.submit(house.casebook.pauses.pause, ROSE.key, house.ana, LATER)
        with pytest.raises(TimeoutError):
            pause.result(0.2)  # nobody is told "paused" while something may still go out unseen
        go_on.set()
        pause.result(5)
        assert claim.result() is not None
    assert house.casebook.replies.claim(second, LATER) is None
    assert house.reply_state(second) is ReplyState.APPROVED


def test_a_claim_that_comes_while_a_pause_is_being_stored_finds_it(house: House) -> None:
    reply_id = house.approved()
    with ThreadPoolExecutor(2) as pool, held_up(house, "INSERT INTO pauses") as (there, go_on):
        pause = pool.submit(house.casebook.pauses.pause, "*", house.ana, LATER)
        assert there.wait(5)
        claim = pool.submit(house.casebook.replies.claim, reply_id, LATER)
        with pytest.raises(TimeoutError):
            claim.result(0.2)
        go_on.set()
        pause.result(5)
        assert claim.result(5) is None
    assert house.reply_state(reply_id) is ReplyState.APPROVED


def test_a_customer_who_edits_while_a_claim_is_under_way_is_answered_as_approved_and_seen_again(house: House) -> None:
    reply_id = house.approved()
    edited = Judged(replace(post(), text="Other words", edited_at=LATER), COMPLAINT)
    with ThreadPoolExecutor(2) as pool, held_up(house, "UPDATE replies SET state") as (there, go_on):
        claim = pool.submit(house.casebook.replies.claim, reply_id, LATER)
        assert there.wait(5)
        edit = pool.submit(house.casebook.rounds.record_again, ROSE.key, [edited], "x", LATER)
        go_on.set()
        assert claim.result(5) is not None
        edit.result(5)
    assert house.reply_state(reply_id) is ReplyState.SENDING
    assert house.file(1).case.turn == 2


def test_a_second_process_waits_its_turn_too(house: House, url: str) -> None:
    # Another engine has another pool, as another process has.
    engine = open_engine(url)
    other = Casebook(engine, KEY)
    with ThreadPoolExecutor(2) as pool, held_up(house, "INSERT INTO pauses") as (there, go_on):
        pause = pool.submit(house.casebook.pauses.pause, "*", house.ana, LATER)
        assert there.wait(5)
        second = pool.submit(other.pauses.pause, "*", house.ben, LATER)
        with pytest.raises(TimeoutError):
            second.result(0.2)
        go_on.set()
        pause.result(5)
        second.result(5)
    engine.dispose()
    assert house.rows("SELECT scope, by FROM pauses") == [("*", house.ana)]
