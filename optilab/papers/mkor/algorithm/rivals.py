"""What MKOR is compared with: the bare backends, KFAC, and an Eva-like method that stores vectors only."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from optilab.core.run import algorithm
from optilab.papers.mkor.algorithm import factors as fac
from optilab.papers.mkor.algorithm.backends import backend
from optilab.papers.mkor.algorithm.common import (
    Array,
    Bare,
    Preconditioned,
    check_positive,
    identities,
    memory_of,
    one_pass,
    slices,
    start,
)
from optilab.papers.mkor.algorithm.factors import lift, outer, second_moment
from optilab.papers.mkor.algorithm.theory import check_gamma
from optilab.problems.mlp import Fit
from optilab.problems.oracles import Number


@algorithm
def first_order(
    problem: Fit, x0: np.ndarray, *, lr: Number, rng: np.random.Generator, size: int = 64, method: str = "SGD"
) -> Iterator[Bare]:
    """A bare backend: SGD with momentum, Adam or LAMB on the minibatch's gradient; parameters as in `mkor`."""
    x, lr = start(problem, x0, lr, size)
    inner = backend(method)
    memory, loss = memory_of(inner, x), np.full(x.shape[:-1], np.nan)
    for k in count(1):
        yield Bare(x, loss)
        loss, _, G = one_pass(problem, x, rng, size)
        x, memory = inner.step(x, problem.network.vector(G), memory, k, lr, slices(problem))


@algorithm
def kfac(
    problem: Fit,
    x0: np.ndarray,
    *,
    lr: Number,
    rng: np.random.Generator,
    size: int = 64,
    gamma: Number = 0.95,
    mu: Number = 0.01,
    f: int = 10,
    method: str = "SGD",
    rescale: bool = True,
    kappa: Number = 1e-3,
) -> Iterator[Preconditioned]:
    """KFAC: running covariances every step, damped inverses every f-th, stale ones between.

    L⁻¹ = (L + √μ/π · I)⁻¹ and R⁻¹ = (R + π√μ · I)⁻¹ with π² = (tr R/dim R)/(tr L/dim L).

    Parameters
    ----------
    problem, x0, lr, rng, size, gamma, f, method
        As in `mkor`.
    mu : number or array (*batch)
        Damping μ > 0.
    rescale : bool
        Whether to rescale as MKOR does; otherwise all layers are scaled by ν = min(1, √(κ/Σ lr²⟨dW, G⟩)).
    kappa : number or array (*batch)
        κ > 0 of that clip.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    x, lr = start(problem, x0, lr, size, f)
    inner = backend(method)
    check_gamma(gamma)
    check_positive("mu", mu)
    check_positive("kappa", kappa)
    L, R = identities(problem, x)
    Linv, Rinv = L, R
    memory, on = memory_of(inner, x), np.ones(x.shape[:-1], bool)
    loss, share = np.full(x.shape[:-1], np.nan), lift(gamma)
    for t in count():
        yield Preconditioned(x, loss, Linv, Rinv, on)
        loss, passed, G = one_pass(problem, x, rng, size)
        L = tuple(share * F + (1 - share) * second_moment(p.delta) for F, p in zip(L, passed, strict=True))
        R = tuple(share * F + (1 - share) * second_moment(p.a) for F, p in zip(R, passed, strict=True))
        if t % f == 0:
            both = [damped_inverses(left, right, mu) for left, right in zip(L, R, strict=True)]
            Linv, Rinv = (tuple(side) for side in zip(*both, strict=True))
        dW = [fac.precondition(*factors) for factors in zip(Linv, G, Rinv, strict=True)]
        if rescale:
            direction = problem.network.vector([fac.rescaled(step, g) for step, g in zip(dW, G, strict=True)])
        else:
            direction = clipped(problem.network.vector(dW), problem.network.vector(G), lr, kappa)
        x, memory = inner.step(x, direction, memory, t + 1, lr, slices(problem))


def damped_inverses(L: Array, R: Array, mu: Number) -> tuple[Array, Array]:
    """The inverses of L + √μ/π · I and R + π√μ · I, so shared that the damping of R⊗L is about μ."""
    mean = [np.trace(F, axis1=-2, axis2=-1) / F.shape[-1] for F in (L, R)]
    pi, root = lift(np.sqrt(mean[1] / mean[0])), lift(np.sqrt(mu))
    return inverse(L + root / pi * np.eye(L.shape[-1])), inverse(R + pi * root * np.eye(R.shape[-1]))


def inverse(F: Array) -> Array:
    """The inverses of matrices (*batch, d, d), NaN for those with an entry that is not finite."""
    finite = lift(np.isfinite(F).all((-2, -1)))
    return np.where(finite, np.linalg.inv(np.where(finite, F, np.eye(F.shape[-1]))), np.nan)


def clipped(dW: Array, G: Array, lr: Array, kappa: Number) -> Array:
    """KFAC's direction (*batch, D), shortened so that the step changes the predictions by about κ at most."""
    change = lr[..., 0] ** 2 * np.vecdot(dW, G)
    nu = np.sqrt(np.divide(kappa, change, out=np.ones_like(change), where=change > 0))
    return np.minimum(1, nu)[..., None] * dW


@algorithm
def eva(
    problem: Fit,
    x0: np.ndarray,
    *,
    lr: Number,
    rng: np.random.Generator,
    size: int = 64,
    gamma: Number = 0.95,
    mu: Number = 0.03,
    method: str = "SGD",
) -> Iterator[Bare]:
    """An Eva-like method: running means of the vectors, (vvᵀ + μI)⁻¹ on either side of G, then rescaled as in MKOR.

    The vectors start at the first minibatch's means; nothing of size d² is stored. Parameters as in `kfac`.
    """
    x, lr = start(problem, x0, lr, size)
    inner = backend(method)
    check_gamma(gamma)
    check_positive("mu", mu)
    memory, loss, share = memory_of(inner, x), np.full(x.shape[:-1], np.nan), np.asarray(gamma)[..., None]
    means: list[tuple[Array, Array]] = []
    for k in count(1):
        yield Bare(x, loss)
        loss, passed, G = one_pass(problem, x, rng, size)
        new = [(p.delta.mean(-2), p.a.mean(-2)) for p in passed]
        old = means or new
        means = [
            tuple(share * o + (1 - share) * n for o, n in zip(*pair, strict=True))
            for pair in zip(old, new, strict=True)
        ]
        dW = [fac.rescaled(one_sided(one_sided(g, v[0], mu).mT, v[1], mu).mT, g) for g, v in zip(G, means, strict=True)]
        x, memory = inner.step(x, problem.network.vector(dW), memory, k, lr, slices(problem))


def one_sided(G: Array, v: Array, mu: Number) -> Array:
    """(vvᵀ + μI)⁻¹G by the Sherman–Morrison identity, without a matrix but G: v (*batch, m), G (*batch, m, n)."""
    mu = lift(mu)
    return (G - outer(v, np.vecmat(v, G)) / (mu + lift(np.vecdot(v, v)))) / mu
