"""One author, known by name on one day and by id on another: Reddit's feeds tell names only, its API tells ids as well.

On the places in NAMES_STAY both mean the same person for ever. Whoever is known by id is found under that id when only the name is
shown; whoever was known by name is taken over to the id as soon as it is told. So a change between the two makes no second customer,
no second case, and no post of ours into a stranger's.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, Table, func, select, union, update

from storage.tables import accounts, customers, posts
from storage.words import NAMES_STAY, Account, Author, Post, is_name_id, name_id


def ids_of(place: str, author: Author) -> tuple[str, ...]:
    """Every id by which the author may be known there."""
    named = place in NAMES_STAY and author.handle
    return tuple(dict.fromkeys((author.native_id, *([name_id(author.handle)] if named else []))))


def every_id(connection: Connection, place: str, native_id: str) -> set[str]:
    """Every id by which the base knows, or may come to know, the person with this one; nobody else's."""
    if place not in NAMES_STAY:
        return {native_id}
    told = union(
        select(customers.c.handle).where(customers.c.place == place, customers.c.native_id == native_id),
        select(posts.c.author_handle).where(posts.c.place == place, posts.c.author_id == native_id),
    )
    names = {str(handle).lower() for handle in connection.execute(told).scalars() if handle}
    same = select(customers.c.native_id).where(customers.c.place == place, func.lower(customers.c.handle).in_(names))
    return {native_id, *map(name_id, names), *connection.execute(same).scalars()}


def by_known_id(connection: Connection, brand: str, post: Post) -> Post:
    """The post with its author under the id by which the base knows, or from now on knows, that person."""
    author = known_author(connection, brand, post.place, post.author)
    return post if author is post.author else replace(post, author=author)


def known_author(connection: Connection, brand: str, place: str, author: Author) -> Author:
    """The author under the one id. A name that was known alone is taken over to the id told now."""
    if place not in NAMES_STAY or not author.handle:
        return author
    if not is_name_id(author.native_id):
        take_over(connection, brand, place, author.native_id, author.handle)
        return author
    known = id_behind(connection, brand, place, author.handle)
    return replace(author, native_id=known) if known is not None else author


def known_account(connection: Connection, brand: str, account: Account) -> Account:
    """Our own account under the one id, as `known_author`."""
    author = known_author(connection, brand, account.place, Author(account.native_id, account.handle, account.name))
    return replace(account, native_id=author.native_id)


def id_behind(connection: Connection, brand: str, place: str, handle: str) -> str | None:
    """The place's own id of somebody whose name is known; None while only the name is."""
    for table in (accounts, customers):
        rows = connection.execute(
            select(table.c.native_id).where(
                table.c.brand == brand, table.c.place == place, func.lower(table.c.handle) == handle.lower()
            )
        ).scalars()
        for native_id in rows:
            if not is_name_id(native_id):
                return str(native_id)
    return None


def take_over(connection: Connection, brand: str, place: str, native_id: str, handle: str) -> None:
    """Whoever was known by this name is known by this id from now on, unless the id is known as well."""
    name = name_id(handle)
    moved = sum(_take_over(connection, table, brand, place, native_id, name) for table in (accounts, customers))
    if moved:
        connection.execute(
            update(posts).where(posts.c.place == place, posts.c.author_id == name).values(author_id=native_id)
        )


def _take_over(connection: Connection, table: Table, brand: str, place: str, native_id: str, name: str) -> int:
    here = (table.c.brand == brand, table.c.place == place)
    named = connection.execute(select(table.c.id).where(*here, table.c.native_id == name)).scalar()
    if named is None:
        return 0
    if connection.execute(select(table.c.id).where(*here, table.c.native_id == native_id)).scalar() is not None:
        return 0
    return connection.execute(update(table).where(table.c.id == named).values(native_id=native_id)).rowcount
