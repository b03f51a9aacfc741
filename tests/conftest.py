"""Rules for every test: nothing leaves this machine, and a browser test is never skipped in silence."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.databases import (
    any_url,
    migrated_postgres_url,
    migrated_sqlite_url,
    postgres_server,
    postgres_template,
    postgres_url,
    sqlite_template,
)
from tests.quiet_logs import logging_left_alone

__all__ = [  # fixtures for every test
    "any_url",
    "migrated_postgres_url",
    "migrated_sqlite_url",
    "postgres_server",
    "postgres_template",
    "postgres_url",
    "sqlite_template",
]

REQUIRE_BROWSER = os.environ.get("AMENDS_REQUIRE_BROWSER") == "1"
NO_SKIPS = os.environ.get("AMENDS_NO_SKIPS") == "1"
"""Where everything is at hand, a test that is skipped is a test that nobody noticed missing."""
NO_CHROMIUM = "Chromium is not installed (on Debian: apt-get install chromium)"

# The second look has tests of its own. Everywhere else a service that loads a language model would only be slow.
os.environ.setdefault("AMENDS_FILTER__SECOND_LOOK", "false")

# A slow machine is no failure, and a run can be repeated: what hypothesis tries depends on the test alone.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("house")


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: a third of the time goes by with waiting for processes, servers and time-outs."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


class ReachedOut(RuntimeError):
    """A test tried to talk to the world. Not an OSError: the code under test would take that for a network fault."""


def _is_here(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback


def _stay_here(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: it sees every socket of this process, whatever library opened it."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple) and not _is_here(address[0]):
            raise ReachedOut(f"a test tried to reach {address[0]}:{address[1]}")
    elif event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        raise ReachedOut(f"a test tried to look up {arguments[0]}")


sys.addaudithook(_stay_here)


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Whatever a test's commands do to the logs, those after it find them as they were."""
    with logging_left_alone():
        yield


def find_chromium() -> str | None:
    """The path of a Chromium on this machine, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium; skips where there is none."""
    return find_chromium() or pytest.skip(NO_CHROMIUM)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A Chromium that finds nothing but this machine. One per module: while it is open, asyncio.run() fails in this thread."""
    flags = [
        "--no-sandbox",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ]
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=flags)
        yield opened
        opened.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for Chromium is a browser test, marked or not."""
    for item in items:
        if isinstance(item, pytest.Function) and "chromium" in item.fixturenames:
            item.add_marker("browser")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and not find_chromium():
        pytest.skip(NO_CHROMIUM)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required = NO_SKIPS or (REQUIRE_BROWSER and item.get_closest_marker("browser"))
    if report.skipped and required and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"a test was skipped where none may be: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [report for report in terminalreporter.getreports("skipped") if "browser" in report.keywords]
    if skipped:
        reasons = {
            report.longrepr[2].removeprefix("Skipped: ") for report in skipped if isinstance(report.longrepr, tuple)
        }
        count = f"{len(skipped)} browser tests were" if len(skipped) > 1 else "1 browser test was"
        terminalreporter.write_line(f"{count} skipped: {'; '.join(sorted(reasons))}", yellow=True)
