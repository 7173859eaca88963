"""The controlled flow, reconstructed after Parimi et al. (2025): an accelerated ODE by Passivity and Immersion.

    plant               ẋ = v,  v̇ = u
    target              ξ̇ = −κ ∇f(ξ), the gradient flow that we want on the manifold
    target manifold     ψ(x, v) = v + κ ∇f(x) = 0
    passive output      y = ψ, with storage S = ½‖ψ‖²
    feedback            u = −κ ∇²f(x) v − γ ψ + w,  so that  ψ̇ = −γ ψ + w
    interconnection     w = −c ∇f(x)

The closed loop, in (x, ψ) where it needs no Hessian and in (x, v):

    ẋ = ψ − κ ∇f(x),  ψ̇ = −γ ψ − c ∇f(x)    ⟺    ẍ + (γ + κ ∇²f) ẋ + (c + γκ) ∇f = 0

Only the abstract and introduction of the paper could be read: the ingredients are the ones they name, the symbols,
scalings and the storage function are ours.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.numerics import rk4
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, Smooth, Solved, TwiceSmooth


class Design(NamedTuple):
    """What the designer chooses: γ damps the distance to the manifold, κ is the target's speed, c the feedback."""

    gamma: Any  # 1/time; like κ and c a number, one per replicate (*batch), or a function of time
    kappa: Any  # time
    c: Any


class Controlled(NamedTuple):
    """The closed loop at time t: the point x (*batch, d) and the distance ψ = ẋ + κ∇f(x) to the target manifold."""

    x: np.ndarray
    psi: np.ndarray
    t: float


class Lifted(NamedTuple):
    """The same in the plant's own coordinates: the point x and its velocity v, both (*batch, d)."""

    x: np.ndarray
    v: np.ndarray
    t: float


def now(number: Any, t: float) -> np.ndarray:
    """What a number, one per replicate (*batch) or a function of time (or step) is at t, with a last axis of 1."""
    return np.asarray(number(t) if callable(number) else number)[..., None]


def plant(problem: TwiceSmooth, design: Design, t: float, x: np.ndarray, v: np.ndarray) -> tuple[Any, Any]:
    """The plant (ẋ, v̇) = (v, u) under the feedback; one gradient and one Hessian-vector product."""
    gamma, kappa, c = (now(number, t) for number in design)
    g = problem.grad(x)
    psi = v + kappa * g  # passive output: the distance to the target manifold
    w = -c * g  # interconnection with the valley
    u = -kappa * problem.hvp(x, v) - gamma * psi + w  # control law
    return v, u


def closed_loop(problem: Smooth, design: Design, t: float, x: np.ndarray, psi: np.ndarray) -> tuple[Any, Any]:
    """The same loop in (x, ψ): (ẋ, ψ̇) = (ψ − κ∇f, −γψ − c∇f); one gradient."""
    gamma, kappa, c = (now(number, t) for number in design)
    g = problem.grad(x)
    return psi - kappa * g, -gamma * psi - c * g


@algorithm
def controlled_flow(
    problem: Smooth,
    x0: np.ndarray,
    design: Design,
    *,
    h: float,
    psi0: Number = 0.0,
    t0: float = 0.0,
    substeps: int = 1,
    allow_unstable: bool = False,
) -> Iterator[Controlled]:
    """Follow the closed loop in (x, ψ), a state every `h`; 4 `substeps` gradients each.

    Parameters
    ----------
    problem : Smooth
        What is minimised.
    x0 : array (*batch, d)
        Where to start.
    design : Design
        γ, κ, c: numbers, arrays (*batch) or functions of time.
    h : float
        Time between states, for comparison with an iteration its clock tick √s.
    psi0 : number or array (*batch, d)
        Distance to the target manifold at the start; 0 is on it.
    t0 : float
        Time at the start; must be positive where γ = 3/t.
    substeps : int
        Runge–Kutta steps from state to state.
    allow_unstable : bool
        Allow negative γ, κ, c, for which V is no storage function.

    Yields
    ------
    Controlled

    Raises
    ------
    ValueError
        If a number is out of its range, or the gradient has a wrong shape.
    """
    x, psi = _checked(problem, x0, psi0, design, t0, h, substeps, allow_unstable)
    for k in count():
        t = t0 + k * h
        yield Controlled(x, psi, t)
        x, psi = followed(partial(closed_loop, problem, design), t, x, psi, h, substeps)


