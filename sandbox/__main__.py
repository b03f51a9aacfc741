"""`python -m sandbox`: the whole town on loopback: its pages on PORT, its X on PORT+1, its Reddit on PORT+2."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sqlite3
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.reddit import RedditOptions, create_reddit
from sandbox.serve import Served
from sandbox.town.pages import create_pages
from sandbox.town.town import Town
from sandbox.world import World
from sandbox.x import XOptions, create_x
from sandbox.x.limits import LIMITS

CANNOT_START = 2
"""Exit code when one of the three ports is taken, or the file cannot be used."""
HASTY = 100_000
"""Requests per window in the town, for every endpoint."""


class Door:
    """What a server answers with while its application is not there yet, and then that application."""

    def __init__(self) -> None:
        self.behind: ASGIApp = PlainTextResponse("The town is waking up.", 503)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.behind(scope, receive, send)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A make-believe town to practise in, on loopback only."
    )
    parser.add_argument(
        "--port", type=int, default=8421, help="pages; the town's X is on the next port, its Reddit on the one after"
    )
    parser.add_argument("--state", type=Path, required=True, metavar="FILE", help="the SQLite file that holds the town")
    parser.add_argument(
        "--seed", type=int, default=7, help="which town it is; a town that is there already keeps its own"
    )
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than real time people live")
    parser.add_argument("--fresh", action="store_true", help="begin anew")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when standard input ends: its writer, our parent, is gone"
    )
    given = parser.parse_args(argv)
    if given.speed <= 0:
        parser.error("--speed must be more than 0")
    if not 0 < given.port <= 65_533:
        parser.error("--port must be from 1 to 65533")
    return given


def _forget(state: Path) -> None:
    for end in ("", "-wal", "-shm"):
        state.with_name(state.name + end).unlink(missing_ok=True)


def _open(given: argparse.Namespace, stop: threading.Event) -> None:
    """The town, until `stop` is set. OSError: a port is taken or the file cannot be used; sqlite3.Error: the file is no town."""
    with ExitStack() as stack:
        # The ports first, so that a second town never touches the file of the first.
        doors = [Door(), Door(), Door()]
        served = []
        for n, door in enumerate(doors):
            served.append(Served(door, port=given.port + n))
            stack.callback(served[-1].stop)
        given.state.parent.mkdir(parents=True, exist_ok=True)
        if given.fresh:
            _forget(given.state)
        world = stack.enter_context(World(given.state))
        town = Town(world, seed=given.seed, speed=given.speed)
        # Three shops that look every few seconds would use up the real limits within a quarter of an hour.
        hasty_x, hasty = XOptions(limits=dict.fromkeys(LIMITS, HASTY)), RedditOptions(allowed=HASTY)
        stack.callback(_stop_together, served)
        apps = (
            create_pages(world, town.content),
            create_x(world, options=hasty_x),
            create_reddit(world, options=hasty),
        )
        for door, app, each in zip(doors, apps, served, strict=True):
            door.behind = app
            each.start()
        print(f"sandbox ready {served[0].url}/", flush=True)
        town.run(stop)


def _end_with_parent(stop: threading.Event) -> None:
    """Wait for the end of standard input. A parent that is killed cannot say goodbye, but its end of the pipe closes."""
    while os.read(0, 1024):  # not sys.stdin: a thread that waits in it cannot be left behind when the process ends
        pass
    stop.set()


def _stop_together(served: list[Served]) -> None:
    """Three servers end in the time that one takes."""
    threads = [threading.Thread(target=each.stop) for each in served]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(argv: list[str] | None = None) -> int:
    """Run the town until SIGINT or SIGTERM. Gives back the exit code."""
    given, stop = _arguments(argv), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if given.with_parent:
        threading.Thread(target=_end_with_parent, args=(stop,), daemon=True).start()
    try:
        _open(given, stop)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            ports = f"{given.port}, {given.port + 1} or {given.port + 2}"
            return _refuse(f"port {ports} is taken; choose another with --port")
        return _refuse(f"{given.state}: {error.strerror}")
    except sqlite3.Error as error:
        return _refuse(f"{given.state} cannot be used: {error}")
    return 0


def _refuse(why: str) -> int:
    print(f"sandbox: {why}", file=sys.stderr)
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
