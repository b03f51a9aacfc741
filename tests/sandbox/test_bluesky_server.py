"""The town's Bluesky, as the unmodified atproto client meets it, and as Bluesky's own servers answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.bluesky import BlueskyOptions, create_bluesky
from sandbox.bluesky.checking import count_graphemes
from sandbox.bluesky.repos import cid_of
from sandbox.keys import bluesky_keys
from sandbox.serve import Served
from sandbox.things import did, tid
from sandbox.world import World, WorldAccount, utc_now

POST = "app.bsky.feed.post"
KEY = "3kabcdefghij2"


@dataclass
class Town:
    """Bluesky in the town."""

    world: World
    options: BlueskyOptions
    url: str
    us: WorldAccount
    cora: WorldAccount
    http: httpx.Client

    def token(self, handle: str = "rosebakery") -> str:
        """An access token."""
        keys = bluesky_keys(handle)
        said = self.act("com.atproto.server.createSession", "", identifier=keys.handle, password=keys.app_password)
        return str(said.json()["accessJwt"])

    def ask(self, nsid: str, token: str = "", **params: Any) -> httpx.Response:
        """A query."""
        return self.http.get(f"/xrpc/{nsid}", params=params, headers=_bearer(token))

    def act(self, nsid: str, token: str = "", **data: Any) -> httpx.Response:
        """A procedure."""
        return self.http.post(f"/xrpc/{nsid}", json=data, headers=_bearer(token))

    def put(self, token: str, text: str = "Sorry", rkey: str = KEY, **more: Any) -> httpx.Response:
        """A post under a key."""
        record = {"$type": POST, "text": text, "createdAt": "2026-11-22T12:00:00.000Z"} | more.pop("record", {})
        return self.act(
            "com.atproto.repo.putRecord", token, repo=self.us.id, collection=POST, rkey=rkey, record=record, **more
        )


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


@pytest.fixture
def town() -> Iterator[Town]:
    options = BlueskyOptions()
    with World(":memory:") as world, Served(create_bluesky(world, options=options)) as served:
        us = world.add_account("bluesky", "rosebakery", "Rose Bakery")
        cora = world.add_account("bluesky", "cora", "Cora")
        with httpx.Client(base_url=served.url, trust_env=False) as http:
            yield Town(world, options, served.url, us, cora, http)


def said(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body.get("error", ""), body.get("message", "")


def test_the_unmodified_client_logs_in_writes_and_reads(town: Town, request: pytest.FixtureRequest) -> None:
    from atproto import Client, models

    asked = town.world.publish("bluesky", town.cora.id, "@rosebakery my croissant was cold")
    client = Client(town.url)
    request.addfinalizer(client.request.close)
    keys = bluesky_keys("rosebakery")
    profile = client.login(keys.handle, keys.app_password)
    assert profile is not None
    assert (profile.did, profile.handle, profile.display_name) == (town.us.id, keys.handle, "Rose Bakery")
    (told,) = client.app.bsky.notification.list_notifications({"reasons": ["mention"]}).notifications
    assert (told.uri, told.reason, told.record.text) == (asked.id, "mention", asked.text)
    ref = models.ComAtprotoRepoStrongRef.Main(uri=told.uri, cid=told.cid)
    sent = client.send_post("So sorry", reply_to=models.AppBskyFeedPost.ReplyRef(root=ref, parent=ref), langs=["en"])
    thread: Any = client.get_post_thread(asked.id).thread
    assert [(reply.post.uri, reply.post.record.text) for reply in thread.replies] == [(sent.uri, "So sorry")]
    assert [view.post.uri for view in client.get_author_feed(town.us.id).feed] == [sent.uri]
    assert [post.uri for post in client.app.bsky.feed.search_posts({"q": "croissant"}).posts] == [asked.id]
    assert client.resolve_handle("cora.bsky.social").did == town.cora.id
    assert client.com.atproto.server.get_session().did == town.us.id
    assert client.com.atproto.server.refresh_session(
        headers={"Authorization": f"Bearer {client._session.refresh_jwt}"}, ignore_session_check=True
    )
    client.delete_post(sent.uri)
    assert client.get_posts([asked.id, sent.uri]).posts[0].uri == asked.id
    assert town.world.post("bluesky", sent.uri).deleted_at is not None  # type: ignore[union-attr]


def test_a_put_writes_once_takes_the_same_again_and_writes_over_where_nobody_forbids(town: Town) -> None:
    token = town.token()
    first = town.put(token, swapRecord=None).json()
    again = town.put(token, swapRecord=None).json()
    assert (again["uri"], again["cid"], "commit" in again) == (first["uri"], first["cid"], False)
    assert said(town.put(token, "Other", swapRecord=None)) == (400, "InvalidSwap", f"Record was at {first['cid']}")
    assert town.put(token, "Other", swapRecord=first["cid"]).status_code == 200
    assert town.put(token, "Third").status_code == 200
    (post,) = town.world.posts("bluesky", author_id=town.us.id)
    assert [version.text for version in post.versions] == ["Sorry", "Other", "Third"]
    notes = [call.note.partition(" at://")[0] for call in town.world.calls("bluesky") if "putRecord" in call.path]
    assert notes == ["created", "already there", "InvalidSwap", "written over", "written over"]


def test_what_was_deleted_can_be_written_anew(town: Town) -> None:
    token = town.token()
    uri = town.put(token).json()["uri"]
    for _ in range(2):
        answer = town.act("com.atproto.repo.deleteRecord", token, repo=town.us.id, collection=POST, rkey=KEY)
        assert answer.status_code == 200
    assert town.put(token, swapRecord=None).status_code == 200
    post = town.world.post("bluesky", uri)
    assert post is not None
    assert post.deleted_at is None


def test_a_key_that_is_taken_cannot_be_created(town: Town) -> None:
    token = town.token()
    town.put(token)
    record = {"text": "x", "createdAt": "2026-11-22T12:00:00.000Z"}
    answer = town.act("com.atproto.repo.createRecord", token, repo=town.us.id, collection=POST, rkey=KEY, record=record)
    assert said(answer) == (500, "InternalServerError", "Internal Server Error")
    made = town.act("com.atproto.repo.createRecord", token, repo=town.us.id, collection=POST, record=record)
    assert made.json()["uri"].startswith(f"at://{town.us.id}/{POST}/3")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": "x" * 301}, "Invalid app.bsky.feed.post record: grapheme too big (maximum 300, got 301) at $.record.text"),
        ({"text": "я" * 1_501}, "Invalid app.bsky.feed.post record: string too big (maximum 3000, got 3002) at $.record.text"),
        ({"rkey": "not a key"}, 'Invalid record key (got "not a key") at $.rkey'),
        ({"rkey": "self"}, 'Invalid record key for app.bsky.feed.post: Invalid TID string (got "self") at $'),
        ({"record": {"createdAt": None}}, 'Invalid app.bsky.feed.post record: Missing required key "createdAt" at $.record'),
        ({"record": {"reply": {}}}, 'Invalid app.bsky.feed.post record: Missing required key "root" at $.record.reply'),
    ],
)  # fmt: skip
def test_noes_have_blueskys_words(town: Town, given: dict[str, Any], message: str) -> None:
    assert said(town.put(town.token(), **given)) == (400, "InvalidRequest", message)
    assert town.world.posts("bluesky") == []


def test_noes_of_asking_have_blueskys_words(town: Town) -> None:
    token, uri = town.token(), f"at://{town.us.id}/{POST}/{KEY}"
    missing = {"repo": town.us.id, "collection": POST, "rkey": KEY}
    for answer, expected in (
        (town.ask("com.atproto.repo.getRecord", token, **missing), (400, "RecordNotFound", f"Could not locate record: {uri}")),
        (town.ask("app.bsky.feed.getPostThread", token, uri=uri), (400, "NotFound", f"Post not found: {uri}")),
        (town.ask("app.bsky.feed.getPosts", token, uris="junk"), (400, "InvalidRequest", 'Invalid app.bsky.feed.getPosts params: Invalid at-uri (got "junk")')),
        (town.ask("app.bsky.feed.getPosts", token, uris=[uri] * 26), (400, "InvalidRequest", "Invalid app.bsky.feed.getPosts params: array too big (maximum 25, got 26)")),
        (town.ask("com.atproto.repo.listRecords", token, repo=town.us.id, collection=POST, limit=101), (400, "InvalidRequest", "Invalid com.atproto.repo.listRecords params: integer too big (maximum 100, got 101)")),
        (town.ask("com.atproto.identity.resolveHandle", token, handle="nobody.test"), (400, "HandleNotFound", "Unable to resolve handle")),
        (town.ask("com.atproto.identity.resolveHandle", token, handle="nope"), (400, "InvalidRequest", 'Invalid com.atproto.identity.resolveHandle params: Invalid handle (got "nope")')),
        (town.ask("com.atproto.server.nothing", token), (501, "MethodNotImplemented", "Method Not Implemented")),
        (town.ask("app.bsky.feed.nothing", token), (501, "MethodNotImplemented", "Method Not Implemented")),
        (town.ask("app.bsky.notification.listNotifications"), (401, "AuthMissing", "Authentication Required")),
        (town.ask("app.bsky.notification.listNotifications", "a.b.c"), (400, "InvalidToken", "Token could not be verified")),
        (town.ask("app.bsky.notification.listNotifications", token, cursor="junk"), (502, "InternalServerError", "Internal Server Error")),
        (town.act("com.atproto.server.createSession", identifier="cora", password="x"), (401, "AuthenticationRequired", "Invalid identifier or password")),
        (town.act("com.atproto.server.createSession", identifier="nobody", password="x"), (401, "AuthenticationRequired", "Invalid identifier or password")),
        (town.act("com.atproto.server.refreshSession", token, x=1), (400, "InvalidRequest", "A request body was provided when none was expected")),
        (town.act("com.atproto.repo.deleteRecord", town.token("cora"), **missing), (401, "AuthenticationRequired", "Authentication Required")),
        (town.put(""), (401, "AuthMissing", "Authentication Required")),
    ):  # fmt: skip
        assert said(answer) == expected


def test_posts_that_are_not_there_are_left_out_without_a_word(town: Town) -> None:
    answer = town.ask("app.bsky.feed.getPosts", town.token(), uris=[f"at://{town.us.id}/{POST}/{KEY}"])
    assert (answer.status_code, answer.json()) == (200, {"posts": []})


def test_a_repository_knows_at_once_and_everything_else_later(town: Town) -> None:
    token = town.token()
    town.ask("app.bsky.feed.getPosts", token, uris=[])
    town.options.index_lag, town.options.search_lag = timedelta(minutes=1), timedelta(minutes=2)
    uri = town.put(token, "croissants").json()["uri"]
    assert town.ask("com.atproto.repo.getRecord", repo=town.us.id, collection=POST, rkey=KEY).status_code == 200
    assert town.ask("app.bsky.feed.getPosts", token, uris=[uri]).json() == {"posts": []}
    town.options.index_lag = timedelta(0)
    assert len(town.ask("app.bsky.feed.getPosts", token, uris=[uri]).json()["posts"]) == 1
    assert town.ask("app.bsky.feed.searchPosts", token, q="croissants").json()["posts"] == []
    town.options.search_lag = timedelta(0)
    assert len(town.ask("app.bsky.feed.searchPosts", token, q="croissants").json()["posts"]) == 1


def test_a_page_of_notifications_loses_what_has_the_time_of_its_last(town: Town) -> None:
    """As on the real one: the token of a page is a time."""
    at = utc_now() - timedelta(minutes=1)
    for n in range(3):
        town.world.publish("bluesky", town.cora.id, f"@rosebakery {n}", at=at)
    token = town.token()
    page = town.ask("app.bsky.notification.listNotifications", token, limit=1).json()
    assert len(page["notifications"]) == 1
    rest = town.ask("app.bsky.notification.listNotifications", token, limit=1, cursor=page["cursor"]).json()
    assert rest["notifications"] == []


def test_who_is_told_of_an_answer(town: Town) -> None:
    mine = town.world.publish("bluesky", town.us.id, "Fresh croissants")
    answer = town.world.publish("bluesky", town.cora.id, "cold", parent_id=mine.id)
    below = town.world.publish("bluesky", town.cora.id, "very", parent_id=answer.id)
    quote = town.world.publish("bluesky", town.cora.id, "look", quoted_id=mine.id)
    listed = town.ask("app.bsky.notification.listNotifications", town.token()).json()["notifications"]
    told = {one["uri"]: (one["reason"], one["reasonSubject"]) for one in listed}
    assert told == {answer.id: ("reply", mine.id), below.id: ("reply", mine.id), quote.id: ("quote", mine.id)}
    chosen = town.ask("app.bsky.notification.listNotifications", town.token(), reasons=["quote", "mention"]).json()
    assert [one["uri"] for one in chosen["notifications"]] == [quote.id]


def test_searching_finds_all_words_and_whole_phrases_and_turns_pages_only_for_those_logged_in(town: Town) -> None:
    for n in range(3):
        town.world.publish("bluesky", town.cora.id, f"The Rose Bakery, day {n}")
    town.world.publish("bluesky", town.cora.id, "a bakery of rose")
    ask = "app.bsky.feed.searchPosts"
    assert len(town.ask(ask, q="rose bakery").json()["posts"]) == 4
    page = town.ask(ask, q='"rose bakery"', limit=2).json()
    assert len(page["posts"]) == 2
    assert said(town.ask(ask, q='"rose bakery"', limit=2, cursor=page["cursor"]))[0] == 401
    rest = town.ask(ask, town.token(), q='"rose bakery"', limit=2, cursor=page["cursor"]).json()
    assert len(rest["posts"]) == 1
    assert "cursor" not in rest
    future = (utc_now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert town.ask(ask, q="bakery", since=future).json()["posts"] == []


def test_a_closed_circle_shows_no_answers_of_others(town: Town) -> None:
    root = town.world.publish("bluesky", town.cora.id, "just us")
    town.options.gated.add(root.id)
    token = town.token()
    ref = {"uri": root.id, "cid": cid_of({"x": 1})}
    town.put(token, record={"reply": {"root": ref, "parent": ref}})
    (view,) = town.ask("app.bsky.feed.getPosts", token, uris=[root.id]).json()["posts"]
    assert view["viewer"]["replyDisabled"] is True
    assert town.ask("app.bsky.feed.getPostThread", token, uri=root.id).json()["thread"]["replies"] == []
    (own,) = town.ask("app.bsky.feed.getPosts", town.token("cora"), uris=[root.id]).json()["posts"]
    assert own["viewer"]["replyDisabled"] is False


def test_limits_come_with_their_headers(town: Town) -> None:
    token = town.token()
    town.options.allowed = 3
    answers = [town.ask("app.bsky.notification.listNotifications", token) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    told = answers[-1].headers
    assert (told["ratelimit-limit"], told["ratelimit-remaining"], told["ratelimit-policy"]) == ("3", "0", "3;w=300")
    assert 0 < int(told["ratelimit-reset"]) - utc_now().timestamp() <= 301
    assert said(answers[-1]) == (429, "RateLimitExceeded", "Rate Limit Exceeded")


def test_what_townspeople_write_has_its_mentions_marked_by_bytes(town: Town) -> None:
    post = town.world.publish("bluesky", town.cora.id, "👩‍👩‍👧 \ud83d @rosebakery, see https://a.example/é and @nobody")
    (view,) = town.ask("app.bsky.feed.getPosts", uris=[post.id]).json()["posts"]
    raw = view["record"]["text"].encode()
    marks = {
        raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in view["record"]["facets"]
    }
    assert marks["@rosebakery"]["did"] == town.us.id
    assert marks["https://a.example/é"]["uri"] == "https://a.example/é"
    assert len(marks) == 2
    assert "\ufffd" in view["record"]["text"]


def test_an_edited_post_has_another_hash_and_answers_refer_to_what_they_saw(town: Town) -> None:
    root = town.world.publish("bluesky", town.cora.id, "cold")
    (before,) = town.ask("app.bsky.feed.getPosts", uris=[root.id]).json()["posts"]
    town.world.edit("bluesky", root.id, "warm")
    answer = town.world.publish("bluesky", town.us.id, "sorry", parent_id=root.id)
    (after, told) = town.ask("app.bsky.feed.getPosts", uris=[root.id, answer.id]).json()["posts"]
    assert (after["uri"], after["record"]["text"]) == (root.id, "warm")
    assert after["cid"] != before["cid"]
    assert told["record"]["reply"]["parent"]["cid"] == before["cid"]


def test_ids_on_bluesky_are_addresses(town: Town) -> None:
    assert did(1) != did(2)
    assert len(did(1)) == len("did:plc:") + 24
    posts = [town.world.publish("bluesky", town.cora.id, str(n), at=utc_now()) for n in range(3)]
    assert all(post.id.startswith(f"at://{town.cora.id}/{POST}/") for post in posts)
    assert sorted(post.id for post in posts) == [post.id for post in posts]
    assert len(tid(utc_now(), 5)) == 13


@pytest.mark.parametrize(
    ("text", "number"),
    [("", 0), ("abc", 3), ("e\u0301", 1), ("👩‍👩‍👧‍👦", 1), ("🇷🇴🇮🇳", 2), ("👍🏽", 1), ("❤️", 1), ("🇷🇴x", 2)],
)
def test_graphemes_are_counted_as_people_see_them(text: str, number: int) -> None:
    assert count_graphemes(text) == number
