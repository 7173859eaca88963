"""DIFF2: gradient descent on privatised gradient differences, with restarts; its calibration, its routines, its rivals.

A mean over P clients of means over their records is minimised, and all that leaves the clients is (ε, δ)-private for
the replacement of one record of one client. The server is trusted: noise is added to the mean over clients.

    the paper                                                        here
    clip(g, C), record by record; a mean over clients                problems.clip_factor, Gradients.clipped_mean
    A1: rounds; full gradient + noise at r mod T = 0, else
        v_r = v_{r−1} + clipped difference + noise that scales
        with ‖x_r − x_{r−1}‖                                         diff2, release
    routine GD: x_{r+1} = x_r − η v_r                                GD
    A4: routine BVR-L-SGD: K local steps of one client, each on a
        privatised difference over a batch                           BVR
    A2: noise multipliers σ₁, σ₂ for ε, δ, R, T                      sigmas
    A4: σ₁, σ₂, σ₃, with subsampling without replacement             bvr_sigmas
    A3: τ = T/R ≈ (2G²s/(LΔ))^{2/3}; steps and rounds of theory      best_tau, restart_bound, theory_step, theory_rounds
    A3: a step that stays stable; the paper's rule to give one up    stability, survives
    output x_out uniform among x_0 … x_{R−1}                         uniform_output
    baselines: DP-GD; DP-SGD, with momentum or without               dp_gd, dp_sgd
    error of the estimate: the sum of the noises since the restart   predicted_error

Source: T. Murata, T. Suzuki, "DIFF2: Differential Private Optimization via Gradient Differences for Nonconvex
Distributed Learning", ICML 2023 (arXiv 2302.03884); BVR-L-SGD: the same, ICML 2021 (arXiv 2102.03198). The calibration
of the local steps and the constants of the bounds are ours.
"""

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import AnyArray, AnyNumber, require, whole
from optilab.core.run import advance, algorithm, replicates
from optilab.papers.diff2.problems import Gradients, Logistic, Private
from optilab.problems.privacy import Budget, calibrate, gaussian_rho, subsampled_rdp

Array = np.ndarray
Number = float | np.ndarray  # one for all replicates, or (*batch)
Routine = Callable[[Array, Array, int], Array]  # (x_r, v_r, r) → x_{r+1}
LOST = 1e100  # a point this far out has diverged
CHECKED = 10  # rounds from one look at the loss to the next


class Round(NamedTuple):
    """A state of DIFF2, after r rounds."""

    x: Array  # (*batch, d) x_r
    v: Array  # (*batch, d) the estimate v_{r−1} that led to it, 0 at the start
    gradients: Array  # (*batch) of single records, asked so far: n at a restart, 2n at a difference, 2b a local step
    lost: Array  # (*batch) whether it has diverged; it stays where it was then


def release(now: Gradients, before: Gradients, v: Array, restart: Array, C1: Number, c: Number) -> Array:
    """What the clients send of round r, before noise, added to what is known: the new estimate without its own noise.

    Parameters
    ----------
    now, before : gradients of all records at x_r and x_{r−1}
        Of the second only the difference is used.
    v : array (*batch, d)
        The estimate v_{r−1}.
    restart : bool or array (*batch)
        Whether a full gradient is sent.
    C1, c : number or array (*batch)
        Radii of a gradient and of a difference.

    Returns
    -------
    array (*batch, d)
    """
    full = now.clipped_mean(C1) if np.any(restart) else v
    change = v + (now - before).clipped_mean(c) if not np.all(restart) else v
    return np.where(np.asarray(restart)[..., None], full, change)


