"""Whatever X's JSON looks like, reading it never raises, and one spoilt part spoils one post at most."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from places.x.cursor import Cursor
from places.x.posts import read_posts

PAGE = json.loads((Path(__file__).parent.parent / "recorded" / "x" / "mentions.json").read_text())

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from(["2124000000000000009", "1" * 30, "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)


def ways(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of a page."""
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [way, *(deeper for key, part in parts for deeper in ways(part, (*way, key)))]


WAYS = [way for way in ways(PAGE) if way]


@settings(max_examples=600)
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
    posts, poison = read_posts(page)
    for post in posts:
        (post.text + post.author.name + post.author.handle + post.native_id + "".join(post.addressed)).encode("utf-8")
    for one in poison:
        (one.raw + one.why).encode("utf-8")
    if way[0] == "data" and len(way) > 1:
        assert len(posts) >= 1


@given(st.dictionaries(st.sampled_from(["data", "includes", "meta", "errors"]), anything))
def test_any_object_can_be_read(page: dict[str, Any]) -> None:
    read_posts(page)


@given(texts | st.builds(json.dumps, st.dictionaries(st.sampled_from(["newest", "walk"]), anything)))
def test_any_cursor_can_be_read_and_written_again(written: str) -> None:
    cursor = Cursor.read(written)
    assert Cursor.read(cursor.write()) == cursor
