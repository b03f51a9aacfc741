"""Reddit shows Cora by name in its feeds, and by id to those who have keys. She is one person all the same, and so are we."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from storage.casebook import Judged
from storage.lifecycle import MovedOn
from storage.tables import accounts, customers, posts
from storage.words import (
    Account,
    Author,
    CaseState,
    Kind,
    Origin,
    Post,
    ReplyState,
    Verdict,
    is_name_id,
    name_id,
)
from tests.storage.house import BY_HAND, COMPLAINT, HOLD, HOUR, MINUTE, NOON, PRAISE, ROSE, SWIFT, House, draft, verdict

BY_NAME, BY_ID = Author(name_id("Cora"), "Cora"), Author("t2_c", "cora")
US_BY_NAME = Account("reddit", name_id("RoseBakery"), "RoseBakery")
US_BY_ID = Account("reddit", "t2_us", "rosebakery", "Rose Bakery")


def said(
    native_id: str = "t3_1", by: Author = BY_NAME, text: str = "Rose Bakery burnt my bread", at: datetime = NOON
) -> Post:
    return Post("reddit", native_id, by, text, at, "t3_1")


def hear(
    house: House, *heard: Post, now: datetime, verdict: Verdict = COMPLAINT, brand: str = ROSE.key
) -> Sequence[int]:
    return house.casebook.rounds.record_import(brand, [Judged(one, verdict) for one in heard], now).raised


def look(house: House, *shown: Post, now: datetime) -> None:
    house.casebook.rounds.record_again(ROSE.key, [Judged(one, verdict(Kind.CHATTER)) for one in shown], "reddit", now)


def known(house: House, table: object = customers) -> list[str]:
    with house.engine.connect() as connection:
        return sorted(connection.execute(select(table.c.native_id).where(table.c.place == "reddit")).scalars())  # type: ignore[attr-defined]


def authors(house: House) -> set[str]:
    with house.engine.connect() as connection:
        return set(connection.execute(select(posts.c.author_id).where(posts.c.place == "reddit")).scalars())


def test_a_name_is_as_good_as_an_id_only_where_names_stay() -> None:
    assert name_id("Cora") == name_id("cORA")
    assert is_name_id(name_id("Cora"))
    assert not is_name_id("t2_c")


def test_keys_that_come_later_find_the_same_customer_and_the_same_case(house: House) -> None:
    (case_id,) = hear(house, said(), now=NOON + MINUTE)
    assert hear(house, said(by=BY_ID), now=NOON + HOUR) == ()
    more = said("t1_2", BY_ID, "and nobody answers me, Rose Bakery", NOON + HOUR)
    assert hear(house, more, now=NOON + 2 * HOUR) == ()
    file = house.file(case_id)
    assert [one.post.native_id for one in file.thread] == ["t3_1", "t1_2"]
    assert known(house) == ["t2_c"]
    assert authors(house) == {"t2_c"}
    assert file.case.turn == 2


def test_keys_that_are_taken_away_change_nothing_about_who_she_is(house: House) -> None:
    (case_id,) = hear(house, said(by=BY_ID), now=NOON + MINUTE)
    assert hear(house, said(), said("t1_2", BY_NAME, "still burnt", NOON + HOUR), now=NOON + 2 * HOUR) == ()
    assert known(house) == ["t2_c"]
    assert authors(house) == {"t2_c"}
    assert len(house.file(case_id).thread) == 2


def test_each_brand_takes_her_over_when_it_hears_of_her(house: House) -> None:
    hear(house, said(), now=NOON + MINUTE)
    hear(house, said(text="Swift Courier lost my bread"), now=NOON + MINUTE, brand=SWIFT.key)
    hear(house, said(by=BY_ID), now=NOON + HOUR)
    assert known(house) == ["name:cora", "t2_c"]
    hear(house, said(by=BY_ID), now=NOON + HOUR, brand=SWIFT.key)
    assert known(house) == ["t2_c", "t2_c"]


def test_somebody_of_that_name_elsewhere_is_somebody_else(house: House) -> None:
    hear(house, replace(said(by=Author(name_id("cora"), "cora")), place="forum"), now=NOON + MINUTE)
    hear(house, replace(said("t3_9", BY_ID), place="forum", conversation_id="t3_9"), now=NOON + HOUR)
    with house.engine.connect() as connection:
        ids = connection.execute(select(customers.c.native_id).where(customers.c.place == "forum")).scalars().all()
    assert sorted(ids) == ["name:cora", "t2_c"]


def test_our_own_posts_are_ours_by_name_and_by_id(house: House) -> None:
    book = house.casebook.brands
    book.own_account(ROSE.key, US_BY_NAME, NOON)
    book.own_account(ROSE.key, US_BY_NAME, NOON + MINUTE)
    ours = Author(US_BY_NAME.native_id, US_BY_NAME.handle)
    assert hear(house, said("t3_1", ours), now=NOON + MINUTE) == ()
    book.own_account(ROSE.key, US_BY_ID, NOON + HOUR)
    assert known(house, accounts) == ["t2_us"]
    for number, author in enumerate((ours, Author("t2_us", "rosebakery"), Author(name_id("ROSEBAKERY"), "ROSEBAKERY"))):
        assert hear(house, said(f"t3_{number + 5}", author), now=NOON + HOUR) == ()
    book.own_account(ROSE.key, US_BY_NAME, NOON + 2 * HOUR)  # the keys are gone again
    assert known(house, accounts) == ["t2_us"]
    assert known(house) == []


def by_hand(house: House, complaint: Post) -> tuple[int, int]:
    house.casebook.brands.own_account(ROSE.key, US_BY_NAME, NOON)
    (case_id,) = hear(house, complaint, now=NOON + MINUTE)
    stored = house.casebook.proposals.store(case_id, 1, [draft("Sorry, Cora - that was *our* fault.")], BY_HAND, NOON)
    reply = house.casebook.replies.approve(stored[0], 1, house.ana, NOON + 2 * MINUTE, hold=HOLD)
    assert house.file(case_id).replies[0].state is ReplyState.BY_HAND
    return case_id, reply


def ours(text: str, native_id: str = "t1_7", parent: str | None = None) -> Post:
    author = Author(US_BY_NAME.native_id, US_BY_NAME.handle)
    return replace(said(native_id, author, text, NOON + HOUR), parent_id=parent, url="https://reddit.example/7")


def test_what_was_posted_by_hand_is_known_by_its_words_where_a_feed_tells_no_more(house: House) -> None:
    case_id, _ = by_hand(house, said())
    look(house, said(), ours("Sorry, Cora – that was our fault."), now=NOON + 2 * HOUR)
    file = house.file(case_id)
    assert (file.case.state, file.replies[0].state) == (CaseState.ANSWERED, ReplyState.POSTED)
    assert (file.replies[0].native_id, file.replies[0].url) == ("t1_7", "https://reddit.example/7")
    assert file.replies[0].origin is Origin.BY_HAND


def test_other_words_of_ours_in_the_thread_answer_nobody_as_far_as_we_know(house: House) -> None:
    case_id, _ = by_hand(house, said())
    look(house, said(), ours("We bake at six."), now=NOON + 2 * HOUR)
    assert house.file(case_id).case.state is CaseState.OPEN
    assert house.file(case_id).replies[0].state is ReplyState.BY_HAND


def test_our_first_answer_in_a_thread_is_known_by_its_place(house: House) -> None:
    case_id, _ = by_hand(house, said())
    look(house, said(), ours("We wrote something else after all.", parent="t3_1"), now=NOON + 2 * HOUR)
    assert house.file(case_id).replies[0].state is ReplyState.POSTED


@pytest.mark.parametrize(("known_as", "seen_as"), [(BY_NAME, BY_ID), (BY_ID, BY_NAME)])
def test_who_was_forgotten_under_one_does_not_come_back_under_the_other(
    house: House, known_as: Author, seen_as: Author
) -> None:
    hear(house, said(by=known_as), now=NOON + MINUTE)
    forgetting = house.casebook.forgetting
    forgetting.forget("reddit", known_as.native_id, house.ana, NOON + HOUR, do_not_contact=True)
    assert hear(house, said("t3_4", seen_as, "Rose Bakery!", NOON - MINUTE), now=NOON + 2 * HOUR) == ()
    assert authors(house) <= {"forgotten:1"}
    hear(
        house, said("t3_5", seen_as, "Rose Bakery!!", NOON + 3 * HOUR), now=NOON + 4 * HOUR
    )  # a stranger, whose wish holds
    with house.engine.connect() as connection:
        asked = connection.execute(
            select(customers.c.do_not_contact_at).where(customers.c.native_id == seen_as.native_id)
        ).scalar_one()
    assert asked == NOON + HOUR
    assert house.everything() is not None


def test_we_cannot_forget_ourselves_by_our_name(house: House) -> None:
    house.casebook.brands.own_account(ROSE.key, US_BY_NAME, NOON)
    hear(house, said("t3_1", Author(US_BY_NAME.native_id, US_BY_NAME.handle)), now=NOON + MINUTE)
    with pytest.raises(MovedOn):
        house.casebook.forgetting.forget("reddit", US_BY_NAME.native_id, house.ana, NOON + HOUR)


def test_praise_by_name_and_a_complaint_by_id_are_one_customers(house: House) -> None:
    assert hear(house, said(), now=NOON + MINUTE, verdict=PRAISE) == ()
    (case_id,) = hear(house, said("t1_2", BY_ID, "no, it is awful", NOON + HOUR), now=NOON + 2 * HOUR)
    assert house.file(case_id).customer.native_id == "t2_c"
    assert known(house) == ["t2_c"]
