"""`forget`: a customer asked that what they wrote, and what was written to them, be erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from desk.commands.opening import DEFAULT, Config, choose_brand, opened
from desk.errors import Trouble

if TYPE_CHECKING:
    from desk.wiring import House
    from storage.casebook.forgetting import Erased, Somebody


def forget(
    site: Annotated[str, typer.Argument(help="Where they wrote: x, reddit, …", metavar="SITE")],
    handle: Annotated[str, typer.Argument(help="Their name there, or the site's own id of them.", metavar="HANDLE")],
    config: Config = DEFAULT,
    brand: Annotated[
        str,
        typer.Option("--brand", "-b", help="Look among this brand's customers only; all brands forget.", metavar="KEY"),
    ] = "",
    do_not_contact: Annotated[
        bool, typer.Option("--do-not-contact", help="And never write to them again, should they complain again.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether to go on.")] = False,
) -> None:
    """Erase what a customer wrote and what was written to them, for good. When and by whom it was answered stays."""
    from desk.clock import utc_now
    from storage.lifecycle import MovedOn

    with opened(config) as house:
        key = choose_brand(house, brand).key if brand else None
        somebody = _find(house, site, handle, key)
        if not yes:
            typer.confirm(f"Erase every word of {_named(house, somebody)} for good?", abort=True)
        try:
            erased = house.casebook.forgetting.forget(
                somebody.place, somebody.native_id, "command", utc_now(), do_not_contact=do_not_contact
            )
        except MovedOn as moved:
            raise Trouble(moved.why) from moved
    typer.echo(tell(erased))


def _find(house: House, site: str, handle: str, brand: str | None) -> Somebody:
    from desk.logs import escape

    titles = {house.site(place).lower(): place for place in house.places}
    found = house.casebook.forgetting.find(titles.get(site.lower(), site), handle, brand)
    if not found:
        raise Trouble(
            f'Nobody called "{escape(handle)}" is known on {escape(site)}. Whoever was forgotten has no name here any more.'
        )
    if len(found) > 1:
        ids = ", ".join(f"{escape(one.native_id)} ({escape(one.name or one.handle)})" for one in found)
        raise Trouble(f"Several people go by that name on {escape(site)}. Say which, by the site's own id: {ids}.")
    return found[0]


def _named(house: House, somebody: Somebody) -> str:
    from desk.logs import escape

    return f"{escape(somebody.handle or somebody.name or somebody.native_id)} on {house.site(somebody.place)}"


def tell(erased: Erased) -> str:
    """What was erased, in a sentence or two."""
    from desk.digest.letter import count

    told = [
        (erased.posts, "post", "posts"),
        (erased.cases, "case", "cases"),
        (erased.proposals, "suggested answer", "suggested answers"),
        (erased.replies, "reply", "replies"),
        (erased.notes, "note", "notes"),
        (erased.poison, "unread post", "unread posts"),
    ]
    parts = [count(number, one, many) for number, one, many in told if number]
    says = f"Erased the words of {', '.join(parts)}." if parts else "There was nothing left to erase."
    after = (
        "Nobody will write to them again." if erased.do_not_contact else "Should they write again, they are a stranger."
    )
    return f"{says} {after}\nBackups made before still hold them."
