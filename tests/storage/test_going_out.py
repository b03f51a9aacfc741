"""What happens between a yes and a post that is up: claims, settling, looking, crashes, taking down."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update

from storage import tables
from storage.casebook import Judged
from storage.casebook.removals import Removal
from storage.lifecycle import MovedOn
from storage.words import Audience, CaseState, Gone, Origin, Posted, Purpose, Reply, ReplyState
from tests.storage.house import (
    BY_API,
    BY_HAND,
    CHATTER,
    COMPLAINT,
    CORA,
    DAN,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    ROSE,
    SECOND,
    SORRY,
    US,
    House,
    answer,
    draft,
    post,
)

AT = NOON + 5 * MINUTE
"""When the tests claim: the undo window of an approved reply ended a minute before."""
LATER = NOON + HOUR
LEASE = timedelta(seconds=90)
UP = Posted("r1", "https://x.example/r1", AT + SECOND)


def moved_on(why: str) -> pytest.RaisesExc[MovedOn]:
    return pytest.raises(MovedOn, match=why)


def seen_outside(
    house: House, at: datetime = AT + 2 * SECOND, native_id: str = "r1", now: datetime = LATER, said: str = SORRY
) -> None:
    """A poll that brings our own answer under Cora's post."""
    house.hear(Judged(answer(native_id, post(), said, by=US, at=at), CHATTER), now=now)


# Claiming --------------------------------------------------------------------------------------------------------------


def test_a_reply_is_due_when_its_undo_window_is_over(house: House) -> None:
    reply_id = house.approved()
    assert house.casebook.replies.due(NOON + 4 * MINUTE - SECOND) == ()
    assert house.casebook.replies.claim(reply_id, NOON + 4 * MINUTE - SECOND) is None
    (due,) = house.casebook.replies.due(NOON + 4 * MINUTE)
    assert (due.id, due.brand, due.place, due.parent) == (reply_id, ROSE.key, "x", post())


def test_the_reply_that_waited_longest_goes_first(house: House) -> None:
    cases = [house.complain(post(f"p{number}")) for number in range(3)]
    ids = [house.approve(house.propose(case), hold=hold * MINUTE) for case, hold in zip(cases, (9, 1, 5), strict=True)]
    assert [due.id for due in house.casebook.replies.due(LATER, limit=2)] == [ids[1], ids[2]]


def test_an_answer_to_what_cora_edited_before_the_yes_goes_out(house: House) -> None:
    case_id = house.complain()
    house.hear(post(said="My cake was green", edited_at=NOON + MINUTE))
    reply_id = house.approve(house.propose(case_id))
    assert house.sending(reply_id).id == reply_id


def test_a_claim_freezes_what_goes_out(house: House) -> None:
    cake = post(reply_to="p1-newest", url="https://x.example/p1")
    reply = house.sending(house.approved(house.complain(cake)))
    assert reply == Reply(
        id=1, brand=ROSE.key, case_id=1, place="x", account="rosebakery", key=reply.key,
        parent_id="p1-newest", conversation_id="p1", customer_handle="cora", audience=draft().audience,
        purpose=Purpose.ACKNOWLEDGE, text=SORRY, sent_at=AT, attempt=1, fence=1,
        parent_ids=("p1", "p1-newest"), known_ids=(), parent_url="https://x.example/p1",
        approved_at=NOON + 3 * MINUTE, language="en", parent_at=NOON,
    )  # fmt: skip
    assert len(reply.key) == 32
    assert house.casebook.replies.stranded(AT + LEASE) == (reply,)


def test_a_later_claim_knows_our_other_answers_and_keeps_its_key(house: House) -> None:
    house.posted()
    own = house.casebook.proposals.write(1, draft(purpose=Purpose.CORRECT), BY_API, AT, corrects=1)
    first = house.sending(house.approve(own, now=AT), LATER)
    assert first.known_ids == ("r1",)
    house.casebook.replies.put_back(first.id, first.fence, "X is away.", LATER, LATER)
    second = house.sending(first.id, LATER + HOUR)
    assert (second.key, second.attempt, second.fence) == (first.key, 2, 2)
    assert second.sent_at > first.sent_at
    assert (second.approved_at, second.language) == (first.approved_at, first.language)


def test_a_claim_that_an_older_version_froze_can_still_be_looked_for(house: House) -> None:
    reply = house.unsure()
    with house.engine.begin() as connection:
        told = json.loads(connection.execute(select(tables.replies.c.payload)).scalar_one())
        del told["approved_at"], told["language"]
        connection.execute(update(tables.replies).values(payload=json.dumps(told)))
    assert house.casebook.replies.to_look(LATER) == ((replace(reply, approved_at=None, language=""), 0),)


def test_one_of_eight_claims_a_reply(house: House) -> None:
    for number in range(5):
        reply_id = house.approved(house.complain(post(f"p{number}")))
        start = Barrier(8)

        def claim(_: int, reply_id: int = reply_id, start: Barrier = start) -> Reply | None:
            start.wait()
            return house.casebook.replies.claim(reply_id, AT)

        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(claim, range(8)))
        assert len([one for one in told if one is not None]) == 1


