"""The same publisher and source against a server that we did not write: mastodon-mock, which was made to stand in for an instance."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from mastodon import Mastodon

from places.doors import NeedsPerson, Opened, Publisher, Refused, Source, Unavailable, Unsure
from places.mastodon import MastodonSettings, open_mastodon
from storage.words import Audience, Brand, Gone, Post, ReachHow, Reply

POSTING = "/api/v1/statuses"
BRAND = Brand("rosebakery", "Rose Bakery", ("Rose Bakery",), handles={"mastodon": "rosebakery@mock.local"})
MakeReply = Callable[..., Reply]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Mock:
    """The server, the bakery on it, and Cora with a client of her own."""

    url: str
    cora: Mastodon
    opened: Opened

    @property
    def source(self) -> Source:
        return self.opened.sources[0]

    @property
    def publisher(self) -> Publisher:
        assert self.opened.publisher is not None
        return self.opened.publisher

    def read(self, source: Source | None = None) -> list[Post]:
        """Poll until there is no more."""
        posts: list[Post] = []
        cursor, more = None, True
        while more:
            batch = (source or self.source).poll(cursor, now())
            posts, cursor, more = [*posts, *batch.posts], batch.cursor, batch.more
            assert batch.poison == () or "private" in batch.poison[0].why
        return posts

    def complaint(self, text: str = "@rosebakery my croissant was cold & hard", **more: Any) -> Post:
        """Cora complains, and we read it."""
        said = self.cora.status_post(text, **more)
        return next(post for post in self.read() if post.native_id == str(said.id))

    def fault(self, method: str, path: str, effect: str, **more: Any) -> None:
        """The next such request goes wrong."""
        told = {
            "match": {"methods": [method], "path_regex": path},
            "effect": {"type": effect, **more},
            "count": 1,
        }
        requests.post(f"{self.url}/api/v1/_mock/faults", json=told, timeout=5).raise_for_status()

    def ours(self) -> list[Any]:
        """What stands under our name."""
        me = self.cora.account_lookup("rosebakery")
        return list(self.cora.account_statuses(me.id))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all of these tests; each begins with it as new."""
    from mastodon_mock.config import DatabaseConfig, MastodonMockConfig, SeedAccount, SeedConfig
    from mastodon_mock.testing.server import MockServer  # here, because it takes three seconds to load

    folder: Path = tmp_path_factory.mktemp("mastodon-mock")
    config = MastodonMockConfig(
        url_scheme="http",
        media_storage_path=str(folder / "media"),
        database=DatabaseConfig(path=str(folder / "mock.sqlite")),
        seed=SeedConfig(
            accounts=[
                SeedAccount(username="rosebakery", display_name="Rose Bakery", access_token="rose"),
                SeedAccount(username="cora", display_name="Cora", access_token="cora"),
                SeedAccount(username="dan", domain="other.example", display_name="Dan"),
            ]
        ),
    )
    with MockServer(config=config) as server:
        yield server.base_url


@pytest.fixture
def mock(server: str) -> Mock:
    url = server
    requests.post(f"{url}/api/v1/_mock/reset", timeout=5).raise_for_status()
    requests.delete(f"{url}/api/v1/_mock/faults", timeout=5)
    cora = Mastodon(access_token="cora", api_base_url=url, request_timeout=5, ratelimit_method="throw")
    settings = MastodonSettings("rose", url, timeout=5.0, search=True, hashtags=("bread",))
    return Mock(url, cora, open_mastodon(BRAND, settings))


def test_a_mention_becomes_a_post(mock: Mock) -> None:
    post = mock.complaint("@rosebakery cold & <late>\nand dry\n\nSad. https://pics.example/1?a=1&b=2 #bread")
    assert post.text == "@rosebakery cold & <late>\nand dry\n\nSad. https://pics.example/1?a=1&b=2 #bread"
    assert (post.author.handle, post.author.name) == ("cora@mock.local", "Cora")
    assert "rosebakery@mock.local" in post.addressed
    assert mock.publisher.reach(post, Audience.PUBLIC).how is ReachHow.API
    assert mock.opened.place.measure("x", Audience.PUBLIC).limit == 500 - 32


