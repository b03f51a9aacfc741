"""Real kills of the real thing: `amends run` as it is installed, killed -9 or asked to end while customers complain and Ana says yes.

Each desk is a folder with a config file, a town of its own and one service. Between two starts hours pass: the instants in the base
are set back, as if the computer had been off. Judged from outside by what stands in the town, and by Ana's own lists.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import IO, Any, Self

from sqlalchemy import select, update

from desk.toml_text import quote
from sandbox.keys import bluesky_keys, mastodon_keys, reddit_keys, x_keys
from sandbox.mishaps import mishap
from sandbox.serve import Served
from sandbox.world import World
from storage.engine import Engine, open_engine, writing
from storage.reading import Reading
from storage.tables import leases, replies, sources
from torture.ana import Ana, Away, Yes
from torture.facts import MOST, UP, is_settled
from torture.judge import Finding, Known, Said, Stands, judge_replies
from torture.sites import BOARD, KEY, SITES

PLACES = tuple(SITES)
QUICK_MISHAPS = (
    "reset_before", "reset_after", "error_before", "error_after", "late_error", "limited_bare", "cut_short", "empty", "garbage",
)  # fmt: skip
"""Those that a client notices at once: a silent server would keep a real process waiting for its whole patience."""
LATE = 0.4
"""Seconds until a late request is carried out: shorter than any start of the service, and the clock of the base is an hour on by then."""
UP_WITHIN, END_WITHIN = 30.0, 5.0
LONGEST_LIFE = 3.0
"""Seconds after Ana's yes at which the latest kill comes; it goes out one or two seconds later."""
AN_HOUR = timedelta(hours=1)
MOST_ENDS = 12
"""Quiet starts until everything must be settled."""
COMPLAINTS = (
    "my birthday cake came late and nobody called",
    "the bread was stale again, and I want my money back",
    "two hours for a coffee, that is not right",
    "your website took my order twice",
    "the croissant was burnt and cold",
)


