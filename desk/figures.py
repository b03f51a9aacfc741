"""Measures what the README claims: how quick an import is, and how quick the inbox stays with all of it inside."""

from __future__ import annotations

import http.client
import os
import platform
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from desk.brands import BrandSection
from desk.clock import utc_now
from desk.config import Service, Settings
from desk.errors import Trouble
from desk.importing import import_rows
from desk.port import take_port
from desk.service import Pages
from desk.web.app import create_app
from desk.web.passwords import hash_password
from desk.wiring import House, open_house
from desk.work import propose

WARM_UP = 5
PATIENCE = 30.0
MOST_STEPS = 5


def measure(file: Path, visits: int) -> Iterator[tuple[str, str]]:
    """Rows of a table: what was measured, and the figure with its unit."""
    yield "what", "figure"
    yield "---", "---"
    yield "machine", f"{os.cpu_count()} cores, Python {platform.python_version()}"
    with tempfile.TemporaryDirectory(prefix="amends-figures-") as folder:
        house = open_house(_settings(Path(folder)), environ={})
        try:
            house.casebook.people.add(
                "ana@example.com", "Ana", "owner", hash_password("not-used-in-practice"), utc_now()
            )
            done = import_rows(house, file, house.brands["figures"], "import", store_only=False)
            yield "rows imported", f"{done.rows - len(done.refused):,} of {done.rows:,}"
            yield (
                "time for the import",
                f"{done.seconds:.1f} s ({done.rows / max(done.seconds, 0.001):,.0f} rows a second)",
            )
            yield "cases raised", f"{done.raised:,}"
            began = time.monotonic()
            proposed = _propose_all(house)
            yield "time for their proposals", f"{time.monotonic() - began:.1f} s ({proposed:,} cases)"
            took = _visit_inbox(house, visits)
            yield "inbox page, half of the visits within", f"{statistics.median(took):.0f} ms"
            yield "inbox page, 95 of 100 visits within", f"{sorted(took)[int(len(took) * 0.95)]:.0f} ms"
        finally:
            house.close()


def _settings(folder: Path) -> Settings:
    service = Service(practice=True, log_level="error")
    return Settings(service=service, brand=(BrandSection(key="figures", name="Figures"),)).beside(folder)


def _propose_all(house: House) -> int:
    done = 0
    while some := propose(house, utc_now()):
        done += some
    return done


def _visit_inbox(house: House, visits: int) -> list[float]:
    """Milliseconds of each visit, asked for one after the other over real HTTP."""
    with ExitStack() as stack:
        host, port = stack.enter_context(_served(house))
        connection = stack.enter_context(closing(http.client.HTTPConnection(host, port, timeout=PATIENCE)))
        cookie = sign_in(connection)
        for _ in range(WARM_UP):
            _ask(connection, cookie)
        return [_time_one(connection, cookie) for _ in range(visits)]


def _time_one(connection: http.client.HTTPConnection, cookie: str) -> float:
    began = time.perf_counter()
    _ask(connection, cookie)
    return (time.perf_counter() - began) * 1000


@contextmanager
def _served(house: House) -> Iterator[tuple[str, int]]:
    listening = take_port("127.0.0.1", 0, "")
    begun = threading.Event()
    pages = Pages(create_app(house), begun.set)
    thread = threading.Thread(target=pages.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        if not begun.wait(PATIENCE):
            raise Trouble("The inbox did not start.")
        yield _address(listening)
    finally:
        pages.end()
        thread.join()
        listening.close()


def _address(listening: socket.socket) -> tuple[str, int]:
    host, port = listening.getsockname()[:2]
    return str(host), int(port)


def sign_in(connection: http.client.HTTPConnection) -> str:
    """Practice signs a visitor in by itself, in a step or two; gives the cookies."""
    cookies: dict[str, str] = {}
    path = "/"
    for _ in range(MOST_STEPS):
        connection.request("GET", path, headers={"Cookie": _write_cookies(cookies)})
        answer = connection.getresponse()
        answer.read()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value
        if answer.status == 200:
            break
        path = answer.headers.get("Location", "/")
    return _write_cookies(cookies)


def _write_cookies(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _ask(connection: http.client.HTTPConnection, cookie: str) -> None:
    connection.request("GET", "/", headers={"Cookie": cookie})
    answer = connection.getresponse()
    page = answer.read()
    if answer.status != 200 or b"data-case" not in page:
        raise Trouble(f"The inbox answered {answer.status} without a case in it.")
