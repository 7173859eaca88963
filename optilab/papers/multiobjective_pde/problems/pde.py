"""The state equation A y + κ max(0, y) = B q on a grid of the unit interval or square."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg import cho_solve_banded, cholesky_banded, solveh_banded

from optilab.core.check import require, whole

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class MaxPDE:
    """−Δy + κ max(0, y) = Bq on (0, 1)^dim with y = 0 on the boundary, by finite differences.

    N = n^dim inner nodes, h = 1/(n + 1); the first axis varies slowest. Products are (a, b) = h^dim aᵀb, the energy
    norm is ‖v‖²_A = h^dim vᵀAv.

    Parameters
    ----------
    n : int
        Inner nodes per axis.
    dim : int
        1 or 2.
    kappa : float
        κ ≥ 0, the strength of the kink; with it the left side is strongly monotone.
    B : array (N, p), optional
        What a control does; the identity by default.

    Raises
    ------
    ValueError
        If one of them is not allowed.
    """

    n: int
    dim: int = 1
    kappa: float = 10.0
    B: Array | None = None

    def __post_init__(self) -> None:
        require(whole(self.n, 2), "n", self.n, "a whole number, 2 or more")
        require(self.dim in (1, 2), "dim", self.dim, "1 or 2")
        require(self.kappa >= 0, "kappa", self.kappa, "0 or more: below that the equation may lose monotonicity")
        if self.B is not None:
            B = np.asarray(self.B, float)
            fits = B.ndim == 2 and B.shape[0] == self.N and B.shape[1] > 0
            require(fits, "the shape of B", B.shape, f"({self.N}, p), N rows")
            require(np.isfinite(B), "B", B, "finite")
            object.__setattr__(self, "B", B)

    @property
    def N(self) -> int:
        """Number of nodes."""
        return int(self.n**self.dim)

    @property
    def p(self) -> int:
        """Length of a control."""
        return self.N if self.B is None else int(self.B.shape[1])

    @cached_property
    def matrix(self) -> Array:
        """B (N, p)."""
        return np.eye(self.N) if self.B is None else self.B

    def drive(self, q: Array) -> Array:
        """B q, the right side of a control q (p,): (N,)."""
        require(np.shape(q) == (self.p,), "the shape of q", np.shape(q), f"({self.p},)")
        return np.asarray(q, float) if self.B is None else self.B @ q

    @property
    def h(self) -> float:
        """Distance of two nodes."""
        return 1 / (self.n + 1)

    @property
    def weight(self) -> float:
        """h^dim, which makes a sum an integral."""
        return float(self.h**self.dim)

    @cached_property
    def nodes(self) -> Array:
        """Coordinates of the nodes: (N, dim)."""
        axis = np.arange(1, self.n + 1) * self.h
        return np.stack(np.meshgrid(*[axis] * self.dim, indexing="ij"), -1).reshape(-1, self.dim)

    @cached_property
    def A(self) -> sparse.csc_array:
        """The matrix of −Δ with 3 or 5 points: (N, N)."""
        one = sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(self.n, self.n)) / self.h**2
        if self.dim == 1:
            return sparse.csc_array(one)
        unit = sparse.eye_array(self.n)
        return sparse.csc_array(sparse.kron(one, unit) + sparse.kron(unit, one))

    @cached_property
    def band(self) -> Array:
        """The upper diagonals of A, the main one last, as LAPACK's banded solvers want them: (n^(dim − 1) + 1, N)."""
        width = self.n ** (self.dim - 1)
        band = np.zeros((width + 1, self.N))
        for offset in {0, 1, width}:
            band[width - offset, offset:] = self.A.diagonal(offset)
        return band

    @property
    def smallest(self) -> float:
        """λ_min(A) = (4 dim/h²) sin²(πh/2), a little below dim·π²."""
        return float(4 * self.dim / self.h**2 * np.sin(np.pi * self.h / 2) ** 2)

    @property
    def poincare(self) -> float:
        """C_P = 1/λ_min(A): ‖v‖² ≤ C_P ‖v‖²_A."""
        return 1 / self.smallest

    def norm(self, v: Array) -> float | Array:
        """The L² norm of v (..., N) → (...)."""
        return np.sqrt(self.weight * np.vecdot(v, v))

    def energy(self, v: Array) -> float | Array:
        """‖v‖_A of v (..., N) → (...)."""
        return np.sqrt(self.weight * np.maximum(np.vecdot(v, self.apply(v)), 0))

    def apply(self, v: Array) -> Array:
        """A v for v (..., N)."""
        grid = np.reshape(v, (*np.shape(v)[:-1], *[self.n] * self.dim))
        out = 2.0 * self.dim * grid
        out[..., 1:] -= grid[..., :-1]
        out[..., :-1] -= grid[..., 1:]
        if self.dim == 2:
            out[..., 1:, :] -= grid[..., :-1, :]
            out[..., :-1, :] -= grid[..., 1:, :]
        return np.reshape(out, np.shape(v)) / self.h**2

    def residual(self, y: Array, u: Array) -> Array:
        """A y + κ max(0, y) − u, all (..., N)."""
        return self.apply(y) + self.kappa * np.maximum(0, y) - u

    def solve(self, active: Array, right: Array) -> Array:
        """(A + κD)⁻¹ right with D = diag(active): active (N,) of bool, right (N,) or (N, k) → as right."""
        shifted = self.band.copy()
        shifted[-1] += self.kappa * active
        return solveh_banded(shifted, right, overwrite_ab=True, check_finite=False)

    def inverse(self, right: Array) -> Array:
        """A⁻¹ right for right (N,) or (N, k), by triangular solves with the one factor of A."""
        return cho_solve_banded((self.factor, False), right, check_finite=False)

    @cached_property
    def factor(self) -> Array:
        """The Cholesky factor of A, banded: (n^(dim − 1) + 1, N)."""
        return cholesky_banded(self.band, check_finite=False)


def cells(n: int, dim: int, m: int) -> Array:
    """Indicators of m equal half-open cells per axis, a node x in cell ⌊m x⌋: B (n^dim, m^dim).

    Raises
    ------
    ValueError
        If a cell would have no node.
    """
    require(whole(m, 1) and m <= n, "m", m, f"a whole number from 1 to n = {n}")
    at = np.floor(m * np.arange(1, n + 1) / (n + 1) + 1e-12).astype(int)
    one = (at[:, None] == np.arange(m)).astype(float)
    return one if dim == 1 else np.kron(one, one)


def sine(pde: MaxPDE, k: int, other: int | None = None) -> Array:
    """The wave sin kπx at the nodes, times sin(other · πx₂) on the square: (N,)."""
    require((other is None) == (pde.dim == 1), "the second frequency", other, "given for a square, and only there")
    return np.asarray(np.sin(np.pi * pde.nodes * ([k] if other is None else [k, other])).prod(-1))


def loads(pde: MaxPDE, rng: np.random.Generator, count: int) -> Array:
    """Random right sides of a square: 3 × 3 sines with coefficients 50 N(0, 1), a constant 25 N(0, 1): (count, N)."""
    require(pde.dim == 2, "dim", pde.dim, "2")
    waves = np.array([sine(pde, j, k) for j in (1, 2, 3) for k in (1, 2, 3)])
    return 50 * rng.normal(size=(count, 9)) @ waves + 25 * rng.normal(size=(count, 1))