@pytest.mark.parametrize("change", ["wrote", "edited", "deleted", "dismissed", "asked for silence"])
def test_what_changed_since_the_yes_keeps_a_reply_from_going_out(house: House, change: str) -> None:
    reply = house.sending()  # out of the reach of those who take back what is held
    if change == "wrote":
        house.hear(answer("p2", post(), "And the coffee!", by=CORA, at=AT))
    elif change == "edited":
        edited = post(said="My cake was green", edited_at=AT)
        house.casebook.rounds.record_again(ROSE.key, [Judged(edited, COMPLAINT)], "x", AT)
    elif change == "deleted":
        house.casebook.rounds.record_again(ROSE.key, [Gone("p1", "deleted")], "x", AT)
    elif change == "dismissed":
        house.casebook.cases.dismiss(1, "praise", house.ben, AT)
    else:
        house.casebook.cases.do_not_contact(1, house.ben, AT)
    house.casebook.replies.put_back(reply.id, reply.fence, "X is away.", LATER, AT)
    assert house.casebook.replies.claim(reply.id, LATER) is None
    assert house.reply_state(reply.id) is ReplyState.WITHDRAWN
    assert str(house.file(1).case.parked_why).startswith("Your reply was not posted: ")
    assert house.file(1).history[-1].who == "machine"


@pytest.mark.parametrize("what", ["version", "deleted_at"])
def test_a_post_changed_under_a_reply_keeps_it_from_going_out_whatever_the_turn_says(house: House, what: str) -> None:
    reply_id = house.approved()
    house.do(f"UPDATE posts SET {what} = {'2' if what == 'version' else 'created_at'}")
    assert house.casebook.replies.claim(reply_id, AT) is None
    assert house.reply_state(reply_id) is ReplyState.WITHDRAWN


# Settling --------------------------------------------------------------------------------------------------------------


def test_a_reply_that_is_up_answers_the_case(house: House) -> None:
    house.posted()
    (reply,) = house.file(1).replies
    assert (reply.state, reply.native_id, reply.url) == (ReplyState.POSTED, "r1", "https://x.example/r1")
    assert reply.posted_at == AT + SECOND
    assert house.state(1) is CaseState.ANSWERED
    assert house.history(1)[-2:] == [("machine", "reply", "sending", "posted"), ("machine", "case", "open", "answered")]


def test_a_reply_that_is_up_does_not_answer_what_cora_wrote_meanwhile(house: House) -> None:
    reply = house.sending()
    house.hear(answer("p2", post(), "And the coffee!", by=CORA, at=AT))
    house.casebook.replies.posted(reply.id, reply.fence, UP, AT + SECOND)
    assert house.state(1) is CaseState.OPEN


@pytest.mark.parametrize("meanwhile", ["offline", "resolved", "answered", "dismissed"])
def test_a_reply_that_is_up_is_up_wherever_the_case_went_meanwhile(house: House, meanwhile: str) -> None:
    reply, cases = house.sending(), house.casebook.cases
    if meanwhile == "offline":
        cases.offline(1, "By phone.", house.ben, AT)
    elif meanwhile == "resolved":
        cases.resolve(1, "Oven", "A new cake", "", house.ben, AT)
    elif meanwhile == "answered":
        cases.already_answered(1, house.ben, AT)
    else:
        cases.dismiss(1, "praise", house.ben, AT)
    house.casebook.replies.posted(reply.id, reply.fence, UP, AT + SECOND)
    assert house.reply_state(reply.id) is ReplyState.POSTED
    assert house.state(1) is CaseState(meanwhile)


def test_a_reply_that_did_not_go_out_is_due_again(house: House) -> None:
    reply = house.sending()
    house.casebook.replies.put_back(reply.id, reply.fence, "X is away.", LATER, AT)
    assert house.casebook.replies.due(LATER - SECOND) == ()
    assert [due.id for due in house.casebook.replies.due(LATER)] == [reply.id]
    assert house.file(1).replies[0].why == "X is away."


def test_a_reply_can_be_put_off_while_it_waits_and_only_then(house: House) -> None:
    reply_id = house.approved()
    house.casebook.replies.put_off(reply_id, "Waiting for X.", LATER, AT)
    assert house.casebook.replies.due(AT) == ()
    assert house.reading.lists(AT).held[0].reply_why == "Waiting for X."
    house.sending(reply_id, LATER)
    house.casebook.replies.put_off(reply_id, "Too late.", LATER + DAY, LATER)
    assert house.file(1).replies[0].why == "Waiting for X."


