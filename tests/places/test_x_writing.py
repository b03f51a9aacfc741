"""Writing to X: one request per reply, whatever happens on the way, and every no of X's told for what it means."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from places.doors import NeedsPerson, Refused, Unavailable, Unsure
from places.http import never_left
from places.x import XPlace, XSettings
from sandbox.faults import EMPTY, GARBAGE, Answer, Changed, Done, Fault
from sandbox.keys import x_keys
from sandbox.world import WorldPost
from storage.words import Audience, Brand, Post, Posted, ReachHow, Reply

if TYPE_CHECKING:
    from tests.places.benching import Bench
    from tests.places.conftest import XTown

MakeReply = Callable[..., Reply]


def read_one(bench: Bench) -> Post:
    return bench.read_all()[0][0]


def problem(detail: str, status: int = 403, kind: str = "about:blank") -> Answer:
    return Answer(status, json.dumps({"detail": detail, "title": "Forbidden", "status": status, "type": kind}).encode())


def attempts(town: XTown) -> int:
    return len([call for call in town.world.calls("x") if call.method == "POST"])


# --- one request, and what became of it -----------------------------------------------------------


@pytest.mark.parametrize(
    "seen", [GARBAGE, EMPTY, Answer(200, b"<html>Sign in to this network</html>"), Answer(201, b"[]")]
)
def test_an_unreadable_yes_is_unsure_and_looking_settles_it(town: XTown, make_reply: MakeReply, seen: Answer) -> None:
    bench = town.bench()
    bench.complain()
    reply = make_reply(read_one(bench))
    town.options.faults.add(Fault("POST", "/2/tweets", Done.FIRST, seen))
    with pytest.raises(Unsure):
        bench.publisher.post(reply, bench.now())
    found = bench.publisher.find(reply, bench.now())
    assert found is not None
    assert [found.native_id] == [post.id for post in bench.posted()]


def test_a_yes_without_an_id_is_posted_all_the_same(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    town.options.faults.add(
        Fault("POST", "/2/tweets", Done.FIRST, Changed(lambda _: b'{"data":{"text":"We are sorry"}}'))
    )
    now = bench.now()
    assert bench.publisher.post(make_reply(read_one(bench)), now) == Posted(None, None, now)
    assert len(bench.posted()) == 1


def test_a_refused_connection_is_unavailable_because_nothing_was_sent(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    reply = make_reply(read_one(bench))
    bench.publisher.me(bench.now())
    town.served.stop()
    with pytest.raises(Unavailable, match="nothing was sent"):
        bench.publisher.post(reply, bench.now())


def test_a_listener_that_never_accepts_leaves_us_unsure(make_reply: MakeReply, town: XTown) -> None:
    """The kernel takes the bytes although nobody reads them: that is no proof that they did not arrive."""
    bench = town.bench()
    bench.complain()
    post = read_one(bench)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(5)
        publisher = town.bench(base_url=f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.2).publisher
        publisher._identity._known = bench.publisher.me(bench.now())  # type: ignore[attr-defined]
        with pytest.raises(Unsure):
            publisher.post(make_reply(post), bench.now())


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (requests.exceptions.ConnectTimeout(), False),
        (requests.exceptions.InvalidURL(), False),
        (requests.exceptions.ReadTimeout(), True),
        (requests.exceptions.ConnectionError("Connection aborted"), True),
        (requests.exceptions.ChunkedEncodingError(), True),
        (requests.exceptions.SSLError("bad record"), True),
        (requests.exceptions.ProxyError("tunnel failed"), True),
    ],
)
def test_only_what_never_connected_certainly_never_left(error: Exception, sent: bool) -> None:
    assert never_left(error) is not sent


def test_a_host_name_that_nobody_knows_was_never_reached() -> None:
    class NameResolutionError(Exception):
        """As urllib3 calls it; tests may not look names up."""

    error = requests.exceptions.ConnectionError(NameResolutionError("no such host"))
    assert never_left(error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_with_our_reply_and_our_keys(
    town: XTown, make_reply: MakeReply, status: int
) -> None:
    bench = town.bench()
    bench.complain()
    reply = make_reply(read_one(bench))
    bench.publisher.me(bench.now())
    before = len(town.world.calls("x"))
    elsewhere = Answer(status, b"", (("location", f"{town.served.url}/2/tweets"),))
    town.options.faults.add(Fault("POST", "/2/tweets", Done.NEVER, elsewhere))
    with pytest.raises(Unsure):
        bench.publisher.post(reply, bench.now())
    assert len(town.world.calls("x")) == before + 1
    assert bench.posted() == []


def test_a_reply_goes_out_on_a_connection_of_its_own(town: XTown, make_reply: MakeReply) -> None:
    """A server that hangs up on idle connections must not make us doubt a reply that never left."""
    bench = town.bench()
    bench.complain()
    reply = make_reply(read_one(bench))
    bench.publisher.find(reply, bench.now())
    kept = list(bench.publisher._wire._adapter.poolmanager.pools.keys())  # type: ignore[attr-defined]
    pool = bench.publisher._wire._adapter.poolmanager.pools[kept[0]]  # type: ignore[attr-defined]
    bench.publisher.post(reply, bench.now())
    assert pool.num_connections == 1
    after = bench.publisher._wire._adapter.poolmanager  # type: ignore[attr-defined]
    assert after.pools[kept[0]] is not pool


def test_a_password_file_does_not_take_the_place_of_our_keys(
    town: XTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.twitter.com login mallory password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    town.bench(1).read_all()
    assert {call.status for call in town.world.calls("x")} == {200}


# --- X's noes -----------------------------------------------------------------------------------


def test_whoever_did_not_summon_us_is_answered_by_hand(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench(1)
    bench.complain("Rose Bakery sold me stale bread")
    with pytest.raises(Refused) as refused:
        bench.publisher.post(make_reply(read_one(bench)), bench.now())
    assert refused.value.by_hand is True
    assert bench.posted() == []


def test_the_newer_wording_of_the_summoned_rule_is_understood_too(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    newer = problem("You can only reply to or quote posts where you are mentioned or are the author.")
    town.options.faults.add(Fault("POST", "/2/tweets", Done.NEVER, newer))
    with pytest.raises(Refused) as refused:
        bench.publisher.post(make_reply(read_one(bench)), bench.now())
    assert refused.value.by_hand is True


def test_a_duplicate_may_be_up_so_we_look(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    reply = make_reply(read_one(bench))
    posted = bench.publisher.post(reply, bench.now())
    with pytest.raises(Unsure):
        bench.publisher.post(reply, bench.now())
    found = bench.publisher.find(reply, bench.now())
    assert found is not None
    assert found.native_id == posted.native_id
    assert len(bench.posted()) == 1


@pytest.mark.parametrize("status", [403, 400])
def test_a_target_that_is_gone_is_refused_and_cannot_be_answered_by_hand(
    town: XTown, make_reply: MakeReply, status: int
) -> None:
    bench = town.bench()
    asked = bench.complain()
    reply = make_reply(read_one(bench))
    town.world.delete("x", asked.id)
    if status == 400:
        gone = problem("You attempted to reply to a Tweet that is deleted or not visible to you.", 400)
        town.options.faults.add(Fault("POST", "/2/tweets", Done.NEVER, gone))
    with pytest.raises(Refused, match="gone") as refused:
        bench.publisher.post(reply, bench.now())
    assert refused.value.by_hand is False


def test_a_limit_on_posting_is_unavailable_with_the_time_of_the_window_that_is_full(
    town: XTown, make_reply: MakeReply
) -> None:
    bench = town.bench()
    bench.complain()
    reply = make_reply(read_one(bench))
    for limit, wait in (
        ({"create": 0}, timedelta(minutes=15)),
        ({"create": 100, "create_day": 0}, timedelta(hours=24)),
    ):
        town.options.limits = dict(limit)
        now = bench.now()
        with pytest.raises(Unavailable) as failed:
            bench.publisher.post(reply, now)
        assert not isinstance(failed.value, NeedsPerson)
        assert failed.value.retry_at is not None
        assert abs(failed.value.retry_at - now - wait) < timedelta(seconds=10)
    assert bench.posted() == []


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (problem("Unauthorized", 401), "keys"),
        (problem("credits depleted", 402, "https://api.x.com/2/problems/credits-depleted"), "credits"),
        (problem("Usage cap exceeded", 429, "https://api.twitter.com/2/problems/usage-capped"), "allowance"),
        (problem("Your account is suspended and is not permitted to access this feature."), "suspended"),
        (problem("To protect our users, this account is temporarily locked."), "locked"),
        (
            problem("Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."),
            "app permissions",
        ),
    ],
)
def test_what_only_a_person_can_mend_says_what_to_do_and_posts_nothing(
    town: XTown, make_reply: MakeReply, answer: Answer, says: str
) -> None:
    bench = town.bench()
    bench.complain()
    reply = make_reply(read_one(bench))
    town.options.faults.add(Fault("POST", "/2/tweets", Done.NEVER, answer))
    with pytest.raises(NeedsPerson, match=says) as failed:
        bench.publisher.post(reply, bench.now())
    assert "console.x.com" in failed.value.why
    assert attempts(town) == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (problem("Something new", 403), Refused),
        (problem("Something new", 409), Unsure),
        (problem("Something new", 413), Refused),
        (Answer(400, b"<html>"), Refused),
        (Answer(403, b"[]"), Refused),
        (Answer(408, b""), Unsure),
        (Answer(500, b"[" * 50_000), Unsure),
        (Answer(502, b""), Unsure),
        (Answer(504, b'{"errors": null}'), Unsure),
        (Answer(429, b"", (("x-rate-limit-reset", "soon"),)), Unavailable),
    ],
)
def test_every_other_answer_has_one_meaning(
    town: XTown, make_reply: MakeReply, answer: Answer, outcome: type[Exception]
) -> None:
    bench = town.bench()
    bench.complain()
    reply = make_reply(read_one(bench))
    town.options.faults.add(Fault("POST", "/2/tweets", Done.NEVER, answer, times=None))
    with pytest.raises(outcome) as failed:
        bench.publisher.post(reply, bench.now())
    assert type(failed.value) is outcome
    assert attempts(town) == 1


def test_a_text_that_x_finds_too_long_is_refused_in_its_words(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    with pytest.raises(Refused, match="too long"):
        bench.publisher.post(make_reply(read_one(bench), "x" * 281), bench.now())


def test_nothing_is_posted_with_the_keys_of_another_account(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    post = read_one(bench)
    town.world.add_account("x", "swiftcourier", "Swift")
    other = x_keys("swiftcourier")
    mixed = town.bench(access_token=other.access_token, access_token_secret=other.access_token_secret).publisher
    with pytest.raises(NeedsPerson, match="belong to @swiftcourier and not to @rosebakery"):
        mixed.post(make_reply(post), bench.now())
    assert attempts(town) == 0


def test_a_private_reply_is_refused_without_a_request(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    post = read_one(bench)
    with pytest.raises(Refused):
        bench.publisher.post(make_reply(post, audience=Audience.PRIVATE), bench.now())
    with pytest.raises(Refused):
        bench.publisher.post(make_reply(post, parent_id="paste-1"), bench.now())
    assert attempts(town) == 0


# --- looking ------------------------------------------------------------------------------------


def ours(town: XTown, parent: WorldPost, text: str = "Sorry!", **given: object) -> str:
    return town.world.publish("x", town.us.id, text, parent_id=parent.id, **given).id  # type: ignore[arg-type]


def test_looking_matches_the_parent_and_not_the_text(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    asked, other = bench.complain(), bench.complain("@rosebakery another")
    post = next(post for post in bench.read_all()[0] if post.native_id == asked.id)
    reply = make_reply(post, "Sorry! See https://example.com/a-very-long-address")
    ours(town, other)
    town.world.publish("x", town.cora.id, "Me too", parent_id=asked.id)
    town.world.publish("x", town.us.id, "Not a reply")
    assert bench.publisher.find(reply, bench.now()) is None
    posted = bench.publisher.post(reply, bench.now())
    found = bench.publisher.find(reply, bench.now())
    assert found is not None
    assert found.native_id == posted.native_id


def test_looking_knows_a_parent_by_every_id_it_ever_had(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    asked = bench.complain(at=bench.now() - timedelta(minutes=20))
    edited = town.world.edit("x", asked.id, "@rosebakery still cold", bench.now() - timedelta(minutes=10))
    post = read_one(bench)
    reply = make_reply(post, parent_id=edited.id, parent_ids=(asked.id, edited.id))
    under_first = ours(town, asked)
    found = bench.publisher.find(reply, bench.now())
    assert found is not None
    assert found.native_id == under_first


def test_looking_leaves_out_older_replies_and_those_it_is_told_of(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    asked = bench.complain(at=bench.now() - timedelta(hours=2))
    reply = make_reply(read_one(bench))
    ours(town, asked, "An hour ago", at=bench.now() - timedelta(hours=1))
    known = ours(town, asked, "A follow-up of ours")
    assert bench.publisher.find(make_reply(read_one(bench), known_ids=(known,)), bench.now()) is None
    mine = ours(town, asked, "This one", at=bench.now() + timedelta(seconds=1))
    town.clock.ahead = timedelta(seconds=5)
    found = bench.publisher.find(make_reply(read_one(bench), known_ids=(known,), sent_at=reply.sent_at), bench.now())
    assert found is not None
    assert found.native_id == mine


def test_a_clock_that_is_a_minute_off_does_not_hide_our_reply(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    asked = bench.complain()
    mine = ours(town, asked)
    reply = make_reply(read_one(bench), sent_at=bench.now() + timedelta(minutes=1))
    found = bench.publisher.find(reply, bench.now())
    assert found is not None
    assert found.native_id == mine


def test_looking_too_early_finds_nothing_and_later_finds_it(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    reply = make_reply(read_one(bench))
    town.options.index_lag = timedelta(seconds=30)
    bench.publisher.post(reply, bench.now())
    assert bench.publisher.find(reply, bench.now()) is None
    assert XPlace.capabilities.settle > town.options.index_lag + timedelta(seconds=10)
    town.clock.ahead = XPlace.capabilities.settle
    assert bench.publisher.find(reply, bench.now()) is not None


def test_looking_reads_all_pages_of_our_own_posts(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    asked = bench.complain()
    reply = make_reply(read_one(bench))
    mine = ours(town, asked)
    for n in range(150):
        town.world.publish("x", town.us.id, f"Good morning number {n}")
    found = bench.publisher.find(reply, bench.now())
    assert found is not None
    assert found.native_id == mine


def test_looking_that_could_not_see_everything_says_so(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    asked = bench.complain()
    reply = make_reply(read_one(bench))
    ours(town, asked)
    town.options.faults.add(
        Fault("GET", "/tweets", Done.FIRST, Changed(lambda body: body.replace(b'"text"', b'"xxxx"')))
    )
    with pytest.raises(Unavailable):
        bench.publisher.find(reply, bench.now())


# --- taking down --------------------------------------------------------------------------------


def test_somebody_elses_post_cannot_be_taken_down(town: XTown) -> None:
    bench = town.bench()
    asked = bench.complain()
    with pytest.raises(Refused, match="not authorized"):
        bench.publisher.remove(Posted(asked.id, None, bench.now()), bench.now())
    with pytest.raises(Refused, match="delete it there"):
        bench.publisher.remove(Posted(None, None, bench.now()), bench.now())


def test_an_unclear_end_of_taking_down_is_unsure(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    posted = bench.publisher.post(make_reply(read_one(bench)), bench.now())
    for answer in (EMPTY, Answer(200, b'{"data":{"deleted":false}}'), Answer(500, b"")):
        town.options.faults.add(Fault("DELETE", "/2/tweets", Done.NEVER, answer))
        with pytest.raises(Unsure):
            bench.publisher.remove(posted, bench.now())
    bench.publisher.remove(posted, bench.now())
    assert bench.posted() == []


# --- reach, length, links -------------------------------------------------------------------------


def test_reach_foretells_exactly_what_x_will_do(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench(1)
    our_post = town.world.publish("x", town.us.id, "Rose Bakery opens at eight")
    dan = town.world.add_account("x", "dan", "Dan")
    theirs = town.world.publish("x", dan.id, "Rose Bakery is a place")
    wrote = {
        "mentioned": bench.complain("@RoseBakery Rose Bakery was cold"),
        "mentioned late in a long post": bench.complain("Rose Bakery " + "cold " * 80 + "@rosebakery"),
        "quoted": bench.complain("Rose Bakery does not", quoted_id=our_post.id),
        "answered": bench.complain("Rose Bakery, at nine more likely", parent_id=our_post.id),
        "neither": bench.complain("Rose Bakery was bad"),
        "quoted another": bench.complain("Rose Bakery indeed", quoted_id=theirs.id),
        "a name like ours": bench.complain("Rose Bakery @rosebakery2 no"),
        "a link that quotes nothing": bench.complain(f"Rose Bakery https://x.com/rosebakery/status/{our_post.id}"),
        "an address": bench.complain("Rose Bakery me@rosebakery no"),
    }
    posts = {post.native_id: post for post in bench.read_all()[0]}
    expected = dict.fromkeys(wrote, ReachHow.BY_HAND)
    expected |= dict.fromkeys(list(wrote)[:4], ReachHow.API)
    for knows_itself in (False, True):
        assert (bench.publisher._identity.known is not None) is knows_itself  # type: ignore[attr-defined]
        reach = {case: bench.publisher.reach(posts[post.id], Audience.PUBLIC).how for case, post in wrote.items()}
        assert reach == expected
        bench.publisher.me(bench.now())
    for n, (case, post) in enumerate(wrote.items()):
        reply = make_reply(posts[post.id], f"We are sorry, number {n}.")
        if expected[case] is ReachHow.API:
            bench.publisher.post(reply, bench.now())
        else:
            with pytest.raises(Refused):
                bench.publisher.post(reply, bench.now())


def test_reach_says_why_and_what_it_costs_and_x_charges_just_that(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    post = read_one(bench)
    reach = bench.publisher.reach(post, Audience.PUBLIC)
    assert (
        reach.why
        == "They wrote to @rosebakery, so Amends can post your answer. X charges 1 cent, or 20 cents with a link in it."
    )
    bench.publisher.me(bench.now())
    town.options.credits = Decimal(1)
    bench.publisher.post(make_reply(post), bench.now())
    assert Decimal(1) - town.options.credits == reach.cost == Decimal("0.010")
    bench.publisher.post(make_reply(post, "See https://example.com"), bench.now())
    assert town.options.credits == Decimal(1) - Decimal("0.010") - Decimal("0.200")
    private = bench.publisher.reach(post, Audience.PRIVATE)
    assert (private.how, private.cost) == (ReachHow.NONE, Decimal(0))


def test_reach_asks_no_network(town: XTown) -> None:
    bench = town.bench()
    bench.complain()
    post = read_one(bench)
    before = len(town.world.calls())
    bench.publisher.reach(post, Audience.PUBLIC)
    assert len(town.world.calls()) == before


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("日本語" * 47, 282),
        ("👨‍👩‍👧‍👦", 2),
        ("see example.com", 27),
        ("e\u0301", 1),
        ("x" * 280, 280),
        ("Нам очень жаль", 14),
        ("మమ్మల్ని క్షమించండి", 19),
        ("half \ud83d", 7),
        ("nul \x00", 6),
    ],
)
def test_length_is_weighed_as_x_weighs_it(text: str, used: int) -> None:
    assert XPlace().measure(text, Audience.PUBLIC).used == used


def test_what_we_measure_as_fitting_x_takes_and_the_rest_it_refuses(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    post = read_one(bench)
    for text in ("x" * 280, "日" * 140, "😀" * 140, "a" * 256 + " https://example.com/" + "b" * 50, "ß" * 280):
        assert XPlace().measure(text, Audience.PUBLIC).fits
        bench.publisher.post(make_reply(post, text), bench.now())
        longer = text + "x"
        assert not XPlace().measure(longer, Audience.PUBLIC).fits or "https" in text
    with pytest.raises(Refused):
        bench.publisher.post(make_reply(post, "日" * 141), bench.now())


def test_the_compose_link_opens_xs_own_composer_with_everything_in_it(town: XTown, make_reply: MakeReply) -> None:
    bench = town.bench()
    bench.complain()
    text = "Sorry & thanks? #1 50% +\n“naïve” 日本 &text=x"
    link = XPlace().compose_link(make_reply(read_one(bench), text))
    assert link is not None
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "x.com", "/intent/tweet")
    assert parse_qs(parts.query) == {"in_reply_to": [read_one(bench).reply_to], "text": [text]}


def test_keys_never_show_in_a_repr(town: XTown) -> None:
    shown = repr(town.settings())
    keys = x_keys("rosebakery")
    for secret in (
        keys.bearer_token,
        keys.consumer_key,
        keys.consumer_secret,
        keys.access_token,
        keys.access_token_secret,
    ):
        assert secret not in shown


def test_x_without_a_handle_is_only_searched(town: XTown) -> None:
    town.brand = Brand("rosebakery", "Rose Bakery")
    opened = town.open()
    assert [source.key for source in opened.sources] == ["x:search:rosebakery"]
    assert opened.publisher is None
    assert XSettings().can_post is False
