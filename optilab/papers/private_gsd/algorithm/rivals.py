"""Rivals: relaxed tables that have gradients (RAP, RAP++), how they are made hard, and maximum entropy (PGM)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from optilab.classics import adam
from optilab.core.check import require, whole
from optilab.core.run import algorithm, replicates
from optilab.papers.private_gsd.problems import ByCategory, Cells
from optilab.problems.oracles import Number
from optilab.problems.stable import softmax

Array = np.ndarray
HARD = 2.0**15  # a steepness at which a sigmoid is an indicator


def _through_softmax(P: Array, gradient: Array) -> Array:
    """From derivatives in probabilities P (*batch, s) to those in their logits."""
    return np.asarray(P * (gradient - (gradient * P).sum(-1, keepdims=True)))


def _drawn(P: Array, rng: np.random.Generator) -> Array:
    """A category for every row of probabilities (n, s): (n,) of int."""
    return np.asarray((rng.random((len(P), 1)) > np.cumsum(P, axis=1)[:, :-1]).sum(1))


@dataclass(frozen=True)
class SoftTable:
    """RAP: ‖â − Q(P)‖² of a table whose n' rows hold probabilities of categories, softmax of logits.

    A cell of a 2-way marginal is P_aᵀP_b/n'. A point is all logits, column after column: (*batch, n' · Σ sizes).

    Parameters
    ----------
    queries : Cells
        2-way marginals of categories.
    a_hat : array (*batch, M)
        Noisy answers.
    n_rows : int
        n'.
    """

    queries: Cells
    a_hat: Array
    n_rows: int

    def __post_init__(self) -> None:
        pairs = all(len(group) == 2 for group in self.queries.sets) and not self.queries.domain.real.any()
        require(pairs, "queries", self.queries.sets, "2-way marginals of categories")
        shape = np.shape(self.a_hat)
        require(shape[-1:] == (self.queries.M,), "the shape of a_hat", shape, f"(*batch, {self.queries.M})")
        require(whole(self.n_rows, 1), "n_rows", self.n_rows, "a whole number, 1 or more")

    @property
    def dim(self) -> int:
        """The number of logits."""
        return self.n_rows * sum(self.queries.domain.sizes)

    def probabilities(self, x: Array) -> list[Array]:
        """P of every column: (*batch, n', s)."""
        ends = np.cumsum(self.queries.domain.sizes)[:-1]
        logits = x.reshape(*x.shape[:-1], self.n_rows, -1)
        return [softmax(part) for part in np.split(logits, ends, axis=-1)]

    def answers(self, x: Array) -> Array:
        """Q(P): (*batch, M)."""
        P = self.probabilities(x)
        cells = [np.swapaxes(P[a], -1, -2) @ P[b] / self.n_rows for a, b in self.queries.sets]
        return np.concatenate([cell.reshape(*cell.shape[:-2], -1) for cell in cells], axis=-1)

    def __call__(self, x: Array) -> Array:
        """The squared distance from the noisy answers: (*batch)."""
        return np.asarray(((self.answers(x) - self.a_hat) ** 2).sum(-1))

    def grad(self, x: Array) -> Array:
        """Its gradient: (*batch, d)."""
        P = self.probabilities(x)
        residuals = np.split(self.answers(x) - self.a_hat, np.cumsum(self.queries.lengths)[:-1], axis=-1)
        into = [np.zeros_like(p) for p in P]
        for (a, b), r in zip(self.queries.sets, residuals, strict=True):
            R = 2 / self.n_rows * r.reshape(*r.shape[:-1], P[a].shape[-1], P[b].shape[-1])
            into[a] += P[b] @ np.swapaxes(R, -1, -2)
            into[b] += P[a] @ R
        logits = [_through_softmax(p, g) for p, g in zip(P, into, strict=True)]
        return np.concatenate(logits, axis=-1).reshape(x.shape)

    def draws(self, x: Array, rng: np.random.Generator, copies: int = 10) -> Array:
        """The table that RAP releases: copies of every row of x (d,), each category drawn from its probabilities."""
        require(whole(copies, 1), "copies", copies, "a whole number, 1 or more")
        columns = [_drawn(np.repeat(P, copies, axis=0), rng) for P in self.probabilities(x)]
        return np.stack(columns, axis=-1).astype(float)


@dataclass(frozen=True)
class Relaxed:
    """RAP++: the same for conditions on real columns, with sigmoid(s z) in the place of [z > 0].

    A point holds a row's logits of the category, then its r real columns, row after row: (*batch, n' · (sizes + r)).

    Parameters
    ----------
    queries : ByCategory
        Prefixes or half-spaces.
    a_hat : array (*batch, M)
        Noisy answers.
    n_rows : int
        n'.
    s : float
        The steepness.
    """

    queries: ByCategory
    a_hat: Array
    n_rows: int
    s: float = HARD

    def __post_init__(self) -> None:
        shape = np.shape(self.a_hat)
        require(shape[-1:] == (self.queries.M,), "the shape of a_hat", shape, f"(*batch, {self.queries.M})")
        require(whole(self.n_rows, 1), "n_rows", self.n_rows, "a whole number, 1 or more")
        require(0 < self.s < np.inf, "s", self.s, "positive and finite")

    @cached_property
    def categories(self) -> int:
        """The number of categories."""
        return self.queries.size

    @property
    def dim(self) -> int:
        """The number of logits and real cells."""
        return self.n_rows * (self.categories + int(self.queries.domain.real.sum()))

    def split(self, x: Array) -> tuple[Array, Array]:
        """Probabilities of the categories (*batch, n', s) and the real columns (*batch, n', r)."""
        rows = x.reshape(*x.shape[:-1], self.n_rows, -1)
        return softmax(rows[..., : self.categories]), rows[..., self.categories :]

    def answers(self, x: Array) -> Array:
        """The relaxed answers: (*batch, M)."""
        P, reals = self.split(x)
        value, _ = self.queries.relaxed(reals, self.s)
        cells = np.swapaxes(value, -1, -2) @ P / self.n_rows
        return cells.reshape(*cells.shape[:-2], -1)

    def __call__(self, x: Array) -> Array:
        """The squared distance from the noisy answers: (*batch)."""
        return np.asarray(((self.answers(x) - self.a_hat) ** 2).sum(-1))

    def grad(self, x: Array) -> Array:
        """Its gradient: (*batch, d)."""
        P, reals = self.split(x)
        value, pullback = self.queries.relaxed(reals, self.s)
        cells = np.swapaxes(value, -1, -2) @ P / self.n_rows
        a_hat = np.reshape(self.a_hat, (*np.shape(self.a_hat)[:-1], *cells.shape[-2:]))
        R = 2 / self.n_rows * (cells - a_hat)
        logits = _through_softmax(P, value @ R)
        return np.concatenate([logits, pullback(P @ np.swapaxes(R, -1, -2))], axis=-1).reshape(x.shape)

    def clipped(self, x: Array) -> Array:
        """The point with its real cells in [0, 1]."""
        rows = x.reshape(*x.shape[:-1], self.n_rows, -1).copy()
        rows[..., self.categories :] = np.clip(rows[..., self.categories :], 0, 1)
        return rows.reshape(x.shape)


class Annealed(NamedTuple):
    """A state of the annealing."""

    x: Array  # (*batch, d) the point
    s: float  # the steepness that has led here
    loss: Array  # (*batch) at the steepness of an indicator


@algorithm
def anneal(
    problem: Relaxed, x0: Array, *, lr: Number = 0.03, steps: int = 60, doublings: int = 10
) -> Iterator[Annealed]:
    """RAP++'s fit: for s = 2⁰, 2¹, … some steps of Adam, each s from where the last one ended.

    Parameters
    ----------
    problem : Relaxed
        Its own steepness is that of an indicator, by which points are judged.
    x0 : array (*batch, d)
        Where to start.
    lr : number or array (*batch)
        Step size of Adam, whose moments begin anew at each s.
    steps : int
        For each s.
    doublings : int
        The last s is 2 to this power.

    Raises
    ------
    ValueError
        If a parameter isn't in its range.
    """
    x, alpha = replicates(x0, lr)
    require(x.shape[-1] == problem.dim, "the length of x0", x.shape[-1], f"{problem.dim}, the cells of the table")
    require((alpha > 0) & (alpha < np.inf), "lr", alpha[..., 0], "positive and finite")
    require(whole(steps, 1), "steps", steps, "a whole number, 1 or more")
    require(whole(doublings), "doublings", doublings, "a whole number, 0 or more")
    yield Annealed(x, 0.0, problem(x))
    for power in range(doublings + 1):
        soft = Relaxed(problem.queries, problem.a_hat, problem.n_rows, 2.0**power)
        state = adam.Moments(x, np.zeros_like(x), np.zeros_like(x))
        for k in range(1, steps + 1):
            state = adam.step(state, soft.grad(state.x), k, alpha=alpha, beta1=0.9, beta2=0.999, eps=1e-8)
            state = state._replace(x=soft.clipped(state.x))
        x = state.x
        yield Annealed(x, soft.s, problem(x))


def annealed(
    problem: Relaxed, rng: np.random.Generator, lrs: tuple[float, ...] = (0.005, 0.03), steps: int = 60
) -> Array:
    """The point (d,) of least loss among all that are passed from one start U[0, 1), annealing with each step size."""
    x0 = np.broadcast_to(rng.random(problem.dim), (len(lrs), problem.dim))
    states = list(anneal(problem, x0, lr=np.array(lrs), steps=steps))
    losses = np.stack([state.loss for state in states])
    when, which = np.unravel_index(losses.argmin(), losses.shape)
    return np.asarray(states[when].x[which])


def _assembled(problem: Relaxed, codes: Array, reals: Array, rng: np.random.Generator) -> Array:
    """A table of these categories (n,) and real columns (n, r); columns that nobody asks for are uniform."""
    domain = problem.queries.domain
    table = domain.uniform(rng, len(codes))
    if problem.queries.category is not None:
        table[:, problem.queries.category] = codes
    table[:, domain.real] = reals
    return table


def draws(problem: Relaxed, x: Array, rng: np.random.Generator, copies: int = 20) -> Array:
    """The table that RAP++ releases: copies of every row of x (d,), categories drawn from their probabilities."""
    require(whole(copies, 1), "copies", copies, "a whole number, 1 or more")
    P, reals = (np.repeat(part, copies, axis=0) for part in problem.split(x))
    return _assembled(problem, _drawn(P, rng), reals, rng)


def systematic(problem: Relaxed, x: Array, rng: np.random.Generator, copies: int = 20) -> Array:
    """The same rows, rounded evenly: of category 1 where the floor of the sum of its probabilities steps up.

    Raises
    ------
    ValueError
        If there are more than two categories.
    """
    require(whole(copies, 1), "copies", copies, "a whole number, 1 or more")
    require(problem.categories == 2, "the number of categories", problem.categories, "2")
    P, reals = (np.repeat(part, copies, axis=0) for part in problem.split(x))
    total = np.floor(np.cumsum(P[:, 1]) + rng.random())
    codes = np.diff(total, prepend=0.0)
    return _assembled(problem, codes, reals, rng)


class Joint(NamedTuple):
    """A state of the mirror descent."""

    p: Array  # (*batch, cells) probabilities of all rows that the domain has
    value: Array  # (*batch) ‖â − Qᵀp‖²
    eta: Array  # (*batch) the step size to try next


@algorithm
def pgm(a_hat: Array, Q: Array, *, eta: Number = 1.0) -> Iterator[Joint]:
    """PGM on a small domain: entropic mirror descent on the joint distribution, which makes it one of maximum entropy.

    p ← p e^{−η∇}/Z with ∇ = 2Q(Qᵀp − â), from the uniform distribution; η is halved until the value falls by half of
    what its slope says, and doubled after each step.

    Parameters
    ----------
    a_hat : array (*batch, M)
        Noisy answers.
    Q : array (cells, M)
        Which queries hold for which of all rows: `queries(all_rows(domain))`.
    eta : number or array (*batch)
        The first step size.

    Raises
    ------
    ValueError
        If the shapes don't fit, or a step size isn't positive.
    """
    a_hat, eta = np.asarray(a_hat, dtype=float), np.asarray(eta, dtype=float)
    require(np.ndim(Q) == 2 and a_hat.shape[-1:] == Q.shape[1:], "the shape of a_hat", a_hat.shape, "(*batch, M)")
    require((eta > 0) & (eta < np.inf), "eta", eta, "positive and finite")
    batch = np.broadcast_shapes(a_hat.shape[:-1], eta.shape)
    p, step = np.full((*batch, len(Q)), 1 / len(Q)), np.broadcast_to(eta, batch)
    value = ((p @ Q - a_hat) ** 2).sum(-1)
    yield Joint(p, value, step)
    while True:
        gradient = 2 * (p @ Q - a_hat) @ Q.T
        down = gradient - gradient.min(-1, keepdims=True)
        moved, going = p, np.ones(batch, dtype=bool)
        for _ in range(60):
            weights = p * np.exp(-step[..., None] * down)
            trial = weights / weights.sum(-1, keepdims=True)
            there = ((trial @ Q - a_hat) ** 2).sum(-1)
            fits = going & (there <= value + 0.5 * (gradient * (trial - p)).sum(-1))
            moved = np.where(fits[..., None], trial, moved)
            value = np.where(fits, there, value)
            going = going & ~fits
            if not going.any():
                break
            step = np.where(going, step / 2, step)
        p, step = moved, 2 * step
        yield Joint(p, value, step)
