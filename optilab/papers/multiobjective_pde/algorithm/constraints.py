"""Two additions: a bound on the state as a penalty, and times of switching as the control."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from optilab.core.check import require
from optilab.core.run import algorithm
from optilab.papers.multiobjective_pde.algorithm.models import FullModel, control
from optilab.papers.multiobjective_pde.algorithm.scalar import Minimiser, Weighted, newton
from optilab.papers.multiobjective_pde.problems import Heat, Tracking
from optilab.problems.pareto import check_weights

Array = np.ndarray
GAMMAS = tuple(10.0**k for k in range(7))


class Penalised(NamedTuple):
    """A minimiser under a penalty."""

    q: Array  # (p,)
    J: Array  # (k,) without the penalty
    gamma: float
    violation: float  # largest y − ψ
    y: Array  # (N,)
    status: str


@algorithm
def moreau_yosida(
    problem: Tracking,
    q: Array,
    *,
    alpha: Array,
    psi: float | Array,
    gammas: Sequence[float] = GAMMAS,
    minimise: Minimiser = newton,
) -> Iterator[Penalised]:
    """Minimise αᵀJ + ½γ‖max(0, y − ψ)‖² for each γ, from the last minimiser: the state comes down to ψ as O(1/γ).

    Parameters
    ----------
    problem : Tracking
        Without a bound.
    q : array (p,)
        Where to start.
    alpha : array (k,)
        Weights on the simplex.
    psi : float or array (N,)
        The bound.
    gammas : sequence of float
        Penalties γ > 0.
    minimise : Minimiser
        Of a weighted sum.

    Raises
    ------
    ValueError
        If a γ is not positive, or weights or shapes are not allowed.
    """
    q = control(problem, q)
    gammas = tuple(float(gamma) for gamma in gammas)
    require(len(gammas) > 0 and min(gammas) > 0, "gammas", gammas, "positive, one or more")
    alpha = check_weights("alpha", alpha, problem.k)
    for gamma in gammas:
        model = FullModel(replace(problem, psi=psi, gamma=gamma))
        found = minimise(model, Weighted(alpha), q)
        q, y = found.q, model.state(found.q)
        violation = float(model.problem.excess(y).max())
        yield Penalised(q, problem.values(y, q @ problem.M @ q), gamma, violation, y, found.status)


def switching_values(heat: Heat, tau: Array) -> Array:
    """½‖y(T) − y_d‖² and the time that the heater is on: (2,)."""
    miss = heat.state(tau) - heat.target
    return np.array([miss @ miss / (2 * (heat.n + 1)), tau[1] - tau[0]])


def switching_gradients(heat: Heat, tau: Array) -> Array:
    """∂J/∂τ = (p(τ), f before τ − f after τ): −(p(τ₁), b) and (p(τ₂), b) for J₁, −1 and 1 for J₂; (2, 2)."""
    miss = heat.state(tau) - heat.target
    pushed = [float(heat.adjoint(miss, t) @ heat.b) / (heat.n + 1) for t in tau]
    return np.array([[-pushed[0], pushed[1]], [-1.0, 1.0]])


def switching_front(heat: Heat, alphas: Array, tau: Array | None = None) -> tuple[Array, Array]:
    """Times (points, 2) and objectives (points, 2) that minimise α J₁ + (1 − α) J₂ with 0 ≤ τ₁ ≤ τ₂ ≤ T, by SLSQP.

    Raises
    ------
    ValueError
        If an α is not in [0, 1], or the times `tau` to start from are out of order.
    """
    alphas = np.atleast_1d(np.asarray(alphas, float))
    require((alphas >= 0) & (alphas <= 1), "alphas", alphas, "in [0, 1]")
    tau = np.array([0.25, 0.75]) * heat.T if tau is None else np.asarray(tau, float)
    heat.check(tau)
    found = []
    for alpha in alphas:
        w = np.array([alpha, 1 - alpha])

        def ordered(tau: Array) -> Array:
            return np.maximum.accumulate(np.clip(tau, 0, heat.T))

        tau = ordered(
            minimize(
                lambda tau, w=w: float(w @ switching_values(heat, ordered(tau))),
                tau,
                jac=lambda tau, w=w: w @ switching_gradients(heat, ordered(tau)),
                bounds=[(0, heat.T)] * 2,
                constraints={
                    "type": "ineq",
                    "fun": lambda tau: tau[1] - tau[0],
                    "jac": lambda tau: np.array([-1.0, 1.0]),
                },
                method="SLSQP",
                options={"ftol": 1e-12, "maxiter": 200},
            ).x
        )
        found.append(tau)
    times = np.array(found)
    return times, np.array([switching_values(heat, tau) for tau in times])
