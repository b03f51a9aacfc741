"""What a victim does in one start: the service's own due work, a button pressed in the inbox, or something naive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

import structlog

from desk.web.tokens import form_token
from desk.wiring import House
from desk.work import DUE_WORK, DueWork, do_work, look_again
from responders.outbox import Outbox, look_due, post_due, remove_due
from torture.acts import ACTS
from torture.naive import mark_first, post_again
from torture.orders import Press

log = structlog.get_logger(__name__)

App = Callable[[Any, Any, Any], Awaitable[None]]
Clock = Callable[[], Any]

OUTBOX: Mapping[str, Callable[[Outbox], int]] = {"post": post_due, "look": look_due, "remove": remove_due}
"""The works that ask the clock at each step; they are given the town's."""

ALSO: Mapping[str, Callable[[House, Clock], Any]] = {"naive: again": post_again, "naive: first": mark_first, **ACTS}
"""What is no due work of the service."""

ALL_WORK = tuple(work.name for work in DUE_WORK)


def do(name: str, house: House, clock: Clock) -> None:
    """One work, as the ticker does it: what fails is told in the log and stops nothing else."""
    do_work(_work(name, house, clock), house, clock(), log)


def _work(name: str, house: House, clock: Clock) -> DueWork:
    if name in OUTBOX:
        outbox = Outbox(house.casebook, house.places, house.publishers, partial(look_again, house), clock)
        return DueWork(name, lambda _, __: OUTBOX[name](outbox))
    if name in ALSO:
        return DueWork(name, lambda _, __: int(ALSO[name](house, clock) or 0))
    return next(work for work in DUE_WORK if work.name == name)


def press(app: App, pressed: Press) -> int:
    """Press a button as a browser on this machine does; gives the status of the answer."""
    return asyncio.run(_press(app, pressed))


async def _press(app: App, pressed: Press) -> int:
    body = urlencode([*pressed.form, ("token", form_token(pressed.session))]).encode()
    headers = {
        "host": "127.0.0.1",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
        "sec-fetch-site": "same-origin",
        "cookie": f"amends-80={pressed.session}; amends-80-door={pressed.session}",  # signed in, and before the door
    }
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": pressed.path, "raw_path": pressed.path.encode(), "root_path": "", "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    statuses: list[int] = []
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        return parts.pop() if parts else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]