@algorithm
def diff2(
    problem: Private,
    x0: Array,
    *,
    routine: Routine,
    T: int | Array,
    C1: AnyNumber,
    C2: AnyNumber,
    sigma1: Number,
    sigma2: Number,
    rng: np.random.Generator | None = None,
    limit: AnyNumber = np.inf,
    budget: Budget | None = None,
) -> Iterator[Round]:
    """A1: yields x_0, x_1, … without end, or until every replicate has diverged.

    Parameters
    ----------
    problem : Private
        Gives the gradients of its records.
    x0 : array (*batch, d)
        Where to start.
    routine : function (x_r, v_r, r) → x_{r+1}
        `GD` or `BVR`.
    T : int or array (*batch) of int
        Rounds from one restart to the next, 1 or more; 1 is DP-GD.
    C1, C2 : float or array (*batch)
        Radii: a gradient is clipped at C₁, a difference at C₂‖x_r − x_{r−1}‖. Infinity clips nothing, and is allowed
        without noise only.
    sigma1, sigma2 : float or array (*batch)
        Noise multipliers: standard deviations are C₁σ₁ and C₂‖x_r − x_{r−1}‖σ₂.
    rng : numpy.random.Generator, optional
        Of the noise; needed unless there is none.
    limit : float or array (*batch)
        A replicate has diverged once its loss, asked every ten rounds, is above this.
    budget : Budget, optional
        Is asked before each release; for one σ₁, σ₂ and T.

    Raises
    ------
    ValueError
        If a parameter is not allowed, or a release goes beyond the budget: then it is not made.
    """
    x, T, C1, C2, sigma1, sigma2 = _checked(x0, T, C1, C2, sigma1, sigma2, rng, budget)
    N = problem.n_min * problem.P
    v, lost = np.zeros_like(x), np.zeros(x.shape[:-1], bool)
    gradients = np.zeros(x.shape[:-1])
    yield Round(x, v, gradients, lost)
    last, before = x, problem.records(x)
    r = 0
    while not lost.all():
        restart = r % T == 0
        c = _radius(C2, x, last)
        if budget is not None:
            kind, sigma = ("restarts", sigma1) if restart else ("differences", sigma2)
            if sigma > 0:
                budget.spend(budget.order * gaussian_rho(2 / N, sigma), kind)
        now = problem.records(x)
        v = release(now, before, v, restart, C1, c)
        scale = np.where(restart, _times(C1, sigma1), _times(c, sigma2))
        if rng is not None:
            v = v + scale[..., None] * rng.normal(size=x.shape)
        new = routine(x, v, r)
        last, before = x, now
        gradients = gradients + np.where(
            lost, 0, np.where(restart, 1, 2) * problem.n + getattr(routine, "gradients", 0)
        )
        lost = lost | ~(abs(new) < LOST).all(-1)
        x = advance(~lost, new, x)
        r += 1
        if r % CHECKED == 0 and np.any(np.isfinite(limit)):
            lost = lost | ~(problem(x) <= limit)
        yield Round(x, v, gradients, lost)


def _radius(C: Number, x: Array, last: Array) -> Array:
    """C‖x_r − x_{r−1}‖, infinite with C: (*batch)."""
    length = np.linalg.norm(x - last, axis=-1)
    return np.where(np.isinf(C), np.inf, np.where(np.isinf(C), 0, C) * length)


def _times(C: Number, sigma: Number) -> Array:
    """C σ, and 0 where σ is: without noise C may be infinite."""
    return np.where(np.equal(sigma, 0), 0.0, np.where(np.isinf(C), 0, C) * np.asarray(sigma))


def _checked(
    x0: Array, T: Any, C1: Any, C2: Any, sigma1: Any, sigma2: Any, rng: Any, budget: Budget | None
) -> tuple[Array, ...]:
    """The start and the parameters of `diff2`, once they are known to be allowed."""
    rounds = np.asarray(T)
    require(rounds.dtype.kind in "iu" and bool((rounds >= 1).all()), "T", T, "whole, 1 or more")
    for name, C, s, sigma in (("C1", C1, "sigma1", sigma1), ("C2", C2, "sigma2", sigma2)):
        _check_radius(name, C)
        _check_noise(s, sigma)
        require(
            np.isfinite(C) | np.equal(sigma, 0), name, C, f"finite where {s} isn't 0: nothing bounds a record's part"
        )
        require(rng is not None or np.all(np.equal(sigma, 0)), "rng", rng, f"given, as {s} isn't 0")
    if budget is not None:
        sizes = [np.ndim(one) for one in (T, sigma1, sigma2)]
        require(not any(sizes), "T, sigma1 and sigma2", sizes, "numbers, the same for all replicates, with a budget")
    require(np.ndim(x0) >= 1 and np.isfinite(x0).all(), "x0", x0, "(*batch, d) finite numbers")
    x, *lifted = replicates(x0, rounds, C1, C2, sigma1, sigma2)
    return x, *(one[..., 0] for one in lifted)


def _check_radius(name: str, C: Any) -> None:
    require(np.asarray(C).dtype.kind in "iuf" and bool(np.greater(C, 0).all()), name, C, "positive")


def _check_noise(name: str, sigma: Any) -> None:
    number = np.asarray(sigma)
    fits = number.dtype.kind in "iuf" and bool(((number >= 0) & (number < np.inf)).all())
    require(fits, name, sigma, "0 or more and finite")


