"""The rounds of DIFF2 and what is done with an estimate in each; DP-GD and DP-SGD."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import AnyNumber, numbers, require, whole
from optilab.core.run import advance, algorithm, replicates
from optilab.papers.diff2.problems import Gradients, Logistic, Private
from optilab.problems.privacy import Budget, gaussian_rho, subsampled_rdp

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
    """v_r before its noise: a clipped mean of gradients at a restart, else v_{r−1} plus one of differences.

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
    """DIFF2: yields x_0, x_1, … without end, or until every replicate has diverged.

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
    spread1, spread2 = _times(C1, sigma1), _times(C2, sigma2)
    watched = np.any(np.isfinite(limit))
    r = 0
    while not lost.all():
        restart = r % T == 0
        length = np.linalg.norm(x - last, axis=-1)
        if budget is not None:
            kind, sigma = ("restarts", sigma1) if restart else ("differences", sigma2)
            if sigma > 0:
                budget.spend(budget.order * gaussian_rho(2 / N, sigma), kind)
        now = problem.records(x)
        v = release(now, before, v, restart, C1, _radius(C2, length))
        if rng is not None:
            scale = np.where(restart, spread1, spread2 * length)
            v = v + scale[..., None] * rng.normal(size=x.shape)
        new = routine(x, v, r)
        last, before = x, now
        gradients = gradients + np.where(
            lost, 0, np.where(restart, 1, 2) * problem.n + getattr(routine, "gradients", 0)
        )
        lost = lost | ~(abs(new) < LOST).all(-1)
        x = advance(~lost, new, x)
        r += 1
        if watched and r % CHECKED == 0:
            lost = lost | ~(problem(x) <= limit)
        yield Round(x, v, gradients, lost)


def _radius(C: Number, length: Array) -> Array:
    """C‖x_r − x_{r−1}‖, infinite with C even where the step is 0: (*batch)."""
    infinite = np.isinf(C)
    return np.where(infinite, np.inf, np.where(infinite, 0, C) * length)


def _times(C: Number, sigma: Number) -> Array:
    """Cσ, and 0 where σ is 0: without noise C may be infinite."""
    return np.where(np.equal(sigma, 0), 0.0, np.where(np.isinf(C), 0, C) * np.asarray(sigma))


def _checked(
    x0: Array, T: Any, C1: Any, C2: Any, sigma1: Any, sigma2: Any, rng: Any, budget: Budget | None
) -> tuple[Array, ...]:
    """The start and the parameters of `diff2`, once they are known to be allowed."""
    numbers("T", T)
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
    start = numbers("x0", x0)
    require(start.ndim >= 1 and np.isfinite(start).all(), "x0", x0, "(*batch, d) finite numbers")
    x, *lifted = replicates(x0, rounds, C1, C2, sigma1, sigma2)
    return x, *(one[..., 0] for one in lifted)


def _check_radius(name: str, C: Any) -> None:
    require(numbers(name, C) > 0, name, C, "positive")


def _check_noise(name: str, sigma: Any) -> None:
    number = numbers(name, sigma)
    require((number >= 0) & (number < np.inf), name, sigma, "0 or more and finite")


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
        require(numbers("eta", self.eta) > 0, "eta", self.eta, "positive")

    def __call__(self, x: Array, v: Array, r: int) -> Array:
        """The next point (*batch, d)."""
        return x - np.asarray(self.eta)[..., None] * v


@dataclass(frozen=True)
class BVR:
    """The routine BVR-L-SGD: one client goes K steps along an estimate that it keeps up by private differences.

    The first step is that of `GD`. Models aren't averaged: one client's is the next point. Clients take turns, p = r
    mod P, or p is drawn.

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
        Of clients, batches and noise; each round has a generator of its own.
    budget : Budget, optional
        With one total for each client, (P,): only the one that works spends.
    at_random : bool
        Whether the client is drawn, uniformly. One client may get all rounds then: see `bvr_sigmas`.
    """

    problem: Logistic
    eta: Number
    K: int
    b: int
    C3: AnyNumber
    sigma3: Number
    rng: np.random.Generator
    budget: Budget | None = None
    at_random: bool = False

    def __post_init__(self) -> None:
        require(numbers("eta", self.eta) > 0, "eta", self.eta, "positive")
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
        problem, rng = self.problem, self.rng.spawn(1)[0]
        p = int(rng.integers(problem.P)) if self.at_random else r % problem.P
        eta = np.asarray(self.eta)[..., None]
        last, z = x, v
        y = x - eta * z
        for _ in range(1, self.K):
            self._pay(p)
            rows = problem.batch(rng, p, self.b, x.shape[:-1])
            length = np.linalg.norm(y - last, axis=-1)
            change = problem.batch_records(y, rows) - problem.batch_records(last, rows)
            z = z + change.clipped_mean(_radius(self.C3, length))
            z = z + (_times(self.C3, self.sigma3) * length)[..., None] * rng.normal(size=x.shape)
            last, y = y, y - eta * z
        return y

    def _pay(self, p: int) -> None:
        """Spend a local step of client p before it is made."""
        if self.budget is not None and np.any(self.sigma3):
            q = self.b / len(self.problem.clients[p])
            order = int(self.budget.order)
            cost = subsampled_rdp(order, q, float(gaussian_rho(2 / self.b, self.sigma3)))
            self.budget.spend(cost * (np.arange(self.problem.P) == p), "local steps")


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

    Raises
    ------
    ValueError
        If a parameter is not allowed, or the clients are unknown or of unequal size: the mean over all records would
        not be the objective then.
    """
    _check_radius("C", C)
    _check_noise("nu", nu)
    require(numbers("eta", eta) > 0, "eta", eta, "positive")
    require((numbers("beta", beta) >= 0) & np.less(beta, 1), "beta", beta, "in [0, 1)")
    require(np.isfinite(C) | np.equal(nu, 0), "C", C, "finite where nu isn't 0")
    sizes = [len(rows) for rows in problem.clients]
    require(len(sizes) > 0, "problem.clients", problem.clients, "known, for a batch to be drawn")
    require(min(sizes) == max(sizes), "problem.clients", f"of {min(sizes)} to {max(sizes)} records", "of equal size")
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
