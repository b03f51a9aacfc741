"""The door: signing in and out, back-off, the practice town's open door, and lines that anybody could read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import Request

from desk.web import passwords
from desk.web.app import create_app
from desk.web.patience import ACCOUNT, ADDRESS, Patience, near
from desk.web.visitor import address_of
from tests.clock import NOON
from tests.web.small_house import PASSWORD, House, Settings
from tests.web.visitors import Browser, words

ANA = "ana@rosebakery.example"


def is_in(browser: Browser) -> bool:
    return browser.get("/account", follow_redirects=False).status_code == 200


def test_the_right_password_opens_the_page_one_wanted(house: House, door: Callable[..., Browser]) -> None:
    browser = door()
    case_id = house.complain()
    asked = browser.get(f"/cases/{case_id}")
    assert asked.url.path == "/sign-in"
    answer = browser.press(
        str(asked.url).removeprefix("http://127.0.0.1:8420"), "/sign-in", email=ANA.upper(), password=PASSWORD
    )
    assert answer.url.path == f"/cases/{case_id}"


@pytest.mark.parametrize(
    "then", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\r\nx: y"]
)
def test_signing_in_never_leads_to_another_site(door: Callable[..., Browser], then: str) -> None:
    browser = door()
    token = browser.look("/sign-in")
    from tests.web.visitors import field

    answer = browser.post(
        "/sign-in",
        data={"email": ANA, "password": PASSWORD, "token": field(token, "token"), "then": then},
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("email", [ANA, "nobody@rosebakery.example", ""])
def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(door: Callable[..., Browser], email: str) -> None:
    answer = door().sign_in(email, "wrong")
    assert answer.status_code == 401
    assert "do not fit together" in answer.text


def test_an_unknown_person_costs_as_much_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    verify = passwords._hasher.verify
    monkeypatch.setattr(passwords, "_hasher", _Counting(looked, verify))
    assert not passwords.is_right(None, "anything")
    assert not passwords.is_right(passwords._dummy(), "anything")
    assert looked[0] == looked[1]


class _Counting:
    def __init__(self, looked: list[str], verify: Callable[[str, str], bool]) -> None:
        self.looked, self._verify, self.hash = looked, verify, passwords._hasher.hash

    def verify(self, stored: str, password: str) -> bool:
        self.looked.append(stored.rpartition("$")[0].rpartition("$")[0])
        return self._verify(stored, password)


def test_guessing_is_slowed_down_and_the_owner_is_not_locked_out(house: House, door: Callable[..., Browser]) -> None:
    mallory = door()
    answers = [mallory.sign_in(ANA, f"guess {number}").status_code for number in range(ACCOUNT.free + 4)]
    assert answers[: ACCOUNT.free + 1] == [401] * (ACCOUNT.free + 1)
    assert answers[-1] == 429
    assert "Please wait" in mallory.sign_in(ANA, PASSWORD).text
    house.clock.move(ACCOUNT.longest)
    assert mallory.sign_in(ANA).status_code == 200
    assert is_in(mallory)


def test_ten_thousand_guesses_in_an_hour_are_few_looks() -> None:
    patience, now, looked = Patience(), NOON, 0
    for _ in range(10_000):
        now += timedelta(seconds=0.36)
        if not patience.wait(ANA, "192.0.2.1", now):
            looked += 1
            patience.failed(ANA, "192.0.2.1", now)
    assert looked <= ADDRESS.free + 25


def test_many_accounts_from_one_address_are_slowed_down_too() -> None:
    patience = Patience()
    for number in range(50):
        patience.failed(f"{number}@example.com", "2001:db8::1", NOON)
    assert patience.wait("new@example.com", "2001:db8::ffff", NOON) > timedelta(minutes=1)
    assert not patience.wait("new@example.com", "192.0.2.7", NOON)
    assert near("192.0.2.7") == "192.0.2.7"


def test_a_session_from_before_signing_in_is_worth_nothing_afterwards(
    house: House, door: Callable[..., Browser]
) -> None:
    browser = door("Ben")
    planted = browser.cookies["amends-8420"]
    answer = browser.post("/sign-out", data={"token": browser.token()})
    assert "signed out" in answer.text
    browser.cookies.set("amends-8420", planted, domain="127.0.0.1")
    assert not is_in(browser)
    browser.sign_in(ANA)
    assert browser.cookies["amends-8420"] != planted


def test_signing_in_anew_gives_a_new_session_and_ends_the_old(door: Callable[..., Browser]) -> None:
    first, second = door("Ana"), door()
    old = first.cookies["amends-8420"]
    second.cookies.set("amends-8420", "planted by mallory", domain="127.0.0.1")
    second.sign_in(ANA)
    assert second.cookies["amends-8420"] not in ("planted by mallory", old)


def test_a_copied_cookie_is_dead_after_signing_out(house: House, door: Callable[..., Browser]) -> None:
    ana, mallory = door("Ana"), door()
    mallory.cookies.set("amends-8420", ana.cookies["amends-8420"], domain="127.0.0.1")
    assert is_in(mallory)
    ana.post("/sign-out", data={"token": ana.token()})
    assert not is_in(mallory)
    assert not is_in(ana)


def test_a_session_ends_when_nobody_uses_it_and_in_any_case_after_a_month(
    house: House, door: Callable[..., Browser]
) -> None:
    idle, busy = door("Ana"), door("Ben")
    for _ in range(6):
        house.clock.move(timedelta(days=5, hours=1))
        assert is_in(busy) == (house.clock() < NOON + timedelta(days=30))
    assert not is_in(idle)


def test_a_new_password_ends_every_other_session(door: Callable[..., Browser]) -> None:
    here, there = door("Ana"), door("Ana")
    wrong = here.press("/account", "/account/password", old="wrong", new="five quite unrelated words")
    assert "not your present password" in wrong.text
    short = here.press("/account", "/account/password", old=PASSWORD, new="short")
    assert "at least 12 characters" in short.text
    answer = here.press("/account", "/account/password", old=PASSWORD, new="five quite unrelated words")
    assert "Your password is changed" in answer.text
    assert is_in(here)
    assert not is_in(there)
    assert there.sign_in(ANA, "five quite unrelated words").status_code == 200
    assert is_in(there)


def test_a_role_that_was_taken_away_counts_from_the_next_press(house: House, ben: Browser) -> None:
    case_id = house.complain()
    token = ben.token()
    house.casebook.people.set_role(2, "viewer")
    answer = ben.post(f"/cases/{case_id}/note", data={"token": token, "text": "Hello"})
    assert answer.status_code == 403
    assert "An owner or a member can do this" in answer.text


def test_the_practice_town_lets_its_visitor_in_by_itself(build_house: Callable[..., House]) -> None:
    house = build_house(Settings(demo=True, town_url="http://127.0.0.1:8421"))
    page = words(Browser(create_app(house, house.clock)).look("/"))
    assert "Practice town: nothing reaches real people" in page
    assert "Ana" in page


@pytest.mark.parametrize(
    ("address", "peer", "headers"),
    [
        ("http://127.0.0.1:8420", "192.0.2.9", {}),
        ("http://192.0.2.1:8420", "127.0.0.1", {}),
        ("http://amends.evil.example", "127.0.0.1", {}),
        ("http://127.0.0.1:8420", "127.0.0.1", {"x-forwarded-for": "192.0.2.9"}),
        ("http://inbox.example", "127.0.0.1", {}),  # through a proxy on this machine that says nothing of itself
    ],
)
def test_the_practice_town_opens_to_nobody_from_elsewhere(
    build_house: Callable[..., House], address: str, peer: str, headers: dict[str, str]
) -> None:
    house = build_house(Settings(demo=True, public_url="http://inbox.example"))
    browser = Browser(create_app(house, house.clock), address, peer)
    browser.headers.update(headers)
    assert browser.get("/").status_code in (400, 403)
    assert not browser.cookies


def test_no_password_is_asked_for_over_a_line_that_anybody_could_read(build_house: Callable[..., House]) -> None:
    house = build_house(Settings(public_url="http://inbox.example"))
    stranger = Browser(create_app(house, house.clock), "http://inbox.example", "192.0.2.9")
    answer = stranger.get("/sign-in")
    assert answer.status_code == 403
    assert "could be read on the way" in answer.text
    assert stranger.post("/sign-in", data={"email": ANA, "password": PASSWORD}).status_code == 403


def test_behind_the_proxy_of_the_settings_the_cookie_is_for_https_alone(build_house: Callable[..., House]) -> None:
    house = build_house(Settings(public_url="https://inbox.example"))
    app = create_app(house, house.clock)
    browser = Browser(app, "https://inbox.example", "127.0.0.1")
    answer = browser.get("/sign-in")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-amends-door=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    browser.sign_in(ANA)
    assert browser.get("/account", follow_redirects=False).status_code == 200


@pytest.mark.parametrize(("proto", "status"), [("http", 403), ("https", 200)])
def test_a_proxy_that_was_itself_asked_in_plain_text_asks_for_no_password(
    build_house: Callable[..., House], proto: str, status: int
) -> None:
    house = build_house(Settings(public_url="https://inbox.example"))
    browser = Browser(create_app(house, house.clock), "http://inbox.example", "127.0.0.1")
    assert browser.get("/sign-in", headers={"x-forwarded-proto": proto}).status_code == status


@pytest.mark.parametrize(
    ("address", "forwarded", "known"),
    [
        ("https://inbox.example", "198.51.100.7", "192.0.2.9"),  # nobody stood between
        ("http://127.0.0.1:8420", "198.51.100.7", "192.0.2.9"),  # not by the proxy of the settings
        (
            "http://inbox.example",
            "198.51.100.7, 203.0.113.5",
            "203.0.113.5",
        ),  # what the proxy saw, not what it was told
        ("http://inbox.example", "", "192.0.2.9"),
    ],
)
def test_mallory_cannot_invent_the_address_that_is_made_to_wait(
    build_house: Callable[..., House], address: str, forwarded: str, known: str
) -> None:
    house = build_house(Settings(public_url="https://inbox.example"))
    scheme, _, host = address.partition("://")
    headers = [(b"host", host.encode()), *([(b"x-forwarded-for", forwarded.encode())] if forwarded else [])]
    told = {"type": "http", "scheme": scheme, "path": "/", "query_string": b"", "headers": headers}
    asked = Request(told | {"client": ("192.0.2.9", 50000), "app": create_app(house, house.clock)})
    assert address_of(asked) == known


def test_who_pressed_a_button_after_the_session_ended_comes_back_to_a_page(house: House, ana: Browser) -> None:
    case_id = house.complain()
    form = {"token": ana.token()}
    house.clock.move(timedelta(days=60))
    answer = ana.post(f"/cases/{case_id}/undo", data=form | {"reply": "1"}, follow_redirects=False)
    assert answer.status_code == 303
    assert "undo" not in answer.headers["location"]


def test_a_crowd_at_the_door_is_asked_to_wait_instead_of_filling_the_memory() -> None:
    held = 0
    try:
        while passwords._places.acquire(blocking=False):
            held += 1
        with pytest.raises(passwords.Busy):
            passwords.is_right(None, "anything")
    finally:
        for _ in range(held):
            passwords._places.release()
    assert held == passwords.AT_ONCE + passwords.WAITING


def test_hashes_are_made_the_way_the_owasp_page_asks_at_least() -> None:
    stored = passwords.hash_password("four unrelated words")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.find_fault("aaaaaaaaaaaaaaaa")
    assert passwords.find_fault("a" * 300)
    assert not passwords.find_fault("four unrelated words")
