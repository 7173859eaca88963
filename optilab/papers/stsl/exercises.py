"""Checks for the assignment on Tweedie's moments and STSL: each says what is wrong, not only that something is."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from optilab.course.forms import agrees, array, formula, number, single
from optilab.papers.stsl.algorithm import stsl
from optilab.papers.stsl.experiment import asked, rmse
from optilab.papers.stsl.problems import Inverse, Mixture

Array = np.ndarray
a, b, v = sp.symbols("a b v", positive=True)  # z = a·z_0 + b·ε; v: the variance of a Gaussian prior
H = sp.Symbol("H", real=True)  # the second derivative of log p at z


# Tweedie's formulas


def check_factor(answer: Any) -> str:
    """The overshoot of first order for v = 4, b = 1, σ = 0.5 and ᾱ = 0.2, to 10⁻³."""
    value = number(answer)
    assert not np.isclose(value, 1 + 4 / 0.25, rtol=1e-3), "4 is the variance before anything is seen: z_t tells a part"
    assert not np.isclose(value, 1 + 2 / 0.5, rtol=1e-3), "σ is squared below the line"
    assert not np.isclose(value, 2 / 0.25, rtol=1e-3), "the 1 of 1 + b²Σ/σ² is missing"
    assert np.isclose(value, 9, rtol=1e-3), f"Σ = v(1 − ᾱ)/(ᾱv + 1 − ᾱ) = 3.2/1.6 here, so it isn't {value:.4g}"
    return "a first-order step of λ = 1/(2σ²) is nine times too long here: in practice λ is tuned, not derived."


def check_covariance(answer: Any) -> str:
    """Var[z_0 | z] for z = a·z_0 + b·ε, in a, b and H.

    Recognises a missing 1/a², the sign of H, the derivative of the mean, and the lesson's b² = 1 − a².
    """
    found = formula(single(answer), "Sigma", a, b, H)
    strange = sorted(symbol.name for symbol in found.free_symbols - {a, b, H})
    assert not strange, f"write it in a, b and H, not in {strange}"
    noise = 1 - a**2
    assert not agrees(found, noise / a**2 * (1 + noise * H)), "that is the lesson's: here b² needn't be 1 − a²"
    assert not agrees(found, b**2 * (1 + b**2 * H)), "1/a² is missing: what is averaged is a·z₀"
    assert not agrees(found, b**2 / a**2 * (1 - b**2 * H)), "the sign of H: where log p is sharp, H is negative"
    assert not agrees(found, (1 + b**2 * H) / a), "that is how the mean moves with z; the variance is b²/a times it"
    at = found.subs(H, -1 / (a**2 * v + b**2))
    gauss = v * b**2 / (a**2 * v + b**2)
    assert agrees(at, gauss), f"for z₀ ~ N(0, v) H is −1/(a²v + b²): this gives {sp.simplify(at)}, not {gauss}"
    return "one formula for all clocks: a² + b² = 1 is one of them, a = 1 with growing b another."


# One inner step


def _world(seed: int) -> tuple[Mixture, Array, Array]:
    """A mixture of three in ℝ³, and a decoder's matrices."""
    rng = np.random.default_rng(seed)
    root = 0.5 * rng.normal(size=(3, 3, 3))
    prior = Mixture(np.array([0.5, 0.3, 0.2]), rng.normal(size=(3, 3)), root @ root.swapaxes(1, 2) + 0.1 * np.eye(3))
    return prior, 0.7 * rng.normal(size=(5, 3)), 0.7 * rng.normal(size=(2, 5))


def _loss(z: Array, s: Callable[[Array], Array], seen: Callable[[Array], Array], y: Array, n: dict[str, Any]) -> Array:
    z0 = (z + (1 - n["alpha"]) * s(z)) / np.sqrt(n["alpha"])
    trace = np.vecdot(n["eps"], s(z + n["eps"]) - s(z))
    return n["lam"] * ((y - seen(z0)) ** 2).sum(-1) + n["eta"] / z.shape[-1] * trace


