"""Mastodon from the config file to the town and back: named in the settings, examined, read, answered, taken down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from desk.brands import BrandSection, MastodonSection
from desk.cli import run
from desk.clock import utc_now
from desk.config_file import load_settings
from desk.errors import Trouble
from desk.openers import open_place
from desk.web.editing import edit
from desk.wiring import House, open_house
from desk.work import follow, post, propose, remove
from sandbox.keys import mastodon_keys
from sandbox.mastodon import MastodonOptions, create_mastodon
from sandbox.serve import Served
from sandbox.world import World
from storage.views import CaseFile
from storage.words import CaseState, ReachHow, ReplyState

CONFIG = """\
[service]
[[brand]]
key = "rosebakery"
name = "Rose Bakery"
contact = "hello@rosebakery.example"
[brand.mastodon]
handle = "@rosebakery@town.example"
api = "{url}"
"""


@dataclass
class Shop:
    """Ana's shop on the town's Mastodon, with one complaint there."""

    world: World
    options: MastodonOptions
    config: Path
    cora: str
    us: str

    def complain(self, text: str = "@rosebakery the bread was burnt, terrible", **more: str) -> str:
        return self.world.publish("mastodon", self.cora, text, **more).id  # type: ignore[arg-type]  # only texts are given

    def ours(self) -> list[str]:
        posts = self.world.posts("mastodon", author_id=self.us)
        return [one.text for one in posts if one.deleted_at is None]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AMENDS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AMENDS_MASTODON_ACCESS_TOKEN", mastodon_keys("rosebakery").access_token)
    with ExitStack() as stack:
        options = MastodonOptions()
        world = stack.enter_context(World(tmp_path / "town.sqlite"))
        served = stack.enter_context(Served(create_mastodon(world, options=options)))
        us = world.add_account("mastodon", "rosebakery", "Rose Bakery").id
        cora = world.add_account("mastodon", "cora@other.example", "Cora").id
        config = tmp_path / "config.toml"
        config.write_text(CONFIG.format(url=served.url), encoding="utf-8")
        yield Shop(world, options, config, cora, us)


@pytest.fixture
def house(shop: Shop) -> Iterator[House]:
    shop.complain()
    run(["poll"])
    house = open_house(load_settings(shop.config, os.environ))
    yield house
    house.close()


def file_of(house: House) -> CaseFile:
    file = house.reading.case(1)
    assert file is not None
    return file


def answer(house: House) -> int:
    """Proposed, approved, and out."""
    propose(house, utc_now())
    file = file_of(house)
    standing = next(one for one in file.proposals if one.turn == file.case.turn)
    reply = house.casebook.replies.approve(standing.id, file.case.turn, "command", utc_now(), hold=timedelta(0))
    assert post(house, utc_now()) == 1
    return reply


def test_the_doctor_reads_and_says_who_we_are(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor"])
    told = capsys.readouterr().out
    assert "ok   reading mastodon:mentions:rosebakery: 0 posts in one request" in told
    assert "ok   posting for rosebakery on Mastodon: signed in as @rosebakery@town.example" in told
    assert {call.method for call in shop.world.calls()} == {"GET"}
    shop.options.revoked.add(mastodon_keys("rosebakery").access_token)
    assert run(["doctor"]) == 1
    assert "Make a new one there" in capsys.readouterr().out


def test_a_complaint_is_answered_followed_and_the_answer_taken_down(shop: Shop, house: House) -> None:
    reply = answer(house)
    file = file_of(house)
    (text,) = shop.ours()
    assert text == file.replies[0].text
    assert (file.case.state, file.replies[0].state) == (CaseState.ANSWERED, ReplyState.POSTED)
    native = file.replies[0].native_id
    assert native is not None
    more = shop.complain("@rosebakery thank you, but it was late too", parent_id=native)
    follow(house, utc_now() + timedelta(minutes=6))
    file = file_of(house)
    assert [one.post.native_id for one in file.thread][-2:] == [native, more]
    assert (file.case.state, [one.by for one in file.thread]) == (CaseState.OPEN, ["customer", "us", "customer"])
    house.casebook.removals.approve(reply, "", "command", utc_now(), hold=timedelta(0))
    assert remove(house, utc_now()) == 1
    assert shop.ours() == []


def test_what_the_customer_edits_after_the_approval_stops_the_answer(shop: Shop, house: House) -> None:
    propose(house, utc_now())
    file = file_of(house)
    house.casebook.replies.approve(file.proposals[0].id, 1, "command", utc_now(), hold=timedelta(0))
    shop.world.edit("mastodon", file.complaint.post.native_id, "@rosebakery the bread was burnt, and so is my mouth")
    assert post(house, utc_now()) == 0
    assert shop.ours() == []
    assert file_of(house).replies[0].state is ReplyState.WITHDRAWN


def test_the_page_shows_the_name_that_the_answer_begins_with(house: House) -> None:
    propose(house, utc_now())
    file = file_of(house)
    editor = edit(house, file, file.proposals[0], "Ana")
    assert (editor.opens_with, editor.site, editor.account) == ("@cora", "Mastodon", "@rosebakery@town.example")
    assert editor.button == "Post publicly as @rosebakery@town.example on Mastodon"
    assert editor.reach.how is ReachHow.API
    assert "begins with @cora@other.example" in editor.reach.why
    assert editor.length.limit == 500 - 32
    assert not editor.text.startswith("@")


def test_without_a_token_the_owner_is_told_which_variable(tmp_path: Path) -> None:
    section = BrandSection(key="rose", name="Rose", mastodon=MastodonSection(handle="rose@town.example"))
    with pytest.raises(Trouble, match="AMENDS_MASTODON_ACCESS_TOKEN"):
        open_place("mastodon", section.to_brand(), section, {})
    opened = open_place("mastodon", section.to_brand(), section, {"AMENDS_ROSE_MASTODON_ACCESS_TOKEN": "made-up"})
    assert [source.key for source in opened.sources] == ["mastodon:mentions:rose"]
    assert opened.publisher is not None
    assert opened.publisher.account == "rose@town.example"


@pytest.mark.parametrize(
    "written",
    [
        "rose_1@mastodon.social",
        "@rose_1@Mastodon.Social",
        " rose_1@mastodon.social ",
        "https://mastodon.social/@rose_1",
    ],
)
def test_an_owner_names_the_account_in_whatever_form_they_know_it(written: str) -> None:
    assert MastodonSection(handle=written).handle == "rose_1@mastodon.social"
    section = BrandSection(key="rose", name="Rose", mastodon=MastodonSection(handle=written))
    again = BrandSection.from_brand(section.to_brand()).mastodon
    assert again is not None
    assert again.handle == "rose_1@mastodon.social"


@pytest.mark.parametrize(
    "written", ["rose", "@rose", "rose@", "@@social", "ro se@x.example", "rose@x y", "rose@https://x", ""]
)
def test_a_name_without_its_instance_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        MastodonSection(handle=written)
