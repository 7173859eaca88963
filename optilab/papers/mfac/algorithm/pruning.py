"""Pruning by the optimal brain surgeon: drop the weights that cost least, and let the others make up for them.

For a loss that is ½ δᵀFδ around w, taking w_k away costs w_k²/(2(F⁻¹)_kk) once the others have moved by
−w_k/(F⁻¹)_kk F⁻¹e_k. Several at once are treated as if they were alone, so F is estimated again after each part.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from optilab.classics.sgd import sgd
from optilab.core.check import numbers, require, whole
from optilab.core.run import algorithm
from optilab.papers.mfac.algorithm.blocks import Inverse, fisher_inverse
from optilab.papers.mfac.algorithm.static import damping
from optilab.problems.oracles import Stochastic

Array = np.ndarray
Method = Callable[[Array, float], Inverse]


class Pruned(NamedTuple):
    """A state of pruning."""

    w: Array  # (d,) weights; those dropped are exactly 0
    mask: Array  # (d,) bool: alive
    increase: Array  # () what the quadratic model says that the last part cost, Σ w_k²/(2(F⁻¹)_kk)


def saliency(w: Array, diagonal: Array) -> Array:
    """ρ_k = w_k²/(2(F⁻¹)_kk): by how much the loss grows, in the quadratic model, once w_k is gone."""
    return np.asarray(w) ** 2 / (2 * np.asarray(diagonal))


def compensation(w: Array, inverse: Inverse, drop: Array) -> Array:
    """δw = −Σ_{k dropped} w_k/(F⁻¹)_kk F⁻¹e_k: one product for all weights dropped, (d,)."""
    return -inverse.ihvp(np.where(drop, w / inverse.diagonal(), 0.0))


def sparsities(old: float, new: float, nrec: int) -> Array:
    """The shares of zeros after r = 1 … nrec parts, geometric in the share that is kept: (nrec,).

    Raises
    ------
    ValueError
        If the target isn't in [0, 1), is below what is there, or nrec isn't a whole number, 1 or more.
    """
    require(whole(nrec, 1), "nrec", nrec, "a whole number, 1 or more")
    allowed = f"in [0, 1) and at least the present sparsity, {old:.4g}"
    require(0 <= new < 1 and new >= old, "the target sparsity", new, allowed)
    return 1 - (1 - old) * ((1 - new) / (1 - old)) ** (np.arange(1, nrec + 1) / nrec)


@algorithm
def prune_to(
    problem: Stochastic,
    w: Array,
    *,
    target: float,
    rng: np.random.Generator,
    mask: Array | None = None,
    m: int = 64,
    size: int = 32,
    lam: float = 1e-5,
    nrec: int = 16,
    block: int | None = 128,
    compensate: bool = True,
    method: Method | None = None,
) -> Iterator[Pruned]:
    """Prune one network to a share of zeros in nrec parts, F⁻¹ made anew for each; yields nrec + 1 states.

    Parameters
    ----------
    problem : Stochastic
        Has `sample` and `sample_grad`.
    w : array (d,)
        Weights; one network, no batch.
    target : float
        The share of zeros at the end, in [0, 1).
    rng : numpy.random.Generator
        Draws m batches a part.
    mask : array (d,) of bool, optional
        Which weights are alive; all by default.
    m : int
        Gradients in the Fisher, each of the mean loss of a batch, with respect to the weights alive.
    size : int
        Samples in a batch, drawn with replacement.
    lam : float
        Damping λ > 0.
    nrec : int
        How often the Fisher is computed.
    block : int, optional
        Size of the blocks of consecutive weights alive: 1 is the diagonal Fisher, None all in one block.
    compensate : bool
        Whether the weights that stay make up for those dropped.
    method : function (G, lam) → Inverse, optional
        Another way to the inverse, `woodfisher` for instance; then `block` says nothing.

    Raises
    ------
    ValueError
        If a parameter isn't allowed, or more weights are gone already than the target asks for.
    """
    w, alive = _weights(w, mask)
    invert = method or partial(fisher_inverse, block=block)
    require(whole(m, 1), "m", m, "a whole number, 1 or more")
    require(whole(size, 1), "size", size, "a whole number, 1 or more")
    require(block is None or whole(block, 1), "block", block, "a whole number, 1 or more, or None")
    lam, steps = damping(lam), sparsities(float((~alive).mean()), target, nrec)
    yield Pruned(w, alive, np.array(0.0))
    for s in steps:
        samples = problem.sample(rng, (m, size))
        G = problem.sample_grad(np.broadcast_to(w, (m, len(w))), samples)[:, alive]
        inverse = invert(G, lam)
        rho = saliency(w[alive], inverse.diagonal())
        drop = _smallest(rho, _missing(s, alive))
        w, alive = _dropped(w, alive, drop, compensation(w[alive], inverse, drop) if compensate else 0.0)
        yield Pruned(w, alive, rho[drop].sum())


def by_magnitude(w: Array, target: float, mask: Array | None = None) -> Pruned:
    """Drop the weights alive that are smallest in size until a share of zeros is reached; nothing makes up for them.

    Raises
    ------
    ValueError
        As `prune_to`.
    """
    w, alive = _weights(w, mask)
    (s,) = sparsities(float((~alive).mean()), target, 1)
    drop = _smallest(abs(w[alive]), _missing(s, alive))
    return Pruned(*_dropped(w, alive, drop, 0.0), np.array(0.0))


@algorithm
def gradual(
    problem: Stochastic,
    w: Array,
    *,
    targets: Sequence[float] = (0.5, 0.75, 0.875),
    rng: np.random.Generator,
    steps: int = 200,
    lr: float = 0.005,
    momentum: float = 0.9,
    batch: int = 64,
    **pruning: Any,
) -> Iterator[Pruned]:
    """Prune to one target after the other and train what is left in between; yields a state after each training.

    Parameters
    ----------
    problem : Stochastic
        Has `sample` and `sample_grad`.
    w : array (d,)
        Weights; one network, no batch.
    targets : sequence of float
        Shares of zeros, growing.
    rng : numpy.random.Generator
        Draws the batches of pruning and training.
    steps, lr, momentum, batch
        Of the training by SGD after each pruning; dropped weights stay 0.
    **pruning
        Parameters of `prune_to`.

    Raises
    ------
    ValueError
        As `prune_to` and `sgd`.
    """
    require(whole(steps, 1), "steps", steps, "a whole number, 1 or more")
    w, alive = _weights(w, None)
    increase = np.array(0.0)
    yield Pruned(w, alive, increase)
    for target in targets:
        *_, pruned = prune_to(problem, w, target=target, mask=alive, rng=rng, **pruning)
        alive, increase = pruned.mask, pruned.increase
        training = sgd(Masked(problem, alive), pruned.w, rng=rng, alpha=lr, beta=momentum, size=batch)
        for _ in range(steps + 1):
            w = next(training).x
        yield Pruned(w, alive, increase)


@dataclass(frozen=True, eq=False)
class Masked:
    """A problem as a function of some coordinates, the others being 0: f(mask · x).

    Parameters
    ----------
    problem : Stochastic
        Has `sample` and `sample_grad`.
    mask : array (d,) of bool
        Which coordinates count.
    """

    problem: Any
    mask: Array

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, d) → (*batch)."""
        return self.problem(self.mask * x)

    def grad(self, x: Array) -> Array:
        """Gradient at x (*batch, d) → (*batch, d), zero where nothing counts."""
        return self.mask * self.problem.grad(self.mask * x)

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Any:
        """Samples of the problem, size (*batch, m)."""
        return self.problem.sample(rng, size)

    def sample_grad(self, x: Array, sample: Any) -> Array:
        """Mean gradient of samples (*batch, m, …) at x (*batch, d) → (*batch, d), zero where nothing counts."""
        return self.mask * self.problem.sample_grad(self.mask * x, sample)


