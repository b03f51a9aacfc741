"""The town's Bluesky as an application: every XRPC method at its address, who asks, how often, and what is answered."""

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

from sandbox.bluesky.asking import Asked, Problem, invalid
from sandbox.bluesky.limits import POINTS, Limits
from sandbox.bluesky.options import BlueskyOptions
from sandbox.bluesky.reads import Reads
from sandbox.bluesky.repos import Repos
from sandbox.bluesky.tokens import Tokens
from sandbox.bluesky.writes import Writes
from sandbox.faults import Front
from sandbox.world import World, WorldAccount

Act = Callable[[Asked], tuple[dict[str, Any], str]]

DESCRIBED = {"did": "did:web:town.example", "availableUserDomains": [".bsky.social"], "inviteCodeRequired": False}


class Server:
    """One Bluesky."""

    def __init__(self, world: World, options: BlueskyOptions) -> None:
        self.world, self.options = world, options
        repos = Repos(world)
        self.reads, self.writes = Reads(repos, options), Writes(repos, options)
        self.tokens, self.limits = Tokens(world, options), Limits(world, options)
        self.queries: Mapping[str, Act] = {
            "app.bsky.actor.getProfile": self.reads.profile,
            "app.bsky.feed.getAuthorFeed": self.reads.author_feed,
            "app.bsky.feed.getPostThread": self.reads.thread,
            "app.bsky.feed.getPosts": self.reads.posts,
            "app.bsky.feed.searchPosts": self.reads.search,
            "app.bsky.notification.listNotifications": self.reads.notifications,
            "com.atproto.identity.resolveHandle": self.reads.resolve,
            "com.atproto.repo.getRecord": self.writes.get,
            "com.atproto.repo.listRecords": self.writes.list_all,
            "com.atproto.server.describeServer": lambda _: (DESCRIBED, "described"),
        }
        self.procedures: Mapping[str, Act] = {
            "com.atproto.repo.createRecord": self.writes.create,
            "com.atproto.repo.deleteRecord": self.writes.delete,
            "com.atproto.repo.putRecord": self.writes.put,
        }

    async def answer(self, request: Request) -> Response:
        """One request for a method of XRPC."""
        nsid, headers, body = str(request.path_params["nsid"]), dict[str, str](), await request.body()
        try:
            headers |= self.limits.request()
            shape, note = self._act(request, nsid, body, headers)
            return self._send(request, 200, shape, note, headers)
        except Problem as problem:
            return self._send(request, problem.status, problem.body, problem.note, headers | problem.headers)

    def _act(self, request: Request, nsid: str, body: bytes, headers: dict[str, str]) -> tuple[dict[str, Any], str]:
        bearer, host = _bearer(request), str(request.base_url).rstrip("/")
        if nsid.startswith("com.atproto.server.") and nsid != "com.atproto.server.describeServer":
            return self._serve(request, nsid, body, bearer, host, headers)
        act = (self.queries if request.method == "GET" else self.procedures).get(nsid)
        if act is None:
            raise Problem(501, "MethodNotImplemented", "Method Not Implemented")
        me = self.tokens.known(bearer)
        if request.method == "GET":
            return act(Asked(self.world, nsid, _params(request), me, "params"))
        if me is not None and nsid in POINTS:
            headers |= self.limits.write(nsid, me.id)
        return act(Asked(self.world, nsid, _fields(nsid, body), me, "input"))

    def _serve(
        self, request: Request, nsid: str, body: bytes, bearer: str, host: str, headers: dict[str, str]
    ) -> tuple[dict[str, Any], str]:
        """Logging in, and what belongs to it."""
        name = f"{request.method} {nsid.rpartition('.')[2]}"
        if name == "POST createSession":
            asked = Asked(self.world, nsid, _fields(nsid, body), None, "input")
            headers |= self.limits.log_in(asked.text("identifier"))
            return self.tokens.log_in(asked, host)
        if name in {"POST refreshSession", "POST deleteSession"}:
            if body:
                raise invalid("A request body was provided when none was expected")
            return self.tokens.renew(bearer, host) if name == "POST refreshSession" else ({}, "left")
        if name == "GET getSession":
            me: WorldAccount | None = self.tokens.known(bearer)
            return self.tokens.session(Asked(self.world, nsid, {}, me, "params"), host)
        raise Problem(501, "MethodNotImplemented", "Method Not Implemented")

    def _send(
        self, request: Request, status: int, shape: Mapping[str, Any], note: str, headers: Mapping[str, str]
    ) -> Response:
        request.state.note = note
        usual = {
            "content-type": "application/json; charset=utf-8",
            "date": format_datetime(self.world.clock(), usegmt=True),
        }
        written = json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return Response(written, status, {**usual, **headers})


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _params(request: Request) -> dict[str, Any]:
    """Parameters of a query; one given several times is a list."""
    several: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        several.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in several.items()}


def _fields(nsid: str, body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise invalid(f"Invalid {nsid} input: Expected object value type")
    return given


def create_bluesky(world: World, *, options: BlueskyOptions | None = None) -> Starlette:
    """The town's Bluesky. `app.state.options` shows how it stands; see BlueskyOptions for what can be set."""
    options = options or BlueskyOptions()
    server = Server(world, options)
    routes = [Route("/xrpc/{nsid}", server.answer, methods=["GET", "POST"])]
    front = Middleware(Front, world=world, place="bluesky", plan=options.faults)
    app = Starlette(routes=routes, middleware=[front])
    app.state.options = options
    return app
