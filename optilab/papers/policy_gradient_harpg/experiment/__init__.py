"""What corrected directions are worth on the linear plant, where they fail, and whether the theory's bounds hold."""

from optilab.core.claim import Claims, collect
from optilab.papers.policy_gradient_harpg.experiment.failures import (
    RATES,
    bad_luck,
    diverged_share,
    divergence,
    long_steps,
    lost_share,
    skew,
    whisper,
)
from optilab.papers.policy_gradient_harpg.experiment.headlines import dear_correction, headline, large_batch, rivals
from optilab.papers.policy_gradient_harpg.experiment.promises import constants, curves
from optilab.papers.policy_gradient_harpg.experiment.races import PLANT, START, Race, checkpoints, race, slope

EXPERIMENTS = (
    headline,
    dear_correction,
    large_batch,
    rivals,
    skew,
    divergence,
    long_steps,
    whisper,
    bad_luck,
    constants,
    curves,
)


def claims(quick: bool = False) -> Claims:
    """All claims; `quick` makes fewer updates, with thresholds for that many."""
    return collect(EXPERIMENTS, quick)


__all__ = [
    "EXPERIMENTS",
    "PLANT",
    "RATES",
    "START",
    "Race",
    "checkpoints",
    "claims",
    "diverged_share",
    "lost_share",
    "race",
    "slope",
]
