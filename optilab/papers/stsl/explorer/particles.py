"""Runs in the plane: a hundred particles by each method, at some of their levels."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import run as advanced
from optilab.papers.stsl import algorithm as alg
from optilab.papers.stsl.explorer.parts import FULL, in_the_plane

Array = np.ndarray
PARTICLES, FRAMES, FAR, SEED = 100, 60, 1e3, 0


class Film(NamedTuple):
    """A run at some of its levels."""

    z: Array  # (frames, particles, 2)
    alpha: Array  # (frames,)
    lost: bool  # whether it left the plane: the last frame is the one before
    calls: int
    sigma: float
    method: str


def noise() -> Array:
    """What a hundred particles start from, the same for all methods."""
    return np.random.default_rng(SEED).normal(size=(PARTICLES, 2))


def by_stsl(S: int, K: int, lam: float, eta: float, sigma: float, init: str) -> Any:
    """STSL's states."""
    rng = np.random.default_rng(SEED + 1)
    return alg.stsl(in_the_plane(sigma), noise(), rng=rng, S=S, K=K, lam=lam, eta=eta, init=init)


def by_psld(S: int, lam: float, sigma: float, init: str) -> Any:
    """PSLD's states; λ is its ω."""
    return alg.psld(in_the_plane(sigma), noise(), S=S, omega=lam, init=init)


def by_ldps(S: int, lam: float, sigma: float) -> Any:
    """LDPS's states; λ is its ζ."""
    return alg.ldps(in_the_plane(sigma), noise(), rng=np.random.default_rng(SEED + 1), S=S, zeta=lam)


def by_moments(S: int, sigma: float) -> Any:
    """The yardstick's states."""
    return alg.second_order(in_the_plane(sigma), noise(), S=S)


def simulate(
    method: str,
    S: int,
    K: int,
    lam: float,
    eta: float,
    sigma: float,
    init: str,
    progress: Callable[[float, float], Any] | None = None,
) -> Film:
    """Run it, and keep up to 61 levels."""
    states = {
        "STSL": lambda: by_stsl(S, K, lam, eta, sigma, init),
        "PSLD": lambda: by_psld(S, lam, sigma, init),
        "LDPS": lambda: by_ldps(S, lam, sigma),
        FULL: lambda: by_moments(S, sigma),
    }[method]()
    trace = advanced(states, S, limit=FAR, progress=progress or False)
    whole = np.isfinite(trace.z).all((1, 2))
    last = len(whole) if whole.all() else max(int(whole.argmin()), 1)
    at = np.unique(np.linspace(0, last - 1, FRAMES + 1).round().astype(int))
    return Film(trace.z[at], trace.alpha[at], not whole.all(), int(trace.score_calls[last - 1]), sigma, method)
