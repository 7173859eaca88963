"""Friction's direction and friction's gradient: a sliding mass under cone and pyramid, and forces at the kinks."""

from collections.abc import Iterator

import numpy as np

from optilab.core.claim import Claim
from optilab.papers.dojo.algorithm.point_mass import PointMass
from optilab.papers.dojo.algorithm.sliding import cone_path, heading, pyramid_path, sliding
from optilab.papers.dojo.algorithm.smoothing import draws, first_order, zeroth_order

BLOCK = PointMass(m=1.0, mu=1.0, h=0.1, g=1.0)  # its weight is 1 N and so is the force that breaks it loose
SAMPLES = 500


def polar(speed: float | np.ndarray, degrees: float | np.ndarray) -> np.ndarray:
    """Velocities (*batch, 2)."""
    angle = np.radians(degrees)
    return np.stack(np.broadcast_arrays(speed * np.cos(angle), speed * np.sin(angle)), -1)


def slid(v0: np.ndarray, mu: float | np.ndarray, h: float, model: str) -> np.ndarray:
    """Where hard friction stops the masses (*batch, 2) that start with v0."""
    *_, last = sliding(v0, mu=mu, h=h, model=model)
    return last.x


def directions(quick: bool = False) -> Iterator[Claim]:
    """A mass slides to rest: the pyramid bends its path to the diagonal, the cone stops it where theory says."""
    v0 = np.array([4.0, 0.8])
    bent = heading(slid(v0, 0.25, 0.01, "pyramid"))
    yield Claim("a mass under the pyramid: degrees off its heading of 11.31°", abs(bent - heading(v0)), at_least=9)
    promised = heading(pyramid_path(v0, 0.25))
    yield Claim("a mass under the pyramid: degrees off the closed form (h → 0)", abs(bent - promised), at_most=0.1)

    count = 20 if quick else 200
    rng = np.random.default_rng(2)
    mu = rng.uniform(0.2, 0.5, count)
    v0 = polar(rng.uniform(1, 2.5, count), rng.uniform(2, 43, count))
    off = np.radians(abs(heading(slid(v0, mu, 0.02, "pyramid")) - heading(pyramid_path(v0, mu))))
    off *= np.linalg.norm(v0, axis=-1) / (mu * 9.81 * 0.02)
    statement = f"{count} random slides: angle between pyramid and closed form / (μgh/‖v‖), most"
    yield Claim.over(statement, off, np.max, at_most=0.25)
    off = np.linalg.norm(slid(v0, mu, 0.02, "cone") - cone_path(v0, mu, h=0.02), axis=-1) / (mu * 9.81 * 0.02**2)
    yield Claim.over("cone: distance to the closed form's end / μgh², most (theory: 1/8)", off, np.max, at_most=0.126)

    angles = np.array([0.0, 10, 30, 45])
    bent = heading(slid(polar(2.0, angles), 0.25, 0.02, "pyramid"))
    exact = abs(bent - angles)[[0, 3]].max()
    yield Claim("pyramid from 0° and 45°: degrees off, most", round(exact, 9), at_most=1e-6)


def impact_gradient(F: np.ndarray, kappa: float | np.ndarray) -> np.ndarray:
    """∂(next gap)/∂F (*batch) for the block on the floor, lifted by F (*batch): kink at its weight, 1 N."""
    push = np.stack([0 * F, 0 * F, BLOCK.h * F], -1)
    return BLOCK.h * BLOCK.linearise(np.zeros(6), push, kappa).B[..., 2, 2]


def friction_gradient(F: np.ndarray, kappa: float | np.ndarray) -> np.ndarray:
    """∂(next x)/∂F (*batch) for the block at rest, pushed sideways by F (*batch): kink at μmg = 1 N."""
    push = np.stack([BLOCK.h * F, 0 * F, 0 * F], -1)
    return BLOCK.h * BLOCK.linearise(BLOCK.at_rest(kappa), push, kappa).B[..., 0, 0]


def friction_motion(F: np.ndarray, kappa: float | np.ndarray) -> np.ndarray:
    """Next x (*batch) of the block at rest, pushed sideways by F (*batch)."""
    push = np.stack([BLOCK.h * F, 0 * F, 0 * F], -1)
    return BLOCK.step(BLOCK.at_rest(kappa), push, kappa).z[..., 0]


def gradients(quick: bool = False) -> Iterator[Claim]:
    """The block's gradients at, below and above the kinks; randomised smoothing beside them."""
    kappa = 10.0 ** np.arange(-8, -1)
    half = float(BLOCK.h**2 / 2)
    off = abs(impact_gradient(np.ones(len(kappa)), kappa) / half - 1)
    yield Claim(
        "impact: ∂gap/∂F at the kink off h²/2, relative, κ = 10⁻⁸ to 10⁻², most", round(off.max(), 12), at_most=1e-9
    )
    sticking = friction_gradient(np.full(3, 0.5), np.array([1e-4, 1e-6, 1e-8]))
    power = np.log10(sticking[0] / sticking[2]) / 4
    yield Claim("stiction at half the force that breaks loose: power of κ in ∂x/∂F", power, at_least=0.99, at_most=1)
    kinked = friction_gradient(np.ones(3), np.array([1e-4, 1e-6, 1e-8])) / half
    yield Claim("friction: ∂x/∂F at the kink / (h²/2), most off 1", abs(kinked - 1).max(), at_most=0.02)
    sliding_now = friction_gradient(np.array([1.5]), np.array([1e-6]))[0] / (2 * half)
    yield Claim("sliding: ∂x/∂F / exact, off 1", abs(sliding_now - 1), at_most=3e-4)

    times = 200
    F, rng, sigma, hard = np.ones((times, 1)), np.random.default_rng(4), 0.1, 1e-8
    eps = draws(rng, F, sigma, SAMPLES)
    first = first_order(lambda u: friction_gradient(u[..., 0], hard)[..., None, None], F, eps)[..., 0, 0]
    zeroth = zeroth_order(lambda u: friction_motion(u[..., 0], hard)[..., None], F, eps, sigma)[..., 0, 0]
    for name, found, bound in (("first", first, 0.015), ("zeroth", zeroth, 0.03)):
        statement = f"randomised smoothing, {name} order, {SAMPLES} samples at the kink: mean / (h²/2) off 1"
        yield Claim(statement, abs(found.mean() / half - 1), at_most=bound, seeds=found / half)
    text = "scatter of gradients at the kink averaged over noise: zeroth / first order"
    yield Claim(text, zeroth.std() / first.std(), at_least=1.7, at_most=2.8)
