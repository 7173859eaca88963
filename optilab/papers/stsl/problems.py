"""Gaussian mixtures whose noised scores are known exactly, linear measurements of their draws, and 8 × 8 digits.

A latent z_0 ~ Σ_k π_k N(m_k, C_k) is noised to z_t = √ᾱ z_0 + √(1 − ᾱ) ε, which is a mixture again, with means √ᾱ m_k
and covariances V_k = ᾱ C_k + (1 − ᾱ) I. So are the scores, their derivatives and the posterior under y = A x + noise,
x = W z + b. The digits are those of E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
Learning Repository, 1998 (CC BY 4.0): `digits.npz` holds the 1797 that scikit-learn's `load_digits` gives,
and `tests/papers/stsl/pack_digits.py` has packed them.
"""

import warnings
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.problems.stable import log_sum_exp, softmax

Array = np.ndarray
CLASSES, PER_CLASS, D_LATENT, FLOOR = 10, 2, 24, 0.06
OPERATORS = ("sr2", "box", "rand60", "blur")


class Local(NamedTuple):
    """A noised mixture seen from points z (*batch, d); rotated: in the eigenbasis of each component."""

    score: Array  # s = ∇ log p_t(z), (*batch, d)
    r: Array  # responsibilities, (*batch, K)
    S: Array  # scores of the components, rotated, (*batch, K, d)
    V: Array  # eigenvalues of their covariances, (K, d)
    log_p: Array  # log p_t(z), (*batch)


def level(alpha: float) -> float:
    """The noise level ᾱ, if it is one.

    Raises
    ------
    ValueError
        Unless 0 < ᾱ < 1: Tweedie's formula divides by √ᾱ, and at ᾱ = 1 there is no noise to remove.
    """
    require(0 < alpha < 1, "alpha", alpha, "between 0 and 1, both excluded")
    return alpha


