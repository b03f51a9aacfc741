"""The results for people at a terminal, in tables that a README takes as they are, and for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from monitor.filter.evaluating.decisions import DRAWS, Taught
from monitor.filter.evaluating.measures import Score
from monitor.filter.evaluating.results import OURS, VADER, Group, Kinds, Results
from monitor.filter.evaluating.ways import VADER_LINE, Stage
from monitor.filter.heads import KINDS

STAGES = {
    Stage.FIRST: "the first look (stage 1)",
    Stage.SECOND: "the second look alone (stage 2)",
    Stage.BOTH: "both looks together",
}
MOST_TRAITS = 40
"""So many hard cases are shown; JSON has all."""

_NONE = "–"
_SCORE_COLUMNS = ("precision", "recall", "F1", "macro-F1", "AUC")

Row = Sequence[str]


def show(results: Results) -> str:
    """The results as text: what was measured, and a table each for languages, hard cases and kinds."""
    return "\n\n".join(_parts(results))


def say_measured(results: Results) -> str:
    """What was measured with what, in a sentence."""
    return (
        f"{results.all.ours.n:,} texts, {results.all.ours.positive / results.all.ours.n:.1%} {results.wanted}, "
        f"judged by {STAGES[results.stage]}: {'moods were' if results.tells_mood else 'complaints were'} measured."
    )


def say_speed(results: Results) -> str:
    """How many texts a second on one core, ours and VADER's."""
    ours, vader = results.texts_per_second, results.vader_texts_per_second
    return f"{ours:,.0f} texts a second on one core; VADER alone {vader:,.0f}."


def say_languages(results: Results) -> str:
    """How often the language was found, where rows say it."""
    if results.language_accuracy is None:
        return ""
    return f"The language was found right in {results.language_accuracy:.1%} of the texts that say theirs."


def share(value: float | None, places: int = 3) -> str:
    """A share of one for a table; a dash where there is none to say."""
    return _NONE if value is None else f"{value:.{places}f}"


def _parts(results: Results) -> Iterator[str]:
    yield "\n".join(line for line in (say_measured(results), say_speed(results), say_languages(results)) if line)
    head = ("language", "texts", "told by", "line", *_SCORE_COLUMNS)
    yield _table(
        head, [row for group in (results.all, *results.languages) for row in _side_by_side(group)], words=(0, 2)
    )
    if len(results.languages) > 1:
        yield _mean(results.languages)
    if results.traits:
        yield _traits(results)
    if results.kinds:
        yield _kinds(results.kinds)
    if results.taught:
        yield _taught(results.taught)


def _mean(languages: Sequence[Group]) -> str:
    told = sorted((group.ours.f1 or 0.0, group.name) for group in languages)
    worst, name = told[0]
    mean = sum(f1 for f1, _ in told) / len(told)
    return f"F1, mean of {len(told)} languages: {mean:.3f}; the worst is {name} with {worst:.3f}."


def _side_by_side(group: Group) -> Iterator[Row]:
    yield group.name, f"{group.ours.n:,}", OURS, share(group.line), *_scores(group.ours)
    yield "", "", VADER, share(VADER_LINE), *_scores(group.vader)


def _scores(score: Score) -> Iterator[str]:
    return (share(value) for value in (score.precision, score.recall, score.f1, score.macro_f1, score.auc))


def _traits(results: Results) -> str:
    head = ("hard case", "texts", results.wanted, "found", f"by {VADER}", "others left alone", f"by {VADER}")
    rows = [
        (
            group.name.replace("|", "/"),
            f"{group.ours.n:,}",
            f"{group.ours.positive:,}",
            *map(share, (group.ours.recall, group.vader.recall, group.ours.left_alone, group.vader.left_alone)),
        )
        for group in results.traits[:MOST_TRAITS]
    ]
    more = len(results.traits) - len(rows)
    return _table(head, rows) + (f"\n… and {more:,} more." if more else "")


