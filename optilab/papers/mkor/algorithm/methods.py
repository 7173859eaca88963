"""MKOR on a network, with MKOR-H's switch; and one layer's step alone."""

import warnings
from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import advance, algorithm
from optilab.papers.mkor.algorithm import factors as fac
from optilab.papers.mkor.algorithm.backends import backend
from optilab.papers.mkor.algorithm.common import (
    Array,
    Matrices,
    Preconditioned,
    check_positive,
    identities,
    memory_of,
    one_pass,
    slices,
    start,
)
from optilab.papers.mkor.algorithm.switch import Switch
from optilab.papers.mkor.algorithm.theory import check_gamma
from optilab.problems.mlp import Fit
from optilab.problems.oracles import Number

SIDES = ("both", "left", "right")
COMPONENTS = ("mean", "principal", "samples")


@algorithm
def mkor(
    problem: Fit,
    x0: np.ndarray,
    *,
    lr: Number,
    rng: np.random.Generator,
    size: int = 64,
    gamma: Number = 0.95,
    zeta: Number = 0.9,
    eps: Number | None = 50.0,
    f: int = 1,
    rule: str = "exact",
    method: str = "SGD",
    rescale: bool = True,
    rank: int = 1,
    components: str = "mean",
    sides: str = "both",
    layers: Sequence[int] | None = None,
    workers: int = 1,
    switch: Switch | None = None,
) -> Iterator[Preconditioned]:
    """MKOR (Algorithm 1) on a network; with a `switch` MKOR-H.

    Parameters
    ----------
    problem : Fit
        A network and its data.
    x0 : array (*batch, D)
        Its parameters at the start.
    lr : number or array (*batch)
        The backend's learning rate.
    rng : numpy.random.Generator
        Draws a minibatch for each replicate and step.
    size : int
        Of a minibatch.
    gamma, zeta, eps : number or array (*batch)
        Momentum γ of the factors in (0, 1); the stabiliser's ζ in [0, 1] and its threshold ε > 0 on ‖F⁻¹‖∞, None for no
        stabiliser. For ζ ≥ γ it doesn't contain the factors' growth, and a warning says so.
    f : int
        Steps from one factor update to the next.
    rule : {"exact", "package", "printed"}
        Of the update. The package's own has neither γ nor stabiliser.
    method : {"SGD", "Adam", "LAMB"}
        The backend.
    rescale : bool
        Whether to give each layer's direction the length of its gradient.
    rank, components : int, {"mean", "principal", "samples"}
        What stands for E[vvᵀ] in an update: the mean vector (rank 1), the first `rank` principal vectors (d at most)
        or that many samples. The last two are for the exact rule.
    sides : {"both", "left", "right"}
        Which of L⁻¹ and R⁻¹ are used; the other stays I.
    layers : sequence of int, optional
        The layers, from 0, that are preconditioned; all by default.
    workers : int
        Equal shards of a minibatch whose mean vectors are averaged.
    switch : Switch, optional
        When to go back to the bare backend: from there on a replicate's factors stay as they are, unused.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    x, lr = start(problem, x0, lr, size, f)
    inner = backend(method)
    _check_factor_numbers(gamma, zeta, eps, rule)
    _check_approximation(rank, components, rule, size, workers)
    require(sides in SIDES, "sides", sides, f"one of {', '.join(SIDES)}")
    used = _used_layers(layers, problem)
    Linv, Rinv = identities(problem, x)
    memory, seen, on = memory_of(inner, x), None, np.ones(x.shape[:-1], bool)
    loss = np.full(x.shape[:-1], np.nan)
    (picks,) = rng.spawn(1)  # so that minibatches are the same whatever `components` draws

    def updated(Finv: Array, V: Array) -> Array:
        if rule != "package" and eps is not None:
            Finv = fac.stabilise(Finv, eps, zeta)
        if components == "mean":
            return fac.RULES[rule](Finv, all_reduce_mean(V, workers), gamma)
        C = fac.principal(V, min(rank, V.shape[-1])) if components == "principal" else fac.some_samples(V, rank, picks)
        return fac.rank_r(Finv, C, gamma)

    def refreshed(inverses: Matrices, rows: list[Array]) -> Matrices:
        pairs = enumerate(zip(inverses, rows, strict=True))
        return tuple(updated(Finv, V) if layer in used else Finv for layer, (Finv, V) in pairs)

    for t in count():
        yield Preconditioned(x, loss, Linv, Rinv, on)
        loss, passed, G = one_pass(problem, x, rng, size)
        if switch is not None:
            seen = switch.watch(seen, loss, t)
            on = seen.on
        direction = problem.network.vector(G)
        if on.any():
            if t % f == 0:
                if sides != "right":
                    Linv = advance(on, refreshed(Linv, [layer.delta for layer in passed]), Linv)
                if sides != "left":
                    Rinv = advance(on, refreshed(Rinv, [layer.a for layer in passed]), Rinv)
            dW = [fac.precondition(*around) for around in zip(Linv, G, Rinv, strict=True)]
            if rescale:
                dW = [fac.rescaled(step, g) for step, g in zip(dW, G, strict=True)]
            direction = advance(on, problem.network.vector(dW), direction)
        x, memory = inner.step(x, direction, memory, t + 1, lr, slices(problem))


def all_reduce_mean(V: Array, workers: int) -> Array:
    """The mean of the rows of V (*batch, b, d), as `workers` shards of it have it together: (*batch, d)."""
    shards = V.reshape(*V.shape[:-2], workers, -1, V.shape[-1])
    return shards.mean(-2).mean(-2)


def mkor_direction(
    Linv: Array,
    Rinv: Array,
    A: Array,
    Delta: Array,
    G: Array,
    *,
    gamma: Number = 0.95,
    zeta: Number = 0.9,
    eps: Number = 50.0,
    layer: int = 1,
    step: int = 0,
) -> tuple[Array, Array, Array]:
    """One layer, one step of Algorithm 1: the rescaled direction and both factors' inverses after the exact update.

    Parameters
    ----------
    Linv, Rinv : arrays (*batch, out, out), (*batch, in + 1, in + 1)
        The inverses before.
    A, Delta : arrays (*batch, b, in + 1), (*batch, b, out)
        Inputs of the layer with a last column of ones, and derivatives of each sample's loss, not divided by b.
    G : array (*batch, out, in + 1)
        The layer's gradient.
    gamma, zeta, eps : number or array (*batch)
        As in `mkor`.
    layer, step : int
        Their numbers, for what an error says.

    Raises
    ------
    ValueError
        If shapes don't fit the layer, the batch is empty, a factor isn't symmetric and finite, or a number isn't
        allowed.
    """
    A, Delta, G = (np.asarray(part, dtype=float) for part in (A, Delta, G))
    out, into = np.shape(Linv)[-1], np.shape(Rinv)[-1]
    require(A.ndim >= 2 and A.shape[-2] > 0, "the batch of A", A.shape, "one sample or more: (*batch, b, in + 1)")
    require(A.shape[-1] == into, "the shape of A", A.shape, f"(*batch, b, {into}), as the layer's Rinv has it")
    allowed = f"(*batch, {A.shape[-2]}, {out}), as A and the layer's Linv have it"
    require(Delta.shape[-2:] == (A.shape[-2], out), "the shape of Delta", Delta.shape, allowed)
    require(G.shape[-2:] == (out, into), "the shape of G", G.shape, f"(*batch, {out}, {into})")
    _check_factor_numbers(gamma, zeta, eps, "exact")
    for name, F in (("Linv", Linv), ("Rinv", Rinv)):
        fac.check_factor(np.asarray(F), name, layer, step)
    Linv = fac.exact(fac.stabilise(Linv, eps, zeta), Delta.mean(-2), gamma)
    Rinv = fac.exact(fac.stabilise(Rinv, eps, zeta), A.mean(-2), gamma)
    return fac.rescaled(fac.precondition(Linv, G, Rinv), G), Linv, Rinv


def _check_factor_numbers(gamma: Number, zeta: Number, eps: Number | None, rule: str) -> None:
    """Refuse γ, ζ, ε and rules that aren't allowed; warn where the stabiliser can't contain the growth."""
    require(rule in fac.RULES, "rule", rule, f"one of {', '.join(fac.RULES)}")
    check_positive("gamma", gamma)
    check_gamma(gamma)
    number = np.asarray(zeta)
    require(number.dtype.kind in "iuf", "zeta", zeta, "in [0, 1]")
    require((number >= 0) & (number <= 1), "zeta", zeta, "in [0, 1]")
    if eps is None or rule == "package":
        return
    check_positive("eps", eps)
    if np.any(number >= np.asarray(gamma)):
        warnings.warn(
            f"zeta = {zeta} is not below gamma = {gamma}: in directions that no gradient excites an update divides by "
            "gamma, the stabiliser multiplies by zeta, so the inverse factors grow without a bound",
            stacklevel=4,
        )


def _check_approximation(rank: int, components: str, rule: str, size: int, workers: int) -> None:
    """Refuse what can't stand for E[vvᵀ]."""
    require(components in COMPONENTS, "components", components, f"one of {', '.join(COMPONENTS)}")
    require(whole(rank, 1) and rank <= size, "rank", rank, f"a whole number from 1 to the batch's size, {size}")
    if components == "mean":
        require(rank == 1, "rank", rank, "1 for components='mean': there is one mean")
    else:
        require(rule == "exact", "rule", rule, f"'exact' for components={components!r}")
        require(workers == 1, "workers", workers, f"1 for components={components!r}")
    require(
        whole(workers, 1) and size % workers == 0,
        "workers",
        workers,
        f"a whole number that divides the batch's size, {size}",
    )


def _used_layers(layers: Sequence[int] | None, problem: Fit) -> set[int]:
    """The numbers of the layers that are preconditioned."""
    number = len(problem.network.shapes)
    chosen = range(number) if layers is None else layers
    for layer in chosen:
        require(whole(layer) and layer < number, "a layer", layer, f"a whole number from 0 to {number - 1}")
    return set(chosen)
