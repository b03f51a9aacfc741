"""A submission with its comments, and the "load more comments" behind which Reddit hides the rest."""

from __future__ import annotations

from typing import Any

from sandbox.reddit.asking import Answer, Asked, refused
from sandbox.reddit.boards import board_marks
from sandbox.reddit.shapes import Shapes, bare, fullname, listing
from sandbox.world import WorldPost

DEPTH = 10
"""Deeper than this, a thread ends in "continue this thread"."""

SHOWN, SHOWN_CAP = 200, 500
"""Comments in one answer: unasked, and at most."""

MORE_CAP = 100
"""Comments in one answer of morechildren."""


class Tree:
    """The comments of one conversation, as far as a visitor sees them."""

    def __init__(self, asked: Asked, shapes: Shapes, root: WorldPost) -> None:
        self.shapes = shapes
        self.root = root
        self.below: dict[str, list[WorldPost]] = {}
        comments = [
            post
            for post in asked.world.conversation("reddit", root.id)
            if post.parent_id is not None and post.visible_at <= asked.now
        ]
        if asked.params.get("sort") != "old":
            comments.reverse()
        for post in comments:
            self.below.setdefault(post.parent_id or "", []).append(post)
        for post in sorted(comments, key=lambda each: each.created_at, reverse=True):
            if post.deleted_at is not None and not self.below.get(post.id):  # a deleted leaf leaves no trace
                self.below[post.parent_id or ""].remove(post)

    def all_below(self, post_id: str) -> list[str]:
        """Ids of everything under a post, in reading order."""
        found = []
        for post in self.below.get(post_id, ()):
            found += [post.id, *self.all_below(post.id)]
        return found

    def breadth_first(self, post_id: str) -> list[str]:
        """Ids of everything under a post, the nearest first: the order in which Reddit fills its answer."""
        found, row = [], [post_id]
        while row:
            row = [post.id for each in row for post in self.below.get(each, ())]
            found += row
        return found

    def write(self, post: WorldPost, shown: set[str], depth: int) -> dict[str, Any]:
        """A comment and what is shown under it."""
        replies = self.replies(post, shown, depth + 1)
        return self.shapes.thing(post, listing(replies) if replies else "")

    def replies(self, parent: WorldPost, shown: set[str], depth: int) -> list[dict[str, Any]]:
        """The things right under a post, with a `more` for those left out."""
        children = self.below.get(parent.id, ())
        if children and depth >= DEPTH:
            return [more(parent, [], 0, depth)]
        things = [self.write(post, shown, depth) for post in children if post.id in shown]
        left_out = [post for post in children if post.id not in shown]
        if left_out:
            ids = [each for post in left_out for each in (post.id, *self.all_below(post.id))]
            things.append(more(parent, ids, len(ids), depth))
        return things


def more(parent: WorldPost, ids: list[str], count: int, depth: int) -> dict[str, Any]:
    """A `more`. With count 0 and no children it means "continue this thread"."""
    first = ids[0] if ids else "_"
    data = {
        "count": count,
        "name": f"t1_{first}",
        "id": first,
        "parent_id": fullname(parent),
        "depth": depth,
        "children": ids,
    }
    return {"kind": "more", "data": data}


def thread(asked: Asked) -> Answer:
    """GET /comments/<id>/ and /comments/<id>/_/<comment>: the submission's listing and the comments'."""
    root = asked.world.post("reddit", asked.path["id"])
    if root is None or root.parent_id is not None:
        return refused(404, "Not Found")
    if board_marks(asked.world, root.board).private:
        return refused(403, "Forbidden", reason="private")
    shapes = asked.shapes()
    tree = Tree(asked, shapes, root)
    limit = max(1, min(SHOWN_CAP, asked.number("limit", SHOWN)))
    submission = listing([shapes.thing(root)])
    wanted = asked.path.get("comment") or asked.params.get("comment")
    if not wanted:
        shown = set(tree.breadth_first(root.id)[:limit])
        return Answer([submission, listing(tree.replies(root, shown, 0))])
    return Answer([submission, listing(_around(asked, tree, bare(wanted), limit))])


def _around(asked: Asked, tree: Tree, wanted: str, limit: int) -> list[dict[str, Any]]:
    """One comment, up to eight above it (context), and those below."""
    focus = asked.world.post("reddit", wanted)
    leafless = focus is not None and focus.deleted_at is not None and not tree.below.get(focus.id)
    if focus is None or focus.conversation_id != tree.root.id or leafless:
        return []
    line = [focus]
    for _ in range(min(8, asked.number("context", 0))):
        above = asked.world.post("reddit", line[0].parent_id or "")
        if above is None or above.parent_id is None:
            break
        line.insert(0, above)
    thing = tree.write(focus, set(tree.breadth_first(focus.id)[:limit]), len(line) - 1)
    for above in reversed(line[:-1]):
        thing = tree.shapes.thing(above, listing([thing]))
    return [thing]


def more_children(asked: Asked) -> Answer:
    """/api/morechildren/: the comments behind a `more`, side by side; what is too much comes back as a `more`."""
    root = asked.world.post("reddit", bare(asked.params.get("link_id", "")))
    if root is None:
        return Answer({"json": {"errors": [["NO_LINK", "that link does not exist", "link_id"]]}})
    tree = Tree(asked, asked.shapes(), root)
    known = set(tree.all_below(root.id))
    ids = [each for each in asked.params.get("children", "").split(",") if each in known]
    things: list[dict[str, Any]] = []
    for each in ids[:MORE_CAP]:
        post = asked.world.post("reddit", each)
        assert post is not None
        things.append(tree.shapes.thing(post))
    if left := ids[MORE_CAP:]:
        first = asked.world.post("reddit", left[0])
        assert first is not None
        parent = asked.world.post("reddit", first.parent_id or "")
        assert parent is not None
        things.append(more(parent, left, len(left), 0))
    return Answer({"json": {"errors": [], "data": {"things": things}}})
