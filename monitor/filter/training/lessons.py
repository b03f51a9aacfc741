"""What the first look learns from beside the examples: words that the second look has an opinion of, and phrases with a label.

A few hundred examples a language cannot hold every common word. The second look's model has read the web; what it thinks of each word
of its own dictionary reaches the first look here. Cues, written for finding reasons, are phrases with a label as well.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from monitor.filter import cues
from monitor.filter.encoder_file import Layout
from monitor.filter.examples import Example, Unusable
from monitor.filter.folding import URL
from monitor.filter.grams import cut
from monitor.filter.heads import Floats
from monitor.filter.second_look import second_look
from storage.words import Kind

_SPACE = "\u2581"
_SHORTEST = 3  # letters of a dictionary word
_WORD = re.compile(r"(?:[^\W\d_]|[\u0900-\u0963\u0c00-\u0c63])+")  # Python calls vowel signs no letters
_AT_ONCE = 256
_THREADS = "OMP_NUM_THREADS"
_OTHER_SCRIPTS = "\u0370\u03ff\u0530\u08ff\u0980\u0bff\u0c80\u1cff\u2c00\ua63f\ua6a0\uabff\uac00\ud7ff\uf900\ufaff"

CUES = ("en", "ru", "ro", "te", "te-latn")
_SAID = {"<n>": "7", URL: "https://shop.example"}
_TIMES = 3  # that a cue with choices in it is told
PHRASES = Path(cues.__file__).with_name("phrases")
PHRASE_COLUMNS = ("sort", "topic", "phrase")
_SORT_KINDS = {
    "sad": Kind.CHATTER,
    "gripe": Kind.CHATTER,
    "complaint": Kind.COMPLAINT, "praise": Kind.PRAISE, "fine": Kind.PRAISE, "resolved": Kind.PRAISE,
    "question": Kind.QUESTION, "news": Kind.NEWS, "spam": Kind.SPAM,
}  # fmt: skip
_SORT_MOODS = {
    "sad": "bad",
    "gripe": "bad",
    "complaint": "bad",
    "praise": "good",
    "fine": "good",
    "resolved": "good",
    "question": "neutral",
}


Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do in all."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """Words, and for each the second look's logits of kinds and moods (`feelings`) and of topics, less those of an average word."""

    words: tuple[str, ...]
    feelings: Floats
    topics: Floats


@dataclass(frozen=True, slots=True)
class Phrase:
    """A short phrase that tells a kind; `mood` is None where it tells none. `weight` 0.3 faint .. 1 strong."""

    text: str
    kind: Kind
    mood: str | None
    weight: float


def ask_about_words(words: Sequence[str], progress: Progress) -> Opinions:
    """What the second look, as it lies on disk, thinks of each word alone.

    As many processes ask as there are processors, each on one thread: however many they are, the numbers are the same.
    """
    pages = [words[begin : begin + _AT_ONCE] for begin in range(0, len(words), _AT_ONCE)]
    told: list[tuple[Floats, Floats]] = []
    with _on_one_thread_each(), ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for page in pool.map(_ask, pages):
            told.append(page)
            progress(len(told), len(pages))
    feelings, topics = (np.concatenate(one) for one in zip(*told, strict=True))
    return Opinions(tuple(words), *(np.asarray(one - one.mean(axis=0), np.float32) for one in (feelings, topics)))


def _ask(words: Sequence[str]) -> tuple[Floats, Floats]:
    deep = second_look().look(words)
    return np.concatenate((deep.kinds, deep.moods), axis=1), deep.topics


@contextmanager
def _on_one_thread_each() -> Iterator[None]:
    """What processes that begin meanwhile read when their libraries are loaded."""
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        del os.environ[_THREADS]
        if before is not None:
            os.environ[_THREADS] = before


def collect_words(examples: Sequence[Example], path: Path, layout: Layout) -> tuple[str, ...]:
    """Every word of the examples, and every whole word of the model's dictionary in a script that we read."""
    found = {word for one in examples for word in cut(one.text)}
    found.update(word for piece in _dictionary(path, layout) for word in cut(piece))
    return tuple(sorted(found))


def _dictionary(path: Path, layout: Layout) -> Iterator[str]:
    content = path.read_bytes()
    table = layout.pieces
    ends = np.frombuffer(content, np.uint32, table.count + 1, table.ends_at)
    letters = content[table.letters_at : table.letters_at + table.letters]
    for at in range(table.count):
        piece = letters[ends[at] : ends[at + 1]].decode("utf-8", "replace")
        word = piece.removeprefix(_SPACE)
        if word != piece and len(word) >= _SHORTEST and _WORD.fullmatch(word) and not any(map(_is_foreign, word)):
            yield word


def _is_foreign(letter: str) -> bool:
    """Whether a letter belongs to a script that none of our languages is written in."""
    bounds = _OTHER_SCRIPTS
    return any(bounds[at] <= letter <= bounds[at + 1] for at in range(0, len(bounds), 2)) or letter >= "\u3000"


def tell_cues(seed: int) -> Iterator[Phrase]:
    """The cues that tell a kind, as phrases somebody might type."""
    chance = random.Random(seed)
    for name in CUES:
        lexicon = cues.load(name)
        assert lexicon is not None
        for cue in lexicon.all:
            if cue.sort in _SORT_KINDS:
                for text in sorted({_say(cue, lexicon, chance) for _ in range(_TIMES)}):
                    yield Phrase(text, _SORT_KINDS[cue.sort], _SORT_MOODS.get(cue.sort), cue.weight / 2)


def read_phrases(folder: Path = PHRASES) -> Iterator[Phrase]:
    """The authored phrases of the languages that have no cues. Raises Unusable, OSError."""
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="\n") as lines:
            if tuple(next(lines, "").rstrip("\n").split("\t")) != PHRASE_COLUMNS:
                raise Unusable(f"{path.name} needs a first line with the columns {', '.join(PHRASE_COLUMNS)}")
            for number, line in enumerate(lines, 2):
                cells = line.rstrip("\n").split("\t")
                if len(cells) != len(PHRASE_COLUMNS) or cells[0] not in _SORT_KINDS or not cells[2].strip():
                    raise Unusable(f"{path.name}, line {number}: not a known sort, a topic and a phrase")
                yield Phrase(cells[2], _SORT_KINDS[cells[0]], _SORT_MOODS.get(cells[0]), 1.0)


def _say(cue: cues.Cue, lexicon: cues.Cues, chance: random.Random) -> str:
    said = []
    for step in cue.text.split():
        choice = chance.choice(step.split("|"))
        if choice in _SAID:
            said.append(_SAID[choice])
        elif choice[0] == "<" and choice[1:-1] in lexicon.groups:
            said.append(chance.choice(lexicon.groups[choice[1:-1]]).strip("*"))
        elif choice != "..":
            said.append(choice.strip("*"))
    return " ".join(said)
