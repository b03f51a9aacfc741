"""Second looks that are due: mentions that the first look was not sure of, or would raise, are judged by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

import structlog

from monitor.filter import judge_page_again
from monitor.filter.first_look import first_look
from monitor.filter.second_look import second_look
from monitor.filter.weights import WeightsDamaged
from monitor.listening import how_to_listen
from storage.casebook import Casebook
from storage.casebook.verdicts import Again
from storage.engine import BaseUnavailable
from storage.lifecycle import MovedOn
from storage.words import Brand

AT_ONCE = 16
"""Mentions taken in one go: about half a second of one core."""
MOST = 400
"""Mentions looked at before other due work has its turn."""

log = structlog.get_logger(__name__)


def look_again_due(casebook: Casebook, brands: Mapping[str, Brand], now: datetime) -> int:
    """Judge again what is due; gives how many were. Only where the second look is installed.

    Raises WeightsDamaged, which says what to do, where its weights are missing or damaged, and BaseUnavailable.
    """
    if not casebook.verdicts.are_due_again(now):
        return 0
    # Before anything is taken: weights that are missing must cost no mention one of its tries.
    first_look()
    second_look()
    looked = 0
    while looked < MOST:
        due = casebook.verdicts.claim_again(now, AT_ONCE)
        if not due:
            break
        for key, found in groupby(sorted(due, key=lambda one: one.brand), key=lambda one: one.brand):
            brand = brands.get(key)
            if brand is not None:
                _look(casebook, brand, tuple(found), now)
        looked += len(due)
    return looked


def _look(casebook: Casebook, brand: Brand, due: Sequence[Again], now: datetime) -> None:
    try:
        verdicts = judge_page_again([one.post for one in due], brand, how_to_listen(casebook, brand.key))
    except (OSError, MemoryError, WeightsDamaged, BaseUnavailable):
        raise
    except Exception:
        # A stranger wrote it. It costs its own second look and no other: it is tried a few times, and keeps the verdict it has.
        if len(due) == 1:
            log.exception("a second look failed", brand=brand.key, mention=due[0].mention_id)
            return
        for one in due:
            _look(casebook, brand, (one,), now)
        return
    casebook.verdicts.leave([one.mention_id for one, found in zip(due, verdicts, strict=True) if found is None])
    for one, verdict in zip(due, verdicts, strict=True):
        if verdict is not None:
            try:
                casebook.verdicts.record(one.mention_id, verdict, now, one.version)
            except MovedOn as moved_on:
                log.info("a second look came too late", mention=one.mention_id, why=moved_on.why)
