"""The doors: what a place promises, and the three ways in which it can fail.

`monitor` and `responders` know only this module of `places`; `desk` hands them the real ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from storage.words import (
    Account,
    Audience,
    Batch,
    Cause,
    Gone,
    Length,
    Post,
    Posted,
    Reach,
    Reply,
)


class Unavailable(Exception):
    """Nothing was read or posted; try again at `retry_at` (None: the caller backs off by itself)."""

    def __init__(self, why: str, retry_at: datetime | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.retry_at = retry_at

    @property
    def cause(self) -> Cause:
        """What it means for the owner: a site that tells when to come again has a limit, one that tells nothing is down."""
        return Cause.DOWN if self.retry_at is None else Cause.LIMIT


class NeedsPerson(Unavailable):
    """Unavailable until somebody acts: a wrong key, a revoked token, no credits. `why` says what to do."""

    @property
    def cause(self) -> Cause:
        """Whatever the time told, without a person it stays as it is."""
        return Cause.KEY


class Refused(Exception):
    """The platform said no, for good; nothing was posted. `by_hand` says whether a person could still post it on the site."""

    def __init__(self, why: str, *, by_hand: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.by_hand = by_hand


class Unsure(Exception):
    """It may be up; look before doing anything else."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Repeat(StrEnum):
    """Whether the machine may post again after looking found nothing."""

    NEVER = "never"  # a person decides (X)
    AFTER_TWO_LOOKS = "after_two_looks"  # two empty looks one settle window apart (Reddit)
    KEYED = "keyed"  # the platform takes a key that makes a repeat harmless


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a place can do. A door that is absent is declared here, never stubbed."""

    place: str  # "x"
    title: str  # "X"
    reads: bool
    posts: bool
    removes: bool
    private: bool  # can write privately through its API
    repeat: Repeat
    settle: timedelta  # request time-out + latest execution + listing lag; wait this long before looking
    key_lives: timedelta | None = (
        None  # KEYED: so long after the first try a key makes a repeat harmless (None: for ever)
    )
    by_hand: str = ""  # a sentence for the owner: why a person posts here, where the machine cannot
    addresses: bool = (
        False  # "@customer " goes in front of every reply, by our own hand: shown with it, no part of the text
    )
    may_learn: bool = True  # False: the place's terms forbid teaching a model with what is posted there


@runtime_checkable
class Place(Protocol):
    """What is known of a place without any account."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; the same for every account."""
        ...

    def measure(self, text: str, audience: Audience) -> Length:
        """The text's length as the place counts it."""
        ...

    def compose_link(self, reply: Reply) -> str | None:
        """The platform's own composer with parent and text filled in, for posting by hand; None when there is none."""
        ...


class Source(Protocol):
    """A place read with one account and one query."""

    key: str  # unique and stable: "x:mentions:rosebakery"
    place: str
    brand: str

    def poll(self, cursor: str | None, now: datetime) -> Batch:
        """Read what is new. Raises Unavailable. Overlaps on purpose; the unique keys absorb repeats; the cursor never goes back."""
        ...

    def thread(self, post: Post, now: datetime) -> Sequence[Post]:
        """The conversation around a post, oldest first, as far as the place shows it. Raises Unavailable."""
        ...

    def again(self, ids: Sequence[str], now: datetime) -> Mapping[str, Post | Gone]:
        """The present state of posts by native id: edited ones as Post, vanished ones as Gone. Raises Unavailable."""
        ...


class Publisher(Protocol):
    """A place written to as one account."""

    place: str
    account: str  # our handle there

    def me(self, now: datetime) -> Account:
        """Our own account. Raises Unavailable."""
        ...

    def reach(self, post: Post, audience: Audience) -> Reach:
        """How this post can be answered, why, and at what price. Asks no network."""
        ...

    def post(self, reply: Reply, now: datetime) -> Posted:
        """Put the reply up, with exactly one request. Raises Unavailable, Refused or Unsure."""
        ...

    def find(self, reply: Reply, now: datetime) -> Posted | None:
        """Read-only: is there a reply by our account under the parent, made since `sent_at` and not in `known_ids`? Raises Unavailable."""
        ...

    def remove(self, posted: Posted, now: datetime) -> None:
        """Take our own post down; harmless when it is already gone. Raises Unavailable, Refused or Unsure."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A place opened for one brand: what reads it and what writes to it (None: reads only).

    `account` is our own where it is known without asking anybody. `slowest`: what one poll takes of a pace that all brands on this
    place share; their sources are polled no more often than all of them together take.
    """

    place: Place
    sources: tuple[Source, ...]
    publisher: Publisher | None
    account: Account | None = None
    slowest: timedelta = timedelta(0)
