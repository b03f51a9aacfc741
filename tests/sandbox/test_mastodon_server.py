"""The town's Mastodon, asked by the real Mastodon.py and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from mastodon import Mastodon
from mastodon.errors import (
    MastodonAPIError,
    MastodonInternalServerError,
    MastodonNotFoundError,
    MastodonRatelimitError,
    MastodonUnauthorizedError,
)

from sandbox.keys import mastodon_keys
from sandbox.mastodon import MastodonOptions, create_mastodon, mark_post
from sandbox.mastodon.markup import count
from sandbox.serve import Served
from sandbox.world import World

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Site:
    """A served instance with Ana's bakery and Dan on it; Cora lives on another."""

    def __init__(self, world: World, clock: Clock, options: MastodonOptions, url: str) -> None:
        self.world, self.clock, self.options, self.url = world, clock, options, url
        self.ana = world.add_account("mastodon", "rosebakery", "Rose Bakery").id
        self.dan = world.add_account("mastodon", "dan", "Dan").id
        self.cora = world.add_account("mastodon", "cora@other.example", "Cora").id

    def client(self, who: str = "rosebakery", **settings: Any) -> Mastodon:
        usual = {"request_timeout": 5, "ratelimit_method": "throw"}
        token = mastodon_keys(who).access_token
        return Mastodon(access_token=token, api_base_url=self.url, **{**usual, **settings})

    def ask(self, path: str, method: str = "GET", who: str = "rosebakery", **more: Any) -> requests.Response:
        header = {"authorization": f"Bearer {mastodon_keys(who).access_token}"}
        return requests.request(method, self.url + path, headers=header, timeout=5, allow_redirects=False, **more)

    def complain(self, text: str = "@rosebakery cold", **more: Any) -> str:
        return self.world.publish("mastodon", self.cora, text, **more).id


@pytest.fixture
def site() -> Iterator[Site]:
    clock, options = Clock(), MastodonOptions()
    with World(":memory:", clock) as world, Served(create_mastodon(world, options=options)) as served:
        yield Site(world, clock, options, served.url)


@pytest.mark.parametrize("mode", ["none", "created", "changed"])
def test_the_real_client_finds_everything_it_checks_for(site: Site, mode: str) -> None:
    said = site.complain()
    client = site.client(version_check_mode=mode)
    (notice,) = client.notifications(types=["mention"])
    assert str(notice.status.id) == said
    assert client.instance().configuration.statuses.max_characters == 500
    assert client.me().acct == "rosebakery"
    posted = client.status_reply(notice.status, "Sorry!", visibility="unlisted")
    assert str(posted.in_reply_to_id) == said
    assert [str(one.id) for one in client.status_context(said).descendants] == [str(posted.id)]
    assert [str(one.id) for one in client.timeline_home()] == [str(posted.id)]
    assert str(client.account_lookup("cora@other.example").id) == site.cora
    assert client.status_delete(posted.id).text == "@cora@other.example Sorry!"
    assert client.status_context(said).descendants == []


def test_ids_are_numbers_that_begin_with_the_time(site: Site) -> None:
    ids = [int(site.complain(f"@rosebakery {n}")) for n in range(3)]
    assert ids == sorted(set(ids))
    assert {datetime.fromtimestamp((native >> 16) / 1000, UTC) for native in ids} == {START}


def test_a_key_is_remembered_for_an_hour_and_for_its_account_alone(site: Site) -> None:
    first = site.client().status_post("Hello", idempotency_key="k")
    assert site.client().status_post("Something else", idempotency_key="k").id == first.id
    assert site.client("dan").status_post("Hello", idempotency_key="k").id != first.id
    site.clock.now += HOUR - MINUTE
    assert site.client().status_post("Hello", idempotency_key="k").id == first.id
    site.clock.now += MINUTE
    assert site.client().status_post("Hello", idempotency_key="k").id != first.id
    assert site.client().status_post("Hello").id != site.client().status_post("Hello").id


