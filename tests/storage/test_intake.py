"""Rounds: what comes in, in whatever order, raises the right cases once, and nothing bad costs more than itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from storage.case_file import versions
from storage.casebook import Judged, Round
from storage.engine import BaseUnavailable, reading
from storage.lifecycle import MovedOn
from storage.words import (
    Account,
    Author,
    Batch,
    CaseState,
    Gone,
    Kind,
    Origin,
    Poison,
    Post,
    ReplyState,
    Topic,
    Verdict,
)
from tests.storage.house import (
    CHATTER,
    COMPLAINT,
    CORA,
    DAN,
    DAY,
    HOUR,
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


def again(house: House, *seen: Judged | Gone, now: datetime = LATER) -> None:
    house.casebook.rounds.record_again(ROSE.key, seen, "x", now)


def ours(native_id: str, under: Post, at: datetime = NOON + 10 * MINUTE) -> Post:
    return answer(native_id, under, "Sorry, Cora!", by=US, at=at)


# Raising ---------------------------------------------------------------------------------------------------------------


def test_a_complaint_raises_one_case(house: House) -> None:
    heard = house.hear(Judged(post(said="My cake was stale, Market Street!"), verdict(urgency=3, sensitive=True)))
    assert heard == Round(found=1, raised=(1,))
    file = house.file(1)
    assert file.case.state is CaseState.OPEN
    assert (file.case.urgency, file.case.sensitive, file.case.topic) == (3, True, Topic.PRODUCT)
    assert (file.case.turn, file.case.shop, file.case.language) == (1, "market", "en")
    assert file.customer.handle == "cora"
    assert file.complaint.post.text == "My cake was stale, Market Street!"
    assert file.verdict is not None
    assert file.verdict.kind is Kind.COMPLAINT
    assert house.history(1) == [("machine", "case", "", "open")]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.COMPLAINT])
def test_whatever_is_no_complaint_raises_none(house: House, kind: Kind) -> None:
    assert house.hear(Judged(post(), verdict(kind))) == Round(found=1)
    assert house.reading.inbox(LATER).total == 0


def test_the_same_batch_twice_raises_one_case(house: House) -> None:
    batch = [Judged(post(f"p{n}", by=Author(f"a{n}", f"a{n}")), COMPLAINT) for n in range(5)]
    assert len(house.hear(*batch).raised) == 5
    before = house.everything()
    assert house.hear(*batch) == Round(repeats=5)
    assert {name: rows for name, rows in house.everything().items() if name != "sources"} == {
        name: rows for name, rows in before.items() if name != "sources"
    }


def test_a_post_twice_in_one_batch_is_one_post(house: House) -> None:
    assert house.hear(post(), post()) == Round(found=1, repeats=1, raised=(1,))


def test_what_is_stored_as_it_is_need_not_be_judged_again_and_all_else_must(house: House) -> None:
    cake, roll, bun, tart = (
        post("p1"),
        post("p2", by=DAN),
        post("p3", by=Author("e-1", "eve")),
        post("p4", "Lovely tart"),
    )
    nobody = post("p5", by=Author("", ""))
    house.hear(cake, roll, bun, Judged(tart, PRAISE), nobody, Judged(ours("p6", cake), CHATTER))
    again(house, Gone("p3", "deleted"))
    edited, titled = replace(roll, text="My roll was stale"), replace(tart, title="On tarts")
    by_another_id = replace(cake, author=Author("c-2", "cora"))
    new = post("p7")
    page = [cake, edited, bun, titled, nobody, ours("p6", cake), new]
    assert house.casebook.rounds.news_among(ROSE.key, page) == (edited, bun, titled, ours("p6", cake), new)
    assert house.casebook.rounds.news_among(ROSE.key, [by_another_id]) == (by_another_id,)
    assert house.casebook.rounds.news_among(SWIFT.key, [cake]) == (cake,), "it is no mention of this brand yet"
    assert house.casebook.rounds.news_among(ROSE.key, []) == ()


def test_an_account_that_turned_out_to_be_ours_is_not_passed_over(house: House) -> None:
    house.hear(post(by=DAN))
    house.casebook.brands.own_account(ROSE.key, Account("x", DAN.native_id, DAN.handle, DAN.name), LATER)
    assert house.casebook.rounds.news_among(ROSE.key, [post(by=DAN)]) == (post(by=DAN),)


def test_a_page_of_more_than_one_question_holds_is_looked_through_whole(house: House) -> None:
    page = [post(f"p{n}", by=Author(f"a{n}", f"a{n}")) for n in range(1_002)]
    house.hear(*(Judged(one, CHATTER) for one in page[:-1]))
    assert house.casebook.rounds.news_among(ROSE.key, page) == (page[-1],)


def test_what_is_passed_over_would_have_changed_nothing(house: House) -> None:
    chance = random.Random(4)
    heard = [post(f"p{n}", by=Author(f"a{n % 5}", f"a{n % 5}"), at=NOON + n * SECOND) for n in range(40)]
    house.hear(*(Judged(one, chance.choice([COMPLAINT, PRAISE, CHATTER])) for one in heard))
    again(house, *(Gone(one.native_id, "deleted") for one in chance.sample(heard, 5)))
    news = set(house.casebook.rounds.news_among(ROSE.key, heard))
    known = [Judged(one, COMPLAINT) for one in heard if one not in news]
    before = house.everything()
    assert house.hear(*known) == Round(repeats=35)
    after = house.everything()
    assert all(after[name] == rows for name, rows in before.items() if name != "sources")


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_a_page_does_not_matter(house: House, seed: int) -> None:
    cake = post("p1")
    page = [
        Judged(cake, COMPLAINT),
        Judged(answer("p2", cake, "And nobody answers", by=CORA, at=NOON + 2 * MINUTE), COMPLAINT),
        Judged(ours("p3", cake), CHATTER),
        Judged(answer("p4", cake, "Same here!", by=DAN, at=NOON + 11 * MINUTE), COMPLAINT),
    ]
    random.Random(seed).shuffle(page)
    assert house.hear(*page).raised == (1, 2)
    assert [house.state(1), house.state(2)] == [CaseState.ANSWERED, CaseState.OPEN]
    assert [one.post.native_id for one in house.file(1).thread] == ["p1", "p2", "p3", "p4"]
    assert [one.by for one in house.file(1).thread] == ["customer", "customer", "us", "other"]


def test_what_began_a_conversation_comes_first_at_the_same_instant(house: House) -> None:
    cake = post("p1")
    house.hear(answer("p2", cake, "Hello?", by=CORA, at=NOON), cake)
    assert house.file(1).complaint.post == cake


def test_a_reply_that_comes_a_poll_before_its_parent_is_one_case_in_the_end(house: House) -> None:
    cake = post("p1")
    house.hear(answer("p2", cake, "And nobody answers", by=CORA, at=NOON + MINUTE))
    assert house.hear(cake).raised == ()
    assert [one.post.native_id for one in house.file(1).thread] == ["p1", "p2"]
    assert house.file(1).last.post.native_id == "p2"


def test_twelve_customers_under_one_post_are_twelve_cases(house: House) -> None:
    news = post("p0", "New cakes today!", by=DAN)
    angry = [answer(f"p{n}", news, "Stale!", by=Author(f"a{n}", f"a{n}"), at=NOON + n * SECOND) for n in range(1, 13)]
    assert len(house.hear(Judged(news, CHATTER), *angry).raised) == 12
    assert house.reading.inbox(LATER).total == 12


def test_one_customer_in_two_conversations_has_two_cases_that_know_each_other(house: House) -> None:
    assert house.hear(post("p1"), post("p2", at=NOON + MINUTE)).raised == (1, 2)
    assert [case.id for case in house.file(2).earlier] == [1]


def test_one_post_about_two_brands_is_a_case_for_each(house: House) -> None:
    house.complain()
    heard = house.casebook.rounds.record_import(SWIFT.key, [Judged(post(), COMPLAINT)], LATER)
    assert heard == Round(found=1, raised=(2,))
    assert [house.file(case).case.brand for case in (1, 2)] == [ROSE.key, SWIFT.key]
    assert house.one("SELECT count(*) FROM posts") == 1


def test_a_repost_raises_none(house: House) -> None:
    assert house.hear(post(is_repost=True)) == Round(found=1)
    mention = house.one("SELECT id FROM mentions")
    better = verdict(stage=2)
    assert house.casebook.verdicts.record(mention, better, LATER) is None


def test_a_post_from_a_clock_ahead_of_ours_waits_since_now(house: House) -> None:
    house.hear(post(at=NOON + 5 * MINUTE), now=NOON)
    assert house.reading.inbox(NOON).rows[0].waiting == timedelta(0)


# Too old ---------------------------------------------------------------------------------------------------------------


def test_older_than_two_days_raises_none_and_counts_as_older(house: House) -> None:
    fresh, old = post("p1", at=NOON - 2 * DAY), post("p2", at=NOON - 2 * DAY - SECOND)
    assert house.hear(fresh, old, now=NOON) == Round(found=2, raised=(1,), old=1)
    assert house.reading.older_complaints(ROSE.key, NOON) == 1


def test_hundreds_of_old_complaints_in_a_first_round_raise_none(house: House) -> None:
    old = [Judged(post(f"p{n}", at=NOON - 90 * DAY + n * MINUTE), COMPLAINT) for n in range(500)]
    assert house.hear(*old, now=NOON) == Round(found=500, old=500)
    assert house.casebook.proposals.due(NOON) == ()


def test_old_complaints_answered_outside_do_not_count(house: House) -> None:
    old = [post(f"p{n}", at=NOON - 9 * DAY) for n in range(3)]
    house.hear(*old, Judged(ours("r1", old[0], NOON - 8 * DAY), CHATTER), now=NOON)
    again(house, Gone("p1", "deleted"), now=NOON)
    assert house.reading.older_complaints(ROSE.key, NOON) == 1
    house.casebook.brands.answer_old_one_a_day(ROSE.key, True, house.ana, NOON)
    assert house.casebook.cases.raise_old_due(NOON) == 1
    assert house.file(1).complaint.post.native_id == "p2"


def test_an_answer_of_another_brand_does_not_make_an_old_complaint_answered(house: House) -> None:
    house.casebook.brands.own_account(SWIFT.key, Account("x", "sw-1", "swiftcourier"), NOON)
    old = post(at=NOON - 9 * DAY)
    house.hear(old, now=NOON)
    theirs = answer("r1", old, "Sorry for the van!", by=Author("sw-1", "swiftcourier"), at=NOON - 8 * DAY)
    house.casebook.rounds.record_import(SWIFT.key, [Judged(theirs, CHATTER)], NOON)
    assert house.reading.older_complaints(ROSE.key, NOON) == 1


def test_an_old_complaint_taken_back_by_its_author_does_not_count_any_more(house: House) -> None:
    old = post(at=NOON - 9 * DAY)
    house.hear(old, now=NOON)
    house.hear(Judged(replace(old, text="All fine now, thank you!"), PRAISE), now=LATER)
    assert house.reading.older_complaints(ROSE.key, LATER) == 0


def test_the_newest_old_complaint_comes_first(house: House) -> None:
    house.hear(*(post(f"p{n}", at=NOON - (9 + n) * DAY) for n in range(3)), now=NOON)
    house.casebook.brands.answer_old_one_a_day(ROSE.key, True, house.ana, NOON)
    assert house.casebook.cases.raise_old_due(NOON) == 1
    assert house.file(1).complaint.post.native_id == "p0"
    assert house.history(1) == [("machine", "case", "", "open")]
    assert house.reading.older_complaints(ROSE.key, LATER) == 2


def test_old_complaints_of_one_conversation_join_one_case(house: House) -> None:
    first = post("p1", at=NOON - 9 * DAY)
    house.hear(first, answer("p2", first, "Still nothing", by=CORA, at=NOON - 8 * DAY), now=NOON)
    house.casebook.brands.answer_old_one_a_day(ROSE.key, True, house.ana, NOON)
    assert [house.casebook.cases.raise_old_due(NOON + days * DAY) for days in range(3)] == [1, 1, 0]
    assert house.reading.counts(LATER).cases[CaseState.OPEN] == 1
    assert house.file(1).case.turn == 2


def test_one_old_complaint_a_day_by_the_brands_own_calendar(house: House) -> None:
    house.hear(*(post(f"p{n}", at=NOON - (9 + n) * DAY) for n in range(3)), now=NOON)
    cases, brands = house.casebook.cases, house.casebook.brands
    assert house.reading.old_answer(ROSE.key) is None
    assert cases.raise_old_due(NOON) == 0
    brands.answer_old_one_a_day(ROSE.key, True, house.ana, NOON)
    brands.answer_old_one_a_day(SWIFT.key, True, house.ana, NOON)  # has none; that stops nobody
    assert house.reading.old_answer(ROSE.key) is True
    assert cases.raise_old_due(NOON) == 1
    assert cases.raise_old_due(NOON + 10 * HOUR) == 0  # 23:00 in Berlin
    assert cases.raise_old_due(NOON + 11 * HOUR) == 1  # midnight in Berlin, 23:00 in UTC
    assert cases.raise_old_due(NOON) == 0  # the clock went back: yesterday has had its turn
    brands.answer_old_one_a_day(ROSE.key, False, house.ana, NOON)
    assert cases.raise_old_due(NOON + 3 * DAY) == 0


# Our own posts ---------------------------------------------------------------------------------------------------------


def test_our_own_post_is_never_a_mention(house: House) -> None:
    assert house.hear(post(by=US)) == Round()
    assert house.reading.counts(NOON).mentions == 0


def test_an_account_that_turns_out_to_be_ours_is_ours_from_then_on(house: House) -> None:
    bakery = Author("us-2", "rosebakery_hq")
    house.hear(Judged(post(by=bakery), CHATTER))
    house.casebook.brands.own_account(ROSE.key, Account("x", "us-2", "rosebakery_hq"), NOON)
    assert house.hear(post(by=bakery)) == Round()
    assert house.one("SELECT by_account FROM posts") == 2


def test_an_answer_given_on_the_site_answers_the_case(house: House) -> None:
    house.complain()
    house.hear(Judged(ours("r1", post()), CHATTER))
    assert house.state(1) is CaseState.ANSWERED
    (reply,) = house.file(1).replies
    assert (reply.origin, reply.state, reply.native_id) == (Origin.OUTSIDE, ReplyState.POSTED, "r1")
    assert (reply.approved_by, reply.text) == (None, "Sorry, Cora!")
    assert house.file(1).case.turn == 2
    told = house.history(1)
    house.hear(Judged(ours("r1", post()), CHATTER))
    assert house.history(1) == told
    assert house.file(1).case.turn == 2


def test_an_answer_that_arrives_a_poll_before_the_complaint_counts(house: House) -> None:
    house.hear(Judged(ours("r1", post()), CHATTER))
    assert house.hear(post(), now=NOON + 20 * MINUTE).raised == (1,)
    assert house.state(1) is CaseState.ANSWERED


def test_an_answer_older_than_what_cora_wrote_last_does_not_answer_her(house: House) -> None:
    cake = post()
    house.hear(cake, answer("p2", cake, "That did not help!", by=CORA, at=NOON + 20 * MINUTE))
    house.hear(Judged(ours("r1", cake, NOON + 10 * MINUTE), CHATTER), now=NOON + 30 * MINUTE)
    assert house.state(1) is CaseState.OPEN
    assert len(house.file(1).replies) == 1


def test_many_answers_on_the_site_are_all_known_and_move_the_turn_once_each(house: House) -> None:
    house.complain()
    many = [Judged(ours(f"r{n}", post(), NOON + n * MINUTE), CHATTER) for n in range(1, 8)]
    house.hear(*many)
    turn = house.file(1).case.turn
    assert len(house.file(1).replies) == 4  # one for each purpose
    house.hear(*many)
    house.hear(*many)
    assert house.file(1).case.turn == turn


def test_an_answer_by_another_brand_is_not_ours(house: House) -> None:
    swift = Author("sw-1", "swiftcourier")
    house.casebook.brands.own_account(SWIFT.key, Account("x", "sw-1", "swiftcourier"), NOON)
    reply = house.unsure()
    theirs = Judged(answer("r9", post(), "Sorry for the van!", by=swift, at=LATER), CHATTER)
    house.casebook.rounds.record_import(SWIFT.key, [theirs], LATER)
    assert house.reply_state(reply.id) is ReplyState.UNCERTAIN
    assert house.state(1) is CaseState.OPEN


def test_brands_that_share_an_account_share_its_answers(house: House) -> None:
    house.casebook.brands.own_account(SWIFT.key, Account("x", US.native_id, US.handle), NOON)
    house.complain()
    house.casebook.rounds.record_import(SWIFT.key, [Judged(post(), COMPLAINT)], NOON + MINUTE)
    house.hear(Judged(ours("r1", post()), CHATTER))
    assert [house.state(case) for case in (1, 2)] == [CaseState.ANSWERED, CaseState.ANSWERED]


def test_an_answer_under_an_edited_post_is_found_by_its_newest_id(house: House) -> None:
    cake = post(reply_to="p1-b")
    house.complain(cake)
    late = replace(ours("r1", cake), parent_id="p1-b")
    house.hear(Judged(late, CHATTER))
    assert house.state(1) is CaseState.ANSWERED


def test_an_own_post_under_nothing_we_know_is_left_alone(house: House) -> None:
    house.complain()
    house.hear(Judged(replace(ours("r1", post()), parent_id="elsewhere"), CHATTER))
    assert house.state(1) is CaseState.OPEN


# The customer goes on --------------------------------------------------------------------------------------------------


def test_coras_second_post_moves_the_turn_takes_back_what_was_held_and_tells_ana(house: House) -> None:
    reply_id = house.approved()
    more = answer("p2", post(), "And the coffee was cold", by=CORA, at=NOON + 4 * MINUTE)
    assert house.hear(Judged(more, verdict(urgency=4))).raised == ()
    assert house.reply_state(reply_id) is ReplyState.WITHDRAWN
    case = house.file(1).case
    assert (case.turn, case.urgency, case.state) == (2, 4, CaseState.OPEN)
    assert case.parked_why == "Your reply was not posted: The customer wrote again."
    assert house.file(1).last.post == more
    assert [row.case_id for row in house.reading.lists(LATER).parked] == [1]
    assert house.casebook.proposals.due(LATER) == (1,)


def test_a_reply_to_post_by_hand_stays_in_anas_hands_but_she_is_told_to_look(house: House) -> None:
    reply_id = house.by_hand()
    house.hear(answer("p2", post(), "And the coffee was cold", by=CORA, at=NOON + 4 * MINUTE))
    assert house.reply_state(reply_id) is ReplyState.BY_HAND
    (row,) = house.reading.lists(LATER).by_hand
    assert row.parked_why == "Look again before you post your reply by hand: The customer wrote again."


def test_thanks_make_a_case_ready_to_close(house: House) -> None:
    house.posted()
    house.hear(Judged(answer("p2", post(), "Thank you!", by=CORA, at=LATER), PRAISE))
    assert house.state(1) is CaseState.ANSWERED
    assert house.file(1).case.thanked
    assert [row.case_id for row in house.reading.lists(LATER + HOUR).ready_to_close] == [1]
    assert house.reading.inbox(LATER + HOUR).total == 0


@pytest.mark.parametrize("kind", [Kind.COMPLAINT, Kind.CHATTER, Kind.QUESTION])
def test_anything_but_thanks_opens_an_answered_case_again(house: House, kind: Kind) -> None:
    house.posted()
    house.hear(Judged(answer("p2", post(), "Call that sorry?", by=CORA, at=LATER), verdict(kind)))
    assert house.state(1) is CaseState.OPEN
    (row,) = house.reading.inbox(LATER + 5 * MINUTE).rows
    assert row.waiting == 5 * MINUTE
    assert row.text == "Call that sorry?"


def test_a_kind_word_inside_a_reproach_is_no_thanks(house: House) -> None:
    house.posted()
    reproach = replace(PRAISE, mood=0.3)
    house.hear(Judged(answer("p2", post(), "Nice words, still no cake", by=CORA, at=LATER), reproach))
    assert (house.state(1), house.file(1).case.thanked) == (CaseState.OPEN, False)


def test_thanks_followed_by_anger_are_no_thanks(house: House) -> None:
    house.posted()
    house.hear(Judged(answer("p2", post(), "Thank you!", by=CORA, at=LATER), PRAISE))
    house.hear(answer("p3", post(), "Wait, it is stale again", by=CORA, at=LATER + MINUTE))
    assert not house.file(1).case.thanked
    assert house.reading.inbox(LATER + HOUR).total == 1


def test_a_word_in_private_matters_stays_in_private_but_moves_the_turn(house: House) -> None:
    house.complain()
    house.casebook.cases.offline(1, "She called.", house.ana, LATER)
    house.hear(answer("p2", post(), "You said you would call", by=CORA, at=LATER))
    assert (house.state(1), house.file(1).case.turn) == (CaseState.OFFLINE, 2)


@pytest.mark.parametrize("ending", ["dismissed", "resolved"])
def test_a_new_complaint_opens_a_closed_case_again(house: House, ending: str) -> None:
    house.complain()
    if ending == "dismissed":
        house.casebook.cases.dismiss(1, "praise", house.ana, LATER)
    else:
        house.casebook.cases.resolve(1, "Oven", "A new cake", "", house.ana, LATER)
    assert house.hear(Judged(answer("p2", post(), "So-so", by=CORA, at=LATER), CHATTER)).raised == ()
    assert house.state(1) == ending
    heard = house.hear(Judged(answer("p3", post(), "Stale again!", by=CORA, at=LATER + MINUTE), verdict(urgency=4)))
    assert heard.raised == (1,)
    file = house.file(1)
    assert (file.case.state, file.case.turn, file.case.urgency) == (CaseState.OPEN, 2, 4)
    assert file.history[-1].who == "customer"
    assert file.last.post.native_id == "p3"


def test_a_changed_handle_is_shown_as_it_is_now(house: House) -> None:
    house.complain()
    house.hear(answer("p2", post(), "Hello?", by=Author("c-1", "cora_new", "Cora N."), at=LATER))
    assert (house.file(1).customer.handle, house.file(1).customer.name) == ("cora_new", "Cora N.")


# Edits and deletions ---------------------------------------------------------------------------------------------------


def edited(said: str, at: datetime = LATER) -> Post:
    return post(said=said, edited_at=at)


def test_an_edit_to_fixed_retracts_a_case_nobody_touched(house: House) -> None:
    house.complain()
    again(house, Judged(edited("They fixed it, lovely people"), PRAISE))
    assert house.state(1) is CaseState.DISMISSED
    assert house.history(1)[-1] == ("machine", "case", "open", "dismissed")
    assert house.file(1).complaint.edited


@pytest.mark.parametrize("touch", ["note", "approve", "snooze"])
def test_an_edit_to_fixed_leaves_a_touched_case_to_people(house: House, touch: str) -> None:
    case_id = house.complain()
    if touch == "note":
        house.casebook.cases.note(case_id, "I know her.", house.ana, NOON + MINUTE)
    elif touch == "approve":
        house.approved(case_id)
    else:
        house.casebook.cases.snooze(case_id, NOON + DAY, house.ana, NOON + MINUTE)
    again(house, Judged(edited("They fixed it, lovely people"), PRAISE))
    case = house.file(1).case
    assert (case.state, case.turn, case.thanked) == (CaseState.OPEN, 2, True)


def test_an_edit_to_fixed_leaves_a_case_with_another_complaint_open(house: House) -> None:
    house.complain()
    house.hear(answer("p2", post(), "And the coffee!", by=CORA, at=NOON + MINUTE))
    again(house, Judged(edited("The cake is fixed"), PRAISE))
    assert house.state(1) is CaseState.OPEN


def test_an_edit_that_complains_again_opens_what_only_the_machine_closed(house: House) -> None:
    house.complain()
    house.hear(Judged(edited("Fixed!"), PRAISE), now=LATER)
    assert house.state(1) is CaseState.DISMISSED
    heard = house.hear(Judged(edited("Not fixed after all", LATER + MINUTE), COMPLAINT), now=LATER + 2 * MINUTE)
    assert heard.raised == (1,)
    assert house.state(1) is CaseState.OPEN
    assert house.reading.inbox(LATER + 2 * MINUTE).rows[0].waiting == timedelta(0)


def test_an_edit_takes_back_what_was_approved_in_sight_of_the_old_words(house: House) -> None:
    reply_id = house.approved()
    again(house, Judged(edited("My cake was stale AND I found a hair"), COMPLAINT))
    assert house.reply_state(reply_id) is ReplyState.WITHDRAWN
    assert house.file(1).case.parked_why == "Your reply was not posted: The customer edited the post."
    assert house.file(1).complaint.version == 2


def test_an_edit_of_an_answered_complaint_opens_it_and_waits_since_the_edit_was_heard(house: House) -> None:
    house.posted()
    house.hear(Judged(edited("Their answer is a joke", LATER), COMPLAINT), now=LATER + MINUTE)
    (row,) = house.reading.inbox(LATER + 3 * MINUTE).rows
    assert row.waiting == 2 * MINUTE


def test_an_earlier_version_that_a_search_brings_late_is_no_edit(house: House) -> None:
    house.complain()
    again(house, Judged(edited("New words", LATER), COMPLAINT))
    again(house, Judged(edited("Newest words", LATER + MINUTE), COMPLAINT))
    turn = house.file(1).case.turn
    house.hear(Judged(edited("New words", LATER), COMPLAINT), now=LATER + 2 * MINUTE)
    assert house.file(1).complaint.post.text == "Newest words"
    assert house.file(1).case.turn == turn


def test_every_version_of_a_post_is_kept(house: House) -> None:
    house.complain()
    again(house, Judged(edited("Second"), COMPLAINT), Judged(edited("Third", LATER + MINUTE), COMPLAINT))
    with reading(house.engine) as connection:
        assert versions(connection, 1) == ("My cake was stale", "Second", "Third")


def test_looking_again_at_the_same_words_changes_nothing(house: House) -> None:
    house.complain()
    before = house.everything()
    again(house, Judged(post(), verdict(Kind.PRAISE)))
    assert house.everything() == before


def test_a_deleted_complaint_nobody_touched_closes_its_case(house: House) -> None:
    house.complain()
    again(house, Gone("p1", "deleted"))
    assert house.state(1) is CaseState.DISMISSED
    assert house.file(1).complaint.deleted_at == LATER
    assert house.file(1).history[-1].why == "Everything the customer wrote here was deleted."
    before = house.everything()
    again(house, Gone("p1", "deleted"), Gone("never-seen", "deleted"))
    assert house.everything() == before


def test_a_deleted_complaint_with_an_approved_answer_is_told_to_ana(house: House) -> None:
    reply_id = house.approved()
    again(house, Gone("p1", "removed"))
    assert house.reply_state(reply_id) is ReplyState.WITHDRAWN
    assert house.state(1) is CaseState.OPEN
    assert house.file(1).case.parked_why == "Everything the customer wrote here was removed."


def test_one_of_two_posts_deleted_moves_the_turn_and_the_other_is_answered(house: House) -> None:
    house.complain()
    house.hear(answer("p2", post(), "Hello?", by=CORA, at=NOON + MINUTE))
    again(house, Gone("p2", "deleted"))
    file = house.file(1)
    assert (file.case.state, file.case.turn, file.last.post.native_id) == (CaseState.OPEN, 3, "p1")


def test_a_post_that_was_gone_only_for_a_while_complains_again(house: House) -> None:
    house.complain()
    again(house, Gone("p1", "hidden"))
    assert house.hear(post(), now=LATER + MINUTE).raised == (1,)
    assert house.state(1) is CaseState.OPEN
    assert house.file(1).complaint.deleted_at is None
    assert not house.file(1).complaint.edited


def test_a_post_back_in_a_case_that_ana_dismissed_stays_dismissed(house: House) -> None:
    house.complain()
    house.casebook.cases.dismiss(1, "not us", house.ana, NOON + MINUTE)
    again(house, Gone("p1", "hidden"))
    assert house.hear(post(), now=LATER + MINUTE).raised == ()
    assert house.state(1) is CaseState.DISMISSED


def test_a_post_back_in_an_open_case_moves_the_turn(house: House) -> None:
    house.approved()
    again(house, Gone("p1", "hidden"))
    again(house, Judged(post(), COMPLAINT), now=LATER + MINUTE)
    assert house.file(1).case.turn == 3
    assert house.state(1) is CaseState.OPEN


def test_a_strangers_words_in_the_thread_raise_no_case(house: House) -> None:
    house.complain()
    again(house, Judged(answer("p2", post(), "Stale for me too!", by=DAN, at=LATER), COMPLAINT))
    assert house.reading.inbox(LATER).total == 1
    assert [one.by for one in house.file(1).thread] == ["customer", "other"]


def test_coras_own_words_found_in_the_thread_move_her_case(house: House) -> None:
    house.posted()
    again(house, Judged(answer("p2", post(), "Nobody called", by=CORA, at=LATER), COMPLAINT))
    assert (house.state(1), house.file(1).case.turn) == (CaseState.OPEN, 2)


def test_our_own_words_found_in_the_thread_answer_the_case(house: House) -> None:
    house.complain()
    again(house, Judged(ours("r1", post()), CHATTER))
    assert house.state(1) is CaseState.ANSWERED


def test_live_cases_are_followed_in_turn_complaint_first(house: House) -> None:
    cake = post()
    house.hear(cake, answer("p2", cake, "Hello?", by=CORA, at=NOON + MINUTE), post("q1", by=DAN))
    house.complain(post("q2", by=Author("e", "e")))
    house.casebook.cases.dismiss(3, "not us", house.ana, NOON + MINUTE)
    follow = house.casebook.rounds.to_follow
    found = [(case, one.native_id) for case, one in follow(ROSE.key, "x", LATER)]
    assert found == [(1, "p1"), (1, "p2"), (2, "q1")]
    assert follow(ROSE.key, "x", LATER + 4 * MINUTE) == ()
    assert len(follow(ROSE.key, "x", LATER + 5 * MINUTE)) == 3
    assert len(follow(ROSE.key, "x", LATER)) == 3  # the clock went back
    assert follow(SWIFT.key, "x", LATER + DAY) == ()


def test_an_answered_case_is_followed_for_two_weeks_an_open_one_for_ever(house: House) -> None:
    house.posted()
    house.complain(post("q1", by=DAN))
    follow = house.casebook.rounds.to_follow
    assert [case for case, _ in follow(ROSE.key, "x", NOON + 13 * DAY)] == [1, 2]
    assert [case for case, _ in follow(ROSE.key, "x", NOON + 15 * DAY)] == [2]


# Later verdicts --------------------------------------------------------------------------------------------------------


def test_a_second_look_raises_what_the_first_missed(house: House) -> None:
    house.hear(Judged(post(), CHATTER), Judged(ours("r1", post()), CHATTER))
    better = verdict(stage=2)
    assert house.casebook.verdicts.record(1, better, NOON + HOUR) == 1
    assert house.state(1) is CaseState.ANSWERED  # we had answered by then
    assert house.casebook.verdicts.record(1, better, NOON + HOUR) is None


def second(kind: Kind) -> Verdict:
    """A second look, half an hour after the edit."""
    return verdict(kind, stage=2)


def test_an_edit_that_only_the_second_look_takes_for_a_complaint_opens_the_case_again(house: House) -> None:
    house.complain()
    again(house, Judged(edited("All is well, as long as nobody eats it"), PRAISE))
    assert house.state(1) is CaseState.DISMISSED
    assert house.casebook.verdicts.record(1, second(Kind.COMPLAINT), LATER + HOUR, 2) == 1
    assert house.state(1) is CaseState.OPEN
    assert house.file(1).history[-1].why == "The customer edited the post."


def test_a_second_look_opens_nothing_that_was_closed_with_the_edit_in_sight(house: House) -> None:
    house.complain()
    again(house, Judged(edited("All is well, as long as nobody eats it"), CHATTER))
    house.casebook.cases.reopen(1, "", house.ana, LATER + MINUTE)
    house.casebook.cases.offline(1, "", house.ana, LATER + 2 * MINUTE)
    assert house.casebook.verdicts.record(1, second(Kind.COMPLAINT), LATER + HOUR, 2) is None
    assert house.state(1) is not CaseState.OPEN


@pytest.mark.parametrize("kind", [Kind.PRAISE, Kind.CHATTER])
def test_a_second_look_that_finds_no_complaint_in_an_edit_opens_nothing(house: House, kind: Kind) -> None:
    house.complain()
    again(house, Judged(edited("Fixed!"), PRAISE))
    assert house.casebook.verdicts.record(1, second(kind), LATER + HOUR, 2) is None
    assert house.state(1) is CaseState.DISMISSED


def test_what_a_second_look_took_back_without_an_edit_stays_so(house: House) -> None:
    house.complain()
    assert house.casebook.verdicts.record(1, second(Kind.PRAISE), LATER, 1) is None
    assert house.casebook.verdicts.record(1, verdict(stage=3), LATER + HOUR, 1) is None
    assert house.state(1) is CaseState.DISMISSED


def test_a_second_look_retracts_what_nobody_touched(house: House) -> None:
    house.complain()
    assert house.casebook.verdicts.record(1, verdict(Kind.NOT_US, stage=2), LATER) is None
    assert house.state(1) is CaseState.DISMISSED
    assert house.file(1).history[-1].why == "A second look found no complaint."
    assert house.casebook.verdicts.record(1, verdict(Kind.COMPLAINT, stage=3), LATER) is None


def test_what_a_second_look_finds_worse_moves_up_and_never_down(house: House) -> None:
    house.complain(urgency=2)
    assert house.casebook.verdicts.record(1, verdict(urgency=4, sensitive=True, stage=2), LATER) is None
    case = house.file(1).case
    assert (case.urgency, case.sensitive) == (4, True)
    assert house.casebook.verdicts.record(1, verdict(urgency=1, stage=3), LATER) is None
    case = house.file(1).case
    assert (case.urgency, case.sensitive) == (4, True)


def test_a_second_look_leaves_old_gone_and_stored_posts_alone(house: House) -> None:
    house.hear(Judged(post("p1", at=NOON - 3 * DAY), CHATTER), Judged(post("p2", at=NOON), CHATTER), now=NOON)
    again(house, Gone("p2", "deleted"))
    house.casebook.rounds.record_import(ROSE.key, [Judged(post("p3"), COMPLAINT)], NOON, store_only=True)
    for mention in (1, 2, 3):
        assert house.casebook.verdicts.record(mention, verdict(stage=2), NOON) is None
    assert house.reading.older_complaints(ROSE.key, NOON) == 1
    assert house.casebook.verdicts.record(1, verdict(Kind.CHATTER, stage=3), NOON) is None
    assert house.reading.older_complaints(ROSE.key, NOON) == 0


def test_a_verdict_on_nothing_says_so(house: House) -> None:
    with pytest.raises(MovedOn, match="no longer here"):
        house.casebook.verdicts.record(99, COMPLAINT, NOON)


def test_a_verdict_beyond_its_scale_is_brought_back_to_it(house: House) -> None:
    house.hear(Judged(post(), replace(COMPLAINT, probability=1.0000001, mood=-1.5)))
    assert house.rows("SELECT probability, mood FROM verdicts") == [(1.0, -1.0)]


# All or nothing --------------------------------------------------------------------------------------------------------


def business(house: House) -> dict[str, object]:
    return {name: rows for name, rows in house.everything().items() if name != "sources"}


def test_the_cursor_moves_with_the_batch(house: House) -> None:
    house.hear(post(), cursor="seen-1")
    state = house.casebook.sources.all()[0]
    assert (state.cursor, state.last_success_at) == ("seen-1", NOON + MINUTE)


def test_a_fault_in_the_middle_stores_nothing_and_the_cursor_stays(house: House) -> None:
    house.hear(post(), cursor="seen-1")
    before = business(house)
    claimed = house.claim_source(LATER)

    class PulledPlug(Exception):
        """The process ends here."""

    def breaking() -> Iterator[None]:
        yield
        yield
        raise PulledPlug

    steps = breaking()

    def third_case_breaks(statement: str) -> None:
        if statement.startswith("INSERT INTO cases"):
            next(steps)

    many = [Judged(post(f"q{n}", by=Author(f"a{n}", f"a{n}")), COMPLAINT) for n in range(5)]
    with house.before_each(third_case_breaks), pytest.raises(PulledPlug):
        house.casebook.rounds.record(claimed.key, claimed.fence, many, Batch((), "seen-2"), LATER)
    assert business(house) == before
    assert house.casebook.sources.all()[0].cursor == "seen-1"
    assert len(house.casebook.rounds.record(claimed.key, claimed.fence, many, Batch((), "seen-2"), LATER).raised) == 5


def test_a_lost_claim_stores_nothing(house: House) -> None:
    lost = house.claim_source(NOON)
    won = house.claim_source(NOON + 3 * MINUTE)  # the lease had ended
    before = house.everything()
    with pytest.raises(MovedOn, match="taken over"):
        house.casebook.rounds.record(lost.key, lost.fence, [Judged(post(), COMPLAINT)], Batch((), "c"), LATER)
    assert house.everything() == before
    assert house.casebook.rounds.record(won.key, won.fence, [], Batch((), "c"), LATER) == Round()


def test_a_base_that_breaks_in_the_middle_is_no_posts_fault(house: House) -> None:
    def disk_full(statement: str) -> None:
        if statement.startswith("INSERT INTO cases"):
            raise OperationalError(statement, {}, Exception("database or disk is full"))

    claimed = house.claim_source(NOON)
    with house.before_each(disk_full), pytest.raises(BaseUnavailable, match="disk is full"):
        house.casebook.rounds.record(claimed.key, claimed.fence, [Judged(post(), COMPLAINT)], Batch((), "c"), NOON)
    assert house.reading.quarantined() == ()


# Hostile text ----------------------------------------------------------------------------------------------------------

HOSTILE = {
    "half a pair": post("bad", "stale \ud83c cake"),
    "a NUL": post("bad", "stale \0 cake"),
    "a NUL in the title": post("bad", title="\0"),
    "half a pair in the name": post("bad", by=Author("m-1", "mallory", "\udcff")),
    "half a pair in the handle": post("bad", by=Author("m-1", "mall\ud800ory")),
    "half a pair in the id": post("bad\ud800"),
    "half a pair in the author's id": post("bad", by=Author("m\ud800", "mallory")),
    "half a pair in the conversation": post("bad", conversation="\ud800"),
    "a NUL in the address": post("bad", url="https://x.example/\0"),
    "half a pair among the addressed": post("bad", addressed=("\ud800",)),
    "an id beyond all measure": post(f"bad{'x' * 260}"),
    "a handle beyond all measure": post("bad", by=Author("m-1", "mallory" * 50)),
    "a language beyond all measure": post("bad", lang="en-GB-oxendict-x-very-long"),
    "a rating beyond five": post("bad", rating=11),
    "a rating beyond numbers": post("bad", rating=2**70),
    "an edit in local time": post("bad", edited_at=datetime(2026, 11, 22, 12)),  # noqa: DTZ001
}


@pytest.mark.parametrize("bad", list(HOSTILE))
def test_one_hostile_post_costs_itself_and_not_the_round(house: House, bad: str) -> None:
    good = [post(f"p{n}", by=Author(f"a{n}", f"a{n}"), at=NOON + n * SECOND) for n in range(4)]
    heard = house.hear(*good[:2], HOSTILE[bad], *good[2:], cursor="after")
    assert heard == Round(found=4, raised=(1, 2, 3, 4), poison=1)
    assert house.casebook.sources.all()[0].cursor == "after"
    ((when, source, why, raw),) = house.reading.quarantined()
    assert (when, source) == (NOON + 4 * SECOND - SECOND + MINUTE, "x:mentions:rosebakery")
    assert why.startswith("The post could not be stored: ")
    assert raw.startswith("x bad")
    raw.encode()
    house.hear(HOSTILE[bad], now=LATER)
    assert len(house.reading.quarantined()) == 1
    assert house.one("SELECT count(*) FROM posts") == 4
    assert house.one("SELECT count(*) FROM customers") == 4


def test_a_hostile_post_in_a_thread_costs_itself(house: House) -> None:
    house.posted()
    bad = answer("bad", post(), "\ud800", by=DAN, at=LATER)
    again(house, Judged(bad, CHATTER), Judged(answer("p2", post(), "Nobody called", by=CORA, at=LATER), COMPLAINT))
    assert house.state(1) is CaseState.OPEN
    assert [source for _, source, _, _ in house.reading.quarantined()] == ["x:again"]


def test_a_verdict_that_cannot_be_stored_costs_its_post(house: House) -> None:
    assert house.hear(Judged(post(), verdict(urgency=9)), post("p2", by=DAN)) == Round(found=1, raised=(1,), poison=1)


@pytest.mark.parametrize(
    "said",
    [
        "<script>alert(1)</script>",
        "'; DROP TABLE cases; --",
        "\u202estale",
        "👨‍👩‍👧‍👦" * 300,
        "{{7*7}}",
        "x" * 100_000,
        "\r\nBcc: x",
        "",
    ],
)
def test_ugly_text_that_is_text_is_kept_to_the_letter(house: House, said: str) -> None:
    house.complain(post(said=said))
    assert house.file(1).complaint.post.text == said


def test_poison_goes_to_quarantine_once(house: House) -> None:
    poison = [Poison("p9", "not JSON \ud800", "{" * 3000), Poison(None, "no id", "\0")]
    assert house.hear(poison=poison).poison == 2
    assert house.hear(poison=poison, now=LATER).poison == 2
    (second, first) = house.reading.quarantined()
    assert (first[2], len(house.one("SELECT raw FROM quarantine WHERE id = 1"))) == ("not JSON \\ud800", 2000)
    assert second[3] == "\\x00"


# Imports ---------------------------------------------------------------------------------------------------------------


def test_an_import_may_only_store(house: House) -> None:
    rows = [Judged(post(f"p{n}", by=DAN), COMPLAINT) for n in range(3)]
    heard = house.casebook.rounds.record_import(
        ROSE.key, rows, NOON, store_only=True, poison=[Poison(None, "row 4", "")]
    )
    assert heard == Round(found=3, old=3, poison=1)
    assert house.reading.older_complaints(ROSE.key, NOON) == 0
    house.casebook.brands.answer_old_one_a_day(ROSE.key, True, house.ana, NOON)
    assert house.casebook.cases.raise_old_due(NOON) == 0
    edit = [Judged(replace(one.post, text="Other words"), COMPLAINT) for one in rows]
    assert house.casebook.rounds.record_import(ROSE.key, edit, NOON, store_only=True).raised == ()


def test_an_import_that_only_stores_opens_nothing_again(house: House) -> None:
    house.complain()
    house.casebook.cases.resolve(1, "Oven", "Cake", "", house.ana, NOON + MINUTE)
    edit = [Judged(post(said="Other words"), COMPLAINT)]
    assert house.casebook.rounds.record_import(ROSE.key, edit, LATER, store_only=True).raised == ()
    assert house.state(1) is CaseState.RESOLVED


def test_anonymous_imports_are_customers_of_their_own(house: House) -> None:
    nobody = Author("", "somebody")
    rows = [Judged(post(f"p{n}", by=nobody, conversation="the book at the counter"), COMPLAINT) for n in range(3)]
    assert len(house.casebook.rounds.record_import(ROSE.key, rows, NOON).raised) == 3
    assert house.one("SELECT count(*) FROM customers") == 3
    assert house.casebook.rounds.record_import(ROSE.key, rows, NOON) == Round(repeats=3)


def test_what_a_look_shows_edited_into_a_complaint_is_raised_as_a_poll_would(house: House) -> None:
    house.complain()
    dans = answer("p2", post(), "See you at the fair", by=DAN, at=NOON + MINUTE)
    house.hear(Judged(dans, CHATTER))
    edited = replace(dans, text="And my cake was stale too", edited_at=NOON + 2 * MINUTE)
    house.casebook.rounds.record_again(ROSE.key, [Judged(edited, COMPLAINT)], "x", NOON + 3 * MINUTE)
    assert house.file(2).customer.handle == "dan"
    assert house.hear(Judged(edited, COMPLAINT)).raised == (), "the next poll brings nothing new"
    assert house.one("SELECT count(*) FROM cases") == 2
