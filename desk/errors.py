"""What goes wrong for a person at the command line: one clear line each, and an exit code."""

from __future__ import annotations


class Trouble(Exception):
    """Something a person can put right. The message is one sentence or two: what is wrong, and what to do."""

    exit_code = 2


class ConfigTrouble(Trouble):
    """The config file cannot be used. `problems` has one line per mistake, with the line number where it is known."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
