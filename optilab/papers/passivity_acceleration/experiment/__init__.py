"""What the design promises, measured: races, failures, flows. See `EXPERIMENTS`."""

from optilab.core.claim import Claims, Experiment, collect
from optilab.papers.passivity_acceleration.experiment import failure, flows, races

EXPERIMENTS: tuple[Experiment, ...] = (
    races.conditioning,
    races.classifying,
    races.without_strong_convexity,
    races.loose,
    failure.cycling,
    failure.passing,
    flows.splitting,
    flows.shadowing,
    flows.tracking,
    flows.settling,
)


def claims(quick: bool = False) -> Claims:
    """All claims of the lesson; `quick` leaves out the largest condition number and the shortest step."""
    return collect(EXPERIMENTS, quick)
