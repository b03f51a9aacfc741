"""Attacks on posting: a request that may have been carried out must never be taken for one that was not.

"Unavailable" makes the outbox post again. So whatever comes back after the request was carried out, only an answer with which a
platform refuses before it does anything may be believed; everything else is Unsure.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from places.doors import Refused, Unavailable, Unsure
from places.http import REFUSALS
from sandbox.faults import CUT, Answer, Changed, Done, Fault
from sandbox.mishaps import POSTING, mishap
from storage.words import Posted, Reply
from tests.places.benching import Bench

MakeReply = Callable[..., Reply]
Fresh = Callable[[], Reply]

BELIEVED = REFUSALS | {301, 307, 308}
"""The redirects that say "ask there, with the same request"; 302 and 303 also follow upon what was done."""

STATUSES = (
    *(200, 201, 202, 203, 204, 205, 206, 207, 226, 300, 301, 302, 303, 304, 305, 307, 308),
    *(
        400,
        401,
        402,
        403,
        404,
        405,
        406,
        407,
        408,
        409,
        410,
        411,
        412,
        413,
        414,
        415,
        416,
        417,
        418,
        421,
        422,
        423,
        424,
    ),
    *(425, 426, 428, 429, 431, 440, 444, 451, 460, 494, 498, 499, 500, 501, 502, 503, 504, 505, 507, 508, 509, 511),
    *(520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 598, 599, 999),
)

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "a page": b"<html><title>Something</title></html>",
    "an object": b"{}",
    "a list": b"[1, 2]",
    "null": b"null",
    "an error": b'{"error": "Something", "message": "Something", "detail": "Something", "errors": []}',
}

_numbers = count(1)


@pytest.fixture
def fresh(bench: Bench, make_reply: MakeReply) -> Callable[[], Reply]:
    """Approved replies to Cora's complaint, each in words never used before."""
    bench.complain()
    (post,), _ = bench.read_all()
    bench.publisher.me(bench.now())

    def one() -> Reply:
        n = next(_numbers)
        return make_reply(post, f"We are sorry, Cora, number {n}.", id=n, key=f"reply-{n}", sent_at=bench.now())

    return one


def outcome(bench: Bench, reply: Reply) -> str:
    """What posting came to, in one word."""
    try:
        bench.publisher.post(reply, bench.now())
    except (Refused, Unsure, Unavailable) as error:
        return type(error).__name__
    return "Posted"


def test_whatever_comes_back_only_a_refusal_is_believed_to_be_one(bench: Bench, fresh: Fresh) -> None:
    """The request was carried out each time: these platforms are lying, broken, or behind something that is."""
    method, path = POSTING[bench.place]
    wrong = []
    for number, status in enumerate(STATUSES):
        name, body = list(BODIES.items())[number % len(BODIES)]
        reply, before = fresh(), len(bench.posted())
        bench.plan.add(Fault(method, path, Done.FIRST, Answer(status, body), times=None))
        came_to = outcome(bench, reply)
        bench.plan.clear()
        bench.clock.ahead += timedelta(hours=1)  # past any limit that the answer told of
        assert len(bench.posted()) == before + 1, (status, name)
        if came_to in {"Unavailable", "NeedsPerson", "Refused"} and status not in BELIEVED:
            wrong.append((status, name, came_to))
    assert wrong == []


@pytest.mark.parametrize("where", ["https://elsewhere.example/login", "/login/?dest=x", "", "http://["])
def test_what_follows_upon_a_post_may_be_a_redirect_and_nobody_follows_it(
    bench: Bench, fresh: Fresh, where: str
) -> None:
    bench.plan.add(Fault(*POSTING[bench.place], Done.FIRST, Answer(303, b"", (("location", where),)), times=None))
    came_to = outcome(bench, fresh())
    assert len(bench.posted()) == 1
    if bench.place == "reddit" and "/login" in where:
        assert came_to == "NeedsPerson"  # Reddit sends whom it doesn't know to its log-in, and does nothing before that
    else:
        assert came_to == "Unsure"


def test_a_failure_that_is_being_dealt_with_is_not_taken_for_that_of_the_post(bench: Bench, fresh: Fresh) -> None:
    """Python hangs the failure that is being handled on every new one: a refused connection there proves nothing here."""
    reply = fresh()
    bench.plan.add(*mishap("reset_after", bench.place, times=None))
    came_to = ""
    try:
        requests.get("http://127.0.0.1:1/", timeout=1)
    except requests.ConnectionError:
        came_to = outcome(bench, reply)
    assert (came_to, len(bench.posted())) == ("Unsure", 1)


def test_a_second_post_on_a_kept_connection_that_died_is_unsure_or_posted_once(bench: Bench, fresh: Fresh) -> None:
    first, second = fresh(), fresh()
    assert outcome(bench, first) == "Posted"
    bench.plan.add(Fault(*POSTING[bench.place], Done.FIRST, CUT, times=1))
    assert outcome(bench, second) == "Unsure"
    assert len(bench.posted()) == 2


def spoil(body: bytes, steps: list[tuple[str, float, bytes]]) -> bytes:
    """A body after some accidents on its way."""
    spoilt = bytearray(body)
    for kind, where, piece in steps:
        at = int(where * len(spoilt))
        if kind == "cut":
            del spoilt[at:]
        elif kind == "lose":
            del spoilt[at : at + 1 + len(piece)]
        elif kind == "put":
            spoilt[at:at] = piece
        else:
            spoilt[at : at + len(piece)] = piece
    return bytes(spoilt)


steps = st.lists(
    st.tuples(
        st.sampled_from(["cut", "lose", "put", "set"]),
        st.floats(0, 1),
        st.binary(max_size=8) | st.sampled_from([b'"', b"}", b"[", b"null", b'{"errors":[]}', b"\\u0000", b"1e999"]),
    ),
    min_size=1,
    max_size=4,
)

wholes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "json", "errors", "things", "id", "uri", "cid", "url", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(accidents=steps)
def test_a_garbled_yes_is_never_a_no(bench: Bench, fresh: Fresh, accidents: Any) -> None:
    reply, before = fresh(), len(bench.posted())
    bench.plan.add(Fault(*POSTING[bench.place], Done.FIRST, Changed(lambda body: spoil(body, accidents)), times=None))
    came_to = outcome(bench, reply)
    bench.plan.clear()
    assert len(bench.posted()) == before + 1
    assert came_to in {"Posted", "Unsure"}
    bench.clock.ahead += timedelta(minutes=20)  # X takes a hundred posts in a quarter of an hour


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(said=wholes)
def test_a_yes_in_another_shape_is_never_a_reason_to_post_again(bench: Bench, fresh: Fresh, said: Any) -> None:
    reply, before = fresh(), len(bench.posted())
    changed = Changed(lambda _: json.dumps(said).encode())
    bench.plan.add(Fault(*POSTING[bench.place], Done.FIRST, changed, times=None))
    came_to = outcome(bench, reply)
    bench.plan.clear()
    assert len(bench.posted()) == before + 1
    assert came_to in {"Posted", "Unsure", "Refused"}
    if came_to == "Refused":  # Reddit writes its noes with a status of 200
        assert bench.place == "reddit"
        assert said["json"]["errors"]
    bench.clock.ahead += timedelta(minutes=20)


def test_what_posting_gives_names_what_stands_there(bench: Bench, fresh: Fresh) -> None:
    posted = bench.publisher.post(fresh(), bench.now())
    assert isinstance(posted, Posted)
    assert [one.id for one in bench.posted()] == [posted.native_id]
