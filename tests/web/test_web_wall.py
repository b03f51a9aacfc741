"""The wall: every route against forged forms, looking that must not act, roles, headers, hosts, sizes and errors."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from desk.web.app import create_app
from desk.web.guard import HEADERS
from storage.lifecycle import SPENT_REPLIES
from tests.web.small_house import House, Settings
from tests.web.visitors import Browser

LOOKS = frozenset({"sessions", "leases"})
"""Who is signed in and when they were last seen, and the health page's trial write, are no business of a case."""


@pytest.fixture
def app(house: House) -> FastAPI:
    return create_app(house, house.clock)


@pytest.fixture
def lived_in(house: House) -> House:
    """A house where every list has something in it."""
    waiting, held, by_hand = (
        house.complain(),
        house.complain(handle="dan"),
        house.complain(handle="eve", summoned=False),
    )
    from datetime import timedelta

    for case_id in (held, by_hand):
        file = house.reading.case(case_id)
        assert file is not None
        house.casebook.replies.approve(
            file.proposals[0].id, file.case.turn, "person:1", house.clock(), hold=timedelta(minutes=1), anyway=True
        )
    house.casebook.cases.note(waiting, "A note.", "person:1", house.clock())
    return house


def routes(method: str) -> list[str]:
    """Every path of ours that takes this method, from the route table itself."""
    from desk.web.routes import ROUTERS

    return [
        one.path
        for router in ROUTERS
        for one in router.routes
        if isinstance(one, APIRoute) and method in (one.methods or ())
    ]


def methods() -> Iterator[str]:
    from desk.web.routes import ROUTERS

    for router in ROUTERS:
        for one in router.routes:
            assert isinstance(one, APIRoute)
            yield from one.methods or ()


def fill(path: str, case_id: int = 1) -> str:
    return path.replace("{case_id}", str(case_id)).replace("{mention_id}", "1").replace("{brand}", "rosebakery")


