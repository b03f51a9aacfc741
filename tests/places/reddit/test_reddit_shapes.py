"""What comes from Reddit, in its recorded shapes and in any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from places.reddit.shapes import Closed, Reader, Unreadable
from places.reddit.source import read_marks
from sandbox.reddit.shapes import Shapes
from storage.words import Gone, Post

if TYPE_CHECKING:
    from tests.places.reddit.conftest import Site

READER = Reader("https://www.reddit.com", Closed())
KEYS = st.sampled_from(
    [
        "kind",
        "data",
        "name",
        "id",
        "author",
        "author_fullname",
        "body",
        "selftext",
        "title",
        "created_utc",
        "edited",
        "link_id",
        "parent_id",
        "permalink",
        "locked",
        "archived",
        "removed_by_category",
        "crosspost_parent",
    ]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text()
    | st.sampled_from(["t1", "t3", "t1_abc", "t3_abc", "t2_a", "[deleted]", "[removed]", 1_790_000_000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=12),
    max_leaves=20,
)


def recorded(project: Path, name: str) -> Any:
    return json.loads((project / "tests/recorded/reddit" / f"{name}.json").read_text())


@given(VALUES, st.sampled_from(["t1", "t3"]), VALUES)
def test_no_shape_of_an_answer_gets_past_the_reader(thing: Any, kind: str, more: Any) -> None:
    from datetime import UTC, datetime

    now = datetime(2026, 11, 22, tzinfo=UTC)
    whole: dict[str, Any] = {
        "name": f"{kind}_abc", "author": "cora", "author_fullname": "t2_c", "body": "x", "selftext": "x", "title": "t",
        "created_utc": 1_790_000_000.0, "link_id": "t3_abc", "parent_id": "t3_abc", "permalink": "/r/a/comments/abc/t/",
    }  # fmt: skip
    changed = {**whole, **(more if isinstance(more, dict) else {})}
    for each in (thing, {"kind": kind, "data": thing}, {"kind": kind, "data": changed}):
        try:
            read = READER.read(each, now)
        except Unreadable:
            continue
        assert read.native_id.startswith(("t1_", "t3_"))
        if isinstance(read, Post):
            assert read.author.native_id.startswith("t2_")


@pytest.mark.parametrize(
    "permalink", ["javascript:alert(1)", "//evil.example/r/", "/r/a b/", "https://evil.example/", 7, None]
)
def test_no_link_leads_away_from_reddit(project: Path, permalink: object, site: Site) -> None:
    thing = recorded(project, "comment")
    thing["data"]["permalink"] = permalink
    read = READER.read(thing, site.now)
    assert isinstance(read, Post)
    assert read.url == "https://www.reddit.com/comments/4b1tfm/_/d1680wu/"


@given(st.text() | VALUES.map(lambda value: json.dumps(value, default=str)))
def test_no_cursor_breaks_a_poll(cursor: str) -> None:
    assert set(read_marks(cursor)) <= {"search", "comments", "inbox"}


@pytest.mark.parametrize("kind", ["comment", "submission"])
def test_a_recorded_post_is_read(project: Path, kind: str, site: Site) -> None:
    read = READER.read(recorded(project, kind), site.now)
    assert isinstance(read, Post)
    assert (read.author.native_id, read.author.handle) == ("t2_ig6xn", "cora")
    assert read.text.startswith("Bought a loaf")


@pytest.mark.parametrize(("name", "why"), [("comment_deleted", "deleted"), ("comment_removed", "removed")])
def test_a_recorded_gap_is_read_as_gone(project: Path, name: str, why: str, site: Site) -> None:
    read = READER.read(recorded(project, name), site.now)
    assert isinstance(read, Gone)
    assert read.why == why


@pytest.mark.parametrize("kind", ["comment", "submission", "notice"])
def test_the_towns_reddit_writes_the_recorded_keys_with_the_recorded_types(
    site: Site, project: Path, kind: str
) -> None:
    root = site.complaint()
    comment = site.world.publish("reddit", site.cora, "x", parent_id=root.id)
    shapes = Shapes(site.world, site.ana, raw=True)
    ours = {
        "comment": shapes.thing(comment),
        "submission": shapes.thing(root),
        "notice": shapes.notice(comment, "post reply"),
    }[kind]
    theirs = recorded(project, kind)
    assert ours["kind"] == theirs["kind"]
    unknown = set(ours["data"]) - set(theirs["data"])
    assert unknown == set()
    different = {
        key: (value, theirs["data"][key])
        for key, value in ours["data"].items()
        if type(value) is not type(theirs["data"][key]) and None not in (value, theirs["data"][key])
    }
    assert different == {}
