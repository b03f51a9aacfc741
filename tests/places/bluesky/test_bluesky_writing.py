"""Answering on Bluesky: one post however often it is tried, under the right parent, and only where an answer is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from places.bluesky.uris import key_of, uri_of
from places.doors import NeedsPerson, Refused, Unavailable, Unsure
from sandbox.faults import CUT, GARBAGE, Answer, Done, Fault
from storage.words import Audience, Author, Post, Posted, ReachHow, Reply

if TYPE_CHECKING:
    from sandbox.things import WorldPost
    from tests.places.benching import Bench
    from tests.places.bluesky_bench import BlueskyTown

MakeReply = Callable[..., Reply]

LONG_AGO = timedelta(minutes=30)


def one(bench: Bench) -> Post:
    (post,), _ = bench.read_all()
    return post


def put(sky: BlueskyTown) -> list[str]:
    """What the server says of every request to post."""
    return [call.note for call in sky.world.calls("bluesky") if "putRecord" in call.path]


def sent(sky: BlueskyTown) -> list[dict[str, Any]]:
    """What was sent with every request to post."""
    return [json.loads(call.body) for call in sky.world.calls("bluesky") if "putRecord" in call.path]


def test_the_same_reply_tried_again_is_the_same_bytes_and_one_post(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    reply = make_reply(
        one(bench), "Sorry @cora.bsky.social, see https://rosebakery.com", language="en", approved_at=bench.now()
    )
    bench.plan.add(Fault("POST", "putRecord", Done.FIRST, CUT))
    with pytest.raises(Unsure):
        bench.publisher.post(reply, bench.now())
    sky.clock.ahead += timedelta(hours=5)
    again = replace(reply, sent_at=bench.now(), first_sent_at=reply.sent_at, attempt=2, fence=2)
    posted = bench.publisher.post(again, bench.now())
    first, second = sent(sky)
    assert first == second
    assert [ours.id for ours in bench.posted()] == [posted.native_id]
    assert put(sky) == [f"created {posted.native_id}; fault: cut", f"already there {posted.native_id}"]


def test_a_request_carried_out_late_meets_the_second_try(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    reply = make_reply(one(bench), approved_at=bench.now())
    bench.plan.add(Fault("POST", "putRecord", Done.NEVER, CUT))
    with pytest.raises(Unsure):
        bench.publisher.post(reply, bench.now())
    late = sent(sky)[0]
    again = replace(reply, sent_at=bench.now() + timedelta(minutes=2), first_sent_at=reply.sent_at)
    posted = bench.publisher.post(again, bench.now())
    bench.publisher._line.write("com.atproto.repo.putRecord", late, bench.now())  # type: ignore[attr-defined]
    (ours,) = bench.posted()
    assert (ours.id, len(ours.versions)) == (posted.native_id, 1)


@pytest.mark.parametrize("ignores_swap", [False, True])
def test_what_is_up_is_never_written_over(sky: BlueskyTown, make_reply: MakeReply, ignores_swap: bool) -> None:
    """By Bluesky's own servers not even with other bytes; by others that know no null, not with the bytes of a repeat."""
    sky.options.ignores_swap = ignores_swap
    sky.complain()
    bench = sky.bench()
    reply = make_reply(one(bench), approved_at=bench.now())
    bench.publisher.post(reply, bench.now())
    repeat = replace(reply, sent_at=bench.now() + timedelta(hours=1), first_sent_at=reply.sent_at)
    bench.publisher.post(repeat, bench.now())
    if not ignores_swap:
        forgetful = replace(reply, sent_at=bench.now() + timedelta(hours=1))  # as after a restored backup
        with pytest.raises(Unsure, match="there already"):
            bench.publisher.post(forgetful, bench.now())
        found = bench.publisher.find(forgetful, bench.now())
        assert found is not None
        assert found.native_id == bench.posted()[0].id
    (ours,) = bench.posted()
    assert len(ours.versions) == 1


