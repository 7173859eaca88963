"""Rigid bodies: what a spin and a pendulum keep, where a box stops, how hard a floor is, and gradients at an impact."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from optilab.core.claim import Claim, Experiment
from optilab.core.numerics import unit
from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm.free_body import INTEGRATORS
from optilab.papers.dojo.algorithm.gradient import derivatives
from optilab.papers.dojo.algorithm.interior_point import interior_point, solve
from optilab.papers.dojo.algorithm.joint import Joint
from optilab.papers.dojo.algorithm.quaternion import from_axis, rotation
from optilab.papers.dojo.algorithm.residual import TimeStep
from optilab.papers.dojo.algorithm.shapes import box, sphere
from optilab.papers.dojo.algorithm.simulation import rollout, step
from optilab.papers.dojo.algorithm.sliding import heading, sliding
from optilab.papers.dojo.algorithm.system import Body, Contact, State, System, apart, joined, moved, state_of, tangent

RACKET = np.diag([1.0, 2.0, 3.0])  # a tennis racket: it flips about its middle axis
FLIPPING = np.array([0.01, 2.0, 0.01])
SIDE = np.array([0.0, 1.0, 0.0])
ROD = 1.0  # m
ROUND = 11  # digits of figures that are rounding errors: what is left of them differs between machines


# a free body


def spun(name: str, J: np.ndarray, omega: np.ndarray, h: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Largest change of a component of the momentum and of the energy, relative to their start, (*batch)."""
    trace = run(INTEGRATORS[name](J, omega, h=h), steps)
    size = np.linalg.norm(trace.momentum[0], axis=-1)
    drift = abs(trace.momentum - trace.momentum[0]).max((0, -1)) / size
    span = np.ptp(trace.energy, axis=0) / trace.energy[0]
    return drift.round(ROUND), span.round(ROUND)


def random_bodies(rng: np.random.Generator, count: int) -> np.ndarray:
    """Inertias (count, 3, 3) of random boxes (kg·m²): every one satisfies the triangle inequality."""
    squares = rng.uniform(0.3, 2, (count, 3)) ** 2
    return (squares.sum(-1, keepdims=True) - squares)[..., None] * np.eye(3)


def spinning(quick: bool = False) -> Iterator[Claim]:
    """A thrown tennis racket flips; the variational integrator keeps its momentum and its energy to rounding."""
    for h, steps in ((0.05, 300),) if quick else ((0.1, 600), (0.05, 1200), (0.01, 2000)):
        drift, span = spun("variational", RACKET, FLIPPING, h, steps)
        yield Claim(f"racket, h = {h:g} s, {steps} steps: relative drift of the momentum", float(drift), at_most=1e-10)
        yield Claim(f"racket, h = {h:g} s, {steps} steps: relative span of the energy", float(span), at_most=1e-10)
        drift, _ = spun("explicit Euler", RACKET, FLIPPING, h, steps)
        statement = f"racket, h = {h:g} s, {steps} steps, explicit Euler: relative drift of the momentum"
        yield Claim(statement, float(drift), at_least=1e-2)
    flips = run(INTEGRATORS["variational"](RACKET, FLIPPING, h=0.05), 300).omega[:, 1]
    yield Claim("racket: its middle spin turns over, times in 15 s", (np.diff(np.sign(flips)) != 0).sum(), at_least=1)
    rng = np.random.default_rng(0)
    omega = rng.normal(size=(20, 3))
    omega *= rng.uniform(1, 6, (20, 1)) / np.linalg.norm(omega, axis=-1, keepdims=True)
    J = random_bodies(rng, 20)
    drift, span = spun("variational", J, omega, 0.05, 100 if quick else 1000)
    worst = np.maximum(drift, span)
    yield Claim.over("20 random boxes: drift of momentum or energy, most", worst, np.max, at_most=1e-10)


# a double pendulum


def double_pendulum(h: float) -> System:
    """Two rods of 1 kg and 1 m, hinged to the world and to each other; a body's frame is at its middle, z along it."""
    half, J = np.array([0, 0, ROD / 2]), np.diag([1 / 12, 1 / 12, 1 / 120])
    hinges = [
        Joint("revolute", -1, 0, axis=SIDE, p_child=half),
        Joint("revolute", 0, 1, axis=SIDE, p_parent=-half, p_child=half),
    ]
    return System([Body(1.0, J), Body(1.0, J)], joints=hinges, h=h)


