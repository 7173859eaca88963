"""What the methods must keep: few Newton steps, even fronts, a bound above the error, descent across kinks, paths."""

from collections.abc import Sequence
from typing import Any

from optilab.core.claim import Claims, collect
from optilab.papers.multiobjective_pde.experiment.additions import additions
from optilab.papers.multiobjective_pde.experiment.along import along, seen_from, spacing
from optilab.papers.multiobjective_pde.experiment.fronts import (
    Front,
    ends_of,
    fronts,
    pair,
    reduced_front,
    reference_front,
    trusted,
    weighted_front,
)
from optilab.papers.multiobjective_pde.experiment.kinks import descents, jams, kinks
from optilab.papers.multiobjective_pde.experiment.modes import basis, errors, modes
from optilab.papers.multiobjective_pde.experiment.paths import hull_part, paths, regression
from optilab.papers.multiobjective_pde.experiment.states import newton_steps, states

EXPERIMENTS: Sequence[Any] = (states, fronts, modes, kinks, along, paths, additions)


def claims(quick: bool = False) -> Claims:
    """All claims of the paper, at the full or the quick size."""
    return collect(EXPERIMENTS, quick)
