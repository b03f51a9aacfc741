"""What can be written: comments, edits, deletions, private messages; and every way in which Reddit says no to them."""

from __future__ import annotations

from datetime import timedelta

from sandbox.reddit.asking import Answer, Asked, refused
from sandbox.reddit.boards import account_marks, board_marks, post_marks
from sandbox.reddit.shapes import bare, fullname
from sandbox.world import WorldPost

TEXT_CAP = 10_000
SUBJECT_CAP = 100

GERMAN = {
    "DELETED_COMMENT": "Dieser Kommentar wurde gelöscht",
    "RATELIMIT": "Das machst du zu oft. Versuch es später noch einmal.",
    "THREAD_LOCKED": "Die Kommentare sind gesperrt.",
}


def field_error(asked: Asked, code: str, says: str, field: str | None, **more: float) -> Answer:
    """A no with a name. Status 200, or 400 in another form, as the real one does for some callers."""
    says = GERMAN.get(code, says) if asked.options.german else says
    if asked.options.errors_as_400:
        body = {"fields": [field], "explanation": says, "message": "Bad Request", "reason": code}
        return Answer(body, 400, note=code)
    return Answer({"json": {**more, "errors": [[code, says, field]]}}, note=code)


def _own(asked: Asked) -> WorldPost | None:
    post = asked.world.post("reddit", bare(asked.params.get("thing_id") or asked.params.get("id") or ""))
    return post if post is not None and post.author_id == asked.me else None


def _closed(asked: Asked, parent: WorldPost) -> Answer | None:
    """Why nobody, or not this account, may reply there."""
    root = asked.world.post("reddit", parent.conversation_id)
    assert root is not None
    board = board_marks(asked.world, parent.board)
    if asked.me in board.shut or board.private or board.banned:
        return refused(403, "Forbidden")
    if parent.deleted_at is not None:
        word = "link you are commenting on" if parent.parent_id is None else "comment"
        code = "DELETED_LINK" if parent.parent_id is None else "DELETED_COMMENT"
        return field_error(asked, code, f"that {word} has been deleted", "parent")
    if any(post_marks(asked.world, each.id).archived for each in (root, parent)):
        return field_error(asked, "TOO_OLD", "that's a piece of history now; it's too late to reply to it", "parent")
    if any(post_marks(asked.world, each.id).locked for each in (root, parent)):
        return field_error(asked, "THREAD_LOCKED", "Comments are locked.", "parent")
    return None


def _too_fast(asked: Asked) -> Answer | None:
    """RATELIMIT, with the seconds left."""
    own = asked.world.posts("reddit", author_id=asked.me)
    newest = max((post.created_at for post in own if post.parent_id), default=None)
    if newest is None or newest + asked.options.comment_wait <= asked.now:
        return None
    left = newest + asked.options.comment_wait - asked.now
    minutes = -(-left // timedelta(minutes=1))
    wait = f"{minutes} minutes" if minutes > 1 else f"{-(-left // timedelta(seconds=1))} seconds"
    says = f"Looks like you've been doing that a lot. Take a break for {wait} before trying again."
    return field_error(asked, "RATELIMIT", says, "ratelimit", ratelimit=round(left.total_seconds(), 3))


def comment(asked: Asked) -> Answer:
    """POST /api/comment/: a reply to thing_id. In a quarantined board it is made, and the answer names no thing."""
    if asked.me is None:
        return field_error(asked, "USER_REQUIRED", "Please log in to do that.", None)
    text = asked.params.get("text", "")
    parent = asked.world.post("reddit", bare(asked.params.get("thing_id", "")))
    if parent is None:
        return field_error(asked, "NO_THING_ID", "id not specified", "thing_id")
    if not text.strip():
        return field_error(asked, "NO_TEXT", "we need something here", "text")
    if len(text) > TEXT_CAP:
        return field_error(asked, "TOO_LONG", f"this is too long (max: {TEXT_CAP})", "text")
    said_no = _closed(asked, parent) or _too_fast(asked)
    if said_no is not None:
        return said_no
    post = asked.world.publish("reddit", asked.me, text, parent_id=parent.id)
    hidden = board_marks(asked.world, post.board).quarantined
    things = [] if hidden else [asked.shapes().thing(post)]
    return Answer({"json": {"errors": [], "data": {"things": things}}}, note=f"created {fullname(post)}")


def edit(asked: Asked) -> Answer:
    """POST /api/editusertext/: one's own text, in place."""
    post = _own(asked)
    if post is None or post.deleted_at is not None:
        return field_error(asked, "NOT_AUTHOR", "you can't do that", "thing_id")
    changed = asked.world.edit("reddit", post.id, asked.params.get("text", ""))
    answer = {"json": {"errors": [], "data": {"things": [asked.shapes().thing(changed)]}}}
    return Answer(answer, note=f"edited {fullname(changed)}")


def delete(asked: Asked) -> Answer:
    """POST /api/del/: one's own post. The answer is {} whether or not it was still there."""
    post = _own(asked)
    if post is None:
        return refused(403, "Forbidden")
    asked.world.delete("reddit", post.id)
    return Answer({}, note=f"deleted {fullname(post)}")


def compose(asked: Asked) -> Answer:
    """POST /api/compose/: a private message. Kept in the world as the subject, an empty line, and the text."""
    if asked.me is None:
        return field_error(asked, "USER_REQUIRED", "Please log in to do that.", None)
    subject, text = asked.params.get("subject", ""), asked.params.get("text", "")
    to = asked.world.account("reddit", handle=asked.params.get("to", "").removeprefix("/u/").removeprefix("u/"))
    if to is None or account_marks(asked.world, to.id).gone:
        return field_error(asked, "USER_DOESNT_EXIST", "that user doesn't exist", "to")
    if not subject:
        return field_error(asked, "NO_SUBJECT", "please enter a subject", "subject")
    if not text:
        return field_error(asked, "NO_TEXT", "we need something here", "text")
    if len(subject) > SUBJECT_CAP:
        return field_error(asked, "TOO_LONG", f"this is too long (max: {SUBJECT_CAP})", "subject")
    if len(text) > TEXT_CAP:
        return field_error(asked, "TOO_LONG", f"this is too long (max: {TEXT_CAP})", "text")
    if account_marks(asked.world, to.id).no_messages:
        says = "that user is not accepting private messages from you"
        return field_error(asked, "NOT_WHITELISTED_BY_USER_MESSAGE", says, "to")
    asked.world.message("reddit", asked.me, to.id, f"{subject}\n\n{text}")
    return Answer({"json": {"errors": []}}, note=f"message to {to.handle}")
