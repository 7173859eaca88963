"""Pushing a puck out of stiction: iLQR with gradients of every smoothness, a hopper of two masses, learned policies."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from optilab.classics.adam import adam
from optilab.core.check import require
from optilab.core.claim import Claim
from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm.driven import Driven
from optilab.papers.dojo.algorithm.ilqr import ilqr
from optilab.papers.dojo.algorithm.point_mass import PointMass
from optilab.papers.dojo.algorithm.policy import Steering, ars

T, KAPPA_R, MOST = 15, 1e-6, 200
Q, R = np.diag([100.0, 100, 0, 10, 10, 0]), 1e-2 * np.eye(2)
GOAL = (1.0, 0.5)
TWO_FORCES = np.eye(3)[:, :2][None]  # F_x and F_y push one mass
STAYING = float(np.array(GOAL) @ Q[:2, :2] @ GOAL) / 2
QUARTERS = np.arange(-16, 1) / 4  # log₁₀ κ_g


def puck(mu: float | np.ndarray) -> Driven:
    """A mass of 1 kg on the floor, pushed by (F_x, F_y), friction (*batch), h = 0.1 s."""
    return Driven(PointMass(mu=np.asarray(mu, float)[..., None]), TWO_FORCES)


def plans(
    mu: float | np.ndarray = 0.5,
    kappa_g: float | np.ndarray = 0.1,
    goal: np.ndarray | tuple[float, float] = GOAL,
    force: np.ndarray | tuple[float, float] = (0.0, 0.0),
    progress: bool | Callable[[float, float], Any] = False,
) -> Trace:
    """All iterations of iLQR from rest at the origin to rest at `goal` (*batch, 2), first guess a constant force."""
    goal = np.asarray(goal, float)
    z0 = PointMass().at_rest(KAPPA_R)
    ends = np.concatenate([goal, np.zeros((*goal.shape[:-1], 4))], -1)
    F0 = np.tile(np.asarray(force, float), (T, 1))
    states = ilqr(puck(mu), z0, ends, F0, Q=Q, R=R, kappa_r=KAPPA_R, kappa_g=kappa_g)
    return run(states, MOST, progress=progress)


def escaped(trace: Trace) -> np.ndarray:
    """Which replicates (*batch) end below half of what it costs to stay at the start, the goal being `GOAL`."""
    return trace.cost[-1] < STAYING / 2


def thresholds(mu: np.ndarray, force: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Smallest log₁₀ κ_g on quarter decades, −4 … 0, from which on every larger one leaves stiction; inf if none.

    From frictions (n,) to (n,); `force` (N) is the first guess of every step.

    Raises
    ------
    ValueError
        If a friction isn't positive and finite.
    """
    mu = np.asarray(mu, float)
    require((mu > 0) & (mu < np.inf), "mu", mu, "positive and finite")
    works = escaped(plans(mu, np.broadcast_to(10 ** QUARTERS[:, None], (len(QUARTERS), mu.size)), force=force))
    fails = ~np.logical_and.accumulate(works[::-1], 0)[::-1]
    first = fails.sum(0)
    return np.append(QUARTERS, np.inf)[first]


def exponent(mu: np.ndarray, log_kappa: np.ndarray) -> float:
    """The power of μ with which the threshold grows, by least squares over frictions (n,) and log₁₀ κ_g (n,).

    Raises
    ------
    ValueError
        If a threshold isn't finite: where none works there is nothing to fit.
    """
    require(np.isfinite(log_kappa), "log_kappa", log_kappa, "finite")
    return float(np.polyfit(np.log10(mu), log_kappa, 1)[0])


