"""The town's X must say no wherever the real one does: a client that gets by here must get by there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import tweepy  # type: ignore[import-untyped]
from requests_oauthlib import OAuth1  # type: ignore[import-untyped]

from places.http import ToBase
from sandbox.keys import X_BEARER, x_keys
from sandbox.serve import Served
from sandbox.things import snowflake
from sandbox.world import World, WorldAccount, utc_now
from sandbox.x import XOptions, create_x

DAY = timedelta(days=1)
HOST = "https://api.twitter.com"


@dataclass
class Town:
    """X in the town, asked without any adapter of ours but the one that leads there."""

    world: World
    options: XOptions
    session: requests.Session
    us: WorldAccount
    cora: WorldAccount
    app: Any

    def get(self, path: str, **params: str) -> requests.Response:
        """As an app alone."""
        query = f"?{urlencode(params)}" if params else ""
        return self.session.get(HOST + path + query, headers={"authorization": f"Bearer {X_BEARER}"})

    def as_us(self, method: str, path: str, body: Any = None, **oauth: Any) -> requests.Response:
        """As the bakery."""
        keys = x_keys("rosebakery")
        auth = OAuth1(keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_token_secret, **oauth)
        return self.session.request(method, HOST + path, json=body, auth=auth)


@pytest.fixture
def town() -> Iterator[Town]:
    options = XOptions()
    world = World(":memory:")
    app = create_x(world, options=options)
    with world, Served(app) as served, requests.Session() as session:
        session.mount(HOST, ToBase(served.url, 5))
        us = world.add_account("x", "rosebakery", "Rose Bakery", followers=12)
        yield Town(world, options, session, us, world.add_account("x", "cora", "Cora"), app)


def assert_invalid(answer: requests.Response, parameter: str, says: str = "") -> None:
    body = answer.json()
    assert answer.status_code == 400
    assert (body["title"], body["type"]) == ("Invalid Request", "https://api.twitter.com/2/problems/invalid-request")
    assert body["detail"] == "One or more parameters to your request was invalid."
    assert list(body["errors"][0]["parameters"]) == [parameter]
    assert says in body["errors"][0]["message"]


# --- parameters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "params", "parameter", "says"),
    [
        ("/2/tweets/search/recent", {}, "query", "can not be empty"),
        ("/2/tweets/search/recent", {"query": "x" * 513}, "query", "512"),
        ("/2/tweets/search/recent", {"query": "a", "max_results": "9"}, "max_results", "[9] is not between 10 and 100"),
        (
            "/2/tweets/search/recent",
            {"query": "a", "max_results": "101"},
            "max_results",
            "[101] is not between 10 and 100",
        ),
        ("/2/tweets/search/recent", {"query": "a", "count": "9"}, "count", "is not one of"),
        ("/2/tweets/search/recent", {"query": "a", "tweet.fields": "body"}, "tweet.fields", "[body] is not one of"),
        ("/2/tweets/search/recent", {"query": "a", "post.fields": "id"}, "post.fields", "is not one of"),
        ("/2/tweets/search/recent", {"query": "a", "expansions": "author"}, "expansions", "[author] is not one of"),
        ("/2/tweets/search/recent", {"query": "a", "start_time": "yesterday"}, "start_time", "RFC3339"),
        ("/2/tweets/search/recent", {"query": "a", "next_token": "made-up"}, "next_token", "not valid"),
        ("/2/tweets/search/recent", {"query": "a", "pagination_token": "x"}, "pagination_token", "is not one of"),
        ("/2/tweets/search/recent", {"query": "a", "since_id": "abc"}, "since_id", "not valid"),
        ("/2/users/ID/mentions", {"max_results": "4"}, "max_results", "[4] is not between 5 and 100"),
        ("/2/users/ID/mentions", {"next_token": "x"}, "next_token", "is not one of"),
        ("/2/users/rosebakery/mentions", {}, "id", "not valid"),
        ("/2/tweets", {}, "ids", "between 1 and 100"),
        ("/2/tweets", {"ids": ",".join(map(str, range(101)))}, "ids", "[101] is not between 1 and 100"),
        ("/2/tweets", {"ids": "1,t1_abc"}, "ids", "not valid"),
        ("/2/users/by", {}, "usernames", "empty"),
    ],
)
def test_what_x_does_not_take_is_refused(
    town: Town, path: str, params: dict[str, str], parameter: str, says: str
) -> None:
    assert_invalid(town.get(path.replace("ID", town.us.id), **params), parameter, says)


def test_an_id_that_is_older_than_the_week_is_refused_in_xs_own_words(town: Town) -> None:
    now = utc_now()
    old = str(snowflake(now - 8 * DAY))
    answer = town.get("/2/tweets/search/recent", query="a", since_id=old)
    assert_invalid(answer, "since_id", "'since_id' must be a tweet id created after ")
    assert "Please use a 'since_id' that is larger than " in answer.text
    assert town.get("/2/tweets/search/recent", query="a", since_id=str(snowflake(now - 6 * DAY))).status_code == 200
    assert town.get(f"/2/users/{town.us.id}/mentions", since_id=old).status_code == 200
    early = (now - 8 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert_invalid(
        town.get("/2/tweets/search/recent", query="a", start_time=early), "start_time", "must be on or after"
    )


def test_since_id_and_start_time_together_are_refused(town: Town) -> None:
    now = utc_now()
    stamp = (now - DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = town.get("/2/tweets/search/recent", query="a", since_id=str(snowflake(now - DAY)), start_time=stamp)
    assert_invalid(answer, "since_id", "in conjunction with")


def test_a_page_token_is_good_for_its_own_question_only(town: Town) -> None:
    for n in range(25):
        town.world.publish("x", town.cora.id, f"cold bread {n}")
    pages: list[list[str]] = []
    token: dict[str, str] = {}
    for _ in range(3):
        body = town.get("/2/tweets/search/recent", query="bread", **token).json()
        pages.append([one["id"] for one in body["data"]])
        token = {"next_token": body["meta"]["next_token"]} if "next_token" in body["meta"] else {}
    assert [len(page) for page in pages] == [10, 10, 5]
    assert token == {}
    ids = [int(one) for page in pages for one in page]
    assert ids == sorted(ids, reverse=True)
    first = town.get("/2/tweets/search/recent", query="bread").json()["meta"]["next_token"]
    assert_invalid(town.get("/2/tweets/search/recent", query="cold", next_token=first), "next_token")


# --- shapes -------------------------------------------------------------------------------------


def test_only_what_is_asked_for_is_shown(town: Town) -> None:
    post = town.world.publish("x", town.cora.id, "@rosebakery cold & dear", lang="en")
    bare = town.get("/2/tweets", ids=post.id).json()
    text = "@rosebakery cold &amp; dear"
    assert bare == {"data": [{"id": post.id, "text": text, "edit_history_tweet_ids": [post.id]}]}
    full = town.get(
        "/2/tweets", ids=post.id, **{"tweet.fields": "lang,created_at,entities", "expansions": "author_id"}
    ).json()
    assert set(full["data"][0]) == {
        "id",
        "text",
        "edit_history_tweet_ids",
        "lang",
        "created_at",
        "entities",
        "author_id",
    }
    assert full["data"][0]["entities"] == {
        "mentions": [{"start": 0, "end": 11, "username": "rosebakery", "id": town.us.id}]
    }
    assert full["includes"] == {"users": [{"id": town.cora.id, "name": "Cora", "username": "cora"}]}


def test_pages_have_the_recorded_shape(town: Town) -> None:
    assert town.get("/2/tweets/search/recent", query="bread").json() == {"meta": {"result_count": 0}}
    first = town.world.publish("x", town.cora.id, "bread")
    second = town.world.publish("x", town.cora.id, "bread")
    answer = town.get("/2/tweets/search/recent", query="bread")
    assert answer.json()["meta"] == {"newest_id": second.id, "oldest_id": first.id, "result_count": 2}
    assert b", " not in answer.content
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    for header in (
        "x-rate-limit-limit",
        "x-rate-limit-remaining",
        "x-rate-limit-reset",
        "x-access-level",
        "api-version",
    ):
        assert header in answer.headers
    assert answer.headers["date"].endswith("GMT")


def test_long_posts_are_cut_unless_the_note_is_asked_for(town: Town) -> None:
    text = "cold " * 80 + "@rosebakery"
    post = town.world.publish("x", town.cora.id, text)
    cut = town.get("/2/tweets", ids=post.id, **{"tweet.fields": "entities"}).json()["data"][0]
    assert (len(cut["text"]), "entities" in cut) == (280, False)
    whole = town.get("/2/tweets", ids=post.id, **{"tweet.fields": "note_tweet"}).json()["data"][0]["note_tweet"]
    assert whole["text"] == text
    assert whole["entities"]["mentions"][0]["username"] == "rosebakery"
    short = town.world.publish("x", town.cora.id, "short")
    assert "note_tweet" not in town.get("/2/tweets", ids=short.id, **{"tweet.fields": "note_tweet"}).json()["data"][0]


def test_links_are_shortened_quotes_are_links_and_replies_name_whom_they_answer(town: Town) -> None:
    fields = {"tweet.fields": "entities,referenced_tweets,in_reply_to_user_id,conversation_id"}
    post = town.world.publish("x", town.us.id, "See https://example.com/menu")
    quote = town.world.publish("x", town.cora.id, "Cold", quoted_id=post.id)
    reply = town.world.publish("x", town.cora.id, "Really?", parent_id=post.id)
    shown = {
        one["id"]: one for one in town.get("/2/tweets", ids=f"{post.id},{quote.id},{reply.id}", **fields).json()["data"]
    }
    link = shown[post.id]["entities"]["urls"][0]
    assert (shown[post.id]["text"], link["expanded_url"]) == (f"See {link['url']}", "https://example.com/menu")
    assert shown[quote.id]["entities"]["urls"][0]["expanded_url"] == f"https://twitter.com/rosebakery/status/{post.id}"
    assert shown[quote.id]["referenced_tweets"] == [{"type": "quoted", "id": post.id}]
    assert shown[reply.id]["text"] == "@rosebakery Really?"
    assert (shown[reply.id]["in_reply_to_user_id"], shown[reply.id]["conversation_id"]) == (town.us.id, post.id)


def test_an_edited_post_has_a_new_id_and_the_old_one_still_shows_the_old_text(town: Town) -> None:
    first = town.world.publish("x", town.cora.id, "bread was cold")
    second = town.world.edit("x", first.id, "bread was warm")
    shown = town.get("/2/tweets", ids=f"{first.id},{second.id}").json()["data"]
    assert [one["text"] for one in shown] == ["bread was cold", "bread was warm"]
    assert all(one["edit_history_tweet_ids"] == [first.id, second.id] for one in shown)
    assert [one["id"] for one in town.get("/2/tweets/search/recent", query="bread").json()["data"]] == [second.id]


def test_what_is_not_there_stands_in_errors(town: Town) -> None:
    post = town.world.publish("x", town.cora.id, "gone")
    town.world.delete("x", post.id)
    answer = town.get(f"/2/tweets/{post.id}")
    assert (answer.status_code, "data" in answer.json()) == (200, False)
    error = answer.json()["errors"][0]
    assert error["detail"] == f"Could not find tweet with id: [{post.id}]."
    assert error["type"] == "https://api.twitter.com/2/problems/resource-not-found"


def test_a_lone_surrogate_travels_as_an_escape(town: Town) -> None:
    post = town.world.publish("x", town.cora.id, "half \ud83d \x00")
    answer = town.get("/2/tweets", ids=post.id)
    assert b"\\ud83d" in answer.content
    assert answer.json()["data"][0]["text"] == "half \ud83d \x00"


# --- what is in the lists -------------------------------------------------------------------------


def test_search_shows_a_week_without_reposts_and_a_while_behind(town: Town) -> None:
    now = utc_now()
    seen = town.world.publish("x", town.cora.id, "bread", at=now - 6 * DAY)
    town.world.publish("x", town.cora.id, "bread", at=now - 8 * DAY)
    town.world.publish("x", town.cora.id, "", reposted_id=seen.id)
    fresh = town.world.publish("x", town.cora.id, "bread", at=now - timedelta(seconds=10))

    def found() -> list[str]:
        return [one["id"] for one in town.get("/2/tweets/search/recent", query="bread").json().get("data", [])]

    assert found() == [fresh.id, seen.id]
    town.options.index_lag = timedelta(seconds=30)
    assert found() == [seen.id]


def test_mentions_end_after_eight_hundred(town: Town) -> None:
    with town.world.together():
        for n in range(810):
            town.world.publish("x", town.cora.id, f"@rosebakery {n}", at=utc_now() - timedelta(minutes=n))
    count = 0
    token: dict[str, str] = {}
    while True:
        body = town.get(f"/2/users/{town.us.id}/mentions", max_results="100", **token).json()
        count += body["meta"]["result_count"]
        if "next_token" not in body["meta"]:
            break
        token = {"pagination_token": body["meta"]["next_token"]}
    assert count == 800


# --- who asks -----------------------------------------------------------------------------------


def test_tweepys_own_signature_is_computed_again_and_agrees(town: Town) -> None:
    keys = x_keys("rosebakery")
    client = tweepy.Client(
        *(None, keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_token_secret), return_type=dict
    )
    client.session.mount(HOST, town.session.get_adapter(HOST))
    post = town.world.publish("x", town.cora.id, "@rosebakery bread")
    assert client.get_me()["data"]["username"] == "rosebakery"
    found = client.search_recent_tweets("“bread” OR (bread & -'butter~*!')", user_auth=True, max_results=10)
    assert found["meta"]["result_count"] == 1
    created = client.create_tweet(text="Sorry — ñ + & = %", in_reply_to_tweet_id=post.id)
    assert created["data"]["text"] == "@cora Sorry — ñ + &amp; = %"
    client.session.close()


@pytest.mark.parametrize(
    "changed",
    [
        {"client_key": "another"},
        {"client_secret": "another"},
        {"resource_owner_key": "town-x-token-cora"},
        {"resource_owner_key": "unknown"},
        {"resource_owner_secret": "another"},
    ],
)
def test_a_wrong_key_anywhere_is_unauthorized(town: Town, changed: dict[str, str]) -> None:
    keys = x_keys("rosebakery")
    given = {
        "client_key": keys.consumer_key,
        "client_secret": keys.consumer_secret,
        "resource_owner_key": keys.access_token,
        "resource_owner_secret": keys.access_token_secret,
    }
    answer = town.session.get(f"{HOST}/2/users/me", auth=OAuth1(**{**given, **changed}))
    assert answer.status_code == 401
    assert answer.json() == {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}


def test_a_signature_is_good_for_one_request_to_one_address_at_one_time(town: Town) -> None:
    signed = OAuth1(*_keys()).client.sign(f"{HOST}/2/users/me")[1]
    assert town.session.get(f"{HOST}/2/users/me", headers=signed).status_code == 200
    assert town.session.get(f"{HOST}/2/users/me", headers=signed).status_code == 401
    assert town.world.calls("x")[-1].note == "nonce used before"
    elsewhere = OAuth1(*_keys()).client.sign(f"{HOST}/2/users/me?user.fields=id")[1]
    assert town.session.get(f"{HOST}/2/users/me", headers=elsewhere).status_code == 401
    assert town.world.calls("x")[-1].note == "wrong signature"
    old = str(int((utc_now() - timedelta(minutes=10)).timestamp()))
    assert town.as_us("GET", "/2/users/me", timestamp=old).status_code == 401
    assert town.world.calls("x")[-1].note == "timestamp out of bounds"


def test_tokens_can_be_missing_wrong_revoked_or_expired(town: Town) -> None:
    assert town.session.get(f"{HOST}/2/tweets?ids=1").status_code == 401
    assert town.session.get(f"{HOST}/2/tweets?ids=1", headers={"authorization": "Bearer no"}).status_code == 401
    assert town.get("/2/tweets", ids="1").status_code == 200
    town.options.revoked.add(X_BEARER)
    assert town.get("/2/tweets", ids="1").status_code == 401
    town.options.expires[x_keys("rosebakery").access_token] = utc_now() - timedelta(seconds=1)
    assert town.as_us("GET", "/2/users/me").status_code == 401


def test_an_app_alone_may_not_write_nor_ask_who_it_is(town: Town) -> None:
    for answer in (
        town.get("/2/users/me"),
        town.session.post(f"{HOST}/2/tweets", json={"text": "Hi"}, headers={"authorization": f"Bearer {X_BEARER}"}),
    ):
        assert answer.status_code == 403
        assert answer.json()["title"] == "Unsupported Authentication"


# --- how often, and for how much ------------------------------------------------------------------


def test_requests_are_counted_per_window_and_told(town: Town) -> None:
    town.options.limits["tweets"] = 3
    left = [town.get("/2/tweets", ids="1").headers["x-rate-limit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = town.get("/2/tweets", ids="1")
    assert (refused.status_code, refused.headers["x-rate-limit-remaining"]) == (429, "0")
    assert refused.json()["title"] == "Too Many Requests"
    wait = int(refused.headers["x-rate-limit-reset"]) - utc_now().timestamp()
    assert 0 < wait <= 901
    assert town.as_us("GET", "/2/tweets?ids=1").status_code == 200  # another token, another window
    town.world.clock = lambda: utc_now() + timedelta(minutes=16)
    assert town.get("/2/tweets", ids="1").status_code == 200


def test_posts_of_a_day_are_counted_too(town: Town) -> None:
    town.options.limits |= {"create": 5, "create_day": 1}
    assert town.as_us("POST", "/2/tweets", {"text": "one"}).status_code == 201
    refused = town.as_us("POST", "/2/tweets", {"text": "two"})
    assert (refused.status_code, refused.headers["x-rate-limit-remaining"]) == (429, "3")
    assert refused.headers["x-app-limit-24hour-remaining"] == "0"
    assert len(town.world.posts("x")) == 1


def test_the_price_list_is_charged_and_a_resource_once_a_day(town: Town) -> None:
    asked = town.world.publish("x", town.cora.id, "@rosebakery cold")
    till = town.app.state.till

    def cost(act: Any) -> Decimal:
        before = till.spent
        act()
        return Decimal(till.spent - before)

    def mentions() -> requests.Response:
        return town.as_us("GET", f"/2/users/{town.us.id}/mentions")

    assert cost(mentions) == Decimal("0.001")
    assert cost(mentions) == 0
    assert cost(lambda: town.get("/2/tweets/search/recent", query="cold")) == 0
    other = town.world.publish("x", town.cora.id, "cold again")
    assert cost(lambda: town.get("/2/tweets", ids=other.id)) == Decimal("0.005")
    assert cost(lambda: town.get("/2/users/by", usernames="cora")) == Decimal("0.010")
    summoned = {"text": "Sorry", "reply": {"in_reply_to_tweet_id": asked.id}}
    assert cost(lambda: town.as_us("POST", "/2/tweets", summoned)) == Decimal("0.010")
    assert cost(lambda: town.as_us("POST", "/2/tweets", summoned)) == 0  # refused as a duplicate
    assert cost(lambda: town.as_us("POST", "/2/tweets", {"text": "Good morning"})) == Decimal("0.015")
    assert cost(lambda: town.as_us("POST", "/2/tweets", {"text": "https://example.com"})) == Decimal("0.200")
    assert cost(lambda: town.as_us("DELETE", f"/2/tweets/{town.world.posts('x')[-1].id}")) == Decimal("0.010")
    town.world.clock = lambda: utc_now() + DAY
    assert cost(mentions) == Decimal("0.001")


def test_without_credits_nothing_is_done(town: Town) -> None:
    town.options.credits = Decimal("0.012")
    assert town.as_us("POST", "/2/tweets", {"text": "one"}).status_code == 201
    refused = town.as_us("POST", "/2/tweets", {"text": "two"})
    assert (refused.status_code, refused.json()["title"]) == (402, "CreditsDepleted")
    assert town.get("/2/tweets", ids="1").status_code == 402
    town.options.credits = None
    town.options.usage_capped = True
    capped = town.get("/2/tweets", ids="1")
    assert (capped.status_code, capped.json()["type"].rpartition("/")[2]) == (429, "usage-capped")


# --- writing ------------------------------------------------------------------------------------


def test_create_and_delete_answer_as_recorded(town: Town) -> None:
    created = town.as_us("POST", "/2/tweets", {"text": "Good morning"})
    native = created.json()["data"]["id"]
    assert (created.status_code, created.json()) == (
        201,
        {"data": {"edit_history_tweet_ids": [native], "id": native, "text": "Good morning"}},
    )
    deleted = town.as_us("DELETE", f"/2/tweets/{native}")
    assert (deleted.status_code, deleted.json()) == (200, {"data": {"deleted": True}})
    assert town.as_us("DELETE", f"/2/tweets/{native}").status_code == 404
    assert town.world.post("x", native).deleted_at is not None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"text": ""},
        {"text": 5},
        {"text": "x" * 281},
        {"text": "日" * 141},
        {"text": "a\x00b"},
        {"text": "a\ufeffb"},
        {"text": "a", "in_reply_to_tweet_id": "1"},
        {"text": "a", "reply": {"in_reply_to_tweet_id": 1}},
        {"text": "a", "reply": {"in_reply_to_tweet_id": "t1_abc"}},
        {"text": "a", "reply": {"to": "1"}},
    ],
)
def test_a_post_that_x_does_not_take_is_refused_and_not_posted(town: Town, body: Any) -> None:
    assert town.as_us("POST", "/2/tweets", body).status_code == 400
    assert town.world.posts("x") == []


def test_the_noes_of_posting_have_their_wording(town: Town) -> None:
    asked = town.world.publish("x", town.cora.id, "@rosebakery cold")
    unasked = town.world.publish("x", town.cora.id, "The bakery was cold")
    gone = town.world.publish("x", town.cora.id, "@rosebakery gone")
    town.world.delete("x", gone.id)

    def reply(parent: str, text: str = "Sorry") -> tuple[int, str]:
        answer = town.as_us("POST", "/2/tweets", {"text": text, "reply": {"in_reply_to_tweet_id": parent}})
        return answer.status_code, answer.json().get("detail", "")

    assert reply(asked.id) == (201, "")
    assert reply(asked.id) == (403, "You are not allowed to create a Tweet with duplicate content.")
    assert reply(unasked.id, "Sorry!")[1].startswith(
        "Reply to this conversation is not allowed because you have not been mentioned"
    )
    assert reply(gone.id, "Sorry!!") == (
        403,
        "You attempted to reply to a Tweet that is deleted or not visible to you.",
    )
    assert reply("123", "Sorry!!!")[0] == 403
    quoting = town.as_us("POST", "/2/tweets", {"text": "See", "quote_tweet_id": asked.id})
    tags = town.as_us("POST", "/2/tweets", {"text": "$ABC and $DEF"})
    theirs = town.as_us("DELETE", f"/2/tweets/{asked.id}")
    assert [quoting.status_code, tags.status_code, theirs.status_code] == [403, 403, 403]
    town.options.summoned_rule = False
    assert reply(unasked.id, "Sorry!")[0] == 201
    notes = [call.note for call in town.world.calls("x") if call.method == "POST"]
    assert notes[1:5] == ["duplicate", "not summoned", "target gone", "target gone"]


def test_everything_is_written_down_for_the_judge(town: Town) -> None:
    town.get("/2/tweets/search/recent", query="bread", bad="1")
    town.as_us("POST", "/2/tweets", {"text": "Good morning"})
    town.session.get(f"{HOST}/2/nowhere")
    first, second, third = town.world.calls("x")
    assert (first.method, first.status, first.note) == ("GET", 400, "invalid bad")
    assert first.path == "/2/tweets/search/recent?query=bread&bad=1"
    assert (second.status, second.note[:8], json.loads(second.body)) == (201, "created ", {"text": "Good morning"})
    assert (third.status, third.note) == (404, "unknown address")


def _keys() -> tuple[str, str, str, str]:
    keys = x_keys("rosebakery")
    return keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_token_secret
