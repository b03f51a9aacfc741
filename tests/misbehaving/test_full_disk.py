"""A disk that is full at the first, second, … write of everything we do, once and for ever: nothing goes out without its intent on the
disk, nothing is lost, and all of it goes on by itself when there is room again.

The posting itself is failed at every write both ways; the other flows at every write one way or the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.words import ReplyState
from tests.misbehaving.counter import SETTLING, Counter, shop_in
from tests.misbehaving.flows import FLOWS, Flow
from tests.misbehaving.tight import (
    file_size,
    filled,
    has_little_disks,
    lifted_at_first_trouble,
    little_disk,
    pages,
    write_at,
)

MOST = 150
"""Writes after which a flow must have come through."""
LITTLE = 4 << 20
THREE = [flow for flow in FLOWS if flow.name in ("poll", "approve", "post")]


def numbers(flow: Flow, first: int) -> range:
    """The writes to fail."""
    return range(1, MOST) if flow.name == "post" else range(first, MOST, 2)


def was_refused(shop: Counter, before: int) -> str:
    """Why the work that was just done, or the page that was just asked for, could not use the base; "" when it could."""
    said = [line["why"] for line in shop.log[before:] if line["log_level"] == "page"]
    return said[-1] if said else shop.house.base_trouble.why or ""


@pytest.fixture
def warm_shop(shop: Counter) -> Counter:
    """A shop in which everything has been done once: what is only needed the first time is there."""
    shop.hear(shop.write())
    shop.work()
    return shop


@pytest.mark.parametrize("flow", FLOWS, ids=repr)
def test_a_disk_that_stays_full_from_any_write_on(warm_shop: Counter, flow: Flow) -> None:
    shop, refusals, refused = warm_shop, 0, ""
    shop.at_once = flow.at_once
    for number in numbers(flow, 1):
        thing = flow.ready(shop)
        shop.empty_log()
        posts, said = shop.witness.posts, len(shop.log)
        with file_size(write_at(number)):
            flow.do(shop, thing)
            refused = was_refused(shop, said)
            flow.do(shop, thing)
        assert shop.witness.posts - posts <= 1
        flow.again(shop, thing)
        flow.check(shop, thing)
        refusals += bool(refused)
        if not refused:
            break
    assert refusals >= 3, "it must fail at first"
    assert not refused, "and come through in the end"
    shop.check_whole()


@pytest.mark.parametrize("flow", FLOWS, ids=repr)
def test_a_disk_that_is_full_for_one_write(warm_shop: Counter, flow: Flow) -> None:
    shop, refusals = warm_shop, 0
    shop.at_once = flow.at_once
    through = False
    for number in numbers(flow, 2):
        thing = flow.ready(shop)
        shop.empty_log()
        said = len(shop.log)
        with file_size(write_at(number)), lifted_at_first_trouble(shop.house.engine) as seen:
            flow.do(shop, thing)
            assert bool(seen) == bool(was_refused(shop, said)), "what the base refused is told"
            flow.do(shop, thing)
        flow.again(shop, thing)
        flow.check(shop, thing)
        refusals += bool(seen)
        if not seen:
            through = True
            break
    assert refusals >= 2
    assert through
    shop.check_whole()


@pytest.mark.parametrize("flow", THREE, ids=repr)
def test_a_base_that_may_not_grow(warm_shop: Counter, flow: Flow) -> None:
    shop, grew = warm_shop, 0
    shop.at_once = flow.at_once
    for _ in range(60):
        thing = flow.ready(shop)
        said = len(shop.log)
        with pages(shop.house.engine, 0):
            flow.do(shop, thing)
            if refused := was_refused(shop, said):
                grew += 1
                assert refused.endswith("the disk is full. Free some space; nothing was lost.")
        flow.again(shop, thing)
        flow.check(shop, thing)
        if grew == 2:
            break
    assert grew == 2, "it never needed a page"
    shop.check_whole()


if has_little_disks():

    @pytest.fixture
    def shop_on_little_disk() -> Iterator[tuple[Counter, Path]]:
        with little_disk(LITTLE) as disk:
            assert disk is not None
            with shop_in(disk) as opened:
                opened.hear(opened.write())
                opened.work()
                opened.at_once = 10
                yield opened, disk

    @pytest.mark.parametrize("flow", THREE, ids=repr)
    def test_a_real_disk_that_is_full_to_the_last_page(shop_on_little_disk: tuple[Counter, Path], flow: Flow) -> None:
        (shop, disk), refused = shop_on_little_disk, ""
        for leaving in range(40):
            thing = flow.ready(shop)
            shop.empty_log()
            posts, said = shop.witness.posts, len(shop.log)
            with filled(disk, leaving):
                flow.do(shop, thing)
                refused = was_refused(shop, said)
            assert shop.witness.posts - posts <= 1
            flow.again(shop, thing)
            flow.check(shop, thing)
            if not refused:
                break
        assert leaving >= 2
        assert not refused
        shop.check_whole()


def test_nothing_is_asked_of_the_site_while_nothing_can_be_kept(warm_shop: Counter) -> None:
    shop = warm_shop
    doubtful = FLOWS[4].ready(shop)
    replies = [shop.approve(shop.complain()) for _ in range(3)]
    shop.empty_log()
    before = shop.requests()
    with file_size(0):
        for _ in range(20):
            shop.work(after=SETTLING)
    assert shop.requests() == before, "two hours on a full disk cost no request"
    shop.work("post")
    shop.work("look")
    assert [shop.state_of(one) for one in (*replies, doubtful[1])] == [ReplyState.POSTED] * 4
    shop.check_whole()
