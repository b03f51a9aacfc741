"""Every mishap on every place: what the client says, and what really happened.

After the request may have been carried out the answer is Unsure; where it certainly was not, it says so and when to try again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from places.doors import NeedsPerson, Unavailable, Unsure
from sandbox.mishaps import CARRIED_OUT, NAMES, POSTING, REFUSED, SURELY_NOT, mishap, reading_mishap, refusing_after
from sandbox.noes import RESET
from storage.words import Post, Reply
from tests.places.benching import QUICKER, less_patience

if TYPE_CHECKING:
    from tests.places.benching import Bench

MakeReply = Callable[..., Reply]

OF_READING = sorted(
    name for name in NAMES if not name.endswith("_after") and name not in {"late", "late_error", "drip_head"}
)
"""Whether a question was carried out makes no difference to who asked it."""


@pytest.fixture(autouse=True)
def _hurry() -> Iterator[None]:
    with less_patience():
        yield


def _one(bench: Bench) -> Post:
    bench.complain()
    (post,), _ = bench.read_all()
    return post


def _asked_to_post(bench: Bench) -> int:
    method, path = POSTING[bench.place]
    return sum(call.method == method and re.search(path, call.path) is not None for call in bench.world.calls())


def _wait_for_post(bench: Bench) -> None:
    deadline = time.monotonic() + 10
    while (
        not (bench.posted() and _asked_to_post(bench)) and time.monotonic() < deadline
    ):  # a request is noted when it is done
        time.sleep(0.02)


def _refuse_reading(bench: Bench, post: Post, name: str) -> None:
    if name == REFUSED:  # nothing listens any more once the post was looked at
        bench.plan.add(*refusing_after("GET", ""))
        bench.source.again([post.native_id], bench.now())
    else:
        bench.plan.add(*reading_mishap(name, bench.place, times=None))


def _all_is_well(bench: Bench) -> None:
    bench.plan.clear()
    bench.clock.ahead += timedelta(minutes=10)


@pytest.mark.parametrize("name", sorted(set(NAMES) - SURELY_NOT))
def test_what_may_have_been_carried_out_is_unsure(bench: Bench, make_reply: MakeReply, name: str) -> None:
    reply = make_reply(_one(bench))
    bench.publisher.me(bench.now())
    bench.plan.add(*mishap(name, bench.place, times=None, delay=QUICKER + 0.2))
    with pytest.raises(Unsure):
        bench.publisher.post(reply, bench.now())
    if name in CARRIED_OUT:
        _wait_for_post(bench)
    assert _asked_to_post(bench) == 1
    assert len(bench.posted()) == (name in CARRIED_OUT)
    bench.plan.clear()
    assert (bench.publisher.find(reply, bench.now()) is not None) is (name in CARRIED_OUT)


@pytest.mark.parametrize("name", sorted(SURELY_NOT))
def test_what_certainly_was_not_carried_out_is_unavailable(bench: Bench, make_reply: MakeReply, name: str) -> None:
    post = _one(bench)
    reply = make_reply(post)
    bench.publisher.me(bench.now())
    if name == REFUSED:
        _refuse_reading(bench, post, name)
    else:
        bench.plan.add(*mishap(name, bench.place, times=None))
    with pytest.raises(Unavailable) as failed:
        bench.publisher.post(reply, bench.now())
    if name.startswith("limited") or name == REFUSED:
        assert not isinstance(failed.value, NeedsPerson)
    if name == "limited":
        assert failed.value.retry_at is not None
        assert timedelta(minutes=1) < failed.value.retry_at - bench.now() <= RESET + timedelta(minutes=1)
    assert bench.posted() == []
    bench.plan.clear()
    bench.clock.ahead += timedelta(hours=2)
    bench.publisher.post(reply, bench.now())
    assert len(bench.posted()) == 1


def test_a_mishap_while_reading_is_unavailable_and_loses_nothing(reader: Bench) -> None:
    post = _one(reader)
    for name in OF_READING:
        _refuse_reading(reader, post, name)
        with pytest.raises(Unavailable) as failed:
            reader.source.poll(None, reader.now())
        assert isinstance(failed.value, NeedsPerson) is (name in {"expired", "revoked"}), name
        _all_is_well(reader)
        assert [seen.native_id for seen in reader.read_all()[0]] == [post.native_id], name


def test_a_look_that_fails_is_not_a_look_that_found_nothing(bench: Bench, make_reply: MakeReply) -> None:
    post = _one(bench)
    reply = make_reply(post)
    posted = bench.publisher.post(reply, bench.now())
    for name in OF_READING:
        _refuse_reading(bench, post, name)
        with pytest.raises(Unavailable):
            bench.publisher.find(reply, bench.now())
        _all_is_well(bench)
        found = bench.publisher.find(reply, bench.now())
        assert found is not None, name
        assert found.native_id == posted.native_id, name


def test_a_list_that_lags_is_looked_at_again_when_it_has_caught_up(bench: Bench, make_reply: MakeReply) -> None:
    bench.lag(timedelta(0))
    reply = make_reply(_one(bench))
    bench.lag(timedelta(seconds=90))
    posted = bench.publisher.post(reply, bench.now())
    early = bench.publisher.find(reply, bench.now())
    assert early is None or early.native_id == posted.native_id
    bench.clock.ahead += bench.opened.place.capabilities.settle
    found = bench.publisher.find(reply, bench.now())
    assert found is not None
    assert found.native_id == posted.native_id
