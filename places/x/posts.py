"""X's JSON, read into Posts: whole texts, real links, every id of an edited post. What cannot be read is Poison and costs only itself.

Where X is about to rename a field (tweet to post, announced in its OpenAPI file of 2026-08), both names are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from places.clean import clean_line, clean_raw, clean_text
from places.x.settings import SITE
from storage.words import Author, Poison, Post

TWEET_FIELDS = [
    *("author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "entities"),
    *("in_reply_to_user_id", "lang", "note_tweet", "referenced_tweets"),
]
USER_FIELDS = ["name", "username"]
EXPANSIONS = ["author_id"]
ASKED: dict[str, Any] = {"tweet_fields": TWEET_FIELDS, "user_fields": USER_FIELDS, "expansions": EXPANSIONS}
"""What every request for posts asks for; X leaves out whatever is not asked for."""

EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
"""X's ids count milliseconds from here, in all but the lowest 22 bits."""

_ID = re.compile(r"[0-9]{1,19}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
_ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_STATUS = re.compile(r"https://(?:www\.)?(?:twitter|x)\.com/(\w{1,15})/status/(\d{1,19})", re.ASCII)
_LANGUAGES = {"in": "id", "iw": "he", "und": None, "zxx": None}
"""X's own codes: Indonesian, Hebrew, undetermined, no words. Its codes with q (qme: only media, …) are no languages either."""


class Unreadable(ValueError):
    """An element of a page that is not a post."""


def time_of(native_id: int) -> datetime:
    """When X gave out this id."""
    return EPOCH + timedelta(milliseconds=native_id >> 22)


def is_id(value: object) -> bool:
    """Whether this is an id of X's, in the form in which we keep them."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def read_posts(body: Mapping[str, Any], site: str = SITE) -> tuple[list[Post], list[Poison]]:
    """The posts of a page in X's order, and what could not be read."""
    data = body.get("data")
    elements = data if isinstance(data, list) else [] if data is None else [data]
    authors = _authors(body.get("includes"))
    posts, poison = [], []
    for element in elements:
        try:
            posts.append(read_post(element, authors, site))
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
            native = element.get("id") if isinstance(element, dict) else None
            poison.append(
                Poison(
                    native if is_id(native) else None,
                    clean_line(str(error)) or type(error).__name__,
                    clean_raw(element),
                )
            )
    return posts, poison


def _authors(includes: object) -> dict[str, Author]:
    users = includes.get("users") if isinstance(includes, dict) else None
    found = {}
    for user in users if isinstance(users, list) else []:
        if isinstance(user, dict) and is_id(user.get("id")) and isinstance(user.get("username"), str):
            name = user.get("name")
            found[user["id"]] = Author(
                user["id"], clean_line(user["username"], 50), clean_line(name) if isinstance(name, str) else ""
            )
    return found


def read_post(element: Any, authors: Mapping[str, Author], site: str = SITE) -> Post:
    """One element. Raises Unreadable, or what reading a wrong shape raises."""
    if not isinstance(element, dict):
        raise Unreadable("not an object")
    native, author_id = element.get("id"), element.get("author_id")
    if not isinstance(native, str) or not is_id(native) or not isinstance(author_id, str) or not is_id(author_id):
        raise Unreadable("no id, or no author")
    history = _history(element, native)
    created, edited = _times(element, history)
    author = authors.get(author_id, Author(author_id, author_id))
    references = _references(element)
    conversation = element.get("conversation_id")
    return Post(
        place="x",
        native_id=history[0],
        author=author,
        text=_text(element),
        created_at=created,
        conversation_id=conversation if isinstance(conversation, str) and is_id(conversation) else history[0],
        parent_id=references.get("replied_to"),
        url=link_to(author.handle if author_id in authors else "", history[-1], site),
        lang=_language(element.get("lang")),
        edited_at=edited,
        reply_to=history[-1],
        addressed=_addressed(element, references.get("quoted")),
        is_repost="retweeted" in references,
    )


def link_to(handle: str, native_id: str, site: str = SITE) -> str:
    """The post's own page."""
    return f"{site}/{handle if _HANDLE.fullmatch(handle) else 'i'}/status/{native_id}"


def _either(element: Mapping[str, Any], *names: str) -> Any:
    return next((element[name] for name in names if element.get(name) is not None), None)


def _history(element: Mapping[str, Any], native: str) -> list[str]:
    """Every id the post has had, oldest first."""
    ids = _either(element, "edit_history_tweet_ids", "edit_history_post_ids")
    known = [one for one in ids if is_id(one)] if isinstance(ids, list) else []
    return sorted({native, *known}, key=int)


def _times(element: Mapping[str, Any], history: list[str]) -> tuple[datetime, datetime | None]:
    """When it was first written, and when it was edited, if it was: X gives the time of the version only."""
    stamp = element.get("created_at")
    if not isinstance(stamp, str):
        raise Unreadable("no time")
    version = datetime.fromisoformat(stamp)
    if version.tzinfo is None:
        raise Unreadable("a time without a zone")
    version = version.astimezone(UTC)
    if len(history) == 1:
        return version, None
    return min(version, time_of(int(history[0]))), version


def _references(element: Mapping[str, Any]) -> dict[str, str]:
    found = _either(element, "referenced_tweets", "referenced_posts")
    pairs = (
        [(one.get("type"), one.get("id")) for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    )
    return {
        kind: native for kind, native in pairs if isinstance(kind, str) and isinstance(native, str) and is_id(native)
    }


def _note(element: Mapping[str, Any]) -> Mapping[str, Any]:
    """The whole of a long post; `text` is cut at 280."""
    note = _either(element, "note_tweet", "note_post")
    return note if isinstance(note, dict) and isinstance(note.get("text"), str) else {}


def _entities(element: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for source in (element, _note(element)):
        entities = source.get("entities")
        listed = entities.get(kind) if isinstance(entities, dict) else None
        found += [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return found


def _text(element: Mapping[str, Any]) -> str:
    """The text as its author wrote it: whole, without escapes, with the links they meant."""
    text = _note(element).get("text", element.get("text"))
    if not isinstance(text, str):
        raise Unreadable("no text")
    text = re.sub("&(?:amp|lt|gt);", lambda found: _ESCAPES[found[0]], text)
    for link in _entities(element, "urls"):
        short, real = link.get("url"), link.get("expanded_url")
        if (
            isinstance(short, str)
            and short.startswith("https://t.co/")
            and isinstance(real, str)
            and real.startswith(("https://", "http://"))
        ):
            text = text.replace(short, real[:2000])
    return clean_text(text)


def _addressed(element: Mapping[str, Any], quoted: str | None) -> tuple[str, ...]:
    """Ids and lower-case handles of whom the author mentioned or quoted. A quote carries the link of what it quotes."""
    names: dict[str, None] = {}
    for mention in _entities(element, "mentions"):
        for value in (mention.get("id"), mention.get("username")):
            if isinstance(value, str) and value:
                names[clean_line(value.lower(), 50)] = None
    for link in _entities(element, "urls"):
        found = _STATUS.match(str(link.get("expanded_url")))
        if found is not None and found[2] == quoted:
            names[found[1].lower()] = None
    return tuple(names)


def _language(code: object) -> str | None:
    if not isinstance(code, str) or code.startswith("q"):
        return None
    return _LANGUAGES.get(code, clean_line(code, 20))
