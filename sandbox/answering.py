"""How the front of a server answers, or fails to: whole answers, halves, drips, cuts and silence."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

from starlette.types import Message, Receive, Scope, Send

HANG_AT_MOST = 120.0
"""Seconds after which a hanging request is given up, so that a forgotten one does not live for ever."""

DRIP_EVERY = 0.05
"""Seconds between two bytes of an answer that drips: far below any client's patience with a silent line."""


@dataclass(slots=True)
class Caught:
    """An answer of the application, held back."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def send(self, message: Message) -> None:
        """Take what the application sends."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def without_length(self) -> list[tuple[bytes, bytes]]:
        """The headers, less the length of the body."""
        return [(name, value) for name, value in self.headers if name.lower() != b"content-length"]


async def read_whole(receive: Receive) -> bytes:
    """The body of a request."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


async def send_whole(send: Send, caught: Caught) -> None:
    """The answer as it is."""
    headers = [*caught.without_length(), (b"content-length", str(len(caught.body)).encode())]
    await send({"type": "http.response.start", "status": caught.status, "headers": headers})
    await send({"type": "http.response.body", "body": caught.body})


async def send_half(send: Send, caught: Caught, scope: Scope) -> None:
    """Promise the whole body, give the first half of it, and hang up."""
    headers = [*caught.without_length(), (b"content-length", str(len(caught.body)).encode())]
    await send({"type": "http.response.start", "status": caught.status, "headers": headers})
    await send({"type": "http.response.body", "body": caught.body[: len(caught.body) // 2], "more_body": True})
    transport = scope["state"]["transport"]
    transport.close()  # not abort: what was written still goes out


async def send_drops(send: Send, caught: Caught, receive: Receive) -> None:
    """The answer byte by byte, and after it blanks, until the asker has gone."""
    gone = asyncio.ensure_future(wait_until_gone(receive))
    await send({"type": "http.response.start", "status": caught.status, "headers": caught.without_length()})
    drops = chain((caught.body[n : n + 1] for n in range(len(caught.body))), repeat(b" "))
    while not gone.done():
        await send({"type": "http.response.body", "body": next(drops), "more_body": True})
        await asyncio.wait({gone}, timeout=DRIP_EVERY)


async def send_drops_of_a_head(scope: Scope, caught: Caught, receive: Receive) -> None:
    """The first line of an answer, and then a header that does not end, byte by byte, until the asker has gone."""
    transport: Any = scope["state"]["transport"]
    transport.write(f"HTTP/1.1 {caught.status} Slow\r\nx-slow: ".encode())
    gone = asyncio.ensure_future(wait_until_gone(receive))
    while not gone.done():
        transport.write(b"z")
        await asyncio.wait({gone}, timeout=DRIP_EVERY)


def cut(scope: Scope) -> None:
    """Reset the connection."""
    transport: Any = scope["state"]["transport"]  # put there by sandbox.serve.Line
    transport.abort()


async def wait_until_gone(receive: Receive) -> None:
    """Silence, until the asker hangs up."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), HANG_AT_MOST)
    except TimeoutError:
        return
