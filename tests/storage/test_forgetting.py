"""Forgetting: Cora asks to be forgotten. Her words and ours to her go; that somebody was answered, when and by whom, stays."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from storage.casebook import Casebook, Judged
from storage.casebook.chain import verify
from storage.casebook.forgetting import Erased, Somebody
from storage.engine import open_engine
from storage.lifecycle import MovedOn
from storage.reading import Reading
from storage.tables import metadata
from storage.words import Author, CaseState, Gone, Poison, Post, Posted, Reason, ReplyState
from tests.storage.conftest import at_home
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

LATER = NOON + DAY
CANARY = "canary-yellow"
SECRETIVE = Author("c-7042-canary-yellow", "cora_canary-yellow", "Cora Canary-Yellow")


def forget(house: House, author: Author = CORA, *, do_not_contact: bool = False) -> Erased:
    return house.casebook.forgetting.forget("x", author.native_id, house.ana, LATER, do_not_contact=do_not_contact)


def wrong(house: House) -> tuple[str, ...]:
    return verify(house.engine, KEY)


def told(house: House) -> str:
    """Everything in the base, as one text."""
    return repr(house.everything())


# What goes, and what stays ---------------------------------------------------------------------------------------------


def a_life_in_words(house: House, author: Author = CORA) -> int:
    """A case with something of everything that is ever written down about a customer."""
    said = post(
        "p-canary-yellow",
        "My canary-yellow cake was stale",
        by=author,
        title="canary-yellow",
        url="https://x.example/canary-yellow",
    )
    judged = Judged(said, replace(verdict(), reasons=(Reason("cue:product", "“canary-yellow cake was stale”", 3, 20),)))
    poison = Poison("p-9", "an odd date", f'{{"user": "{author.handle}", "text": "canary-yellow"}}')
    case_id = house.hear(judged, poison=[poison]).raised[0]
    house.hear(
        Judged(replace(said, text="A canary-yellow cake, stale!", edited_at=NOON + MINUTE), COMPLAINT),
        now=NOON + 2 * MINUTE,
    )
    book = house.casebook
    book.cases.note(case_id, "She rang: canary-yellow again", house.ben, NOON + 2 * MINUTE)
    proposal = house.propose(case_id, draft("Sorry about the canary-yellow cake"))
    revised = book.proposals.revise(proposal, "Sorry, @cora_canary-yellow", (), house.ana, NOON + 3 * MINUTE)
    reply = house.approve(revised)
    house.posted(reply, native_id="r1")
    ours = answer(
        "r1", said, "Sorry, @cora_canary-yellow", by=US, at=NOON + 5 * MINUTE, url="https://x.example/canary-yellow/r1"
    )
    house.hear(Judged(ours, PRAISE), now=NOON + 6 * MINUTE)
    book.cases.resolve(
        case_id, "canary-yellow paint", "a new canary-yellow cake", "no canary-yellow", house.ana, NOON + HOUR
    )
    return case_id


def test_every_word_of_hers_and_to_her_is_erased_and_what_was_done_stays(house: House) -> None:
    case_id = a_life_in_words(house, SECRETIVE)
    moves = house.history(case_id)
    assert CANARY in told(house)
    erased = forget(house, SECRETIVE)
    assert erased == Erased(posts=1, cases=1, proposals=2, replies=1, notes=1, poison=1, do_not_contact=False)
    assert CANARY not in told(house)
    assert house.history(case_id)[: len(moves)] == moves
    assert house.history(case_id)[len(moves) :] == [(house.ana, "case", "resolved", "resolved")]
    assert wrong(house) == ()
    file = house.file(case_id)
    assert file.case.state is CaseState.RESOLVED
    assert (file.customer.handle, file.customer.name, file.customer.forgotten) == ("", "", True)
    assert [(one.state, one.text, one.approved_by) for one in file.replies] == [(ReplyState.POSTED, "", house.ana)]
    assert file.resolution is None
    assert [one.note for one in file.history if one.note] == []


def test_the_bytes_of_the_file_hold_none_of_it(house: House, tmp_path: Path, migrated: Path) -> None:
    own = tmp_path / "own.sqlite"
    shutil.copy(migrated, own)
    engine = open_engine(f"sqlite:///{own}")
    casebook = Casebook(engine, key=KEY)
    known = {person.name: f"person:{person.id}" for person in casebook.people.all()}
    here = House(engine, casebook, Reading(engine), ana=known["Ana"], ben=known["Ben"])
    for number in range(30):  # neighbours, so that her words lie on pages that go on being used
        here.complain(post(f"n{number}", f"Stale bread {number} " * 50, by=Author(f"n-{number}", f"neighbour{number}")))
    a_life_in_words(here, SECRETIVE)
    files = [own, own.with_name("own.sqlite-wal")]
    assert any(CANARY.encode() in file.read_bytes() for file in files)
    forget(here, SECRETIVE)
    assert [file.name for file in files if file.exists() and CANARY.encode() in file.read_bytes().lower()] == []
    engine.dispose()
    assert CANARY.encode() not in own.read_bytes().lower()


def test_on_every_kind_of_base_nothing_of_hers_is_left_in_any_row(any_url: str) -> None:
    engine = open_engine(any_url)
    at_home(engine).open_shop()
    here = at_home(engine)
    case_id = a_life_in_words(here, SECRETIVE)
    forget(here, SECRETIVE)
    with engine.connect() as connection:
        rows = [str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert [row for row in rows if CANARY in row.lower()] == []
    assert verify(engine, KEY) == ()
    proposal = here.one("SELECT min(id) FROM proposals")
    with pytest.raises(IntegrityError, match="immutable"):
        here.do("UPDATE proposals SET text = 'other words' WHERE id = :id", id=proposal)
    assert here.state(case_id) is CaseState.RESOLVED
    engine.dispose()


def test_others_in_the_same_thread_keep_their_words_and_their_cases(house: House) -> None:
    hers = post()
    house.complain(hers)
    dans = answer("p2", hers, "Mine too", by=DAN, at=NOON + MINUTE)
    case_id = house.hear(dans, now=NOON + 2 * MINUTE).raised[0]
    reply_id = house.approved(case_id)
    forget(house)
    file = house.file(case_id)
    assert file.complaint.post == dans
    assert file.case.state is CaseState.OPEN
    house.posted(reply_id, native_id="r2")
    assert house.state(case_id) is CaseState.ANSWERED
    house.hear(replace(dans, native_id="p3", text="And again"), now=NOON + 2 * DAY)
    assert len(house.file(case_id).thread) == 2, "what Dan writes next in the same thread finds his case"


def test_every_brand_forgets_her_at_once(house: House) -> None:
    said = post(said="Rose Bakery by Swift Courier: late and stale")
    house.complain(said)
    house.casebook.rounds.record_import(SWIFT.key, [Judged(said, COMPLAINT)], NOON + MINUTE)
    assert forget(house).cases == 2
    assert "late and stale" not in told(house)
    assert wrong(house) == ()


# What was under way ----------------------------------------------------------------------------------------------------


def test_a_live_case_is_closed_and_what_was_held_is_taken_back(house: House) -> None:
    case_id = house.complain()
    reply_id = house.approved(case_id)
    forget(house)
    assert house.state(case_id) is CaseState.DISMISSED
    assert house.reply_state(reply_id) is ReplyState.WITHDRAWN
    assert house.casebook.replies.claim(reply_id, LATER) is None
    assert house.file(case_id).history[-1].why == "Dismissed: forgotten"
    assert wrong(house) == ()


@pytest.mark.parametrize("make", [House.by_hand, House.refused])
def test_what_a_person_was_to_post_is_taken_back_too(house: House, make: Callable[[House], int]) -> None:
    reply_id = make(house)
    forget(house)
    assert house.reply_state(reply_id) is ReplyState.WITHDRAWN
    with pytest.raises(MovedOn):
        house.casebook.replies.hand_over(reply_id, house.ana, LATER)


@pytest.mark.parametrize("make", [House.sending, House.unsure])
def test_while_a_reply_may_be_going_out_forgetting_waits_and_erases_nothing(
    house: House, make: Callable[[House], object]
) -> None:
    make(house)
    before = house.everything()
    with pytest.raises(MovedOn, match="going out just now, or may be up"):
        forget(house)
    assert house.everything() == before


def test_once_it_is_settled_she_can_be_forgotten(house: House) -> None:
    reply = house.unsure()
    house.casebook.replies.found(reply.id, reply.fence, Posted("r1", None, NOON), LATER)
    assert forget(house).replies == 1
    assert wrong(house) == ()


def test_a_forgotten_case_cannot_be_opened_answered_or_written_about(house: House) -> None:
    case_id = house.complain()
    proposal = house.propose(case_id)
    forget(house)
    book, turn = house.casebook, house.file(case_id).case.turn
    acts: list[Callable[[], object]] = [
        lambda: book.cases.reopen(case_id, "by mistake", house.ana, LATER),
        lambda: book.cases.note(case_id, "who was that?", house.ana, LATER),
        lambda: book.proposals.write(case_id, draft(), BY_API, LATER),
        lambda: book.proposals.store(case_id, turn, [draft()], BY_API, LATER),
        lambda: book.proposals.revise(proposal, "other words", (), house.ana, LATER),
        lambda: house.approve(proposal),
    ]
    before = house.everything()
    for act in acts:
        with pytest.raises(MovedOn, match="asked to be forgotten"):
            act()
    assert house.everything() == before


def test_a_reply_of_ours_that_is_up_can_still_be_taken_down(house: House) -> None:
    reply_id = house.posted()
    forget(house)
    book = house.casebook
    book.removals.approve(reply_id, "she asked", house.ana, LATER, hold=MINUTE)
    claimed = book.removals.claim(reply_id, LATER + MINUTE)
    assert claimed is not None
    assert claimed.posted.native_id == "r1"
    book.removals.removed(reply_id, claimed.fence, LATER + MINUTE)
    assert house.reply_state(reply_id) is ReplyState.REMOVED


# What comes later ------------------------------------------------------------------------------------------------------


@pytest.fixture
def gone(house: House) -> Iterator[House]:
    """A house that has forgotten Cora."""
    a_life_in_words(house)
    forget(house)
    yield house
    assert wrong(house) == ()


def counted(house: House) -> tuple[int, ...]:
    return tuple(
        house.one(f"SELECT count(*) FROM {name}") for name in ("posts", "post_texts", "mentions", "cases", "customers")
    )


@pytest.mark.parametrize(
    "again",
    [
        post("p-canary-yellow", "A canary-yellow cake, stale!"),
        post("p-canary-yellow", "canary-yellow: edited once more", edited_at=NOON + 2 * DAY),
        post("p0", "An older canary-yellow complaint", at=NOON - HOUR),
        answer("r1", post("p-canary-yellow"), "Sorry, canary-yellow", by=US, at=NOON + 5 * MINUTE),
        answer("r9", post("p-canary-yellow"), "Another canary-yellow answer of ours", by=US, at=NOON + 2 * DAY),
    ],
    ids=["the post", "the post edited", "an older one never seen", "our answer", "our answer never seen"],
)
def test_later_polls_bring_nothing_back(gone: House, again: Post) -> None:
    before = counted(gone)
    heard = gone.hear(Judged(again, COMPLAINT), now=NOON + 3 * DAY)
    assert (heard.found, heard.raised, heard.repeats) == (0, (), 1)
    gone.casebook.rounds.record_again(ROSE.key, [Judged(again, COMPLAINT)], "x", NOON + 3 * DAY)
    gone.casebook.rounds.record_import(ROSE.key, [Judged(again, COMPLAINT)], NOON + 3 * DAY)
    gone.casebook.rounds.record_again(ROSE.key, [Gone(again.native_id, "deleted")], "x", NOON + 3 * DAY)
    assert counted(gone) == before
    assert CANARY not in told(gone)


def test_poison_of_hers_is_not_kept_again(gone: House) -> None:
    gone.hear(
        poison=[Poison("p-canary-yellow", "an odd date", CANARY), Poison("p77", "an odd date", "Dan")],
        now=NOON + 3 * DAY,
    )
    assert gone.rows("SELECT native_id FROM quarantine") == [("p77",)]


def test_what_she_writes_later_is_a_strangers_and_may_be_answered(gone: House) -> None:
    case_id = gone.complain(post("p2", "Stale again", at=LATER + HOUR), now=LATER + 2 * HOUR)
    file = gone.file(case_id)
    assert (file.customer.handle, file.customer.do_not_contact, file.customer.forgotten) == ("cora", False, False)
    assert file.earlier == ()
    gone.approved(case_id)


def test_who_also_wants_no_messages_is_never_written_to_again(house: House) -> None:
    house.complain()
    assert forget(house, do_not_contact=True).do_not_contact
    case_id = house.complain(post("p2", "Stale again", at=LATER + HOUR), now=LATER + 2 * HOUR)
    assert house.file(case_id).customer.do_not_contact
    with pytest.raises(MovedOn, match="no more messages"):
        house.approved(case_id)


def test_a_wish_from_before_outlives_the_forgetting(house: House) -> None:
    case_id = house.complain()
    house.casebook.cases.do_not_contact(house.file(case_id).customer.id, house.ana, NOON + HOUR)
    assert forget(house).do_not_contact
    again = house.complain(post("p2", "Stale again", at=LATER + HOUR), now=LATER + 2 * HOUR)
    assert house.file(again).customer.do_not_contact


def test_a_wish_that_comes_after_the_forgetting_counts_too(house: House) -> None:
    case_id = house.complain()
    forget(house)
    house.casebook.cases.do_not_contact(house.file(case_id).customer.id, house.ana, LATER)
    again = house.complain(post("p2", "Stale again", at=LATER + HOUR), now=LATER + 2 * HOUR)
    assert house.file(again).customer.do_not_contact
    third = house.casebook.forgetting.forget("x", CORA.native_id, house.ana, LATER + DAY)
    assert third.do_not_contact


def test_who_comes_back_can_be_forgotten_again(gone: House) -> None:
    gone.complain(post("p2", "A canary-yellow once more", at=LATER + HOUR), now=LATER + 2 * HOUR)
    assert gone.casebook.forgetting.forget("x", CORA.native_id, gone.ana, LATER + DAY) == Erased(posts=1, cases=1)
    assert CANARY not in told(gone)
    gone.hear(Judged(post("p2", "A canary-yellow once more", at=LATER + HOUR), COMPLAINT), now=LATER + 2 * DAY)
    assert CANARY not in told(gone)


def test_a_wish_alone_may_follow_a_forgetting(gone: House) -> None:
    assert gone.casebook.forgetting.forget("x", CORA.native_id, gone.ana, LATER + DAY, do_not_contact=True) == Erased(
        do_not_contact=True
    )
    case_id = gone.complain(post("p2", "Stale again", at=LATER + 2 * DAY), now=LATER + 2 * DAY)
    assert gone.file(case_id).customer.do_not_contact


def test_a_clock_that_was_ahead_swallows_nothing_she_writes_later(house: House) -> None:
    house.complain()
    house.casebook.forgetting.forget("x", CORA.native_id, house.ana, NOON + 90 * DAY)
    assert house.complain(post("p2", "Stale again", at=NOON + HOUR), now=NOON + 2 * HOUR)


def test_an_older_complaint_of_hers_is_never_taken_up(house: House) -> None:
    house.hear(Judged(post(at=NOON - 5 * DAY), COMPLAINT), now=NOON)
    assert house.reading.older_complaints(ROSE.key, NOON) == 1
    house.casebook.brands.answer_old_one_a_day(ROSE.key, True, house.ana, NOON)
    forget(house)
    assert house.reading.older_complaints(ROSE.key, LATER) == 0
    assert house.casebook.cases.raise_old_due(LATER) == 0


# Who is meant ----------------------------------------------------------------------------------------------------------


def test_nobody_is_forgotten_by_mistake(house: House) -> None:
    house.complain()
    before = house.everything()
    with pytest.raises(MovedOn, match="Nobody of that name"):
        house.casebook.forgetting.forget("x", "c-2", house.ana, LATER)
    with pytest.raises(MovedOn, match="Nobody of that name"):
        house.casebook.forgetting.forget("reddit", CORA.native_id, house.ana, LATER)
    with pytest.raises(MovedOn, match="your own"):
        house.casebook.forgetting.forget("x", US.native_id, house.ana, LATER)
    assert house.everything() == before


def test_people_are_found_by_handle_or_id_and_two_of_one_name_are_two(house: House) -> None:
    house.complain()
    heir = Author("c-2", "Cora", "Another Cora")
    house.hear(Judged(post("p2", "Lovely!", by=heir, is_repost=True), PRAISE))
    find = house.casebook.forgetting.find
    cora, other = (Somebody("x", one.native_id, one.handle, one.name) for one in (CORA, heir))
    assert set(find("X", "@CORA")) == {cora, other}
    assert find("x", "c-1") == (cora,)
    assert find("reddit", "cora") == ()
    assert find("x", "cor") == ()
    assert set(find("x", "cora", ROSE.key)) == {cora, other}
    assert find("x", "cora", SWIFT.key) == ()
    assert house.casebook.forgetting.forget("x", heir.native_id, house.ana, LATER) == Erased(posts=1)
    assert find("x", "cora") == (cora,)


# The base holds it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "text = 'other words', findings = '[]', reach_why = ''",
        "text = '', findings = '[]', reach_why = '', made_by = 'mallory'",
        "text = '', findings = '[]', reach_why = '', turn = 7",
        "text = 'other words'",
        "findings = '[{}]'",
    ],
)
def test_even_then_a_proposal_can_only_be_emptied(gone: House, change: str) -> None:
    with pytest.raises(IntegrityError, match="immutable"):
        gone.do(f"UPDATE proposals SET {change}")


def test_nobody_elses_proposal_can_be_emptied(gone: House) -> None:
    proposal = gone.propose(gone.complain(post("p5", "Stale", by=DAN, at=LATER), now=LATER))
    with pytest.raises(IntegrityError, match="immutable"):
        gone.do("UPDATE proposals SET text = '', findings = '[]', reach_why = '' WHERE id = :id", id=proposal)


def test_what_is_remembered_says_nobodys_name(gone: House) -> None:
    stones = gone.casebook.forgetting.tombstones()
    assert {one.what for one in stones} == {"author", "post"}
    assert all(len(one.hash) == 64 for one in stones)
    assert CORA.native_id not in repr(stones)
    elsewhere = Casebook(gone.engine, key=b"another key")
    heard = elsewhere.rounds.record_import(
        ROSE.key, [Judged(post("p-canary-yellow", "x", at=NOON), COMPLAINT)], NOON + HOUR
    )
    assert heard.found == 1, "without the key nobody can tell who it was"


@pytest.mark.only_on("sqlite", reason="its backup is a file; PostgreSQL's is its own tools'")
def test_a_backup_made_before_is_told_whom_to_forget(house: House, tmp_path: Path) -> None:
    a_life_in_words(house, SECRETIVE)
    house.complain(post("p5", "Stale", by=DAN))
    with house.engine.connect() as connection:
        connection.execute(text("COMMIT"))
        connection.execute(text("VACUUM INTO :path"), {"path": str(tmp_path / "before.sqlite")})
        connection.execute(text("BEGIN"))
    forget(house, SECRETIVE, do_not_contact=True)
    stones = house.casebook.forgetting.tombstones()
    engine = open_engine(f"sqlite:///{tmp_path}/before.sqlite")
    restored = House(engine, Casebook(engine, key=KEY), Reading(engine), ana=house.ana, ben=house.ben)
    assert CANARY in told(restored)
    assert restored.casebook.forgetting.forget_again(stones, "command", LATER) == 1
    assert CANARY not in told(restored)
    assert "Stale" in told(restored), "Dan is still there"
    assert restored.casebook.forgetting.forget_again(stones, "command", LATER) == 0
    assert {one.hash for one in restored.casebook.forgetting.tombstones()} == {one.hash for one in stones}
    assert verify(engine, KEY) == ()
    engine.dispose()


def test_all_of_it_or_nothing(house: House) -> None:
    a_life_in_words(house, SECRETIVE)
    before = house.everything()

    def fail(statement: str) -> None:
        if statement.startswith("DELETE FROM quarantine"):
            raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"), house.before_each(fail):
        forget(house, SECRETIVE)
    assert house.everything() == before
