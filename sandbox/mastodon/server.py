"""The town's Mastodon as an application: who asks, how often, and then the endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Front
from sandbox.mastodon.door import Door
from sandbox.mastodon.options import MastodonOptions
from sandbox.mastodon.problems import Problem
from sandbox.mastodon.reads import Page, Reads
from sandbox.mastodon.writes import Writes, Written
from sandbox.world import World, WorldAccount

Look = Callable[[Request, WorldAccount], Page | dict[str, Any]]
Act = Callable[[Request, bytes, WorldAccount], Written]
Endpoint = Callable[[Request], Any]


class Server:
    """One instance."""

    def __init__(self, world: World, options: MastodonOptions) -> None:
        self.world, self.options, self.door = world, options, Door(world, options)
        self.reads, self.writes = Reads(world, options), Writes(world, options)

    def read(self, scope: str, look: Look) -> Endpoint:
        """An endpoint that only reads, behind the door."""

        def answer(request: Request, _body: bytes, me: WorldAccount) -> tuple[Any, str, dict[str, str]]:
            found = look(request, me)
            if isinstance(found, dict):
                return found, "found", {}
            return found.body, f"{len(found.body)} found", self._links(request, found)

        return self._behind(scope, answer)

    def write(self, scope: str, act: Act) -> Endpoint:
        """An endpoint that changes something, behind the door."""

        def answer(request: Request, body: bytes, me: WorldAccount) -> tuple[Any, str, dict[str, str]]:
            shape, note = act(request, body, me)
            return shape, note, {}

        return self._behind(scope, answer)

    def _behind(
        self, scope: str, answer: Callable[[Request, bytes, WorldAccount], tuple[Any, str, dict[str, str]]]
    ) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            body, headers = await request.body(), dict[str, str]()
            try:
                token = self.door.token(request)
                headers |= self.door.count(token)
                shape, note, more = answer(request, body, self.door.let_in(token, scope))
            except Problem as problem:
                return self._refuse(request, problem, headers)
            return self._send(request, 200, shape, note, {**headers, **more})

        return endpoint

    def open(self, look: Callable[[], dict[str, Any]]) -> Endpoint:
        """An endpoint for everybody."""

        async def endpoint(request: Request) -> Response:
            return self._send(request, 200, look(), "found", {})

        return endpoint

    def _refuse(self, request: Request, problem: Problem, headers: Mapping[str, str]) -> Response:
        body = {"error": problem.says}
        return self._send(request, problem.status, body, problem.note, {**headers, **problem.headers})

    def _send(self, request: Request, status: int, shape: Any, note: str, headers: Mapping[str, str]) -> Response:
        request.state.note = note
        usual = {
            "content-type": "application/json; charset=utf-8",
            "cache-control": "private, no-store",
            "date": format_datetime(self.world.clock(), usegmt=True),
        }
        return Response(json.dumps(shape), status, {**usual, **headers})

    def _links(self, request: Request, page: Page) -> dict[str, str]:
        if not page.last:
            return {}
        here = f"https://{self.options.domain}{request.url.path}"
        return {"link": f'<{here}?max_id={page.last}>; rel="next", <{here}?min_id={page.first}>; rel="prev"'}

    async def unknown(self, request: Request, _error: Exception) -> Response:
        """There is nothing at this address."""
        return self._refuse(request, Problem(404, "Not Found", "unknown address"), {})


def create_mastodon(world: World, *, options: MastodonOptions | None = None) -> Starlette:
    """The town's Mastodon over `world`. `app.state.options` shows how it stands; see MastodonOptions for what can be set."""
    options = options or MastodonOptions()
    server = Server(world, options)
    reads, writes, shapes = server.reads, server.writes, server.reads.shapes(None)
    endpoints = [
        ("GET", "/api/v1/instance", server.open(shapes.instance_v1)),
        ("GET", "/api/v2/instance", server.open(shapes.instance)),
        (
            "GET",
            "/api/v1/accounts/verify_credentials",
            server.read("read:accounts", reads.verify_credentials),
        ),
        ("GET", "/api/v1/accounts/lookup", server.read("read:accounts", reads.lookup)),
        ("GET", "/api/v1/accounts/{id}", server.read("read:accounts", reads.account)),
        ("GET", "/api/v1/accounts/{id}/statuses", server.read("read:statuses", reads.account_statuses)),
        ("GET", "/api/v1/notifications", server.read("read:notifications", reads.notifications)),
        ("GET", "/api/v1/timelines/home", server.read("read:statuses", reads.home)),
        ("GET", "/api/v1/timelines/tag/{tag}", server.read("read:statuses", reads.hashtag)),
        ("GET", "/api/v2/search", server.read("read:search", reads.search)),
        ("GET", "/api/v1/statuses", server.read("read:statuses", reads.statuses)),
        ("POST", "/api/v1/statuses", server.write("write:statuses", writes.create)),
        ("GET", "/api/v1/statuses/{id}", server.read("read:statuses", reads.status)),
        ("GET", "/api/v1/statuses/{id}/context", server.read("read:statuses", reads.context)),
        ("DELETE", "/api/v1/statuses/{id}", server.write("write:statuses", writes.delete)),
    ]
    routes = [
        Route(f"{path}{end}", endpoint, methods=[method]) for method, path, endpoint in endpoints for end in ("", "/")
    ]
    front = Middleware(Front, world=world, place="mastodon", plan=options.faults)
    app = Starlette(routes=routes, middleware=[front], exception_handlers={404: server.unknown})
    app.router.redirect_slashes = False
    app.state.options = options
    return app
