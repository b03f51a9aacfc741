"""Whether anybody works: a worker gives a sign of life every second, and holds a lock for as long as it lives (see lifeline)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from desk.scaled.jobs import SILENT, STALLED
from storage.engine import BaseUnavailable, Engine, reading

LINE = int.from_bytes(b"amln", "big")
"""The first of the two numbers of a worker's lock; the second is the worker's own."""
DEAD = f"""(
    last_heartbeat < now() - interval '{STALLED} seconds' OR (
        last_heartbeat < now() - interval '{SILENT} seconds' AND NOT EXISTS (
            SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = {LINE} AND objid = workers.id AND objsubid = 2 AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))))"""  # noqa: S608 - numbers of ours
"""Whether a row of procrastinate's workers is that of a dead one."""
EVERY = 2.0
"""Seconds for which an answer is good."""
LONG = 60.0
"""Seconds without any worker after which people are told: a restart takes less."""
NOBODY = "No worker is running, so nothing is read and nothing is posted. Start one with: amends run --role worker"


def count_workers(engine: Engine) -> int:
    """How many workers are alive now. Raises BaseUnavailable."""
    with reading(engine) as connection:
        alive = connection.exec_driver_sql(f"SELECT count(*) FROM procrastinate_workers AS workers WHERE NOT {DEAD}")  # noqa: S608
        return int(alive.scalar_one())


@dataclass(frozen=True, slots=True)
class Alive:
    """How many workers there are, and what to tell people when there has been none for long."""

    workers: int
    trouble: str | None = None


class Watch:
    """Looks after the workers for pages: at most every few seconds, however often it is asked. Any thread may ask."""

    def __init__(self, count: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._count = count
        self._clock = clock
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._none_since: float | None = None
        self._found = Alive(0)

    def look(self) -> Alive:
        """The workers alive; what cannot be asked because the base is away is not told as a trouble of theirs."""
        with self._lock:
            now = self._clock()
            if now - self._asked >= EVERY:
                self._asked = now
                self._found = self._ask(now)
            return self._found

    def _ask(self, now: float) -> Alive:
        try:
            workers = self._count()
        except BaseUnavailable:
            return Alive(0)
        if workers:
            self._none_since = None
            return Alive(workers)
        if self._none_since is None:
            self._none_since = now
        return Alive(0, NOBODY if now - self._none_since >= LONG else None)
