"""Friction and radius of a thrown ball, found from its flight: exact where data and model share κ, biased elsewhere."""

from collections.abc import Iterator

import numpy as np

from optilab.core.claim import Claim
from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm.identification import gauss_newton, windows_of
from optilab.papers.dojo.algorithm.point_mass import PointMass

TRUTH, GUESS = np.array([0.2, 0.5]), np.array([0.02, 0.7])  # μ and r
TOSSES, STEPS, H, KAPPA = 10, 100, 0.02, 1e-6
BALL = PointMass(m=1.0, h=H)


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
    yield Claim(
        "identification without noise at the data's κ: relative error of μ and r, most", error.max(), 1e-3, seeds=error
    )
    steps = trace.first(trace.settled)
    yield Claim("its Gauss–Newton steps, most", steps.max(), at_most=8, seeds=steps)
    biased = {kappa: errors(fitted(paths, kappa))[:, 0] for kappa in ([1e-3] if quick else [1e-2, 1e-3, 1e-4])}
    for kappa, error in biased.items():
        statement = f"the same fitted with κ = {kappa:g}: error of μ, median"
        yield Claim(statement, np.median(error), at_least=1e-3, seeds=error)
    if quick:
        return
    grows = np.diff([np.median(error) for error in biased.values()])
    yield Claim("error of μ falls with κ: largest change towards smaller κ", grows.max(), at_most=0)
    noisy = tosses(seeds, noise=1e-3)
    for kappa, bound in ((KAPPA, 0.04), (1e-4, 0.02)):
        error = errors(fitted(noisy, kappa))[:, 0]
        yield Claim(
            f"noise of 1 mm and 1 mm/s, κ = {kappa:g}: error of μ, median", np.median(error), bound, seeds=error
        )
    stuck = fitted(paths, KAPPA, np.array([0.0, 1.0])).theta[-1, :, 0]
    yield Claim("from a guess without friction: μ found, most", stuck.max(), at_most=1e-6, seeds=stuck)
    spurious = fitted(paths, KAPPA, length=3).theta[-1, :, 1]
    yield Claim(
        "windows of three steps, guess r = 0.7: radius found, least (true: 0.5)", spurious.min(), 0.51, 0.505, spurious
    )