@dataclass(slots=True)
class Tally:
    """What came of it. `findings` counts what the judge calls wrong; `slow_ends` are services that did not end when asked to."""

    kills: int = 0
    terms: int = 0
    cases: int = 0
    parked: int = 0
    slow_ends: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    says: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Both together."""
        self.kills += other.kills
        self.terms += other.terms
        self.cases += other.cases
        self.parked += other.parked
        self.slow_ends += other.slow_ends
        self.findings.update(other.findings)
        self.says += other.says

    def blame(self, findings: list[Finding], where: str) -> None:
        """Note what is wrong."""
        self.findings.update(one.what for one in findings)
        self.says += [f"{where}: {one.what}: {one.says}" for one in findings]


def run(
    kills: int,
    terms: int,
    seed: int,
    *,
    desks: int = 2,
    database: Callable[[int], str] | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Tally:
    """So many kills -9 and so many polite ends, shared among `desks` that work side by side. `tell` hears of each.

    `database` gives a desk the URL of an empty database on a server; without it each has an SQLite file.
    """
    shares = [(_share(kills, desks, n), _share(terms, desks, n)) for n in range(desks)]
    with ThreadPoolExecutor(desks) as pool:
        work = [
            pool.submit(_one_desk, share, Random(f"{seed}:{n}"), database(n) if database else "", tell)  # noqa: S311
            for n, share in enumerate(shares)
        ]
        whole = Tally()
        for one in work:
            whole.add(one.result())
    return whole


def _share(whole: int, desks: int, n: int) -> int:
    return whole // desks + (n < whole % desks)


def _one_desk(share: tuple[int, int], chance: Random, database: str, tell: Callable[[int], None]) -> Tally:
    ends = [signal.SIGKILL] * share[0] + [signal.SIGTERM] * share[1]
    chance.shuffle(ends)
    with tempfile.TemporaryDirectory(prefix="amends-torture-") as folder, Desk(Path(folder), chance, database) as desk:
        for end in ends:
            desk.one_life(end)
            tell(1)
        desk.settle()
        desk.judge()
        return desk.tally


class Desk:
    """One service with its town. Use as a context."""

    def __init__(self, folder: Path, chance: Random, database: str) -> None:
        self.folder, self.chance = folder, chance
        self.tally = Tally()
        self.yeses: list[Yes] = []
        self._open = ExitStack()
        self._worlds: dict[str, World] = {}
        self._options: dict[str, Any] = {}
        self._urls: dict[str, str] = {}
        self._database = database
        self._port = _free_port()
        self._written = 0

    def __enter__(self) -> Self:
        """Open the town, and write the config file."""
        for place in PLACES:
            world = self._open.enter_context(World(self.folder / f"{place}.sqlite"))
            app, self._options[place] = SITES[place].build(world)
            self._worlds[place] = world
            self._urls[place] = self._open.enter_context(Served(app)).url
            world.add_account(place, KEY, "Rose Bakery")
        (self.folder / "config.toml").write_text(self._config(), encoding="utf-8")
        self._amends("migrate")
        self._amends("person", "ana@rosebakery.example", "--name", "Ana")
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def one_life(self, end: signal.Signals) -> None:
        """Customers complain, the service starts, Ana says yes to what she finds, and at some moment it is over."""
        self._complain(self.chance.randrange(1, 4))
        self._mishaps()
        with self._service() as service:
            if self.chance.random() < 0.15:
                time.sleep(self.chance.uniform(0.0, 1.5))  # it may not even be up by then
            else:
                self._let_ana_work(service)
                time.sleep(self.chance.uniform(0.0, LONGEST_LIFE))
            self._end(service, end)
        self._calm()
        self._let_time_pass(AN_HOUR)

    def settle(self) -> None:
        """Quiet starts, hours apart, until the machine has nothing more to do."""
        for _ in range(MOST_ENDS):
            with self._service() as service:
                self._wait_until(lambda: not self._due_now(), service)
                self._end(service, signal.SIGTERM, counted=False)
            if self._all_settled():
                return
            self._let_time_pass(AN_HOUR)

    def judge(self) -> None:
        """Look at what stands in the town, and at what Ana is told."""
        engine = self._engine()
        try:
            told = self._told(engine)
            with writing(engine) as connection:
                rows = connection.execute(select(replies)).all()
            self.tally.cases = len({row.case_id for row in rows})
            self.tally.parked = len({row.case_id for row in rows if row.state not in UP and row.case_id in told})
            for place in PLACES:
                said = {
                    row.id: Said(row.id, row.approved_text, self._parents(place, row.parent_id))
                    for row in rows
                    if row.place == place
                }
                known = {
                    row.id: Known(is_settled(row), row.state in UP, row.case_id in told, row.native_id) for row in rows
                }
                self.tally.blame(judge_replies(list(said.values()), self._stands(place), known), place)
            self._judge_yeses({row.case_id: row.approved_text for row in rows})
        finally:
            engine.dispose()

    def _judge_yeses(self, kept: Mapping[int, str]) -> None:
        """A yes that was confirmed on the page is in the base word for word; what is in the base was pressed for."""
        pressed: dict[int, set[str]] = {}
        for yes in self.yeses:
            pressed.setdefault(yes.case_id, set()).add(yes.text)
            if yes.sure and kept.get(yes.case_id) != yes.text:
                self.tally.blame([Finding("lost", f"the yes to case {yes.case_id} that was confirmed")], "inbox")
        for case_id, text in kept.items():
            if text not in pressed.get(case_id, set()):
                self.tally.blame([Finding("wrong_text", f"case {case_id}: nobody pressed for {text!r}")], "inbox")

    # --- the town ---------------------------------------------------------------------------------

    def _complain(self, many: int) -> None:
        for _ in range(many):
            self._written += 1
            place = self.chance.choice(PLACES)
            world = self._worlds[place]
            customer = world.add_account(place, f"customer{self._written}", f"Customer {self._written}")
            said = f"@{KEY} Rose Bakery: {self.chance.choice(COMPLAINTS)} (number {self._written})"
            board = SITES[place].board
            title = f"Rose Bakery, number {self._written}" if board else ""
            world.publish(place, customer.id, said, title=title, board=board)

    def _mishaps(self) -> None:
        for place in PLACES:
            if self.chance.random() < 0.5:
                name = self.chance.choice(QUICK_MISHAPS)
                self._options[place].faults.add(*mishap(name, place, times=self.chance.choice((1, 1, 2)), delay=LATE))

    def _calm(self) -> None:
        for place in PLACES:
            self._options[place].faults.clear()

    def _parents(self, place: str, native_id: str) -> frozenset[str]:
        for one in (native_id, native_id.rpartition("_")[2]):
            found = self._worlds[place].post(place, one)
            if found is not None:
                return frozenset(found.history)
        raise KeyError(f"a reply to {native_id}, which is not on {place}")

    def _stands(self, place: str) -> list[Stands]:
        world, says = self._worlds[place], SITES[place].says
        us = world.account(place, handle=KEY)
        assert us is not None
        return [Stands(one.id, one.parent_id, says(one.versions[0].text), one.deleted_at is not None)
                for one in world.posts(place, author_id=us.id)]  # fmt: skip

    # --- the service --------------------------------------------------------------------------------

    def _service(self) -> Service:
        return Service([*_command(), "run", "--config", "config.toml"], self.folder, self._environ())

    def _amends(self, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own command
            [*_command(), *arguments, "--config", "config.toml"],
            cwd=self.folder, env=self._environ(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"amends {arguments[0]} ended with {done.returncode}: {done.stderr}")

    def _let_ana_work(self, service: Service) -> None:
        """Wait for the pages, and for a complaint with an answer to it; then say yes to one or two of them."""
        ana = Ana(f"http://127.0.0.1:{self._port}")
        until = time.monotonic() + UP_WITHIN
        while service.is_alive() and time.monotonic() < until:
            with suppress(Away):
                ana.come_in()
                if pressed := ana.say_yes(self.chance.randrange(1, 4)):
                    self.yeses += pressed
                    return
            time.sleep(0.1)

    def _end(self, service: Service, how: signal.Signals, *, counted: bool = True) -> None:
        took = service.end(how)
        if how == signal.SIGKILL:
            self.tally.kills += 1
        else:
            self.tally.terms += counted
            self.tally.slow_ends += took > END_WITHIN
        if service.code not in (-signal.SIGKILL, 0) and not (service.code == -signal.SIGTERM and took < 1.0):
            # Python itself ends by the signal before our own handling of it has begun.
            self.tally.blame([Finding("crashed", f"ended with {service.code}: {service.said()}")], "service")

    # --- the base -----------------------------------------------------------------------------------

    def _engine(self) -> Engine:
        return open_engine(self._database or f"sqlite:///{self.folder / 'amends.sqlite'}")

    def _let_time_pass(self, by: timedelta) -> None:
        """Set every instant that work waits for back: to the service it is as if the computer had been off for so long."""
        engine = self._engine()
        try:
            with writing(engine) as connection:
                for table, names in _WAITS.items():
                    for row in connection.execute(select(table)).all():
                        moved = {name: value - by for name in names if (value := getattr(row, name)) is not None}
                        key = next(iter(table.primary_key))
                        connection.execute(update(table).where(key == getattr(row, key.name)).values(moved))
        finally:
            engine.dispose()

    def _wait_until(self, over: Callable[[], bool], service: Service) -> None:
        until = time.monotonic() + UP_WITHIN
        while not over() and service.is_alive() and time.monotonic() < until:
            time.sleep(0.2)

    def _due_now(self) -> bool:
        """Whether a reply is due at this moment, or going out."""
        engine = self._engine()
        try:
            from desk.clock import utc_now

            now = utc_now()
            with writing(engine) as connection:
                rows = [row for row in connection.execute(select(replies)).all() if not is_settled(row)]
            return any((row.look_at or row.due_at) <= now for row in rows)
        finally:
            engine.dispose()

    def _all_settled(self) -> bool:
        engine = self._engine()
        try:
            with writing(engine) as connection:
                return all(is_settled(row) for row in connection.execute(select(replies)).all())
        finally:
            engine.dispose()

    def _told(self, engine: Engine) -> set[int]:
        from desk.clock import utc_now

        look, now = Reading(engine), utc_now()
        lists = look.lists(now, limit=MOST)
        return {row.case_id for row in (*lists.parked, *lists.by_hand, *look.inbox(now, limit=MOST).rows)}

    # --- the settings ---------------------------------------------------------------------------------

    def _config(self) -> str:
        database = f"database = {quote(self._database)}\n" if self._database else ""
        return f"""\
