"""How the second look's model cuts a text into pieces: SentencePiece's unigram model (Kudo, 2018), from the tables in the model file.

The wheel does the same in C but tells nobody the pieces; teaching needs them. A test holds the two against each other.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np

from monitor.filter.encoder_file import Layout

PREFIX = "query: "
"""What e5 wants before a text that is to be told apart from others, says its model card."""
MOST = 126
"""Pieces of a text that are taught with; nine of ten examples have fewer than half as many."""

_SPACE = "\u2581"
_SPACES = re.compile(" {2,}")
_UNKNOWN_COSTS = 10.0  # below the least likely piece, as the wheel has it
_LONGEST = 16  # letters of a piece


class Cutter:
    """Cuts texts into the numbers of pieces."""

    def __init__(self, path: Path, layout: Layout) -> None:
        content = path.read_bytes()
        table = layout.pieces
        ends = np.frombuffer(content, np.uint32, table.count + 1, table.ends_at)
        letters = content[table.letters_at : table.letters_at + table.letters]
        pieces = (letters[ends[at] : ends[at + 1]].decode("utf-8", "replace") for at in range(table.count))
        self._pieces = {piece: at for at, piece in enumerate(pieces) if piece}
        self._scores = np.frombuffer(content, np.float32, table.count, table.scores_at).tolist()
        self._unknown = table.unknown
        self._unknown_score = min(self._scores) - _UNKNOWN_COSTS
        self._around = (table.begin, table.end)
        self._letter_map = _read_letter_map(content, layout)

    def cut(self, text: str) -> list[int]:
        """The pieces of a text, with those that begin and end it."""
        text = "".join(self._letter_map.get(letter, letter) for letter in PREFIX + text)
        text = _SPACES.sub(" ", text)
        marked = (text if text.startswith(" ") else f" {text}").replace(" ", _SPACE)
        begin, end = self._around
        return [begin, *self._likeliest(marked)[:MOST], end]

    def _likeliest(self, text: str) -> list[int]:
        """The cut whose pieces are likeliest together (Viterbi)."""
        best = [0.0, *[-1e30] * len(text)]
        came: list[tuple[int, int]] = [(0, 0)] * (len(text) + 1)
        for begin in range(len(text)):
            score = best[begin]
            for end in range(begin + 1, min(begin + _LONGEST, len(text)) + 1):
                piece = self._pieces.get(text[begin:end])
                if piece is not None and piece != self._unknown and score + self._scores[piece] > best[end]:
                    best[end], came[end] = score + self._scores[piece], (begin, piece)
            if score + self._unknown_score > best[begin + 1]:
                best[begin + 1], came[begin + 1] = score + self._unknown_score, (begin, self._unknown)
        pieces, at = [], len(text)
        while at:
            at, piece = came[at]
            pieces.append(piece)
        return pieces[::-1]


def _read_letter_map(content: bytes, layout: Layout) -> dict[str, str]:
    """Letters that are read as others: full width as usual, odd spaces as spaces, some as nothing."""
    at, letter_map = layout.pieces.letter_map_at, {}
    for _ in range(layout.pieces.letter_maps):
        (letter,) = struct.unpack_from("<I", content, at)
        count = content[at + 4]
        letter_map[chr(letter)] = "".join(map(chr, struct.unpack_from(f"<{count}I", content, at + 5)))
        at += 5 + 4 * count
    return letter_map
