"""The tables. Rules that must hold are CHECK and UNIQUE constraints here, not care elsewhere.

Houses with several brands share one base, so whatever belongs to a brand carries its key. Only what belongs to the house itself
(people and their sessions, leases) does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from storage.lifecycle import LIVE_CASES, SPENT_REPLIES
from storage.words import Audience, CaseState, Cause, Kind, Origin, Purpose, ReachHow, ReplyState, Topic

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite keeps no zone, so it is dropped on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive instants: a local time in the base would be a wrong time."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value!r} has no time zone")
        moved = value.astimezone(UTC)
        return moved.replace(tzinfo=None) if dialect.name == "sqlite" else moved

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give an aware instant back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    known = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({known})", name=f"{column}_known")


def _in(column: str, states: Iterable[StrEnum], *, without: bool = False) -> str:
    known = ", ".join(f"'{state.value}'" for state in sorted(states))
    return f"{column} {'NOT IN' if without else 'IN'} ({known})"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _where_sensitive(more: str = "") -> dict[str, Any]:
    """Of what tells of somebody's health, written as each database writes the question."""
    return {"sqlite_where": text(f"sensitive = 1{more}"), "postgresql_where": text(f"sensitive{more}")}


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _brand() -> Column[Any]:
    return Column("brand", String(64), ForeignKey("brands.key"), nullable=False)


def _case() -> Column[Any]:
    return Column("case_id", Integer, ForeignKey("cases.id"), nullable=False)


def _at(name: str, *, empty: bool = False) -> Column[Any]:
    return Column(name, Instant, nullable=empty)


brands = Table(
    "brands",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("details", JSON, nullable=False),  # storage.words.Brand, written whole
    Column("locked", Boolean, nullable=False, default=False),  # stands in the TOML file, which wins
    Column("old_one_a_day", Boolean, nullable=True),  # None: the owner has not been asked yet
    Column("old_said_by", String(64), nullable=True),
    Column("old_last_on", Date, nullable=True),
    _at("learn_at", empty=True),  # when what people taught is to be learnt anew
    _at("changed_at"),
)

accounts = Table(
    "accounts",
    metadata,
    _id(),
    _brand(),
    Column("place", String(64), nullable=False),
    Column("native_id", String(255), nullable=False),
    Column("handle", String(255), nullable=False),
    Column("name", Text, nullable=False, default=""),
    _at("seen_at"),
    UniqueConstraint("brand", "place", "native_id"),
)

