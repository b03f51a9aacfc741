"""The line on which open pages hear of changes: what it says, what it never says, and that it ends with the service."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from http.client import HTTPResponse
from typing import cast

import pytest
from fastapi import FastAPI

from desk.web.app import create_app
from desk.web.live import MOST
from sandbox.serve import Served
from tests.web.small_house import House


@pytest.fixture
def app(house: House) -> FastAPI:
    return create_app(house, house.clock)


@pytest.fixture
def served(app: FastAPI) -> Iterator[Served]:
    with Served(app) as running:
        yield running
        app.state.closing.set()


@pytest.fixture
def listen(house: House, served: Served) -> Iterator[Callable[[], HTTPResponse]]:
    """Opens lines as Ana's browser does."""
    session = house.casebook.people.open_session(1, house.clock(), timedelta(days=1), timedelta(days=1))
    with ExitStack() as lines:

        def open_line() -> HTTPResponse:
            request = urllib.request.Request(
                f"{served.url}/events", headers={"cookie": f"amends-{served.port}={session}"}
            )
            return cast("HTTPResponse", lines.enter_context(urllib.request.urlopen(request, timeout=10)))

        yield open_line


def test_a_line_tells_that_something_changed_and_not_what(
    house: House, app: FastAPI, listen: Callable[[], HTTPResponse]
) -> None:
    line = listen()
    assert line.headers["content-type"].startswith("text/event-stream")
    assert [line.readline() for _ in range(3)] == [b"retry: 2000\n", b": listening\n", b"\n"]
    house.complain()
    assert line.readline() == b"event: changed\n"
    assert line.readline().removeprefix(b"data: ").strip().isdigit()
    app.state.closing.set()
    assert b"Cora" not in line.read()


def test_open_lines_end_at_once_when_the_service_does(app: FastAPI, listen: Callable[[], HTTPResponse]) -> None:
    lines = [listen() for _ in range(5)]
    assert [line.readline() for line in lines] == [b"retry: 2000\n"] * 5
    assert app.state.line.open == 5
    threading.Timer(0.1, app.state.closing.set).start()
    for line in lines:
        assert b"event" not in line.read()
    assert app.state.line.open == 0


def test_a_page_that_is_closed_lets_its_line_go(house: House, app: FastAPI, listen: Callable[[], HTTPResponse]) -> None:
    listen().close()
    line = listen()
    house.complain()
    while line.readline() != b"event: changed\n":
        assert not line.isclosed()
    assert app.state.line.open <= 1


def test_there_is_an_end_to_how_many_pages_can_listen(app: FastAPI, listen: Callable[[], HTTPResponse]) -> None:
    app.state.line.open = MOST
    with pytest.raises(urllib.error.HTTPError) as refused:
        listen()
    assert refused.value.code == 503
    refused.value.close()
