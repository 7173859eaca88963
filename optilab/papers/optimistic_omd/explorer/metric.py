"""A metric that learns: regret on a regression for cautious and bold β, and how the metric grows."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.classics.online_descent import ogd
from optilab.core.run import run as run_states
from optilab.papers.optimistic_omd.algorithm import Convex, exp_concave, exp_concave_beta, optimistic
from optilab.papers.optimistic_omd.experiment import OURS, D, plays
from optilab.papers.optimistic_omd.explorer.parts import color, span
from optilab.papers.optimistic_omd.problems import regression
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, here, log, panel, rule, thin
from optilab.ui.words import number

ROUNDS, EVERY, G, SEEDS = 2000, 10, 2.0, 4
BETAS = np.geomspace(0.02, 4, 24)
THEORY = float(exp_concave_beta(G, D, 0.25))
KEPT = np.arange(EVERY, ROUNDS + 1, EVERY)


class Learned(NamedTuple):
    """All β on the same rounds, means over seeds."""

    regret: np.ndarray  # (rounds, β)
    metric: np.ndarray  # (rounds, β, d) the eigenvalues of H
    plain: dict[str, np.ndarray]  # (rounds,) of methods with one step size


def learned(first: int, progress: Callable[[float, float], Any] | None = None) -> Learned:
    """The method for exp-concave losses with 24 values of β, on four seeds, beside two with one step size."""
    seeds = range(first, first + SEEDS)
    losses, start = regression(ROUNDS, seeds), np.zeros((SEEDS, 5))
    states = exp_concave(losses, np.zeros((len(BETAS), SEEDS, 5)), beta=BETAS[:, None], G=G)
    trace = run_states(
        states, ROUNDS, keep=["x"], progress=progress or False, h=lambda state: np.linalg.eigvalsh(state.H[:, 0])
    )
    regret = np.stack([losses.regret_so_far(trace.x[:ROUNDS, k]).mean(-1) for k in range(len(BETAS))], -1)
    plain = {
        "OGD": ogd(losses, start, alpha=lambda t: D / (G * np.sqrt(t))),
        OURS: optimistic(losses, start, steps=Convex(D, G, 40.0)),
    }
    of_plain = {name: losses.regret_so_far(plays(states, ROUNDS)).mean(-1) for name, states in plain.items()}
    return Learned(
        regret[EVERY - 1 :: EVERY],
        trace.h[EVERY::EVERY],
        {name: values[EVERY - 1 :: EVERY] for name, values in of_plain.items()},
    )


def compute(*, run: Learned, beta: float, **others: Any) -> dict[str, Any]:
    """One β among all."""
    k = int(abs(np.log(BETAS / beta)).argmin())
    ends = run.regret[-1]
    best = int(ends.argmin())
    rows = [run.regret[:, k], *run.plain.values()]
    h = run.metric[:, k]
    return {
        "regret": (KEPT, rows[0]),
        "OGD": (KEPT, run.plain["OGD"]),
        "convex": (KEPT, run.plain[OURS]),
        "span": span(*rows, least=5),
        "ends": (BETAS, ends),
        "now": ([BETAS[k]], [ends[k]]),
        "level": float(run.plain["OGD"][-1]),
        "h": (np.tile(np.append(KEPT, np.nan), 5), np.concatenate([np.append(h[:, i], np.nan) for i in range(5)])),
        "note": f"β = {number(float(BETAS[k]), 2)}: regret <b>{number(float(ends[k]))}</b> after {ROUNDS} rounds; "
        f"OGD {number(float(run.plain['OGD'][-1]))}, optimistic OMD with convex steps "
        f"{number(float(run.plain[OURS][-1]))}. Least is {number(float(ends[best]))} at β = "
        f"{number(float(BETAS[best]), 2)}. The metric has grown from {number(1 + 2 * float(BETAS[k]))} to "
        f"{number(float(h[-1, 0]))} in its softest direction, {number(float(h[-1, -1]))} in its stiffest.",
    }


def metric(**start: Any) -> Explorer:
    """β and the seed beside regrets on a regression, regret by β, and the metric's eigenvalues."""
    mine = color("learned metric")
    return Explorer(
        compute,
        {
            "beta": log_slider(
                "β", 0.02, 0.02, 4.0, steps=23, named={"the theorem's, 1/32": THEORY, "1": 1.0, "4": 4.0}
            ),
            "first": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                f"Regret on a regression (mean of {SEEDS} seeds)",
                curve("OGD", "OGD", color("OGD")),
                curve("convex", "convex steps", color(OURS)),
                curve("regret", "metric that learns", mine),
                x=axis("round t", [0, ROUNDS]),
                y=axis("regret", "span"),
            ),
            panel(
                "At the end, by β (dotted: OGD; dashed line: the theorem's β)",
                curve("ends", "", mine),
                here("now", "", mine),
                rule(THEORY, dash="dash"),
                rule(y="level", dash="dot", color=color("OGD")),
                x=log("β", [-1.8, 0.7]),
                y=axis("regret", [0, 45]),
            ),
            panel(
                "Eigenvalues of the metric H",
                thin("h", "", mine),
                x=axis("round t", [0, ROUNDS]),
                y=log("eigenvalue", [-0.1, 3.2], dtick=1),
            ),
        ],
        call=__name__,
        start=start,
        recipe=learned,
        simulate=learned,
        run="Run all β",
    )