people = Table(
    "people",
    metadata,
    _id(),
    Column("email", String(255), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    _at("added_at"),
    CheckConstraint("role IN ('owner', 'member', 'viewer')", name="role_known"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("person_id", Integer, ForeignKey("people.id"), nullable=False, index=True),
    _at("opened_at"),
    _at("last_seen_at"),
    Column("idle_seconds", Integer, nullable=False),
    _at("ends_at"),
)

sources = Table(
    "sources",
    metadata,
    Column("key", String(255), primary_key=True),
    _brand(),
    Column("place", String(64), nullable=False),
    Column("every_seconds", Integer, nullable=False),
    Column("cursor", Text, nullable=True),
    _at("next_at"),
    _at("opened_at"),
    _at("last_success_at", empty=True),
    Column("last_error", Text, nullable=True),
    _at("last_error_at", empty=True),
    Column("failures", Integer, nullable=False, default=0),
    Column("fence", Integer, nullable=False, default=0),
    _at("lease_until", empty=True),
    Column("cause", String(16), nullable=True),  # of last_error
    _at("follow_at", empty=True),  # not before then are live cases looked at again by it
    Column("follow_failures", Integer, nullable=False, default=0, server_default="0"),
)

blind_windows = Table(
    "blind_windows",
    metadata,
    _id(),
    _brand(),
    Column("source_key", String(255), nullable=False),
    Column("place", String(64), nullable=False),
    _at("began_at"),  # the last time it had been read
    _at("ended_at"),
    Column("cause", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("gap", Boolean, nullable=False),  # the site shows no further back: posts may be missing
    _at("caught_up_at", empty=True),
    _one_of("cause", Cause),
    Index("ix_blind_windows_ended", "ended_at"),
)

alerts = Table(
    "alerts",
    metadata,
    _id(),
    Column("thing", String(255), nullable=False),  # a source's key, or "outbox:" and a brand's
    _at("began_at"),
    Column("recipient", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("message_id", String(255), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("why", Text, nullable=True),
    _at("claimed_at"),
    _at("next_at", empty=True),
    _at("sent_at", empty=True),
    UniqueConstraint("thing", "began_at", "recipient"),
    CheckConstraint("state IN ('claimed', 'sent', 'failed')", name="state_known"),
    CheckConstraint("(sent_at IS NOT NULL) = (state = 'sent')", name="sent_at_when_sent"),
)

quarantine = Table(
    "quarantine",
    metadata,
    _id(),
    _brand(),
    Column("source_key", String(255), nullable=False),
    Column("native_id", String(255), nullable=True),
    Column("why", Text, nullable=False),
    Column("raw", Text, nullable=False),
    _at("at"),
)

customers = Table(
    "customers",
    metadata,
    _id(),
    _brand(),
    Column("place", String(64), nullable=False),
    Column("native_id", String(255), nullable=False),
    Column("handle", String(255), nullable=False),
    Column("name", Text, nullable=False, default=""),
    _at("do_not_contact_at", empty=True),
    Column("forgotten", Integer, nullable=True),  # the id in `forgotten`: nothing of theirs is left but the moves
    UniqueConstraint("brand", "place", "native_id"),
)

posts = Table(
    "posts",
    metadata,
    _id(),
    _brand(),  # the brand whose source brought it first; who is meant stands in mentions
    Column("place", String(64), nullable=False),
    Column("native_id", String(255), nullable=False),
    Column("author_id", String(255), nullable=False),
    Column("author_handle", String(255), nullable=False),
    Column("author_name", Text, nullable=False),
    Column("conversation_id", String(255), nullable=False),
    Column("parent_id", String(255), nullable=True),
    Column("reply_to", String(255), nullable=False),
    Column("url", Text, nullable=True),
    Column("lang", String(16), nullable=True),
    Column("rating", Integer, nullable=True),
    Column("addressed", JSON, nullable=False),
    Column("is_repost", Boolean, nullable=False, default=False),
    Column("by_account", Integer, ForeignKey("accounts.id"), nullable=True),
    Column("version", Integer, nullable=False),
    _at("created_at"),
    _at("seen_at"),
    _at("edited_at", empty=True),
    _at("deleted_at", empty=True),
    UniqueConstraint("place", "native_id"),
    CheckConstraint("rating IS NULL OR rating BETWEEN 1 AND 5", name="rating_of_five"),
    Index("ix_posts_conversation", "place", "conversation_id"),
    Index("ix_posts_parent", "place", "parent_id"),
    Index("ix_posts_reply_to", "place", "reply_to"),
    Index("ix_posts_gone", "deleted_at", **_where("deleted_at IS NOT NULL")),  # counted by the pulse
)

post_texts = Table(
    "post_texts",
    metadata,
    Column("post_id", Integer, ForeignKey("posts.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    _brand(),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("fingerprint", String(24), nullable=True),  # the same for the same words, whoever wrote them
    _at("seen_at"),
    Index("ix_post_texts_fingerprint", "fingerprint", **_where("fingerprint IS NOT NULL")),
    Index("ix_post_texts_edits", "version", **_where("version > 1")),  # counted by the pulse
)

cases = Table(
    "cases",
    metadata,
    _id(),
    _brand(),
    Column("place", String(64), nullable=False),
    Column("customer_id", Integer, ForeignKey("customers.id"), nullable=False, index=True),
    Column("conversation_id", String(255), nullable=False),
    Column("complaint_id", Integer, ForeignKey("posts.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("topic", String(32), nullable=False),
    Column("language", String(16), nullable=False),
    Column("sensitive", Boolean, nullable=False, default=False),
    Column("thanked", Boolean, nullable=False, default=False),
    Column("touched", Boolean, nullable=False, default=False),  # a person acted on it
    Column("shop", String(64), nullable=True),
    Column("parked_why", Text, nullable=True),
    _at("opened_at"),
    _at("waiting_since"),
    _at("changed_at"),
    _at("snoozed_until", empty=True),
    _at("followed_at", empty=True),
    _at("erased_at", empty=True),  # nothing that was written is left, because it told of somebody's health
    _one_of("state", CaseState),
    _one_of("topic", Topic),
    CheckConstraint("urgency BETWEEN 1 AND 4", name="urgency_1_to_4"),
    CheckConstraint("turn >= 1", name="turn_from_1"),
    Index("ix_cases_worst_first", "state", "urgency", "waiting_since"),
    Index("ix_cases_changed", "changed_at"),
    Index("ix_cases_sensitive", "changed_at", **_where_sensitive(" AND erased_at IS NULL")),  # erased early
    Index(
        "uq_cases_one_live",
        "brand",
        "customer_id",
        "conversation_id",
        unique=True,
        sqlite_where=text(_in("state", LIVE_CASES)),
        postgresql_where=text(_in("state", LIVE_CASES)),
    ),
)

mentions = Table(
    "mentions",
    metadata,
    _id(),
    _brand(),
    Column("post_id", Integer, ForeignKey("posts.id"), nullable=False, index=True),
    Column("source_key", String(255), nullable=True),
    Column("case_id", Integer, ForeignKey("cases.id"), nullable=True, index=True),
    Column("aside", String(16), nullable=True, index=True),  # why a complaint raised no case
    _at("found_at"),
    _at("again_at", empty=True),  # when a second look is due
    Column("again_tries", Integer, nullable=False, default=0, server_default=text("0")),
    UniqueConstraint("brand", "post_id"),
    Index("ix_mentions_again", "again_at", **_where("again_at IS NOT NULL")),
    Index("ix_mentions_found", "brand", "found_at"),
    CheckConstraint("aside IS NULL OR aside IN ('old', 'stored')", name="aside_known"),
)

verdicts = Table(
    "verdicts",
    metadata,
    _id(),
    _brand(),
    Column("mention_id", Integer, ForeignKey("mentions.id"), nullable=False, index=True),
    Column("stage", Integer, nullable=False),
    Column("model_version", String(64), nullable=False),
    Column("post_version", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("probability", Float, nullable=False),
    Column("language", String(16), nullable=False),
    Column("mood", Float, nullable=False),
    Column("topic", String(32), nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column(
        "shares", JSON, nullable=False, default=list, server_default=text("'[]'")
    ),  # of each Kind, by this look alone
    Column("vector", LargeBinary, nullable=True),  # what the second look saw in it: half floats
    _at("at"),
    UniqueConstraint("mention_id", "stage", "model_version", "post_version"),
    Index("ix_verdicts_sensitive", "mention_id", **_where_sensitive()),  # erased early
    _one_of("kind", Kind),
    _one_of("topic", Topic),
    CheckConstraint("probability BETWEEN 0 AND 1", name="probability_0_to_1"),
    CheckConstraint("mood BETWEEN -1 AND 1", name="mood_minus_1_to_1"),
    CheckConstraint("urgency BETWEEN 1 AND 4", name="urgency_1_to_4"),
)

lessons = Table(
    "lessons",
    metadata,
    _id(),
    _brand(),
    Column("mention_id", Integer, ForeignKey("mentions.id"), nullable=False),
    Column("place", String(64), nullable=False),
    Column("is_complaint", Boolean, nullable=False),
    Column("kind", String(16), nullable=True),  # what else it is, as far as the person said
    Column("by", String(64), nullable=False),
    _at("at"),
    Column("features", LargeBinary, nullable=True),  # None: not read yet, or this place's posts may not be learnt from
    Column("made_with", String(64), nullable=True),  # the versions of the looks that the features come from
    UniqueConstraint("brand", "mention_id"),
    _one_of("kind", Kind),
    CheckConstraint("kind IS NULL OR is_complaint = (kind = 'complaint')", name="kind_as_told"),
    CheckConstraint("(features IS NULL) = (made_with IS NULL)", name="features_whole"),
)

hearings = Table(
    "hearings",
    metadata,
    _id(),
    _brand(),
    Column("version", Integer, nullable=False),
    Column(
        "model", String(64), nullable=False
    ),  # the looks that it was made for; for others only what was shipped counts
    Column("line_first", Float, nullable=True),  # None: as shipped
    Column("line_both", Float, nullable=True),
    Column("per_day", Float, nullable=True),  # complaints a day that the owner wants to see, None: as many as there are
    Column("weights", LargeBinary, nullable=True),
    Column("lessons", Integer, nullable=False),
    Column("lessons_digest", String(64), nullable=False),
    _at("since", empty=True),  # lessons from before were put aside
    Column(
        "aside", JSON, nullable=False, default=list, server_default=text("'[]'")
    ),  # [from, to] of times whose lessons were put aside by going back over them
    Column("why", String(255), nullable=False),
    Column("by", String(64), nullable=False),
    _at("at"),
    UniqueConstraint("brand", "version"),
    CheckConstraint("version >= 1", name="version_from_1"),
    CheckConstraint("line_first IS NULL OR line_first BETWEEN 0 AND 1", name="line_first_0_to_1"),
    CheckConstraint("line_both IS NULL OR line_both BETWEEN 0 AND 1", name="line_both_0_to_1"),
    CheckConstraint("per_day IS NULL OR per_day >= 0", name="per_day_not_negative"),
)

proposals = Table(
    "proposals",
    metadata,
    _id(),
    _brand(),
    _case(),
    Column("turn", Integer, nullable=False),
    Column("alternative", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("parent_post", Integer, ForeignKey("posts.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(16), nullable=False),
    Column("audience", String(16), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("findings", JSON, nullable=False),
    Column("reach", String(16), nullable=False),
    Column("reach_why", Text, nullable=False),
    Column("reach_cost", Numeric(12, 4), nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("corrects", Integer, nullable=True),  # the reply it sets right; replies point at proposals already
    _at("made_at"),
    UniqueConstraint("case_id", "turn", "alternative", "revision"),
    _one_of("audience", Audience),
    _one_of("purpose", Purpose),
    _one_of("reach", ReachHow),
)

replies = Table(
    "replies",
    metadata,
    _id(),
    _brand(),
    _case(),
    Column("proposal_id", Integer, ForeignKey("proposals.id"), nullable=True),
    Column("place", String(64), nullable=False),
    Column("account", String(255), nullable=False),
    Column("parent_id", String(255), nullable=False),  # native id of the post answered
    Column("parent_post", Integer, ForeignKey("posts.id"), nullable=False),
    Column("audience", String(16), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("key", String(64), nullable=False, unique=True),
    Column("approved_by", String(64), nullable=True),
    _at("approved_at", empty=True),
    Column("approved_text", Text, nullable=True),
    Column("seen_turn", Integer, nullable=True),
    Column("seen_post", Integer, nullable=True),
    Column("seen_version", Integer, nullable=True),
    _at("due_at", empty=True),
    Column("attempt", Integer, nullable=False, default=0),
    Column("fence", Integer, nullable=False, default=0),
    Column("payload", Text, nullable=True),  # the bytes' source, frozen before the socket is opened
    _at("sent_at", empty=True),
    _at("lease_until", empty=True),
    _at("look_at", empty=True),
    Column("looks", Integer, nullable=False, default=0),
    _at("posted_at", empty=True),
    Column("native_id", String(255), nullable=True),
    Column("url", Text, nullable=True),
    Column("why", Text, nullable=True),
    Column("corrects", Integer, ForeignKey("replies.id"), nullable=True),
    Column("removal_by", String(64), nullable=True),
    _at("removal_due_at", empty=True),
    Column("removal_fence", Integer, nullable=False, default=0),
    _at("changed_at"),
    _one_of("audience", Audience),
    _one_of("purpose", Purpose),
    _one_of("origin", Origin),
    _one_of("state", ReplyState),
    CheckConstraint(
        "(approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (approved_text IS NULL)",
        name="approval_whole",
    ),
    CheckConstraint("approved_by IS NOT NULL OR origin = 'outside'", name="approved_or_outside"),
    CheckConstraint("(posted_at IS NOT NULL) = (state IN ('posted', 'removed'))", name="posted_at_when_posted"),
    CheckConstraint(
        "state NOT IN ('sending', 'uncertain') OR (payload IS NOT NULL AND sent_at IS NOT NULL)",
        name="frozen_before_sending",
    ),
    CheckConstraint("(removal_by IS NULL) = (removal_due_at IS NULL)", name="removal_whole"),
    Index("ix_replies_state", "state", "due_at"),
    Index("ix_replies_case", "case_id"),
    Index("ix_replies_native", "place", "native_id"),
    Index("ix_replies_parent", "place", "parent_id", "state"),
    Index("ix_replies_pulse", "changed_at", "looks"),
    Index(
        "uq_replies_one_live",
        "place",
        "account",
        "parent_id",
        "purpose",
        unique=True,
        sqlite_where=text(_in("state", SPENT_REPLIES, without=True)),
        postgresql_where=text(_in("state", SPENT_REPLIES, without=True)),
    ),
)

notes = Table(
    "notes",
    metadata,
    _id(),
    _brand(),
    _case(),
    Column("by", String(64), nullable=False),
    Column("text", Text, nullable=False),
    _at("at"),
)

history = Table(
    "history",
    metadata,
    _id(),
    _brand(),
    _case(),
    Column("seq", Integer, nullable=False),
    Column("who", String(64), nullable=False),
    Column("thing", String(16), nullable=False),
    Column("thing_id", Integer, nullable=False),
    Column("was", String(16), nullable=False),  # "" at birth
    Column("now_is", String(16), nullable=False),
    Column("why", String(255), nullable=False),  # our own words, never a stranger's
    Column("note_id", Integer, nullable=True),  # into notes, which can be erased
    Column("note_hash", String(64), nullable=False),
    Column("chain", String(64), nullable=False),
    _at("at"),
    UniqueConstraint("case_id", "seq"),
    CheckConstraint("thing IN ('case', 'reply')", name="thing_known"),
)

resolutions = Table(
    "resolutions",
    metadata,
    _id(),
    _brand(),
    _case(),
    Column("cause", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("prevention", Text, nullable=False),
    Column("by", String(64), nullable=False),
    _at("at"),
    Index("ix_resolutions_case", "case_id"),
)

pauses = Table(
    "pauses",
    metadata,
    _id(),
    Column("scope", String(64), nullable=False),  # a brand's key, or "*" for all
    Column("by", String(64), nullable=False),
    _at("at"),
    Column("ended_by", String(64), nullable=True),
    _at("ended_at", empty=True),
    CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name="ending_whole"),
    Index(
        "uq_pauses_one_live",
        "scope",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

digests = Table(
    "digests",
    metadata,
    _id(),
    Column("brand", String(64), nullable=False),  # a brand's key, or "*" for all
    Column("recipient", String(255), nullable=False),
    Column("local_date", Date, nullable=False),
    Column("state", String(16), nullable=False),
    Column("message_id", String(255), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("why", Text, nullable=True),
    _at("claimed_at"),
    _at("next_at", empty=True),
    _at("sent_at", empty=True),
    UniqueConstraint("recipient", "local_date"),
    CheckConstraint("state IN ('claimed', 'sent', 'failed')", name="state_known"),
    CheckConstraint("(sent_at IS NOT NULL) = (state = 'sent')", name="sent_at_when_sent"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(255), nullable=False),
    _at("until"),
)

forgotten = Table(
    "forgotten",
    metadata,
    _id(),
    Column("place", String(64), nullable=False),
    Column("what", String(16), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),  # keyed: nobody can read from it who it was
    _at("at"),
    _at("until", empty=True),  # of an author: the newest post that was forgotten; what is newer is a stranger's
    _at("do_not_contact_at", empty=True),
    CheckConstraint("what IN ('author', 'post')", name="what_known"),
    CheckConstraint("what = 'author' OR (until IS NULL AND do_not_contact_at IS NULL)", name="only_authors_are_people"),
)

HOUSE_WIDE = frozenset({"people", "sessions", "leases", "pauses", "alerts", "forgotten"})
"""Tables that belong to the house and carry no brand column (a pause names its brand in `scope`)."""
