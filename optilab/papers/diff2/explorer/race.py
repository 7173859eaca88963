"""‖∇f‖² along DP-GD, DIFF2-GD and gradient descent, and the errors of the estimates that theory predicts."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.randomness import common
from optilab.core.run import Trace, run
from optilab.papers.diff2.algorithm import GD, diff2, multipliers, predicted_error, stability
from optilab.papers.diff2.explorer.parts import color, interval, outline, records, seeds, spread
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, entry, log, panel, promise, thin
from optilab.ui.words import number

DELTA, EPS = 1e-5, 1.0


@lru_cache(16)
def runs(eta: float, tau: float, R: int, c1: float, c2: float, n: int) -> Trace:
    """DP-GD, DIFF2-GD and GD (3, seeds) side by side on the same noise, radii c1·G and c2·L."""
    problem, T = records(n), np.array([[1], [interval(tau, R)], [R]])
    sigma1, sigma2 = multipliers(n, R, T, EPS, DELTA)
    sigma1[2] = sigma2[2] = 0.0  # gradient descent
    clipped = np.array([[1.0], [1.0], [np.inf]])
    rng: Any = common(np.random.default_rng(0), 1)
    states = diff2(
        problem,
        np.zeros((3, seeds(c1, c2), problem.d)),
        routine=GD(eta),
        T=T,
        C1=c1 * problem.G * clipped,
        C2=c2 * problem.L * clipped,
        sigma1=sigma1,
        sigma2=sigma2,
        rng=rng,
        limit=10 * np.log(2),
    )
    return run(states, R, keep=["x", "lost"])


@lru_cache(16)
def seen(eta: float, tau: float, R: int, c1: float, c2: float, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """‖∇f‖² (R + 1, 2 seeds + 1) of DP-GD, DIFF2 and GD, the predicted errors (R, 2), the losses (2 seeds + 1,)."""
    trace, problem, T, k = runs(eta, tau, R, c1, c2, n), records(n), interval(tau, R), seeds(c1, c2)
    x = trace.x.reshape(len(trace.x), 3 * k, problem.d)[:, : 2 * k + 1]
    x = np.concatenate([x, np.broadcast_to(x[-1], (R + 1 - len(x), *x.shape[1:]))])
    plain, ours = (multipliers(n, R, one, EPS, DELTA) for one in (1, T))
    noisy = c1 * problem.G, c2 * problem.L
    error = predicted_error(x[:, k : 2 * k], T, noisy[0] * ours[0], noisy[1] * ours[1]).mean(-1)
    base = np.full(R, problem.d * (noisy[0] * plain[0]) ** 2)
    return (problem.grad(x) ** 2).sum(-1), np.stack([base, error], -1), problem(x[-1])


def compute(eta: float, tau: float, R: int, c1: float, c2: float, n: int) -> dict[str, Any]:
    """Medians and bands of the three methods, dashed the predicted errors of the estimates."""
    square, error, loss = seen(eta, tau, R, c1, c2, n)
    problem, T, rounds, k = records(n), interval(tau, R), np.arange(R + 1), seeds(c1, c2)
    lost = runs(eta, tau, R, c1, c2, n).lost[-1].sum(-1)
    data: dict[str, Any] = {"GD": (rounds, square[:, -1])}
    both = square[:, :-1].reshape(R + 1, 2, k)
    for i, name in enumerate(("DP-GD", "DIFF2")):
        low, middle, high = spread(both[:, i])
        data[name] = (rounds, middle)
        data[f"{name} band"] = outline(rounds, low, high)
        data[f"{name} error"] = (rounds[:-1], error[:, i])
    tail = np.median(both[-(R // 4) :].mean(0), -1)
    plain, ours = np.median(loss[:-1].reshape(2, k), -1).tolist()
    sigma2 = float(multipliers(n, R, T, EPS, DELTA)[1])
    rule = float(stability(eta, c2 * problem.L, sigma2, problem.d, T))
    if lost[1]:
        headline = f"Diverged: {lost[1]} of {k} runs of DIFF2"
        said = f"loss above ten times that of the start, in {lost[0]} runs of DP-GD"
    else:
        gain = float(tail[0] / tail[1])
        lower = f"DIFF2's ‖∇f‖² ends at 1/{number(gain)} of DP-GD's"
        headline = lower if gain > 1.05 else "DIFF2 ends no lower than DP-GD"
        said = f"last losses {number(plain, 4)} (DP-GD) and {number(ours, 4)}"
    clip = " Some gradients are clipped: estimates are biased, which the dashed lines don't know." * (min(c1, c2) < 1)
    return data | {
        "headline": headline,
        "range": f"‖∇f‖², median and range of {k} seeds",
        "end": [0, R],
        "span": [np.log10(min(square.min(), error.min())) - 0.1, np.log10(max(square.max(), error.max())) + 0.1],
        "note": f"T = {T}, {-(-R // T)} full gradient{'s' * (T < R)} in {R} rounds; ηC₂σ₂√(dT) = "
        f"<b>{number(rule)}</b>, which should be at most 1; {said}.{clip}",
    }


def race(**start: Any) -> Explorer:
    """Step, restart interval, rounds, radii and n beside ‖∇f‖²."""
    shades = {name: color(name) for name in ("DP-GD", "DIFF2")}
    return Explorer(
        compute,
        {
            "eta": log_slider("η", 4.0, 0.125, 8.0, steps=24),
            "tau": log_slider("τ = T/R", 0.25, 0.005, 1.0, steps=30, named={"DP-GD": 0.005, "no restart": 1.0}),
            "n": choice("records n", 32_000, [2000, 8000, 32_000, 128_000, 512_000]),
            "R": slider("rounds R", 200, 100, 250, 50),
            "c2": log_slider("C₂/L", 1.0, 0.1, 10.0, steps=20),
            "c1": log_slider("C₁/G", 1.0, 0.1, 10.0, steps=20),
        },
        [
            panel(
                entry("headline"),
                *(band(f"{name} band", shade=shade) for name, shade in shades.items()),
                thin("GD", "GD, no noise"),
                *(promise(f"{name} error", f"{name}: error of v", shade) for name, shade in shades.items()),
                *(curve(name, name, shade) for name, shade in shades.items()),
                x=axis("round", "end"),
                y=log(entry("range"), "span"),
                wide=True,
                height=420,
            )
        ],
        call=__name__,
        start=start,
        recipe=runs,
    )
