"""Is it an apology at all: regret, ownership, and neither "if" nor "but" (A2, A4, B5)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from responders.check.phrases import Phrases, spans
from responders.check.reading import Folded, Sentence, sentences
from responders.check.says import finding
from storage.words import Finding


def find_missing(folded: Folded, phrases: Phrases, *, invited: bool) -> Iterator[Finding]:
    """What an apology needs and this text lacks. `invited` is true where no invitation is asked for or one is there."""
    if not phrases.regret.search(folded.text):
        yield finding("no_regret")
    if not phrases.own.search(folded.text):
        yield finding("no_ownership")
    if not phrases.next.search(folded.text):
        yield finding("no_next_step")
    if not invited and not phrases.invite.search(folded.text):
        yield finding("no_invitation")


def find_conditions(text: str, folded: Folded, phrases: Phrases) -> Iterator[Finding]:
    """Every "if" and "but" that takes the apology back.

    A sentence that says sorry or owns the fault may hold neither. Elsewhere "if you send us a message" is an ordinary
    invitation and passes; an "if" about the fault itself ("if this happened") never does.
    """
    hedged = list(spans(phrases.hedged, folded.text))
    for span in hedged:
        yield finding("conditional:hedged", text, folded.span(*span))
    apologised_before = False
    for sentence in sentences(folded):
        apologises = _holds(phrases.regret, folded, sentence) or _holds(phrases.own, folded, sentence)
        for name, span in _conditions_in(folded, phrases, sentence, apologises, apologised_before):
            if not any(start <= span[0] and span[1] <= end for start, end in hedged):
                yield finding(name, text, folded.span(*span))
        apologised_before = apologises


def _conditions_in(
    folded: Folded, phrases: Phrases, sentence: Sentence, apologises: bool, apologised_before: bool
) -> Iterator[tuple[str, tuple[int, int]]]:
    innocent = list(spans(phrases.if_innocent, folded.text, sentence.start, sentence.end))
    faults = list(spans(phrases.if_fault, folded.text, sentence.start, sentence.end))
    for span in spans(phrases.if_words, folded.text, sentence.start, sentence.end):
        if _inside(span, innocent):
            if apologises:
                yield "conditional:mixed", span
        else:
            yield ("conditional:if" if apologises or _inside(span, faults) else "conditional:soft"), span
    harmless = list(spans(phrases.but_innocent, folded.text, sentence.start, sentence.end))
    for span in spans(phrases.but_words, folded.text, sentence.start, sentence.end):
        opens = not folded.text[sentence.start : span[0]].strip(" \n\t\"'«»“”–—-")
        if not _inside(span, harmless) and (apologises or (opens and apologised_before)):
            yield "conditional:but", span


def _holds(pattern: re.Pattern[str], folded: Folded, sentence: Sentence) -> bool:
    return pattern.search(folded.text, sentence.start, sentence.end) is not None


def _inside(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)
