"""Checks for the assignment on policy gradients: each says what is wrong, not only that something is."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from optilab.course.forms import agrees, array, cancelled, formula, number
from optilab.course.grade import peak_memory
from optilab.papers.policy_gradient_harpg.experiment import checkpoints, race
from optilab.papers.policy_gradient_harpg.problems.softmax_mdp import SoftmaxMDP
from optilab.problems.mdp import random_mdp

eta, Delta = sp.symbols("eta Delta", positive=True)
b, c, k, theta = sp.symbols("b c k theta", real=True)
Array = np.ndarray


# 1. What the look ahead leaves


def ours(answer: Any) -> sp.Expr:
    """An answer in the symbols of this module, whatever assumptions its own of the same names make."""
    return formula(answer, "the error", eta, Delta, b, c, k, theta)


def check_transport_error(answer: Any) -> str:
    """The estimate minus G(θ_t), in symbols called `eta`, `c`, `Delta`; G(θ) = bθ + cθ² and the old value was exact.

    Recognises a missing factor, the opposite sign and the error of plain momentum.
    """
    expr = ours(answer)
    right = (1 - eta) / eta * c * Delta**2
    momentum = -(1 - eta) * Delta * (b + 2 * c * theta - c * Delta)
    wrong = {
        -right: "the sign is the other way round: the answer is the estimate minus G(θ_t)",
        c * Delta**2: "cΔ² is what η = ½ leaves: how far beyond θ_t does the look ahead go?",
        c * Delta**2 / eta: "c Δ²/η is the answer for small η only: the old value counts 1 − η",
        (1 - eta) ** 2 / eta * c * Delta**2: "that is the new gradient's part alone: the old one's has a square, too",
        momentum: "that is the error of plain momentum, which takes the new gradient at θ_t itself",
        momentum.subs(c, 0): "that is the error of plain momentum on a straight line",
    }
    for mistake, hint in wrong.items():
        assert not agrees(expr, mistake), hint
    expr = cancelled(expr, eta, c, Delta)
    unknown = expr.free_symbols - {eta, c, Delta}
    alone = "write the answer in exercises.eta, exercises.c and exercises.Delta alone: b and θ_t cancel"
    assert not unknown, f"{alone}; yours holds {sorted(map(str, unknown))}"
    half, quarter = (expr.subs({eta: sp.Rational(1, n), c: 1, Delta: 1}) for n in (2, 4))
    assert agrees(expr, right), f"with c = Δ = 1 the error is 1 at η = ½ and 3 at η = ¼, yours is {half} and {quarter}"
    return "neither b nor θ_t is left, so a straight gradient is followed exactly, however long the memory"


def check_cubic_transport(answer: Any) -> str:
    """The same for G(θ) = bθ + kθ³, in symbols called `eta`, `k`, `theta`, `Delta`, where θ is θ_t.

    Recognises the bend without the third order, the opposite sign, the part of the new gradient alone and the error of
    plain momentum.
    """
    expr = ours(answer)
    ratio = (1 - eta) / eta

    def G(point: Any) -> sp.Expr:
        return b * point + k * point**3

    old, ahead, here = G(theta - Delta), G(theta + ratio * Delta), G(theta)
    right = sp.expand((1 - eta) * old + eta * ahead - here)
    momentum = (1 - eta) * (old - here)
    lesson = "is what a parabola with the same bend at θ_t leaves: a cubic leaves a term in Δ³ besides"
    wrong = {
        -right: "the sign is the other way round: the answer is the estimate minus G(θ_t)",
        ratio * 3 * k * theta * Delta**2: f"3kθ(1 − η)Δ²/η {lesson}",
        ratio * k * Delta**2: "that is the parabola's answer with k for c: how bent is kθ³ at θ_t?",
        momentum: "that is the error of plain momentum, which takes the new gradient at θ_t itself",
        eta * (ahead - here): "that is the new gradient's part alone: the old one is off, too",
        eta * ahead - here: "that is the new gradient's part alone: the old one counts 1 − η",
    }
    for mistake, hint in wrong.items():
        assert not agrees(expr, mistake), hint
    expr = cancelled(expr, eta, k, theta, Delta)
    unknown = expr.free_symbols - {eta, k, theta, Delta}
    alone = "write the answer in exercises.eta, exercises.k, exercises.theta and exercises.Delta alone: b cancels"
    assert not unknown, f"{alone}; yours holds {sorted(map(str, unknown))}"
    points = [{eta: sp.Rational(1, n), k: 1, theta: 1, Delta: 1} for n in (2, 4)]
    half, quarter = (expr.subs(point) for point in points)
    assert agrees(expr, right), (
        f"with k = θ = Δ = 1 the error is 3 at η = ½ and 15 at η = ¼, yours is {half} and {quarter}"
    )
    return "the third order goes like 1/η² and soon outweighs the second, which is why a long memory needs short steps"


# 2. The direction


class Oracles:
    """Noise-free oracles of a cubic objective, which record where they were asked and on which trajectory.

    J(θ) = b·θ + ½ θᵀMθ + Σ_i k_i θ_i³/6; a "trajectory" knows the point at which it was drawn.
    """

    def __init__(self, rng: np.random.Generator, size: int, cubic: bool):
        M = rng.normal(size=(size, size))
        self.b, self.M = rng.normal(size=size), (M + M.T) / 2
        self.k = rng.normal(size=size) if cubic else np.zeros(size)
        self.drawn: list[Array] = []
        self.asked: list[tuple[str, Array, Any]] = []

    def grad(self, point: Array) -> Array:
        """∇J."""
        return self.b + self.M @ point + self.k * point**2 / 2

    def sample(self, point: Array) -> int:
        """A trajectory: its number."""
        self.drawn.append(np.array(point, dtype=float))
        return len(self.drawn) - 1

    def g(self, tau: int, point: Array) -> Array:
        """The gradient at a point."""
        self.asked.append(("g", np.array(point, dtype=float), tau))
        return self.grad(np.asarray(point))

    def hvp(self, tau: int, point: Array, u: Array) -> Array:
        """The Hessian at a point times u."""
        self.asked.append(("hvp", np.array(point, dtype=float), tau))
        return self.M @ u + self.k * point * u


Direction = Callable[..., Array]


def check_direction(harpg_direction: Direction, seed: int | None = None) -> str:
    """`harpg_direction(d, theta, theta_prev, eta, q, sample, g, hvp)` must return d_t for t > 0.

    The memory d is off, so that each weight shows. Recognises an η that doesn't multiply the correction, weights
    swapped, a displacement backwards, a product at the wrong point, one trajectory for both estimates and a fixed q.
    """
    check_carried(harpg_direction, seed, pair=False)
    return (
        "whatever the memory was off by has shrunk to 1 − η of it and nothing else is added, "
        "which is why a small η no longer means a late arrow"
    )


def check_pair(pair_direction: Direction, seed: int | None = None) -> str:
    """The same with the mean of two products, at q and at 1 − q, each on a trajectory of its own.

    Recognises what `check_direction` does, and products that are added up, not averaged.
    """
    check_carried(pair_direction, seed, pair=True)
    return "on a cubic the pair is exact at every q, where a single product is so in the mean only"


def check_carried(direction: Direction, seed: int | None, pair: bool) -> None:
    """What `check_direction` and, with a `pair` of products, `check_pair` ask."""
    rng = np.random.default_rng(seed)
    weight, q = float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.1, 0.3))
    here, there, stray = rng.normal(size=(3, 4))
    step = here - there

    def answer(oracles: Oracles, q: float) -> Array:
        d = oracles.grad(there) + stray
        found = direction(d.copy(), here.copy(), there.copy(), weight, q, oracles.sample, oracles.g, oracles.hvp)
        found = array(found, "d_t")
        assert found.shape == (4,), f"d_t has the shape of θ, (4,), got {found.shape}"
        return found

    bowl = Oracles(rng, 4, cubic=False)
    found, d, g, v = answer(bowl, q), bowl.grad(there) + stray, bowl.grad(here), bowl.M @ step
    hints = (
        ((1 - weight) * d + v + weight * g, "the correction v belongs inside: (1 − η)(d + v) + η g"),
        ((1 - weight) * (d - v) + weight * g, "the displacement is θ_t − θ_{t−1}: yours walks back"),
        (
            (1 - weight) * d + weight * g,
            "the old direction is not carried along: where is the Hessian-vector product?",
        ),
        (weight * (d + v) + (1 - weight) * g, "1 − η weighs what is remembered, η what is new"),
        (weight * d + (1 - weight) * g, "1 − η weighs what is remembered, η what is new"),
        ((1 - weight) * (d + 2 * v) + weight * g, "the correction counts once: of two products take the mean"),
    )
    for wrong, hint in hints:
        assert not np.allclose(found, wrong, atol=1e-8), hint
    right = (1 - weight) * (d + v) + weight * g
    assert np.allclose(found, right, atol=1e-8), (
        "on a quadratic without noise, where the memory was off by e, d_t must be ∇J(θ_t) + (1 − η)e; "
        f"it is off by {np.linalg.norm(found - right):.2g}"
    )
    asked_rightly(bowl, here, there, [q * here + (1 - q) * there] + [q * there + (1 - q) * here] * pair)

    cubic = Oracles(rng, 4, cubic=True)
    wanted = cubic.grad(here) + (1 - weight) * stray
    if pair:
        assert np.allclose(answer(cubic, q), wanted, atol=1e-8), (
            "on a cubic a pair of products must be exact at every q: take one at q and one at 1 − q"
        )
        return
    mean = (answer(cubic, 0.0) + answer(cubic, 1.0)) / 2
    assert np.allclose(mean, wanted, atol=1e-8), (
        "on a cubic the mean over q = 0 and q = 1 must be exact: take the product at the point between"
    )


def asked_rightly(oracles: Oracles, here: Array, there: Array, places: list[Array]) -> None:
    """One gradient at `here` and a product at each of `places` were asked for, each on a trajectory of its own."""
    count = ("one Hessian-vector product", "two Hessian-vector products")[len(places) - 1]
    number = ("two", "three")[len(places) - 1]
    kinds = sorted(kind for kind, *_ in oracles.asked)
    assert kinds == ["g"] + ["hvp"] * len(places), f"one gradient and {count} are needed, you asked {kinds}"
    drawn = len(oracles.drawn)
    assert drawn == 1 + len(places), f"{number} independent trajectories are needed, you drew {drawn}"
    formula = "q θ_t + (1 − q) θ_{t−1}" + " and at (1 − q) θ_t + q θ_{t−1}" * (len(places) - 1)
    left, used = list(places), set()
    for kind, point, tau in oracles.asked:
        if kind == "g":
            place, name = here, "θ_t"
            assert np.allclose(point, here), "g must be asked at θ_t"
        else:
            swapped = len(places) == 1 and np.allclose(point, here + there - places[0])
            assert not swapped, "q weighs θ_t, and 1 − q weighs θ_{t−1}"
            at = [index for index, wanted in enumerate(left) if np.allclose(point, wanted)]
            assert at, f"hvp must be asked at {formula}"
            place, name = left.pop(at[0]), "its own point"
        fresh = isinstance(tau, int | np.integer) and 0 <= tau < drawn and tau not in used
        own = fresh and np.allclose(oracles.drawn[tau], place)
        assert own, f"{kind} needs a trajectory drawn at {name}"
        used.add(tau)


# 3. The Hessian-vector product

HVP = Callable[[Array, Array, Array, float, Array, Array], Array]
LIMIT = 20e6  # bytes


def wrong_products(s: Array, a: Array, r: Array, gamma: float, theta: Array, u: Array) -> dict[str, Array]:
    """What common mistakes give for one trajectory, arguments as in `check_hvp`."""
    psi = np.cumsum((gamma ** np.arange(len(r)) * r)[::-1])[::-1]
    pi = np.exp(theta - theta.max(-1, keepdims=True))
    pi = pi / pi.sum(-1, keepdims=True)
    along = u[s, a] - (pi * u).sum(-1)[s]
    scores = np.zeros((len(s), *theta.shape))
    scores[np.arange(len(s)), s, a] = 1
    scores[np.arange(len(s)), s] -= pi[s]
    bent = np.zeros_like(theta)
    for state, weight in zip(s, psi, strict=True):
        bent[state] += weight * (-pi[state] * u[state] + pi[state] * (pi[state] @ u[state]))
    weighed = np.einsum("h,h...->h...", psi, scores)
    return {
        "∇Φ (s_τ·u) is missing: a Hessian of log-probabilities alone forgets that trajectories move, too": bent,
        "every ∇log π meets only its own slope along u: the score s_τ sums over the whole trajectory": (
            np.einsum("h...,h->...", weighed, along) + bent
        ),
        "∇²Φ u is missing": weighed.sum(0) * along.sum(),
        "the sign of ∇²Φ u is wrong: ∇²log π is negative": weighed.sum(0) * along.sum() - bent,
    }


def ask(hvp: HVP, s: Array, a: Array, r: Array, gamma: float, theta: Array, u: Array) -> Array:
    """An answer's product, from copies: it may work in place."""
    return hvp(s.copy(), a.copy(), r.copy(), gamma, theta.copy(), u.copy())


