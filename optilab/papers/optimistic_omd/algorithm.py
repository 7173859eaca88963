"""Optimistic online mirror descent, its step sizes, an ensemble that tracks, its rivals, and what each is promised.

    x_t      = argmin_{x ∈ X} ⟨M_t, x⟩ + D_{ψ_t}(x, x̂_t)        the play, led by a hint
    x̂_{t+1} = argmin_{x ∈ X} ⟨g_t, x⟩ + D_{ψ_t}(x, x̂_t)        the correction, from the same x̂_t with the same ψ_t

with g_t = ∇f_t(x_t), one gradient a round, and the hint M_t = g_{t−1}: the next gradient will look like the last one.
V̄_t = Σ_{s≤t} ‖g_s − M_s‖² says how wrong that was. X has the diameter D, ‖g_t‖ ≤ G, F_t = E f_t is L-smooth.

    the paper                                                   here
    x_t, x̂_{t+1} with ψ_t = ψ/η_t                              optimistic
    convex: η_t = D/√(δ + 4G² + V̄_{t−1}); without G            Convex; Practical
    strongly convex: η_t = 2/(λt)                               StronglyConvex
    exp-concave: ψ_t = ½‖x‖²_{H_t}                              exp_concave, exp_concave_beta
    two layers for dynamic regret: pool, bases, meta level      pool, ensemble
    optimistic FTRL and FTL of Sachs et al.                     optimistic_ftrl, optimistic_ftl
    the regret on any path; its mean                            path_bound; convex_bound
    rates whose constants aren't stated                         …_shape

Online gradient descent and AdaGrad, which don't guess, are in `classics`.

Sources: S. Chen, Y.-J. Zhang, W.-W. Tu, P. Zhao, L. Zhang, "Optimistic Online Mirror Descent for Bridging Stochastic
and Adversarial Online Convex Optimization", JMLR 25(178), 2024 (arXiv 2302.04552). The ensemble follows the form that
the same group published as code (PyNOL, Sword++). The rivals: S. Sachs, H. Hadiji, T. van Erven, C. Guzmán, "Between
stochastic and adversarial online convex optimization", NeurIPS 2022.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple, Protocol

import numpy as np

from optilab.core.check import numbers, require, whole
from optilab.core.run import algorithm, replicates
from optilab.problems.mirror import Entropy, Euclidean, Mahalanobis, Mirror
from optilab.problems.oracles import Number, Online, Simple, check_gradient, check_length
from optilab.problems.simple import UNIT_BALL, Simplex

Array = np.ndarray
Hint = Callable[[int, Array], Array]  # (t, g_{t−1}) → M_t; g_0 = 0


def _positive(**values: Any) -> None:
    """Refuse what isn't a positive finite number, or an array of such."""
    for name, value in values.items():
        number = numbers(name, value)
        require((number > 0) & (number < np.inf), name, value, "positive and finite")


def _not_negative(**values: Any) -> None:
    """Refuse what isn't a finite number, 0 or more, or an array of such."""
    for name, value in values.items():
        number = numbers(name, value)
        require((number >= 0) & (number < np.inf), name, value, "0 or more and finite")


# Step sizes


class Steps(Protocol):
    """Gives η_t from what was seen before round t."""

    def __call__(self, t: int, V: Array, first: Array) -> Number:
        """η_t from V̄_{t−1} and ‖g_1‖² (0 before it was seen), both (*batch)."""


def best_delta(D: Number, L: Number) -> Number:
    """δ = 10 D²L², with which the bound of the convex case is least."""
    _positive(D=D)
    _not_negative(L=L)
    return 10 * np.square(D) * np.square(L)


