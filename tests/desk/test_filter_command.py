"""`amends filter`: Ana looks what was learned, goes back on it, and goes back on that."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from desk.cli import run
from desk.clock import utc_now
from desk.config_file import load_settings
from desk.wiring import House, open_house
from monitor.filter import judge
from storage.casebook import Judged
from storage.words import Author, Kind, Post
from tests.quiet_logs import logging_left_alone

ANA = "person:1"


@pytest.fixture(scope="session")
def house_as_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop that was set up with `amends init`, made once."""
    folder = tmp_path_factory.mktemp("filtered")
    made = ["init", "--yes", "--brand", "Rose Bakery", "--email", "ana@rosebakery.example", "--name", "Ana"]
    with pytest.MonkeyPatch.context() as patch, logging_left_alone():
        patch.chdir(folder)
        patch.setenv("AMENDS_OWNER_PASSWORD", "four quiet words here")
        assert run([*made, "--time-zone", "Europe/Bucharest"]) == 0
    return folder


@pytest.fixture
def shop(house_as_made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The config file of a shop of this test's own."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AMENDS_")]:
        monkeypatch.delenv(name)
    shutil.copytree(house_as_made, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "config.toml"
    config.write_text(config.read_text() + "\n[filter]\nsecond_look = false\n")
    return config


@contextmanager
def inside(shop: Path) -> Iterator[House]:
    house = open_house(load_settings(shop, {}), environ={})
    yield house
    house.close()


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says that goes well."""
    assert run(["filter", *arguments]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which it says no."""
    assert run(["filter", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("amends: ")
    assert said.count("\n") == 1
    return said


def decide(house: House, count: int) -> None:
    """Ana says what mentions are: those of the queue are complaints, those of the view are not."""
    now, brand = utc_now(), house.brands["rosebakery"]
    for number in range(count):
        text = "the queue at Rose Bakery again" if number % 2 else "the view from Rose Bakery again"
        at = now - timedelta(hours=number + 1)
        post = Post("mastodon", f"p{number}", Author(f"a{number}", "", "A guest"), text, at, f"c{number}")
        house.casebook.rounds.record_import(brand.key, [Judged(post, judge(post, brand))], now)
        house.casebook.hearings.tell(number + 1, Kind.COMPLAINT if number % 2 else None, ANA, now)


def add_brand(shop: Path) -> None:
    shop.write_text(shop.read_text() + '\n[[brand]]\nkey = "swift"\nname = "Swift Courier"\n')


def test_before_anything_was_decided_it_is_as_shipped(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "show") == "Rose Bakery (rosebakery): as shipped; nothing was learned yet.\n"
    assert "nothing was ever changed" in told(capsys, "history")
    assert told(capsys, "learn") == "There was nothing new to learn.\n"


def test_what_was_learned_is_told_in_words(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with inside(shop) as house:
        decide(house, 40)
    assert told(capsys, "learn") == "1 brand is listened for in another way now.\n"
    assert told(capsys, "learn") == "There was nothing new to learn.\n"
    said = told(capsys, "show")
    assert "version 1, " in said
    assert ", Amends: From 40 decisions" in said
    assert "Raised: As many as there are." in said
    assert "Decisions that count: 40." in said
    assert "Words for a complaint: queue." in said
    assert "view" in said.partition("Words against one: ")[2]


def test_reset_and_back_are_two_ways_of_one_road(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with inside(shop) as house:
        house.casebook.hearings.ask_per_day("rosebakery", 5.0, ANA, utc_now())
    assert told(capsys, "reset") == (
        "Rose Bakery is listened for as shipped again. What was before: amends filter back 1\n"
    )
    assert "Raised: As many as there are." in told(capsys, "show")
    assert "as in version 1, which is version 3 now" in told(capsys, "back", "1")
    assert "Raised: About 5 a day." in told(capsys, "show")
    lines = told(capsys, "history").splitlines()
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert "a command: Back to version 1." in lines[0]
    assert "Ana: About 5 a day." in lines[2]


def test_a_version_that_never_was_is_refused(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no version 9" in refused(capsys, "back", "9")
    assert run(["filter", "back", "0"]) == 2


def test_of_two_brands_ana_says_which(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_brand(shop)
    assert len(told(capsys, "show").splitlines()) == 2
    assert told(capsys, "show", "--brand", "swift").startswith("Swift Courier")
    for act in (["reset"], ["history"], ["back", "1"]):
        assert "Say which brand with --brand." in refused(capsys, *act)
    assert 'There is no brand "nobody".' in refused(capsys, "reset", "--brand", "nobody")
    assert "Swift Courier is listened for as shipped again." in told(capsys, "reset", "--brand", "swift")
    assert "amends filter history --brand swift" in refused(capsys, "back", "9", "--brand", "swift")