def test_a_refused_reply_is_told_on_its_case(house: House) -> None:
    house.refused()
    assert house.file(1).case.parked_why == "The reply could not be posted: Cora limits replies."
    assert house.reading.inbox(LATER).total == 0
    house.casebook.cases.unpark(1, house.ben, LATER, "The reply could not  be posted: Cora limits replies.")
    assert house.file(1).case.parked_why is None
    assert house.history(1)[-1] == (house.ben, "case", "open", "open")
    assert house.reading.inbox(LATER).total == 1


def test_who_has_not_seen_that_a_reply_was_not_posted_does_not_clear_it_away(house: House) -> None:
    reply = house.approved()
    house.hear(answer("p2", post(), "And the coffee!", by=CORA, at=NOON + MINUTE))
    told = "Your reply was not posted: The customer wrote again."
    house.casebook.cases.note(1, "Rang her.", house.ben, LATER)  # Ben's page was older
    assert house.file(1).case.parked_why == told
    with moved_on(f"Something else happened meanwhile: {told}"):
        house.casebook.cases.unpark(1, house.ben, LATER, "The reply could not be taken down: X was away.")
    assert [row.case_id for row in house.reading.lists(LATER).parked] == [1]
    house.casebook.cases.unpark(1, house.ana, LATER, told)
    assert house.reading.lists(LATER).parked == ()
    assert house.reply_state(reply) is ReplyState.WITHDRAWN


def test_taking_another_reply_down_does_not_clear_away_that_one_was_not_posted(house: House) -> None:
    up = house.posted()
    house.casebook.cases.reopen(1, "", house.ana, LATER)
    again = house.approve(house.propose(1, draft(purpose=Purpose.FOLLOW_UP)))
    house.hear(answer("p2", post(), "And the coffee!", by=CORA, at=LATER))
    assert house.reply_state(again) is ReplyState.WITHDRAWN
    house.casebook.removals.approve(up, "", house.ben, LATER, hold=MINUTE)
    assert house.file(1).case.parked_why == "Your reply was not posted: The customer wrote again."


def test_a_refused_reply_that_hands_can_post_waits_for_them(house: House) -> None:
    reply = house.sending()
    house.casebook.replies.refused(reply.id, reply.fence, "Not summoned.", AT, by_hand=True)
    assert house.reply_state(reply.id) is ReplyState.BY_HAND
    assert house.file(1).replies[0].origin is Origin.BY_HAND
    assert [row.reply_id for row in house.reading.lists(LATER).by_hand] == [reply.id]


SETTLINGS: dict[str, Callable[[House, Reply], None]] = {
    "posted": lambda house, reply: house.casebook.replies.posted(reply.id, reply.fence, UP, LATER),
    "put_back": lambda house, reply: house.casebook.replies.put_back(reply.id, reply.fence, "w", LATER, LATER),
    "refused": lambda house, reply: house.casebook.replies.refused(reply.id, reply.fence, "w", LATER),
    "unsure": lambda house, reply: house.casebook.replies.unsure(reply.id, reply.fence, "w", LATER, LATER),
}
LOOKINGS: dict[str, Callable[[House, Reply], object]] = {
    "found": lambda house, reply: house.casebook.replies.found(reply.id, reply.fence, UP, LATER),
    "not_found": lambda house, reply: house.casebook.replies.not_found(reply.id, reply.fence, "w", LATER, LATER),
    "try_again": lambda house, reply: house.casebook.replies.try_again(reply.id, reply.fence, LATER, keyed=True),
}


@pytest.mark.parametrize("how", list(SETTLINGS))
def test_settling_with_an_old_claim_changes_nothing(house: House, how: str) -> None:
    old = house.sending()
    house.casebook.replies.put_back(old.id, old.fence, "X is away.", AT, AT)
    house.sending(old.id, AT + SECOND)
    before = house.everything()
    with moved_on("settled by another process"):
        SETTLINGS[how](house, old)
    assert house.everything() == before


@pytest.mark.parametrize("how", [*SETTLINGS, "found", "try_again"])  # not_found twice is two looks
def test_settling_twice_changes_nothing(house: House, how: str) -> None:
    reply = house.sending() if how in SETTLINGS else house.unsure()
    act = (SETTLINGS | LOOKINGS)[how]
    act(house, reply)
    before = house.everything()
    with moved_on("settled by another process"):
        act(house, reply)
    assert house.everything() == before


@pytest.mark.parametrize("how", list(LOOKINGS))
def test_looking_with_an_old_claim_changes_nothing(house: House, how: str) -> None:
    old = house.unsure()
    house.casebook.replies.try_again(old.id, old.fence, LATER, keyed=True)
    house.unsure(old.id, LATER)
    before = house.everything()
    with moved_on("settled by another process"):
        LOOKINGS[how](house, old)
    house.casebook.replies.look_later(old.id, old.fence, LATER, "w", LATER)  # harmless, says nothing
    assert house.everything() == before


# Crashes and looking ---------------------------------------------------------------------------------------------------


