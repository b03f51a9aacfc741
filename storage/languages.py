"""The languages people write to us in, and the one model that tells them apart. Rooms that read texts share it: it takes a second and
a half of a core to unpack, and fifty megabytes.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Protocol

LANGUAGES: tuple[str, ...] = ("en", "ru", "ro", "te", "es", "de", "fr", "pt", "it", "pl", "uk", "tr", "hi")
"""ISO 639-1; the first four have a check and proposals of their own."""


class Identifier(Protocol):
    """What py3langid gives."""

    def classify(self, text: str) -> tuple[str, float]:
        """The likeliest of LANGUAGES, and how likely it is, from 0 to 1."""
        ...


_loading = threading.Lock()


@cache
def _load() -> Identifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    whole = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    whole.set_languages(list(LANGUAGES))
    # Made of what the first knows of these alone, for the first keeps what it knows of 142: 28 MB.
    return LanguageIdentifier(  # type: ignore[no-any-return]  # py3langid publishes no types
        whole.nb_ptc, whole.nb_pc, whole.nb_classes, whole.tk_nextmove, whole.tk_output,
        norm_probs=True, tk_row=whole.tk_row,
    )  # fmt: skip


def identifier() -> Identifier:
    """The model, limited to LANGUAGES; loaded when it is first asked for, by one thread while the others wait.

    Raises OSError when the disk has no room to unpack it; it is tried anew the next time.
    """
    with _loading:
        return _load()
