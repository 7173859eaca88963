"""What a method computes, stores and sends: counted, not timed.

Multiplications, numbers stored, numbers sent, for factors of dimension d and a batch of b. MKOR's authors store and
send in half precision: there a number takes half the room of one of KFAC's (`HALF`).
"""

from collections.abc import Sequence
from itertools import pairwise

from optilab.core.check import require, whole

METHODS = ("MKOR", "KFAC", "SNGD", "Eva")
STEPPED = ("MKOR", "KFAC", "Eva")  # whose steps are L⁻¹GR⁻¹
HALF = {"MKOR": 0.5, "KFAC": 1.0, "SNGD": 1.0, "Eva": 1.0}  # size of a number sent or stored, in full-precision ones


def _checked(method: str, d: int, b: int) -> None:
    require(method in METHODS, "method", method, f"one of {', '.join(METHODS)}")
    require(whole(d, 1), "d", d, "a whole number, 1 or more")
    require(whole(b, 1), "b", b, "a whole number, 1 or more")


def compute(method: str, d: int, b: int) -> int:
    """Multiplications of one factor update.

    MKOR: a product d², two scalings and an outer product 2d², the batch mean bd. KFAC: the covariance bd², the inverse
    d³. SNGD (HyLo): an inverse of the b×b Gram matrix, b³. Eva: the mean bd and its running mean 2d; its O(d²) is spent
    in the preconditioning.
    """
    _checked(method, d, b)
    return {"MKOR": 3 * d**2 + b * d, "KFAC": d**3 + b * d**2, "SNGD": b**3, "Eva": b * d + 2 * d}[method]


def memory(method: str, d: int, b: int) -> float:
    """Numbers stored for both factors of a d×d layer, in units of full precision."""
    _checked(method, d, b)
    return HALF[method] * {"MKOR": 2 * d**2, "KFAC": 4 * d**2, "SNGD": 2 * b * d + b**2, "Eva": 2 * d}[method]


def communication(method: str, d: int, b: int, workers: int = 2) -> float:
    """Numbers that a worker sends for both factors of a d×d layer, in units of full precision; none if it is alone.

    KFAC sends both covariances and both inverses, MKOR and Eva two mean vectors, SNGD the batch and its Gram matrix.
    """
    _checked(method, d, b)
    require(whole(workers, 1), "workers", workers, "a whole number, 1 or more")
    sent = {"MKOR": 2 * d, "KFAC": 4 * d**2, "SNGD": 2 * b * d + b**2, "Eva": 2 * d}[method]
    return HALF[method] * sent if workers > 1 else 0.0


def preconditioning(method: str, out: int, into: int) -> int:
    """Multiplications of L⁻¹GR⁻¹ for a gradient out×into: O(d³) for MKOR and KFAC alike, O(d²) for Eva."""
    require(method in STEPPED, "method", method, f"one of {', '.join(STEPPED)}")
    return 4 * out * into if method == "Eva" else out * into * (out + into)


def per_step(method: str, sizes: Sequence[int], b: int, f: int = 1) -> tuple[float, float]:
    """Mean multiplications and sent numbers of a step of a whole network, its passes and its gradient included.

    Parameters
    ----------
    method : str
        One of "first order", "MKOR", "KFAC", "Eva".
    sizes : sequence of int
        Units of each layer, inputs first.
    b, f : int
        Batch, and steps from one factor update to the next.

    Returns
    -------
    multiplications, sent : float
        A pass takes 3b·out·(in + 1): forward, backward, weight gradient. Every method sends the gradient.
    """
    names = ("first order", "MKOR", "KFAC", "Eva")
    require(method in names, "method", method, f"one of {', '.join(names)}")
    work, sent = 0.0, 0.0
    for before, out in pairwise(sizes):
        into = before + 1
        work += 3 * b * out * into
        sent += out * into
        if method != "first order":
            updates = sum(compute(method, d, b) for d in (out, into))
            work += updates / f + preconditioning(method, out, into)
            sent += (2 * (out**2 + into**2) if method == "KFAC" else out + into) / f
    return work, sent
