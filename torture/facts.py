"""What there is to judge: people's yeses and what the machine makes of them, read from the base; what stands, read from the town."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, or_, select

from storage.engine import reading
from storage.tables import mentions, posts, replies
from storage.words import Origin, ReplyState
from torture.judge import Known, Said, Stands
from torture.stage import Stage

DONE = frozenset({ReplyState.POSTED, ReplyState.REFUSED, ReplyState.BY_HAND, ReplyState.WITHDRAWN, ReplyState.REMOVED})
UP = frozenset({ReplyState.POSTED, ReplyState.REMOVED})
MOST = 10_000
"""More than ever wait for a person in one run."""


def read_said(stage: Stage) -> dict[int, Said]:
    """Every yes that stands in the base now, by reply, with the ids that the platform knows the answered post by."""
    query = select(replies).where(replies.c.origin == Origin.HERE)
    with reading(stage.house.engine) as connection:
        rows = connection.execute(query.order_by(replies.c.id)).all()
    return {row.id: Said(row.id, row.approved_text, parents_of(stage, row.parent_id)) for row in rows}


def parents_of(stage: Stage, native_id: str) -> frozenset[str]:
    """Every id that the platform knows a post by, from the one that we know: places put their own marks before an id."""
    bare = native_id.rpartition("/")[2]
    for one in (native_id, bare, bare.rpartition("_")[2]):
        found = stage.town.world.post(stage.town.place, one)
        if found is not None:
            return frozenset(found.history)
    raise KeyError(f"no post {native_id} on {stage.town.place}")


def refresh(stage: Stage, said: Mapping[int, Said]) -> list[Said]:
    """The same yeses with the ids that the answered posts have by now: where editing makes new ones, any of them will do."""
    return [replace(one, parents=parents_of(stage, min(one.parents))) for one in said.values()]


def read_stands(stage: Stage) -> list[Stands]:
    """Everything our account ever put on the platform, as people read it there."""
    read = stage.town.site.says
    return [
        Stands(one.id, one.parent_id, read(one.versions[0].text), one.deleted_at is not None)
        for one in stage.town.ours()
    ]


def read_known(stage: Stage) -> dict[int, Known]:
    """What the machine makes of its replies, and whether the owner's lists tell of them."""
    told = cases_told(stage)
    with reading(stage.house.engine) as connection:
        rows = connection.execute(select(replies)).all()
    return {row.id: Known(is_settled(row), row.state in UP, row.case_id in told, row.native_id) for row in rows}


def is_settled(row: Row[Any]) -> bool:
    """Whether the machine has nothing more to do for a reply."""
    if row.state == ReplyState.POSTED:
        return row.removal_due_at is None
    return row.state in DONE or (row.state == ReplyState.UNCERTAIN and row.look_at is None)


def cases_told(stage: Stage) -> set[int]:
    """Cases that stand in a list in which the owner sees that something is up to them."""
    look, now = stage.house.reading, stage.now
    lists = look.lists(now, limit=MOST)
    return {row.case_id for row in (*lists.parked, *lists.by_hand, *look.inbox(now, limit=MOST).rows)}


def next_due(stage: Stage) -> datetime | None:
    """When the machine will have something to do for a reply that is not settled; None when all of them are."""
    open_ones = or_(
        replies.c.state.in_([ReplyState.APPROVED, ReplyState.SENDING]),
        (replies.c.state == ReplyState.UNCERTAIN) & replies.c.look_at.is_not(None),
        (replies.c.state == ReplyState.POSTED) & replies.c.removal_due_at.is_not(None),
    )
    with reading(stage.house.engine) as connection:
        rows = connection.execute(select(replies).where(open_ones)).all()
    return min((_due(row) for row in rows), default=None)


def _due(row: Row[Any]) -> datetime:
    due: dict[ReplyState, datetime | None] = {
        ReplyState.APPROVED: row.due_at,
        ReplyState.SENDING: row.lease_until,
        ReplyState.UNCERTAIN: row.look_at,
        ReplyState.POSTED: row.removal_due_at,
    }
    at = due[ReplyState(row.state)]
    assert at is not None
    return max(at, row.lease_until) if row.lease_until else at


def taken_in(stage: Stage) -> list[str]:
    """The native ids of all mentions in the base."""
    query = select(posts.c.native_id).join(mentions, mentions.c.post_id == posts.c.id)
    with reading(stage.house.engine) as connection:
        return [str(one) for one in connection.execute(query).scalars()]
