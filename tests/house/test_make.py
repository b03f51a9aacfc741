"""What `make` does on a machine we know nothing about."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PYTHONS = ("python3", "python3.11", "python3.12", "python3.13", "python3.14")


def make(project: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}", "PYTHON": ""}
    return subprocess.run(["make", *arguments], cwd=project, env=environment, capture_output=True, text=True)


@pytest.fixture
def pythons(tmp_path: Path) -> Path:
    """A folder for the front of PATH, in which every Python is what the test says it is."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def every_python_is(folder: Path, script: str) -> None:
    for name in PYTHONS:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)


def test_make_alone_lists_what_can_be_made(project: Path) -> None:
    listed = make(project).stdout
    for target in ("venv", "demo", "test", "check", "locks", "wheel"):
        assert f"  make {target} " in listed


def test_the_port_and_a_fresh_town_reach_the_demo(project: Path) -> None:
    told = make(project, "--dry-run", "demo", "PORT=9001", "FRESH=1").stdout
    assert told.splitlines()[-1] == "exec .venv/bin/amends demo --port 9001 --fresh"


def test_the_demo_goes_on_where_it_stopped_unless_told_otherwise(project: Path) -> None:
    assert make(project, "--dry-run", "demo").stdout.splitlines()[-1] == "exec .venv/bin/amends demo --port 8420"


def test_a_python_that_is_too_old_is_refused_in_plain_words(project: Path, tmp_path: Path, pythons: Path) -> None:
    every_python_is(pythons, "exit 1")
    told = make(project, "venv", f"VENV={tmp_path}/env", path=str(pythons))
    assert told.returncode != 0
    assert "Amends needs Python 3.11 or newer" in told.stderr
    assert not (tmp_path / "env").exists()


def test_a_python_without_venv_is_refused_with_the_way_out(project: Path, tmp_path: Path, pythons: Path) -> None:
    every_python_is(pythons, 'case "$2" in *ensurepip*) exit 1 ;; esac')
    told = make(project, "venv", f"VENV={tmp_path}/env", path=str(pythons))
    assert told.returncode != 0
    assert "sudo apt install python3-venv" in told.stderr
