"""A portfolio by two geometries: weights, worst loss on the way, losses in all scenarios."""

from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import run
from optilab.papers.last_iterate.algorithm import SCHEDULES
from optilab.papers.last_iterate.experiment import states
from optilab.papers.last_iterate.explorer.parts import FLOOR, NAMES, band, filled, times
from optilab.papers.last_iterate.problems import MaxAffine, scenarios
from optilab.problems.mirror import Entropy, Euclidean, Mirror
from optilab.problems.noisy import Gaussian, Noisy
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, color

RUNS, SIGMA = 10, 0.5
MULTIPLY, PROJECT = color("entropy"), color("Euclidean")


@cache
def market(d: int) -> MaxAffine:
    """The portfolio problem, its optimum known."""
    problem = scenarios(0, d)
    _ = problem.minimizer
    return problem


@cache
def largest_squared(d: int) -> float:
    """E max_i N_i² of d independent normals, by simulation."""
    draws = np.random.default_rng(0).standard_normal((2000, d))
    return float((draws**2).max(-1).mean())


def compute(schedule: str, eta_entropy: float, eta_euclid: float, d: int, T: int) -> dict[str, Any]:
    """The same noisy scenarios through multiplicative and through projected steps."""
    exact = market(d)
    problem = Noisy(exact, Gaussian(SIGMA), d)
    start, t = np.full(d, 1 / d), times(T, 40)
    data: dict[str, Any] = {"t": t}
    largest = {}
    methods: dict[str, tuple[Mirror, float]] = {
        "entropy": (Entropy(), eta_entropy),
        "euclid": (Euclidean(), eta_euclid),
    }
    constants = {
        "entropy": (np.log(d), 4 * abs(exact.A).max() ** 2 + SIGMA**2 * largest_squared(d)),
        "euclid": (0.5, 4 * (exact.A**2).sum(0).max() + SIGMA**2 * d),
    }
    for name, (mirror, eta) in methods.items():
        steps = SCHEDULES[schedule](T, eta)
        x = run(states(problem, start, steps[:, None], RUNS, 7, mirror=mirror), T, keep=["x"]).x[t, 0]
        gap = np.maximum(problem(x) - exact.minimum, FLOOR)
        final = x[-1].mean(0)
        band_t, band_gap = band(t, gap, 0, 1)
        largest[name] = gap[-1].mean()
        data |= {
            f"{name}_gap": gap.mean(-1),
            f"{name}_band_t": band_t,
            f"{name}_band": band_gap,
            f"{name}_weights": -np.sort(-final),
            f"{name}_loss": -np.sort(-(final @ exact.A)),
        }
    promise = {name: 4 * np.sqrt(2 * D * s2 / T) for name, (D, s2) in constants.items()}
    ratio = largest["euclid"] / largest["entropy"]
    verdict = f"entropy is {ratio:.2g} times closer" if ratio >= 1 else f"Euclid is {1 / ratio:.2g} times closer"
    return data | {
        "asset": np.arange(1, d + 1),
        "scenario": np.arange(1, exact.A.shape[1] + 1),
        "best_weights": -np.sort(-exact.minimizer),
        "best_loss": -np.sort(-(exact.minimizer @ exact.A)),
        "equal_loss": -np.sort(-(start @ exact.A)),
        "note": f"Worst loss above the least possible ({exact.minimum:.3f}): entropy {largest['entropy']:.3g}, "
        f"Euclid {largest['euclid']:.3g}: <b>{verdict}</b>. For tuned linear decay theory promises "
        f"{promise['entropy']:.2g} and {promise['euclid']:.2g}: D is {np.log(d):.2g} against ½, "
        f"M² + σ² is {constants['entropy'][1]:.3g} against {constants['euclid'][1]:.3g}.",
    }


