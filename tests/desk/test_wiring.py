"""Opening the house: from nothing, and when the base or its key is not as it should be."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk.brands import BrandSection, RedditSection, XSection
from desk.clock import utc_now
from desk.config import Settings
from desk.errors import Trouble
from desk.wiring import House, learn_accounts, open_house
from places.doors import Unavailable
from storage.casebook import Judged
from storage.engine import BaseUnavailable
from storage.migrate import is_current
from storage.words import Account, Author, Kind, Post, Topic, Verdict
from tests.ordinary import NOBODY, as_ordinary_user

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
LITTLE = 2 * 1024 * 1024
"""Bytes of a disk that is soon full."""


def test_the_first_start_makes_base_and_key_and_the_second_finds_them(settings: Settings) -> None:
    first = open_house(settings, environ={})
    first.casebook.people.add("ana@rosebakery.example", "Ana", "owner", "x", NOW)
    first.close()
    key = settings.key_path.read_bytes()
    second = open_house(settings, environ={})
    assert is_current(settings.database_url)
    assert [person.name for person in second.casebook.people.all()] == ["Ana"]
    assert settings.key_path.read_bytes() == key
    second.close()


def test_a_base_without_its_key_is_not_given_a_new_one(house: House) -> None:
    house.close()
    house.settings.key_path.unlink()
    with pytest.raises(Trouble, match="backup"):
        open_house(house.settings, environ={})
    assert not house.settings.key_path.exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"gone for the database is missing"):
        open_house(Settings().beside(tmp_path / "gone"), environ={})


def test_a_file_that_is_no_database_is_told(settings: Settings) -> None:
    open_house(settings, environ={}).close()
    settings.database_path.write_bytes(b"a shopping list, and by no means a database" * 100)
    with pytest.raises(Trouble, match="damaged or not a database"):
        open_house(settings, environ={})


def test_a_base_of_an_older_version_is_left_alone_until_ana_migrates(settings: Settings) -> None:
    house = open_house(settings, environ={})
    with house.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = ''")
    house.close()
    with pytest.raises(Trouble, match="amends migrate"):
        open_house(settings, environ={})


def test_a_place_without_keys_is_told_and_the_others_are_opened(tmp_path: Path) -> None:
    brand = BrandSection(key="rose", name="Rose", x=XSection(handle="rose"), reddit=RedditSection(handle="rose"))
    keys = {"AMENDS_X_BEARER_TOKEN": "made up"}
    house = open_house(Settings(brand=(brand,)).beside(tmp_path), environ=keys)
    (closed,) = house.closed_places
    assert "AMENDS_REDDIT_CLIENT_ID" in closed
    assert {source.place for source in house.sources.values()} == {"x"}
    assert {state.key for state in house.casebook.sources.all()} == set(house.sources)
    assert {"paste", "import", "x"} <= set(house.places)
    house.close()


def test_half_the_keys_of_x_are_not_enough_and_the_missing_ones_are_named(tmp_path: Path) -> None:
    brand = BrandSection(key="rose", name="Rose", x=XSection(handle="rose"))
    keys = {"AMENDS_X_BEARER_TOKEN": "made up", "AMENDS_X_API_KEY": "made up", "AMENDS_X_API_KEY_SECRET": "made up"}
    house = open_house(Settings(brand=(brand,)).beside(tmp_path), environ=keys)
    (closed,) = house.closed_places
    assert "AMENDS_X_ACCESS_TOKEN and AMENDS_X_ACCESS_TOKEN_SECRET" in closed
    assert "made up" not in closed
    house.close()


def test_a_brand_that_was_taken_in_stays_beside_those_of_the_file(settings: Settings) -> None:
    house = open_house(settings, environ={})
    house.casebook.brands.sync([BrandSection(key="pixelfix", name="PixelFix").to_brand()], NOW, locked=False)
    house.close()
    again = open_house(settings, environ={})
    assert set(again.brands) == {"rosebakery", "pixelfix"}
    again.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes; only root can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={LITTLE}", "tmpfs", str(folder)], capture_output=True)
    if made.returncode != 0:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(house: House, at: datetime) -> None:
    """Record mentions until the disk is full."""
    verdict = Verdict(Kind.COMPLAINT, 0.9, "en", -0.5, Topic.OTHER, 2, ())
    for n in range(2_000):
        post = Post("import", f"p{n}", Author(f"a{n}", "cora"), f"bread {n} " * 150, at, f"c{n}")
        house.casebook.rounds.record_import("rosebakery", [Judged(post, verdict)], at)


def check_until_refused(house: House) -> None:
    """What the failed write had laid out already takes a few small writes more; then the disk is full for them too."""
    for _ in range(1_000):
        house.check_ready()


def test_on_a_full_disk_nothing_is_claimed_pages_are_read_and_it_recovers_by_itself(small_disk: Path) -> None:
    house = open_house(Settings(brand=(BrandSection(key="rosebakery", name="Rose"),)).beside(small_disk), environ={})
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 400_000)
    with pytest.raises(BaseUnavailable, match="disk is full"):
        fill(house, utc_now())
    with contextlib.suppress(OSError), (small_disk / "more").open("wb", buffering=0) as more:
        while more.write(b"x" * 512):
            continue
    with pytest.raises(Trouble, match="disk is full"):
        check_until_refused(house)
    assert house.reading.inbox(now=utc_now()).total > 0
    before = house.reading.inbox(now=utc_now()).total
    ballast.unlink()
    house.check_ready()
    assert house.reading.inbox(now=utc_now()).total == before, "what was recorded is whole"
    house.close()


def test_a_full_disk_at_the_first_start_is_told(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"x" * (LITTLE - 8192))
    with pytest.raises(Trouble) as caught:
        open_house(Settings().beside(small_disk), environ={})
    assert "\n" not in str(caught.value)
    assert "full" in str(caught.value) or "no space" in str(caught.value)


def test_a_read_only_base_is_told_and_refused(small_disk: Path) -> None:
    settings = Settings(brand=(BrandSection(key="rosebakery", name="Rose"),)).beside(small_disk)
    open_house(settings, environ={}).close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(Trouble, match=r"read-only|may be written"):
        open_house(settings, environ={})


def test_a_base_that_may_not_be_written_is_told_and_refused(settings: Settings) -> None:
    def open_it() -> None:
        with pytest.raises(Trouble, match="read-only"):
            open_house(settings, environ={})

    open_house(settings, environ={}).close()
    settings.database_path.chmod(0o444)
    if os.geteuid() == 0:
        os.chown(settings.key_path, NOBODY, NOBODY)
    folder = settings.database_path.parent
    closed = [(one, one.stat().st_mode) for one in (folder, *folder.parents) if one.stat().st_mode & 0o005 != 0o005]
    try:
        for one, mode in closed:
            one.chmod(mode | 0o055)  # the folders of tests are closed to others
        folder.chmod(0o555)
        as_ordinary_user(open_it)
    finally:
        folder.chmod(0o755)
        for one, mode in closed:
            one.chmod(mode)


class Shy:
    """A publisher that says who we are only when asked again."""

    place = "x"
    account = "rosebakery"

    def __init__(self) -> None:
        self.asked = 0

    def me(self, now: datetime) -> Account:
        """Say it the second time."""
        self.asked += 1
        if self.asked == 1:
            raise Unavailable("too busy", now + timedelta(minutes=5))
        return Account("x", "77", "rosebakery")


def test_our_own_account_is_asked_for_until_it_is_known_and_not_hammered(house: House) -> None:
    shy = Shy()
    house.publishers = {("rosebakery", "x"): shy}  # type: ignore[dict-item]  # it is only asked who we are
    for minute in range(10):
        learn_accounts(house, NOW + timedelta(minutes=minute))
    assert shy.asked == 2
    assert [account.native_id for account in house.casebook.brands.own_accounts("rosebakery")] == ["77"]
