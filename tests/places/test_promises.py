"""What every place promises, tested over every row of the table that has a server in the town."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from places.doors import NeedsPerson, Place, Unavailable, Unsure
from places.table import PLACES, opener, place_names
from sandbox.faults import CUT, EMPTY, GARBAGE, HALF, HTML_500, HTML_503, NOTHING, TRUTH, Changed, Done, Fault
from storage.words import Audience, Gone, Post, Reply

if TYPE_CHECKING:
    from tests.places.benching import Bench

MakeReply = Callable[..., Reply]


def test_our_own_posts_are_known_by_author_id(bench: Bench) -> None:
    asked = bench.complain()
    complaint = _one(bench)
    bench.world.publish(bench.place, bench.us.id, "@rosebakery is us", parent_id=asked.id)
    me = bench.publisher.me(bench.now())
    assert me.native_id == bench.us.id
    assert complaint.author.native_id == bench.cora.id
    thread = bench.source.thread(complaint, bench.now())
    assert [post.author.native_id == me.native_id for post in thread] == [False, True]


def test_the_same_post_twice_is_one_post(reader: Bench) -> None:
    reader.complain()
    first, cursor = reader.read_all()
    again, _ = reader.read_all(cursor)
    anew, _ = reader.read_all(None)
    seen_again = reader.source.again([first[0].native_id], reader.now())
    assert len(first) == 1
    assert {(post.place, post.native_id) for post in [*first, *again, *anew]} == {(reader.place, first[0].native_id)}
    assert list(seen_again) == [first[0].native_id]


def test_a_rate_limit_is_unavailable_with_its_time(reader: Bench) -> None:
    reader.complain()
    reader.limit()
    with pytest.raises(Unavailable) as failed:
        reader.read_all()
    assert not isinstance(failed.value, NeedsPerson)
    assert failed.value.retry_at is not None
    assert timedelta(0) < failed.value.retry_at - reader.now() <= timedelta(minutes=16)


@pytest.mark.parametrize(
    ("done", "seen", "posted"),
    [
        (Done.FIRST, NOTHING, 1),
        (Done.FIRST, CUT, 1),
        (Done.FIRST, HALF, 1),
        (Done.FIRST, HTML_500, 1),
        (Done.NEVER, NOTHING, 0),
        (Done.NEVER, CUT, 0),
        (Done.NEVER, HTML_503, 0),
    ],
)
def test_what_happened_after_sending_is_unsure_and_never_sent_again(
    bench: Bench, make_reply: MakeReply, done: Done, seen: object, posted: int
) -> None:
    bench.complain()
    reply = make_reply(_one(bench))
    bench.publisher.me(bench.now())
    bench.plan.add(Fault("POST", bench.posting, done, seen, times=None))  # type: ignore[arg-type]
    with pytest.raises(Unsure):
        bench.publisher.post(reply, bench.now())
    assert len(bench.writes()) == 1
    assert len(bench.posted()) == posted
    bench.plan.clear()
    looked = bench.publisher.find(reply, bench.now())
    assert (looked is not None) is bool(posted)


def test_a_late_execution_is_found_by_looking_later(bench: Bench, make_reply: MakeReply) -> None:
    bench.complain()
    reply = make_reply(_one(bench))
    bench.plan.add(Fault("POST", bench.posting, Done.LATER, HTML_503, delay=0.2))
    with pytest.raises(Unsure):
        bench.publisher.post(reply, bench.now())
    looks = (bench.publisher.find(reply, bench.now()) for _ in range(200))
    looked = next((found for found in looks if found is not None), None)
    assert looked is not None
    assert looked.native_id == bench.posted()[0].id


def test_a_reply_goes_out_once_and_is_found(bench: Bench, make_reply: MakeReply) -> None:
    asked = bench.complain()
    reply = make_reply(_one(bench), "We are sorry & on it <now> — “soon”.")
    assert bench.publisher.find(reply, bench.now()) is None
    posted = bench.publisher.post(reply, bench.now())
    (ours,) = bench.posted()
    assert (ours.id, ours.parent_id, ours.text) == (posted.native_id, asked.id, reply.text)
    assert len(bench.writes()) == 1
    found = bench.publisher.find(reply, bench.now())
    assert found is not None
    assert (found.native_id, found.url) == (posted.native_id, posted.url)


def test_taking_down_twice_does_no_harm(bench: Bench, make_reply: MakeReply) -> None:
    bench.complain()
    posted = bench.publisher.post(make_reply(_one(bench)), bench.now())
    bench.publisher.remove(posted, bench.now())
    assert bench.posted() == []
    bench.publisher.remove(posted, bench.now())


def test_the_cursor_never_goes_back(reader: Bench) -> None:
    long_ago = reader.complain("@rosebakery an old one", at=reader.now() - timedelta(days=5))
    reader.complain("@rosebakery a new one", at=reader.now() - timedelta(minutes=5))
    first, cursor = reader.read_all()
    assert {post.native_id for post in first} >= {long_ago.id}
    late = reader.complain("@rosebakery late", at=reader.now() - timedelta(minutes=20), visible_at=reader.now())
    second, cursor = reader.read_all(cursor)
    assert late.id in {post.native_id for post in second}
    third, _ = reader.read_all(cursor)
    assert {post.native_id for post in third} <= {post.native_id for post in second}
    assert long_ago.id not in {post.native_id for post in third}


def test_poison_in_a_page_costs_one_post_and_not_the_page(reader: Bench) -> None:
    for n in range(5):
        reader.complain(f"@rosebakery cold croissant number {n}", at=reader.now() - timedelta(minutes=n))
    reader.plan.add(Fault("GET", reader.reading, Done.FIRST, Changed(reader.spoil)))
    batch = reader.source.poll(None, reader.now())
    assert (len(batch.posts), len(batch.poison)) == (4, 1)
    assert batch.cursor is not None
    assert len(batch.poison[0].raw) <= 2000


@pytest.mark.parametrize("seen", [HTML_500, HTML_503, GARBAGE, EMPTY, CUT, HALF, NOTHING])
def test_a_bad_answer_is_unavailable_and_loses_nothing(reader: Bench, seen: object) -> None:
    reader.complain()
    if reader.publisher is not None:
        reader.publisher.me(reader.now())
    done = Done.FIRST if seen in (HALF, TRUTH) else Done.NEVER
    reader.plan.add(Fault("GET", reader.reading, done, seen, times=None))  # type: ignore[arg-type]
    with pytest.raises(Unavailable) as failed:
        reader.source.poll(None, reader.now())
    assert not isinstance(failed.value, NeedsPerson)
    reader.plan.clear()
    assert len(reader.read_all()[0]) == 1


HOSTILE = {
    "nul": "@rosebakery a\x00b",
    "lone surrogate": "@rosebakery half \ud83d of an emoji",
    "right to left": "@rosebakery \u202eevil\u202c \u2066x\u2069",
    "markup": "@rosebakery <script>alert('x')</script> &amp; <b>",
    "long": "@rosebakery " + "icy-cold " * 5_500 + "bread",
    "marks": "@rosebakery z" + "\u0301" * 2_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_come_through_storable_and_whole(reader: Bench, text: str) -> None:
    reader.world.rename(reader.place, reader.cora.id, name="Rose\x00 Bakery \ud83d\n\u202e")
    reader.complain(text)
    (post,), _ = reader.read_all()
    post.text.encode("utf-8")
    post.author.name.encode("utf-8")
    assert "\x00" not in post.text + post.author.name
    assert "\n" not in post.author.name
    assert post.text == text.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd").strip()


def test_the_present_state_of_posts_is_told_by_id(reader: Bench) -> None:
    kept, edited, deleted = (reader.complain(f"@rosebakery number {n}") for n in range(3))
    reader.read_all()  # where a platform does not say when a post was edited, we know it by having seen it before
    reader.world.edit(reader.place, edited.id, "@rosebakery fixed, thanks", reader.now())
    reader.world.delete(reader.place, deleted.id)
    found = reader.source.again([kept.id, edited.id, deleted.id], reader.now())
    assert set(found) == {kept.id, edited.id, deleted.id}
    kept_now, edited_now = found[kept.id], found[edited.id]
    assert isinstance(kept_now, Post)
    assert isinstance(edited_now, Post)
    assert edited_now.native_id == edited.id
    assert (edited_now.text, edited_now.edited_at is not None) == ("@rosebakery fixed, thanks", True)
    assert isinstance(found[deleted.id], Gone)


def test_every_place_says_what_it_can_do_and_counts_length(bench: Bench, make_reply: MakeReply) -> None:
    place = bench.opened.place
    assert isinstance(place, Place)
    assert place.capabilities.place == bench.place
    assert place.capabilities.settle >= timedelta(seconds=20)
    assert place.measure("", Audience.PUBLIC).fits is False
    assert place.measure("Sorry, Cora", Audience.PUBLIC).used == 11
    assert place.measure("x" * 100_000, Audience.PUBLIC).fits is False


def test_the_table_opens_every_place_it_names() -> None:
    assert place_names()[: len(PLACES)] == tuple(PLACES)
    for place in PLACES:
        assert callable(opener(place))
    with pytest.raises(KeyError):
        opener("nowhere")


def _one(bench: Bench) -> Post:
    (post,), _ = bench.read_all()
    return post