def test_a_reply_left_by_a_dead_process_is_found_after_its_lease(house: House) -> None:
    reply = house.sending()
    assert house.casebook.replies.stranded(AT + LEASE - SECOND) == ()
    assert house.casebook.replies.stranded(AT + LEASE) == (reply,)
    assert house.casebook.replies.due(AT + DAY) == ()


def test_a_reply_left_under_a_clock_that_was_an_hour_ahead_is_found_at_once(house: House) -> None:
    reply = house.sending()
    assert house.casebook.replies.stranded(AT - HOUR) == (reply,)


def test_an_unsure_reply_is_looked_for_at_its_time(house: House) -> None:
    reply = house.unsure()
    assert house.casebook.replies.to_look(AT + 10 * MINUTE - SECOND) == ()
    assert house.casebook.replies.to_look(AT + 10 * MINUTE) == ((reply, 0),)
    house.casebook.replies.look_later(reply.id, reply.fence, LATER, "X is away.", AT)
    assert house.casebook.replies.to_look(LATER - SECOND) == ()
    assert house.casebook.replies.to_look(LATER) == ((reply, 0),)


def test_looking_that_was_not_possible_says_nothing_of_a_reply_that_was_seen_meanwhile(house: House) -> None:
    reply = house.unsure()
    seen_outside(house)
    before = house.everything()
    house.casebook.replies.look_later(reply.id, reply.fence, LATER + HOUR, "X is away.", LATER)
    assert house.everything() == before


def test_looking_finds_that_it_had_gone_out(house: House) -> None:
    reply = house.unsure()
    house.casebook.replies.found(reply.id, reply.fence, UP, LATER)
    assert house.reply_state(reply.id) is ReplyState.POSTED
    assert house.state(1) is CaseState.ANSWERED


def test_nothing_is_posted_again_before_two_empty_looks(house: House) -> None:
    reply = house.unsure()
    replies = house.casebook.replies
    for looks in range(2):
        assert replies.to_look(LATER) == ((reply, looks),)
        with moved_on("Two empty looks"):
            replies.try_again(reply.id, reply.fence, LATER, keyed=False)
        replies.not_found(reply.id, reply.fence, "Not there yet.", LATER, LATER)
    replies.try_again(reply.id, reply.fence, LATER, keyed=False)
    again = house.sending(reply.id, LATER)
    assert (again.attempt, again.key, again.fence) == (2, reply.key, reply.fence + 1)


def test_a_key_that_makes_a_repeat_harmless_allows_it_at_once(house: House) -> None:
    reply = house.unsure()
    house.casebook.replies.try_again(reply.id, reply.fence, LATER, keyed=True)
    assert [due.id for due in house.casebook.replies.due(LATER)] == [reply.id]


def test_what_the_first_try_put_up_settles_the_second_one_too(house: House) -> None:
    reply = house.unsure()
    house.casebook.replies.try_again(reply.id, reply.fence, LATER, keyed=True)
    house.unsure(reply.id, LATER + HOUR)
    seen_outside(house, at=reply.sent_at + SECOND, now=LATER + 2 * HOUR)
    assert house.reply_state(reply.id) is ReplyState.POSTED
    with house.engine.connect() as connection:
        assert connection.execute(select(tables.replies.c.id)).scalars().all() == [reply.id]


def test_looks_count_from_nothing_after_another_try(house: House) -> None:
    reply = house.unsure()
    for _ in range(2):
        house.casebook.replies.not_found(reply.id, reply.fence, "Not there yet.", LATER, LATER)
    house.casebook.replies.try_again(reply.id, reply.fence, LATER, keyed=False)
    again = house.unsure(reply.id, LATER)
    assert house.casebook.replies.to_look(LATER + DAY) == ((again, 0),)


def test_when_only_a_person_can_tell_ana_is_asked(house: House) -> None:
    reply = house.unsure()
    house.casebook.replies.not_found(reply.id, reply.fence, "Please look yourself.", None, LATER)
    assert house.casebook.replies.to_look(LATER + DAY) == ()
    (row,) = house.reading.lists(LATER).parked
    assert row.parked_why == "We don't know whether your reply went out: Please look yourself."
    assert house.file(1).replies[0].looks == 1


@pytest.mark.parametrize("there", [True, False])
def test_ana_looks_and_says(house: House, there: bool) -> None:
    reply = house.unsure()
    house.casebook.replies.person_says(reply.id, there, house.ana, LATER)
    (shown,) = house.file(1).replies
    assert shown.state is (ReplyState.POSTED if there else ReplyState.REFUSED)
    assert shown.posted_at == (AT if there else None)
    assert house.state(1) is (CaseState.ANSWERED if there else CaseState.OPEN)
    assert house.file(1).case.parked_why is None
    with moved_on("settled meanwhile"):
        house.casebook.replies.person_says(reply.id, there, house.ana, LATER)


