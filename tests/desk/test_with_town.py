"""`doctor` and `poll` against the town's own X and Reddit: real requests, answered or refused as the real ones would."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from desk.cli import run
from desk.demo import demo_keys
from sandbox.keys import BRANDS
from sandbox.reddit import create_reddit
from sandbox.serve import Served
from sandbox.world import World
from sandbox.x import create_x


@dataclass
class Town:
    """A small town with one complaint on each site, and the config file that listens to it."""

    world: World
    config: Path


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """The town, open, with its keys in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AMENDS_")]:
        monkeypatch.delenv(name)
    for name, value in demo_keys().items():
        if BRANDS[0].upper() in name:
            monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        world = stack.enter_context(World(tmp_path / "town.sqlite"))
        x = stack.enter_context(Served(create_x(world)))
        reddit = stack.enter_context(Served(create_reddit(world)))
        for place in ("x", "reddit"):
            world.add_account(place, "rosebakery", "Rose Bakery")
            cora = world.add_account(place, "cora", "Cora")
            world.publish(
                place,
                cora.id,
                "@rosebakery the bread from Rose Bakery was burnt, terrible",
                title="Burnt bread",
                board="rosetown",
            )
        config = tmp_path / "config.toml"
        config.write_text(
            f'[service]\n[[brand]]\nkey = "rosebakery"\nname = "Rose Bakery"\n'
            f'[brand.x]\nhandle = "rosebakery"\napi = "{x.url}"\n'
            f'[brand.reddit]\nhandle = "rosebakery"\nboards = ["rosetown"]\napi = "{reddit.url}"\n',
            encoding="utf-8",
        )
        yield Town(world, config)


@pytest.mark.usefixtures("town")
def test_the_doctor_asks_every_site_and_says_who_we_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor"])
    told = capsys.readouterr().out
    for key in ("x:mentions:rosebakery", "x:search:rosebakery", "reddit:rosebakery"):
        assert f"ok   reading {key}: " in told
    for site in ("X", "Reddit"):
        assert f"ok   posting for rosebakery on {site}: signed in as @rosebakery" in told


def test_asking_the_doctor_posts_nothing_and_raises_nothing(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor"])
    assert all(call.method == "GET" or "access_token" in call.path for call in town.world.calls())
    run(["cases"])
    assert "0 need an answer" in capsys.readouterr().out


@pytest.mark.usefixtures("town")
def test_the_doctor_tells_a_wrong_key_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AMENDS_ROSEBAKERY_REDDIT_PASSWORD", "forgotten")
    monkeypatch.setenv("AMENDS_ROSEBAKERY_X_ACCESS_TOKEN", "revoked")
    assert run(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "FAIL posting for rosebakery on Reddit: " in told
    assert "FAIL posting for rosebakery on X: " in told
    assert "forgotten" not in told
    assert "revoked" not in told


def test_a_site_that_is_down_is_told_by_doctor_and_poll(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    text = town.config.read_text(encoding="utf-8")
    head, _, tail = text.partition("[brand.reddit]")
    nobody = head[: head.index('api = "')] + 'api = "http://127.0.0.1:9"\n'
    town.config.write_text(f"{nobody}[brand.reddit]{tail}", encoding="utf-8")
    assert run(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "FAIL reading x:mentions:rosebakery" in told
    assert "ok   reading reddit:rosebakery" in told
    assert run(["poll"]) == 1
    told = capsys.readouterr().out
    assert "reddit:rosebakery: read" in told
    assert "x:mentions:rosebakery: read" not in told
    assert "1 new cases" in told


def test_polling_once_raises_the_complaints_and_twice_raises_none(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["poll"]) == 0
    told = capsys.readouterr().out
    assert told.endswith("2 new mentions, 2 new cases.\n")
    assert run(["poll"]) == 0
    assert capsys.readouterr().out.endswith("0 new mentions, 0 new cases.\n")
    assert run(["cases"]) == 0
    assert "2 need an answer" in capsys.readouterr().out
