"""The same story told on both databases: the same rows, the same views, the same refusals."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from storage.casebook import Judged
from storage.casebook.chain import verify
from storage.engine import open_engine, reading
from storage.tables import metadata
from storage.words import Author, CaseState, Finding, Poison, Purpose, Reach, ReachHow
from tests.storage.conftest import at_home
from tests.storage.house import (
    COMPLAINT,
    DAN,
    DAY,
    HOUR,
    KEY,
    MINUTE,
    NOON,
    ROSE,
    SECOND,
    House,
    answer,
    post,
    verdict,
)
from tests.storage.test_a_case_lives import Life

BY_CHANCE = {"replies": {"key", "payload"}, "lessons": {"id"}}
"""Columns that hold something drawn by lot, or a number that SQLite gives again when its row has gone."""


@dataclass
class Both:
    """Two houses in which the same things happen."""

    houses: tuple[House, House]

    def do(self, act: Callable[[House], object]) -> object:
        """In both houses; what came of it must be the same, a refusal too."""
        first, second = (outcome(act, house) for house in self.houses)
        assert first == second
        return first

    def agree(self, now: Any = NOON) -> None:
        """Every row and every view is the same."""
        first, second = (rows(house) for house in self.houses)
        for table in first:
            assert first[table] == second[table], table
        first_views, second_views = (views(house, now) for house in self.houses)
        for name in first_views:
            assert first_views[name] == second_views[name], name


def outcome(act: Callable[[House], object], house: House) -> object:
    try:
        return act(house)
    except Exception as error:  # noqa: BLE001 - the refusals are compared
        return type(error), str(error)


def rows(house: House) -> dict[str, list[dict[str, Any]]]:
    """Every row as the code reads it."""
    found = {}
    with reading(house.engine) as connection:
        for table in metadata.sorted_tables:
            apart = BY_CHANCE.get(table.name, set())
            told = connection.execute(select(*(column for column in table.columns if column.name not in apart)))
            found[table.name] = sorted((dict(row._mapping) for row in told), key=repr)
    return found


def views(house: House, now: Any) -> dict[str, object]:
    """Everything that pages, the digest and due work read."""
    look, book = house.reading, house.casebook
    lists = look.lists(now)
    seen: dict[str, object] = {
        "inbox": look.inbox(now),
        "inbox of one brand, second page": look.inbox(now, ROSE.key, limit=2, after=1),
        "lists": lists,
        "snoozed": look.snoozed(now),
        "counts": look.counts(now),
        "counts of one brand": look.counts(now, ROSE.key),
        "older": (look.older_complaints(ROSE.key, now), look.old_answer(ROSE.key)),
        "approved so far": look.approved_so_far(ROSE.key),
        "sources": look.sources(),
        "quarantined": look.quarantined(),
        "people": (look.people_names(), book.people.all()),
        "brands": book.brands.all(),
        "accounts": book.brands.own_accounts(),
        "scopes": book.pauses.scopes(),
        "failure": book.digests.last_failure(),
        "replies due": book.replies.due(now + DAY),
        "removals due": book.removals.due(now + DAY),
        "proposals due": book.proposals.due(now + DAY),
        "sources due": book.sources.due(now + DAY),
        "stranded": [replace(one, key="") for one in book.replies.stranded(now + DAY)],
        "to look": [(replace(one, key=""), looks) for one, looks in book.replies.to_look(now + DAY)],
        "verified": verify(house.engine, KEY),
    }
    for states in ([CaseState.OPEN], [CaseState.ANSWERED, CaseState.OFFLINE], list(CaseState)):
        seen[f"in {states}"] = look.in_state(states, now, limit=7, after=1)
    for (case_id,) in house.rows("SELECT id FROM cases"):
        seen[f"case {case_id}"] = look.case(case_id)
    return seen


@pytest.fixture
def both(migrated_sqlite_url: str, migrated_postgres_url: str) -> Iterator[Both]:
    """Ana's shop twice."""
    engines = [open_engine(url) for url in (migrated_sqlite_url, migrated_postgres_url)]
    for engine in engines:
        at_home(engine).open_shop()
    yield Both((at_home(engines[0]), at_home(engines[1])))
    for engine in engines:
        engine.dispose()


