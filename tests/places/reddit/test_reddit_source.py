"""Reading Reddit: nothing is missed, nothing is made up, and one bad post costs itself."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from places.doors import NeedsPerson, Unavailable
from places.reddit import RedditSource
from places.reddit.source import read_marks, write_marks
from sandbox.faults import CUT, GARBAGE, HALF, HTML_500, HTML_503, Answer, Done, Fault, Seen
from sandbox.reddit import mark_account, mark_board, mark_post
from storage.words import Gone, Post

if TYPE_CHECKING:
    from tests.places.reddit.conftest import Site


def drain(source: RedditSource, cursor: str | None, site: Site) -> tuple[set[str], str | None]:
    batch = source.poll(cursor, site.now)
    return {post.native_id for post in batch.posts}, batch.cursor


def test_a_submission_comes_with_title_text_author_and_address(site: Site) -> None:
    post = site.complaint("1 < 2 & u/RoseBakery is closed", title="Ugh & again rosebakery")
    (read,) = site.source().poll(None, site.now).posts
    assert (read.native_id, read.conversation_id, read.parent_id) == (f"t3_{post.id}", f"t3_{post.id}", None)
    assert (read.title, read.text) == ("Ugh & again rosebakery", "1 < 2 & u/RoseBakery is closed")
    assert (read.author.native_id, read.author.handle) == (f"t2_{site.cora}", "cora")
    assert (read.created_at, read.edited_at, read.addressed) == (site.now, None, ("rosebakery",))
    assert read.url == f"https://www.reddit.com/r/springfield/comments/{post.id}/ugh_again_rosebakery/"


def test_comments_are_read_from_the_chosen_subreddits_since_no_search_finds_them(site: Site) -> None:
    """Reddit's search has no comments, whatever `type` says."""
    thread = site.complaint("bread?", title="Bakeries")
    named = site.world.publish("reddit", site.cora, "ROSE   bakery burnt mine", parent_id=thread.id)
    site.world.publish("reddit", site.cora, "primrose bakery is nice", parent_id=thread.id)
    elsewhere = site.complaint("x", title="t", board="otherville")
    site.world.publish("reddit", site.cora, "rose bakery again", parent_id=elsewhere.id)
    (read,) = site.source().poll(None, site.now).posts
    assert (read.native_id, read.parent_id, read.conversation_id) == (
        f"t1_{named.id}",
        f"t3_{thread.id}",
        f"t3_{thread.id}",
    )
    assert read.url == f"https://www.reddit.com/r/springfield/comments/{thread.id}/bakeries/{named.id}/"


def test_who_calls_us_by_name_is_heard_anywhere_with_their_id(site: Site) -> None:
    """The inbox tells neither the author's id nor the thread; both come from /api/info."""
    elsewhere = site.complaint("x", title="t", board="otherville")
    called = site.world.publish("reddit", site.cora, "u/rosebakery answer me", parent_id=elsewhere.id)
    ours = site.world.publish("reddit", site.ana, "We are open", title="News", board="springfield")
    below = site.world.publish("reddit", site.cora, "about time", parent_id=ours.id)
    reply = site.world.publish("reddit", site.ana, "Sorry", parent_id=called.id)
    thanks = site.world.publish("reddit", site.cora, "thanks", parent_id=reply.id)
    posts = {post.native_id: post for post in site.source().poll(None, site.now).posts}
    assert set(posts) == {f"t1_{each.id}" for each in (called, below, thanks)}
    assert posts[f"t1_{called.id}"].author.native_id == f"t2_{site.cora}"
    assert posts[f"t1_{called.id}"].conversation_id == f"t3_{elsewhere.id}"


