"""Judging a page of posts, so that a poisoned one costs itself and not the page it came with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import structlog

from monitor.filter import judge, judge_page
from monitor.filter.learned import AS_SHIPPED, Learned
from storage.casebook import Judged
from storage.words import Brand, Poison, Post, Verdict

_RAW = 2_000  # characters of a poisoned post that are kept, as `Poison` promises

log = structlog.get_logger(__name__)


def judge_each(
    posts: Iterable[Post], brand: Brand, learned: Learned = AS_SHIPPED
) -> tuple[tuple[Judged, ...], tuple[Poison, ...]]:
    """Every post with its verdict; those that the filter cannot read, as poison with the reason. Nothing is lost in silence.

    Raises OSError and MemoryError, when the machine can do no more.
    """
    page = tuple(posts)
    verdicts = _judge_all(page, brand, learned)
    if verdicts is not None:
        return tuple(map(Judged, page, verdicts)), ()
    judged: list[Judged] = []
    poison: list[Poison] = []
    for post in page:
        try:
            judged.append(Judged(post, judge(post, brand, learned)))
        except (OSError, MemoryError):
            raise  # the machine's trouble and not the post's: a full disk must set nobody's complaint aside
        except Exception as error:  # noqa: BLE001 - a stranger wrote the post: whatever it does to us, it does to itself alone
            why = f"the filter could not read it ({type(error).__name__})"
            log.warning("a post was set aside", brand=brand.key, place=post.place, post=post.native_id, why=why)
            poison.append(Poison(post.native_id, f"{why}: {error}"[:_RAW], str(post.text)[:_RAW]))
    return tuple(judged), tuple(poison)


def _judge_all(page: Sequence[Post], brand: Brand, learned: Learned) -> Sequence[Verdict] | None:
    """The whole page at once, which is quickest; None when one of its posts upsets the filter, and each is judged by itself."""
    try:
        return judge_page(page, brand, learned)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - as above: the one that did it is found, told and set aside there
        log.warning("a page is judged post by post", brand=brand.key, posts=len(page), why=type(error).__name__)
        return None
