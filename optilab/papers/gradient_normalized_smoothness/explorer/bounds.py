"""What the classes of a soft maximum promise: radii from below, and steps to a gap up to a factor."""

import numpy as np

from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness.problems import LogSumExp

RATES = {"ln 1/ε": 0.0, "1/√ε": 0.5, "1/ε": 1.0}  # exponents α: self-concordance, Lipschitz Hessian, Lipschitz gradient
MOST = 80  # steps that are drawn
SMALL = np.geomspace(0.5, 1e-9, 200)  # gaps over the first one


def classes(f: LogSumExp, norm: np.ndarray, chosen: str) -> tuple[np.ndarray, np.ndarray]:
    """Half of what γ is at least, by self-concordance and by the Lipschitz Hessian, with the error of H: (K,) each."""
    concordant, lipschitz = alg.self_concordant_radius(f.M) + 0 * norm, alg.lipschitz_radius(norm, f.L_hess)
    if chosen == "Gauss–Newton":
        concordant, lipschitz = (alg.inexact_radius(gamma, f.mu / norm) for gamma in (concordant, lipschitz))
    return concordant / 2, lipschitz / 2


def rates(gap: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Steps to a gap by every rate, through the point where a run (K + 1,) has halved its first gap."""
    k = int((gap <= gap[0] / 2).argmax())
    at = gap[k] / gap[0] if k else 0.5

    def steps(eps: np.ndarray | float, alpha: float) -> np.ndarray:
        return alg.convex_steps(eps, 1.0, [(1.0, alpha)])

    lines = {name: max(k, 1) * steps(SMALL, alpha) / steps(at, alpha) for name, alpha in RATES.items()}
    return {name: (gap[0] * SMALL, np.where(line < MOST, line, np.nan)) for name, line in lines.items()}
