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


@dataclass(slots=True)
class Folded:
    """Tokens of a text in parallel lists: `keys` folded words, `starts`/`ends` code points in the original text.

    `sentences` numbers the sentence of each token: words in different sentences make no phrase. Places are only found when asked for: they
    are needed where words are shown, which is seldom.
    """

    keys: list[str]
    sentences: list[int]
    _original: str
    _spans: tuple[list[int], list[int]] | None = None

    @property
    def starts(self) -> list[int]:
        """Where each token begins."""
        return self._places()[0]

    @property
    def ends(self) -> list[int]:
        """Where each token ends."""
        return self._places()[1]

    def _places(self) -> tuple[list[int], list[int]]:
        if self._spans is None:
            self._spans = _find_places(self._original)
        return self._spans


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
    keys: list[str] = []
    sentences: list[int] = []
    sentence = 0
    for url, word, sign, stop in _TOKEN.findall(_lower(_visible(text))):
        if stop:
            sentence += 1
            continue
        if word:
            keys.append(word if word.isalnum() else word.replace("'", "").removeprefix("#"))
        else:
            keys.append(URL if url else sign)
        sentences.append(sentence)
    return Folded(keys, sentences, text)


def _visible(text: str) -> str:
    """A text without what nobody sees."""
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub("", text)


def _find_places(text: str) -> tuple[list[int], list[int]]:
    """Where the tokens of a text begin and end in it, with all that nobody sees."""
    spans = [match.span() for match in _TOKEN.finditer(_lower(_visible(text))) if match.lastgroup != "stop"]
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    if _INVISIBLE.search(text):
        places = [at for at, character in enumerate(text) if not _INVISIBLE.match(character)]
        starts = [places[start] for start in starts]
        ends = [places[end - 1] + 1 for end in ends]
    return starts, ends