def check_hvp(hvp: HVP, seed: int | None = None) -> str:
    """`hvp(s, a, r, gamma, theta, u)` must be an unbiased ∇²J_H u from one trajectory, without a matrix.

    States `s` and actions `a`, (H,) of int, rewards `r` (H,), logits `theta` and direction `u`, both (S, A); returns
    (S, A). Recognises missing terms, a score of one step in place of all, and a matrix.
    """
    rng = np.random.default_rng(seed)
    problem = SoftmaxMDP(random_mdp(int(rng.integers(2**31)), 2, 3), np.array([0.6, 0.4]), 3, reference=False)
    theta, u = 0.7 * rng.normal(size=(2, 2, 3))
    tau = problem.all_trajectories()
    chance = problem.probability(tau, theta.ravel())

    def mean(function: HVP) -> Array:
        products = [ask(function, *one, problem.gamma, theta, u) for one in zip(*tau, strict=True)]
        return np.einsum("n,n...->...", chance, array(products, "B u"))

    first = array(ask(hvp, tau.s[0], tau.a[0], tau.r[0], problem.gamma, theta, u), "B u")
    assert first.shape == theta.shape, f"B u has the shape of θ, {theta.shape}, got {first.shape}"
    h = 1e-4
    ahead, behind = (problem.grad(theta.ravel() + step * u.ravel()) for step in (h, -h))
    right = ((ahead - behind) / (2 * h)).reshape(theta.shape)
    found = mean(hvp)
    for hint in wrong_products(tau.s[0], tau.a[0], tau.r[0], problem.gamma, theta, u):
        wrong = mean(lambda *arguments, hint=hint: wrong_products(*arguments)[hint])
        assert not np.allclose(found, wrong, atol=1e-7), hint
    off = abs(found - right).max()
    assert off < 1e-6, f"its mean over all trajectories of three steps is off by {off:.2g} from ∇²J_H u"

    s, a, r = rng.integers(1000, size=20), rng.integers(5, size=20), rng.normal(size=20)
    big, direction = rng.normal(size=(2, 1000, 5))
    peak = peak_memory(hvp, s, a, r, 0.9, big, direction)
    assert peak < LIMIT, f"with 5,000 parameters yours needs {peak / 1e6:.0f} MB: form no matrix"
    return "with as many parameters as a network has, such a product costs about as much as a gradient"