def hanging(first: float | np.ndarray, second: float | np.ndarray) -> State:
    """The pendulum at rest with its rods turned by these angles (rad) from hanging down."""
    q = np.stack(np.broadcast_arrays(from_axis(SIDE, first), from_axis(SIDE, second)), -2)
    rods = -ROD * rotation(q)[..., :, 2]
    x = np.stack([rods[..., 0, :] / 2, rods[..., 0, :] + rods[..., 1, :] / 2], -2)
    return state_of(x, q=q, bodies=2)


def energy(system: System, trace: Trace) -> np.ndarray:
    """Kinetic energy of each step, and potential energy half-way through it (J), (steps + 1, *batch)."""
    turning = (trace.omega[..., None, :] @ system.J @ trace.omega[..., None])[..., 0, 0]
    height = (trace.x - system.h / 2 * trace.v)[..., 2]
    each = system.m * ((trace.v**2).sum(-1) / 2 + system.gravity * height) + turning / 2
    return each.sum(-1)


def swung(start: State, h: float, seconds: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Span of the energy, change of its mean from the first to the last quarter, and the largest gap of a hinge."""
    system = double_pendulum(h)
    trace = run(rollout(system, start, rtol=1e-12), round(seconds / h))
    E = energy(system, trace)[1:]
    quarter = len(E) // 4
    apart = abs(system.joint_error(State(trace.x, trace.v, trace.q, trace.omega))).max()
    return np.ptp(E, axis=0), abs(E[-quarter:].mean(0) - E[:quarter].mean(0)), float(apart)


def swinging(quick: bool = False) -> Iterator[Claim]:
    """A double pendulum's energy oscillates by O(h²) and does not drift; its hinges stay closed."""
    rng = np.random.default_rng(0)
    count = 3 if quick else 10
    first, second = rng.uniform(0.5, 2.2, count), rng.uniform(-1.5, 1.5, count)
    starts, seconds = hanging(np.append(first, 2.0), np.append(second, 1.0)), 0.6 if quick else 5.0
    coarse, _, apart = swung(starts, 0.02, seconds)
    fine, drift, apart_too = swung(starts, 0.01, seconds)
    ratio = coarse / fine
    text = f"double pendulum, {count + 1} starts, {seconds:g} s:"
    yield Claim.over(f"{text} energy span at h = 0.02 over that at 0.01, least", ratio, np.min, at_least=3)
    share = drift / fine
    if not quick:
        yield Claim.over(f"{text} drift of the energy over its span, most", share, np.max, at_most=0.2)
    yield Claim(f"{text} largest gap of a hinge (m)", round(max(apart, apart_too), ROUND), at_most=1e-10)


# a sliding box


def cube(mu: float | np.ndarray, h: float, friction: str, *, bottom: bool = True) -> System:
    """A cube of 1 kg and half a metre."""
    body, corners = box((0.5, 0.5, 0.5), mu=mu, bottom=bottom)
    return System([body], corners, h=h, friction=friction)


def slid(system: System, v0: np.ndarray, kappa: float, seconds: float) -> Trace:
    """The cube sliding with velocity v0 (*batch, 2) from where the floor holds it, nκ/(mgh) above."""
    v = np.concatenate([v0, np.zeros((*v0.shape[:-1], 1))], -1)[..., None, :]
    gap = 4 * kappa / (system.gravity * system.h)
    start = state_of(np.broadcast_to(np.array([0.0, 0.0, 0.25 + gap]), v.shape), v)
    return run(rollout(system, start, kappa=kappa), round(seconds / system.h))


def travelled(trace: Trace) -> np.ndarray:
    """Where the slide has led, (*batch, 2)."""
    return trace.x[-1, ..., 0, :2] - trace.x[0, ..., 0, :2]


def boxes(quick: bool = False) -> Iterator[Claim]:
    """A rigid box slides where Coulomb's cone sends it; a pyramid sends it elsewhere."""
    count = 4 if quick else 10
    rng = np.random.default_rng(0)
    mu, speed, degrees = rng.uniform(0.2, 0.5, count), rng.uniform(1, 2.5, count), rng.uniform(2, 43, count)
    v0 = speed[:, None] * np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], -1)
    seconds = 1.02 * (abs(v0).sum(-1) / (mu * 9.81)).max()  # the pyramid brakes on the diagonal by less
    h = 0.05 if quick else 0.02
    trace = slid(cube(mu, h, "cone"), v0, 1e-6, seconds)
    off = abs(heading(travelled(trace)) - degrees)
    yield Claim.over(f"{count} random box slides, cone: degrees off the true heading, most", off, np.max, at_most=2e-3)
    used = trace.iterations[1:].mean(0)
    yield Claim.over(f"{count} random box slides, cone: interior-point iterations a step", used, np.mean, at_most=12)
    bent = heading(travelled(slid(cube(mu, h, "pyramid"), v0, 1e-6, seconds)))
    *_, last = sliding(v0, mu=mu, h=h, model="pyramid")
    off = abs(bent - heading(last.x))
    statement = f"{count} random box slides, pyramid: degrees between rigid box and projection step, most"
    yield Claim.over(statement, off, np.max, at_most=0.1)
    if quick:
        return
    v0 = np.array([4.0, 0.8])
    for friction, bounds in (("cone", {"at_most": 0.02}), ("pyramid", {"at_least": 9})):
        trace = slid(cube(0.25, 0.01, friction, bottom=False), v0, 1e-6, 2.5)
        off = abs(heading(travelled(trace)) - heading(v0))
        yield Claim(f"cube with 8 corners at 11.31°, {friction}: degrees off", float(off), **bounds)


