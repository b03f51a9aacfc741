"""Real kills of the real thing: `amends run` as it is installed, killed -9 or asked to end while customers complain and Ana says yes.

Each desk is a folder with a config file, a quarter of the town and one service after another. Between two of them hours pass: the
instants in the base are set back, as if the computer had been off. Judged from outside by what stands in the town, and by Ana's lists.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Self

from desk.clock import utc_now
from storage.engine import Engine, open_engine
from torture.ana import Ana, Away, Yes
from torture.between import all_settled, cases_told, is_due, let_time_pass, reply_rows, sources_read
from torture.facts import UP, is_settled
from torture.installed import Service, amends, config, free_port
from torture.judge import Finding, Known, Said, judge_replies
from torture.outcome import Outcome
from torture.quarter import PLACES, Quarter

KILLS_EACH, TERMS_EACH = 40, 6
"""Lives at one desk: so many killed -9, and so many asked to end."""
READY_WITHIN = 60.0
"""Seconds that a loaded machine may take for what a start takes two or three for."""
IDLE = 15.0
"""Seconds after which Ana finds that nothing waits: whoever complained did so where reading has just gone wrong."""
LONGEST_LIFE = 3.0
"""Seconds after Ana's yes at which the latest kill comes; it goes out one or two seconds later."""
EARLY = 0.4
"""How often a service is ended before anybody has looked at it, perhaps before it is up."""
AN_HOUR = timedelta(hours=1)
MOST_ENDS = 12
"""Quiet starts until everything must be settled."""


def play(number: int, seed: int, folder: Path, database: str = "") -> Outcome:
    """Desk `number` of `seed`, in an empty folder; `database` is the URL of an empty one on a server ("": an SQLite file).

    What goes wrong and when follows from the seed; how far the service has come by then does not.
    """
    chance = Random(f"{seed}:process:{number}")  # noqa: S311 - it must be the same again
    ends = [signal.SIGKILL] * KILLS_EACH + [signal.SIGTERM] * TERMS_EACH
    chance.shuffle(ends)
    with Desk(folder, chance, database, f"process#{number}") as desk:
        for end in ends:
            desk.one_life(end)
        desk.settle()
        desk.judge()
        return desk.outcome


@dataclass(slots=True)
class Desk:
    """One desk. Use as a context."""

    folder: Path
    chance: Random
    database: str
    recipe: str
    outcome: Outcome = field(init=False)
    quarter: Quarter = field(init=False)
    yeses: list[Yes] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    _open: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.outcome = Outcome(self.recipe)
        self.quarter = Quarter(self.folder, self.chance)

    def __enter__(self) -> Self:
        """Open the quarter, and a service that reads it once: complaints from before that are nobody's to answer."""
        self._open.enter_context(self.quarter)
        (self.folder / "config.toml").write_text(config(self.port, self.quarter.urls, self.database), encoding="utf-8")
        amends(self.folder, "migrate")
        amends(self.folder, "person", "ana@rosebakery.example", "--name", "Ana")
        with self._engine() as engine, Service(self.folder) as service:
            self._wait_until(lambda: sources_read(engine), service)
            self._end(service, signal.SIGTERM)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def one_life(self, end: signal.Signals) -> None:
        """Customers complain, the service starts, Ana says yes to what she finds, and at some moment it is over."""
        self._pass_an_hour()
        self.quarter.complain(self.chance.randrange(1, 4))
        self.quarter.go_wrong()
        with Service(self.folder) as service:
            if self.chance.random() < EARLY:
                time.sleep(self.chance.uniform(0.0, 1.5))
            else:
                self._let_ana_work(service)
                time.sleep(self.chance.uniform(0.0, LONGEST_LIFE))
            self._end(service, end)
        self.outcome.kills += end == signal.SIGKILL
        self.outcome.terms += end == signal.SIGTERM
        self.quarter.calm()

    def settle(self) -> None:
        """Quiet starts, hours apart, until the machine has nothing more to do."""
        with self._engine() as engine:
            for _ in range(MOST_ENDS):
                self._pass_an_hour()
                with Service(self.folder) as service:
                    self._wait_until(lambda: not is_due(engine, utc_now()), service)
                    self._end(service, signal.SIGTERM)
                if all_settled(engine):
                    return

    def judge(self) -> None:
        """Look at what stands in the town, and at what Ana is told."""
        with self._engine() as engine:
            told, rows = cases_told(engine, utc_now()), reply_rows(engine)
        known = {row.id: Known(is_settled(row), row.state in UP, row.case_id in told, row.native_id) for row in rows}
        for place in PLACES:
            said = [
                Said(row.id, row.approved_text, self.quarter.ids_of(place, row.parent_id))
                for row in rows
                if row.place == place
            ]
            self._blame(judge_replies(said, self.quarter.stands(place), known))
        self._blame(self.judge_yeses({row.case_id: row.approved_text for row in rows}))
        self.outcome.cases = len({row.case_id for row in rows})
        self.outcome.parked = len({row.case_id for row in rows if row.state not in UP and row.case_id in told})

    def judge_yeses(self, kept: Mapping[int, str]) -> Iterator[Finding]:
        """A yes that was confirmed on the page is in the base word for word; what is in the base was pressed for."""
        pressed: dict[int, set[str]] = {}
        for yes in self.yeses:
            pressed.setdefault(yes.case_id, set()).add(yes.text)
            if yes.sure and kept.get(yes.case_id) != yes.text:
                yield Finding("lost", f"the yes to case {yes.case_id} that was confirmed")
        for case_id, text in kept.items():
            if text not in pressed.get(case_id, set()):
                yield Finding("wrong_text", f"case {case_id}: nobody pressed for {text!r}")

    def _blame(self, findings: Iterator[Finding] | list[Finding]) -> None:
        self.outcome.findings += [(self.recipe, one) for one in findings]

    def _let_ana_work(self, service: Service) -> None:
        """Wait for the pages, and for a complaint with an answer to it; then say yes to one or two of them."""
        ana, since = Ana(f"http://127.0.0.1:{self.port}"), time.monotonic()
        in_at: float | None = None
        while service.is_alive() and time.monotonic() < since + READY_WITHIN:
            with suppress(Away):
                ana.come_in()
                in_at = in_at or time.monotonic()
                if pressed := ana.say_yes(self.chance.randrange(1, 4)):
                    self.yeses += pressed
                    return
            if in_at is not None and time.monotonic() > in_at + IDLE:
                return
            time.sleep(0.2)

    def _end(self, service: Service, how: signal.Signals) -> None:
        took = service.end(how)
        self.outcome.starts += 1
        if service.code not in (-signal.SIGKILL, 0) and not (service.code == -signal.SIGTERM and took < 1.0):
            # Python itself ends by the signal before our own handling of it has begun.
            self.outcome.unforeseen.append((self.recipe, f"the service ended with {service.code}: {service.said()}"))

    def _pass_an_hour(self) -> None:
        with self._engine() as engine:
            let_time_pass(engine, AN_HOUR)

    def _wait_until(self, over: Callable[[], bool], service: Service) -> None:
        until = time.monotonic() + READY_WITHIN
        while not over() and service.is_alive() and time.monotonic() < until:
            time.sleep(0.2)

    @contextmanager
    def _engine(self) -> Iterator[Engine]:
        engine = open_engine(self.database or f"sqlite:///{self.folder / 'amends.sqlite'}")
        try:
            yield engine
        finally:
            engine.dispose()
