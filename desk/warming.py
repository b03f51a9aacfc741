"""What is slow to load, loaded while nobody waits: the language models, which are unpacked on the disk and need room there."""

from __future__ import annotations

import threading

import structlog

_log = structlog.get_logger()


def warm_up() -> None:
    """Load both models. A disk without room is told; they are then loaded when they are first needed."""
    from monitor.filter import language
    from responders import languages

    try:
        language.warm_up()
        languages.warm_up()
    except OSError as error:
        _log.warning(
            "the language models could not be unpacked; make room in the folder for temporary files", why=str(error)
        )


def warm_up_meanwhile() -> None:
    """The same, in a thread that nobody waits for."""
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