def test_what_ana_saw_on_the_site_does_not_answer_what_cora_wrote_meanwhile(house: House) -> None:
    reply = house.unsure()
    house.hear(answer("p2", post(), "And the coffee!", by=CORA, at=LATER))
    house.casebook.replies.person_says(reply.id, True, house.ana, LATER + MINUTE)
    assert house.reply_state(reply.id) is ReplyState.POSTED
    assert house.state(1) is CaseState.OPEN


def again(house: House, reply_id: int) -> None:
    LOOKINGS["try_again"](house, house.unsure(reply_id))
    house.sending(reply_id, LATER)


def taking_down(house: House, reply_id: int | None = None, hold: timedelta = MINUTE) -> int:
    posted = house.posted(reply_id)
    house.casebook.removals.approve(posted, "Wrong cake.", house.ana, AT + MINUTE, hold=hold)
    return posted


STEPS: list[tuple[str, Callable[[House, int], object], str]] = [
    ("approved", House.reply_state, "due"),
    ("claimed", lambda house, reply: house.sending(reply), "stranded"),
    ("put back", lambda house, reply: SETTLINGS["put_back"](house, house.sending(reply)), "due"),
    ("unsure", lambda house, reply: house.unsure(reply), "to look"),
    ("looked once", lambda house, reply: LOOKINGS["not_found"](house, house.unsure(reply)), "to look"),
    ("to be tried again", lambda house, reply: LOOKINGS["try_again"](house, house.unsure(reply)), "due"),
    ("claimed again", again, "stranded"),
    ("refused", lambda house, reply: house.refused(reply), "a person"),
    ("posted", lambda house, reply: house.posted(reply), ""),
    ("to be taken down", taking_down, "removal"),
    ("being taken down", lambda house, reply: house.casebook.removals.claim(taking_down(house, reply), LATER), "removal"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "walk", "finder"), STEPS, ids=[step for step, _, _ in STEPS])
def test_a_crash_after_any_step_leaves_work_that_is_found(
    house: House, url: str, step: str, walk: Callable[[House, int], object], finder: str
) -> None:
    walk(house, house.approved())
    house.engine.dispose()  # the process ends; what is in the base is all there is
    tomorrow = NOON + DAY
    found = {
        "due": [due.id for due in house.casebook.replies.due(tomorrow)],
        "stranded": [reply.id for reply in house.casebook.replies.stranded(tomorrow)],
        "to look": [reply.id for reply, _ in house.casebook.replies.to_look(tomorrow)],
        "removal": list(house.casebook.removals.due(tomorrow)),
        "a person": [row.reply_id for row in house.reading.lists(tomorrow).parked if row.parked_why],
    }
    assert {name: ids for name, ids in found.items() if ids} == ({finder: [1]} if finder else {})


# Seen on the site ------------------------------------------------------------------------------------------------------


def test_an_unsure_reply_seen_on_the_site_had_gone_out(house: House) -> None:
    reply = house.unsure()
    seen_outside(house)
    (shown,) = house.file(1).replies
    assert (shown.state, shown.native_id, shown.posted_at) == (ReplyState.POSTED, "r1", AT + 2 * SECOND)
    assert house.state(1) is CaseState.ANSWERED
    with moved_on("settled by another process"):
        house.casebook.replies.found(reply.id, reply.fence, UP, LATER)


def test_once_an_unsure_reply_was_seen_nobody_is_asked_to_look_for_it(house: House) -> None:
    reply = house.unsure()
    house.casebook.replies.not_found(reply.id, reply.fence, "Please look yourself.", None, LATER)
    assert house.file(1).case.parked_why
    seen_outside(house)
    assert house.file(1).case.parked_why is None
    assert house.reading.lists(LATER).parked == ()


def test_a_public_answer_does_not_settle_a_private_one(house: House) -> None:
    private = replace(draft(), audience=Audience.PRIVATE)
    reply = house.unsure(house.approve(house.propose(house.complain(), private)))
    seen_outside(house)
    assert house.reply_state(reply.id) is ReplyState.UNCERTAIN


def test_an_answer_on_the_site_takes_the_place_of_one_that_was_taken_back(house: House) -> None:
    house.casebook.replies.withdraw(house.approved(), house.ana, AT)
    seen_outside(house)
    (_, outside) = house.file(1).replies
    assert (outside.origin, outside.purpose) == (Origin.OUTSIDE, Purpose.ACKNOWLEDGE)
    with moved_on("will not be sent twice"):
        house.approve(house.propose(1, now=LATER), now=LATER)


def test_what_cora_wrote_and_deleted_again_does_not_keep_an_answer_from_counting(house: House) -> None:
    house.complain()
    house.hear(answer("p2", post(), "And the coffee!", by=CORA, at=AT + MINUTE))
    house.casebook.rounds.record_again(ROSE.key, [Gone("p2", "deleted")], "x", LATER)
    seen_outside(house)
    assert house.state(1) is CaseState.ANSWERED


