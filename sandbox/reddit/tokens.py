"""POST /api/v1/access_token: who gets a token, for how long, and how a wrong key is told."""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Callable, Mapping
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
    """The tokens given out since the server started; a restart forgets them, and clients fetch new ones.

    `is_shut` says whether an account's keys (its name in small letters) no longer work at an instant.
    """

    def __init__(self, world: World, is_shut: Callable[[str, datetime], bool]) -> None:
        self._world = world
        self._is_shut = is_shut
        self._given: dict[str, Token] = {}
        self._n = itertools.count(1)

    def known(self, authorization: str, now: datetime) -> Token | None:
        """The token of an Authorization header, if it is one of ours and still good."""
        token = self._given.get(authorization.partition(" ")[2])
        if token is None or now >= token.ends:
            return None
        account = self._world.account("reddit", id=token.account_id) if token.account_id else None
        return None if account is not None and self._is_shut(account.handle.lower(), now) else token

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
        if grant != "client_credentials" and (username is None or self._is_shut(username.lower(), now)):
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