@dataclass(frozen=True)
class Convex:
    """η_t = D/√(δ + 4G² + V̄_{t−1}).

    Parameters
    ----------
    D, G, delta : number or array (*batch)
        Diameter of the set; longest gradient, to which the rounds are held; δ.
    c : number or array (*batch)
        Hints are at most cG long: (1 + c)² takes the place of 4 where c > 1.
    """

    D: Number
    G: Number
    delta: Number
    c: Number = 1.0

    def __post_init__(self) -> None:
        _positive(D=self.D, G=self.G)
        _not_negative(delta=self.delta, c=self.c)

    def __call__(self, t: int, V: Array, first: Array) -> Number:
        """η_t."""
        return self.D / np.sqrt(self.delta + ((1 + np.maximum(self.c, 1)) * self.G) ** 2 + V)


@dataclass(frozen=True)
class Practical:
    """η_t = D/√(δ + V̄_{t−1}) with δ = max(10 D²L², ‖g_1‖²): G needn't be known, and no bound is proved.

    It stands still while the root is 0.
    """

    D: Number
    L: Number = 0.0

    def __post_init__(self) -> None:
        best_delta(self.D, self.L)

    def __call__(self, t: int, V: Array, first: Array) -> Number:
        """η_t."""
        square = np.maximum(best_delta(self.D, self.L), first) + V
        return self.D / np.sqrt(np.where(square > 0, square, np.inf))


@dataclass(frozen=True)
class StronglyConvex:
    """η_t = 2/(λt), for λ-strongly convex F_t; nothing else is to be known."""

    lam: Number

    def __post_init__(self) -> None:
        _positive(lam=self.lam)

    def __call__(self, t: int, V: Array, first: Array) -> Number:
        """η_t."""
        return 2 / (self.lam * t)


@dataclass(frozen=True)
class Constant:
    """The same η in all rounds."""

    eta: Number

    def __post_init__(self) -> None:
        _positive(eta=self.eta)

    def __call__(self, t: int, V: Array, first: Array) -> Number:
        """η."""
        return self.eta


# Optimistic online mirror descent


def last_gradient(t: int, g: Array) -> Array:
    """The hint of the paper: M_t = g_{t−1}, and M_1 = 0."""
    return g


class Optimistic(NamedTuple):
    """A state of optimistic mirror descent: the play of round t and what it is made of."""

    x: Array  # (*batch, d) the play x_t
    xhat: Array  # (*batch, d) x̂_t
    M: Array  # (*batch, d) the hint M_t
    V: Array  # (*batch) V̄_{t−1}
    eta: Array  # (*batch) η_t
    g: Array  # (*batch, d) the gradient g_{t−1} that was seen last


@algorithm
def optimistic(
    losses: Online,
    x1: Array,
    *,
    steps: Steps,
    hint: Hint = last_gradient,
    mirror: Mirror | None = None,
    domain: Simple = UNIT_BALL,
) -> Iterator[Optimistic]:
    """Optimistic online mirror descent: yields the plays x_1 … x_T, and x_{T+1} after the last round.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play and x̂_1, in the domain.
    steps : Steps
        η_t, from `Convex`, `Practical`, `StronglyConvex` or `Constant`. With `Convex` every gradient is held to its G,
        in the dual norm of the map.
    hint : function
        M_t from t and g_{t−1}.
    mirror : Mirror
        The map ψ; Euclidean by default. V̄ is measured in its dual norm.
    domain : Simple
        The set X; the unit ball by default.

    Raises
    ------
    ValueError
        If the start isn't in the domain or the map can't take it, or if a gradient isn't finite or is longer than G
        (says the round).
    """
    mirror = mirror or Euclidean()
    xhat, V = _started(losses, x1, domain, steps(1, np.zeros(()), np.zeros(())))
    mirror.check(domain, xhat)
    G = getattr(steps, "G", np.inf)
    g, first = np.zeros_like(xhat), V
    for t in count(1):
        M = hint(t, g)
        eta = np.broadcast_to(steps(t, V, first), V.shape)
        x = mirror.step(domain, xhat, M, eta)
        yield Optimistic(x, xhat, M, V, eta, g)
        if t > losses.T:
            return
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        check_length(mirror.dual_norm(g), t, G)
        if t == 1:  # x_1 is the start whatever η_1 is, so that this step may be chosen in the light of g_1
            first = mirror.dual_norm(g) ** 2
            eta = np.broadcast_to(steps(t, V, first), V.shape)
        xhat = mirror.step(domain, xhat, g, eta)
        V = V + mirror.dual_norm(g - M) ** 2


