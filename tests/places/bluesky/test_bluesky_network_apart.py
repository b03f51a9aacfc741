"""The tests against Bluesky's own servers stay out of the way of whoever has not started them, and say what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bluesky_network import network, parts
from tests.bluesky_network.parts import Missing

PROJECT = Path(__file__).resolve().parents[3]


def test_without_the_servers_nothing_is_collected_and_so_nothing_skipped() -> None:
    environment = {name: value for name, value in os.environ.items() if name != network.ADDRESS}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests/bluesky_network"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, run.stdout + run.stderr


def test_what_cannot_be_installed_is_told_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parts, "postgres", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))  # neither Redis nor apt-get
    with pytest.raises(Missing, match="apt-get install postgresql redis-server"):
        parts.bring_servers()

    def absent() -> Path:
        raise Missing("Node 22 could not be installed: no network")

    monkeypatch.setattr(parts, "node", absent)
    assert network.main([]) == network.CANNOT
    assert "test-bluesky: Node 22 could not be installed: no network" in capsys.readouterr().err


def test_a_command_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(Missing, match="Something could not be installed:\nno luck"):
        parts.run([sys.executable, "-c", "print('no luck'); raise SystemExit(3)"], "Something")


def test_a_server_that_ends_at_once_is_told(tmp_path: Path) -> None:
    (port,) = network.free_ports(1)
    command = [sys.executable, "-c", "raise SystemExit(1)"]
    with (tmp_path / "log").open("w") as log, network.running("Redis", command, log) as process:
        with pytest.raises(Missing, match="Redis did not start"):
            network.wait_for_port(port, process, "Redis")
        (tmp_path / "said").write_text("port taken")
        with pytest.raises(Missing, match="port taken"):
            network.wait_until_ready(tmp_path / "said", process)


def test_what_runs_beside_us_ends_with_us(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with (tmp_path / "log").open("w") as log, network.running("it", command, log) as process:
        assert process.poll() is None
    assert process.poll() is not None