def _taught(taught: Sequence[Taught]) -> str:
    says = f"What decisions of the owner teach: F1 on texts that nobody decided, mean of {DRAWS} draws."
    rows = [
        (
            f"{one.decisions:,}",
            *map(share, (one.shipped, one.taught)),
            *map(_gain, (one.taught - one.shipped, one.least_gain)),
        )
        for one in taught
    ]
    return says + "\n\n" + _table(("decisions", "as shipped", "taught", "gain", "least gain"), rows, words=())


def _gain(value: float) -> str:
    return f"{value:+.3f}"


def _kinds(kinds: Kinds) -> str:
    says = f"Kinds: {kinds.accuracy:.1%} of {kinds.n:,} right, macro-F1 {kinds.macro_f1:.3f}. Rows are what a person says, columns what we say."
    head = ("", *(kind.value for kind in KINDS), "found")
    rows = [
        (kind.value, *(f"{count:,}" for count in row), share(row[at] / sum(row) if sum(row) else None))
        for at, (kind, row) in enumerate(zip(KINDS, kinds.confusion, strict=True))
        if sum(row)
    ]
    return f"{says}\n\n{_table(head, rows)}"


def _table(head: Row, rows: Sequence[Row], words: Sequence[int] = (0,)) -> str:
    """A Markdown table with its columns aligned; `words` are the columns that hold words, all others hold figures."""
    whole = [head, *rows]
    widths = [max(len(row[at]) for row in whole) for at in range(len(head))]
    rule = [f"{'-' * width}" if at in words else f"{'-' * (width - 1)}:" for at, width in enumerate(widths)]
    return "\n".join(_line(row, widths, words) for row in (head, rule, *rows))


def _line(row: Row, widths: Sequence[int], words: Sequence[int]) -> str:
    cells = (
        cell.ljust(width) if at in words else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return f"| {' | '.join(cells)} |"


def show_json(results: Results) -> str:
    """The results for machines: shares rounded to four places, null where the texts do not allow to say one."""
    vader = _score_json(results.all.vader) | {
        "line": VADER_LINE,
        "languages": {group.name: _score_json(group.vader) for group in results.languages},
    }
    told = {
        "file": results.file,
        "stage": results.stage.value,
        "version": results.version,
        "measured": "moods" if results.tells_mood else "complaints",
        "languages": {group.name: _group_json(group) for group in results.languages},
        "all": _score_json(results.all.ours),
        "vader": vader,
        "traits": {
            group.name: _score_json(group.ours) | {"vader": _score_json(group.vader)} for group in results.traits
        },
        "kinds": _kinds_json(results.kinds),
        "language_accuracy": _rounded(results.language_accuracy),
        "texts_per_second": round(results.texts_per_second, 1),
        "vader_texts_per_second": round(results.vader_texts_per_second, 1),
    }
    if results.taught:
        told["taught"] = [_taught_json(one) for one in results.taught]
    return json.dumps(told, ensure_ascii=False, indent=2, allow_nan=False)


def _taught_json(taught: Taught) -> dict[str, float | int | None]:
    return {
        "decisions": taught.decisions,
        "shipped_f1": _rounded(taught.shipped),
        "taught_f1": _rounded(taught.taught),
        "least_gain": _rounded(taught.least_gain),
    }


def _group_json(group: Group) -> dict[str, float | int | None]:
    return _score_json(group.ours) | {"line": _rounded(group.line)}


def _score_json(score: Score) -> dict[str, float | int | None]:
    return {
        "f1": _rounded(score.f1),
        "precision": _rounded(score.precision),
        "recall": _rounded(score.recall),
        "macro_f1": _rounded(score.macro_f1),
        "auc": _rounded(score.auc),
        "left_alone": _rounded(score.left_alone),
        "n": score.n,
        "positive": score.positive,
    }


def _kinds_json(kinds: Kinds | None) -> object:
    if kinds is None:
        return None
    names = [kind.value for kind in KINDS]
    return {
        "n": kinds.n,
        "accuracy": _rounded(kinds.accuracy),
        "macro_f1": _rounded(kinds.macro_f1),
        "confusion": {
            name: dict(zip(names, row, strict=True)) for name, row in zip(names, kinds.confusion, strict=True)
        },
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