def test_a_key_of_what_was_taken_down_is_not_found(site: Site) -> None:
    first = site.client().status_post("Hello", idempotency_key="k")
    site.client().status_delete(first.id)
    with pytest.raises(MastodonNotFoundError):
        site.client().status_post("Hello", idempotency_key="k")


def test_keys_fail_in_the_two_ways_in_which_they_are_known_to(site: Site) -> None:
    site.options.keys_late = timedelta(seconds=30)
    posted = {site.client().status_post("Hello", idempotency_key="k").id for _ in range(2)}
    assert len(posted) == 2
    site.clock.now += MINUTE
    site.options.repeats_fail = True
    with pytest.raises(MastodonInternalServerError):
        site.client().status_post("Hello", idempotency_key="k")
    site.options.keys_kept = timedelta(0)
    assert site.client().status_post("Hello", idempotency_key="k").id not in posted


def test_what_was_answered_is_kept_without_the_name_in_front_and_shown_with_it(site: Site) -> None:
    said = site.complain()
    named = site.client().status_post("@cora@other.example Sorry!", in_reply_to_id=said)
    bare = site.client().status_post("Sorry!", in_reply_to_id=said)
    texts = {post.id: post.text for post in site.world.posts("mastodon", author_id=site.ana)}
    assert texts == {str(named.id): "Sorry!", str(bare.id): "Sorry!"}
    assert [one.acct for one in named.mentions] == ["cora@other.example"]
    assert named.content.startswith('<p><span class="h-card"')
    assert (bare.mentions, bare.content) == ([], "<p>Sorry!</p>")


def test_only_who_is_named_hears_of_it(site: Site) -> None:
    said = site.world.publish("mastodon", site.dan, "@rosebakery stale").id
    site.client().status_post("Sorry!", in_reply_to_id=said)
    assert site.client("dan").notifications(types=["mention"]) == []
    told = site.client().status_post("@dan Sorry!", in_reply_to_id=said)
    (notice,) = site.client("dan").notifications(types=["mention"])
    assert notice.status.id == told.id
    assert site.client("dan").notifications(types=["quote"]) == []
    assert site.client("dan").notifications(exclude_types=["mention"]) == []


def test_what_is_not_for_everybody_is_seen_by_those_named_in_it(site: Site) -> None:
    secret = site.complain("@rosebakery my number", board="direct")
    assert str(site.client().status(secret).id) == secret
    with pytest.raises(MastodonNotFoundError):
        site.client("dan").status(secret)
    assert site.client("dan").account_statuses(site.cora) == []
    assert site.client("dan").statuses([secret]) == []


def test_an_answer_inherits_who_may_see_it(site: Site) -> None:
    secret = site.complain("@rosebakery my number", board="direct")
    more = site.world.publish("mastodon", site.cora, "and my street", parent_id=secret)
    assert more.board == "direct"


def test_a_parent_that_is_gone_blocked_or_secret_cannot_be_answered(site: Site) -> None:
    said = site.complain()
    site.options.blocks.add((site.cora, site.ana))
    for native in (said, "7", site.complain("not for you", board="private")):
        with pytest.raises(MastodonNotFoundError, match="does not appear to exist"):
            site.client().status_post("@cora@other.example Sorry!", in_reply_to_id=native)
    assert site.world.posts("mastodon", author_id=site.ana) == []


