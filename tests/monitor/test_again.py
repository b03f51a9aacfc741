"""Second looks that are due, with the wheel's own language model and small heads of ours: raised, retracted, left, and never in the way."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
from sqlalchemy import text

from desk.brands import BrandSection
from desk.config import Settings
from desk.wiring import House, open_house
from desk.work import learn, look_closer
from monitor.again import AT_ONCE, look_again_due
from monitor.filter import judge, second_look, weights
from monitor.filter.encoder_file import read_layout
from monitor.filter.heads import KINDS, MOODS, SEVERITIES, TOPICS
from monitor.filter.learned import VECTOR
from monitor.filter.second_look import SPREAD, Encoder, SecondLook, make_plain, model_path, open_encoder
from monitor.filter.weights import FOLDER, WeightsDamaged, read_weights, write_weights
from monitor.learning.due import learn_due
from monitor.learning.features import unpack
from monitor.listening import how_to_listen, looks
from monitor.rounds import poll_due
from storage.casebook import Casebook, Judged
from storage.casebook.verdicts import MOST_TRIES
from storage.reading import Reading
from storage.words import Author, Brand, CaseState, Kind, Post
from tests.monitor.shop import DAY, HOUR, MINUTE, NOON, ROSE, Shelf, post

LATER = NOON + MINUTE
BRANDS = {ROSE.key: ROSE}

JEST = "@rosebakery I waited a whole hour for my order yesterday, then nobody knew where it was and I left with nothing at all"
"""The first look raises it; ours calls it praise."""
MILD = (
    "@rosebakery so the croissants are smaller now, are they",
    "@rosebakery third time this week that I walk home without bread",
    "@rosebakery another sign on the door this morning",
    "@rosebakery I had expected something else from the famous cake",
    "@rosebakery well, that was my last visit before the summer",
    "@rosebakery is it me or was the coffee better last year",
    "Rose Bakery used to be the place where we met on Sundays",
    "@rosebakery the door was closed at ten",
)
"""What the first look may be in doubt about; ours calls the first of them that it is a complaint."""
PLAIN = "@rosebakery what lovely cakes, thank you so much, we will be back"


def in_doubt(said: str) -> bool:
    """Whether the first look leaves it, and would have it looked at again."""
    told = judge(post(said), ROSE)
    return told.ask_again and told.kind is not Kind.COMPLAINT


@pytest.fixture(scope="module")
def mild() -> str:
    """A text that the first look, as it is shipped just now, is not sure of."""
    return next(filter(in_doubt, MILD))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """The wheel's model, as it is."""
    layout = read_layout(model_path())
    return open_encoder(model_path(), layout, no_differences())


