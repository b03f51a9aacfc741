"""Plays groups of trials on a stage, and remembers how undisturbed runs went."""

from __future__ import annotations

from dataclasses import dataclass, field

from torture.groups import Group, Trial, thinned, trials
from torture.inside import INSIDE, Undisturbed, run_undisturbed, try_inside
from torture.judge import Finding
from torture.outcome import Outcome
from torture.outside import OUTBOX, OUTSIDE, try_outside, wait
from torture.presses import press_of
from torture.stage import Stage


@dataclass(slots=True)
class Player:
    """See the module. One for a stage."""

    stage: Stage
    _steps: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    _ends: dict[tuple[str, str], Undisturbed] = field(default_factory=dict)

    def play(self, group: Group, every: int = 1, only: int | None = None) -> Outcome:
        """All trials of a group, or one of `every` so many, or the one with a number."""
        outcome = Outcome(group.name)
        found = trials(group, *self.steps_of(group.play, group.place))
        chosen = thinned(group, every, found) if only is None else (one for one in found if one.number == only)
        starts, kills = self.stage.starts, self.stage.kills
        for trial in chosen:
            recipe = f"{group.name}#{trial.number}"
            findings, is_told = self._try(group, trial)
            outcome.cases += 1
            outcome.parked += is_told
            outcome.findings += [(recipe, one) for one in findings]
            outcome.unforeseen += [(recipe, one) for one in self.stage.unforeseen]
        outcome.starts, outcome.kills = self.stage.starts - starts, self.stage.kills - kills
        return outcome

    def steps_of(self, play: str, place: str) -> tuple[int, int]:
        """How many steps a play takes undisturbed, and how many the start after a death takes that comes in its middle."""
        if (play, place) not in self._steps:
            self._warm_up(play, place)
            if play in OUTSIDE:
                self._steps[play, place] = self._measure_outside(play, place)
            else:
                self._begin(play, place)
                self._ends[play, place], steps = run_undisturbed(self.stage, INSIDE[play])
                self._steps[play, place] = steps, steps
        return self._steps[play, place]

    def _measure_outside(self, play: str, place: str) -> tuple[int, int]:
        self._begin(play, place)
        steps = len(self.stage.start(*OUTSIDE[play].works).steps)
        self._begin(play, place)
        self.stage.start(*OUTSIDE[play].works, kill_at=steps * 3 // 4)
        wait(self.stage)
        return steps, len(self.stage.start(*OUTBOX).steps)

    def _begin(self, play: str, place: str) -> None:
        self.stage.begin(place, self._scene(play, place))

    def _scene(self, play: str, place: str) -> str:
        """The scene of a play, made if need be."""
        build = OUTSIDE[play].scene if play in OUTSIDE else INSIDE[play].scene
        scene = f"{place}-{build.__name__}"
        self.stage.ensure(place, scene, build)
        return scene

    def _warm_up(self, play: str, place: str) -> None:
        scene = self._scene(play, place)
        if play in OUTSIDE:
            self.stage.warm_up(place, scene, *OUTSIDE[play].works, *OUTBOX)
            return
        inside = INSIDE[play]
        press = (lambda stage: press_of(stage, inside.button)) if inside.button else None
        self.stage.warm_up(place, scene, *inside.works, *inside.afterwards, press=press)

    def _try(self, group: Group, trial: Trial) -> tuple[list[Finding], bool]:
        self._begin(group.play, group.place)
        deaths = trial.kill_at, trial.again_at, group.mishap
        if group.play in OUTSIDE:
            return try_outside(self.stage, OUTSIDE[group.play], *deaths, always=group.always)
        wanted = self._ends[group.play, group.place]
        return try_inside(self.stage, INSIDE[group.play], wanted, *deaths, always=group.always), False
