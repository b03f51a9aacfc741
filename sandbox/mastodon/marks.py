"""What is known of a status beside its text. Kept as facts of the world, so that it outlives a restart.

The world's own fields hold the rest: `title` is the content warning, `board` the visibility ("" is public), which answers inherit.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from sandbox.world import World, WorldPost

PUBLIC = "public"
UNLISTED = "unlisted"
PRIVATE = "private"
DIRECT = "direct"
VISIBILITIES = (PUBLIC, UNLISTED, PRIVATE, DIRECT)


@dataclass(frozen=True, slots=True)
class PostMarks:
    """`bare`: it answers somebody without naming them. `html`: what another instance sent instead of what ours would write."""

    bare: bool = False
    html: str | None = None


def post_marks(world: World, post_id: str) -> PostMarks:
    """The marks of a status."""
    known = world.recall(f"mastodon:post:{post_id}")
    return PostMarks(**json.loads(known)) if known else PostMarks()


def mark_post(world: World, post_id: str, **marks: object) -> None:
    """Set marks of a status."""
    changed = replace(post_marks(world, post_id), **marks)  # type: ignore[arg-type]  # a wrong mark is a TypeError at once
    world.remember(f"mastodon:post:{post_id}", json.dumps(asdict(changed)))


def visibility(post: WorldPost) -> str:
    """Who may see it."""
    return post.board or PUBLIC
