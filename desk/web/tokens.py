"""The token in every form: a keyed hash of the session, so that only a page made for this session can carry it."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def form_token(session: str) -> str:
    """The token that forms carry in this session."""
    return hmac.new(session.encode(), b"amends: form", hashlib.sha256).hexdigest()


def is_form_token(session: str, token: str) -> bool:
    """Whether the token belongs to the session; in constant time."""
    return hmac.compare_digest(form_token(session).encode(), token.encode("utf-8", "replace"))


def new_secret() -> str:
    """An unguessable word: 256 bits."""
    return secrets.token_urlsafe(32)
