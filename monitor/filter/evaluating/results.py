"""How the filter did on labelled texts, beside VADER: in all, by language, by what is hard, and by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.filter.by_look import choose
from monitor.filter.evaluating.decisions import Taught, teach
from monitor.filter.evaluating.lines import draw_lines
from monitor.filter.evaluating.measures import Score, Shares, Truth, Where, f1, find_each, score
from monitor.filter.evaluating.reading import Labelled, Labels
from monitor.filter.evaluating.ways import Opinion, Stage, Told, ToldByVader, as_post, ask, ask_vader
from monitor.filter.heads import KINDS
from storage.words import Kind, Post

MOOD_LINE = 0.42
"""The shipped line of moods, as the share of a bad one."""

Progress = Callable[[str, int], None]
"""Called with who judges (OURS, VADER or DECISIONS) and how many texts have been judged so far."""
OURS, VADER, DECISIONS = "Amends", "VADER alone", "what decisions teach"


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the texts: how we did, how VADER did. `line` is the share from which we raise; None where the group has several."""

    name: str
    ours: Score
    vader: Score
    line: float | None = None


@dataclass(frozen=True, slots=True)
class Kinds:
    """Of `n` texts whose kind a person told. `confusion` counts them: a row per true Kind, a column per said one, both in KINDS' order."""

    n: int
    accuracy: float
    macro_f1: float
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was told of each text, in the file's order: arrays of the same length. `groups` are languages, `lines` the line of each text."""

    texts: tuple[Labelled, ...]
    groups: tuple[str, ...]
    truth: Truth
    shares: Shares
    said: Truth
    lines: Shares
    vader: ToldByVader

    def measure(self, name: str, where: Where, line: float | None = None) -> Group:
        """Both scores of some of the texts."""
        truth = self.truth[where]
        ours = score(self.said[where], self.shares[where], truth)
        return Group(name, ours, score(self.vader.said[where], self.vader.shares[where], truth), line)


@dataclass(frozen=True, slots=True)
class Results:
    """All that was measured. `language_accuracy` (0..1) is None where no row says its language; `kinds` None where none says its kind."""

    file: str
    stage: Stage
    version: str
    tells_mood: bool
    all: Group
    languages: tuple[Group, ...]
    traits: tuple[Group, ...]
    kinds: Kinds | None
    language_accuracy: float | None
    texts_per_second: float
    vader_texts_per_second: float
    sheet: Sheet
    taught: tuple[Taught, ...] = ()

    @property
    def wanted(self) -> str:
        """What is looked for, as people say it."""
        return "unhappy texts" if self.tells_mood else "complaints"


def evaluate(
    labels: Labels,
    stage: Stage,
    language: str | None = None,
    progress: Progress | None = None,
    *,
    decisions: bool = False,
) -> Results:
    """Judge every labelled text and count. `language` is said of rows that name none, to the filter too, as a place would say it.

    Raises WeightsDamaged, OSError where a look cannot be had.
    """
    tell = progress or (lambda _who, _done: None)
    texts = labels.texts
    posts = [as_post(one.text, None if one.language else language) for one in texts]
    told = ask(stage, posts, lambda done: tell(OURS, done))
    vader = ask_vader([one.text for one in texts], lambda done: tell(VADER, done))
    groups = tuple(
        one.language or language or opinion.language for one, opinion in zip(texts, told.opinions, strict=True)
    )
    sheet, lines = _fill_sheet(labels, told, vader, groups)
    return Results(
        file=labels.file,
        stage=stage,
        version=told.version,
        tells_mood=labels.tells_mood,
        all=sheet.measure("all", np.arange(len(texts))),
        languages=_measure_each(sheet, groups, lines),
        traits=_measure_each(sheet, [one.trait or "" for one in texts], {}),
        kinds=_measure_kinds(texts, told, groups),
        language_accuracy=_measure_languages(texts, told.opinions),
        texts_per_second=_per_second(len(texts), told.seconds),
        vader_texts_per_second=_per_second(len(texts), vader.seconds),
        sheet=sheet,
        taught=tuple(_teach(posts, sheet, stage, tell)) if decisions else (),
    )


def _teach(posts: Sequence[Post], sheet: Sheet, stage: Stage, tell: Progress) -> Sequence[Taught]:
    return teach(posts, sheet.truth, deep=stage is not Stage.FIRST, progress=lambda done: tell(DECISIONS, done))


def _fill_sheet(
    labels: Labels, told: Told, vader: ToldByVader, groups: tuple[str, ...]
) -> tuple[Sheet, Mapping[str, float]]:
    """What was told of each text, and the line of each group."""
    opinions = told.opinions
    shares = np.array([one.unhappy if labels.tells_mood else one.complaint for one in opinions], np.float64)
    ruled = np.array([one.ruled for one in opinions], np.bool_)
    lines = draw_lines(groups, shares, ruled, MOOD_LINE if labels.tells_mood else told.line)
    line_of_each = np.array([lines[group] for group in groups], np.float64)
    by_rule = np.array([one.kind is Kind.COMPLAINT for one in opinions], np.bool_)
    said = np.where(ruled, by_rule, shares >= line_of_each)
    truth = np.array([one.positive for one in labels.texts], np.bool_)
    return Sheet(labels.texts, groups, truth, shares, said, line_of_each, vader), lines


def _measure_each(sheet: Sheet, names: Sequence[str], lines: Mapping[str, float]) -> tuple[Group, ...]:
    """A group for each name, the largest first; the nameless have none."""
    groups = [sheet.measure(name, where, lines.get(name)) for name, where in find_each(names).items() if name]
    return tuple(sorted(groups, key=lambda group: (-group.ours.n, group.name)))


def _measure_kinds(texts: Sequence[Labelled], told: Told, groups: Sequence[str]) -> Kinds | None:
    """Kinds as said with each group's own line of complaints, wherever a person has told the kind."""
    opinions = told.opinions
    ruled = np.array([one.ruled for one in opinions], np.bool_)
    lines = draw_lines(groups, np.array([one.complaint for one in opinions]), ruled, told.line)
    pairs = [
        (one.kind, _kind_of(opinion, lines[group]))
        for one, opinion, group in zip(texts, opinions, groups, strict=True)
        if one.kind is not None
    ]
    if not pairs:
        return None
    true, said = (np.array([KINDS.index(pair[at]) for pair in pairs]) for at in (0, 1))
    confusion = np.zeros((len(KINDS), len(KINDS)), int)
    np.add.at(confusion, (true, said), 1)
    seen = [f1(said == at, true == at) for at in sorted(set(true.tolist()))]
    return Kinds(len(pairs), float((true == said).mean()), float(np.mean(seen)), tuple(map(tuple, confusion.tolist())))


def _kind_of(opinion: Opinion, line: float) -> Kind:
    return opinion.kind if opinion.ruled else choose(opinion.shares, line)


def _measure_languages(texts: Sequence[Labelled], opinions: Sequence[Opinion]) -> float | None:
    """The share of rows that say their language whose language was found, too; the filter is not told it."""
    right = [one.language == opinion.language for one, opinion in zip(texts, opinions, strict=True) if one.language]
    return sum(right) / len(right) if right else None


def _per_second(texts: int, seconds: float) -> float:
    return texts / max(seconds, 1e-6)
