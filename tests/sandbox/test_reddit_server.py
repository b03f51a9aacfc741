"""The town's Reddit, asked by the real praw and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import praw
import prawcore
import pytest
import requests
from praw.exceptions import RedditAPIException
from praw.models import MoreComments
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.keys import REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET, reddit_keys
from sandbox.reddit import RedditOptions, create_reddit, mark_account, mark_board, mark_post
from sandbox.reddit.tokens import refresh_token
from sandbox.serve import Served
from sandbox.world import World

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Site:
    """A served Reddit with Ana's bakery and Cora on it."""

    def __init__(self, world: World, clock: Clock, url: str) -> None:
        self.world, self.clock, self.url = world, clock, url
        self.options = RedditOptions(allowed=1_000_000)  # praw paces itself by what is left
        self.ana = world.add_account("reddit", "rosebakery", "Rose Bakery").id
        self.cora = world.add_account("reddit", "cora", "Cora").id

    def praw(self, **settings: Any) -> praw.Reddit:
        keys = reddit_keys("rosebakery")
        usual: dict[str, Any] = {
            "client_id": keys.client_id,
            "client_secret": keys.client_secret,
            "username": keys.username,
            "password": keys.password,
            "user_agent": "test:amends:1 (by u/rosebakery)",
            "reddit_url": self.url,
            "oauth_url": self.url,
            "check_for_updates": False,
        }
        return praw.Reddit(**{**usual, **settings})

    def ask(self, path: str, method: str = "GET", **params: str) -> requests.Response:
        """By hand, with a token but without praw."""
        agent = {"user-agent": "test:amends:1 (by u/rosebakery)"}
        keys = reddit_keys("rosebakery")
        got = requests.post(
            self.url + "/api/v1/access_token",
            data={"grant_type": "password", "username": keys.username, "password": keys.password},
            auth=(keys.client_id, keys.client_secret),
            headers=agent,
            timeout=10,
        )
        header = {**agent, "authorization": f"bearer {got.json()['access_token']}"}
        return requests.request(
            method,
            self.url + path,
            params=params if method == "GET" else None,
            data=params if method == "POST" else None,
            headers=header,
            timeout=10,
            allow_redirects=False,
        )


