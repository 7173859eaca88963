"""Friction and shape of a thrown body, found from its flight: exact where data and model share κ, biased elsewhere."""

from collections.abc import Iterator

import numpy as np

from optilab.core.claim import Claim
from optilab.core.numerics import unit
from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm.identification import ThrownBall, ThrownBody, gauss_newton, windows_of
from optilab.papers.dojo.algorithm.point_mass import PointMass
from optilab.papers.dojo.algorithm.quaternion import product
from optilab.papers.dojo.algorithm.shapes import sphere
from optilab.papers.dojo.algorithm.simulation import rollout
from optilab.papers.dojo.algorithm.system import State, System, joined, state_of
from optilab.papers.dojo.experiment.rigid import cube

TRUTH, GUESS = np.array([0.2, 0.5]), np.array([0.02, 0.7])  # μ and r
TOSSES, STEPS, H, KAPPA = 10, 100, 0.02, 1e-6
BIAS = {1e-2: 0.1, 1e-3: 0.05, 1e-4: 0.005}  # of the friction found with such a κ, at least
BALL = ThrownBall(PointMass(m=1.0, h=H))


def tosses(seeds: range, noise: float = 0.0) -> np.ndarray:
    """Paths (steps + 1, tosses, seeds, 6) of thrown balls, noise of this size on positions and velocities."""
    z = np.zeros((TOSSES, len(seeds), 6))
    rngs = [np.random.default_rng(seed) for seed in seeds]
    for i, rng in enumerate(rngs):
        z[:, i, 2] = TRUTH[1] + rng.uniform(0.05, 0.5, TOSSES)
        z[:, i, 3:5] = rng.uniform(-3, 3, (TOSSES, 2))
        z[:, i, 5] = rng.uniform(-1.5, 1.5, TOSSES)
    ball = PointMass(m=1.0, mu=TRUTH[0], r=TRUTH[1], h=H)
    path = [z]
    for _ in range(STEPS):
        path.append(ball.step(path[-1], np.zeros(3), KAPPA).z)
    measured = np.array(path)
    for i, rng in enumerate(rngs):
        measured[:, :, i] += noise * rng.normal(size=measured[:, :, i].shape)
    return measured


def fitted(paths: np.ndarray, kappa: float, guess: np.ndarray = GUESS, length: int = 1) -> Trace:
    """All iterations of Gauss–Newton from a guess (2,), at most 20."""
    return run(gauss_newton(windows_of(paths, length, BALL, kappa), guess), 20)


def errors(trace: Trace) -> np.ndarray:
    """Relative errors of μ and r at the end: (seeds, 2)."""
    return np.abs(trace.theta[-1] / TRUTH - 1)


def identify(quick: bool = False) -> Iterator[Claim]:
    """Ten tosses a seed, all one-step windows; data at κ = 10⁻⁶, model at this and at larger κ."""
    seeds = range(2 if quick else 12)
    paths = tosses(seeds)
    trace = fitted(paths, KAPPA)
    error = errors(trace).max(-1).round(6)
    statement = "identification without noise at the data's κ: relative error of μ and r, most"
    yield Claim.over(statement, error, np.max, at_most=1e-3)
    steps = trace.first(trace.settled)
    yield Claim.over("its Gauss–Newton steps, most", steps, np.max, at_most=6)
    biased = {kappa: errors(fitted(paths, kappa))[:, 0] for kappa in ([1e-3] if quick else [1e-2, 1e-3, 1e-4])}
    for kappa, error in biased.items():
        statement = f"identification with κ = {kappa:g} of data at 10⁻⁶: error of μ, median"
        yield Claim.over(statement, error, np.median, at_least=BIAS[kappa])
    if quick:
        return
    grows = np.diff([np.median(error) for error in biased.values()])
    yield Claim("error of μ falls with κ: largest change towards smaller κ", grows.max(), at_most=0)
    noisy = tosses(seeds, noise=1e-3)
    for kappa, bound in ((KAPPA, 0.04), (1e-4, 0.02)):
        statement = f"noise of 1 mm and 1 mm/s, κ = {kappa:g}: error of μ, median"
        yield Claim.over(statement, errors(fitted(noisy, kappa))[:, 0], np.median, at_most=bound)
    stuck = fitted(paths, KAPPA, np.array([0.0, 1.0])).theta[-1, :, 0]
    yield Claim.over("from a guess without friction: μ found, most", stuck, np.max, at_most=1e-6)
    spurious = fitted(paths, KAPPA, length=3).theta[-1, :, 1]
    statement = "windows of three steps, guess r = 0.7: radius found, least (true: 0.5)"
    yield Claim.over(statement, spurious, np.min, at_most=0.51, at_least=0.505)


