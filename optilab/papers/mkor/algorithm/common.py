"""What all methods of this room share: their states, a pass through the network, the start, and what they refuse."""

from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import replicates
from optilab.papers.mkor.algorithm.backends import Backend, Memory
from optilab.problems.mlp import Factors, Fit
from optilab.problems.oracles import Number

Array = np.ndarray
Matrices = tuple[Array, ...]  # one of each layer


class Preconditioned(NamedTuple):
    """A state of MKOR or KFAC."""

    x: Array  # (*batch, D) the network's parameters W, layer by layer
    loss: Array  # (*batch) of the minibatch of the step just made, NaN at the start
    Linv: Matrices  # L⁻¹ of each layer, (*batch, out, out)
    Rinv: Matrices  # R⁻¹ of each layer, (*batch, in + 1, in + 1)
    on: Array  # (*batch) whether the step just made was preconditioned


class Bare(NamedTuple):
    """A state of a first-order method or of the Eva-like one."""

    x: Array  # (*batch, D) the network's parameters W, layer by layer
    loss: Array  # (*batch) of the minibatch of the step just made, NaN at the start


def identities(problem: Fit, x: Array) -> tuple[Matrices, Matrices]:
    """I for L and R of every layer, (*batch, d, d) each."""
    batch = x.shape[:-1]
    both = [[np.broadcast_to(np.eye(d), (*batch, d, d)) for d in shape] for shape in problem.network.shapes]
    left, right = zip(*both, strict=True)
    return left, right


def slices(problem: Fit) -> list[slice]:
    """Where each layer's matrix is in the vector of parameters."""
    ends = accumulate((out * into for out, into in problem.network.shapes), initial=0)
    return [slice(*pair) for pair in pairwise(ends)]


def one_pass(problem: Fit, x: Array, rng: np.random.Generator, size: int) -> tuple[Array, list[Factors], list[Array]]:
    """A fresh minibatch's loss, what its gradients are made of, and the gradient of each layer's matrix."""
    drawn = problem.drawn(problem.sample(rng, (*x.shape[:-1], size)))
    passed = drawn.factors(x)
    outputs = passed[-1].a @ problem.network.matrices(x)[-1].mT
    return drawn.of_outputs(outputs), passed, [part.gradient for part in passed]


def memory_of(inner: Backend, x: Array) -> Memory:
    """The backend's memory at the start."""
    return tuple(np.zeros_like(x) for _ in range(inner.kept))


def start(problem: Fit, x0: Array, lr: Number, size: int, f: int = 1) -> tuple[Array, Array]:
    """The start (*batch, D) and the learning rate (*batch, 1), once they are known to be allowed."""
    require(
        np.shape(x0)[-1:] == (problem.network.dim,), "the shape of x0", np.shape(x0), f"(*batch, {problem.network.dim})"
    )
    check_positive("lr", lr)
    require(whole(size, 1), "size", size, "a whole number, 1 or more: a batch of 0 has no gradient")
    require(whole(f, 1), "f", f, "a whole number, 1 or more")
    x, rate = replicates(x0, lr)
    return x, np.broadcast_to(rate, (*x.shape[:-1], 1))


def check_positive(name: str, value: Any) -> None:
    """Refuse what isn't a positive finite number, or an array of such."""
    number = np.asarray(value)
    require(number.dtype.kind in "iuf", name, value, "positive and finite")
    require((number > 0) & np.isfinite(number), name, value, "positive and finite")
