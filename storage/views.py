"""What pages, the digest and due work read: frozen views over the tables. `storage.reading` makes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from storage.words import (
    Audience,
    CaseState,
    Cause,
    Finding,
    Kind,
    Origin,
    Post,
    Purpose,
    Reach,
    ReplyState,
    Topic,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works here. `role` is owner, member or viewer; a viewer may only look."""

    id: int
    email: str
    name: str
    role: str
    password_hash: str

    @property
    def may_act(self) -> bool:
        """Whether this person may do more than look."""
        return self.role in ("owner", "member")


@dataclass(frozen=True, slots=True)
class Customer:
    """The author of complaints, on one place."""

    id: int
    place: str
    native_id: str
    handle: str
    name: str
    do_not_contact: bool
    forgotten: bool = False  # their words and ours to them are erased


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is doing. `fence` names the claim; `opened_at` is when we first listened."""

    key: str
    brand: str
    place: str
    cursor: str | None
    every: timedelta
    next_at: datetime
    last_success_at: datetime | None
    last_error: str | None
    failures: int
    fence: int
    opened_at: datetime
    cause: Cause | None = None  # of last_error
    last_error_at: datetime | None = None
    follow_at: datetime | None = None
    follow_failures: int = 0

    @property
    def seen_until(self) -> datetime:
        """Until when nothing was missed: the last success, or when we began to listen."""
        return self.last_success_at or self.opened_at

    def is_stale(self, now: datetime) -> bool:
        """Silent for longer than three intervals (at least ten minutes): somebody must be told."""
        return now - self.seen_until > max(3 * self.every, timedelta(minutes=10))


@dataclass(frozen=True, slots=True)
class BlindWindow:
    """A time in which a source was not read. `caught_up_at`: what was written then has been read since. `gap`: it may be missing."""

    brand: str
    source_key: str
    place: str
    began_at: datetime
    ended_at: datetime
    cause: Cause
    why: str
    gap: bool
    caught_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class LateReply:
    """Approved replies of a brand on a place that are not settled long after they should be. `why` is the newest reason, if any."""

    brand: str
    place: str
    number: int
    since: datetime  # the oldest one's approval
    why: str | None


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert taken for sending. `thing` is what is silent."""

    id: int
    thing: str
    message_id: str
    tries: int


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case. `turn` is what an approval must have seen. `parked_why` says why a person is needed, or None.

    `erased`: it told of somebody's health, so nothing that was written is left.
    """

    id: int
    brand: str
    place: str
    state: CaseState
    turn: int
    urgency: int
    topic: Topic
    language: str
    sensitive: bool
    opened_at: datetime
    changed_at: datetime
    snoozed_until: datetime | None
    shop: str | None
    customer_id: int
    conversation_id: str
    parked_why: str | None
    thanked: bool
    erased: bool = False


@dataclass(frozen=True, slots=True)
class ThreadPost:
    """One post of the conversation, with who wrote it and what became of it."""

    id: int
    post: Post
    version: int
    by: str  # customer | us | other
    deleted_at: datetime | None
    edited: bool


@dataclass(frozen=True, slots=True)
class ProposalView:
    """One immutable proposed text."""

    id: int
    turn: int
    alternative: int
    revision: int
    text: str
    language: str
    audience: Audience
    purpose: Purpose
    findings: tuple[Finding, ...]
    reach: Reach
    made_by: str
    parent_post: int


@dataclass(frozen=True, slots=True)
class ReplyView:
    """One reply and how it is doing. `removal_due_at` is set while it is being taken down; `seen_turn` is the turn of the case
    that was seen when it was approved, None where the answer was seen outside."""

    id: int
    state: ReplyState
    origin: Origin
    audience: Audience
    purpose: Purpose
    text: str
    place: str
    account: str
    approved_by: str | None
    approved_at: datetime | None
    due_at: datetime | None
    posted_at: datetime | None
    native_id: str | None
    url: str | None
    why: str | None
    looks: int
    removal_due_at: datetime | None
    corrects: int | None
    seen_turn: int | None


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a case's history."""

    at: datetime
    who: str
    thing: str  # case | reply
    thing_id: int
    was: str
    now_is: str
    why: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a case ended."""

    cause: str
    remedy: str
    prevention: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything about one case. `complaint` raised it; `last` is the customer's newest standing post, the reply's parent."""

    case: CaseView
    customer: Customer
    thread: tuple[ThreadPost, ...]
    complaint: ThreadPost
    last: ThreadPost
    verdict: Verdict | None
    proposals: tuple[ProposalView, ...]
    replies: tuple[ReplyView, ...]
    earlier: tuple[CaseView, ...]
    history: tuple[Move, ...]
    resolution: Resolution | None


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One case in a list. `text` is the beginning of the customer's newest post, `proposal` the first proposed text of this turn."""

    case_id: int
    brand: str
    place: str
    handle: str
    name: str
    text: str
    url: str | None
    urgency: int
    topic: Topic
    language: str
    state: CaseState
    turn: int
    opened_at: datetime
    waiting: timedelta
    proposal_id: int | None
    proposal: str | None
    proposal_by: str | None
    findings: tuple[Finding, ...]
    reach: Reach | None
    customer_posts: int
    reply_id: int | None
    reply_state: ReplyState | None
    reply_due_at: datetime | None
    reply_why: str | None
    snoozed_until: datetime | None
    shop: str | None
    parked_why: str | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of cases that need an answer, worst first, and how many there are in all."""

    rows: tuple[InboxRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Lists:
    """The short lists above the inbox."""

    by_hand: tuple[InboxRow, ...]
    parked: tuple[InboxRow, ...]
    ready_to_close: tuple[InboxRow, ...]
    held: tuple[InboxRow, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each."""

    cases: dict[CaseState, int]
    mentions: int
    kinds: dict[Kind, int]


