"""Whatever an instance's JSON looks like, reading it never raises anything but Unavailable, and one spoilt part spoils one post at most."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from places.doors import Refused, Unavailable, Unsure
from places.mastodon import MastodonSettings, open_mastodon
from places.mastodon.cursor import Cursor
from places.mastodon.handles import Home
from places.mastodon.source import MastodonSource
from places.mastodon.statuses import Reader
from places.mastodon.wire import MastodonWire
from storage.words import Audience, Brand, Gone, Post, Purpose, Reply

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE = json.loads((Path(__file__).parents[2] / "recorded" / "mastodon" / "notifications.json").read_text())
CONTEXT = json.loads((Path(__file__).parents[2] / "recorded" / "mastodon" / "context.json").read_text())
BRAND = Brand("rosebakery", "Rose Bakery", handles={"mastodon": "rosebakery@town.example"})

KNOWN = {"instance_v2": {"api_versions": {"mastodon": 7}}}

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from(
        [
            "9999-12-31T23:59:59-23:59",
            "0001-01-01T00:00:00+23:59",
            "2026-11-22",
            "direct",
            "<p><a href='",
            "x" * 70,
            "a@b@c",
        ]
    )
)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)


def ways(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of a page."""
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [way, *(deeper for key, part in parts for deeper in ways(part, (*way, key)))]


class Told(MastodonWire):
    """A wire on which the answers are written down beforehand, by what is in the method's name."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.host, self.answers = "town.example", answers

    def read(self, ask: Any, now: datetime) -> Any:
        return ask(self)

    write = read

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_, **__: copy.deepcopy(self.answers.get(name, KNOWN.get(name, {})))


def source_of(answers: dict[str, Any]) -> MastodonSource:
    """A source whose instance answers so."""
    opened = open_mastodon(BRAND, MastodonSettings("token", "https://town.example"))
    source = opened.sources[0]
    assert isinstance(source, MastodonSource)
    wire = Told(answers)
    source._wire = source._question._wire = source._threads._wire = wire  # type: ignore[attr-defined]
    return source


def check_storable(posts: Any) -> None:
    for post in posts:
        told = (
            post.text,
            post.title,
            post.author.name,
            post.author.handle,
            post.native_id,
            post.conversation_id,
            post.url,
        )
        ("".join(told) + "".join(post.addressed) + (post.lang or "")).encode("utf-8")
        assert post.created_at.tzinfo is UTC


WAYS = [way for way in ways(PAGE) if way]


@settings(max_examples=500)
@given(st.sampled_from(WAYS), anything, st.booleans())
def test_a_page_with_one_part_spoilt_costs_one_post_at_most(way: tuple[Any, ...], part: Any, gone: bool) -> None:
    page = copy.deepcopy(PAGE)
    inner = page
    for key in way[:-1]:
        inner = inner[key]
    if gone:
        del inner[way[-1]]
    else:
        inner[way[-1]] = part
    batch = source_of({"notifications": page, "status_context": CONTEXT}).poll(None, NOW)
    check_storable(batch.posts)
    for one in batch.poison:
        (one.raw + one.why).encode("utf-8")
    assert len(batch.posts) >= len(PAGE) - 1
    assert Cursor.read(batch.cursor).write() == batch.cursor


@given(anything)
def test_any_answer_can_be_heard(told: Any) -> None:
    names = ("notifications", "status_context", "status", "statuses", "instance_v2", "account_verify_credentials")
    source = source_of(dict.fromkeys(names, told))
    post = Reader(Home.of("rosebakery@town.example", ""), "").read(PAGE[0]["status"])
    for ask in (
        lambda: source.poll(None, NOW).posts,
        lambda: source.thread(post, NOW),
        lambda: [one for one in source.again([post.native_id, "7"], NOW).values() if not isinstance(one, Gone)],
    ):
        try:
            check_storable(ask())  # type: ignore[no-untyped-call]
        except Unavailable:
            continue


@given(anything, st.sampled_from(["status_post", "account_statuses", "status_context"]))
def test_any_answer_to_what_we_write_is_one_of_three(told: Any, spoilt: str) -> None:
    opened = open_mastodon(BRAND, MastodonSettings("token", "https://town.example"))
    publisher: Any = opened.publisher
    status = {**PAGE[0]["status"], "in_reply_to_id": "7"}
    me = {"id": "1", "acct": "rosebakery", "display_name": "Rose"}
    answers = {
        "account_verify_credentials": me,
        "status_post": status,
        "account_statuses": [status],
        "status_context": {},
    }
    publisher._wire = publisher._identity._wire = Told({**answers, spoilt: told})
    reply = Reply(
        1, "rosebakery", 1, "mastodon", "rosebakery", "k", "7", "7", "cora@other.example", Audience.PUBLIC,
        Purpose.ACKNOWLEDGE, "Sorry", NOW - timedelta(days=900),
    )  # fmt: skip
    for act in (publisher.post, publisher.find):
        try:
            posted = act(reply, NOW)
        except (Unavailable, Refused, Unsure):
            continue
        assert posted is None or (
            posted.url.startswith("https://town.example/@rosebakery/") and posted.at.tzinfo is UTC
        )


@given(
    texts
    | st.builds(json.dumps, st.dictionaries(st.sampled_from(["mark", "walk", "below", "since", "newest"]), anything))
)
def test_any_cursor_can_be_read_and_written_again(written: str) -> None:
    cursor = Cursor.read(written)
    assert Cursor.read(cursor.write()) == cursor


def test_the_recorded_page_is_read_whole() -> None:
    batch = source_of({"notifications": PAGE, "status_context": CONTEXT}).poll(None, NOW)
    assert (len(batch.posts), batch.poison) == (len(PAGE), ())
    assert [post.conversation_id for post in batch.posts][2] == CONTEXT["ancestors"][0]["id"]
    assert all(isinstance(post, Post) for post in batch.posts)