# Lives by lot ----------------------------------------------------------------------------------------------------------

KINDS = ("complaint", "complaint", "praise", "chatter")
ACTS: dict[str, dict[str, tuple[object, ...] | int]] = {
    "cora_writes": {"kind": KINDS, "under": 99},
    "cora_edits": {"which": 99, "kind": KINDS, "by_poll": (True, False)},
    "cora_deletes": {"which": 99, "back": (True, False)},
    "we_are_seen_on_the_site": {"which": 99, "known": (True, False)},
    "ana_answers": {"which": 99, "far": ("posted", "unsure", "claimed", "held", "held")},
    "ana_writes_her_own": {"which": 99, "own": tuple(Purpose), "by_hand": (True, False), "stale": (True, False)},
    "ben_decides": {
        "which": 99,
        "act": ("dismiss", "reopen", "offline", "resolve", "answered", "note", "snooze"),
    },
    "ana_sees_to_a_reply": {
        "which": 99,
        "act": ("withdraw", "hand over", "by hand", "there", "not there", "down", "up"),
    },
    "ana_pauses": {},
    "the_outbox_claims": {"waits": (True, False)},
    "the_platform_says": {"which": 99, "how": ("posted", "put back", "refused", "hand", "unsure", "crash")},
    "the_outbox_looks": {"how": ("found", "not found", "again", "ask", "later")},
    "the_outbox_takes_down": {"ends": ("removed", "later", "told", "crash")},
    "time_passes": {"by": (SECOND, 2 * MINUTE, 2 * MINUTE, HOUR, 3 * DAY, -HOUR)},
}
"""What may happen in a life, and with what (`test_a_case_lives`)."""


def test_every_act_of_a_life_is_here() -> None:
    from hypothesis.stateful import RULE_MARKER

    assert set(ACTS) == {name for name, act in vars(Life).items() if hasattr(act, RULE_MARKER)}


def live(life: Life, name: str, given: dict[str, Any], _: House) -> object:
    return getattr(life, name)(**given)


@pytest.mark.parametrize("seed", [3, 11])
def test_a_life_by_lot_is_the_same_on_both(both: Both, seed: int) -> None:
    chance = random.Random(seed)
    lives = [Life(house) for house in both.houses]
    for life in lives:
        life.cora_complains()
    for step in range(100):
        name = chance.choice([*ACTS, "ana_answers", "the_outbox_claims"])
        given = {
            key: chance.randrange(of) if isinstance(of, int) else chance.choice(of) for key, of in ACTS[name].items()
        }
        if name == "ana_answers" and not lives[0].pick("cases WHERE state = 'open'", 0):
            continue
        if name == "the_platform_says" and not lives[0].claims:
            continue
        told = [outcome(partial(live, life, name, given), life.house) for life in lives]
        assert told[0] == told[1], (seed, step, name, given)
        if step % 20 == 19:
            both.agree(lives[0].now)
    both.agree(lives[0].now)


# What differs between databases when nobody takes care ----------------------------------------------------------------


def test_odd_texts_are_kept_alike(both: Both) -> None:
    odd = ["nothing", "a\0b", "half \ud83c pair", "👨‍👩‍👧‍👦 " * 40, "\u202estale", "'; DROP TABLE cases; --", "100 % \\x00 {}", "x" * 9000]  # fmt: skip

    def story(house: House) -> None:
        case_id = house.complain(post(said="𝔖tale\ttab"))
        proposal = house.propose(case_id)
        for number, said in enumerate(odd):
            house.casebook.cases.note(case_id, said, house.ana, NOON + number * SECOND)
            house.casebook.proposals.revise(
                proposal, said, [Finding("hint", said, "A4", 0, 3)], house.ben, NOON + number * SECOND
            )
        claimed = house.claim_source(NOON)
        house.casebook.sources.failed(claimed.key, claimed.fence, odd[1] + odd[2], NOON + HOUR, NOON)

    assert both.do(story) is None
    both.agree()
    assert verify(both.houses[0].engine, KEY) == ()
    notes = [move.note for move in both.houses[0].file(1).history if move.note]
    assert notes[1:3] == ["a\N{REPLACEMENT CHARACTER}b", "half ? pair"]


