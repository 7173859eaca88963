"""Along the Pareto set by its tangent: predict, correct, and say where a kink stops the corrector."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm
from optilab.papers.multiobjective_pde.algorithm.models import Model
from optilab.papers.multiobjective_pde.algorithm.scalar import Point

Array = np.ndarray


class Continued(NamedTuple):
    """A point of the continuation."""

    q: Array  # (p,)
    J: Array  # (2,)
    alpha: float  # weight of J₁
    residual: float  # |F(q, α)| as left
    corrections: int  # Newton steps of the corrector
    status: str  # "ok", or "kink": the corrector did not get |F| below its tolerance
    predicted: Array  # (2,) objectives where the tangent led, before correction


@algorithm
def continuation(
    model: Model, first: Point, *, ds: float, end: float = 0.0, tol: float = 1e-8, most: int = 10
) -> Iterator[Continued]:
    """Follow F(q, α) = α∇J₁ + (1 − α)∇J₂ = 0 from a minimiser of J₁, α = 1, down to α = `end`.

    Steps are `ds` long in objective space, to first order. At a kink |F| can't be made small: the point is kept with
    its status, and the walk goes on. With a reduced model `tol` is best the error of its gradients.

    Parameters
    ----------
    model : Model
        Of two objectives; its Hessians are exact on a piece.
    first : Point
        A minimiser of J₁.
    ds : float
        Arc length, positive.
    end : float
        The last α, in [0, 1).
    tol : float
        Of |F|, positive.
    most : int
        Corrections at most.

    Raises
    ------
    ValueError
        If one of these is not allowed, or there are not two objectives.

    Source: S. Banholzer, B. Gebken, M. Dellnitz, S. Peitz, S. Volkwein, arXiv 1906.09075; the steps are reconstructed.
    """
    require(model.problem.k == 2, "the number of objectives", model.problem.k, "2")
    require(ds > 0, "ds", ds, "positive")
    require(0 <= end < 1, "end", end, "in [0, 1)")
    require(tol > 0, "tol", tol, "positive")
    require(whole(most, 1), "most", most, "a whole number, 1 or more")
    q, alpha, predicted = first.q, 1.0, first.J
    while True:
        for corrections in range(most + 1):
            J, G, H = model.piece(q)
            F = alpha * G[0] + (1 - alpha) * G[1]
            residual = float(np.linalg.norm(F))
            if residual <= tol or corrections == most:
                break
            q = q - np.linalg.solve(alpha * H[0] + (1 - alpha) * H[1], F)
        status = "ok" if residual <= tol else "kink"
        yield Continued(q, J, alpha, residual, corrections, status, predicted)
        if alpha <= end:
            return
        tangent = -np.linalg.solve(alpha * H[0] + (1 - alpha) * H[1], G[0] - G[1])  # dq/dα
        dalpha = min(float(ds / np.linalg.norm(G @ tangent)), alpha - end)
        alpha = alpha - dalpha if alpha - dalpha > end else end
        q = q - dalpha * tangent
        predicted = J - dalpha * (G @ tangent)
