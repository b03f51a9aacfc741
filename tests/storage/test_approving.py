"""Approval: a person's yes to one text in sight of what it answers, once, whoever else says yes at the same time."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest

from storage.casebook import Blocked, Judged
from storage.lifecycle import MovedOn
from storage.words import Account, CaseState, Draft, Finding, Gone, Origin, Purpose, ReplyState
from tests.storage.house import (
    BY_API,
    BY_HAND,
    COMPLAINT,
    CORA,
    DAN,
    DAY,
    HOLD,
    HOUR,
    MINUTE,
    NOON,
    OUR_ACCOUNT,
    OUT_OF_REACH,
    ROSE,
    SECOND,
    SORRY,
    SWIFT,
    US,
    House,
    answer,
    draft,
    post,
)

LATER = NOON + HOUR
BERLIN = ZoneInfo("Europe/Berlin")
IF_ONLY = Finding("conditional", "“Sorry if” is no apology.", "A4", blocks=True)
HINT = Finding("no_invitation", "You could invite her to write to you.", "A7")
TEMPLATE = Finding("placeholder", "There is still a {name} in it.", blocks=True)
TOO_LONG = Finding("too_long", "It is longer than X takes.", blocks=True)


def moved_on(why: str) -> pytest.RaisesExc[MovedOn]:
    return pytest.raises(MovedOn, match=why)


# Yes -------------------------------------------------------------------------------------------------------------------


def test_a_yes_binds_the_very_text_and_what_was_seen(house: House) -> None:
    reply_id = house.approved()
    ((text, by, turn, seen_post, version),) = house.rows(
        "SELECT approved_text, approved_by, seen_turn, seen_post, seen_version FROM replies WHERE id = :id", id=reply_id
    )
    assert (text, by, turn, seen_post, version) == (SORRY, house.ana, 1, 1, 1)
    (reply,) = house.file(1).replies
    assert (reply.state, reply.due_at) == (ReplyState.APPROVED, NOON + 4 * MINUTE)
    assert (reply.place, reply.account, reply.approved_at) == ("x", "rosebakery", NOON + 3 * MINUTE)
    assert house.history(1)[-1] == (house.ana, "reply", "", "approved")
    assert house.reading.approved_so_far(ROSE.key) == 1


def test_approving_takes_a_case_out_of_the_inbox_and_into_what_is_held(house: House) -> None:
    house.approved()
    assert house.reading.inbox(LATER).total == 0
    (row,) = house.reading.lists(LATER).held
    assert (row.reply_state, row.reply_due_at) == (ReplyState.APPROVED, NOON + 4 * MINUTE)


def test_approving_wakes_a_snoozed_case_and_clears_what_was_told(house: House) -> None:
    case_id = house.complain()
    house.refused(house.approved(case_id))
    house.casebook.cases.snooze(case_id, NOON + 9 * HOUR, house.ben, NOON)
    assert house.file(case_id).case.parked_why
    house.approve(house.file(case_id).proposals[0].id)
    case = house.file(case_id).case
    assert (case.parked_why, case.snoozed_until) == (None, None)


def test_an_own_text_is_approved_like_any_other(house: House) -> None:
    case_id = house.complain()
    house.propose(case_id)
    said = Draft("Dear Cora, I will bring you a new cake myself.", "en", draft().audience, Purpose.ACKNOWLEDGE)
    own = house.casebook.proposals.write(case_id, said, BY_API, LATER)
    assert [one.text for one in house.file(case_id).proposals] == [SORRY, said.text]
    house.sending(house.approve(own), LATER)
    assert house.file(case_id).replies[0].text == said.text


# No --------------------------------------------------------------------------------------------------------------------


def test_a_yes_given_before_cora_wrote_again_does_not_count(house: House) -> None:
    proposal = house.propose(house.complain())
    house.hear(answer("p2", post(), "And the coffee!", by=CORA, at=NOON + MINUTE))
    with moved_on("The customer wrote, edited or deleted"):
        house.casebook.replies.approve(proposal, 1, house.ana, LATER, hold=HOLD)
    with moved_on("proposed before the customer moved on"):
        house.casebook.replies.approve(proposal, 2, house.ana, LATER, hold=HOLD)


def test_a_yes_after_ben_acted_names_ben(house: House) -> None:
    proposal = house.propose(house.complain())
    house.casebook.cases.dismiss(1, "praise", house.ben, LATER)
    house.casebook.cases.reopen(1, "No, it is a complaint.", house.ben, LATER)
    with moved_on(r"Ben was quicker: Opened again\. That was at 1\d:\d\d\."):
        house.casebook.replies.approve(proposal, 1, house.ana, LATER, hold=HOLD)


def test_dismissing_in_sight_of_an_old_page_is_refused_too(house: House) -> None:
    house.complain()
    house.hear(answer("p2", post(), "And the coffee!", by=CORA, at=NOON + MINUTE))
    with moved_on("since you looked"):
        house.casebook.cases.dismiss(1, "praise", house.ana, LATER, seen=1)
    house.casebook.cases.dismiss(1, "praise", house.ana, LATER, seen=2)
    assert house.state(1) is CaseState.DISMISSED


@pytest.mark.parametrize("act", ["answered", "offline", "resolve", "snooze"])
def test_whoever_decides_in_sight_of_an_old_page_is_told_that_the_reply_was_taken_back(house: House, act: str) -> None:
    # Ben's page still shows the reply on its way; what Cora did since would else be put aside with it, unread.
    case_id = house.complain()
    house.approve(house.propose(case_id))
    house.hear(answer("p2", post(), "And the coffee!", by=CORA, at=NOON + MINUTE))
    parked = house.file(case_id).case.parked_why
    assert parked
    cases, ben = house.casebook.cases, house.ben
    acts: dict[str, Callable[[int], None]] = {
        "answered": lambda seen: cases.already_answered(case_id, ben, LATER, seen),
        "offline": lambda seen: cases.offline(case_id, "", ben, LATER, seen),
        "resolve": lambda seen: cases.resolve(case_id, "Oven", "Cake", "", ben, LATER, seen),
        "snooze": lambda seen: cases.snooze(case_id, LATER + HOUR, ben, LATER, seen),
    }
    with moved_on("since you looked"):
        acts[act](1)
    assert house.file(case_id).case.parked_why == parked
    acts[act](2)


def test_approving_twice_posts_once_and_says_who_was_quicker(house: House) -> None:
    case_id = house.complain()
    proposal = house.propose(case_id)
    reply_id = house.approve(proposal, by=house.ben)
    with moved_on("Ben was quicker, at 13:03: a reply to this post is already on its way"):
        house.approve(proposal)
    with moved_on("You already said yes to a reply to this post, at 13:03"):
        house.approve(proposal, by=house.ben)
    house.posted(reply_id)
    with moved_on("Ben was quicker, at 13:05: a reply to this post has been posted"):
        house.approve(proposal)
    assert house.one("SELECT count(*) FROM replies") == 1


@pytest.mark.parametrize(
    ("by", "name"), [("command", "Somebody at the command line"), ("person:99", "Somebody"), ("machine", "Amends")]
)
def test_whoever_was_quicker_has_a_name(house: House, by: str, name: str) -> None:
    proposal = house.propose(house.complain())
    house.approve(proposal, by=by)
    with moved_on(f"{name} was quicker"):
        house.approve(proposal)


def test_another_alternative_is_no_second_answer(house: House) -> None:
    case_id = house.complain()
    first = house.propose(case_id, draft("Sorry, Cora."), draft("We are sorry, Cora."))
    house.approve(first)
    with moved_on("will not be sent twice"):
        house.approve(first + 1)


def test_a_renamed_account_is_still_the_same_answer(house: House) -> None:
    proposal = house.propose(house.complain())
    house.posted(house.approve(proposal))
    house.casebook.brands.own_account(ROSE.key, Account("x", US.native_id, "rosebakery_hq"), LATER)
    with moved_on("will not be sent twice"):
        house.approve(proposal)


def test_two_brands_that_share_an_account_answer_cora_once_and_ben_is_named(house: House) -> None:
    house.casebook.brands.own_account(SWIFT.key, OUR_ACCOUNT, NOON)
    house.approve(house.propose(house.complain()), by=house.ben)
    (other,) = house.casebook.rounds.record_import(SWIFT.key, [Judged(post(), COMPLAINT)], NOON).raised
    with moved_on("Ben was quicker, at 13:03: a reply to this post is already on its way"):
        house.approve(house.propose(other))


def test_the_base_itself_refuses_a_second_answer(house: House) -> None:
    # Somebody wrote the same reply for another brand of the house between our look and our writing.
    proposal = house.propose(house.complain())
    house.approve(proposal)
    house.do("UPDATE replies SET brand = 'swiftcourier', place = 'X'")
    meddled = "UPDATE replies SET place = 'x' WHERE place = 'X'"
    house.meddle("AFTER INSERT ON replies", meddled, f"{meddled}; RETURN NULL")
    with moved_on("already approved or posted; it will not be sent twice"):
        house.approve(proposal)


def test_findings_that_block_are_said_and_can_be_overruled_but_two(house: House) -> None:
    case_id = house.complain()
    asked = house.propose(
        case_id, draft("Sorry if it was stale.", findings=[HINT, IF_ONLY]), draft("ok", findings=[HINT])
    )
    with pytest.raises(Blocked, match="is no apology"):
        house.approve(asked)
    for never in (TEMPLATE, TOO_LONG):
        text = house.casebook.proposals.revise(asked, f"Sorry {never.code}", [IF_ONLY, never], house.ana, LATER)
        for anyway in (False, True):
            with pytest.raises(Blocked, match=re.escape(never.says)):
                house.approve(text, anyway=anyway)
    assert house.one("SELECT count(*) FROM replies") == 0
    reply_id = house.approve(asked, anyway=True)
    assert house.reply_state(reply_id) is ReplyState.APPROVED


def test_a_hint_blocks_nothing(house: House) -> None:
    house.approve(house.propose(house.complain(), draft(findings=[HINT])))


def test_what_cannot_be_reached_cannot_be_approved(house: House) -> None:
    proposal = house.propose(house.complain(), reach=OUT_OF_REACH)
    with moved_on("cannot be answered: The thread is locked."):
        house.approve(proposal)


def test_whom_cora_told_to_leave_her_alone_leaves_her_alone(house: House) -> None:
    proposal = house.propose(house.complain())
    house.casebook.cases.do_not_contact(1, house.ana, LATER)
    with moved_on("no more messages"):
        house.approve(proposal)
    assert house.file(1).customer.do_not_contact


@pytest.mark.parametrize("by_hand", [False, True])
def test_asking_for_no_more_messages_takes_back_what_waits(house: House, by_hand: bool) -> None:
    reply_id = house.by_hand() if by_hand else house.approved()
    house.complain(post("q1", by=DAN))
    house.casebook.cases.do_not_contact(1, house.ana, LATER)
    assert house.reply_state(reply_id) is ReplyState.WITHDRAWN
    assert house.casebook.proposals.due(LATER) == (2,)
    assert house.file(1).history[-1].who == house.ana
    assert house.file(1).case.parked_why is None


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_closed_case_takes_a_closing_note_or_a_correction_and_nothing_else(house: House, purpose: Purpose) -> None:
    proposal = house.propose(house.complain(), draft(purpose=purpose))
    house.casebook.cases.resolve(1, "Oven", "A new cake", "", house.ana, LATER)
    if purpose in (Purpose.CLOSE, Purpose.CORRECT):
        house.approve(proposal)
        return
    with moved_on(r"You closed this case as made good at \d\d:\d\d\. Open it again to answer\."):
        house.approve(proposal)


def test_what_is_not_there_cannot_be_approved(house: House) -> None:
    with moved_on("no such proposal"):
        house.casebook.replies.approve(99, 1, house.ana, LATER, hold=HOLD)
    with moved_on("no such proposal"):
        house.casebook.proposals.revise(99, "x", [], house.ana, LATER)


# By hand ---------------------------------------------------------------------------------------------------------------


def test_what_we_cannot_post_waits_for_hands(house: House) -> None:
    reply_id = house.by_hand()
    assert house.reply_state(reply_id) is ReplyState.BY_HAND
    assert house.file(1).replies[0].due_at is None
    assert house.casebook.replies.due(LATER) == ()
    assert house.casebook.replies.claim(reply_id, LATER) is None
    (row,) = house.reading.lists(LATER).by_hand
    assert row.reply_id == reply_id
    house.casebook.replies.posted_by_hand(reply_id, "https://x.example/r1", house.ben, LATER)
    (reply,) = house.file(1).replies
    assert (reply.state, reply.posted_at, reply.url) == (ReplyState.POSTED, LATER, "https://x.example/r1")
    assert house.state(1) is CaseState.ANSWERED
    with moved_on(r"You said that this reply is up at \d\d:\d\d\."):
        house.casebook.replies.posted_by_hand(reply_id, None, house.ben, LATER)


def test_a_reply_by_hand_after_cora_wrote_again_leaves_her_case_open(house: House) -> None:
    reply_id = house.by_hand()
    house.hear(answer("p2", post(), "And the coffee!", by=CORA, at=NOON + 4 * MINUTE))
    house.casebook.replies.posted_by_hand(reply_id, None, house.ana, LATER)
    assert house.state(1) is CaseState.OPEN


def test_what_the_platform_refused_can_be_posted_by_hand(house: House) -> None:
    reply_id = house.refused()
    assert [row.reply_why for row in house.reading.lists(LATER).parked] == ["Cora limits replies."]
    house.casebook.replies.hand_over(reply_id, house.ana, LATER)
    assert house.reply_state(reply_id) is ReplyState.BY_HAND
    assert house.file(1).replies[0].origin is Origin.BY_HAND
    assert house.file(1).case.parked_why is None


def test_what_was_refused_cannot_be_handed_over_beside_another_answer(house: House) -> None:
    refused = house.refused()
    house.approve(house.file(1).proposals[0].id)
    before = house.everything()
    with moved_on("Another reply to this post"):
        house.casebook.replies.hand_over(refused, house.ben, LATER)
    assert house.everything() == before


# Pause and undo --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["rosebakery", "*"])
def test_while_paused_approving_goes_on_and_posting_waits(house: House, scope: str) -> None:
    house.casebook.pauses.pause(scope, house.ana, NOON)
    reply_id = house.approved()
    assert house.casebook.replies.due(LATER) == ()
    assert house.casebook.replies.claim(reply_id, LATER) is None
    assert house.reply_state(reply_id) is ReplyState.APPROVED
    house.casebook.pauses.resume(scope, house.ana, LATER)
    assert [due.id for due in house.casebook.replies.due(LATER)] == [reply_id]


def test_a_paused_brand_does_not_hold_up_another(house: House) -> None:
    for number in range(3):
        house.approved(house.complain(post(f"p{number}")))
    house.casebook.pauses.pause("rosebakery", house.ana, NOON)
    house.do("UPDATE replies SET brand = 'swiftcourier' WHERE id = 3")
    assert [due.id for due in house.casebook.replies.due(LATER, limit=2)] == [3]


def test_undo_before_it_goes_out_takes_it_back(house: House) -> None:
    reply_id = house.approved()
    house.casebook.replies.withdraw(reply_id, house.ben, LATER)
    assert house.reply_state(reply_id) is ReplyState.WITHDRAWN
    assert house.file(1).case.parked_why is None
    assert house.casebook.replies.claim(reply_id, LATER) is None
    assert house.reading.inbox(LATER).total == 1
    house.approve(house.file(1).proposals[0].id)


@pytest.mark.parametrize("state", ["sending", "posted", "uncertain"])
def test_undo_after_it_went_out_is_too_late(house: House, state: str) -> None:
    reply_id = house.approved()
    if state == "posted":
        house.posted(reply_id)
    elif state == "uncertain":
        house.unsure(reply_id)
    else:
        house.sending(reply_id)
    before = house.everything()
    with moved_on("Too late to undo"):
        house.casebook.replies.withdraw(reply_id, house.ana, LATER)
    assert house.everything() == before


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("dismissed", [False, True])
def test_what_waited_goes_when_ben_ends_the_matter(house: House, dismissed: bool, by_hand: bool) -> None:
    reply_id = house.by_hand() if by_hand else house.approved()
    if dismissed:
        house.casebook.cases.dismiss(1, "praise", house.ben, LATER)
    else:
        house.casebook.cases.already_answered(1, house.ben, LATER)
    assert house.reply_state(reply_id) is ReplyState.WITHDRAWN
    assert house.file(1).case.parked_why is None
    assert house.reading.lists(LATER).by_hand == ()


# Who was first, and when ------------------------------------------------------------------------------------------------


def test_whoever_comes_second_hears_who_did_what_and_when_by_the_shops_clock(house: House) -> None:
    proposal = house.propose(house.complain())
    cases = house.casebook.cases
    cases.dismiss(1, "praise", house.ben, NOON + 2 * MINUTE)
    with moved_on(r"^Ben dismissed this case at 13:02\.$"):
        cases.dismiss(1, "not_us", house.ana, LATER)
    with moved_on(r"^You dismissed this case at 13:02\.$"):
        cases.offline(1, "", house.ben, LATER)
    with moved_on(r"^Ben dismissed this case at 13:02\. Open it again to answer\.$"):
        house.casebook.replies.approve(proposal, 1, house.ana, LATER, hold=HOLD)
    with moved_on(r"^Ben dismissed this case on 22 November at 13:02\.$"):
        cases.resolve(1, "Oven", "Cake", "", house.ana, NOON + DAY)
    with moved_on(r"^Ben dismissed this case on 22 November 2026 at 13:02\.$"):
        cases.already_answered(1, house.ana, NOON + 60 * DAY)


def test_an_undo_that_comes_second_hears_of_the_first_and_of_what_went_out(house: House) -> None:
    taken_back = house.approved()
    house.casebook.replies.withdraw(taken_back, house.ben, NOON + 4 * MINUTE)
    with moved_on(r"^Ben took this reply back at 13:04\.$"):
        house.casebook.replies.withdraw(taken_back, house.ana, LATER)
    up = house.posted(house.approved(house.complain(post("p2", by=DAN))))
    with moved_on(r"^Too late to undo: it went out at 13:05\. You can take it down\.$"):
        house.casebook.replies.withdraw(up, house.ana, LATER)
    house.casebook.removals.approve(up, "", house.ben, NOON + 20 * MINUTE, hold=HOLD)
    with moved_on(r"^Ben asked for that at 13:20: it is already being taken down\.$"):
        house.casebook.removals.approve(up, "", house.ana, NOON + 21 * MINUTE, hold=HOLD)


def test_what_no_person_did_is_told_with_its_time_too(house: House) -> None:
    house.complain()
    house.casebook.rounds.record_again(ROSE.key, [Gone("p1", "deleted")], "x", NOON + 3 * MINUTE)
    with moved_on(r"^At 13:03: Everything the customer wrote here was deleted\.$"):
        house.casebook.cases.dismiss(1, "praise", house.ana, LATER)


# All at once -----------------------------------------------------------------------------------------------------------


def test_eight_people_approving_at_once_make_one_reply(house: House) -> None:
    for number in range(5):
        proposal = house.propose(house.complain(post(f"p{number}")))
        names = [f"Agent {one}" for one in range(8)]
        people = [
            f"person:{house.casebook.people.add(f'{name}{number}@r.example', name, 'member', 'h', NOON)}"
            for name in names
        ]
        start = Barrier(8)

        def approve(by: str, proposal: int = proposal, start: Barrier = start) -> str:
            start.wait()
            try:
                return str(house.casebook.replies.approve(proposal, 1, by, LATER, hold=HOLD))
            except MovedOn as moved:
                return moved.why

        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(approve, people))
        (winner,) = [index for index, one in enumerate(told) if one.isdigit()]
        losers = [one for index, one in enumerate(told) if index != winner]
        quicker = f"{names[winner]} was quicker, at {LATER.astimezone(BERLIN):%H:%M}"
        assert set(losers) == {f"{quicker}: a reply to this post is already on its way. It will not be sent twice."}
    assert house.one("SELECT count(*) FROM replies") == 5


def test_two_processes_approving_at_once_make_one_reply(house: House, url: str, project: Path) -> None:
    proposal = house.propose(house.complain())
    script = [sys.executable, "-m", "tests.storage.agreeing", url, str(proposal)]
    desks = [
        subprocess.Popen(
            [*script, by, LATER.isoformat()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=project
        )
        for by in (house.ana, house.ben)
    ]
    try:
        for desk in desks:
            assert desk.stdout is not None
            assert desk.stdout.readline() == "ready\n"
        for desk in desks:
            assert desk.stdin is not None
            desk.stdin.write("go\n")
            desk.stdin.flush()
        told = sorted(desk.communicate()[0].strip() for desk in desks)
    finally:
        for desk in desks:
            desk.kill()
            desk.wait()
    assert told[0] == "1"
    assert "was quicker" in told[1]
    assert house.one("SELECT count(*) FROM replies") == 1


# Proposals -------------------------------------------------------------------------------------------------------------


def test_proposals_are_due_worst_first_until_they_are_there(house: House) -> None:
    house.complain(post("p1"), urgency=1)
    house.complain(post("p2", at=NOON + MINUTE), urgency=4)
    house.complain(post("p3", at=NOON - MINUTE), urgency=4)
    due = house.casebook.proposals.due
    assert due(LATER) == (3, 2, 1)
    assert due(LATER, limit=1) == (3,)
    house.propose(3)
    house.casebook.cases.snooze(2, LATER + HOUR, house.ana, LATER)
    assert due(LATER) == (1,)
    assert due(LATER + HOUR) == (2, 1)
    house.casebook.cases.dismiss(1, "praise", house.ana, LATER)
    assert due(LATER) == ()


def test_proposals_for_a_turn_that_has_passed_are_dropped(house: House) -> None:
    house.complain()
    house.hear(answer("p2", post(), "Hello?", by=CORA, at=NOON + MINUTE))
    with moved_on("new proposals will follow"):
        house.casebook.proposals.store(1, 1, [draft()], BY_API, LATER)
    house.casebook.proposals.store(1, 2, [draft()], BY_API, LATER)
    with moved_on("proposals for this turn already"):
        house.casebook.proposals.store(1, 2, [draft()], BY_API, LATER)
    assert house.file(1).proposals[0].parent_post == 2


def test_an_own_text_does_not_keep_the_machine_from_proposing(house: House) -> None:
    house.complain()
    own = house.casebook.proposals.write(1, draft("My own words"), BY_API, LATER)
    assert house.casebook.proposals.due(LATER) == (1,)
    stored = house.casebook.proposals.store(1, 1, [draft("One"), draft("Two"), draft("Three")], BY_API, LATER)
    assert len({own, *stored}) == 4
    shown = [(one.alternative, one.text) for one in house.file(1).proposals]
    assert shown == [(0, "One"), (1, "My own words"), (2, "Two"), (3, "Three")]
    again = house.casebook.proposals.write(1, draft("Other words"), BY_API, LATER)
    assert house.file(1).proposals[-1].id == again
    assert house.reading.inbox(LATER).rows[0].proposal == "One"


def test_revising_makes_a_new_text_and_keeps_the_old(house: House) -> None:
    first = house.propose(house.complain(), reach=BY_HAND)
    assert house.casebook.proposals.revise(first, SORRY, [], house.ana, LATER) == first
    second = house.casebook.proposals.revise(first, "Sorry, dear Cora.", [HINT], house.ana, LATER)
    third = house.casebook.proposals.revise(first, "Dear Cora, sorry.", [], house.ben, LATER + SECOND)
    (shown,) = house.file(1).proposals
    assert (shown.id, shown.revision, shown.text, shown.made_by) == (third, 2, "Dear Cora, sorry.", house.ben)
    assert shown.reach == BY_HAND
    assert house.rows("SELECT id, text FROM proposals ORDER BY id") == [
        (first, SORRY),
        (second, "Sorry, dear Cora."),
        (third, "Dear Cora, sorry."),
    ]
    reply_id = house.approve(second)
    assert house.file(1).replies[0].text == "Sorry, dear Cora."
    assert house.reply_state(reply_id) is ReplyState.BY_HAND


def test_when_every_post_has_gone_the_complaint_is_what_a_text_answers(house: House) -> None:
    house.complain()
    house.casebook.cases.note(1, "She told me in the shop.", house.ana, NOON)
    house.casebook.rounds.record_again(ROSE.key, [Gone("p1", "deleted")], "x", LATER)
    own = house.casebook.proposals.write(1, draft(), BY_API, LATER)
    assert house.file(1).proposals[0].parent_post == 1
    assert house.file(1).last == house.file(1).complaint
    reply_id = house.approve(own)
    assert house.casebook.replies.claim(reply_id, LATER + timedelta(hours=1)) is None
    assert house.file(1).case.parked_why == "Your reply was not posted: The customer deleted the post."
