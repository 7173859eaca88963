"""A primal-dual interior-point method for complementarity problems: Mehrotra's predictor and corrector.

find w = (free, g, s):    c(w) = 0,    s ∘ g = κ e,    s and g in their cones.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm

Array = np.ndarray
FRACTION = 0.95  # of the way to the boundary
LIGHT = 0.1  # size of the impulses to start from where large ones under a body would throw it over
RESTARTS = ({"fraction": 0.5}, {"fraction": 0.5, "primals": LIGHT})  # of an iteration that has jammed
JAMMED = 1e-8  # a step this short means that the cones' boundary is in the way for good
UPHILL = 0.1  # where the line search shortened more, the second-order correction is left out of the next step


class Iterate(NamedTuple):
    """A state of the interior-point method."""

    w: Array  # (*batch, n) free unknowns, primals g, duals s
    r_vio: Array  # (*batch) ‖c(w)‖_∞
    b_vio: Array  # (*batch) ‖s ∘ g − κe‖_∞
    mu_t: Array  # (*batch) the target of the step just made, at least κ
    a: Array  # (*batch) its length
    converged: Array  # (*batch) whether both are small enough
    iterations: Array  # (*batch) Jacobians factorised so far


@algorithm
def interior_point(
    problem: Any,
    *,
    kappa: float | Array,
    rtol: float = 1e-8,
    btol: float = 1e-2,
    max_iter: int = 50,
    max_ls: int = 10,
    ls: float = 0.5,
    fraction: float = FRACTION,
    primals: float = 1.0,
    predictor: bool = True,
    correct_at_target: bool = False,
) -> Iterator[Iterate]:
    """Follow the central path to s ∘ g = κ e; yields the start and every iterate until all replicates are done.

    A replicate that is done, jammed at the boundary of its cones, or no longer finite is masked: it stays as it is.
    No theorem promises convergence, for the problem isn't convex. The second-order correction is left out where it
    would do harm: at the target, where the affine direction doesn't vanish and the iteration would stall, and once
    after a step whose line search says that the corrected direction led uphill.

    Parameters
    ----------
    problem
        Has `cones`, `free` (how many unknowns have no cone), `start` (*batch, free), `equalities(w)`, `jacobian(w)`
        and `admissible(w)`.
    kappa : number or array (*batch)
        Where on the central path to stop, positive.
    rtol : float
        Largest entry of c(w).
    btol : float
        Largest entry of s ∘ g − κe, as a share of κ.
    max_iter, max_ls : int
        Iterations, and halvings of a step.
    ls : float
        Factor by which a step is shortened.
    fraction : float
        Share of the way to the boundary of a second-order cone that a step may go.
    primals : float
        The primals to start from, as a share of Mehrotra's.
    predictor : bool
        Without it the target is a tenth of the mean product, and there is no second-order correction.
    correct_at_target : bool
        Keep the second-order correction in both cases, to see the iteration stall.

    Raises
    ------
    ValueError
        If an argument is not allowed.
    numpy.linalg.LinAlgError
        If a Jacobian is singular.
    """
    kappa = np.asarray(kappa, dtype=float)
    require((kappa > 0) & np.isfinite(kappa), "kappa", kappa, "positive and finite")
    for name, value in (("rtol", rtol), ("btol", btol)):
        require(value > 0, name, value, "positive")
    for name, value in (("ls", ls), ("fraction", fraction)):
        require(0 < value < 1, name, value, "between 0 and 1")
    require(primals > 0, "primals", primals, "positive")
    cones, free = problem.cones, problem.free
    batch = np.broadcast_shapes(problem.start.shape[:-1], kappa.shape)
    kappa = np.broadcast_to(kappa, batch)

    def violations(w: Array) -> tuple[Array, Array, Array, Array]:
        c, product = problem.equalities(w), cones.product(*split(w))
        relaxed = product - kappa[..., None] * cones.neutral
        return c, product, abs(c).max(-1, initial=0), abs(relaxed).max(-1, initial=0)

    def split(w: Array) -> tuple[Array, Array]:
        return w[..., free + cones.size :], w[..., free : free + cones.size]  # s, g

    def step_length(w: Array, change: Array, tau: Array, tau_second_order: Array) -> Array:
        both = (*batch, 2, cones.size)  # primals and duals
        value, change = w[..., free:].reshape(both), change[..., free:].reshape(both)
        return cones.step_length(value, change, tau[..., None], tau_second_order[..., None]).min(-1)

    # start: neutral cone variables, shifted inside
    s, g = cones.shifted(cones.neutral, cones.neutral) if cones.size else (cones.neutral, cones.neutral)
    g = primals * g
    start = np.broadcast_to(problem.start, (*batch, free))
    w = np.concatenate([start, np.broadcast_to(g, (*batch, g.size)), np.broadcast_to(s, (*batch, s.size))], -1)
    c, product, r_vio, b_vio = violations(w)
    converged = (r_vio < rtol) & (b_vio <= btol * kappa)
    uphill = np.zeros(batch, dtype=bool)
    iterations, mu_t, a = np.zeros(batch, dtype=int), np.full(batch, np.nan), np.full(batch, np.nan)
    yield Iterate(w, r_vio, b_vio, mu_t, a, converged, iterations)

    for _ in range(max_iter):
        active = ~converged & np.isfinite(r_vio) & np.isfinite(b_vio) & ~(a < JAMMED)
        if not active.any():
            return
        s, g = split(w)
        A = newton_matrix(problem, w)

        # affine
        nu = cones.mean_product(s, g)
        if predictor:
            affine = _solve(A, -np.concatenate([c, product], -1), active)
            ahead = np.full(batch, FRACTION)
            a_aff = step_length(w, affine, ahead, np.minimum(ahead, fraction))[..., None]
            ds, dg = split(affine)
            nu_aff = cones.mean_product(s + a_aff * ds, g + a_aff * dg)
            sigma = np.clip(nu_aff / np.where(nu > 0, nu, 1), 0, 1) ** 3
            second_order = cones.product(ds, dg)
        else:
            sigma, second_order = np.full(batch, 0.1), np.zeros_like(s)
        mu_t = np.where(active, np.maximum(sigma * nu, kappa), mu_t)

        # corrected
        correcting = (mu_t > kappa) & ~uphill | correct_at_target
        target = mu_t[..., None] * cones.neutral - product - np.where(correcting[..., None], second_order, 0)
        change = _solve(A, np.concatenate([-c, target], -1), active)
        tau = np.maximum(FRACTION, 1 - np.maximum(r_vio, b_vio) ** 2)
        length = step_length(w, change, tau, np.minimum(tau, fraction))

        # line search
        whole = length
        for trial in range(max_ls + 1):
            there = w + length[..., None] * change
            fits = problem.admissible(there)[..., None]
            there = np.where(fits, there, w)
            c, product, r_new, b_new = violations(there)
            shorten = active & ~(fits[..., 0] & ((r_new <= r_vio) | (b_new <= b_vio)))
            if trial == max_ls or not shorten.any():
                break
            length = np.where(shorten, ls * length, length)

        w, r_vio, b_vio = there, r_new, b_new
        uphill = length < UPHILL * whole
        a = np.where(active, length, a)
        iterations = iterations + active
        converged = (r_vio < rtol) & (b_vio <= btol * kappa)
        yield Iterate(w, r_vio, b_vio, mu_t, a, converged, iterations)


def newton_matrix(problem: Any, w: Array) -> Array:
    """The Jacobian (*batch, n, n) of all rows: equalities, then the products s ∘ g."""
    cones, free = problem.cones, problem.free
    g, s = w[..., free : free + cones.size], w[..., free + cones.size :]
    below = np.zeros((*w.shape[:-1], cones.size, free))
    products = np.concatenate([below, cones.arrow(s), cones.arrow(g)], -1)
    return np.concatenate([problem.jacobian(w), products], -2)


def _solve(A: Array, b: Array, active: Array) -> Array:
    """A⁻¹ b where active, 0 elsewhere; one replicate's matrix mustn't stop the others."""
    identity = np.eye(A.shape[-1])
    A = np.where(active[..., None, None], A, identity)
    b = np.where(active[..., None], b, 0)
    return np.linalg.solve(A, b[..., None])[..., 0]


def solve(problem: Any, **options: Any) -> Iterate:
    """The last iterate of `interior_point`; replicates that jammed are started again, more carefully each time.

    Their iterations are counted from the first start.
    """
    *_, last = interior_point(problem, **options)
    for careful in RESTARTS:
        done = last.converged
        if done.all():
            break
        *_, again = interior_point(problem, **options | careful)
        again = again._replace(iterations=last.iterations + again.iterations)
        w = np.where(done[..., None], last.w, again.w)
        last = Iterate(w, *(np.where(done, old, new) for old, new in zip(last[1:], again[1:], strict=True)))
    return last
