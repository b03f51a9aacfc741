"""A real house on a real SQLite file, with Ana who owns it and customers who complain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk.brands import BrandSection, ShopSection
from desk.config import Settings
from desk.wiring import House, open_house
from storage.casebook import Judged
from storage.words import Audience, Author, Draft, Kind, Post, Purpose, Reach, ReachHow, Topic, Verdict

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
"""Sunday, 9 in the morning in Bucharest."""

ROSE = BrandSection(
    key="rosebakery",
    name="Rose Bakery",
    time_zone="Europe/Bucharest",
    shop=(ShopSection(key="market", name="Market Street", names=("Market Street",), signed_by="Ben"),),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with one brand and no sites."""
    return Settings(brand=(ROSE,)).beside(tmp_path)


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    """An open house with its owner."""
    opened = open_house(settings, environ={})
    opened.casebook.people.add("ana@rosebakery.example", "Ana Popescu", "owner", "no password", NOW)
    yield opened
    opened.close()


Complain = Callable[..., int]


@pytest.fixture
def complain(house: House) -> Complain:
    """Cora complains; gives the id of the case that her complaint raised."""
    told = 0

    def write(
        text: str = "My bread was burnt.",
        urgency: int = 2,
        hours_ago: float = 1,
        name: str = "Cora",
        proposal: str | None = "We are sorry that your bread was burnt.",
    ) -> int:
        nonlocal told
        told += 1
        at = NOW - timedelta(hours=hours_ago)
        post = Post("import", f"p{told}", Author(f"a{told}", f"cora{told}", name), text, at, f"c{told}")
        verdict = Verdict(Kind.COMPLAINT, 0.9, "en", -0.6, Topic.PRODUCT, urgency, ())
        (case_id,) = house.casebook.rounds.record_import("rosebakery", [Judged(post, verdict)], at).raised
        if proposal is not None:
            draft = Draft(proposal, "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
            house.casebook.proposals.store(case_id, 1, [draft], Reach(ReachHow.BY_HAND, "imported"), at)
        return case_id

    return write
