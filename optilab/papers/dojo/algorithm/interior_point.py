"""A primal-dual interior-point method for complementarity problems: Mehrotra's predictor and corrector (A2).

find w = (free, g, s):    c(w) = 0,    s ∘ g = κ e,    s and g in their cones.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

from optilab.core.check import require
from optilab.core.run import advance, algorithm
from optilab.papers.dojo.algorithm.cones import Cones

Array = np.ndarray
FRACTION = 0.95  # of the way to the boundary
MAX_LS, LS = 10, 0.5  # how often a step is shortened, and by which factor
LIGHT = 0.1  # size of the impulses to start from where large ones under a body would throw it over
JAMMED = 1e-8  # a step this short means that the cones' boundary is in the way for good
UPHILL = 0.1  # where the line search shortened more, the second-order correction is left out of the next step


class Complementarity(Protocol):
    """What the method solves."""

    @property
    def cones(self) -> Cones:
        """The cones of g and of s."""

    @property
    def free(self) -> int:
        """How many unknowns have no cone."""

    @property
    def start(self) -> Array:
        """Where these start, (*batch, free)."""

    def equalities(self, w: Array, /) -> Array:
        """c(w), (*batch, free + len s)."""

    def jacobian(self, w: Array, /) -> Array:
        """∂c/∂w, (*batch, free + len s, len w)."""

    def admissible(self, w: Array, /) -> Array:
        """Where c can be evaluated, (*batch)."""


class CentralPoint(NamedTuple):
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
    problem: Complementarity,
    *,
    kappa: float | Array,
    rtol: float = 1e-8,
    btol: float = 1e-2,
    max_iter: int = 50,
    predictor: bool = True,
    correct_at_target: bool = False,
    fraction: float = FRACTION,
    primals: float = 1.0,
) -> Iterator[CentralPoint]:
    """Follow the central path to s ∘ g = κ e; yields the start and every iterate until all replicates are done.

    A replicate that is done, jammed at the boundary of its cones, or no longer finite is masked: it stays as it is.
    No theorem promises convergence, for the problem isn't convex.

    Parameters
    ----------
    problem : Complementarity
        Equalities with their Jacobian, and cones.
    kappa : number or array (*batch)
        Where on the central path to stop, positive.
    rtol, btol : float
        Largest entry of c(w); largest entry of s ∘ g − κe, as a share of κ.
    max_iter : int
        Most iterations.
    predictor : bool
        Without it the target is a tenth of the mean product, and there is no second-order correction.
    correct_at_target : bool
        Keep the second-order correction everywhere, to see the iteration stall.
    fraction, primals : float
        For a more careful try: share of the way to the boundary of a second-order cone that a step may go, and size of
        the primals to start from.

    Raises
    ------
    ValueError
        If an argument is not allowed.
    numpy.linalg.LinAlgError
        If a Jacobian is singular.
    """
    kappa = _checked(problem, kappa, rtol, btol, fraction, primals)
    cones, e = problem.cones, problem.cones.neutral
    w = _start(problem, kappa.shape, primals)
    r = _residual(problem, w, kappa)
    mu_t, a, uphill = np.full(kappa.shape, np.nan), np.full(kappa.shape, np.nan), np.zeros(kappa.shape, dtype=bool)
    iterations = np.zeros(kappa.shape, dtype=int)
    while True:
        converged = (r.r_vio < rtol) & (r.b_vio <= btol * kappa)
        yield CentralPoint(w, r.r_vio, r.b_vio, mu_t, a, converged, iterations)
        going = ~converged & np.isfinite(r.r_vio) & np.isfinite(r.b_vio) & ~(a < JAMMED)
        if not going.any() or iterations.max() == max_iter:
            return
        A = newton_matrix(problem, w)
        nu = cones.mean_product(*_cone_variables(problem, w))

        # affine: A D = −r(w; 0)
        if predictor:
            D = _solve(A, -r.c, -r.product, going)
            a_aff = _step_length(problem, w, D, FRACTION, min(FRACTION, fraction))
            nu_aff = cones.mean_product(*_cone_variables(problem, w + a_aff[..., None] * D))
            sigma = np.clip(nu_aff / np.where(nu > 0, nu, 1), 0, 1) ** 3
            second_order = cones.product(*_cone_variables(problem, D))
        else:
            sigma, second_order = np.full(kappa.shape, 0.1), np.zeros_like(r.product)
        mu_t = advance(going, np.maximum(sigma * nu, kappa), mu_t)

        # corrected: A D = −r(w; μ_t) − Δs ∘ Δg, but for the last term at the target, where it would stall the iteration
        correcting = (mu_t > kappa) & ~uphill | correct_at_target
        correction = np.where(correcting[..., None], second_order, 0)
        D = _solve(A, -r.c, mu_t[..., None] * e - r.product - correction, going)
        tau = np.maximum(FRACTION, 1 - np.maximum(r.r_vio, r.b_vio) ** 2)
        whole = _step_length(problem, w, D, tau, np.minimum(tau, fraction))

        # line search
        length, w, r = _line_search(problem, w, r, D, whole, kappa, going)
        a, iterations = advance(going, length, a), iterations + going
        uphill = length < UPHILL * whole


class Residual(NamedTuple):
    """The rows at w, and how far they are from what they should be."""

    c: Array  # (*batch, free + len s) equalities
    product: Array  # (*batch, len s) s ∘ g
    r_vio: Array  # (*batch)
    b_vio: Array  # (*batch)


def _residual(problem: Complementarity, w: Array, kappa: Array) -> Residual:
    """The rows at w, and their violation of c = 0 and s ∘ g = κ e."""
    c, product = problem.equalities(w), problem.cones.product(*_cone_variables(problem, w))
    off = product - kappa[..., None] * problem.cones.neutral
    return Residual(c, product, abs(c).max(-1, initial=0), abs(off).max(-1, initial=0))


def newton_matrix(problem: Complementarity, w: Array) -> Array:
    """The Jacobian A = ∂r/∂w (*batch, n, n) of all rows: equalities, then the products s ∘ g."""
    cones, (s, g) = problem.cones, _cone_variables(problem, w)
    below = np.zeros((*w.shape[:-1], cones.size, problem.free))
    products = np.concatenate([below, cones.arrow(s), cones.arrow(g)], -1)
    return np.concatenate([problem.jacobian(w), products], -2)


def _cone_variables(problem: Complementarity, w: Array) -> tuple[Array, Array]:
    """Duals s and primals g."""
    free, size = problem.free, problem.cones.size
    return w[..., free + size :], w[..., free : free + size]


def _start(problem: Complementarity, batch: tuple[int, ...], primals: float) -> Array:
    """The free unknowns' start, and cone variables from the neutral e, shifted inside."""
    e = problem.cones.neutral
    s, g = problem.cones.shifted(e, e) if e.size else (e, e)
    parts = problem.start, primals * g, s
    return np.concatenate([np.broadcast_to(part, (*batch, part.shape[-1])) for part in parts], -1)


