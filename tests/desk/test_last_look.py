"""The last look before a reply goes out: real houses, real requests to the town's own X and Reddit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from desk.brands import BrandSection, RedditSection, XSection
from desk.clock import utc_now
from desk.config import Settings
from desk.demo import demo_keys
from desk.wiring import House, learn_accounts, open_house
from desk.work import look_again, poll, post
from sandbox.reddit import create_reddit
from sandbox.serve import Served
from sandbox.world import World
from sandbox.x import create_x
from storage.views import CaseFile
from storage.words import Audience, Draft, Purpose, Reach, ReachHow, ReplyState

BURNT = "@rosebakery the bread from Rose Bakery was burnt, terrible"
SORRY = "We are sorry that your bread was burnt, Cora. It should not have left the oven like that."


@dataclass
class Street:
    """The bakery, its sites, and Cora's complaint with an answer that Ana has approved and that is due."""

    world: World
    house: House
    place: str
    complaint: str
    case_id: int

    def up(self) -> list[str]:
        """What stands on the site by our account, whatever our tables say."""
        ours = self.world.account(self.place, handle="rosebakery")
        assert ours is not None
        return [one.text for one in self.world.posts(self.place, author_id=ours.id)]

    def file(self) -> CaseFile:
        """Everything about the case."""
        found = self.house.reading.case(self.case_id)
        assert found is not None
        return found


@pytest.fixture(params=["x", "reddit"])
def street(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Street]:
    """Cora has complained on one site, and nothing was read since Ana said yes."""
    place = str(request.param)
    with ExitStack() as stack:
        world = stack.enter_context(World(tmp_path / "town.sqlite"))
        x, reddit = (stack.enter_context(Served(create(world))) for create in (create_x, create_reddit))
        for site in ("x", "reddit"):
            world.add_account(site, "rosebakery", "Rose Bakery")
        cora = world.add_account(place, "cora", "Cora")
        said = world.publish(place, cora.id, BURNT, title="Burnt bread", board="rosetown")
        brand = BrandSection(
            key="rosebakery",
            name="Rose Bakery",
            x=XSection(handle="rosebakery", api=x.url),
            reddit=RedditSection(handle="rosebakery", boards=("rosetown",), api=reddit.url),
        )
        house = open_house(Settings(brand=(brand,)).beside(tmp_path), demo_keys())
        stack.callback(house.close)
        yield Street(world, house, place, said.id, approved(house))


def approved(house: House) -> int:
    """The case that the first poll raises, with an answer approved and no longer held."""
    now = utc_now()
    ana = house.casebook.people.add("ana@rosebakery.example", "Ana", "owner", "no password", now)
    learn_accounts(house, now)
    poll(house, now)
    (row,) = house.reading.inbox(now).rows
    draft = Draft(SORRY, "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
    (proposal,) = house.casebook.proposals.store(row.case_id, 1, [draft], Reach(ReachHow.API, "She asked us."), now)
    house.casebook.replies.approve(proposal, 1, f"person:{ana}", now, hold=timedelta(0))
    return row.case_id


def test_what_still_stands_as_ana_saw_it_is_answered_once(street: Street) -> None:
    assert [post(street.house, utc_now()) for _ in range(3)] == [1, 0, 0]
    assert street.up() == [SORRY]
    assert street.file().replies[0].state is ReplyState.POSTED


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_what_cora_changed_since_the_last_poll_is_seen_before_anything_goes_out(street: Street, change: str) -> None:
    if change == "edited":
        street.world.edit(street.place, street.complaint, "@rosebakery sorry, it was not Rose Bakery's bread at all!")
    else:
        street.world.delete(street.place, street.complaint)
    assert post(street.house, utc_now()) == 0
    assert street.up() == []
    assert street.file().replies[0].state is ReplyState.WITHDRAWN
    assert "not posted" in str(street.file().case.parked_why) or "deleted" in str(street.file().case.parked_why)


def test_a_look_that_finds_everything_as_it_was_writes_nothing(street: Street) -> None:
    (due,) = street.house.casebook.replies.due(utc_now())
    written: list[str] = []
    event.listen(street.house.engine, "commit", lambda _: written.append("commit"))
    look_again(street.house, due, utc_now())
    assert written == []
    street.world.edit(street.place, street.complaint, f"{BURNT}, and nobody answers")
    look_again(street.house, due, utc_now())
    assert written != []
