"""What one trajectory tells: the horizon's bias, the noise of the gradient and the curvature of exploration."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from optilab.papers.policy_gradient_harpg.experiment import PLANT, START
from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian
from optilab.problems.episodes import Trajectory
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, guide, here, log, panel, promise
from optilab.ui.theme import BLUE, ORANGE
from optilab.ui.words import number

COUNT, FEW = 2000, 600  # trajectories at the setting itself, and at the others of its curve
SIGMAS = np.geomspace(0.1, 1.5, 8)
LONGEST = 60
HORIZONS = np.arange(2, LONGEST + 1, 2)


@lru_cache(maxsize=4)
def noise(count: int) -> np.ndarray:
    """Noise for the longest horizon: (count, 60, 3)."""
    return LinearGaussian(H=LONGEST).sample(np.random.default_rng(0), count)


@lru_cache(maxsize=16)
def longest(sigma: float, count: int) -> Trajectory:
    """Trajectories of 60 steps at θ = 0; shorter ones are their beginnings, and no discount matters."""
    return replace(PLANT, H=LONGEST, sigma=sigma).rollout(START, noise(count))


def seen(plant: LinearGaussian, count: int = COUNT) -> tuple[float, float]:
    """At θ = 0, the trace of the covariance of one trajectory's g, and the least eigenvalue of the Fisher matrix."""
    tau = Trajectory(*(column[:, : plant.H] for column in longest(plant.sigma, count)))
    return float(plant.each_g(tau, START).var(0).sum()), float(np.linalg.eigvalsh(plant.fisher(START))[0])


def told(H: int, gamma: float, sigma: float) -> Any:
    """What the horizon cuts off at θ = 0, how noisy g is there, and how curved exploration."""
    plant = replace(PLANT, H=H, gamma=gamma, sigma=sigma)
    return -float(plant.beyond(START)), *seen(plant)


@lru_cache(maxsize=64)
def over_horizons(gamma: float, sigma: float) -> np.ndarray:
    """J_H − J at θ = 0 for each of `HORIZONS`."""
    plant = replace(PLANT, gamma=gamma, sigma=sigma, H=300)
    rest, beyond = plant.rewards(START) * plant.discounts, float(plant.beyond(START))
    return -np.array([rest[H:].sum() + beyond for H in HORIZONS])


@lru_cache(maxsize=64)
def over_sigmas(H: int, gamma: float) -> np.ndarray:
    """What is `seen` at each of `SIGMAS`: (2, sigmas)."""
    return np.array([seen(replace(PLANT, H=H, gamma=gamma, sigma=sigma), FEW) for sigma in SIGMAS]).T


def compute(H: int, gamma: float, sigma: float) -> dict[str, Any]:
    """Bias over H, variance and least Fisher eigenvalue over σ, all at θ = 0."""
    bias, variance, least = told(H, gamma, sigma)
    variances, eigenvalues = over_sigmas(H, gamma)
    slope = float(np.linalg.norm(replace(PLANT, H=H, gamma=gamma, sigma=sigma).grad(START)))
    return {
        "bias": (HORIZONS, over_horizons(gamma, sigma)),
        "bound": (HORIZONS, gamma**HORIZONS / (1 - gamma)),
        "bias now": (H, bias),
        "variance": (SIGMAS, variances),
        "inverse": (SIGMAS, variance / 5 * (sigma / SIGMAS) ** 2),
        "variance now": (sigma, variance),
        "fisher": (SIGMAS, eigenvalues),
        "fisher now": (sigma, least),
        "note": f"H = {H} cuts off {number(bias, 2)} of the return. One trajectory's gradient has variance "
        f"<b>{number(variance)}</b>, a standard deviation of {number(np.sqrt(variance))} beside a true gradient of "
        f"length {number(slope)}. Least eigenvalue of the Fisher matrix: <b>{number(least, 2)}</b>.",
    }


def score(**start: Any) -> Explorer:
    """Horizon, discount and exploration beside bias, variance and Fisher eigenvalue."""
    quiet = {"hoverinfo": "skip"}
    sigmas = log("exploration σ", ticks={0.1: "0.1", 0.2: "0.2", 0.5: "0.5", 1: "1", 1.5: "1.5"})
    return Explorer(
        compute,
        {
            "H": slider("horizon H", 20, 2, LONGEST, 2),
            "gamma": slider("discount γ", 0.9, 0.5, 0.99, 0.01),
            "sigma": slider("exploration σ", 0.7, 0.1, 1.5, 0.05, named={"whisper": 0.1}),
        },
        [
            panel(
                "What the horizon cuts off dies like γᴴ",
                promise("bound", "at most γᴴ/(1 − γ)"),
                curve("bias", "J_H − J"),
                here("bias now", **quiet),
                x=axis("horizon H", [0, 62]),
                y=log("J_H − J"),
            ),
            panel(
                "Whisper (left) and the gradient drowns in noise",
                guide("inverse", end="∝ 1/σ²"),
                curve("variance", f"{FEW} trajectories", ORANGE, mode="lines+markers"),
                here("variance now", f"{COUNT:,} here", ORANGE, **quiet),
                x=sigmas,
                y=log("variance of g, trace", [-0.5, 6.6]),
            ),
            panel(
                "… while the Fisher matrix looks better",
                curve("fisher", shade=BLUE, name="least eigenvalue"),
                here("fisher now", shade=BLUE, **quiet),
                x=sigmas,
                y=log("least eigenvalue of F", [-1, 2]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=told,
    )
