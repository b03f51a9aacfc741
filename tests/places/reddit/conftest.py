"""Springfield's Reddit over HTTP, and Rose Bakery's doors to it through the real praw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from places.doors import Opened
from places.reddit import RedditPublisher, RedditSettings, RedditSource, open_reddit
from sandbox.keys import reddit_keys
from sandbox.reddit import RedditOptions, create_reddit
from sandbox.serve import Served
from sandbox.things import Call, WorldPost
from sandbox.world import World
from storage.words import Audience, Brand, Purpose, Reply

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BRAND = Brand("rosebakery", "Rose Bakery", names=("rose bakery", "rosebakery"), handles={"reddit": "rosebakery"})


class Stage:
    """One server for all tests; what it serves changes."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


class Site:
    """Reddit with Rose Bakery, Cora and Mallory on it. `now` is the time there, and ours."""

    def __init__(self, world: World, url: str) -> None:
        self.world, self.url, self.now = world, url, START
        world.clock = lambda: self.now
        self.options = RedditOptions()
        self.app = create_reddit(world, options=self.options)
        self.ana = world.add_account("reddit", "rosebakery", "rosebakery").id
        self.cora = world.add_account("reddit", "cora", "cora").id
        self.mallory = world.add_account("reddit", "mallory", "mallory").id
        keys = reddit_keys("rosebakery")
        self.settings = RedditSettings(
            client_id=keys.client_id,
            client_secret=keys.client_secret,
            username=keys.username,
            password=keys.password,
            subreddits=("springfield",),
            reddit_url=url,
            oauth_url=url,
            timeout=5.0,
        )

    def open(self, **settings: Any) -> Opened:
        """Rose Bakery's Reddit, with some settings changed."""
        return open_reddit(BRAND, replace(self.settings, **settings))

    def source(self, **settings: Any) -> RedditSource:
        """Its source."""
        source = self.open(**settings).sources[0]
        assert isinstance(source, RedditSource)
        return source

    def publisher(self, **settings: Any) -> RedditPublisher:
        """Its publisher."""
        publisher = self.open(**settings).publisher
        assert isinstance(publisher, RedditPublisher)
        return publisher

    def complaint(self, text: str = "Stale bread at Rose Bakery", **more: Any) -> WorldPost:
        """Cora writes a submission."""
        return self.world.publish("reddit", self.cora, text, **{"title": "Ugh", "board": "springfield", **more})

    def reply_to(self, post: WorldPost, text: str = "We are sorry, Cora.", **more: Any) -> Reply:
        """Ana's approved reply to it, claimed now."""
        kind = "t3" if post.parent_id is None else "t1"
        usual: dict[str, Any] = {
            "id": 1,
            "brand": "rosebakery",
            "case_id": 1,
            "place": "reddit",
            "account": "rosebakery",
            "key": "k1",
            "parent_id": f"{kind}_{post.id}",
            "conversation_id": f"t3_{post.conversation_id}",
            "customer_handle": "cora",
            "audience": Audience.PUBLIC,
            "purpose": Purpose.ACKNOWLEDGE,
            "text": text,
            "sent_at": self.now,
        }
        return Reply(**{**usual, **more})

    def calls(self, path: str, method: str = "") -> list[Call]:
        """Requests whose path begins so."""
        return [
            call for call in self.world.calls("reddit") if call.path.startswith(path) and method in ("", call.method)
        ]

    def ours(self) -> list[WorldPost]:
        """What Rose Bakery has up."""
        return [post for post in self.world.posts("reddit", author_id=self.ana) if post.deleted_at is None]

    def wait(self, **time: float) -> None:
        """Time goes by."""
        self.now += timedelta(**time)


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, str]]:
    """The server."""
    stage = Stage()
    with Served(stage) as served:
        yield stage, served.url


@pytest.fixture
def site(tmp_path: Path, stage: tuple[Stage, str]) -> Iterator[Site]:
    """A new world on it."""
    with World(tmp_path / "world.sqlite") as world:
        site = Site(world, stage[1])
        stage[0].app = site.app
        yield site
