"""Whatever Bluesky's JSON looks like, reading it never raises, and one spoilt part spoils one post at most."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from places.bluesky import BlueskySettings
from places.bluesky.cursor import Cursor
from places.bluesky.facets import linked_text, mentioned
from places.bluesky.memory import Memory, closed_why
from places.bluesky.posts import Reader
from places.bluesky.session import Session, host_of, life_of
from places.bluesky.threads import _views
from storage.words import Poison, Post

RECORDED = Path(__file__).resolve().parents[2] / "recorded" / "bluesky"
NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
VIEWS = json.loads((RECORDED / "posts.json").read_text())["posts"]
TREE = json.loads((RECORDED / "thread.json").read_text())["thread"]
SETTINGS = BlueskySettings("rose1600.test", "p")

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from(
        [
            *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-11-22T19:19:44.000Z", "2026-W47-7"),
            *("did:plc:x", "at://did:plc:x/app.bsky.feed.post/3kabcdefghij2", "app.bsky.richtext.facet#link"),
        ]
    )
)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)


def ways(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of something."""
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [way, *(deeper for key, part in parts for deeper in ways(part, (*way, key)))]


def spoilt(whole: Any, way: tuple[Any, ...], part: Any, gone: bool) -> Any:
    """The same with one part replaced, or taken out."""
    whole = copy.deepcopy(whole)
    inner = whole
    for key in way[:-1]:
        inner = inner[key]
    if gone:
        del inner[way[-1]]
    else:
        inner[way[-1]] = part
    return whole


def check(read: Post | Poison) -> None:
    """It can be stored."""
    if isinstance(read, Poison):
        (read.raw + read.why).encode("utf-8")
        return
    words = (read.text, read.author.name, read.author.handle, read.native_id, read.url or "", read.lang or "")
    "".join((*words, *read.addressed, read.conversation_id, read.parent_id or "")).encode("utf-8")
    assert read.created_at.tzinfo is UTC
    assert all(len(native) <= 255 for native in (read.native_id, read.conversation_id, read.parent_id or ""))


@settings(max_examples=800)
@given(st.sampled_from([way for way in ways(VIEWS) if len(way) > 1]), anything, st.booleans())
def test_a_post_with_one_part_spoilt_is_read_or_poison(way: tuple[Any, ...], part: Any, gone: bool) -> None:
    reader = Reader(SETTINGS, Session(SETTINGS), Memory())
    for view in spoilt(VIEWS, way, part, gone):
        check(reader.read_or_poison(view, NOW))


@settings(max_examples=300)
@given(st.sampled_from([way for way in ways(TREE) if way]), anything, st.booleans())
def test_a_conversation_with_one_part_spoilt_is_read_as_far_as_it_goes(
    way: tuple[Any, ...], part: Any, gone: bool
) -> None:
    reader = Reader(SETTINGS, Session(SETTINGS), Memory())
    for view in _views(spoilt(TREE, way, part, gone)):
        check(reader.read_or_poison(view, NOW))


@given(anything)
def test_anything_can_be_read_or_is_poison(view: Any) -> None:
    check(Reader(SETTINGS, Session(SETTINGS), Memory()).read_or_poison(view, NOW))
    if isinstance(view, dict):
        closed_why(view)


@given(texts, anything)
def test_any_marks_on_any_text(text: str, facets: Any) -> None:
    linked_text(text, facets)
    mentioned(text, facets)


@given(texts, anything)
def test_any_log_in_can_be_looked_at(token: str, document: Any) -> None:
    life_of(token)
    assert host_of(document, "https://bsky.social").startswith("https://")


@given(texts | st.builds(json.dumps, st.dictionaries(st.sampled_from(["newest", "walk"]), anything)))
def test_any_cursor_can_be_read_and_written_again(written: str) -> None:
    cursor = Cursor.read(written)
    assert Cursor.read(cursor.write()) == cursor


def test_a_conversation_as_deep_as_strangers_like_is_read_without_falling_over() -> None:
    tree: dict[str, Any] = {"post": {}}
    for _ in range(50_000):
        tree = {"post": {}, "replies": [tree]}
    assert len(list(_views(tree))) == 1_000
    while "replies" in tree:  # or taking it apart in one go would fall over
        tree = tree.pop("replies")[0]
