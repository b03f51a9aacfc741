"""The filter's weights, made from the authored examples by `make model`, with a manifest of what they were made from."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent
MANIFEST = "manifest.json"
NOT_READ = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, KeyError, ValueError, IndexError,
)  # fmt: skip
"""What reading a damaged zip file may raise; NotImplementedError is a RuntimeError."""
_NO_HOUR = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can say


class WeightsDamaged(RuntimeError):
    """Weights are missing or unreadable. The message says what to do; the filter's rules go on without them."""


def read_weights(name: str, folder: Path = FOLDER) -> Mapping[str, NDArray[Any]]:
    """The arrays of one file of weights ("first", "second"). Raises WeightsDamaged."""
    path = folder / f"{name}.npz"
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as found:
            return dict(found)
    except FileNotFoundError as error:
        raise WeightsDamaged(f"{path.name} is missing: install Amends anew, or run `make model`.") from error
    except NOT_READ as error:
        raise damaged(path.name) from error


def damaged(file: str) -> WeightsDamaged:
    """What is said of a file that is there and cannot be used; why, is in what it is raised from."""
    return WeightsDamaged(f"{file} is damaged: install Amends anew, or run `make model`.")


@cache
def version_of(name: str) -> str:
    """Which weights one file holds, without loading the look itself. Raises WeightsDamaged."""
    found = read_weights(name)
    if "version" not in found:
        raise damaged(f"{name}.npz")
    return str(found["version"])


def write_weights(name: str, arrays: Mapping[str, NDArray[Any]], folder: Path = FOLDER) -> Path:
    """Write one file of weights: the same arrays always give the same bytes, without the hour they were written at."""
    path = folder / f"{name}.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for key, array in sorted(arrays.items()):
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(array, order="C"), allow_pickle=False)
            file.writestr(zipfile.ZipInfo(f"{key}.npy", _NO_HOUR), content.getvalue(), zipfile.ZIP_DEFLATED)
    return path


def read_manifest(folder: Path = FOLDER) -> Mapping[str, Any]:
    """What the weights were made from. Raises WeightsDamaged."""
    try:
        manifest: Mapping[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsDamaged(f"{MANIFEST} is missing or damaged: install Amends anew, or run `make model`.") from error
    return manifest