def digest(house: House) -> str:
    """A hash of every row of every table."""
    told = hashlib.sha256()
    with house.engine.connect() as connection:
        tables = [row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in sorted(set(tables) - LOOKS):
            rows = connection.exec_driver_sql(f'SELECT * FROM "{table}" ORDER BY 1').all()
            told.update(repr((table, [tuple(row) for row in rows])).encode())
    return told.hexdigest()


def fields(house: House) -> dict[str, Any]:
    """Enough of everything for any form of ours."""
    file = house.reading.case(1)
    assert file is not None
    return {
        "proposal": file.proposals[0].id, "seen": file.case.turn, "text": file.proposals[0].text, "reply": 1, "there": "yes",
        "reason": "praise", "hours": 3, "cause": "a", "remedy": "b", "scope": "*", "brand": "rosebakery", "yes": "yes",
        "old": "x", "new": "y", "email": "ana@rosebakery.example", "password": "x", "note": "n", "why": "w",
        "kind": "praise", "per_day": "2", "version": 1,
    }  # fmt: skip


def test_only_looking_and_pressing_exist() -> None:
    assert set(methods()) <= {"GET", "POST"}


@pytest.fixture
def visit(lived_in: House, app: FastAPI) -> Callable[[str], Browser]:
    """Somebody's signed-in browser."""

    def come(name: str) -> Browser:
        browser = Browser(app)
        browser.come_in(lived_in, f"{name.lower()}@rosebakery.example")
        return browser

    return come


# One house for all routes: a change that one of them made would show at the next.


def test_a_form_without_the_sessions_token_does_nothing(lived_in: House, visit: Callable[[str], Browser]) -> None:
    ana, bens, before = visit("Ana"), visit("Ben").token(), digest(lived_in)
    for path in routes("POST"):
        for token in ({}, {"token": ""}, {"token": "0" * 64}, {"token": bens}, {"token": "\u20ac"}):
            answer = ana.post(fill(path), data=fields(lived_in) | token, follow_redirects=False)
            assert answer.status_code == 403, (path, token)
        assert digest(lived_in) == before, path


def test_a_form_from_another_site_does_nothing_even_with_the_token(
    lived_in: House, visit: Callable[[str], Browser]
) -> None:
    ana = visit("Ana")
    token, before = {"token": ana.token()}, digest(lived_in)
    for path in routes("POST"):
        for site in ("cross-site", "same-site", "nonsense"):
            headers = {"sec-fetch-site": site}
            answer = ana.post(fill(path), data=fields(lived_in) | token, headers=headers, follow_redirects=False)
            assert answer.status_code == 403, (path, site)
        del ana.headers["sec-fetch-site"]
        for origin in ("https://evil.example", "http://127.0.0.1:1", "http://127.0.0.1"):
            answer = ana.post(
                fill(path), data=fields(lived_in) | token, headers={"origin": origin}, follow_redirects=False
            )
            assert answer.status_code == 403, (path, origin)
        ana.headers["sec-fetch-site"] = "same-origin"
        assert digest(lived_in) == before, path


def test_an_older_browser_that_names_only_the_origin_can_press(
    lived_in: House, visit: Callable[[str], Browser]
) -> None:
    ana = visit("Ana")
    token = {"token": ana.token()}
    del ana.headers["sec-fetch-site"]
    for origin in ("http://127.0.0.1:8420", "null"):
        assert ana.post("/pause", data=token, headers={"origin": origin}).status_code == 200
    assert lived_in.casebook.pauses.paused("rosebakery")


def test_vera_may_only_look_and_is_told_who_may(lived_in: House, visit: Callable[[str], Browser]) -> None:
    vera, before = visit("Vera"), digest(lived_in)
    token = {"token": vera.token()}
    for path in set(routes("POST")) - {"/sign-in", "/sign-out", "/account/password"}:
        answer = vera.post(fill(path), data=fields(lived_in) | token, follow_redirects=False)
        assert answer.status_code == 403, path
        assert "An owner or a member can do this" in answer.text
        assert digest(lived_in) == before, path


def test_whoever_is_not_signed_in_sees_nothing_and_does_nothing(lived_in: House, app: FastAPI) -> None:
    stranger, before = Browser(app), digest(lived_in)
    for path in {*routes("GET"), *routes("POST")} - {"/sign-in", "/signed-out", "/healthz"}:
        for method in ("GET", "POST"):
            data = fields(lived_in) if method == "POST" else None
            answer = stranger.request(method, fill(path), data=data, follow_redirects=False)
            assert answer.status_code in (303, 405), (method, path)
            assert "Cora" not in answer.text
            assert answer.headers.get("location", "/sign-in").startswith("/sign-in"), path
        assert digest(lived_in) == before, path


def test_looking_at_everything_three_times_changes_nothing(lived_in: House, app: FastAPI) -> None:
    ana = Browser(app)
    ana.come_in(lived_in, "ana@rosebakery.example")
    before = digest(lived_in)
    seen = 0
    for _ in range(3):
        for path in sorted(set(routes("GET")) - {"/events"}):
            for case_id in (1, 2, 3):
                answer = ana.get(fill(path, case_id) + "?did=approved&proposal=1&seen=1&anyway=yes")
                assert answer.status_code == 200, path
                seen += 1
        for path in routes("POST"):
            for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
                ana.request(method, fill(path))
    assert seen > 60
    assert digest(lived_in) == before


def test_pressing_changes_the_base_or_the_tests_above_prove_nothing(lived_in: House, app: FastAPI) -> None:
    ana = Browser(app)
    ana.come_in(lived_in, "ana@rosebakery.example")
    before = digest(lived_in)
    ana.post("/cases/1/approve", data=fields(lived_in) | {"token": ana.token(), "anyway": "yes"})
    assert digest(lived_in) != before
    file = lived_in.reading.case(1)
    assert file is not None
    assert len([one for one in file.replies if one.state not in SPENT_REPLIES]) == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", path, 200) for path in ("/", "/cases/1", "/paste", "/sources", "/account", "/cases", "/signed-out", "/healthz")),
        *(("GET", path, 200) for path in ("/listening", "/heard", "/charts/listening/rosebakery.svg")),
        ("GET", "/cases/99", 404), ("GET", "/nothing", 404), ("GET", "/cases/x", 422), ("POST", "/cases", 405), ("PUT", "/paste", 405),
        ("POST", "/pause", 403), ("GET", "/static/amends.css", 200), ("GET", "/static/nothing.css", 404), ("GET", "/static/../app.py", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
    ],
)  # fmt: skip
def test_every_answer_carries_the_strict_headers(
    lived_in: House, app: FastAPI, method: str, path: str, status: int
) -> None:
    ana = Browser(app)
    ana.come_in(lived_in, "ana@rosebakery.example")
    answer = ana.request(method, path, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == status
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    kept = "immutable" in answer.headers["cache-control"] or answer.headers["cache-control"] == "no-store"
    assert kept
    assert ("immutable" in answer.headers["cache-control"]) == (path == "/static/amends.css")
    assert "Traceback" not in answer.text


def test_the_policy_allows_no_inline_script_and_nobody_elses_files() -> None:
    policy = HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "frame-ancestors 'none'" in policy


def test_our_scripts_need_nothing_that_the_policy_forbids(project: Any) -> None:
    for script in (project / "desk" / "web" / "static").glob("*.js"):
        assert not re.search(
            r"\beval\(|new Function|innerHTML\s*=\s*`|\.style\b|setAttribute\(.style", script.read_text()
        )
    for template in (project / "desk" / "web" / "templates").glob("*.html"):
        assert not re.search(
            r"\|\s*safe\b|<style|\sstyle=|\son[a-z]+=|<script(?![^>]* src=)|autoescape", template.read_text()
        )


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "inbox.example:8420@evil.example", "xn--80ak6aa92e.com"]
)
def test_a_strange_host_is_refused_on_every_page_and_named_nowhere(lived_in: House, app: FastAPI, host: str) -> None:
    ana = Browser(app)
    ana.come_in(lived_in, "ana@rosebakery.example")
    for path in ("/", "/cases/1", "/sign-in", "/healthz", "/static/amends.css"):
        answer = ana.get(path, headers={"host": host}, follow_redirects=False)
        assert answer.status_code == 400
        assert "evil" not in answer.text + str(dict(answer.headers))