def _started(losses: Online, x1: Array, domain: Simple, *parameters: Number) -> tuple[Array, Array]:
    """The start, of the batch of the parameters, once it is known to be in the domain; and zeros (*batch)."""
    require(whole(losses.T, 1), "the number of rounds T", losses.T, "a whole number, 1 or more")
    x = replicates(x1, *parameters)[0]
    require(np.isfinite(x), "the start", x, "finite")
    require(np.isfinite(domain(x)), "the start", x, f"in the domain {domain}")
    return x, np.zeros(x.shape[:-1])


def exp_concave_beta(G: Number, D: Number, alpha: Number) -> Number:
    """β = ½ min{1/(4GD), α} for α-exp-concave losses."""
    _positive(G=G, D=D, alpha=alpha)
    return 0.5 * np.minimum(1 / (4 * np.multiply(G, D)), alpha)


class Curved(NamedTuple):
    """A state of optimistic mirror descent in a metric that learns."""

    x: Array  # (*batch, d) the play x_t
    xhat: Array  # (*batch, d) x̂_t
    M: Array  # (*batch, d) the hint M_t
    H: Array  # (*batch, d, d) the metric H_t
    g: Array  # (*batch, d) the gradient g_{t−1} that was seen last


@algorithm
def exp_concave(
    losses: Online, x1: Array, *, beta: Number, G: Number, hint: Hint = last_gradient, domain: Simple = UNIT_BALL
) -> Iterator[Curved]:
    """Optimistic mirror descent with ψ_t = ½‖x‖²_{H_t}, H_t = (1 + ½βG²) I + ½β Σ_{s<t} g_s g_sᵀ.

    Yields the plays x_1 … x_T, and x_{T+1} after the last round.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play and x̂_1, in the domain.
    beta : number or array (*batch)
        β, 0 or more: `exp_concave_beta` is the paper's, which is cautious; in practice it may be a hundred times that.
    G : number or array (*batch)
        The longest gradient, to which the rounds are held.
    hint : function
        M_t from t and g_{t−1}.
    domain : Zero or Ball
        The set X, all of space or a centred ball; the unit ball by default.

    Raises
    ------
    ValueError
        If a parameter isn't in its range, the start isn't in the domain, or a gradient isn't finite or is longer
        than G (says the round).
    """
    _not_negative(beta=beta)
    _positive(G=G)
    xhat, _ = _started(losses, x1, domain, beta, G)
    g, half = np.zeros_like(xhat), np.asarray(beta)[..., None, None] / 2
    H = (1 + half * np.square(np.asarray(G))[..., None, None]) * np.eye(xhat.shape[-1])
    H = np.broadcast_to(H, (*xhat.shape, xhat.shape[-1]))
    Mahalanobis(H).check(domain, xhat)
    for t in count(1):
        metric, M = Mahalanobis(H), hint(t, g)
        x = metric.step(domain, xhat, M, 1.0)
        yield Curved(x, xhat, M, H, g)
        if t > losses.T:
            return
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        check_length(np.sqrt(np.vecdot(g, g)), t, G)
        xhat = metric.step(domain, xhat, g, 1.0)
        H = H + half * g[..., :, None] * g[..., None, :]


# The ensemble


def pool(T: int, D: float, G: float, L: float) -> Array:
    """The step sizes of the bases: from √(D²/(8G²T)) in doublings up to 1/(8L), which is the last: (N,)."""
    require(whole(T, 1), "T", T, "a whole number, 1 or more")
    _positive(D=D, G=G)
    require(0 < L < np.inf, "L", L, "positive, for 1/(8L) ends the pool: give the step sizes yourself")
    cap, least = 1 / (8 * L), D / (G * np.sqrt(8 * T))
    if least >= cap:
        return np.array([cap])
    N = int(np.ceil(np.log2(cap / least))) + 1
    return np.minimum(cap, least * 2.0 ** np.arange(N))


