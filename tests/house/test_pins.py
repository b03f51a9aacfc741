"""What we install is named once in pyproject.toml and pinned, with hashes and without addresses, in requirements/."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("build.txt", "run.txt", "scale.txt", "dev.txt", "model.txt")


@pytest.fixture(scope="module")
def pyproject(project: Path) -> dict[str, Any]:
    return tomllib.loads((project / "pyproject.toml").read_text())


def pins(path: Path) -> dict[str, list[Requirement]]:
    """Every pin of a lock by its distribution; one distribution may be pinned once per Python version."""
    found: dict[str, list[Requirement]] = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            pin = Requirement(line.removesuffix("\\"))
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def wanted(lines: Iterable[str]) -> dict[str, Requirement]:
    requirements = (Requirement(line) for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def assert_met(requirements: dict[str, Requirement], lock: dict[str, list[Requirement]]) -> None:
    for name, requirement in requirements.items():
        assert name in lock, f"{requirement} is in no lock: run `make locks`"
        for pin in lock[name]:
            version = str(pin.specifier).removeprefix("==")
            assert requirement.specifier.contains(version, prereleases=True), (
                f"{pin} is not {requirement}: run `make locks`"
            )


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address_of_anybody(project: Path, name: str) -> None:
    for line in (project / "requirements" / name).read_text().splitlines():
        assert not re.search(r"https?:|file:|index-url|find-links|trusted-host| @ ", line), line


@pytest.mark.parametrize("name", LOCKS)
def test_everything_locked_is_pinned_exactly_and_has_a_hash(project: Path, name: str) -> None:
    blocks = re.split(r"\n(?=[^ \n#])", (project / "requirements" / name).read_text().strip())
    assert len(blocks) > 1
    for block in blocks:
        assert re.match(r"[\w.-]+==[\w.]+[ \\]", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block


def test_every_dependency_we_name_is_locked_at_a_version_we_allow(project: Path, pyproject: dict[str, Any]) -> None:
    folder = project / "requirements"
    assert_met(wanted(pyproject["project"]["dependencies"]), pins(folder / "run.txt"))
    extras = pyproject["project"]["optional-dependencies"]
    assert_met(wanted(extras["scale"]), pins(folder / "scale.txt"))
    assert_met(wanted([*extras["dev"], *extras["scale"], *extras["e5"]]), pins(folder / "dev.txt"))
    assert_met(wanted(line for line in extras["model"] if not line.startswith("amends")), pins(folder / "model.txt"))
    assert_met(wanted(pyproject["build-system"]["requires"]), pins(folder / "build.txt"))
    for source in ("build.in", "carriers.in"):
        assert_met(wanted((folder / source).read_text().splitlines()), pins(folder / "build.txt"))


def test_whoever_works_on_it_runs_what_the_owner_runs(project: Path) -> None:
    run, dev = pins(project / "requirements" / "run.txt"), pins(project / "requirements" / "dev.txt")
    for name, locked in run.items():
        assert {str(pin.specifier) for pin in locked} == {str(pin.specifier) for pin in dev[name]}, name


def test_nothing_is_locked_that_nobody_asks_for(project: Path, pyproject: dict[str, Any]) -> None:
    asked = {"amends"}
    waiting = list(wanted(pyproject["project"]["dependencies"]))
    locked = pins(project / "requirements" / "run.txt")
    while waiting:
        name = waiting.pop()
        if name in locked and name not in asked:
            asked.add(name)
            waiting += wanted(needs_of(name))
    assert set(locked) - asked == set(), "run `make locks`"


def needs_of(name: str) -> list[str]:
    """What an installed distribution needs under any condition; nothing for one that this machine does not install."""
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []
