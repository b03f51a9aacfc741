"""The gate of the town's Reddit: user agents, tokens, scopes and the rate limit; behind it, what can be read and written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Front
from sandbox.reddit import feeds, reads, trees, writes
from sandbox.reddit.asking import Answer, Asked, RedditOptions, refused
from sandbox.reddit.tokens import Token, Tokens
from sandbox.world import World

GENERIC = re.compile(r"(?:python|curl|java|wget|go-http-client|mozilla|requests|urllib|bot\b)", re.IGNORECASE)
"""User agents that say nothing about who asks; Reddit all but shuts them out."""

TOO_MANY = "<!doctype html><title>Too Many Requests</title><h1>whoa there, pardner!</h1>"

Does = Callable[[Asked], Answer]

ENDPOINTS: tuple[tuple[str, str, str, Does], ...] = (
    ("GET", "/api/v1/me", "identity", reads.me),
    ("GET", "/api/info", "read", reads.info),
    ("GET", "/r/{board}/search", "read", reads.search),
    ("GET", "/r/{board}/new", "read", reads.newest_submissions),
    ("GET", "/r/{board}/comments", "read", reads.newest_comments),
    ("GET", "/comments/{id}", "read", trees.thread),
    ("GET", "/comments/{id}/{slug}/{comment}", "read", trees.thread),
    ("GET", "/user/{name}/comments", "history", reads.user_comments),
    ("GET", "/message/mentions", "privatemessages", reads.mentions),
    ("GET", "/message/selfreply", "privatemessages", reads.submission_replies),
    ("GET", "/message/comments", "privatemessages", reads.comment_replies),
    ("GET", "/message/sent", "privatemessages", reads.sent),
    ("GET", "/api/morechildren", "read", trees.more_children),
    ("POST", "/api/morechildren", "read", trees.more_children),
    ("POST", "/api/comment", "submit", writes.comment),
    ("POST", "/api/editusertext", "edit", writes.edit),
    ("POST", "/api/del", "edit", writes.delete),
    ("POST", "/api/compose", "privatemessages", writes.compose),
)

FEEDS: tuple[tuple[str, Does], ...] = (
    ("/search", feeds.search),
    ("/r/{board}/search", feeds.search),
    ("/r/{board}/new", feeds.newest_submissions),
    ("/r/{board}/comments", feeds.newest_comments),
    ("/comments/{id}", feeds.thread),
    ("/comments/{id}/{slug}/{comment}", feeds.thread),
    ("/r/{board}/comments/{id}/{slug}", feeds.thread),
    ("/r/{board}/comments/{id}/{slug}/{comment}", feeds.thread),
)
"""Public feeds, with /.rss or .rss behind; they need no key."""


class Gate:
    """What every request passes, and the answer it gets."""

    def __init__(self, world: World, options: RedditOptions) -> None:
        self.world = world
        self.options = options
        self.tokens = Tokens(world, options.is_shut)
        self._window = world.clock()
        self._used = 0
        self._feeds = feeds.FeedLimit()

    async def token(self, request: Request) -> Response:
        """POST /api/v1/access_token."""
        form = await _form(request)
        if not self._says_who(request):
            answer = refused(429, "Too Many Requests")
        elif not self.tokens.may_ask(request.headers.get("authorization", "")):
            answer = refused(401, "Unauthorized")
        else:
            answer = Answer(self.tokens.give(form, self.world.clock(), self.options.token_life))
        return _send(request, answer)

    def behind(self, scope: str, does: Does) -> Callable[[Request], object]:
        """An endpoint behind the gate."""

        async def endpoint(request: Request) -> Response:
            answer = self._answer(request, await _form(request), scope, does)
            return _send(request, answer)

        return endpoint

    def feed(self, does: Does) -> Callable[[Request], object]:
        """A public feed."""

        async def endpoint(request: Request) -> Response:
            answer = self._feed_answer(request, does)
            if answer.status == 200 and request.headers.get("if-none-match") == answer.headers.get("etag", "none"):
                answer = Answer("", 304, {"etag": answer.headers["etag"]}, "not changed")
            return _send_page(request, answer)

        return endpoint

    def _feed_answer(self, request: Request, does: Does) -> Answer:
        nobody = Token(None, frozenset(), self.world.clock())
        path = {key: str(value) for key, value in request.path_params.items()}
        asked = Asked(
            self.world, self.options, request.method, path, dict(request.query_params), nobody, self.world.clock()
        )
        within, told = self._feeds.count(asked)
        if not within or not self._says_who(request):
            return Answer(TOO_MANY, 429, {"content-type": "text/html", **told}, "too many feeds")
        answer = does(asked)
        return Answer(answer.body, answer.status, {**told, **answer.headers}, answer.note)

    def _says_who(self, request: Request) -> bool:
        agent = re.sub(r"\s*(?:PRAW|prawcore)/\S+", "", request.headers.get("user-agent", "")).strip()
        return len(agent) > 6 and not (GENERIC.match(agent) and ":" not in agent)

    def _answer(self, request: Request, form: dict[str, str], scope: str, does: Does) -> Answer:
        now = self.world.clock()
        if not self._says_who(request):
            return refused(429, "Too Many Requests")
        token = self.tokens.known(request.headers.get("authorization", ""), now)
        if token is None:
            says = {} if self.options.bare_401 else {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
            return Answer({"message": "Unauthorized", "error": 401}, 401, says, "Unauthorized")
        if not token.scopes & {"*", scope}:
            says = {"www-authenticate": 'Bearer realm="reddit", error="insufficient_scope"'}
            return Answer({"message": "Forbidden", "error": 403}, 403, says, f"not in scope: {scope}")
        limits = self._count(now)
        if self._used > self.options.allowed:
            answer = refused(429, "Too Many Requests")
            if self.options.retry_after:
                limits["retry-after"] = limits["x-ratelimit-reset"]
        else:
            params = {**dict(request.query_params), **form}
            path = {key: str(value) for key, value in request.path_params.items()}
            answer = does(Asked(self.world, self.options, request.method, path, params, token, now))
        return Answer(answer.body, answer.status, {**limits, **answer.headers}, answer.note)

    def _count(self, now: datetime) -> dict[str, str]:
        """Count this request; the headers as recorded: remaining with a decimal, used and reset whole."""
        if not self._window <= now < self._window + self.options.window:
            self._window, self._used = now, 0
        self._used += 1
        left = (self._window + self.options.window - now).total_seconds()
        return {
            "x-ratelimit-remaining": f"{float(max(0, self.options.allowed - self._used)):.1f}",
            "x-ratelimit-used": str(self._used),
            "x-ratelimit-reset": str(math.ceil(left)),
        }


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "surrogateescape"), keep_blank_values=True))


def _send(request: Request, answer: Answer) -> Response:
    """As Reddit writes JSON: <, > and & as \\u escapes. The note goes to the front, which writes the world's log."""
    request.state.note = answer.note
    written = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    for sign, code in (("<", "\\u003C"), (">", "\\u003E"), ("&", "\\u0026")):
        written = written.replace(sign, code)
    usual = {"cache-control": "private, s-maxage=0, max-age=0, must-revalidate", "x-moose": "majestic"}
    return Response(written, answer.status, {**usual, **answer.headers}, media_type="application/json; charset=UTF-8")