def stiction(quick: bool = False) -> Iterator[Claim]:
    """A puck at rest, pushed by nobody: which gradients get it moving."""
    cost = plans(kappa_g=np.array([0.1, 1e-3, 1e-4, 1e-6])).cost
    yield Claim("puck: cost after iLQR with κ_g = 0.1 (from 62.5)", cost[-1, 0], at_most=3)
    yield Claim("puck: least cost with κ_g ≤ 10⁻³: stuck", cost[-1, 1:].min(), at_least=60)
    cost = plans(kappa_g=KAPPA_R, force=(8.0, 4.0)).cost
    yield Claim("puck: cost with κ_g = 10⁻⁶ from a first guess that slides", cost[-1], at_most=3)

    rng = np.random.default_rng(5)
    count = 4 if quick else 12
    angle, distance = rng.uniform(0, 2 * np.pi, count), rng.uniform(0.6, 1.6, count)
    goals = distance[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    cost = plans(kappa_g=np.array([0.1, 1e-3, 1e-6])[:, None], goal=goals).cost
    yield Claim.over(f"{count} goals at 0.6 to 1.6 m: final cost with κ_g = 0.1, most", cost[-1, 0], np.max, at_most=3)
    kept = cost[-1, 1:] / cost[0, 1:]
    statement = f"{count} goals at 0.6 to 1.6 m: share of the cost that is left with κ_g = 10⁻³ and 10⁻⁶, least"
    yield Claim.over(statement, kept, np.min, at_least=0.9999)


def scaling(quick: bool = False) -> Iterator[Claim]:
    """How the smallest κ_g that works grows with friction."""
    mu = np.array([0.2, 0.3, 0.4, 0.5] if quick else [0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.65, 0.8])
    found = thresholds(mu)
    power = exponent(mu, found)
    statement = "power of μ with which the smallest working κ_g grows (heuristic: at least about 3)"
    yield Claim(statement, power, at_least=2.5, at_most=4.5)
    sliding = thresholds(mu, force=(8.0, 4.0))
    yield Claim("the largest log₁₀ κ_g needed if the first guess slides", sliding.max(), at_most=-4)


def hopper() -> tuple[Driven, np.ndarray, np.ndarray]:
    """A body (4.18 kg) and a foot (0.52 kg) that push each other along x and z; start and goal, half a metre on."""
    pushes = np.zeros((2, 3, 2))
    pushes[0, [0, 2], [0, 1]], pushes[1, [0, 2], [0, 1]] = 1, -1
    ball = PointMass(m=np.array([4.18, 0.52]), mu=0.5, r=np.array([0.1, 0.05]), h=0.05)
    z0 = np.zeros(12)
    z0[2], z0[8] = 0.55, 0.05 + float(KAPPA_R / (ball.m.sum() * ball.g * ball.h))  # the foot bears both
    goal = z0.copy()
    goal[[0, 6]] = 0.5
    return Driven(ball, pushes), z0, goal


def hopping(quick: bool = False) -> Iterator[Claim]:
    """The reduced hopper from a first guess that only holds its weight."""
    system, z0, goal = hopper()
    body, foot = [200.0, 0, 200, 20, 20, 20], [200.0, 0, 200, 5, 5, 5]
    weight = np.tile([0.0, 4.18 * 9.81], (20, 1))
    kappa_g = np.array([0.1, 0.01, 1e-3, 1e-4, 1e-6])
    states = ilqr(
        system,
        z0,
        goal,
        weight,
        Q=np.diag(body + foot),
        R=1e-4 * np.eye(2),
        kappa_r=KAPPA_R,
        kappa_g=kappa_g,
    )
    cost = run(states, MOST, keep=["cost"]).cost
    yield Claim("hopper: cost after iLQR with κ_g = 0.1 and 0.01 (from 51.7), most", cost[-1, :2].max(), at_most=5)
    yield Claim("hopper: least cost with κ_g ≤ 10⁻³: stuck", cost[-1, 2:].min(), at_least=20)


def steering(kappa_g: float | np.ndarray = 0.1) -> Steering:
    """The puck under a linear policy."""
    return Steering(puck(0.5), PointMass().at_rest(KAPPA_R), T, Q, R, KAPPA_R, kappa_g)


def learning(quick: bool = False) -> Iterator[Claim]:
    """A linear policy for the puck: random search against gradients through the contact.

    With gradients at κ_g = 0.1 one seed in six ends above 8, one in ten above 20; the median of 24 doesn't.
    """
    count = 24
    test = steering().sample(np.random.default_rng(64), (64,))
    start = np.zeros((count, 8))
    none = steering().sample_value(start[0], test)
    searches: list[tuple[float, dict[str, float]]] = [(3.0, {"at_most": 10}), (0.3, {"at_least": 0.9 * float(none)})]
    for nu, bound in searches[: 1 if quick else 2]:
        trace = run(ars(steering(), start, nu=nu, rng=np.random.default_rng(0)), 60, keep=["theta"])
        cost = steering().sample_value(trace.theta[-1], test)
        reduce, which = (np.max, "most") if "at_most" in bound else (np.min, "least")
        statement = f"policy by random search with ν = {nu:g}: test cost (at first {none:.0f}), {which}"
        yield Claim.over(statement, cost, reduce, **bound)
    gradients = [(1e-4, {"at_least": 0.9 * float(none)}), (0.1, {"at_most": 8.0}), (1.0, {"at_most": 8.0})]
    for kappa_g, bound in gradients[: 2 if quick else 3]:
        states = adam(steering(kappa_g), start, alpha=1.0, rng=np.random.default_rng(0), size=8)
        cost = steering().sample_value(run(states, 150, keep=["x"]).x[-1], test)
        yield Claim.over(f"policy by gradients with κ_g = {kappa_g:g}: test cost, median", cost, np.median, **bound)