def test_a_fifth_answer_on_the_site_is_told_when_it_comes_and_not_when_it_is_edited(house: House) -> None:
    house.complain()
    for number in range(5):
        seen_outside(house, at=AT + number * SECOND, native_id=f"r{number}")
    turn = house.file(1).case.turn
    house.hear(Judged(answer("r4", post(), "Sorry!", by=US, at=AT + 4 * SECOND, edited_at=LATER), CHATTER), now=LATER)
    assert house.file(1).case.turn == turn


@pytest.mark.parametrize("under", ["p1", "p1-newest"])
def test_an_answer_that_comes_before_what_it_answers_counts_under_either_name_of_it(house: House, under: str) -> None:
    ours = post("r1", SORRY, by=US, at=NOON, conversation="p1", parent_id=under)
    house.hear(Judged(ours, CHATTER), now=LATER)
    case_id = house.complain(post(reply_to="p1-newest"), now=LATER)
    assert house.state(case_id) is CaseState.ANSWERED


def test_an_answer_of_ours_that_was_deleted_before_cora_was_heard_is_no_answer(house: House) -> None:
    house.hear(Judged(answer("r1", post(), SORRY, by=US, at=NOON), CHATTER), now=LATER)
    house.casebook.rounds.record_again(ROSE.key, [Gone("r1", "deleted")], "x", LATER)
    assert house.state(house.complain(now=LATER)) is CaseState.OPEN


def test_an_older_answer_does_not_settle_an_unsure_reply(house: House) -> None:
    reply = house.unsure()
    seen_outside(house, at=AT - 6 * MINUTE, native_id="before", said="Sorry, says Ben in the app.")
    assert house.reply_state(reply.id) is ReplyState.UNCERTAIN
    assert [one.origin for one in house.file(1).replies] == [Origin.HERE, Origin.OUTSIDE]


def test_the_very_words_settle_an_unsure_reply_whatever_our_clock_said_when_it_went_out(house: House) -> None:
    reply = house.unsure(now=AT + 20 * DAY)  # our clock was three weeks ahead
    seen_outside(house, now=AT + HOUR)
    assert house.reply_state(reply.id) is ReplyState.POSTED
    assert [one.origin for one in house.file(1).replies] == [Origin.HERE]


def test_a_reply_to_be_posted_by_hand_is_not_taken_for_one_that_was_up_before(house: House) -> None:
    first = house.sending()
    house.casebook.replies.posted(first.id, first.fence, Posted(None, None, AT), AT)  # the site told no id
    follow_up = house.propose_own(
        1, "Sorry again, Cora.", purpose=Purpose.FOLLOW_UP, reach=BY_HAND, now=AT + 2 * MINUTE
    )
    by_hand = house.approve(follow_up, now=AT + 3 * MINUTE)
    seen_outside(house, at=AT)
    assert [(one.id, one.state, one.native_id) for one in house.file(1).replies] == [
        (first.id, ReplyState.POSTED, "r1"),
        (by_hand, ReplyState.BY_HAND, None),
    ]


def test_an_answer_in_the_app_from_before_is_not_what_was_to_be_posted_by_hand(house: House) -> None:
    reply_id = house.by_hand()
    seen_outside(house, at=NOON - 10 * MINUTE, said="Sorry, says Ben in the app.")
    assert house.reply_state(reply_id) is ReplyState.BY_HAND
    assert [one.origin for one in house.file(1).replies] == [Origin.BY_HAND, Origin.OUTSIDE]


def test_one_reply_at_a_time_goes_out_under_a_post(house: House) -> None:
    first = house.approved()
    more = house.propose_own(1, "And come by for a new one.", purpose=Purpose.FOLLOW_UP)
    with pytest.raises(MovedOn, match="One at a time"):
        house.approve(more)
    reply = house.sending(first)
    with pytest.raises(MovedOn, match="still on its way"):
        house.approve(more)
    house.casebook.replies.unsure(reply.id, reply.fence, "The connection broke.", LATER, AT)
    with pytest.raises(MovedOn, match="approved by Ana, is still on its way"):
        house.approve(more)
    house.casebook.replies.found(reply.id, reply.fence, Posted("r1", None, AT), LATER)
    assert house.approve(more, now=LATER)


def test_what_was_refused_waits_until_the_other_one_is_settled(house: House) -> None:
    refused = house.refused()
    other = house.approve(house.propose_own(1, "Another answer.", purpose=Purpose.FOLLOW_UP))
    with pytest.raises(MovedOn, match="One at a time"):
        house.casebook.replies.hand_over(refused, house.ana, LATER)
    house.casebook.replies.withdraw(other, house.ana, LATER)
    house.casebook.replies.hand_over(refused, house.ana, LATER)
    assert house.reply_state(refused) is ReplyState.BY_HAND


def test_what_a_look_finds_may_be_the_reply_before_whose_id_nobody_told_us(house: House) -> None:
    first = house.sending()
    house.casebook.replies.posted(first.id, first.fence, Posted(None, None, AT), AT)
    second = house.unsure(house.approve(house.propose_own(1, "Again.", purpose=Purpose.FOLLOW_UP), now=AT), LATER)
    assert not house.casebook.replies.found(second.id, second.fence, Posted("r1", None, AT), LATER + MINUTE)
    assert house.reply_state(second.id) is ReplyState.UNCERTAIN
    assert "it may be this one or the one before" in (house.file(1).case.parked_why or "")
    assert house.casebook.replies.to_look(LATER + DAY) == ()


