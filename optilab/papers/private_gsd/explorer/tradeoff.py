"""Privacy against error: runs measured once at several noise levels, put where ε and N make that noise."""

from typing import Any

import numpy as np

from optilab.papers.private_gsd import algorithm as alg
from optilab.papers.private_gsd.experiment import KINDS, asked, errors
from optilab.papers.private_gsd.explorer.parts import Progress, color
from optilab.papers.private_gsd.problems import PEOPLE
from optilab.problems.privacy import cdp_eps, cdp_rho, gaussian_rho, gaussian_sigma
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import guide, here, log, panel, promise, walk
from optilab.ui.theme import ink
from optilab.ui.words import number

M_WORKLOADS, N_ROWS, GENERATIONS = 40, 150, 1000
PEOPLE_ASKED = 50_000  # of whom the true answers are, so that runs depend on the noise alone
SIGMAS, EPSILONS = np.geomspace(7e-4, 0.3, 5), np.geomspace(0.05, 10, 24)
METHODS = ("GSD", "RAP++, draws", "RAP++, systematic")


def measured(kind: str, seed: int, progress: Progress = None) -> Any:
    """Errors (5, 2), largest and mean, of all methods at every noise level; of a uniform table and of people (2,)."""
    people, queries, truth = asked(kind, M_WORKLOADS, n=PEOPLE_ASKED)
    found: dict[str, list[Any]] = {name: [] for name in METHODS}
    for k, sigma in enumerate(SIGMAS):
        rng = np.random.default_rng([seed, k])
        a_hat = np.clip(truth + sigma * rng.normal(size=queries.M), 0, 1)
        table = alg.project(a_hat, queries, rng=rng, n_rows=N_ROWS, generations=GENERATIONS)
        problem = alg.Relaxed(queries, a_hat, N_ROWS)
        x = alg.annealed(problem, rng, steps=30)
        tables = (table, alg.draws(problem, x, rng), alg.systematic(problem, x, rng))
        for name, rows in zip(METHODS, tables, strict=True):
            found[name].append(errors(queries.answers(rows), truth))
        if progress:
            progress(k + 1, len(SIGMAS))
    rng = np.random.default_rng(seed)
    others = {"uniform": PEOPLE.uniform(rng, 2000), "people": people[rng.integers(len(people), size=N_ROWS)]}
    plain = {name: errors(queries.answers(rows), truth) for name, rows in others.items()}
    return {name: np.array(rows) for name, rows in found.items()} | plain


def noise_of(epsilon: float, n: int) -> Any:
    """σ of every answer when all workloads are measured at once for (ε, 1/n²)-DP."""
    rho = cdp_rho(epsilon, 1 / n**2)
    return gaussian_sigma(np.sqrt(2) / n, rho / M_WORKLOADS)


def compute(epsilon: float, n: float, kind: str, seed: int, *, run: dict[str, np.ndarray]) -> dict[str, Any]:
    """Floor and bound at every ε, and at which ε each of the measured noise levels arises."""
    n = round(n)
    sigma = np.array([noise_of(value, n) for value in EPSILONS])
    M = 2 * M_WORKLOADS
    here_sigma = float(noise_of(epsilon, n))
    at = np.array([cdp_eps(float(M_WORKLOADS * gaussian_rho(np.sqrt(2) / n, s)), 1 / n**2) for s in SIGMAS])
    seen = (at > 0.04) & (at < 12.5)
    data: dict[str, Any] = {}
    for k, size in enumerate(("largest", "mean")):
        data |= {f"{name} {size}": (np.where(seen, at, np.nan), run[name][:, k]) for name in METHODS}
        data |= {f"{name} {size}": (EPSILONS[[0, -1]], np.full(2, run[name][k])) for name in ("uniform", "people")}
    floor, bound = alg.noise_floor(sigma), np.array([alg.answer_bound(s, M) for s in sigma])
    now = float(alg.noise_floor(here_sigma))
    told = (
        "more than answers range over, so they are clipped to [0, 1]."
        if here_sigma > 0.5
        else f"so a mean error of {number(now)} before anything is fitted; the worst of {M} is below "
        f"{number(alg.answer_bound(here_sigma, M))} in 95 of 100 runs or more."
    )
    return data | {
        "floor": (EPSILONS, np.minimum(floor, 1)),
        "bound": (EPSILONS, np.minimum(bound, 1)),
        "here mean": (epsilon, min(now, 1)),
        "here largest": (epsilon, min(alg.answer_bound(here_sigma, M), 1)),
        "note": f"ε = {number(epsilon)}, δ = 1/N², N = {n}: ρ = {number(cdp_rho(epsilon, 1 / n**2))}, σ = "
        f"<b>{number(here_sigma)}</b> on every answer, {told} "
        f"Dots: runs at five σ, put at the ε that gives that σ to N rows.",
    }


def tradeoff(**start: Any) -> Explorer:
    """ε and N beside mean and largest error of tables made with that noise; other runs at the button."""

    def marks(size: str) -> list[Any]:
        return [
            *(walk(f"{name} {size}", name, color(name), size=8) for name in METHODS),
            guide(f"uniform {size}", end="uniform table"),
            guide(f"people {size}", end=f"{N_ROWS} people"),
        ]

    x = log("ε", [np.log10(0.045), np.log10(11)], ticks={e: str(e) for e in (0.05, 0.1, 0.3, 1, 3, 10)})
    return Explorer(
        compute,
        {
            "epsilon": log_slider("ε", 1.0, 0.05, 10.0),
            "n": log_slider("N", 10_000.0, 500.0, 50_000.0, readout=".0f"),
            "kind": choice("queries", "prefixes", list(KINDS)),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                "Mean error: what noise makes, and what is left once a table is fitted",
                promise("floor", "of the noise alone", ink(0.8)),
                *marks("mean"),
                here("here mean", "", ink(0.8)),
                x=x,
                y=log("mean error", [-4.2, 0.05]),
            ),
            panel(
                "Largest error, and what the noise keeps to in 95 of 100 runs or more",
                promise("bound", "bound on the noise", ink(0.8)),
                *marks("largest"),
                here("here largest", "", ink(0.8)),
                x=x,
                y=log("largest error", [-3.5, 0.05]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=noise_of,
        simulate=measured,
        run="Measure",
    )
