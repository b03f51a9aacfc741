"""What can be read: listings, search, threads, things by name, the inbox."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from sandbox.reddit.asking import Answer, Asked, page, refused
from sandbox.reddit.boards import board_exists, board_marks
from sandbox.reddit.shapes import account_shape, bare, fullname, listing, message_name
from sandbox.world import WorldPost

SPANS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
QUERY_CAP = 512
INFO_CAP = 100


def me(asked: Asked) -> Answer:
    """GET /api/v1/me."""
    account = asked.world.account("reddit", id=asked.me) if asked.me else None
    return Answer(account_shape(account)) if account else refused(403, "Forbidden")


def listed(asked: Asked, posts: Iterable[WorldPost], own_lag: timedelta = timedelta(0)) -> list[WorldPost]:
    """Newest first (when shuffled: the oldest, then the others nearly so), without what is not shown yet or no longer."""
    lag = max(own_lag, asked.options.index_lag)
    shapes = asked.shapes()
    shown = [
        post
        for post in posts
        if post.deleted_at is None and post.visible_at + lag <= asked.now and not shapes.hidden(post)
    ]
    shown.sort(key=lambda post: (post.created_at, post.id), reverse=True)
    if asked.options.shuffled:
        shown = [*shown[-1:], *(post for n in range(0, len(shown) - 1, 2) for post in reversed(shown[:-1][n : n + 2]))]
    return shown


def readable_boards(asked: Asked) -> tuple[set[str] | None, Answer | None]:
    """The boards of r/a+b in small letters (None: all of them), or why they cannot be read."""
    names = {name.lower() for name in asked.path["board"].split("+") if name}
    if "all" in names:
        return None, None
    for name in sorted(names):
        marks = board_marks(asked.world, name)
        if not board_exists(asked.world, name):
            return None, Answer(
                "", 302, {"location": f"https://www.reddit.com/subreddits/search.json?q={name}"}, "no board"
            )
        if marks.banned:
            return None, refused(404, "Not Found", reason="banned")
        if marks.private or marks.quarantined:
            return None, refused(403, "Forbidden", reason="private" if marks.private else "quarantined")
    return names, None


def open_posts(asked: Asked, names: set[str] | None) -> list[WorldPost]:
    """Posts of boards that everybody may read, of all or of those named."""
    posts = asked.world.posts("reddit")
    boards = {post.board for post in posts}
    marks = {board: board_marks(asked.world, board) for board in boards}
    hidden = {board for board, mark in marks.items() if mark.private or mark.banned or mark.quarantined}
    return [post for post in posts if post.board not in hidden and (names is None or post.board.lower() in names)]


def _page(asked: Asked, posts: Sequence[WorldPost]) -> Answer:
    shapes = asked.shapes()
    return page(asked, [fullname(post) for post in posts], lambda n: shapes.thing(posts[n]))


def search(asked: Asked) -> Answer:
    """GET /r/<board>/search/: submissions only. There is no search for comments; `type` changes nothing about that."""
    query = asked.params.get("q", "")
    if len(query) > QUERY_CAP:
        return refused(400, "Bad Request")
    names, why_not = readable_boards(asked)
    if why_not is not None:
        return why_not
    if asked.params.get("restrict_sr", "").lower() not in {"true", "1", "on"}:
        names = None
    finds = query_finds(query)
    span = SPANS.get(asked.params.get("t", "all"))
    found = [
        post
        for post in open_posts(asked, names)
        if post.parent_id is None
        and finds(f"{post.title}\n{post.text}")
        and (span is None or post.created_at >= asked.now - span)
    ]
    return _page(asked, listed(asked, found, asked.options.search_lag))


def query_finds(query: str) -> Callable[[str], bool]:
    """What a query finds: "a phrase", word, OR between them; words side by side must all be there."""
    alternatives = []
    for part in re.split(r"\s+OR\s+", query.strip()):
        wanted = [phrase or word for phrase, word in re.findall(r'"([^"]*)"|([^\s"()]+)', part)]
        alternatives.append([re.compile(rf"(?<!\w){re.escape(each)}(?!\w)", re.IGNORECASE) for each in wanted if each])
    return lambda text: any(wanted and all(each.search(text) for each in wanted) for wanted in alternatives)


def newest_submissions(asked: Asked) -> Answer:
    """GET /r/<boards>/new/."""
    names, why_not = readable_boards(asked)
    return why_not or _page(asked, listed(asked, [post for post in open_posts(asked, names) if post.parent_id is None]))


def newest_comments(asked: Asked) -> Answer:
    """GET /r/<boards>/comments/."""
    names, why_not = readable_boards(asked)
    return why_not or _page(asked, listed(asked, [post for post in open_posts(asked, names) if post.parent_id]))


def user_comments(asked: Asked) -> Answer:
    """GET /user/<name>/comments/: late by the profile's lag; in closed boards seen by their author only."""
    account = asked.world.account("reddit", handle=asked.path["name"])
    if account is None:
        return refused(404, "Not Found")
    own = [post for post in asked.world.posts("reddit", author_id=account.id) if post.parent_id]
    open_names = {post.id for post in open_posts(asked, None)}
    shown = [post for post in own if post.id in open_names or account.id == asked.me]
    return _page(asked, listed(asked, shown, asked.options.profile_lag))


