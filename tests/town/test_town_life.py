"""The town lives in its own time, is the same for the same seed, and goes on where it stopped."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.town.chance import chance
from sandbox.town.content import load
from sandbox.town.stream import make_voice, pause_after, say
from sandbox.town.town import Town
from sandbox.world import World

CONTENT = load()


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def live(town: Town, clock: Clock, seconds: float, step: float = 1.0) -> None:
    for _ in range(int(seconds / step)):
        clock.now += timedelta(seconds=step)
        town.live(step)


def told(world: World) -> list[tuple[str, str, str, datetime]]:
    """All posts with their authors and times, ids left out."""
    names = {(place, each.id): each.handle for place in ("x", "reddit") for each in world.accounts(place)}
    return [
        (names[place, post.author_id], post.text, post.title, post.created_at)
        for place in ("x", "reddit")
        for post in world.posts(place)
    ]


def started(path: Path | str = ":memory:", seed: int = 7, speed: float = 1.0) -> tuple[Town, Clock]:
    clock = Clock()
    return Town(World(path, clock), seed=seed, speed=speed), clock


def test_the_same_seed_makes_the_same_town() -> None:
    (one, clock_one), (two, clock_two) = started(), started()
    live(one, clock_one, 900)
    live(two, clock_two, 900)
    assert told(one.world) == told(two.world)


def test_another_seed_makes_another_town_with_the_same_past() -> None:
    (one, clock_one), (two, clock_two) = started(seed=7), started(seed=8)
    assert told(one.world) == told(two.world)
    live(one, clock_one, 600)
    live(two, clock_two, 600)
    assert told(one.world) != told(two.world)


def test_how_often_one_looks_changes_nothing_of_what_is_said() -> None:
    (often, clock_often), (rarely, clock_rarely) = started(), started()
    live(often, clock_often, 1_200, step=0.5)
    live(rarely, clock_rarely, 1_200, step=60)
    assert [row[:3] for row in told(often.world)] == [row[:3] for row in told(rarely.world)]


def test_the_first_minutes_are_lively_and_the_hours_after_are_calm() -> None:
    town, clock = started()
    before = len(told(town.world))
    live(town, clock, 300)
    first = len(told(town.world)) - before
    assert 300 / 40 <= first <= 300 / 15 + 7
    live(town, clock, 7_200, step=10)
    hour = [row for row in told(town.world) if row[3] > clock.now - timedelta(hours=1)]
    assert 3_600 / 400 - 1 <= len(hour) <= 3_600 / 150 + 1
    assert [pause_after(n, 0, 7) for n in range(50)] != [pause_after(n, 0, 8) for n in range(50)]


def test_a_town_that_slept_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole, clock = started()
    live(whole, clock, 600)

    broken, clock = started(tmp_path / "town.db")
    live(broken, clock, 250)
    broken.world.close()
    clock.now += timedelta(days=3)
    world = World(tmp_path / "town.db", clock)
    broken = Town(world, seed=99)
    assert broken.seed == 7
    live(broken, clock, 350)

    assert [row[:3] for row in told(world)] == [row[:3] for row in told(whole.world)]
    assert not [row for row in told(world) if timedelta(hours=1) < clock.now - row[3] < timedelta(days=2, hours=23)]


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("nth", [1, 2, 5, 11])
def test_a_kill_between_two_writes_repeats_nothing_and_loses_nothing(
    tmp_path: Path, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, clock = started()
    live(whole, clock, 400, step=20)

    town, clock = started(tmp_path / "town.db")
    left = [nth]
    remember = World.remember

    def remember_or_die(self: World, key: str, value: str) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed
        remember(self, key, value)

    monkeypatch.setattr(World, "remember", remember_or_die)
    with pytest.raises(Killed):
        live(town, clock, 400, step=20)
    monkeypatch.undo()
    town.world.close()
    world = World(tmp_path / "town.db", clock)
    town = Town(world)
    left_over = 400 - town.alive
    live(town, clock, left_over + 0.5, step=20)

    assert Counter(row[:3] for row in told(world)) == Counter(row[:3] for row in told(whole.world))


def test_nobody_says_the_same_thing_twice_in_a_day() -> None:
    town, clock = started()
    live(town, clock, 86_400, step=60)
    rows = [(who, text) for who, text, *_ in told(town.world)]
    assert len(rows) > 300
    assert [row for row, times in Counter(rows).items() if times > 1] == []


def test_a_name_has_one_handle_and_a_handle_fits_x() -> None:
    names: dict[str, set[str]] = {}
    for n in range(2_000):
        for speech in CONTENT.speech.values():
            voice = make_voice(chance(n), speech)
            names.setdefault(voice.handle, set()).add(voice.name)
    assert all(len(handle) <= 15 for handle in names)
    assert [handle for handle, shown in names.items() if len(shown) > 1] == []


def test_the_stream_speaks_every_language_and_most_of_it_complains() -> None:
    said = [say(n, 7, CONTENT, ()) for n in range(600)]
    kinds = Counter(each.kind for each in said)
    assert {each.lang for each in said} == {"en", "ru", "ro", "te"}
    assert {each.place for each in said} == {"x", "reddit"}
    assert 0.5 < kinds["complaint"] / 600 < 0.75
    assert {"praise", "question", "spam", "not_us", "news", "chatter"} <= set(kinds)
    assert any(each.late for each in said)
    assert any(each.edited for each in said)
    assert any(each.delete_after for each in said)
    assert not [each.text for each in said if "{" in each.text or "|" in each.text]


def test_a_late_post_is_older_than_posts_that_were_seen_before_it() -> None:
    town, clock = started()
    hidden = [post for post in town.world.posts("x") if post.visible_at > clock.now]
    assert hidden
    live(town, clock, 120)
    shown = town.world.posts("x", now=clock.now)
    for late in hidden:
        assert late.history in [post.history for post in shown]
        assert any(late.created_at < post.created_at and post.visible_at < late.visible_at for post in shown)


def test_a_customer_edits_to_fixed_thanks_and_another_takes_a_post_down() -> None:
    town, clock = started()
    world = town.world
    cora = world.account("x", handle="cora_bell")
    hal = world.account("x", handle="hotheaded_hal")
    assert cora is not None
    assert hal is not None
    live(town, clock, 240)
    edited = world.posts("x", author_id=cora.id)[0]
    assert "all fixed, thanks" in edited.text
    assert len(edited.history) == 2
    assert world.posts("x", author_id=hal.id)[0].deleted_at is not None


def test_a_faster_town_says_more_in_the_same_time() -> None:
    (slow, clock_slow), (fast, clock_fast) = started(), started(speed=10)
    live(slow, clock_slow, 60)
    live(fast, clock_fast, 60)
    assert len(told(fast.world)) > len(told(slow.world)) + 5
    assert all(row[3] <= clock_fast.now for row in told(fast.world))