def test_an_answer_goes_out_unlisted_and_cora_is_told(mock: Mock, make_reply: MakeReply) -> None:
    post = mock.complaint()
    posted = mock.publisher.post(make_reply(post, "We are sorry & on it.", language="en"), now())
    (ours,) = mock.ours()
    assert (str(ours.id), str(ours.in_reply_to_id), ours.visibility) == (posted.native_id, post.native_id, "unlisted")
    assert ours.content == "<p>@cora We are sorry &amp; on it.</p>"
    (told,) = mock.cora.notifications(types=["mention"])
    assert str(told.status.id) == posted.native_id


def test_the_same_key_twice_is_one_post_and_another_key_another(mock: Mock, make_reply: MakeReply) -> None:
    reply = make_reply(mock.complaint())
    first = mock.publisher.post(reply, now())
    assert mock.publisher.post(replace(reply, attempt=2), now()).native_id == first.native_id
    assert len(mock.ours()) == 1
    mock.publisher.post(replace(reply, key="another"), now())
    assert len(mock.ours()) == 2


def test_what_was_posted_is_found_and_taken_down_once_and_for_all(mock: Mock, make_reply: MakeReply) -> None:
    reply = make_reply(mock.complaint())
    assert mock.publisher.find(reply, now()) is None
    posted = mock.publisher.post(reply, now())
    found = mock.publisher.find(reply, now())
    assert found is not None
    assert (found.native_id, found.url) == (posted.native_id, posted.url)
    assert mock.publisher.find(replace(reply, known_ids=(str(posted.native_id),)), now()) is None
    mock.publisher.remove(posted, now())
    mock.publisher.remove(posted, now())
    assert mock.ours() == []
    assert mock.publisher.find(reply, now()) is None


def test_somebody_elses_post_is_not_taken_down(mock: Mock, make_reply: MakeReply) -> None:
    posted = mock.publisher.post(make_reply(mock.complaint()), now())
    (post,) = mock.read()
    with pytest.raises(Refused):
        mock.publisher.remove(replace(posted, native_id=post.native_id), now())


def test_a_text_that_only_the_server_finds_too_long_is_refused(mock: Mock, make_reply: MakeReply) -> None:
    links = " ".join(f"https://rosebakery.com/{'x' * 100}/{n}" for n in range(6))
    assert mock.opened.place.measure(links, Audience.PUBLIC).fits
    with pytest.raises(Refused, match="shorten it") as failed:
        mock.publisher.post(make_reply(mock.complaint(), links), now())
    assert not failed.value.by_hand


def test_a_thread_and_its_conversation(mock: Mock, make_reply: MakeReply) -> None:
    post = mock.complaint()
    ours = mock.publisher.post(make_reply(post), now())
    more = mock.complaint("@rosebakery still cold", in_reply_to_id=ours.native_id)
    assert more.conversation_id == post.conversation_id == post.native_id
    thread = mock.source.thread(more, now())
    assert [one.native_id for one in thread] == [post.native_id, ours.native_id, more.native_id]
    assert thread[1].author.native_id == mock.publisher.me(now()).native_id


def test_edits_and_deletions_are_seen(mock: Mock) -> None:
    edited, deleted, kept = (mock.complaint(f"@rosebakery number {n}") for n in range(3))
    mock.cora.status_update(edited.native_id, "@rosebakery better now")
    mock.cora.status_delete(deleted.native_id)
    found = mock.source.again([one.native_id for one in (edited, deleted, kept)], now())
    assert found[deleted.native_id] == Gone(deleted.native_id, "deleted")
    one = found[edited.native_id]
    assert isinstance(one, Post)
    assert (one.text, one.edited_at is not None) == ("@rosebakery better now", True)
    assert isinstance(found[kept.native_id], Post)


