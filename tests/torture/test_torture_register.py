"""The register of flows names everything that writes or speaks to the outside, and nothing that is not there."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import create_engine

from desk.web.routes import ROUTERS
from desk.work import DUE_WORK
from places.doors import Publisher, Source
from storage.casebook import Casebook
from storage.casebook.shelf import Shelf
from torture.flows import FLOWS, played
from torture.presses import BUTTONS


def shelves() -> Iterator[tuple[str, type[Shelf]]]:
    """Every shelf of a casebook, by the name it has there."""
    casebook = Casebook(create_engine("sqlite://"), b"")
    yield from ((name, type(one)) for name, one in vars(casebook).items() if isinstance(one, Shelf))


def writing_methods() -> set[str]:
    """Public methods of the shelves that open a write transaction."""
    return {
        f"{name}.{method}"
        for name, shelf in shelves()
        for method, act in vars(shelf).items()
        if isinstance(act, FunctionType) and not method.startswith("_") and opens_a_write(inspect.unwrap(act))
    }


def opens_a_write(act: object) -> bool:
    tree = ast.parse(textwrap.dedent(inspect.getsource(act)))  # type: ignore[arg-type]  # only functions come here
    return any(isinstance(node, ast.Attribute) and node.attr == "_writing" for node in ast.walk(tree))


def posts() -> set[str]:
    """Paths of every route that takes a POST."""
    routes = (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))
    return {route.path for route in routes if "POST" in (route.methods or ())}


def door_methods() -> set[str]:
    return {
        f"{door.__name__}.{name}"
        for door in (Source, Publisher)
        for name, method in vars(door).items()
        if isinstance(method, FunctionType) and not name.startswith("_")
    }


def named(kind: str) -> set[str]:
    return {name for flow in FLOWS.values() for name in getattr(flow, kind)}


def test_every_writer_of_the_casebook_belongs_to_a_flow() -> None:
    assert len(writing_methods()) > 50, "the writers are not found any more"
    assert writing_methods() - named("writes") == set(), "name them in torture/flows.py, and how they are played"
    assert named("writes") - writing_methods() == set(), "these are no writers any more"


def test_every_due_work_belongs_to_a_flow() -> None:
    assert {work.name for work in DUE_WORK} == named("works")


def test_every_door_of_a_place_belongs_to_a_flow() -> None:
    assert door_methods() == named("doors")


def test_every_button_belongs_to_a_flow_and_is_pressed() -> None:
    assert posts() == named("posts")
    assert posts() == set(BUTTONS)


@pytest.mark.parametrize("name", FLOWS)
def test_every_flow_is_played(name: str) -> None:
    assert FLOWS[name].plays, "nothing plays it"
    assert set(FLOWS[name].plays) - set(played()) == set()


def test_nothing_is_played_that_no_flow_asks_for() -> None:
    assert set(played()) - {play for flow in FLOWS.values() for play in flow.plays} == set()


def test_a_writer_that_nobody_named_would_be_found() -> None:
    def sneaky(self: Shelf) -> None:
        with self._writing():
            pass

    def looks(self: Shelf) -> None:
        with self._reading():
            pass

    assert opens_a_write(sneaky)
    assert not opens_a_write(looks)
