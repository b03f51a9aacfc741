"""The queue's jobs: a function's name and a key, nothing else. What is to be done stands in the base, so a lost job loses nothing.

At most one job of a kind waits (its queueing lock), at most one runs (its lock), however many workers there are. Polling is a kind
for each source, posting for each account: one that is slow holds up no other. A job never waits for a later time: with procrastinate a waiting job holds its lock against all after it, due or not.
"""

from __future__ import annotations

from typing import Any

QUEUE = "amends"
POLL, POST, TICK = "poll", "post", "tick"
KEYED = frozenset({POLL, POST})
"""Kinds of which the tick knows the keys: sources to poll, accounts to post for."""
HEARTBEAT = 1.0
"""Seconds between the signs of life that a worker gives."""
SILENT = 2.0
"""Seconds without one after which a worker is taken for dead that has no lifeline either."""
STALLED = 15.0
"""Seconds without one after which it is in any case. One that was only slow finds its claims taken over, no more."""
URGENT = frozenset({POST, "look", "remove", TICK})
"""What customers and owners wait for is taken first where workers are scarce."""


def task_of(work: str) -> str:
    """The name under which a kind of work is known to procrastinate."""
    return f"{QUEUE}.{work}"


def options_of(work: str, key: str = "") -> dict[str, Any]:
    """How procrastinate is to queue a job of this kind; `key`: which source to poll, which account to post for. A tick takes no lock: two at once are harmless."""
    lock = f"{work}:{key}" if key else work
    return {
        "queue": QUEUE,
        "queueing_lock": lock,
        "priority": 10 if work in URGENT else 0,
        **({} if work == TICK else {"lock": lock}),
        **({"task_kwargs": {"key": key}} if key else {}),
        **({"task_kwargs": {"timestamp": 0}} if work == TICK else {}),
    }
