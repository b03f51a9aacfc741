"""How long is searched: briefly and always the same in every run of the tests; as long as you like, and new each time, when asked to."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

MANY = int(os.environ.get("AMENDS_MODEL_EXAMPLES", "0"))
STEPS = int(os.environ.get("AMENDS_MODEL_STEPS", "40"))
HOURS = 12 * 3600


def chosen(examples: int, *, shrink: bool = True) -> settings:
    """So many examples of STEPS steps. Only a long search makes what it finds smaller: that takes minutes."""
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not MANY,
        database=None,
        phases=[Phase.generate, Phase.shrink] if MANY and shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=bool(MANY),
    )