# 4. The experiment

STEEPER = {
    "noise": "the noise of the estimates falls on the way to the optimum, and the theory takes it as constant",
    "bias": "the theory forgets the drift",
    "runs": "medians fall faster than means, of which the theory speaks, whatever the noise",
    "steps": "these steps shrink faster than the theory's",
}
AGAINST = {  # what speaks against the others
    "bias": "the theory has the drift, and chooses η so that it falls with the noise",
    "runs": "where the noise is the same everywhere medians fall as the theory promises, and so do means",
    "steps": "the theory's shrink like 1/t, too; only their factor is another",
}
LOSES = {
    "hvp": "the noise of the Hessian-vector product, times the length of a step, is larger than that of the gradient",
    "bias": "the random point q makes the correction biased",
    "memory": "its memory is shorter",
    "cost": "the product needs a matrix",
}
RANGES = {  # of the final median error and of the slope: 40 runs of 10,000 updates, fitted over t = 100 … 10,000
    "N-MPG": ((0.15, 0.31), (-0.68, -0.38)),
    "N-PG-IGT": ((0.065, 0.15), (-0.68, -0.38)),
    "N-HARPG": ((0.065, 0.15), (-1.2, -0.62)),
}
SHORT = {  # the same of 200 runs of 200 updates, fitted over t = 20 … 200; medians of other groups lie well inside
    "N-MPG": ((1.15, 1.85), (-0.72, -0.38)),
    "N-PG-IGT": ((0.65, 1.05), (-0.82, -0.48)),
    "N-HARPG": ((1.3, 5.0), (-1.4, -0.65)),
}
LEAST = 200  # runs of 200 updates
Figures = Mapping[str, float]


