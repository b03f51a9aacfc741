"""A visitor with a real browser: complains, watches the shop's answer arrive, and says something to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from sandbox.serve import Served
from sandbox.town.pages import create_pages
from sandbox.town.town import Town
from sandbox.world import World


@pytest.fixture
def town() -> Town:
    return Town(World(":memory:"))


@pytest.fixture
def page(browser: Browser, town: Town) -> Iterator[Page]:
    with Served(create_pages(town.world, town.content)) as served:
        opened = browser.new_page(viewport={"width": 390, "height": 844}, base_url=served.url)
        opened.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
        yield opened
        opened.close()


def test_robin_complains_and_sees_the_answer_arrive_without_touching_the_page(page: Page, town: Town) -> None:
    page.goto("/")
    page.get_by_label("What happened").fill("the croissant had a staple in it!!")
    page.get_by_role("button", name="Post it").click()
    mine = page.locator("[data-author=robin_visitor]")
    expect(mine).to_contain_text("a staple in it!!")

    shop = town.world.account("x", handle="rosebakery")
    complaint = mine.get_attribute("data-post")
    assert shop is not None
    reply = town.world.publish("x", shop.id, "A staple: our fault, and we are so sorry.", parent_id=complaint)
    expect(page.locator(f'[data-post="{reply.id}"]')).to_be_visible(timeout=10_000)

    town.live(0)
    town.live(25)
    expect(mine).to_have_count(2, timeout=10_000)


def test_a_fresh_post_does_not_disturb_robin_while_typing(page: Page, town: Town) -> None:
    page.goto("/")
    page.get_by_label("What happened").fill("half a sen")
    shop = town.world.account("x", handle="pixelfix")
    assert shop is not None
    news = town.world.publish("x", shop.id, "We open at nine.")
    expect(page.locator(f'[data-post="{news.id}"]')).to_be_attached(timeout=10_000)
    expect(page.get_by_label("What happened")).to_have_value("half a sen")
    expect(page.get_by_label("What happened")).to_be_focused()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_the_screen(page: Page, town: Town, width: int) -> None:
    mallory = town.world.add_account("x", "mallory", "M" * 300)
    post = town.world.publish("x", mallory.id, "w" * 5_000)
    page.set_viewport_size({"width": width, "height": 844})
    for path in ("/", f"/go/x/{post.id}", f"/reply/x/{post.id}", "/r/rosetown", "/messages/x/rosebakery"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_hostile_post_runs_nothing(page: Page, town: Town) -> None:
    said: list[str] = []

    def note(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    page.goto("/x/bobby_tabs")
    expect(page.locator("[data-author=bobby_tabs]")).to_contain_text("<script>alert('pixelfix')</script>")
    assert said == []
