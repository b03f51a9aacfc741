"""Which language a text is in: script first, then py3langid limited to the languages people write to us in."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import structlog

from storage.languages import LANGUAGES, identifier

log = structlog.get_logger(__name__)

FIRST_CLASS = ("en", "ru", "ro", "te")
"""Languages with an apology check and proposals of their own."""

KNOWN = LANGUAGES

SURE = 0.9
"""Probability from which we believe py3langid. Below it we say nothing: a false alarm costs more than a miss."""

_SCRIPTS = {
    "te": re.compile(r"[\u0c00-\u0c7f]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "cyrillic": re.compile(r"[\u0400-\u04ff]"),
    "latin": re.compile(r"[a-z\u00df-\u024f\u1e00-\u1eff]"),
}
_SCRIPT_OF = {"te": "te", "hi": "hi", "ru": "cyrillic", "uk": "cyrillic"}
_NOISE = re.compile(r"https?://\S+|(?<!\S)\S{1,64}@\S+|[@#]\w+")


@cache
def _tell(why: str) -> None:
    log.warning("the languages of texts cannot be told", why=why)  # once: every page with a text would say it again


def script_of(language: str) -> str:
    """The script a language is written in: "latin", "cyrillic", "te" or "hi"."""
    return _SCRIPT_OF.get(language, "latin")


def main_script(text: str) -> str | None:
    """The script of most letters in a text, or None when there are no letters we know."""
    lowered = text.lower()
    counts = {script: len(pattern.findall(lowered)) for script, pattern in _SCRIPTS.items()}
    script = max(counts, key=lambda name: counts[name])
    return script if counts[script] else None


def differs(text: str, language: str) -> str | None:
    """The language a text seems to be in, when that is surely not `language`; else None.

    Short texts (under four words) are judged by script alone, and unknown languages are never judged.
    """
    if language not in KNOWN:
        return None
    plain = _NOISE.sub(" ", text)
    letters = sum(character.isalpha() for character in plain)
    script = main_script(plain)
    if script is None or letters < 8:
        return None
    if script == script_of(language) and (script in {"te", "hi"} or len(plain.split()) < 4):
        return None
    try:
        found, probability = _classify(plain)
    except OSError as error:  # it unpacks its model on the disk, which may be full
        _tell(str(error))
        return None
    if script != script_of(language):
        return found if script_of(found) == script else script
    return found if found != language and probability >= SURE else None


@lru_cache(maxsize=512)
def _classify(plain: str) -> tuple[str, float]:
    return identifier().classify(
        plain
    )  # a text is checked when proposed, when shown, at every pause in typing, and when approved