class Ensemble(NamedTuple):
    """A state of the ensemble: the play of round t, the bases' plays and their weights."""

    x: Array  # (*batch, d) the play x_t = Σ p_i x_i
    x_i: Array  # (*batch, N, d) the bases' plays
    xhat_i: Array  # (*batch, N, d) x̂ of the bases
    p: Array  # (*batch, N) the weights p_t
    phat: Array  # (*batch, N) p̂_t
    C: Array  # (*batch) 1 + Σ ‖l_s − m_s‖∞² over the rounds before
    g: Array  # (*batch, d) the gradient g_{t−1} that was seen last


@algorithm
def ensemble(
    losses: Online,
    x1: Array,
    *,
    D: float,
    G: float,
    L: float,
    etas: Array | None = None,
    switching: Number | None = None,
    domain: Simple = UNIT_BALL,
) -> Iterator[Ensemble]:
    """Optimistic descent with many step sizes, weighted by an optimistic Hedge that charges for movement.

    All bases learn from the gradient at the ensemble's play: one gradient a round. Yields the plays x_1 … x_T, and
    x_{T+1} after the last round.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play, in the domain.
    D, G, L : float
        Diameter of the set; longest gradient, to which the rounds are held; smoothness of F_t, which caps the step
        sizes by 1/(8L) and the meta level's by 1/(8D²L).
    etas : array (N,)
        The bases' step sizes; `pool(T, D, G, L)` by default, which needs an L above 0.
    switching : number or array (*batch)
        The coefficient of ‖x_{t,i} − x_{t−1,i}‖² in the meta level's losses; 2L by default.
    domain : Simple
        The set X; the unit ball by default.

    Raises
    ------
    ValueError
        If a parameter isn't in its range, the start isn't in the domain, L is 0 without step sizes, or a gradient isn't
        finite or is longer than G (says the round).
    """
    _positive(D=D, G=G)
    _not_negative(L=L, switching=0.0 if switching is None else switching)
    cost, cap = np.asarray(2 * L if switching is None else switching), 1 / (8 * D**2 * L) if L > 0 else np.inf
    start, C = _started(losses, x1, domain, cost)
    etas = pool(losses.T, D, G, L) if etas is None else numbers("etas", etas)
    require(etas.ndim == 1 and bool((etas > 0).all()), "etas", etas, "positive step sizes (N,)")
    C, g, hedge, project = C + 1, np.zeros_like(start), Entropy(), Euclidean().step
    xhat_i = np.repeat(start[..., None, :], len(etas), axis=-2)
    x_i, phat = xhat_i, np.full(xhat_i.shape[:-1], 1 / len(etas))
    eps = np.minimum(cap, C**-0.5) if L == 0 else np.full_like(C, cap)
    for t in count(1):
        before, x_i = x_i, project(domain, xhat_i, g[..., None, :], etas)
        s = cost[..., None] * ((x_i - before) ** 2).sum(-1)  # 0 at t = 1
        m = np.vecdot(x_i, g[..., None, :]) + s
        p = hedge.step(Simplex(), phat, m, eps)
        x = np.vecmat(p, x_i)
        yield Ensemble(x, x_i, xhat_i, p, phat, C, g)
        if t > losses.T:
            return
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        check_length(np.sqrt(np.vecdot(g, g)), t, G)
        loss = np.vecdot(x_i, g[..., None, :]) + s
        phat = hedge.step(Simplex(), phat, loss, eps)
        C = C + abs(loss - m).max(-1) ** 2
        eps = np.minimum(cap, C**-0.5)
        xhat_i = project(domain, xhat_i, g[..., None, :], etas)


# The rivals: optimistic, too, but led by sums


class Led(NamedTuple):
    """A state of optimistic FTRL or FTL."""

    x: Array  # (*batch, d) the play x_t
    total: Array  # (*batch, d) what was summed over the rounds before
    eta: Array  # (*batch) η_t
    g: Array  # (*batch, d) the gradient g_{t−1} that was seen last, and the hint