def dp_gd(problem: Private, x0: Array, *, eta: Number, C: AnyNumber, sigma: Number, **settings: Any) -> Iterator[Round]:
    """DP-GD: `diff2` with T = 1, every round a full gradient; `settings` are its `rng`, `limit` and `budget`."""
    return diff2(problem, x0, routine=GD(eta), T=1, C1=C, C2=C, sigma1=sigma, sigma2=0.0, **settings)


# What is done with an estimate


@dataclass(frozen=True)
class GD:
    """The routine of a single step, x_{r+1} = x_r − η v_r.

    Parameters
    ----------
    eta : float or array (*batch)
        Step size, positive.
    """

    eta: Number

    def __post_init__(self) -> None:
        require(np.greater(self.eta, 0), "eta", self.eta, "positive")

    def __call__(self, x: Array, v: Array, r: int) -> Array:
        """The next point (*batch, d)."""
        return x - np.asarray(self.eta)[..., None] * v


@dataclass(frozen=True)
class BVR:
    """A4, the routine BVR-L-SGD: client r mod P goes K steps along an estimate that it keeps up by private differences.

    The first step is that of `GD`. Models aren't averaged: one client's is the next point.

    Parameters
    ----------
    problem : Logistic
        With batches of single records.
    eta : float or array (*batch)
        Step size, positive.
    K : int
        Local steps; 1 is `GD`.
    b : int
        Records of a batch, drawn without replacement.
    C3 : float or array (*batch)
        Radius: a record's difference is clipped at C₃‖y_k − y_{k−1}‖.
    sigma3 : float or array (*batch)
        Noise multiplier.
    rng : numpy.random.Generator
        Of batches and noise; each round has a generator of its own.
    budget : Budget, optional
        With one total for each client, (P,): only the one that works spends.
    """

    problem: Logistic
    eta: Number
    K: int
    b: int
    C3: AnyNumber
    sigma3: Number
    rng: np.random.Generator
    budget: Budget | None = None

    def __post_init__(self) -> None:
        require(np.greater(self.eta, 0), "eta", self.eta, "positive")
        require(whole(self.K, 1), "K", self.K, "a whole number, 1 or more")
        smallest = self.problem.n_min
        require(
            whole(self.b, 1) and self.b <= smallest, "b", self.b, f"whole, from 1 to {smallest}, the smallest client"
        )
        _check_radius("C3", self.C3)
        _check_noise("sigma3", self.sigma3)
        unbounded = np.isinf(self.C3) & np.not_equal(self.sigma3, 0)
        require(~np.asarray(unbounded), "C3", self.C3, "finite where sigma3 isn't 0")
        if self.budget is not None:
            require(np.ndim(self.sigma3) == 0, "sigma3", self.sigma3, "a number, with a budget")

    @property
    def gradients(self) -> int:
        """Gradients of single records in a round."""
        return 2 * self.b * (self.K - 1)

    def __call__(self, x: Array, v: Array, r: int) -> Array:
        """The next point (*batch, d)."""
        problem, rng, p = self.problem, self.rng.spawn(1)[0], r % self.problem.P
        eta = np.asarray(self.eta)[..., None]
        last, z = x, v
        y = x - eta * z
        for _ in range(1, self.K):
            self._pay(p)
            rows = problem.batch(rng, p, self.b, x.shape[:-1])
            c = _radius(self.C3, y, last)
            change = (problem.batch_records(y, rows) - problem.batch_records(last, rows)).clipped_mean(c)
            z = z + change + _times(c, self.sigma3)[..., None] * rng.normal(size=x.shape)
            last, y = y, y - eta * z
        return y

    def _pay(self, p: int) -> None:
        """Spend a local step of client p before it is made."""
        if self.budget is not None and np.any(self.sigma3):
            q = self.b / len(self.problem.clients[p])
            order = int(self.budget.order)
            cost = subsampled_rdp(order, q, float(gaussian_rho(2 / self.b, self.sigma3)))
            self.budget.spend(cost * (np.arange(self.problem.P) == p), "local steps")


# How much noise


def renyi_order(epsilon: AnyNumber, delta: Number) -> Array:
    """α = 1 + ⌈2 log(1/δ)/ε⌉: the order at which log(1/δ)/(α − 1) takes no more than half of ε."""
    _check_privacy(epsilon, delta)
    return 1 + np.ceil(2 * np.log(1 / np.asarray(delta)) / epsilon)