def test_two_replies_to_one_post_do_not_meet(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    post, at = one(bench), bench.now()
    first = bench.publisher.post(make_reply(post, key="a" * 32, approved_at=at), at)
    second = make_reply(post, "And a voucher.", key="b" * 32, approved_at=at, known_ids=(str(first.native_id),))
    assert bench.publisher.find(second, at) is None
    bench.publisher.post(second, at)
    assert sorted(ours.text for ours in bench.posted()) == ["And a voucher.", "We are sorry, Cora."]


def test_another_reply_under_our_key_is_not_taken_for_ours(sky: BlueskyTown, make_reply: MakeReply) -> None:
    asked, other = sky.complain("@rosebakery one"), sky.complain("@rosebakery two")
    bench = sky.bench()
    posts = {post.native_id: post for post in bench.read_all()[0]}
    bench.publisher.post(make_reply(posts[asked.id]), bench.now())
    assert bench.publisher.find(make_reply(posts[other.id], parent_ids=()), bench.now()) is None


def test_an_answer_names_the_beginning_of_the_conversation_and_the_version_it_answers(
    sky: BlueskyTown, make_reply: MakeReply
) -> None:
    root = sky.complain("is anybody there")
    asked = sky.complain("@rosebakery are you", parent_id=root.id)
    bench = sky.bench()
    bench.publisher.post(make_reply(one(bench), language="ro"), bench.now())
    record = sent(sky)[0]["record"]
    reply = record["reply"]
    assert (reply["root"]["uri"], reply["parent"]["uri"]) == (root.id, asked.id)
    assert all(there["cid"].startswith("bafyrei") for there in reply.values())
    assert record["langs"] == ["ro"]
    assert sent(sky)[0]["swapRecord"] is None


def test_the_first_post_of_a_conversation_is_its_own_root(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    bench.publisher.post(make_reply(one(bench)), bench.now())
    record = sent(sky)[0]["record"]
    assert record["reply"]["root"] == record["reply"]["parent"]
    assert "langs" not in record
    assert "facets" not in record


def test_the_customer_is_mentioned_without_asking_who_they_are(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    bench.publisher.post(make_reply(one(bench), "@cora.bsky.social we are sorry"), bench.now())
    (facet,) = sent(sky)[0]["record"]["facets"]
    assert facet["features"][0]["did"] == sky.cora.id
    assert not [call for call in sky.world.calls("bluesky") if "resolveHandle" in call.path]


@pytest.mark.parametrize("answer", [CUT, GARBAGE, Answer(500), Answer(200, b'{"did": 7}')])
def test_a_name_that_nobody_can_tell_now_stays_plain_and_does_not_hold_up_the_reply(
    sky: BlueskyTown, make_reply: MakeReply, answer: Any
) -> None:
    sky.world.add_account("bluesky", "dan", "Dan")
    sky.complain()
    bench = sky.bench()
    post = one(bench)
    bench.plan.add(Fault("GET", "resolveHandle", Done.NEVER, answer))
    bench.publisher.post(make_reply(post, "ask @dan.bsky.social or @nobody.bsky.social"), bench.now())
    assert "facets" not in sent(sky)[0]["record"]
    assert bench.posted()[0].text == "ask @dan.bsky.social or @nobody.bsky.social"


# What takes no answer --------------------------------------------------------------------------------------------------


def test_a_deleted_post_takes_no_answer(sky: BlueskyTown, make_reply: MakeReply) -> None:
    asked = sky.complain(at=sky.clock() - LONG_AGO)
    bench = sky.bench()
    reply = make_reply(one(bench))
    sky.world.delete("bluesky", asked.id)
    with pytest.raises(Refused, match="gone"):
        bench.publisher.post(reply, bench.now())
    assert put(sky) == []


def test_a_post_written_just_now_that_is_not_shown_may_only_be_late(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    reply = make_reply(one(bench))
    sky.options.taken_down.add(reply.parent_id)
    with pytest.raises(Unavailable):
        bench.publisher.post(reply, bench.now())
    sky.clock.ahead += timedelta(minutes=6)
    with pytest.raises(Refused, match="gone"):
        bench.publisher.post(reply, bench.now())


def test_whoever_blocked_us_is_not_answered(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain(at=sky.clock() - LONG_AGO)
    bench = sky.bench()
    reply = make_reply(one(bench))
    sky.options.blocks.add((sky.cora.id, sky.us.id))
    with pytest.raises(Refused, match="hidden"):
        bench.publisher.post(reply, bench.now())


def test_where_nobody_may_answer_nothing_is_posted_that_nobody_would_see(
    sky: BlueskyTown, make_reply: MakeReply
) -> None:
    root = sky.complain("a closed circle")
    asked = sky.complain("@rosebakery in a closed circle", parent_id=root.id)
    sky.options.gated.add(root.id)
    bench = sky.bench()
    post = one(bench)
    reach = bench.publisher.reach(post, Audience.PUBLIC)
    assert (post.native_id, reach.how) == (asked.id, ReachHow.NONE)
    assert "only some people" in reach.why
    with pytest.raises(Refused, match="only some people") as refused:
        bench.publisher.post(make_reply(post), bench.now())
    assert not refused.value.by_hand
    assert put(sky) == []


def test_a_circle_that_opens_is_answered(sky: BlueskyTown) -> None:
    asked = sky.complain()
    sky.options.gated.add(asked.id)
    bench = sky.bench()
    post = one(bench)
    sky.options.gated.clear()
    bench.source.again([asked.id], bench.now())
    assert bench.publisher.reach(post, Audience.PUBLIC).how is ReachHow.API


def test_a_text_too_long_is_refused_before_anything_is_asked(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    post, calls = one(bench), len(sky.world.calls("bluesky"))
    for text in ("x" * 301, "я" * 1_501, ""):
        with pytest.raises(Refused, match="longer than Bluesky takes"):
            bench.publisher.post(make_reply(post, text), bench.now())
    with pytest.raises(Refused, match="no private messages"):
        bench.publisher.post(make_reply(post, audience=Audience.PRIVATE), bench.now())
    with pytest.raises(Refused, match="do not know the post"):
        bench.publisher.post(make_reply(post, parent_id="t3_abc"), bench.now())
    assert len(sky.world.calls("bluesky")) == calls


# Whom we may answer ----------------------------------------------------------------------------------------------------


def test_whom_we_may_answer_from_here(sky: BlueskyTown) -> None:
    mine = sky.world.publish("bluesky", sky.us.id, "Fresh croissants!")
    tagged = sky.complain("@rosebakery cold")
    answer = sky.complain("cold", parent_id=mine.id)
    below = sky.complain("mine too", parent_id=answer.id)
    quoted = sky.complain("look at this", quoted_id=mine.id)
    bench = sky.bench()
    read = {post.native_id: post for post in bench.read_all()[0]}
    assert read.keys() == {tagged.id, answer.id, below.id, quoted.id}
    for post in read.values():
        assert bench.publisher.reach(post, Audience.PUBLIC).how is ReachHow.API
        assert bench.publisher.reach(post, Audience.PRIVATE).how is ReachHow.NONE
    ours = bench.source.thread(read[answer.id], bench.now())[0]
    assert bench.publisher.reach(ours, Audience.PUBLIC).how is ReachHow.API


def test_whoever_did_not_speak_to_us_is_left_to_the_owner_unless_told_otherwise(sky: BlueskyTown) -> None:
    sky.complain("Rose Bakery let me down")
    bench = sky.bench(source=1)
    post = one(bench)
    reach = bench.publisher.reach(post, Audience.PUBLIC)
    assert (reach.how, reach.cost) == (ReachHow.BY_HAND, Decimal(0))
    assert "speak only to those who did" in reach.why
    free = sky.bench(source=1, answer_untagged=True)
    assert free.publisher.reach(post, Audience.PUBLIC).how is ReachHow.API


def test_a_process_that_never_asked_bluesky_knows_whom_it_may_answer(sky: BlueskyTown) -> None:
    mine = sky.world.publish("bluesky", sky.us.id, "Fresh croissants!")
    sky.complain("cold", parent_id=mine.id)
    post = one(sky.bench())
    other = sky.open().publisher
    assert other is not None
    calls = len(sky.world.calls("bluesky"))
    assert other.reach(post, Audience.PUBLIC).how is ReachHow.API
    assert len(sky.world.calls("bluesky")) == calls


def test_a_name_like_ours_that_means_somebody_else_is_not_ours(sky: BlueskyTown) -> None:
    text = "@rosebakery.bsky.social"
    mallory = sky.world.add_account("bluesky", "mallory", "Mallory")
    feature = {"$type": "app.bsky.richtext.facet#mention", "did": mallory.id}
    facet = {"index": {"byteStart": 0, "byteEnd": len(text)}, "features": [feature]}
    record = {"text": text, "createdAt": "2026-11-22T12:00:00.000Z", "facets": [facet]}
    author = {"did": sky.cora.id, "handle": "cora.bsky.social"}
    uri = uri_of(sky.cora.id, "3kabcdefghij2")
    bench = sky.bench()
    bench.publisher.me(bench.now())
    reader = bench.source._reader  # type: ignore[attr-defined]
    view = {"uri": uri, "cid": "b", "author": author, "record": record, "indexedAt": "2026-11-22T12:00:00.000Z"}
    post = reader.read(view, bench.now())
    assert post.addressed == (mallory.id,)
    assert bench.publisher.reach(post, Audience.PUBLIC).how is ReachHow.BY_HAND


def test_what_is_no_post_of_blueskys_has_no_way(sky: BlueskyTown) -> None:
    post = Post("bluesky", "t3_abc", Author("x", "x"), "", datetime(2026, 11, 22, tzinfo=UTC), "t3_abc")
    assert sky.bench().publisher.reach(post, Audience.PUBLIC).how is ReachHow.NONE


# Looking ---------------------------------------------------------------------------------------------------------------


def test_looking_is_not_behind_though_everything_else_is(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    reply = make_reply(one(bench))
    sky.options.index_lag = timedelta(hours=2)
    posted = bench.publisher.post(reply, bench.now())
    found = bench.publisher.find(reply, bench.now())
    assert found == replace(posted, at=found.at if found else posted.at)


def test_an_answer_from_the_app_is_found_and_older_ones_are_not(sky: BlueskyTown, make_reply: MakeReply) -> None:
    asked = sky.complain()
    bench = sky.bench()
    post = one(bench)
    old = sky.world.publish("bluesky", sky.us.id, "Hm", at=bench.now() - timedelta(minutes=10), parent_id=asked.id)
    reply = make_reply(post, sent_at=bench.now())
    assert bench.publisher.find(reply, bench.now()) is None
    by_ben = sky.world.publish("bluesky", sky.us.id, "Sorry! Ben", parent_id=asked.id)
    sky.world.publish("bluesky", sky.us.id, "Sorry again! Ben", parent_id=asked.id)
    found = bench.publisher.find(reply, bench.now())
    assert found is not None
    assert found.native_id == by_ben.id
    first_try = replace(reply, first_sent_at=bench.now() - timedelta(minutes=9))
    found = bench.publisher.find(first_try, bench.now())
    assert found is not None
    assert found.native_id == old.id


def test_an_answer_is_found_among_hundreds(sky: BlueskyTown, make_reply: MakeReply) -> None:
    asked = sky.complain()
    bench = sky.bench()
    post = one(bench)
    by_ben = sky.world.publish("bluesky", sky.us.id, "Sorry! Ben", parent_id=asked.id)
    for n in range(250):
        sky.world.publish("bluesky", sky.us.id, f"Fresh croissants, batch {n}")
    found = bench.publisher.find(make_reply(post, sent_at=bench.now() - timedelta(minutes=1)), bench.now())
    assert found is not None
    assert found.native_id == by_ben.id


def test_more_than_can_be_looked_through_is_not_called_nothing(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    reply = make_reply(one(bench))
    page = {
        "records": [{"uri": uri_of(sky.us.id, "self"), "cid": "b", "value": {"text": "x"}}],
        "cursor": "more",
    }
    bench.plan.add(Fault("GET", "listRecords", Done.NEVER, Answer(200, json.dumps(page).encode()), times=None))
    with pytest.raises(Unavailable, match="more on Bluesky than"):
        bench.publisher.find(reply, bench.now())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("getRecord", b"{}"),
        ("getRecord", b'{"value": 7}'),
        ("listRecords", b"{}"),
        ("listRecords", b'{"records": [7]}'),
        ("listRecords", b'{"records": [{"uri": "x", "value": {}}]}'),
    ],
)
def test_a_look_that_cannot_be_understood_is_not_called_nothing(
    sky: BlueskyTown, make_reply: MakeReply, path: str, body: bytes
) -> None:
    sky.complain()
    bench = sky.bench()
    reply = make_reply(one(bench))
    bench.plan.add(Fault("GET", path, Done.NEVER, Answer(200, body)))
    with pytest.raises(Unavailable) as away:
        bench.publisher.find(reply, bench.now())
    assert not isinstance(away.value, NeedsPerson)


# Taking down -----------------------------------------------------------------------------------------------------------


def test_only_our_own_posts_are_taken_down(sky: BlueskyTown) -> None:
    asked = sky.complain()
    bench = sky.bench()
    for native in (None, "t1_abc", asked.id):
        with pytest.raises(Refused) as refused:
            bench.publisher.remove(Posted(native, None, bench.now()), bench.now())
        assert refused.value.by_hand
    assert sky.world.post("bluesky", asked.id) == asked


def test_what_was_taken_down_leaves_its_key_to_nobody_else(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    post, at = one(bench), bench.now()
    posted = bench.publisher.post(make_reply(post, key="a" * 32, approved_at=at), at)
    bench.publisher.remove(posted, at)
    again = bench.publisher.post(make_reply(post, key="b" * 32, approved_at=at), at)
    assert again.native_id != posted.native_id
    assert [ours.id for ours in bench.posted()] == [again.native_id]


def test_a_taking_down_without_an_answer_is_unsure(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    posted = bench.publisher.post(make_reply(one(bench)), bench.now())
    for seen in (CUT, GARBAGE, Answer(200, b"")):
        bench.plan.add(Fault("POST", "deleteRecord", Done.FIRST, seen))
        with pytest.raises(Unsure):
            bench.publisher.remove(posted, bench.now())
    assert bench.posted() == []


def test_an_account_is_told_with_its_present_name(sky: BlueskyTown) -> None:
    sky.world.rename("bluesky", sky.us.id, handle="rosebakery.example")
    sky.world.add_account("bluesky", "rosebakery", "Somebody else")
    bench = sky.bench(handle="rosebakery.example", app_password="town-bluesky-rosebakery.example")
    me = bench.publisher.me(bench.now())
    assert (me.native_id, me.handle) == (sky.us.id, "rosebakery.example")


def test_the_key_is_where_the_post_is(sky: BlueskyTown, make_reply: MakeReply) -> None:
    asked: WorldPost = sky.complain()
    bench = sky.bench()
    reply = make_reply(one(bench), approved_at=bench.now())
    posted = bench.publisher.post(reply, bench.now())
    assert posted.native_id == uri_of(sky.us.id, key_of(reply))
    assert posted.url == f"https://bsky.app/profile/rosebakery.bsky.social/post/{key_of(reply)}"
    assert reply.parent_id == asked.id
