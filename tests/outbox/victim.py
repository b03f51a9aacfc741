"""A process that posts, and that dies at a step of one's choosing.

It reads one JSON order a line, forks a child for each, and answers with one JSON line of what became of the child. A step is every
begin and commit of a transaction, and both ends of every HTTP request; at step `kill_at` the child sends itself SIGKILL.
Started with nothing but real parts: the real casebook, the real places, the town's servers over HTTP.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, datetime
from typing import Any

import requests.adapters
import structlog
from sqlalchemy import event

from places.doors import Opened
from places.reddit import RedditSettings
from places.table import opener
from places.x import XSettings
from responders.outbox import Outbox, look_due, post_due
from sandbox.keys import reddit_keys, x_keys
from storage.casebook import Casebook, DueReply
from storage.engine import open_engine
from storage.words import Brand, Gone, Post

BRAND = Brand("rosebakery", "Rose Bakery", names=("Rose Bakery",), handles={"x": "rosebakery", "reddit": "rosebakery"})


class Steps:
    """Counts steps and dies at one of them."""

    def __init__(self, kill_at: int | None) -> None:
        self.kill_at, self.taken = kill_at, 0

    def step(self, *_: Any) -> None:
        self.taken += 1
        if self.taken == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def watch(engine: Any, steps: Steps) -> None:
    """Make every transaction and every request a step."""
    event.listen(engine, "begin", steps.step)
    event.listen(engine, "commit", steps.step)
    send = requests.adapters.HTTPAdapter.send

    def stepping(self: Any, *given: Any, **named: Any) -> Any:
        steps.step()
        answer = send(self, *given, **named)
        steps.step()
        return answer

    requests.adapters.HTTPAdapter.send = stepping  # type: ignore[method-assign]


def opened(order: dict[str, Any]) -> Opened:
    """The place with the town's keys."""
    if order["place"] == "x":
        keys = x_keys("rosebakery")
        settings: Any = XSettings(
            keys.bearer_token, keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_token_secret,
            base_url=order["url"], search=False,
        )  # fmt: skip
    else:
        own = reddit_keys("rosebakery")
        settings = RedditSettings(
            client_id=own.client_id, client_secret=own.client_secret, username=own.username, password=own.password,
            reddit_url=order["url"], oauth_url=order["url"],
        )  # fmt: skip
    return opener(order["place"])(BRAND, settings)


def work(order: dict[str, Any]) -> int:
    """Do the outbox's work once at the ordered time; gives the number of steps."""
    steps = Steps(order["kill_at"])
    engine = open_engine(order["base"])
    casebook = Casebook(engine, b"test")
    place = opened(order)
    assert place.publisher is not None
    watch(engine, steps)
    ahead = datetime.fromisoformat(order["now"]) - datetime.now(UTC)

    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    def look_again(due: DueReply, now: datetime) -> None:
        seen = place.sources[0].again([due.parent.native_id], now)
        gone = [one for one in seen.values() if isinstance(one, Gone)]
        changed = [one for one in seen.values() if isinstance(one, Post) and one.text != due.parent.text]
        assert not changed, "the tests' customers do not edit"
        casebook.rounds.record_again(due.brand, gone, due.place, now)

    outbox = Outbox(
        casebook,
        {order["place"]: place.place},
        {("rosebakery", order["place"]): place.publisher},
        look_again,
        clock,
    )
    post_due(outbox)
    look_due(outbox)
    return steps.taken


def main() -> None:
    """Carry out orders until there are no more. Answers go to stdout, the log to stderr."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    for line in sys.stdin:
        order = json.loads(line)
        receive, send = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(receive)
            taken = work(order)
            os.write(send, str(taken).encode())
            os._exit(0)
        os.close(send)
        with os.fdopen(receive) as told:
            steps = told.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"status": status, "steps": int(steps or 0)}), flush=True)


if __name__ == "__main__":
    main()