# rigid bodies


def flight(system: System, start: State, steps: int) -> np.ndarray:
    """The path (steps + 1, *batch, 13) of one body."""
    trace = run(rollout(system, start, kappa=KAPPA), steps)
    return joined(State(trace.x, trace.v, trace.q, trace.omega))


def blurred(path: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """A path with noise of this size (m, m/s, half a radian, rad/s) on all that is measured."""
    path = path + noise * rng.normal(size=path.shape)
    path[..., 6:10] = unit(path[..., 6:10])
    return path


def rolling_balls(seeds: range, steps: int) -> tuple[ThrownBody, np.ndarray]:
    """The ball as a rigid one that spins, and its paths (steps + 1, tosses, seeds, 13)."""
    body, contacts = sphere(TRUTH[1], mu=TRUTH[0])
    system = System([body], contacts, h=H)
    z = tosses(seeds)[0][..., None, :]
    omega = np.stack([np.random.default_rng(seed).normal(scale=3, size=(TOSSES, 1, 3)) for seed in seeds], 1)
    return ThrownBody(system, "r"), flight(system, state_of(z[..., :3], z[..., 3:], omega=omega), steps)


def thrown_cube(steps: int, rng: np.random.Generator) -> tuple[ThrownBody, np.ndarray, np.ndarray]:
    """A cube with 8 corners, its μ and corners (25), and paths (steps + 1, 8, 13) of tosses onto each of them."""
    system = cube(0.3, H, "cone", bottom=False)
    up, turn = unit(-system.p), rng.uniform(0, np.pi, 8)
    q = np.concatenate([1 + up[:, 2:], np.cross(up, [0.0, 0, 1])], -1)  # turns `up` to e_z
    q = unit(product(np.stack([np.cos(turn), 0 * turn, 0 * turn, np.sin(turn)], -1), q))
    x = np.zeros((8, 3))
    x[:, 2] = np.linalg.norm(system.p[0]) + rng.uniform(0.05, 0.2, 8)
    start = state_of(*(part[:, None] for part in (x, rng.uniform(-2, 2, (8, 3)), q, rng.normal(scale=2, size=(8, 3)))))
    return ThrownBody(system, "p"), np.append(0.3, system.p), flight(system, start, steps)


def shapes(quick: bool = False) -> Iterator[Claim]:
    """A rigid ball's friction and radius; a cube's friction and its corners, from eight short tosses.

    A corner that an iteration has taken off the floor feels nothing of it: its gradient vanishes and it may stay
    there, as one does here where the paths are noisy.
    """
    seeds = range(1 if quick else 2)
    solid, paths = rolling_balls(seeds, 25 if quick else STEPS)
    trace = run(gauss_newton(windows_of(paths, 1, solid, KAPPA), GUESS, lower=(1e-3, 0.05)), 20)
    error = errors(trace).max(-1).round(6)
    yield Claim.over("rigid ball: relative error of μ and r, most", error, np.max, at_most=1e-3)
    if quick:
        return
    rng = np.random.default_rng(0)
    solid, theta, path = thrown_cube(22, rng)
    both = np.stack([path, blurred(path, 1e-3, rng)], 2)
    guess = theta * np.append(0.5, rng.uniform(0.8, 1.2, 24))
    lower, upper = np.append(1e-3, theta[1:] - 0.1), np.append(1.0, theta[1:] + 0.1)
    states = gauss_newton(windows_of(both, 1, solid, KAPPA), guess, lower=lower, upper=upper, rho=100.0)
    found = run(states, 14).theta[-1]
    error = abs(found[:, 0] / theta[0] - 1)
    apart = abs(found - theta)[:, 1:].reshape(2, 8, 3).max(-1) / 0.5
    text = "cube, 8 tosses, first guess half of μ and corners 20 % off"
    for name, bound, off, corners in zip(("", ", noise of 1 mm and 1 mm/s"), (5e-3, 0.05), error, apart, strict=True):
        yield Claim(f"{text}{name}: relative error of μ", off, at_most=bound)
        yield Claim(f"{text}{name}: corners within 5 % of the edge, of 8", (corners < 0.05).sum(), at_least=7)
        statement = f"{text}{name}: distance of a corner from its place / the edge, median"
        yield Claim(statement, np.median(corners), at_most=0.01)