def _check_privacy(epsilon: Any, delta: Any) -> None:
    require(np.greater(epsilon, 0), "eps", epsilon, "positive; infinity asks for no privacy")
    require(np.greater(delta, 0) & np.less(delta, 1), "delta", delta, "between 0 and 1, both excluded")


def _check_plan(n_min: Any, P: Any, R: Any, T: Any, delta: Any) -> None:
    for name, value in (("n_min", n_min), ("P", P), ("R", R), ("T", T)):
        number = np.asarray(value)
        require(number.dtype.kind in "iu" and bool((number >= 1).all()), name, value, "whole, 1 or more")
    if np.any(np.greater(T, R)):
        warnings.warn(f"T = {T} is more than R = {R}: there is no restart after the first round", stacklevel=4)
    if np.any(np.asarray(delta) > 1 / (np.asarray(n_min) * P)):
        warnings.warn(f"delta = {delta} should be below 1/n: at 1/n, handing out one record is private", stacklevel=4)


def sigmas(
    n_min: int | Array, P: int, R: int, T: int | Array, eps: AnyNumber, delta: Number, u: float = 1.25
) -> tuple[Array, Array]:
    """A2: the noise multipliers σ₁, σ₂ with which R rounds of DIFF2-GD are (ε, δ)-private.

    At order α a release costs 2α/(N²σ²), N = P n_min, since one record moves a mean by 2C/N at most. ⌈R/T⌉ restarts
    cost ε/(2u), R differences ε(u − 1)/(2u), and the conversion to (ε, δ) takes the other ε/2. Of T = 1, all restarts,
    σ₁ takes all and σ₂ is 0.

    Parameters
    ----------
    n_min : int or array of int (*batch)
        Records of the smallest client.
    P : int
        Clients.
    R, T : int, or array of int (*batch)
        Rounds, and rounds from one restart to the next; a warning says that T > R restarts no more than T = R.
    eps, delta : float
        The guarantee; infinite ε asks for none, and no noise.
    u : float
        Above 1: restarts get the share 1/u.

    Returns
    -------
    tuple of arrays (*batch)
        σ₁ and σ₂.
    """
    _check_plan(n_min, P, R, T, delta)
    require(u > 1, "u", u, "above 1")
    return multipliers(np.asarray(n_min) * P, R, T, eps, delta, u)


def multipliers(N: Number, R: int, T: int | Array, eps: AnyNumber, delta: Number, u: float = 1.25) -> tuple[Any, Any]:
    """The formulas of `sigmas`, in N = P n_min and without its warnings."""
    alpha, N2 = renyi_order(eps, delta), np.square(np.asarray(N, dtype=float))
    M, only = np.ceil(np.divide(R, T)), np.equal(T, 1)
    sigma1 = np.sqrt(4 * np.where(only, 1, u) * alpha * M / (N2 * eps))
    sigma2 = np.sqrt(np.where(only, 0, 4 * u / (u - 1) * alpha * R / (N2 * eps)))
    return sigma1, sigma2


SHARES = (0.4, 0.4, 0.2)  # of restarts, differences and local steps


