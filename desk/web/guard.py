"""The wall around every route: known hosts, our own pages only, small bodies, strict headers, and errors that tell nothing."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from desk.web.visitor import LOOPBACK_HOSTS

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
ErrorPage = Callable[[int, str, str], str]

BODY_CAP = 1_000_000
BODY_TIME = 15.0  # seconds for the whole body: nobody types into the socket
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
FORM = "application/x-www-form-urlencoded"

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)",
    "x-frame-options": "DENY",
}
HSTS = ("strict-transport-security", "max-age=31536000")

logger = logging.getLogger("amends.web")


class Guard:
    """Wraps the app. `hosts` maps the Host names we answer to besides loopback to whether they are reached by https."""

    def __init__(self, app: App, hosts: Mapping[str, bool], error_page: ErrorPage) -> None:
        self.app = app
        self.hosts = dict.fromkeys(LOOPBACK_HOSTS, False) | dict(hosts)
        self.error_page = error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        secure = scope["scheme"] == "https" or self.hosts.get(_host_name(headers.get("host", "")), False)
        answer = _Answer(send, secure=secure)
        refusal = self._refusal(scope, headers)
        if refusal is None and scope["method"] in UNSAFE:
            body = await _read_body(headers, receive)
            if isinstance(body, bytes):
                receive = _replay(body, receive)
                scope.setdefault("state", {})["typed"] = body
            else:
                refusal = body
        if refusal:
            await self._refuse(answer, *refusal)
            return
        await self._pass_on(scope, receive, answer)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str, str] | None:
        if _host_name(headers.get("host", "")) not in self.hosts:
            return 400, "Not our address", "This inbox does not answer to that address."
        if scope["method"] in UNSAFE and not _from_our_page(headers):
            return 403, "Not from our own page", "Another site sent this. Nothing was done."
        return None

    async def _pass_on(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            await self.app(scope, receive, answer.send)
        except Exception:
            name = secrets.token_hex(4)
            path = scope.get("path", "")[:200].encode("unicode_escape").decode("ascii")
            logger.exception("error %s at %s %s", name, scope["method"], path)
            if answer.started:
                raise
            told = f"We wrote down what happened, under the number {name}. If you pressed a button, look whether it was done before you press it again."
            await self._refuse(answer, 500, "Something went wrong", told)

    async def _refuse(self, answer: _Answer, status: int, title: str, told: str) -> None:
        page = self.error_page(status, title, told).encode()
        kind = (b"content-type", b"text/html; charset=utf-8")
        await answer.send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [kind, (b"content-length", b"%d" % len(page)), (b"connection", b"close")],
            }
        )
        await answer.send({"type": "http.response.body", "body": page})


class _Answer:
    """Sends the answer on, with our headers, and knows whether it has begun."""

    def __init__(self, send: Send, *, secure: bool) -> None:
        self.secure = secure
        self._send = send
        self.started = False

    async def send(self, message: Message) -> None:
        """Add the headers to the first part."""
        if message["type"] == "http.response.start":
            self.started = True
            present = {name.lower() for name, _ in message["headers"]}
            ours = [*HEADERS.items(), *([HSTS] if self.secure else []), ("cache-control", "no-store")]
            added = [(name.encode(), value.encode()) for name, value in ours if name.encode() not in present]
            message = {**message, "headers": [*message["headers"], *added]}
        await self._send(message)


def _host_name(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _from_our_page(headers: dict[str, str]) -> bool:
    """Browsers say where a request comes from; older ones say `Origin`, which our referrer policy turns into "null"."""
    if "sec-fetch-site" in headers:
        return headers["sec-fetch-site"] in ("same-origin", "none")
    origin = headers.get("origin", "null")
    return (
        origin == "null" or origin.partition("://")[2].lower() == headers.get("host", "").lower()
    )  # the token decides


async def _read_body(headers: dict[str, str], receive: Receive) -> bytes | tuple[int, str, str]:
    """The whole body, or why not."""
    too_long = (413, "Too long", "That is more text than fits here. Nothing was done.")
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > BODY_CAP:
        return too_long
    if headers.get("content-type", FORM).partition(";")[0].strip().lower() != FORM:
        return 415, "Not a form of ours", "Only our own forms can be sent here. Nothing was done."
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIME):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > BODY_CAP:
                    return too_long
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        return 408, "Too slow", "The connection was too slow. Nothing was done; please try again."


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
