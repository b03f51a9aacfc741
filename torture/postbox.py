"""A mail server that keeps what it took, and that fails on demand. It speaks just enough SMTP for smtplib."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from enum import StrEnum
from types import TracebackType
from typing import Any, Self, cast

QUIET = 10.0
"""Seconds after which a client that says nothing more is taken for dead."""


class Trouble(StrEnum):
    """What can go wrong with one mail."""

    BUSY = "busy"  # 451: not now
    REFUSED = "refused"  # 550: never
    CUT_BEFORE = "cut_before"  # the line breaks before the mail is taken
    CUT_AFTER = "cut_after"  # the mail is taken, and the line breaks before that is said
    GARBAGE = "garbage"  # the mail is taken, and the answer makes no sense
    SILENT = "silent"  # the server hangs up instead of greeting


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was taken."""

    at: datetime
    recipient: str
    message_id: str


class Postbox:
    """Use as a context. `mails` is what it took, `troubles` what goes wrong with the next mails, one each."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.mails: list[Mail] = []
        self.troubles: list[Trouble] = []
        self._server = _Server(("127.0.0.1", 0), _Line)
        self._server.postbox = self
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="postbox", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def come_to_rest(self) -> None:
        """Wait until everybody who talks here is done: whoever is dead has nothing more to say."""
        with socket.socket() as last:
            last.settimeout(QUIET)
            last.bind(("127.0.0.1", 0))
            self._server.closing_port = last.getsockname()[1]
            last.connect(("127.0.0.1", self.port))
            last.recv(1)  # whoever knocked before us has been let in by now
        with self._server.quiet:
            self._server.quiet.wait_for(lambda: self._server.talks == 0, QUIET)

    def empty(self) -> None:
        """Forget every mail and every trouble."""
        self.mails, self.troubles = [], []

    def take(self, recipient: str, data: bytes) -> None:
        """Keep a mail."""
        told = message_from_bytes(data, policy=default)
        self.mails.append(Mail(self.clock(), recipient, str(told["Message-ID"])))


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    postbox: Postbox
    closing_port = 0
    """The port of who comes only to see that everybody else is gone."""

    def __init__(self, address: tuple[str, int], line: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__(address, line)
        self.talks = 0
        self.quiet = threading.Condition()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        """Let somebody in."""
        with self.quiet:
            self.talks += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Somebody leaves."""
        super().shutdown_request(request)
        with self.quiet:
            self.talks -= 1
            self.quiet.notify_all()


class _Line(socketserver.StreamRequestHandler):
    """One client."""

    timeout = QUIET

    def handle(self) -> None:
        """Talk until the client leaves, or dies."""
        server = cast("_Server", self.server)
        with suppress(OSError):  # the client died
            if self.client_address[1] == server.closing_port:
                self._say("421 nobody else is here")
            else:
                self._talk(server.postbox)

    def _talk(self, postbox: Postbox) -> None:
        trouble, recipient = (postbox.troubles.pop(0) if postbox.troubles else None), ""
        if trouble is Trouble.SILENT:
            self._cut()
            return
        self._say("220 the town's postbox")
        while line := self.rfile.readline():
            said = line.decode("ascii", "replace").strip()
            word = said[:4].upper()
            if word == "QUIT":
                self._say("221 bye")
                return
            if word == "MAIL" and trouble is Trouble.BUSY:
                self._say("451 not now")
            elif word == "RCPT" and trouble is Trouble.REFUSED:
                self._say("550 nobody of that name")
            elif word == "RCPT":
                recipient = said[said.index("<") + 1 : said.index(">")]
                self._say("250 yes")
            elif word == "DATA":
                if not self._take(postbox, recipient, trouble):
                    return
            else:
                self._say("250 yes")

    def _take(self, postbox: Postbox, recipient: str, trouble: Trouble | None) -> bool:
        """The mail itself; gives whether the talk goes on."""
        self._say("354 go on")
        data = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False  # the sender died in the middle
            data += line.removeprefix(b".") if line.startswith(b"..") else line
        if trouble is not Trouble.CUT_BEFORE:
            postbox.take(recipient, data)
        if trouble in (Trouble.CUT_BEFORE, Trouble.CUT_AFTER):
            self._cut()
            return False
        self._say("xyz" if trouble is Trouble.GARBAGE else "250 taken")
        return True

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def _cut(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
