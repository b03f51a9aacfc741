from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.keys import BRANDS, reddit_keys, x_keys
from sandbox.serve import Served
from sandbox.things import snowflake, snowflake_time
from sandbox.world import World

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_town_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with World(tmp_path / "town.db", lambda: NOON) as world:
        cora = world.add_account("x", "cora", "Cora", followers=3)
        post = world.publish("x", cora.id, "The croissants were cold \ud800\0 \u202e")
        world.message("x", cora.id, "1", "hello")
        world.log("x", "POST", "/2/tweets", 201, "created", "{}")
        world.remember("epoch", "noon")
    with World(tmp_path / "town.db") as world:
        assert world.account("x", handle="CORA") == cora
        assert world.post("x", post.id) == post
        assert post.text == "The croissants were cold \ud800\0 \u202e"
        assert [message.text for message in world.messages("x", "1")] == ["hello"]
        assert [(call.status, call.note) for call in world.calls("x")] == [(201, "created")]
        assert world.calls("reddit") == []
        assert world.recall("epoch") == "noon"


def test_an_edit_on_x_makes_a_new_id_and_on_reddit_keeps_it() -> None:
    world = World(":memory:", lambda: NOON)
    for place in ("x", "reddit"):
        cora = world.add_account(place, "cora", "Cora")
        first = world.publish(place, cora.id, "Cold", board="bakeries")
        edited = world.edit(place, first.id, "Cold, but fixed", NOON + timedelta(minutes=5))
        assert (edited.id == first.id) is (place == "reddit")
        assert edited.history[0] == first.id
        assert [version.text for version in edited.versions] == ["Cold", "Cold, but fixed"]
        assert edited.created_at == NOON
        assert edited.edited_at == NOON + timedelta(minutes=5)
        assert world.post(place, first.id) == edited == world.post(place, edited.id)
    world.close()


def test_late_posts_are_hidden_until_they_arrive_and_deleted_ones_vanish() -> None:
    world = World(":memory:", lambda: NOON)
    cora = world.add_account("x", "cora", "Cora")
    late = world.publish("x", cora.id, "Late", at=NOON, visible_at=NOON + timedelta(minutes=1))
    gone = world.publish("x", cora.id, "Gone", at=NOON)
    world.delete("x", gone.id, NOON + timedelta(minutes=2))
    assert [post.id for post in world.posts("x", now=NOON)] == [gone.id]
    assert [post.id for post in world.posts("x", now=NOON + timedelta(minutes=1))] == [late.id, gone.id]
    assert [post.id for post in world.posts("x", now=NOON + timedelta(minutes=2))] == [late.id]
    assert len(world.posts("x")) == 2
    world.close()


def test_replies_join_the_conversation_and_board_of_what_they_answer() -> None:
    world = World(":memory:", lambda: NOON)
    cora = world.add_account("reddit", "cora", "Cora")
    root = world.publish("reddit", cora.id, "Text", title="Cold bread", board="bakeries")
    answer = world.publish("reddit", cora.id, "And late", parent_id=root.id)
    deeper = world.publish("reddit", cora.id, "And dear", parent_id=answer.id)
    assert [post.id for post in world.conversation("reddit", root.id)] == [root.id, answer.id, deeper.id]
    assert deeper.board == "bakeries"
    assert world.posts("reddit", board="Bakeries", author_id=cora.id) == world.posts("reddit")
    with pytest.raises(KeyError):
        world.publish("reddit", cora.id, "To nobody", parent_id="nothing")
    world.close()


def test_ids_on_x_tell_the_time_and_rise_with_it() -> None:
    assert abs(snowflake_time(snowflake(NOON)) - NOON) < timedelta(milliseconds=1)
    assert snowflake_time(1578516068309794817).date().isoformat() == "2022-10-07"  # an id of the real X
    world = World(":memory:", lambda: NOON)
    cora = world.add_account("x", "cora", "Cora")
    ids = [int(world.publish("x", cora.id, "Again").id) for _ in range(3)]
    assert ids == sorted(set(ids))
    world.close()


def test_many_threads_write_and_nothing_is_lost(tmp_path: Path) -> None:
    with World(tmp_path / "town.db", lambda: NOON) as world, World(tmp_path / "town.db", lambda: NOON) as same:
        cora = world.add_account("x", "cora", "Cora")

        def write(n: int) -> str:
            return (world if n % 2 else same).publish("x", cora.id, f"Post {n}").id

        with ThreadPoolExecutor(8) as threads:
            ids = list(threads.map(write, range(100)))
        assert len(set(ids)) == 100 == len(world.posts("x"))


def test_a_served_application_answers_and_frees_its_port() -> None:
    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/", hello)])
    with Served(app) as served:
        assert requests.get(served.url, timeout=5).text == "hello"
        with pytest.raises(OSError, match="in use"):
            Served(app, served.port)
    with Served(app, served.port):
        assert requests.get(served.url, timeout=5).text == "hello"


def test_every_brand_has_keys_of_its_own() -> None:
    assert len({x_keys(brand).access_token for brand in BRANDS}) == len(BRANDS)
    assert len({reddit_keys(brand).password for brand in BRANDS}) == len(BRANDS)
    assert x_keys("RoseBakery").access_token == x_keys("rosebakery").access_token
