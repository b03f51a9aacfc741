"""What is slow to load, loaded while nobody waits: the language model, which is unpacked on the disk and needs room there."""

from __future__ import annotations

import threading

import structlog

from storage.languages import identifier

_log = structlog.get_logger()


def warm_up() -> None:
    """Load the model. A disk without room is told; it is then loaded when it is first needed."""
    try:
        identifier()
    except OSError as error:
        _log.warning(
            "the language model could not be unpacked; make room in the folder for temporary files", why=str(error)
        )


def warm_up_meanwhile() -> None:
    """The same, in a thread that nobody waits for."""
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
