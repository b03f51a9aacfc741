"""How X shows a text: links shortened, the addressee in front of a reply, & < > escaped, long posts cut. And how it counts it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sandbox.things import Version, WorldPost
from sandbox.world import World

LIMIT = 280
LINK_WEIGHT = 23
LINK = re.compile(r"https?://[^\s<>\"]+")
MENTION = re.compile(r"(?<![\w@/])@(\w{1,15})(?!\w)", re.ASCII)
SHORT = re.compile(r"https://t\.co/[0-9A-Za-z]{10}")
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that weigh 1; all others weigh 2 (twitter-text configuration 3)."""
EMOJI = re.compile(
    r"[\U0001F1E6-\U0001F1FF]{2}|[\u231A-\u3299\U0001F000-\U0001FAFF]\uFE0F?[\U0001F3FB-\U0001F3FF]?"
    r"(?:\u200D[\u231A-\u3299\U0001F000-\U0001FAFF]\uFE0F?[\U0001F3FB-\U0001F3FF]?)*"
)


def weight(text: str) -> int:
    """The weighted length: links 23, emoji sequences 2, light code points 1, others 2, after NFC."""
    text = unicodedata.normalize("NFC", text)
    links, text = LINK.subn("", text)[1], LINK.sub("", text)
    emoji, text = EMOJI.subn("", text)[1], EMOJI.sub("", text)
    plain = sum(1 if any(low <= ord(char) <= high for low, high in LIGHT) else 2 for char in text)
    return links * LINK_WEIGHT + emoji * 2 + plain


@dataclass(frozen=True, slots=True)
class Shown:
    """A version of a post as X shows it. `long` is the whole text where `text` is cut, else None. `links` maps short to real."""

    text: str
    long: str | None
    links: dict[str, str]

    def entities(self, world: World, *, whole: bool = False) -> dict[str, Any]:
        """Links and mentions with their places in the text; only accounts that exist are mentions."""
        text = self.long if whole and self.long is not None else self.text
        urls = [
            {"start": found.start(), "end": found.end(), "url": found[0], "expanded_url": self.links[found[0]]}
            for found in SHORT.finditer(text)
            if found[0] in self.links
        ]
        mentions = []
        for found in MENTION.finditer(text):
            account = world.account("x", handle=found[1])
            if account is not None:
                mentions.append(
                    {"start": found.start(), "end": found.end(), "username": account.handle, "id": account.id}
                )
        return {name: found for name, found in (("urls", urls), ("mentions", mentions)) if found}

    def mentioned_ids(self, world: World) -> set[str]:
        """The accounts mentioned anywhere in it."""
        return set(world.made_once(("x, mentioned", self.long, self.text), lambda: self._find_mentioned(world)))

    def _find_mentioned(self, world: World) -> set[str]:
        return {mention["id"] for mention in self.entities(world, whole=True).get("mentions", [])}

    def mentioned_handles(self, world: World) -> set[str]:
        """Their handles, lower case."""
        return {mention["username"].lower() for mention in self.entities(world, whole=True).get("mentions", [])}


def show(world: World, post: WorldPost, version: Version) -> Shown:
    """How X shows this version of a post."""
    if post.reposted_id is not None:
        return _show_repost(world, post.reposted_id)
    text = address(world, version.text, post.parent_id)
    if post.quoted_id is not None:
        quoted = world.post("x", post.quoted_id)
        author = world.account("x", id=quoted.author_id) if quoted is not None else None
        text += f" https://twitter.com/{author.handle if author else 'i'}/status/{post.quoted_id}"
    links: dict[str, str] = {}

    def shorten(found: re.Match[str]) -> str:
        digest = hashlib.blake2s(found[0].encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
        links[f"https://t.co/{digest}"] = found[0]
        return f"https://t.co/{digest}"

    text = _escape(LINK.sub(shorten, text))
    if weight(version.text) <= LIMIT:
        return Shown(text, None, links)
    return Shown(text[: LIMIT - 1] + "…", text, links)


def address(world: World, text: str, parent_id: str | None) -> str:
    """X puts the name of whom a reply answers in front of it, unless it is there already."""
    parent = world.post("x", parent_id) if parent_id is not None else None
    author = world.account("x", id=parent.author_id) if parent is not None else None
    if author is None or re.match(rf"(@\w+\s+)*@{re.escape(author.handle)}\b", text, re.IGNORECASE):
        return text
    return f"@{author.handle} {text}"


def _show_repost(world: World, reposted_id: str) -> Shown:
    original = world.post("x", reposted_id)
    if original is None:
        return Shown("RT", None, {})
    author = world.account("x", id=original.author_id)
    shown = show(world, original, original.versions[-1])
    text = f"RT @{author.handle if author else 'i'}: {shown.long or shown.text}"
    return Shown(text if len(text) <= 140 else text[:139] + "…", None, shown.links)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
