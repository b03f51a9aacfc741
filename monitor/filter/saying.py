"""Reasons in words that a shopkeeper understands, marked in the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.filter.first_look import FirstLook
from monitor.filter.folding import URL, Folded
from monitor.filter.heads import KINDS
from monitor.filter.weighing import Told, Weighed
from storage.words import Kind, Post, Reason

MOST_REASONS = 8
_LONGEST_QUOTE = 60
_MOST_WORDS = 3
_MOST_LOOKED_AT = 200  # words of a text
_WORTH_TELLING = 0.3  # logits by which a word speaks for a kind
_OFTEN_SAID = "often said by people who complain"
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


def say_words(said: Sequence[Said], look: FirstLook) -> list[tuple[Reason, ...]]:
    """For each of some complaints the words that speak most for one, where no cue is in it; at most _MOST_WORDS."""
    places = [_words_of(one) for one in said]
    if not any(places):
        return [()] * len(said)
    told = look.tell_words(
        (one.text.keys[at] for one, here in zip(said, places, strict=True) for at in here), KINDS.index(Kind.COMPLAINT)
    )
    return [
        _say_words(one, {at: told[one.text.keys[at]] for at in here}) for one, here in zip(said, places, strict=True)
    ]


def _words_of(said: Said) -> list[int]:
    keys = said.text.keys[:_MOST_LOOKED_AT]
    return [at for at, key in enumerate(keys) if len(key) > 1 and not key[0].isdigit() and key != URL]


def _say_words(said: Said, told: Mapping[int, float]) -> tuple[Reason, ...]:
    part, text = said.text, said.post.text
    loudest = sorted((at for at in told if told[at] > _WORTH_TELLING), key=lambda at: -told[at])
    first = {part.keys[at]: at for at in sorted(loudest[: 2 * _MOST_WORDS], reverse=True)}
    places = [part.place(at, at) for at in sorted(first.values())[:_MOST_WORDS]]
    return tuple(
        Reason(f"word:{Kind.COMPLAINT}", f"“{text[start:end]}”: {_OFTEN_SAID}", start, end) for start, end in places
    )


def _repeats(reason: Reason, earlier: Reason) -> bool:
    """The same words again, or a part of words already shown for the same thing."""
    if reason.says == earlier.says:
        return True
    return reason.code == earlier.code and 0 <= earlier.start <= reason.start < reason.end <= earlier.end


def _say(said: Said, told: Told) -> Reason:
    part, text = (said.title, said.post.title) if told.in_title else (said.text, said.post.text)
    start, end = part.place(told.hit.first, told.hit.last)
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
    return part.place(first, first)[0]
