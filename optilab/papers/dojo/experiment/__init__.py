"""What the engine promises, measured: directions, gradients, plans, fits. See `EXPERIMENTS`."""

from optilab.core.claim import Claims, Experiment, collect
from optilab.papers.dojo.experiment import friction, identification, puck, pushing, rigid

EXPERIMENTS: tuple[Experiment, ...] = (
    *rigid.EXPERIMENTS,
    friction.directions,
    friction.gradients,
    puck.stiction,
    puck.scaling,
    puck.hopping,
    pushing.pushing,
    identification.identify,
    identification.shapes,
    puck.learning,
)


def claims(quick: bool = False) -> Claims:
    """All claims of the lesson; `quick` takes fewer seeds, goals and frictions."""
    return collect(EXPERIMENTS, quick)
