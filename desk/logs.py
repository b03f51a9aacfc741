"""The service's log: one line per event, for people or as JSON, with nothing in it that could move a terminal's cursor."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
QUIET = (
    "uvicorn",
    "alembic",
    "prawcore",
    "praw",
    "tweepy",
    "urllib3",
    "httpx",
    "httpcore",
    "py3langid",
    "procrastinate",
)
"""Libraries whose everyday chatter says nothing to an owner; their warnings are kept."""
LONGEST = 500
FRAMES = 3

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

Event = MutableMapping[str, Any]


def escape(text: str) -> str:
    """The text on one line: controls, bidi marks and lone surrogates spelled out, and not longer than 500 characters."""
    spelled = _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
    return spelled if len(spelled) <= LONGEST else spelled[:LONGEST] + "…"


def escape_all(_logger: object, _method: str, event: Event) -> Event:
    """A structlog step: every text in the event is escaped."""
    for key, value in event.items():
        if not isinstance(value, bool | int | float | None):
            event[key] = escape(str(value))
    return event


def tell_error(_logger: object, _method: str, event: Event) -> Event:
    """A structlog step: an exception becomes its kind, its first line and the last steps that led to it, on the same line."""
    error = event.pop("exc_info", None)
    error = sys.exc_info()[1] if error is True else error[1] if isinstance(error, tuple) else error
    if isinstance(error, BaseException):
        first_line = str(error).partition("\n")[0]
        event["error"] = f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        event["where"] = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return event


def write_line(_logger: object, _method: str, event: Event) -> str:
    """A structlog step: "12:00:05 info  a round was read  source=x:mentions:rosebakery found=3"."""
    at, level, says = str(event.pop("at", "")), str(event.pop("level", "")), str(event.pop("event", ""))
    rest = " ".join(f"{key}={value}" for key, value in event.items())
    return f"{at[11:19]} {level:<7} {says}{'  ' + rest if rest else ''}"


def start_logs(form: str, level: str, stream: TextIO | None = None) -> None:
    """Send our log, and the warnings of the libraries, to `stream` (standard error) as "console" or "json"."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        tell_error,
        escape_all,
    ]
    last = structlog.processors.JSONRenderer() if form == "json" else write_line
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    written = logging.StreamHandler(stream or sys.stderr)
    written.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [written]
    root.setLevel(LEVELS[level])
    # A tick that finds the last one still at work is passed over, and the scheduler would warn of it every second.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, LEVELS[level]))
