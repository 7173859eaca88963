"""Rounds of choosing: which workloads are worst, which are measured, and what that does to all of them."""

from typing import Any

import numpy as np

from optilab.papers.private_gsd import algorithm as alg
from optilab.papers.private_gsd.experiment import N, asked
from optilab.papers.private_gsd.explorer.parts import Progress, color
from optilab.ui.controls import log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, heat, here, log, panel, promise, rule, thin
from optilab.ui.theme import INK, ORANGE, ink
from optilab.ui.words import number

M_WORKLOADS, N_ROWS, EACH, ONCE = 300, 100, 200, 700
MOST = 15
ONE, OURS = color("GSD"), color("GSD in rounds")


def in_rounds(T: int, S: int, epsilon: float, seed: int, progress: Progress = None) -> Any:
    """Errors (T + 1, M) before and after every round, the workloads (T · S,) measured, and errors (M,) of one shot."""
    table, queries, truth = asked("prefixes", M_WORKLOADS)
    settings: dict[str, Any] = {"epsilon": epsilon, "delta": 1 / N**2, "n_rows": N_ROWS}
    rng = np.random.default_rng(seed)
    error, chosen = [], np.zeros(0, dtype=int)
    for t, state in enumerate(alg.adaptive(table, queries, rng=rng, T=T, S=S, generations=EACH, **settings)):
        error.append(abs(queries.answers(state.best) - truth))
        chosen = state.measured.workloads
        if progress:
            progress(t, T + 1)
    once = alg.one_shot(table, queries, rng=np.random.default_rng(seed), generations=ONCE, **settings)
    return np.array(error), chosen, abs(queries.answers(once.table) - truth)


def compute(frame: int, T: int, S: int, epsilon: float, seed: int, *, run: Any) -> dict[str, Any]:
    """All rounds as a map, one of them as a curve, and the mean error beside that of one shot."""
    error, chosen, once = run
    _, queries, _ = asked("prefixes", M_WORKLOADS)
    worst = queries.worst(error)  # (T + 1, m)
    order = np.argsort(-worst[0], kind="stable")
    place = np.argsort(order)
    t = min(frame, T)
    mean = error.mean(-1)
    rank = np.arange(1, M_WORKLOADS + 1)
    new = chosen[(t - 1) * S : t * S] if t else chosen[:0]
    before = np.maximum(worst[max(t - 1, 0)], 1e-3)
    nothing = np.array([np.nan])
    ratio = mean[-1] / once.mean()
    times = f"{number(max(ratio, 1 / ratio), 2)} times {'less' if ratio < 1 else 'more'} than"
    verdict = times if max(ratio, 1 / ratio) > 1.05 else "about"
    return {
        "map": (rank, np.arange(T + 1), np.log10(np.maximum(worst[:, order], 1e-3))),
        "picks": (place[chosen] + 1, np.repeat(np.arange(1, T + 1), S)),
        "round": t,
        "before": (rank, np.sort(before)[::-1]),
        "after": (rank, np.sort(np.maximum(worst[t], 1e-3))[::-1]),
        "new": ((before > before[new][:, None]).sum(1) + 1, before[new]) if t else (nothing, nothing),
        "mean": (np.arange(T + 1), mean),
        "now": (t, mean[t]),
        "one shot": (np.array([0, MOST]), np.full(2, once.mean())),
        "note": f"After round {t} of {T}: {S * t} of {M_WORKLOADS} workloads measured, mean error "
        f"<b>{number(mean[t])}</b>, largest {number(error[t].max(), 2)}. In the end {number(mean[-1])}, {verdict} the "
        f"{number(once.mean())} of one shot.",
    }


def rounds(**start: Any) -> Explorer:
    """Rounds, picks and ε beside the errors of all workloads after every round; runs at the button."""
    return Explorer(
        compute,
        {
            "frame": player("round", MOST, MOST, interval=500),
            "T": slider("rounds T", 10, 1, MOST, 1),
            "S": slider("picks a round S", 3, 1, 10, 1),
            "epsilon": log_slider("ε", 0.2, 0.05, 10.0, named={"0.2": 0.2, "10": 10.0}),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                "Largest error of every workload after every round; dots are chosen",
                heat("map", bar="log₁₀ of the error", colorscale="Cividis", zmin=-2.5, zmax=-0.3),
                dots("picks", "", ORANGE, size=5, hoverinfo="skip"),
                rule(y="round", color=ORANGE),
                x=axis("workload, by its first error", [0.5, M_WORKLOADS + 0.5]),
                y=axis("round", [MOST + 0.5, -0.5], showgrid=False),
            ),
            panel(
                "This round: errors before (thin) and after, largest first; dots are chosen",
                thin("before", "before", ink(0.6)),
                curve("after", "after", OURS),
                dots("new", "chosen", INK),
                x=log("workloads with as large an error", [-0.05, 2.5], dtick=1),
                y=log("largest error", [-3.05, 0]),
            ),
            panel(
                "The mean error of all workloads, measured or not",
                promise("one shot", "one shot", ONE, dash="dot"),
                curve("mean", "in rounds", OURS, mode="lines+markers"),
                here("now", "", OURS),
                x=axis("round", [-0.3, MOST + 0.3]),
                y=log("mean error", [-3, -0.7]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=in_rounds,
        simulate=in_rounds,
        run="Run the rounds",
    )
