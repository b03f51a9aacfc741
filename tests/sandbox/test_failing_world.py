"""Servers that refuse, answers that drip, and keys that end: that the town really does what it is told."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import requests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.faults import DRIP, DRIP_HEAD, Answer, Done, Fault, FaultPlan, Front, Told
from sandbox.keys import reddit_keys
from sandbox.mishaps import CARRIED_OUT, NAMES, POSTING, READING, SURELY_NOT, mishap, reading_mishap, refusing_after
from sandbox.noes import NOES, RESET
from sandbox.reddit import RedditOptions, create_reddit
from sandbox.serve import Served
from sandbox.world import World

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
AGENT = {"user-agent": "test:amends:1 (by u/rosebakery)"}


@dataclass
class Shop:
    served: Served
    plan: FaultPlan
    session: requests.Session

    def ask(self) -> str:
        return self.session.get(self.served.url, timeout=2).text

    def is_refused(self) -> bool:
        try:
            requests.get(self.served.url, timeout=2)  # on a connection of its own
        except requests.exceptions.ConnectionError as error:
            return "Connection refused" in str(error)
        return False


@pytest.fixture
def shop() -> Iterator[Shop]:
    async def open_door(request: Request) -> PlainTextResponse:
        return PlainTextResponse("bread")

    plan = FaultPlan()
    with World(":memory:", lambda: NOW) as world, requests.Session() as session:
        front = Middleware(Front, world=world, place="shop", plan=plan)
        with Served(Starlette(routes=[Route("/", open_door)], middleware=[front])) as served:
            yield Shop(served, plan, session)


def test_a_server_that_refuses_refuses_and_comes_back_at_the_same_address(shop: Shop) -> None:
    assert shop.ask() == "bread"
    for _ in range(3):
        with shop.served.refusing():
            assert shop.is_refused()
            assert shop.is_refused()
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", shop.served.port))  # nobody else gets the port meanwhile
        assert shop.ask() == "bread"


def test_a_request_can_be_the_last_that_is_answered(shop: Shop) -> None:
    shop.plan.add(*refusing_after("GET", "/"))
    assert shop.ask() == "bread"
    assert shop.is_refused()
    shop.plan.clear()
    assert shop.ask() == "bread"
    shop.plan.add(*refusing_after("GET", "/", seconds=0.2))
    assert shop.ask() == "bread"
    deadline = time.monotonic() + 5
    while shop.is_refused() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert shop.ask() == "bread"


def test_a_server_that_refuses_can_be_stopped(shop: Shop) -> None:
    shop.plan.add(*refusing_after("GET", "/"))
    shop.ask()
    shop.served.stop()
    shop.plan.clear()
    assert shop.is_refused()


@pytest.mark.parametrize("seen", [DRIP, DRIP_HEAD])
def test_an_answer_that_drips_has_no_end_and_no_silence(shop: Shop, seen: Answer) -> None:
    shop.plan.add(Fault("GET", "/", Done.FIRST, seen))
    with socket.create_connection(("127.0.0.1", shop.served.port), timeout=0.5) as line:
        line.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        began, drops = time.monotonic(), 0
        while time.monotonic() - began < 0.6:
            assert line.recv(4096)
            drops += 1
    assert drops >= 4


def test_a_time_in_an_answer_is_reckoned_when_it_is_given(shop: Shop) -> None:
    shop.plan.add(Fault("GET", "/", Done.NEVER, Told(lambda now: Answer(429, now.isoformat().encode()))))
    assert shop.ask() == NOW.isoformat()


def test_every_mishap_is_known_on_every_place() -> None:
    assert set(NAMES) > SURELY_NOT
    assert set(NAMES) > CARRIED_OUT
    assert not SURELY_NOT & CARRIED_OUT
    for place, (method, path) in POSTING.items():
        for name in NAMES:
            (first, *_) = mishap(name, place, times=3, skip=2)
            assert (first.times, first.skip) == (3, 2)
            assert (first.method, first.path) == (READING if name == "refused" else (method, path))
            assert reading_mishap(name, place)[0].method == "GET"
            late = mishap(name, place, delay=7.0)[0]
            assert late.delay == (7.0 if late.done is Done.LATER else 0.0)
    with pytest.raises(KeyError):
        mishap("earthquake", "x")
    with pytest.raises(KeyError):
        mishap("late", "nowhere")


@pytest.mark.parametrize(
    ("place", "target"),
    [
        ("x", "/2/tweets"),
        ("reddit", "/api/comment/?raw_json=1"),
        ("mastodon", "/api/v1/statuses"),
        ("bluesky", "/xrpc/com.atproto.repo.putRecord"),
    ],
)
def test_only_the_request_that_posts_is_struck(place: str, target: str) -> None:
    _, path = POSTING[place]
    assert re.search(path, target)
    assert not re.search(path, target.partition("?")[0] + "/17")


@pytest.mark.parametrize("place", sorted(NOES))
def test_every_place_says_when_to_come_back(place: str) -> None:
    told = dict(NOES[place].limited(NOW).headers)
    (reset,) = (value for name, value in told.items() if name.endswith("reset"))
    if place == "reddit":
        assert timedelta(seconds=int(reset)) == RESET
    elif place == "mastodon":
        assert datetime.fromisoformat(reset) == NOW + RESET
    else:
        assert datetime.fromtimestamp(int(reset), UTC) == NOW + RESET
    assert not any("reset" in name for name, _ in NOES[place].limited_bare.headers)


@dataclass
class Site:
    url: str
    world: World
    options: RedditOptions
    now: list[datetime]

    def token(self) -> str | None:
        keys = reddit_keys("rosebakery")
        form = {"grant_type": "password", "username": keys.username, "password": keys.password}
        said = requests.post(
            f"{self.url}/api/v1/access_token",
            form,
            auth=(keys.client_id, keys.client_secret),
            headers=AGENT,
            timeout=5,
        )
        token: str | None = said.json().get("access_token")
        return token

    def me(self, token: str) -> int:
        headers = {**AGENT, "authorization": f"bearer {token}"}
        return requests.get(f"{self.url}/api/v1/me", headers=headers, timeout=5).status_code

    def listed(self, path: str, token: str) -> int:
        headers = {**AGENT, "authorization": f"bearer {token}"}
        said = requests.get(self.url + path, headers=headers, timeout=5).json()
        return len(said["data"]["children"])


@contextmanager
def reddit() -> Iterator[Site]:
    now, options = [NOW], RedditOptions()
    with World(":memory:", lambda: now[0]) as world, Served(create_reddit(world, options=options)) as served:
        world.add_account("reddit", "rosebakery", "Rose Bakery")
        yield Site(served.url, world, options, now)


def test_keys_of_reddit_can_be_taken_back_and_can_end() -> None:
    with reddit() as site:
        token = site.token()
        assert token is not None
        assert site.me(token) == 200
        site.options.revoked.add("rosebakery")
        assert (site.me(token), site.token()) == (401, None)
        site.options.revoked.clear()
        site.options.expires["rosebakery"] = NOW + timedelta(minutes=5)
        assert site.me(token) == 200
        site.now[0] += timedelta(minutes=5)
        assert (site.me(token), site.token()) == (401, None)


def test_every_list_of_reddit_lags_when_told_to() -> None:
    paths = ("/r/town/new", "/r/town/comments", "/user/rosebakery/comments", "/r/town/search?q=bread")
    with reddit() as site:
        ours = site.world.account("reddit", handle="rosebakery")
        assert ours is not None
        said = site.world.publish("reddit", ours.id, "bread", title="bread", board="town")
        site.world.publish("reddit", ours.id, "more bread", parent_id=said.id)
        token = site.token()
        assert token is not None
        assert [site.listed(path, token) for path in paths] == [1, 1, 1, 1]
        site.options.index_lag = timedelta(minutes=3)
        assert [site.listed(path, token) for path in paths] == [0, 0, 0, 0]
        site.options.search_lag = timedelta(minutes=9)
        site.now[0] += timedelta(minutes=3)
        assert [site.listed(path, token) for path in paths] == [1, 1, 1, 0]
        site.now[0] += timedelta(minutes=6)
        assert [site.listed(path, token) for path in paths] == [1, 1, 1, 1]
