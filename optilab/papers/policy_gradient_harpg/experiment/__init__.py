"""What corrected directions are worth on the linear plant, where they fail, and whether the theory's bounds hold."""

from optilab.core.claim import Claims, collect
from optilab.papers.policy_gradient_harpg.experiment import failures, headlines, promises
from optilab.papers.policy_gradient_harpg.experiment.failures import RATES, diverged_share, lost_share
from optilab.papers.policy_gradient_harpg.experiment.races import FAR, PLANT, START, Race, checkpoints, race

EXPERIMENTS = (
    headlines.headline,
    headlines.expensive_correction,
    headlines.large_batch,
    headlines.rivals,
    failures.skew,
    failures.divergence,
    failures.long_steps,
    failures.whisper,
    failures.bad_luck,
    promises.constants,
    promises.curves,
)


def claims(quick: bool = False) -> Claims:
    """All claims; `quick` makes fewer updates, with thresholds for that many."""
    return collect(EXPERIMENTS, quick)
