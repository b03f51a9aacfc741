"""Bytes, graphemes and keys: how Bluesky counts, and how it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from places.bluesky.facets import facets_of, linked_text, mentioned
from places.bluesky.place import BlueskyPlace
from places.bluesky.uris import is_uri, is_young, key_of, link_to, tid, time_of
from storage.words import Audience, Author, Post, Reply

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CORA, BAKERY = "did:plc:cora", "did:plc:bakery"
POST = Post("bluesky", f"at://{CORA}/app.bsky.feed.post/3kabcdefghij2", Author(CORA, "cora.test"), "Cold", AT, "c")
ACCOUNTS = {"cora.test": CORA, "rosebakery.bsky.social": BAKERY}

MakeReply = Callable[..., Reply]


def marked(text: str) -> dict[str, str]:
    """The words of a text that stand for something, cut out by their bytes, and what they stand for."""
    raw, found = text.encode(), {}
    for facet in facets_of(text, ACCOUNTS.get):
        feature = facet["features"][0]
        words = raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        found[words] = feature.get("did") or feature.get("uri") or f"#{feature['tag']}"
    return found


@pytest.mark.parametrize(
    ("text", "stands_for"),
    [
        ("Sorry @cora.test", {"@cora.test": CORA}),
        ("👩‍👩‍👧‍👦 @cora.test", {"@cora.test": CORA}),
        ("é e\u0301 z\u0301\u0302 @cora.test!", {"@cora.test": CORA}),
        ("שלום @cora.test, \u2067مرحبا\u2069 #sorry", {"@cora.test": CORA, "#sorry": "#sorry"}),
        ("𝕾𝖔𝖗𝖗𝖞 🇷🇴 https://rosebakery.com/é?x=1.", {"https://rosebakery.com/é?x=1": "https://rosebakery.com/é?x=1"}),
        ("see rosebakery.com/hello", {"rosebakery.com/hello": "https://rosebakery.com/hello"}),
        ("#încălzit #кофе", {"#încălzit": "#încălzit", "#кофе": "#кофе"}),
        ("@nobody.test and @cora", {}),
        ("write to hello@cora.test", {}),
        ("1 #1 # @ http:// @cora.testing", {}),
        ("@cora.test @cora.test", {"@cora.test": CORA}),
        ("", {}),
    ],
)
def test_links_mentions_and_tags_are_marked_by_their_bytes(text: str, stands_for: dict[str, str]) -> None:
    assert marked(text) == stands_for


def test_every_mention_of_one_name_is_marked_and_asked_for_once() -> None:
    asked: list[str] = []

    def resolve(handle: str) -> str | None:
        asked.append(handle)
        return ACCOUNTS.get(handle)

    text = "@cora.test @Cora.test " + " ".join(f"@nobody{n}.test" for n in range(20))
    assert len(facets_of(text, resolve)) == 2
    assert asked == ["cora.test", "nobody0.test", "nobody1.test"]


@given(st.text(st.sampled_from("a@#.é👩\u200d👧\u0301ש \u202e/:𝕾🇷🇴ktes"), max_size=60))
def test_whatever_we_write_marks_lie_within_and_in_order(text: str) -> None:
    raw, last = text.encode(), 0
    for facet in facets_of(text, lambda _: CORA):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        assert last <= start < end <= len(raw)
        raw[start:end].decode()  # no half of a character
        last = start


def link(text: str, words: str, uri: str) -> dict[str, Any]:
    start = text.encode().index(words.encode())
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": uri}
    return {"index": {"byteStart": start, "byteEnd": start + len(words.encode())}, "features": [feature]}


@pytest.mark.parametrize(
    ("words", "uri", "read"),
    [
        ("rosebakery.com/men...", "https://www.rosebakery.com/menu/today", "https://www.rosebakery.com/menu/today"),
        ("www.rosebakery.com/men…", "https://www.rosebakery.com/menu", "https://www.rosebakery.com/menu"),
        ("https://rosebakery.com", "https://rosebakery.com", "https://rosebakery.com"),
        ("click here", "https://evil.example/", "click here"),
        ("rosebakery.com/men...", "https://evil.example/rosebakery.com/men", "rosebakery.com/men..."),
        ("rosebakery.com...", "javascript:alert(1)", "rosebakery.com..."),
    ],
)
def test_shortened_links_are_read_in_full_and_other_words_stay(words: str, uri: str, read: str) -> None:
    text = f"👩‍👩‍👧 look: {words} 🥐"
    assert linked_text(text, [link(text, words, uri)]) == f"👩‍👩‍👧 look: {read} 🥐"


def test_two_links_of_a_text_are_both_read_in_full() -> None:
    text = "a.com/x... é b.com/y..."
    facets = [link(text, "b.com/y...", "https://b.com/yes"), link(text, "a.com/x...", "https://a.com/xes")]
    assert linked_text(text, facets) == "https://a.com/xes é https://b.com/yes"


HOSTILE: list[Any] = [
    None, 7, "text", {}, [None], [{}], [{"index": None}], [{"index": {"byteStart": 0}, "features": []}],
    [{"index": {"byteStart": -1, "byteEnd": 2}, "features": [{}]}],
    [{"index": {"byteStart": 3, "byteEnd": 2}, "features": [{}]}],
    [{"index": {"byteStart": 0, "byteEnd": 10**12}, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://x.y"}]}],
    [{"index": {"byteStart": True, "byteEnd": 2.0}, "features": "no"}],
    [{"index": {"byteStart": 1, "byteEnd": 2}, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": 7}]}],
    [{"index": {"byteStart": 0, "byteEnd": 4}, "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "not one"}]}],
]  # fmt: skip


@pytest.mark.parametrize("facets", HOSTILE)
def test_marks_that_make_no_sense_are_left_aside(facets: Any) -> None:
    assert linked_text("Half\ud83d a text", facets) == "Half\ud83d a text"
    assert mentioned("Half\ud83d a text", facets) == []


def test_a_mention_is_whom_it_says_and_not_whose_name_stands_there() -> None:
    text = "@rosebakery.bsky.social"
    feature = {"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:mallory"}
    facet = {"index": {"byteStart": 0, "byteEnd": len(text)}, "features": [feature]}
    assert mentioned(text, [facet]) == ["did:plc:mallory"]


@pytest.mark.parametrize(
    ("text", "used", "fits"),
    [
        ("", 0, False),
        ("x" * 300, 300, True),
        ("x" * 301, 301, False),
        ("👩‍👩‍👧‍👦" * 100, 100, True),
        ("🇷🇴🇮🇳", 2, True),
        ("e\u0301" * 300, 300, True),
        ("क्षि", 1, True),
        ("క్షమించండి", 4, True),
        ("👍🏽", 1, True),
        ("\r\n", 1, True),
        ("x" * 3_001, 301, False),
        ("👩‍👩‍👧‍👦" * 121, 303, False),  # 121 graphemes, but 3,025 bytes
        ("z" + "\u0301" * 2_000, 401, False),  # one grapheme of 4,001 bytes
    ],
)
def test_length_is_counted_as_people_see_it_unless_bytes_run_out(text: str, used: int, fits: bool) -> None:
    length = BlueskyPlace().measure(text, Audience.PUBLIC)
    assert (length.used, length.limit, length.fits) == (used, 300, fits)


@given(st.integers(0, 80 * 365 * 86_400_000_000), st.integers(0, 2**256))
def test_a_key_tells_when_it_was_made_and_sorts_by_it(microseconds: int, salt: int) -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    key = tid(at, salt)
    assert len(key) == 13
    made_at = time_of(key)
    assert made_at is not None
    assert timedelta(0) <= at - made_at < timedelta(milliseconds=1)
    assert tid(at - timedelta(milliseconds=2), salt ^ 12345) < key < tid(at + timedelta(milliseconds=2), salt ^ 54321)


def test_a_reply_has_one_key_through_all_attempts(make_reply: MakeReply) -> None:
    reply = make_reply(POST, key="a" * 32, approved_at=AT)
    again = replace(reply, sent_at=AT + timedelta(days=3), attempt=7, fence=9, first_sent_at=AT)
    assert key_of(reply) == key_of(again)
    assert time_of(key_of(reply)) == AT
    assert key_of(replace(reply, key="b" * 32)) != key_of(reply)
    assert key_of(replace(reply, approved_at=AT + timedelta(seconds=1))) != key_of(reply)


def test_a_reply_that_nobody_dated_has_one_key_too(make_reply: MakeReply) -> None:
    keys = {
        key_of(make_reply(POST, key=f"reply-{n}", sent_at=AT + timedelta(days=m))) for n in range(50) for m in (0, 9)
    }
    assert len(keys) == 50
    assert all((made_at := time_of(key)) is not None and made_at < AT for key in keys)


def test_keys_of_one_millisecond_are_told_apart(make_reply: MakeReply) -> None:
    keys = {key_of(make_reply(POST, key=f"{n:032x}", approved_at=AT)) for n in range(300)}
    assert len(keys) >= 299  # a million are possible: 300 of them meet about once in twenty-two


def test_a_link_leads_to_the_post_whatever_became_of_the_handle() -> None:
    uri, site = POST.native_id, "https://bsky.app"
    assert link_to(site, "cora.test", uri) == "https://bsky.app/profile/cora.test/post/3kabcdefghij2"
    for handle in ("handle.invalid", "", "evil.test/../../x", "<b>"):
        assert link_to(site, handle, uri) == f"https://bsky.app/profile/{CORA}/post/3kabcdefghij2"


@pytest.mark.parametrize(
    "value",
    [
        None, 7, "", "at://cora.test/app.bsky.feed.post/3k", "at://did:plc:x/app.bsky.feed.like/3k", "https://bsky.app",
        f"at://{CORA}/app.bsky.feed.post/3k/more", f"at://{CORA}/app.bsky.feed.post/3k\n",
        f"at://did:web:{'x' * 230}/app.bsky.feed.post/3kabcdefghij2",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_post_is_none(value: object) -> None:
    assert not is_uri(value)


def test_people_answer_by_hand_on_the_posts_own_page(make_reply: MakeReply) -> None:
    place = BlueskyPlace()
    reply = make_reply(POST, parent_url="https://bsky.app/profile/cora.test/post/3k")
    assert place.compose_link(reply) == "https://bsky.app/profile/cora.test/post/3k"
    elsewhere = replace(reply, parent_url="https://evil.example/")
    assert place.compose_link(elsewhere) == "https://bsky.app/profile/cora.test/post/3kabcdefghij2"
    assert place.compose_link(replace(elsewhere, parent_id="")) is None


def test_only_what_was_written_just_now_is_young() -> None:
    uri = f"at://{CORA}/app.bsky.feed.post/{tid(AT, 1)}"
    assert is_young(uri, AT + timedelta(minutes=4))
    assert not is_young(uri, AT + timedelta(minutes=6))
    assert not is_young(uri, AT - timedelta(minutes=6))
    assert not is_young(f"at://{CORA}/app.bsky.feed.post/self", AT)
