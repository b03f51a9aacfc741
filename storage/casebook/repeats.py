"""The same words from many accounts: nobody's voice but somebody's campaign, and taken for spam."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from storage.casebook.fingerprints import fingerprint
from storage.casebook.posts import Kept, News, as_post, with_texts
from storage.casebook.raising import keep_verdict, reconsider
from storage.tables import cases, mentions, post_texts, posts
from storage.words import CaseState, Kind, Reason, Verdict

OTHERS = 3
"""From so many other accounts on the same words are a campaign."""
WITHIN = timedelta(days=7)


def judge_repeats(connection: Connection, key: bytes, kept: Kept, verdict: Verdict, now: datetime) -> Verdict:
    """The verdict, or spam where other accounts wrote the same: then cases that nobody touched are retracted as well.

    What may be about somebody's health is never taken for spam by this.
    """
    same = fingerprint(kept.post.text)
    if same is None or verdict.sensitive or kept.post.is_repost:
        return verdict
    others = connection.execute(
        with_texts().where(
            post_texts.c.fingerprint == same,
            posts.c.seen_at > now - WITHIN,
            posts.c.by_account.is_(None),
            posts.c.deleted_at.is_(None),
            ~posts.c.is_repost,
            (posts.c.place != kept.post.place) | (posts.c.author_id != kept.post.author.native_id),
        )
    ).all()
    accounts = len({(row.place, row.author_id) for row in others})
    if accounts < OTHERS:
        return verdict
    spam = _as_spam(verdict, accounts + 1)
    for row in others:
        _retract(connection, key, row, spam, now)
    return spam


def _as_spam(verdict: Verdict, accounts: int) -> Verdict:
    why = Reason("repeated", f"The same words came from {accounts} accounts")
    return replace(
        verdict, kind=Kind.SPAM, probability=0.95, urgency=1, reasons=(why,), shares=(), vector=None, ask_again=False
    )


def _retract(connection: Connection, key: bytes, post: Any, spam: Verdict, now: datetime) -> None:
    """The cases that this post raised and nobody has touched."""
    raised = connection.execute(
        select(cases).where(cases.c.complaint_id == post.id, cases.c.state == CaseState.OPEN, ~cases.c.touched)
    ).all()
    for case in raised:
        mention = connection.execute(
            select(mentions.c.id).where(mentions.c.post_id == post.id, mentions.c.brand == case.brand)
        ).scalar_one()
        repeated = replace(spam, model_version=f"{spam.model_version}+repeated"[:64])
        keep_verdict(connection, case.brand, mention, post.version, repeated, now)
        reconsider(connection, key, case, Kept(post.id, post.version, News.SAME, as_post(post), None), repeated, now)