def _step_length(
    problem: Complementarity, w: Array, D: Array, tau: float | Array, second_order: float | Array
) -> Array:
    """The largest step along D, at most 1, that keeps s and g in their cones, with these shares of the way out."""
    both = (*w.shape[:-1], 2, problem.cones.size)
    value, change = w[..., problem.free :].reshape(both), D[..., problem.free :].reshape(both)
    tau, second_order = np.asarray(tau)[..., None], np.asarray(second_order)[..., None]
    return problem.cones.step_length(value, change, tau, second_order).min(-1)


def _solve(A: Array, top: Array, bottom: Array, going: Array) -> Array:
    """A⁻¹ (top, bottom) where going, 0 elsewhere; one replicate's matrix mustn't stop the others."""
    A = advance(going, A, np.eye(A.shape[-1]))
    b = advance(going, np.concatenate([top, bottom], -1), 0.0)
    return np.linalg.solve(A, b[..., None])[..., 0]


def _line_search(
    problem: Complementarity, w: Array, r: Residual, D: Array, a: Array, kappa: Array, going: Array
) -> tuple[Array, Array, Residual]:
    """The first of a, a LS, a LS², … after which r_vio or b_vio hasn't grown, or the last; then w and the rows there.

    What isn't admissible is shortened too; where even the last isn't, w stays.
    """
    for trial in range(MAX_LS + 1):
        there = w + a[..., None] * D
        fits = problem.admissible(there)
        there = advance(fits, there, w)
        new = _residual(problem, there, kappa)
        shorten = going & ~(fits & ((new.r_vio <= r.r_vio) | (new.b_vio <= r.b_vio)))
        if trial == MAX_LS or not shorten.any():
            break
        a = advance(shorten, LS * a, a)
    return a, there, new


def solve(problem: Complementarity, **options: Any) -> CentralPoint:
    """The last iterate of `interior_point`; replicates that jammed are started again, more carefully each time.

    Their iterations are counted from the first start.
    """
    *_, last = interior_point(problem, **options)
    for careful in ({"fraction": 0.5}, {"fraction": 0.5, "primals": LIGHT}):
        if last.converged.all():
            break
        *_, again = interior_point(problem, **options | careful)
        again = again._replace(iterations=last.iterations + again.iterations)
        last = advance(~last.converged, again, last)
    return last


def _checked(
    problem: Complementarity, kappa: float | Array, rtol: float, btol: float, fraction: float, primals: float
) -> Array:
    """The parameter κ of every replicate."""
    kappa = np.asarray(kappa, dtype=float)
    require((kappa > 0) & np.isfinite(kappa), "kappa", kappa, "positive and finite")
    for name, value in (("rtol", rtol), ("btol", btol), ("primals", primals)):
        require(value > 0, name, value, "positive")
    require(0 < fraction < 1, "fraction", fraction, "between 0 and 1")
    return np.broadcast_to(kappa, np.broadcast_shapes(problem.start.shape[:-1], kappa.shape))
