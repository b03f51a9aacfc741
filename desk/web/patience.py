"""Back-off at the door: each wrong password makes the next try wait longer. Nobody is locked out."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

REMEMBERED = 10_000
FORGET_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """`free` failures cost nothing; then 1, 2, 4, … seconds, up to `longest`."""

    free: int
    longest: timedelta


ACCOUNT = Rule(free=5, longest=timedelta(seconds=30))  # short: a stranger's guesses must not keep the owner out
ADDRESS = Rule(free=10, longest=timedelta(minutes=5))


@dataclass(slots=True)
class _Failures:
    count: int
    last: datetime


class Patience:
    """Remembers failures per account and per address, in memory, for at most `REMEMBERED` of them."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, account: str, address: str, now: datetime) -> timedelta:
        """How long until the next try is looked at; zero when it may be now."""
        with self._lock:
            return max(
                self._wait(("account", account), ACCOUNT, now), self._wait(("address", near(address)), ADDRESS, now)
            )

    def failed(self, account: str, address: str, now: datetime) -> None:
        """A wrong password."""
        with self._lock:
            for key in (("account", account), ("address", near(address))):
                seen = self._failures.pop(key, _Failures(0, now))
                self._failures[key] = _Failures(seen.count + 1 if now - seen.last < FORGET_AFTER else 1, now)
            while len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, account: str) -> None:
        """The right password: the account starts anew. The address does not, or a guesser could wash it with an account of his own."""
        with self._lock:
            self._failures.pop(("account", account), None)

    def _wait(self, key: tuple[str, str], rule: Rule, now: datetime) -> timedelta:
        seen = self._failures.get(key)
        if seen is None or seen.count <= rule.free or now - seen.last > FORGET_AFTER:
            return timedelta(0)
        length = min(timedelta(seconds=2 ** min(seen.count - rule.free - 1, 12)), rule.longest)
        return max(seen.last + length - now, timedelta(0))


def near(address: str) -> str:
    """The address, or the /64 it lies in: one household has 2^64 of the newer addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))
