"""Reddit reads Markdown; the owner wrote plain text. Escaped here, so that it reads there as it was written."""

from __future__ import annotations

import re

LEAVE_ALONE = re.compile(r"https?://[^\s<>\[\]\\`*|]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
"""Addresses: Reddit makes links of them by itself, and a backslash inside would break them. Bounded, so that no text takes long."""

ANYWHERE = re.compile(r"[\\`*_~^|<>\[\]]|&(?=#?\w{1,32};)")
"""Signs that mean something wherever they stand: emphasis, code, strike, superscript, tables, tags and spoilers, links, entities."""

LIST_NUMBER = re.compile(r"\d{1,9}(?=[.)](?:\s|$))")


def escape(text: str) -> str:
    """The Markdown that reads as `text`: signs stay signs, line ends stay line ends, nothing becomes a heading, a list or code.

    Spaces at the start of a line are given up: four of them would make code.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    written = [_line(line.strip()) for line in lines]
    joined = []
    for n, line in enumerate(written):
        follows = n + 1 < len(written) and bool(line) and bool(written[n + 1])
        joined.append(line + ("  " if follows else ""))
    return "\n".join(joined).strip("\n")


def _line(line: str) -> str:
    start = _start(line)
    written, at = [start[0]], start[1]
    for address in LEAVE_ALONE.finditer(line, at):
        written += [_signs(line[at : address.start()]), address[0]]
        at = address.end()
    written.append(_signs(line[at:]))
    return "".join(written)


def _start(line: str) -> tuple[str, int]:
    """What stands at the start of a line and would mean something there, escaped, and how much of the line that was."""
    number = LIST_NUMBER.match(line)
    if number is not None:
        return f"{number[0]}\\{line[number.end()]}", number.end() + 1
    if line[:1] in {"#", "+", "-"}:
        return "\\" + line[0], 1
    if line and not line.strip("="):
        return "&#61;", 1  # a line of = makes a heading of the line above
    return "", 0


def _signs(text: str) -> str:
    return ANYWHERE.sub(lambda sign: "\\" + sign[0], text)
