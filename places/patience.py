"""Patience with an answer as a whole.

A time-out of a library bounds each silence on the line, and not their sum: a server that sends a byte now and then holds its client
for ever. Here a whole answer has a time as well, and a size.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ReadTimeout, RequestException
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

WHOLE = 2.5
"""How many times the patience with one silence a whole answer may take, from the call until its last byte."""

MOST = 32_000_000
"""Bytes of an answer, unpacked, beyond which it is not read: the longest that a platform here gives are some ten million."""

_running = threading.local()


class TooLong(RequestException):
    """The answer is longer than anything that was asked for."""


class Watch:
    """Ends the connection that a thread holds when its time is over: whoever waits for it then is told at once."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._line: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _running.watch = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _running.watch = None
        self._timer.cancel()
        with self._lock:
            self._let_go()

    def holds(self, line: socket.socket) -> bool:
        """From now on this connection is the one to end; False when the time is over already."""
        with self._lock:
            self._let_go()
            if not self.over:
                # A second handle on it: the first may be wrapped into TLS, and closed, by another thread than the one that ends it.
                self._line = socket.socket(fileno=os.dup(line.fileno()))
            return not self.over

    def _end(self) -> None:
        with self._lock:
            self.over = True
            if self._line is not None:
                with suppress(OSError):  # it ended by itself
                    self._line.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


def _watched(connection: HTTPConnection, line: socket.socket) -> None:
    """Have the running watch hold a connection. Raises NewConnectionError when it is too late to send anything."""
    watch: Watch | None = getattr(_running, "watch", None)
    if watch is not None and not watch.holds(line):
        line.close()
        raise NewConnectionError(connection, "the time for this request was over before it could be sent")


class _Plain(HTTPConnection):
    """A connection under watch from its first byte."""

    def _new_conn(self) -> socket.socket:
        line = super()._new_conn()
        _watched(self, line)
        return line

    def request(self, *args: Any, **named: Any) -> None:
        """Send a request; on a connection that was kept, the watch begins here."""
        if self.sock is not None:
            _watched(self, self.sock)
        super().request(*args, **named)


class _Tls(HTTPSConnection):
    """The same, with TLS; its handshake is watched too."""

    def _new_conn(self) -> socket.socket:
        line = super()._new_conn()
        _watched(self, line)
        return line

    def request(self, *args: Any, **named: Any) -> None:
        """Send a request; on a connection that was kept, the watch begins here."""
        if self.sock is not None:
            _watched(self, self.sock)
        super().request(*args, **named)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


_POOLS = {"http": _PlainPool, "https": _TlsPool}


class Patient(HTTPAdapter):
    """Sends a request once, waits `patience` seconds in each silence and WHOLE times that for the whole answer, and reads it whole.

    Raises what requests raises; ReadTimeout also when the whole took too long, and TooLong for more than `most` bytes.
    """

    def __init__(self, patience: float, most: int = MOST) -> None:
        self.patience, self.most = patience, most
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        """Pools of connections that can be watched."""
        super().init_poolmanager(*args, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        """The same through a proxy."""
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """One request and its whole answer."""
        del stream
        with Watch(self.patience * WHOLE) as watch:
            try:
                response = super().send(request, True, timeout or self.patience, *args, **kwargs)
                _read(response, self.most)
            except RequestException as error:
                if watch.over:
                    raise ReadTimeout("the whole answer took too long", request=request) from error
                raise
        if (
            watch.over
        ):  # a connection that was ended looks like one whose answer is complete, where no length was promised
            raise ReadTimeout("the whole answer took too long", request=request)
        return response


def _read(response: requests.Response, most: int) -> None:
    parts, size = [], 0
    for part in response.iter_content(65_536):
        size += len(part)
        if size > most:
            response.close()
            raise TooLong(f"more than {most} bytes", request=response.request)
        parts.append(part)
    response._content = b"".join(parts)  # noqa: SLF001 - requests has no other way to read with a limit