def info(asked: Asked) -> Answer:
    """GET /api/info/?id=: things by fullname, in the order asked for; unknown ones, and those one may not see, are left out."""
    names = [name for name in asked.params.get("id", "").split(",") if name]
    if len(names) > INFO_CAP:
        return refused(400, "Bad Request")
    shapes, found = asked.shapes(), []
    for name in names:
        post = asked.world.post("reddit", bare(name))
        if post is None or fullname(post) != name or post.created_at > asked.now:
            continue
        if board_marks(asked.world, post.board).private and post.author_id != asked.me:
            continue
        found.append(shapes.thing(post))
    return Answer(listing(found))


def _inbox(asked: Asked, wanted: Callable[[WorldPost], str]) -> Answer:
    if asked.options.inbox_redirects:
        return Answer(
            "", 302, {"location": "https://www.reddit.com/login/?dest=https%3A%2F%2Fwww.reddit.com%2Fmessage"}
        )
    if asked.me is None:
        return refused(403, "Forbidden")
    shapes = asked.shapes()
    others = [post for post in asked.world.posts("reddit") if post.parent_id and post.author_id != asked.me]
    kept = [post for post in listed(asked, others) if wanted(post)]
    return page(asked, [fullname(post) for post in kept], lambda n: shapes.notice(kept[n], wanted(kept[n])))


def mentions(asked: Asked) -> Answer:
    """GET /message/mentions: comments of others that say u/<name>."""
    account = asked.world.account("reddit", id=asked.me) if asked.me else None
    called = re.compile(rf"(?<![\w/])/?u/{re.escape(account.handle)}(?!\w)", re.IGNORECASE) if account else None
    return _inbox(asked, lambda post: "username mention" if called and called.search(post.text) else "")


def _reply_to_me(asked: Asked, post: WorldPost, *, submission: bool) -> str:
    parent = asked.world.post("reddit", post.parent_id or "")
    if parent is None or parent.author_id != asked.me or (parent.parent_id is None) is not submission:
        return ""
    return "post reply" if submission else "comment reply"


def submission_replies(asked: Asked) -> Answer:
    """GET /message/selfreply/: comments under one's own submissions."""
    return _inbox(asked, lambda post: _reply_to_me(asked, post, submission=True))


def comment_replies(asked: Asked) -> Answer:
    """GET /message/comments/: answers to one's own comments."""
    return _inbox(asked, lambda post: _reply_to_me(asked, post, submission=False))


def sent(asked: Asked) -> Answer:
    """GET /message/sent/: one's own private messages, newest first."""
    if asked.me is None:
        return refused(403, "Forbidden")
    shapes = asked.shapes()
    mine = [
        message
        for account in asked.world.accounts("reddit")
        for message in asked.world.messages("reddit", account.id)
        if message.from_id == asked.me
    ]
    newest_first = sorted(mine, key=lambda each: each.at, reverse=True)
    numbers = range(len(mine), 0, -1)
    return page(
        asked, [message_name(n) for n in numbers], lambda place: shapes.message(newest_first[place], numbers[place])
    )
