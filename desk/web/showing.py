"""Showing what strangers wrote: whole, isolated, with hidden characters made visible, and the telling words marked."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

NAMES = {
    0x00: "NUL",
    0x0B: "VT",
    0x0C: "FF",
    0x0D: "CR",
    0x1B: "ESC",
    0x7F: "DEL",
    0xAD: "soft hyphen",
    0x200B: "zero-width space",
    0x200E: "left-to-right",
    0x200F: "right-to-left",
    0x202A: "LRE",
    0x202B: "RLE",
    0x202C: "PDF",
    0x202D: "LRO",
    0x202E: "RLO",
    0x2060: "word joiner",
    0x2066: "LRI",
    0x2067: "RLI",
    0x2068: "FSI",
    0x2069: "PDI",
    0xFEFF: "BOM",
}
JOINERS = {0x200C, 0x200D}  # Telugu and families of emoji need them
NAME_CAP = 80


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `says` is why it is marked, empty when it is not."""

    text: str
    says: str = ""


def reveal(text: str, *, newlines: bool = True) -> str:
    """The text with every control and invisible format character named in double brackets; lone surrogates become U+FFFD."""
    return "".join(_reveal_one(char, newlines=newlines) for char in text)


def _reveal_one(char: str, *, newlines: bool) -> str:
    code = ord(char)
    if char in "\n\t" and newlines:
        return char
    if char in "\r\n\t":
        return " "
    category = unicodedata.category(char)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    if category in ("Zl", "Zp"):
        return "\n" if newlines else " "
    if (category == "Cc" or category == "Cf") and code not in JOINERS and not 0xE0020 <= code <= 0xE007F:
        return f"⟦{NAMES.get(code, f'U+{code:04X}')}⟧"
    return char


def reveal_name(name: str) -> str:
    """A name on one line, hidden characters named, capped at 80 characters."""
    shown = reveal(name, newlines=False)
    return shown if len(shown) <= NAME_CAP else shown[: NAME_CAP - 1] + "…"


def mark(text: str, spans: Iterable[tuple[int, int, str]]) -> tuple[Piece, ...]:
    """Cut the text at (start, end, says) spans; spans outside the text or over an earlier one are left out."""
    pieces: list[Piece] = []
    at = 0
    for start, end, says in sorted(spans):
        if not at <= start < end <= len(text):
            continue
        pieces += [Piece(reveal(text[at:start])), Piece(reveal(text[start:end]), says)]
        at = end
    pieces.append(Piece(reveal(text[at:])))
    return tuple(piece for piece in pieces if piece.text)


def clean(text: str) -> str:
    """What a person typed, without control, direction and zero-width characters; line ends as \\n, no white space around.

    Joiners stay: Telugu and emoji are written with them.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        char
        for char in lines
        if char in "\n\t" or ord(char) in JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    )
    return "".join(kept).strip()


def safe_link(url: str | None) -> str | None:
    """The address when it is a plain web address, else None: nothing else may stand in a link."""
    if not url or len(url) > 2000 or not url.lower().startswith(("https://", "http://")):
        return None
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp") for char in url):
        return None
    return url
