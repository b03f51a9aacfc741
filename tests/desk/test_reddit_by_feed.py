"""Rose Bakery without keys for Reddit: `feed = true`, and the whole way from a complaint to an answer posted by hand, and back to keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from desk.brands import BrandSection, RedditSection
from desk.clock import utc_now
from desk.config import Settings
from desk.wiring import House, learn_accounts, open_house
from desk.work import DUE_WORK, do_work
from places.reddit.markdown import escape
from sandbox.keys import reddit_keys
from sandbox.reddit import RedditOptions, create_reddit
from sandbox.serve import Served
from sandbox.things import WorldPost
from sandbox.world import World
from storage.views import CaseFile
from storage.words import CaseState, Origin, ReachHow, ReplyState

KEYS = reddit_keys("rosebakery")
WITH_KEYS = {
    "AMENDS_REDDIT_CLIENT_ID": KEYS.client_id,
    "AMENDS_REDDIT_CLIENT_SECRET": KEYS.client_secret,
    "AMENDS_REDDIT_PASSWORD": KEYS.password,
}


@dataclass
class Shop:
    """Ana's shop, and the Reddit of the town."""

    folder: Path
    world: World
    served: Served
    options: RedditOptions
    house: House
    ours: str
    cora: str

    def work(self, minutes: float = 0) -> None:
        """Everything that is due, in order; so many minutes later than it is."""
        for work in DUE_WORK:
            if work.name in {"accounts", "poll", "follow", "propose"}:
                do_work(work, self.house, utc_now() + timedelta(minutes=minutes), structlog.get_logger())

    def says(self, who: str, text: str, **given: object) -> WorldPost:
        """Somebody writes on Reddit."""
        where = {} if given.get("parent_id") else {"title": "Rose Bakery", "board": "springfield"}
        return self.world.publish("reddit", who, escape(text), **{**where, **given})  # type: ignore[arg-type]

    def reopen(self, *, feed: bool, environ: dict[str, str] | None = None) -> None:
        """The settings were changed, and the service started again."""
        self.house.close()
        self.house = opened(self.folder, self.served, feed=feed, environ=environ)

    def file(self) -> CaseFile:
        """The one case."""
        file = self.house.reading.case(1)
        assert file is not None
        assert self.house.reading.case(2) is None
        return file


def opened(folder: Path, served: Served, *, feed: bool, environ: dict[str, str] | None = None) -> House:
    section = RedditSection(handle="rosebakery", feed=feed, boards=("springfield",), api=served.url)
    brand = BrandSection(key="rosebakery", name="Rose Bakery", reddit=section)
    return open_house(Settings(brand=(brand,)).beside(folder), environ=environ or {})


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    options = RedditOptions()
    with World(":memory:") as world, Served(create_reddit(world, options=options)) as served:
        ours, cora = (world.add_account("reddit", name, name).id for name in ("rosebakery", "Cora"))
        shop = Shop(tmp_path, world, served, options, opened(tmp_path, served, feed=True), ours, cora)
        yield shop
        shop.house.close()


def test_without_any_key_the_feed_is_opened_and_we_know_ourselves(shop: Shop) -> None:
    assert shop.house.closed_places == ()
    assert shop.house.publishers == {}
    assert list(shop.house.sources) == ["reddit:rosebakery"]
    (account,) = shop.house.casebook.brands.own_accounts("rosebakery")
    assert (account.place, account.native_id, account.handle) == ("reddit", "name:rosebakery", "rosebakery")


def test_a_brand_without_an_account_there_needs_no_handle(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="feed = true"):
        RedditSection()
    brand = BrandSection(key="rose", name="Rose", reddit=RedditSection(feed=True))
    again = BrandSection.from_brand(brand.to_brand())
    assert (again.reddit is not None and again.reddit.feed, again.to_brand()) == (True, brand.to_brand())
    house = open_house(Settings(brand=(brand,)).beside(tmp_path), environ={})
    assert list(house.sources) == ["reddit:rose"]
    assert house.casebook.brands.own_accounts() == ()
    house.close()


