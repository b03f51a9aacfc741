"""Trying weights on texts that they were not made from: F1 per language, and the sharpness and lines that suit them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.filter.examples import Example
from monitor.filter.first_look import FirstLook
from monitor.filter.grams import cut
from monitor.filter.heads import KINDS, Floats, softmax
from monitor.filter.second_look import SecondLook
from monitor.filter.training.student import read_all_signs
from storage.languages import LANGUAGES
from storage.words import Kind

_AT_ONCE = 64
_COMPLAINT = KINDS.index(Kind.COMPLAINT)
_LINES = np.linspace(0.2, 0.7, 51)


@dataclass(frozen=True, slots=True)
class Tried:
    """How well complaints were told: mean and worst F1 over languages, F1 per language, share of right languages."""

    mean: float
    worst: float
    by_language: Mapping[str, float]

    def as_json(self) -> dict[str, object]:
        """For the manifest, rounded to three places."""
        return {
            "complaint_f1_mean": round(self.mean, 3),
            "complaint_f1_worst": round(self.worst, 3),
            "complaint_f1": {language: round(value, 3) for language, value in self.by_language.items()},
        }


def first_logits(first: FirstLook, examples: Sequence[Example]) -> Floats:
    """Logits of kinds by the first look, each example in its own language."""
    signs, found = read_all_signs(examples), list[Floats]()
    for begin in range(0, len(examples), _AT_ONCE):
        page = examples[begin : begin + _AT_ONCE]
        looks = first.look([cut(one.text) for one in page])
        kinds, _ = first.weigh(looks.feelings, [one.language for one in page], signs[begin : begin + len(page)])
        found.append(np.log(kinds))
    return np.concatenate(found)


def second_logits(second: SecondLook, examples: Sequence[Example]) -> Floats:
    """Logits of kinds by the second look."""
    parts = [
        second.look([one.text for one in examples[at : at + _AT_ONCE]]).kinds
        for at in range(0, len(examples), _AT_ONCE)
    ]
    return np.log(softmax(np.concatenate(parts)))


def try_out(logits: Floats, examples: Sequence[Example], line: float) -> Tried:
    """F1 of complaints where those count whose share is at or over the line."""
    said = softmax(logits)[:, _COMPLAINT] >= line
    true = np.array([one.kind is Kind.COMPLAINT for one in examples])
    scores = {}
    for language in LANGUAGES:
        here = np.array([one.language == language for one in examples])
        if here.any():
            scores[language] = f1(said[here], true[here])
    return Tried(float(np.mean(list(scores.values()))), min(scores.values()), scores)


def best_line(logits: Floats, examples: Sequence[Example]) -> float:
    """The one line with the best mean F1 over languages."""
    return float(max(_LINES, key=lambda line: try_out(logits, examples, line).mean))


def f1(said: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    """F1 of the positive class; 0 where nothing is right."""
    hits = float((said & true).sum())
    return 2 * hits / float(said.sum() + true.sum()) if hits else 0.0
