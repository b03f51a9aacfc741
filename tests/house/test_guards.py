"""The guards around the tests themselves: no test reaches out, and none that needs a browser is skipped in silence."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error

STORY = """
def test_ana_opens_her_inbox(browser):
    pass
"""


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "0.0.0.0"])
def test_a_test_cannot_reach_another_machine(address: str) -> None:
    with socket.socket() as way, pytest.raises(RuntimeError, match="tried to reach"):
        way.connect((address, 9))


def test_a_test_cannot_reach_another_machine_by_its_newer_address() -> None:
    with socket.socket(socket.AF_INET6) as way, pytest.raises(RuntimeError, match="tried to reach"):
        way.connect(("2001:db8::1", 9))


def test_a_test_cannot_send_a_datagram_away() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as way, pytest.raises(RuntimeError, match="tried to reach"):
        way.sendto(b"?", ("192.0.2.1", 53))


def test_a_test_cannot_look_up_a_name() -> None:
    with pytest.raises(RuntimeError, match="tried to look up"):
        socket.create_connection(("api.x.com", 443))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_test_may_speak_to_servers_of_its_own(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection((host, server.getsockname()[1])).close()


@pytest.mark.parametrize("address", ["http://192.0.2.1/", "http://api.x.com/"])
def test_the_browser_cannot_reach_another_machine(browser: Browser, address: str) -> None:
    with pytest.raises(Error, match=r"ERR_NAME_NOT_RESOLVED"):
        browser.new_page().goto(address, timeout=5_000)


def run_without_chromium(project: Path, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(project / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_story.py").write_text(STORY)
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-c",
            str(project / "pyproject.toml"),
            str(tmp_path),
        ],
        cwd=tmp_path,
        env={**os.environ, "AMENDS_REQUIRE_BROWSER": "", "AMENDS_NO_SKIPS": "", "PATH": str(tmp_path), **environment},
        capture_output=True,
        text=True,
    )


def test_where_there_is_no_chromium_the_skip_is_said_plainly(project: Path, tmp_path: Path) -> None:
    run = run_without_chromium(project, tmp_path)
    assert run.returncode == 0, run.stdout
    assert re.search("1 browser test was skipped: Chromium is not installed", run.stdout), run.stdout


@pytest.mark.parametrize("name", ["AMENDS_REQUIRE_BROWSER", "AMENDS_NO_SKIPS"])
def test_where_everything_is_required_a_skip_is_a_failure(project: Path, tmp_path: Path, name: str) -> None:
    run = run_without_chromium(project, tmp_path, **{name: "1"})
    assert run.returncode == 1, run.stdout
    assert "a test was skipped where none may be: Skipped: Chromium is not installed" in run.stdout