# a hard floor


def dropping(quick: bool = False) -> Iterator[Claim]:
    """A dropped ball never enters the floor, rests at κ/(mgh), and rolls on with 5/7 of its speed."""
    kappa = np.array([1e-4, 1e-6, 1e-8])
    lowest, resting, rolling = [], [], []
    for h in (0.05,) if quick else (0.1, 0.05, 0.01):
        body, contacts = sphere(0.5, mu=0.8)
        start = state_of((0, 0, 1.5), (1.0, 0, 0))
        trace = run(rollout(System([body], contacts, h=h), start, kappa=kappa), round(1.5 / h))
        lowest.append(trace.gap[..., 0].min(0) / kappa)
        resting.append(trace.gap[-1, :, 0] * 9.81 * h / kappa)
        rolling.append(trace.v[-1, :, 0, 0])
    yield Claim.over("dropped ball: least gap / κ (m/(N·s·m)), all κ and h", lowest, np.min, at_least=0.15)
    off = abs(np.array(resting) - 1)
    yield Claim.over("dropped ball: resting gap off κ/(mgh), relative, most", off, np.max, at_most=0.01)
    off = abs(np.array(rolling) * 7 / 5 - 1)
    yield Claim.over("dropped ball: rolling speed off 5/7 of the speed, relative, most", off, np.max, at_most=2e-3)

    rng = np.random.default_rng(1)
    count = 12
    body, contacts = sphere(rng.uniform(0.2, 0.8, count), m=rng.uniform(0.5, 2, count), mu=rng.uniform(0.1, 1, count))
    x = np.stack([0 * body.m, 0 * body.m, contacts[0].r + rng.uniform(0.05, 0.5, count)], -1)[:, None]
    v, omega = rng.normal(size=(2, count, 1, 3))
    start = state_of(x, v, omega=3 * omega)
    trace = run(rollout(System([body], contacts, h=0.02), start, kappa=1e-6), 20 if quick else 75)
    low = trace.gap[..., 0].min(0)
    yield Claim.over(f"{count} random drops, κ = 10⁻⁶: least gap (m)", low, np.min, at_least=1e-7)


# the solver


def random_impacts(count: int, rng: np.random.Generator) -> tuple[System, State, np.ndarray]:
    """Single contacts, m 0.1 … 10, μ 0.05 … 1, on the way to the floor or on it, each with a κ from 10⁻⁸ to 1."""
    m, mu = 10 ** rng.uniform(-1, 1, count), rng.uniform(0.05, 1, count)
    point = System([Body(m, m[:, None, None] * np.eye(3))], [Contact(0, np.zeros(3), 0.0, mu)], h=0.05)
    height = 10 ** rng.uniform(-6, 0, count)
    x = np.stack([0 * height, 0 * height, height], -1)[:, None]
    return point, state_of(x, 2 * rng.normal(size=(count, 1, 3))), 10 ** rng.uniform(-8, 0, count)


def spinning_balls(count: int, rng: np.random.Generator) -> tuple[System, State, np.ndarray]:
    """Balls of all sizes that spin fast and are about to land, or lie: the hardest single contacts."""
    r, m, mu = rng.uniform(0.2, 0.8, count), 10 ** rng.uniform(-1, 1, count), rng.uniform(0.05, 1.2, count)
    body, contacts = sphere(r, m=m, mu=mu)
    x = np.stack([0 * r, 0 * r, r + 10 ** rng.uniform(-6, -0.5, count)], -1)[:, None]
    v, omega = rng.normal(size=(2, count, 1, 3))
    return System([body], contacts, h=0.05), state_of(x, 2 * v, omega=5 * omega), 10 ** rng.uniform(-8, 0, count)


