"""The scene of the town put into the world: shops, people, the past, and the few things bound to happen in the first minutes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.town.content import Content, ScenePost
from sandbox.world import World, WorldAccount

PLACES = ("x", "reddit")

STEP, IDS = "town:scene:step", "town:scene:ids"


@dataclass(frozen=True, slots=True)
class Step:
    """Something the scene does: `act` is post, edit or delete, `due` seconds from the epoch."""

    due: float
    act: str
    post: ScenePost


def steps(content: Content) -> list[Step]:
    """Everything the scene does, in order."""
    return sorted(_steps(content), key=lambda step: step.due)


def _steps(content: Content) -> Iterator[Step]:
    for post in content.scene:
        yield Step(post.at, "post", post)
        if post.edit_at is not None:
            yield Step(post.edit_at, "edit", post)
        if post.delete_at is not None:
            yield Step(post.delete_at, "delete", post)


def open_accounts(world: World, content: Content, now: datetime) -> None:
    """The shops on every place, four years old."""
    opened = now - timedelta(days=1_460)
    for shop in content.shops:
        for place in PLACES:
            world.add_account(place, shop.handle, shop.name, followers=shop.followers, created_at=opened)


def townsperson(world: World, place: str, handle: str, name: str, now: datetime) -> WorldAccount:
    """The account of somebody who lives here; opened when they first write. On Reddit nobody shows a name."""
    shown = handle if place == "reddit" else name
    age = timedelta(days=90 + sum(handle.encode()) % 900)
    return world.add_account(place, handle, shown, followers=sum(handle.encode()) % 400, created_at=now - age)


def note_kind(world: World, place: str, post_id: str, kind: str) -> None:
    """Remember what a post is, so that its author knows later how to take an answer."""
    world.remember(f"town:kind:{place}:{post_id}", kind)


def tagged(text: str, lang: str) -> str:
    """The language X would tag a text with: it does not know Telugu in Latin letters."""
    return "und" if lang == "te" and not re.search(r"[\u0c00-\u0c7f]{3}", text) else lang


class Scene:
    """The scene's steps, done one by one and remembered in the world."""

    def __init__(self, world: World, content: Content) -> None:
        self.world, self.content = world, content
        self._steps = steps(content)

    def due(self) -> float | None:
        """Seconds from the epoch at which the next step is due; None when all are done."""
        done = int(self.world.recall(STEP) or 0)
        return self._steps[done].due if done < len(self._steps) else None

    def do(self, epoch: datetime, at: datetime, speed: float) -> None:
        """Do the next step, as of `at`."""
        done = int(self.world.recall(STEP) or 0)
        ids: dict[str, str] = json.loads(self.world.recall(IDS) or "{}")
        step = self._steps[done]
        if step.act == "post":
            ids[step.post.key] = self._publish(step.post, ids, epoch, at, speed)
            self.world.remember(IDS, json.dumps(ids))
        elif step.act == "edit":
            self.world.edit(step.post.place, ids[step.post.key], step.post.edited, at=at)
        else:
            self.world.delete(step.post.place, ids[step.post.key], at=at)
        self.world.remember(STEP, str(done + 1))

    def thread(self, key: str) -> str:
        """The native id of a scene post, by its key."""
        return str(json.loads(self.world.recall(IDS) or "{}")[key])

    def _publish(self, post: ScenePost, ids: dict[str, str], epoch: datetime, at: datetime, speed: float) -> str:
        shop = next((each for each in self.content.shops if each.handle == post.by), None)
        author = townsperson(self.world, post.place, post.by, shop.name if shop else self.content.people[post.by], at)
        visible = None
        if post.visible is not None:
            visible = epoch + timedelta(seconds=post.visible / (speed if post.visible > 0 else 1))
        published = self.world.publish(
            post.place,
            author.id,
            post.text,
            at=at,
            visible_at=visible,
            parent_id=ids.get(post.parent),
            quoted_id=ids.get(post.quoted),
            reposted_id=ids.get(post.reposted),
            title=post.title,
            board=post.board,
            lang=tagged(post.text, post.lang) if post.place == "x" else None,
        )
        note_kind(self.world, post.place, published.id, post.kind)
        return published.id
