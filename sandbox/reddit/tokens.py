"""POST /api/v1/access_token: who gets a token, for how long, and how a wrong key is told."""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.keys import REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET, reddit_keys
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Token:
    """What a bearer may do. `account_id` None: nobody is logged in (client_credentials)."""

    account_id: str | None
    scopes: frozenset[str]
    ends: datetime


def refresh_token(username: str) -> str:
    """The permanent token of the account `username`, as the code flow would have left it."""
    return f"town-reddit-refresh-{username.lower()}"


class Tokens:
    """The tokens given out since the server started; a restart forgets them, and clients fetch new ones."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._given: dict[str, Token] = {}
        self._n = itertools.count(1)
        self.revoked: set[str] = set()  # usernames whose password or refresh token no longer works

    def known(self, authorization: str, now: datetime) -> Token | None:
        """The token of an Authorization header, if it is one of ours and has not ended."""
        token = self._given.get(authorization.partition(" ")[2])
        return token if token is not None and now < token.ends else None

    def forget(self) -> None:
        """Every token given out is void from now on."""
        self._given.clear()

    def may_ask(self, authorization: str) -> bool:
        """Whether a Basic header names the town's app and its secret."""
        try:
            pair = base64.b64decode(authorization.partition(" ")[2], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return pair == f"{REDDIT_CLIENT_ID}:{REDDIT_CLIENT_SECRET}"

    def give(self, form: Mapping[str, str], now: datetime, life: timedelta) -> dict[str, Any]:
        """The answer to a request for a token: one, or {"error": …}. Both come with status 200."""
        grant = form.get("grant_type", "")
        if grant not in {"password", "refresh_token", "client_credentials"}:
            return {"error": "unsupported_grant_type"}
        username = self._user(grant, form)
        if grant != "client_credentials" and (username is None or username.lower() in self.revoked):
            return {"error": "invalid_grant"}
        account = self._world.account("reddit", handle=username) if username is not None else None
        scope = form.get("scope", "*")
        value = f"town-reddit-token-{next(self._n)}"
        self._given[value] = Token(account.id if account else None, frozenset(scope.split()), now + life)
        return {
            "access_token": value,
            "token_type": "bearer",
            "expires_in": int(life.total_seconds()),
            "scope": scope,
        }

    def _user(self, grant: str, form: Mapping[str, str]) -> str | None:
        for account in self._world.accounts("reddit"):
            by_password = grant == "password" and form.get("username", "").lower() == account.handle.lower()
            if by_password and form.get("password") == reddit_keys(account.handle).password:
                return account.handle
            if grant == "refresh_token" and form.get("refresh_token") == refresh_token(account.handle):
                return account.handle
        return None
