"""What theory promises: what the dual really solves, and the lines between which its maximum lies."""

from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.problems.transport import Transport


def k_support_norm(t: np.ndarray, k: int) -> np.ndarray:
    """The k-support norm ‖t‖ of t (*batch, m): (*batch); γ/2 of its square is the convex hull of γ/2‖t‖² on k nonzeros.

    The k − r − 1 largest entries count squared one by one; the rest spreads evenly over r + 1 places, for the one r at
    which the rest's share lies between the entries on both sides: 1-norm for k = 1, 2-norm for k = m.

    Source: A. Argyriou, R. Foygel, N. Srebro, "Sparse prediction with the k-support norm", NIPS 2012.

    Raises
    ------
    ValueError
        If k is no integer from 1 to m, or t isn't finite.
    """
    w = -np.sort(-abs(np.asarray(t, float)), -1)
    require(np.isfinite(w).all(), "t", t, "finite")
    m = w.shape[-1]
    require(whole(k, 1) and k <= m, "k", k, f"an integer from 1 to {m}")
    r = np.arange(k)
    single = k - 1 - r  # entries that count one by one
    rest = w.sum(-1, keepdims=True) - _partial_sums(w)[..., single]
    share = rest / (r + 1)
    before = np.concatenate([np.full((*w.shape[:-1], 1), np.inf), w], -1)[..., single]
    slack = 1e-13 * w[..., :1]  # of the largest entry: the norm of 10⁻²⁰ t is 10⁻²⁰ that of t
    fits = (before >= share - slack) & (share >= w[..., single] - slack)
    square = _partial_sums(w**2)[..., single] + rest**2 / (r + 1)
    return np.sqrt(np.take_along_axis(square, fits.argmax(-1)[..., None], -1)[..., 0])


def _partial_sums(w: np.ndarray) -> np.ndarray:
    """0, w₁, w₁ + w₂, … of w (*batch, m): (*batch, m + 1)."""
    return np.concatenate([np.zeros((*w.shape[:-1], 1)), w.cumsum(-1)], -1)


def relaxed_cost(problem: Transport, T: np.ndarray, k: int, gamma: float) -> np.ndarray:
    """⟨T, C⟩ + γ/2 Σⱼ ‖tⱼ‖² in the k-support norm, of plans (*batch, m, n): the convex problem behind the dual.

    More than m nonzeros allowed in a column are as good as m. By weak duality no plan with both marginals right costs
    less than max S.
    """
    return problem(T) + gamma / 2 * (k_support_norm(T.mT, min(k, problem.m)) ** 2).sum(-1)


class Lines(NamedTuple):
    """LP ≤ QOT ≤ max S ≤ LP + γ/2 ‖b‖², whatever k."""

    linear: np.ndarray  # the linear program's value
    quadratic: np.ndarray  # the maximum at k = m
    ceiling: np.ndarray  # the maximum at k = 1


def lines(problem: Transport, *, linear: np.ndarray, quadratic: np.ndarray, gamma: float | np.ndarray) -> Lines:
    """The values between which every k lies; the maximum never rises with k.

    Parameters
    ----------
    problem : Transport
        Gives ‖b‖².
    linear, quadratic : number or array (*batch)
        The least cost without regularisation (`classics.exact_transport`), and the maximum of S at k = m.
    gamma : number or array (*batch)
        Weight of the square.
    """
    linear = np.asarray(linear)
    return Lines(linear, np.asarray(quadratic), linear + gamma / 2 * (problem.b**2).sum(-1))


def enough_nonzeros(m: int, n: int, k: int) -> bool:
    """Whether k nonzeros a column can make the m + n − 1 that any plan between generic marginals has at least.

    Without them no plan has both marginals right. With them there may be none all the same: a column that asks for more
    than its k largest sources hold can't be filled.
    """
    return k * n >= m + n - 1
