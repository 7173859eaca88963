"""Where the units of the Hessian pay: stretched bowls, a network with badly scaled features, and what doesn't pay."""

from optilab.core.claim import Claims, collect
from optilab.papers.adahessian.experiment.training import first_steps, learning_rates, networks, well_scaled
from optilab.papers.adahessian.experiment.units import coupled, descending, moments, stretched_bowls

EXPERIMENTS = (stretched_bowls, coupled, moments, descending, networks, well_scaled, first_steps, learning_rates)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on fewer seeds."""
    return collect(EXPERIMENTS, quick)
