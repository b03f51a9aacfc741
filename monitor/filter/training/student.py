"""Teaching the first look: weights for hashed words and pieces, for signs and for languages, learnt together and rounded to whole numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from monitor.filter.examples import Example
from monitor.filter.first_look import FEELS
from monitor.filter.folding import fold
from monitor.filter.grams import BITS, Grams, cut, hash_words_and_pieces
from monitor.filter.heads import KINDS, MOODS, TOPICS, Floats
from monitor.filter.language import cues_for
from monitor.filter.signs import NAMES, read_signs
from monitor.filter.training.lessons import Opinions, Phrase
from monitor.filter.training.teaching import NONE, Labels, Progress, read_labels
from monitor.filter.weighing import weigh
from storage.languages import LANGUAGES

EPOCHS = 4
ABOUT_BITS = 15
LANGUAGE_BITS = 13
_BATCH, _WORD_BATCH, _PHRASE_BATCH = 64, 256, 128
_PACE, _PLAIN_PACE = 0.1, 0.05  # Adagrad's, for grams and for the rest
_ALONE = 0.5  # weight of judging by grams alone and by signs alone, so that neither leans on the other
_WORDS, _PHRASES = 1.0, 0.5  # weights of a word's and a phrase's loss beside one of an example
_ABOUT = 0.5


@dataclass(frozen=True, slots=True)
class Lessons:
    """All that the first look learns from."""

    examples: Sequence[Example]
    opinions: Opinions
    phrases: Sequence[Phrase]


@dataclass(frozen=True, slots=True)
class _Bags:
    """Grams as torch takes them: drawers, where each text's begin, and what each weighs; for words and for pieces."""

    words: tuple[Tensor, Tensor, Tensor]
    pieces: tuple[Tensor, Tensor, Tensor]


class Student(nn.Module):
    """The first look while it learns."""

    def __init__(self) -> None:
        super().__init__()
        feels, abouts = len(KINDS) + len(MOODS), len(TOPICS)
        self.words, self.pieces = _bag(BITS, feels), _bag(BITS, feels)
        self.about_words, self.about_pieces = _bag(ABOUT_BITS, abouts), _bag(ABOUT_BITS, abouts)
        self.languages = _bag(LANGUAGE_BITS, len(LANGUAGES))
        self.bias = nn.Parameter(torch.zeros(feels))
        self.about_bias = nn.Parameter(torch.zeros(abouts))
        self.languages_bias = nn.Parameter(torch.zeros(len(LANGUAGES)))
        self.language_bias = nn.Parameter(torch.zeros(len(LANGUAGES), feels))
        self.signs = nn.Parameter(torch.zeros(len(NAMES), feels))

    def feel(self, bags: _Bags) -> Tensor:
        """Kinds and moods by grams alone, without the bias."""
        return _sum(self.words, bags.words) + _sum(self.pieces, bags.pieces)

    def about(self, bags: _Bags) -> Tensor:
        """Topics by grams alone, without the bias."""
        return _sum(self.about_words, bags.words) + _sum(self.about_pieces, bags.pieces)

    def tongue(self, bags: _Bags) -> Tensor:
        """Languages."""
        return _sum(self.languages, bags.pieces) + self.languages_bias


def _bag(bits: int, heads: int) -> nn.EmbeddingBag:
    bag = nn.EmbeddingBag(1 << bits, heads, mode="sum")
    nn.init.zeros_(bag.weight)
    return bag


