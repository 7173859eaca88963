"""A portfolio by two geometries: weights, worst loss on the way, losses in all scenarios."""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from optilab.core.numerics import log_steps
from optilab.core.run import run
from optilab.papers.last_iterate.algorithm import SCHEDULES, csmd
from optilab.papers.last_iterate.explorer.parts import FLOOR, NAMES, Replayed, color, outline
from optilab.papers.last_iterate.problems import MaxAffine, scenarios
from optilab.problems.mirror import Entropy, Euclidean
from optilab.problems.noisy import Gaussian, Noisy
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, log, panel, thin
from optilab.ui.theme import ink
from optilab.ui.words import number

RUNS, LONGEST, SIGMA = 8, 250, 0.5


@cache
def market(d: int) -> MaxAffine:
    """The portfolio problem, its optimum known."""
    problem = scenarios(0, d)
    _ = problem.minimizer
    return problem


@lru_cache(2)
def noise(d: int) -> np.ndarray:
    """The noise of every step of every run, the same for both geometries: (steps, runs, 1, d)."""
    return Gaussian(SIGMA)(np.random.default_rng(7), (LONGEST, RUNS, 1, d))


@cache
def largest_squared(d: int) -> float:
    """E max_i N_i² of d independent normals, by simulation."""
    draws = np.random.default_rng(0).standard_normal((2000, d))
    return float((draws**2).max(-1).mean())


def two_geometries(schedule: str, eta_entropy: float, eta_euclid: float, d: int, T: int) -> Any:
    """Weights of multiplicative and of projected steps on the same noisy scenarios: two of (T + 1, runs, d)."""
    start, unused = np.full((RUNS, d), 1 / d), np.random.default_rng(0)  # the noise was drawn before
    weights = []
    for mirror, eta in ((Entropy(), eta_entropy), (Euclidean(), eta_euclid)):
        problem = Replayed(Noisy(market(d), Gaussian(SIGMA), d), noise(d))
        path = csmd(problem, start, eta=SCHEDULES[schedule](T, eta), rng=unused, mirror=mirror)
        weights.append(run(path, T, keep=["x"]).x)
    return weights


def compute(schedule: str, eta_entropy: float, eta_euclid: float, d: int, T: int) -> dict[str, Any]:
    """Weights, worst losses and losses of both geometries; what theory promises them."""
    exact, t = market(d), log_steps(T, 40)
    asset, scenario = np.arange(1, d + 1), np.arange(1, exact.A.shape[1] + 1)

    def falling(values: np.ndarray) -> np.ndarray:
        return -np.sort(-values)

    data: dict[str, Any] = {}
    constants = {  # D, M² + σ²
        "entropy": (np.log(d), 4 * abs(exact.A).max() ** 2 + SIGMA**2 * largest_squared(d)),
        "euclid": (0.5, 4 * (exact.A**2).sum(0).max() + SIGMA**2 * d),
    }
    last = {}
    for name, x in zip(constants, two_geometries(schedule, eta_entropy, eta_euclid, d, T), strict=True):
        gap = np.maximum(exact(x[t]) - exact.minimum, FLOOR)
        final = x[-1].mean(0)
        last[name] = gap[-1].mean()
        data |= {
            f"{name} gap": (t, gap.mean(-1)),
            f"{name} band": outline(t, gap.min(-1), gap.max(-1)),
            f"{name} weights": (asset, falling(final)),
            f"{name} loss": (scenario, falling(final @ exact.A)),
        }
    promise = {name: 4 * np.sqrt(2 * D * s2 / T) for name, (D, s2) in constants.items()}
    ratio = last["euclid"] / last["entropy"]
    verdict = f"{'entropy' if ratio >= 1 else 'Euclid'} is {number(max(ratio, 1 / ratio), 2)} times closer"
    return data | {
        "best weights": (asset, falling(exact.minimizer)),
        "best loss": (scenario, falling(exact.minimizer @ exact.A)),
        "equal loss": (scenario, falling(np.full(d, 1 / d) @ exact.A)),
        "note": f"Worst loss above the least possible ({number(exact.minimum)}): entropy {number(last['entropy'])}, "
        f"Euclid {number(last['euclid'])}: <b>{verdict}</b>. The bound for tuned linear decay is "
        f"{number(promise['entropy'], 2)} and {number(promise['euclid'], 2)}: D is {number(np.log(d), 2)} against ½, "
        f"M² + σ² is {number(constants['entropy'][1], 2)} against {number(constants['euclid'][1], 2)}.",
    }


def portfolio(**start: Any) -> Explorer:
    """Two step sizes, the number of assets and the schedule beside weights, gaps and losses."""
    both = (("entropy", "entropy", color("entropy")), ("euclid", "Euclid", color("Euclidean")))

    def curves(of: str) -> list[Any]:
        return [curve(f"{name} {of}", label, shade) for name, label, shade in both]

    return Explorer(
        compute,
        {
            "schedule": choice("schedule", "linear decay", NAMES),
            "eta_entropy": log_slider("η, entropy", 5.0, 0.2, 50.0),
            "eta_euclid": log_slider("η, Euclid", 0.1, 0.004, 1.0),
            "d": slider("assets", 200, 20, 200, 20),
            "T": slider("steps T", 200, 50, LONGEST, 50),
        },
        [
            panel(
                "The weights, largest first, beside the optimal ones",
                thin("best weights", "optimum"),
                *curves("weights"),
                x=log("asset, by weight", [0, 2.31]),
                y=axis(f"weight (mean of {RUNS} runs)", [0, 0.42]),
            ),
            panel(
                "How far the worst loss is from the least possible",
                *(band(f"{name} band", shade=shade) for name, _, shade in both),
                *curves("gap"),
                x=log(f"step t (bands: all {RUNS} runs)", [0, 2.4], dtick=1),
                y=log("gap f − f* of the last iterate", [-2.6, 0.15]),
            ),
            panel(
                "The loss in each of 20 scenarios, worst first: the optimum levels them",
                curve("equal loss", "equal weights", ink(0.45)),
                thin("best loss", "optimum"),
                *curves("loss"),
                x="scenario, by loss",
                y=axis("loss", [-0.85, 0.3]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=two_geometries,
    )
