"""Penalty methods for bilevel problems, beside F2SA, SOBA and implicit differentiation.

    min over x ∈ X of ψ(x) = min {f(x, y): y ∈ S(x)},   S(x) = argmin over y ∈ Y of g(x, y)

With h_σ = σf + g, y ∈ T(x, σ) = argmin h_σ and z ∈ S(x), the penalty function ψ_σ = f(x, y) + (g(x, y) − g(x, z))/σ
has the gradient ∇ₓf(x, y) + (∇ₓg(x, y) − ∇ₓg(x, z))/σ: no second derivative. Two followers u and w chase y and z by
gradient steps on the proximally smoothed h_σ and g.

    the paper                                                here
    ψ_σ, ∇ψ_σ and T(x, σ), exactly                           Penalised.penalty, .penalty_grad, .T (problems)
    Algorithm 1, double loop with large batches              double_loop
    Algorithm 2, single loop with recursive momentum         single_loop, storm
    ε-stationarity ‖(x − Π_X(x − α∇ψ_σ))/α‖                  stationarity
    ∇ψ by the pseudo-inverse of ∇²ᵧᵧg; with active bounds    problem.hypergrad(pinv=True); active_hypergrad
    F2SA: λ = 1/σ grows, no proximal term, unconstrained     f2sa
    SOBA: three steps at once, second-derivative products    optilab.classics.soba
    implicit differentiation at the exact lower solution     implicit

Source: J. Kwon, D. Kwon, S. Wright, R. Nowak, "On Penalty Methods for Nonconvex Bilevel Optimization and First-Order
Stochastic Approximation", ICLR 2024 (arXiv 2309.01753); the order of the averaging of y and z and all practical values
are ours. F2SA: the same, "A Fully First-Order Method for Stochastic Bilevel Optimization", ICML 2023
(arXiv 2301.10945). SOBA: M. Dagréou, P. Ablin, S. Vaiter, T. Moreau, NeurIPS 2022.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import AnyArray, AnyNumber, numbers, require, whole
from optilab.core.run import algorithm
from optilab.problems.bilevel import Bilevel
from optilab.problems.oracles import Number

Array = np.ndarray
Schedule = float | np.ndarray | Callable[[int], Any]  # a number or (*batch), or a function of k that gives one
Count = int | Callable[[int], int]
LOST = 1e6  # a point this far out has diverged: what is asked there is no longer an error
ACTIVE = 1e-9  # y this near to the end of its interval is there


class Followers(NamedTuple):
    """A state of Algorithm 1."""

    x: Array  # (*batch, n)
    y: Array  # (*batch, m) the centre of u's proximal term
    z: Array  # (*batch, m) the centre of w's
    u: Array  # (*batch, m) follows T(x, σ)
    w: Array  # (*batch, m) follows S(x)


@algorithm
def double_loop(
    problem: Bilevel,
    x0: Array,
    y0: Array,
    z0: Array | None = None,
    *,
    sigma: Schedule,
    alpha: Schedule | None = None,
    gamma: Schedule = 0.4,
    rho: AnyNumber = 1.0,
    beta: Schedule = 1.0,
    T: Count = 3,
    M: Count = 1,
    rng: np.random.Generator | None = None,
) -> Iterator[Followers]:
    """Algorithm 1: T proximal steps of both followers, then one step of x along a mean of M samples.

    Yields the states k = 0, 1, … without end. A step costs 3T + 3M sampled gradients, 3T + 3 exact ones. As u = y and
    w = z at the first inner step, ρ has no effect if T = 1.

    Parameters
    ----------
    problem : Bilevel
        With sampled gradients if `rng` is given.
    x0, y0, z0 : arrays (*batch, n), (*batch, m), (*batch, m)
        A feasible start; z0 = y0 without.
    sigma : float, array (*batch) or function of k
        The penalty is 1/σ.
    alpha : float, array (*batch) or function of k, optional
        Step of x; 0.3σ without.
    gamma, beta : float, array (*batch) or function of k
        Step of the followers, at most 1/(L + 1/ρ) in theory; averaging of the centres, in (0, 1].
    rho : float or array (*batch)
        Proximal parameter, below 1/L for a lower level that isn't convex; infinity leaves the term out.
    T, M : int or function of k
        Inner steps, and samples of the direction of x.
    rng : numpy.random.Generator, optional
        Of the samples; without one all gradients are exact.

    Raises
    ------
    ValueError
        If a parameter or the start is not allowed, or a direction is not finite (says the step).
    """
    sigma_k, gamma_k, beta_k = _positive("sigma", sigma), _positive("gamma", gamma), _share("beta", beta)
    alpha_k = _positive("alpha", alpha) if alpha is not None else lambda k: 0.3 * sigma_k(k)
    pull = 1 / _rho(rho)
    T_k, M_k = _count("T", T), _count("M", M)
    x, y, z = _start(problem, x0, y0, z0, sigma_k(0), alpha_k(0), gamma_k(0), beta_k(0), pull)
    f, g = problem.upper, problem.lower
    draw = _draws(problem, rng, x.shape[:-1])
    yield Followers(x, y, z, y, z)
    k = 0
    while True:
        sigma, alpha, gamma, beta = sigma_k(k), alpha_k(k), gamma_k(k), beta_k(k)
        u, w = y, z
        for _ in range(T_k(k)):  # towards the proximal points of h_σ and of g
            tok_f, tok_g, tok_2 = draw(f), draw(g), draw(g)
            d_u = sigma * grad_y(f, x, u, tok_f) + grad_y(g, x, u, tok_g) + pull * (u - y)
            d_w = grad_y(g, x, w, tok_2) + pull * (w - z)
            _check_finite(k, d_u, x, u)
            _check_finite(k, d_w, x, w)
            u, w = problem.project_y(u - gamma * d_u), problem.project_y(w - gamma * d_w)
        y, z = (1 - beta) * y + beta * u, (1 - beta) * z + beta * w
        tok_f, tok_g = draw(f, M_k(k)), draw(g, M_k(k))  # one sample for all three: noise that doesn't see y cancels
        d = grad_x(f, x, u, tok_f) + (grad_x(g, x, u, tok_g) - grad_x(g, x, w, tok_g)) / sigma
        _check_finite(k, d, x, u, w)
        x = problem.project_x(x - alpha * d)
        k += 1
        yield Followers(x, y, z, u, w)


class Momentum(NamedTuple):
    """A state of Algorithm 2: `Followers`, and the estimates of the gradients that led to it, 0 at the start."""

    x: Array
    y: Array
    z: Array
    u: Array
    w: Array
    fu: Array  # (*batch, m) of ∇_y f at u
    gu: Array  # (*batch, m) of ∇_y g at u
    gw: Array  # (*batch, m) of ∇_y g at w
    fx: Array  # (*batch, n) of ∇ₓf at u
    gxu: Array  # (*batch, n) of ∇ₓg at u
    gxw: Array  # (*batch, n) of ∇ₓg at w


def storm(estimate: Array, new: Array, old: Array, eta: Number) -> Array:
    """Recursive momentum: the new sampled gradient + (1 − η)(the old estimate − the same sample at the old point)."""
    return new + (1 - np.asarray(eta)) * (estimate - old)


@algorithm
def single_loop(
    problem: Bilevel,
    x0: Array,
    y0: Array,
    z0: Array | None = None,
    *,
    sigma: Schedule,
    alpha: Schedule | None = None,
    gamma: Schedule = 0.1,
    rho: AnyNumber = 1.0,
    beta: Schedule = 1.0,
    eta: Schedule = 0.005,
    rng: np.random.Generator | None = None,
) -> Iterator[Momentum]:
    """Algorithm 2: one step of the followers and one of x, each gradient a recursive estimate of six.

    Yields the states k = 0, 1, … without end. A step costs 12 sampled gradients, the first one 6. The followers go on
    from where they are, and don't return to y and z.

    Parameters
    ----------
    problem, x0, y0, z0, sigma, gamma, rho, beta, rng
        As in `double_loop`.
    alpha : float, array (*batch) or function of k, optional
        Step of x; 0.1σ without.
    eta : float, array (*batch) or function of k
        Momentum in (0, 1]: 1 forgets all but the last sample. Exact gradients make every η the same.

    Raises
    ------
    ValueError
        If a parameter or the start is not allowed, a sample can't be asked at two points, or a direction is not finite.
    """
    sigma_k, gamma_k, beta_k = _positive("sigma", sigma), _positive("gamma", gamma), _share("beta", beta)
    alpha_k = _positive("alpha", alpha) if alpha is not None else lambda k: 0.1 * sigma_k(k)
    pull, eta_k = 1 / _rho(rho), _share("eta", eta)
    x, y, z = _start(problem, x0, y0, z0, sigma_k(0), alpha_k(0), gamma_k(0), beta_k(0), eta_k(0), pull)
    f, g = problem.upper, problem.lower
    draw = _draws(problem, rng, x.shape[:-1], "Algorithm 2 needs the same sample at two points")
    u, w = y, z
    fu = gu = gw = np.zeros_like(y)
    fx = gxu = gxw = np.zeros_like(x)
    x_, u_, w_ = x, u, w  # before the last step
    yield Momentum(x, y, z, u, w, fu, gu, gw, fx, gxu, gxw)
    k = 0
    while True:
        sigma, alpha, gamma, beta, eta = sigma_k(k), alpha_k(k), gamma_k(k), beta_k(k), eta_k(k)

        def renew(estimate: Array, gradient: Any, level: Any, tok: Any, new: Any, old: Any) -> Array:
            G = gradient(level, *new, tok)
            return G if k == 0 else storm(estimate, G, gradient(level, *old, tok), eta)  # noqa: B023 (of this step)

        tok_f, tok_g, tok_2 = draw(f), draw(g), draw(g)
        fu = renew(fu, grad_y, f, tok_f, (x, u), (x_, u_))
        gu = renew(gu, grad_y, g, tok_g, (x, u), (x_, u_))
        gw = renew(gw, grad_y, g, tok_2, (x, w), (x_, w_))
        d_u, d_w = sigma * fu + gu + pull * (u - y), gw + pull * (w - z)
        _check_finite(k, d_u, x, u)
        _check_finite(k, d_w, x, w)
        u_, w_, u, w = u, w, problem.project_y(u - gamma * d_u), problem.project_y(w - gamma * d_w)
        y, z = (1 - beta) * y + beta * u, (1 - beta) * z + beta * w
        tok_f, tok_g = draw(f), draw(g)
        fx = renew(fx, grad_x, f, tok_f, (x, u), (x_, u_))
        gxu = renew(gxu, grad_x, g, tok_g, (x, u), (x_, u_))
        gxw = renew(gxw, grad_x, g, tok_g, (x, w), (x_, w_))
        d = fx + (gxu - gxw) / sigma
        _check_finite(k, d, x, u, w)
        x_, x = x, problem.project_x(x - alpha * d)
        k += 1
        yield Momentum(x, y, z, u, w, fu, gu, gw, fx, gxu, gxw)


def stationarity(problem: Bilevel, x: Array, gradient: Array, alpha: Number) -> Array:
    """‖(x − Π_X(x − α∇ψ_σ))/α‖ for a step α, which is ‖∇ψ_σ‖ where X is all of space: (*batch)."""
    step = _positive("alpha", alpha)(0)
    return np.linalg.norm((x - problem.project_x(x - step * gradient)) / step, axis=-1)


def active_hypergrad(problem: Bilevel, x: Array, y: Array, low: AnyNumber, high: AnyNumber) -> Array:
    """∇ₓf − [0 ∇²ₓᵧg] [[0, E], [Eᵀ, ∇²ᵧᵧg]]† [0; ∇ᵧf] for Y = [low, high]ᵐ, E the rows of the active bounds.

    Parameters
    ----------
    problem : Bilevel
    x, y : arrays (*batch, n), (*batch, m)
        Where, and the limit T(x, 0⁺) there: another lower solution has another value in general.
    low, high : float or array (m,)
        The box; an infinite end is none.

    Returns
    -------
    array (*batch, n)

    Raises
    ------
    ValueError
        If y is not in the box.
    """
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    require((y >= low - ACTIVE) & (y <= high + ACTIVE), "y", y, f"in the box from {low} to {high}")
    active = ((y <= low + ACTIVE) | (y >= high - ACTIVE)).astype(float)
    H = problem.lower_hess(x, y)
    rows, idle = (one[..., None] * np.eye(problem.m) for one in (active, 1 - active))  # an idle multiplier is 0
    H, rows, idle = np.broadcast_arrays(H, rows, idle)
    K = np.concatenate([np.concatenate([idle, rows], -1), np.concatenate([rows.mT, H], -1)], -2)
    right = problem.upper.grad_y(x, y)
    right = np.concatenate([np.zeros_like(right), right], -1)
    v = np.matvec(np.linalg.pinv(K, rcond=1e-10, hermitian=True), right)[..., problem.m :]
    return problem.upper.grad_x(x, y) - problem.lower.hvp_xy(x, y, v)


# Baselines


class Lagrangian(NamedTuple):
    """A state of F2SA."""

    x: Array  # (*batch, n)
    y: Array  # (*batch, m)
    z: Array  # (*batch, m)
    lam: Array  # (*batch) the multiplier, 1/σ


def falling(first: float, power: float) -> Callable[[int], float]:
    """The schedule k ↦ first·(k + 1)^power."""
    return lambda k: first * (k + 1.0) ** power


@algorithm
def f2sa(
    problem: Bilevel,
    x0: Array,
    y0: Array,
    z0: Array | None = None,
    *,
    alpha: Schedule,
    gamma: Schedule,
    xi: Number = 1.0,
    lam0: Number = 1.0,
    delta: Schedule = 0.0,
    T: Count = 1,
    rng: np.random.Generator | None = None,
) -> Iterator[Lagrangian]:
    """F2SA on f + λ(g − min g) with a growing λ: T steps of z and y, one of x, then λ ← λ + δ_k; no projections.

    Parameters
    ----------
    problem : Bilevel
        Unconstrained, g strongly convex in y in theory; with sampled gradients if `rng` is given.
    x0, y0, z0 : arrays (*batch, n), (*batch, m), (*batch, m)
        z0 = y0 without.
    alpha, gamma : float, array (*batch) or function of k
        Steps of y and of z; α_k λ_k must stay below about 1/L.
    xi : float or array (*batch)
        The step of x is ξα_k.
    lam0 : float or array (*batch)
        The first λ.
    delta : float, array (*batch) or function of k
        What is added to λ, 0 or more.
    T : int or function of k
        Inner steps.
    rng : numpy.random.Generator, optional
        Of the samples; without one all gradients are exact.
    """
    alpha_k, gamma_k, xi_0 = _positive("alpha", alpha), _positive("gamma", gamma), _positive("xi", xi)(0)
    delta_k = _schedule("delta", delta, lambda value: (value >= 0) & (value < np.inf), "0 or more and finite")
    lam, T_k = _positive("lam0", lam0)(0), _count("T", T)
    x, y, z = _start(problem, x0, y0, z0, alpha_k(0), gamma_k(0), delta_k(0), xi_0, lam)
    f, g = problem.upper, problem.lower
    draw = _draws(problem, rng, x.shape[:-1])
    lam = np.broadcast_to(lam, (*x.shape[:-1], 1)).copy()
    yield Lagrangian(x, y, z, lam[..., 0])
    k = 0
    while True:
        for _ in range(T_k(k)):
            tok_f, tok_g, tok_2 = draw(f), draw(g), draw(g)
            z = z - gamma_k(k) * grad_y(g, x, z, tok_2)
            y = y - alpha_k(k) * (grad_y(f, x, y, tok_f) + lam * grad_y(g, x, y, tok_g))
        tok_f, tok_g = draw(f), draw(g)
        d = grad_x(f, x, y, tok_f) + lam * (grad_x(g, x, y, tok_g) - grad_x(g, x, z, tok_g))
        _check_finite(k, d, x, y, z)
        x = x - xi_0 * alpha_k(k) * d
        lam = lam + delta_k(k)
        k += 1
        yield Lagrangian(x, y, z, lam[..., 0])


class Exact(NamedTuple):
    """A state of descent along implicit gradients."""

    x: Array  # (*batch, n)
    y: Array  # (*batch, m) the lower solution


@algorithm
def implicit(problem: Bilevel, x0: Array, *, alpha: Schedule = 0.1, pinv: bool = False) -> Iterator[Exact]:
    """Descend along ∇ₓf − ∇²ₓᵧg [∇²ᵧᵧg]⁻¹∇ᵧf at the exact lower solution: the reference.

    Parameters
    ----------
    problem : Bilevel
        Knows its lower solution.
    x0 : array (*batch, n)
    alpha : float, array (*batch) or function of k
    pinv : bool
        Whether to take the pseudo-inverse; without it a singular lower Hessian is refused.
    """
    alpha_k = _positive("alpha", alpha)
    x, *_ = _start(problem, x0, np.zeros(problem.m), None, alpha_k(0), free=True)
    y, k = problem.y_star(x), 0
    problem.hypergrad(x, y, pinv=pinv)  # a singular Hessian is refused at the call
    yield Exact(x, y)
    while True:
        d = problem.hypergrad(x, y, pinv=pinv)
        _check_finite(k, d, x)
        x = problem.project_x(x - alpha_k(k) * d)
        y, k = problem.y_star(x), k + 1
        yield Exact(x, y)


# Samples


def grad_x(level: Any, x: Array, y: Array, tok: Any) -> Array:
    """∇ₓ of a level, of a sample unless that is None: (*batch, n)."""
    return level.grad_x(x, y) if tok is None else level.sample_grad_x(x, y, tok)


def grad_y(level: Any, x: Array, y: Array, tok: Any) -> Array:
    """∇ᵧ of a level, of a sample unless that is None: (*batch, m)."""
    return level.grad_y(x, y) if tok is None else level.sample_grad_y(x, y, tok)


def _draws(problem: Bilevel, rng: Any, batch: tuple[int, ...], why: str = "") -> Callable[..., Any]:
    """A function (level, m = 1) → m samples for each replicate, None where there is no generator."""
    if rng is None:
        return lambda level, m=1: None
    for level in (problem.upper, problem.lower):
        able = all(hasattr(level, name) for name in ("sample", "sample_grad_x", "sample_grad_y"))
        allowed = "one whose gradients can be sampled" + (f" as values: {why}" if why else "")
        require(able, "each level", level, allowed)
    return lambda level, m=1: level.sample(rng, (*batch, m))


# What is refused


def _schedule(name: str, given: Any, fits: Callable[[Array], Any], allowed: str) -> Callable[[int], Array]:
    """The parameter as a function of k, with a last axis of 1 to multiply points; each value is checked as it comes."""

    def lifted(value: Any) -> Array:
        array = numbers(name, value)
        require(fits(array), name, value, allowed)
        return array[..., None]

    if callable(given):
        return lambda k: lifted(given(k))
    value = lifted(given)
    return lambda k: value


def _positive(name: str, given: Any) -> Callable[[int], Array]:
    limit = " (the limit sigma → 0 is the bilevel problem itself)" if name == "sigma" else " and finite"
    return _schedule(name, given, lambda value: (value > 0) & (value < np.inf), f"> 0{limit}")


def _share(name: str, given: Any) -> Callable[[int], Array]:
    return _schedule(name, given, lambda value: (value > 0) & (value <= 1), "in (0, 1]")


def _rho(rho: AnyNumber) -> Array:
    return _schedule("rho", rho, lambda value: value > 0, "> 0, infinity included")(0)


def _count(name: str, given: Any) -> Callable[[int], int]:
    def checked(value: Any) -> int:
        require(whole(value, 1), name, value, "a whole number, 1 or more")
        return int(value)

    if callable(given):
        return lambda k: checked(given(k))
    value = checked(given)
    return lambda k: value


def _start(
    problem: Bilevel, x0: Any, y0: Any, z0: Any, *parameters: Array, free: bool = False
) -> tuple[Array, Array, Array]:
    """The start, feasible unless it is to be `free`, brought to the common batch with the parameters (*batch, 1)."""
    coupling = getattr(problem, "coupling", None)
    require(coupling is None, "the coupling", coupling, "None: where Y depends on x, use LV-HBA")
    points = []
    for name, start, size, project in (
        ("x0", x0, problem.n, problem.project_x),
        ("y0", y0, problem.m, problem.project_y),
        ("z0", y0 if z0 is None else z0, problem.m, problem.project_y),
    ):
        point = numbers(name, start)
        require(np.isfinite(point), name, start, "finite")
        require(point.shape[-1:] == (size,), f"the shape of {name}", point.shape, f"(*batch, {size})")
        if not free:
            require(np.allclose(project(point), point), name, start, "feasible: project it first")
        points.append(point)
    batch = np.broadcast_shapes(*(one.shape[:-1] for one in (*points, *parameters)))
    x, y, z = (np.broadcast_to(point, (*batch, point.shape[-1])).copy() for point in points)
    return x, y, z


def _check_finite(k: int, direction: AnyArray, *points: AnyArray) -> None:
    """Refuse a direction that is not finite, unless a point that it was asked at has long diverged."""
    if not np.isfinite(direction).all():
        near = np.logical_and.reduce([(abs(point) < LOST).all(-1, keepdims=True) for point in points])
        require(np.isfinite(direction) | ~near, f"the direction of step {k}", direction, "finite")
