"""The log: one line per event, whatever Mallory puts into it."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from desk.logs import escape, start_logs

HOSTILE = (
    "line\nbreak",
    "carriage\rreturn",
    "\x1b[2Jwiped",
    "nul\x00",
    "\u202egnol",
    "\u2028separator",
    "c1\x9b31m",
    "lone\ud800surrogate",
    "tab\there",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", ["console", "json"])
def test_a_hostile_text_stays_on_one_line(form: str, text: str) -> None:
    stream = io.StringIO()
    start_logs(form, "info", stream)
    structlog.get_logger().info("a round was read", source=text)
    written = stream.getvalue()
    assert written.endswith("\n")
    assert written.count("\n") == 1
    assert all(char.isprintable() for char in written[:-1])
    if form == "json":
        assert json.loads(written)["event"] == "a round was read"


def test_an_error_tells_its_kind_its_first_line_and_where_on_one_line() -> None:
    stream = io.StringIO()
    start_logs("json", "info", stream)

    def break_down() -> None:
        raise ValueError("first line\nparameters: what a customer wrote")

    try:
        break_down()
    except ValueError:
        structlog.get_logger().exception("work failed", work="poll")
    told = json.loads(stream.getvalue())
    assert told["error"] == "ValueError: first line"
    assert "test_logs.py" in told["where"]
    assert "break_down" in told["where"]
    assert "customer" not in stream.getvalue()


def test_what_is_less_important_is_left_out() -> None:
    stream = io.StringIO()
    start_logs("console", "warning", stream)
    structlog.get_logger().info("everyday")
    structlog.get_logger().warning("look here")
    assert "everyday" not in stream.getvalue()
    assert "warning look here" in stream.getvalue()


def test_a_librarys_warning_is_kept_and_its_chatter_is_not() -> None:
    stream = io.StringIO()
    start_logs("console", "info", stream)
    for name in ("prawcore", "httpx"):
        logging.getLogger(name).info("everyday")
    logging.getLogger("prawcore").warning("slow\n\x1b[31mdown")
    assert stream.getvalue().count("\n") == 1
    assert "slow\\n\\x1b[31mdown" in stream.getvalue()


def test_a_very_long_text_is_cut() -> None:
    assert len(escape("x" * 100_000)) < 600