def figures(err: Figures, slope: Figures) -> dict[str, tuple[float, float]]:
    """Error and slope by method, once there are numbers for all three."""
    for mapping, word in ((err, "err"), (slope, "slope")):
        assert isinstance(mapping, Mapping), f"{word} must be a dictionary, one number for each method, not {mapping!r}"
        missing = set(RANGES) - set(mapping)
        assert not missing, f"{word} has no entry for {sorted(missing)}"
    return {name: (number(err[name], f"err of {name}"), number(slope[name], f"the slope of {name}")) for name in RANGES}


def check_experiment(err: Figures, slope: Figures, steeper: str, loses: str) -> str:
    """Median ‖d_t − ∇J_H(θ_t)‖ of 40 runs after 10,000 updates, and its slope over t = 100 … 10,000; two reasons.

    One trajectory a gradient, γ₀ = 0.3. Recognises gaps in place of errors and a fit to the first hundred updates.

    Parameters
    ----------
    err, slope : mappings
        By name of the method: "N-MPG", "N-PG-IGT", "N-HARPG".
    steeper, loses : str
        As in `check_reasons`.
    """
    given = figures(err, slope)
    for name, (size, fall) in given.items():
        (low, high), (steep, flat) = RANGES[name]
        if name == "N-MPG":
            assert not 0.04 < size < low, (
                f"{name}: {size:.3g} looks like the gap J* − J_H; the error is ‖d_t − ∇J_H(θ_t)‖, a gradient"
            )
        assert low <= size <= high, f"{name}: a median error of {size:.3g} is outside {low:g} … {high:g}"
        assert fall <= flat, f"{name}: a slope of {fall:.2f} is too flat: fit t = 100 … 10,000, not the beginning"
        assert fall >= steep, f"{name}: a slope of {fall:.2f} is too steep: is it that of log err on log t?"
    ratio = given["N-PG-IGT"][0] / given["N-MPG"][0]
    assert ratio <= 0.75, f"N-PG-IGT's error is {ratio:.2f} times N-MPG's, where about half is found"
    return check_reasons(steeper, loses)


