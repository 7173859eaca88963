"""LV-HBA: constrained bilevel optimisation by four projected gradient steps; the methods that it is compared with.

    min F(x, y) over x ∈ X and y ∈ S(x) = argmin {f(x, y): y ∈ Y, g(x, y) ≤ 0}

The lower level is smoothed by a proximal term in y and in the multiplier z,

    v(x, y, z) = min_{θ∈Y} max_{λ∈Z} f(x, θ) + λᵀg(x, θ) + ‖θ − y‖²/(2γ₁) − ‖λ − z‖²/(2γ₂).

On C = {(x, y) ∈ X × Y: g ≤ 0} the gap f − v is 0 or more, and 0 where y is a lower solution with multiplier z. LV-HBA
follows F/c_k + f − v down with a growing c_k, with (θ, λ) one step behind the saddle: no Hessian, no inner loop.

    the paper                                              here
    one step on the saddle, one on (x, y), one on z        lv_hba
    c_k = c₀(k + 1)^p                                      penalty
    v and ∇v at a saddle; the saddle; R_k                  value, value_grad, saddle, residual
    how long η may be, with (x, y, z) held still           saddle_limit, saddle_eigenvalues
    Π_C jointly; Π_Z                                       Coupled.project, .clip (problems.coupled)
    AiPOD, E-AiPOD: null-space Hessians                    e_aipod, null_space_hypergrad
    GAM: implicit gradients of the active set              gam, kkt_hypergrad

Source: W. Yao, C. Yu, S. Zeng, J. Zhang, "Constrained Bi-Level Optimization: Proximal Lagrangian Value Function
Approach and Hessian-free Algorithm", ICLR 2024 (arXiv 2401.16164). E-AiPOD: Q. Xiao, H. Shen, W. Yin, T. Chen, 2023;
GAM: S. Xu, M. Zhu, 2023.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import AnyArray, require, whole
from optilab.core.run import algorithm, replicates
from optilab.papers.lv_hba.problems.coupled import Affine, Coupled
from optilab.problems.oracles import Number

Array = np.ndarray
LOST = 1e100  # a point this far out has diverged: what is asked there is no longer an error
ACTIVE = 1e-5  # a multiplier above this belongs to an active constraint


class Iterate(NamedTuple):
    """A state of LV-HBA."""

    x: Array  # (*batch, n)
    y: Array  # (*batch, m)
    z: Array  # (*batch, l) the multiplier that the proximal term is centred at
    theta: Array  # (*batch, m) one step behind the saddle
    lam: Array  # (*batch, l) one step behind the saddle


def penalty(k: int | Array, c0: Number = 1.0, p: Number = 0.3) -> Array:
    """The weight of the lower level in step k: c_k = c₀(k + 1)^p."""
    return np.asarray(c0) * (np.asarray(k) + 1.0) ** np.asarray(p)


@algorithm
def lv_hba(
    problem: Coupled,
    x0: Array,
    y0: Array,
    *,
    alpha: Number = 0.1,
    beta: Number = 0.1,
    eta: Number = 0.1,
    gamma1: Number = 1.0,
    gamma2: Number = 1.0,
    c0: Number = 1.0,
    p: Number = 0.3,
    alpha_x: Number | None = None,
    theta0: Array | None = None,
    lam0: Array | None = None,
    z0: Array | None = None,
) -> Iterator[Iterate]:
    """LV-HBA, Algorithm 1: yields the states k = 0, 1, … without end; the last one is the output.

    Parameters
    ----------
    problem : Coupled
    x0, y0 : arrays (*batch, n), (*batch, m)
        Where to start; projected onto C first.
    alpha, beta, eta : float or array (*batch)
        Steps of (x, y), of z and of (θ, λ).
    gamma1, gamma2 : float or array (*batch)
        Proximal parameters of y and of z.
    c0, p : float or array (*batch)
        c_k = c₀(k + 1)^p, 0 ≤ p < ½.
    alpha_x : float or array (*batch), optional
        A step of its own for x; alpha without.
    theta0 : array (*batch, m), optional
        θ to start from, projected onto Y; the projected y0 without.
    lam0, z0 : arrays (*batch, l), optional
        λ and z to start from, in Z; 0, or the end of Z nearest to it, without.

    Raises
    ------
    ValueError
        If a parameter or the start is not allowed, the coupling or the projection is none, or a direction is not
        finite (says the step).
    """
    named = {"alpha": alpha, "beta": beta, "eta": eta, "gamma1": gamma1, "gamma2": gamma2, "c0": c0}
    for name, number in named.items() if alpha_x is None else (*named.items(), ("alpha_x", alpha_x)):
        _check_positive(name, number)
    power = _numbers("p", p)
    require((power >= 0) & (power < 0.5), "p", p, "in [0, 1/2): the theory ends below 1/2, and p = 0 may keep a bias")
    alpha, beta, eta, gamma1, gamma2, c0, p = (
        np.asarray(one, dtype=float)[..., None] for one in (alpha, beta, eta, gamma1, gamma2, c0, p)
    )
    alpha_x = alpha if alpha_x is None else np.asarray(alpha_x, dtype=float)[..., None]
    batch = np.broadcast_shapes(*(one.shape[:-1] for one in (alpha, alpha_x, beta, eta, gamma1, gamma2, c0, p)))
    x, y = _start(problem, x0, y0, batch)
    theta = y.copy() if theta0 is None else problem.project_y(_whole("theta0", theta0, y))
    lam, z = (_multiplier(problem, name, start, x) for name, start in (("lam0", lam0), ("z0", z0)))
    f, F, g = problem.lower, problem.upper, problem.coupling
    _check_coupling(problem, x, y, lam)
    yield Iterate(x, y, z, theta, lam)
    k = 0
    while True:
        # 1. one step on the saddle problem, both directions at the old (θ, λ)
        d_theta = f.grad_y(x, theta) + g.pull_y(x, theta, lam) + (theta - y) / gamma1
        d_lam = -g(x, theta) + (lam - z) / gamma2
        theta, lam = problem.project_y(theta - eta * d_theta), problem.clip(lam - eta * d_lam)
        # 2. directions with the new (θ, λ) and the old (x, y, z)
        c = penalty(k, c0, p)
        d_x = F.grad_x(x, y) / c + f.grad_x(x, y) - f.grad_x(x, theta) - g.pull_x(x, theta, lam)
        d_y = F.grad_y(x, y) / c + f.grad_y(x, y) - (y - theta) / gamma1
        d_z = -(lam - z) / gamma2
        _check_finite(k, d_x, x)
        _check_finite(k, d_y, y)
        x, y = problem.project(x - alpha_x * d_x, y - alpha * d_y)  # jointly
        z = problem.clip(z - beta * d_z)
        k += 1
        yield Iterate(x, y, z, theta, lam)


# The value function


def value(
    problem: Coupled, x: Array, y: Array, z: Array, theta: Array, lam: Array, gamma1: Number = 1.0, gamma2: Number = 1.0
) -> Array:
    """f(x, θ) + λᵀg(x, θ) + ‖θ − y‖²/(2γ₁) − ‖λ − z‖²/(2γ₂), which is v at its saddle (θ, λ): (*batch)."""
    _check_positive("gamma1", gamma1)
    _check_positive("gamma2", gamma2)
    lagrangian = problem.lower(x, theta) + np.vecdot(lam, problem.coupling(x, theta))
    return lagrangian + ((theta - y) ** 2).sum(-1) / (2 * gamma1) - ((lam - z) ** 2).sum(-1) / (2 * gamma2)


def value_grad(
    problem: Coupled, x: Array, y: Array, z: Array, theta: Array, lam: Array, gamma1: Number = 1.0, gamma2: Number = 1.0
) -> tuple[Array, Array, Array]:
    """∇v at its saddle (θ, λ): ∇_x f(x, θ) + Σ λᵢ∇_x gᵢ(x, θ), (y − θ)/γ₁, (λ − z)/γ₂."""
    _check_positive("gamma1", gamma1)
    _check_positive("gamma2", gamma2)
    gamma1, gamma2 = np.asarray(gamma1)[..., None], np.asarray(gamma2)[..., None]
    by_x = problem.lower.grad_x(x, theta) + problem.coupling.pull_x(x, theta, lam)
    return by_x, (y - theta) / gamma1, (lam - z) / gamma2


def saddle(
    problem: Coupled,
    x: Array,
    y: Array,
    z: Array,
    *,
    eta: float = 0.1,
    gamma1: float = 1.0,
    gamma2: float = 1.0,
    theta: Array | None = None,
    lam: Array | None = None,
    tol: float = 1e-13,
    steps: int = 100_000,
) -> tuple[Array, Array]:
    """The saddle (θ*, λ*) at a frozen (x, y, z), by repeating the step on (θ, λ) until it moves no more.

    Parameters
    ----------
    problem : Coupled
    x, y, z : arrays (*batch, n), (*batch, m), (*batch, l)
    eta : float
        Step; `saddle_limit` says how long it may be.
    gamma1, gamma2 : float
    theta, lam : arrays (*batch, m), (*batch, l), optional
        Where to begin; y and z without.
    tol : float
        A step that is shorter than this, relative to 1 + ‖(θ, λ)‖, ends the search.
    steps : int
        At most.

    Returns
    -------
    theta, lam : arrays (*batch, m), (*batch, l)

    Raises
    ------
    ValueError
        If it isn't found: eta is too long, or the steps too few.
    """
    for name, number in (("eta", eta), ("gamma1", gamma1), ("gamma2", gamma2), ("tol", tol)):
        _check_positive(name, number)
    require(whole(steps, 1), "steps", steps, "a whole number, 1 or more")
    theta, lam = y if theta is None else theta, z if lam is None else lam
    moved = np.inf
    for _ in range(steps):
        before = theta, lam
        d_theta = problem.lower.grad_y(x, theta) + problem.coupling.pull_y(x, theta, lam) + (theta - y) / gamma1
        d_lam = -problem.coupling(x, theta) + (lam - z) / gamma2
        theta, lam = problem.project_y(theta - eta * d_theta), problem.clip(lam - eta * d_lam)
        size = 1 + np.sqrt((theta**2).sum(-1) + (lam**2).sum(-1))
        moved = np.max(np.sqrt(((theta - before[0]) ** 2).sum(-1) + ((lam - before[1]) ** 2).sum(-1)) / size)
        if not tol * eta < moved < LOST:
            break
    allowed = "short enough for (θ, λ) to settle within the steps: reduce it or normalise g"
    require(moved <= tol * eta, "eta", eta, allowed)
    return theta, lam


def saddle_eigenvalues(eta: Number, h: Number, b: Number, gamma1: Number, gamma2: Number) -> Array:
    """Eigenvalues of the saddle step for one θ of curvature h and a constraint row of norm b: (*batch, 2), complex.

    Of I − η[[A, b], [−b, D]] with A = h + 1/γ₁ and D = 1/γ₂.
    """
    A, D = np.asarray(h) + 1 / np.asarray(gamma1), 1 / np.asarray(gamma2)
    root = np.sqrt(((A - D) / 2) ** 2 - np.asarray(b) ** 2 + 0j)
    return np.stack(np.broadcast_arrays(*(1 - np.asarray(eta) * ((A + D) / 2 + s * root) for s in (1, -1))), -1)


def saddle_limit(h: Number, b: Number, gamma1: Number, gamma2: Number) -> Array:
    """The η below which the saddle step contracts: (A + D)/(AD + b²), half of it best, if it turns; 2/μ_max if not."""
    for name, number in (("gamma1", gamma1), ("gamma2", gamma2)):
        _check_positive(name, number)
    A, D, b = np.asarray(h) + 1 / np.asarray(gamma1), 1 / np.asarray(gamma2), np.asarray(b)
    largest = (A + D) / 2 + np.sqrt(np.maximum(((A - D) / 2) ** 2 - b**2, 0))
    return np.where(abs(A - D) < 2 * b, (A + D) / (A * D + b**2), 2 / largest)


def residual(
    problem: Coupled, state: Iterate, k: int, *, c0: float = 1.0, p: float = 0.3, gamma1: float = 1.0,
    gamma2: float = 1.0, eta: float = 0.1,
) -> Array:  # fmt: skip
    """‖w − Π_{C×Z}(w − G)‖ with G = (∇F, 0) + c_k((∇f, 0) − ∇v) at w = (x, y, z), ∇v at the exact saddle: (*batch).

    Where C is an affine space and z inside of Z this is R_k itself, the distance of 0 to G + N_{C×Z}(w); elsewhere it
    vanishes where R_k does, and takes its place.
    """
    require(whole(k), "k", k, "a whole number, 0 or more")
    x, y, z = state.x, state.y, state.z
    theta, lam = saddle(problem, x, y, z, eta=eta, gamma1=gamma1, gamma2=gamma2, theta=state.theta, lam=state.lam)
    by_x, by_y, by_z = value_grad(problem, x, y, z, theta, lam, gamma1, gamma2)
    c = penalty(k, c0, p)
    G_x = problem.upper.grad_x(x, y) + c * (problem.lower.grad_x(x, y) - by_x)
    G_y = problem.upper.grad_y(x, y) + c * (problem.lower.grad_y(x, y) - by_y)
    moved = (*problem.project(x - G_x, y - G_y), problem.clip(z + c * by_z))
    return np.sqrt(sum(((one - other) ** 2).sum(-1) for one, other in zip((x, y, z), moved, strict=True)))


# Methods with second derivatives


class Dual(NamedTuple):
    """A state of E-AiPOD."""

    x: Array  # (*batch, n)
    y: Array  # (*batch, m)
    r: Array  # (*batch, m) the dual variable, which makes up for skipped projections


class NullSpace:
    """What E-AiPOD computes once for A y + H x = b: A†, A†H and V, an orthonormal basis of the null space of A."""

    def __init__(self, coupling: Affine):
        A = coupling.A
        require(A.ndim == 2, "the shape of A", A.shape, "(l, m), one for all replicates")
        self.coupling = coupling
        self.pinv = np.linalg.pinv(A)
        self.pull = self.pinv @ coupling.H
        _, s, Vt = np.linalg.svd(A)
        rank = int((s > s.max(initial=0.0) * 1e-12).sum())
        self.V = Vt[rank:].T

    def project(self, x: Array, y: Array) -> Array:
        """Project y onto {A y = b − H x}."""
        return y - np.matvec(self.pinv, self.coupling(x, y))


def null_space_hypergrad(problem: Coupled, x: Array, y: Array) -> Array:
    """∇_x F − (J − G A†H)ᵀw − (A†H)ᵀ∇_y F, w = V(VᵀG V)†Vᵀ∇_y F: (*batch, n); exact where y = y*(x).

    G = ∇²_yy f, J = ∇²_yx f; the last term is the part of y = Vζ + A†(b − H x) that the constraint moves.

    Raises
    ------
    ValueError
        If the coupling is not affine.
    """
    space = NullSpace(_affine(problem))
    return _null_space_gradient(problem, space, x, y, _null_space_solve(problem, space, x, y))


def _null_space_solve(problem: Coupled, space: NullSpace, x: Array, y: Array) -> Array:
    """(J − G A†H)ᵀw with w = V(VᵀG V)†Vᵀ∇_y F."""
    G = problem.lower_hess(x, y)
    inner = np.linalg.pinv(space.V.T @ G @ space.V, rcond=1e-10, hermitian=True)
    w = np.matvec(space.V, np.matvec(inner, np.matvec(space.V.T, problem.upper.grad_y(x, y))))
    return problem.lower.hvp_xy(x, y, w) - np.matvec(space.pull.T, np.matvec(G, w))


def _null_space_gradient(problem: Coupled, space: NullSpace, x: Array, y: Array, frozen: Array) -> Array:
    return problem.upper.grad_x(x, y) - frozen - np.matvec(space.pull.T, problem.upper.grad_y(x, y))


@algorithm
def e_aipod(
    problem: Coupled,
    x0: Array,
    y0: Array,
    *,
    lr: float = 0.1,
    hlr: float = 0.02,
    S: int = 5,
    T: int = 2,
    prob: float = 1.0,
    rng: np.random.Generator,
) -> Iterator[Dual]:
    """E-AiPOD for A y + H x = b: S proximal-skip steps on y, then T steps on x with frozen second derivatives.

    Yields the states of the outer steps without end. With prob = 1 every inner step is projected, as in AiPOD.

    Parameters
    ----------
    problem : Coupled
        With an `Affine` coupling, one for all replicates.
    x0, y0 : arrays (*batch, n), (*batch, m)
        Where to start; projected jointly first.
    lr, hlr : float
        Steps of y and of x.
    S, T : int
        Inner and upper steps in an outer one.
    prob : float
        Probability of projecting after an inner step, in (0, 1].
    rng : numpy.random.Generator
        Of the coins.
    """
    _check_positive("lr", lr)
    _check_positive("hlr", hlr)
    require(whole(S, 1), "S", S, "a whole number, 1 or more")
    require(whole(T, 1), "T", T, "a whole number, 1 or more")
    require(0 < np.asarray(_numbers("prob", prob)) <= 1, "prob", prob, "in (0, 1]")
    space = NullSpace(_affine(problem))
    x, y = _start(problem, x0, y0, ())
    r = np.zeros_like(y)
    yield Dual(x, y, r)
    while True:
        for _ in range(S):
            ahead = y - lr * (problem.lower.grad_y(x, y) - r)
            heads = rng.random((*y.shape[:-1], 1)) < prob
            y = np.where(heads, space.project(x, ahead - lr / prob * r), ahead)
            r = r + prob / lr * (y - ahead)  # 0 where the projection was skipped
        frozen = _null_space_solve(problem, space, x, y)
        for _ in range(T):
            x = problem.project_x(x - hlr * _null_space_gradient(problem, space, x, y, frozen))
        yield Dual(x, y, r)


class Outer(NamedTuple):
    """A state of GAM."""

    x: Array  # (*batch, n)
    y: Array  # (*batch, m) the lower solution


def kkt_hypergrad(problem: Coupled, x: Array, y: Array, lam: Array, *, equations: bool = False) -> Array:
    """Gradient of F(x, y*(x)) through the KKT system of the active constraints: (*batch, n).

    Parameters
    ----------
    problem : Coupled
        With an `Affine` coupling.
    x : array (*batch, n)
    y, lam : arrays (*batch, m), (*batch, l)
        The lower solution and its multiplier.
    equations : bool
        Whether g = 0 rather than g ≤ 0: then all rows are active, otherwise those with a multiplier above 10⁻⁵.

    Raises
    ------
    ValueError
        If the coupling is not affine, or the system is singular.
    """
    A, H = _affine(problem).A, _affine(problem).H
    active = np.ones_like(lam) if equations else (lam > ACTIVE).astype(float)
    G = problem.lower_hess(x, y)
    rows = active[..., None] * A  # an inactive row says that its multiplier doesn't move
    idle = (1 - active)[..., None] * np.eye(problem.rows)
    batch = G.shape[:-2]
    top = np.concatenate([G, np.broadcast_to(rows.mT, (*batch, problem.m, problem.rows))], -1)
    bottom = np.concatenate([np.broadcast_to(rows, (*batch, problem.rows, problem.m)), idle], -1)
    right = np.concatenate([problem.upper.grad_y(x, y), np.zeros_like(lam)], -1)
    K = np.concatenate([top, bottom], -2)
    s = np.linalg.svd(K, compute_uv=False)
    require(s[..., -1] > 1e-12 * s[..., 0], "the KKT system", "one that is singular", "regular")
    solved = np.linalg.solve(K, right[..., None])[..., 0]  # K is symmetric: one solve instead of n
    w, nu = solved[..., : problem.m], solved[..., problem.m :]
    return problem.upper.grad_x(x, y) - problem.lower.hvp_xy(x, y, w) - np.matvec(H.mT, active * nu)


@algorithm
def gam(
    problem: Coupled, x0: Array, *, step: Number = 0.01, radius: float = 0.0, samples: int = 1,
    rng: np.random.Generator,
) -> Iterator[Outer]:  # fmt: skip
    """GAM: descend along implicit gradients at the exact lower solution, averaged over a ball around x.

    Where a constraint becomes active F(x, y*(x)) has a kink; the average over a small ball sees both sides.

    Parameters
    ----------
    problem : Coupled
        Knows `solution` and `multiplier`; inequalities.
    x0 : array (*batch, n)
    step : float or array (*batch)
    radius : float
        Of the ball, 0 or more; 0 asks at x alone.
    samples : int
        Points in the ball.
    rng : numpy.random.Generator
        Of these points.
    """
    _check_positive("step", step)
    require(np.asarray(_numbers("radius", radius)) >= 0, "radius", radius, "0 or more")
    require(whole(samples, 1), "samples", samples, "a whole number, 1 or more")
    require(problem.multiplier is not None, "problem", problem, "one that knows its lower solution and multiplier")
    assert problem.multiplier is not None
    x, size = replicates(_numbers("x0", x0), step)
    require(np.isfinite(x), "x0", x, "finite")
    x = problem.project_x(x)
    yield Outer(x, problem.y_star(x))
    while True:
        total = np.zeros_like(x)
        for _ in range(samples):
            direction = rng.normal(size=x.shape)
            direction = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
            near = problem.project_x(x + radius * rng.random((*x.shape[:-1], 1)) ** (1 / problem.n) * direction)
            total += kkt_hypergrad(problem, near, problem.y_star(near), problem.multiplier(near))
        x = problem.project_x(x - size * total / samples)
        yield Outer(x, problem.y_star(x))


# What is refused


def _numbers(name: str, value: Any) -> Array:
    """The value as an array of floats."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        array = np.array([])
    require(value is not None and array.size > 0 and np.asarray(value).dtype.kind in "iuf", name, value, "numbers")
    return array