def _send_page(request: Request, answer: Answer) -> Response:
    """A feed, or a page that says no; feeds keep their signs."""
    if not isinstance(answer.body, str):
        return _send(request, answer)
    request.state.note = answer.note
    return Response(answer.body, answer.status, answer.headers)


def create_reddit(world: World, *, options: RedditOptions | None = None) -> Starlette:
    """The town's Reddit over `world`. `app.state.gate` reaches the tokens given out; `options` may be changed while it runs.

    reddit_url and oauth_url are the same here. Every path answers with and without its closing slash.
    """
    options = options or RedditOptions()
    gate = Gate(world, options)
    routes = [Route(f"/api/v1/access_token{end}", gate.token, methods=["POST"]) for end in ("", "/")]
    for path, does in FEEDS:  # first, or a comment might be called ".rss"
        routes += [Route(f"{path}{end}", gate.feed(does), methods=["GET"]) for end in (".rss", "/.rss")]
    for method, path, scope, does in ENDPOINTS:
        endpoint = gate.behind(scope, does)
        routes += [Route(f"{path}{end}", endpoint, methods=[method]) for end in ("", "/", ".json")]
    front = Middleware(Front, world=world, place="reddit", plan=options.faults)
    app = Starlette(routes=routes, middleware=[front])
    app.router.redirect_slashes = False
    app.state.gate = gate
    return app
