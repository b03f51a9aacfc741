"""Reading X: each trap of its API that we know of, against a real server, through the real client."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from places.doors import NeedsPerson, Unavailable
from places.x.cursor import Cursor
from places.x.query import LONGEST, queries
from sandbox.faults import Answer, Changed, Done, Fault
from sandbox.keys import x_keys
from sandbox.things import snowflake
from storage.words import Audience, Brand, Gone, Post

if TYPE_CHECKING:
    from tests.places.conftest import XTown

RECORDED = Path(__file__).parent.parent / "recorded" / "x"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def serve(town: XTown, name: str, path: str = "/mentions|/search/recent|/2/tweets") -> None:
    """Answer every read with a recorded page."""
    body = (RECORDED / name).read_bytes()
    town.options.faults.add(Fault("GET", path, Done.NEVER, Answer(200, body), times=None))


def asked(town: XTown, path: str) -> list[dict[str, list[str]]]:
    return [parse_qs(urlsplit(call.path).query) for call in town.world.calls("x") if path in call.path]


# --- walks and cursors ----------------------------------------------------------------------------


@pytest.mark.parametrize("source", [0, 1], ids=["mentions", "search"])
def test_a_walk_over_many_pages_loses_nothing_that_is_written_meanwhile(town: XTown, source: int) -> None:
    bench = town.bench(source)
    text = "@rosebakery and Rose Bakery: cold"
    ids = {bench.complain(f"{text} {n}", at=bench.now() - timedelta(minutes=5 * n)).id for n in range(1, 250)}
    found, cursor, meanwhile = [], None, 0
    while True:
        batch = bench.source.poll(cursor, bench.now())
        found += [post.native_id for post in batch.posts]
        cursor = batch.cursor
        if not batch.more:
            break
        meanwhile += 1
        ids.add(bench.complain(f"{text}, meanwhile {meanwhile}").id)
    assert meanwhile == 2
    batch = bench.source.poll(cursor, bench.now())
    assert set(found) | {post.native_id for post in batch.posts} == ids
    assert batch.more is False


def test_a_killed_walk_goes_on_from_the_page_where_it_was(town: XTown) -> None:
    bench = town.bench()
    for n in range(150):
        bench.complain(f"@rosebakery cold {n}", at=bench.now() - timedelta(minutes=5 * n))
    first = bench.source.poll(None, bench.now())
    after_restart = town.bench()
    second = after_restart.source.poll(first.cursor, bench.now())
    assert (len(first.posts), len(second.posts), first.more, second.more) == (100, 50, True, False)


def test_a_page_token_that_x_forgot_begins_the_walk_anew(town: XTown) -> None:
    bench = town.bench()
    for n in range(120):
        bench.complain(f"@rosebakery cold {n}", at=bench.now() - timedelta(minutes=5 * n))
    written = json.loads(bench.source.poll(None, bench.now()).cursor or "")
    written["walk"]["token"] = "forgotten"
    posts, cursor = bench.read_all(json.dumps(written))
    assert len(posts) == 120
    assert Cursor.read(cursor).walk is None


def test_posts_that_x_shows_late_are_not_lost(town: XTown) -> None:
    bench = town.bench()
    bench.complain("@rosebakery on time", at=bench.now() - timedelta(minutes=1))
    late = bench.complain("@rosebakery late", at=bench.now() - HOUR, visible_at=bench.now() + HOUR)
    posts, cursor = bench.read_all()
    assert late.id not in {post.native_id for post in posts}
    town.clock.ahead = 2 * HOUR
    posts, _ = bench.read_all(cursor)
    assert late.id in {post.native_id for post in posts}


def test_the_newest_post_may_be_deleted_without_harm(town: XTown) -> None:
    bench = town.bench()
    newest = bench.complain("@rosebakery gone soon")
    _, cursor = bench.read_all()
    town.world.delete("x", newest.id)
    bench.complain("@rosebakery an older one, late", at=bench.now() - HOUR)
    _, cursor = bench.read_all(cursor)
    assert Cursor.read(cursor).newest == int(newest.id)
    following = bench.complain("@rosebakery the next one")
    posts, _ = bench.read_all(cursor)
    posts = [post for post in posts if post.created_at > bench.now() - HOUR / 2]
    assert [post.native_id for post in posts] == [following.id]


def test_a_search_that_slept_longer_than_x_remembers_goes_on(town: XTown) -> None:
    bench = town.bench(1)
    bench.complain("Rose Bakery, long ago")
    _, cursor = bench.read_all()
    town.clock.ahead = 9 * DAY
    back = bench.complain("Rose Bakery, now")
    posts, cursor = bench.read_all(cursor)
    assert [post.native_id for post in posts] == [back.id]
    assert bench.read_all(cursor)[1] == cursor


def test_a_search_within_reach_of_the_edge_asks_for_the_whole_week(town: XTown) -> None:
    bench = town.bench(1)
    bench.complain("Rose Bakery, a while ago")
    _, cursor = bench.read_all()
    town.clock.ahead = 7 * DAY - HOUR
    posts, _ = bench.read_all(cursor)
    assert len(posts) == 1
    assert "start_time" not in asked(town, "/search/recent")[-1]


def test_a_walk_that_slept_past_the_edge_begins_anew(town: XTown) -> None:
    bench = town.bench(1)
    for n in range(120):
        bench.complain(f"Rose Bakery {n}")
    _, cursor = bench.read_all()
    for n in range(120):
        bench.complain(f"Rose Bakery again {n}")
    middle = bench.source.poll(cursor, bench.now())
    assert middle.more
    town.clock.ahead = 8 * DAY
    back = bench.complain("Rose Bakery now")
    posts, _ = bench.read_all(middle.cursor)
    assert [post.native_id for post in posts] == [back.id]


def test_mentions_fill_a_gap_of_weeks(town: XTown) -> None:
    bench = town.bench()
    bench.complain("@rosebakery before")
    _, cursor = bench.read_all()
    town.clock.ahead = 20 * DAY
    missed = bench.complain("@rosebakery while we were away", at=bench.now() - 12 * DAY)
    posts, _ = bench.read_all(cursor)
    assert missed.id in {post.native_id for post in posts}


@pytest.mark.parametrize(
    "cursor", ["", "null", "[]", "{", '{"newest": 5}', '{"newest": "x"}', '{"newest": "1", "walk": 3}', "\x00"]
)
def test_a_spoilt_cursor_begins_anew(town: XTown, cursor: str) -> None:
    bench = town.bench()
    bench.complain()
    assert len(bench.read_all(cursor)[0]) == 1


def test_a_post_from_the_future_does_not_hide_the_present(town: XTown) -> None:
    bench = town.bench()
    bench.complain("@rosebakery before", at=bench.now() - 5 * HOUR)
    bench.complain("@rosebakery from the future", id=str(snowflake(bench.now() + 30 * DAY)), at=bench.now())
    _, cursor = bench.read_all()
    assert Cursor.read(cursor).newest <= snowflake(bench.now())
    missed = bench.complain("@rosebakery late", at=bench.now() - 4 * HOUR)
    posts, _ = bench.read_all(cursor)
    assert missed.id in {post.native_id for post in posts}


@pytest.mark.parametrize("off", [-3 * HOUR, 3 * HOUR])
@pytest.mark.parametrize("source", [0, 1], ids=["mentions", "search"])
def test_a_clock_of_ours_that_is_wrong_stops_nothing(town: XTown, source: int, off: timedelta) -> None:
    bench = town.bench(source)
    text = "@rosebakery Rose Bakery"
    first = bench.complain(text)
    batch = bench.source.poll(None, bench.now() + off)
    second = bench.complain(text)
    again = bench.source.poll(batch.cursor, bench.now() + off)
    assert [post.native_id for post in batch.posts] == [first.id]
    assert second.id in {post.native_id for post in again.posts}


def test_x_is_never_asked_for_since_id_and_start_time_together(town: XTown) -> None:
    for source in (0, 1):
        bench = town.bench(source)
        bench.complain("@rosebakery Rose Bakery")
        _, cursor = bench.read_all()
        bench.read_all(cursor)
    questions = asked(town, "/mentions") + asked(town, "/search/recent")
    assert len(questions) == 4
    assert not any("since_id" in question and "start_time" in question for question in questions)


# --- what a post is ---------------------------------------------------------------------------------


def test_long_posts_come_whole_with_everybody_they_mention(town: XTown) -> None:
    bench = town.bench()
    text = "It was cold. " * 40 + "And @rosebakery did not care & laughed."
    bench.complain(text)
    (post,), _ = bench.read_all()
    assert post.text == text
    assert {town.us.id, "rosebakery"} <= set(post.addressed)


@pytest.mark.parametrize("name", ["mentions.json", "renamed.json"])
def test_a_recorded_page_is_read_under_old_and_announced_names(town: XTown, name: str) -> None:
    bench = town.bench()
    bench.publisher.me(bench.now())
    serve(town, name)
    reply, quote = bench.source.poll(None, bench.now()).posts
    assert reply.text == "@RoseBakery pâine rece & scumpă <3 &lt; https://example.com/bon?a=1&b=2"
    assert (reply.author.handle, reply.author.name, reply.lang) == ("cora", "Cora", "ro")
    assert (reply.parent_id, reply.conversation_id) == ("2124000000000000001", "2124000000000000001")
    assert reply.addressed == ("42", "rosebakery")
    assert reply.created_at == datetime(2026, 11, 21, 4, 52, tzinfo=UTC)
    assert reply.url == "https://x.com/cora/status/2124000000000000003"
    assert quote.text == "Look at this, @SwiftCourier too https://twitter.com/RoseBakery/status/2124000000000000000"
    assert set(quote.addressed) == {"43", "swiftcourier", "rosebakery"}
    assert (quote.author.native_id, quote.url) == ("78", "https://x.com/i/status/2124000000000000002")
    assert (quote.lang, quote.parent_id, quote.is_repost) == (None, None, False)
    assert (quote.native_id, quote.reply_to) == ("2123990000000000002", "2124000000000000002")
    assert quote.edited_at == datetime(2026, 11, 21, 4, 51, tzinfo=UTC)
    assert quote.created_at < quote.edited_at


def test_thirteen_kinds_of_poison_cost_thirteen_posts(town: XTown) -> None:
    bench = town.bench()
    bench.publisher.me(bench.now())
    serve(town, "poison.json")
    batch = bench.source.poll(None, bench.now())
    assert [(post.native_id, post.text) for post in batch.posts] == [("2124000000000000009", "odd but readable")]
    assert len(batch.poison) == 13
    assert [poison.native_id for poison in batch.poison][5:7] == ["2124000000000000002", "2124000000000000003"]
    assert all(poison.why and poison.raw for poison in batch.poison)


@pytest.mark.parametrize(
    "body", [b"null", b"[]", b"[1]", b'"x"', b"{}", b'{"data": []}', b'{"meta": []}', b"\xff\xfe", b"[" * 100_000]
)
def test_an_answer_of_the_wrong_shape_is_unavailable_and_not_an_empty_page(town: XTown, body: bytes) -> None:
    bench = town.bench()
    bench.publisher.me(bench.now())
    town.options.faults.add(Fault("GET", "/mentions", Done.NEVER, Answer(200, body)))
    with pytest.raises(Unavailable):
        bench.source.poll(None, bench.now())


def test_a_wrong_byte_costs_a_letter_and_not_the_page(town: XTown) -> None:
    bench = town.bench()
    bench.complain("@rosebakery caf_ is cold")
    bench.complain("@rosebakery fine")
    town.options.faults.add(
        Fault("GET", "/mentions", Done.FIRST, Changed(lambda body: body.replace(b"caf_", b"caf\xe9\x01")))
    )
    texts = {post.text for post in bench.source.poll(None, bench.now()).posts}
    assert texts == {"@rosebakery caf\ufffd\x01 is cold", "@rosebakery fine"}


def test_an_empty_page_is_an_empty_page(town: XTown) -> None:
    bench = town.bench()
    batch = bench.source.poll(None, bench.now())
    assert (batch.posts, batch.more, batch.poison) == ((), False, ())


def test_a_repost_is_told_as_one(town: XTown) -> None:
    bench = town.bench()
    original = bench.complain()
    dan = town.world.add_account("x", "dan", "Dan")
    repost = town.world.publish("x", dan.id, "", reposted_id=original.id)
    posts, _ = bench.read_all()
    assert {post.native_id: post.is_repost for post in posts} == {original.id: False, repost.id: True}
    assert bench.publisher.reach(next(post for post in posts if post.is_repost), Audience.PUBLIC).how == "none"


def test_an_edited_post_keeps_its_identity_and_is_answered_at_its_newest_id(town: XTown) -> None:
    bench = town.bench()
    first = bench.complain("@rosebakery cold", at=bench.now() - timedelta(minutes=30))
    edited = town.world.edit("x", first.id, "@rosebakery ice cold", bench.now())
    (post,), _ = bench.read_all()
    assert (post.native_id, post.reply_to, post.text) == (first.id, edited.id, "@rosebakery ice cold")
    assert abs(post.created_at - first.created_at) < timedelta(seconds=1)
    assert post.edited_at is not None
    assert post.edited_at > post.created_at


# --- looking again ------------------------------------------------------------------------------


def test_again_follows_a_chain_of_edits_and_asks_in_hundreds(town: XTown) -> None:
    bench = town.bench()
    ids = [bench.complain(f"@rosebakery number {n}").id for n in range(250)]
    for n in range(3):
        town.world.edit("x", ids[7], f"@rosebakery edited {n}")
    town.world.delete("x", ids[8])
    found = bench.source.again([*ids, "no id", ids[0]], bench.now())
    assert set(found) == set(ids)
    edited, gone = found[ids[7]], found[ids[8]]
    assert isinstance(edited, Post)
    assert (edited.text, edited.native_id) == ("@rosebakery edited 2", ids[7])
    assert edited.reply_to != ids[7]
    assert gone == Gone(ids[8], "deleted")
    assert [len(question["ids"][0].split(",")) for question in asked(town, "/2/tweets?")] == [100, 100, 50, 1]


def test_silence_is_no_proof_that_a_post_is_gone(town: XTown) -> None:
    bench = town.bench()
    serve(town, "silence.json")
    ids = ["2124000000000000001", "2124000000000000002", "2124000000000000003", "2124000000000000004"]
    found = bench.source.again(ids, bench.now())
    assert found == {"2124000000000000003": Gone("2124000000000000003", "hidden")}


def test_a_thread_has_its_root_even_when_search_no_longer_shows_it(town: XTown) -> None:
    bench = town.bench()
    root = bench.complain("@rosebakery the beginning", at=bench.now() - 10 * DAY)
    answer = town.world.publish("x", town.us.id, "Sorry!", parent_id=root.id, at=bench.now() - 2 * HOUR)
    last = bench.complain("Thank you", parent_id=answer.id)
    post = next(post for post in bench.read_all()[0] if post.native_id == last.id)
    thread = bench.source.thread(post, bench.now())
    assert [one.native_id for one in thread] == [root.id, answer.id, last.id]


# --- limits, keys and money ---------------------------------------------------------------------


def test_a_rate_limit_is_not_waited_for_inside_the_client(town: XTown) -> None:
    bench = town.bench()
    bench.limit()
    began = time.monotonic()
    with pytest.raises(Unavailable) as failed:
        bench.source.poll(None, bench.now())
    assert time.monotonic() - began < 5
    assert failed.value.retry_at is not None
    assert abs(failed.value.retry_at - bench.now() - timedelta(minutes=15)) < timedelta(seconds=10)


@pytest.mark.parametrize("off", [-HOUR, HOUR])
def test_the_wait_for_a_limit_does_not_hang_on_our_own_clock(town: XTown, off: timedelta) -> None:
    bench = town.bench()
    bench.limit()
    now = bench.now() + off
    with pytest.raises(Unavailable) as failed:
        bench.source.poll(None, now)
    assert failed.value.retry_at is not None
    assert abs(failed.value.retry_at - now - timedelta(minutes=15)) < timedelta(seconds=10)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-rate-limit-reset": "soon"},
        {"x-rate-limit-reset": "-1"},
        {"x-rate-limit-reset": "9" * 30},
        {"x-rate-limit-reset": "99999999999"},
        {"x-rate-limit-reset": "1", "date": "no date"},
    ],
)
def test_a_limit_with_odd_headers_is_a_limit_all_the_same(town: XTown, headers: dict[str, str]) -> None:
    bench = town.bench()
    bench.publisher.me(bench.now())
    body = b'{"errors": [{"code": 88, "message": "Rate limit exceeded"}]}'
    town.options.faults.add(Fault("GET", "/mentions", Done.NEVER, Answer(429, body, tuple(headers.items()))))
    now = bench.now()
    with pytest.raises(Unavailable, match="slow down") as failed:
        bench.source.poll(None, now)
    assert len([call for call in town.world.calls("x") if "/mentions" in call.path]) == 1
    assert failed.value.retry_at is None or now < failed.value.retry_at < now + timedelta(hours=26)


def test_revoked_keys_and_spent_credits_need_a_person_who_is_told_what_to_do(town: XTown) -> None:
    bench = town.bench()
    keys = x_keys("rosebakery")
    town.options.revoked.add(keys.access_token)
    with pytest.raises(NeedsPerson, match="Make new ones"):
        bench.source.poll(None, bench.now())
    town.options.revoked.clear()
    town.options.expires[keys.access_token] = bench.now()
    with pytest.raises(NeedsPerson, match="no longer accepts our keys"):
        bench.source.poll(None, bench.now())
    town.options.expires.clear()
    town.options.credits = Decimal(0)
    with pytest.raises(NeedsPerson, match="credits at X are used up"):
        bench.source.poll(None, bench.now())
    town.options.credits = None
    town.options.usage_capped = True
    with pytest.raises(NeedsPerson, match="allowance"):
        bench.source.poll(None, bench.now())
    town.options.usage_capped = False
    assert bench.source.poll(None, bench.now()).posts == ()


def test_a_listless_error_body_does_not_hide_the_status(town: XTown) -> None:
    bench = town.bench()
    for status, body in ((401, b"[]"), (402, b'{"errors": null}'), (401, b'{"errors": [1]}'), (403, b"<html>")):
        town.options.faults.add(Fault("GET", "/users/me", Done.NEVER, Answer(status, body)))
        with pytest.raises(NeedsPerson):
            bench.source.poll(None, bench.now())


def test_mentions_are_read_at_the_price_of_our_own_and_the_overlap_costs_nothing(town: XTown) -> None:
    bench = town.bench()
    for n in range(10):
        bench.complain(f"@rosebakery {n}", at=bench.now() - timedelta(minutes=1))
    town.options.credits = Decimal(10)
    bench.publisher.me(bench.now())
    before = town.options.credits
    _, cursor = bench.read_all()
    first = town.options.credits
    assert before - first == 10 * Decimal("0.001") + Decimal("0.010")  # ten mentions, and their one author
    bench.read_all(cursor)
    assert town.options.credits == first


def test_with_a_bearer_token_alone_x_is_read_and_nothing_posted(town: XTown) -> None:
    opened = town.open(access_token="", access_token_secret="", consumer_key="", consumer_secret="")
    town.world.publish("x", town.cora.id, "@rosebakery Rose Bakery")
    assert opened.publisher is None
    for source in opened.sources:
        batch = source.poll(None, town.clock())
        assert len(batch.posts) == 1
        assert list(source.again([batch.posts[0].native_id], town.clock())) == [batch.posts[0].native_id]


def test_with_the_keys_of_an_account_alone_x_is_read_too(town: XTown) -> None:
    opened = town.open(bearer_token="")
    town.world.publish("x", town.cora.id, "@rosebakery Rose Bakery")
    for source in opened.sources:
        batch = source.poll(None, town.clock())
        assert len(batch.posts) == 1
        assert len(source.thread(batch.posts[0], town.clock())) == 1


def test_a_handle_that_x_does_not_know_needs_a_person(town: XTown) -> None:
    town.brand = Brand("nobody", "Nobody", handles={"x": "nobody"})
    opened = town.open(access_token="")
    with pytest.raises(NeedsPerson, match="@nobody"):
        opened.sources[0].poll(None, town.clock())


# --- the query ----------------------------------------------------------------------------------


def test_a_search_finds_the_brands_names_and_leaves_out_our_own_posts_and_reposts(town: XTown) -> None:
    town.brand = Brand(
        "rosebakery", "Rose Bakery", ('Rose "the Bakery', "rosebakery.example"), handles={"x": "rosebakery"}
    )
    bench = town.bench(1)
    found = bench.complain("At rose the bakery they were rude")
    site = bench.complain("rosebakery.example is down")
    bench.complain("A rose near a bakery")
    town.world.publish("x", town.us.id, "rose the bakery is open")
    town.world.publish("x", town.cora.id, "", reposted_id=found.id)
    assert {post.native_id for post in bench.read_all()[0]} == {found.id, site.id}


def test_queries_stay_within_what_x_takes_and_no_name_is_dropped(town: XTown) -> None:
    names = tuple(f"The Rose Bakery of Saint Mary Street number {n}" for n in range(60))
    made = queries(Brand("rosebakery", "Rose Bakery", (*names, "x" * 600), handles={"x": "rosebakery"}), "rosebakery")
    assert len(made) > 1
    assert all(len(query) <= LONGEST for query in made)
    assert all(any(f'"{name}"' in query for query in made) for name in names)
    town.brand = Brand("rosebakery", "Rose Bakery", names, handles={"x": "rosebakery"})
    sources = town.open().sources
    assert [source.key for source in sources][:3] == [
        "x:mentions:rosebakery",
        "x:search:rosebakery",
        "x:search:rosebakery:2",
    ]
    for source in sources:
        source.poll(None, town.clock())
    assert {call.status for call in town.world.calls("x")} == {200}


def test_search_can_be_turned_off(town: XTown) -> None:
    assert [source.key for source in town.open(search=False).sources] == ["x:mentions:rosebakery"]
