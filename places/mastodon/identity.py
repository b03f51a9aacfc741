"""Who we are on Mastodon, asked once."""

from __future__ import annotations

import threading
from datetime import datetime

from places.clean import clean_line
from places.doors import NeedsPerson, Unavailable
from places.mastodon.handles import ACCT, Home
from places.mastodon.statuses import is_id
from places.mastodon.wire import MastodonWire
from storage.words import Account


class Identity:
    """The account behind the token."""

    def __init__(self, wire: MastodonWire, home: Home) -> None:
        self._wire, self._home = wire, home
        self._known: Account | None = None
        self._lock = threading.Lock()

    @property
    def known(self) -> Account | None:
        """What was found out already, without asking."""
        return self._known

    def me(self, now: datetime) -> Account:
        """Our account. Raises Unavailable, and NeedsPerson when the token belongs to another account than the brand's."""
        with self._lock:
            if self._known is None:
                self._known = self._ask(now)
            return self._known

    def _ask(self, now: datetime) -> Account:
        told = self._wire.read(lambda client: client.account_verify_credentials(), now)
        native, acct = (told.get("id"), told.get("acct")) if isinstance(told, dict) else (None, None)
        if not isinstance(native, str) or not is_id(native) or not isinstance(acct, str) or not ACCT.fullmatch(acct):
            raise Unavailable(f"{self._wire.host} did not say who we are.")
        if acct.partition("@")[0].lower() != self._home.name.lower():
            raise NeedsPerson(
                f"The access token for {self._wire.host} belongs to @{acct} and not to @{self._home.name}. "
                "Nothing is posted until that is right."
            )
        name = told.get("display_name")
        return Account("mastodon", native, self._home.us, clean_line(name) if isinstance(name, str) else "")
