"""What praw and prawcore would do behind our back, and do not."""

from __future__ import annotations

import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
import requests

from places.doors import NeedsPerson, Refused, Unavailable, Unsure
from places.reddit import RedditSettings
from places.reddit.line import Line
from places.reddit.wire import Wire
from sandbox.faults import CUT, GARBAGE, HALF, HTML_500, HTML_503, NOTHING, Answer, Done, Fault, Seen
from sandbox.reddit.tokens import refresh_token
from sandbox.serve import Served

if TYPE_CHECKING:
    from tests.places.reddit.conftest import Site


def test_a_praw_ini_in_the_working_directory_sends_our_keys_nowhere(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = "[DEFAULT]\noauth_url=http://127.0.0.1:9\nreddit_url=http://127.0.0.1:9\ncomment_kind=t9\nratelimit_seconds=900\n"
    (tmp_path / "praw.ini").write_text(planted)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("praw_site", "mallory")
    monkeypatch.setattr("praw.config.Config.CONFIG", None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        line = Line(site.settings)
        assert line.me(site.now).handle == "rosebakery"
    config = line._end().reddit.config
    assert (config.oauth_url, config.kinds["comment"], config.ratelimit_seconds) == (site.url, "t1", -1)


def test_praw_does_not_call_home_for_updates(site: Site) -> None:
    assert Line(site.settings)._end().reddit.config.check_for_updates is False


def test_every_request_says_who_is_asking(site: Site) -> None:
    site.publisher().me(site.now)  # the site shuts out agents that say nothing
    assert [call.status for call in site.calls("/api/v1/me")] == [200]
    with pytest.raises(ValueError, match="who is asking"):
        RedditSettings(client_id="x", client_secret="y", user_agent="bot")


def test_no_secret_shows_in_the_settings() -> None:
    settings = RedditSettings(
        client_id="x", client_secret="hush1", username="a", password="hush2", refresh_token="hush3"
    )
    assert "hush" not in repr(settings)


def test_a_refresh_token_opens_the_account_too(site: Site) -> None:
    publisher = site.publisher(password="", refresh_token=refresh_token("rosebakery"))
    assert publisher.me(site.now).native_id == f"t2_{site.ana}"


def test_without_an_account_there_is_nothing_to_write_with(site: Site) -> None:
    opened = site.open(username="", password="")
    assert opened.publisher is None  # praw itself would send the POST all the same
    site.complaint()
    assert len(opened.sources[0].poll(None, site.now).posts) == 1


def test_a_wrong_password_needs_a_person_though_reddit_says_200(site: Site) -> None:
    with pytest.raises(NeedsPerson, match="password"):
        site.source(password="guess").poll(None, site.now)


def test_a_wrong_app_needs_a_person(site: Site) -> None:
    with pytest.raises(NeedsPerson, match="client_id"):
        site.source(client_secret="guess").poll(None, site.now)


def test_a_post_is_sent_once_when_reddit_fails_afterwards(site: Site) -> None:
    """prawcore re-sends a POST up to three times on 5xx, 408 and broken lines."""
    for status in (408, 500, 502, 503, 504, 520, 522):
        post = site.complaint()
        site.options.faults.add(Fault("POST", "/api/comment", Done.FIRST, Answer(status, b"<html>")))
        with pytest.raises(Unsure):
            site.publisher().post(site.reply_to(post), site.now)
        assert len(site.world.conversation("reddit", post.id)) == 2, status


@pytest.mark.parametrize("done", [Done.FIRST, Done.NEVER])
@pytest.mark.parametrize("seen", [CUT, HALF, GARBAGE, HTML_500, HTML_503, Answer(200, b""), Answer(204), Answer(302)])
def test_a_broken_line_leaves_us_unsure_after_one_request(site: Site, done: Done, seen: Seen | Answer) -> None:
    if seen is HALF and done is Done.NEVER:
        seen = Answer(200, b'{"json": {"errors": []')
    post = site.complaint()
    site.options.faults.add(Fault("POST", "/api/comment", done, seen, times=None))
    with pytest.raises(Unsure):
        site.publisher().post(site.reply_to(post), site.now)
    assert len(site.calls("/api/comment", "POST")) == 1
    assert len(site.ours()) == (1 if done is Done.FIRST else 0)


def test_the_time_out_is_ours_and_not_praws_sixteen_seconds(site: Site) -> None:
    post = site.complaint()
    site.options.faults.add(Fault("POST", "/api/comment", Done.FIRST, NOTHING))
    publisher = site.publisher(timeout=0.4)
    publisher.me(site.now)
    began = time.monotonic()
    with pytest.raises(Unsure):
        publisher.post(site.reply_to(post), site.now)
    assert time.monotonic() - began < 1.5


def test_nothing_sleeps_before_a_write(site: Site) -> None:
    """FiniteRetryStrategy(retries=0) would sleep two to four seconds before the first attempt."""
    publisher = site.publisher()
    publisher.me(site.now)
    began = time.monotonic()
    publisher.post(site.reply_to(site.complaint()), site.now)
    assert time.monotonic() - began < 1.5


def test_a_line_that_never_came_about_is_no_doubt(site: Site) -> None:
    with Served(site.app) as gone:
        nowhere = gone.url
    publisher = site.publisher(oauth_url=nowhere)
    with pytest.raises(Unavailable):
        publisher.post(site.reply_to(site.complaint()), site.now)


def test_a_kept_connection_that_died_does_not_leave_a_write_in_doubt(site: Site) -> None:
    """A POST on a socket that the other side has closed cannot be told from one that arrived: writes open their own."""
    publisher = site.publisher()
    publisher.me(site.now)
    before = set(_sockets(publisher._line))
    publisher.post(site.reply_to(site.complaint()), site.now)
    assert not before & set(_sockets(publisher._line))


def _sockets(line: Line) -> list[int]:
    pools = line._end().wire._http.adapters["http://"].poolmanager.pools  # type: ignore[attr-defined]
    kept = [pools[key].pool.queue for key in pools.keys()]  # noqa: SIM118 - urllib3 refuses to be iterated
    return [
        connection.sock.getsockname()[1] for queue in kept for connection in queue if connection and connection.sock
    ]


def test_a_spent_window_does_not_put_our_thread_to_sleep(site: Site) -> None:
    """prawcore would sleep inside the call until the window ends, minutes away."""
    site.options.allowed = 1
    publisher = site.publisher()
    publisher.me(site.now)
    began = time.monotonic()
    with pytest.raises(Unavailable) as later:
        publisher.post(site.reply_to(site.complaint()), site.now)
    assert later.value.retry_at == site.now + timedelta(minutes=10)
    assert (time.monotonic() - began < 1.5, site.calls("/api/comment")) == (True, [])
    site.wait(minutes=10)
    assert publisher.post(site.reply_to(site.complaint()), site.now).native_id


def test_reading_leaves_room_in_the_window_for_a_reply(site: Site) -> None:
    site.options.allowed = 10
    post = site.complaint()
    opened = site.open()
    assert opened.publisher is not None
    opened.publisher.me(site.now)
    with pytest.raises(Unavailable, match="slow down"):
        opened.sources[0].poll(None, site.now)
    assert opened.publisher.post(site.reply_to(post), site.now).native_id


@pytest.mark.parametrize("retry_after", [False, True])
def test_a_429_tells_when_to_come_back_and_is_not_asked_again_before(site: Site, retry_after: bool) -> None:
    site.options.allowed, site.options.retry_after = 0, retry_after
    source = site.source()
    with pytest.raises(Unavailable) as later:
        source.poll(None, site.now)
    assert later.value.retry_at == site.now + timedelta(minutes=10)
    asked = len(site.calls("/"))
    with pytest.raises(Unavailable):
        source.poll(None, site.now + timedelta(minutes=9))
    assert len(site.calls("/")) == asked


def test_a_429_that_says_only_retry_after_is_kept_too(site: Site) -> None:
    site.complaint()
    source = site.source()
    site.options.faults.add(Fault("GET", "/search", Done.NEVER, Answer(429, b"{}", (("retry-after", "90"),))))
    with pytest.raises(Unavailable) as later:
        source.poll(None, site.now)
    assert later.value.retry_at == site.now + timedelta(seconds=90)
    with pytest.raises(Unavailable):
        source.poll(None, site.now + timedelta(seconds=89))
    assert len(site.calls("/r/all/search")) == 1
    source.poll(None, site.now + timedelta(seconds=90))


@pytest.mark.parametrize(
    "headers",
    [
        (("retry-after", "Sun, 22 Nov 2026 09:05:00 GMT"),),
        (("retry-after", "soon"),),
        (("x-ratelimit-remaining", "many"), ("x-ratelimit-used", "1"), ("x-ratelimit-reset", "300")),
        (("x-ratelimit-remaining", "5.0"),),
    ],
)
def test_odd_headers_do_not_turn_an_answer_into_an_accident(site: Site, headers: tuple[tuple[str, str], ...]) -> None:
    """prawcore reads them after the request was carried out, and raises ValueError or KeyError."""
    publisher = site.publisher()
    publisher.me(site.now)
    site.options.faults.add(Fault("POST", "/api/comment", Done.NEVER, Answer(429, b"{}", headers)))
    with pytest.raises(Unavailable) as later:
        publisher.post(site.reply_to(site.complaint()), site.now)
    assert later.value.retry_at in {None, site.now + timedelta(minutes=5)}


def test_a_token_is_renewed_before_it_ends_so_that_no_write_meets_a_401(site: Site) -> None:
    """prawcore believes in a token until ten seconds after its end."""
    publisher = site.publisher()
    publisher.me(site.now)
    site.wait(hours=1, seconds=5)
    assert publisher.post(site.reply_to(site.complaint()), site.now).native_id
    assert [call.status for call in site.calls("/api/comment")] == [200]


@pytest.mark.parametrize("bare", [False, True])
def test_a_revoked_token_costs_a_read_nothing(site: Site, bare: bool) -> None:
    """A 401 without www-authenticate is a bare KeyError(401) in prawcore."""
    site.options.bare_401 = bare
    site.complaint()
    source = site.source()
    source.poll(None, site.now)
    site.app.state.gate.tokens.forget()
    assert len(source.poll(None, site.now).posts) == 1


@pytest.mark.parametrize("bare", [False, True])
def test_a_401_on_a_write_is_not_repeated_but_comes_back_at_once(site: Site, bare: bool) -> None:
    site.options.bare_401 = bare
    publisher = site.publisher()
    publisher.me(site.now)
    site.app.state.gate.tokens.forget()
    reply = site.reply_to(site.complaint())
    with pytest.raises(Unavailable) as again:
        publisher.post(reply, site.now)
    assert (type(again.value), again.value.retry_at) == (Unavailable, site.now)
    assert len(site.calls("/api/comment")) == 1
    assert publisher.post(reply, site.now).native_id
    assert len(site.ours()) == 1


def test_a_401_on_a_brand_new_token_needs_a_person(site: Site) -> None:
    site.options.faults.add(Fault("", "/api/comment", Done.NEVER, Answer(401, b"{}"), times=None))
    with pytest.raises(NeedsPerson):
        site.publisher().post(site.reply_to(site.complaint()), site.now)


def test_a_log_in_that_fails_has_posted_nothing(site: Site) -> None:
    for seen in (CUT, HALF, HTML_503, GARBAGE, Answer(200, b"[]"), Answer(200, b"{}")):
        site.options.faults.add(Fault("POST", "access_token", Done.FIRST, seen))
        with pytest.raises(Unavailable):
            site.publisher().post(site.reply_to(site.complaint()), site.now)
    assert site.calls("/api/comment") == []


def test_the_password_does_not_follow_a_redirect(site: Site) -> None:
    """requests repeats the form of a POST at whatever address a 307 names."""
    met: list[str] = []

    async def mallory(scope: object, receive: object, send: object) -> None:
        met.append("somebody came")

    with Served(mallory) as elsewhere:
        away = Answer(307, b"", (("location", f"{elsewhere.url}/api/v1/access_token"),))
        site.options.faults.add(Fault("POST", "access_token", Done.NEVER, away, times=None))
        with pytest.raises(Unavailable):
            site.source().poll(None, site.now)
    assert met == []


def test_a_netrc_does_not_take_the_place_of_our_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine oauth.reddit.com login mallory password guess\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    wire = Wire(
        own_timeout=1.0, user_agent="test:amends:1", oauth_url="https://oauth.reddit.com", reddit_url="https://x"
    )
    asked = requests.Request("GET", "https://oauth.reddit.com/api/v1/me", headers={"Authorization": "bearer ours"})
    assert wire._http.prepare_request(asked).headers["Authorization"] == "bearer ours"


def test_every_thread_has_a_praw_of_its_own(site: Site) -> None:
    site.complaint()
    source, together = site.source(), Barrier(4)

    def poll(_: int) -> int:
        together.wait(10)  # so that each thread polls once
        return len(source.poll(None, site.now).posts)

    assert len(source.poll(None, site.now).posts) == 1
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(poll, range(4))) == [1, 1, 1, 1]
    assert len(site.calls("/api/v1/access_token")) == 5


def test_a_blocked_app_is_told_apart_from_a_closed_subreddit(site: Site) -> None:
    page = Answer(403, b"<html>whoa there, pardner!</html>", (("content-type", "text/html"),))
    site.options.faults.add(Fault("POST", "/api/comment", Done.NEVER, page))
    with pytest.raises(NeedsPerson, match="blocks"):
        site.publisher().post(site.reply_to(site.complaint()), site.now)
    site.options.faults.add(Fault("POST", "/api/comment", Done.NEVER, Answer(403, b'{"message": "Forbidden"}')))
    with pytest.raises(Refused, match="may not write"):
        site.publisher().post(site.reply_to(site.complaint()), site.now)


def test_a_permission_that_is_missing_needs_a_person(site: Site) -> None:
    says = (
        ("www-authenticate", 'Bearer realm="reddit", error="insufficient_scope"'),
        ("content-type", "application/json"),
    )
    site.options.faults.add(Fault("", "/api/comment|/search", Done.NEVER, Answer(403, b"{}", says), times=None))
    with pytest.raises(NeedsPerson, match="permission"):
        site.publisher().post(site.reply_to(site.complaint()), site.now)
    with pytest.raises(NeedsPerson, match="permission"):
        site.source().poll(None, site.now)
