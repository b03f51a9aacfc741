"""What is slow to load, loaded while nobody waits: the filter's weights and models. One is unpacked on the disk and needs room there."""

from __future__ import annotations

import threading

import structlog

from desk.wiring import House
from monitor.filter.first_look import first_look
from monitor.filter.second_look import second_look
from monitor.filter.weights import WeightsDamaged
from storage.languages import identifier

_log = structlog.get_logger()


def warm_up(house: House) -> None:
    """Load them. What cannot be loaded is told, to the owner where it makes the filter worse; the rest goes on without."""
    try:
        identifier()
    except OSError as error:
        _log.warning(
            "the language model could not be unpacked; make room in the folder for temporary files", why=str(error)
        )
    try:
        first_look()
    except WeightsDamaged as damaged:
        house.tell(f"Complaints are told by rules and known words alone: {damaged}")
    if house.looks_twice:
        try:
            second_look()
        except (WeightsDamaged, OSError) as damaged:
            house.tell(f"Nothing is looked at a second time: {damaged}")


def warm_up_meanwhile(house: House) -> None:
    """The same, in a thread that nobody waits for."""
    threading.Thread(target=warm_up, args=(house,), name="warm-up", daemon=True).start()
