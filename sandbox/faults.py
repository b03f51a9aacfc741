"""What goes wrong on the way: a plan of faults, and the front of a server that follows the plan.

A fault has two sides that are independent of each other: whether the request is carried out, and what the asker gets to see. A
reply that was posted while its answer was lost is `Fault("POST", r"/2/tweets$", Done.FIRST, CUT)`.

Every request goes through `Front`, which also writes it down in the World with its true outcome, whatever was answered.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import answering
from sandbox.answering import Caught
from sandbox.world import World


class Done(StrEnum):
    """Whether and when the request is carried out."""

    NEVER = "never"
    FIRST = "first"  # before anything is answered
    LATER = "later"  # `delay` seconds after the answer


class Seen(StrEnum):
    """What the asker sees, where it is not an answer of our making."""

    TRUTH = "truth"  # the real answer; only together with Done.FIRST
    NOTHING = "nothing"  # the line stays open and silent
    CUT = "cut"  # the connection is reset without a byte
    HALF = "half"  # half of the real answer, then reset; only together with Done.FIRST
    DRIP = "drip"  # the real answer (nothing, where nothing was carried out) a byte at a time, and after it blanks for ever
    DRIP_HEAD = "drip of a head"  # a status, and then a header that does not end, a byte at a time
    LAST = "last"  # the real answer, and from then on nothing listens: connections are refused; only together with Done.FIRST


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of our making. `status` None keeps the true one (200 where nothing was carried out)."""

    status: int | None = None
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json; charset=utf-8"),)


