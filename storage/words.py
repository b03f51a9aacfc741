"""The words: one frozen type per stage of a mention's way, from Post to Posted.

Every room speaks in these. Nothing here touches a database or a network.
Instants are timezone-aware datetimes in UTC; `check_utc` refuses any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum


def check_utc(instant: datetime) -> datetime:
    """Give the instant back, or raise ValueError when it is naive or not in UTC."""
    if instant.utcoffset() is None or instant.utcoffset() != UTC.utcoffset(None):
        raise ValueError(f"{instant!r} must be an aware datetime in UTC")
    return instant


class Audience(StrEnum):
    """Who can read a reply."""

    PUBLIC = "public"
    PRIVATE = "private"


class Purpose(StrEnum):
    """What a reply is for. One live reply per parent post and purpose."""

    ACKNOWLEDGE = "acknowledge"  # the first public answer
    FOLLOW_UP = "follow_up"  # the customer wrote again
    CLOSE = "close"  # it was made good
    CORRECT = "correct"  # sets an earlier reply of ours right


class Origin(StrEnum):
    """How a reply came to be."""

    HERE = "here"  # approved here, posted by us through the platform's API
    BY_HAND = "by_hand"  # approved here, posted by a person on the platform's own page
    OUTSIDE = "outside"  # somebody answered in the platform's own app; we only saw it


class Kind(StrEnum):
    """What a mention is. Only a complaint asks for an answer."""

    COMPLAINT = "complaint"
    PRAISE = "praise"
    QUESTION = "question"
    CHATTER = "chatter"
    NEWS = "news"
    SPAM = "spam"
    NOT_US = "not_us"


class Topic(StrEnum):
    """What a complaint is about."""

    DELIVERY = "delivery"
    PRODUCT = "product"
    BILLING = "billing"
    SERVICE = "service"
    WAITING = "waiting"
    WEBSITE = "website"
    HYGIENE = "hygiene"
    SAFETY = "safety"
    REFUND = "refund"
    COMMUNICATION = "communication"
    OTHER = "other"


class ReachHow(StrEnum):
    """The way a post can be answered at all."""

    API = "api"  # we can post
    BY_HAND = "by_hand"  # a person posts on the platform's own page
    NONE = "none"  # it cannot be answered


class Cause(StrEnum):
    """Why a source or the outbox is silent."""

    KEY = "key"  # a key is wrong, expired or revoked, or there is no credit: a person must act
    LIMIT = "limit"  # the site's limit is reached; it goes on by itself
    DOWN = "down"  # the site does not answer, or answers nonsense
    OURS = "ours"  # a mistake of ours
    OFF = "off"  # Amends itself was not running


class CaseState(StrEnum):
    """Life of a case; allowed moves are in `storage.lifecycle`."""

    OPEN = "open"  # the customer waits for us
    ANSWERED = "answered"  # we answered in public; the customer's turn
    OFFLINE = "offline"  # it goes on in private
    RESOLVED = "resolved"  # made good: cause, remedy, prevention are known
    DISMISSED = "dismissed"  # no answer needed, with a reason


class ReplyState(StrEnum):
    """Life of a reply; allowed moves are in `storage.lifecycle`."""

    APPROVED = "approved"  # a person said yes; held for undo, then due
    SENDING = "sending"  # claimed; bytes frozen; the socket may be open
    POSTED = "posted"  # it is up
    UNCERTAIN = "uncertain"  # we don't know whether it went out; we look
    REFUSED = "refused"  # the platform said no; nothing was posted
    BY_HAND = "by_hand"  # a person is to post it
    WITHDRAWN = "withdrawn"  # taken back before anything went out
    REMOVED = "removed"  # was up, taken down again


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post, on one place. `native_id` is the platform's own id and never changes; handles do."""

    native_id: str
    handle: str
    name: str = ""


NAMES_STAY = frozenset({"reddit"})
"""Places that never give a name to another person, and never change one: there a name tells who it is as well as an id does."""

_NAMED = "name:"


def name_id(handle: str) -> str:
    """The id of an author whom a place in NAMES_STAY shows by name only, as Reddit's feeds do."""
    return _NAMED + handle.lower()


def is_name_id(native_id: str) -> bool:
    """Whether this is an id made of a name, because the place's own was not shown."""
    return native_id.startswith(_NAMED)


@dataclass(frozen=True, slots=True)
class Post:
    """One public text, as a place gave it.

    `native_id` is the identity on the place and stays the same through edits. `reply_to` is the platform's id to put a reply
    under where editing makes a new id (X); otherwise equal to `native_id`. `addressed` holds the native account ids and
    lower-case handles (without @) that the author mentioned or quoted: X's summoned rule asks for it.
    `rating` is 1..5 or None. `is_repost` marks a pure retweet or cross-post: never a complaint of its own.
    """

    place: str
    native_id: str
    author: Author
    text: str
    created_at: datetime
    conversation_id: str
    parent_id: str | None = None
    title: str = ""
    url: str | None = None
    lang: str | None = None
    rating: int | None = None
    edited_at: datetime | None = None
    reply_to: str = ""
    addressed: tuple[str, ...] = ()
    is_repost: bool = False

    def __post_init__(self) -> None:
        check_utc(self.created_at)
        if not self.reply_to:
            object.__setattr__(self, "reply_to", self.native_id)


