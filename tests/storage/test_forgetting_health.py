"""What told of somebody's health is erased a month after it was done: the words go, the moves stay, and no poll brings anything back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.exc import IntegrityError

from storage.casebook import Judged
from storage.casebook.chain import verify
from storage.lifecycle import MovedOn
from storage.words import CaseState, Kind, Post, Posted, Reason, ReplyState
from tests.storage.house import (
    BY_API,
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
    SWIFT,
    US,
    House,
    answer,
    draft,
    post,
    verdict,
)

MONTH = 30 * DAY
LATER = NOON + 31 * DAY
CANARY = "canary-yellow"
GRAVE = replace(
    verdict(urgency=4, sensitive=True), reasons=(Reason("safety", "“canary-yellow”: health", 3, 9),), vector=b"12"
)


def erase(house: House, now: datetime = LATER) -> int:
    return house.casebook.forgetting.forget_health(now - MONTH, now)


def told(house: House) -> str:
    return repr(house.everything())


def fell_ill(house: House, said: Post | None = None) -> int:
    """Cora tells that she was ill: the case, judged grave."""
    return house.hear(Judged(said or post("p1", "My canary-yellow cake made me ill"), GRAVE)).raised[0]


def made_good(house: House) -> int:
    """The same, answered, written about and resolved an hour later."""
    case_id, book = fell_ill(house), house.casebook
    book.cases.note(case_id, "She rang: canary-yellow again", house.ben, NOON + 2 * MINUTE)
    reply = house.approve(house.propose(case_id, draft("We are sorry about the canary-yellow cake")))
    house.posted(reply, native_id="r1")
    ours = answer("r1", post("p1"), "We are sorry about the canary-yellow cake", by=US, at=NOON + 5 * MINUTE)
    house.hear(Judged(ours, PRAISE), now=NOON + 6 * MINUTE)
    book.cases.resolve(case_id, "canary-yellow nuts", "a canary-yellow refund", "", house.ana, NOON + HOUR)
    return case_id


def test_a_month_after_it_was_done_no_word_of_it_is_left(house: House) -> None:
    case_id = made_good(house)
    moves = house.history(case_id)
    assert CANARY in told(house)
    assert erase(house) == 1
    assert CANARY not in told(house)
    assert house.history(case_id) == [*moves, ("machine", "case", "resolved", "resolved")]
    assert verify(house.engine, KEY) == ()
    file = house.file(case_id)
    assert (file.case.state, file.case.erased, file.customer.forgotten) == (CaseState.RESOLVED, True, False)
    assert file.customer.handle == "cora", "that she is a customer tells nothing of her health"
    assert [(one.state, one.text, one.approved_by) for one in file.replies] == [(ReplyState.POSTED, "", house.ana)]
    before = told(house)
    assert erase(house, LATER + DAY) == 0
    assert told(house) == before


def test_until_then_nothing_goes(house: House) -> None:
    made_good(house)
    before = told(house)
    assert erase(house, NOON + MONTH) == 0
    assert told(house) == before


@pytest.mark.parametrize("state", ["open", "answered"])
def test_a_case_that_is_not_done_keeps_its_words(house: House, state: str) -> None:
    case_id = fell_ill(house)
    if state == "answered":
        house.posted(house.approve(house.propose(case_id)))
    assert erase(house, NOON + 400 * DAY) == 0
    assert CANARY in told(house)


def test_other_cases_keep_their_words(house: House) -> None:
    stale = house.complain(post("p2", "My canary-yellow cake was stale"))
    house.casebook.cases.dismiss(stale, "praise", house.ana, NOON + HOUR)
    assert erase(house) == 0
    assert CANARY in told(house)


def test_what_raised_no_case_goes_a_month_after_it_came(house: House) -> None:
    house.hear(Judged(post("p1", "canary-yellow allergy song"), replace(GRAVE, kind=Kind.CHATTER)))
    house.hear(Judged(post("p2", "a canary that is well", by=DAN), PRAISE))
    assert erase(house, NOON + MONTH) == 0
    assert erase(house) == 1
    assert CANARY not in told(house)
    assert "a canary that is well" in told(house)
    assert erase(house) == 0


def test_later_polls_bring_nothing_back(house: House) -> None:
    made_good(house)
    erase(house)
    before = house.one("SELECT count(*) FROM post_texts")
    again = post("p1", "My canary-yellow cake made me ill", edited_at=LATER)
    assert house.hear(Judged(again, GRAVE), now=LATER + HOUR).raised == ()
    house.casebook.rounds.record_again(ROSE.key, [Judged(again, GRAVE)], "x", LATER + HOUR)
    house.casebook.rounds.record_import(ROSE.key, [Judged(again, GRAVE)], LATER + HOUR)
    assert house.one("SELECT count(*) FROM post_texts") == before
    assert CANARY not in told(house)


def test_who_writes_again_is_heard_as_before(house: House) -> None:
    first = made_good(house)
    erase(house)
    said = answer("p9", post("p1"), "And now my bread is stale", by=CORA, at=LATER)
    second = house.complain(said, now=LATER + MINUTE)
    assert second != first
    assert house.file(second).customer.handle == "cora"


def test_an_erased_case_cannot_be_opened_answered_or_written_about(house: House) -> None:
    case_id = made_good(house)
    proposal = house.one("SELECT id FROM proposals")
    erase(house)
    book, turn = house.casebook, house.file(case_id).case.turn
    acts: list[Callable[[], object]] = [
        lambda: book.cases.reopen(case_id, "by mistake", house.ana, LATER),
        lambda: book.cases.note(case_id, "what was that?", house.ana, LATER),
        lambda: book.proposals.write(case_id, draft(), BY_API, LATER),
        lambda: book.proposals.store(case_id, turn, [draft()], BY_API, LATER),
        lambda: book.proposals.revise(proposal, "other words", (), house.ana, LATER),
        lambda: house.approve(proposal),
    ]
    before = house.everything()
    for act in acts:
        with pytest.raises(MovedOn, match="told of somebody's health"):
            act()
    assert house.everything() == before


def test_even_then_a_proposal_can_only_be_emptied(house: House) -> None:
    made_good(house)
    with pytest.raises(IntegrityError, match="immutable"):
        house.do("UPDATE proposals SET text = '', findings = '[]', reach_why = ''")
    erase(house)
    house.do("UPDATE proposals SET text = '', findings = '[]', reach_why = ''")
    with pytest.raises(IntegrityError, match="immutable"):
        house.do("UPDATE proposals SET text = 'other words'")


def test_while_an_answer_may_be_up_it_waits(house: House) -> None:
    reply = house.unsure()
    house.do("UPDATE cases SET sensitive = true")
    house.casebook.cases.dismiss(house.one("SELECT case_id FROM replies"), "solved", house.ana, NOON + HOUR)
    before = told(house)
    assert erase(house) == 0
    assert told(house) == before
    house.casebook.replies.found(reply.id, reply.fence, Posted("r1", None, NOON), NOON + 2 * HOUR)
    assert erase(house, LATER + MONTH) == 1


@pytest.mark.parametrize("make", [House.by_hand, House.refused])
def test_what_could_still_be_posted_is_taken_back(house: House, make: Callable[[House], int]) -> None:
    reply_id = make(house)
    house.do("UPDATE cases SET sensitive = true, state = 'dismissed'")
    assert erase(house, LATER + MONTH) == 1
    assert house.reply_state(reply_id) is ReplyState.WITHDRAWN


def test_what_another_brand_works_on_stays_until_it_is_done_there(house: House) -> None:
    said = post("p1", "My canary-yellow cake came by Swift Courier and made me ill")
    first = fell_ill(house, said)
    house.casebook.rounds.record_import(SWIFT.key, [Judged(said, GRAVE)], NOON + MINUTE)
    second = next(one for one in (first + 1, first + 2) if house.file(one).case.brand == SWIFT.key)
    house.casebook.cases.dismiss(first, "not_us", house.ana, NOON + HOUR)
    assert erase(house) == 1
    assert CANARY in told(house), "the courier still has to answer it"
    house.casebook.cases.dismiss(second, "solved", house.ana, LATER)
    assert erase(house, LATER + 2 * MONTH) >= 1
    assert CANARY not in told(house)


def test_what_was_learnt_of_it_goes_too(house: House) -> None:
    case_id = fell_ill(house)
    house.casebook.cases.dismiss(case_id, "praise", house.ana, NOON + HOUR)
    assert house.one("SELECT count(*) FROM lessons") == 1
    erase(house)
    assert house.one("SELECT count(*) FROM lessons") == 0
    assert house.rows("SELECT reasons, vector FROM verdicts") == [("[]", None)] or house.rows(
        "SELECT reasons, vector FROM verdicts"
    ) == [([], None)]


def test_many_are_erased_in_several_goes(house: House) -> None:
    for at in range(60):
        house.hear(
            Judged(
                post(f"p{at}", f"canary-yellow {at}", by=replace(CORA, native_id=f"c{at}")),
                replace(GRAVE, kind=Kind.CHATTER),
            )
        )
    assert [erase(house) for _ in range(3)] == [50, 10, 0]


def test_a_complaint_that_tells_of_no_illness_is_none_of_its_business(house: House) -> None:
    house.hear(Judged(post("p1", "canary-yellow"), COMPLAINT))
    house.do("UPDATE cases SET state = 'dismissed'")
    assert erase(house) == 0
