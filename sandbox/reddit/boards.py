"""What the moderators and the site did to boards, posts and accounts. Kept as facts of the world, so that it outlives a restart."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from sandbox.world import World


@dataclass(frozen=True, slots=True)
class BoardMarks:
    """What was done to a subreddit. `shut` names accounts (ids) that may not write there."""

    private: bool = False
    banned: bool = False  # the site closed the whole subreddit
    quarantined: bool = False
    shut: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostMarks:
    """What was done to a post. `broken` makes listings show it in a shape nobody expects."""

    locked: bool = False
    archived: bool = False
    removed: bool = False  # by a moderator
    broken: str = ""


@dataclass(frozen=True, slots=True)
class AccountMarks:
    """What an account chose, or suffered. Its posts stay when it is `gone`, without a name on them."""

    no_messages: bool = False
    gone: bool = False


def board_marks(world: World, board: str) -> BoardMarks:
    """The marks of r/`board`."""
    known = json.loads(world.recall(f"reddit:board:{board.lower()}") or "{}")
    return BoardMarks(**{**known, "shut": tuple(known.get("shut", ()))})


def mark_board(world: World, board: str, **marks: object) -> None:
    """Set marks of r/`board`; it then exists, even without posts."""
    changed = replace(board_marks(world, board), **marks)  # type: ignore[arg-type]  # a wrong mark is a TypeError at once
    world.remember(f"reddit:board:{board.lower()}", json.dumps(asdict(changed)))


def board_exists(world: World, board: str) -> bool:
    """Whether anybody wrote in r/`board`, or marked it."""
    return world.recall(f"reddit:board:{board.lower()}") is not None or bool(world.posts("reddit", board=board))


def post_marks(world: World, post_id: str) -> PostMarks:
    """The marks of a post, by its bare id."""
    known = world.recall(f"reddit:post:{post_id}")
    return PostMarks(**json.loads(known)) if known else PostMarks()


def mark_post(world: World, post_id: str, **marks: object) -> None:
    """Set marks of a post, by its bare id."""
    changed = replace(post_marks(world, post_id), **marks)  # type: ignore[arg-type]  # a wrong mark is a TypeError at once
    world.remember(f"reddit:post:{post_id}", json.dumps(asdict(changed)))


def account_marks(world: World, account_id: str) -> AccountMarks:
    """The marks of an account, by its bare id."""
    known = world.recall(f"reddit:account:{account_id}")
    return AccountMarks(**json.loads(known)) if known else AccountMarks()


def mark_account(world: World, account_id: str, **marks: object) -> None:
    """Set marks of an account, by its bare id."""
    changed = replace(account_marks(world, account_id), **marks)  # type: ignore[arg-type]  # a wrong mark is a TypeError at once
    world.remember(f"reddit:account:{account_id}", json.dumps(asdict(changed)))