SLIPS = {
    "stopped": "ẑ₀ depends on z through the score as well: the gradient has a factor J, one hvp",
    "bare": "ẑ₀ isn't z: its derivative is (I + (1 − ᾱ)H)/√ᾱ",
    "root": "ẑ₀ is divided by √ᾱ, and so is its derivative",
    "at z": "f and its gradient are taken at ẑ₀, not at z",
    "plus": "the sign of the trace: the loss is descended, and H(z) is subtracted from H(z + ε)",
    "half": "the square has a factor of 2",
    "one end": "s(z) depends on z as well: H(z)ε is subtracted",
    "no d": "the trace is divided by d",
    "no eta": "the trace is weighed by η",
    "up": "the sign of the measurement: y − A𝒟(ẑ₀) is to become small",
}


def _stepped(z: Array, y: Array, f: dict[str, Any], n: dict[str, Any], slip: str) -> Array:
    """An inner step with a slip in it, or none."""
    alpha, eps = n["alpha"], n["eps"]
    z0 = (z + (1 - alpha) * f["score"](z)) / np.sqrt(alpha)
    at = z if slip == "at z" else z0
    g = -2 * n["lam"] * f["pull"](at, y - f["seen"](at))
    pulled = (g + (1 - alpha) * f["hvp"](z, g)) / np.sqrt(alpha)
    root = np.sqrt(alpha)
    slips = {"stopped": g / root, "bare": g, "root": pulled * root, "half": pulled / 2, "up": -pulled}
    pulled = slips.get(slip, pulled)
    far, near = f["hvp"](z + eps, eps), f["hvp"](z, eps)
    trace = n["eta"] / len(z) * (far - near)
    slips = {"plus": -trace, "one end": n["eta"] / len(z) * far, "no d": trace * len(z), "no eta": trace / n["eta"]}
    trace = slips.get(slip, trace)
    return z - pulled - trace


def check_inner_step(step: Callable[..., Any], seed: int | None = None) -> str:
    """`step(z, y, alpha, seen, pull, score, hvp, eps, lam, eta)`: one inner step, decoder not linear."""
    rng = np.random.default_rng(seed)
    for _ in range(3):
        prior, W, A = _world(int(rng.integers(1000)))
        n = {"alpha": float(rng.uniform(0.3, 0.8)), "eps": rng.normal(size=3), "lam": 0.3, "eta": 0.7}
        z, y = rng.normal(size=3), rng.normal(size=2)
        alpha = n["alpha"]
        f: dict[str, Callable[..., Any]] = {
            "seen": lambda z0, W=W, A=A: np.tanh(z0 @ W.T) @ A.T,
            "pull": lambda z0, r, W=W, A=A: ((r @ A) * (1 - np.tanh(W @ z0) ** 2)) @ W,
            "score": lambda z, p=prior, alpha=alpha: p.score(z, alpha),
            "hvp": lambda z, u, p=prior, alpha=alpha: p.curve(p.local(z, alpha), u),
        }
        found = array(step(z.copy(), y.copy(), **f, **n), "the step")
        assert found.shape == (3,), f"z has shape (3,), the step returned {found.shape}"
        again = array(step(z.copy(), y.copy(), **f, **n), "the step")
        assert np.allclose(found, again, rtol=1e-12), "twice the same ε, two answers: use the eps that is given"
        shifts = 1e-5 * np.eye(3)
        up, down = (_loss(z + sign * shifts, f["score"], f["seen"], y, n) for sign in (1, -1))
        right = z - (up - down) / 2e-5
        if np.allclose(found, right, rtol=1e-4, atol=1e-5):
            continue
        for slip, said in SLIPS.items():
            assert not np.allclose(found, _stepped(z, y, f, n, slip), rtol=1e-6), said
        raise AssertionError(f"the step goes to {found.round(4)}, z minus the loss's gradient is {right.round(4)}")
    return "three hvp and two scores: no Hessian is formed, whatever d is."


# What the gain is made of

CELLS = [(K, init, eta) for K in (1, 5) for init in ("q_sample", "ddim") for eta in (0.0, 0.02)]
KNOBS = ("K", "init", "eta")
TASK = "rand60"


