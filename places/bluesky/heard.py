"""What was last heard on the line: the answer as it came, kept because the client library stumbles over some that we can read.

Here is also what bounds an answer as a whole. httpx waits anew for every byte of it, and would take as many as there come.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from places.clean import clean_line
from places.patience import MOST, WHOLE, Watch

Body = dict[str, Any]


class Bounded(httpx.SyncByteStream):
    """An answer's body, of MOST bytes at most."""

    def __init__(self, inner: httpx.SyncByteStream, request: httpx.Request) -> None:
        self._inner, self._request = inner, request

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for drop in self._inner:
            size += len(drop)
            if size > MOST:
                raise httpx.ReadError(f"more than {MOST} bytes", request=self._request)
            yield drop

    def close(self) -> None:
        """Let go of the connection."""
        self._inner.close()


class Heard:
    """Listens in on one client, with `patience` seconds for each silence. `last` is the newest answer whose head arrived, or None."""

    def __init__(self, patience: float) -> None:
        self.last: httpx.Response | None = None
        self._patience = patience
        self._watch: Watch | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """One request and its whole answer. What has not come in time counts as not come."""
        self.last = None
        with Watch(self._patience * WHOLE) as watch:
            self._watch = watch
            try:
                yield
            finally:
                self._watch = None
                if watch.over:
                    self.last = None

    def ask(self, request: httpx.Request) -> None:
        """A request goes out."""
        request.extensions = {**request.extensions, "trace": self._trace}

    def _trace(self, event: str, told: Mapping[str, Any]) -> None:
        """httpx tells of its connection: from its first byte on it is under watch."""
        if event == "connection.connect_tcp.complete" and self._watch is not None:
            line = told["return_value"].get_extra_info("socket")
            if not self._watch.holds(line):
                raise httpx.ConnectTimeout("the time for this request was over before it could be sent")

    def answer(self, response: httpx.Response) -> None:
        """The head of its answer came; the body is to follow."""
        self.last = response
        if isinstance(response.stream, httpx.SyncByteStream):
            response.stream = Bounded(response.stream, response.request)

    def body(self) -> Body | None:
        """The last answer as a JSON object; None when it is none, or did not arrive whole. A wrong byte costs itself alone."""
        content = self._content()
        if content is None:
            return None
        try:
            body = json.loads(content.decode("utf-8", "replace"), strict=False)
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None

    @property
    def status(self) -> int | None:
        """The last answer's status; None when none arrived whole."""
        return self.last.status_code if self.last is not None and self._content() is not None else None

    def _content(self) -> bytes | None:
        try:
            return self.last.content if self.last is not None else None
        except httpx.StreamError:  # its body broke off
            return None

    def error(self) -> str:
        """The name that Bluesky gives to its no: "ExpiredToken", "InvalidRequest", …; "" where it gives none."""
        name = (self.body() or {}).get("error")
        return clean_line(name, 100) if isinstance(name, str) else ""

    def says(self) -> str:
        """What Bluesky says about it, for people."""
        body = self.body() or {}
        words = [clean_line(said, 300) for said in (body.get("message"), body.get("error")) if isinstance(said, str)]
        return next((said for said in words if said), f"status {self.status}")
