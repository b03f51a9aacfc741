"""What a stretch of text stands for on Bluesky: links, mentions and tags. Places are counted in bytes of UTF-8, not in characters.

Reading: links that Bluesky's own app shows shortened are put back in full. Writing: what looks like a link, a mention or a tag becomes one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from places.bluesky.uris import is_did

MOST = 300
"""Facets of one text that are looked at; a text of 300 graphemes can hold no more."""
LONGEST_LINK = 2_000
MOST_NAMES = 3
"""Handles in a reply whose accounts are looked for; each may cost a time-out, and a claim does not hold for ever."""

_SHORTENED = re.compile(r"(?:\.\.\.|…)$")

Resolve = Callable[[str], str | None]
"""A handle to the id of its account; None where there is none, or nobody can tell now."""


def linked_text(text: str, facets: object) -> str:
    """The text with its links in full: "example.com/lon..." leads somewhere, and that is put in its place. Other words stay as they are."""
    raw = text.encode("utf-8", "replace")
    whole, at = [], 0
    for start, end, feature in _features(facets, len(raw)):
        address = feature.get("uri")
        if start < at or not _is_a(feature, "link") or not isinstance(address, str):
            continue
        if _stands_for(raw[start:end], address):
            whole += [raw[at:start], address[:LONGEST_LINK].encode("utf-8", "replace")]
            at = end
    return text if not whole else b"".join([*whole, raw[at:]]).decode("utf-8", "replace")


def mentioned(text: str, facets: object) -> list[str]:
    """The ids of the accounts that the text mentions."""
    size = len(text.encode("utf-8", "replace"))
    named = (feature.get("did") for _, _, feature in _features(facets, size) if _is_a(feature, "mention"))
    return [did for did in named if isinstance(did, str) and is_did(did)]


def _features(facets: object, size: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Every feature with its place in the text, in order; places outside of it are left out."""
    found = []
    for facet in facets[:MOST] if isinstance(facets, list) else []:
        index = facet.get("index") if isinstance(facet, dict) else None
        start, end = (index.get("byteStart"), index.get("byteEnd")) if isinstance(index, dict) else (None, None)
        if type(start) is not int or type(end) is not int or not 0 <= start < end <= size:
            continue
        features = facet.get("features")
        found += [
            (start, end, one) for one in (features if isinstance(features, list) else []) if isinstance(one, dict)
        ]
    yield from sorted(found, key=lambda each: each[:2])


def _is_a(feature: dict[str, Any], kind: str) -> bool:
    return feature.get("$type") == f"app.bsky.richtext.facet#{kind}"


def _stands_for(shown: bytes, address: str) -> bool:
    """Whether these words are the beginning of the address, cut short; anything else is what the author chose to call it."""
    words = shown.decode("utf-8", "replace").strip()
    head = _SHORTENED.sub("", words)
    if head == words or not head or not address.startswith(("https://", "http://")):
        return False
    bare = address.partition("://")[2]
    return any(one.startswith(head) for one in (address, bare, bare.removeprefix("www.")))


def facets_of(text: str, resolve: Resolve) -> list[dict[str, Any]]:
    """The facets of a text that we write, in order, as Bluesky takes them. A handle that nobody has stays plain text."""
    from atproto_client.models.utils import get_model_as_dict
    from atproto_client.utils import facet_detection

    found: list[dict[str, Any]] = [get_model_as_dict(one) for one in facet_detection.detect_facets(text)]
    mentions = facet_detection.detect_mentions(text)
    handles = list(dict.fromkeys(mention.handle.lower() for mention in mentions))[:MOST_NAMES]
    accounts = {handle: resolve(handle) for handle in handles}
    for mention in mentions:
        did = accounts.get(mention.handle.lower())
        if did is not None:
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": did}
            found.append(_facet(mention.byte_start, mention.byte_end, feature))
    return sorted(found, key=lambda one: (one["index"]["byteStart"], one["index"]["byteEnd"]))


def _facet(start: int, end: int, feature: dict[str, Any]) -> dict[str, Any]:
    return {
        "$type": "app.bsky.richtext.facet",
        "index": {"$type": "app.bsky.richtext.facet#byteSlice", "byteStart": start, "byteEnd": end},
        "features": [feature],
    }