@algorithm
def lifted_flow(
    problem: TwiceSmooth,
    x0: np.ndarray,
    design: Design,
    *,
    h: float,
    v0: Number = 0.0,
    t0: float = 0.0,
    substeps: int = 1,
    allow_unstable: bool = False,
) -> Iterator[Lifted]:
    """Follow the plant in (x, v), where the feedback needs a Hessian-vector product; see `controlled_flow`.

    Here κ is a number or an array (*batch), not a function of time; `v0` is the velocity at the start.
    """
    require(hasattr(problem, "hvp"), "the problem", type(problem).__name__, "one with hvp(x, v); else use (x, ψ)")
    require(not callable(design.kappa), "kappa", design.kappa, "constant in time")
    x, v = _checked(problem, x0, v0, design, t0, h, substeps, allow_unstable)
    for k in count():
        t = t0 + k * h
        yield Lifted(x, v, t)
        x, v = followed(partial(plant, problem, design), t, x, v, h, substeps)


def _checked(
    problem: Smooth,
    x0: np.ndarray,
    p0: Number,
    design: Design,
    t0: float,
    h: float,
    substeps: int,
    allow_unstable: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """The start (x, p), both (*batch, d), once all is known to be allowed; p is ψ or v."""
    require(h > 0, "h", h, "positive")
    require(substeps >= 1, "substeps", substeps, "1 or more")
    numbers = {name: now(number, t0)[..., 0] for name, number in design._asdict().items()}
    for name, number in numbers.items():
        require(allow_unstable or number >= 0, name, number, "0 or more (or allow_unstable=True)")
    x = replicates(x0, *numbers.values())[0]
    checked_gradient(problem, x)
    return x, np.broadcast_to(p0, x.shape) + 0.0


def checked_gradient(problem: Smooth, x: np.ndarray) -> np.ndarray:
    """∇f(x), refused if it has not the shape of x."""
    g = problem.grad(x)
    require(np.shape(g) == x.shape, "the shape of the gradient", np.shape(g), f"that of the point, {x.shape}")
    return g


def followed(
    velocity: Callable[..., Any], t: float, x: np.ndarray, p: np.ndarray, h: float, substeps: int
) -> tuple[np.ndarray, np.ndarray]:
    """(x, p) at time t + h along (ẋ, ṗ) = velocity(t, x, p), by Runge–Kutta steps."""
    z, step = np.stack([x, p]), h / substeps
    for j in range(substeps):
        z = rk4(lambda t, z: np.stack(velocity(t, *z)), t + j * step, z, step)
    return z[0], z[1]


def passive_output(problem: Smooth, design: Design, x: np.ndarray, v: np.ndarray, t: float = 0.0) -> np.ndarray:
    """The passive output ψ = v + κ ∇f(x): how far off the target manifold, (*batch, d)."""
    return v + now(design.kappa, t) * problem.grad(x)


def storage(problem: Solved, design: Design, x: np.ndarray, psi: np.ndarray, t: float = 0.0) -> np.ndarray:
    """V = ½‖ψ‖² + c (f(x) − f*), the storage of the two passive systems together; the problem has a `minimum`."""
    return 0.5 * (psi * psi).sum(-1) + now(design.c, t)[..., 0] * (problem(x) - problem.minimum)


def dissipation(problem: Smooth, design: Design, x: np.ndarray, psi: np.ndarray, t: float = 0.0) -> np.ndarray:
    """−V̇ = γ ‖ψ‖² + c κ ‖∇f(x)‖² along the flow, for constant c."""
    gamma, kappa, c = (now(number, t)[..., 0] for number in design)
    return gamma * (psi * psi).sum(-1) + c * kappa * (problem.grad(x) ** 2).sum(-1)


def slow_manifold(problem: TwiceSmooth, design: Design, x: np.ndarray, order: int) -> np.ndarray:
    """ψ on the slow manifold, with ε = 1/γ and c̃ = c/γ: −c̃ ∇f − ε c̃ (c̃ + κ) ∇²f ∇f up to the given order in ε.

    Order 0 is the critical manifold; order 1, the first correction, needs `hvp`.
    """
    require(order in (0, 1), "order", order, "0 or 1")
    gamma, kappa, c = (now(number, 0.0) for number in design)
    require(gamma > 0, "gamma", gamma[..., 0], "positive")
    g = problem.grad(x)
    psi = -c / gamma * g
    return psi if order == 0 else psi - c / gamma**2 * (c / gamma + kappa) * problem.hvp(x, g)


def check_convexity(mu: Number, strongly: bool = True) -> None:
    """Refuse a modulus of convexity that is negative, or zero where a tuning needs more."""
    require(np.asarray(mu) >= 0, "mu", mu, "0 or more")
    require(not strongly or np.asarray(mu) > 0, "mu", mu, "positive here: for mu = 0 use the convex variant")


def gradient_flow(kappa: Number, gamma: Number = 0.0) -> Design:
    """The design that keeps the target exactly, c = 0: no acceleration."""
    return Design(gamma, kappa, 0.0)


def heavy_ball_flow(mu: Number) -> Design:
    """Polyak's ODE ẍ + 2√μ ẋ + ∇f = 0, the low-resolution limit of heavy ball and of Nesterov."""
    check_convexity(mu)
    return Design(2 * np.sqrt(mu), 0.0, 1.0)


def heavy_ball_high_resolution(mu: Number, s: Number) -> Design:
    """Heavy ball to the next order in √s (Shi, Du, Jordan, Su, 2021): no Hessian, κ = 0."""
    check_convexity(mu)
    require(np.asarray(s) > 0, "s", s, "positive")
    return Design(2 * np.sqrt(mu), 0.0, 1 + np.sqrt(mu * np.asarray(s)))


def nesterov_high_resolution(mu: Number, s: Number) -> Design:
    """ẍ + 2√μ ẋ + √s ∇²f ẋ + (1 + √(μs)) ∇f = 0 (Shi, Du, Jordan, Su, 2021): κ = √s, c = 1 − √(μs)."""
    check_convexity(mu)
    require(np.asarray(s) > 0, "s", s, "positive")
    return Design(2 * np.sqrt(mu), np.sqrt(s), 1 - np.sqrt(mu * np.asarray(s)))


def three_over(t: float) -> float:
    """The vanishing damping 3/t."""
    require(t > 0, "t", t, "positive where the damping is 3/t (start at t0 = √s or later)")
    return 3 / t


def nesterov_convex_flow() -> Design:
    """ẍ + (3/t) ẋ + ∇f = 0 (Su, Boyd, Candès, 2016); start at t0 = √s, never at 0."""
    return Design(three_over, 0.0, 1.0)


def nesterov_convex_high_resolution(s: float) -> Design:
    """ẍ + (3/t) ẋ + √s ∇²f ẋ + (1 + 3√s/2t) ∇f = 0 (Shi et al., 2021); start at t0 = 1.5 √s, where c = 0."""
    require(s > 0, "s", s, "positive")
    start = 1.5 * np.sqrt(s)

    def c(t: float) -> float:
        feedback = 1 - np.sqrt(s) * three_over(t) / 2
        return 0.0 if np.isclose(t, start, rtol=1e-12, atol=0) else feedback  # not a hair below 0

    return Design(three_over, np.sqrt(s), c)


def design_of(alpha: Number, beta: Number, eta: Number) -> Design:
    """The design that the three-parameter method (α, β, η) follows on the clock √α, up to O(α)."""
    require(np.asarray(alpha) > 0, "alpha", alpha, "positive")
    require(np.asarray(beta) > -1, "beta", beta, "above −1")
    r = np.sqrt(alpha)
    gamma = 2 * (1 - beta) / ((1 + beta) * r)
    kappa = 2 * eta * r / (1 + beta)
    return Design(gamma, kappa, 2 / (1 + beta) - gamma * kappa)


def consistent_velocity(problem: TwiceSmooth, design: Design, x0: np.ndarray, x1: np.ndarray, h: float) -> np.ndarray:
    """Ẋ(0) for which X(h) is x1 to second order: (x1 − x0)/h − ½ h Ẍ(0), with Ẍ from the ODE; needs `hvp`."""
    v = (x1 - x0) / h
    _, acceleration = plant(problem, design, 0.0, x0, v)
    return v - h / 2 * acceleration


def shi_velocity(problem: Smooth, x0: np.ndarray, mu: Number, s: Number) -> np.ndarray:
    """Ẋ(0) = −2√s ∇f(x0)/(1 + √(μs)), the start of Shi et al. for Nesterov; it leaves an error of order √s."""
    x, mu, s = replicates(x0, mu, s)
    return -2 * np.sqrt(s) * problem.grad(x) / (1 + np.sqrt(mu * s))
