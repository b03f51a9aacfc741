"""Which language a post is written in: the script, the place's own field, how people romanise, and py3langid last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from monitor.filter import cues
from monitor.filter.finding import Finder, finder
from monitor.filter.first_look import first_look
from monitor.filter.folding import URL, fold
from monitor.filter.grams import cut
from monitor.filter.heads import softmax
from monitor.filter.weights import WeightsDamaged
from storage.languages import LANGUAGES, identifier

UNKNOWN = "und"

_READ = 1_000  # code points that are enough to tell a language
_FEWEST_WORDS = 3  # fewer are guesswork for py3langid: .956 at five words, far less below
_NOT_WORDS = re.compile(r"(?:https?://|www\.)\S+|[@#]\S+|\bu/\S+")
_LETTERS = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[a-z\u00c0-\u024f]", re.IGNORECASE)
_LATIN_WRITTEN = frozenset(LANGUAGES) - {"ru", "uk"}
_OURS = re.compile(r"[a-z\u00c0-\u024f\u0400-\u04ff\u0900-\u097f\u0c00-\u0c7f]", re.IGNORECASE)
_FEWEST_LETTERS = 2
_ROMANISED = ("te", "hi")
_MARKS = {
    mark: language
    for language, marks in {
        "ro": "ășțţĂȘȚŢ", "pl": "łąęśźżńćŁĄĘŚŹŻŃĆ", "tr": "ğıİ", "es": "ñÑ¿¡", "de": "ß", "pt": "ãõÃÕ",
    }.items()
    for mark in marks
}  # fmt: skip
"""Letters and signs that only one of our languages has. The first look reads letters without their marks, as half of all people type."""
_MARKED_LETTER = re.compile(f"[{''.join(_MARKS)}]")
_MARKED = 20.0  # by how much such a letter speaks for its language
_POSSIBLE, _LIKELY, _PLAIN, _SURE = 0.02, 0.3, 0.5, 0.8  # shares of the first look
MANY_WORDS = 8
"""From so many words on, a text in one of our languages is hardly ever taken for unknown."""
_OTHER_LANGUAGE = re.compile("[a-z]{2}")  # of codes that places give; "und", "qme" and "zxx" are none
_SCRIPTS = {
    "te": re.compile(r"[\u0c00-\u0c7f]+"),
    "hi": re.compile(r"[\u0900-\u097f]+"),
    "ru": re.compile(r"[\u0400-\u04ff]+"),  # or uk
}
_NOT_LATIN = re.compile(r"[\u0400-\u04ff\u0900-\u097f\u0c00-\u0c7f]")
_RUNS = re.compile(r"[^\W\d_]+")
_UKRAINIAN = re.compile(r"[іїєґ]", re.IGNORECASE)
_RUSSIAN = re.compile(r"[ыэъё]", re.IGNORECASE)
_NO_UKRAINIAN, _NO_RUSSIAN = 0.93, 0.975
"""How likely a letter is none of those: in our examples every 14th of a Ukrainian text is one of its own, every 40th of a Russian one."""
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


_LEXICONS = {
    "te": ("te", "te-latn", "en"),
    "hi": ("hi", "en"),
    "uk": ("uk", "ru"),
    UNKNOWN: ("en", "ro", "te-latn"),
}
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


def _count(runs: re.Pattern[str], text: str) -> int:
    return sum(map(len, runs.findall(text)))


def _by_script(text: str, field: str, shares: Sequence[float] | None) -> str | None:
    if text.isascii() or not _NOT_LATIN.search(text):
        return None
    counts = {language: _count(runs, text) for language, runs in _SCRIPTS.items() if runs.search(text)}
    most = max(counts, key=counts.__getitem__)
    if _count(_RUNS, _SCRIPTS[most].sub("", text)) > counts[most] and counts[most] * 2 < _count(_RUNS, text):
        return None
    if most != "ru":
        return most
    if _UKRAINIAN.search(text) and not _RUSSIAN.search(text):
        return "uk"
    if _RUSSIAN.search(text) and not _UKRAINIAN.search(text):
        return "ru"
    if field in ("ru", "uk"):
        return field
    return "uk" if shares is not None and _sounds_ukrainian(shares, counts["ru"]) else "ru"


def _sounds_ukrainian(shares: Sequence[float], letters: int) -> bool:
    """Whether a text is rather Ukrainian than Russian that has letters of neither alone: the longer it is, the less Ukrainian goes without."""
    ukrainian, russian = _share("uk", shares) * _NO_UKRAINIAN**letters, _share("ru", shares) * _NO_RUSSIAN**letters
    return ukrainian > russian


def _romanised(words: Sequence[str]) -> str | None:
    """Telugu or Hindi in Latin letters, told by its most common words: two at least, and a quarter of all."""
    telugu = cues.load("te-latn")
    assert telugu is not None
    for language, common in (("te", telugu.words["common"]), ("hi", _HINDI_IN_LATIN)):
        known = sum(word in common or (language == "te" and word.endswith(_TELUGU_ENDINGS)) for word in words)
        if known >= 2 and known * 4 >= len(words):
            return language
    return None


def detect(text: str, words: Sequence[str], field: str | None, shares: Sequence[float] | None = None) -> str:
    """The language of a text as ISO 639-1, one of LANGUAGES, or "und".

    `words` are the text's folded words; `field` is what the place says of it (X: "en", "qme", "und", …); `shares` is what the first look
    makes of its letters, a share for each of LANGUAGES. The script decides where only one language of ours is written in it. Then the
    place's field, unless the letters speak against it: no place knows Telugu or Hindi in Latin letters.
    """
    text = _words_of(text)
    said = (field or "").lower().partition("-")[0].partition("_")[0]
    script = _by_script(text, said, shares)
    if script is not None:
        return script
    if not any(map(_is_word, words)) or not _LETTERS.search(text):
        return UNKNOWN
    if shares is None:
        return _without_shares(text, list(filter(_is_word, words)), said)
    return _by_letters(text, words, said, shares)


def _words_of(text: str) -> str:
    """What is written in words, at the beginning of a text: links and names have no language."""
    text = text[:_READ]
    has_others = "@" in text or "#" in text or "/" in text or "www." in text
    return _NOT_WORDS.sub(" ", text) if has_others else text


def _is_word(word: str) -> bool:
    return word[0] != "@" and word != URL and not word[0].isdigit()


def _by_letters(text: str, words: Sequence[str], said: str, shares: Sequence[float]) -> str:
    if not _LATIN.search(text):
        return UNKNOWN  # a script that none of our languages is written in
    shares = _with_marks(text, shares)
    best = shares.index(max(shares))
    if (
        said in _LATIN_WRITTEN
        and (LANGUAGES[best] not in _ROMANISED or shares[best] < _SURE)
        and _share(said, shares) >= _POSSIBLE
    ):
        return said
    if LANGUAGES[best] == said:
        return said
    if shares[best] >= _SURE:
        return LANGUAGES[best]
    return LANGUAGES[best] if shares[best] >= _needed(sum(map(_is_word, words)), said) else UNKNOWN


def _needed(words: int, said: str) -> float:
    """The share from which a language is believed. Of texts with so many words that are in one of ours, one in 200 has less than _PLAIN."""
    if words < _FEWEST_WORDS:
        return _SURE
    if _OTHER_LANGUAGE.fullmatch(said) and said not in LANGUAGES:
        return _SURE  # the place takes it for a language that we do not know
    return _PLAIN if words >= MANY_WORDS else _LIKELY


def _with_marks(text: str, shares: Sequence[float]) -> Sequence[float]:
    found = () if text.isascii() else _MARKED_LETTER.findall(text)
    if not found:
        return shares
    raised = list(shares)
    for language in {_MARKS[mark] for mark in found}:
        raised[LANGUAGES.index(language)] *= _MARKED
    whole = sum(raised)
    return [share / whole for share in raised]


def _share(language: str, shares: Sequence[float]) -> float:
    return shares[LANGUAGES.index(language)]


def _without_shares(text: str, words: Sequence[str], said: str) -> str:
    """The same where the first look has no weights: by common words of romanised languages, the place's field, and py3langid."""
    if said not in LANGUAGES or said in ("en", "hi"):
        romanised = _romanised(words)
        if romanised is not None:
            return romanised
    if said in LANGUAGES and said not in ("ru", "uk"):
        return said
    if len(words) < _FEWEST_WORDS:
        return UNKNOWN
    return identifier().classify(text)[0]


def find_language(text: str) -> str:
    """The language of a text of which nothing else is known, one of LANGUAGES, or "und" when it is too short to tell."""
    try:
        shares = softmax(first_look().look([cut(text)]).languages)[0].tolist()
    except WeightsDamaged:
        shares = None
    return detect(text, fold(text).keys, None, shares)


def has_words(text: str) -> bool:
    """Whether there is anything to read: two letters at least, links and names aside."""
    return len(_LETTERS.findall(_words_of(text))) >= _FEWEST_LETTERS


def is_foreign(text: str) -> bool:
    """Whether most of it is in a script that none of our languages is written in."""
    letters = _LETTERS.findall(_words_of(text))
    ours = sum(1 for letter in letters if _OURS.match(letter))
    return len(letters) >= _FEWEST_LETTERS and ours * 2 < len(letters)


@cache
def cues_for(language: str) -> Finder:
    """The cues to look for in a text of this language, best first; people mix English into Telugu and Hindi."""
    names = _LEXICONS.get(language, (language,))
    found = [cues.load(name) for name in (*names, "any")]
    return finder(tuple(one for one in found if one is not None))
