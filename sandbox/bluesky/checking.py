"""Whether a record is a post, as the lexicon says; the wording of the noes is that of Bluesky's own server."""

from __future__ import annotations

import re
import unicodedata

from sandbox.bluesky.asking import POST, URI, Problem, invalid
from sandbox.bluesky.repos import Written

GRAPHEMES, BYTES = 300, 3_000


def _bad_record(why: str) -> Problem:
    return invalid(f"Invalid {POST} record: {why}")


def check_post(written: Written) -> None:
    """Raises Problem 400 for what the lexicon of posts does not allow."""
    for name in ("text", "createdAt"):
        if not isinstance(written.get(name), str):
            raise _bad_record(f'Missing required key "{name}" at $.record')
    text = str(written["text"])
    graphemes, size = count_graphemes(text), len(text.encode("utf-8", "replace"))
    if size > BYTES:
        raise _bad_record(f"string too big (maximum {BYTES}, got {size}) at $.record.text")
    if graphemes > GRAPHEMES:
        raise _bad_record(f"grapheme too big (maximum {GRAPHEMES}, got {graphemes}) at $.record.text")
    _check_reply(written)
    _check_facets(written)


def _check_reply(written: Written) -> None:
    reply = written.get("reply")
    if reply is None:
        return
    for which in ("root", "parent"):
        there = reply.get(which) if isinstance(reply, dict) else None
        if not isinstance(there, dict):
            raise _bad_record(f'Missing required key "{which}" at $.record.reply')
        if URI.fullmatch(str(there.get("uri"))) is None:
            raise _bad_record(f'Invalid at-uri (got "{there.get("uri")}") at $.record.reply.{which}.uri')
        if re.fullmatch(r"b[a-z2-7]{58}", str(there.get("cid"))) is None:
            raise _bad_record(f'Invalid CID (got "{there.get("cid")}") at $.record.reply.{which}.cid')


def _check_facets(written: Written) -> None:
    for n, facet in enumerate(written.get("facets") or ()):
        index = facet.get("index") if isinstance(facet, dict) else None
        if not isinstance(index, dict) or not isinstance(facet.get("features"), list):
            raise _bad_record(f'Missing required key "index" at $.record.facets[{n}]')
        for name in ("byteStart", "byteEnd"):
            if type(index.get(name)) is not int or index[name] < 0:
                raise _bad_record(f"Expected integer value type at $.record.facets[{n}].index.{name}")


def count_graphemes(text: str) -> int:
    """What people count as characters, nearly: marks, joined emoji, skin tones and flags count with what they belong to."""
    count, joined, flag = 0, False, False
    for char in text:
        extends = unicodedata.category(char) in {"Mn", "Me", "Mc"} or "\U0001f3fb" <= char <= "\U0001f3ff"
        if char == "\u200d" or extends or "\U000e0020" <= char <= "\U000e007f":
            joined = char == "\u200d"
            continue
        second_half = flag and "\U0001f1e6" <= char <= "\U0001f1ff"
        count += not joined and not second_half
        flag = "\U0001f1e6" <= char <= "\U0001f1ff" and not second_half
        joined = False
    return count
