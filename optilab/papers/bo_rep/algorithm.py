"""BO-REP for bilevel problems of unbounded smoothness, beside eight methods that don't normalise.

    min over x of Φ(x) = f(x, y*(x)),   y*(x) = argmin over y of g(x, y),   g(x, ·) strongly convex
    ∇Φ = ∇ₓf − ∇²ₓᵧg z*,   z* = [∇²ᵧᵧg]⁻¹∇ᵧf   at y*(x)

    the paper                                                here
    BO-REP: normalised momentum, periodic updates of y       bo_rep
    initialisation refinement: Epoch-SGD, shrinking balls    epoch_sgd, Refinement
    averaged projected SGD on a ball, the inside of both     ball_sgd, project_ball
    oracle calls of k iterations, of the refinement          calls, Refinement.calls
    (K₀, K₁)-smoothness of Φ                                 smoothness
    descent of a normalised step, drift, tracking error      descent, drift, contraction, tracking
    MA-SOBA, SABA                                            ma_soba, saba
    StocBiO, TTSA, SUSTAIN, VRBO                             stocbio, ttsa, sustain, vrbo
    their hypergradient, by terms of the Neumann series      Series.neumann; in ttsa itself, one random term
    SOBA and clipped SOBA                                    optilab.classics.soba

Each of the five oracles F_x, F_y, G_y, hvp and jvp draws a fresh sample at every call and counts as one call.

Source: J. Hao, X. Gong, M. Liu, "Bilevel Optimization under Unbounded Smoothness: A New Algorithm and Convergence
Analysis", ICLR 2024 (arXiv 2401.09587). The order of the updates of z and m, and all practical values, are ours: the
authors' code differs between its tasks, and has neither ball nor average nor refinement.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.classics.soba import Oracles, Soba, begin
from optilab.core.check import AnyNumber, numbers, require, whole
from optilab.core.numerics import unit
from optilab.core.run import Trace, algorithm
from optilab.problems.bilevel import Bilevel
from optilab.problems.oracles import Number

Array = np.ndarray
LIMIT = 1e6  # a replicate with ‖x‖ beyond it has diverged
OVERFLOW = "overflow: the iterate left the region where the upper function is representable"


class Refinement(NamedTuple):
    """Epoch-SGD before the first iteration: step γ₁ (halved), length T₁ (doubled), radius D₁ (over √2), E epochs."""

    gamma1: float = 0.4
    T1: int = 20
    D1: float = 30.0
    E: int = 4

    @property
    def calls(self) -> int:
        """T₁(2ᴱ − 1) lower gradients."""
        return self.T1 * (2**self.E - 1)


class State(NamedTuple):
    """A state of BO-REP or MA-SOBA."""

    x: Array  # (*batch, n)
    y: Array  # (*batch, m) follows y*(x)
    z: Array  # (*batch, m) follows [∇²ᵧᵧg]⁻¹∇ᵧf
    m: Array  # (*batch, n) momentum, 0 at the start


@algorithm
def bo_rep(
    problem: Bilevel,
    x0: Array,
    y0: Array,
    *,
    eta: Number,
    beta: Number = 0.9,
    nu: Number = 0.1,
    gamma: Number = 0.2,
    I: int = 2,
    N: int = 3,
    R: AnyNumber = np.inf,
    refine: Refinement | None = None,
    rng: np.random.Generator | None = None,
) -> Iterator[State]:
    """BO-REP: x moves by η along the normalised momentum, y catches up only every I iterations.

    Yields the states k = 0, 1, … without end. An iteration costs 4 calls, and N more every I iterations: `calls`.

    Parameters
    ----------
    problem : Bilevel
        Unconstrained, the lower level strongly convex; with sampled oracles if `rng` is given.
    x0, y0 : arrays (*batch, n), (*batch, m)
        The start; z starts at 0.
    eta : float or array (*batch)
        Length of a step of x.
    beta : float or array (*batch)
        Momentum, in [0, 1).
    nu, gamma : float or array (*batch)
        Steps of z and of y.
    I, N : int
        Period of the updates of y, and their steps.
    R : float or array (*batch)
        Radius of the ball around the y before an update; infinity leaves it out.
    refine : Refinement, optional
        Epoch-SGD at x0 first; y0 is kept without.
    rng : numpy.random.Generator, optional
        Of the samples; without one all oracles are exact.

    Raises
    ------
    ValueError
        If a parameter, the start or an oracle is not allowed. Later an overflow makes a replicate's x NaN: `lost`.
    """
    eta, nu, gamma, R = _positive(eta=eta), _positive(nu=nu), _positive(gamma=gamma), _radius("R", R)
    beta = _share("beta", beta)
    require(whole(I, 1), "I", I, "a whole number, 1 or more")
    require(whole(N, 1), "N", N, "a whole number, 1 or more")
    x, y = begin(problem, x0, y0, eta, nu, gamma, R, beta)
    ask = Oracles(problem, rng, x.shape[:-1])
    if refine is not None:
        y = _epochs(ask, x, y, refine)
    z, m = np.zeros_like(y), np.zeros_like(x)
    yield State(x, y, z, m)
    k = 0
    while True:
        if k > 0 and k % I == 0:
            y = ball_sgd(ask, x, y, gamma, N, R)
        gh = ask.F_x(x, y) - ask.jvp(x, y, z)  # with the old z
        z = z - nu * (ask.hvp(x, y, z) - ask.F_y(x, y))
        m = gh if k == 0 else beta * m + (1 - beta) * gh
        x = x - eta * unit(m)  # m = 0: stay
        k += 1
        yield State(x, y, z, m)


def calls(k: Any, I: int = 2, N: int = 3, refine: Refinement | None = None) -> Any:
    """Oracle calls of the first k iterations of BO-REP, those of the refinement included: of k's shape."""
    k = np.asarray(k)
    return 4 * k + N * (np.maximum(k - 1, 0) // I) + (refine.calls if refine is not None else 0)


def ball_sgd(ask: Oracles, x: Array, c: Array, step: Array, T: int, radius: Array) -> Array:
    """T steps of SGD on g(x, ·) from c, kept in the ball of that centre; the average of the iterates: (*batch, m).

    `step` and `radius` come as (*batch, 1).
    """
    w, S = c, np.zeros_like(c)
    for _ in range(T):
        w = project_ball(w - step * ask.G_y(x, w), c, radius)
        S = S + w
    return S / T


def project_ball(w: Array, c: Array, radius: Any) -> Array:
    """The point c + min(1, R/‖w − c‖)(w − c): (*batch, m), for radii (*batch, 1) or one, infinity included."""
    if np.isposinf(radius).all():
        return w
    length = np.linalg.norm(w - c, axis=-1, keepdims=True)
    return np.where(length > radius, c + radius / np.where(length > 0, length, 1) * (w - c), w)


def epoch_sgd(
    problem: Bilevel, x: Array, y: Array, refine: Refinement, rng: np.random.Generator | None = None
) -> Array:
    """Epoch-SGD on g(x, ·) from y: (*batch, m), after T₁(2ᴱ − 1) lower gradients.

    Epoch s takes T₁2ˢ steps of γ₁/2ˢ in the ball of radius D₁/2^(s/2) around its start, and ends at their average.

    Raises
    ------
    ValueError
        If a number of the refinement or a point is not allowed.
    """
    x, y = begin(problem, x, y)
    return _epochs(Oracles(problem, rng, x.shape[:-1]), x, y, refine)


def _epochs(ask: Oracles, x: Array, y: Array, refine: Refinement) -> Array:
    require(isinstance(refine, Refinement), "refine", refine, "a Refinement or None")
    gamma1, T1, D1, E = refine
    step, radius = _positive(gamma1=gamma1), _radius("D1", D1)
    require(whole(T1, 1), "T1", T1, "a whole number, 1 or more")
    require(whole(E, 1), "E", E, "a whole number, 1 or more")
    for s in range(E):
        y = ball_sgd(ask, x, y, step / 2**s, T1 * 2**s, radius / 2 ** (s / 2))
    return y


# What theory promises


class Smoothness(NamedTuple):
    """‖∇Φ(x) − ∇Φ(x')‖ ≤ (K₀ + K₁‖∇Φ(x')‖)‖x − x'‖ for ‖x − x'‖ ≤ radius."""

    K0: float
    K1: float
    radius: float


def smoothness(
    *, mu: float, l_g1: float, l_g2: float, M: float, L_x0: float, L_x1: float, L_y0: float, L_y1: float
) -> Smoothness:
    """The (K₀, K₁)-smoothness of Φ by the constants of both levels, the paper's lemma.

    Parameters
    ----------
    mu, l_g1, l_g2 : float
        Strong convexity of g(x, ·), smoothness of g, Lipschitz constant of its second derivatives.
    M : float
        Bound of ‖∇ᵧf‖ at lower solutions.
    L_x0, L_x1, L_y0, L_y1 : float
        Of ∇ₓf and of ∇ᵧf.
    """
    require(mu > 0, "mu", mu, "> 0: the lower level must be strongly convex")
    for name, value in {
        "l_g1": l_g1,
        "l_g2": l_g2,
        "M": M,
        "L_x0": L_x0,
        "L_x1": L_x1,
        "L_y0": L_y0,
        "L_y1": L_y1,
    }.items():
        require(value >= 0, name, value, "0 or more")
    s, kappa = np.sqrt(1 + (l_g1 / mu) ** 2), l_g1 / mu
    K0 = L_x0 + L_x1 * kappa * M + kappa * (L_y0 + L_y1 * M) + M * (l_g1 * l_g2 + l_g2 * mu) / mu**2
    steepness = np.hypot(L_x1, L_y1)
    radius = 1 / (np.sqrt(2) * s * steepness) if steepness > 0 else np.inf
    return Smoothness(float(s * K0), float(s * L_x1), float(radius))


def descent(K0: float, K1: float, eta: float, slope: Array, error: Array) -> Array:
    """Bound of Φ(x − ηm/‖m‖) − Φ(x) by ‖∇Φ‖ = `slope` and ‖m − ∇Φ‖ = `error`: (*batch).

    It is −η‖∇Φ‖ + 2η‖m − ∇Φ‖ + η²(K₀ + K₁‖∇Φ‖)/2, for ηK₁ ≤ 1 and η within the radius of the smoothness.
    """
    return -eta * slope + 2 * eta * error + eta**2 / 2 * (K0 + K1 * slope)


def drift(eta: Any, I: int, kappa: float = 1.0) -> Any:
    """κηI ≥ ‖y*(x_{k+I}) − y*(x_k)‖ for a κ-Lipschitz y*, whatever the samples: every step of x has length η."""
    return kappa * eta * I


def contraction(curvatures: Any, gamma: Any, N: int) -> Array:
    """ρ = max |(1/N) Σ_{t=1..N} (1 − γλ)ᵗ| over the curvatures λ of a quadratic g: of γ's shape.

    An update of y with exact gradients and R = ∞ multiplies its error by at most ρ.
    """
    require(whole(N, 1), "N", N, "a whole number, 1 or more")
    gamma = np.asarray(gamma, dtype=float)
    require(gamma > 0, "gamma", gamma, "> 0")
    curvatures = numbers("curvatures", curvatures)
    require(curvatures > 0, "curvatures", curvatures, "> 0: g is strongly convex")
    r = 1 - gamma[..., None] * curvatures
    with np.errstate(over="ignore"):
        return abs(r * (1 - r**N) / (N * (1 - r))).max(-1)  # the geometric sum


def tracking(eta: Any, I: int, rho: Any, kappa: float = 1.0) -> Any:
    """κηI/(1 − ρ) ≥ ‖y_k − y*(x_k)‖ for a quadratic g without noise, R = ∞, once it has held; infinity for ρ ≥ 1."""
    rho = np.asarray(rho)
    return np.where(rho < 1, drift(eta, I, kappa) / np.where(rho < 1, 1 - rho, 1), np.inf)


# Baselines


@algorithm
def ma_soba(
    problem: Bilevel,
    x0: Array,
    y0: Array,
    *,
    alpha: Number,
    beta: Number = 0.9,
    gamma: Number = 0.2,
    nu: Number = 0.1,
    from_zero: bool = False,
    rng: np.random.Generator | None = None,
) -> Iterator[State]:
    """MA-SOBA: SOBA whose x follows the momentum of its direction, 5 calls.

    Parameters
    ----------
    problem, x0, y0, beta, gamma, nu, rng
        As in `bo_rep`.
    alpha : float or array (*batch)
        Step of x; 0 leaves x where it is.
    from_zero : bool
        Whether the momentum starts at 0, not at the first direction.

    Source: X. Chen, T. Xiao, K. Balasubramanian, "Optimal Algorithms for Stochastic Bilevel Optimization under
    Relaxed Smoothness Conditions", JMLR 2024.
    """
    alpha, gamma, nu, beta = _step(alpha), _positive(gamma=gamma), _positive(nu=nu), _share("beta", beta)
    x, y = begin(problem, x0, y0, alpha, gamma, nu, beta)
    ask, z, m = Oracles(problem, rng, x.shape[:-1]), np.zeros_like(y), np.zeros_like(x)
    yield State(x, y, z, m)
    first = not from_zero
    while True:
        d = ask.F_x(x, y) - ask.jvp(x, y, z)
        new_y, new_z = y - gamma * ask.G_y(x, y), z - nu * (ask.hvp(x, y, z) - ask.F_y(x, y))
        m = d if first else beta * m + (1 - beta) * d
        x, y, z, first = x - alpha * m, new_y, new_z, False
        yield State(x, y, z, m)


@algorithm
def saba(
    problem: Bilevel,
    x0: Array,
    y0: Array,
    *,
    alpha: Number,
    rng: np.random.Generator,
    gamma: Number = 0.2,
    nu: Number = 0.1,
) -> Iterator[Soba]:
    """SABA: SOBA on finite sums, with a SAGA table for each oracle: now − table + mean of the table, 5 calls.

    The tables are filled at the start by one pass over both levels.

    Parameters
    ----------
    problem : Bilevel
        Levels with `components`, their number, and `component(i)`, the sample that is component i alone.
    x0, y0, alpha, gamma, nu
        As in `soba`.
    rng : numpy.random.Generator
        Of the components.

    Source: M. Dagréou, P. Ablin, S. Vaiter, T. Moreau, NeurIPS 2022.
    """
    alpha, gamma, nu = _step(alpha), _positive(gamma=gamma), _positive(nu=nu)
    x, y = begin(problem, x0, y0, alpha, gamma, nu)
    oracles: list[tuple[Any, tuple[str, ...]]] = [
        (problem.upper, ("F_x", "F_y")),
        (problem.lower, ("G_y", "hvp", "jvp")),
    ]
    for level, _ in oracles:
        summed = hasattr(level, "components") and hasattr(level, "component")
        require(summed, "each level", level, "a finite sum: components and component(i)")
    batch = x.shape[:-1]
    ask, z = Oracles(problem, rng, batch), np.zeros_like(y)

    def at(name: str, level: Any, i: Array) -> Array:
        return getattr(ask, name)(x, y, *((z,) if name in ("hvp", "jvp") else ()), tok=level.component(i))

    tables = {
        name: np.stack([at(name, level, np.full(batch, j)) for j in range(level.components)])
        for level, names in oracles
        for name in names
    }
    means = {name: table.mean(0) for name, table in tables.items()}
    while True:
        yield Soba(x, y, z)
        d = {}
        for level, names in oracles:
            i = rng.integers(level.components, size=batch)
            for name in names:
                now, place = at(name, level, i), i[None, ..., None]
                old = np.take_along_axis(tables[name], place, 0)[0]
                d[name] = now - old + means[name]
                means[name] = means[name] + (now - old) / level.components
                np.put_along_axis(tables[name], place, now[None], 0)
        x, y, z = x - alpha * (d["F_x"] - d["jvp"]), y - gamma * d["G_y"], z - nu * (d["hvp"] - d["F_y"])


class Pair(NamedTuple):
    """A state of StocBiO or TTSA."""

    x: Array  # (*batch, n)
    y: Array  # (*batch, m)


@algorithm
def stocbio(
    problem: Bilevel,
    x0: Array,
    y0: Array,
    *,
    alpha: Number,
    gamma: Number = 0.2,
    nu: Number = 0.3,
    T: int = 3,
    Q: int = 5,
    rng: np.random.Generator | None = None,
) -> Iterator[Pair]:
    """StocBiO: T steps of y, then one of x with Q + 1 terms of the Neumann series of the inverse, T + Q + 3 calls.

    Parameters
    ----------
    problem, x0, y0, gamma, rng
        As in `bo_rep`.
    alpha : float or array (*batch)
        Step of x; 0 leaves x where it is.
    nu : float or array (*batch)
        Factor of the series, below 2/L.
    T, Q : int
        Lower steps, and products of the series.

    Source: K. Ji, J. Yang, Y. Liang, "Bilevel Optimization: Convergence Analysis and Enhanced Design", ICML 2021.
    """
    alpha, gamma, nu = _step(alpha), _positive(gamma=gamma), _positive(nu=nu)
    require(whole(T, 1), "T", T, "a whole number, 1 or more")
    require(whole(Q), "Q", Q, "a whole number, 0 or more")
    x, y = begin(problem, x0, y0, alpha, gamma, nu)
    ask = Series(problem, rng, x.shape[:-1])
    while True:
        yield Pair(x, y)
        for _ in range(T):
            y = y - gamma * ask.G_y(x, y)
        x = x - alpha * ask.neumann(x, y, nu, ask.samples(Q))


@algorithm
def ttsa(
    problem: Bilevel,
    x0: Array,
    y0: Array,
    *,
    alpha: Number,
    rng: np.random.Generator,
    gamma: Number = 0.2,
    nu: Number = 0.3,
    Q: int = 5,
) -> Iterator[Pair]:
    """TTSA: one step of y of γ(k + 1)^(−2/5), one of x of α(k + 1)^(−3/5) with one random term of the series.

    A step costs 4 calls and the random q of them more, (Q − 1)/2 on average.

    Parameters
    ----------
    problem, x0, y0, alpha, gamma, nu
        As in `stocbio`.
    rng : numpy.random.Generator
        Of q, and of the samples.
    Q : int
        q is uniform on 0 … Q − 1.

    Source: M. Hong, H.-T. Wai, Z. Wang, Z. Yang, "A Two-Timescale Stochastic Algorithm Framework for Bilevel
    Optimization", SIAM J. Optim. 2023.
    """
    alpha, gamma, nu = _step(alpha), _positive(gamma=gamma), _positive(nu=nu)
    require(whole(Q, 1), "Q", Q, "a whole number, 1 or more")
    x, y = begin(problem, x0, y0, alpha, gamma, nu)
    ask, k = Oracles(problem, rng, x.shape[:-1]), 0
    while True:
        yield Pair(x, y)
        y = y - gamma * (k + 1) ** -0.4 * ask.G_y(x, y)
        q, v = rng.integers(Q, size=x.shape[:-1]), ask.F_y(x, y)
        for j in range(Q - 1):  # beyond its own q a replicate's product is not used
            v = np.where((j < q)[..., None], v - nu * ask.hvp(x, y, v), v)
        x = x - alpha * (k + 1) ** -0.6 * (ask.F_x(x, y) - ask.jvp(x, y, nu * Q * v))
        k += 1


class Recursive(NamedTuple):
    """A state of SUSTAIN or VRBO, the directions being those that led to it, 0 at the start."""

    x: Array  # (*batch, n)
    y: Array  # (*batch, m)
    d_x: Array  # (*batch, n) estimate of the hypergradient
    d_y: Array  # (*batch, m) estimate of ∇ᵧg


@algorithm
def sustain(
    problem: Bilevel,
    x0: Array,
    y0: Array,
    *,
    alpha: Number,
    gamma: Number = 0.2,
    nu: Number = 0.3,
    Q: int = 5,
    eta: Number = 0.1,
    rng: np.random.Generator | None = None,
) -> Iterator[Recursive]:
    """SUSTAIN: recursive momentum (STORM) for both directions, one sample at both points, 2Q + 8 calls.

    Parameters
    ----------
    problem, x0, y0, alpha, gamma, nu, Q, rng
        As in `stocbio`.
    eta : float or array (*batch)
        Momentum in (0, 1]: 1 forgets all but the last sample.

    Source: P. Khanduri et al., "A Near-Optimal Algorithm for Stochastic Bilevel Optimization via Double-Momentum",
    NeurIPS 2021.
    """
    alpha, gamma, nu, eta = _step(alpha), _positive(gamma=gamma), _positive(nu=nu), _positive(eta=eta)
    require(eta <= 1, "eta", eta, "in (0, 1]")
    require(whole(Q), "Q", Q, "a whole number, 0 or more")
    x, y = begin(problem, x0, y0, alpha, gamma, nu, eta)
    ask, d_x, d_y = Series(problem, rng, x.shape[:-1]), np.zeros_like(x), np.zeros_like(y)
    yield Recursive(x, y, d_x, d_y)
    old: tuple[Array, Array] | None = None
    while True:
        tok, toks = ask.draw(problem.lower), ask.samples(Q)
        new_y, new_x = ask.G_y(x, y, tok=tok), ask.neumann(x, y, nu, toks)
        if old is None:
            d_x, d_y = new_x, new_y
        else:
            d_y = new_y + (1 - eta) * (d_y - ask.G_y(*old, tok=tok))
            d_x = new_x + (1 - eta) * (d_x - ask.neumann(*old, nu, toks))
        old = x, y
        x, y = x - alpha * d_x, y - gamma * d_y
        yield Recursive(x, y, d_x, d_y)


@algorithm
def vrbo(
    problem: Bilevel,
    x0: Array,
    y0: Array,
    *,
    alpha: Number,
    gamma: Number = 0.2,
    nu: Number = 0.3,
    Q: int = 5,
    T: int = 3,
    q: int = 10,
    S: int = 32,
    rng: np.random.Generator | None = None,
) -> Iterator[Recursive]:
    """VRBO: directions of S samples every q iterations, in between renewed by differences (SPIDER) along T steps of y.

    Parameters
    ----------
    problem, x0, y0, alpha, gamma, nu, Q, T, rng
        As in `stocbio`.
    q, S : int
        Period and size of the large samples.

    Source: J. Yang, K. Ji, Y. Liang, "Provably Faster Algorithms for Bilevel Optimization", NeurIPS 2021.
    """
    alpha, gamma, nu = _step(alpha), _positive(gamma=gamma), _positive(nu=nu)
    for name, value in {"T": T, "q": q, "S": S}.items():
        require(whole(value, 1), name, value, "a whole number, 1 or more")
    require(whole(Q), "Q", Q, "a whole number, 0 or more")
    x, y = begin(problem, x0, y0, alpha, gamma, nu)
    ask, d_x, d_y = Series(problem, rng, x.shape[:-1]), np.zeros_like(x), np.zeros_like(y)
    yield Recursive(x, y, d_x, d_y)
    k = 0
    while True:
        if k % q == 0:
            d_y = ask.G_y(x, y, tok=ask.draw(problem.lower, S))
            d_x = ask.neumann(x, y, nu, ask.samples(Q, S))
        old, x = (x, y), x - alpha * d_x
        for t in range(T + 1):  # the last time without a step, so that the directions are those of the new point
            tok, toks = ask.draw(problem.lower), ask.samples(Q)
            d_y = d_y + ask.G_y(x, y, tok=tok) - ask.G_y(*old, tok=tok)
            d_x = d_x + ask.neumann(x, y, nu, toks) - ask.neumann(*old, nu, toks)
            old = x, y
            if t < T:
                y = y - gamma * d_y
        k += 1
        yield Recursive(x, y, d_x, d_y)


# The five oracles


class Samples(NamedTuple):
    """What one hypergradient by the Neumann series draws; None each where the oracles are exact."""

    F_x: Any
    F_y: Any
    hvp: list[Any]
    jvp: Any


class Series(Oracles):
    """The five oracles of a problem, and the hypergradient by the Neumann series."""

    def samples(self, Q: int, m: int = 1) -> Samples:
        """What `neumann` with Q products needs."""
        f, g = (lambda: self.draw(self.f, m)), (lambda: self.draw(self.g, m))
        return Samples(f(), f(), [g() for _ in range(Q)], g())

    def neumann(self, x: Array, y: Array, nu: Array, toks: Samples) -> Array:
        """F_x − jvp(p), p = ν Σ_{q=0..Q} v_q, v₀ = F_y, v_{q+1} = v_q − ν hvp(v_q): (*batch, n), Q + 3 calls."""
        v = self.F_y(x, y, tok=toks.F_y)
        total = v
        for tok in toks.hvp:
            v = v - nu * self.hvp(x, y, v, tok=tok)
            total = total + v
        return self.F_x(x, y, tok=toks.F_x) - self.jvp(x, y, nu * total, tok=toks.jvp)


def lost(trace: Trace) -> list[str]:
    """A sentence for every replicate of a trace, run with limit=LIMIT, that diverged: which, at which step, why."""
    found = np.atleast_1d(trace.diverged)
    return [
        f"replicate {', '.join(map(str, index))}, step {found[index]:.0f}: {OVERFLOW}"
        for index in map(tuple, np.argwhere(np.isfinite(found)).tolist())
    ]


# What is refused


def _parameter(name: str, given: Any, fits: Callable[[Array], Any], allowed: str) -> Array:
    """The parameter with a last axis of 1 to multiply points."""
    value = numbers(name, given)
    require(fits(value), name, given, allowed)
    return value[..., None]


def _positive(**given: Any) -> Array:
    ((name, value),) = given.items()
    return _parameter(name, value, lambda value: (value > 0) & (value < np.inf), "> 0 and finite")


def _step(alpha: Any) -> Array:
    return _parameter("alpha", alpha, lambda value: (value >= 0) & (value < np.inf), "0 or more and finite")


def _share(name: str, given: Any) -> Array:
    return _parameter(name, given, lambda value: (value >= 0) & (value < 1), "in [0, 1)")


def _radius(name: str, given: Any) -> Array:
    return _parameter(name, given, lambda value: value > 0, "> 0, infinity included")
