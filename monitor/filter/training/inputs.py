"""What weights are made from, as digests: a test compares them with the manifest, so that weights and examples cannot drift apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from monitor.filter import cues, examples
from monitor.filter.examples import Example, read_examples
from monitor.filter.folding import fold
from monitor.filter.grams import cut, hash_words_and_pieces
from monitor.filter.language import cues_for
from monitor.filter.signs import read_signs
from monitor.filter.training.lessons import PHRASES
from monitor.filter.weighing import weigh

HELD_OUT = Path("tests/monitor/held_out")
"""Texts to measure with, from the project's own folder; nothing is ever learnt from them."""

_EVERY = 40  # of the examples, one is looked at for what the features make of it


def digest_inputs() -> Mapping[str, str]:
    """The SHA-256 of every file that weights are made from, and of what our features make of some examples."""
    files = sorted((*examples.FOLDER.glob("*.tsv"), *PHRASES.glob("*.tsv"), *cues.FOLDER.glob("*.toml")))
    found = {f"{path.parent.name}/{path.name}": _digest(path) for path in files}
    return found | {"features": digest_features(read_examples())}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_features(among: tuple[Example, ...]) -> str:
    """What hashing and signs make of every 40th example: it changes with the features and not with how they are written down."""
    digest = hashlib.sha256()
    for content in _features(among[::_EVERY]):
        digest.update(content)
    return digest.hexdigest()


def _features(chosen: tuple[Example, ...]) -> Iterator[bytes]:
    for grams in hash_words_and_pieces([cut(one.text) for one in chosen]):
        yield np.sort(grams.drawers + (grams.rows.astype(np.int64) << 32)).astype("<i8").tobytes()
    for one in chosen:
        signs = read_signs(one.text, one.language, weigh(fold(""), fold(one.text), cues_for(one.language)))
        yield np.rint(signs * 1000).astype("<i4").tobytes()
