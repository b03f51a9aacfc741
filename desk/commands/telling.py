"""`cases` and `digest`: what stands in the base, on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from desk.commands.opening import DEFAULT, Config, choose_brand, opened
from desk.errors import Trouble

SHOWN = 60
"""Characters of a complaint that fit into a table."""


def cases(
    config: Config = DEFAULT,
    brand: Annotated[str, typer.Option("--brand", "-b", help="Only this brand.", metavar="KEY")] = "",
    limit: Annotated[int, typer.Option("--limit", help="At most so many.", min=1, max=1000)] = 20,
) -> None:
    """List the cases that need an answer, worst first."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from desk.clock import utc_now
    from desk.digest.letter import URGENCY, tell_wait
    from desk.logs import escape

    with opened(config) as house:
        key = choose_brand(house, brand).key if brand else None
        inbox = house.reading.inbox(brand=key, limit=limit, now=utc_now())
        table = Table("case", "brand", "site", "who", "urgency", "waiting", "says", box=None, pad_edge=False)
        for row in inbox.rows:
            says = escape(" ".join(row.text.split()))
            cells = (
                str(row.case_id),
                row.brand,
                house.site(row.place),
                row.handle,
                URGENCY[row.urgency],
                tell_wait(row.waiting),
            )
            table.add_row(
                *(Text(escape(cell)) for cell in cells), Text(says if len(says) <= SHOWN else says[:SHOWN] + "…")
            )
    console = Console()
    if inbox.rows:
        console.print(table)
    hidden = inbox.total - len(inbox.rows)
    console.print(f"{inbox.total} need an answer" + (f", {hidden} more not shown (--limit)." if hidden > 0 else "."))


def digest(
    config: Config = DEFAULT,
    preview: Annotated[bool, typer.Option("--preview", help="Show it; send nothing.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="With --preview: write the mail's page into this file.", metavar="FILE"),
    ] = None,
) -> None:
    """Send the digests that are due now, or show what one would say."""
    from desk.clock import utc_now
    from desk.digest.letter import write_letter
    from desk.digest.sending import send_due

    with opened(config) as house:
        if not preview:
            if not house.settings.mail.host or not house.settings.digest.to:
                raise Trouble(
                    "No mail server or nobody to write to: see [mail] and [digest]. To look at it: amends digest --preview"
                )
            sent = send_due(house, utc_now())
            failure = house.casebook.digests.last_failure()
            if failure and not sent:
                raise Trouble(f"The digest was not sent: {failure}.")
            typer.echo(f"Sent: {sent}. A day's digest goes out once; --preview shows it again.")
            return
        owners = (person.email for person in house.casebook.people.all() if person.role == "owner")
        recipient = next(iter((*house.settings.digest.to, *owners)), "")
        letter = write_letter(house, recipient, utc_now())
    if html:
        try:
            html.write_text(letter.html, encoding="utf-8")
        except OSError as error:
            raise Trouble(f"{html} cannot be written: {(error.strerror or str(error)).lower()}.") from error
        typer.echo(f"Written: {html}")
    else:
        typer.echo(f"Subject: {letter.subject}\n\n{letter.text}", nl=False)
