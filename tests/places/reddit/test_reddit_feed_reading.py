"""Reddit's feeds read for Rose Bakery: in turn, at one question a minute, and honest about what may be missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from places.doors import NeedsPerson, Source, Unavailable
from places.reddit import FeedSettings, open_reddit_feed
from places.reddit.feed_pace import Pace
from sandbox.faults import CUT, Answer, Done, Fault
from sandbox.reddit import mark_board
from sandbox.things import WorldPost
from sandbox.world import utc_now
from storage.words import Audience, Brand, Gone, Post, Reply
from tests.places.benching import reply_to
from tests.places.reddit_feed_bench import FeedTown, feed_town

MINUTE = timedelta(minutes=1)


@pytest.fixture
def feeds() -> Iterator[FeedTown]:
    with feed_town() as town:
        yield town


def paced(town: FeedTown, **changes: Any) -> Source:
    """As in life: one question a minute, and a site that insists on it."""
    town.options.feed_allowed = 1
    return town.open(every=MINUTE, **changes).sources[0]


def asked(town: FeedTown) -> list[str]:
    return [call.path.partition("?")[0] for call in town.inner.calls("reddit")]


def refused(town: FeedTown) -> int:
    return sum(call.status == 429 for call in town.inner.calls("reddit"))


def read(source: Source, town: FeedTown, cursor: str | None, times: int = 1) -> tuple[list[Post], str | None]:
    """Poll once a minute, so many times."""
    posts: list[Post] = []
    for _ in range(times):
        batch = source.poll(cursor, town.clock())
        posts += batch.posts
        cursor = batch.cursor
        town.clock.ahead += MINUTE
    return posts, cursor


def live(town: FeedTown, source: Source, said: WorldPost) -> Post:
    """The post as a poll brought it."""
    posts, _ = read(source, town, None)
    return next(post for post in posts if post.native_id == said.id)


def test_a_complaint_in_a_feed_is_a_post_with_its_author_known_by_name(feeds: FeedTown) -> None:
    said = feeds.complain("Rose Bakery sold me a **cold** croissant, u/rosebakery", title="Rose Bakery again")
    (post,), _ = read(feeds.open().sources[0], feeds, None)
    assert (post.native_id, post.conversation_id, post.reply_to) == (said.id, said.id, said.id)
    assert (post.author.native_id, post.author.handle, post.author.name) == ("name:cora", "Cora", "")
    assert (post.title, post.text) == (
        "Rose Bakery again",
        "Rose Bakery sold me a **cold** croissant, u/rosebakery",
    )
    assert post.url == f"https://www.reddit.com/r/springfield/comments/{said.id[3:]}/rose_bakery_again/"
    assert (post.addressed, post.edited_at, post.is_repost) == (("rosebakery",), None, False)
    assert post.created_at == said.created_at.replace(microsecond=0)


def test_feeds_say_who_asks_follow_nobody_elsewhere_and_keep_no_cookies(feeds: FeedTown) -> None:
    mark_board(feeds.inner, "shelbyville")
    source = feeds.open(subreddits=("r/springfield", "/r/shelbyville/")).sources[0]
    feeds.complain()
    feeds.options.faults.add(
        Fault("GET", r"\.rss", Done.NEVER, Answer(302, b"", (("location", f"{feeds.served.url}/r/x/new/.rss"),)))
    )
    with pytest.raises(NeedsPerson):
        source.poll(None, feeds.clock())
    assert len(asked(feeds)) == 1
    assert FeedSettings(handle="rosebakery").user_agent == "server:amends.feed-reader:v0.1 (by u/rosebakery)"
    assert FeedSettings(handle="rose\r\nx: y").user_agent == "server:amends.feed-reader:v0.1"
    read(source, feeds, None, 3)
    assert asked(feeds)[1:] == [
        "/search.rss",
        "/r/springfield+shelbyville/comments/.rss",
        "/r/springfield+shelbyville/new/.rss",
    ]


def test_searches_boards_and_comments_take_turns_and_none_is_forgotten(feeds: FeedTown) -> None:
    asked_for = feeds.complain("Has anybody tried Rose Bakery?")
    answer = feeds.says(feeds.dan, "Rose Bakery burnt my bread", parent_id=asked_for.id)
    feeds.says(feeds.dan, "mine too", parent_id=asked_for.id)
    source = paced(feeds, subreddits=("springfield",))
    posts, cursor = read(source, feeds, None, 3)
    assert {post.native_id for post in posts} == {asked_for.id, answer.id}
    comment = next(post for post in posts if post.native_id == answer.id)
    assert (comment.title, comment.parent_id, comment.conversation_id) == ("", None, asked_for.id)
    again = paced(feeds, subreddits=("springfield",))  # a restart goes on with the feed whose turn it is
    read(again, feeds, cursor, 3)
    assert asked(feeds)[:3] == asked(feeds)[3:]
    assert refused(feeds) == 0


def test_a_brand_with_many_names_is_searched_for_by_all_of_them(feeds: FeedTown) -> None:
    brand = Brand("rosebakery", "Rose Bakery", tuple(f"Rose Bakery of {n} {'x' * 60}" for n in range(20)))
    (source,) = open_reddit_feed(brand, feeds.settings()).sources
    said = feeds.complain(f"never again rose bakery of 19 {'X' * 60}")
    posts, _ = read(source, feeds, None, 4)
    assert [post.native_id for post in posts] == [said.id]


def test_nobody_asks_more_than_once_a_minute_whoever_it_is(feeds: FeedTown) -> None:
    """Two brands, their threads and a restart share one address."""
    other = Brand("swiftcourier", "Swift Courier", handles={"reddit": ""})
    feeds.options.feed_allowed = 1
    settings = feeds.settings(every=MINUTE)
    mine, theirs = (open_reddit_feed(brand, settings).sources[0] for brand in (feeds.brand, other))
    said = feeds.complain("Rose Bakery and Swift Courier were both late")
    cursors: dict[str, str | None] = {mine.key: None, theirs.key: None}
    found: set[str] = set()
    waits: list[timedelta] = []
    post: Post | None = None
    for _ in range(240):  # an hour, tick by tick
        for source in (mine, theirs):
            try:
                batch = source.poll(cursors[source.key], feeds.clock())
            except Unavailable as away:
                waits.append(away.retry_at - feeds.clock() if away.retry_at else timedelta.max)
                continue
            cursors[source.key] = batch.cursor
            found |= {source.key for one in batch.posts if one.native_id == said.id}
            post = next(iter(batch.posts), post)
        if post is not None:
            mine.thread(post, feeds.clock())
            theirs.thread(post, feeds.clock())
        feeds.clock.ahead += timedelta(seconds=15)
    times = [call.at for call in feeds.inner.calls("reddit")]
    assert min(later - earlier for earlier, later in pairwise(times)) >= MINUTE - timedelta(seconds=1)
    assert timedelta(0) < min(waits) <= max(waits) <= 2 * MINUTE
    assert found == {mine.key, theirs.key}
    assert len(times) >= 50
    assert refused(feeds) == 0


def test_a_restart_keeps_the_pace(feeds: FeedTown) -> None:
    source = paced(feeds)
    feeds.complain()
    cursor = source.poll(None, feeds.clock()).cursor
    feeds.clock.ahead += timedelta(seconds=20)
    fresh = feeds.open(every=timedelta(seconds=59)).sources[0]  # a pace of its own, as a new process has
    with pytest.raises(Unavailable) as failed:
        fresh.poll(cursor, feeds.clock())
    assert failed.value.retry_at is not None
    assert timedelta(seconds=30) < failed.value.retry_at - feeds.clock() <= timedelta(seconds=39)
    assert len(asked(feeds)) == 1


def test_a_clock_that_jumps_stops_nobody_for_long() -> None:
    now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    pace = Pace(MINUTE)
    pace.take("rose", now)
    pace.close(now + timedelta(days=30), in_vain=False)  # told by a clock that was wrong
    pace.take("rose", now - timedelta(days=3))
    pace.take("rose", now + timedelta(minutes=5))
    with pytest.raises(Unavailable):
        pace.take("rose", now + timedelta(minutes=5, seconds=30))
    with pytest.raises(Unavailable) as failed:
        pace.take("swift", now + timedelta(minutes=5, seconds=30))
    assert failed.value.retry_at == now + timedelta(minutes=7)  # after the one who came first


def test_a_limit_is_heeded_by_everybody_and_also_when_it_comes_with_an_answer(feeds: FeedTown) -> None:
    source = feeds.open(every=timedelta(seconds=1)).sources[0]
    feeds.options.feed_allowed, feeds.options.feed_window = 1, timedelta(minutes=9)
    feeds.complain()
    _, cursor = read(source, feeds, None)
    for _ in range(3):
        with pytest.raises(Unavailable) as failed:
            source.poll(cursor, feeds.clock())
        assert failed.value.retry_at is not None
        assert failed.value.retry_at - feeds.clock() > timedelta(minutes=5)
    assert len(asked(feeds)) == 1
    assert refused(feeds) == 0


def test_what_has_not_changed_is_not_sent_again(feeds: FeedTown) -> None:
    feeds.options.feed_etags = True
    feeds.complain()
    posts, cursor = read(feeds.open().sources[0], feeds, None)
    repeat, cursor = read(feeds.open().sources[0], feeds, cursor)
    assert (len(posts), len(repeat)) == (1, 0)
    feeds.complain("@rosebakery and the bread was old")
    third, _ = read(feeds.open().sources[0], feeds, cursor)
    assert len(third) == 2
    assert [call.status for call in feeds.inner.calls("reddit")] == [200, 304, 200]
    assert "etag" not in (feeds.open().sources[0].poll(None, feeds.clock()).cursor or "").replace('"etag": "', "")


def test_a_tag_counts_only_once_the_posts_that_came_with_it_are_recorded(feeds: FeedTown) -> None:
    feeds.options.feed_etags = True
    feeds.complain()
    source = feeds.open().sources[0]
    read(source, feeds, None)  # this batch, and its cursor, were lost
    posts, _ = read(source, feeds, None)
    assert len(posts) == 1


def test_a_page_of_news_only_is_told_as_a_gap(feeds: FeedTown) -> None:
    source, now = feeds.open().sources[0], feeds.clock()
    feeds.complain("@rosebakery the first", at=now - timedelta(hours=30))
    _, cursor = read(source, feeds, None)
    for n in range(30):
        feeds.complain(f"@rosebakery number {n}", at=now - timedelta(hours=20) + n * MINUTE)
    whole = source.poll(cursor, feeds.clock())
    assert (len(whole.posts), whole.gap) == (31, False)  # the one known stands on the same page
    for n in range(120):
        feeds.complain(f"@rosebakery more of it, {n}", at=now - timedelta(hours=10) + n * MINUTE)
    gap = source.poll(whole.cursor, feeds.clock())
    assert (len(gap.posts), gap.gap) == (100, True)
    assert source.poll(gap.cursor, feeds.clock()).gap is False


def test_the_very_first_page_and_a_short_one_are_no_gap(feeds: FeedTown) -> None:
    source, now = feeds.open().sources[0], feeds.clock()
    old = feeds.complain("@rosebakery the first", at=now - timedelta(hours=30))
    for n in range(120):
        feeds.complain(f"@rosebakery number {n}", at=now - timedelta(hours=20) + n * MINUTE)
    first = source.poll(None, feeds.clock())
    assert first.gap is False
    feeds.world.delete("reddit", old.id)
    short = feeds.open(subreddits=("empty",)).sources[0]
    feeds.inner.publish("reddit", feeds.inner.accounts("reddit")[1].id, "x", title="x", board="empty")
    assert [short.poll(None, feeds.clock()).gap for _ in range(3)] == [False, False, False]


def test_a_cursor_of_reading_with_keys_is_continued_and_nonsense_is_none(feeds: FeedTown) -> None:
    now = feeds.clock()
    for n in range(60):
        feeds.complain(f"@rosebakery number {n}", at=now - timedelta(hours=10) + n * MINUTE)
    keyed = json.dumps({"search": (now - timedelta(days=2)).timestamp(), "comments": 1.0, "inbox": 5})
    batch = feeds.open().sources[0].poll(keyed, feeds.clock())
    assert (len(batch.posts), batch.gap) == (60, True)
    nonsense: tuple[object, ...] = (
        "",
        "[]",
        '{"feeds": []}',
        '{"feeds": {"search": 7, "new": {"newest": "x", "etag": 5}}, "turn": 3, "asked": true}',
        '{"feeds": {"search": {"newest": 1e300}}, "asked": -1}',
        '{"search": "x"}',
    )
    for written in nonsense:
        assert len(feeds.open().sources[0].poll(str(written), feeds.clock()).posts) == 60


@pytest.mark.parametrize(
    ("status", "needs_person"), [(401, True), (403, True), (404, True), (500, False), (503, False), (418, False)]
)
def test_every_no_of_a_feed_is_unavailable_and_says_so(feeds: FeedTown, status: int, needs_person: bool) -> None:
    feeds.options.faults.add(Fault("GET", r"\.rss", Done.NEVER, Answer(status, b"<html>no</html>")))
    with pytest.raises(Unavailable) as failed:
        feeds.open(subreddits=("springfield",)).sources[0].poll(None, feeds.clock())
    assert isinstance(failed.value, NeedsPerson) is needs_person
    assert failed.value.why


def test_after_a_refusal_the_next_try_comes_when_reddit_says_and_not_later(feeds: FeedTown) -> None:
    source = paced(feeds)
    feeds.complain()
    read_elsewhere = feeds.open(every=timedelta(seconds=61)).sources[0]  # another process at the same address
    read_elsewhere.poll(None, feeds.clock())
    feeds.clock.ahead += timedelta(seconds=10)
    with pytest.raises(Unavailable) as failed:
        source.poll(None, feeds.clock())
    assert refused(feeds) == 1
    assert failed.value.retry_at is not None
    assert timedelta(seconds=40) < failed.value.retry_at - feeds.clock() <= timedelta(seconds=51)
    feeds.clock.ahead += failed.value.retry_at - feeds.clock()
    assert len(source.poll(None, feeds.clock()).posts) == 1


# --- threads ------------------------------------------------------------------------------------------


def test_a_thread_shows_the_customers_answer_and_our_own(feeds: FeedTown) -> None:
    said = feeds.complain()
    source = feeds.open().sources[0]
    post = live(feeds, source, said)
    ours = feeds.says(feeds.us, "We are sorry!", parent_id=said.id, at=feeds.clock())
    hers = feeds.complain("Thank you, but it is still cold", parent_id=ours.id, at=feeds.clock() + MINUTE)
    feeds.clock.ahead += 2 * MINUTE
    thread = source.thread(post, feeds.clock())
    assert [(one.native_id, one.author.native_id) for one in thread] == [
        (said.id, "name:cora"),
        (ours.id, "name:rosebakery"),
        (hers.id, "name:cora"),
    ]
    assert [one.parent_id for one in thread] == [None, said.id, None]  # what the third answers, the feed does not say


def test_a_comment_is_looked_at_in_a_feed_of_its_own(feeds: FeedTown) -> None:
    asked_for = feeds.complain("Which bakery?", title="Bread")
    hers = feeds.complain("Rose Bakery was awful", parent_id=asked_for.id, at=feeds.clock() + MINUTE)
    feeds.says(feeds.dan, "Elsewhere", parent_id=asked_for.id, at=feeds.clock() + 2 * MINUTE)
    ours = feeds.says(feeds.us, "We are sorry, Cora.", parent_id=hers.id, at=feeds.clock() + 3 * MINUTE)
    feeds.clock.ahead += 5 * MINUTE
    source = feeds.open(subreddits=("springfield",)).sources[0]
    posts, _ = read(source, feeds, None, 3)
    post = next(one for one in posts if one.native_id == hers.id)
    thread = source.thread(post, feeds.clock())
    assert [one.native_id for one in thread] == [asked_for.id, hers.id, ours.id]
    assert thread[2].parent_id == hers.id
    assert asked(feeds)[-1].endswith(f"/comments/{asked_for.id[3:]}/bread/{hers.id[3:]}/.rss")
    feeds.clock.ahead += MINUTE
    seen = source.again([hers.id], feeds.clock())
    assert isinstance(seen[hers.id], Post)


def test_what_a_feed_shows_as_deleted_is_gone_and_what_it_does_not_show_is_not(feeds: FeedTown) -> None:
    deleted, removed_leaf = feeds.complain("@rosebakery one"), feeds.complain("@rosebakery two", title="Two")
    comment = feeds.complain("Rose Bakery burnt it", parent_id=removed_leaf.id)
    kept_by_answers = feeds.complain("Rose Bakery again", parent_id=removed_leaf.id)
    feeds.says(feeds.dan, "really?", parent_id=kept_by_answers.id)
    source = feeds.open(subreddits=("springfield",)).sources[0]
    posts, _ = read(source, feeds, None, 3)
    assert {post.native_id for post in posts} == {deleted.id, removed_leaf.id, comment.id, kept_by_answers.id}
    for each in (deleted, comment, kept_by_answers):
        feeds.world.delete("reddit", each.id)
    feeds.clock.ahead += 5 * MINUTE
    found = source.again([deleted.id, comment.id, kept_by_answers.id, "t1_nobody", "t9_x", "x"], feeds.clock())
    assert found == {deleted.id: Gone(deleted.id, "deleted"), kept_by_answers.id: Gone(kept_by_answers.id, "deleted")}


def test_an_edit_is_seen_and_no_older_view_takes_it_back(feeds: FeedTown) -> None:
    said = feeds.complain("@rosebakery cold")
    source = feeds.open().sources[0]
    post = live(feeds, source, said)
    source.thread(post, feeds.clock())
    feeds.world.edit("reddit", said.id, "@rosebakery cold and late")
    feeds.clock.ahead += timedelta(seconds=10)
    (polled,), _ = read(source, feeds, None)
    feeds.clock.ahead -= MINUTE
    (shown,) = source.thread(post, feeds.clock())  # known from before the edit, and put right by the poll
    assert polled.text == shown.text == "@rosebakery cold and late"


def test_threads_take_turns_with_feeds_and_with_each_other(feeds: FeedTown) -> None:
    """Polls every two minutes and looks every five, in step with one another as they are in the service."""
    source = paced(feeds)
    said = [feeds.complain(f"@rosebakery number {n}") for n in range(4)]
    posts, cursor = read(source, feeds, None)
    assert len(posts) == 4
    read_threads: dict[str, int] = {}
    polled = 0
    for minute in range(120):
        if minute % 5 == 0:
            polled += 1
            batch = source.poll(cursor, feeds.clock())
            cursor = batch.cursor
            source.again([post.native_id for post in posts], feeds.clock())
            for post in posts:
                for shown in source.thread(post, feeds.clock()):
                    read_threads[shown.native_id] = read_threads.get(shown.native_id, 0) + 1
        feeds.clock.ahead += MINUTE
    assert set(read_threads) == {one.id for one in said}
    assert max(read_threads.values()) - min(read_threads.values()) <= 2
    assert refused(feeds) == 0
    assert sum(path == "/search.rss" for path in asked(feeds)) >= polled // 2


def test_a_poll_that_finds_its_turn_taken_by_a_thread_gives_way_once(feeds: FeedTown) -> None:
    source = paced(feeds)
    said = feeds.complain()
    (post,), cursor = read(source, feeds, None)
    assert source.thread(post, feeds.clock())
    feeds.clock.ahead += timedelta(seconds=20)
    again = source.poll(cursor, feeds.clock())
    assert (again.posts, again.cursor) == ((), cursor)
    feeds.clock.ahead += timedelta(minutes=12)  # the thread is due again, and leaves the turn to the poll
    assert source.thread(post, feeds.clock()) == ()
    assert [one.native_id for one in source.poll(cursor, feeds.clock()).posts] in ([], [said.id])
    feeds.clock.ahead += timedelta(seconds=20)
    with pytest.raises(Unavailable):
        source.poll(cursor, feeds.clock())
    assert refused(feeds) == 0


def test_a_thread_that_is_closed_to_us_holds_nothing_up(feeds: FeedTown) -> None:
    said = feeds.complain()
    source = feeds.open().sources[0]
    post = live(feeds, source, said)
    feeds.options.faults.add(Fault("GET", r"/comments/\w+/ugh/\.rss", Done.NEVER, Answer(404, b"gone")))
    assert source.thread(post, feeds.clock()) == []
    assert source.again([said.id], feeds.clock()) == {}
    feeds.clock.ahead += timedelta(hours=1)
    feeds.options.faults.add(Fault("GET", r"/comments/", Done.NEVER, CUT))
    with pytest.raises(Unavailable):
        source.thread(post, feeds.clock())
    feeds.clock.ahead += timedelta(hours=1)
    assert len(source.thread(post, feeds.clock())) == 1


# --- what is not there --------------------------------------------------------------------------------


def test_without_keys_a_person_answers_on_reddits_own_page(feeds: FeedTown) -> None:
    opened = feeds.open()
    said = feeds.complain()
    post = live(feeds, opened.sources[0], said)
    does = opened.place.capabilities
    assert (opened.publisher, does.posts, does.removes, does.private) == (None, False, False, False)
    assert "You post this one" in does.by_hand
    reply: Reply = reply_to(post, sent_at=utc_now(), parent_url=post.url)
    assert opened.place.compose_link(reply) == post.url
    assert opened.place.measure("Sorry!", Audience.PUBLIC).fits
    assert opened.account is not None
    assert (opened.account.native_id, opened.account.handle) == ("name:rosebakery", "rosebakery")


def test_an_owner_without_any_account_on_reddit_reads_it_all_the_same(feeds: FeedTown) -> None:
    brand = Brand("rosebakery", "Rose Bakery", ("Rose Bakery",), handles={"reddit": ""})
    opened = open_reddit_feed(brand, feeds.settings())
    feeds.complain("Rose Bakery was late")
    assert opened.account is None
    assert len(opened.sources[0].poll(None, feeds.clock()).posts) == 1