def _check_positive(name: str, value: Any) -> None:
    number = _numbers(name, value)
    require((number > 0) & np.isfinite(number), name, value, "positive and finite")


def _whole(name: str, value: Any, like: Array) -> Array:
    """A start of its own, brought to the shape of `like`."""
    array = _numbers(name, value)
    fits = array.shape[-1:] == like.shape[-1:] and np.isfinite(array).all()
    require(fits, name, value, f"finite, (*batch, {like.shape[-1]})")
    return np.broadcast_to(array, like.shape).copy()


def _start(problem: Coupled, x0: Any, y0: Any, batch: tuple[int, ...]) -> tuple[Array, Array]:
    """The start in C, of the common batch, once the projection is known to be one."""
    x, y = _numbers("x0", x0), _numbers("y0", y0)
    for name, start, size in (("x0", x, problem.n), ("y0", y, problem.m)):
        require(np.isfinite(start), name, start, "finite")
        require(start.shape[-1:] == (size,), f"the shape of {name}", start.shape, f"(*batch, {size})")
    batch = np.broadcast_shapes(x.shape[:-1], y.shape[:-1], batch)
    x, y = (np.broadcast_to(start, (*batch, start.shape[-1])).copy() for start in (x, y))
    x, y = problem.project(x, y)
    for name, once, twice in zip(("x", "y"), (x, y), problem.project(x, y), strict=True):
        same = np.allclose(once, twice, rtol=1e-8, atol=1e-8)
        require(same, f"the joint projection of {name}", twice, f"the same when it is repeated, {once}")
    return x, y


