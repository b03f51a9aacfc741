"""Logging in, staying logged in, and every way in which Bluesky does not let us."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from places.bluesky import BlueskySettings
from places.bluesky.session import LONG_LIFE, SHORT_LIFE, USUAL_LIFE, host_of, life_of
from places.doors import NeedsPerson, Refused, Unavailable, Unsure
from sandbox.faults import CUT, Answer, Done, Fault
from sandbox.keys import bluesky_keys
from storage.words import Reply

if TYPE_CHECKING:
    from tests.places.bluesky_bench import BlueskyTown

MakeReply = Callable[..., Reply]

PASSWORD = bluesky_keys("rosebakery").app_password
CREATE, REFRESH = "com.atproto.server.createSession", "com.atproto.server.refreshSession"
MINUTE = timedelta(minutes=1)


def asked(sky: BlueskyTown, what: str) -> list[int]:
    """The statuses of every request for a method."""
    return [call.status for call in sky.world.calls("bluesky") if what in call.path]


def no(status: int, error: str, message: str = "No.") -> Answer:
    return Answer(status, f'{{"error": "{error}", "message": "{message}"}}'.encode())


def test_opening_the_place_asks_nobody_and_loads_no_library() -> None:
    script = (
        "import sys; from places.bluesky import BlueskySettings, open_bluesky; from storage.words import Brand;"
        "open_bluesky(Brand('rosebakery', 'Rose Bakery'), BlueskySettings('rosebakery.bsky.social', 'p'));"
        "sys.exit(sum(name.partition('.')[0] in ('atproto', 'atproto_client') for name in sys.modules))"
    )
    project = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", script], cwd=project).returncode == 0


def test_a_password_shows_nowhere(sky: BlueskyTown) -> None:
    opened = sky.open()
    opened.sources[0].poll(None, sky.clock())
    session = opened.sources[0]._line.session  # type: ignore[attr-defined]
    for thing in (sky.settings(), session, session.held, opened, opened.publisher):
        assert PASSWORD not in repr(thing)
        assert session.held.access not in repr(thing)


def test_everybody_shares_one_log_in(sky: BlueskyTown) -> None:
    opened = sky.open()
    assert opened.publisher is not None
    for _ in range(3):
        for source in opened.sources:
            source.poll(None, sky.clock())
        opened.publisher.me(sky.clock())
    assert asked(sky, CREATE) == [200]


def test_eight_threads_at_once_log_in_once(sky: BlueskyTown) -> None:
    opened, start = sky.open(), threading.Barrier(8)

    def look(n: int) -> None:
        start.wait()
        opened.sources[n % 2].poll(None, sky.clock())

    threads = [threading.Thread(target=look, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked(sky, CREATE) == [200]


def test_a_session_is_renewed_before_it_ends_and_never_logged_in_anew(sky: BlueskyTown) -> None:
    opened = sky.open()
    for _ in range(30):
        opened.sources[0].poll(None, sky.clock())
        sky.clock.ahead += 30 * MINUTE
    assert asked(sky, CREATE) == [200]
    assert 5 <= len(asked(sky, REFRESH)) <= 10
    assert set(asked(sky, "listNotifications")) == {200}


def test_a_token_that_ended_too_early_is_renewed_once_and_the_question_asked_again(sky: BlueskyTown) -> None:
    sky.complain()
    opened = sky.open()
    opened.sources[0].poll(None, sky.clock())
    sky.clock.ahead += MINUTE
    sky.options.expires[PASSWORD] = sky.clock()
    sky.clock.ahead += MINUTE
    assert len(opened.sources[0].poll(None, sky.clock()).posts) == 1
    assert (asked(sky, CREATE), asked(sky, REFRESH)) == ([200], [200])
    assert asked(sky, "listNotifications") == [200, 400, 200]


def test_a_token_that_ended_under_a_reply_is_one_request_and_nothing_up(
    sky: BlueskyTown, make_reply: MakeReply
) -> None:
    sky.complain()
    bench = sky.bench()
    (post,), _ = bench.read_all()
    reply = make_reply(post)
    bench.plan.add(Fault("POST", "putRecord", Done.NEVER, no(400, "ExpiredToken", "Token has expired")))
    with pytest.raises(Unavailable) as away:
        bench.publisher.post(reply, bench.now())
    assert not isinstance(away.value, NeedsPerson)
    assert (len(bench.writes()), bench.posted()) == (1, [])
    bench.publisher.post(reply, bench.now())
    assert (len(bench.writes()), len(bench.posted()), len(asked(sky, REFRESH))) == (2, 1, 1)


@pytest.mark.parametrize("done", [Done.NEVER, Done.FIRST])
def test_a_renewal_that_breaks_off_sends_no_reply_and_is_made_good_next_time(
    sky: BlueskyTown, make_reply: MakeReply, done: Done
) -> None:
    sky.complain()
    bench = sky.bench()
    (post,), _ = bench.read_all()
    sky.clock.ahead += timedelta(hours=3)
    bench.plan.add(Fault("POST", REFRESH, done, CUT))
    with pytest.raises(Unavailable):
        bench.publisher.post(make_reply(post), bench.now())
    assert bench.writes() == []
    bench.publisher.post(make_reply(post), bench.now())
    assert (bench.writes(), len(bench.posted()), asked(sky, CREATE)) == ([200], 1, [200])


def test_where_no_token_is_ever_good_a_person_is_told(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    bench.read_all()
    bench.plan.add(Fault("GET", "listNotifications", Done.NEVER, no(400, "InvalidToken"), times=None))
    with pytest.raises(NeedsPerson, match="App passwords"):
        bench.source.poll(None, bench.now())
    assert len(asked(sky, "listNotifications")) == 3  # one that went well, and two


def test_a_wrong_password_asks_for_a_person_and_is_not_tried_over_and_over(sky: BlueskyTown) -> None:
    opened = sky.open(app_password="wrong-wrong-wrong-wrong")
    for _ in range(12 * 60):  # half a day of a poll every minute
        with pytest.raises(NeedsPerson, match=r"App passwords"):
            opened.sources[0].poll(None, sky.clock())
        sky.clock.ahead += MINUTE
    assert set(asked(sky, CREATE)) == {401}
    assert len(asked(sky, CREATE)) <= 12 * 4


def test_a_password_that_is_put_right_on_bluesky_works_again(sky: BlueskyTown) -> None:
    sky.options.revoked.add(PASSWORD)
    opened = sky.open()
    with pytest.raises(NeedsPerson):
        opened.sources[0].poll(None, sky.clock())
    sky.options.revoked.clear()
    sky.clock.ahead += 16 * MINUTE
    opened.sources[0].poll(None, sky.clock())
    assert asked(sky, CREATE) == [401, 200]


def test_a_clock_that_jumps_back_does_not_keep_us_out(sky: BlueskyTown) -> None:
    sky.options.revoked.add(PASSWORD)
    opened = sky.open()
    with pytest.raises(NeedsPerson):
        opened.sources[0].poll(None, sky.clock() + timedelta(days=300))
    sky.options.revoked.clear()
    opened.sources[0].poll(None, sky.clock())


def test_a_password_taken_back_works_until_its_token_ends(sky: BlueskyTown) -> None:
    opened = sky.open()
    opened.sources[0].poll(None, sky.clock())
    sky.options.revoked.add(PASSWORD)
    sky.clock.ahead += timedelta(hours=1)
    opened.sources[0].poll(None, sky.clock())
    sky.clock.ahead += timedelta(hours=1)
    with pytest.raises(NeedsPerson, match="App passwords"):
        opened.sources[0].poll(None, sky.clock())


def test_a_main_password_with_a_second_factor_is_told_apart(sky: BlueskyTown) -> None:
    sky.options.codes.add(PASSWORD)
    with pytest.raises(NeedsPerson, match="Use an app password"):
        sky.open().sources[0].poll(None, sky.clock())


def test_an_account_that_was_taken_down_is_told_of(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    (post,), _ = bench.read_all()
    sky.options.taken_down.add(sky.us.id)
    for look in (
        lambda: bench.source.poll(None, bench.now()),
        lambda: bench.publisher.post(make_reply(post), bench.now()),
    ):
        with pytest.raises(NeedsPerson, match="has closed the account"):
            look()
    with pytest.raises(NeedsPerson, match="has closed the account"):
        sky.open().sources[0].poll(None, sky.clock())


def test_too_many_log_ins_wait_for_the_time_that_bluesky_tells(sky: BlueskyTown) -> None:
    sky.options.logins = 0
    opened = sky.open()
    with pytest.raises(Unavailable) as away:
        opened.sources[0].poll(None, sky.clock())
    assert not isinstance(away.value, NeedsPerson)
    assert away.value.retry_at is not None
    assert timedelta(0) < away.value.retry_at - sky.clock() <= 6 * MINUTE
    for _ in range(10):
        with pytest.raises(Unavailable):
            opened.sources[0].poll(None, sky.clock())
    assert asked(sky, CREATE) == [429]
    sky.options.logins = 30
    sky.clock.ahead += 6 * MINUTE
    opened.sources[0].poll(None, sky.clock())


def test_a_reply_over_the_limit_of_writing_waits(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    (post,), _ = bench.read_all()
    sky.options.points = 1
    with pytest.raises(Unavailable) as away:
        bench.publisher.post(make_reply(post), bench.now())
    assert away.value.retry_at is not None
    assert timedelta(minutes=50) < away.value.retry_at - bench.now() <= timedelta(minutes=61)
    assert bench.posted() == []


@pytest.mark.parametrize("header", ["soon", "-5", "9" * 40, "", "١٢"])
def test_a_reset_that_makes_no_sense_is_none(sky: BlueskyTown, header: str) -> None:
    told = (("content-type", "application/json"), ("ratelimit-reset", header))
    headers = tuple((name, value.encode().decode("latin-1")) for name, value in told)
    sky.options.faults.add(Fault("POST", CREATE, Done.NEVER, Answer(429, b"{}", headers)))
    with pytest.raises(Unavailable) as away:
        sky.open().sources[0].poll(None, sky.clock())
    assert away.value.retry_at is None or away.value.retry_at - sky.clock() <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(302, b"", (("location", "https://evil.example/"),)), "does not lead to a Bluesky server"),
        (Answer(307, b"", (("location", "https://evil.example/"),)), "does not lead to a Bluesky server"),
        (Answer(404, b"<html>", (("content-type", "text/html"),)), "does not lead to a Bluesky server"),
        (no(501, "MethodNotImplemented"), "does not lead to a Bluesky server"),
        (Answer(403, b"<html>blocked", (("content-type", "text/html"),)), "does not let this account"),
        (Answer(200, b'{"did": "nobody", "accessJwt": "a", "refreshJwt": "b"}'), None),
        (Answer(200, b'{"did": "did:plc:x", "accessJwt": "a\\r\\nX: y", "refreshJwt": "b"}'), None),
        (Answer(200, b"[1, 2]"), None),
        (Answer(200, b"\xff\xfe"), None),
        (no(502, "UpstreamFailure"), None),
    ],
)
def test_a_log_in_that_is_answered_oddly_sends_the_password_nowhere_else(
    sky: BlueskyTown, answer: Answer, says: str | None
) -> None:
    sky.options.faults.add(Fault("POST", CREATE, Done.NEVER, answer, times=None))
    with pytest.raises(NeedsPerson if says else Unavailable, match=says or "Bluesky") as away:
        sky.open().sources[0].poll(None, sky.clock())
    assert isinstance(away.value, NeedsPerson) is (says is not None)
    assert len(sky.world.calls("bluesky")) == 1


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (no(400, "InvalidRequest", "Invalid app.bsky.feed.post record: grapheme too big"), Refused, "grapheme too big"),
        (no(413, "PayloadTooLarge"), Refused, "longer than Bluesky takes"),
        (no(400, "InvalidSwap", "Record was at bafy"), Unsure, "is there already"),
        (no(403, "Forbidden", "not you"), NeedsPerson, "not you"),
        (no(404, "NotFound"), NeedsPerson, "does not lead to a Bluesky server"),
        (no(501, "MethodNotImplemented"), NeedsPerson, "does not lead to a Bluesky server"),
        (no(408, "RequestTimeout"), Unsure, "did not say"),
        (no(409, "Conflict"), Unsure, "did not say"),
        (no(500, "InternalServerError"), Unsure, "did not say"),
        (no(502, "UpstreamFailure"), Unsure, "did not say"),
        (Answer(400, b"<html>a proxy", (("content-type", "text/html"),)), Unsure, "did not say"),
        (Answer(307, b"", (("location", "/elsewhere"),)), Unsure, "did not say"),
        (
            Answer(200, b'{"uri": "at://did:plc:x/app.bsky.feed.post/3kabcdefghij2", "cid": "b"}'),
            Unsure,
            "cannot be read",
        ),
        (Answer(200, b"{}"), Unsure, "cannot be read"),
        (Answer(200, b"null"), Unsure, "cannot be read"),
    ],
)
def test_what_an_answer_to_a_reply_means(
    sky: BlueskyTown, make_reply: MakeReply, answer: Answer, error: type[Exception], says: str
) -> None:
    sky.complain()
    bench = sky.bench()
    (post,), _ = bench.read_all()
    bench.plan.add(Fault("POST", "putRecord", Done.NEVER, answer))
    with pytest.raises(error, match=says):
        bench.publisher.post(make_reply(post), bench.now())
    assert len(bench.writes()) == 1


def test_nobody_there_is_nothing_sent(sky: BlueskyTown, make_reply: MakeReply) -> None:
    sky.complain()
    bench = sky.bench()
    (post,), _ = bench.read_all()
    sky.served.stop()
    with pytest.raises(Unavailable, match="cannot be reached"):
        bench.publisher.post(make_reply(post), bench.now())


def test_an_address_that_is_none_is_told(sky: BlueskyTown) -> None:
    for url in ("http://127.0.0.1:1", "http://127.0.0.1:99999", "ftp://bsky.social"):
        with pytest.raises(Unavailable, match="cannot be reached"):
            sky.open(service_url=url).sources[0].poll(None, sky.clock())


@pytest.mark.parametrize(
    ("token", "life"),
    [
        ("", USUAL_LIFE),
        ("opaque", USUAL_LIFE),
        ("a.e30.c", USUAL_LIFE),
        ("a.!!!.c", USUAL_LIFE),
        ("a.eyJpYXQiOjAsImV4cCI6NzIwMH0.c", timedelta(hours=2)),
        ("a.eyJpYXQiOjAsImV4cCI6MX0.c", SHORT_LIFE),
        ("a.eyJpYXQiOjAsImV4cCI6OTk5OTk5OTk5fQ.c", LONG_LIFE),
        ("a.eyJpYXQiOjAsImV4cCI6MWUzMDB9.c", USUAL_LIFE),
        ("a.eyJpYXQiOiJ4IiwiZXhwIjpudWxsfQ.c", USUAL_LIFE),
    ],
)
def test_a_tokens_life_is_read_from_it_and_believed_within_bounds(token: str, life: timedelta) -> None:
    assert life_of(token) == life


SERVICE = "https://bsky.social"
NOTHING: list[object] = [None, [], {}, {"service": 7}, {"service": [7]}]


@pytest.mark.parametrize(
    ("told", "service", "host"),
    [
        ("https://morel.us-east.host.bsky.network", SERVICE, "https://morel.us-east.host.bsky.network"),
        ("https://pds.rosebakery.example/", SERVICE, "https://pds.rosebakery.example"),
        ("http://morel.us-east.host.bsky.network", SERVICE, SERVICE),
        ("https://user@evil.example", SERVICE, SERVICE),
        ("https://pds.example/path?x", SERVICE, SERVICE),
        ("file:///etc/passwd", SERVICE, SERVICE),
        ("https://[", SERVICE, SERVICE),
        ("", SERVICE, SERVICE),
        (7, SERVICE, SERVICE),
        ("http://127.0.0.1:99", "http://127.0.0.1:1", "http://127.0.0.1:99"),
    ],
)
def test_our_own_server_is_no_less_safe_than_where_we_log_in(told: object, service: str, host: str) -> None:
    document = {"service": [None, {"id": "#other"}, {"id": "#atproto_pds", "serviceEndpoint": told}]}
    assert host_of(document, service) == host
    assert [host_of(nothing, service) for nothing in NOTHING] == [service] * len(NOTHING)


@pytest.mark.parametrize(
    ("given", "handle"),
    [("RoseBakery.bsky.social", "rosebakery.bsky.social"), (" @rosebakery.com ", "rosebakery.com")],
)
def test_settings_take_a_handle_as_people_write_it(given: str, handle: str) -> None:
    assert BlueskySettings(given, "p").handle == handle


def test_settings_want_a_handle_and_a_password() -> None:
    for handle, password in (("", "p"), ("@", "p"), ("rosebakery.com", "")):
        with pytest.raises(ValueError, match="needs a handle and an app password"):
            BlueskySettings(handle, password)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://bsky.social/", "https://bsky.social"),
        ("https://pds.example/xrpc", "https://pds.example"),
        ("pds.example", "https://pds.example"),
    ],
)
def test_settings_take_a_server_as_people_write_it(given: str, address: str) -> None:
    assert BlueskySettings("rosebakery.com", "p", service_url=given).service_url == address


def test_a_proxy_of_the_world_does_not_stand_before_this_machine(
    sky: BlueskyTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    sky.open().sources[0].poll(None, sky.clock())