def test_brands_share_the_pace_of_one_address_and_one_that_posts_tells_what_the_place_can_do(tmp_path: Path) -> None:
    brands = [
        BrandSection(key=f"rose{n}", name=f"Rose {n}", reddit=RedditSection(handle=f"rose{n}", feed=True))
        for n in range(5)
    ]
    keyed = BrandSection(key="keyed", name="Keyed", reddit=RedditSection(handle="rosebakery"))
    house = open_house(Settings(brand=(keyed, *brands)).beside(tmp_path), environ=WITH_KEYS)
    every = {state.key: state.every for state in house.casebook.sources.all()}
    assert {every[f"reddit:rose{n}"] for n in range(5)} == {timedelta(minutes=5)}
    assert house.places["reddit"].capabilities.posts
    assert set(house.publishers) == {("keyed", "reddit")}
    house.close()


def test_a_complaint_is_answered_by_hand_and_the_answer_is_known_when_it_is_seen(shop: Shop) -> None:
    said = shop.says(shop.cora, "Rose Bakery was two hours late and the cake was cold!")
    shop.work()
    file = shop.file()
    assert (file.case.place, file.customer.handle, file.case.state) == ("reddit", "Cora", CaseState.OPEN)
    proposal = file.proposals[0]
    assert (proposal.reach.how, proposal.reach.why) == (
        ReachHow.BY_HAND,
        shop.house.places["reddit"].capabilities.by_hand,
    )
    book, now = shop.house.casebook, utc_now()
    reply_id = book.replies.approve(proposal.id, file.case.turn, "person:1", now, hold=timedelta(minutes=1))
    assert shop.file().replies[0].state is ReplyState.BY_HAND
    link = shop.file().complaint.post.url
    assert link is not None
    assert link.startswith(f"https://www.reddit.com/r/springfield/comments/{said.id}/")
    shop.says(shop.ours, shop.file().replies[0].text, parent_id=said.id)
    for minutes in range(2, 14, 2):
        shop.work(minutes)
    (reply,) = shop.file().replies
    assert (reply.id, reply.state, reply.origin) == (reply_id, ReplyState.POSTED, Origin.BY_HAND)
    assert shop.file().case.state is CaseState.ANSWERED


def test_the_owner_can_say_that_it_is_posted(shop: Shop) -> None:
    shop.says(shop.cora, "Rose Bakery was two hours late and the cake was cold!")
    shop.work()
    book, file = shop.house.casebook, shop.file()
    reply_id = book.replies.approve(file.proposals[0].id, 1, "person:1", utc_now(), hold=timedelta(0))
    book.replies.posted_by_hand(reply_id, None, "person:1", utc_now())
    assert shop.file().case.state is CaseState.ANSWERED


def test_what_we_write_there_ourselves_is_no_complaint(shop: Shop) -> None:
    shop.says(shop.ours, "Rose Bakery is sorry: the cakes were cold, burnt and two hours late today!")
    shop.work()
    assert shop.house.reading.case(1) is None


def test_keys_that_come_later_go_on_with_the_same_case_and_post(shop: Shop) -> None:
    said = shop.says(shop.cora, "Rose Bakery was two hours late and the cake was cold!")
    shop.work()
    before = shop.file()
    shop.reopen(feed=False, environ=WITH_KEYS)
    assert shop.house.closed_places == ()
    learn_accounts(shop.house, utc_now())
    (account,) = shop.house.casebook.brands.own_accounts("rosebakery")
    assert account.native_id == f"t2_{shop.ours}"
    shop.says(shop.cora, "And Rose Bakery still does not answer, it is awful!", parent_id=said.id)
    shop.work(3)
    after = shop.file()
    assert (after.case.id, after.customer.native_id) == (before.case.id, f"t2_{shop.cora}")
    assert len(after.thread) == 2
    newest = max(after.proposals, key=lambda one: one.id)
    assert newest.reach.how is ReachHow.API
    shop.reopen(feed=True)  # and gone again
    shop.work(6)
    assert shop.file().case.id == before.case.id
    assert shop.file().customer.native_id == f"t2_{shop.cora}"
