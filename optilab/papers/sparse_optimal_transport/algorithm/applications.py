"""What plans are for: recolouring a picture, and sending tokens to experts whose buffers are full at k.

Routers say which tokens each expert processes: boolean arrays (*batch, m, n). The baselines are token choice and
expert choice, an entropic plan cut down to the buffer, and the linear assignment (as in "BASE layers", M. Lewis et al.,
2021).
"""

from typing import Any

import numpy as np

from optilab.classics.exact_transport import exact_transport
from optilab.classics.sinkhorn import solve_sinkhorn
from optilab.core.check import require, whole
from optilab.papers.sparse_optimal_transport.algorithm.columns import largest_first
from optilab.papers.sparse_optimal_transport.algorithm.dual import SemiDual
from optilab.papers.sparse_optimal_transport.algorithm.solvers import Solution, adam_then_lbfgs
from optilab.problems.transport import routing


def barycentric(T: np.ndarray, X: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a plan takes each source: the mean of the targets that its mass goes to.

    Parameters
    ----------
    T : array (*batch, m, n)
        The plan.
    X, Y : arrays (*batch, m, d), (*batch, n, d)
        Positions (colours) of sources and targets.

    Returns
    -------
    new : array (*batch, m, d)
        A source without mass stays where it is.
    moved : array (*batch, m) of bool
        Which sources have mass, more than 1e-12.

    Raises
    ------
    ValueError
        If there aren't as many positions as the plan has rows and columns.
    """
    found = (X.shape[-2:-1], Y.shape[-2:-1])
    require(found == (T.shape[-2:-1], T.shape[-1:]), "the numbers of positions", found, f"those of the plan {T.shape}")
    mass = T.sum(-1)
    moved = mass > 1e-12
    mean = (T @ Y) / np.where(moved, mass, 1)[..., None]
    return np.where(moved[..., None], mean, X), moved


def buffer_size(tokens: int, experts: int, factor: float) -> int:
    """How many tokens an expert takes at most: ⌈factor · tokens/experts⌉, no more than all.

    Raises
    ------
    ValueError
        If there are no tokens or experts, or the capacity factor isn't positive and finite.
    """
    require(whole(tokens, 1), "tokens", tokens, "an integer, 1 or more")
    require(whole(experts, 1), "experts", experts, "an integer, 1 or more")
    require(0 < factor < np.inf, "the capacity factor", factor, "positive and finite")
    return min(tokens, int(np.ceil(factor * tokens / experts - 1e-9)))


def token_choice(affinity: np.ndarray, k: int) -> np.ndarray:
    """Every token, in order, goes to the expert that it suits best, and is dropped if k tokens are there already.

    From affinities (*batch, m, n) to booleans of this shape.

    Raises
    ------
    ValueError
        If the buffer k is not a whole number, 1 or more.
    """
    require(whole(k, 1), "the buffer k", k, "an integer, 1 or more")
    wish = affinity.argmax(-1)[..., None] == np.arange(affinity.shape[-1])
    return wish & (wish.cumsum(-2) <= k)


def expert_choice(affinity: np.ndarray, k: int) -> np.ndarray:
    """Every expert takes the k tokens that suit it best (ties: the first), whoever else takes them.

    From affinities (*batch, m, n) to booleans of this shape.

    Raises
    ------
    ValueError
        If the buffer k is not a whole number from 1 to the number of tokens.
    """
    m = affinity.shape[-2]
    require(whole(k, 1) and k <= m, "the buffer k", k, f"an integer from 1 to {m}")
    columns = affinity.mT
    _, places = largest_first(columns, k, np.full(columns.shape[:-1], -np.inf))
    selected = np.zeros(columns.shape, bool)
    selected.ravel()[places] = True
    return selected.mT


def sinkhorn_choice(affinity: np.ndarray, k: int, *, epsilon: float = 0.05) -> np.ndarray:
    """Every expert takes the k tokens that an entropic plan sends it most of: (*batch, m, n) → the same shape."""
    return expert_choice(solve_sinkhorn(routing(affinity), epsilon=epsilon), k)


def assignment(affinity: np.ndarray) -> np.ndarray:
    """The linear assignment: the exact plan's pairs, m/n tokens for each expert; one instance (m, n)."""
    return exact_transport(routing(affinity)).T > 1e-9


def sparse_choice(affinity: np.ndarray, k: int, *, gamma: float = 1.0, **options: Any) -> tuple[np.ndarray, Solution]:
    """The pairs of the plan with at most k tokens for each expert, and what the solver says; one instance (m, n).

    Parameters
    ----------
    affinity : array (m, n)
        How well token i suits expert j.
    k : int
        The buffer.
    gamma : float
        Weight of the square.
    **options
        Of `adam_then_lbfgs`: `steps=0` for L-BFGS alone.
    """
    semi_dual = SemiDual(routing(affinity), k, gamma)
    found = adam_then_lbfgs(semi_dual, **options)
    return semi_dual.plan(found.x) > 0, found


def processed(selected: np.ndarray) -> np.ndarray:
    """Share of the tokens that at least one expert processes: (*batch, m, n) → (*batch)."""
    return selected.any(-1).mean(-1)


def captured(selected: np.ndarray, affinity: np.ndarray) -> np.ndarray:
    """Affinity of the selected pairs, a token's mean: twice (*batch, m, n) → (*batch)."""
    return (selected * affinity).sum((-2, -1)) / affinity.shape[-2]


def load(selected: np.ndarray) -> np.ndarray:
    """Tokens that each expert processes: (*batch, n)."""
    return selected.sum(-2)
