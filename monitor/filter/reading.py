"""Reading a page of posts: each text is cut at its spaces once, and what stands between two of them is folded and cut once for all pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from monitor.filter.folding import LINE, MOST_JUDGED, Folded, Stretch, fold, fold_stretches, put_together, split
from monitor.filter.grams import MOST_READ, cut, cut_stretches
from monitor.filter.remembering import Remembered
from storage.words import Post


@dataclass(frozen=True, slots=True)
class Read:
    """A post as it is read: what is judged as a `whole`, title and text folded for cues, and all words as cut for the first look."""

    whole: str
    title: Folded
    text: Folded
    words: Sequence[str]


def whole_text(post: Post) -> str:
    """What is judged: the title, if any, and the text below it."""
    text = post.text[:MOST_JUDGED]
    return f"{post.title}\n{text}" if post.title else text


def read_page(posts: Sequence[Post]) -> list[Read]:
    """Posts as they are read."""
    titles, texts = [split(post.title) for post in posts], [split(post.text) for post in posts]
    known = _remembered.of(chain.from_iterable(chain(titles, texts))).__getitem__
    return [
        _read(post, _folded(post.title, title, known), _folded(post.text, text, known))
        for post, title, text in zip(posts, titles, texts, strict=True)
    ]


def _read(post: Post, title: Folded, text: Folded) -> Read:
    whole = whole_text(post)
    if len(whole) > MOST_READ:
        return Read(whole, title, text, cut(whole))
    words = [stretch[3] for part in (title, text) for stretch in part.stretches]
    return Read(whole, title, text, list(chain.from_iterable(words)))


_NOTHING = fold("")


def _folded(original: str, written: Sequence[str], known: Callable[[str], Stretch]) -> Folded:
    return put_together(original, written, list(map(known, written))) if original else _NOTHING


def _learn(written: Sequence[str]) -> Iterator[Stretch]:
    for word, stretch, words in zip(written, fold_stretches(written), cut_stretches(written), strict=True):
        yield stretch if word == LINE else Stretch(*stretch[:3], words)


_remembered = Remembered(_learn)
