"""Who we are on X, asked once."""

from __future__ import annotations

import threading
from datetime import datetime

from places.clean import clean_line
from places.doors import NeedsPerson, Unavailable
from places.x.posts import is_id
from places.x.settings import XSettings
from places.x.wire import XWire
from storage.words import Account


class Identity:
    """Our account behind the keys, or behind the handle where there are no keys of an account."""

    def __init__(self, wire: XWire, settings: XSettings, handle: str) -> None:
        self._wire, self._settings, self.handle = wire, settings, handle
        self._known: Account | None = None
        self._lock = threading.Lock()

    @property
    def known(self) -> Account | None:
        """What was found out already, without asking."""
        return self._known

    def me(self, now: datetime) -> Account:
        """Our account. Raises Unavailable, and NeedsPerson when the keys belong to another account than the brand's."""
        with self._lock:
            if self._known is None:
                self._known = self._ask(now)
            return self._known

    def _ask(self, now: datetime) -> Account:
        if self._settings.can_post:
            data = self._wire.read(lambda client: client.get_me(user_auth=True), now).get("data")
        else:
            found = self._wire.read(lambda client: client.get_users(usernames=[self.handle]), now).get("data")
            if not found:
                raise NeedsPerson(f"X knows no account @{self.handle}. Look at the brand's handle in the settings.")
            data = found[0] if isinstance(found, list) else found
        if not isinstance(data, dict) or not is_id(data.get("id")) or not isinstance(data.get("username"), str):
            raise Unavailable("X did not say who we are.")
        handle, name = clean_line(data["username"], 50), data.get("name")
        if handle.lower() != self.handle.lower():
            raise NeedsPerson(
                f"The keys for X belong to @{handle} and not to @{self.handle}. Nothing is posted until that is right."
            )
        return Account("x", data["id"], handle, clean_line(name) if isinstance(name, str) else "")
