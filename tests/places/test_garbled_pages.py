"""Pages that were changed on their way: read as far as they can be, or not at all; and nothing is lost by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings

from places.doors import Unavailable
from sandbox.faults import Changed, Done, Fault
from storage.words import Batch
from tests.places.benching import Bench
from tests.places.test_never_twice import spoil, steps, wholes

KEEPING = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)


def poll(reader: Bench, cursor: str | None, change: Callable[[bytes], bytes]) -> Batch | None:
    """One poll whose first page is changed on its way; None when it could not be read."""
    reader.plan.add(Fault("GET", reader.reading, Done.FIRST, Changed(change)))
    try:
        return reader.source.poll(cursor, reader.now())
    except Unavailable:
        return None
    finally:
        reader.plan.clear()
        reader.clock.ahead += timedelta(minutes=1)


def check_sane(batch: Batch) -> None:
    """What came of it can be stored and shown."""
    for post in batch.posts:
        (post.text + post.title + post.author.name + post.author.handle + (post.url or "")).encode()
        assert post.native_id
        assert post.created_at.utcoffset() == timedelta(0)
    for one in batch.poison:
        (one.raw + one.why + (one.native_id or "")).encode()
        assert len(one.raw) <= 2000


def nothing_lost(reader: Bench, cursor: str | None, wanted: str) -> None:
    """A poll that goes well brings what Cora wrote."""
    found: list[str] = []
    for _ in range(3):
        batch = reader.source.poll(cursor, reader.now())
        found += [post.native_id for post in batch.posts]
        cursor = batch.cursor
        reader.clock.ahead += timedelta(minutes=1)
    assert wanted in found


@settings(max_examples=40, deadline=None, suppress_health_check=KEEPING)
@given(accidents=steps)
def test_a_garbled_page_loses_nothing(reader: Bench, accidents: Any) -> None:
    wanted = reader.one_complaint.id
    batch = poll(reader, None, lambda body: spoil(body, accidents))
    if batch is not None:
        check_sane(batch)
    nothing_lost(reader, batch.cursor if batch is not None else None, wanted)


@settings(max_examples=30, deadline=None, suppress_health_check=KEEPING)
@given(page=wholes)
def test_a_page_of_another_shape_is_nothing_or_unavailable(reader: Bench, page: Any) -> None:
    wanted = reader.one_complaint.id
    batch = poll(reader, None, lambda _: json.dumps(page).encode())
    if batch is not None:
        check_sane(batch)
        assert batch.posts == ()
    nothing_lost(reader, batch.cursor if batch is not None else None, wanted)
