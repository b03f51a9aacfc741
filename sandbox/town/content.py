"""What the town's people may say, read from the files under `content/` and checked while reading.

`{a|b|c}` in a text is a choice, choices may lie inside choices; `{at}`, `{name}` and `{handle}` are filled in by whoever speaks.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product
from random import Random
from typing import Any

LANGUAGES = ("en", "ru", "ro", "te")

KINDS = ("complaint", "praise", "question", "chatter", "news", "spam", "not_us", "own", "repost")

_CHOICE = re.compile(r"\{([^{}|]*(?:\|[^{}|]*)+)\}")
_SPAN = re.compile(r"(\d+)([dhms])")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True)
class TownShop:
    """A shop of the town; its handle is the same on every place. `thread` is the scene's key of its board's weekly thread."""

    key: str
    name: str
    handle: str
    trade: str
    about: str
    branches: tuple[str, ...]
    board: str
    thread: str
    followers: int


@dataclass(frozen=True, slots=True)
class ScenePost:
    """One post that is bound to happen. Times are seconds from the town's epoch; None: never."""

    key: str
    place: str
    by: str
    text: str
    lang: str
    kind: str
    at: float
    brand: str = ""
    topic: str = ""
    tone: str = "plain"
    title: str = ""
    board: str = ""
    parent: str = ""
    quoted: str = ""
    reposted: str = ""
    romanised: bool = False
    visible: float | None = None
    edit_at: float | None = None
    edited: str = ""
    delete_at: float | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with choices in it, from which the endless stream draws."""

    lang: str
    brand: str
    kind: str
    topic: str
    tone: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Speech:
    """One language: how its people are called, which words they look for in an answer, and what they say."""

    lang: str
    first: tuple[tuple[str, str], ...]
    last: tuple[tuple[str, str], ...]
    words: Mapping[str, tuple[str, ...]]
    topics: Mapping[str, tuple[str, ...]]
    says: Mapping[str, tuple[str, ...]]
    angrier: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Content:
    """All that can be said in the town."""

    shops: tuple[TownShop, ...]
    boards: Mapping[str, str]
    people: Mapping[str, str]
    scene: tuple[ScenePost, ...]
    patterns: tuple[Pattern, ...]
    speech: Mapping[str, Speech]

    def shop(self, key: str) -> TownShop:
        """The shop with this key; KeyError when there is none."""
        for shop in self.shops:
            if shop.key == key:
                return shop
        raise KeyError(f"no shop {key!r} in the town")


def seconds(span: str) -> float:
    """Seconds of "-3d4h", "+2m30s"; ValueError for anything else."""
    if not re.fullmatch(r"[+-](?:\d+[dhms])+", span):
        raise ValueError(f"{span!r} is not a span like -3d4h or +2m30s")
    total = sum(int(number) * _SECONDS[unit] for number, unit in _SPAN.findall(span))
    return float(total if span[0] == "+" else -total)


def choose(text: str, rng: Random) -> str:
    """The text with every choice made, the innermost first."""
    while (found := _CHOICE.search(text)) is not None:
        text = text[: found.start()] + rng.choice(found[1].split("|")) + text[found.end() :]
    return text


def count_choices(text: str) -> int:
    """How many texts a pattern without nested choices can become."""
    total = 1
    for found in _CHOICE.finditer(text):
        total *= found[1].count("|") + 1
    return total


def all_choices(text: str) -> list[str]:
    """Every text that a pattern without nested choices can become."""
    parts = _CHOICE.split(text)
    options = [part.split("|") if n % 2 else [part] for n, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*options)]


@cache
def load() -> Content:
    """Read all content. ValueError names the file and what is wrong in it."""
    brands, scene = _toml("brands.toml"), _toml("scene.toml")
    shops = tuple(_shop(each) for each in brands["brand"])
    posts = tuple(_scene_post(each) for each in scene["post"])
    content = Content(
        shops=shops,
        boards=brands["boards"],
        people=scene["people"],
        scene=posts,
        patterns=tuple(pattern for lang in LANGUAGES for pattern in _patterns(lang)),
        speech={lang: _speech(lang) for lang in LANGUAGES},
    )
    _check_scene(content)
    return content


def _read(name: str) -> str:
    return (files("sandbox.town") / "content" / name).read_text(encoding="utf-8")


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(_read(name))


def _shop(raw: dict[str, Any]) -> TownShop:
    return TownShop(**(raw | {"branches": tuple(raw["branches"])}))


def _scene_post(raw: dict[str, Any]) -> ScenePost:
    times = {key: seconds(raw[key]) for key in ("at", "visible", "edit_at", "delete_at") if key in raw}
    known: dict[str, Any] = raw | times | {"text": raw["text"].strip("\n")}
    return ScenePost(**known)


def _patterns(lang: str) -> list[Pattern]:
    rows = csv.DictReader(_read(f"stream.{lang}.tsv").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    found = [Pattern(lang=lang, **row) for row in rows]
    for pattern in found:
        if pattern.kind not in KINDS or not pattern.text:
            raise ValueError(f"stream.{lang}.tsv: not a kind or no text: {pattern}")
    return found


def _speech(lang: str) -> Speech:
    raw = _toml(f"people.{lang}.toml")
    topics, angrier = raw["words"].pop("topics"), raw["says"].pop("angrier")
    return Speech(
        lang=lang,
        first=tuple((name, latin) for name, latin in raw["first"]),
        last=tuple((name, latin) for name, latin in raw["last"]),
        words={key: tuple(words) for key, words in raw["words"].items()},
        topics={key: tuple(words) for key, words in topics.items()},
        says={key: tuple(texts) for key, texts in raw["says"].items()},
        angrier={key: tuple(texts) for key, texts in angrier.items()},
    )


def _check_scene(content: Content) -> None:
    """Everything a scene post points at must be there, and earlier in time."""
    handles = {shop.handle for shop in content.shops} | set(content.people)
    seen: dict[str, ScenePost] = {}
    for post in sorted(content.scene, key=lambda each: each.at):
        if post.key in seen or post.kind not in KINDS or post.by not in handles:
            raise ValueError(f"scene.toml: {post.key} is twice there, or its kind or author is unknown")
        for other in filter(None, (post.parent, post.quoted, post.reposted)):
            if other not in seen or seen[other].place != post.place:
                raise ValueError(f"scene.toml: {post.key} points at {other}, which is not there before it")
        seen[post.key] = post
