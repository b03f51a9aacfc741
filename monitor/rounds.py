"""Rounds of polling: every source that is due is read, judged and recorded; none can stop another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

import structlog

from monitor.judging import judge_each
from monitor.listening import how_to_listen
from places.doors import Publisher, Source, Unavailable
from storage.casebook import Casebook, Round
from storage.engine import BaseUnavailable
from storage.lifecycle import MovedOn
from storage.views import SourceState
from storage.words import Batch, Brand, Cause, is_name_id

MOST_ROUNDS = 20
"""Batches read of one source in one go; the rest waits until the claim ends, so that one busy source does not hold up the others."""

SHORTEST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=70)
"""Ceiling of our own back-off: three quarters of it on average, so about 27 tries a day against a place that stays down.

Blind for as long after a site is back, at worst; and with what the outbox asks, under 60 requests a day.
"""
_LONGEST_TOLD = timedelta(days=1)  # a place that asks for more is asked again after a day all the same
_FIRST_WAIT = timedelta(seconds=30)

_anything = Random()  # noqa: S311 - it spreads retries, it guards no secret

log = structlog.get_logger(__name__)


def poll_due(
    casebook: Casebook,
    sources: Mapping[str, Source],
    publishers: Mapping[tuple[str, str], Publisher],
    brands: Mapping[str, Brand],
    now: datetime,
    *,
    chance: Random = _anything,
) -> int:
    """Poll every source that is due; give the number of rounds recorded.

    `sources` by source key, `publishers` by (brand key, place), `brands` by key; a due source that is not among them (taken
    out of the settings) is left alone. Failures are written to the source's row with the time of the next try. Raises only
    BaseUnavailable, when the casebook itself cannot be used. No transaction is open while the network is asked.
    """
    recorded = 0
    for state in casebook.sources.due(now):
        source, brand = sources.get(state.key), brands.get(state.brand)
        if source is None or brand is None:
            continue
        claimed = casebook.sources.claim(state.key, now)
        if claimed is not None:
            poll = _Poll(casebook, source, publishers.get((state.brand, state.place)), brand, claimed, now, chance)
            recorded += poll.run()
    return recorded


@dataclass(slots=True)
class _Poll:
    """One source being polled under one claim."""

    casebook: Casebook
    source: Source
    publisher: Publisher | None
    brand: Brand
    state: SourceState
    now: datetime
    chance: Random

    def run(self) -> int:
        """Read batch after batch while there is more; give the number of rounds recorded. Failing is written down, not raised."""
        recorded = 0
        try:
            self._know_ourselves()
            cursor, more = self.state.cursor, True
            while more and recorded < MOST_ROUNDS:
                batch = self.source.poll(cursor, self.now)
                self._record(batch)
                recorded += 1
                cursor, more = batch.cursor, batch.more
        except Unavailable as unavailable:
            self._failed(unavailable.why, unavailable.retry_at, unavailable.cause)
        except MovedOn as moved_on:
            log.info("a round was dropped", source=self.state.key, why=moved_on.why)
        except BaseUnavailable:
            raise
        except Exception as error:
            log.exception("a source failed in a way we did not foresee", source=self.state.key)
            self._failed(f"Reading it failed in a way we did not foresee ({type(error).__name__}).", None, Cause.OURS)
        return recorded

    def _know_ourselves(self) -> None:
        """Learn our own account before the first poll, so that no post of ours is ever taken for a customer's."""
        if self.publisher is None:
            return
        known = self.casebook.brands.own_accounts(self.brand.key)
        if any(account.place == self.state.place and not is_name_id(account.native_id) for account in known):
            return
        account = self.publisher.me(self.now)
        self.casebook.brands.own_account(self.brand.key, account, self.now)

    def _record(self, batch: Batch) -> None:
        news = self.casebook.rounds.news_among(self.brand.key, batch.posts)
        judged, poison = judge_each(news, self.brand, how_to_listen(self.casebook, self.brand.key))
        whole = replace(batch, poison=(*batch.poison, *poison))
        round_ = self.casebook.rounds.record(self.state.key, self.state.fence, judged, whole, self.now)
        self._tell(batch, replace(round_, repeats=round_.repeats + len(batch.posts) - len(news)))

    def _tell(self, batch: Batch, round_: Round) -> None:
        tell = log.warning if batch.poison or batch.gap else log.info
        tell(
            "a round was read",
            source=self.state.key,
            found=round_.found,
            repeats=round_.repeats,
            raised=len(round_.raised),
            old=round_.old,
            poison=round_.poison,
            more=batch.more,
            gap=batch.gap,
        )

    def _failed(self, why: str, told: datetime | None, cause: Cause) -> None:
        retry_at = find_retry(told, self.state.failures, self.now, self.chance)
        log.warning("a source could not be read", source=self.state.key, why=why, retry_at=retry_at.isoformat())
        self.casebook.sources.failed(self.state.key, self.state.fence, why, retry_at, self.now, cause)


def find_retry(told: datetime | None, failures: int, now: datetime, chance: Random) -> datetime:
    """When to try again: the place's own reset time when it told one (within a day), and never before our own back-off.

    Jitter: anywhere in the upper half of a ceiling that doubles with each of `failures` from 30 s to LONGEST_WAIT. A place that resets every quarter of an hour and refuses each time is asked ever less often too; the first refusal is taken at its word.
    """
    ceiling = min(_FIRST_WAIT * 2 ** min(failures, 16), LONGEST_WAIT)
    seconds = chance.uniform(ceiling.total_seconds() / 2, ceiling.total_seconds())
    if told is None:
        return now + timedelta(seconds=seconds)
    backed_off = now + timedelta(seconds=seconds) if failures else now + SHORTEST_WAIT
    return min(max(told, backed_off), now + _LONGEST_TOLD)
