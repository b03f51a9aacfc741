"""The town under torture: one server in front, behind it the platform of the present run with a world of its own.

Requests can be held back here and carried out when the town's clock comes to their time: that is how a request is executed long
after its sender gave up, or died.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.faults import FaultPlan
from sandbox.serve import Served
from sandbox.world import World, WorldPost
from torture.clock import TownClock
from torture.sites import KEY, SITES, Site

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


AT_REST_WITHIN = 30.0
"""Seconds in which requests of a dead process end: those that the town answers slowly notice that nobody listens any more."""
ROUNDS = 10
"""Rounds of the server's loop: one to accept a connection, one to read from it, one to begin, and some to spare."""


@dataclass(slots=True)
class Late:
    """A request to hold back: it is carried out `by` later. Its sender sees the line cut, or (`error`) that the server is in trouble.

    `times` and `skip` as in sandbox.faults.Fault.
    """

    method: str
    path: str
    by: timedelta
    times: int | None = 1
    skip: int = 0
    error: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A request that waits for its time."""

    at: datetime
    scope: Scope
    body: bytes


class _Door:
    """The town's one address. A class, since that is what servers know an application by."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._inside = 0
        self._deserted = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._loop = asyncio.get_running_loop()
        self._inside += 1
        self._deserted.clear()
        try:
            await self._town.answer(scope, receive, send)
        finally:
            self._inside -= 1
            if not self._inside:
                self._deserted.set()

    def close_behind(self) -> None:
        """Return when everybody who had come is gone; from another thread."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._empty(), self._loop).result(AT_REST_WITHIN)

    async def _empty(self) -> None:
        for _ in range(ROUNDS):
            await asyncio.sleep(0)  # one round of the loop: whatever has arrived is let in
        if self._inside:
            await self._deserted.wait()


class Town:
    """Use as a context. `move_in` begins a run; the address stays the same for all of them."""

    def __init__(self) -> None:
        self.clock = TownClock()
        self.late: list[Late] = []
        self._held: list[Held] = []
        self._arrived: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        self._app: App | None = None
        self._world: World | None = None
        self._site: Site | None = None
        self._options: Any = None
        self._door = _Door(self)
        self._served = Served(self._door)
        self.url = self._served.url

    def __enter__(self) -> Self:
        self._served.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._served.stop()
        if self._world is not None:
            self._world.close()

    def move_in(self, place: str, world: Path, at: datetime) -> None:
        """Begin a run on one platform, with the world in a file, at an instant. Whatever was held back before is forgotten."""
        if self._world is not None:
            self._world.close()
        self.late, self._held, self._arrived = [], [], []
        self.clock.begin(at)
        self._site, self._world = SITES[place], World(world, self.clock)
        self._app, self._options = self._site.build(self._world)

    @property
    def world(self) -> World:
        """The world of the present run."""
        assert self._world is not None
        return self._world

    @property
    def site(self) -> Site:
        """The platform of the present run."""
        assert self._site is not None
        return self._site

    @property
    def place(self) -> str:
        """Its name."""
        return self.site.place

    @property
    def options(self) -> Any:
        """What can be turned on the platform."""
        return self._options

    @property
    def faults(self) -> FaultPlan:
        """What is going to go wrong."""
        plan = self._options.faults
        assert isinstance(plan, FaultPlan)
        return plan

    def calm(self) -> None:
        """From now on nothing goes wrong; what is held back stays so until its time."""
        self.late = []
        self.faults.clear()

    def lag(self, lag: timedelta) -> None:
        """From now on listings are behind by so much."""
        self._options.index_lag = lag  # every platform of the town has it

    def account(self, handle: str = KEY) -> str:
        """The id of an account there, opened if need be."""
        return self.world.add_account(self.place, handle, handle.title()).id

    def ours(self) -> list[WorldPost]:
        """Everything our account ever wrote there, taken down or not."""
        return self.world.posts(self.place, author_id=self.account())

    def come_to_rest(self) -> None:
        """Wait until what a dead process had sent before is carried out, or held back: no later than that does time go on."""
        self._door.close_behind()

    def arrived(self, method: str, path: str) -> int:
        """How many such requests have come to the door since the run began, whatever became of them."""
        return sum(one == method and re.search(path, target) is not None for one, target in self._arrived)

    def pass_time(self, by: timedelta) -> None:
        """Let time pass; what is held back is carried out on the way, each at its time."""
        until = self.clock() + by
        while (held := self._next_held(until)) is not None:
            self.clock.turn_to(held.at)
            asyncio.run(self._carry_out(held))
        self.clock.turn_to(until)

    def _next_held(self, until: datetime) -> Held | None:
        with self._lock:
            due = [held for held in self._held if held.at <= until]
            if not due:
                return None
            first = min(due, key=lambda held: held.at)
            self._held.remove(first)
            return first

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request at the door: to the platform, or held back."""
        assert self._app is not None
        self._arrived.append((scope["method"], scope["path"]))
        late = self._strike(scope)
        if late is None:
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        with self._lock:
            self._held.append(Held(self.clock() + late.by, scope, body))
        if late.error:
            await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            scope["state"]["transport"].abort()

    def _strike(self, scope: Scope) -> Late | None:
        if not self.late:
            return None
        with self._lock:
            for late in self.late:
                if late.method != scope["method"] or not re.search(late.path, scope["path"]):
                    continue
                if late.skip:
                    late.skip -= 1
                    return None
                if late.times is not None:
                    late.times -= 1
                    if not late.times:
                        self.late.remove(late)
                return late
        return None

    async def _carry_out(self, held: Held) -> None:
        assert self._app is not None
        given = False

        async def receive() -> Message:
            nonlocal given
            if given:
                return {"type": "http.disconnect"}
            given = True
            return {"type": "http.request", "body": held.body, "more_body": False}

        async def nobody_listens(message: Message) -> None:
            del message

        await self._app(held.scope, receive, nobody_listens)


async def _read(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return body
