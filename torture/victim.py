"""A process that works as the service does, and that dies where it is told to.

It has everything loaded already. Each order is a service that has just started: no connection is open, nobody is signed in at any
platform, nothing is remembered but what stands in the base. Where it is to die, a child is forked for it, which does what was ordered
and sends itself SIGKILL at the ordered step; where it is not, it needs no process of its own, and everything is opened anew after it.
Orders come on stdin; how each ended goes to stdout.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from desk.web.app import create_app
from desk.wiring import House
from torture.orders import Ended, Order
from torture.shop import Addresses, open_quick, open_shop
from torture.steps import STEPS, watch_base, watch_lines
from torture.works import do, press

MOST_TOLD = 500
"""Characters of what went wrong that are told."""


class Victim:
    """The process, for one platform. `unforeseen` collects what the service logs as an error that nobody foresaw."""

    def __init__(self, addresses: Addresses, place: str) -> None:
        self.addresses, self.place = addresses, place
        self.engine = open_quick(addresses.base)
        self.unforeseen: list[str] = []
        self.clock: Any = None
        self.house: House | None = None
        self.app: Any = None
        watch_base(self.engine)
        watch_lines()
        structlog.configure(processors=[self._listen])
        self.open()

    def open(self) -> None:
        """Open the platform as at a start. What the compiler of SQL learned is kept, everything else is new."""
        self.engine.dispose()
        self.house = open_shop(self.engine, self.addresses, self.place, {})
        self.app = self.app and create_app(self.house, now=self._now)

    def obey(self, order: Order) -> Ended:
        """Carry out one order, in a child or, when nobody dies, here."""
        if order.kill_at:
            return self._fork(order)
        STEPS.begin(0, print)
        ended = self._carry_out(order)
        self.open()
        if order.learn:
            gc.collect()
            gc.freeze()
        return ended

    def _fork(self, order: Order) -> Ended:
        receive, send = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(receive)
            self._live(order, send)
        os.close(send)
        with os.fdopen(receive, encoding="utf-8") as told:
            said = told.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status == -9:
            return Ended(killed=True, died_at=said)
        if status != 0:
            return Ended(killed=False, unforeseen=(f"the victim ended with {status}",))
        return Ended.from_line(said)

    def _live(self, order: Order, send: int) -> None:
        """The child's whole life."""
        gc.disable()
        status = 1
        try:
            STEPS.begin(order.kill_at, lambda words: _tell(send, words), on_line=order.on_line)
            _tell(send, self._carry_out(order).to_line())
            status = 0
        finally:
            os._exit(status)

    def _carry_out(self, order: Order) -> Ended:
        assert self.house is not None
        self.unforeseen, self.clock, answer = [], order.clock, 0
        if order.press is not None:
            self.app = self.app or create_app(self.house, now=self._now)
            answer = press(self.app, order.press)
        for name in order.works:
            do(name, self.house, self.clock)
        return Ended(False, "", tuple(STEPS.names), tuple(self.unforeseen), answer)

    def _now(self) -> Any:
        return self.clock()

    def _listen(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        """Takes the place of the log: what is an error, or came with an exception, was not foreseen."""
        del logger
        if method in ("error", "exception", "critical") or event.get("exc_info"):
            error = sys.exc_info()[1]
            self.unforeseen.append(f"{event.get('event')}: {error!r}"[:MOST_TOLD])
        raise structlog.DropEvent


def _tell(send: int, words: str) -> None:
    data = words.encode()
    while data:
        data = data[os.write(send, data) :]


def main() -> None:
    """Obey until there are no more orders. The first line says where everything is."""
    victim = Victim(Addresses(**json.loads(sys.stdin.readline())), sys.argv[1])
    for line in sys.stdin:
        sys.stdout.write(victim.obey(Order.from_line(line)).to_line())
        sys.stdout.flush()


if __name__ == "__main__":
    main()