def _weights(w: Array, mask: Array | None) -> tuple[Array, Array]:
    """Weights (d,) and which are alive (d,), once they are known to be allowed; dropped ones are zero."""
    w = numbers("w", w)
    require(w.ndim == 1 and np.isfinite(w), "w", w, "an array (d,) of finite numbers")
    alive = np.ones(len(w), bool) if mask is None else np.asarray(mask)
    require(alive.shape == w.shape and alive.dtype == bool, "mask", mask, f"an array ({len(w)},) of True or False")
    return np.where(alive, w, 0.0), alive


def _missing(s: float, alive: Array) -> int:
    """How many weights have still to go for a share s of zeros."""
    return max(round(len(alive) * float(s)) - int((~alive).sum()), 0)


def _smallest(scores: Array, count: int) -> Array:
    """Which are the `count` smallest scores: (alive,) of bool; of equal ones the first."""
    drop = np.zeros(len(scores), bool)
    drop[np.argsort(scores, kind="stable")[:count]] = True
    return drop


def _dropped(w: Array, alive: Array, drop: Array, change: Array | float) -> tuple[Array, Array]:
    """Weights and mask with some of those alive moved by `change`, and those dropped exactly 0."""
    w, alive, places = w.copy(), alive.copy(), np.flatnonzero(alive)
    w[places] += change
    w[places[drop]] = 0.0
    alive[places[drop]] = False
    return w, alive