def _multiplier(problem: Coupled, name: str, start: Any, x: Array) -> Array:
    """A multiplier (*batch, l) in Z."""
    zero = np.zeros((*x.shape[:-1], problem.rows))
    if start is None:
        return problem.clip(zero)
    lam = _whole(name, start, zero)
    require((lam >= problem.low) & (lam <= problem.high), name, start, f"in Z = [{problem.low}, {problem.high}]^l")
    return lam


def _check_coupling(problem: Coupled, x: Array, y: Array, lam: Array) -> None:
    """Refuse a coupling whose values or products with its Jacobians have other shapes than the problem says."""
    g = problem.coupling
    for name, ask, size in (
        ("g", lambda: g(x, y), problem.rows),
        ("the product with the (l, n) Jacobian of g by x", lambda: g.pull_x(x, y, lam), problem.n),
        ("the product with the (l, m) Jacobian of g by y", lambda: g.pull_y(x, y, lam), problem.m),
    ):
        try:
            shape: Any = np.shape(ask())
        except ValueError:
            shape = "one for other points"
        require(shape == (*x.shape[:-1], size), f"the shape of {name}", shape, f"{(*x.shape[:-1], size)}")


def _check_finite(k: int, direction: AnyArray, point: AnyArray) -> None:
    """Refuse a direction that is not finite, unless its point has long diverged."""
    if not np.isfinite(direction).all():
        known = np.isfinite(direction) | ~(abs(point) < LOST).all(-1, keepdims=True)
        require(known, f"the direction of step {k}", direction, "finite: normalise g or reduce eta")


def _affine(problem: Coupled) -> Affine:
    coupling = getattr(problem.coupling, "problem", problem.coupling)  # one that counts
    require(isinstance(coupling, Affine), "the coupling", coupling, "Affine")
    assert isinstance(coupling, Affine)
    return coupling