@dataclass(frozen=True, slots=True)
class Changed:
    """The true answer with its body changed on the way; only together with Done.FIRST."""

    change: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of our making that depends on the time in the world: reset times, above all."""

    make: Callable[[datetime], Answer]


Shown = Seen | Answer | Changed | Told

NOTHING, CUT, HALF, TRUTH = Seen.NOTHING, Seen.CUT, Seen.HALF, Seen.TRUTH
DRIP, DRIP_HEAD, LAST = Seen.DRIP, Seen.DRIP_HEAD, Seen.LAST
GARBAGE = Answer(body=b'{"data": [{"id": "1')
EMPTY = Answer(body=b"")
HTML_500 = Answer(500, b"<html><body><h1>Something went wrong</h1></body></html>", (("content-type", "text/html"),))
HTML_503 = Answer(503, b"<html><title>503 Over capacity</title></html>", (("content-type", "text/html"),))


@dataclass(slots=True)
class Fault:
    """One fault. `method` "" is any; `path` is a regular expression searched in path?query; `skip` matching requests go unharmed first.

    `times` is how often it strikes (None: until it is taken out of the plan). `delay` seconds: how late a LATER request is carried
    out; how long nothing listens after LAST (0: until the plan is cleared); how long before the answer everything else waits.
    """

    method: str
    path: str
    done: Done = Done.NEVER
    seen: Shown = CUT
    times: int | None = 1
    skip: int = 0
    delay: float = 0.0

    def matches(self, method: str, target: str) -> bool:
        """Whether it is meant for this request."""
        return self.method in {"", method} and re.search(self.path, target) is not None


@dataclass(slots=True)
class FaultPlan:
    """The faults to come; the first one that matches strikes. Safe to change from any thread while the server runs."""

    faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _undo: list[Callable[[], None]] = field(default_factory=list, repr=False)

    def add(self, *faults: Fault) -> None:
        """Put faults at the end of the plan."""
        with self._lock:
            self.faults.extend(faults)

    def clear(self) -> None:
        """From now on all goes well: the faults are gone, and who listened no more listens again."""
        with self._lock:
            self.faults.clear()
            undo, self._undo = self._undo, []
        for act in undo:
            act()

    def when_cleared(self, act: Callable[[], None]) -> None:
        """Have `act` done once, by whoever clears the plan."""
        with self._lock:
            self._undo.append(act)

    def strike(self, method: str, target: str) -> Fault | None:
        """The fault that strikes this request, if any; it is used up by that."""
        with self._lock:
            fault = next((fault for fault in self.faults if fault.matches(method, target)), None)
            if fault is None:
                return None
            if fault.skip:
                fault.skip -= 1
                return None
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
            return fault


class Front:
    """The front of a server, as ASGI middleware: follows the plan, and writes every request down in the World.

    What an endpoint puts into `request.state.note` becomes the note of the call.
    """

    def __init__(self, app: ASGIApp, world: World, place: str, plan: FaultPlan) -> None:
        self.app, self.world, self.place, self.plan = app, world, place, plan
        self._later: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await answering.read_whole(receive)
        method, target = scope["method"], _target(scope)
        fault = self.plan.strike(method, target)
        if fault is None:
            await answering.send_whole(send, await self._carry_out(scope, body, ""))
            return
        await self._fail(fault, scope, body, receive, send)

    async def _fail(self, fault: Fault, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        seen = fault.seen.make(self.world.clock()) if isinstance(fault.seen, Told) else fault.seen
        name = _name(seen)
        caught = Caught(200)
        if fault.done is Done.FIRST:
            caught = await self._carry_out(scope, body, f"fault: {name}")
        elif fault.done is Done.NEVER:
            sent = (seen.status or 200) if isinstance(seen, Answer) else 0
            self._write_down(scope, body, sent, f"fault: {name}, not carried out")
        else:
            task = asyncio.ensure_future(
                self._carry_out_later(fault.delay, scope, body, f"fault: {name}, carried out late")
            )
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        if seen is LAST:
            self._stop_listening(scope, fault.delay)
        elif fault.delay and fault.done is not Done.LATER:
            await asyncio.sleep(fault.delay)
        await self._answer(seen, caught, scope, receive, send)

    def _stop_listening(self, scope: Scope, seconds: float) -> None:
        server = scope["state"]["server"]  # put there by sandbox.serve.Prompt
        server.refuse()
        self.plan.when_cleared(server.listen_from_any_thread)
        if seconds:
            asyncio.get_running_loop().call_later(seconds, server.listen)

    async def _answer(
        self, seen: Seen | Answer | Changed, caught: Caught, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if isinstance(seen, Answer):
            headers = [(name.encode(), value.encode()) for name, value in seen.headers]
            await answering.send_whole(send, Caught(seen.status or caught.status, headers, seen.body))
        elif isinstance(seen, Changed):
            await answering.send_whole(send, Caught(caught.status, caught.headers, seen.change(caught.body)))
        elif seen in {TRUTH, LAST}:
            await answering.send_whole(send, caught)
        elif seen is NOTHING:
            await answering.wait_until_gone(receive)
        elif seen is DRIP:
            await answering.send_drops(send, caught, receive)
        elif seen is DRIP_HEAD:
            await answering.send_drops_of_a_head(scope, caught, receive)
        elif seen is HALF:
            await answering.send_half(send, caught, scope)
        else:
            answering.cut(scope)

    async def _carry_out_later(self, delay: float, scope: Scope, body: bytes, note: str) -> None:
        await asyncio.sleep(delay)
        await self._carry_out(scope, body, note)

    async def _carry_out(self, scope: Scope, body: bytes, note: str) -> Caught:
        caught, state = Caught(), dict(scope.get("state", {}))
        given = False

        async def receive() -> Message:
            nonlocal given
            if given:
                return {"type": "http.disconnect"}
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app({**scope, "state": state}, receive, caught.send)
        notes = "; ".join(part for part in (str(state.get("note", "")), note) if part)
        self._write_down(scope, body, caught.status, notes)
        return caught

    def _write_down(self, scope: Scope, body: bytes, status: int, note: str) -> None:
        text = body.decode("utf-8", "backslashreplace")
        self.world.log(self.place, scope["method"], _target(scope), status, note, text)


def _name(seen: Seen | Answer | Changed) -> str:
    if isinstance(seen, Answer):
        return f"answered {seen.status or 'otherwise'}"
    return "changed" if isinstance(seen, Changed) else seen.value


def _target(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("ascii", "backslashreplace")
    return f"{scope['path']}?{query}" if query else str(scope["path"])