@dataclass(frozen=True)
class Mixture:
    """A mixture of K Gaussians in ℝᵈ.

    Parameters
    ----------
    weights : array (K,)
        π, 0 or more; divided by their sum.
    means : array (K, d)
        m_k.
    covariances : array (K, d, d)
        C_k, symmetric and positive definite.
    labels : tuple of int
        The class of each component, (K,); each a class of its own without.

    Raises
    ------
    ValueError
        If shapes don't fit, weights are negative or all 0, or a covariance isn't symmetric positive definite.
    """

    weights: Array
    means: Array
    covariances: Array
    labels: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        weights, means, C = (np.asarray(part, float) for part in (self.weights, self.means, self.covariances))
        require(np.isfinite(weights) & (weights >= 0), "weights", weights, "0 or more and finite")
        require(weights.sum() > 0, "weights", weights, "not all 0")
        require(means.ndim == 2 and np.isfinite(means).all(), "means", means, "finite, (K, d)")
        K, d = means.shape
        require(weights.shape == (K,), "the shape of weights", weights.shape, f"({K},), a weight for each mean")
        require(C.shape == (K, d, d), "the shape of covariances", C.shape, f"({K}, {d}, {d})")
        symmetric = np.isfinite(C).all() and np.allclose(C, C.swapaxes(-1, -2), rtol=1e-8, atol=1e-12)
        require(symmetric and (np.linalg.eigvalsh(C) > 0).all(), "covariances", C, "symmetric positive definite")
        labels = tuple(self.labels) or tuple(range(K))
        require(len(labels) == K, "the number of labels", len(labels), f"{K}, one for each component")
        for name, value in (("weights", weights / weights.sum()), ("means", means), ("covariances", C)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "labels", labels)

    @property
    def d(self) -> int:
        """The dimension."""
        return self.means.shape[1]

    @cached_property
    def _eigen(self) -> tuple[Array, Array, Array]:
        """Eigenvalues (K, d), all eigenbases side by side (d, K d), rotated means (K, d)."""
        values, vectors = np.linalg.eigh(self.covariances)
        basis = vectors.transpose(1, 0, 2).reshape(self.d, -1)
        return values, basis, np.einsum("kd,kde->ke", self.means, vectors)

    def local(self, z: Array, alpha: float, shift: Array | float = 0.0) -> Local:
        """The mixture noised to ᾱ, seen from z (*batch, d): one score call.

        Parameters
        ----------
        z : array (*batch, d)
            Where.
        alpha : float
            ᾱ in (0, 1]; 1 for the mixture itself.
        shift : array (*batch, K) or 0
            Added to the logarithms of the weights: what a prompt does.
        """
        values, _, means = self._eigen
        V = alpha * values + 1 - alpha
        away = self.rotated(z) - np.sqrt(alpha) * means
        S = -away / V
        with np.errstate(divide="ignore"):
            log_w = np.log(self.weights) + shift
        log_w = log_w - log_sum_exp(log_w)[..., None]
        logits = log_w - 0.5 * (np.log(2 * np.pi * V).sum(-1) + (away * -S).sum(-1))
        r = softmax(logits)
        return Local(self._back(r[..., None] * S), r, S, V, log_sum_exp(logits))

    def rotated(self, v: Array) -> Array:
        """Vectors (*batch, d) in the eigenbasis of each component: (*batch, K, d)."""
        return (v @ self._eigen[1]).reshape(*v.shape[:-1], len(self.weights), self.d)

    def _back(self, rotated: Array) -> Array:
        return rotated.reshape(*rotated.shape[:-2], -1) @ self._eigen[1].T

    def score(self, z: Array, alpha: float) -> Array:
        """∇ log p_t at z (*batch, d)."""
        return self.local(z, alpha).score

    def curve(self, at: Local, v: Array) -> Array:
        """H v with H = ∇² log p_t = Σ r_k(−V_k⁻¹ + S_k S_kᵀ) − s sᵀ, for v (*batch, d)."""
        turned = self.rotated(v)
        along = (at.S * turned).sum(-1, keepdims=True)  # not vecdot: analytic in complex points as well
        curved = self._back(at.r[..., None] * (at.S * along - turned / at.V))
        return curved - at.score * (at.score * v).sum(-1, keepdims=True)

    def hessian(self, at: Local) -> Array:
        """H itself (*batch, d, d), column by column."""
        columns = np.broadcast_to(np.eye(self.d), (*at.score.shape, self.d))
        lifted = Local(at.score[..., None, :], at.r[..., None, :], at.S[..., None, :, :], at.V, at.log_p[..., None])
        return self.curve(lifted, columns)

    def trace(self, at: Local) -> Array:
        """The trace of H (*batch)."""
        each = (at.S**2).sum(-1) - (1 / at.V).sum(-1)
        return (at.r * each).sum(-1) - (at.score**2).sum(-1)

    def grad_trace(self, at: Local) -> Array:
        """The gradient of tr H, (*batch, d)."""
        each = (at.S**2).sum(-1) - (1 / at.V).sum(-1)
        weight = (at.r * each)[..., None]
        first = self._back(weight * at.S) - weight.sum(-2) * at.score
        second = self._back(at.r[..., None] * at.S / at.V)
        return first - 2 * second - 2 * self.curve(at, at.score)

    def only(self, label: int) -> "Mixture":
        """The components of one class, their weights renormalised.

        Raises
        ------
        ValueError
            If no component has that label.
        """
        known = sorted(set(self.labels))
        require(label in known, "the class", label, f"one of {known}")
        mine = np.array(self.labels) == label
        kept = tuple(int(k) for k in np.array(self.labels)[mine])
        return Mixture(self.weights[mine], self.means[mine], self.covariances[mine], kept)

    def draw(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Draws (*size, d)."""
        k = rng.choice(len(self.weights), size, p=self.weights)
        root = np.linalg.cholesky(self.covariances)
        return self.means[k] + np.matvec(root[k], rng.normal(size=(*size, self.d)))


@dataclass(frozen=True)
class Inverse:
    """Find x = W z + b from y = A x + n, n ~ N(0, σ²I), where z is a draw of a mixture.

    Parameters
    ----------
    prior : Mixture
        Of the latent z in ℝᵈ.
    W, b : arrays (D, d), (D,)
        The decoder; W has full column rank.
    A : array (m, D)
        The measurement.
    y : array (*batch, m)
        What was measured.
    sigma : float
        Standard deviation of the noise.

    Raises
    ------
    ValueError
        If shapes don't fit, W hasn't full rank, σ isn't positive or something isn't finite.

    Warns
    -----
    UserWarning
        If ‖A‖ is below 0.3 or above 3: step lengths are in units of 1/‖AW‖².
    """

    prior: Mixture
    W: Array
    b: Array
    A: Array
    y: Array
    sigma: float

    def __post_init__(self) -> None:
        for name in ("W", "b", "A", "y"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), float))
            require(np.isfinite(getattr(self, name)), name, getattr(self, name), "finite")
        d = self.prior.d
        require(self.W.ndim == 2 and self.W.shape[1] == d, "the shape of W", self.W.shape, f"(D, {d})")
        D = len(self.W)
        require(np.linalg.matrix_rank(self.W) == d, "the rank of W", np.linalg.matrix_rank(self.W), f"{d}, to encode")
        require(self.b.shape == (D,), "the shape of b", self.b.shape, f"({D},)")
        require(self.A.ndim == 2 and self.A.shape[1] == D, "the shape of A", self.A.shape, f"(m, {D})")
        require(self.y.shape[-1:] == (len(self.A),), "the shape of y", self.y.shape, f"(*batch, {len(self.A)})")
        require(np.ndim(self.sigma) == 0 and 0 < self.sigma < np.inf, "sigma", self.sigma, "positive and finite")
        norm = np.linalg.norm(self.A, 2)
        if not 0.3 <= norm <= 3:
            said = f"‖A‖ is {norm:.3g}, far from 1: the steps lam, zeta and omega are in units of 1/‖AW‖²"
            warnings.warn(said, stacklevel=3)

    @cached_property
    def B(self) -> Array:
        """A W, (m, d)."""
        return self.A @ self.W

    @cached_property
    def c(self) -> Array:
        """A b, (m,)."""
        return self.A @ self.b

    @cached_property
    def _inverse(self) -> Array:
        return np.linalg.pinv(self.W)

    def decode(self, z: Array) -> Array:
        """The image x = W z + b."""
        return z @ self.W.T + self.b

    def encode(self, x: Array) -> Array:
        """The z whose image is nearest: (WᵀW)⁻¹Wᵀ(x − b)."""
        return (x - self.b) @ self._inverse.T

    @property
    def back_projected(self) -> Array:
        """ℰ(Aᵀy), where the inversion starts: (*batch, d)."""
        return self.encode(self.y @ self.A)

    def residual(self, z0: Array) -> Array:
        """What is left, r = y − A𝒟(z_0), (*batch, m)."""
        return self.y - z0 @ self.B.T - self.c

    def posterior(self) -> Mixture:
        """The posterior p(z_0 | y), by one Kalman update a component; y (m,)."""
        prior, B = self.prior, self.B
        require(self.y.shape == (len(B),), "the shape of y", self.y.shape, f"({len(B)},), one measurement")
        C = prior.covariances
        spread = B @ C @ B.T + self.sigma**2 * np.eye(len(B))
        off = self.y - prior.means @ B.T - self.c
        solved = np.linalg.solve(spread, off[..., None])[..., 0]
        log_w = np.log(prior.weights) - 0.5 * ((off * solved).sum(-1) + np.linalg.slogdet(spread)[1])
        gain = np.linalg.solve(spread, B @ C).swapaxes(-1, -2)
        left = np.eye(prior.d) - gain @ B  # Joseph's form, which stays symmetric and positive definite
        after = left @ C @ left.swapaxes(-1, -2) + self.sigma**2 * gain @ gain.swapaxes(-1, -2)
        means = prior.means + np.matvec(gain, off)
        return Mixture(softmax(log_w), means, (after + after.swapaxes(-1, -2)) / 2, prior.labels)

    def log_evidence(self) -> float:
        """The logarithm of p(y), y (m,)."""
        C = self.B @ self.prior.covariances @ self.B.T + self.sigma**2 * np.eye(len(self.B))
        measured = Mixture(self.prior.weights, self.prior.means @ self.B.T + self.c, C)
        return float(measured.local(self.y, 1.0).log_p)


# Digits


class Images(NamedTuple):
    """A prior fitted to digits, and digits that it hasn't seen."""

    prior: Mixture  # (d = 24), two components a class
    W: Array  # (64, 24)
    b: Array  # (64,)
    train: Array  # (1400, 64), from −1 to 1
    train_labels: Array
    test: Array  # (297, 64)
    labels: Array


@cache
def pixels() -> tuple[Array, Array]:
    """All 1797 digits (1797, 64), from −1 to 1, and what they show."""
    with np.load(Path(__file__).with_name("digits.npz")) as stored:
        return stored["pixels"] / 8.0 - 1.0, stored["labels"].astype(int)


def fitted(Z: Array, K: int = PER_CLASS, floor: float = FLOOR, rounds: int = 60) -> tuple[Array, Array, Array]:
    """Weights, means and covariances of K Gaussians, by expectation–maximisation on Z (n, d).

    It starts from K slices of equal size across the direction of the largest variance, so nothing is drawn.
    """
    centred = Z - Z.mean(0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    r = np.eye(K)[np.argsort(np.argsort(along)) * K // len(Z)]
    for _ in range(rounds):
        mass = r.sum(0)
        means = (r.T @ Z) / mass[:, None]
        away = Z - means[:, None]
        C = np.einsum("nk,kni,knj->kij", r, away, away, optimize=True) / mass[:, None, None]
        C = C + floor * np.eye(Z.shape[1])
        distance = (away * np.linalg.solve(C, away.swapaxes(-1, -2)).swapaxes(-1, -2)).sum(-1)
        r = softmax(np.log(mass / len(Z)) - 0.5 * (np.linalg.slogdet(C)[1] + distance.T))
    return mass / len(Z), means, C


@cache
def images(seed: int = 0) -> Images:
    """A split of the digits, 1400 to fit the prior and 297 to test on; principal components are the latents.

    Parameters
    ----------
    seed : int
        Of the permutation.

    Raises
    ------
    ValueError
        If it isn't whole, 0 or more.
    """
    require(whole(seed), "seed", seed, "a whole number, 0 or more")
    X, labels = pixels()
    order = np.random.default_rng(seed).permutation(len(X))
    train, test = order[:1400], order[1500:]
    b = X[train].mean(0)
    _, sizes, rows = np.linalg.svd(X[train] - b, full_matrices=False)
    scale = np.sqrt((sizes[:D_LATENT] ** 2).mean() / (len(train) - 1))  # latents have variance 1 in the mean
    W = scale * rows[:D_LATENT].T
    Z = (X[train] - b) @ rows[:D_LATENT].T / scale
    parts = [fitted(Z[labels[train] == k]) for k in range(CLASSES)]
    share = [float((labels[train] == k).mean()) for k in range(CLASSES)]
    prior = Mixture(
        np.concatenate([part * weights for part, (weights, _, _) in zip(share, parts, strict=True)]),
        np.concatenate([means for _, means, _ in parts]),
        np.concatenate([C for _, _, C in parts]),
        tuple(np.repeat(range(CLASSES), PER_CLASS).tolist()),
    )
    return Images(prior, W, b, X[train], labels[train], X[test], labels[test])


def operator(name: str, seed: int = 0) -> Array:
    """What is measured of an 8 × 8 image, (m, 64).

    Parameters
    ----------
    name : str
        "sr2": means of 2 × 2 blocks, times 2; "box": all but the central 4 × 4 pixels; "rand60": 26 random pixels;
        "blur": all pixels after a Gaussian of width 1 pixel and five taps, edges repeated.
    seed : int
        Of the random pixels.

    Raises
    ------
    ValueError
        If there is no such operator.
    """
    require(name in OPERATORS, "the operator", name, f"one of {list(OPERATORS)}")
    eye, row, column = np.eye(64), *np.divmod(np.arange(64), 8)
    if name == "sr2":
        block = 4 * (row // 2) + column // 2
        return (block == np.arange(16)[:, None]) / 2.0
    if name == "box":
        return eye[(abs(row - 3.5) > 2) | (abs(column - 3.5) > 2)]
    if name == "rand60":
        return eye[np.sort(np.random.default_rng(seed).permutation(64)[:26])]
    taps = np.exp(-(np.arange(-2, 3) ** 2) / 2)
    line = np.zeros((8, 8))
    for i in range(8):
        for offset, tap in zip(range(-2, 3), taps / taps.sum(), strict=True):
            line[i, np.clip(i + offset, 0, 7)] += tap
    return np.kron(line, line)
