"""Reasons in words that a shopkeeper understands, marked in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.filter.folding import Folded
from monitor.filter.weighing import Told, Weighed
from storage.words import Post, Reason

MOST_REASONS = 8
_LONGEST_QUOTE = 60
_WORTH_SAYING = 1.0  # lighter words ("but", "late") are shown only where nothing heavier told

_SORTS = {
    "praise": "a kind word",
    "fine": "says there was no trouble",
    "question": "asks something",
    "resolved": "says it was put right",
    "spam": "sounds like advertising",
    "news": "sounds like a news report",
    "safety": "somebody's health may be at stake",
    "legal": "speaks of law or authorities",
}
_TOPICS = {
    "delivery": "something went wrong with the delivery",
    "product": "not happy with what they got",
    "billing": "trouble with money or a bill",
    "service": "not happy with how they were treated",
    "waiting": "had to wait too long",
    "website": "the website or app gives trouble",
    "hygiene": "something was not clean",
    "safety": "something was dangerous",
    "refund": "wants money back or something replaced",
    "communication": "could not get an answer",
    "other": "sounds unhappy",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What was found, and where."""

    weighed: Weighed
    title: Folded
    text: Folded
    post: Post


def say_why(said: Said, sorts: Sequence[str]) -> tuple[Reason, ...]:
    """The weightiest cues of these sorts as reasons, at most MOST_REASONS, each word told once."""
    told = [one for sort in sorts for one in said.weighed.of(sort)]
    heaviest = max((one.weight for one in told), default=0.0)
    told = [one for one in told if one.weight >= min(heaviest, _WORTH_SAYING)]
    told.sort(key=lambda one: (-one.weight, one.in_title, one.hit.first - one.hit.last, one.hit.first))
    reasons: list[Reason] = []
    for one in told:
        reason = _say(said, one)
        if len(reasons) < MOST_REASONS and not any(_repeats(reason, earlier) for earlier in reasons):
            reasons.append(reason)
    return tuple(reasons)


def _repeats(reason: Reason, earlier: Reason) -> bool:
    """The same words again, or a part of words already shown for the same thing."""
    if reason.says == earlier.says:
        return True
    return reason.code == earlier.code and 0 <= earlier.start <= reason.start < reason.end <= earlier.end


def _say(said: Said, told: Told) -> Reason:
    part, text = (said.title, said.post.title) if told.in_title else (said.text, said.post.text)
    start, end = part.starts[told.hit.first], part.ends[told.hit.last]
    quote = " ".join(text[start:end].split())
    if len(quote) > _LONGEST_QUOTE:
        quote = quote[: _LONGEST_QUOTE - 1] + "…"
    where = " (in the title)" if told.in_title else ""
    if told.negated:
        code, meaning = "negated_praise", _TOPICS["product"]
        start = _before(part, told)
        quote = " ".join(text[start:end].split())
    elif told.hit.cue.sort == "complaint":
        code, meaning = f"cue:{told.topic}", _TOPICS[told.topic]
    else:
        code, meaning = told.hit.cue.sort, _SORTS[told.hit.cue.sort]
    return Reason(code, f"“{quote}”{where}: {meaning}", *((0, 0) if told.in_title else (start, end)))


def _before(part: Folded, told: Told) -> int:
    """Where the negation of a negated kind word may begin: up to two words before it, in its sentence."""
    first = told.hit.first
    while first > max(told.hit.first - 2, 0) and part.sentences[first - 1] == part.sentences[told.hit.first]:
        first -= 1
    return part.starts[first]