def solving(quick: bool = False) -> Iterator[Claim]:
    """About ten iterations a step; the second-order correction must end where the central path is reached."""
    system, state, kappa = random_impacts(250, np.random.default_rng(0))
    problem = TimeStep(system, state, np.zeros((1, 6)))
    last = solve(problem, kappa=kappa)
    yield Claim("250 random contacts: steps that don't converge", (~last.converged).sum(), at_most=0)
    used = last.iterations
    yield Claim.over("250 random contacts: iterations, most", used, np.max, at_most=20)
    count = 200 if quick else 2000
    system, state, kappa = spinning_balls(count, np.random.default_rng(5))
    lost = ~solve(TimeStep(system, state, np.zeros((1, 6))), kappa=kappa).converged
    yield Claim(f"{count} spinning balls: share of steps that don't converge", lost.mean(), at_most=2e-3)
    resting = cube(0.25, 0.01, "cone")
    state = state_of((0, 0, 0.25))
    for _ in range(3):
        state = step(resting, state, kappa=1e-6).state
    *_, last = interior_point(TimeStep(resting, state, np.zeros((1, 6))), kappa=1e-6, correct_at_target=True)
    text = "box at rest, κ = 10⁻⁶, correction kept on at the target: ‖s∘g − κe‖/κ after 50 iterations"
    yield Claim(text, float(last.b_vio / 1e-6), at_least=0.01)


# gradients


def impact() -> tuple[System, State]:
    """A tilted, tumbling box whose corner is about to hit the floor."""
    system = cube(0.4, 0.01, "cone", bottom=False)
    q = unit(np.array([0.9, 0.3, 0.2, 0.1]))
    state = state_of((0, 0, 1.0), (1.0, 0.5, -3.0), q, (0.5, -1.0, 2.0))
    lift = system.gap(state).min()
    return system, state._replace(x=state.x - np.array([0, 0, lift - 0.01]))


def differences(system: System, state: State, kappa: float, delta: float, **options: Any) -> dict[str, np.ndarray]:
    """Central differences of a step of one body: by its state and input (12, 18), and by a common μ (12)."""
    shifts = delta * np.concatenate([np.eye(18), -np.eye(18)])
    start = apart(moved(joined(state), shifts[:, :12]))
    middle = joined(step(system, state, kappa=kappa, **options).state)

    def change(system: System, state: State, u: np.ndarray | None = None) -> np.ndarray:
        return tangent(joined(step(system, state, u, kappa=kappa, **options).state), middle)

    after = change(system, start, shifts[:, None, 12:])
    rougher, smoother = (
        replace(system, contacts=[replace(contact, mu=contact.mu + sign * delta) for contact in system.contacts])
        for sign in (1, -1)
    )
    by_mu = (change(rougher, state) - change(smoother, state)) / (2 * delta)
    return {"state and u": (after[:18] - after[18:]).T / (2 * delta), "mu": by_mu}


def differentiating(quick: bool = False) -> Iterator[Claim]:
    """Implicit gradients of a box's impact agree with central differences."""
    system, state = impact()
    exact: list[list[float]] = []
    options: dict[str, Any] = {"btol": 1e-10, "rtol": 1e-12}
    for kappa in (1e-3,) if quick else (1e-3, 1e-4, 1e-5, 1e-6):
        by = derivatives(system, state, kappa=kappa, by=("state", "u", "mu"), **options).by
        found = differences(system, state, kappa, 1e-6, **options)
        whole = np.concatenate([by["state"], by["u"]], -1)
        errors = (whole - found["state and u"]), (by["mu"].sum(-1) - found["mu"])
        scale = abs(whole).max(), abs(by["mu"].sum(-1)).max()
        exact.append([abs(error).max() / size for error, size in zip(errors, scale, strict=True)])
    by_state, by_mu = np.array(exact).round(8).T
    text = "box at an impact: relative error of the implicit gradient"
    yield Claim.over(f"{text} by state and input, most over κ", by_state, np.max, at_most=1e-7)
    yield Claim.over(f"{text} by μ, most over κ", by_mu, np.max, at_most=1e-8)


EXPERIMENTS: tuple[Experiment, ...] = (spinning, swinging, boxes, dropping, solving, differentiating)