@algorithm
def optimistic_ftrl(losses: Online, x1: Array, *, D: Number, nu: Number, domain: Simple = UNIT_BALL) -> Iterator[Led]:
    """Optimistic FTRL: x_t = argmin ⟨Σ_{s<t} g_s + M_t, x⟩ + ‖x − x_1‖²/η_t, η_t = D²/(ν + Σ_{s<t} η_s‖g_s − M_s‖²).

    Yields the plays x_1 … x_T, and x_{T+1} after the last round; M_t = g_{t−1}.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play, in the domain: where the regulariser is least.
    D, nu : number or array (*batch)
        Diameter of the set, and ν: LD² + DG, or 2DG without smoothness; positive.
    domain : Simple
        The set X; the unit ball by default.

    Raises
    ------
    ValueError
        If a parameter isn't positive, the start isn't in the domain, or a gradient isn't finite.
    """
    _positive(D=D, nu=nu)
    start, weighed = _started(losses, x1, domain, D, nu)
    g, total = np.zeros_like(start), np.zeros_like(start)
    for t in count(1):
        M, eta = g, np.square(D) / (nu + weighed)
        x = domain.prox(start - 0.5 * eta[..., None] * (total + M), eta)
        yield Led(x, total, eta, g)
        if t > losses.T:
            return
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        total = total + g
        weighed = weighed + eta * np.vecdot(g - M, g - M)


@algorithm
def optimistic_ftl(losses: Online, x1: Array, *, mu: Number, domain: Simple = UNIT_BALL) -> Iterator[Led]:
    """Optimistic FTL for μ-strong convexity: x_t = argmin Σ_{s<t} [⟨g_s, x⟩ + ½μ‖x − x_s‖²] + ⟨M_t, x⟩.

    Yields the plays x_1 … x_T, and x_{T+1} after the last round; M_t = g_{t−1}.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play, in the domain.
    mu : number or array (*batch)
        μ, positive.
    domain : Simple
        The set X; the unit ball by default.

    Raises
    ------
    ValueError
        If μ isn't positive, the start isn't in the domain, or a gradient isn't finite.
    """
    _positive(mu=mu)
    x, zero = _started(losses, x1, domain, mu)
    g, total, mu = np.zeros_like(x), np.zeros_like(x), zero + mu
    for t in count(1):
        eta = 1 / (mu * max(t - 1, 1))
        if t > 1:
            x = domain.prox(eta[..., None] * (total - g), eta)
        yield Led(x, total, eta, g)
        if t > losses.T:
            return
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        total = total + mu[..., None] * x - g


# What theory promises


def path_bound(V: Array, D: Number, G: Number, delta: Number, c: Number = 1.0) -> Array:
    """What holds on every path: Σ⟨g_t, x_t − u⟩ ≤ (5/2) D √(δ + 4G² + V̄_T) for all u ∈ X, with `Convex` steps.

    Parameters
    ----------
    V : array (…, *batch)
        V̄ after any number of rounds.
    D, G, delta, c : number or array (*batch)
        As in `Convex`.
    """
    Convex(D, G, delta, c)
    _not_negative(V=V)
    return 2.5 * D * np.sqrt(delta + ((1 + np.maximum(c, 1)) * np.asarray(G)) ** 2 + V)


def convex_bound(noise: Number, drift: Number, D: Number, G: Number, L: Number, delta: Number | None = None) -> Number:
    """Bound the expected regret of the convex case by a constant + (5/2) D (√5 G + √(8σ²_{1:T}) + 2√(Σ²_{1:T})).

    The constant is (5/2) D√δ + 25 D³L²/√δ, which δ = 10 D²L² makes least: 5√10 D²L.

    Parameters
    ----------
    noise, drift : number or array (*batch)
        σ²_{1:T} and Σ²_{1:T}.
    D, G, L : number or array (*batch)
        Diameter, longest gradient, smoothness.
    delta : number or array (*batch)
        δ, `best_delta(D, L)` by default.
    """
    best = best_delta(D, L)
    delta = best if delta is None else delta
    _positive(G=G)
    _not_negative(noise=noise, drift=drift, delta=delta)
    root = np.sqrt(delta)
    smooth = 25 * np.power(D, 3.0) * np.square(L)
    lost = np.where(smooth > 0, smooth / np.where(root > 0, root, np.nan), 0.0)
    return 2.5 * D * root + lost + 2.5 * D * (np.sqrt(5) * G + np.sqrt(8 * np.asarray(noise)) + 2 * np.sqrt(drift))


