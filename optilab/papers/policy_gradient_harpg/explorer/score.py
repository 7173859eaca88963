"""What one trajectory tells: the horizon's bias, the noise of the gradient and the curvature of exploration."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.policy_gradient_harpg.experiment import PLANT, START
from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian
from optilab.problems.episodes import Trajectory
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import BLUE, INK, ORANGE, ink

COUNT, FEW = 2000, 600  # trajectories at the setting itself, and at the others of its curve
SIGMAS = np.geomspace(0.1, 1.5, 8)
LONGEST = 60
HORIZONS = np.arange(2, LONGEST + 1, 2)
QUIET = {"hoverinfo": "skip", "showlegend": False}
SIGMA_AXIS = {
    "type": "log",
    "title": {"text": "exploration σ"},
    "tickvals": [0.1, 0.2, 0.5, 1, 1.5],
    "ticktext": ["0.1", "0.2", "0.5", "1", "1.5"],
}


@lru_cache(maxsize=4)
def noise(count: int) -> np.ndarray:
    """Noise for the longest horizon: (count, 60, 3)."""
    return LinearGaussian(H=LONGEST).sample(np.random.default_rng(0), count)


@lru_cache(maxsize=16)
def longest(sigma: float, count: int) -> Trajectory:
    """Trajectories of 60 steps at θ = 0; shorter ones are their beginnings, and no discount matters."""
    return replace(PLANT, H=LONGEST, sigma=sigma).rollout(START, noise(count))


def variance(plant: LinearGaussian, count: int) -> float:
    """Trace of the covariance of one trajectory's gradient at θ = 0."""
    tau = Trajectory(*(column[:, : plant.H] for column in longest(plant.sigma, count)))
    return float(plant.each_g(tau, START).var(0).sum())


@lru_cache(maxsize=64)
def cut_off(gamma: float, sigma: float) -> np.ndarray:
    """J_H − J at θ = 0 for each of `HORIZONS`."""
    longest = replace(PLANT, gamma=gamma, sigma=sigma, H=300)
    rest = longest.rewards(START) * longest.discounts
    beyond = float(longest.beyond(START))
    return -np.array([rest[H:].sum() + beyond for H in HORIZONS])


