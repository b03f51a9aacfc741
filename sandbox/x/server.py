"""The town's X as an application: who asks, how often, with what money, and then the endpoint."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Front
from sandbox.world import World
from sandbox.x.door import Asker, Door
from sandbox.x.limits import Limits
from sandbox.x.options import XOptions
from sandbox.x.problems import Problem, plain, to_json
from sandbox.x.reads import Reads
from sandbox.x.till import Till
from sandbox.x.writes import Writes

ACCESS = {False: "read", True: "read-write"}
Done = tuple[int, dict[str, Any], str]
Act = Callable[[Request, bytes, Asker], Done]


class Server:
    """One X. Endpoints are given by name, so that limits and faults can name them too."""

    def __init__(self, world: World, options: XOptions) -> None:
        self.world, self.door = world, Door(world, options)
        self.limits, self.till = Limits(world, options), Till(world, options)
        self.reads, self.writes = Reads(world, options, self.till), Writes(world, options, self.till)
        self._transactions = itertools.count(1)

    def endpoint(self, name: str, act: Act) -> Callable[[Request], Any]:
        """A Starlette endpoint around an act."""

        async def answer(request: Request) -> Response:
            started, body, headers = time.perf_counter(), await request.body(), dict[str, str]()
            try:
                asker = self.door.let_in(request)
                headers["x-access-level"] = ACCESS[asker.is_user]
                headers |= self.limits.count(name, asker)
                self.till.check()
                status, shape, note = act(request, body, asker)
            except Problem as problem:
                status, shape, note = problem.status, dict(problem.body), problem.note
                headers |= problem.headers
            request.state.note = note
            return self._response(status, shape, headers, started)

        return answer

    def read(self, name: str, look: Callable[[Request, Asker], dict[str, Any]]) -> Callable[[Request], Any]:
        """An endpoint that only reads."""

        def act(request: Request, _body: bytes, asker: Asker) -> Done:
            shape = look(request, asker)
            data = shape.get("data", [])
            return 200, shape, f"{len(data) if isinstance(data, list) else 1} found"

        return self.endpoint(name, act)

    def _response(self, status: int, shape: dict[str, Any], headers: dict[str, str], started: float) -> Response:
        headers |= {
            "content-type": "application/json; charset=utf-8",
            "api-version": "2.167",
            "cache-control": "no-cache, no-store, max-age=0",
            "date": format_datetime(self.world.clock(), usegmt=True),
            "x-transaction-id": f"{next(self._transactions):016x}",
            "x-response-time": str(int((time.perf_counter() - started) * 1000)),
        }
        return Response(to_json(shape), status, headers)

    async def unknown(self, request: Request, _error: Exception) -> Response:
        """There is nothing at this address."""
        problem = plain(404, "Not Found", "Not Found", "unknown address")
        request.state.note = problem.note
        return self._response(404, dict(problem.body), {}, time.perf_counter())


def create_x(world: World, *, options: XOptions | None = None) -> Starlette:
    """The town's X. `app.state.options` and `app.state.till` show how it stands; see XOptions for what can be set."""
    options = options or XOptions()
    server = Server(world, options)
    reads, writes = server.reads, server.writes
    routes = [
        Route("/2/tweets/search/recent", server.read("search", reads.search), methods=["GET"]),
        Route("/2/users/{id}/mentions", server.read("mentions", reads.mentions), methods=["GET"]),
        Route("/2/users/{id}/tweets", server.read("users_tweets", reads.users_tweets), methods=["GET"]),
        Route("/2/users/me", server.read("me", reads.me), methods=["GET"]),
        Route("/2/users/by", server.read("users_by", reads.users_by), methods=["GET"]),
        Route("/2/tweets", server.read("tweets", reads.tweets), methods=["GET"]),
        Route(
            "/2/tweets", server.endpoint("create", lambda _, body, asker: writes.create(body, asker)), methods=["POST"]
        ),
        Route("/2/tweets/{id}", server.read("tweet", reads.tweet), methods=["GET"]),
        Route(
            "/2/tweets/{id}",
            server.endpoint("delete", lambda request, _, asker: writes.delete(request, asker)),
            methods=["DELETE"],
        ),
    ]
    front = Middleware(Front, world=world, place="x", plan=options.faults)
    app = Starlette(routes=routes, middleware=[front], exception_handlers={404: server.unknown})
    app.state.options, app.state.till = options, server.till
    return app
