"""The whole story in a real browser, begun as a user begins it: hear, propose, approve, post, hear again, make good.

With AMENDS_PICTURES=docs/images the screenshots go there (`make pictures`), for the README.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sandbox.world import World, WorldPost

SLOW = 90_000
"""Milliseconds to wait for what the service and the town do by themselves: a machine that runs other tests beside is slow."""
SIZES = {390: 844, 1280: 900}


@dataclass
class Demo:
    """A running demo: its addresses, its process, and the town as it stands in its file."""

    url: str
    town_url: str
    folder: Path
    process: subprocess.Popen[str]
    town: World


def free_ports() -> int:
    """The first of four free ports in a row."""
    for port in range(21000 + os.getpid() % 2000 * 8, 64000, 8):
        try:
            for beside in range(4):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port + beside))
        except OSError:
            continue
        return port
    raise AssertionError("no four free ports in a row")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder, port = tmp_path_factory.mktemp("story"), free_ports()
    command = [str(Path(sys.executable).with_name("amends")), "demo", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Amends is running" in line:
                break
        else:
            pytest.fail("the demo did not start: " + "".join(said))
        with World(folder / ".demo" / "town.sqlite") as town:
            yield Demo(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}", folder, process, town)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(timeout=20) == 0, rest
        assert "Traceback" not in rest


@pytest.fixture
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": SIZES[1280]}, base_url=demo.url)
    context.set_default_timeout(SLOW)
    context.on("weberror", lambda wrong: pytest.fail(f"script error: {wrong.error}"))
    yield context.new_page()
    context.close()


@pytest.fixture
def pictures(tmp_path: Path, project: Path) -> Path:
    wanted = os.environ.get("AMENDS_PICTURES")
    folder = project / wanted if wanted else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def picture(page: Page, folder: Path, name: str) -> None:
    """A screenshot at either width, as the screen shows it; the page must not be wider than the screen."""
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width} px"
        path = folder / f"{name}-{width}.png"
        page.screenshot(path=path)
        assert path.stat().st_size > 5_000


def until(ask: Callable[[], object], what: str) -> None:
    """Ask again and again until there is an answer."""
    deadline = time.monotonic() + SLOW / 1000
    while time.monotonic() < deadline:
        if ask():
            return
        time.sleep(0.3)
    raise AssertionError(f"did not happen: {what}")


def answerable(page: Page, but: str = "") -> Locator:
    """The first English case on X that Amends may answer itself, with its proposal open; not the case `but`."""
    row = page.locator(f"article[data-case]:not([data-case='{but}'])").filter(has=page.locator(".full[lang=en]")).filter(
        has=page.get_by_role("button", name=re.compile(r"Post publicly as @\w+ on X"), include_hidden=True)
    )  # fmt: skip
    row.first.wait_for()
    row.first.locator("summary").click()
    return row.first


def test_a_complaint_is_answered_with_one_click_and_made_good(page: Page, demo: Demo, pictures: Path) -> None:
    page.goto("/")
    expect(page.get_by_text("Practice town: nothing reaches real people")).to_be_visible()
    row = answerable(page)
    case = row.get_attribute("data-case")
    text = row.locator(".full").inner_text()
    button = row.get_by_role("button", name=re.compile("Post publicly as"))
    shop = re.search(r"@(\w+)", button.inner_text())
    assert shop is not None
    account = demo.town.account("x", handle=shop[1])
    assert account is not None

    def ours() -> list[WorldPost]:
        return [post for post in demo.town.posts("x", author_id=account.id) if post.text == text]

    button.dblclick()  # tired owners do
    until(ours, "the reply is posted")
    reply = ours()[0]
    assert reply.parent_id is not None

    seen = page.context.new_page()
    seen.goto(f"{demo.town_url}/go/x/{reply.parent_id}")
    expect(seen.locator(f'[data-post="{reply.id}"]')).to_contain_text(text, timeout=SLOW)
    expect(seen.locator(f'[data-author="{shop[1]}"]').filter(has_text=text)).to_have_count(1)

    complaint = demo.town.post("x", reply.parent_id)
    assert complaint is not None

    def reaction() -> bool:
        public = [post for post in demo.town.posts("x", author_id=complaint.author_id) if post.parent_id == reply.id]
        private = [message for message in demo.town.messages("x", account.id) if message.from_id == complaint.author_id]
        return bool(public or private)

    until(reaction, "the customer reacts")

    def heard() -> bool:
        page.goto(f"/cases/{case}")
        public = [post for post in demo.town.posts("x", author_id=complaint.author_id) if post.parent_id == reply.id]
        return all(post.text in (page.locator("main").text_content() or "") for post in public)

    until(heard, "what the customer wrote stands on the page")  # who closes a case without having seen it is refused
    made_good = page.locator("details#resolve")
    if made_good.get_attribute("open") is None:  # it stands open by itself once the customer has thanked us
        made_good.locator("summary").click()
    page.get_by_label("What went wrong").fill("The oven was started too late.")
    page.get_by_label("What you did about it").fill("A fresh one, brought round the same day.")
    with page.expect_navigation():
        page.get_by_role("button", name="Close the case").click()
    page.goto(f"/cases/{case}")
    expect(page.get_by_text("The oven was started too late.")).to_be_visible()
    assert len(ours()) == 1, "posted once, whatever was clicked and however often was looked"
    seen.close()


def test_what_the_customer_writes_next_comes_back_to_the_case(page: Page, demo: Demo) -> None:
    """Robin complains in the town, is answered, edits the complaint in anger; the open page says so by itself."""
    page.goto(demo.town_url)
    robin = demo.town.account("x", handle="robin_visitor") or demo.town.add_account("x", "robin_visitor", "Robin")
    said = demo.town.publish("x", robin.id, "@rosebakery the rye bread was mouldy inside, awful and disgusting!")
    page.goto("/")
    row = page.locator("article[data-case]").filter(has_text="mouldy inside")
    row.locator(".full").wait_for(state="attached")
    page.goto(f"/cases/{row.get_attribute('data-case')}")
    editor = page.get_by_label("The answer, word for word")
    editor.fill("We are so sorry about the bread, Robin. Half-written")
    demo.town.publish("x", robin.id, "@rosebakery and nobody picks up the phone!!", parent_id=said.id)
    expect(page.get_by_text(re.compile("moved on since you opened", re.IGNORECASE)).first).to_be_visible(timeout=SLOW)
    expect(editor).to_have_value("We are so sorry about the bread, Robin. Half-written")


def test_links_lead_into_the_town_and_a_reply_by_hand_closes_the_loop(page: Page, demo: Demo) -> None:
    """Somebody names the shop without a mention, so the owner posts it on the site; the poller sees it and says so."""
    robin = demo.town.account("x", handle="robin_visitor") or demo.town.add_account("x", "robin_visitor", "Robin")
    said = demo.town.publish("x", robin.id, "Rose Bakery sold me a stale loaf for the third time, terrible service.")
    page.goto("/?brand=rosebakery")
    row = page.locator("article[data-case]").filter(has_text="stale loaf for the third time")
    row.locator(".full").wait_for(state="attached")
    page.goto(f"/cases/{row.get_attribute('data-case')}")
    expect(page.get_by_role("link", name="See it on X").first).to_have_attribute(
        "href", f"{demo.town_url}/x/robin_visitor/status/{said.id}"
    )
    page.get_by_role("button", name=re.compile("Copy the reply and open X|by hand|open X", re.IGNORECASE)).first.click()
    link = page.locator("#open-site")
    link.wait_for()
    composer = link.get_attribute("href")
    assert composer is not None
    assert composer.startswith(demo.town_url)
    case = page.url
    page.goto(composer)
    page.get_by_role("button", name=re.compile("Post|Reply")).first.click()
    until(lambda: [post for post in demo.town.posts("x") if post.parent_id == said.id], "it is posted by hand")
    page.goto(case)
    expect(page.get_by_text(re.compile("posted by hand", re.IGNORECASE)).first).to_be_attached(timeout=SLOW)


def test_undo_keeps_a_reply_from_going_out(page: Page, demo: Demo) -> None:
    def up(words: str) -> int:
        return sum(post.text == words for post in demo.town.posts("x"))

    page.goto("/")
    row = answerable(page)
    case, text = row.get_attribute("data-case"), row.locator(".full").inner_text()
    row.get_by_role("button", name=re.compile("Post publicly as")).click()
    page.goto(f"/cases/{case}")
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_role("button", name=re.compile("Post publicly as"))).to_be_visible(timeout=SLOW)
    # What is due first goes out first: once a later reply is up, the one taken back would be up as well.
    page.goto("/")
    later = answerable(page, but=case or "")
    said = later.locator(".full").inner_text()
    before = {words: up(words) for words in (text, said)}
    later.get_by_role("button", name=re.compile("Post publicly as")).click()
    until(lambda: up(said) > before[said], "the later reply is posted")
    assert up(text) == before[text] + (said == text)


def test_pictures_of_what_a_visitor_sees(page: Page, pictures: Path) -> None:
    page.goto("/?brand=rosebakery")
    page.locator("article[data-case] .full").nth(5).wait_for(state="attached")
    picture(page, pictures, "inbox")
    english = page.locator("article[data-case]").filter(has=page.locator(".full[lang=en]"))
    row = english.filter(has=page.locator(".words", has_text="@rosebakery")).first
    page.goto(f"/cases/{row.get_attribute('data-case')}")
    page.get_by_label("The answer, word for word").wait_for()
    picture(page, pictures, "case")


def test_the_daily_mail_looks_right_on_a_phone_and_on_a_desk(page: Page, demo: Demo, pictures: Path) -> None:
    letter, amends = demo.folder / "digest.html", str(Path(sys.executable).with_name("amends"))
    subprocess.run(
        [amends, "digest", "--preview", "--html", str(letter), "--config", ".demo/config.toml"],
        cwd=demo.folder,
        check=True,
        capture_output=True,
    )
    page.goto(letter.as_uri())
    expect(page.get_by_role("link").first).to_have_attribute("href", re.compile(f"^{re.escape(demo.url)}/"))
    picture(page, pictures, "digest")
