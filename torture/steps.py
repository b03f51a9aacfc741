"""Steps: where a process under torture can die. Both ends of every BEGIN and COMMIT, of every request, and of every answer of a mail server;
and the moment between, when a request has been sent and nothing was heard yet.

Between two steps a process only computes, so that dying anywhere in between is dying at one of them.
"""

from __future__ import annotations

import http.client
import os
import signal
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import requests.adapters
from sqlalchemy import event

from storage.engine import Engine

__all__ = ["STEPS", "Steps", "watch_base", "watch_lines"]


@dataclass(slots=True)
class Steps:
    """Counts the steps of this process, and ends it by SIGKILL at number `kill_at` (from 1). `last_words` is told the step's name first.

    `on_line`: only the steps of requests and mails are counted.
    """

    kill_at: int = 0
    on_line: bool = False
    names: list[str] = field(default_factory=list)
    counted: int = 0
    last_words: Callable[[str], None] = print

    def begin(self, kill_at: int, last_words: Callable[[str], None], *, on_line: bool = False) -> None:
        """Count anew. `kill_at` 0 kills never."""
        self.kill_at, self.names, self.last_words = kill_at, [], last_words
        self.counted, self.on_line = 0, on_line

    def step(self, name: str, *, in_base: bool = False) -> None:
        """One step is reached."""
        self.names.append(name)
        self.counted += not (in_base and self.on_line)
        if self.counted == self.kill_at and not (in_base and self.on_line):
            self.last_words(name)
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)  # never slept through: other threads of this process may still be running for a moment


STEPS = Steps()
"""The steps of this process."""


def watch_base(engine: Engine) -> None:
    """Make both ends of every BEGIN and COMMIT a step."""
    dialect: Any = engine.dialect
    begun, committed = dialect.do_begin, dialect.do_commit

    def after_begin(connection: Any) -> None:
        begun(connection)
        STEPS.step("after BEGIN", in_base=True)

    def around_commit(connection: Any) -> None:
        STEPS.step("before COMMIT", in_base=True)
        committed(connection)
        STEPS.step("after COMMIT", in_base=True)

    dialect.do_begin, dialect.do_commit = after_begin, around_commit
    event.listen(engine, "begin", lambda _: STEPS.step("before BEGIN", in_base=True), insert=True)


def watch_lines() -> None:
    """Make every request and every answer of a mail server a step, from now on and for the whole process."""
    _watch_requests()
    _watch_httpx()
    _watch_mail()


def _watch_requests() -> None:
    send, hear = requests.adapters.HTTPAdapter.send, http.client.HTTPConnection.getresponse

    def stepping(self: Any, request: Any, *given: Any, **named: Any) -> Any:
        name = f"{request.method} {_path(request.url)}"
        STEPS.step(f"before {name}")
        answer = send(self, request, *given, **named)
        STEPS.step(f"after {name}")
        return answer

    def hearing(self: Any) -> Any:
        STEPS.step("sent")
        return hear(self)

    requests.adapters.HTTPAdapter.send = stepping  # type: ignore[method-assign]  # the whole point
    http.client.HTTPConnection.getresponse = hearing  # type: ignore[method-assign]  # the whole point


def _watch_httpx() -> None:
    send = httpx.Client.send

    def heard(what: str, _: Any) -> None:
        if what.endswith("send_request_body.complete"):
            STEPS.step("sent")

    def stepping(self: Any, request: Any, *given: Any, **named: Any) -> Any:
        name = f"{request.method} {request.url.path}"
        STEPS.step(f"before {name}")
        request.extensions = {**request.extensions, "trace": heard}
        answer = send(self, request, *given, **named)
        STEPS.step(f"after {name}")
        return answer

    httpx.Client.send = stepping  # type: ignore[method-assign]  # the whole point


def _watch_mail() -> None:
    hear = smtplib.SMTP.getreply

    def hearing(self: Any) -> Any:
        STEPS.step("mail: before an answer")
        answer = hear(self)
        STEPS.step(f"mail: after {answer[0]}")
        return answer

    smtplib.SMTP.getreply = hearing  # type: ignore[method-assign]  # the whole point


def _path(url: str | None) -> str:
    return "/" + (url or "").partition("?")[0].partition("://")[2].partition("/")[2]
