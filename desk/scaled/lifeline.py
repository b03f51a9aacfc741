"""A worker's lifeline: a connection on which it holds a lock that bears its number, for as long as it lives.

When a process is killed its connections close, and the server lets go of the lock at that moment: the others know at once, and a worker
that is only slow, because its machine is busy, is never taken for dead. Where a whole machine is lost, or a pooler stands between, the
heartbeat decides, a little later.
"""

from __future__ import annotations

import asyncio
from typing import Any

from procrastinate import App
from procrastinate.worker import Worker as Hands
from psycopg import AsyncConnection

from desk.scaled.alive import DEAD, LINE
from desk.scaled.jobs import HEARTBEAT

ANSWER_WITHIN = 3
LIVELINESS: dict[str, Any] = {
    "connect_timeout": ANSWER_WITHIN,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "amends worker",
}
"""How a connection notices within seconds, and not after hours, that the server's machine is gone (libpq, chapter 34.1.2)."""
SAME_THERE = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 10000"
"""And how the server notices that ours is."""


async def open_lifeline(url: str) -> AsyncConnection[Any]:
    """The connection; the lock is taken when the worker has its number. Raises psycopg's error at once when the server is away."""
    line = await AsyncConnection.connect(url, autocommit=True, **LIVELINESS)
    await line.execute(SAME_THERE)
    return line


async def hold_on(line: AsyncConnection[Any], hands: Hands) -> None:
    """Hold the lock until cancelled. Raises psycopg's error when the line breaks, and the worker must then begin anew."""
    while hands.worker_id is None:  # noqa: ASYNC110 - procrastinate tells nobody when it has its number
        await asyncio.sleep(0.01)
    await line.execute("SELECT pg_advisory_lock(%s, %s)", (LINE, hands.worker_id))
    while True:
        await asyncio.sleep(HEARTBEAT)
        await line.execute("SELECT 1")


async def bury_dead(app: App) -> int:
    """Strike the dead off the list of workers, which leaves their jobs without one; how many there were."""
    dead = await app.connector.execute_query_all_async(f"SELECT id FROM procrastinate_workers AS workers WHERE {DEAD}")  # noqa: S608
    for worker in dead:
        await app.job_manager.unregister_worker(int(worker["id"]))
    return len(dead)