@dataclass(frozen=True, slots=True)
class Digest:
    """One claimed daily mail. `message_id` is the same on every try."""

    id: int
    brand: str
    recipient: str
    message_id: str
    tries: int


SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class Hearing:
    """How a brand is listened for: lines 0..1 from which a mention is raised (None: as shipped) by the first look and by both, weights learnt
    from `lessons` decisions, complaints a day that the owner asked for. `model` names the looks that lines and weights were made for."""

    brand: str
    version: int
    model: str
    line_first: float | None
    line_both: float | None
    per_day: float | None
    weights: bytes | None
    lessons: int
    lessons_digest: str
    since: datetime | None
    why: str
    by: str
    at: datetime
    aside: tuple[tuple[str, str], ...] = ()  # times, in ISO 8601, whose lessons were put aside by going back over them

    @classmethod
    def shipped(cls, brand: str, at: datetime) -> Hearing:
        """As before anybody taught anything."""
        return cls(brand, 0, SHIPPED, None, None, None, None, 0, "", None, "As shipped.", "machine", at)

    def but(self, **changes: Any) -> Hearing:
        """The same with some changes."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A person's decision about a mention. `features` is what the looks of `made_with` made of its post, None as long as nobody asked."""

    id: int
    mention_id: int
    post: Post
    is_complaint: bool
    kind: Kind | None
    at: datetime
    features: bytes | None
    made_with: str | None


@dataclass(frozen=True, slots=True)
class JudgedMention:
    """A mention that was judged: the shares of each Kind by the first look and by both (empty where not asked, or where a rule decided),
    and what a person said of it, if anybody did."""

    mention_id: int
    case_id: int | None
    found_at: datetime
    place: str
    handle: str
    name: str
    url: str | None
    title: str
    text: str
    rating: int | None
    language: str
    kind: Kind
    first: tuple[float, ...]
    second: tuple[float, ...]
    vector: bytes | None
    told: bool | None
    first_mood: float = 0.0
    second_mood: float = 0.0


@dataclass(frozen=True, slots=True)
class Unraised:
    """A mention that raised no case, or one that the machine took back: what it was taken for and the first reason, whether it was set
    aside, and what a person said of it."""

    mention_id: int
    brand: str
    place: str
    handle: str
    name: str
    url: str | None
    title: str
    text: str
    rating: int | None
    found_at: datetime
    language: str
    kind: Kind
    reason_code: str
    reason: str
    aside: str | None
    taken_back: bool
    told: bool | None
    told_kind: Kind | None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Whose a mention is, the case it belongs to, whether that case stands on it, and whether the machine took it back unseen."""

    brand: str
    case_id: int | None
    raised_it: bool
    taken_back: bool