[service]
{database}port = {self._port}
tick = "1 s"
practice = true
log_level = "warning"

[posting]
hold = "1 s"
first_hold = "1 s"

[polling]
every = "1 s"
lease = "2 s"

[[brand]]
key = "{KEY}"
name = "Rose Bakery"
contact = "hello@rosebakery.example"

[brand.x]
handle = "{KEY}"
api = {quote(self._urls["x"])}

[brand.reddit]
handle = "{KEY}"
boards = ["{BOARD}"]
api = {quote(self._urls["reddit"])}

[brand.mastodon]
handle = {quote(SITES["mastodon"].handle)}
api = {quote(self._urls["mastodon"])}

[brand.bluesky]
handle = {quote(SITES["bluesky"].handle)}
search = false
api = {quote(self._urls["bluesky"])}
"""

    def _environ(self) -> dict[str, str]:
        x, reddit = x_keys(KEY), reddit_keys(KEY)
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")},
            "AMENDS_X_BEARER_TOKEN": x.bearer_token,
            "AMENDS_X_API_KEY": x.consumer_key,
            "AMENDS_X_API_KEY_SECRET": x.consumer_secret,
            "AMENDS_X_ACCESS_TOKEN": x.access_token,
            "AMENDS_X_ACCESS_TOKEN_SECRET": x.access_token_secret,
            "AMENDS_REDDIT_CLIENT_ID": reddit.client_id,
            "AMENDS_REDDIT_CLIENT_SECRET": reddit.client_secret,
            "AMENDS_REDDIT_PASSWORD": reddit.password,
            "AMENDS_MASTODON_ACCESS_TOKEN": mastodon_keys(KEY).access_token,
            "AMENDS_BLUESKY_APP_PASSWORD": bluesky_keys(KEY).app_password,
            "AMENDS_OWNER_PASSWORD": "four unrelated words",
        }


_WAITS: Mapping[Any, tuple[str, ...]] = {
    replies: ("due_at", "lease_until", "look_at", "removal_due_at"),
    sources: ("next_at", "lease_until", "follow_at"),
    leases: ("until",),
}
"""Instants in the base that somebody waits for, or that waiting is counted from."""


class Service:
    """`amends run` in a process of its own. Use as a context; whatever is left of it is killed at the end."""

    def __init__(self, command: list[str], folder: Path, environ: dict[str, str]) -> None:
        self._log: IO[bytes] = (folder / "service.log").open("ab")
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=folder, env=environ, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True
        )
        self._file = folder / "service.log"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_alive():
            self._process.kill()
        self._process.wait()
        self._log.close()

    @property
    def code(self) -> int:
        """How it ended."""
        return self._process.wait()

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def end(self, how: signal.Signals) -> float:
        """Send a signal and wait; the seconds that the end took."""
        began = time.monotonic()
        self._process.send_signal(how)
        self._process.wait(UP_WITHIN)
        return time.monotonic() - began

    def said(self) -> str:
        """The last of its log."""
        return self._file.read_text("utf-8", "backslashreplace")[-400:]


def _command() -> list[str]:
    """The installed command, beside the Python that runs this."""
    beside = Path(sys.executable).with_name("amends")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "desk"]


_ports = threading.Lock()


def _free_port() -> int:
    with _ports, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