@lru_cache(maxsize=64)
def over_sigma(H: int, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    """Variance of one trajectory's gradient, and least eigenvalue of the Fisher matrix, at each of `SIGMAS`."""
    plants = [replace(PLANT, H=H, gamma=gamma, sigma=sigma) for sigma in SIGMAS]
    least = [np.linalg.eigvalsh(plant.fisher(START))[0] for plant in plants]
    return np.array([variance(plant, FEW) for plant in plants]), np.array(least)


def written(x: float) -> str:
    """A number with three digits that count, without powers of ten."""
    return f"{x:.3g}" if x < 1000 else f"{float(f'{x:.3g}'):,.0f}"


def compute(H: int, gamma: float, sigma: float) -> dict[str, Any]:
    """Bias over H, variance and least Fisher eigenvalue over σ, all at θ = 0."""
    plant = replace(PLANT, H=H, gamma=gamma, sigma=sigma)
    bias = -float(plant.beyond(START))
    curve, fisher = over_sigma(H, gamma)
    now = variance(plant, COUNT)
    least = float(np.linalg.eigvalsh(plant.fisher(START))[0])
    slope = float(np.linalg.norm(plant.grad(START)))
    return {
        "horizons": HORIZONS,
        "bias": cut_off(gamma, sigma),
        "bound": gamma**HORIZONS / (1 - gamma),
        "H_now": np.array([H]),
        "bias_now": np.array([bias]),
        "sigmas": SIGMAS,
        "variance": curve,
        "inverse": now * (sigma / SIGMAS) ** 2,
        "sigma_now": np.array([sigma]),
        "variance_now": np.array([now]),
        "fisher": fisher,
        "fisher_now": np.array([least]),
        "note": (
            f"H = {H} cuts off {bias:.2g} of the return. One trajectory's gradient has variance <b>{written(now)}</b>, "
            f"a standard deviation of {written(np.sqrt(now))} beside a true gradient of length {written(slope)}. "
            f"Least eigenvalue of the Fisher matrix: <b>{least:.2g}</b>."
        ),
    }


def code(values: dict[str, Any]) -> str:
    """Lines that compute the three numbers: bias, variance, least eigenvalue."""
    return (
        "import numpy as np\n"
        "from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian\n\n"
        f"plant, theta = LinearGaussian(H={values['H']}, gamma={values['gamma']:.4g}, sigma={values['sigma']:.4g}), "
        "np.zeros(2)\n"
        f"noise = LinearGaussian(H={LONGEST}).sample(np.random.default_rng(0), {COUNT})[:, :plant.H]\n"
        "tau = plant.rollout(theta, noise)\n"
        "-plant.beyond(theta), plant.each_g(tau, theta).var(0).sum(), np.linalg.eigvalsh(plant.fisher(theta))[0]"
    )


def score(**start: Any) -> Explorer:
    """Horizon, discount and exploration beside bias, variance and Fisher eigenvalue."""
    return Explorer(
        compute,
        {
            "H": slider("horizon H", 20, 2, LONGEST, 2),
            "gamma": slider("discount γ", 0.9, 0.5, 0.99, 0.01),
            "sigma": slider("exploration σ", 0.7, 0.1, 1.5, 0.05, named={"whisper": 0.1}),
        },
        [_bias(), _noise(), _fisher()],
        call="optilab.papers.policy_gradient_harpg.explorer.score",
        start=start,
        code=code,
    )


def _bias() -> Panel:
    return Panel(
        "What the horizon cuts off dies like γᴴ",
        [
            (
                go.Scatter(name="at most γᴴ/(1 − γ)", mode="lines", line={"color": INK, "dash": "dash", "width": 1.5}),
                {"x": "horizons", "y": "bound"},
            ),
            (
                go.Scatter(name="J_H − J", mode="lines", line={"color": INK, "width": 2.4}),
                {"x": "horizons", "y": "bias"},
            ),
            (go.Scatter(mode="markers", marker={"color": INK, "size": 10}, **QUIET), {"x": "H_now", "y": "bias_now"}),
        ],
        {
            "xaxis": {"title": {"text": "horizon H"}, "range": [0, 62]},
            "yaxis": {"type": "log", "title": {"text": "J_H − J"}},
        },
    )


def _noise() -> Panel:
    return Panel(
        "Whisper and the gradient drowns: noise ∝ 1/σ²",
        [
            (
                go.Scatter(name="∝ 1/σ²", mode="lines", line={"color": ink(0.6), "dash": "dash", "width": 1.5}),
                {"x": "sigmas", "y": "inverse"},
            ),
            (
                go.Scatter(name=f"{FEW} trajectories", mode="lines+markers", line={"color": ORANGE, "width": 2.4}),
                {"x": "sigmas", "y": "variance"},
            ),
            (
                go.Scatter(
                    name=f"{COUNT:,} here", mode="markers", marker={"color": ORANGE, "size": 11}, hoverinfo="skip"
                ),
                {"x": "sigma_now", "y": "variance_now"},
            ),
        ],
        {"xaxis": SIGMA_AXIS, "yaxis": {"type": "log", "dtick": 1, "title": {"text": "variance of g, trace"}}},
    )


def _fisher() -> Panel:
    return Panel(
        "… while the Fisher matrix looks better and better",
        [
            (
                go.Scatter(name="least eigenvalue", mode="lines", line={"color": BLUE, "width": 2.4}, showlegend=False),
                {"x": "sigmas", "y": "fisher"},
            ),
            (
                go.Scatter(mode="markers", marker={"color": BLUE, "size": 11}, **QUIET),
                {"x": "sigma_now", "y": "fisher_now"},
            ),
        ],
        {"xaxis": SIGMA_AXIS, "yaxis": {"type": "log", "dtick": 1, "title": {"text": "least eigenvalue of F"}}},
    )