def code(values: dict[str, Any]) -> str:
    """Lines that make the entropy runs."""
    d = values["d"]
    return (
        "import numpy as np\n"
        "from optilab.papers.last_iterate.algorithm import SCHEDULES, csmd\n"
        "from optilab.problems.mirror import Entropy\n"
        "from optilab.problems.noisy import Gaussian, Noisy\n"
        "from optilab.papers.last_iterate.problems import scenarios\n\n"
        f"problem = Noisy(scenarios(0, {d}), Gaussian({SIGMA}), {d})\n"
        f'eta = SCHEDULES["{values["schedule"]}"]({values["T"]}, {values["eta_entropy"]:.4g})\n'
        f"start = np.full(({RUNS}, {d}), 1 / {d})\n"
        "*_, last = csmd(problem, start, eta=eta, rng=np.random.default_rng(7), mirror=Entropy())\n"
        "(problem(last.x) - problem.minimum).mean()"
    )


def portfolio(**start: Any) -> Explorer:
    """Two step sizes, the number of assets and the schedule beside weights, gaps and losses."""
    return Explorer(
        compute,
        {
            "schedule": choice("schedule", "linear decay", NAMES),
            "eta_entropy": log_slider("η, entropy", 5.0, 0.2, 50.0),
            "eta_euclid": log_slider("η, Euclid", 0.1, 0.004, 1.0),
            "d": slider("assets", 200, 20, 200, 20),
            "T": slider("steps T", 200, 50, 300, 50),
        },
        [
            Panel(
                "The weights, largest first",
                [
                    (
                        go.Scatter(name="optimum", line={"color": INK, "width": 1.6}, mode="lines"),
                        {"x": "asset", "y": "best_weights"},
                    ),
                    (
                        go.Scatter(name="entropy", line={"color": MULTIPLY, "width": 2.5}),
                        {"x": "asset", "y": "entropy_weights"},
                    ),
                    (
                        go.Scatter(name="Euclid", line={"color": PROJECT, "width": 2.5}),
                        {"x": "asset", "y": "euclid_weights"},
                    ),
                ],
                {
                    "xaxis": {"type": "log", "title": {"text": "asset, by weight"}},
                    "yaxis": {"title": {"text": "weight (mean of 10 runs)"}, "rangemode": "tozero"},
                },
            ),
            Panel(
                "How far the worst loss is from the least possible",
                [
                    (filled(MULTIPLY), {"x": "entropy_band_t", "y": "entropy_band"}),
                    (filled(PROJECT), {"x": "euclid_band_t", "y": "euclid_band"}),
                    (
                        go.Scatter(name="entropy", line={"color": MULTIPLY, "width": 2.5}),
                        {"x": "t", "y": "entropy_gap"},
                    ),
                    (go.Scatter(name="Euclid", line={"color": PROJECT, "width": 2.5}), {"x": "t", "y": "euclid_gap"}),
                ],
                {
                    "xaxis": {"type": "log", "dtick": 1, "title": {"text": "step t (bands: all 10 runs)"}},
                    "yaxis": {"type": "log", "title": {"text": "gap f − f* of the last iterate"}},
                },
            ),
            Panel(
                "The loss in each of 20 scenarios, worst first: a good portfolio levels them",
                [
                    (
                        go.Scatter(name="equal weights", line={"color": INK, "dash": "dot", "width": 1.4}),
                        {"x": "scenario", "y": "equal_loss"},
                    ),
                    (
                        go.Scatter(name="optimum", line={"color": INK, "width": 1.6}),
                        {"x": "scenario", "y": "best_loss"},
                    ),
                    (
                        go.Scatter(name="entropy", line={"color": MULTIPLY, "width": 2.5}),
                        {"x": "scenario", "y": "entropy_loss"},
                    ),
                    (
                        go.Scatter(name="Euclid", line={"color": PROJECT, "width": 2.5}),
                        {"x": "scenario", "y": "euclid_loss"},
                    ),
                ],
                {"xaxis": {"title": {"text": "scenario, by loss"}}, "yaxis": {"title": {"text": "loss"}}},
            ),
        ],
        call="optilab.papers.last_iterate.explorer.portfolio",
        start=start,
        code=code,
    )
