"""What several pictures share: colours, broken lines, the fixed point by sine transforms, which is fast."""

from functools import cache

import numpy as np
from scipy.fft import dstn

from optilab.papers.multiobjective_pde.problems import MaxPDE
from optilab.ui.theme import BLUE, methods

Array = np.ndarray
WALK, REDUCED = "reference walk", "reduced model"
WEIGHTS, RAY, FIXED, PLAIN = "equal weights", "Pascoletti–Serafini", "fixed point", "gradients alone"
NEWTON, ACROSS = "semismooth Newton", "descent across kinks"
color = methods(ours=[WALK, REDUCED], rivals=[WEIGHTS, RAY, FIXED, PLAIN], others={NEWTON: BLUE, ACROSS: BLUE})


def counted(count: int, what: str) -> str:
    """1 step, 2 steps."""
    return f"{count} {what}{'s' * (count != 1)}"


def segments(starts: Array, ends: Array) -> tuple[Array, Array]:
    """Lines from each start (m, 2) to its end (m, 2), with gaps between them: x and y."""
    pieces = np.stack([starts, ends, np.full_like(starts, np.nan)], 1).reshape(-1, 2)
    return pieces[:, 0], pieces[:, 1]


@cache
def symbol(n: int) -> Array:
    """The eigenvalues of −Δ on a square with n² nodes, by frequencies: (n, n)."""
    one = 4 * (n + 1) ** 2 * np.sin(np.arange(1, n + 1) * np.pi / (2 * (n + 1))) ** 2
    return one[:, None] + one


def alternating(pde: MaxPDE, u: Array, steps: int) -> tuple[Array, Array]:
    """The fixed point A y⁺ = u − κ max(0, y) on the square from 0: y of all steps (steps + 1, N), and ‖r‖."""
    shape, eigenvalues = (pde.n, pde.n), symbol(pde.n)
    path = np.zeros((steps + 1, pde.N))
    sizes = [float(pde.norm(u))]
    for k in range(steps):
        right = u - pde.kappa * np.maximum(0, path[k])
        waves = dstn(right.reshape(shape), type=1, norm="ortho") / eigenvalues
        path[k + 1] = dstn(waves, type=1, norm="ortho").ravel()
        # A y⁺ is `right`, so the residual is what κ max(0, y) has changed by
        change = pde.kappa * (np.maximum(0, path[k + 1]) - np.maximum(0, path[k]))
        sizes.append(float(pde.norm(change)))
    return path, np.array(sizes)
