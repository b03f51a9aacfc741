"""Which language a post is written in: the script, the place's own field, how people romanise, and py3langid last."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.filter import cues
from monitor.filter.folding import URL, fold
from storage.languages import LANGUAGES, identifier

UNKNOWN = "und"

_READ = 1_000  # code points that are enough to tell a language
_FEWEST_WORDS = 3  # fewer are guesswork for py3langid: .956 at five words, far less below
_NOT_WORDS = re.compile(r"(?:https?://|www\.)\S+|[@#]\S+|\bu/\S+")
_LETTERS = re.compile(r"[^\W\d_]")
_TELUGU = re.compile(r"[\u0c00-\u0c7f]")
_DEVANAGARI = re.compile(r"[\u0900-\u097f]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_UKRAINIAN = re.compile(r"[іїєґ]", re.IGNORECASE)
_RUSSIAN = re.compile(r"[ыэъё]", re.IGNORECASE)
_HINDI_IN_LATIN = frozenset(
    [
        "hai",
        "hain",
        "nahi",
        "nahin",
        "nhi",
        "bahut",
        "bohot",
        "kya",
        "kyun",
        "kyu",
        "mera",
        "meri",
        "mujhe",
        "hua",
        "hui",
        "hoga",
        "gaya",
        "gayi",
        "raha",
        "rahe",
        "rahi",
        "bakwas",
        "kharab",
        "paisa",
        "paise",
        "wapas",
        "aap",
        "aapka",
        "aapki",
        "yeh",
        "woh",
        "koi",
        "kuch",
        "abhi",
        "tak",
        "ka",
        "ki",
        "ke",
        "ko",
        "se",
        "mein",
        "aur",
        "bhi",
        "karo",
        "karte",
        "kiya",
        "diya",
    ]
)


_TELUGU_ENDINGS = (
    "aledu",
    "atledu",
    "indhi",
    "chindi",
    "yindi",
    "unnaru",
    "nnaru",
    "charu",
    "saru",
    "taru",
    "tundi",
    "stundi",
    "andi",
)
"""Verb endings that hardly any other language of ours has at the end of a word."""


def _by_script(text: str, field: str) -> str | None:
    telugu, devanagari, cyrillic = (len(found.findall(text)) for found in (_TELUGU, _DEVANAGARI, _CYRILLIC))
    most = max(telugu, devanagari, cyrillic)
    if most == 0 or most * 2 < len(_LETTERS.findall(text)):
        return None
    if most == telugu:
        return "te"
    if most == devanagari:
        return "hi"
    if _UKRAINIAN.search(text) and not _RUSSIAN.search(text):
        return "uk"
    return "uk" if field == "uk" and not _RUSSIAN.search(text) else "ru"


def _romanised(words: Sequence[str]) -> str | None:
    """Telugu or Hindi in Latin letters, told by its most common words: two at least, and a quarter of all."""
    telugu = cues.load("te-latn")
    assert telugu is not None
    for language, common in (("te", telugu.words["common"]), ("hi", _HINDI_IN_LATIN)):
        known = sum(word in common or (language == "te" and word.endswith(_TELUGU_ENDINGS)) for word in words)
        if known >= 2 and known * 4 >= len(words):
            return language
    return None


def detect(text: str, words: Sequence[str], field: str | None) -> str:
    """The language of a text as ISO 639-1, one of LANGUAGES, or "und".

    `words` are the text's folded words; `field` is what the place says of it (X: "en", "qme", "und", …).
    The place's field decides, unless the script contradicts it or the words are romanised Telugu or Hindi, which no place knows.
    """
    text = _NOT_WORDS.sub(" ", text[:_READ])
    said = (field or "").lower().partition("-")[0].partition("_")[0]
    script = _by_script(text, said)
    if script is not None:
        return script
    words = [word for word in words if word != URL and word[0] != "@" and not word[0].isdigit()]
    if said not in LANGUAGES or said in ("en", "hi"):
        romanised = _romanised(words)
        if romanised is not None:
            return romanised
    if said in LANGUAGES and said not in ("ru", "uk", "te"):
        return said
    if said == "te" and words:
        return said
    if len(words) < _FEWEST_WORDS or not _LETTERS.search(text):
        return UNKNOWN
    return identifier().classify(text)[0]


def find_language(text: str) -> str:
    """The language of a text of which nothing else is known, one of LANGUAGES, or "und" when it is too short to tell."""
    return detect(text, fold(text).keys, None)


def cues_for(language: str) -> tuple[cues.Cues, ...]:
    """The cues to look for in a text of this language, best first; people mix English into Telugu and Hindi."""
    names = {
        "te": ("te", "te-latn", "en"),
        "hi": ("hi", "en"),
        "uk": ("uk", "ru"),
        UNKNOWN: ("en", "ro", "te-latn"),
    }.get(language, (language,))
    found = [cues.load(name) for name in (*names, "any")]
    return tuple(one for one in found if one is not None)
