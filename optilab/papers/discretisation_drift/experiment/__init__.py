"""What the thesis claims about discretisation drift and smoothness, measured."""

from optilab.core.claim import Claims, collect
from optilab.papers.discretisation_drift.experiment import edge, flows, games, passes, smoothness

EXPERIMENTS = (
    *flows.EXPERIMENTS,
    *edge.EXPERIMENTS,
    *passes.EXPERIMENTS,
    *games.EXPERIMENTS,
    *smoothness.EXPERIMENTS,
)


def claims(quick: bool = False) -> Claims:
    """All claims, over the full number of seeds or, if `quick`, over a few."""
    return collect(EXPERIMENTS, quick)