def test_a_forwarded_host_moves_no_link(lived_in: House, app: FastAPI) -> None:
    ana = Browser(app)
    ana.come_in(lived_in, "ana@rosebakery.example")
    for path in ("/", "/cases/1", "/cases/1/draft", "/account"):
        answer = ana.get(
            path, headers={"x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}, follow_redirects=False
        )
        assert "evil" not in answer.text + str(dict(answer.headers))


def test_the_address_in_the_settings_is_ours_too(build_house: Callable[..., House]) -> None:
    house = build_house(Settings(public_url="https://inbox.example"))
    browser = Browser(create_app(house, house.clock), "https://inbox.example")
    assert browser.get("/sign-in").status_code == 200


def test_too_much_is_refused_before_anybody_reads_it(lived_in: House, app: FastAPI) -> None:
    ana = Browser(app)
    ana.come_in(lived_in, "ana@rosebakery.example")
    form = {"content-type": "application/x-www-form-urlencoded"}
    token = ana.token()

    def endless() -> Iterator[bytes]:
        yield f"token={token}&text=".encode()
        for _ in range(200):
            yield b"a" * 10_000

    assert ana.post("/paste", content=b"text=" + b"a" * 1_000_001, headers=form).status_code == 413
    assert ana.post("/paste", content=endless(), headers=form).status_code == 413
    assert ana.post("/paste", content=b"x", headers={"content-length": "-5"} | form).status_code in (400, 413)
    assert ana.post("/paste", data={"token": token, "text": "a" * 20_001}).status_code == 422
    many = "&".join(f"f{number}=1" for number in range(3000))
    assert ana.post("/paste", content=f"token={token}&{many}".encode(), headers=form).status_code in (400, 422)


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "application/json", "text/plain", "multipart/mixed"]
)
def test_only_plain_forms_are_read(lived_in: House, app: FastAPI, kind: str) -> None:
    ana = Browser(app)
    ana.come_in(lived_in, "ana@rosebakery.example")
    answer = ana.post("/paste", content=b"--x\r\n" * 1000, headers={"content-type": kind})
    assert answer.status_code == 415


def test_an_error_has_a_number_and_no_inside(lived_in: House, caplog: pytest.LogCaptureFixture) -> None:
    ana = Browser(create_app(lived_in, lived_in.clock))
    ana.come_in(lived_in, "ana@rosebakery.example")
    lived_in.brands = {"rosebakery": None}  # type: ignore[dict-item]
    answer = ana.get("/cases/1")
    assert answer.status_code == 500
    number = re.search(r"number ([0-9a-f]{8})", answer.text)
    assert number
    assert number[1] in caplog.text
    assert "Traceback" not in answer.text
    assert "NoneType" not in answer.text
    assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]


def test_a_base_that_cannot_be_used_is_told_in_words(lived_in: House, app: FastAPI) -> None:
    ana = Browser(app)
    ana.come_in(lived_in, "ana@rosebakery.example")
    with lived_in.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE cases RENAME TO gone")
        connection.commit()
    answer = ana.get("/")
    assert answer.status_code == 503
    assert "amends migrate" in answer.text


def test_health_is_told_to_everybody_without_a_word_about_people(lived_in: House, app: FastAPI) -> None:
    from datetime import timedelta
    from importlib.metadata import version

    answer = Browser(app).get("/healthz")
    told = answer.json()
    assert answer.status_code == 200
    assert (told["version"], told["database"], told["ok"]) == (version("amends"), "ok", True)
    assert told["sources"]["x:mentions:rosebakery"]["last_success"]
    assert "Cora" not in answer.text
    lived_in.clock.move(timedelta(hours=1))
    answer = Browser(app).get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["sources"]["x:mentions:rosebakery"]["stale"] is True


def test_health_says_when_the_base_takes_no_writes(house: House) -> None:
    with house.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.rollback()
    answer = Browser(create_app(house, house.clock)).get("/healthz")
    assert (answer.status_code, answer.json()["database"]) == (503, "cannot be written")