def no_differences() -> np.ndarray:
    layout = read_layout(model_path())
    return np.zeros(sum(layout.tensors[name].length // 4 for name in layout.taught()), np.float32)


def make_heads(encoder: Encoder, told: Mapping[str, Kind]) -> np.ndarray:
    """Heads by which these texts are these kinds; of all others they say what they say of the nearest."""
    vectors = SPREAD * encoder.query([make_plain(said) for said in told])
    wanted = np.zeros((len(told), len(KINDS) + len(MOODS) + len(TOPICS) + len(SEVERITIES)), np.float32)
    for row, kind in zip(wanted, told.values(), strict=True):
        row[KINDS.index(kind)] = 12.0
        row[len(KINDS) + MOODS.index("good" if kind is Kind.PRAISE else "bad")] = 3.0
    inner, *_ = np.linalg.lstsq(vectors, wanted, rcond=None)
    return np.vstack((inner, np.zeros((1, wanted.shape[1])))).astype(np.float32)


@pytest.fixture(scope="module")
def heads(encoder: Encoder, mild: str) -> np.ndarray:
    return make_heads(encoder, {JEST: Kind.PRAISE, mild: Kind.COMPLAINT, PLAIN: Kind.CHATTER})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, heads: np.ndarray) -> Path:
    """Where our weights lie."""
    folder = tmp_path_factory.mktemp("weights")
    told = {
        "model": np.array(read_layout(model_path()).digest),
        "version": np.array("ours"),
        "differences": no_differences().astype(np.float16),
        "heads": heads,
    }
    write_weights("second", told, folder)
    return folder


def use(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """The second look's weights are read from this folder from now on."""

    def read(name: str) -> Mapping[str, Any]:
        return read_weights(name, folder if name == "second" else FOLDER)

    for room in (second_look, weights):
        patch.setattr(room, "read_weights", read)
    forget()


def forget() -> None:
    """Weights are read anew."""
    second_look._load.cache_clear()
    weights.version_of.cache_clear()


@pytest.fixture(scope="module")
def ours(folder: Path) -> Iterator[None]:
    """The second look has the heads that are made here."""
    with pytest.MonkeyPatch.context() as patch:
        use(patch, folder)
        yield
    forget()


@pytest.fixture
def without(ours: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """The second look's weights are missing until this is called."""
    found = second_look._load
    monkeypatch.setattr(second_look, "_load", found.__wrapped__)
    monkeypatch.setattr(second_look, "read_weights", lambda name: read_weights(name, tmp_path))

    def put_back() -> None:
        monkeypatch.setattr(second_look, "_load", found)

    return put_back


def hear(casebook: Casebook, *posts: Post, now: datetime = NOON) -> None:
    """One poll brings these."""
    shelf = Shelf()
    shelf.lay(*posts)
    casebook.sources.poll_now(now)
    assert poll_due(casebook, {shelf.key: shelf}, {}, BRANDS, now, chance=random.Random(1)) == 1


def somebody(number: int) -> Author:
    return Author(f"c{number}", f"customer{number}")


def look(casebook: Casebook, now: datetime = LATER, brands: Mapping[str, Brand] = BRANDS) -> int:
    return look_again_due(casebook, brands, now)


def rows(casebook: Casebook, asked: str) -> list[tuple[Any, ...]]:
    with casebook.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(asked))]


def waiting(casebook: Casebook) -> list[tuple[Any, ...]]:
    """Mentions that are to be looked at again: (id, how often somebody tried)."""
    return rows(casebook, "SELECT id, again_tries FROM mentions WHERE again_at IS NOT NULL ORDER BY id")


def states(reading: Reading) -> dict[str, CaseState]:
    """Every case's state, by the text it was raised for."""
    cases = reading.in_state(list(CaseState), LATER).rows
    return {row.text: reading.case(row.case_id).case.state for row in cases}  # type: ignore[union-attr]  # they are there


# What is due is judged by both looks -----------------------------------------------------------------------------------


def test_a_second_look_retracts_what_was_raised_in_vain_and_raises_what_was_left(
    casebook: Casebook, reading: Reading, ours: None, mild: str
) -> None:
    hear(casebook, post(JEST, "p1"), post(mild, "p2", author=somebody(2)), post(PLAIN, "p3", author=somebody(3)))
    assert states(reading) == {JEST: CaseState.OPEN}
    assert look(casebook) == 2
    assert states(reading) == {JEST: CaseState.DISMISSED, mild: CaseState.OPEN}
    told = rows(casebook, "SELECT mention_id, kind, model_version, vector FROM verdicts WHERE stage = 2 ORDER BY id")
    assert [row[:3] for row in told] == [(1, "praise", looks(deep=True)), (2, "complaint", looks(deep=True))]
    assert {len(row[3]) for row in told} == {2 * VECTOR}
    assert waiting(casebook) == []
    assert look(casebook, LATER + DAY) == 0


def test_why_the_second_look_raised_or_retracted_is_told(
    casebook: Casebook, reading: Reading, ours: None, mild: str
) -> None:
    hear(casebook, post(JEST, "p1"), post(mild, "p2", author=somebody(2)))
    look(casebook)
    told = [reading.case(case_id).history[-1].why for case_id in (1, 2)]  # type: ignore[union-attr]  # they are there
    assert told == ["A second look found no complaint.", "A second look found a complaint."]


def test_what_ana_has_touched_stays_whatever_the_second_look_says(
    casebook: Casebook, reading: Reading, ours: None
) -> None:
    hear(casebook, post(JEST))
    casebook.cases.note(1, "I know her", "person:1", NOON)
    assert look(casebook) == 1
    assert states(reading) == {JEST: CaseState.OPEN}


def test_what_ana_said_of_a_mention_stays_whatever_the_second_look_says(
    casebook: Casebook, reading: Reading, ours: None, mild: str
) -> None:
    hear(casebook, post(mild))
    casebook.hearings.tell(1, Kind.CHATTER, "person:1", NOON + MINUTE)
    assert look(casebook) == 1
    assert states(reading) == {}


def test_many_are_looked_at_in_one_go(casebook: Casebook, ours: None, mild: str) -> None:
    hear(casebook, *(post(f"{mild} {number}", f"p{number}", author=somebody(number)) for number in range(AT_ONCE + 3)))
    due = len(waiting(casebook))
    assert due > AT_ONCE
    assert look(casebook) == due
    assert waiting(casebook) == []


def test_where_nothing_is_due_nothing_is_done(casebook: Casebook, ours: None) -> None:
    hear(casebook, post(PLAIN))
    assert look(casebook) == 0


def test_both_looks_raise_from_the_line_that_the_brand_was_given(
    casebook: Casebook, reading: Reading, ours: None, mild: str
) -> None:
    casebook.hearings.ask_per_day(ROSE.key, 1, "person:1", NOON)
    assert casebook.hearings.claim_due(NOON, looks(deep=True)) == (ROSE.key,)
    hearing = casebook.hearings.current(ROSE.key)
    assert hearing is not None
    casebook.hearings.learnt(hearing.but(model=looks(deep=True), line_both=1.0), NOON)
    assert how_to_listen(casebook, ROSE.key).line_both == 1.0
    hear(casebook, post(mild))
    assert look(casebook) == 1
    assert states(reading) == {}


# What is left, and what comes too late ---------------------------------------------------------------------------------


def test_what_a_rule_decides_by_now_is_left_with_the_verdict_it_has(
    casebook: Casebook, reading: Reading, ours: None
) -> None:
    said = JEST.replace("@rosebakery", "At Rose Bakery")
    hear(casebook, post(said))
    assert look(casebook, brands={ROSE.key: replace(ROSE, forbidden=("yesterday",))}) == 1
    assert waiting(casebook) == []
    assert rows(casebook, "SELECT count(*) FROM verdicts") == [(1,)]
    assert states(reading) == {said: CaseState.OPEN}


def test_a_brand_that_is_not_in_the_settings_any_more_holds_up_no_other(
    casebook: Casebook, reading: Reading, ours: None, mild: str
) -> None:
    other = Brand("abakery", "Rose Bakery", names=("Rose Bakery",), handles={"x": "rosebakery"})
    casebook.brands.sync([other], NOON)
    casebook.rounds.record_import(other.key, [Judged(post(mild, "q1"), judge(post(mild, "q1"), other))], NOON)
    hear(casebook, post(mild))
    look(casebook)
    assert states(reading) == {mild: CaseState.OPEN}
    assert [row[0] for row in waiting(casebook)] == [1], "until it is given up"


class Meanwhile(dict[str, Brand]):
    """The settings, and somebody who does something just after mentions were taken."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__(BRANDS)
        self._act = act

    def get(self, key: str, default: Any = None) -> Any:
        """The brand, as always."""
        self._act()
        return super().get(key, default)


def test_a_look_at_a_post_that_is_edited_meanwhile_comes_too_late(
    casebook: Casebook, reading: Reading, ours: None, mild: str
) -> None:
    hear(casebook, post(mild))
    edited = post(PLAIN, edited_at=LATER)

    def edit() -> None:
        casebook.rounds.record_again(ROSE.key, [Judged(edited, judge(edited, ROSE))], "x", LATER)

    with structlog.testing.capture_logs() as logs:
        assert look(casebook, brands=Meanwhile(edit)) == 1
    assert [log["why"] for log in logs if log["event"] == "a second look came too late"] == [
        "The post was edited meanwhile."
    ]
    assert states(reading) == {}
    assert rows(casebook, "SELECT count(*) FROM verdicts WHERE stage = 2") == [(0,)]


def test_a_doubtful_text_that_replaces_another_is_looked_at_in_its_turn(
    casebook: Casebook, reading: Reading, ours: None, mild: str
) -> None:
    hear(casebook, post(JEST))
    edited = post(mild, edited_at=LATER)

    def edit() -> None:
        casebook.rounds.record_again(ROSE.key, [Judged(edited, judge(edited, ROSE))], "x", LATER)

    assert look(casebook, brands=Meanwhile(edit)) == 2, "the old text and, in the same go, the new one"
    assert rows(casebook, "SELECT post_version, kind FROM verdicts WHERE stage = 2") == [(2, "complaint")]


# What stops a look, and what does not ----------------------------------------------------------------------------------


def test_missing_weights_are_told_and_cost_no_mention_its_turn(
    casebook: Casebook, reading: Reading, without: Callable[[], None], mild: str
) -> None:
    hear(casebook, post(mild))
    for hours in range(MOST_TRIES + 2):
        with pytest.raises(WeightsDamaged, match=r"second\.npz is missing"):
            look(casebook, LATER + hours * HOUR)
    assert waiting(casebook) == [(1, 0)]
    without()
    assert look(casebook, LATER + DAY) == 1
    assert states(reading) == {mild: CaseState.OPEN}


def test_missing_weights_stop_nobody_where_nothing_is_due(casebook: Casebook, without: Callable[[], None]) -> None:
    hear(casebook, post(PLAIN))
    assert look(casebook) == 0


UPSETTING = "@rosebakery nobody at your bakery answers the phone and my order is gone, zzzz what a shame for you"


class Upset:
    """The wheel's model, but for one text."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def query(self, texts: list[str]) -> Any:
        """Vectors of texts."""
        if any("zzzz" in one for one in texts):
            raise ZeroDivisionError("that one")
        return self._encoder.query(texts)


@pytest.fixture
def upset(ours: None, monkeypatch: pytest.MonkeyPatch, encoder: Encoder, heads: np.ndarray) -> None:
    """A second look that one text upsets."""
    look = SecondLook(Upset(encoder), heads, "ours")
    monkeypatch.setattr(second_look, "_load", lambda: look)


def test_a_text_that_upsets_the_look_costs_itself_and_no_other(
    casebook: Casebook, reading: Reading, upset: None, mild: str
) -> None:
    hear(
        casebook,
        post(mild, "p1", author=somebody(1)),
        post(UPSETTING, "p2", author=somebody(2)),
        post(JEST, "p3", author=somebody(3)),
    )
    with structlog.testing.capture_logs() as logs:
        assert look(casebook) == 3
    assert states(reading) == {mild: CaseState.OPEN, UPSETTING: CaseState.OPEN, JEST: CaseState.DISMISSED}
    assert [log["mention"] for log in logs if log["event"] == "a second look failed"] == [2]
    assert waiting(casebook) == [(2, 1)]


def test_a_text_that_upsets_the_look_is_tried_again_and_then_left(
    casebook: Casebook, reading: Reading, upset: None
) -> None:
    hear(casebook, post(UPSETTING))
    assert [look(casebook, LATER + hours * HOUR) for hours in range(MOST_TRIES + 1)] == [1] * MOST_TRIES + [0]
    assert waiting(casebook) == []
    assert states(reading) == {UPSETTING: CaseState.OPEN}, "with the verdict it has"


# Learning with both looks ----------------------------------------------------------------------------------------------


def test_a_decision_keeps_what_both_looks_saw(casebook: Casebook, ours: None) -> None:
    hear(casebook, post(JEST))
    casebook.cases.dismiss(1, "praise", "person:1", NOON)
    for deep, both, vector in ((False, 0, 0), (True, len(KINDS), VECTOR)):
        casebook.cases.reopen(1, "", "person:1", LATER)
        casebook.cases.dismiss(1, "praise", "person:1", LATER)
        learn_due(casebook, BRANDS, lambda _place: True, LATER, deep=deep)
        (lesson,) = casebook.hearings.lessons(ROSE.key, 9)
        assert lesson.made_with == looks(deep=deep)
        kept = unpack(lesson.features or b"")
        assert (len(kept.both), len(kept.vector)) == (both, vector)


# A house without a second look -----------------------------------------------------------------------------------------


def open_it(folder: Path, *, wanted: bool) -> House:
    """Ana's house, in which a second look is wanted or not."""
    settings = Settings(brand=(BrandSection(key=ROSE.key, name=ROSE.name),)).beside(folder)
    wishes = settings.filter.model_copy(update={"second_look": wanted})
    return open_house(settings.model_copy(update={"filter": wishes}), environ={})


def bring(house: House, said: str) -> tuple[int, ...]:
    """Ana brings in what somebody wrote; gives the case it raised, if any."""
    brought = post(said, place="import")
    judged = Judged(brought, judge(brought, house.brands[ROSE.key]))
    return house.casebook.rounds.record_import(ROSE.key, [judged], NOON).raised


@pytest.mark.parametrize(("wanted", "installed"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_house_looks_twice_where_it_is_wanted_and_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: None, mild: str, wanted: bool, installed: bool
) -> None:
    if not installed:
        monkeypatch.setattr(second_look, "find_spec", lambda _: None)
    house = open_it(tmp_path, wanted=wanted)
    assert house.looks_twice == (wanted and installed)
    bring(house, mild)
    assert look_closer(house, LATER) == (wanted and installed)
    assert waiting(house.casebook) == ([] if wanted and installed else [(1, 0)])
    house.close()


def test_without_a_second_look_decisions_are_learnt_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: None
) -> None:
    monkeypatch.setattr(second_look, "find_spec", lambda _: None)
    house = open_it(tmp_path, wanted=True)
    (case_id,) = bring(house, JEST)
    house.casebook.cases.dismiss(case_id, "praise", "person:1", LATER)
    learn(house, LATER + MINUTE)
    (lesson,) = house.casebook.hearings.lessons(ROSE.key, 9)
    assert lesson.made_with == looks(deep=False)
    house.close()