class Stage:
    """One server for all tests; what it serves changes."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Stage, str]]:
    stage = Stage()
    with Served(stage) as served:
        yield stage, served.url


@pytest.fixture
def site(tmp_path: Path, stage: tuple[Stage, str]) -> Iterator[Site]:
    clock = Clock()
    with World(tmp_path / "world.sqlite", clock) as world:
        site = Site(world, clock, stage[1])
        stage[0].app = create_reddit(world, options=site.options)
        yield site


def test_praw_logs_in_with_a_password_and_learns_who_it_is(site: Site) -> None:
    me = site.praw().user.me()
    assert me is not None
    assert (me.name, me.id) == ("rosebakery", site.ana)


def test_praw_logs_in_with_a_refresh_token(site: Site) -> None:
    me = site.praw(username=None, password=None, refresh_token=refresh_token("rosebakery")).user.me()
    assert me is not None
    assert me.name == "rosebakery"


def test_a_wrong_password_is_answered_with_200_and_a_wrong_app_with_401(site: Site) -> None:
    with pytest.raises(prawcore.OAuthException) as wrong:
        site.praw(password="guess").user.me()
    assert (wrong.value.error, wrong.value.response.status_code) == ("invalid_grant", 200)
    with pytest.raises(prawcore.ResponseException) as unknown:
        site.praw(client_secret="guess").user.me()
    assert unknown.value.response.status_code == 401


def test_search_finds_submissions_and_never_a_comment(site: Site) -> None:
    post = site.world.publish("reddit", site.cora, "Stale bread at Rose Bakery", title="Ugh", board="springfield")
    site.world.publish("reddit", site.cora, "rose bakery again", parent_id=post.id)
    site.world.publish("reddit", site.cora, "a rose and a bakery", title="Garden", board="springfield")
    found = list(site.praw().subreddit("all").search('"rose bakery" OR rosebakery', sort="new", time_filter="day"))
    assert [each.fullname for each in found] == [f"t3_{post.id}"]
    assert (found[0].title, found[0].selftext, found[0].author_fullname) == (
        "Ugh",
        "Stale bread at Rose Bakery",
        f"t2_{site.cora}",
    )
    comments = list(site.praw().subreddit("all").search("rose bakery", params={"type": "comment"}))
    assert {type(each).__name__ for each in comments} == {"Submission"}


def test_search_knows_a_submission_only_after_its_lag(site: Site) -> None:
    site.options.search_lag = timedelta(minutes=5)
    site.world.publish("reddit", site.cora, "rosebakery", title="Ugh", board="springfield")
    assert list(site.praw().subreddit("all").search("rosebakery")) == []
    site.clock.now += timedelta(minutes=5)
    assert len(list(site.praw().subreddit("all").search("rosebakery"))) == 1


def test_search_in_the_last_day_forgets_what_is_older(site: Site) -> None:
    site.world.publish("reddit", site.cora, "rosebakery", title="Ugh", board="springfield")
    site.clock.now += timedelta(days=2)
    assert list(site.praw().subreddit("all").search("rosebakery", time_filter="day")) == []
    assert len(list(site.praw().subreddit("all").search("rosebakery", time_filter="week"))) == 1


def test_a_listing_pages_by_a_hundred_and_ends_at_a_thousand(site: Site) -> None:
    root = site.world.publish("reddit", site.cora, "x", title="Open thread", board="springfield")
    with site.world.together():
        for n in range(1005):
            site.world.publish("reddit", site.cora, f"comment {n}", parent_id=root.id, at=START + timedelta(seconds=n))
    site.clock.now += timedelta(hours=1)
    assert site.ask("/r/springfield/comments/", limit="500").json()["data"]["dist"] == 100
    comments = list(site.praw().subreddit("springfield").comments(limit=None))
    assert (len(comments), comments[0].body, comments[-1].body) == (1000, "comment 1004", "comment 5")


def test_before_a_deleted_comment_there_seems_to_be_nothing(site: Site) -> None:
    root = site.world.publish("reddit", site.cora, "x", title="Open thread", board="springfield")
    first = site.world.publish("reddit", site.cora, "first", parent_id=root.id)
    site.clock.now += timedelta(minutes=1)
    site.world.publish("reddit", site.cora, "second", parent_id=root.id)
    before = {"before": f"t1_{first.id}"}
    assert len(list(site.praw().subreddit("springfield").comments(params=before))) == 1
    site.world.delete("reddit", first.id)
    assert list(site.praw().subreddit("springfield").comments(params=before)) == []


def test_texts_are_escaped_unless_raw_json_is_asked_for(site: Site) -> None:
    post = site.world.publish("reddit", site.cora, "1 < 2 & 3", title="a & b", board="springfield")
    escaped = site.ask("/api/info", id=f"t3_{post.id}").json()["data"]["children"][0]["data"]
    raw = site.ask("/api/info", id=f"t3_{post.id}", raw_json="1").json()["data"]["children"][0]["data"]
    assert (escaped["selftext"], escaped["title"]) == ("1 &lt; 2 &amp; 3", "a &amp; b")
    assert (raw["selftext"], raw["title"]) == ("1 < 2 & 3", "a & b")


def test_a_deleted_comment_has_no_author_and_no_text(site: Site) -> None:
    root = site.world.publish("reddit", site.cora, "x", title="t", board="springfield")
    comment = site.world.publish("reddit", site.cora, "gone soon", parent_id=root.id)
    site.world.delete("reddit", comment.id)
    (found,) = site.praw().info(fullnames=[f"t1_{comment.id}"])
    assert (found.author, found.body) == (None, "[deleted]")
    assert list(site.praw().subreddit("springfield").comments()) == []


def test_a_removed_comment_is_still_whole_for_its_author(site: Site) -> None:
    root = site.world.publish("reddit", site.cora, "x", title="t", board="springfield")
    ours = site.world.publish("reddit", site.ana, "ours", parent_id=root.id)
    theirs = site.world.publish("reddit", site.cora, "theirs", parent_id=root.id)
    for each in (ours, theirs):
        mark_post(site.world, each.id, removed=True)
    found = list(site.praw().info(fullnames=[f"t1_{ours.id}", f"t1_{theirs.id}"]))
    assert [(each.body, each.author is None) for each in found] == [("ours", False), ("[removed]", True)]


def test_a_post_outlives_its_authors_account_without_a_name(site: Site) -> None:
    post = site.world.publish("reddit", site.cora, "still here", title="t", board="springfield")
    mark_account(site.world, site.cora, gone=True)
    (found,) = site.praw().info(fullnames=[f"t3_{post.id}"])
    assert (found.author, found.selftext) == (None, "still here")


def test_praw_unfolds_a_large_thread(site: Site) -> None:
    root = site.world.publish("reddit", site.cora, "x", title="Open thread", board="springfield")
    with site.world.together():
        below = root.id
        for n in range(14):
            below = site.world.publish("reddit", site.cora, f"deep {n}", parent_id=below).id
        for n in range(130):
            site.world.publish("reddit", site.cora, f"wide {n}", parent_id=root.id)
    submission = site.praw().submission(root.id)
    submission.comment_limit = 20
    submission.comment_sort = "old"
    assert any(isinstance(each, MoreComments) for each in submission.comments.list())
    submission.comments.replace_more(limit=None)
    bodies = sorted(each.body for each in submission.comments.list() if not isinstance(each, MoreComments))
    assert bodies == sorted([f"deep {n}" for n in range(14)] + [f"wide {n}" for n in range(130)])


def test_the_inbox_shows_who_spoke_to_us(site: Site) -> None:
    ours = site.world.publish("reddit", site.ana, "New opening hours", title="News", board="springfield")
    answer = site.world.publish("reddit", site.cora, "At last", parent_id=ours.id)
    other = site.world.publish("reddit", site.cora, "x", title="Bread?", board="springfield")
    called = site.world.publish("reddit", site.cora, "u/RoseBakery what about Sundays", parent_id=other.id)
    reply = site.world.publish("reddit", site.ana, "Open until noon", parent_id=called.id)
    thanks = site.world.publish("reddit", site.cora, "thanks", parent_id=reply.id)
    reddit = site.praw()
    assert [each.id for each in reddit.inbox.mentions()] == [called.id]
    assert [each.id for each in reddit.inbox.submission_replies()] == [answer.id]
    assert [each.id for each in reddit.inbox.comment_replies()] == [thanks.id]


def test_a_reply_is_put_up_once_and_can_be_changed_and_taken_down(site: Site) -> None:
    root = site.world.publish("reddit", site.cora, "x", title="t", board="springfield")
    reply = site.praw().submission(root.id).reply("We are sorry.")
    assert reply is not None
    assert (reply.parent_id, reply.author, reply.body) == (f"t3_{root.id}", "rosebakery", "We are sorry.")
    reply.edit("We are very sorry.")
    changed = site.world.post("reddit", reply.id)
    assert changed is not None
    assert (changed.text, len(changed.versions)) == ("We are very sorry.", 2)
    reply.delete()
    reply.delete()
    gone = site.world.post("reddit", reply.id)
    assert gone is not None
    assert gone.deleted_at is not None
    assert [call.note for call in site.world.calls("reddit") if call.path.startswith("/api/comment")] == [
        f"created t1_{reply.id}"
    ]


def test_a_reply_in_a_quarantined_board_is_made_without_saying_which(site: Site) -> None:
    mark_board(site.world, "odd", quarantined=True)
    root = site.world.publish("reddit", site.cora, "x", title="t", board="odd")
    assert site.praw().submission(root.id).reply("We are sorry.") is None
    assert [post.text for post in site.world.posts("reddit", author_id=site.ana)] == ["We are sorry."]


@pytest.mark.parametrize("as_400", [False, True])
@pytest.mark.parametrize("code", ["DELETED_COMMENT", "THREAD_LOCKED", "TOO_OLD", "TOO_LONG", "NO_TEXT"])
def test_praw_understands_every_no(site: Site, code: str, as_400: bool) -> None:
    site.options.errors_as_400 = as_400
    root = site.world.publish("reddit", site.cora, "x", title="t", board="springfield")
    comment = site.world.publish("reddit", site.cora, "y", parent_id=root.id)
    if code == "DELETED_COMMENT":
        site.world.delete("reddit", comment.id)
    mark_post(site.world, root.id, locked=code == "THREAD_LOCKED", archived=code == "TOO_OLD")
    text = {"TOO_LONG": "x" * 10_001, "NO_TEXT": " "}.get(code, "We are sorry.")
    with pytest.raises(RedditAPIException) as no:
        site.praw().comment(comment.id).reply(text)
    assert [each.error_type for each in no.value.items] == [code]
    assert site.world.posts("reddit", author_id=site.ana) == []


def test_an_account_that_comments_too_fast_is_told_how_long_to_wait(site: Site) -> None:
    site.options.comment_wait = timedelta(minutes=9)
    root = site.world.publish("reddit", site.cora, "x", title="t", board="springfield")
    site.praw().submission(root.id).reply("one")
    site.clock.now += timedelta(minutes=2)
    told = site.ask("/api/comment", "POST", thing_id=f"t3_{root.id}", text="two").json()["json"]
    assert told["ratelimit"] == 420.0
    assert told["errors"] == [
        [
            "RATELIMIT",
            "Looks like you've been doing that a lot. Take a break for 7 minutes before trying again.",
            "ratelimit",
        ]
    ]


def test_a_private_message_arrives_unless_it_is_not_wanted(site: Site) -> None:
    site.praw().redditor("cora").message(subject="Your bread", message="Please write to us")
    (message,) = site.world.messages("reddit", site.cora)
    assert message.text == "Your bread\n\nPlease write to us"
    assert site.ask("/message/sent/").json()["data"]["children"][0]["data"]["dest"] == "cora"
    mark_account(site.world, site.cora, no_messages=True)
    with pytest.raises(RedditAPIException) as no:
        site.praw().redditor("cora").message(subject="Your bread", message="Please write to us")
    assert no.value.items[0].error_type == "NOT_WHITELISTED_BY_USER_MESSAGE"


def test_nobody_logged_in_reads_but_does_not_write(site: Site) -> None:
    root = site.world.publish("reddit", site.cora, "rosebakery", title="t", board="springfield")
    reddit = site.praw(username=None, password=None)
    assert len(list(reddit.subreddit("all").search("rosebakery"))) == 1
    with pytest.raises(RedditAPIException) as no:
        reddit.submission(root.id).reply("We are sorry.")
    assert no.value.items[0].error_type == "USER_REQUIRED"


def test_a_token_ends_and_praw_fetches_another(site: Site) -> None:
    reddit = site.praw()
    reddit.user.me()
    site.clock.now += timedelta(hours=2)
    assert reddit.user.me(use_cache=False) is not None
    assert [call.status for call in site.world.calls("reddit") if "/me" in call.path] == [200, 401, 200]


def test_a_401_says_why_unless_a_proxy_took_the_header(site: Site) -> None:
    agent = {"user-agent": "test:amends:1 (by u/x)", "authorization": "bearer nobody"}
    said = requests.get(site.url + "/api/v1/me", headers=agent, timeout=10)
    assert (said.status_code, said.headers["www-authenticate"]) == (401, 'Bearer realm="reddit", error="invalid_token"')
    site.options.bare_401 = True
    bare = requests.get(site.url + "/api/v1/me", headers=agent, timeout=10)
    assert (bare.status_code, "www-authenticate" in bare.headers) == (401, False)


def test_a_scope_that_was_not_granted_is_refused(site: Site) -> None:
    keys = reddit_keys("rosebakery")
    got = requests.post(
        site.url + "/api/v1/access_token",
        data={"grant_type": "password", "username": keys.username, "password": keys.password, "scope": "read"},
        auth=(REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET),
        headers={"user-agent": "test:amends:1 (by u/x)"},
        timeout=10,
    ).json()
    header = {"user-agent": "test:amends:1 (by u/x)", "authorization": f"bearer {got['access_token']}"}
    no = requests.get(site.url + "/api/v1/me", headers=header, timeout=10)
    assert (no.status_code, "insufficient_scope" in no.headers["www-authenticate"]) == (403, True)


def test_rate_limit_headers_count_and_the_limit_holds(site: Site) -> None:
    site.options.allowed = 2
    first = site.ask("/api/v1/me")
    assert [first.headers[f"x-ratelimit-{each}"] for each in ("remaining", "used", "reset")] == ["1.0", "1", "600"]
    site.ask("/api/v1/me")
    third = site.ask("/api/v1/me")
    assert (third.status_code, third.headers["x-ratelimit-remaining"]) == (429, "0.0")
    site.clock.now += timedelta(minutes=10)
    assert site.ask("/api/v1/me").status_code == 200


@pytest.mark.parametrize("agent", ["", "python-requests/2.34.2", "curl/8.1", "Mozilla/5.0"])
def test_a_user_agent_that_says_nothing_is_shut_out(site: Site, agent: str) -> None:
    assert requests.get(site.url + "/api/v1/me", headers={"user-agent": agent}, timeout=10).status_code == 429


def test_boards_that_are_closed_banned_or_not_there(site: Site) -> None:
    mark_board(site.world, "closed", private=True)
    mark_board(site.world, "banned", banned=True)
    assert site.ask("/r/closed/comments/").status_code == 403
    assert site.ask("/r/banned/comments/").json() == {"message": "Not Found", "error": 404, "reason": "banned"}
    nowhere = site.ask("/r/nowhere/comments/")
    assert (nowhere.status_code, "subreddits/search" in nowhere.headers["location"]) == (302, True)