def _sum(bag: nn.EmbeddingBag, grams: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    drawers, begins, weights = grams
    shift = BITS - (bag.num_embeddings.bit_length() - 1)
    found: Tensor = bag(drawers >> shift, begins, per_sample_weights=weights)
    return found


def pack(texts: Sequence[str]) -> _Bags:
    """Texts as grams that torch takes."""
    return _Bags(*map(_pack, hash_words_and_pieces([cut(text) for text in texts])))


def _pack(grams: Grams) -> tuple[Tensor, Tensor, Tensor]:
    counts = np.bincount(grams.rows, minlength=grams.texts)
    begins = np.cumsum(counts) - counts
    return (
        torch.from_numpy(grams.drawers.astype(np.int64)),
        torch.from_numpy(begins),
        torch.from_numpy(grams.share()[grams.rows]),
    )


def read_all_signs(examples: Sequence[Example]) -> Floats:
    """The signs of every example, in the language it is written in."""
    empty = fold("")
    return np.stack(
        [read_signs(one.text, one.language, weigh(empty, fold(one.text), cues_for(one.language))) for one in examples]
    )


@dataclass(frozen=True, slots=True)
class _Truth:
    labels: Labels
    languages: Tensor
    signs: Tensor


def learn(lessons: Lessons, seed: int, progress: Progress) -> Student:
    """Teach the first look. The same lessons and seed give the same numbers, on one thread."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    chance = random.Random(seed)
    student, truth = Student(), _truth(lessons.examples)
    bags = [student.words, student.pieces, student.about_words, student.about_pieces, student.languages]
    plain = [student.bias, student.about_bias, student.languages_bias, student.language_bias, student.signs]
    learner = torch.optim.Adagrad(
        [{"params": [bag.weight for bag in bags], "lr": _PACE}, {"params": plain, "lr": _PLAIN_PACE}]
    )
    for epoch in range(EPOCHS):
        steps = list(_steps(student, lessons, truth, chance))
        chance.shuffle(steps)
        for step in steps:
            learner.zero_grad()
            step.loss().backward()
            learner.step()
        progress(epoch + 1, EPOCHS)
    return student


@dataclass(frozen=True, slots=True)
class _Step:
    student: Student
    truth: _Truth
    lessons: Lessons
    what: str
    chosen: list[int]

    def loss(self) -> Tensor:
        """How far off the student is on this handful."""
        return {"examples": self._examples, "words": self._words, "phrases": self._phrases}[self.what]()

    def _examples(self) -> Tensor:
        student, truth, chosen = self.student, self.truth, torch.tensor(self.chosen)
        bags = pack([self.lessons.examples[at].text for at in self.chosen])
        base = student.bias + student.language_bias[truth.languages[chosen]]
        by_grams, by_signs = student.feel(bags) + base, truth.signs[chosen] @ student.signs + base
        together = by_grams + by_signs - base
        loss = _feel_loss(together, truth, chosen)
        loss = loss + _ALONE * (_feel_loss(by_grams, truth, chosen) + _feel_loss(by_signs, truth, chosen))
        loss = loss + functional.cross_entropy(student.tongue(bags), truth.languages[chosen])
        if (truth.labels.topics[chosen] != NONE).any():
            topics = student.about(bags) + student.about_bias
            loss = loss + _ABOUT * functional.cross_entropy(topics, truth.labels.topics[chosen], ignore_index=NONE)
        return loss

    def _words(self) -> Tensor:
        opinions = self.lessons.opinions
        bags = pack([opinions.words[at] for at in self.chosen])
        feelings = _distance(self.student.feel(bags), opinions.feelings[self.chosen], len(KINDS), len(MOODS))
        topics = _distance(self.student.about(bags), opinions.topics[self.chosen], len(TOPICS))
        return _WORDS * (feelings + _ABOUT * topics)

    def _phrases(self) -> Tensor:
        phrases = [self.lessons.phrases[at] for at in self.chosen]
        said = self.student.feel(pack([one.text for one in phrases])) + self.student.bias
        kinds = torch.tensor([KINDS.index(one.kind) for one in phrases])
        moods = torch.tensor([NONE if one.mood is None else MOODS.index(one.mood) for one in phrases])
        weights = torch.tensor([one.weight for one in phrases])
        loss = functional.cross_entropy(said[:, :FEELS], kinds, reduction="none")
        loss = loss + functional.cross_entropy(said[:, FEELS:], moods, reduction="none", ignore_index=NONE)
        return _PHRASES * (loss * weights).mean()


def _steps(student: Student, lessons: Lessons, truth: _Truth, chance: random.Random) -> Iterator[_Step]:
    sizes = {
        "examples": (len(lessons.examples), _BATCH),
        "words": (len(lessons.opinions.words), _WORD_BATCH),
        "phrases": (len(lessons.phrases), _PHRASE_BATCH),
    }
    for what, (count, at_once) in sizes.items():
        order = list(range(count))
        chance.shuffle(order)
        for begin in range(0, count, at_once):
            yield _Step(student, truth, lessons, what, order[begin : begin + at_once])


def _truth(examples: Sequence[Example]) -> _Truth:
    return _Truth(
        read_labels(examples),
        torch.tensor([LANGUAGES.index(one.language) for one in examples]),
        torch.from_numpy(read_all_signs(examples)),
    )


def _feel_loss(said: Tensor, truth: _Truth, chosen: Tensor) -> Tensor:
    loss = functional.cross_entropy(said[:, :FEELS], truth.labels.kinds[chosen])
    return loss + functional.cross_entropy(said[:, FEELS:], truth.labels.moods[chosen])


def _distance(said: Tensor, wanted: Floats, *widths: int) -> Tensor:
    """How far apart logits are, each group of so many columns being less its mean."""
    groups = zip(said.split(widths, dim=1), torch.from_numpy(wanted).split(widths, dim=1), strict=True)
    apart = [mine - mine.mean(1, keepdim=True) - (other - other.mean(1, keepdim=True)) for mine, other in groups]
    return (torch.cat(apart, dim=1) ** 2).mean()


def to_weights(student: Student) -> dict[str, NDArray[np.generic]]:
    """The student as the arrays that the first look reads: tables rounded to whole numbers of -127..127 times a scale per head."""
    weights: dict[str, NDArray[np.generic]] = {}
    for name in ("words", "pieces", "about_words", "about_pieces", "languages"):
        table = getattr(student, name).weight.detach().numpy()
        scale = np.maximum(np.quantile(np.abs(table), 0.9999, axis=0), 1e-6) / 127
        weights[name] = np.clip(np.rint(table / scale), -127, 127).astype(np.int8)
        weights[f"{name}_scale"] = scale.astype(np.float32)
    for name in ("bias", "about_bias", "languages_bias", "signs"):
        weights[name] = getattr(student, name).detach().numpy().astype(np.float32)
    by_language = student.language_bias.detach().numpy()
    weights["language_bias"] = np.vstack((by_language, by_language.mean(axis=0))).astype(np.float32)
    weights["sharpness"] = np.ones(len(LANGUAGES) + 1, np.float32)
    return weights
