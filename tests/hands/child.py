"""The processes of one house: two serve its pages, four do all work that falls due, again and again, without a lease.

    python -m tests.hands.child CONFIG pages pages work work work work

Everything is loaded once, then one process is forked for each word; each says READY (and its port) on standard output. They log to
standard error, and end when standard input does. Ends with the number of those that did not end in peace.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog

from desk.clock import utc_now
from desk.config_file import load_settings
from desk.logs import start_logs
from desk.port import take_port
from desk.service import Pages
from desk.web.app import create_app
from desk.wiring import House, open_house
from desk.work import DUE_WORK, do_work
from monitor.filter import judge
from storage.words import Author, Brand, Post

REST = 0.25
"""Seconds between two looks for work."""
OFTEN = ("poll", "follow", "again", "post", "look", "remove")
SELDOM_EVERY = 5
"""Seconds between two times that a process does the rest: with people who decide all the time, learning alone would take half of its time."""


def say(line: str) -> None:
    """A line, in one piece: six processes share this output, and `print` may write a line and its end one after the other."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def serve(house: House, ended: threading.Event) -> None:
    """Pages, on a free port."""
    listening = take_port("127.0.0.1", 0, "")
    port = listening.getsockname()[1]
    pages = Pages(create_app(house), lambda: say(f"READY {port}"))

    def end() -> None:
        ended.wait()
        pages.end()

    threading.Thread(target=end, daemon=True).start()
    pages.run(sockets=[listening])
    listening.close()


def work(house: House, ended: threading.Event) -> None:
    """All kinds of work but one, in order, over and over."""
    log = structlog.get_logger()
    say("READY")
    seldom = 0.0
    while not ended.wait(REST):
        all_of_it = time.monotonic() > seldom + SELDOM_EVERY
        if all_of_it:
            seldom = time.monotonic()
        for one in DUE_WORK:
            if one.name != "propose" and (all_of_it or one.name in OFTEN):  # see tests.hands.rounds
                do_work(one, house, utc_now(), log)


def live(kind: str, config: Path) -> None:
    """One process, until standard input ends."""
    ended = threading.Event()
    house = open_house(load_settings(config))

    def listen() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    (serve if kind == "pages" else work)(house, ended)
    house.close()


def fork(kind: str, config: Path) -> int:
    """A new process; its number."""
    child = os.fork()
    if child:
        return child
    try:
        live(kind, config)
    except BaseException:  # noqa: BLE001 - it must not go on as its parent would
        structlog.get_logger().exception("a process ended in the middle")
        os._exit(1)
    os._exit(0)


def main(config: str, *kinds: str) -> int:
    """Until all have ended."""
    start_logs("console", "info")
    judge(Post("x", "1", Author("1", "cora"), "Burnt.", datetime(2026, 11, 22, tzinfo=UTC), "1"), Brand("a", "A"))
    children = [fork(kind, Path(config)) for kind in kinds]
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
