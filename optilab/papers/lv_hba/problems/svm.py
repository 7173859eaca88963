"""A weight for every training point of a support vector machine, chosen by a validation loss."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.papers.lv_hba.problems.coupled import Affine, Coupled, Pair

Array = np.ndarray
LEAK, SHARP = 0.01, 5.0  # of the validation loss
LEAST, MOST = -8.0, 3.0  # the box of the logarithms of the weights
FEATURES, TRAIN, VALID, TEST, FLIPPED = 5, 60, 60, 400, 18


class Data(NamedTuple):
    """Points a (*batch, N, 5), labels t (*batch, N) of the three sets; which training labels are flipped; a start."""

    train: Array
    t_train: Array
    valid: Array
    t_valid: Array
    test: Array
    t_test: Array
    flipped: Array  # (*batch, N) of bool
    C0: Array  # (*batch, N)


def draw(seed: int) -> Data:
    """The data of one seed; 18 of the 60 training labels are wrong."""
    require(whole(seed), "seed", seed, "a whole number, 0 or more")
    rng = np.random.default_rng(seed)
    w0 = rng.normal(size=FEATURES)

    def some(size: int) -> Pair:
        a = rng.normal(size=(size, FEATURES))
        return a, np.sign(a @ w0 + 0.3 * rng.normal(size=size))

    (train, t_train), (valid, t_valid), (test, t_test) = some(TRAIN), some(VALID), some(TEST)
    flipped = np.zeros(TRAIN, dtype=bool)
    flipped[rng.choice(TRAIN, FLIPPED, replace=False)] = True
    t_train = np.where(flipped, -t_train, t_train)
    return Data(train, t_train, valid, t_valid, test, t_test, flipped, rng.uniform(-6, -5, TRAIN))


def stacked(seeds: range) -> Data:
    """The data of several seeds, one replicate each."""
    require(len(seeds) >= 1, "seeds", seeds, "one or more")
    return Data(*(np.stack(parts) for parts in zip(*map(draw, seeds), strict=True)))


def signed(a: Array, t: Array) -> Array:
    """T (a, 1), so that its product with (w, b) is the margin: (*batch, N, 6)."""
    return t[..., None] * np.concatenate([a, np.ones_like(a[..., :1])], -1)


@dataclass(frozen=True, eq=False)
class Validation:
    """Σ LeakyReLU(2 sigmoid(−5 t(wᵀa + b)/‖w‖) − 1), y = (w, b, ξ): nothing in it depends on the weights themselves.

    Parameters
    ----------
    Z : array (*batch, N, d + 1)
        The validation points, as `signed` makes them.
    n : int
        The number of weights, which is that of ξ.
    """

    Z: Array
    n: int

    def __post_init__(self) -> None:
        require(np.ndim(self.Z) >= 2, "the shape of Z", np.shape(self.Z), "(*batch, N, d + 1)")
        require(whole(self.n, 1), "n", self.n, "a whole number, 1 or more")

    def _parts(self, y: Array) -> tuple[Array, Array, Array]:
        v = y[..., : self.Z.shape[-1]]
        length = np.linalg.norm(v[..., :-1], axis=-1)
        margin = np.matvec(self.Z, v) / length[..., None]
        return v, length, margin

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        signal = -np.tanh(SHARP / 2 * self._parts(y)[2])  # 2 sigmoid(−5r) − 1
        return np.where(signal > 0, signal, LEAK * signal).sum(-1)

    def grad_x(self, x: Array, y: Array) -> Array:
        """0: (*batch, n)."""
        return np.zeros((*np.broadcast_shapes(x.shape[:-1], y.shape[:-1], self.Z.shape[:-2]), self.n))

    def grad_y(self, x: Array, y: Array) -> Array:
        """∂F/∂(w, b), and 0 for ξ: (*batch, d + 1 + n)."""
        v, length, margin = self._parts(y)
        signal = -np.tanh(SHARP / 2 * margin)
        slope = -SHARP / 2 * (1 - signal**2) * np.where(signal > 0, 1.0, LEAK)
        by_v = np.matvec(self.Z.mT, slope) / length[..., None]
        by_v[..., :-1] -= (np.vecdot(slope, margin) / length**2)[..., None] * v[..., :-1]
        return np.concatenate([by_v, np.zeros((*by_v.shape[:-1], self.n))], -1)


@dataclass(frozen=True)
class Hinge:
    """½‖w‖² + ½Σ e^{Cᵢ} ξᵢ², x = C and y = (w, b, ξ).

    Parameters
    ----------
    d : int
        The length of w.
    """

    d: int

    def __post_init__(self) -> None:
        require(whole(self.d, 1), "d", self.d, "a whole number, 1 or more")

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        w, xi = y[..., : self.d], y[..., self.d + 1 :]
        return ((w**2).sum(-1) + (np.exp(x) * xi**2).sum(-1)) / 2

    def grad_x(self, x: Array, y: Array) -> Array:
        """½e^C ξ²: (*batch, n)."""
        return np.exp(x) * y[..., self.d + 1 :] ** 2 / 2

    def grad_y(self, x: Array, y: Array) -> Array:
        """(w, 0, e^C ξ): (*batch, m)."""
        return self.hvp_yy(x, y, y)

    def hvp_yy(self, x: Array, y: Array, v: Array) -> Array:
        """(v_w, 0, e^C v_ξ): (*batch, m)."""
        curved = np.exp(x) * v[..., self.d + 1 :]
        rest = np.broadcast_to(v[..., : self.d + 1], (*curved.shape[:-1], self.d + 1)).copy()
        rest[..., -1] = 0
        return np.concatenate([rest, curved], -1)

    def hvp_xy(self, x: Array, y: Array, v: Array) -> Array:
        """e^C ξ v_ξ: (*batch, n)."""
        return np.exp(x) * y[..., self.d + 1 :] * v[..., self.d + 1 :]


def hinge_newton(
    Z: Array, weight: Array, metric: Array, v0: Array, slack: Array, tol: float = 1e-12, steps: int = 50
) -> Array:
    """Minimise ½Σⱼ metricⱼ (v − v⁰)ⱼ² + ½Σᵢ weightᵢ max(0, 1 − Zᵢv − slackᵢ)² by Newton steps with Armijo backtracking.

    The function is quadratic on pieces; undamped Newton steps may go round between them for ever.

    Parameters
    ----------
    Z : array (*batch, N, k)
    weight, slack : arrays (*batch, N)
    metric : array (k,)
    v0 : array (*batch, k)
    tol : float
        Length of the gradient, relative to 1 + ‖v⁰‖ + the length of the first one, at which to stop.
    steps : int
        Newton steps at most.

    Returns
    -------
    array (*batch, k)
    """

    def short(v: Array) -> Array:
        return np.maximum(0, 1 - np.matvec(Z, v) - slack)

    def value(v: Array) -> Array:
        return ((metric * (v - v0) ** 2).sum(-1) + (weight * short(v) ** 2).sum(-1)) / 2

    def gradient(v: Array) -> Array:
        return metric * (v - v0) - np.matvec(Z.mT, weight * short(v))

    v = np.broadcast_to(v0, (*np.broadcast_shapes(v0.shape[:-1], Z.shape[:-2]), v0.shape[-1])).copy()
    g = gradient(v)
    enough = tol * (1 + np.linalg.norm(v, axis=-1) + np.linalg.norm(g, axis=-1))
    ridge = np.diag(metric + 1e-12)  # regular even where no row is short
    for _ in range(steps):
        going = np.linalg.norm(g, axis=-1) > enough
        if not going.any():
            break
        active = weight * (short(v) > 0)
        hessian = ridge + (Z * active[..., None]).mT @ Z
        step = -np.linalg.solve(hessian, g[..., None])[..., 0]
        slope, before = np.vecdot(g, step), value(v)
        size = np.where(going, 1.0, 0.0)
        for _ in range(40):
            failed = value(v + size[..., None] * step) > before + 1e-4 * size * slope + 1e-15 * abs(before)
            if not failed.any():
                break
            size = np.where(failed, size / 2, size)
        v = v + size[..., None] * step
        g = gradient(v)
    return v


def retrain(Z: Array, C: Array) -> Array:
    """Solve the lower level exactly for the weights e^C: (w, b), (*batch, d + 1)."""
    k = Z.shape[-1]
    metric = np.append(np.ones(k - 1), 0.0)  # b isn't regularised
    return hinge_newton(Z, np.exp(C), metric, np.zeros((*C.shape[:-1], k)), np.zeros_like(C))


def accuracy(v: Array, Z: Array) -> Array:
    """Share of points on the right side of (w, b): (*batch)."""
    return (np.matvec(Z, v) > 0).mean(-1)


def svm(data: Data) -> Coupled:
    """The choice of weights on these data: x = C clipped to [−8, 3], y = (w, b, ξ) with 1 − ξᵢ − tᵢ(wᵀaᵢ + b) ≤ 0."""
    Z = signed(data.train, data.t_train)
    N, k = Z.shape[-2:]

    def project(x: Array, y: Array) -> Pair:
        # given v = (w, b) the nearest ξ is the larger of what it was and 1 − Zv; what is left is a problem in v
        slack = y[..., k:]
        v = hinge_newton(Z, np.ones(N), np.ones(k), y[..., :k], slack)
        return np.clip(x, LEAST, MOST), np.concatenate([v, np.maximum(slack, 1 - np.matvec(Z, v))], -1)

    def solution(C: Array) -> Array:
        v = retrain(Z, C)
        return np.concatenate([v, np.maximum(0, 1 - np.matvec(Z, v))], -1)

    rows = -np.concatenate([Z, np.broadcast_to(np.eye(N), (*Z.shape[:-1], N))], -1)
    return Coupled(
        Validation(signed(data.valid, data.t_valid), N),
        Hinge(k - 1),
        N,
        k + N,
        solution,
        lambda C: np.clip(C, LEAST, MOST),
        coupling=Affine(np.zeros((N, N)), rows, -np.ones(N)),
        rows=N,
        low=0.0,
        high=10.0,
        project=project,
        multiplier=lambda C: np.exp(C) * solution(C)[..., k:],
    )
