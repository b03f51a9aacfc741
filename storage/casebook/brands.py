"""Brands: whom we listen for, our own accounts, and whether older complaints are answered one a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from storage.casebook.names import known_account
from storage.casebook.shelf import Shelf
from storage.tables import accounts, brands
from storage.words import Account, Brand, Shop


class Brands(Shelf):
    """Writes brands and accounts."""

    __slots__ = ()

    def sync(self, given: Sequence[Brand], now: datetime, *, locked: bool = True) -> None:
        """Make the stored brands as given; others stay. `locked`: they stand in the TOML file, which wins."""
        with self._writing() as connection:
            known = {row.key: row for row in connection.execute(select(brands))}
            for brand in given:
                details = asdict(brand)
                stored = known.get(brand.key)
                if stored is None:
                    connection.execute(
                        insert(brands).values(
                            key=brand.key, details=details, locked=locked, changed_at=now, learn_at=now
                        )
                    )
                elif plain(stored.details) != plain(details) or stored.locked != locked:
                    connection.execute(
                        update(brands)
                        .where(brands.c.key == brand.key)
                        .values(details=details, locked=locked, changed_at=now)
                    )

    def all(self) -> tuple[Brand, ...]:
        """Every brand, by key."""
        with self._reading() as connection:
            return all_brands(connection)

    def get(self, key: str) -> Brand:
        """One brand. Raises KeyError."""
        with self._reading() as connection:
            return one_brand(connection, key)

    def own_account(self, brand: str, account: Account, now: datetime) -> None:
        """Remember an account as ours: its posts are never complaints. Known by its name before, it keeps what it had."""
        with self._writing() as connection:
            account = known_account(connection, brand, account)
            here = (
                accounts.c.brand == brand,
                accounts.c.place == account.place,
                accounts.c.native_id == account.native_id,
            )
            values = {"handle": account.handle, "name": account.name, "seen_at": now}
            if connection.execute(update(accounts).where(*here).values(**values)).rowcount == 0:
                connection.execute(
                    insert(accounts).values(
                        brand=brand,
                        place=account.place,
                        native_id=account.native_id,
                        **values,
                    )
                )

    def own_accounts(self, brand: str | None = None) -> tuple[Account, ...]:
        """Our accounts, of one brand or of all."""
        query = select(accounts).order_by(accounts.c.id)
        if brand is not None:
            query = query.where(accounts.c.brand == brand)
        with self._reading() as connection:
            return tuple(Account(row.place, row.native_id, row.handle, row.name) for row in connection.execute(query))

    def answer_old_one_a_day(self, brand: str, yes: bool, by: str, now: datetime) -> None:
        """The owner's answer to "answer one older complaint a day?"."""
        with self._writing() as connection:
            connection.execute(
                update(brands).where(brands.c.key == brand).values(old_one_a_day=yes, old_said_by=by, changed_at=now)
            )


def all_brands(connection: Connection) -> tuple[Brand, ...]:
    """Every brand, by key."""
    rows = connection.execute(select(brands.c.key, brands.c.details)).all()
    return tuple(as_brand(row.details) for row in sorted(rows, key=lambda row: str(row.key)))  # in every locale alike


def one_brand(connection: Connection, key: str) -> Brand:
    """One brand. Raises KeyError."""
    details = connection.execute(select(brands.c.details).where(brands.c.key == key)).scalar()
    if details is None:
        raise KeyError(key)
    return as_brand(details)


def as_brand(details: dict[str, Any]) -> Brand:
    """A Brand from what was stored, whether lists or tuples."""
    shops = tuple(Shop(**{**shop, "names": tuple(shop.get("names", ()))}) for shop in details.get("shops", ()))
    tuples = {name: tuple(details.get(name, ())) for name in ("names", "not_us", "required", "forbidden", "languages")}
    return Brand(**{**details, **tuples, "shops": shops})


def plain(details: Any) -> Any:
    """The same with lists for tuples, as JSON gives it back."""
    if isinstance(details, dict):
        return {key: plain(value) for key, value in details.items()}
    if isinstance(details, (list, tuple)):
        return [plain(value) for value in details]
    return details
