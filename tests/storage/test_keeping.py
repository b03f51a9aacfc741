"""What the house keeps beside cases: sources, leases, digests, people, pauses, brands, decisions, and its honest history."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from storage.casebook.chain import verify
from storage.casebook.moves import link
from storage.lifecycle import MovedOn
from storage.views import Digest
from storage.words import Account, Batch, Brand, CaseState, Shop
from tests.storage.house import (
    CORA,
    DAN,
    DAY,
    HOUR,
    KEY,
    MINUTE,
    NOON,
    ROSE,
    SECOND,
    SWIFT,
    House,
    answer,
    post,
)

LATER = NOON + HOUR
SOURCE = "x:mentions:rosebakery"

# Sources ---------------------------------------------------------------------------------------------------------------


def test_a_new_source_is_due_at_once_and_then_in_its_rhythm(house: House) -> None:
    sources = house.casebook.sources
    sources.ensure("reddit:rosebakery", ROSE.key, "reddit", 5 * MINUTE, NOON)
    assert [state.key for state in sources.due(NOON)] == [SOURCE, "reddit:rosebakery"]
    house.hear(post(), now=NOON)
    assert [state.key for state in sources.due(NOON + 2 * MINUTE - SECOND)] == ["reddit:rosebakery"]
    assert [state.key for state in sources.due(NOON + 2 * MINUTE)] == ["reddit:rosebakery", SOURCE]
    assert [state.key for state in house.reading.sources()] == ["reddit:rosebakery", SOURCE]


def test_a_known_source_follows_the_settings_and_keeps_its_place(house: House) -> None:
    house.hear(post(), cursor="here")
    house.casebook.sources.ensure(SOURCE, ROSE.key, "x", timedelta(0), LATER)
    (state,) = house.casebook.sources.all()
    assert (state.cursor, state.every, state.opened_at) == ("here", SECOND, NOON - DAY)


def test_one_poll_at_a_time_and_a_dead_one_is_followed_by_another(house: House) -> None:
    sources = house.casebook.sources
    first = sources.claim(SOURCE, NOON)
    assert first is not None
    assert sources.claim(SOURCE, NOON + MINUTE) is None
    assert sources.due(NOON + MINUTE) == ()
    second = sources.claim(SOURCE, NOON + 2 * MINUTE)
    assert second is not None
    assert second.fence == first.fence + 1
    assert sources.claim("nothing", NOON) is None


def test_a_claim_under_a_clock_that_was_ahead_does_not_count(house: House) -> None:
    assert house.casebook.sources.claim(SOURCE, NOON) is not None
    house.do("UPDATE sources SET next_at = :then", then="2026-11-01 00:00:00.000000")
    assert house.casebook.sources.claim(SOURCE, NOON - HOUR) is not None


def test_a_walk_through_many_pages_keeps_its_claim(house: House) -> None:
    claimed = house.claim_source(NOON)
    for page in range(3):
        house.casebook.rounds.record(claimed.key, claimed.fence, [], Batch((), f"page-{page}", more=True), NOON)
        assert house.casebook.sources.claim(SOURCE, NOON + MINUTE) is None
    house.casebook.rounds.record(claimed.key, claimed.fence, [], Batch((), "end"), NOON)
    assert house.casebook.sources.claim(SOURCE, NOON + 2 * MINUTE) is not None


def test_a_failed_poll_says_why_and_when_it_is_tried_again(house: House) -> None:
    sources = house.casebook.sources
    for number in (1, 2):
        claimed = house.claim_source(NOON + number * MINUTE)
        sources.failed(SOURCE, claimed.fence, "X asks us to wait.", LATER, NOON)
        (state,) = sources.all()
        assert (state.failures, state.last_error, state.next_at) == (number, "X asks us to wait.", LATER)
        sources.failed(SOURCE, claimed.fence - 1, "an older poll", NOON, NOON)
        assert sources.all() == (state,)
    house.hear(post(), now=LATER)
    (state,) = sources.all()
    assert (state.failures, state.last_error, state.last_success_at) == (0, None, LATER)


def test_polling_now_makes_every_source_due(house: House) -> None:
    house.hear(post())
    assert house.casebook.sources.due(NOON + MINUTE) == ()
    house.casebook.sources.poll_now(NOON + MINUTE)
    assert len(house.casebook.sources.due(NOON + MINUTE)) == 1


def test_a_silent_source_is_stale_after_three_rounds_but_not_before_ten_minutes(house: House) -> None:
    house.hear(post(), now=NOON)
    (state,) = house.casebook.sources.all()
    assert not state.is_stale(NOON + 10 * MINUTE)
    assert state.is_stale(NOON + 10 * MINUTE + SECOND)
    slow = replace(state, every=HOUR)
    assert not slow.is_stale(NOON + 3 * HOUR)
    assert slow.is_stale(NOON + 3 * HOUR + SECOND)
    never = replace(state, last_success_at=None)
    assert never.is_stale(never.opened_at + 11 * MINUTE)


# Leases ----------------------------------------------------------------------------------------------------------------


def test_one_service_ticks_and_another_takes_over_when_it_is_gone(house: House) -> None:
    leases = house.casebook.leases
    assert leases.holder("ticker") is None
    assert leases.hold("ticker", "one", NOON, MINUTE)
    assert leases.hold("ticker", "one", NOON + 30 * SECOND, MINUTE)
    assert not leases.hold("ticker", "two", NOON + 80 * SECOND, MINUTE)
    assert leases.hold("ticker", "two", NOON + 90 * SECOND, MINUTE)
    leases.release("ticker", "one")
    assert leases.holder("ticker") == "two"
    leases.release("ticker", "two")
    assert leases.hold("ticker", "one", NOON + 91 * SECOND, MINUTE)


def test_a_lease_from_a_clock_that_was_ahead_does_not_lock_anybody_out(house: House) -> None:
    assert house.casebook.leases.hold("ticker", "one", NOON + DAY, MINUTE)
    assert house.casebook.leases.hold("ticker", "two", NOON, MINUTE)


# Digests ---------------------------------------------------------------------------------------------------------------

TODAY = NOON.date()


def claim(house: House, now_minutes: float = 0, day: date = TODAY) -> Digest | None:
    return house.casebook.digests.claim(ROSE.key, "ana@rosebakery.example", day, NOON + now_minutes * MINUTE)


def test_a_digest_is_sent_once_a_day(house: House) -> None:
    digest = claim(house)
    assert digest is not None
    assert digest.tries == 1
    assert claim(house, 1) is None
    house.casebook.digests.sent(digest.id, NOON + MINUTE)
    assert claim(house, 600) is None
    assert house.casebook.digests.last_failure() is None
    tomorrow = claim(house, 0, TODAY + DAY)
    assert tomorrow is not None
    assert tomorrow.message_id != digest.message_id


def test_a_digest_whose_process_died_goes_out_with_the_same_message_id(house: House) -> None:
    digest = claim(house)
    assert digest is not None
    assert claim(house, 4.9) is None
    again = claim(house, 5)
    assert again is not None
    assert (again.id, again.message_id, again.tries) == (digest.id, digest.message_id, 2)
    assert "ana" not in digest.message_id


def test_a_digest_that_was_not_taken_waits_longer_each_time_up_to_an_hour(house: House) -> None:
    now = 0
    for wait in [2, 4, 8, 16, 32, *[60] * 60]:
        digest = claim(house, now)
        assert digest is not None
        house.casebook.digests.failed(digest.id, "The mail server is away.", NOON + now * MINUTE)
        assert house.casebook.digests.last_failure() == "The mail server is away."
        assert claim(house, now + wait - 0.5) is None
        now += wait


def test_a_digest_taken_meanwhile_by_another_process_is_left_to_it(house: House) -> None:
    house.meddle("BEFORE INSERT ON digests", "SELECT RAISE(ABORT, 'UNIQUE')", "RAISE unique_violation")
    assert claim(house) is None


# People ----------------------------------------------------------------------------------------------------------------


def test_people_are_known_by_their_address_however_it_is_written(house: House) -> None:
    people = house.casebook.people
    assert [person.name for person in people.all()] == ["Ana", "Ben"]
    ana = people.by_email(" ANA@rosebakery.example ")
    assert ana is not None
    assert (people.get(ana.id), ana.role, ana.may_act) == (ana, "owner", True)
    assert people.by_email("cora@example") is None
    assert people.get(99) is None
    with pytest.raises(ValueError, match="already an account for ana@"):
        people.add("Ana@RoseBakery.example", "Ana", "owner", "hash", NOON)
    assert house.reading.people_names() == {1: "Ana", 2: "Ben"}


def test_vera_may_only_look_until_she_is_a_member(house: House) -> None:
    people = house.casebook.people
    vera = people.add("vera@rosebakery.example", "Vera", "viewer", "hash", NOON)
    token = people.open_session(vera, NOON, HOUR, DAY)
    seen = people.person_for(token, NOON)
    assert seen is not None
    assert not seen.may_act
    people.set_role(vera, "member")
    seen = people.person_for(token, NOON)
    assert seen is not None
    assert seen.may_act


def test_a_session_ends_when_idle_or_old(house: House) -> None:
    people = house.casebook.people
    token = people.open_session(1, NOON, HOUR, 3 * HOUR)
    assert people.person_for(token, NOON + 59 * MINUTE) is not None
    assert people.person_for(token, NOON + 118 * MINUTE) is not None  # seen an hour ago at most
    assert people.person_for(token, NOON + 177 * MINUTE) is not None
    assert people.person_for(token, NOON + 180 * MINUTE) is None  # three hours old
    idle = people.open_session(1, NOON, HOUR, DAY)
    assert people.person_for(idle, NOON + HOUR + SECOND) is None
    assert people.person_for("made up", NOON) is None
    assert people.person_for("\ud800", NOON) is None


def test_looking_at_pages_writes_at_most_once_a_minute(house: House) -> None:
    token = house.casebook.people.open_session(1, NOON, HOUR, DAY)
    written: list[str] = []
    with house.before_each(lambda said: written.append(said) if said.startswith("UPDATE") else None):
        for seconds in range(0, 150, 10):
            assert house.casebook.people.person_for(token, NOON + seconds * SECOND) is not None
    assert len(written) == 2


def test_signing_out_ends_this_session_and_no_other(house: House) -> None:
    people = house.casebook.people
    here, there = (people.open_session(1, NOON, HOUR, DAY) for _ in range(2))
    bens = people.open_session(2, NOON, HOUR, DAY)
    people.close_session(here)
    assert people.person_for(here, NOON) is None
    assert people.person_for(there, NOON) is not None
    assert people.person_for(bens, NOON) is not None


def test_a_new_password_ends_every_session(house: House) -> None:
    people = house.casebook.people
    token = people.open_session(1, NOON, HOUR, DAY)
    people.set_password(1, "new hash")
    assert people.person_for(token, NOON) is None
    ana = people.get(1)
    assert ana is not None
    assert ana.password_hash == "new hash"


def test_the_base_does_not_hold_what_a_thief_could_sign_in_with(house: House) -> None:
    token = house.casebook.people.open_session(1, NOON, HOUR, DAY)
    assert token not in str(house.everything())
    assert len(token) >= 43


def test_ended_sessions_are_swept(house: House) -> None:
    house.casebook.people.open_session(1, NOON, HOUR, HOUR)
    house.casebook.people.open_session(1, NOON + 2 * HOUR, HOUR, HOUR)
    assert house.one("SELECT count(*) FROM sessions") == 1


# Pauses ----------------------------------------------------------------------------------------------------------------


def test_a_pause_holds_for_a_brand_or_for_all_and_says_who(house: House) -> None:
    pauses = house.casebook.pauses
    assert pauses.scopes() == frozenset()
    pauses.pause(ROSE.key, house.ana, NOON)
    pauses.pause(ROSE.key, house.ben, NOON)
    assert (pauses.paused(ROSE.key), pauses.paused(SWIFT.key)) == (True, False)
    pauses.pause("*", house.ben, NOON)
    assert pauses.paused(SWIFT.key)
    assert pauses.scopes() == {ROSE.key, "*"}
    pauses.resume(SWIFT.key, house.ana, LATER)
    assert pauses.paused(SWIFT.key)
    pauses.resume("*", house.ana, LATER)
    assert pauses.scopes() == frozenset()
    told = house.rows("SELECT scope, by, ended_by FROM pauses ORDER BY id")
    assert told == [(ROSE.key, house.ana, house.ana), ("*", house.ben, house.ana)]
    pauses.pause(ROSE.key, house.ben, LATER)
    pauses.resume(ROSE.key, house.ben, LATER)
    assert not pauses.paused(ROSE.key)


# Brands ----------------------------------------------------------------------------------------------------------------


def test_brands_come_back_as_they_went_in(house: House) -> None:
    brands = house.casebook.brands
    assert brands.all() == (ROSE, SWIFT)
    assert brands.get(ROSE.key) == ROSE
    with pytest.raises(KeyError):
        brands.get("nobody")


def test_a_brand_that_is_as_it_was_is_not_written(house: House) -> None:
    house.casebook.brands.sync([ROSE], LATER)
    assert "2026-11-21 12:00:00" in str(house.one("SELECT changed_at FROM brands WHERE key = 'rosebakery'"))
    renamed = replace(ROSE, name="Rose & Sons", shops=(Shop("market", "Market", names=("market",)),))
    house.casebook.brands.sync([renamed, Brand("pixelfix", "PixelFix")], LATER)
    assert house.casebook.brands.get(ROSE.key) == renamed
    assert [brand.key for brand in house.casebook.brands.all()] == ["pixelfix", "rosebakery", "swiftcourier"]


def test_what_stands_in_the_settings_is_locked(house: House) -> None:
    def locked() -> list[str]:
        return [key for (key,) in house.rows("SELECT key FROM brands WHERE locked ORDER BY key")]

    assert locked() == [ROSE.key, SWIFT.key]
    house.casebook.brands.sync([ROSE], LATER, locked=False)
    assert locked() == [SWIFT.key]
    house.casebook.brands.sync([ROSE, SWIFT], LATER)
    assert locked() == [ROSE.key, SWIFT.key]


def test_our_accounts_are_remembered_and_follow_their_handles(house: House) -> None:
    brands = house.casebook.brands
    brands.own_account(ROSE.key, Account("x", "us-1", "rosebakery_hq", "Rose"), LATER)
    brands.own_account(SWIFT.key, Account("reddit", "t2_9", "swift"), LATER)
    assert brands.own_accounts(ROSE.key) == (Account("x", "us-1", "rosebakery_hq", "Rose"),)
    assert brands.own_accounts() == (Account("x", "us-1", "rosebakery_hq", "Rose"), Account("reddit", "t2_9", "swift"))


# What people decide ----------------------------------------------------------------------------------------------------


def test_ana_resolves_a_case_with_what_was_wrong_and_what_she_did(house: House) -> None:
    house.complain()
    for cause, remedy in (("", "A new cake"), ("Oven", "  ")):
        with pytest.raises(ValueError, match="what went wrong"):
            house.casebook.cases.resolve(1, cause, remedy, "", house.ana, LATER)
    house.casebook.cases.resolve(1, " Oven ", " A new cake ", " ", house.ana, LATER)
    told = house.file(1).resolution
    assert told is not None
    assert (told.cause, told.remedy, told.prevention, told.by, told.at) == ("Oven", "A new cake", "", house.ana, LATER)


def test_notes_are_kept_beside_the_history(house: House) -> None:
    house.complain()
    with pytest.raises(ValueError, match="empty"):
        house.casebook.cases.note(1, "  ", house.ana, LATER)
    house.casebook.cases.note(1, " She comes every Sunday. ", house.ben, LATER)
    house.casebook.cases.offline(1, "", house.ana, LATER)
    house.casebook.cases.reopen(1, "She wrote me.", house.ana, LATER)
    assert [move.note for move in house.file(1).history] == [None, "She comes every Sunday.", None, "She wrote me."]


def test_a_snoozed_case_is_out_of_sight_until_its_time_or_until_cora_moves(house: House) -> None:
    house.complain()
    house.casebook.cases.snooze(1, LATER, house.ana, NOON)
    assert house.reading.inbox(LATER - SECOND).total == 0
    assert [row.case_id for row in house.reading.snoozed(LATER - SECOND)] == [1]
    assert house.reading.inbox(LATER).total == 1
    assert house.reading.snoozed(LATER) == ()
    house.casebook.cases.snooze(1, LATER + DAY, house.ana, NOON)
    house.casebook.cases.snooze(1, None, house.ana, NOON)
    assert house.reading.inbox(NOON).total == 1
    assert house.file(1).history[-1].why == "Woken."
    house.casebook.cases.snooze(1, LATER + DAY, house.ana, NOON)
    house.hear(answer("p2", post(), "Hello?", by=CORA, at=LATER))
    assert house.reading.inbox(LATER + MINUTE).total == 1


def test_an_answer_given_elsewhere_is_taken_at_anas_word(house: House) -> None:
    house.complain()
    house.casebook.cases.already_answered(1, house.ana, LATER)
    assert house.state(1) is CaseState.ANSWERED
    assert house.history(1)[-1] == (house.ana, "case", "open", "answered")


def test_opening_a_case_again_asks_for_new_proposals(house: House) -> None:
    house.posted()
    house.casebook.cases.reopen(1, "", house.ana, LATER)
    assert house.casebook.proposals.due(LATER) == (1,)
    assert house.reading.inbox(LATER + MINUTE).rows[0].waiting == MINUTE


# The chain -------------------------------------------------------------------------------------------------------------

DROP = "DROP TRIGGER history_never_updated", "DROP TRIGGER history_never_deleted"


@pytest.fixture
def busy(house: House) -> House:
    """Two cases with history, notes and a posted reply."""
    house.posted()
    house.complain(post("q1", by=DAN))
    house.casebook.cases.note(2, "She comes every Sunday.", house.ben, LATER)
    house.casebook.cases.resolve(2, "Oven", "Cake", "", house.ana, LATER)
    assert verify(house.engine, KEY) == ()
    for statement in DROP if house.engine.dialect.name == "sqlite" else ("ALTER TABLE history DISABLE TRIGGER USER",):
        house.do(statement)
    return house


def test_an_edited_row_of_history_is_named(busy: House) -> None:
    rows = busy.rows("SELECT id, case_id, seq FROM history ORDER BY id")
    for column in ("who", "thing_id", "was", "now_is", "why", "note_hash", "at", "chain"):
        for row_id, case_id, seq in rows:
            old = busy.one(f"SELECT {column} FROM history WHERE id = :id", id=row_id)
            new = "2020-01-01 00:00:00.000000" if column == "at" else 77 if column == "thing_id" else "mallory"
            busy.do(f"UPDATE history SET {column} = :new WHERE id = :id", new=new, id=row_id)
            assert f"case {case_id}, row {seq}: it was changed" in verify(busy.engine, KEY), (column, row_id)
            busy.do(f"UPDATE history SET {column} = :old WHERE id = :id", old=old, id=row_id)
    assert verify(busy.engine, KEY) == ()


def test_a_deleted_row_of_history_is_named_even_the_last(busy: House) -> None:
    busy.do("DELETE FROM history WHERE case_id = 1 AND seq = 2")
    assert "case 1, row 3: a row before it is missing" in verify(busy.engine, KEY)
    busy.do("DELETE FROM history WHERE case_id = 2 AND seq = 3")
    assert "case 2: it is resolved, which its history does not tell" in verify(busy.engine, KEY)
    busy.do("DELETE FROM history WHERE case_id = 2")
    assert "case 2: it is resolved, which its history does not tell" in verify(busy.engine, KEY)


def test_a_row_forged_with_care_is_betrayed_by_the_next(busy: House) -> None:
    rows = busy.rows(
        "SELECT chain, thing, thing_id, was, now_is, note_hash FROM history WHERE case_id = 1 ORDER BY seq"
    )
    _, thing, thing_id, was, now_is, note_hash = rows[1]
    told = (1, 2, thing, thing_id, was, now_is, "person:2", "Approved.", note_hash)
    forged = link(rows[0][0], told, NOON)
    busy.do(
        "UPDATE history SET who = 'person:2', at = :at, chain = :chain WHERE case_id = 1 AND seq = 2",
        at="2026-11-22 12:00:00.000000",
        chain=forged,
    )
    assert verify(busy.engine, KEY) == ("case 1, row 3: it was changed",)


def test_rows_of_history_put_into_another_order_are_named(busy: House) -> None:
    for was, now_is in ((3, 33), (2, 3), (33, 2)):
        busy.do("UPDATE history SET seq = :new WHERE case_id = 1 AND seq = :old", new=now_is, old=was)
    wrong = verify(busy.engine, KEY)
    assert "case 1, row 2: it was changed" in wrong
    assert "case 1, row 3: it was changed" in wrong


def test_a_row_put_into_history_is_named(busy: House) -> None:
    busy.do(
        """INSERT INTO history (brand, case_id, seq, who, thing, thing_id, was, now_is, why, note_hash, chain, at)
           SELECT brand, case_id, 4, 'person:2', 'case', 2, 'resolved', 'open', 'x', note_hash, chain, at
           FROM history WHERE case_id = 2 AND seq = 3"""
    )
    assert "case 2, row 4: it was changed" in verify(busy.engine, KEY)


def test_a_state_changed_past_the_history_is_named(busy: House) -> None:
    busy.do("UPDATE cases SET state = 'open' WHERE id = 2")
    busy.do("UPDATE replies SET state = 'removed'")
    assert verify(busy.engine, KEY) == (
        "case 2: it is open, which its history does not tell",
        "reply 1: it is removed, which its history does not tell",
    )


def test_a_changed_note_is_named_and_a_forgotten_one_is_not(busy: House) -> None:
    busy.do("UPDATE notes SET text = 'She never comes.'")
    assert verify(busy.engine, KEY) == ("case 2, row 2: its note was changed",)
    busy.do("DELETE FROM notes")
    assert verify(busy.engine, KEY) == ()
    assert verify(busy.engine, b"another key") == ()


def test_a_note_is_sealed_with_the_key(busy: House) -> None:
    assert verify(busy.engine, b"another key") == ("case 2, row 2: its note was changed",)


def test_no_history_tells_nothing_wrong(house: House) -> None:
    assert verify(house.engine, KEY) == ()
    with pytest.raises(MovedOn, match="no such case"):
        house.casebook.cases.note(1, "x", house.ana, NOON)
