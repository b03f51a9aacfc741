"""Tests against Bluesky's own servers. They are not part of `make test`: `make test-bluesky` starts those servers and runs them.

Without the servers nothing here is collected, so that nothing is skipped either.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from typing import Any, TypeVar

import httpx
import pytest

from places.bluesky import BlueskySettings, open_bluesky
from places.doors import Opened, Publisher, Source
from sandbox.world import utc_now
from storage.words import Brand, Post, Reply
from tests.places.benching import reply_to

ADDRESS = os.environ.get("AMENDS_BLUESKY_NETWORK", "")
collect_ignore_glob = [] if ADDRESS else ["test_*.py"]

POST = "app.bsky.feed.post"
CATCHES_UP_WITHIN = 20.0
"""Seconds within which what people see has caught up with what was written; half a second as a rule."""

Found = TypeVar("Found")


def eventually(look: Callable[[], Found | None]) -> Found:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + CATCHES_UP_WITHIN
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it never came")


@dataclass
class Person:
    """Somebody with an account of their own, who uses Bluesky without us."""

    http: httpx.Client
    handle: str
    did: str = ""
    token: str = field(default="", repr=False)

    def ask(self, nsid: str, **params: Any) -> dict[str, Any]:
        """A query; its answer."""
        answer = self.http.get(nsid, params=params, headers=self._headers())
        answer.raise_for_status()
        return dict(answer.json())

    def act(self, nsid: str, **data: Any) -> dict[str, Any]:
        """A procedure; its answer."""
        answer = self.http.post(nsid, json=data, headers=self._headers())
        assert answer.status_code == 200, answer.text
        return dict(answer.json()) if answer.content else {}

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    def write(self, text: str, **more: Any) -> dict[str, str]:
        """A post; its reference."""
        written = {"$type": POST, "text": text, "createdAt": stamp(utc_now()), **more}
        made = self.act("com.atproto.repo.createRecord", repo=self.did, collection=POST, record=written)
        return {"uri": made["uri"], "cid": made["cid"]}

    def tag(self, other: Person, text: str, **more: Any) -> dict[str, str]:
        """A post with a mention in front."""
        name = f"@{other.handle}"
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": other.did}
        facet = {"index": {"byteStart": 0, "byteEnd": len(name.encode())}, "features": [feature]}
        return self.write(f"{name} {text}", facets=[facet], **more)

    def answer(self, root: dict[str, str], parent: dict[str, str], text: str) -> dict[str, str]:
        """A reply."""
        return self.write(text, reply={"root": root, "parent": parent})

    def delete(self, uri: str) -> None:
        """Take a post down."""
        self.act("com.atproto.repo.deleteRecord", repo=self.did, collection=POST, rkey=uri.rpartition("/")[2])

    def rewrite(self, uri: str, text: str) -> None:
        """Put another text where a post is."""
        rkey = uri.rpartition("/")[2]
        written = self.ask("com.atproto.repo.getRecord", repo=self.did, collection=POST, rkey=rkey)["value"]
        record = {**written, "text": text, "facets": []}
        self.act("com.atproto.repo.putRecord", repo=self.did, collection=POST, rkey=rkey, record=record)


def stamp(at: datetime) -> str:
    """An instant as Bluesky writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    """A line to the network."""
    with httpx.Client(base_url=f"{ADDRESS}/xrpc/", timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture
def join(http: httpx.Client) -> Callable[[str], Person]:
    """Opens an account for somebody; every test has people of its own."""

    def open_account(name: str) -> Person:
        handle = f"{name}{token_hex(3)}.test"
        person = Person(http, handle)
        said = person.act(
            "com.atproto.server.createAccount",
            handle=handle,
            email=f"{handle.replace('.', '@')}.example",
            password=f"password-of-{name}",
        )
        person.did, person.token = said["did"], said["accessJwt"]
        return person

    return open_account


@dataclass
class Bakery:
    """The bakery on the network, opened as Amends opens it, with an app password."""

    person: Person
    password: str
    opened: Opened

    @property
    def mentions(self) -> Source:
        """Who spoke to us."""
        return self.opened.sources[0]

    @property
    def search(self) -> Source:
        """Who named us."""
        return self.opened.sources[1]

    @property
    def publisher(self) -> Publisher:
        """What writes for us."""
        assert self.opened.publisher is not None
        return self.opened.publisher

    def hears(self, uri: str) -> Post:
        """The post, once a poll brings it."""
        return eventually(lambda: next((post for post in self.poll() if post.native_id == uri), None))

    def poll(self) -> tuple[Post, ...]:
        """One poll from the beginning."""
        return self.mentions.poll(None, utc_now()).posts

    def written(self) -> list[dict[str, Any]]:
        """What stands in the bakery's repository, seen with the account's own eyes."""
        listed = self.person.ask("com.atproto.repo.listRecords", repo=self.person.did, collection=POST)
        return list(listed["records"])


@pytest.fixture
def bakery(join: Callable[[str], Person]) -> Bakery:
    """The bakery."""
    person = join("rosebakery")
    password = person.act("com.atproto.server.createAppPassword", name="amends")["password"]
    return Bakery(person, password, open_it(person, password))


def open_it(person: Person, password: str) -> Opened:
    """Bluesky, opened for an account."""
    brand = Brand("rosebakery", "Rose Bakery", ("Rose Bakery",), handles={"bluesky": person.handle})
    return open_bluesky(brand, BlueskySettings(person.handle, password, service_url=ADDRESS))


@pytest.fixture
def cora(join: Callable[[str], Person]) -> Person:
    """The customer."""
    return join("cora")


@pytest.fixture
def make_reply() -> Callable[..., Reply]:
    """An approved reply of Ana's."""
    return reply_to
