"""Training of the classifier with normalised layers, its surface, and the loss at other rates and momenta."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import Progress, Trace
from optilab.papers.discretisation_drift.algorithm.penalties import steepness
from optilab.papers.discretisation_drift.algorithm.spectral_norm import SpectralNorm
from optilab.papers.discretisation_drift.experiment.smoothness import (
    CLASSIFIER,
    LOGIT_DIFFERENCE,
    NO_NORM,
    Judgement,
    final_loss_map,
    judge,
    train_moons,
)

LAYERS = {"all four": None, "the inner two": [1, 2], "none": None}
STEPS, EVERY, MAP_STEPS = 1500, 25, 400
LRS, MOMENTA = (0.01, 0.03, 0.1, 0.3), (0.0, 0.5, 0.9, 0.99)
GRID = np.linspace(-1.75, 2.75, 55), np.linspace(-1.5, 2.0, 43)
POINTS = np.stack(np.meshgrid(*GRID), -1).reshape(-1, 2)


class Trained(NamedTuple):
    """A trained classifier and what was measured of it."""

    trace: Trace
    outcome: Judgement
    surface: np.ndarray  # (y, x) logit difference
    slope: np.ndarray  # (y, x) steepness of the logit difference
    losses: np.ndarray  # (lr, momentum) loss after MAP_STEPS


def one_run(K: float, layers: str, lr: float, momentum: float, seed: int, progress: Progress = False) -> Any:
    """Training with normalised layers, and what the classifier is like at its end."""
    K, which = NO_NORM if layers == "none" else K, LAYERS[layers]
    trace = train_moons(K, [seed], lr=lr, momentum=momentum, steps=STEPS, every=EVERY, which=which, progress=progress)
    return trace, judge(trace.theta[-1], trace.u[-1], K, [seed], which)


def train(K: float, layers: str, lr: float, momentum: float, seed: int, progress: Callable[..., None]) -> Trained:
    """Train the classifier of two moons once for long, then shortly at every learning rate and momentum of the map."""
    trace, outcome = one_run(K, layers, lr, momentum, seed, progress=lambda k, n: progress(k, 2 * n))
    K, which = NO_NORM if layers == "none" else K, LAYERS[layers]
    norm = SpectralNorm(CLASSIFIER, K, which)
    theta_bar = norm.forward(trace.theta[-1], norm.estimate(trace.theta[-1], trace.u[-1], 50))[0]
    logits = CLASSIFIER.forward(theta_bar, POINTS) @ LOGIT_DIFFERENCE
    slope = steepness(CLASSIFIER, theta_bar, POINTS, LOGIT_DIFFERENCE)
    losses = final_loss_map(
        K, LRS, MOMENTA, [seed], steps=MAP_STEPS, which=which, progress=lambda k, n: progress(n + k, 2 * n)
    )
    shape = (len(GRID[1]), len(GRID[0]))
    one = Judgement(*(figure[0] for figure in outcome))
    return Trained(trace, one, logits.reshape(shape), slope.reshape(shape), losses[..., 0])
