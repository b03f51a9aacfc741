"""A crew of mates, one process each: hired, given jobs as they come free, and paid off."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from queue import Queue
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self

from torture.jobs import Job
from torture.mate import Articles
from torture.outcome import Outcome

LEAVE_WITHIN = 20.0
"""Seconds that a mate has to end its job and clear away what is its own; a chapter takes two to five."""


class MateLost(Exception):
    """A mate went away in the middle of a job. What it said last goes with it."""


@dataclass(slots=True)
class _Mate:
    process: subprocess.Popen[str]
    errors: IO[bytes]

    def do(self, job: Job) -> Outcome:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(job.to_line())
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise MateLost(f"at {job.name}: {self._last_words()}")
        return Outcome.from_line(line)

    def _last_words(self) -> str:
        self.process.wait(LEAVE_WITHIN)
        self.errors.seek(0)
        return self.errors.read()[-2000:].decode("utf-8", "replace").strip() or f"ended with {self.process.returncode}"


@dataclass(slots=True)
class JobBoard:
    """Jobs as they are taken. What one mate has ready for a platform no other need make ready, so the jobs there are left to that mate.

    `is_over` is asked before a job that was left for somebody is taken after all.
    """

    jobs: Iterator[Job]
    places: Sequence[str]
    is_over: Callable[[Job], bool]
    _aside: list[Job] = field(default_factory=list)
    _ready: dict[int, str] = field(default_factory=dict)
    _taking: threading.Lock = field(default_factory=threading.Lock)

    def take(self, mate: int) -> Job | None:
        """The next job for the mate with a number; None when there is none."""
        with self._taking:
            place = self._ready.pop(mate, "")
            job = self._from_aside([place]) or self._new() or self._from_aside(self.places)
            if job is not None:
                self._ready[mate] = job.place(self.places)
            return job

    def _new(self) -> Job | None:
        for job in self.jobs:
            place = job.place(self.places)
            if not place or place not in self._ready.values():
                return job
            self._aside.append(job)
        return None

    def _from_aside(self, places: Sequence[str]) -> Job | None:
        self._aside = [job for job in self._aside if not self.is_over(job)]
        found = next((job for job in self._aside if job.place(self.places) in places), None)
        if found is not None:
            self._aside.remove(found)
        return found


@dataclass(slots=True)
class Crew:
    """Use as a context. Mates have a session of their own, so that Ctrl-C reaches only whoever gives them their jobs."""

    articles: Articles
    many: int
    _mates: list[_Mate] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _enough: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        for _ in range(self.many):
            self._hire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._enough.set()
        for mate in self._mates:
            self._pay_off(mate)
        self._stack.close()

    def _hire(self) -> None:
        errors: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with the crew
        self._stack.callback(errors.close)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "torture.mate"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True,
        )  # fmt: skip
        self._mates.append(_Mate(process, errors))
        assert process.stdin is not None
        process.stdin.write(self.articles.to_line())
        process.stdin.flush()

    def _pay_off(self, mate: _Mate) -> None:
        """No more jobs: it ends what it is at, and clears away what is its own."""
        assert mate.process.stdin is not None
        assert mate.process.stdout is not None
        try:
            mate.process.stdin.close()
        except BrokenPipeError:
            self._enough.set()  # it is gone already
        try:
            mate.process.wait(LEAVE_WITHIN)
        except subprocess.TimeoutExpired:
            mate.process.kill()
        mate.process.stdout.close()

    def work_through(self, jobs: Iterator[Job], is_over: Callable[[Job], bool]) -> Iterator[tuple[Job, Outcome]]:
        """Have jobs done, as many at once as there are mates; give what came of them as it comes. Whoever stops listening stops the work.

        `is_over`: whether a job that was set aside for a mate need no longer be done. Raises MateLost.
        """
        done: Queue[tuple[Job, Outcome] | Exception | None] = Queue()
        board = JobBoard(jobs, self.articles.places, is_over)

        def keep_busy(number: int, mate: _Mate) -> None:
            try:
                while not self._enough.is_set():
                    job = board.take(number)
                    if job is None:
                        break
                    done.put((job, mate.do(job)))
            except Exception as error:  # noqa: BLE001 - it is raised again where it is heard
                done.put(error)
            done.put(None)

        for numbered in enumerate(self._mates):
            threading.Thread(target=keep_busy, args=numbered, daemon=True).start()
        working = len(self._mates)
        while working:
            told = done.get()
            if isinstance(told, Exception):
                raise told
            if told is None:
                working -= 1
            else:
                yield told
