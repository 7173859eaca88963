"""ADAHESSIAN, the estimate of the Hessian's diagonal that it steps by, and what both are promised.

    θ ← θ − lr ( m̂ / (D̄ᵏ + ε) + λθ ),    m̂ the running mean of g,  D̄ the running root mean square of D

minimises a mean of losses by gradients g and Hessian-vector products Hz of the same minibatch, at the same θ.

    the paper                                              here
    D̂ = z ⊙ (Hz), z of random signs                        hutchinson
    spatial averaging over blocks                          block_average
    D: block average of |D̂| (code), of D̂ (paper)           curvature, mode "abs", "signed"
    m, v, both bias corrections, the step                  step
    the loop; a Hessian every `freq` steps                 adahessian
    Hz of a network, the R-operator                        optilab.problems.mlp: Fit.hvp, MLP.backward_along
    SGD with momentum, Adam, AdamW, Adagrad                optilab.classics: sgd and heavy_ball, adam, adagrad
    cost in gradients and Hessian-vector products          cost
    what D̂ and its root mean square estimate               second_moment, variance, block_variance
    descent where αI ⪯ ∇²L ⪯ βI                            descent_bound
    a parameter, or the loss, in other units               derivation: units, loss_units
    what a coordinate of a diagonal quadratic does         residual, longest_lr

Source: Z. Yao, A. Gholami, S. Shen, M. Mustafa, K. Keutzer, M. W. Mahoney, "ADAHESSIAN: An Adaptive Second Order
Optimizer for Machine Learning", AAAI 2021 (arXiv 2006.00719), and the code that the authors released.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from math import prod
from typing import Any, NamedTuple, cast

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, StochasticTwiceSmooth, TwiceSmooth

Array = np.ndarray
Block = int | str
MODES = ("abs", "signed")
LOST = 1e30  # a point this far out has diverged: what its oracles say is no longer an error


# The estimate of the diagonal


def hutchinson(
    product: Callable[[Array], Array], shape: tuple[int, ...], probes: int, rng: np.random.Generator
) -> Array:
    """Estimate the diagonal of H by the mean of z ⊙ (Hz) over probes z of random signs, drawn one after the other.

    Parameters
    ----------
    product : function
        v (*batch, d) → Hv.
    shape : tuple
        (*batch, d).
    probes : int
        How many z.
    rng : numpy.random.Generator
        Of the signs.

    Returns
    -------
    array (*batch, d)
        D̂: unbiased, with the variance that `variance` gives.
    """
    total = np.zeros(shape)
    for _ in range(probes):
        z = rng.choice([-1.0, 1.0], size=shape)
        total = total + z * product(z)
    return total / probes


def block_average(D: Array, block: Block, shapes: Sequence[tuple[int, ...]]) -> Array:
    """Replace each entry by the mean of its block: (*batch, d) → (*batch, d).

    Parameters
    ----------
    D : array (*batch, d)
        Entries of all tensors, one after the other, each in C order.
    block : int or "row"
        Consecutive entries of a tensor in a block; or the last axis of matrices and of tensors with three axes, the
        last two of those with four (a convolution's kernel), and no averaging of vectors.
    shapes : sequence of tuples
        Of the tensors.
    """
    if block == 1:
        return D
    parts, start = [], 0
    for shape in shapes:
        tensor = D[..., start : start + prod(shape)]
        rows = tensor.reshape(*D.shape[:-1], -1, _length(block, shape))
        parts.append(np.broadcast_to(rows.mean(-1, keepdims=True), rows.shape).reshape(tensor.shape))
        start += prod(shape)
    return np.concatenate(parts, -1)


def _length(block: Block, shape: tuple[int, ...]) -> int:
    """How many consecutive entries of a tensor are averaged."""
    if block == "row":
        return prod(shape[-2:]) if len(shape) == 4 else shape[-1] if len(shape) > 1 else 1
    return int(block)


def curvature(D_hat: Array, block: Block, mode: str, shapes: Sequence[tuple[int, ...]]) -> Array:
    """What is squared into v: block averages of |D̂| (mode "abs", all released code) or of D̂ ("signed", the paper)."""
    return block_average(abs(D_hat) if mode == "abs" else D_hat, block, shapes)


# The method


class AdaHessian(NamedTuple):
    """A state of ADAHESSIAN."""

    theta: Array  # (*batch, d) the point
    m: Array  # (*batch, d) running mean of gradients
    v: Array  # (*batch, d) running mean of D²
    D: Array  # (*batch, d) the curvature taken last


@algorithm
def adahessian(
    problem: TwiceSmooth | StochasticTwiceSmooth,
    theta0: Array,
    *,
    lr: Number = 0.15,
    beta1: Number = 0.9,
    beta2: Number = 0.999,
    eps: Number = 1e-4,
    weight_decay: Number = 0.0,
    k: Number = 1.0,
    block: Block = 1,
    mode: str = "abs",
    probes: int = 1,
    freq: int = 1,
    exact: bool = False,
    shapes: Sequence[tuple[int, ...]] | None = None,
    probe_rng: np.random.Generator | None = None,
    rng: np.random.Generator | None = None,
    size: int = 1,
) -> Iterator[AdaHessian]:
    """ADAHESSIAN with the full gradient, or with minibatches where `rng` is given.

    Parameters
    ----------
    problem : TwiceSmooth, or StochasticTwiceSmooth where `rng` is given
        Has `grad` and `hvp`, or `sample`, `sample_grad` and `sample_hvp`; `hess` if `exact`.
    theta0 : array (*batch, d)
        Where to start.
    lr, beta1, beta2, eps, weight_decay : number or array (*batch)
        Learning rate, decays in [0, 1), ε and decoupled weight decay, these 0 or more. At ε = 0 a coordinate without
        gradient and curvature becomes NaN.
    k : number or array (*batch)
        Hessian power in [0, 1]: 0 is momentum without curvature.
    block : int or "row"
        Blocks of `block_average`; an int must divide the size of each tensor.
    mode : {"abs", "signed"}
        What is averaged over a block: |D̂| or D̂.
    probes : int
        Hessian-vector products of an estimate.
    freq : int
        Steps from one estimate to the next.
    exact : bool
        Take the diagonal of `hess` in place of an estimate.
    shapes : sequence of tuples, optional
        Of the tensors that θ consists of; one vector (d,) by default.
    probe_rng : numpy.random.Generator
        Of the probes; needed unless `exact`.
    rng : numpy.random.Generator, optional
        Draws a minibatch for each replicate and step; without it gradient and Hessian are the full ones.
    size : int
        Samples in a minibatch.

    Raises
    ------
    ValueError
        If an argument is not allowed, or a gradient or product has another shape than θ or is not finite (says the
        step).
    """
    theta, *numbers = replicates(theta0, lr, beta1, beta2, eps, weight_decay, k)
    setting: dict[str, Any] = dict(zip(("lr", "beta1", "beta2", "eps", "weight_decay", "k"), numbers, strict=True))
    shapes = [theta.shape[-1:]] if shapes is None else [tuple(shape) for shape in shapes]
    _check_setting(**setting)
    _check_estimate(theta, block, mode, probes, freq, shapes)
    require(exact or hasattr(probe_rng, "choice"), "probe_rng", probe_rng, "a numpy.random.Generator, unless exact")
    signs = cast(np.random.Generator, probe_rng)
    require(whole(size, 1), "size", size, "a whole number, 1 or more")
    state, estimates = AdaHessian(theta, *(np.zeros_like(theta) for _ in range(3))), 0
    for t in count(1):
        yield state
        g, product = _on_one_batch(problem, state.theta, rng, size, t)
        D = None
        if (t - 1) % freq == 0:
            D_hat = _diagonal(problem, state.theta) if exact else hutchinson(product, g.shape, probes, signs)
            D, estimates = curvature(D_hat, block, mode, shapes), estimates + 1
        state = step(state, g, D, t, estimates, **setting)


def step(
    state: AdaHessian,
    g: Array,
    D: Array | None,
    t: int,
    estimates: int,
    *,
    lr: Any,
    beta1: Any,
    beta2: Any,
    eps: Any,
    weight_decay: Any,
    k: Any,
) -> AdaHessian:
    """Step t = 1, 2, … with gradient g and curvature D, None where it is not taken anew; `estimates` so far.

    The numbers are ready to multiply g (*batch, d). With D = |g| and k = 1 this is Adam.
    """
    m, v = beta1 * state.m + (1 - beta1) * g, state.v
    if D is not None:
        v = beta2 * v + (1 - beta2) * D * D
    D_bar = np.sqrt(v) / np.sqrt(1 - beta2**estimates)
    with np.errstate(divide="ignore", invalid="ignore"):  # ε = 0 in a flat direction: the NaN is the divergence
        direction = m / (1 - beta1**t) / (D_bar**k + eps)
    theta = state.theta - lr * (direction + weight_decay * state.theta)
    return AdaHessian(theta, m, v, state.D if D is None else D)


def _on_one_batch(
    problem: Any, theta: Array, rng: np.random.Generator | None, size: int, t: int
) -> tuple[Array, Callable[[Array], Array]]:
    """Gradient and Hessian-vector product of step t, both on the same minibatch, or both on all data."""
    if rng is None:
        g, product = problem.grad(theta), problem.hvp
    else:
        sample = problem.sample(rng, (*theta.shape[:-1], size))
        g, product = problem.sample_grad(theta, sample), partial(_on_sample, problem.sample_hvp, sample)
    _check_oracle("gradient", g, theta, t)

    def checked(z: Array) -> Array:
        Hz = product(theta, z)
        _check_oracle("Hessian-vector product", Hz, theta, t)
        return Hz

    return g, checked


def _on_sample(sample_hvp: Callable[..., Array], sample: Any, theta: Array, z: Array) -> Array:
    return sample_hvp(theta, z, sample)


def _diagonal(problem: Any, theta: Array) -> Array:
    """The exact diagonal of the Hessian: (*batch, d)."""
    return np.diagonal(problem.hess(theta), axis1=-2, axis2=-1)


def _check_oracle(name: str, value: Array, theta: Array, t: int) -> None:
    """Refuse a gradient or product of another shape than θ, or not finite where its replicate isn't lost."""
    require(np.shape(value) == theta.shape, f"the shape of the {name} of step {t}", np.shape(value), f"{theta.shape}")
    if not np.isfinite(value).all():
        lost = ~(abs(theta) < LOST).all(-1, keepdims=True)
        require(np.isfinite(value) | lost, f"the {name} of step {t}", value, "finite")


def _check_setting(lr: Array, beta1: Array, beta2: Array, eps: Array, weight_decay: Array, k: Array) -> None:
    """Refuse numbers out of their ranges."""
    for name, value in (("lr", lr), ("eps", eps), ("weight_decay", weight_decay)):
        require((value >= 0) & (value < np.inf), name, value[..., 0], "0 or more and finite")
    for name, value in (("beta1", beta1), ("beta2", beta2)):
        require((value >= 0) & (value < 1), name, value[..., 0], "in [0, 1)")
    require((k >= 0) & (k <= 1), "k", k[..., 0], "in [0, 1]")


def _check_estimate(
    theta: Array, block: Block, mode: str, probes: int, freq: int, shapes: Sequence[tuple[int, ...]]
) -> None:
    """Refuse a start without parameters, shapes that don't make it up, and an estimate that can't be taken."""
    require(theta.shape[-1] > 0, "theta0", theta, "an array (*batch, d) of at least one parameter")
    whole_shapes = all(whole(n, 1) for shape in shapes for n in shape)
    d = sum(map(prod, shapes)) if whole_shapes else 0
    require(d == theta.shape[-1], "shapes", shapes, f"of tensors with {theta.shape[-1]} entries in all, as theta0 has")
    require(block == "row" or whole(block, 1), "block", block, "'row', or a whole number, 1 or more")
    if block != "row":
        divides = all(prod(shape) % int(block) == 0 for shape in shapes)
        require(divides, "block", block, f"a divisor of the size of each tensor, {[prod(shape) for shape in shapes]}")
    require(mode in MODES, "mode", mode, f"one of {MODES}")
    for name, value in (("probes", probes), ("freq", freq)):
        require(whole(value, 1), name, value, "a whole number, 1 or more")


# What theory promises


def cost(t: Any, probes: int = 1, freq: int = 1) -> Any:
    """Price of t steps in units of a gradient, where a Hessian-vector product is two."""
    return t + 2 * probes * -(-np.asarray(t) // freq)


def second_moment(H: Array, probes: int = 1) -> Array:
    """E D̂² of H (..., d, d): H_ii² + Σ_{j≠i} H_ij² / probes, for one probe the squared row norm: (..., d)."""
    return np.diagonal(H, axis1=-2, axis2=-1) ** 2 + variance(H, probes)


def variance(H: Array, probes: int = 1) -> Array:
    """Var D̂ of H (..., d, d): Σ_{j≠i} H_ij² / probes, (..., d)."""
    off = H * (1 - np.eye(H.shape[-1]))
    return (off**2).sum(-1) / probes


def block_variance(H: Array, block: int, probes: int = 1) -> Array:
    """Variance of the signed mean of D̂ over each block of consecutive entries: (..., d), equal within a block.

    (Σ_{i∈B, j∉B} H_ij² + 2 Σ_{i≠j∈B} H_ij²) / (block² probes): couplings outside of a block average out, those inside
    don't, since H_ij z_i z_j enters twice with the same sign.
    """
    d = H.shape[-1]
    off = (H * (1 - np.eye(d))) ** 2
    inside = np.arange(d)[:, None] // block == np.arange(d) // block
    each = (off * (1 + inside)).sum(-1)
    return block_average(each, block, [(d,)]) / (block * probes)


def descent_bound(g: Array, alpha: float, beta: float, k: float = 1.0) -> Array:
    """Upper bound on the change of the loss in a step −(α^k/β) D^{−k} g: −α^k ‖g‖² / (2 β^{1+k}), (*batch).

    For αI ⪯ ∇²L ⪯ βI, without momentum, and any diagonal D between α and β: the exact diagonal or the row norms.
    """
    require(0 < alpha <= beta < np.inf, "alpha and beta", (alpha, beta), "0 < alpha <= beta < inf")
    require(0 <= k <= 1, "k", k, "in [0, 1]")
    return -(alpha**k) / (2 * beta ** (1 + k)) * (g * g).sum(-1)


def residual(steps: int, lr: Number = 0.15, beta1: float = 0.9) -> Array:
    """What is left of every coordinate of a diagonal quadratic, k = 1 and ε = 0: r_0 … r_steps, f_t/f_0 = r_t².

    m ← β₁ m + (1 − β₁) r and r ← r − lr m/(1 − β₁ᵗ): no curvature is left in it. (steps + 1, *batch) for lr (*batch).
    """
    r, m = np.ones(np.shape(lr)), np.zeros(np.shape(lr))
    path = [r]
    for t in range(1, steps + 1):
        m = beta1 * m + (1 - beta1) * r
        r = r - np.asarray(lr) * m / (1 - beta1**t)
        path.append(r)
    return np.array(path)


def longest_lr(beta1: float = 0.9) -> float:
    """The learning rate beyond which the recursion of `residual` grows: 2(1 + β₁)/(1 − β₁), 38 for β₁ = 0.9."""
    return 2 * (1 + beta1) / (1 - beta1)
