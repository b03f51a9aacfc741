"""Every promise on the page names tests that exist, so that a promise cannot outlive what holds it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

NAMED = re.compile(r"`(tests/[\w/.]+?\.py)(?:::(test_\w+))?`")


def promises(project: Path) -> list[str]:
    """The rows of the table, without its head."""
    page = (project / "docs" / "promises.md").read_text(encoding="utf-8")
    return [line for line in page.splitlines() if line.startswith("| **")]


def names_in(file: Path) -> set[str]:
    """The names of all tests in a file."""
    return {
        node.name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def named(row: str) -> Iterator[tuple[str, str]]:
    """Files and tests that a row names."""
    yield from NAMED.findall(row)


def test_every_promise_names_tests_and_every_test_it_names_exists(project: Path) -> None:
    rows = promises(project)
    assert len(rows) >= 10
    for row in rows:
        assert list(named(row)), f"nothing holds this promise: {row[:80]}"
        for file, test in named(row):
            assert (project / file).is_file(), f"{file} is gone"
            assert not test or test in names_in(project / file), f"{file} has no {test}"


def test_the_readme_leads_to_the_promises(project: Path) -> None:
    assert "docs/promises.md" in (project / "README.md").read_text(encoding="utf-8")