@cache
def measured(gamma0: float) -> dict[str, tuple[float, float]]:
    """By method: the median error of 200 runs after 200 updates, and its slope over t = 20 … 200."""
    at = checkpoints(200, first=20)
    races = {name: race(name, T=200, gamma0=gamma0, runs=200, seed=1, at=at) for name in SHORT}
    return {name: (float(np.median(one.err[-1])), one.slope) for name, one in races.items()}


def enough(runs: Mapping[str, Any], given: Mapping[str, tuple[float, float]]) -> None:
    """At least 200 runs a method, each with an error of its own, whose medians are the errors `given`."""
    assert isinstance(runs, Mapping), f"runs must be a dictionary, an array for each method, not {runs!r}"
    missing = set(RANGES) - set(runs)
    assert not missing, f"runs has no entry for {sorted(missing)}"
    for name in RANGES:
        values, err = array(runs[name], f"runs: the values of {name}"), given[name][0]
        assert values.ndim == 1, f"runs: one error for each run of {name}, an array (runs,), not shape {values.shape}"
        made = len(np.unique(values))
        assert made >= LEAST, f"{name}: {LEAST} runs are asked, yours has the errors of {made}"
        mean, middle = values.mean(), float(np.median(values))
        averaged = np.isclose(err, mean) and not np.isclose(mean, middle)
        assert not averaged, (
            f"{name}: an error of {err:.3g} is a mean, made by a few runs that are far off: take medians over the runs"
        )
        assert np.isclose(err, middle), (
            f"{name}: err says {err:.3g}, but the median of the errors in runs is {middle:.3g}"
        )


