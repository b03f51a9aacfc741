"""A process that has loaded everything a worker needs, and forks one for each log file named on its standard input; it answers with the
worker's number. A worker that is killed every few seconds would otherwise spend its life starting."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import desk.commands.running
import desk.scaled.worker
import places.reddit
import places.x
from desk.cli import run
from monitor.filter import judge
from storage.words import Author, Brand, Post

LOADED = (desk.commands.running, desk.scaled.worker, places.reddit, places.x)


def warm_up() -> None:
    """Load what is only loaded when it is first used."""
    when = datetime(2026, 11, 22, tzinfo=UTC)
    judge(Post("x", "1", Author("1", "cora", "Cora"), "The bread was burnt.", when, "1"), Brand("", ""))


def fork_worker(log: Path) -> int:
    """A new process that does what `amends run --role worker` does; its number."""
    child = os.fork()
    if child:
        return child
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(out, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os._exit(run(["run", "--role", "worker"]))


def main() -> None:
    """Fork until there are no more orders."""
    warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever dies is buried at once
    print("ready", flush=True)
    for line in sys.stdin:
        print(fork_worker(Path(line.strip())), flush=True)


if __name__ == "__main__":
    main()
