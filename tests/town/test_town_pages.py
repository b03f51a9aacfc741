"""The town's pages: a place where a customer would see the answer, safe to look at whatever strangers write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser

import pytest
import requests

from sandbox.serve import Served
from sandbox.town.addresses import public_url, town_url
from sandbox.town.pages import create_pages
from sandbox.town.town import Town
from sandbox.world import World, WorldAccount, utc_now


@pytest.fixture
def world() -> World:
    return World(":memory:")


@pytest.fixture
def town(world: World) -> Town:
    return Town(world)


@pytest.fixture
def base(town: Town) -> Iterator[str]:
    with Served(create_pages(town.world, town.content)) as served:
        yield served.url


def get(url: str, status: int = 200) -> str:
    answer = requests.get(url, timeout=10)
    assert answer.status_code == status, answer.text[:500]
    answer.encoding = "utf-8"
    return answer.text


def account(world: World, handle: str, place: str = "x") -> WorldAccount:
    found = world.account(place, handle=handle)
    assert found is not None
    return found


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_front_page_shows_the_shops_the_newest_posts_and_says_that_it_is_practice(base: str, world: World) -> None:
    html = get(base)
    assert "Practice town." in html
    for name in ("Rose Bakery", "Swift Courier", "PixelFix"):
        assert name in html
    newest = world.posts("x", now=utc_now())[-1]
    assert f'data-post="{newest.id}"' in html


def test_a_reply_stands_once_under_the_complaint_with_the_shops_name_on_it(base: str, world: World) -> None:
    josie, shop = account(world, "josie_marsh"), account(world, "rosebakery")
    complaint = world.posts("x", author_id=josie.id)[0]
    reply = world.publish("x", shop.id, "That hair was ours, Josie, and we are sorry.", parent_id=complaint.id)
    html = get(f"{base}/x/josie_marsh/status/{complaint.id}")
    assert html.count("That hair was ours, Josie") == 1
    assert html.count(f'data-post="{reply.id}"') == 1
    assert re.search(rf'depth-1[^>]*data-post="{reply.id}" data-author="rosebakery"', html)
    assert get(f"{base}/x/rosebakery/status/{reply.id}").count("That hair was ours, Josie") == 1


def test_native_addresses_of_the_real_places_lead_to_the_same_post_here(base: str, world: World) -> None:
    comment = next(post for post in world.posts("reddit") if post.parent_id is not None and "swelled" in post.text)
    permalink = f"https://www.reddit.com/r/phonehelp/comments/{comment.conversation_id}/repair_shops/{comment.id}/"
    mapped = town_url(base, permalink)
    assert mapped is not None
    assert f'data-post="{comment.id}"' in get(mapped)
    assert f'data-post="{comment.id}"' in get(f"{base}/reddit/r/phonehelp/comments/{comment.conversation_id}")
    tweet = world.posts("x", now=utc_now())[0]
    mapped = town_url(base, f"https://x.com/i/status/{tweet.id}")
    assert mapped is not None
    assert f'data-post="{tweet.id}"' in get(mapped)
    for foreign in ("https://example.org/x", "https://x.com.mallory.example/a", "https://[", ""):
        assert town_url(base, foreign) is None


@pytest.mark.parametrize("kind", ["", "t1_"])
def test_go_finds_a_post_by_its_id_alone(base: str, world: World, kind: str) -> None:
    comment = next(post for post in world.posts("reddit") if post.parent_id is not None)
    answer = requests.get(public_url(base, "reddit", kind + comment.id), timeout=10)
    assert answer.url.endswith(f"/_/{comment.id}/#p-{comment.id}")
    assert f'id="p-{comment.id}"' in answer.text


def test_an_edited_post_is_found_by_its_first_id_and_shown_once(base: str, world: World) -> None:
    cora = account(world, "cora_bell")
    post = world.posts("x", author_id=cora.id)[0]
    world.edit("x", post.id, "all fixed, thanks")
    html = get(f"{base}/x/cora_bell/status/{post.id}")
    assert html.count("all fixed, thanks") == 1
    assert 'class="edited"' in html
    assert "my bus is at three" not in html


def test_an_answer_to_an_edited_post_stays_under_it(base: str, world: World) -> None:
    cora, shop = account(world, "cora_bell"), account(world, "pixelfix")
    post = world.posts("x", author_id=cora.id)[0]
    reply = world.publish("x", shop.id, "We are sorry, Cora.", parent_id=post.id)
    world.edit("x", post.id, "all fixed, thanks")
    html = get(f"{base}/x/pixelfix/status/{reply.id}")
    assert re.search(rf'depth-1[^>]*data-post="{reply.id}"', html)


def test_a_post_taken_down_keeps_its_place_and_loses_its_words(base: str, world: World) -> None:
    josie = account(world, "josie_marsh")
    post = world.posts("x", author_id=josie.id)[0]
    world.delete("x", post.id)
    html = get(f"{base}/x/josie_marsh/status/{post.id}")
    assert "This post was taken down." in html
    assert "cinnamon bun" not in html
    assert "cinnamon bun" not in get(base)


def test_what_is_not_visible_yet_is_not_shown(base: str, world: World) -> None:
    shop = account(world, "rosebakery")
    post = world.publish("x", shop.id, "not yet", visible_at=utc_now() + timedelta(hours=1))
    assert "not yet" not in get(base)
    get(f"{base}/x/rosebakery/status/{post.id}", status=404)


def test_hostile_words_are_shown_as_words(base: str, world: World) -> None:
    mallory = world.add_account("x", "mallory", '"><script>alert(2)</script>\u202e')
    text = "<script>alert(1)</script><img src=x onerror=alert(1)> '\"></bdi> \u202egnol\x00\ud800 " + "x" * 50_000
    post = world.publish("x", mallory.id, text)
    world.publish("reddit", account(world, "rosebakery", "reddit").id, text, title=text, board="rosetown")
    for page in (
        base,
        f"{base}/x/mallory/status/{post.id}",
        f"{base}/x/mallory",
        f"{base}/r/rosetown",
        f"{base}/reply/x/{post.id}",
    ):
        html = get(page)
        tags = Tags(html).tags
        assert "&lt;script&gt;alert(1)" in html
        assert [attrs for tag, attrs in tags if tag == "script"] == [{"src": "/static/town.js", "defer": None}]
        assert not [tag for tag, _ in tags if tag == "img"]
        assert not [name for _, attrs in tags for name in attrs if name.startswith("on") or name == "style"]
        assert html.count("<bdi") == html.count("</bdi>")
        assert "\x00" not in html


def test_every_page_forbids_foreign_and_inline_script(base: str, world: World) -> None:
    post = world.posts("x")[0]
    for path in (
        "/",
        "/r/rosetown",
        "/x/rosebakery",
        f"/go/x/{post.id}",
        "/nowhere",
        "/static/town.css",
        "/messages/x/pixelfix",
    ):
        policy = requests.get(base + path, timeout=10, allow_redirects=False).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy


def test_a_visitor_complains_on_x_and_is_summoning_the_shop(base: str, world: World) -> None:
    form = {"place": "x", "shop": "pixelfix", "name": "Robin O'Visitor", "text": "my screen is dead", "mention": "1"}
    answer = requests.post(f"{base}/complain", data=form, timeout=10)
    robin = account(world, "robin_o_visitor")
    (post,) = world.posts("x", author_id=robin.id)
    assert post.text == "@pixelfix my screen is dead"
    assert f'data-post="{post.id}"' in answer.text
    assert answer.history[0].status_code == 303


def test_a_visitor_complains_on_reddit_in_the_shops_board(base: str, world: World) -> None:
    form = {"place": "reddit", "shop": "rosebakery", "name": "Robin", "text": "Burnt again! Why?"}
    requests.post(f"{base}/complain", data=form, timeout=10)
    (post,) = world.posts("reddit", author_id=account(world, "robin", "reddit").id)
    assert (post.title, post.board, post.text) == ("Rose Bakery: Burnt again!", "rosetown", "Burnt again! Why?")


def test_a_visitor_without_a_mention_names_the_shop_by_word(base: str, world: World) -> None:
    requests.post(f"{base}/complain", data={"shop": "rosebakery", "name": "Robin", "text": "burnt!"}, timeout=10)
    assert world.posts("x", author_id=account(world, "robin").id)[0].text == "Rose Bakery: burnt!"


@pytest.mark.parametrize("name", ["rosebakery", "Rosebakery", " ROSEBAKERY "])
def test_mallory_cannot_write_as_a_shop_by_calling_herself_one(base: str, world: World, name: str) -> None:
    before = len(world.posts("x", author_id=account(world, "rosebakery").id))
    requests.post(f"{base}/complain", data={"shop": "pixelfix", "name": name, "text": "we close for ever"}, timeout=10)
    assert len(world.posts("x", author_id=account(world, "rosebakery").id)) == before
    assert account(world, "not_rosebakery").name


def test_xs_own_composer_link_leads_to_a_composer_where_the_shop_answers_by_hand(base: str, world: World) -> None:
    gaz = account(world, "gaz_hendry")
    post = world.posts("x", author_id=gaz.id)[0]
    link = town_url(base, f"https://x.com/intent/tweet?in_reply_to={post.id}&text=We+are+sorry%2C+%3Cgaz%3E")
    assert link is not None
    html = get(link)
    assert "We are sorry, &lt;gaz&gt;" in html
    assert '<option value="rosebakery" selected>' in html
    for _ in range(2):  # a double click
        requests.post(f"{base}/reply/x/{post.id}", data={"who": "rosebakery", "text": "We are sorry, gaz"}, timeout=10)
    replies = [each for each in world.conversation("x", post.conversation_id) if each.parent_id == post.id]
    assert [(each.author_id, each.text) for each in replies] == [(account(world, "rosebakery").id, "We are sorry, gaz")]


def test_a_form_of_another_site_is_refused(base: str, world: World) -> None:
    before = len(world.posts("x"))
    answer = requests.post(
        f"{base}/complain", data={"text": "spam"}, headers={"origin": "https://mallory.example"}, timeout=10
    )
    assert answer.status_code == 403
    assert len(world.posts("x")) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [("text=", 400), ("text=%20%20", 400), ("x" * 70_000, 413), ("&".join("abcdefghijklmnopqrstuvwxyz"), 400)],
)
def test_a_form_that_makes_no_sense_is_refused_with_a_sentence(base: str, body: str, status: int) -> None:
    answer = requests.post(f"{base}/complain", data=body, timeout=10)
    assert answer.status_code == status
    assert "Back to the town" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/x/nobody",
        "/r/nothing",
        "/go/x/123",
        "/go/mars/1",
        "/x/a/status/9",
        "/messages/x/nobody",
        "/static/../town.py",
        "/reply/x/1",
    ],
)
def test_what_is_not_there_is_said_kindly(base: str, path: str) -> None:
    assert "Not here" in get(base + path, status=404)


def test_private_messages_are_shown_to_the_visitor(base: str, world: World) -> None:
    cora, shop = account(world, "cora_bell"), account(world, "pixelfix")
    world.message("x", cora.id, shop.id, "my number is <b>40713</b>")
    html = get(f"{base}/messages/x/pixelfix")
    assert "my number is &lt;b&gt;40713&lt;/b&gt;" in html
    assert 'data-letter-from="cora_bell"' in html
    assert re.search(r'X messages</a> <span class="count">1</span>', get(base))


def test_a_repost_shows_the_original_and_a_quote_shows_both(base: str, world: World) -> None:
    repost = get(f"{base}/x/sveta_sever")
    assert "reposted" in repost
    assert repost.count("торт на день рождения дочки") == 1
    quote = get(f"{base}/x/olu_bakes")
    assert "mould on the crust" in quote
    assert "three-day sourdough" in quote
