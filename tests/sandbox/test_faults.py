from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.faults import (
    CUT,
    EMPTY,
    GARBAGE,
    HALF,
    HTML_500,
    NOTHING,
    TRUTH,
    Answer,
    Changed,
    Done,
    Fault,
    FaultPlan,
    Front,
    Seen,
)
from sandbox.serve import Served
from sandbox.world import World


@dataclass
class Shop:
    url: str
    plan: FaultPlan
    world: World
    done: list[str]

    def ask(self, timeout: float = 5) -> requests.Response:
        return requests.post(f"{self.url}/act?a=1", data=b"bread", timeout=timeout)


@pytest.fixture
def shop() -> Iterator[Shop]:
    done: list[str] = []
    plan = FaultPlan()

    async def act(request: Request) -> PlainTextResponse:
        done.append((await request.body()).decode())
        request.state.note = "baked"
        return PlainTextResponse("x" * 1000, 201)

    with World(":memory:") as world:
        front = Middleware(Front, world=world, place="shop", plan=plan)
        with Served(Starlette(routes=[Route("/act", act, methods=["POST"])], middleware=[front])) as served:
            yield Shop(served.url, plan, world, done)


def test_without_a_fault_all_goes_well(shop: Shop) -> None:
    assert (shop.ask().status_code, shop.done) == (201, ["bread"])
    (call,) = shop.world.calls("shop")
    assert (call.method, call.path, call.status, call.note, call.body) == ("POST", "/act?a=1", 201, "baked", "bread")


@pytest.mark.parametrize(
    ("done", "seen", "error"),
    [
        (Done.NEVER, CUT, requests.exceptions.ConnectionError),
        (Done.FIRST, CUT, requests.exceptions.ConnectionError),
        (Done.FIRST, HALF, requests.exceptions.ChunkedEncodingError),
        (Done.NEVER, NOTHING, requests.exceptions.ReadTimeout),
        (Done.FIRST, NOTHING, requests.exceptions.ReadTimeout),
    ],
)
def test_a_line_that_breaks_shows_an_error_whether_or_not_it_was_done(
    shop: Shop, done: Done, seen: Seen, error: type[Exception]
) -> None:
    shop.plan.add(Fault("POST", "/act", done, seen))
    with pytest.raises(error):
        shop.ask(timeout=0.3)
    assert shop.done == (["bread"] if done is Done.FIRST else [])
    (call,) = shop.world.calls("shop")
    assert call.status == (201 if done is Done.FIRST else 0)
    assert "fault" in call.note


def test_answers_can_be_of_our_making(shop: Shop) -> None:
    for seen, status, body in (
        (HTML_500, 500, b"<html>"),
        (GARBAGE, 201, b'{"data"'),
        (EMPTY, 201, b""),
        (Answer(204), 204, b""),
    ):
        shop.plan.add(Fault("", "/act", Done.FIRST, seen))
        answer = shop.ask()
        assert answer.status_code == status
        assert answer.content.startswith(body)
    shop.plan.add(Fault("POST", "/act", Done.FIRST, Changed(lambda body: body[:3])))
    assert shop.ask().text == "xxx"
    shop.plan.add(Fault("POST", "/act", Done.FIRST, TRUTH))
    assert len(shop.ask().text) == 1000
    assert len(shop.done) == 6


def test_what_is_done_late_is_done_once_and_written_down(shop: Shop) -> None:
    shop.plan.add(Fault("POST", "/act", Done.LATER, HTML_500, delay=0.1))
    assert shop.ask().status_code == 500
    assert shop.done == []
    deadline = time.monotonic() + 5
    while not shop.world.calls("shop") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert shop.done == ["bread"]
    assert shop.world.calls("shop")[0].note == "baked; fault: answered 500, carried out late"


def test_a_plan_skips_strikes_and_is_used_up(shop: Shop) -> None:
    shop.plan.add(
        Fault("GET", "/act"),
        Fault("POST", "/other"),
        Fault("POST", r"/act\?a=1$", Done.NEVER, HTML_500, times=2, skip=1),
    )
    assert [shop.ask().status_code for _ in range(5)] == [201, 500, 500, 201, 201]
    shop.plan.add(Fault("", "", Done.NEVER, HTML_500, times=None))
    assert [shop.ask().status_code for _ in range(3)] == [500, 500, 500]
    shop.plan.clear()
    assert shop.ask().status_code == 201


def test_an_answer_can_take_its_time(shop: Shop) -> None:
    shop.plan.add(Fault("POST", "/act", Done.FIRST, TRUTH, delay=0.2))
    began = time.monotonic()
    assert shop.ask().status_code == 201
    assert time.monotonic() - began >= 0.2


def test_a_server_stops_although_somebody_hangs_on_it(shop: Shop) -> None:
    async def never(request: Request) -> PlainTextResponse:
        raise AssertionError("the fault keeps this from being called")

    plan = FaultPlan([Fault("GET", "/", Done.NEVER, NOTHING)])
    app = Starlette(routes=[Route("/", never)], middleware=[Middleware(Front, world=shop.world, place="x", plan=plan)])
    with Served(app) as served, pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(served.url, timeout=0.2)
    began = time.monotonic()
    served.stop()
    assert time.monotonic() - began < 5
