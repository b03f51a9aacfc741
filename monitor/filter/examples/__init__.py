"""The authored examples: what the filter's weights are made from, one file a language.

Every text was written for this project; the firms and people in it are invented. A line is one text as somebody posts it:

    kind        complaint | praise | question | chatter | news | spam | not_us
    trait       what is special about it ("sarcasm", "implicit", "negated", "namesake", …), for measuring and for finding what lacks
    mood        bad | neutral | good
    topic       of a complaint, else "-"
    severity    of a complaint: 1 annoyance, 2 real trouble, 3 serious, 4 danger, fraud or threat of law; else "-"
    trade       the trade it speaks to, or the subject of everyday talk: texts of one trade are judged together when weights are tried
    text        as posted, with its typing errors

What is written after the weights were made waits in `next/`, in files of the same kind; the next `make model` takes it in. So weights and
examples never drift apart, and nobody has to make weights for a few new texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storage.languages import LANGUAGES
from storage.words import Kind, Topic

FOLDER = Path(__file__).parent
NEXT = FOLDER / "next"
COLUMNS = ("kind", "trait", "mood", "topic", "severity", "trade", "text")
MOODS = ("bad", "neutral", "good")
SEVERITIES = ("1", "2", "3", "4")
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Example:
    """One authored text. `topic` and `severity` (1..4) are None unless it is a complaint."""

    language: str
    kind: Kind
    trait: str
    mood: str
    topic: Topic | None
    severity: int | None
    trade: str
    text: str


class Unusable(ValueError):
    """A line is not an example. The message names file and line and says what is wrong."""


def read_examples(folder: Path = FOLDER) -> tuple[Example, ...]:
    """All examples, in the order of LANGUAGES. Raises Unusable, OSError."""
    return tuple(one for language in LANGUAGES for one in _read(folder / f"{language}.tsv", language))


def read_next(folder: Path = NEXT) -> tuple[Example, ...]:
    """The examples that wait, in the order of LANGUAGES. Raises Unusable, OSError."""
    waiting = (language for language in LANGUAGES if (folder / f"{language}.tsv").is_file())
    return tuple(one for language in waiting for one in _read(folder / f"{language}.tsv", language))


def take_in_next(folder: Path = FOLDER) -> int:
    """Put what waits behind the other examples of its language; gives how many. Raises Unusable, OSError, with nothing taken in."""
    taken = len(read_next(folder / NEXT.name))
    for path in sorted((folder / NEXT.name).glob("*.tsv")):
        _, _, lines = path.read_text(encoding="utf-8").partition("\n")
        with (folder / path.name).open("a", encoding="utf-8", newline="\n") as known:
            known.write(lines)
        path.unlink()
    return taken


def _read(path: Path, language: str) -> Iterator[Example]:
    with path.open(encoding="utf-8", newline="\n") as lines:
        if tuple(next(lines, "").rstrip("\n").split("\t")) != COLUMNS:
            raise Unusable(f"{path.name} needs a first line with the columns {', '.join(COLUMNS)}")
        for number, line in enumerate(lines, 2):
            cells = line.rstrip("\n").split("\t")
            try:
                yield _example(cells, language)
            except ValueError as error:
                raise Unusable(f"{path.name}, line {number}: {error}") from error


def _example(cells: list[str], language: str) -> Example:
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} cells instead of {len(COLUMNS)}")
    kind, trait, mood, topic, severity, trade, text = cells
    is_complaint = Kind(kind) is Kind.COMPLAINT
    if mood not in MOODS:
        raise ValueError(f"mood is one of {', '.join(MOODS)}, not {mood!r}")
    if is_complaint != (topic != _NONE) or is_complaint != (severity in SEVERITIES):
        raise ValueError("complaints, and only they, have a topic and a severity of 1 to 4")
    if not text.strip():
        raise ValueError("the text is empty")
    return Example(
        language, Kind(kind), trait, mood,
        Topic(topic) if is_complaint else None, int(severity) if is_complaint else None, trade, text,
    )  # fmt: skip
