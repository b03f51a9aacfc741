"""The ticker: looks for due work every few seconds, in UTC, while this service holds the lease.

APScheduler only ticks here. What is due stands in the base, so a tick that comes late, twice or never loses and doubles nothing.
"""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Sequence
from datetime import UTC, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from desk.clock import ClockWatch, utc_now
from desk.setback import put_right, watch_clock
from desk.wiring import House
from desk.work import DUE_WORK, DueWork, do_work
from storage.engine import BaseUnavailable

LEASE = "ticker"

_log = structlog.get_logger()


class Shift:
    """Whether it is this service's turn to tick. Of two services on one base, one ticks and the other only serves pages."""

    def __init__(self, house: House, length: timedelta) -> None:
        self._house = house
        self._length = length
        self._name = f"{socket.gethostname()}:{secrets.token_hex(6)}"
        self._until = 0.0
        self._told: bool | None = None
        self._ended = False
        self._lock = threading.Lock()  # a renewal under way must not take back what the end gives away

    @property
    def mine(self) -> bool:
        """True while the lease that we took cannot have ended, by the clock that nobody can set."""
        return time.monotonic() < self._until

    def renew(self) -> None:
        """Take or keep the lease, if nobody else has it."""
        with self._lock:
            if not self._ended:
                self._renew()

    def _renew(self) -> None:
        began = time.monotonic()
        try:
            held = self._house.casebook.leases.hold(LEASE, self._name, utc_now(), self._length)
        except BaseUnavailable as unavailable:
            if self._house.base_trouble.trouble(LEASE, unavailable.why):
                _log.error("the database cannot be written; nothing is polled or posted", why=unavailable.why)
            return
        self._house.is_well(LEASE)
        self._until = began + self._length.total_seconds() if held else 0.0
        if held != self._told:
            self._told = held
            _log.info("this service does the work" if held else "another service does the work; this one serves pages")

    def end(self) -> None:
        """Give the lease back for good, so that another service takes over at once."""
        with self._lock:
            self._ended, self._until = True, 0.0
            if not self._told:
                return
            try:
                self._house.casebook.leases.release(LEASE, self._name)
            except BaseUnavailable as unavailable:
                _log.warning("the lease stays until it ends by itself", why=unavailable.why)


class Ticker:
    """Runs every kind of due work in its own thread, so that a site which hangs never holds up a reply."""

    def __init__(self, house: House, works: Sequence[DueWork] = DUE_WORK, clock: ClockWatch | None = None) -> None:
        self._house = house
        self._works = works
        self._clock = clock or ClockWatch()
        self._shift = Shift(house, house.settings.polling.lease)
        self._ending = threading.Event()
        self._busy: set[str] = set()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(len(works) + 1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to tick; the first looks happen at once."""
        tick = self._house.settings.service.tick.total_seconds()
        renewal = min(tick, self._house.settings.polling.lease.total_seconds() / 3)
        self.keep_watch()
        self._scheduler.add_job(self.keep_watch, "interval", seconds=renewal, id="watch")
        for work in self._works:
            self._scheduler.add_job(
                self.tick, "interval", seconds=tick, id=work.name, args=(work,), next_run_time=utc_now()
            )
        self._scheduler.start()

    def keep_watch(self) -> None:
        """Keep the lease, and notice a clock that was set."""
        watch_clock(self._clock, self._house)
        if not self._ending.is_set():
            self._shift.renew()

    def tick(self, work: DueWork) -> None:
        """Look for one kind of work, if it is our turn."""
        if self._ending.is_set() or not self._shift.mine or put_right(self._clock, self._house) is None:
            return
        self._busy.add(work.name)
        try:
            do_work(work, self._house, utc_now(), _log)
        finally:
            self._busy.discard(work.name)

    def end(self, patience: timedelta) -> tuple[str, ...]:
        """Start nothing new, wait for what runs; the names of the work still running after `patience`.

        Leaving it behind is safe: whatever a kill interrupts is found in the base at the next start.
        """
        self._ending.set()
        self._scheduler.shutdown(wait=False)
        last = time.monotonic() + patience.total_seconds()
        while self._busy and time.monotonic() < last:
            time.sleep(0.02)
        self._shift.end()
        return tuple(sorted(self._busy))
