"""Text made comparable, with the way back: every token knows where it stood in the text as the customer wrote it.

Everything here takes time linear in the text, whatever a stranger writes: single-character classes, no nested repeats.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import NamedTuple

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
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\u00ad\u0300-\u036f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff]"
)
_ALIKE = dict(zip("ăâîșşțţёй’‘ʼ`´\u00a0\u2007\u202f", "aaissttеи'''''   ", strict=True))
_NOT_ALIKE = re.compile(f"[{''.join(_ALIKE)}]")
_STRETCHED = re.compile(r"(.)\1{2,}")
URL = "<url>"


class Stretch(NamedTuple):
    """What stands between two spaces: its keys, in which of its sentences each is, how many sentences end in it, and its `words` as the
    first look reads them, where it was asked."""

    keys: Sequence[str]
    sentences: Sequence[int]
    stops: int
    words: Sequence[str] = ()


@dataclass(slots=True)
class Folded:
    """Tokens of a text: `keys` are folded words, and `stretches` those between two spaces, which are written like `written`.

    `sentences` numbers the sentence of each token: words in different sentences make no phrase. Sentences and places are only found when
    asked for, which is seldom.
    """

    keys: list[str]
    original: str
    written: Sequence[str]
    stretches: Sequence[Stretch]
    _sentences: list[int] | None = None
    _tokens_until: list[int] | None = None
    _begins: Sequence[int] = ()

    @property
    def sentences(self) -> list[int]:
        """The number of each token's sentence."""
        if self._sentences is None:
            self._sentences = _number_sentences(self.stretches)
        return self._sentences

    def place(self, first: int, last: int) -> tuple[int, int]:
        """Where the tokens first..last begin and end in the original text: code points, the end not included."""
        start, end = self._span(first)[0], self._span(last)[1]
        if not INVISIBLE.search(self.original):
            return start, end
        seen = [at for at, character in enumerate(self.original) if not INVISIBLE.match(character)]
        return seen[start], seen[end - 1] + 1

    def _span(self, token: int) -> tuple[int, int]:
        """Where a token begins and ends in what is to be seen of the text."""
        if self._tokens_until is None:
            self._tokens_until = list(accumulate([len(stretch[0]) for stretch in self.stretches]))
            self._begins = _find_begins(visible(self.original), self.written)
        which = bisect_right(self._tokens_until, token)
        written, keys, begin = self.written[which], self.stretches[which].keys, self._begins[which]
        if len(keys) == 1 and len(keys[0]) == len(written):
            return begin, begin + len(written)
        spans = [match.span() for match in _TOKEN.finditer(_lower(written)) if match.lastgroup != "stop"]
        start, end = spans[token - self._tokens_until[which] + len(keys)]
        return begin + start, begin + end


def _number_sentences(stretches: Sequence[Stretch]) -> list[int]:
    found: list[int] = []
    sentence = 0
    for _, sentences, stops, _ in stretches:
        if sentences is _FIRST:
            found.append(sentence)
        else:
            found.extend([sentence + after for after in sentences])
        sentence += stops
    return found


def _find_begins(text: str, written: Sequence[str]) -> list[int]:
    """Where each stretch begins in the text that it was cut from; the end of a line is nowhere."""
    begins: list[int] = []
    begin = end = 0
    for word in written:
        if word != LINE:
            begin = text.index(word, end)
            end = begin + len(word)
        begins.append(begin)
    return begins


def _lower(text: str) -> str:
    low = text.lower()
    if text.isascii():
        return low.replace("`", "'")
    if len(low) != len(text):  # "İ" grows when lowered; one letter must stay one letter
        low = "".join(character.lower()[0] for character in text)
    return _NOT_ALIKE.sub(lambda found: _ALIKE[found[0]], low)


def fold_word(word: str) -> str:
    """A word as it is compared: lower case, no apostrophes, ё as е, ș as s."""
    return _lower(INVISIBLE.sub("", word)).replace("'", "").removeprefix("#")


def unstretch(word: str) -> tuple[str, ...]:
    """The words that "sooo" or "goooood" may stand for; empty when nothing is stretched."""
    if not _STRETCHED.search(word):
        return ()
    return (_STRETCHED.sub(r"\1", word), _STRETCHED.sub(r"\1\1", word))


def fold(text: str) -> Folded:
    """Cut a text into folded tokens. Only its first MOST_JUDGED code points are read."""
    written = split(text)
    return put_together(text, written, list(fold_stretches(written)))


def split(text: str) -> list[str]:
    """What is to be seen of a text's beginning, cut at spaces; the end of a line is a stretch of its own."""
    return visible(text[:MOST_JUDGED]).replace("\n", _BREAK).split() if text else []


def put_together(text: str, written: Sequence[str], stretches: Sequence[Stretch]) -> Folded:
    """A folded text from its stretches, as `split` cut and `fold_stretches` folded them."""
    keys = list(chain.from_iterable([stretch[0] for stretch in stretches]))
    return Folded(keys, text[:MOST_JUDGED], written, stretches)


_FIRST = (0,)
LINE = "\ue001"
"""Stands for the end of a line among stretches."""

_BREAK = f" {LINE} "  # the end of a line ends a sentence
_LINE_END = Stretch((), (), 1)


def fold_stretches(written: Sequence[str]) -> Iterator[Stretch]:
    """What stands between two spaces, folded."""
    for line in _lower("\n".join(written)).split("\n") if written else ():
        if line.isalnum():
            yield Stretch((line,), _FIRST, 0)
        else:
            yield _LINE_END if line == LINE else _fold_line(line)


def _fold_line(line: str) -> Stretch:
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
    return Stretch(tuple(keys), tuple(sentences), stops)


def visible(text: str) -> str:
    """A text without what nobody sees."""
    return text if text.isascii() and text.isprintable() else INVISIBLE.sub("", text)
