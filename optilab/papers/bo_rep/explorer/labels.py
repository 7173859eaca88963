"""Wrong labels found: the weights of 200 training points while BO-REP or SOBA clean the data."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.classics.soba import soba
from optilab.core.run import Trace, run
from optilab.papers.bo_rep.algorithm import bo_rep
from optilab.papers.bo_rep.explorer.parts import color
from optilab.papers.bo_rep.problems import accuracy, cleaning, draw_data, separation, sigmoid
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, entry, here, panel
from optilab.ui.theme import GREEN, PINK, ink
from optilab.ui.words import number

FRAMES, STEPS = 60, 3600


def cleaned(method: str, eta: float, alpha: float, seed: int, progress: Any = False) -> Trace:
    """3600 iterations on `cleaning`, γ = ½, from equal weights."""
    problem, rng = cleaning(draw_data(seed)), np.random.default_rng(seed)
    start = np.zeros(problem.n), np.zeros(problem.m)
    states: Any = bo_rep(problem, *start, eta=eta, gamma=0.5, rng=rng) if method == "BO-REP" else None
    states = states or soba(problem, *start, alpha=alpha, gamma=0.5, rng=rng)
    return run(states, STEPS, every=STEPS // FRAMES, keep=["x", "y"], progress=progress)


def simulate(method: str, eta: float, alpha: float, seed: int, progress: Callable[..., None]) -> dict[str, Trace]:
    """The run with the upper step, and the one without."""
    plain = cleaned("SOBA", eta, 0.0, seed, lambda done, total: progress(done, 2 * total))
    return {
        "plain": plain,
        "ours": cleaned(method, eta, alpha, seed, lambda done, total: progress(done + total, 2 * total)),
    }


def compute(method: str, eta: float, alpha: float, seed: int, frame: int, *, run: dict[str, Trace]) -> dict[str, Any]:
    """Weights and accuracy at a frame."""
    data, ours, plain = draw_data(seed), run["ours"], run["plain"]
    weights = sigmoid(ours.x[frame])
    good, base = accuracy(data, ours.y), accuracy(data, plain.y)
    found = float(separation(data, ours.x[frame]))
    gain = good[frame] - base[frame]
    return {
        "wrong": (np.arange(80), weights[data.flipped]),
        "right": (np.arange(80, 200), weights[~data.flipped]),
        "good": (ours.step[1:], good[1:]),  # y = 0 decides nothing
        "base": (plain.step[1:], base[1:]),
        "now": ([ours.step[frame]], [good[frame] if frame else np.nan]),
        "colour": color(method),
        "headline": "Wrong labels sink: they lose their weight" if found > 0.6 else "All weights are alike yet",
        "note": f"Iteration {ours.step[frame]}: a right label weighs more than a wrong one in "
        f"<b>{number(100 * found, 3)} %</b> of all pairs. {number(100 * good[frame], 3)} % of 1000 new points are on "
        f"the right side, {number(100 * abs(gain), 2)} points {'more' if gain >= 0 else 'less'} than with "
        "equal weights.",
    }


def labels(**begin: Any) -> Explorer:
    """Method, its step and the seed beside weights and accuracy."""
    return Explorer(
        compute,
        {
            "method": choice("method", "BO-REP", ["BO-REP", "SOBA"]),
            "eta": log_slider("η", 0.1, 0.01, 1.0, steps=20, when=lambda v: v["method"] == "BO-REP"),
            "alpha": log_slider("α", 10.0, 0.1, 100.0, steps=30, when=lambda v: v["method"] == "SOBA"),
            "frame": player("frame", FRAMES, FRAMES, interval=80),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                entry("headline"),
                cloud("wrong", "80 wrong labels", PINK),
                cloud("right", "120 right labels", GREEN),
                x=axis("training point i", [-2, 201]),
                y=axis("weight sigmoid(xᵢ)", [-0.03, 1.03]),
            ),
            panel(
                "Accuracy on new points, and with equal weights (thin)",
                curve("base", "equal weights", ink(0.6), width=1.5),
                curve("good", "cleaned", entry("colour")),
                here("now", shade=entry("colour")),
                x=axis("iteration", [0, STEPS]),
                y=axis("share of right answers", [0.45, 1.0]),
            ),
        ],
        call=__name__,
        start=begin,
        recipe=cleaned,
        simulate=simulate,
        run="Clean",
    )
