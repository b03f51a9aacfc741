"""The inbox in a real browser: live findings, the countdown, news that come by themselves, the keyboard, and what the eye needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from desk.web.app import create_app
from sandbox.serve import Served
from storage.words import ReplyState
from tests.web.small_house import House, Settings

pytestmark = pytest.mark.browser

PHONE, DESK = (390, 844), (1280, 900)

CONTRAST = """() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !element.checkVisibility() || element.closest(".sr, .skip, noscript")) continue;
    const [front, back] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) bad.push(`${walk.currentNode.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return bad;
}"""

SMALL = """() => [...document.querySelectorAll("a.button, button, input:not([type=hidden]):not([type=radio]), select, summary, .nav a, .entry")]
  .filter((one) => one.checkVisibility() && !one.closest(".sr"))
  .map((one) => [one.textContent.trim().slice(0, 20) || one.name, one.getBoundingClientRect().height])
  .filter(([, height]) => height < 43.5)"""

NAMELESS = """() => [...document.querySelectorAll("input:not([type=hidden]), textarea:not([hidden]), select, button, a")]
  .filter((one) => one.checkVisibility())
  .filter((one) => !(one.labels?.length || one.textContent.trim() || one.getAttribute("aria-label")))
  .map((one) => one.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Chromium]:
    options = [
        "--no-sandbox",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
    ]
    resolver = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=[*options, resolver])
        yield started
        started.close()


@pytest.fixture
def home(build_house: Callable[..., House]) -> House:
    return build_house(Settings(demo=True))


@pytest.fixture
def served(home: House) -> Iterator[Served]:
    app = create_app(home, home.clock)
    with Served(app) as running:
        yield running
        app.state.closing.set()


@pytest.fixture
def context(browser: Chromium, served: Served) -> Iterator[BrowserContext]:
    width, height = PHONE
    opened = browser.new_context(base_url=served.url, viewport={"width": width, "height": height})
    opened.set_default_timeout(15_000)
    opened.grant_permissions(["clipboard-read", "clipboard-write"], origin=served.url)
    opened.route("https://x.com/**", lambda route: route.fulfill(body="X's own page"))
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("weberror", lambda error: complaints.append(str(error.error)))
    yield opened
    opened.close()
    # Refused forms and lost lines are told in the console too; what must never be there is a broken policy or script.
    assert [one for one in complaints if "Content Security" in one or "Error:" in one] == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def states(home: House, case_id: int) -> list[ReplyState]:
    file = home.reading.case(case_id)
    assert file is not None
    return [one.state for one in file.replies]


def test_findings_and_length_follow_the_typing(home: House, page: Page) -> None:
    case_id = home.complain()
    page.goto(f"/cases/{case_id}")
    expect(page.locator(".good")).to_have_text("Ready to go.")
    page.get_by_label("The answer, word for word").fill("We are sorry if you were unhappy.")
    expect(page.locator("[data-finding=conditional]")).to_be_visible()
    expect(page.locator(".length p")).to_have_text("33 of 280")
    expect(page.locator("#preview .said")).to_have_text("We are sorry if you were unhappy.")
    page.get_by_label("The answer, word for word").fill("ы" * 300)
    expect(page.locator(".length p")).to_have_text("20 characters too many")


def test_leaving_out_the_invitation_is_one_tap_and_can_be_taken_back(home: House, page: Page) -> None:
    case_id = home.complain()
    page.goto(f"/cases/{case_id}")
    text = page.get_by_label("The answer, word for word")
    before = text.input_value()
    page.get_by_role("button", name="Leave out the invitation").click()
    expect(text).not_to_have_value(before)
    assert "hello@rosebakery.example" not in text.input_value()
    page.get_by_role("button", name="Put my words back").click()
    expect(text).to_have_value(before)


def test_one_click_from_the_list_on_the_phone_and_an_undo_that_counts_down(home: House, page: Page) -> None:
    case_id = home.complain()
    page.goto("/")
    page.locator(f"[data-case='{case_id}'] summary").click()
    page.get_by_role("button", name="Post publicly as @rosebakery on X").click()
    expect(page.get_by_role("status")).to_contain_text("Approved")
    assert states(home, case_id) == [ReplyState.APPROVED]
    page.goto(f"/cases/{case_id}")
    expect(page.locator("[data-seconds]").first).to_have_text("15 min")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing went out")
    assert states(home, case_id) == [ReplyState.WITHDRAWN]


def test_the_seconds_go_down(home: House, page: Page) -> None:
    case_id = home.complain()
    file = home.reading.case(case_id)
    assert file is not None
    home.casebook.replies.approve(
        file.proposals[0].id, file.case.turn, "person:1", home.clock(), hold=timedelta(seconds=60), anyway=True
    )
    page.goto("/")
    expect(page.locator("[data-seconds]")).to_have_text("58 s")


def test_a_double_click_posts_once(home: House, page: Page) -> None:
    case_id = home.complain()
    page.goto(f"/cases/{case_id}")
    page.get_by_role("button", name="Post publicly as @rosebakery on X").dblclick()
    expect(page.get_by_role("status")).to_contain_text("Approved")
    assert states(home, case_id) == [ReplyState.APPROVED]


def test_a_new_complaint_comes_to_the_open_list_by_itself(home: House, page: Page) -> None:
    page.goto("/")
    expect(page.locator("html[data-line=open]")).to_have_count(1)
    expect(page.locator("h1")).to_have_text("All quiet")
    case_id = home.complain()
    expect(page.locator(f"[data-case='{case_id}']")).to_be_visible()
    expect(page).to_have_title("(1) Inbox · Amends")


def test_an_answer_that_somebody_reads_is_not_pulled_away_by_news(home: House, page: Page) -> None:
    first = home.complain()
    page.goto("/")
    expect(page.locator("html[data-line=open]")).to_have_count(1)
    page.locator(f"[data-case='{first}'] summary").click()
    second = home.complain(handle="dan", urgency=4)
    show = page.get_by_role("button", name="Something changed: show it")
    expect(show).to_be_visible()
    expect(page.locator(f"[data-case='{first}'] details[open]")).to_have_count(1)
    expect(page.locator(f"[data-case='{second}']")).to_have_count(0)
    show.click()
    expect(page.locator(f"[data-case='{second}']")).to_be_visible()


def test_when_cora_writes_again_the_typed_words_stay_and_can_be_put_back(home: House, page: Page) -> None:
    case_id = home.complain()
    page.goto(f"/cases/{case_id}")
    expect(page.locator("html[data-line=open]")).to_have_count(1)
    text = page.get_by_label("The answer, word for word")
    text.fill("My own careful words.")
    home.write_again(case_id)
    home.propose_now(case_id)
    expect(page.locator(".news")).to_contain_text("Cora Lane moved on since you opened this")
    expect(text).to_have_value("My own careful words.")
    page.get_by_role("link", name="Look", exact=True).click()
    expect(page.get_by_text("And nobody answers the phone.")).to_be_visible()
    page.get_by_role("button", name="Put back what I was typing").click()
    expect(text).to_have_value("My own careful words.")


def test_by_hand_one_button_copies_the_words_and_opens_the_site(
    home: House, page: Page, context: BrowserContext
) -> None:
    case_id = home.complain(summoned=False)
    page.goto(f"/cases/{case_id}")
    typed = page.get_by_label("The answer, word for word").input_value()
    with context.expect_page() as opened:
        page.get_by_role("button", name="Copy the reply and open X").click()
    opened.value.wait_for_url("https://x.com/intent/**")
    page.bring_to_front()
    expect(page.get_by_role("heading", name="You post this one")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == typed
    page.get_by_role("button", name="I posted it").click()
    expect(page.get_by_role("status")).to_contain_text("it is posted")
    assert states(home, case_id) == [ReplyState.POSTED]


def test_everything_can_be_done_from_the_keyboard(home: House, page: Page) -> None:
    case_id = home.complain()
    page.goto("/")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('entry')"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{case_id}")
    text = page.get_by_label("The answer, word for word")
    text.focus()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.startsWith('Post publicly')"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Approved")
    assert states(home, case_id) == [ReplyState.APPROVED]


def overhear(home: House) -> None:
    """Mentions that raised nothing, some of them doubtful, and two ways of listening."""
    for number in range(60):
        home.hear(share=(0.02, 0.1, 0.3)[number % 3], ago=timedelta(days=number % 20, hours=1))
    home.hear("w" * 300, share=0.4, name="Rose Bakery Support " * 4, handle="rosebakery_help_and_support")
    home.casebook.hearings.ask_per_day("rosebakery", 2.0, "person:1", home.clock())
    home.casebook.hearings.ask_per_day("rosebakery", None, "person:1", home.clock())


def test_the_slider_says_what_each_place_means_and_is_saved(home: House, page: Page) -> None:
    overhear(home)
    page.goto("/listening")
    slider, says = page.get_by_label("How much is raised"), page.locator(".says")
    expect(slider).to_be_visible()
    slider.focus()
    page.keyboard.press("End")
    most = says.text_content()
    page.keyboard.press("Home")
    expect(says).to_contain_text("About 4 a week: ")
    assert says.text_content() != most
    expect(slider).to_have_attribute("aria-valuetext", says.text_content() or "")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("It counts for whatever comes from now on")
    hearing = home.casebook.hearings.current("rosebakery")
    assert hearing is not None
    assert hearing.per_day == 0.5
    expect(page.locator(".chosen")).to_contain_text("About 4 a week")


def test_the_plot_is_drawn_for_the_phone_and_for_the_desk(home: House, page: Page) -> None:
    home.complain()
    page.goto("/listening")
    drawn = page.locator("img.plot")
    expect(drawn).to_be_visible()
    assert drawn.evaluate("(one) => one.complete && one.naturalWidth") == 326
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(drawn).to_have_js_property("naturalWidth", 680)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_reads_well_on_a_small_phone_and_a_desk(home: House, page: Page, scheme: str) -> None:
    waiting, held, by_hand = (
        home.complain(urgency=4),
        home.complain(handle="dan"),
        home.complain(handle="eve", summoned=False),
    )
    home.complain(
        "@rosebakery " + "w" * 300, handle="rosebakery_help_and_support", name="Rose Bakery Support " * 4, urgency=2
    )
    for case_id in (held, by_hand):
        file = home.reading.case(case_id)
        assert file is not None
        home.casebook.replies.approve(
            file.proposals[0].id, file.case.turn, "person:1", home.clock(), hold=timedelta(minutes=1), anyway=True
        )
    overhear(home)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for path in (
            "/",
            *(f"/cases/{one}" for one in (waiting, held, by_hand)),
            "/paste",
            "/sources",
            "/account",
            "/cases?state=open",
            "/listening",
            "/heard",
        ):
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.evaluate(CONTRAST) == [], (path, width)
            assert page.evaluate(NAMELESS) == [], path
            assert page.evaluate(SMALL) == [], path


def test_the_pause_button_stands_under_the_thumb(home: House, page: Page) -> None:
    case_id = home.complain()
    for path in ("/", f"/cases/{case_id}", "/paste"):
        page.goto(path)
        box = page.get_by_role("button", name="Pause").bounding_box()
        assert box is not None
        assert box["y"] > PHONE[1] - 80
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Posting is paused")).to_be_visible()
    assert home.casebook.pauses.paused("rosebakery")


def test_without_scripts_the_whole_way_still_works(home: House, browser: Chromium, served: Served) -> None:
    case_id = home.complain()
    bare = browser.new_context(base_url=served.url, java_script_enabled=False)
    page = bare.new_page()
    page.goto(f"/cases/{case_id}")
    page.get_by_role("button", name="Leave out the invitation").click()
    page.get_by_role("button", name="Post publicly as @rosebakery on X").click()
    assert "Approved" in page.content()
    bare.close()
    assert states(home, case_id) == [ReplyState.APPROVED]


def test_without_scripts_one_can_label_and_choose_too(home: House, browser: Chromium, served: Served) -> None:
    overhear(home)
    bare = browser.new_context(base_url=served.url, java_script_enabled=False)
    page = bare.new_page()
    page.goto("/listening")
    assert not page.get_by_label("How much is raised").is_visible()
    page.get_by_role("button", name="No complaint").first.click()
    assert "Amends learns from it" in page.content()
    page.get_by_role("button", name="Choose: About 4 a week").click()
    assert "It counts for whatever comes from now on" in page.content()
    bare.close()
    hearing = home.casebook.hearings.current("rosebakery")
    assert hearing is not None
    assert hearing.per_day == 0.5
