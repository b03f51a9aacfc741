"""The second look's model as a torch module: its matrices as they are, its biases and norms to be taught."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from monitor.filter.encoder_file import BLOCK, BLOCK_BYTES, Layout

_BLOCK_TYPE = np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])
_NOWHERE = -1e4  # added to the attention to padding
_MATRICES = ("q", "k", "v", "ao", "fi", "fo")


class Encoder(nn.Module):
    """BERT with mean pooling, to a vector of length one. Knows only the pieces in `known`."""

    def __init__(self, path: Path, layout: Layout, known: Sequence[int]) -> None:
        super().__init__()
        content = path.read_bytes()
        self.layout = layout
        self._row_of = {piece: row for row, piece in enumerate(known)}
        words = _unpack(content, layout, "emb.word", layout.hidden)[list(known)]
        self.register_buffer("words", torch.from_numpy(_widen(words)))
        positions = _plain(content, layout, "emb.pos").reshape(-1, layout.hidden)
        self.register_buffer(
            "places", torch.from_numpy(positions + _plain(content, layout, "emb.type")[: layout.hidden])
        )
        for layer in range(layout.layers):
            for name in _MATRICES:
                columns = layout.inner if name == "fo" else layout.hidden
                matrix = _widen(_unpack(content, layout, f"l{layer}.{name}.w", columns))
                self.register_buffer(f"l{layer}_{name}", torch.from_numpy(matrix))
        self.taught = nn.ParameterDict(
            {_key(name): nn.Parameter(torch.from_numpy(_plain(content, layout, name))) for name in layout.taught()}
        )
        self._before = {name: value.detach().clone() for name, value in self.taught.items()}

    def rows(self, pieces: Sequence[int]) -> list[int]:
        """Pieces as rows of the words that this module knows."""
        return [self._row_of[piece] for piece in pieces]

    def differences(self) -> NDArray[np.float32]:
        """What was taught: new less old, in the order of `layout.taught()`."""
        parts = [self.taught[_key(name)].detach() - self._before[_key(name)] for name in self.layout.taught()]
        differences: NDArray[np.float32] = torch.cat(parts).numpy()
        return differences

    def forward(self, rows: Tensor, real: Tensor) -> Tensor:
        """Vectors of padded texts; `real` is true where a piece stands."""
        state = self._norm("emb.ln", self.words[rows] + self.places[: rows.shape[1]])
        attend = torch.zeros(real.shape).masked_fill(~real, _NOWHERE)[:, None, None, :].to(state.dtype)
        for layer in range(self.layout.layers):
            state = self._layer(layer, state, attend)
        state = state.float()
        mean = (state * real[..., None]).sum(1) / real.sum(1, keepdim=True)
        return functional.normalize(mean, dim=-1)

    def _layer(self, layer: int, state: Tensor, attend: Tensor) -> Tensor:
        query, key, value = (self._split(self._linear(layer, name, state)) for name in ("q", "k", "v"))
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=attend.to(query.dtype))
        seen = seen.transpose(1, 2).reshape(state.shape)
        state = self._norm(f"l{layer}.aln", state + self._linear(layer, "ao", seen))
        inner = functional.gelu(self._linear(layer, "fi", state))
        return self._norm(f"l{layer}.oln", state + self._linear(layer, "fo", inner))

    def _split(self, state: Tensor) -> Tensor:
        texts, length, _ = state.shape
        return state.view(texts, length, self.layout.heads, -1).transpose(1, 2)

    def _linear(self, layer: int, name: str, state: Tensor) -> Tensor:
        return functional.linear(state, getattr(self, f"l{layer}_{name}"), self.taught[f"l{layer}_{name}_b"])

    def _norm(self, name: str, state: Tensor) -> Tensor:
        weight, bias = self.taught[_key(f"{name}.w")], self.taught[_key(f"{name}.b")]
        return functional.layer_norm(state, (self.layout.hidden,), weight, bias, self.layout.epsilon)


def pad(texts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Texts of unlike length as one table, and where it is real."""
    longest = max(map(len, texts))
    rows, real = torch.zeros(len(texts), longest, dtype=torch.long), torch.zeros(len(texts), longest, dtype=torch.bool)
    for at, text in enumerate(texts):
        rows[at, : len(text)] = torch.tensor(text)
        real[at, : len(text)] = True
    return rows, real


def _key(name: str) -> str:
    return name.replace(".", "_")  # torch takes no dots in names


def _plain(content: bytes, layout: Layout, name: str) -> NDArray[np.float32]:
    tensor = layout.tensors[name]
    return np.frombuffer(content, np.float32, tensor.length // 4, tensor.offset).copy()


def _unpack(content: bytes, layout: Layout, name: str, columns: int) -> NDArray[np.void]:
    """The four-bit blocks of a matrix, one row per row."""
    tensor = layout.tensors[name]
    blocks = np.frombuffer(content, _BLOCK_TYPE, tensor.length // BLOCK_BYTES, tensor.offset)
    return blocks.reshape(-1, columns // BLOCK)


def _widen(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """Four-bit blocks as numbers: the low halves first, then the high ones, each less eight, times the block's scale."""
    halves = blocks["halves"]
    numbers = np.concatenate(((halves & 15).astype(np.int8) - 8, (halves >> 4).astype(np.int8) - 8), axis=-1)
    scaled = numbers.astype(np.float32) * blocks["scale"].astype(np.float32)[..., None]
    return scaled.reshape(len(blocks), -1)