def world(seed: int) -> tuple[Inverse, Array, Array]:
    """The task: a problem of 40 digits, the digits (40, 64), starting noise (2, 40, 24); all drawn by the seed."""
    return asked(TASK, seed)


@cache
def cell(seed: int, K: int, init: str, eta: float) -> tuple[float, int]:
    """RMSE and the paper's count of a cell, S = 10 and λ = 0.3."""
    problem, x, noise = world(seed)
    *_, end = stsl(problem, noise, rng=np.random.default_rng(0), S=10, K=K, lam=0.3, eta=eta, init=init)
    return float(rmse(problem, end.z, x).mean()), end.nfe_paper


def check_ablation(ablation: Callable[[int], Any], seed: int) -> str:
    """`ablation(seed)` → `table[K, init, eta]` = (RMSE, evaluations), on the world that the seed draws."""
    table = ablation(seed)
    assert hasattr(table, "keys"), "ablation must return a dictionary with keys (K, init, eta)"
    missing = [key for key in CELLS if key not in table]
    assert not missing, f"table has no {missing[0]}"
    for key in CELLS:
        K, init, eta = key
        answer = list(table[key])
        assert len(answer) == 2, f"table[{key}] must be an RMSE and a count, got {len(answer)} things"
        error, nfe = number(answer[0], f"the RMSE of {key}"), number(answer[1], f"the count of {key}")
        right, count = cell(seed, *key)
        assert nfe != count * 2, f"table[{key}]: nfe_paper counts inner iterations, whatever η is"
        assert nfe == count, (
            f"table[{key}]: 10 levels with {K} inner steps each, as the paper counts, aren't {nfe:g} evaluations"
        )
        exact = init == "ddim" and eta == 0
        off = 1e-6 * right if exact else 0.01 if init == "ddim" else 0.05
        said = "nothing is drawn on the way, so it is exact" if exact else f"give or take {off}"
        assert abs(error - right) <= off, (
            f"table[{key}]: {error:.4f} isn't the RMSE on the world of seed {seed} ({said}): S = 10, λ = 0.3, "
            "a root for each image before the mean?"
        )
    return "a table that any seed gives again: what it says isn't one split's luck."


def check_reading(ticks: Any, ratio: Any, reason: Any) -> str:
    """The knobs that lower the RMSE by 3 % or more, and `check_reason`."""
    names = {ticks} if isinstance(ticks, str) else set(ticks) if isinstance(ticks, Iterable) else {ticks}
    assert names <= set(KNOBS), f"ticks must be among {list(KNOBS)}, got {sorted(map(str, names))}"
    assert "eta" not in names, "η = 0.02 against 0 changes the mean by less than 1 %"
    for knob in ("K", "init"):
        assert knob in names, f"{knob} lowers the RMSE by far more than 3 % in the mean over the others"
    said = check_reason(ratio, reason)
    return f"what is new in the title is neutral here: the gain is in the inner steps and in the start. And {said}"


REASONS = {
    "tuned": "λ was tuned on the RMSE",
    "mean": "squared error is least at the posterior's mean, and a distance of distributions sees the missing spread",
    "levels": "ten levels are too few",
    "prior": "the prior is wrong",
}


def check_reason(ratio: Any, reason: Any) -> str:
    """The spread of STSL over the true one, DDIM start and η = 0; and why RMSE doesn't mind, a name in `REASONS`."""
    value = number(ratio, "ratio")
    assert not np.isclose(value, 1), "ratio: 1 would be a sampler of the posterior; start two particles and compare"
    assert 0 <= value < 1e-6, f"ratio: without noise anywhere all particles end at the same point, got {value:.3g}"
    assert reason in REASONS, f"reason must be one of {list(REASONS)}, got {reason!r}"
    assert reason != "levels", "with S = 50 it is one point as well"
    assert reason != "prior", "in the closed form of the lesson the prior is exact"
    assert reason != "tuned", "another λ gives another point, but one point"
    return "one number can't judge a sampler: ask for an error and for a spread."
