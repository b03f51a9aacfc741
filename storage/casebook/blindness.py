"""Windows in which a source was blind: written when it sees again, in the same transaction as the round that proves it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from storage.tables import blind_windows
from storage.views import BlindWindow, SourceState
from storage.words import Batch, Cause

NOT_RUNNING = "Amends was not running."
TOO_MUCH = "More was written between two looks than the site shows."


def note_window(connection: Connection, row: Row[Any], state: SourceState, batch: Batch, now: datetime) -> None:
    """Note what this round tells of the time since the last one. A walk through many batches stays one window until it is done."""
    if state.is_stale(now) or batch.gap:
        blind = state.is_stale(now)
        connection.execute(
            insert(blind_windows).values(
                brand=state.brand,
                source_key=state.key,
                place=state.place,
                began_at=min(state.seen_until, now),
                ended_at=now,
                cause=_cause(state) if blind else Cause.LIMIT,
                why=(row.last_error or NOT_RUNNING) if blind else TOO_MUCH,
                gap=batch.gap,
            )
        )
    if not batch.more:
        connection.execute(
            update(blind_windows)
            .where(blind_windows.c.source_key == state.key, blind_windows.c.caught_up_at.is_(None))
            .values(caught_up_at=now)
        )


def _cause(state: SourceState) -> Cause:
    """What kept it from seeing. Without an error nobody was looking; an error from before a long sleep is not told apart."""
    return state.cause or (Cause.DOWN if state.last_error else Cause.OFF)


def windows(connection: Connection, since: datetime, limit: int) -> tuple[BlindWindow, ...]:
    """The windows that ended after `since`, newest first."""
    rows = connection.execute(
        select(blind_windows)
        .where(blind_windows.c.ended_at > since)
        .order_by(blind_windows.c.ended_at.desc(), blind_windows.c.id.desc())
        .limit(limit)
    )
    return tuple(
        BlindWindow(
            brand=row.brand,
            source_key=row.source_key,
            place=row.place,
            began_at=row.began_at,
            ended_at=row.ended_at,
            cause=Cause(row.cause),
            why=row.why,
            gap=row.gap,
            caught_up_at=row.caught_up_at,
        )
        for row in rows
    )
