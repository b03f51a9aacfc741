"""Words that undo an apology: denial, blame, belittling (A2, A3), and shouting (C4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from responders.check.phrases import LETTER, Phrases, spans
from responders.check.reading import Folded
from responders.check.says import finding
from storage.words import Finding

_CAPITALS = re.compile(r"\b[^\W\d_]+(?:['’-][^\W\d_]+)*\b")
_SHRILL = re.compile(r"[!?]{3,}")
_WINDOW = 28  # folded characters in which a "not" before or after the words turns them round


def find_tone(text: str, folded: Folded, phrases: Phrases) -> Iterator[Finding]:
    """Denial, blame and belittling. "Not your fault" and "no small thing" are the opposite, and pass."""
    for span in spans(phrases.denial, folded.text):
        yield finding("denial", text, folded.span(*span))
    for name, pattern in (("blame", phrases.blame), ("belittle", phrases.belittle)):
        for span in spans(pattern, folded.text):
            if not _turned_round(folded, phrases, span):
                yield finding(name, text, folded.span(*span))


def _turned_round(folded: Folded, phrases: Phrases, span: tuple[int, int]) -> bool:
    before = re.split(r"[.!?\n,;:—–]", folded.text[max(0, span[0] - _WINDOW) : span[0]])[-1]
    after = re.split(r"[.!?\n;:—–]", folded.text[span[1] : span[1] + _WINDOW])[0]
    near_before = " ".join(re.findall(rf"{LETTER}+(?:'{LETTER}+)?", before)[-3:])
    near_after = " ".join(re.findall(rf"{LETTER}+(?:'{LETTER}+)?", after)[:2])
    return bool(phrases.not_before.search(near_before) or phrases.not_after.search(near_after))


def find_shouting(text: str, names: Iterable[str]) -> Iterator[Finding]:
    """Two or more words in capitals in a row, or three exclamation marks. Names of the brand may be as large as they like."""
    own = {word.casefold() for name in names for word in name.split()}
    run: list[re.Match[str]] = []
    for word in [*_CAPITALS.finditer(text), None]:
        loud = word is not None and word.group().isupper() and word.group().casefold() not in own
        if word is not None and loud and (not run or not text[run[-1].end() : word.start()].strip(" ,-–—")):
            run.append(word)
            continue
        if len(run) > 1 and sum(len(found.group()) for found in run) >= 8:
            yield finding("shouting", text, (run[0].start(), run[-1].end()))
        run = [word] if word is not None and loud else []
    for mark in _SHRILL.finditer(text):
        yield finding("shouting", text, mark.span())
