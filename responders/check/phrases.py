"""The phrase data of each language, compiled.

A phrase is written as people write it, in small letters, with or without accents. Four signs are special:
`(a|b)` either word, `(a|b)?` may be missing, `*` any letters, `...` up to four words between.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from responders.check.reading import fold

LETTER = r"[\w\u0c00-\u0c7f]"
"""What words are made of. Python's own word characters leave out the vowel signs of Telugu."""

_NEVER = r"(?!)"
_SPACE = r"[\s,;:\"«»„“”()–—-]+"
_GAP = rf"(?:[^\w\u0c00-\u0c7f.!?\n]+{LETTER}+){{0,4}}?" + r"[^\w\u0c00-\u0c7f.!?\n]+"


@dataclass(frozen=True, slots=True)
class Phrases:
    """What a language says when it apologises, owns, promises, invites, and when it does the opposite. One pattern each."""

    regret: re.Pattern[str]
    own: re.Pattern[str]
    next: re.Pattern[str]
    invite: re.Pattern[str]
    if_words: re.Pattern[str]
    if_innocent: re.Pattern[str]
    if_fault: re.Pattern[str]
    but_words: re.Pattern[str]
    but_innocent: re.Pattern[str]
    hedged: re.Pattern[str]
    denial: re.Pattern[str]
    blame: re.Pattern[str]
    belittle: re.Pattern[str]
    not_before: re.Pattern[str]
    not_after: re.Pattern[str]


def to_pattern(phrase: str) -> str:
    """One phrase as a regular expression over folded text."""
    text = fold(phrase.strip()).text
    text = re.sub(r"\(([^()]*)\)\? ", r"<\1>", text)
    text = text.replace(" ... ", "…").replace("...", "…")
    out: list[str] = []
    for character in text:
        match character:
            case " ":
                out.append(_SPACE)
            case "…":
                out.append(_GAP)
            case "*":
                out.append(f"{LETTER}*")
            case "(":
                out.append("(?:")
            case "<":
                out.append("(?:(?:")
            case ">":
                out.append(f"){_SPACE})?")
            case ")" | "|" | "?":
                out.append(character)
            case _:
                out.append(re.escape(character))
    return "".join(out)


def compile_phrases(lines: Sequence[str]) -> re.Pattern[str]:
    """One pattern that finds any of the phrases as whole words; without phrases, one that finds nothing."""
    if not lines:
        return re.compile(_NEVER)
    choices = "|".join(to_pattern(line) for line in lines)
    return re.compile(rf"(?<!{LETTER})(?:{choices})(?!{LETTER})")


@cache
def phrases(language: str) -> Phrases | None:
    """The phrases of a language, or None when nobody has written them yet. Raises ValueError naming what a file lacks."""
    path = Path(__file__).parent / "phrases" / f"{language}.toml"
    if not language.isalpha() or not path.is_file():
        return None
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    names = {field.name for field in fields(Phrases)}
    if missing := names - data.keys():
        raise ValueError(f"{path.name} lacks {', '.join(sorted(missing))}")
    if unknown := data.keys() - names:
        raise ValueError(f"{path.name} has unknown lists: {', '.join(sorted(unknown))}")
    return Phrases(**{name: compile_phrases(data[name]) for name in names})


def spans(pattern: re.Pattern[str], text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Where a pattern stands in a folded text."""
    for found in pattern.finditer(text, start, len(text) if end is None else end):
        yield found.span()