def test_a_look_knows_what_has_been_seen_since_the_claim(house: House) -> None:
    reply = house.unsure()
    seen_outside(house, at=AT - 6 * MINUTE, native_id="before", said="Sorry, says Ben in the app.")
    ((asked, _),) = house.casebook.replies.to_look(LATER)
    assert (reply.known_ids, asked.known_ids) == ((), ("before",))


def test_an_answer_on_the_site_after_all_was_made_good_changes_nothing(house: House) -> None:
    house.complain()
    house.casebook.cases.resolve(1, "Oven", "A new cake", "", house.ana, AT)
    before = house.file(1)
    seen_outside(house)
    assert (house.file(1).case, house.file(1).replies, house.file(1).history) == (before.case, (), before.history)


def test_what_was_answered_and_then_edited_asks_for_a_look_and_is_not_closed_by_the_machine(house: House) -> None:
    house.complain()
    seen_outside(house)
    edited = Judged(post(said="About that cake", edited_at=LATER), CHATTER)
    house.casebook.rounds.record_again(ROSE.key, [edited], "x", LATER)
    assert house.state(1) is CaseState.OPEN


def test_a_reply_posted_by_hand_is_noticed_by_itself(house: House) -> None:
    reply_id = house.by_hand()
    seen_outside(house)
    assert house.reply_state(reply_id) is ReplyState.POSTED
    assert house.state(1) is CaseState.ANSWERED
    assert len(house.file(1).replies) == 1


def test_a_reply_still_held_is_taken_back_when_somebody_answered_on_the_site(house: House) -> None:
    reply_id = house.approved()
    seen_outside(house)
    assert house.reply_state(reply_id) is ReplyState.WITHDRAWN
    case = house.file(1).case
    assert case.state is CaseState.ANSWERED
    assert case.parked_why == "Your reply was not posted: Somebody already answered on the site."
    assert [row.case_id for row in house.reading.lists(LATER).parked] == [1]


def test_our_own_post_seen_before_its_settling_is_left_to_the_settling(house: House) -> None:
    reply = house.sending()
    seen_outside(house)
    assert house.reply_state(reply.id) is ReplyState.SENDING
    house.casebook.replies.posted(reply.id, reply.fence, UP, LATER)
    seen_outside(house, now=LATER + MINUTE)
    assert [(one.state, one.native_id) for one in house.file(1).replies] == [(ReplyState.POSTED, "r1")]
    assert house.file(1).case.turn == 1


@pytest.mark.parametrize("how", ["by hand", "no id told"])
def test_a_reply_posted_without_a_known_id_gets_it_when_it_is_seen(house: House, how: str) -> None:
    if how == "by hand":
        house.casebook.replies.posted_by_hand(house.by_hand(), None, house.ana, AT)
    else:
        house.posted(native_id=None)
    with moved_on("don't know which post"):
        house.casebook.removals.approve(1, "", house.ana, AT, hold=MINUTE)
    seen_outside(house)
    (shown,) = house.file(1).replies
    assert shown.native_id == "r1"
    assert house.file(1).case.turn == 1


# Taking down and correcting --------------------------------------------------------------------------------------------


def claimed(house: House, reply_id: int, now: datetime = LATER) -> Removal:
    removal = house.casebook.removals.claim(reply_id, now)
    assert removal is not None
    return removal


def test_a_reply_is_taken_down_after_its_undo_window_and_the_case_is_open_again(house: House) -> None:
    reply_id = taking_down(house)
    removals = house.casebook.removals
    assert removals.due(AT + MINUTE) == ()
    assert removals.claim(reply_id, AT + MINUTE) is None
    assert removals.due(LATER) == (reply_id,)
    removal = claimed(house, reply_id)
    assert removal == Removal(reply_id, ROSE.key, "x", UP, 1)
    removals.removed(reply_id, removal.fence, LATER)
    case = house.file(1).case
    assert (house.reply_state(reply_id), case.state, case.turn) == (ReplyState.REMOVED, CaseState.OPEN, 2)
    assert house.history(1)[-2][:1] == (house.ana,)
    assert "Wrong cake." in [move.note for move in house.file(1).history]
    with moved_on("settled by another process"):
        removals.removed(reply_id, removal.fence, LATER)
    with moved_on("Too late to undo"):
        removals.undo(reply_id, house.ana, LATER)
    assert removals.claim(reply_id, LATER + DAY) is None
    house.approve(house.propose(1))