@pytest.mark.parametrize(
    ("text", "long"),
    [
        ("x" * 500, False),
        ("x" * 501, True),
        ("https://example.com/" + "x" * 900 + " " + "x" * 476, False),
        ("https://example.com/" + "x" * 900 + " " + "x" * 477, True),
        ("@cora@other.example " + "x" * 494, False),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 200, False),
    ],
)
def test_length_is_counted_as_mastodon_does(site: Site, text: str, long: bool) -> None:
    answer = site.ask("/api/v1/statuses", "POST", data={"status": text})
    assert (answer.status_code, "limit of 500" in answer.text) == ((422, True) if long else (200, False))
    assert (count(text, 23) > 500) is long


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"status": "  "}, 422),
        ({}, 422),
        ({"status": "x", "visibility": "everyone"}, 422),
        ({"status": "x", "in_reply_to_id": "nobody"}, 404),
        ({"status": "x", "spoiler_text": "y" * 500}, 422),
    ],
)
def test_what_cannot_be_posted_is_refused(site: Site, form: dict[str, str], status: int) -> None:
    assert site.ask("/api/v1/statuses", "POST", data=form).status_code == status
    assert site.ask("/api/v1/statuses", "POST", json=form).status_code == status
    assert site.world.posts("mastodon") == []


def test_nobody_takes_down_what_is_not_theirs(site: Site) -> None:
    said = site.complain()
    with pytest.raises(MastodonNotFoundError):
        site.client().status_delete(said)
    assert site.world.posts("mastodon")[0].deleted_at is None


def test_tokens_end_and_may_do_only_so_much(site: Site) -> None:
    token = mastodon_keys("rosebakery").access_token
    site.options.scopes[token] = {"read"}
    answer = site.ask("/api/v1/statuses", "POST", data={"status": "x"})
    assert (answer.status_code, "insufficient_scope" in answer.headers["www-authenticate"]) == (403, True)
    assert site.client().me().acct == "rosebakery"
    site.options.scopes[token] = {"read:accounts", "write:statuses"}
    assert site.ask("/api/v1/statuses", "POST", data={"status": "x"}).status_code == 200
    assert site.ask("/api/v1/notifications").status_code == 403
    site.options.scopes.clear()
    site.options.expires[token] = START + MINUTE
    site.client().me()
    site.clock.now += MINUTE
    with pytest.raises(MastodonUnauthorizedError, match="expired"):
        site.client().me()
    site.options.revoked.add(token)
    with pytest.raises(MastodonUnauthorizedError, match="revoked"):
        site.client().me()
    for header in ({}, {"authorization": "Bearer "}, {"authorization": "Basic eA=="}):
        answer = requests.get(f"{site.url}/api/v1/notifications", headers=header, timeout=5)
        assert answer.status_code == 401
    assert requests.get(f"{site.url}/api/v2/instance/", timeout=5).status_code == 200


def test_requests_are_counted_by_token_and_the_answer_says_when_to_come_again(site: Site) -> None:
    site.options.allowed = 3
    for left in (2, 1, 0):
        answer = site.ask("/api/v1/notifications")
        assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (200, str(left))
    answer = site.ask("/api/v1/notifications")
    assert (answer.status_code, answer.json()) == (429, {"error": "Too many requests"})
    assert answer.headers["x-ratelimit-reset"] == "2026-11-22T09:05:00.000000Z"
    with pytest.raises(MastodonRatelimitError):
        site.client().me()
    assert site.client("dan").me().acct == "dan"
    site.clock.now += MINUTE * 5
    assert site.client().me().acct == "rosebakery"


def test_pages_go_both_ways_and_end(site: Site) -> None:
    said = [site.complain(f"@rosebakery {n}", at=START - MINUTE * (10 - n)) for n in range(10)]
    client: Any = site.client()
    first = client.notifications(limit=4)
    assert [str(one.status.id) for one in first] == said[:5:-1]
    second = client.fetch_next(first)
    assert [str(one.status.id) for one in second] == said[5:1:-1]
    assert [str(one.status.id) for one in client.fetch_previous(second)] == said[:5:-1]
    assert [str(one.status.id) for one in client.fetch_next(client.fetch_next(second))] == []
    assert [str(one.status.id) for one in client.notifications(since_id=second[0].id)] == said[:5:-1]
    numbers = [int(one.id) for one in client.notifications()]
    assert numbers == sorted(numbers, reverse=True)