def test_an_inbox_that_is_shut_does_not_stop_the_rest(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """In August 2025 Reddit redirected parts of the inbox to its log-in page, for weeks."""
    site.options.inbox_redirects = True
    post = site.complaint()
    batch = site.source().poll(None, site.now)
    assert [each.native_id for each in batch.posts] == [f"t3_{post.id}"]
    assert "inbox is not open" in caplog.text


def test_our_own_posts_are_known_by_the_authors_id(site: Site) -> None:
    site.world.publish("reddit", site.ana, "Rose Bakery has new bread", title="News", board="springfield")
    opened = site.open()
    (read,) = opened.sources[0].poll(None, site.now).posts
    assert opened.publisher is not None
    assert read.author.native_id == opened.publisher.me(site.now).native_id


def test_the_same_post_is_given_once_though_two_streams_have_it(site: Site) -> None:
    thread = site.complaint()
    site.world.publish("reddit", site.cora, "u/rosebakery rose bakery?!", parent_id=thread.id)
    posts = site.source().poll(None, site.now).posts
    assert len({post.native_id for post in posts}) == len(posts) == 2


def test_nothing_is_lost_when_the_newest_post_we_saw_is_deleted(site: Site) -> None:
    """`before` a deleted post Reddit lists nothing at all: the cursor must not be a post."""
    source = site.source()
    thread = site.complaint("bread?", title="Bakeries")
    first = site.world.publish("reddit", site.cora, "rose bakery 1", parent_id=thread.id)
    _, cursor = drain(source, None, site)
    site.wait(minutes=5)
    site.world.delete("reddit", first.id)
    second = site.world.publish("reddit", site.cora, "rose bakery 2", parent_id=thread.id)
    seen, _ = drain(source, cursor, site)
    assert f"t1_{second.id}" in seen


def test_a_comment_that_turns_up_late_is_still_found(site: Site) -> None:
    """Moderators let comments through late; they then have old dates, behind newer ones that were seen already."""
    source = site.source()
    thread = site.complaint("bread?", title="Bakeries")
    at = site.now + timedelta(minutes=50)
    late = site.world.publish("reddit", site.cora, "rose bakery", parent_id=thread.id, visible_at=at)
    site.wait(minutes=30)
    site.world.publish("reddit", site.mallory, "rosebakery!", parent_id=thread.id)
    seen, cursor = drain(source, None, site)
    assert f"t1_{late.id}" not in seen
    site.wait(minutes=30)
    assert f"t1_{late.id}" in drain(source, cursor, site)[0]


def test_a_submission_that_search_learns_of_late_is_still_found(site: Site) -> None:
    source = site.source()
    late = site.complaint(visible_at=site.now + timedelta(hours=5))
    site.wait(hours=4)
    site.complaint()
    seen, cursor = drain(source, None, site)
    assert f"t3_{late.id}" not in seen
    site.wait(hours=2)
    assert f"t3_{late.id}" in drain(source, cursor, site)[0]


def test_a_page_out_of_order_does_not_end_the_reading(site: Site) -> None:
    """Reddit's listings are not in order."""
    site.options.shuffled = True
    thread = site.complaint("bread?", title="Bakeries", at=site.now - timedelta(days=20))
    with site.world.together():
        wanted = {
            "t1_" + site.world.publish("reddit", site.cora, f"rose bakery {n}", parent_id=thread.id, at=at).id
            for n in range(250)
            for at in [site.now - timedelta(minutes=n)]
        }
    site.world.publish("reddit", site.mallory, "long ago", parent_id=thread.id, at=site.now - timedelta(days=19))
    assert wanted <= drain(site.source(), None, site)[0]


def test_after_three_days_in_the_dark_search_looks_back_three_days(site: Site) -> None:
    """t=day would lose what was written on the first two."""
    source = site.source()
    site.complaint()
    _, cursor = drain(source, None, site)
    missed = site.complaint(at=site.now + timedelta(hours=3))
    site.wait(days=3)
    assert f"t3_{missed.id}" in drain(source, cursor, site)[0]


def test_the_cursor_never_goes_back(site: Site) -> None:
    source = site.source()
    post = site.complaint()
    _, cursor = drain(source, None, site)
    site.world.delete("reddit", post.id)
    assert read_marks(drain(source, cursor, site)[1])["search"] == read_marks(cursor)["search"]
    for odd in ("", "nonsense", "[]", '{"search": "x"}', '{"search": 1e300}', '{"search": true}'):
        assert source.poll(odd, site.now).cursor in {None, write_marks({})} or odd


def test_a_post_from_the_future_does_not_push_the_cursor_ahead(site: Site) -> None:
    site.complaint(at=site.now + timedelta(days=400), visible_at=site.now)
    batch = site.source().poll(None, site.now)
    assert (batch.cursor, len(batch.poison), batch.posts) == (None, 1, ())


def test_a_listing_that_ends_before_the_last_poll_says_what_is_missing(site: Site) -> None:
    """No listing goes further back than a thousand."""
    source = site.source()
    thread = site.complaint("bread?", title="Bakeries")
    site.world.publish("reddit", site.cora, "hello", parent_id=thread.id)
    _, cursor = drain(source, None, site)
    with site.world.together():
        for n in range(1_100):
            at = site.now + timedelta(hours=4, seconds=n)
            site.world.publish("reddit", site.cora, f"chatter {n}", parent_id=thread.id, at=at)
    site.wait(hours=5)
    batch = source.poll(cursor, site.now)
    (gap,) = batch.poison
    assert (gap.native_id, "1000" in gap.why, "missing" in gap.why) == (None, True, True)
    assert source.poll(batch.cursor, site.now).poison == ()


def test_one_broken_post_costs_itself_and_not_its_page(site: Site) -> None:
    """praw's own objects raise for the whole listing when one child has no id."""
    thread = site.complaint("bread?", title="Bakeries")
    broken = site.world.publish("reddit", site.cora, "x", parent_id=thread.id)
    mark_post(site.world, broken.id, broken="rose bakery")
    good = [site.world.publish("reddit", site.cora, f"rose bakery {n}", parent_id=thread.id) for n in range(99)]
    batch = site.source().poll(None, site.now)
    assert {post.native_id for post in batch.posts} == {f"t1_{post.id}" for post in good}
    assert [(poison.native_id, bool(poison.raw)) for poison in batch.poison] == [(None, True)]


def test_what_cannot_be_stored_is_replaced_and_the_rest_kept(site: Site) -> None:
    site.complaint("rosebakery\x00 \ud800 <script>alert(1)</script> \u202egnp", title="a\x00b")
    (read,) = site.source().poll(None, site.now).posts
    assert (read.title, read.text) == ("a\ufffdb", "rosebakery\ufffd \ufffd <script>alert(1)</script> \u202egnp")


@pytest.mark.parametrize("path", ["/search", "/r/springfield/comments", "/message/mentions", "/api/info"])
@pytest.mark.parametrize(
    "seen", [CUT, HALF, GARBAGE, HTML_500, HTML_503, Answer(200, b"[]"), Answer(200, b"null"), Answer(200, b"")]
)
def test_a_poll_that_fails_anywhere_reads_nothing(site: Site, path: str, seen: Seen | Answer) -> None:
    thread = site.complaint()
    site.world.publish("reddit", site.cora, "u/rosebakery rose bakery", parent_id=thread.id)
    site.options.faults.add(Fault("GET", path, Done.FIRST, seen))
    source = site.source()
    with pytest.raises(Unavailable):
        source.poll(None, site.now)
    assert len(source.poll(None, site.now).posts) == 2


def test_a_page_of_nonsense_nested_a_thousand_deep_is_only_unavailable(site: Site) -> None:
    site.options.faults.add(Fault("GET", "/search", Done.NEVER, Answer(200, b"[" * 100_000 + b"]" * 100_000)))
    with pytest.raises(Unavailable):
        site.source().poll(None, site.now)


@pytest.mark.parametrize("marks", [{"private": True}, {"banned": True}, None])
def test_a_subreddit_that_cannot_be_read_is_named_to_the_owner(site: Site, marks: dict[str, bool] | None) -> None:
    if marks is not None:
        mark_board(site.world, "closed", **marks)
    site.complaint()
    with pytest.raises(NeedsPerson, match="closed"):
        site.source(subreddits=("springfield", "r/closed")).poll(None, site.now)


def test_again_asks_by_the_hundred_and_tells_each_posts_state(site: Site) -> None:
    with site.world.together():
        posts = [site.complaint(f"rose bakery {n}") for n in range(246)]
    deleted, removed, orphaned, edited = posts[:4]
    site.wait(minutes=1)
    site.world.delete("reddit", deleted.id)
    mark_post(site.world, removed.id, removed=True)
    site.world.edit("reddit", edited.id, "rose bakery made it good")
    hidden = site.complaint(board="closed")
    mark_board(site.world, "closed", private=True)
    theirs = site.world.publish("reddit", site.mallory, "x", title="t", board="springfield")
    mark_account(site.world, site.mallory, gone=True)
    asked = [f"t3_{each.id}" for each in (*posts, hidden, theirs)] + ["t3_zzzzzz", "../etc", "t3_zzzzzz"]
    found = site.source().again(asked, site.now)
    assert len(site.calls("/api/info")) == 3
    assert found[f"t3_{deleted.id}"] == Gone(f"t3_{deleted.id}", "deleted")
    assert found[f"t3_{removed.id}"] == Gone(f"t3_{removed.id}", "removed")
    assert found[f"t3_{theirs.id}"] == Gone(f"t3_{theirs.id}", "deleted")
    assert found[f"t3_{hidden.id}"] == Gone(f"t3_{hidden.id}", "hidden")
    assert found["t3_zzzzzz"] == Gone("t3_zzzzzz", "hidden")
    changed, kept = found[f"t3_{edited.id}"], found[f"t3_{orphaned.id}"]
    assert isinstance(changed, Post)
    assert isinstance(kept, Post)
    assert (changed.text, changed.edited_at, kept.edited_at) == ("rose bakery made it good", site.now, None)
    assert "../etc" not in found


def test_nothing_is_called_gone_because_reddit_was(site: Site) -> None:
    post = site.complaint()
    for seen in (HTML_503, CUT, Answer(200, b"{}")):
        site.options.faults.add(Fault("GET", "/api/info", Done.NEVER, seen))
        with pytest.raises(Unavailable):
            site.source().again([f"t3_{post.id}"], site.now)


def test_a_post_that_cannot_be_read_again_is_not_called_gone(site: Site) -> None:
    post = site.complaint()
    shown = {"kind": "t3", "data": {"id": post.id, "name": f"t3_{post.id}", "author": "cora", "selftext": 7}}
    page = json.dumps({"kind": "Listing", "data": {"children": [shown], "after": None}}).encode()
    site.options.faults.add(Fault("GET", "/api/info", Done.NEVER, Answer(200, page)))
    assert site.source().again([f"t3_{post.id}"], site.now) == {}


def test_a_thread_is_given_whole_and_oldest_first(site: Site) -> None:
    root = site.complaint()
    below, expected = root, [root]
    for n in range(14):  # deeper than Reddit shows at once
        site.wait(minutes=1)
        below = site.world.publish("reddit", site.cora, f"deep {n}", parent_id=below.id)
        expected.append(below)
    deleted = site.world.publish("reddit", site.mallory, "never mind", parent_id=root.id)
    site.world.delete("reddit", deleted.id)
    source = site.source()
    (complaint, *_) = source.poll(None, site.now).posts
    assert [post.text for post in source.thread(complaint, site.now)] == [post.text for post in expected]


def test_folded_comments_are_unfolded(site: Site) -> None:
    root = site.complaint()
    with site.world.together():
        for n in range(640):  # 500 at once, then behind "load more comments"
            site.world.publish("reddit", site.cora, f"wide {n}", parent_id=root.id)
    source = site.source(subreddits=())
    (complaint,) = source.poll(None, site.now).posts
    assert len(source.thread(complaint, site.now)) == 641
    assert len(site.calls("/api/morechildren")) == 2


def test_a_customer_is_found_again_in_a_thread_of_thousands(site: Site) -> None:
    root = site.complaint("bread?", title="Bakeries")
    complaint = site.world.publish("reddit", site.cora, "rose bakery!", parent_id=root.id)
    with site.world.together():
        for n in range(1_500):
            site.world.publish("reddit", site.mallory, f"wide {n}", parent_id=root.id)
    ours = site.world.publish("reddit", site.ana, "Sorry", parent_id=complaint.id)
    site.world.publish("reddit", site.cora, "still stale", parent_id=ours.id)
    source = site.source()
    read = source.again([f"t1_{complaint.id}"], site.now)[f"t1_{complaint.id}"]
    assert isinstance(read, Post)
    assert [post.text for post in source.thread(read, site.now)] == ["bread?", "rose bakery!", "Sorry", "still stale"]


def test_a_brand_with_many_names_is_asked_for_in_queries_that_reddit_takes(site: Site) -> None:
    from places.reddit.names import QUERY_MOST, Names
    from storage.words import Brand

    names = Names(Brand("b", 'Rose "the best" Bakery', names=tuple(f"rose bakery number {n}" for n in range(60))), "rb")
    queries = names.queries()
    assert all(len(query) <= QUERY_MOST and query.count('"') % 2 == 0 for query in queries)
    assert all(any(f'"{word}"' in query for query in queries) for word in names.words if '"' not in word)