def bvr_sigmas(
    n_min: int, P: int, R: int, T: int, K: int, b: int, eps: AnyNumber, delta: float
) -> tuple[float, float, float]:
    """A4: σ₁, σ₂, σ₃ for the routine `BVR`, the budget ε/2 of the order α shared as `SHARES` say.

    A client sees ⌈R/P⌉(K − 1) local steps; clients have disjoint data, so their costs don't add up. With K = 1 there
    are none, and their share is left.

    Parameters
    ----------
    n_min, P, R, T, eps, delta
        As in `sigmas`.
    K, b : int
        Local steps of a round, and records of a batch, at most n_min.

    Returns
    -------
    tuple of three floats
    """
    _check_plan(n_min, P, R, T, delta)
    require(whole(K, 1), "K", K, "a whole number, 1 or more")
    require(whole(b, 1) and b <= n_min, "b", b, f"a whole number from 1 to n_min = {n_min}")
    if np.isinf(eps):
        return 0.0, 0.0, 0.0
    alpha, N = int(renyi_order(eps, delta)), n_min * P
    restarts, differences, local = (float(share * eps / 2) for share in SHARES)
    sigma1 = math.sqrt(2 * alpha * -(-R // T) / (restarts * N**2))
    sigma2 = math.sqrt(2 * alpha * R / (differences * N**2))
    steps = -(-R // P) * (K - 1)
    if steps == 0:
        return sigma1, sigma2, 0.0

    def cost(sigma: float) -> float:
        return steps * subsampled_rdp(alpha, b / n_min, float(gaussian_rho(2 / b, sigma)))

    return sigma1, sigma2, calibrate(cost, local)


# DP-SGD


@algorithm
def dp_sgd(
    problem: Logistic,
    x0: Array,
    *,
    eta: Number,
    b: int,
    C: AnyNumber,
    nu: Number,
    rng: np.random.Generator,
    beta: Number = 0.0,
) -> Iterator[Round]:
    """DP-SGD: a step along the noisy clipped mean of a batch of all records, drawn without replacement.

    Yields the states 0, 1, … without end; `v` is the direction, averaged over steps with weights (1 − β)βʲ. Averaging
    old gradients is another thing than adding differences: it takes away noise and adds a lag.

    Parameters
    ----------
    problem : Logistic
        Of single records, with clients of equal size; batches are of all clients' records.
    x0 : array (*batch, d)
        Where to start.
    eta : float or array (*batch)
        Step size, positive.
    b : int
        Records of a batch.
    C : float or array (*batch)
        Radius of a record's gradient.
    nu : float or array (*batch)
        Noise multiplier: the standard deviation is Cν/b.
    rng : numpy.random.Generator
        Of batches and noise.
    beta : float or array (*batch)
        Momentum, in [0, 1).
    """
    _check_radius("C", C)
    _check_noise("nu", nu)
    require(np.greater(eta, 0), "eta", eta, "positive")
    require(np.greater_equal(beta, 0) & np.less(beta, 1), "beta", beta, "in [0, 1)")
    require(np.isfinite(C) | np.equal(nu, 0), "C", C, "finite where nu isn't 0")
    pooled = replace(problem, P=1, clients=[np.concatenate(problem.clients)])
    require(whole(b, 1) and b <= problem.n, "b", b, f"a whole number from 1 to n = {problem.n}")
    x, eta, C, nu, beta = replicates(x0, eta, C, nu, beta)
    v = np.zeros_like(x)
    gradients, lost = np.zeros(x.shape[:-1]), np.zeros(x.shape[:-1], bool)
    yield Round(x, v, gradients, lost)
    while not lost.all():
        rows = pooled.batch(rng, 0, b, x.shape[:-1])
        g = problem.batch_records(x, rows).clipped_mean(C[..., 0])
        g = g + _times(C, nu) / b * rng.normal(size=x.shape)
        v = beta * v + (1 - beta) * g
        new = x - eta * v
        lost = lost | ~(abs(new) < LOST).all(-1)
        gradients = gradients + np.where(lost, 0, b)
        x = advance(~lost, new, x)
        yield Round(x, v, gradients, lost)


def dp_sgd_noise(n: int, b: int, steps: int, eps: float, delta: float) -> float:
    """ν with which so many steps of DP-SGD on batches of b of n records are (ε, δ)-private, at the order of `sigmas`.

    One record moves a batch's mean by 2C/b at most, so a step costs what `subsampled_rdp` says of ρ = 2/ν².
    """
    for name, value in (("n", n), ("b", b), ("steps", steps)):
        require(whole(value, 1), name, value, "a whole number, 1 or more")
    require(b <= n, "b", b, f"at most n = {n}")
    alpha = int(renyi_order(eps, delta))
    return calibrate(lambda nu: steps * subsampled_rdp(alpha, b / n, float(gaussian_rho(2.0, nu))), eps / 2)


# What theory says


def predicted_error(x: Array, T: int, spread1: Number, spread2: Number) -> Array:
    """E‖v_r − ∇f(x_r)‖² along a path, if no clip bites: d(C₁²σ₁² + C₂²σ₂² Σ ‖x_i − x_{i−1}‖²) since the last restart.

    Parameters
    ----------
    x : array (R + 1, *batch, d)
        x_0 … x_R.
    T : int
        Rounds from one restart to the next.
    spread1, spread2 : float or array (*batch)
        C₁σ₁ and C₂σ₂.

    Returns
    -------
    array (R, *batch)
        For v_0 … v_{R−1}.
    """
    require(whole(T, 1), "T", T, "a whole number, 1 or more")
    require(np.ndim(x) >= 2 and len(x) >= 2, "x", np.shape(x), "(R + 1, *batch, d), of one round or more")
    steps = np.zeros(x.shape[:-1])[:-1]
    steps[1:] = ((x[1:-1] - x[:-2]) ** 2).sum(-1)
    total = np.cumsum(steps, 0)
    first = np.arange(len(total)) // T * T
    return x.shape[-1] * (np.square(spread1) + np.square(spread2) * (total - total[first]))


def noise_level(d: int, N: Number, eps: Number, delta: float) -> Array:
    """s, of the square d log(1/δ)/(N²ε²), in which all bounds are written."""
    _check_privacy(eps, delta)
    require(np.greater(N, 0), "N", N, "positive")
    return np.sqrt(d * np.log(1 / delta)) / (np.asarray(N) * eps)


def restart_bound(tau: Number, s: Number, G: float, L: float, gap: float) -> Array:
    """B(τ) = G²s²/τ + LΔs√τ, of E‖∇f(x_out)‖² up to constants, τ = T/R: noise of restarts, and drift between them."""
    require(np.greater(tau, 0) & np.less_equal(tau, 1), "tau", tau, "in (0, 1]")
    return G**2 * np.square(s) / tau + L * gap * np.asarray(s) * np.sqrt(tau)


def best_tau(s: Number, G: float, L: float, gap: float) -> Array:
    """Where B(τ) is least: (2G²s/(LΔ))^{2/3}, at most 1."""
    return np.minimum(1, (2 * G**2 * np.asarray(s) / (L * gap)) ** (2 / 3))


def diff2_utility(s: Number, G: float, L: float, gap: float) -> Array:
    """The least B(τ), (3/2^{2/3}) (GLΔ)^{2/3} s^{4/3}: falls as N^{−4/3}."""
    return 3 / 2 ** (2 / 3) * (G * L * gap) ** (2 / 3) * np.asarray(s) ** (4 / 3)


def dp_gd_utility(s: Number, G: float, L: float, gap: float) -> Array:
    """What DP-GD reaches at its best length of path, 2G√(LΔ) s: falls as N^{−1}."""
    return 2 * G * np.sqrt(L * gap) * np.asarray(s)


def stability(eta: Number, C2: Number, sigma2: Number, d: int, T: int | Array) -> Array:
    """η C₂σ₂√(dT): up to about 1 the noise that differences inherit stays small; beyond, it grows within a stage."""
    return np.asarray(eta) * C2 * sigma2 * np.sqrt(d * np.asarray(T))


def theory_step(L: float, sigma2: Number, d: int, T: int | Array) -> Array:
    """A3: min{1/L, 1/(Lσ₂√(dT))}, the step of the theorem up to a constant."""
    require(L > 0, "L", L, "positive")
    with np.errstate(divide="ignore"):
        return np.minimum(1 / L, 1 / (L * np.asarray(sigma2) * np.sqrt(d * np.asarray(T))))


def theory_rounds(L: float, d: int, N: Number, eps: Number, goal: Number) -> Array:
    """A3: 1 + L/g + L²d/(N²ε²g²) rounds for a utility E‖∇f‖² ≤ g, up to constants and logarithms."""
    for name, value in (("N", N), ("eps", eps), ("goal", goal)):
        require(np.greater(value, 0), name, value, "positive")
    return 1 + L / np.asarray(goal) + d * (L / (np.asarray(N) * eps * goal)) ** 2


def survives(loss: AnyArray, slack: float = 1.05, patience: int = 5) -> Array:
    """Whether runs pass the paper's rule: no NaN, and never `patience` checks in a row above `slack` times their best.

    The paper checks every 20 rounds, and takes the first η of 1, 1/2, 1/4, …, 2⁻⁹ that survives.

    Parameters
    ----------
    loss : array (checks, *batch)
        The train loss at each check.
    slack : float
        At least 1.
    patience : int
        At least 1.

    Returns
    -------
    array (*batch) of bool
    """
    require(slack >= 1, "slack", slack, "1 or more")
    require(whole(patience, 1), "patience", patience, "a whole number, 1 or more")
    above = ~(loss <= slack * np.fmin.accumulate(loss, 0))
    row = np.zeros(np.shape(loss)[1:], int)
    failed = np.isnan(loss).any(0)
    for check in above:
        row = np.where(check, row + 1, 0)
        failed |= row >= patience
    return ~failed


def uniform_output(x: Array, rng: np.random.Generator) -> Array:
    """The theorem's output, one of x_0 … x_{R−1} at random for each replicate: (R + 1, *batch, d) → (*batch, d)."""
    require(np.ndim(x) >= 2 and len(x) >= 2, "x", np.shape(x), "(R + 1, *batch, d), of one round or more")
    picked = rng.integers(len(x) - 1, size=x.shape[1:-1])
    return np.take_along_axis(x, picked[None, ..., None], 0)[0]