def test_lists_lag_behind_what_was_written_and_the_rest_does_not_unless_told(site: Site) -> None:
    site.options.index_lag = site.options.search_lag = MINUTE
    said = site.complain("@rosebakery cold #bread")
    client = site.client()
    ours = client.status_post("@cora@other.example Sorry!", in_reply_to_id=said)

    def listed() -> list[int]:
        search = client.search_v2("cold", result_type="statuses").statuses
        return [len(one) for one in (client.notifications(), client.timeline_hashtag("bread"), search)]

    assert listed() == [0, 0, 0]
    assert [str(one.id) for one in client.status_context(said).descendants] == [str(ours.id)]
    assert len(client.account_statuses(site.ana)) == 1
    site.options.replica_lag = MINUTE
    assert client.account_statuses(site.ana) == []
    with pytest.raises(MastodonNotFoundError):
        client.status(ours.id)
    again = client.status_post(
        "@cora@other.example Sorry!", in_reply_to_id=said
    )  # what is written knows what is written
    assert str(again.in_reply_to_id) == said
    site.clock.now += MINUTE
    assert listed() == [1, 1, 1]
    assert len(client.account_statuses(site.ana)) == 2


def test_late_arrivals_are_told_when_they_arrive(site: Site) -> None:
    late = site.complain("@rosebakery from far away", at=START - HOUR, visible_at=START + MINUTE)
    soon = site.complain("@rosebakery from here")
    assert [str(one.status.id) for one in site.client().notifications()] == [soon]
    with pytest.raises(MastodonNotFoundError):
        site.client().status(late)
    site.clock.now += MINUTE
    assert [str(one.status.id) for one in site.client().notifications()] == [late, soon]


def test_edits_boosts_quotes_and_marks_are_shown(site: Site) -> None:
    ours = site.client().status_post("Fresh bread!")
    said = site.complain("@rosebakery cold", title="food")
    site.world.edit("mastodon", said, "@rosebakery warm", START + MINUTE)
    mark_post(site.world, said, html="<p>as it came</p>")
    status = site.client().status(said)
    assert (status.spoiler_text, status.sensitive, status.content) == ("food", True, "<p>as it came</p>")
    assert status.edited_at == START + MINUTE
    boost = site.world.publish("mastodon", site.cora, "", reposted_id=said)
    assert str(site.client().status(boost.id).reblog.id) == said
    quote = site.world.publish("mastodon", site.cora, "hardly", quoted_id=str(ours.id))
    kinds = {notice.type for notice in site.client().notifications()}
    assert kinds == {"mention", "quote"}
    assert site.client().status(quote.id).quote.quoted_status.id == ours.id
    site.client().status_delete(ours.id)
    assert site.client().status(quote.id).quote.quoted_status is None


def test_several_are_looked_up_at_once_and_no_more_than_twenty(site: Site) -> None:
    said = [site.complain(f"{n}") for n in range(21)]
    assert [str(one.id) for one in site.client().statuses([*said[:2], "7"])] == said[:2]
    with pytest.raises(MastodonAPIError, match="422"):
        site.client().statuses(said)
    site.options.by_ids = False
    with pytest.raises(MastodonNotFoundError):
        site.client().statuses(said[:2])


def test_every_request_is_written_down_with_what_became_of_it(site: Site) -> None:
    first = site.client().status_post("Hello", idempotency_key="k")
    site.client().status_post("Hello", idempotency_key="k")
    site.client().status_delete(first.id)
    site.ask("/api/v1/nothing")
    told = [(call.method, call.status, call.note) for call in site.world.calls("mastodon")]
    assert told == [
        ("POST", 200, f"created {first.id}"),
        ("POST", 200, f"repeat of {first.id}"),
        ("DELETE", 200, f"deleted {first.id}"),
        ("GET", 404, "unknown address"),
    ]
