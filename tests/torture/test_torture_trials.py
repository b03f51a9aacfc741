"""A small sample of the crash loop, with the real service, the real clients and the town's servers; and proof that it would find what is wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.quiet_logs import logging_left_alone
from torture import chapters
from torture.groups import Group
from torture.mate import be_quiet, scratch
from torture.outcome import Outcome
from torture.player import Player
from torture.sites import SITES
from torture.stage import Stage, set_up

SEED = 7


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    """One stage for all of these: setting it up is what takes the time."""
    with logging_left_alone(), scratch() as folder:
        be_quiet()
        with set_up(Path(folder)) as stage:
            yield Player(stage)


@pytest.fixture(scope="module")
def stage(player: Player) -> Stage:
    return player.stage


def found(outcome: Outcome) -> set[str]:
    """What was wrong, by name."""
    return {finding.what for _, finding in outcome.findings}


@pytest.mark.parametrize("place", SITES)
def test_a_kill_at_any_step_of_posting_neither_doubles_nor_loses(player: Player, place: str) -> None:
    outcome = player.play(Group("post", place), every=6)
    assert outcome.cases == outcome.kills >= 4
    assert (outcome.findings, outcome.unforeseen) == ([], [])


@pytest.mark.parametrize(
    ("group", "every"),
    [
        (Group("post", "reddit", "reset_after", always=True), 9),
        (Group("post", "x", "late"), 9),
        (Group("post, read", "bluesky", "error_before"), 9),
        (Group("look, lost", "reddit"), 9),
        (Group("remove", "mastodon", "reset_after"), 9),
        (Group("poll", "bluesky", "cut_short"), 30),
        (Group("follow", "x"), 30),
    ],
    ids=lambda given: given.name if isinstance(given, Group) else "",
)
def test_what_goes_wrong_besides_changes_nothing(player: Player, group: Group, every: int) -> None:
    outcome = player.play(group, every)
    assert outcome.cases > 0
    assert (outcome.findings, outcome.unforeseen) == ([], [])


def test_a_second_kill_while_recovering_changes_nothing(player: Player) -> None:
    outcome = player.play(Group("post", "reddit", again=True), every=120)
    assert outcome.kills > outcome.cases > 0
    assert (outcome.findings, outcome.unforeseen) == ([], [])


def test_a_digest_comes_once_wherever_the_service_dies(player: Player) -> None:
    outcome = player.play(Group("digest", "x", "cut_after"), every=12)
    assert outcome.cases >= 4
    assert outcome.findings == []


def test_what_ana_wrote_when_she_put_a_case_aside_is_kept_with_it_or_not_at_all(player: Player) -> None:
    outcome = player.play(Group("press /cases/{case_id}/dismiss", "x"), every=3)
    assert outcome.kills >= 4
    assert outcome.findings == []


def test_posting_again_without_looking_is_found_to_double(stage: Stage) -> None:
    assert "duplicates" in found(chapters.play(stage, SEED, 0, ["x"], ["naive: again"]))


def test_marking_before_posting_is_found_to_lose(stage: Stage) -> None:
    assert "lost" in found(chapters.play(stage, SEED, 0, ["x"], ["naive: first"]))


def test_the_same_seed_and_number_give_the_same_kills_again(stage: Stage) -> None:
    one, other = (chapters.play(stage, SEED, 3, ["x"]) for _ in range(2))
    assert one.findings == other.findings == []
    assert one.died_at == other.died_at
    assert (one.kills, one.starts, one.cases) == (other.kills, other.starts, other.cases)
    assert one.kills >= one.cases


def test_a_trial_can_be_had_again_alone(player: Player) -> None:
    outcome = player.play(Group("post", "x"), only=17)
    assert (outcome.cases, outcome.kills) == (1, 1)


def test_a_stage_leaves_nothing_behind(tmp_path: Path) -> None:
    before = set(Path(tempfile.gettempdir()).glob("amends-torture-*"))
    with scratch() as folder:
        assert list(Path(folder).iterdir()) == []
    assert set(Path(tempfile.gettempdir()).glob("amends-torture-*")) == before
