"""The line to Bluesky: atproto's client, and what its failures, httpx's failures and Bluesky's own noes mean for us.

atproto shapes requests and sends them; answers are read here, because one element that is not as its models expect would cost a whole
page. Nothing is retried, nothing redirected, and no error of a library leaves this module.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from places.bluesky.failing import LOG_IN, Stale, log_in_failure, read_failure, stumbles, write_failure
from places.bluesky.heard import Body, Heard
from places.bluesky.session import Session, Tokens
from places.bluesky.settings import BlueskySettings
from places.doors import NeedsPerson, Unavailable
from storage.words import Account

if TYPE_CHECKING:
    from atproto_client.client.base import ClientBase

JSON = "application/json"


class Line:
    """One account's line. Any thread may use it; requests go one after the other, each on a connection of its own when it writes."""

    def __init__(self, settings: BlueskySettings, session: Session) -> None:
        self.settings, self.session = settings, session
        self._heard = Heard(settings.timeout)
        self._lock = threading.Lock()
        self._client: ClientBase | None = None

    def me(self, now: datetime) -> Account:
        """Our own account. Raises Unavailable."""
        with self._lock:
            tokens = self.session.tokens(self._knock, now)
        return Account("bluesky", tokens.did, tokens.handle)

    def read(self, nsid: str, params: Mapping[str, Any], now: datetime) -> Body:
        """What Bluesky answers to a query, as JSON. Raises Unavailable, NeedsPerson, NotThere or BadQuestion.

        A token that has ended is renewed, once, and the question asked again.
        """
        with self._lock:
            tokens = self.session.tokens(self._knock, now)
            try:
                return self._query(nsid, params, tokens, now)
            except Stale:
                self.session.spoil(tokens)
            tokens = self.session.tokens(self._knock, now)
            try:
                return self._query(nsid, params, tokens, now)
            except Stale as stale:
                self.session.spoil(tokens)
                raise NeedsPerson(LOG_IN.format(self.settings.handle)) from stale

    def write(self, nsid: str, data: Mapping[str, Any], now: datetime) -> Body | None:
        """What Bluesky answers to a procedure that it carried out, None where that is unreadable. Exactly one request of it.

        Raises Unavailable or NeedsPerson (nothing was done), Refused, or Unsure. A token that has ended is renewed for the next time:
        whether to post again is not for a line to say.
        """
        with self._lock:
            before = self.session.held
            tokens = self.session.tokens(self._knock, now)
            try:
                self._send(nsid, data, tokens.access, tokens.host)
            except stumbles() as error:
                failure = write_failure(error, self._heard, self.settings.handle, now)
                if isinstance(failure, Stale):
                    self.session.spoil(tokens)
                    if tokens is not before:
                        failure = NeedsPerson(LOG_IN.format(self.settings.handle))
                raise failure from error
            return self._heard.body()

    def _query(self, nsid: str, params: Mapping[str, Any], tokens: Tokens, now: datetime) -> Body:
        from atproto_client.models.dot_dict import DotDict

        client = self._at(tokens.host)
        headers = {"Authorization": f"Bearer {tokens.access}"}
        asked: Any = DotDict(dict(params))
        try:
            with self._heard.listening():
                client.invoke_query(nsid, params=asked, output_encoding=JSON, headers=headers)
        except stumbles() as error:
            body = self._heard.body()
            if body is None or self._heard.status != 200:
                raise read_failure(error, self._heard, self.settings.handle, now) from error
            return body  # it is readable for us, if not for the library
        body = self._heard.body()
        if body is None:
            raise Unavailable("Bluesky answered with something that is no answer.")
        return body

    def _knock(self, nsid: str, data: Mapping[str, Any] | None, bearer: str, host: str, now: datetime) -> Body:
        try:
            self._send(nsid, data, bearer, host)
        except stumbles() as error:
            raise log_in_failure(error, self._heard, self.settings.handle, now) from error
        body = self._heard.body()
        if body is None:
            raise Unavailable("Bluesky answered with something that is no answer.")
        return body

    def _send(self, nsid: str, data: Mapping[str, Any] | None, bearer: str, host: str) -> None:
        from atproto_client.models.dot_dict import DotDict

        client = self._at(host)
        told: dict[str, Any] = {"headers": {"Authorization": f"Bearer {bearer}"} if bearer else {}}
        if data is not None:
            told |= {"data": DotDict(dict(data)), "input_encoding": JSON}
        with self._heard.listening():
            client.invoke_procedure(nsid, output_encoding=JSON, **told)

    def _at(self, host: str) -> ClientBase:
        """The client, speaking to this server."""
        if self._client is None:
            self._client = self._open()
        self._client.update_base_url(host)
        return self._client

    def _open(self) -> ClientBase:
        from atproto_client.client.base import ClientBase
        from atproto_client.request import Request

        class Straight(Request):  # type: ignore[misc]  # atproto publishes no types
            """httpx as we want it. atproto follows redirects and offers no way to say no; a password must not travel on."""

            def __init__(self, **given: Any) -> None:
                super().__init__(**given)
                self._client.follow_redirects = False

        hooks = {"request": [self._heard.ask], "response": [self._heard.answer]}
        trust_env = not _is_here(self.settings.service_url)
        # No connection is kept: one that died unnoticed would leave us unsure whether a reply arrived.
        straight = Straight(
            timeout=self.settings.timeout,
            event_hooks=hooks,
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=trust_env,
            verify=_trusted(trust_env),
        )
        return ClientBase(self.settings.service_url, straight)


@cache
def _trusted(trust_env: bool) -> ssl.SSLContext:
    """Whose certificates count, as httpx would have it. Reading them takes longer than a reply does, so all lines share them."""
    return httpx.create_ssl_context(trust_env=trust_env)


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")
