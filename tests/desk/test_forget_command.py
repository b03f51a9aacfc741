"""`amends forget`: Cora asks to be forgotten, and Ana types one line."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest

from desk.cli import run
from desk.clock import utc_now
from desk.config_file import load_settings
from desk.wiring import House, open_house
from storage.casebook import Judged
from storage.words import Audience, Author, Draft, Kind, Post, Purpose, Reach, ReachHow, Topic, Verdict

COMPLAINT = Verdict(Kind.COMPLAINT, 0.9, "en", -0.6, Topic.PRODUCT, 2, ())
FORGET = ["forget", "google", "cora", "--config"]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop's config file; Cora and her namesake have complained there."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AMENDS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AMENDS_OWNER_PASSWORD", "four quiet words here")
    made = ["init", "--yes", "--brand", "Rose Bakery", "--email", "ana@rosebakery.example", "--name", "Ana"]
    assert run([*made, "--time-zone", "Europe/Bucharest"]) == 0
    complain(tmp_path / "config.toml", "p1", Author("c-1", "cora", "Cora"))
    return (tmp_path / "config.toml").resolve()


def open_shop(shop: Path) -> House:
    return open_house(load_settings(shop, {}), environ={})


def complain(shop: Path, native_id: str, author: Author) -> None:
    house = open_shop(shop)
    at = utc_now() - timedelta(hours=1)
    post = Post("Google", native_id, author, "A stale cake", at, native_id)
    assert house.casebook.rounds.record_import("rosebakery", [Judged(post, COMPLAINT)], at).raised
    house.close()


def words(shop: Path) -> list[str]:
    house = open_shop(shop)
    rows = house.reading.inbox(utc_now()).rows
    house.close()
    return [row.text for row in rows]


def test_cora_is_forgotten_and_ana_is_told_what_went(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert words(shop) == ["A stale cake"]
    assert run([*FORGET, str(shop), "--yes"]) == 0
    told = capsys.readouterr().out
    assert "Erased the words of 1 post, 1 case." in told
    assert "Should they write again, they are a stranger." in told
    assert words(shop) == []
    assert run([*FORGET, str(shop), "--yes"]) == 2
    assert 'Nobody called "cora" is known on google' in capsys.readouterr().err


def test_she_may_also_ask_never_to_be_written_to(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*FORGET, str(shop), "--yes", "--do-not-contact", "--brand", "rosebakery"]) == 0
    assert "Nobody will write to them again." in capsys.readouterr().out
    complain(shop, "p2", Author("c-1", "cora", "Cora"))
    house = open_shop(shop)
    (row,) = house.reading.inbox(utc_now()).rows
    file = house.reading.case(row.case_id)
    house.close()
    assert file is not None
    assert file.customer.do_not_contact


def test_ana_is_asked_first_and_may_say_no(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run([*FORGET, str(shop)]) == 130
    assert words(shop) == ["A stale cake"]


def test_of_two_people_with_one_name_ana_says_whom(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    complain(shop, "p2", Author("c-2", "Cora", "Another Cora"))
    assert run([*FORGET, str(shop), "--yes"]) == 2
    told = capsys.readouterr().err
    assert "c-1 (Cora)" in told
    assert "c-2 (Another Cora)" in told
    assert run(["forget", "google", "c-2", "--config", str(shop), "--yes"]) == 0
    assert words(shop) == ["A stale cake"]


def test_while_an_answer_may_be_going_out_ana_is_told_to_wait(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = open_shop(shop)
    (row,) = house.reading.inbox(utc_now()).rows
    draft = Draft("We are sorry, Cora.", "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
    reach = Reach(ReachHow.API, "She mentioned you.")
    (proposal,) = house.casebook.proposals.store(row.case_id, 1, [draft], reach, utc_now())
    reply = house.casebook.replies.approve(proposal, 1, "command", utc_now(), hold=timedelta(0))
    assert house.casebook.replies.claim(reply, utc_now())
    house.close()
    assert run([*FORGET, str(shop), "--yes"]) == 2
    assert "forget them once that is settled" in capsys.readouterr().err
    house = open_shop(shop)
    file = house.reading.case(row.case_id)
    house.close()
    assert file is not None
    assert file.complaint.post.text == "A stale cake"