def check_errors(runs: Mapping[str, Any], err: Figures, slope: Figures, gamma0: float | None = None) -> str:
    """The same figures of at least 200 runs of 200 updates, the slope over t = 20 … 200.

    Recognises too few runs, gaps in place of errors, means in place of medians and slopes of something else.

    Parameters
    ----------
    runs : mapping
        By name of the method, "N-MPG", "N-PG-IGT", "N-HARPG": the last error of each run, an array (runs,).
    err, slope : mappings
        By the same names: the median of those errors, and the slope.
    gamma0 : float, optional
        Errors must be within a factor 1.5, and slopes within a third, of what is measured here with this γ₀; without
        it they must lie where γ₀ = 0.3 puts them.

    Raises
    ------
    AssertionError
        If a figure is out of its range; the message says what it looks like.
    """
    given = figures(err, slope)
    enough(runs, given)
    if gamma0 is not None:
        for name, (right, steepness) in measured(gamma0).items():
            size, fall = given[name]
            assert right / 1.5 <= size <= right * 1.5, (
                f"{name}: a median error of {size:.3g} isn't that of γ₀ = {gamma0:g}, which is near {right:.2g}"
            )
            assert abs(fall / steepness - 1) <= 1 / 3, (
                f"{name}: a slope of {fall:.2f} isn't that of γ₀ = {gamma0:g}, which is near {steepness:.2f}"
            )
        return "medians of 200 runs are within a sixth or so of these, whatever their seed"
    for name, (size, fall) in given.items():
        (low, high), (steep, flat) = SHORT[name]
        if name == "N-MPG":
            assert not 0.6 < size < 1.0, (
                f"{name}: {size:.3g} looks like the gap J* − J_H; the error is ‖d_t − ∇J_H(θ_t)‖, a gradient"
            )
        assert low <= size <= high, f"{name}: a median error of {size:.3g} is outside {low:g} … {high:g}"
        assert fall < 0, f"{name}: the error falls, so the slope of its logarithm is negative, not {fall:.2f}"
        assert fall <= flat, f"{name}: a slope of {fall:.2f} is too flat: fit log err against log t, t = 20 … 200"
        assert fall >= steep, f"{name}: a slope of {fall:.2f} is too steep: is it that of log err on log t?"
    return "all three medians fall faster than promised, and the order of their slopes is not that of their errors"


def check_reasons(steeper: str, loses: str) -> str:
    """Two reasons: why median errors fall faster than promised, and when a Hessian-vector product doesn't pay.

    Parameters
    ----------
    steeper : str
        Why the slopes of all medians are steeper than −1/3, −2/5, −1/2; a key of `STEEPER`.
    loses : str
        When N-HARPG is behind N-PG-IGT, early on or with long steps; a key of `LOSES`.

    Raises
    ------
    AssertionError
        If one isn't right; the message says what speaks against it.
    """
    for value, options, name in ((steeper, STEEPER, "steeper"), (loses, LOSES, "loses")):
        assert value in options, f"{name} must be one of {list(options)}, got {value!r}"
    assert steeper == "noise", f"no: {AGAINST.get(steeper)}. Compare the spread of g at θ₀ and at the optimum"
    assert loses == "hvp", f"no: “{LOSES[loses]}” isn't so. What does v add to d at every step?"
    return (
        "what a correction costs scales with the step, what it saves with the bend of J, "
        "which is why N-HARPG wants short steps or a large batch"
    )
