"""Text made comparable, with the way back: every token knows where it stood in the text as the customer wrote it.

Everything here takes time linear in the text, whatever a stranger writes: single-character classes, no nested repeats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from monitor.filter.remembering import Remembered

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
_ALIKE = dict(zip("ăâîșşțţёй’‘ʼ`´\u00a0\u2007\u202f", "aaissttеи'''''   ", strict=True))
_NOT_ALIKE = re.compile(f"[{''.join(_ALIKE)}]")
_STRETCHED = re.compile(r"(.)\1{2,}")
URL = "<url>"


class _Stretch(NamedTuple):
    """What stands between two spaces: its keys, in which of its sentences each is, and how many sentences end in it."""

    keys: Sequence[str]
    sentences: Sequence[int]
    stops: int


@dataclass(slots=True)
class Folded:
    """Tokens of a text in parallel lists: `keys` folded words, `starts`/`ends` code points in the original text.

    `sentences` numbers the sentence of each token: words in different sentences make no phrase. Sentences and places are only found when
    asked for, which is seldom.
    """

    keys: list[str]
    _original: str
    _stretches: Sequence[_Stretch]
    _sentences: list[int] | None = None
    _spans: tuple[list[int], list[int]] | None = None

    @property
    def sentences(self) -> list[int]:
        """The number of each token's sentence."""
        if self._sentences is None:
            self._sentences = _number_sentences(self._stretches)
        return self._sentences

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


def _number_sentences(stretches: Sequence[_Stretch]) -> list[int]:
    found: list[int] = []
    sentence = 0
    for _, sentences, stops in stretches:
        if sentences is _FIRST:
            found.append(sentence)
        else:
            found.extend([sentence + after for after in sentences])
        sentence += stops
    return found


def _lower(text: str) -> str:
    low = text.lower()
    if text.isascii():
        return low.replace("`", "'")
    if len(low) != len(text):  # "İ" grows when lowered; one letter must stay one letter
        low = "".join(character.lower()[0] for character in text)
    return _NOT_ALIKE.sub(lambda found: _ALIKE[found[0]], low)


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
    (folded,) = fold_page([text])
    return folded


def fold_page(texts: Sequence[str]) -> list[Folded]:
    """The same for a page of texts."""
    page = [_visible(text[:MOST_JUDGED]).replace("\n", _BREAK).split() for text in texts]
    known = _remembered.of(chain.from_iterable(page)).__getitem__
    return [_put_together(text, list(map(known, words))) for text, words in zip(texts, page, strict=True)]


def _put_together(text: str, stretches: Sequence[_Stretch]) -> Folded:
    return Folded(list(chain.from_iterable([stretch[0] for stretch in stretches])), text[:MOST_JUDGED], stretches)


_FIRST = (0,)
_BREAK = " \ue001 "  # the end of a line ends a sentence
_LINE_END = _Stretch((), (), 1)


def _fold(stretches: Sequence[str]) -> Iterator[_Stretch]:
    for line in _lower("\n".join(stretches)).split("\n"):
        if line.isalnum():
            yield _Stretch((line,), _FIRST, 0)
        else:
            yield _LINE_END if line == _BREAK.strip() else _fold_line(line)


def _fold_line(line: str) -> _Stretch:
    keys: list[str] = []
    sentences: list[int] = []
    stops = 0
    for url, word, sign, stop in _TOKEN.findall(line):
        if stop:
            stops += 1
            continue
        if word:
            keys.append(word if word.isalnum() else word.replace("'", "").removeprefix("#"))
        else:
            keys.append(URL if url else sign)
        sentences.append(stops)
    return _Stretch(tuple(keys), tuple(sentences), stops)


_remembered = Remembered(_fold)


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
