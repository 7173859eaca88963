"""Checks for the assignment on optimistic descent: each says what is wrong, not only that something is."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from scipy.special import log_softmax, softmax

from optilab.core.run import run
from optilab.course.forms import agrees, array, formula, number
from optilab.papers.optimistic_omd.algorithm import Convex, optimistic
from optilab.papers.optimistic_omd.problems import spinning
from optilab.problems.mirror import Mahalanobis
from optilab.problems.simple import UNIT_BALL

Array = np.ndarray
D, L = sp.symbols("D L", positive=True)  # to be used in the answers


def _in_symbols(value: Any, name: str) -> sp.Expr:
    """An answer in D and L alone."""
    found = formula(value, name, D, L)
    strange = sorted(symbol.name for symbol in found.free_symbols - {D, L})
    assert not strange, f"{name}: write it in exercises.D and exercises.L, not in {strange}"
    return found


# Constants


def check_delta(delta: Any) -> str:
    """The δ that makes (5/2)D√δ + 25D³L²/√δ least must be 10D²L².

    Recognises √δ, and what comes out where movements are paired without their ½.
    """
    found = _in_symbols(delta, "delta")
    assert not agrees(found, sp.sqrt(10) * D * L), "delta: that is √δ"
    assert not agrees(found, 5 * D**2 * L**2), (
        "delta: that is what comes out if p² + q² ≥ (p + q)² were true: pairing movements costs a factor ½"
    )
    assert agrees(found, 10 * D**2 * L**2), f"delta: both terms of the sum are alike at the least one, not at {found}"
    return "smoothness then costs 5√10 D²L in all, whatever T is."


def check_noiseless(delta: Any, constant: Any, drift: Any) -> str:
    """Without noise: the best δ, what smoothness costs with it, and the factor of √(Σ²_{1:T}).

    Recognises the lesson's constants, which are with noise, √δ, and a movement paired without its ½.
    """
    delta, constant, drift = (
        _in_symbols(value, name) for value, name in ((delta, "delta"), (constant, "constant"), (drift, "drift"))
    )
    assert not agrees(delta, 10 * D**2 * L**2), "delta: that is with noise: here two terms are squared, not four"
    assert not agrees(delta, sp.sqrt(5) * D * L), "delta: that is √δ"
    assert not agrees(delta, sp.Rational(5, 2) * D**2 * L**2), (
        "delta: that is what comes out if p² + q² ≥ (p + q)² were true: pairing movements costs a factor ½"
    )
    assert agrees(delta, 5 * D**2 * L**2), f"delta: maximise over r, then minimise over δ; not {delta}"
    assert not agrees(constant, 5 * sp.sqrt(10) * D**2 * L), "constant: that is with noise: put in your δ"
    assert not agrees(constant, sp.Rational(5, 2) * sp.sqrt(5) * D**2 * L), (
        "constant: that is one of two terms: smoothness leaves as much as √δ costs"
    )
    assert agrees(constant, 5 * sp.sqrt(5) * D**2 * L), f"constant: (5/2)D√δ and what smoothness left, not {constant}"
    assert not agrees(drift, 5 * D), "drift: that is with noise: four terms"
    assert agrees(drift, 5 * D / sp.sqrt(2)), f"drift: (5/2)D times the root of what multiplies Σ², not {drift}"
    return "who knows that there is no noise pays √2 less for all that moves."


# One round

Round = Callable[..., Any]


def _into_ball(point: Array) -> Array:
    return point / max(1.0, float(np.linalg.norm(point)))


def _played(xhat: Array, M: Array, V: float, g: Array, G: float, delta: float, wrong: str = "") -> list[Any]:
    """One round on the unit ball with a mistake in it, or none."""
    later = V + float((g - M) @ (g - M))
    root, next_root = (2 / np.sqrt(delta + 4 * G**2 + sum_) for sum_ in (V, later))
    eta = next_root if wrong == "peeks" else root
    x = _into_ball(xhat - eta * M)
    origin = x if wrong == "from the play" else xhat
    after = _into_ball(origin - (next_root if wrong == "next step" else eta) * g)
    return [x, after, V + float(g @ g) if wrong == "lengths" else later]


MISTAKES = {
    "from the play": "the correction starts at x̂, not at the play: both steps are made from the same point",
    "next step": "the correction has the step size of this round, not that of the next one",
    "peeks": "η is made of V̄ before this round: it must be known before g is",
    "lengths": "V̄ sums ‖g − M‖², the surprises, not ‖g‖²",
}


def _alike(found: Sequence[Any], other: Sequence[Any]) -> bool:
    return all(
        np.shape(p) == np.shape(q) and np.allclose(p, q, rtol=1e-9, atol=1e-10)
        for p, q in zip(found, other, strict=True)
    )


def check_round(step: Round, seed: int | None = None) -> str:
    """`step(xhat, M, V, g, G, delta)` must give (x, next x̂, next V̄) on the unit ball, D = 2, to 10⁻⁹.

    On random rounds in three dimensions with hints, some projected. Recognises a correction from the play or with the
    next step size, an η that has seen g, and a V̄ of lengths.
    """
    rng = np.random.default_rng(seed)
    for scale in (0.2, 0.2, 3.0, 3.0):  # of the steps: inside, then projected
        xhat, M, g = rng.normal(size=(3, 3))
        xhat *= 0.6 / np.linalg.norm(xhat)
        G, delta, V = float(max(np.linalg.norm(M), np.linalg.norm(g))) / scale, 0.3 / scale, 0.5 / scale
        answer = list(step(xhat.copy(), M.copy(), V, g.copy(), G, delta))
        assert len(answer) == 3, f"return x, the next x̂ and the next V̄, not {len(answer)} things"
        found: list[Any] = [array(answer[0], "x"), array(answer[1], "the next x̂"), number(answer[2], "the next V̄")]
        right = _played(xhat, M, V, g, G, delta)
        if _alike(found, right):
            continue
        for wrong, message in MISTAKES.items():
            assert not _alike(found, _played(xhat, M, V, g, G, delta, wrong)), message
        for name, mine, yours in zip(("x", "the next x̂", "the next V̄"), right, found, strict=True):
            assert np.shape(mine) == np.shape(yours), f"{name} has the shape {np.shape(yours)}"
            assert np.allclose(mine, yours, rtol=1e-9, atol=1e-10), f"{name} is to be {mine}, got {yours}"
    return "the play may be bold, since what is kept, x̂, has seen the gradient."


def _curved(xhat: Array, M: Array, H: Array, g: Array, beta: float, wrong: str = "") -> list[Array]:
    """One round in the metric H on the unit ball with a mistake in it, or none."""
    new = H + (beta if wrong == "whole β" else beta / 2) * np.outer(g, g)

    def step(origin: Array, gradient: Array, metric: Array) -> Array:
        if wrong == "plain":
            return _into_ball(origin - gradient)
        if wrong == "Euclid":
            return _into_ball(origin - np.linalg.solve(metric, gradient))
        return Mahalanobis(metric).step(UNIT_BALL, origin, gradient, 1.0)

    x = step(xhat, M, H)
    after = step(x if wrong == "from the play" else xhat, g, new if wrong == "new metric" else H)
    return [x, after, new]


CURVED_MISTAKES = {
    "plain": "the step is H⁻¹ times the gradient",
    "Euclid": "the projection is the nearest point in the norm of H, not in the Euclidean one",
    "from the play": "the correction starts at x̂, not at the play",
    "new metric": "both steps of a round have the same metric: g enters H afterwards",
    "whole β": "g gᵀ enters H with the factor β/2",
}


def check_curved_round(step: Round, seed: int | None = None) -> str:
    """`step(xhat, M, H, g, beta)` must give (x, next x̂, next H) on the unit ball in the norm of H, to 10⁻⁵.

    Recognises a step without H⁻¹, a Euclidean projection, a correction from the play or with the new H, and β for β/2.
    """
    rng = np.random.default_rng(seed)
    for scale in (0.3, 4.0, 4.0):  # inside, then projected
        xhat, M, g = rng.normal(size=(3, 3))
        xhat *= 0.6 / np.linalg.norm(xhat)
        M, g, beta = scale * M, scale * g, 0.4
        root = rng.normal(size=(3, 3))
        H = np.eye(3) + root @ root.T
        answer = list(step(xhat.copy(), M.copy(), H.copy(), g.copy(), beta))
        assert len(answer) == 3, f"return x, the next x̂ and the next H, not {len(answer)} things"
        found = [array(part, name) for part, name in zip(answer, ("x", "the next x̂", "the next H"), strict=True)]
        right = _curved(xhat, M, H, g, beta)
        if _near(found, right):
            continue
        for wrong, message in CURVED_MISTAKES.items():
            assert not _near(found, _curved(xhat, M, H, g, beta, wrong)), message
        for name, mine, yours in zip(("x", "the next x̂", "the next H"), right, found, strict=True):
            assert mine.shape == yours.shape, f"{name} has the shape {yours.shape}"
            assert _near([yours], [mine]), f"{name} is to be {mine}, got {yours}"
    return "where gradients were long the metric is stiff: steps are short in directions that are known."


def _near(found: list[Array], other: list[Array]) -> bool:
    return all(p.shape == q.shape and np.allclose(p, q, rtol=0, atol=1e-5) for p, q in zip(found, other, strict=True))


def _hedged(phat: Array, eps: float, before: Array, g: Array, x_i: Array, x_prev: Array, smooth: float,
            wrong: str = "") -> list[Array]:  # fmt: skip
    """One round of the meta level with a mistake in it, or none."""
    factor = {"sign": -2.0, "no correction": 0.0, "no 2": 1.0, "not squared": 2.0}.get(wrong, 2.0)
    moved = ((x_i - x_prev) ** 2).sum(-1)
    s = factor * smooth * (np.sqrt(moved) if wrong == "not squared" else moved)
    m, loss = x_i @ before + s, x_i @ g + s
    if wrong == "no hint":
        m = np.zeros_like(m)
    p = softmax(np.log(phat) - eps * m)
    return [p, softmax(np.log(p if wrong == "from p" else phat) - eps * loss)]


HEDGE_MISTAKES = {
    "no correction": "where is 2L‖x_i − x_prev_i‖²? A base that moves has to pay",
    "sign": "movement is charged, not paid for: its sign in m and in l is +",
    "no 2": "the coefficient of movement is 2L",
    "not squared": "it is the squared length of the movement",
    "no hint": "p weighs p̂ by the guess m: the last gradient at the new plays",
    "from p": "p̂ is corrected from p̂, not from p: both steps are made from the same point",
}


def check_hedge(step: Round, seed: int | None = None) -> str:
    """`step(phat, eps, g_prev, g, x_i, x_prev_i, L)` must give (p, next p̂) of the ensemble's meta level, to 10⁻⁹.

    Weights must be on the simplex and stay when all plays are shifted alike; for bases at rest they are the softmax of
    all losses with the last one twice. Recognises a correction that is missing or wrong, a missing hint, and a
    correction from p.
    """
    rng = np.random.default_rng(seed)
    x_i, x_prev = (point / np.linalg.norm(point, axis=-1, keepdims=True) for point in rng.normal(size=(2, 4, 3)))
    before, g = 2 * rng.normal(size=(2, 3))
    phat, eps, shift = rng.dirichlet(3 * np.ones(4)), 1 / 32, rng.normal(size=3)

    def asked(weights: Array, last: Array, now: Array, plays: Array, old: Array) -> list[Array]:
        answer = list(step(weights.copy(), eps, last.copy(), now.copy(), plays.copy(), old.copy(), 1.0))
        assert len(answer) == 2, f"return p and the next p̂, not {len(answer)} things"
        pair = [array(part, name) for part, name in zip(answer, ("p", "the next p̂"), strict=True)]
        for name, part in zip(("p", "the next p̂"), pair, strict=True):
            assert part.shape == weights.shape, f"{name} must have the shape {weights.shape}, not {part.shape}"
            whole = abs(part.sum() - 1) < 1e-9 and bool((part > 0).all())
            assert whole, f"{name} must be positive with sum 1, got {part}"
        return pair

    found = asked(phat, before, g, x_i, x_prev)
    for wrong, message in HEDGE_MISTAKES.items():
        assert not _alike(found, _hedged(phat, eps, before, g, x_i, x_prev, 1.0, wrong)), message
    right = _hedged(phat, eps, before, g, x_i, x_prev, 1.0)
    for name, mine, yours in zip(("p", "the next p̂"), right, found, strict=True):
        assert np.allclose(mine, yours, rtol=1e-9, atol=1e-12), f"{name} is to be {mine}, got {yours}"
    moved = asked(phat, before, g, x_i + shift, x_prev + shift)
    assert _alike(found, moved), "shifting all plays by one vector adds a constant to m and to l: p must stay"
    weights, last, total = np.full(4, 0.25), np.zeros(3), np.zeros(4)
    for now in rng.normal(size=(5, 3)):
        p, weights = asked(weights, last, now, x_i, x_i)
        assert np.allclose(p, softmax(-eps * (total + x_i @ last))), "bases at rest: count the last loss twice"
        total, last = total + x_i @ now, now
    assert np.allclose(np.log(weights), log_softmax(-eps * total)), "bases at rest: p̂ is the softmax of all losses"
    return "calm bases are preferred: that pays for their movement, and is why it hurts where targets jump."


# Noise against drift


def check_experiment(regret: Any, V: Any, crossing: Any, P: float, T: int, sigmas: Sequence[float], seeds: Any) -> str:
    """Mean dynamic regret and V̄_T for each σ on losses that turn in P rounds, and the σ at which both parts of V̄ meet.

    Recognises static regret, sums of squared gradients, and a noise that is counted once.

    Parameters
    ----------
    regret, V : arrays (len(sigmas),)
        Means over the seeds.
    crossing : number
        The σ at which noise adds as much to V̄ a round as drift.
    P, T, sigmas, seeds
        The setting.
    """
    regret, V, crossing = array(regret, "regret"), array(V, "V"), number(crossing, "crossing")
    noise = np.asarray(sigmas, dtype=float)
    for name, values in (("regret", regret), ("V", V)):
        assert values.shape == noise.shape, f"{name}: one number for each σ, {noise.shape}, not {values.shape}"
    losses = spinning(T, P, noise[:, None], list(seeds))
    trace = run(optimistic(losses, np.zeros((*losses.G.shape, 2)), steps=Convex(2.0, losses.G, 1.0)), T)
    x = trace.x[:T]
    squares = (losses.g**2).sum((0, -1)).mean(-1)
    assert not np.allclose(V, squares, rtol=0.02), "V: that sums ‖g‖²; V̄ sums ‖g − M‖², the surprises"
    foretold = 1 + T * ((2 * np.pi / P) ** 2 + 2 * noise**2)
    assert (abs(V / foretold - 1) < 0.15).all(), f"V: near 1 + T((2π/P)² + 2σ²) = {foretold.round(1)}, not {V}"
    static = losses.static_regret(x)[-1].mean(-1)
    assert not np.allclose(regret, static, rtol=0.02, atol=1), "regret: that is static: u_t = −m_t, one for each round"
    expected = losses.dynamic_regret(x)[-1].mean(-1)
    near = np.allclose(regret, expected, rtol=0.02)
    assert near, (
        f"regret: measured here {expected.round(1)}, not {regret}: G is the run's longest gradient, δ = 1, D = 2"
    )
    assert (np.diff(regret) > 0).all(), "regret: it grows with σ"
    right = np.sqrt(2) * np.pi / P
    assert abs(crossing - 2 * np.pi / P) > 0.02 * right, (
        "crossing: noise is met twice, in g and in the hint: 2σ² a round"
    )
    assert abs(crossing / right - 1) < 0.02, f"crossing: at which σ is 2σ² the drift's (2π/P)²? Not at {crossing}"
    return "below that σ drift is the price, above it noise is: V̄ knows neither, and pays for both."