def ftrl_bound(noise: Number, drift: Number, D: Number, G: Number, nu: Number, L: Number = 0.0) -> Number:
    """Bound the expected regret of optimistic FTRL.

    D(6 √σ²_{1:T} + 3√2 √Σ²_{1:T}) + (3/√2) DG + ν + (4D²G² + 9L²D⁴)/ν.
    """
    _positive(D=D, G=G, nu=nu)
    _not_negative(noise=noise, drift=drift, L=L)
    square = np.square(D)
    rest = 1.5 * np.sqrt(2) * D * G + nu + (4 * square * np.square(G) + 9 * np.square(L) * square**2) / nu
    return D * (6 * np.sqrt(noise) + 3 * np.sqrt(2) * np.sqrt(drift)) + rest


def ftrl_worst(T: int | Array, D: Number, G: Number) -> Number:
    """Bound the regret of optimistic FTRL with ν = 2DG whatever happens: 3√2 DG√T + 4DG."""
    _positive(D=D, G=G)
    return D * G * (3 * np.sqrt(2) * np.sqrt(T) + 4)


def ftl_bound(T: int | Array, noise_max: Number, drift_max: Number, D: Number, L: Number, mu: Number) -> Number:
    """Bound the expected regret of optimistic FTL: (8σ²_max + 4Σ²_max) ln T/μ + 4D²L²/μ · ln(1 + 16L/μ)."""
    _positive(D=D, mu=mu)
    _not_negative(noise_max=noise_max, drift_max=drift_max, L=L)
    start = 4 * np.square(D) * np.square(L) * np.log1p(16 * np.asarray(L) / mu)
    return ((8 * np.asarray(noise_max) + 4 * np.asarray(drift_max)) * np.log(T) + start) / mu


def strongly_convex_shape(noise: Number, drift: Number, noise_max: Number, drift_max: Number, lam: Number) -> Number:
    """How the regret grows with `StronglyConvex` steps: (m/λ) ln(1 + (σ²_{1:T} + Σ²_{1:T})/m), m = σ²_max + Σ²_max."""
    _positive(lam=lam)
    _not_negative(noise=noise, drift=drift)
    most = np.add(noise_max, drift_max)
    require(most > 0, "noise_max + drift_max", most, "positive")
    return most / lam * np.log1p(np.add(noise, drift) / most)


def exp_concave_shape(noise: Number, drift: Number, d: int, alpha: Number) -> Number:
    """How the regret grows with `exp_concave`: (d/α) ln(1 + σ²_{1:T} + Σ²_{1:T})."""
    _positive(alpha=alpha)
    _not_negative(noise=noise, drift=drift)
    return d / alpha * np.log1p(np.add(noise, drift))


def dynamic_shape(noise: Number, drift: Number, path_length: Number) -> Number:
    """How the ensemble's dynamic regret grows: P_T + √(1 + P_T)(√σ²_{1:T} + √Σ²_{1:T})."""
    _not_negative(noise=noise, drift=drift, path_length=path_length)
    return path_length + np.sqrt(1 + np.asarray(path_length)) * (np.sqrt(noise) + np.sqrt(drift))


def lower_shape(noise: Number, drift: Number, D: Number) -> Number:
    """What no method can beat but by a factor, in the convex case: D(√σ²_{1:T} + √Σ²_{1:T})."""
    _positive(D=D)
    _not_negative(noise=noise, drift=drift)
    return D * (np.sqrt(noise) + np.sqrt(drift))