def test_what_is_meant_for_us_alone_is_no_post(mock: Mock) -> None:
    mock.cora.status_post("@rosebakery my number is 0712", visibility="direct")
    assert mock.read() == []


def test_searches_and_hashtags_are_read(mock: Mock) -> None:
    named = mock.cora.status_post("never again Rose Bakery")
    tagged = mock.cora.status_post("so dry #bread")
    _, hashtag, search = mock.opened.sources
    assert [post.native_id for post in mock.read(hashtag)] == [str(tagged.id)]
    assert str(named.id) not in {post.native_id for post in mock.read()}
    assert {post.native_id for post in mock.read(search)} <= {str(named.id)}  # it does not take quotation marks away


def test_many_mentions_are_walked_through_page_by_page(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("places.mastodon.questions.NOTICES", 3)
    said = [str(mock.cora.status_post(f"@rosebakery number {n}").id) for n in range(8)]
    assert [post.native_id for post in mock.read()] == said[::-1]


@pytest.mark.parametrize(
    ("effect", "more", "means"),
    [
        ("ratelimit", {}, Unavailable),
        ("status", {"status": 401}, NeedsPerson),
        ("status", {"status": 500}, Unsure),
        ("status", {"status": 503}, Unsure),
        ("status", {"status": 422}, Refused),
        ("malformed", {}, Unsure),
        ("malformed", {"truncate": False}, Unsure),
    ],
)
def test_a_post_that_goes_wrong_means_one_thing_and_can_be_made_good(
    mock: Mock, make_reply: MakeReply, effect: str, more: dict[str, Any], means: type[Exception]
) -> None:
    reply = make_reply(mock.complaint())
    mock.publisher.me(now())
    mock.fault("POST", POSTING, effect, **more)
    with pytest.raises((Unavailable, Refused, Unsure)) as failed:
        mock.publisher.post(reply, now())
    assert type(failed.value) is means
    if effect == "ratelimit":
        assert isinstance(failed.value, Unavailable)
        assert failed.value.retry_at is not None
        assert timedelta(minutes=4) < failed.value.retry_at - now() < timedelta(minutes=6)
    assert mock.publisher.find(reply, now()) is None
    mock.publisher.post(reply, now())
    assert len(mock.ours()) == 1


def test_a_post_that_is_carried_out_after_we_gave_up_is_not_doubled(mock: Mock, make_reply: MakeReply) -> None:
    reply = make_reply(mock.complaint())
    hasty = open_mastodon(BRAND, MastodonSettings("rose", mock.url, timeout=0.5)).publisher
    assert hasty is not None
    mock.fault("POST", POSTING, "latency", delay_ms=900)
    with pytest.raises((Unsure, Unavailable)):
        hasty.post(reply, now())
    mock.publisher.post(reply, now())
    time.sleep(0.6)
    assert len(mock.ours()) == 1


@pytest.mark.parametrize(
    ("effect", "more", "person"),
    [
        ("ratelimit", {}, False),
        ("status", {"status": 500}, False),
        ("status", {"status": 503}, False),
        ("malformed", {}, False),
        ("status", {"status": 401}, True),
        ("status", {"status": 403}, True),
    ],
)
def test_reading_that_goes_wrong_loses_nothing(mock: Mock, effect: str, more: dict[str, Any], person: bool) -> None:
    mock.cora.status_post("@rosebakery cold")
    mock.fault("GET", "/api/v1/notifications", effect, **more)
    with pytest.raises(Unavailable) as failed:
        mock.source.poll(None, now())
    assert isinstance(failed.value, NeedsPerson) is person
    assert len(mock.read()) == 1


def test_a_token_that_the_server_does_not_know_is_for_a_person(mock: Mock) -> None:
    opened = open_mastodon(BRAND, MastodonSettings("revoked", mock.url, timeout=5.0))
    assert opened.publisher is not None
    for ask in (opened.publisher.me, lambda at: opened.sources[0].poll(None, at)):
        with pytest.raises(NeedsPerson, match="no longer accepts our access token"):
            ask(now())
