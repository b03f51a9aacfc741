"""One row through the real casebook: a week in Berlin in which the clocks change, processes die while sending, and a mail server is away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from desk.digest.due import due_date
from tests.model.bases import Bases

BERLIN, ANA = ZoneInfo("Europe/Berlin"), "ana@rosebakery.example"
DAY, TICK = timedelta(days=1), timedelta(minutes=20)


@pytest.fixture
def bases(tmp_path: Path) -> Iterator[Bases]:
    """Ana's shop."""
    made = Bases(f"sqlite:///{tmp_path}/amends.sqlite")
    yield made
    made.close()


@pytest.mark.parametrize("first", [date(2026, 3, 26), date(2026, 10, 22)], ids=["spring", "autumn"])
@pytest.mark.parametrize("at", [time(0, 0), time(2, 30), time(8, 0), time(23, 30)], ids=str)
def test_each_date_has_one_mail_whoever_dies_while_sending(bases: Bases, first: date, at: time) -> None:
    base = bases.fresh()
    sent: Counter[date] = Counter()
    ids: dict[date, set[str]] = {}
    start = datetime.combine(first, time(), tzinfo=BERLIN).astimezone(UTC)
    for number in range(int(7 * DAY / TICK)):
        now = start + number * TICK
        digests = base.books[number % 2].digests
        day = due_date(now, at, BERLIN)
        digest = digests.claim("*", ANA, day, now) if day is not None else None
        if day is None or digest is None:
            continue
        ids.setdefault(day, set()).add(digest.message_id)
        if digest.tries == 2:
            digests.failed(digest.id, "The mail server is away.", now)
        elif digest.tries == 3:
            digests.sent(digest.id, now)
            sent[day] += 1  # the first try died with its process, and nobody knows how far it came
    whole = {first + number * DAY for number in range(1, 6)}
    assert {day: sent[day] for day in whole} == dict.fromkeys(whole, 1)
    assert set(sent.values()) == {1}
    assert all(len(one) == 1 for one in ids.values()), "a mail program takes another try for the same mail"
