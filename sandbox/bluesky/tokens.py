"""com.atproto.server: logging in with an app password, and tokens in the form of JWTs that end."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import itertools
import json
from datetime import datetime, timedelta
from typing import Any

from sandbox.bluesky.asking import Asked, Problem, find_account
from sandbox.bluesky.options import BlueskyOptions
from sandbox.keys import bluesky_handle, bluesky_keys
from sandbox.world import World, WorldAccount

SECRET = b"town-bluesky"
ACCESS, REFRESH = "com.atproto.appPass", "com.atproto.refresh"
REFRESH_LIFE = timedelta(days=90)


class Tokens:
    """Gives out tokens and knows them again, also after a restart."""

    def __init__(self, world: World, options: BlueskyOptions) -> None:
        self.world, self.options = world, options
        self._n = itertools.count(1)

    def log_in(self, asked: Asked, host: str) -> tuple[dict[str, Any], str]:
        """com.atproto.server.createSession."""
        account = find_account(self.world, asked.text("identifier"))
        password = asked.text("password")
        right = account is not None and hmac.compare_digest(
            password.encode("utf-8", "replace"), bluesky_keys(account.handle).app_password.encode()
        )
        if account is None or not right or password in self.options.revoked:
            raise Problem(401, "AuthenticationRequired", "Invalid identifier or password")
        if password in self.options.codes:
            raise Problem(401, "AuthFactorTokenRequired", "A sign in code has been sent to your email address")
        self._check_standing(account)
        return self._session(account, host), f"logged in {account.handle}"

    def renew(self, bearer: str, host: str) -> tuple[dict[str, Any], str]:
        """com.atproto.server.refreshSession: the old refresh token is good for a while longer, as on the real one."""
        account = self._owner(bearer, REFRESH)
        if bluesky_keys(account.handle).app_password in self.options.revoked:
            raise Problem(400, "ExpiredToken", "Token has been revoked")
        self._check_standing(account)
        return self._session(account, host), f"renewed {account.handle}"

    def session(self, asked: Asked, host: str) -> tuple[dict[str, Any], str]:
        """com.atproto.server.getSession."""
        return self._about(asked.need_me(), host), "found"

    def known(self, bearer: str) -> WorldAccount | None:
        """Whose access token this is; None for none. Raises Problem for one that is no good."""
        if not bearer:
            return None
        account = self._owner(bearer, ACCESS)
        void = self.options.expires.get(bluesky_keys(account.handle).app_password)
        now = self.world.clock()
        if void is not None and now >= void and _claims(bearer)["iat"] <= void.timestamp():
            raise Problem(400, "ExpiredToken", "Token has expired")
        self._check_standing(account)
        return account

    def _check_standing(self, account: WorldAccount) -> None:
        if account.id in self.options.taken_down:
            raise Problem(401, "AccountTakedown", "Account has been taken down")

    def _owner(self, bearer: str, scope: str) -> WorldAccount:
        claims = _claims(bearer)
        if bearer in self.options.revoked or claims.get("scope") != scope:
            raise Problem(400, "InvalidToken", "Token could not be verified")
        if self.world.clock().timestamp() >= float(claims["exp"]):
            raise Problem(400, "ExpiredToken", "Token has expired")
        account = self.world.account("bluesky", id=str(claims["sub"]))
        if account is None:
            raise Problem(400, "InvalidToken", "Token could not be verified")
        return account

    def _session(self, account: WorldAccount, host: str) -> dict[str, Any]:
        now = self.world.clock()
        return {
            **self._about(account, host),
            "accessJwt": self._token(account, ACCESS, now, self.options.token_life),
            "refreshJwt": self._token(account, REFRESH, now, REFRESH_LIFE),
        }

    def _about(self, account: WorldAccount, host: str) -> dict[str, Any]:
        service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": host}
        document = {"id": account.id, "alsoKnownAs": [f"at://{bluesky_handle(account.handle)}"], "service": [service]}
        return {"did": account.id, "handle": bluesky_handle(account.handle), "didDoc": document, "active": True}

    def _token(self, account: WorldAccount, scope: str, now: datetime, life: timedelta) -> str:
        kind = "refresh+jwt" if scope == REFRESH else "at+jwt"
        made, ends = int(now.timestamp()), int((now + life).timestamp())
        claims = {"scope": scope, "aud": "did:web:town.example", "sub": account.id, "iat": made, "exp": ends}
        parts = [{"typ": kind, "alg": "HS256"}, {**claims, "jti": f"town-{next(self._n)}"}]
        signed = ".".join(_encode(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{_sign(signed)}"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _sign(text: str) -> str:
    return _encode(hmac.new(SECRET, text.encode(), hashlib.sha256).digest())


def _claims(bearer: str) -> dict[str, Any]:
    """What a token says. Raises Problem for one that nobody here gave out."""
    signed, _, signature = bearer.rpartition(".")
    if not hmac.compare_digest(_sign(signed).encode(), signature.encode()):
        raise Problem(400, "InvalidToken", "Token could not be verified")
    try:
        middle = signed.partition(".")[2]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (ValueError, binascii.Error) as error:
        raise Problem(400, "InvalidToken", "Token could not be verified") from error
    if not isinstance(claims, dict):
        raise Problem(400, "InvalidToken", "Token could not be verified")
    return claims