def test_odd_names_are_asked_for_alike(both: Both) -> None:
    for email in ("a\0b@x.example", "\ud800@x.example", "Ana@ROSEBAKERY.example", "ana@rosebakery.example%", ""):
        both.do(lambda house, email=email: house.casebook.people.by_email(email))  # type: ignore[misc]
    for number in (0, -1, 2**31, 2**63, 2**70):
        both.do(lambda house, number=number: house.reading.case(number))  # type: ignore[misc]
        both.do(lambda house, number=number: house.casebook.replies.withdraw(number, house.ana, NOON))  # type: ignore[misc]
        both.do(lambda house, number=number: house.casebook.cases.snooze(number, None, house.ana, NOON))  # type: ignore[misc]


def test_prices_moods_and_instants_come_back_alike(both: Both) -> None:
    def story(house: House) -> None:
        for number, (cost, mood) in enumerate([("0.01", -1.0), ("0.0149", 1 / 3), ("1234567.8901", 0.1 + 0.2)]):
            at = NOON + number * MINUTE + timedelta(microseconds=number * 333_333)
            said = post(f"p{number}", by=Author(f"c{number}", f"c{number}"), at=at, rating=number + 1, lang="en")
            house.hear(Judged(said, replace(verdict(), mood=mood)), now=at)
            house.propose(number + 1, reach=Reach(ReachHow.API, "yes", Decimal(cost)), now=at)
        house.casebook.cases.snooze(1, NOON + 90 * DAY, house.ana, NOON)

    both.do(story)
    both.agree()
    assert [p.reach.cost for p in both.houses[1].file(2).proposals] == [Decimal("0.0149")]


def test_hostile_posts_poison_and_repeats_are_told_alike(both: Both) -> None:
    bad = [post("b1", "a\0b"), post("b2", "\udcff"), post(f"b{'x' * 300}"), post("b3", rating=9)]

    def story(house: House) -> object:
        heard = house.hear(*bad, post("p1"), poison=[Poison(None, "\0", "\ud800"), Poison("y" * 400, "no", "{")])
        return heard, house.hear(*bad, post("p1"), now=NOON + HOUR)

    both.do(story)
    first, second = (views(house, NOON)["quarantined"] for house in both.houses)
    assert [row[:2] for row in first] == [row[:2] for row in second]  # type: ignore[attr-defined]
    # A post that only the base refused has used up a number on PostgreSQL; all else is the same.
    inboxes = [house.reading.inbox(NOON).rows for house in both.houses]
    assert [replace(row, case_id=0) for row in inboxes[0]] == [replace(row, case_id=0) for row in inboxes[1]]


def test_lists_are_in_one_order_whatever_ties_there_are(both: Both) -> None:
    def story(house: House) -> None:
        for number in range(12):
            who = Author(f"c{number}", f"c{number}")
            root = post(f"p{number}", by=who)
            house.hear(Judged(root, verdict(urgency=1 + number % 2)), now=NOON)
            house.hear(Judged(answer(f"q{number}", root, "again", by=who, at=NOON), COMPLAINT), now=NOON)
            house.hear(answer(f"r{number}", root, "me too", by=DAN, at=NOON), now=NOON)
        for case_id in range(1, 7):
            house.approved(case_id)

    both.do(story)
    both.agree()


@pytest.mark.parametrize("keys", [("Zoe", "anna", "ärger", "z-1", "z_1", "z.1", "B", "b")])
def test_keys_are_sorted_alike_in_every_locale(both: Both, keys: tuple[str, ...]) -> None:
    def story(house: House) -> None:
        for key in keys:
            house.casebook.brands.sync([replace(ROSE, key=key)], NOON)
            house.casebook.sources.ensure(f"x:{key}", key, "x", MINUTE, NOON)

    both.do(story)
    both.agree()
    assert [one.key for one in both.houses[1].casebook.brands.all()] == sorted([*keys, ROSE.key, "swiftcourier"])