def test_taking_down_what_went_offline_leaves_the_case_there(house: House) -> None:
    reply_id = taking_down(house)
    house.casebook.cases.offline(1, "", house.ana, LATER)
    house.casebook.removals.removed(reply_id, claimed(house, reply_id).fence, LATER)
    assert house.state(1) is CaseState.OFFLINE


def test_taking_down_can_be_undone_until_somebody_is_at_it(house: House) -> None:
    reply_id = taking_down(house)
    removals = house.casebook.removals
    with moved_on("already being taken down"):
        removals.approve(reply_id, "", house.ben, AT + MINUTE, hold=MINUTE)
    removals.undo(reply_id, house.ben, AT + MINUTE)
    assert removals.due(LATER) == ()
    assert removals.claim(reply_id, LATER) is None
    with moved_on("Too late to undo"):
        removals.undo(reply_id, house.ben, AT + MINUTE)
    removals.approve(reply_id, "", house.ana, LATER, hold=MINUTE)
    claimed(house, reply_id, LATER + MINUTE)
    with moved_on("Too late to undo: it is being taken down."):
        removals.undo(reply_id, house.ben, LATER + MINUTE)


def test_only_what_is_up_can_be_taken_down(house: House) -> None:
    with moved_on("Only a reply that is up"):
        house.casebook.removals.approve(house.approved(), "", house.ana, AT, hold=MINUTE)


def test_one_claims_a_removal_and_a_dead_claim_is_tried_again(house: House) -> None:
    reply_id = taking_down(house)
    first = claimed(house, reply_id)
    removals = house.casebook.removals
    assert removals.due(LATER + LEASE - SECOND) == ()
    assert removals.claim(reply_id, LATER + LEASE - SECOND) is None
    second = claimed(house, reply_id, LATER + LEASE)
    assert second.fence == first.fence + 1
    removals.failed(reply_id, first.fence, "late", None, LATER + LEASE)  # settled by nobody any more
    with moved_on("settled by another process"):
        removals.removed(reply_id, first.fence, LATER + LEASE)
    removals.removed(reply_id, second.fence, LATER + LEASE)
    assert house.file(1).case.parked_why is None


def test_a_removal_claimed_under_a_clock_that_was_ahead_is_claimed_again(house: House) -> None:
    reply_id = taking_down(house)
    claimed(house, reply_id, LATER + DAY)
    assert house.casebook.removals.due(LATER) == (reply_id,)
    claimed(house, reply_id, LATER)


def test_a_removal_waits_while_paused(house: House) -> None:
    reply_id = taking_down(house)
    house.casebook.pauses.pause("*", house.ana, AT)
    assert house.casebook.removals.due(LATER) == ()
    assert house.casebook.removals.claim(reply_id, LATER) is None  # paused since we looked what is due
    house.casebook.removals.undo(reply_id, house.ana, LATER)


def test_a_removal_that_failed_is_tried_again_or_told(house: House) -> None:
    reply_id = taking_down(house)
    removals = house.casebook.removals
    removals.failed(reply_id, claimed(house, reply_id).fence, "X is away.", LATER + HOUR, LATER)
    assert removals.due(LATER + HOUR - SECOND) == ()
    removals.failed(reply_id, claimed(house, reply_id, LATER + HOUR).fence, "X said no.", None, LATER + HOUR)
    assert removals.due(LATER + DAY) == ()
    assert house.file(1).case.parked_why == "The reply could not be taken down: X said no."
    removals.approve(reply_id, "", house.ana, LATER + HOUR, hold=MINUTE)


def test_a_removal_settled_once_is_settled(house: House) -> None:
    reply_id = taking_down(house)
    removals, fence = house.casebook.removals, claimed(house, reply_id).fence
    removals.failed(reply_id, fence, "X is away.", LATER + HOUR, LATER)
    removals.undo(reply_id, house.ana, LATER)
    before = house.everything()
    removals.failed(reply_id, fence, "X is away.", LATER + DAY, LATER)
    with moved_on("settled by another process"):
        removals.removed(reply_id, fence, LATER)
    assert house.everything() == before


def test_a_reply_is_set_right_by_another_under_the_same_post(house: House) -> None:
    house.posted()
    house.hear(answer("p2", post(), "Which cake?", by=CORA, at=LATER))
    own = house.casebook.proposals.write(1, draft("The carrot cake, sorry."), BY_API, LATER, corrects=1)
    reply_id = house.approve(own, now=LATER)
    right = house.file(1).replies[-1]
    assert (right.purpose, right.corrects) == (Purpose.CORRECT, 1)
    assert house.sending(reply_id, LATER + HOUR).parent_id == "p1"


def test_only_what_is_up_can_be_set_right(house: House) -> None:
    house.approved()
    with moved_on("Only a reply that is up can be corrected"):
        house.casebook.proposals.write(1, draft(), BY_API, LATER, corrects=1)
    other = house.complain(post("q1", by=DAN))
    house.posted(1)
    with moved_on("Only a reply that is up can be corrected"):
        house.casebook.proposals.write(other, draft(), BY_API, LATER, corrects=1)
