"""What matters of a base, without instants and without names that chance gave: two ways to the same end must look the same here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, select

from storage.engine import reading
from storage.tables import (
    accounts,
    alerts,
    brands,
    cases,
    customers,
    digests,
    forgotten,
    hearings,
    leases,
    lessons,
    mentions,
    notes,
    pauses,
    people,
    posts,
    proposals,
    replies,
    resolutions,
    sources,
    verdicts,
)
from torture.scenes import password_hash
from torture.stage import Stage

Observed = dict[str, Counter[str]]

_QUERIES: dict[str, Select[Any]] = {
    "cases": select(
        cases.c.conversation_id, cases.c.state, cases.c.parked_why.is_not(None), cases.c.snoozed_until.is_not(None),
        cases.c.thanked, cases.c.touched, cases.c.erased_at.is_not(None),
    ),
    "replies": select(
        replies.c.parent_id, replies.c.state, replies.c.approved_text, replies.c.purpose, replies.c.origin,
        replies.c.removal_by.is_not(None), replies.c.native_id.is_not(None),
    ),
    "posts": select(posts.c.native_id, posts.c.version, posts.c.deleted_at.is_not(None)).where(posts.c.by_account.is_(None)),
    "ours": select(posts.c.parent_id, posts.c.deleted_at.is_not(None)).where(posts.c.by_account.is_not(None)),
    "mentions": select(mentions.c.brand, posts.c.native_id, mentions.c.case_id.is_not(None), mentions.c.aside).join(
        posts, posts.c.id == mentions.c.post_id
    ),
    "verdicts": select(posts.c.native_id, verdicts.c.stage, verdicts.c.post_version, verdicts.c.kind)
    .join(mentions, mentions.c.id == verdicts.c.mention_id)
    .join(posts, posts.c.id == mentions.c.post_id),
    "texts": select(proposals.c.case_id, proposals.c.turn, proposals.c.text).distinct(),
    "notes": select(notes.c.case_id, notes.c.text),
    "ends": select(resolutions.c.case_id, resolutions.c.cause, resolutions.c.remedy, resolutions.c.prevention),
    "customers": select(customers.c.native_id, customers.c.do_not_contact_at.is_not(None)),
    "pauses": select(pauses.c.scope, pauses.c.ended_at.is_(None)),
    "accounts": select(accounts.c.place, accounts.c.native_id, accounts.c.handle),
    "brands": select(brands.c.key, brands.c.old_one_a_day, brands.c.old_last_on),
    "people": select(people.c.email, people.c.role),
    "sources": select(sources.c.key, sources.c.cursor.is_not(None), sources.c.lease_until.is_not(None)),
    "digests": select(digests.c.recipient, digests.c.local_date, digests.c.state, digests.c.message_id),
    "alerts": select(alerts.c.recipient, alerts.c.state),
    "lessons": select(lessons.c.mention_id, lessons.c.is_complaint, lessons.c.kind, lessons.c.features.is_not(None)),
    "hearings": select(
        hearings.c.brand, hearings.c.per_day, hearings.c.line_both.is_not(None), hearings.c.weights.is_not(None),
        hearings.c.lessons, hearings.c.since.is_not(None),
    ).distinct(),
    "again": select(mentions.c.id, mentions.c.again_at.is_not(None)),
    "leases": select(leases.c.name, leases.c.holder),
    "forgotten": select(forgotten.c.place, forgotten.c.what, forgotten.c.hash),
}  # fmt: skip


def observe(stage: Stage) -> Observed:
    """The base as it is now."""
    with reading(stage.house.engine) as connection:
        seen = {name: Counter(_lines(connection, query)) for name, query in _QUERIES.items()}
        hashes = connection.execute(select(people.c.password_hash)).scalars()
        seen["passwords"] = Counter(str(one == password_hash()) for one in hashes)  # as it was, or another
    return seen


def _lines(connection: Connection, query: Select[Any]) -> Iterable[str]:
    return (repr(tuple(row)) for row in connection.execute(query))


def tell_difference(seen: Observed, wanted: Observed) -> str:
    """What of `seen` is not as it should be; "" when all is."""
    told = []
    for name in wanted:
        more, less = seen[name] - wanted[name], wanted[name] - seen[name]
        if more or less:
            told.append(f"{name}: {sorted(more)} instead of {sorted(less)}")
    return "; ".join(told)
