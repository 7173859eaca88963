"""Bilevel problems: min F(x, y) over x and those y that minimise f(x, ·), seen exactly or through noise."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.counted import Counted
from optilab.problems.oracles import Level, TwiceLevel, check_samples

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Bilevel:
    """min over x ∈ X of F(x, y), where y ∈ Y minimises f(x, ·); of several such y the one with the least F.

    Parameters
    ----------
    upper, lower : Level
        F and f.
    n, m : int
        The dimensions of x and y.
    solution : callable, optional
        x (*batch, n) → the lower solution (*batch, m) that the problem means.
    project_x, project_y : callable, optional
        Projections onto X and Y, (*batch, n) → (*batch, n) and (*batch, m) → (*batch, m); all of space without.
    """

    upper: Level
    lower: TwiceLevel
    n: int
    m: int
    solution: Callable[[Array], Array] | None = None
    project_x: Callable[[Array], Array] = lambda x: x
    project_y: Callable[[Array], Array] = lambda y: y

    def y_star(self, x: Array) -> Array:
        """The lower solution at x: (*batch, n) → (*batch, m).

        Raises
        ------
        ValueError
            If the problem doesn't know it.
        """
        require(self.solution is not None, "solution", None, "known, for the lower solution to be had")
        assert self.solution is not None
        return self.solution(x)

    def __call__(self, x: Array) -> Array:
        """F at x and its lower solution, the hyper-objective: (*batch, n) → (*batch)."""
        return self.upper(x, self.y_star(x))

    def hypergrad(self, x: Array, y: Array | None = None, *, pinv: bool = False) -> Array:
        """Gradient of the hyper-objective by implicit differentiation, ∇_x F − ∇²_xy f [∇²_yy f]⁻¹ ∇_y F.

        Parameters
        ----------
        x : array (*batch, n)
            Where.
        y : array (*batch, m), optional
            A lower solution; the problem's own without.
        pinv : bool
            Whether the pseudo-inverse is to be taken: the lower solutions may be many.

        Returns
        -------
        array (*batch, n)
            NaN in replicates whose lower Hessian isn't finite.

        Raises
        ------
        ValueError
            If the lower Hessian is singular and `pinv` is false.
        """
        y = self.y_star(x) if y is None else y
        H = self.lower_hess(x, y)
        lost = ~np.isfinite(H).all((-2, -1))[..., None]  # their factors would take all others with them
        H = np.where(lost[..., None], np.eye(self.m), H)
        if not pinv:
            s = np.linalg.svd(H, compute_uv=False)
            regular = s[..., -1] > s[..., 0] * self.m * np.finfo(float).eps
            require(regular, "the lower Hessian", "one that is singular", "regular, or pinv=True")
        inverse = np.linalg.pinv(H, hermitian=True) if pinv else np.linalg.inv(H)
        v = np.where(lost, np.nan, np.matvec(inverse, self.upper.grad_y(x, y)))
        return self.upper.grad_x(x, y) - self.lower.hvp_xy(x, y, v)

    def lower_hess(self, x: Array, y: Array) -> Array:
        """∇²_yy f at (x, y), all columns in one batched product: (*batch, m, m)."""
        x, y = np.asarray(x), np.asarray(y)
        batch = np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
        units = np.broadcast_to(np.eye(self.m).reshape(self.m, *(1,) * len(batch), self.m), (self.m, *batch, self.m))
        return np.moveaxis(self.lower.hvp_yy(x, y, units), 0, -1)


@dataclass(frozen=True, eq=False)
class Residual:
    """½‖A y − B x‖², a lower level whose solutions are many where A has a kernel.

    Parameters
    ----------
    A : array (r, m) or (*batch, r, m)
    B : array (r, n) or (*batch, r, n)
        The batches fit those of the points, which may have more axes before them.
    """

    A: Array
    B: Array

    def __post_init__(self) -> None:
        A, B = np.asarray(self.A, dtype=float), np.asarray(self.B, dtype=float)
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "B", B)
        require(A.ndim >= 2, "the shape of A", A.shape, "(*batch, r, m)")
        require(B.ndim >= 2 and B.shape[-2] == A.shape[-2], "the shape of B", B.shape, f"(*batch, {A.shape[-2]}, n)")

    def residual(self, x: Array, y: Array) -> Array:
        """A y − B x: (*batch, r)."""
        return np.matvec(self.A, y) - np.matvec(self.B, x)

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        return (self.residual(x, y) ** 2).sum(-1) / 2

    def grad_x(self, x: Array, y: Array) -> Array:
        """−Bᵀ(A y − B x): (*batch, n)."""
        return -np.matvec(self.B.mT, self.residual(x, y))

    def grad_y(self, x: Array, y: Array) -> Array:
        """Aᵀ(A y − B x): (*batch, m)."""
        return np.matvec(self.A.mT, self.residual(x, y))

    def hvp_yy(self, x: Array, y: Array, v: Array) -> Array:
        """AᵀA v: (*batch, m)."""
        return np.matvec(self.A.mT, np.matvec(self.A, v))

    def hvp_xy(self, x: Array, y: Array, v: Array) -> Array:
        """−BᵀA v: (*batch, n)."""
        return -np.matvec(self.B.mT, np.matvec(self.A, v))


class Draws(NamedTuple):
    """Standard normal vectors for the oracles of a level, (*batch, samples, n) or (*batch, samples, m) each."""

    x: Array
    y: Array
    xy: Array
    yy: Array


@dataclass(frozen=True, eq=False)
class NoisyLevel:
    """A level whose gradients and second-derivative products come with additive noise; its values are exact.

    Parameters
    ----------
    level : Level
        The exact one.
    n, m : int
        The dimensions of x and y.
    scale : float
        Standard deviation of each entry of a sampled gradient.
    products : float
        The same of a sampled product, over ‖v‖.
    """

    level: Any
    n: int
    m: int
    scale: float
    products: float = 0.0

    def __post_init__(self) -> None:
        require(self.scale >= 0, "scale", self.scale, "0 or more")
        require(self.products >= 0, "products", self.products, "0 or more")

    def __call__(self, x: Array, y: Array) -> Array:
        """The exact value at (x, y): (*batch)."""
        return self.level(x, y)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.level, name)  # exact oracles

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Draws:
        """Noise for a batch of points: size (*batch, samples)."""
        return Draws(*(rng.standard_normal((*size, d)) for d in (self.n, self.m, self.n, self.m)))

    def sample_grad_x(self, x: Array, y: Array, sample: Draws) -> Array:
        """∂/∂x with the mean of the samples' noise: (*batch, n)."""
        return self.level.grad_x(x, y) + self.scale * self._mean(x, sample.x)

    def sample_grad_y(self, x: Array, y: Array, sample: Draws) -> Array:
        """∂/∂y with the mean of the samples' noise: (*batch, m)."""
        return self.level.grad_y(x, y) + self.scale * self._mean(y, sample.y)

    def sample_hvp_xy(self, x: Array, y: Array, v: Array, sample: Draws) -> Array:
        """∇²_xy v with noise in proportion to ‖v‖: (*batch, n)."""
        length = np.linalg.norm(v, axis=-1, keepdims=True)
        return self.level.hvp_xy(x, y, v) + self.products * length * self._mean(x, sample.xy)

    def sample_hvp_yy(self, x: Array, y: Array, v: Array, sample: Draws) -> Array:
        """∇²_yy v with noise in proportion to ‖v‖: (*batch, m)."""
        length = np.linalg.norm(v, axis=-1, keepdims=True)
        return self.level.hvp_yy(x, y, v) + self.products * length * self._mean(y, sample.yy)

    @staticmethod
    def _mean(point: Array, noise: Array) -> Array:
        check_samples(point, noise.shape[:-1])
        return noise.mean(-2)


KINDS = {
    "upper": dict.fromkeys(("grad_x", "grad_y", "sample_grad_x", "sample_grad_y"), "upper gradients"),
    "lower": dict.fromkeys(("grad_x", "grad_y", "sample_grad_x", "sample_grad_y"), "lower gradients")
    | dict.fromkeys(("hvp_yy", "hvp_xy", "sample_hvp_yy", "sample_hvp_xy"), "second-derivative products"),
}


def counted(problem: Bilevel) -> Bilevel:
    """The same problem with levels that count what they are asked for: `calls` tells upper and lower apart."""
    upper: Any = Counted(problem.upper, KINDS["upper"])
    lower: Any = Counted(problem.lower, KINDS["lower"])
    return replace(problem, upper=upper, lower=lower)


def calls(problem: Bilevel) -> Counter[str]:
    """What the levels of a `counted` problem have been asked for, by kind.

    Raises
    ------
    ValueError
        If they don't count.
    """
    upper, lower = problem.upper, problem.lower
    if not (isinstance(upper, Counted) and isinstance(lower, Counted)):
        raise ValueError(f"problem must be one that counts, counted(problem), got {problem}")
    return upper.calls + lower.calls
