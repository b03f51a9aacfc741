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
from contextlib import contextmanager
from pathlib import Path

from desk.brands import BrandSection
from desk.clock import utc_now
from desk.config import Service, Settings
from desk.errors import Trouble
from desk.importing import import_rows
from desk.port import take_port
from desk.service import Pages
from desk.web import create_app
from desk.web.passwords import hash_password
from desk.wiring import House, open_house

WARM_UP = 5
PATIENCE = 30.0


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
            took = _visit_inbox(house, visits)
            yield "inbox page, half of the visits within", f"{statistics.median(took):.0f} ms"
            yield "inbox page, 95 of 100 visits within", f"{sorted(took)[int(len(took) * 0.95)]:.0f} ms"
        finally:
            house.close()


def _settings(folder: Path) -> Settings:
    service = Service(practice=True, log_level="error")
    return Settings(service=service, brand=(BrandSection(key="figures", name="Figures"),)).beside(folder)


def _visit_inbox(house: House, visits: int) -> list[float]:
    """Milliseconds of each visit, asked for one after the other over real HTTP."""
    with _served(house) as (host, port):
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        cookie = _sign_in(connection)
        for _ in range(WARM_UP):
            _ask(connection, cookie)
        took = []
        for _ in range(visits):
            began = time.perf_counter()
            _ask(connection, cookie)
            took.append((time.perf_counter() - began) * 1000)
        connection.close()
    return took


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


def _sign_in(connection: http.client.HTTPConnection) -> str:
    """Practice signs a visitor in by itself: the first page sets the cookie."""
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    cookies = answer.headers.get_all("Set-Cookie") or []
    return "; ".join(cookie.partition(";")[0] for cookie in cookies)


def _ask(connection: http.client.HTTPConnection, cookie: str) -> None:
    connection.request("GET", "/", headers={"Cookie": cookie})
    answer = connection.getresponse()
    page = answer.read()
    if answer.status != 200 or b"data-case" not in page:
        raise Trouble(f"The inbox answered {answer.status} without a case in it.")
