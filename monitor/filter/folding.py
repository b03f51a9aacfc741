"""Text made comparable, with the way back: every token knows where it stood in the text as the customer wrote it.

Everything here takes time linear in the text, whatever a stranger writes: single-character classes, no nested repeats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_JUDGED = 5_000
"""Code points of a text that are judged; X's longest posts and most reviews fit, and a 50 kB paste stays quick."""

_LETTERS = (
    r"\w\u0900-\u0963\u0970-\u097f\u0c00-\u0c7f"  # Python's \w leaves out the vowel signs of Devanagari and Telugu
)
_PICTURES = r"\u2600-\u27bf\u2b50\u2b55\U0001f300-\U0001faff"
_TOKEN = re.compile(
    rf"(?P<url>(?:https?://|www\.)\S+)|(?P<word>[@#]?[{_LETTERS}]+(?:'[{_LETTERS}]+)*)"
    rf"|(?P<sign>[{_PICTURES}]|[:=;]'?-?[()/|])|(?P<stop>[.!?…।](?=[\s.!?…।]|$)|\n)"
)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\u00ad\u0300-\u036f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff]"
)
_ALIKE = str.maketrans("ăâîșşțţёй’‘ʼ`´\u00a0\u2007\u202f", "aaissttеи'''''   ")
_STRETCHED = re.compile(r"(.)\1{2,}")
URL = "<url>"


@dataclass(frozen=True, slots=True)
class Folded:
    """Tokens of a text in parallel lists: `keys` folded words, `starts`/`ends` code points in the original text.

    `sentences` numbers the sentence of each token: words in different sentences make no phrase.
    """

    keys: list[str]
    starts: list[int]
    ends: list[int]
    sentences: list[int]


def _lower(text: str) -> str:
    low = text.lower()
    if text.isascii():
        return low.replace("`", "'")
    if len(low) != len(text):  # "İ" grows when lowered; one letter must stay one letter
        low = "".join(character.lower()[0] for character in text)
    return low.translate(_ALIKE)


def fold_word(word: str) -> str:
    """A word as it is compared: lower case, no apostrophes, ё as е, ș as s."""
    return _lower(_INVISIBLE.sub("", word)).replace("'", "").removeprefix("#")


def unstretch(word: str) -> tuple[str, ...]:
    """The words that "sooo" or "goooood" may stand for; empty when nothing is stretched."""
    if not _STRETCHED.search(word):
        return ()
    return (_STRETCHED.sub(r"\1", word), _STRETCHED.sub(r"\1\1", word))


def fold(text: str) -> Folded:
    """Cut a text into folded tokens. Only its first MOST_JUDGED code points are read."""
    text = text[:MOST_JUDGED]
    places: list[int] | None = None
    if _INVISIBLE.search(text):
        places = [at for at, character in enumerate(text) if not _INVISIBLE.match(character)]
        text = "".join(text[at] for at in places)
    keys: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    sentences: list[int] = []
    sentence = 0
    for match in _TOKEN.finditer(_lower(text)):
        sort = match.lastgroup
        if sort == "stop":
            sentence += 1
            continue
        key = match[0]
        if sort == "url":
            key = URL
        elif sort == "word":
            key = key.replace("'", "").removeprefix("#")
        keys.append(key)
        starts.append(match.start())
        ends.append(match.end())
        sentences.append(sentence)
    if places is not None:
        starts = [places[start] for start in starts]
        ends = [places[end - 1] + 1 for end in ends]
    return Folded(keys, starts, ends, sentences)
