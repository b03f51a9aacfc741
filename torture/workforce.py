"""The workers under torture: hired, killed, counted, and sent home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

END_WITHIN = 20.0
"""Seconds after which a worker that was asked to end hangs: it takes three at most, on a machine that has time."""


class Crew:
    """The workers: processes that do what `amends run --role worker` does, each with a log of its own. Use as a context."""

    def __init__(self, folder: Path, environ: dict[str, str], chance: Random) -> None:
        self.folder, self.chance, self.kills = folder, chance, 0
        self.alive: list[int] = []
        self.logs: list[Path] = []
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "torture.nursery"],
            cwd=folder,
            env=environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._orders, self._answers = self._nursery.stdin, self._nursery.stdout
        if self._answers.readline() != "ready\n":
            raise RuntimeError("the workers' nursery did not open")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.alive:
            _send(worker, signal.SIGKILL)
        self._orders.close()
        self._nursery.wait()
        self._answers.close()

    def hire(self) -> None:
        """One more."""
        self.logs.append(self.folder / f"worker-{len(self.logs) + 1}.log")
        self._orders.write(f"{self.logs[-1]}\n")
        self._orders.flush()
        self.alive.append(int(self._answers.readline()))

    def kill_one(self) -> None:
        """Kill -9 a random one, and hire another."""
        _send(self.alive.pop(self.chance.randrange(len(self.alive))), signal.SIGKILL)
        self.kills += 1
        self.hire()

    def died_alone(self) -> list[str]:
        """Who ended without having been asked to."""
        return [f"worker {worker} ended by itself" for worker in self.alive if not _send(worker, 0)]

    def go_home(self) -> list[str]:
        """Ask all to end; who did not do it in time."""
        for worker in self.alive:
            _send(worker, signal.SIGTERM)
        last = time.monotonic() + END_WITHIN
        while any(_send(worker, 0) for worker in self.alive) and time.monotonic() < last:
            time.sleep(0.05)
        return [f"worker {worker} did not end in {END_WITHIN:g} s" for worker in self.alive if _send(worker, 0)]

    def mistakes(self) -> list[str]:
        """What they wrote that no worker should ever have to write."""
        lines = (line for log in self.logs for line in log.read_text("utf-8", "replace").splitlines())
        return [line for line in lines if " error " in line or "foresee" in line or "Traceback" in line]


def _send(process: int, number: int) -> bool:
    """Send a signal; whether there was anybody to take it."""
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return False
    return True