@dataclass(frozen=True, slots=True)
class Gone:
    """A post that is no longer there, and why as far as the place says ("deleted", "removed", "hidden")."""

    native_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Poison:
    """One element of a page that could not be read. It costs itself and not the page. `raw` is capped at 2,000 characters."""

    native_id: str | None
    why: str
    raw: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one poll brought. `cursor` is where the next poll begins (opaque, may lie mid-walk); `more` asks to poll again at once.

    `gap`: the place shows no further back, and posts between the poll before and the oldest of these may be missing.
    """

    posts: tuple[Post, ...]
    cursor: str | None
    more: bool = False
    poison: tuple[Poison, ...] = ()
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Shop:
    """A branch of a brand."""

    key: str
    name: str
    address: str = ""
    hours: str = ""
    contact: str = ""
    signed_by: str = ""
    names: tuple[str, ...] = ()  # words in a post that point at this branch ("Market Street")


@dataclass(frozen=True, slots=True)
class Brand:
    """Whom we listen for.

    `names` are the words that name the brand, `not_us` words of a namesake; of posts that do not name our handle, those with a word of
    `forbidden`, or without any of `required` where there are some, are left aside; `handles` maps place to our own handle there.
    `contact` maps a language ("" for any) to how customers reach us privately ("write to us at hello@rosebakery.example").
    `hours` maps "mon".."sun" to "08:00-18:00" or "closed".
    """

    key: str
    name: str
    names: tuple[str, ...] = ()
    not_us: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    handles: dict[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ("en", "ru", "ro", "te")
    time_zone: str = "UTC"
    voice: str = "warm"  # warm | plain | formal
    signature: str = ""
    contact: dict[str, str] = field(default_factory=dict)
    hours: dict[str, str] = field(default_factory=dict)
    trade: str = ""  # bakery, courier, … only for people's eyes
    shops: tuple[Shop, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason a shopkeeper understands; `start`/`end` (code points) mark the words in the post's text, both 0 when no words told.

    `code` is stable ("rating", "cue:delivery", "vader", "own_post", "namesake", …); `says` is English for the page.
    """

    code: str
    says: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the filter says of a mention. `mood` -1..1, `probability` 0..1 that `kind` is right, `urgency` 1 (can wait) .. 4 (now)."""

    kind: Kind
    probability: float
    language: str  # ISO 639-1, "und" when unknown
    mood: float
    topic: Topic
    urgency: int
    reasons: tuple[Reason, ...]
    sensitive: bool = False  # illness, injury, allergens: kept out of reports, forgotten early
    stage: int = 1
    model_version: str = ""
    shares: tuple[
        float, ...
    ] = ()  # 0..1 for each Kind in its order, before what a brand learnt; empty where a rule decided
    vector: bytes | None = None  # what the second look saw in it: half floats, little-endian
    ask_again: bool = False  # a second look would be worth it
    unhappy: float | None = None  # the share of a bad mood, 0..1; None where a rule decided

    @property
    def complaint(self) -> float:
        """How likely it is a complaint, 0..1; where a rule decided, as sure as the rule is."""
        if self.shares:
            return self.shares[tuple(Kind).index(Kind.COMPLAINT)]
        return self.probability if self.kind is Kind.COMPLAINT else 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What the apology check says of a text: what is wrong, what to change, where (code points), which founding principle asks it."""

    code: str  # conditional | no_ownership | no_regret | no_next_step | no_invitation | too_long | wrong_language | placeholder | …
    says: str  # what is wrong and what to change, one or two short sentences
    principle: str = ""  # "A4"
    start: int = 0
    end: int = 0
    blocks: bool = False  # True: the page asks for a change; approval needs an explicit "post anyway" (never offered for placeholder and too_long)


@dataclass(frozen=True, slots=True)
class Length:
    """Length of a text as the place counts it."""

    used: int
    limit: int

    @property
    def fits(self) -> bool:
        """Whether the place would take it."""
        return 0 < self.used <= self.limit


@dataclass(frozen=True, slots=True)
class Reach:
    """How a post can be answered, why so (a sentence for the owner), and the price of answering in US dollars."""

    how: ReachHow
    why: str
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed text before it is stored. `findings` come from the apology check on the very text."""

    text: str
    language: str
    audience: Audience
    purpose: Purpose
    findings: tuple[Finding, ...] = ()
    made_by: str = "parts"  # parts | person:<id>


@dataclass(frozen=True, slots=True)
class Account:
    """Our own account on a place."""

    place: str
    native_id: str
    handle: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An approved text on its way out, exactly as frozen at the claim.

    `parent_id` is the native id the platform is given; `parent_ids` all native ids the parent is known by (X edits).
    `known_ids` are native ids of our other replies under the same parent, so that looking does not take one for the other.
    `key` names this reply to platforms that take an idempotency key. `sent_at` is the instant of the claim, so that it differs from one
    attempt to the next; `approved_at`, the instant of the person's yes, and `language` (ISO 639-1) stay the same through all of them.
    `first_sent_at` is the `sent_at` of the first earlier attempt that may have arrived (None: none may have): from there on a platform
    may remember `key`. `parent_at` is when the parent was written, by the platform's own clock: no answer to it is older.
    """

    id: int
    brand: str
    case_id: int
    place: str
    account: str
    key: str
    parent_id: str
    conversation_id: str
    customer_handle: str
    audience: Audience
    purpose: Purpose
    text: str
    sent_at: datetime
    attempt: int = 1
    fence: int = 0
    parent_ids: tuple[str, ...] = ()
    known_ids: tuple[str, ...] = ()
    parent_url: str | None = None
    approved_at: datetime | None = None
    language: str = ""
    first_sent_at: datetime | None = None
    parent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """It is up. `native_id` may be None: some platforms create a post and do not say which."""

    native_id: str | None
    url: str | None
    at: datetime
