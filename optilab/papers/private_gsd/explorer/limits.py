"""Where it stops: too much noise to fit, too few rows, a category that nobody has."""

from typing import Any

import numpy as np

from optilab.papers.private_gsd import algorithm as alg
from optilab.papers.private_gsd.experiment import asked, noisy
from optilab.papers.private_gsd.explorer.parts import Film, Progress, color, film
from optilab.papers.private_gsd.problems import PEOPLE
from optilab.ui.controls import log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, guide, here, log, panel, promise
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

M_WORKLOADS, GENERATIONS, SEED = 60, 4000, 3
OURS = color("GSD")


def stopped(exact: bool, epsilon: float, n_rows: int, p_mut: int, absent: bool, progress: Progress = None) -> Any:
    """A film of the search with 50 crossovers a generation; where a sex is absent from the only elite table."""
    _, queries, truth = asked("prefixes", M_WORKLOADS)
    a_hat = truth if exact else noisy(truth, queries, epsilon, SEED).a_hat
    search: dict[str, Any] = {"rng": np.random.default_rng(SEED), "n_rows": n_rows, "p_mut": p_mut, "p_cross": 50}
    if absent:
        start = PEOPLE.uniform(np.random.default_rng(SEED), n_rows)
        start[:, 0] = 0
        search |= {"elites": 1, "start": start}
    return film(a_hat, queries, GENERATIONS, progress, **search)


def compute(exact: bool, epsilon: float, n_rows: int, p_mut: int, absent: bool, *, run: Film) -> dict[str, Any]:
    """What the search sees, what is true, and both sexes' shares, along the generations."""
    _, queries, truth = asked("prefixes", M_WORKLOADS)
    t = run.generation[1:]
    gap = abs(run.answers - truth)
    mean, seen = gap.mean(-1)[1:], run.fitness[1:]
    best = int(mean.argmin())
    share = run.best[:, :, 0].mean(1)
    sampled = alg.sampling_bound(queries.M, n_rows)
    women = "" if share[-1] > 0 else " No row of sex 1 has ever appeared: crossover copies what is there."
    after = mean[-1] / mean[best]
    drift = f"{number(mean[best])} at generation {t[best]}, then <b>{number(mean[-1])}</b> at the end"
    return {
        "seen": (t, np.maximum(seen, 1e-6)),
        "mean": (t, mean),
        "least": (t[best], mean[best]),
        "rows": (t[[0, -1]], np.full(2, 0.5 / n_rows)),
        "sampling": (t[[0, -1]], np.full(2, min(sampled, 1))),
        "share": (run.generation, share),
        "note": f"Squared distance from the {'true' if exact else 'noisy'} answers: {number(seen[0])} at generation "
        f"{t[0]}, {number(seen[-1])} at the end. Mean error against the truth: {drift}"
        f"{', as the table fits the noise' if after > 1.05 and not exact else ''}. "
        f"Rows of sex 1: {number(100 * float(share[-1]), 2)} %.{women}",
    }


def limits(**start: Any) -> Explorer:
    """ε, rows and mutations beside private and true loss; runs at the button."""
    usual = {"exact": False, "epsilon": 0.05, "n_rows": 300, "p_mut": 50, "absent": False}
    few = usual | {"exact": True, "n_rows": 20}
    missing = usual | {"exact": True, "p_mut": 0, "absent": True}
    return Explorer(
        compute,
        {
            "epsilon": log_slider(
                "ε",
                0.05,
                0.05,
                10.0,
                when=lambda values: not values["exact"],
                named={"too much noise": usual, "too few rows": few, "a sex is absent": missing},
            ),
            "n_rows": slider("rows N′", 300, 20, 500, 20),
            "p_mut": slider("mutations P_mut", 50, 0, 50, 10),
            "exact": switch("exact answers, no privacy", False),
            "absent": switch("one elite, all rows of sex 0", False),
        },
        [
            panel(
                "What the search sees never rises",
                curve("seen", "", OURS),
                x=log("generation", [1.85, 3.65], ticks=[100, 300, 1000, 3000]),
                y=log("‖â − Q‖²", [-5, 2], dtick=1),
            ),
            panel(
                "What is true needn't follow (dot: its least)",
                curve("mean", "mean error", INK),
                here("least", "", INK),
                promise("sampling", "some table can: largest error", OURS),
                guide("rows", "half a row, 1/(2N′)", ink(0.6)),
                x=log("generation", [1.85, 3.65], ticks=[100, 300, 1000, 3000]),
                y=log("error against the truth", [-3.7, 0], dtick=1),
            ),
            panel(
                "Rows of sex 1 in the best table",
                curve("share", "", OURS),
                x=axis("generation", [0, GENERATIONS]),
                y=axis("share", [-0.02, 0.72]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=stopped,
        simulate=stopped,
        run="Search",
    )
