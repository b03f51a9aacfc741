"""Whether a post speaks of us: our names and handles as whole words, a namesake's words, our own posts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from monitor.filter.folding import Folded, fold
from storage.words import Brand, Post, Reason

_ENDINGS = ("s", "es", "ul", "ului", "uri", "urile", "urilor", "ei", "ii", "i", "ele", "elor", "la", "le", "lui")
"""English and Romanian endings a name may carry ("at Rosebakery's", "Swiftcourierul")."""
_LONGEST_CASE_ENDING = 3  # Russian: "пекарне", "Розой"
_LONGEST_TELUGU_ENDING = 6  # "రోజ్ బేకరీలోనుంచి"


@dataclass(frozen=True, slots=True)
class Names:
    """A brand's names, cut into folded words."""

    ours: tuple[tuple[str, ...], ...]
    joined: frozenset[str]
    handles: frozenset[str]
    not_us: tuple[tuple[str, ...], ...]


def names_of(brand: Brand) -> Names:
    """A brand's names ready to look for."""
    return _names(brand.name, brand.names, brand.not_us, tuple(sorted(brand.handles.values())))


@lru_cache(maxsize=256)
def _names(name: str, names: tuple[str, ...], not_us: tuple[str, ...], handles: tuple[str, ...]) -> Names:
    ours = tuple(words for words in (tuple(fold(one).keys) for one in dict.fromkeys((*names, name))) if words)
    ours = tuple(tuple(word.removeprefix("@") for word in words) for words in ours)
    folded = frozenset("".join(fold(handle).keys).removeprefix("@") for handle in handles) - {""}
    joined = frozenset("".join(words) for words in ours) | folded
    folded |= {handle.lower().removeprefix("@") for handle in handles} - {
        ""
    }  # "rosebakery@mastodon.social" is several words
    unlike = tuple(words for words in (tuple(fold(one).keys) for one in not_us) if words)
    return Names(ours, joined, folded, unlike)


def _is_form_of(word: str, name: str) -> bool:
    """Whether a word of the text is a name's word, as it is or with a grammatical ending."""
    word = word.removeprefix("@")
    if word == name:
        return True
    if len(name) < 4:
        return False
    if name[0] >= "\u0c00":
        return word.startswith(name) and len(word) - len(name) <= _LONGEST_TELUGU_ENDING
    if "\u0400" <= name[0] <= "\u04ff":
        stem = name[:-1] if name[-1] in "аеиоуыьюя" else name
        return len(stem) >= 3 and word.startswith(stem) and len(word) - len(stem) <= _LONGEST_CASE_ENDING
    return word.startswith(name) and word[len(name) :] in _ENDINGS


def _find(words: tuple[str, ...], text: Folded) -> tuple[int, int] | None:
    for first in range(len(text.keys) - len(words) + 1):
        if all(_is_form_of(text.keys[first + step], word) for step, word in enumerate(words)):
            return first, first + len(words) - 1
    return None


def _reason(code: str, says: str, text: Folded | None, span: tuple[int, int]) -> Reason:
    if text is None:
        return Reason(code, says)
    return Reason(code, says, *text.place(*span))


def find_namesake(title: Folded, text: Folded, brand: Brand) -> Reason | None:
    """The reason why a post is about a namesake, or None."""
    for words in names_of(brand).not_us:
        for where, marked in ((text, text), (title, None)):
            span = _find(words, where)
            if span is not None:
                return _reason("namesake", f"“{' '.join(words)}” belongs to somebody of the same name", marked, span)
    return None


def is_addressed(post: Post, text: Folded, brand: Brand) -> bool:
    """Whether the post names our account: by answering or quoting it, or by its handle in the text."""
    handles = names_of(brand).handles
    addressed = {address.lower().removeprefix("@") for address in post.addressed}
    addressed |= {word.removeprefix("@") for word in text.keys if word.startswith("@")}
    return not addressed.isdisjoint(handles)


def find_words(words: tuple[str, ...], title: Folded, text: Folded) -> tuple[str, Reason | None] | None:
    """The first of some words or phrases that is in the post, and where, when it stands in the text; None when none is."""
    for phrase in words:
        keys = tuple(fold(phrase).keys)
        for where, marked in ((text, text), (title, None)):
            span = _find(keys, where) if keys else None
            if span is not None:
                return phrase, _reason("forbidden", f"You asked to leave out posts with “{phrase}”", marked, span)
    return None


def is_named(post: Post, title: Folded, text: Folded, brand: Brand) -> bool:
    """Whether the post names us: by a name, a hashtag, a link, a handle, or by answering or quoting us."""
    names = names_of(brand)
    if any(address.lower().removeprefix("@") in names.handles for address in post.addressed):
        return True
    for where in (text, title):
        if any(_joined(word) in names.joined for word in where.keys) or any(
            _find(words, where) for words in names.ours
        ):
            return True
    return any(name in url.lower() for url in _links(post) for name in names.joined if len(name) >= 4)


def _joined(word: str) -> str:
    return word.removeprefix("@").replace("_", "")


def _links(post: Post) -> list[str]:
    return [word for word in post.text[:5_000].split() if word.startswith(("http://", "https://", "www."))]


def find_inside(text: Folded, brand: Brand) -> Reason | None:
    """A reason that shows where our name is only a part of another word ("Rose" in "rosemary"), or None."""
    for words in names_of(brand).ours:
        for at, key in enumerate(text.keys):
            if "".join(words) in key:
                return _reason(
                    "inside_word", f"“{' '.join(words)}” is only a part of another word here", text, (at, at)
                )
    return None


def is_own(post: Post, brand: Brand) -> bool:
    """Whether we wrote it ourselves, by our handle on that place."""
    handle = brand.handles.get(post.place, "").lower().removeprefix("@").removeprefix("u/")
    return bool(handle) and post.author.handle.lower().removeprefix("@").removeprefix("u/") == handle
