"""A bound on the state by Moreau–Yosida, and the gradient by switching times."""

from collections.abc import Iterator

import numpy as np

from optilab.core.claim import Claim
from optilab.core.run import run
from optilab.papers.multiobjective_pde.algorithm import (
    FullModel,
    Weighted,
    moreau_yosida,
    newton,
    switching_gradients,
    switching_values,
)
from optilab.papers.multiobjective_pde.experiment.fronts import ends_of, pair
from optilab.papers.multiobjective_pde.problems import Heat

Array = np.ndarray
ALPHA = np.array([0.7, 0.3])


def violations(seed: int | None = None) -> tuple[float, Array]:
    """ψ, 0.7 of the largest y without a bound at α = 0.7, and the largest y − ψ for γ = 1 … 10⁶: (7,)."""
    model, first = FullModel(pair(seed)), ends_of(seed)[0]
    free = newton(model, Weighted(ALPHA), first.q)
    psi = 0.7 * float(model.state(free.q).max())
    return psi, run(moreau_yosida(pair(seed), free.q, alpha=ALPHA, psi=psi), 10, keep=["violation"]).violation


def off_difference(tau: Array, step: float = 1e-6) -> float:
    """How far the gradient by the switching times τ (2,) is from central differences."""
    heat = Heat()
    sides = [switching_values(heat, tau + step * e) - switching_values(heat, tau - step * e) for e in np.eye(2)]
    return float(abs(switching_gradients(heat, tau) - np.array(sides).T / (2 * step)).max())


def additions(quick: bool) -> Iterator[Claim]:
    """The violation falls as 1/γ; the switching gradient is the derivative."""
    _, found = violations()
    yield Claim("state constraint: violation at γ = 10⁵ over that at 10⁶", found[5] / found[6], at_least=9, at_most=11)
    yield Claim("state constraint: least factor for ten times the penalty", (found[:-1] / found[1:]).min(), at_least=3)
    rng = np.random.default_rng(0)
    taus = np.sort(rng.uniform(0.01, 0.19, (3 if quick else 20, 2)))
    yield Claim.over("switching times: gradient off central differences, the most", [off_difference(t) for t in taus],
                     np.max, at_most=1e-6)  # fmt: skip
