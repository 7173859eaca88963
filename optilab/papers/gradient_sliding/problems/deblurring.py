"""Total-variation deblurring of a line of pixels: ½‖Bx − b‖² + ‖Kx‖₁ + (μ/2)‖x‖², K the differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import require
from optilab.papers.gradient_sliding.problems.certified import Optimum, SolvedByDual, quadratic_dual, stacked
from optilab.problems.oracles import lifted
from optilab.problems.seeds import instances


@dataclass(frozen=True, eq=False)
class Deblurring(SolvedByDual):
    """f(x) = ½‖Bx − b‖², h(x) = weight Σ|xᵢ₊₁ − xᵢ| = max_{‖y‖∞ ≤ 1} Kx·y, χ(x) = (μ/2)‖x‖².

    `grad` belongs to f, `subgrad` to h, `prox` to χ; calling the problem gives their sum.

    Parameters
    ----------
    B : array (n, n)
        The blur.
    b : array (*batch, n)
        What was recorded.
    mu : float
        Strong convexity μ > 0 of the simple part.
    weight : float
        Of the total variation, 0 or more.
    signal : array (*batch, n), optional
        The signal behind the record, where it is known.

    Raises
    ------
    ValueError
        If shapes don't fit, μ is not positive or the weight negative.
    """

    B: np.ndarray
    b: np.ndarray
    mu: float
    weight: float = 1.0
    signal: np.ndarray | None = None

    def __post_init__(self) -> None:
        n = np.shape(self.b)[-1]
        require(np.shape(self.B) == (n, n), "the shape of B", np.shape(self.B), f"({n}, {n})")
        require(self.mu > 0, "mu", self.mu, "positive")
        require(self.weight >= 0, "weight", self.weight, "0 or more")

    @cached_property
    def L(self) -> float:
        """Smoothness ‖B‖² of f."""
        return float(np.linalg.norm(self.B, 2) ** 2)

    @cached_property
    def norm(self) -> float:
        """‖K‖, closely below twice the weight."""
        n = self.B.shape[0]
        return 2 * self.weight * float(np.cos(np.pi / (2 * n)))

    @property
    def Omega(self) -> float:
        """Largest value (n − 1)/2 of ½‖y‖² on the dual box."""
        return (self.B.shape[0] - 1) / 2

    def differences(self, x: np.ndarray) -> np.ndarray:
        """Kx: (*batch, n) → (*batch, n − 1)."""
        return self.weight * (x[..., 1:] - x[..., :-1])

    def adjoint(self, y: np.ndarray) -> np.ndarray:
        """Kᵀy: (*batch, n − 1) → (*batch, n)."""
        out = np.zeros((*y.shape[:-1], y.shape[-1] + 1))
        out[..., 1:] = y
        out[..., :-1] -= y
        return self.weight * out

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value f + h + χ at x (*batch, n) → (*batch)."""
        smooth = ((x @ self.B.T - self.b) ** 2).sum(-1) / 2
        return smooth + abs(self.differences(x)).sum(-1) + self.mu / 2 * (x**2).sum(-1)

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient of f at x (*batch, n)."""
        return (x @ self.B.T - self.b) @ self.B

    def subgrad(self, x: np.ndarray) -> np.ndarray:
        """Subgradient of h at x (*batch, n)."""
        return self.adjoint(np.sign(self.differences(x)))

    def smooth_grad(self, x: np.ndarray, eta: float | np.ndarray) -> np.ndarray:
        """Gradient Kᵀ clip(Kx/η, −1, 1) of the smoothed h_η at x (*batch, n), η > 0 (*batch)."""
        return self.adjoint(np.clip(self.differences(x) / lifted(eta, x), -1, 1))

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """The minimiser of χ(z) + ‖z − x‖²/(2 step) for x (*batch, n) and a step, a number or (*batch)."""
        return x / (1 + lifted(step * self.mu, x))

    def solved(self) -> Optimum:
        """The minimiser with its duality gap, from the dual over y ∈ [−1, 1]ⁿ⁻¹."""
        n = self.B.shape[0]
        Q = self.B.T @ self.B + self.mu * np.eye(n)
        W = -self.adjoint(np.eye(n - 1)).T
        box = np.ones(n - 1)
        optima = []
        for index in np.ndindex(self.b.shape[:-1]):
            b = self.b[index]
            _, x, lower = quadratic_dual(Q, self.B.T @ b, W, 0 * box, -box, box)
            value = ((self.B @ x - b) ** 2).sum() / 2 + abs(self.differences(x)).sum() + self.mu / 2 * x @ x
            optima.append(Optimum(x, value, lower + b @ b / 2))
        return stacked(optima, self.b.shape[:-1])


def deblurring(
    seeds: int | Sequence[int] = 0, *, n: int = 100, L: float = 1.0, mu: float = 0.1, jumps: int = 5, width: float = 3
) -> Deblurring:
    """Piecewise constant signals, blurred by a Gaussian of `width` pixels, with a tenth of noise, one for each seed.

    Parameters
    ----------
    seeds : int, or sequence of int
        A single problem, or a batch.
    n : int
        Pixels, at least 10 + jumps.
    L, mu : float
        ‖B‖² and the strong convexity of χ.
    jumps : int
        Jumps of the signal, which starts at 0.
    width : float
        Standard deviation of the blur.
    """
    require(n >= 10 + jumps, "n", n, f"at least {10 + jumps}")
    pixels = np.arange(n)
    B = np.exp(-0.5 * ((pixels[:, None] - pixels) / width) ** 2)
    B *= np.sqrt(L) / np.linalg.norm(B, 2)

    def instance(seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        signal = np.zeros(n)
        for position, height in zip(
            np.sort(rng.choice(np.arange(5, n - 5), jumps, replace=False)), rng.normal(size=jumps), strict=True
        ):
            signal[position:] += height
        return signal, B @ signal + 0.1 * np.sqrt(L) * rng.normal(size=n)

    signal, b = instances(instance, seeds)
    return Deblurring(B, b, mu, signal=signal)
