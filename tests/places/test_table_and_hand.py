from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import EntryPoint, EntryPoints
from typing import TYPE_CHECKING

import pytest

import places.table
from places.by_hand import IMPORT, PASTE, ByHandPlace, open_import, open_paste
from places.clean import MOST_RAW, MOST_TEXT, clean_line, clean_raw, clean_text
from places.doors import Place
from places.table import PLACES, opener, place_names
from storage.words import Audience, Author, Brand, Post, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

BRAND = Brand("rosebakery", "Rose Bakery")


def test_pasted_and_imported_complaints_have_a_place_without_network() -> None:
    for open_it, name, title in ((open_paste, PASTE, "Pasted"), (open_import, IMPORT, "Imported")):
        opened = open_it(BRAND)
        assert isinstance(opened.place, Place)
        assert (opened.sources, opened.publisher) == ((), None)
        assert (opened.place.capabilities.place, opened.place.capabilities.title) == (name, title)
        assert not opened.place.capabilities.reads
        assert not opened.place.capabilities.posts
        assert opener(name) is open_it


def test_a_site_that_somebody_named_counts_plain_characters(make_reply: Callable[..., Reply]) -> None:
    place = ByHandPlace("Yelp")
    post = Post("Yelp", "1", Author("7", "cora"), "Cold", datetime(2026, 11, 22, tzinfo=UTC), "1")
    assert place.capabilities.title == "Yelp"
    assert place.measure("日本語 👍", Audience.PUBLIC).used == 5
    assert place.measure("x" * 2000, Audience.PUBLIC).fits
    assert not place.measure("x" * 2001, Audience.PUBLIC).fits
    assert not place.measure("", Audience.PUBLIC).fits
    assert place.compose_link(make_reply(post)) is None


def others(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Packages of others that bring these places."""
    given = [EntryPoint(name, "places.by_hand:open_paste", places.table.GROUP) for name in names]
    monkeypatch.setattr(places.table, "entry_points", lambda **wanted: EntryPoints(given).select(**wanted))


def test_packages_of_others_add_places(monkeypatch: pytest.MonkeyPatch) -> None:
    others(monkeypatch, "yelp")
    assert place_names() == (*PLACES, "yelp")
    assert opener("yelp") is open_paste


def test_packages_of_others_cannot_take_the_name_of_one_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    others(monkeypatch, "import")
    assert place_names() == tuple(PLACES)
    assert opener("import") is open_import


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\x00b", "a\ufffdb"),
        ("\ud83d\ude00", "\ufffd\ufffd"),
        ("😀 \u202e\u200d é\n\t", "😀 \u202e\u200d é\n\t"),
        ("", ""),
    ],
)
def test_only_what_cannot_be_stored_is_replaced(text: str, clean: str) -> None:
    assert clean_text(text) == clean
    clean_text(text).encode("utf-8")


def test_nobody_fills_the_disk_with_one_post() -> None:
    assert len(clean_text("x" * (MOST_TEXT + 1))) == MOST_TEXT
    assert len(clean_raw({"text": "\x00" * 10_000})) <= MOST_RAW
    assert clean_line("Rose\r\nBakery\u2028 \x85x ") == "Rose Bakery   x"
