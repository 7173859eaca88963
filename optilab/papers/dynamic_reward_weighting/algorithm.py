"""Several rewards, one policy: weights that stay, weights that follow the gradients, and a reward scaled by progress.

A policy with parameters θ is to make K objectives J_i(θ) = E r_i large. A step draws n responses to each of G prompts,
mixes their rewards to r = Σ_i w_i r_i with w on the simplex, turns r into advantages A and moves θ along the mean of
A ∇log π. A run is judged by what all of its checkpoints dominate together: the hypervolume of their vectors J.
A batch serves one step, so that the probability ratios of the paper's runs are 1 and their clipping is idle; the small
penalty on the distance to the first policy is left out.

    the paper                                              here
    advantages: GRPO, Dr. GRPO, RLOO, REINFORCE++          optilab.classics.group_advantages
    mean of A ∇log π of r = Σ w_i r_i; of r_i alone, g_i   Gradients.of, problems.FactoredBandit.score; Gradients.each
    clipped to norm 1                                      clipped
    fixed weights                                          fixed_weights
    hypervolume-guided: r = m Σ w_i r_i                    hypervolume_guided
      ΔHV and the buffer; m = 0.5 + 1.5 tanh(scale ΔHV)    extended, meta_reward
    gradient-based weights                                 gradient_weights
      I_i = ⟨g_i, Σ_j g_j⟩; w = softmax(log w + ratio I)   influence, mirror_step
      ratio = lr/μ                                         step_ratio
    not in the paper: weights of the least-norm gradient   mgda_weights, optilab.classics.mgda.least_norm
    hypervolume of the checkpoints so far                  progress
    a front bent inwards: φ(p), and where it is least      scalarised, watershed

Source: Y. Lu, Z. Wang, S. Li, X. Liu, C. Yu, Q. Yin, Z. Shi, Z. Zhang, M. Jiang, "Learning to Optimize Multi-Objective
Alignment Through Dynamic Reward Weighting", 2025 (arXiv 2509.11452), as in the authors' public code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from optilab.classics.group_advantages import ESTIMATORS
from optilab.classics.mgda import least_norm
from optilab.core.check import AnyNumber, require, whole
from optilab.core.run import algorithm, replicates
from optilab.papers.dynamic_reward_weighting.problems import Judged, Rollout
from optilab.problems.pareto import check_weights, hypervolume, non_dominated
from optilab.problems.stable import softmax

Array = np.ndarray
Number = float | np.ndarray  # one for all replicates, or (*batch)
EXACT = "exact"
LEAST = 1e-8  # a weight below this counts as this much when its logarithm is taken: it can come back


class Checkpoint(NamedTuple):
    """A state of every method."""

    theta: Array  # (*batch, p) the policy
    w: Array  # (*batch, K) the weights that led to it
    m: Array  # (*batch) the meta reward that multiplies the next step's reward; 1 but in `hypervolume_guided`
    I: Array  # (*batch, K) the influences that the weights were made of; 0 where they aren't


@dataclass(frozen=True)
class Gradients:
    """How the gradient of a mixture of rewards is estimated.

    Parameters
    ----------
    problem : Judged
        Responds (`sample`, `rollout`, `score`), or knows its gradients (`jac`).
    estimator : str
        What makes advantages of rewards, a name in `ESTIMATORS`; "exact" for the Jacobian of the problem.
    n : int
        Responses to each prompt.
    clip : float
        The longest gradient; inf leaves all as they are.

    Raises
    ------
    ValueError
        If there is no such estimator, the problem lacks what it needs, n isn't whole, 1 or more, or clip not positive.
    """

    problem: Judged
    estimator: str = "GRPO"
    n: int = 8
    clip: AnyNumber = 1.0

    def __post_init__(self) -> None:
        known = [*ESTIMATORS, EXACT]
        require(self.estimator in known, "estimator", self.estimator, f"one of {known}")
        needed = ("jac",) if self.estimator == EXACT else ("sample", "rollout", "score")
        able = all(hasattr(self.problem, name) for name in needed)
        require(able, "the problem", self.problem, f"one with {', '.join(needed)} for {self.estimator}")
        require(whole(self.n, 1), "n", self.n, "a whole number, 1 or more")
        number = np.ndim(self.clip) == 0 and isinstance(self.clip, float | int | np.number)
        require(number and self.clip > 0, "clip", self.clip, "a positive number, or inf")

    def rollout(self, theta: Array, rng: np.random.Generator | None) -> Rollout | None:
        """A batch of responses of θ (*batch, p); none where gradients are exact."""
        if self.estimator == EXACT:
            return None
        require(rng is not None, "rng", rng, f"a numpy.random.Generator: {self.estimator} draws responses")
        problem: Any = self.problem
        rollout = problem.rollout(theta, problem.sample(rng, (*theta.shape[:-1], self.n)))
        R, shape = rollout.R, (*theta.shape[:-1], problem.K)
        fits = np.ndim(R) == len(shape) + 2 and np.shape(R)[:-2] == shape
        require(fits, "the shape of the rewards", np.shape(R), f"{(*shape, 'G', 'n')}")
        return rollout

    def of(self, c: Array, theta: Array, rollout: Rollout | None) -> Array:
        """The gradient of Σ c_i r_i for c (*batch, K), clipped: (*batch, p)."""
        problem: Any = self.problem
        if rollout is None:
            return clipped(np.vecmat(c, problem.jac(theta)), self.clip)
        r = np.einsum("...k,...kgn->...gn", c, rollout.R)
        return clipped(problem.score(rollout, theta, ESTIMATORS[self.estimator](r)), self.clip)

    def each(self, theta: Array, rollout: Rollout | None) -> Array:
        """The gradient g_i of each reward alone, clipped, K backward passes: (*batch, K, p)."""
        return np.stack([self.of(alone, theta, rollout) for alone in np.eye(self.problem.K)], -2)


def clipped(g: Array, most: AnyNumber) -> Array:
    """Vectors (..., p), shortened to norm `most` where they are longer."""
    norm = np.linalg.norm(g, axis=-1, keepdims=True)
    return g * np.minimum(1, np.divide(most, norm, out=np.ones_like(norm), where=norm > 0))


# The methods


@algorithm
def fixed_weights(
    gradients: Gradients, theta0: Array, *, w: Array, lr: Number = 1.0, rng: np.random.Generator | None = None
) -> Iterator[Checkpoint]:
    """Follow one mixture of the rewards: yields the checkpoints θ_0, θ_1, … without end.

    Parameters
    ----------
    gradients : Gradients
        The problem, and how its gradients are estimated.
    theta0 : array (*batch, p)
        Where to start.
    w : array (*batch, K)
        Weights, 0 or more with sum 1.
    lr : float or array (*batch)
        Step length.
    rng : numpy.random.Generator, optional
        Of the responses; not needed where gradients are exact.

    Raises
    ------
    ValueError
        If an argument isn't allowed, or the problem's rewards aren't finite or not of the shape (*batch, K, G, n).
    """
    theta, w, lr = _start(gradients, theta0, w, lr)
    one, nothing = np.ones(w.shape[:-1]), np.zeros_like(w)
    yield Checkpoint(theta, w, one, nothing)
    while True:
        rollout = gradients.rollout(theta, rng)
        theta = theta + lr * gradients.of(w, theta, rollout)
        yield Checkpoint(theta, w, one, nothing)


@algorithm
def hypervolume_guided(
    gradients: Gradients,
    theta0: Array,
    *,
    w: Array,
    lr: Number = 1.0,
    hv_scale: Number = 1.0,
    rng: np.random.Generator | None = None,
) -> Iterator[Checkpoint]:
    """Follow one mixture whose reward is scaled by how much hypervolume the last checkpoint has added.

    Parameters
    ----------
    gradients, theta0, w, lr, rng
        As in `fixed_weights`.
    hv_scale : float or array (*batch)
        What ΔHV is multiplied by in m = 0.5 + 1.5 tanh(hv_scale ΔHV), 0 or more.

    Raises
    ------
    ValueError
        As `fixed_weights`, or if hv_scale is negative.
    """
    theta, w, lr, hv_scale = _start(gradients, theta0, w, lr, hv_scale=hv_scale)
    m, nothing = np.ones(w.shape[:-1]), np.zeros_like(w)
    reference = gradients.problem.J(theta)
    buffer = reference[..., None, :]
    yield Checkpoint(theta, w, m, nothing)
    while True:
        rollout = gradients.rollout(theta, rng)
        theta = theta + lr * gradients.of(m[..., None] * w, theta, rollout)
        gain, buffer = extended(buffer, gradients.problem.J(theta), reference)
        m = meta_reward(gain, hv_scale[..., 0])
        yield Checkpoint(theta, w, m, nothing)


@algorithm
def gradient_weights(
    gradients: Gradients,
    theta0: Array,
    *,
    w: Array,
    lr: Number = 1.0,
    ratio: Number = 0.1,
    acc: int = 1,
    rng: np.random.Generator | None = None,
) -> Iterator[Checkpoint]:
    """Let the weights follow the influences of the rewards on all objectives, by mirror ascent.

    Parameters
    ----------
    gradients, theta0, w, lr, rng
        As in `fixed_weights`; no entry of the initial weights may be 0.
    ratio : float or array (*batch)
        Step length of the policy over μ, the price of moving the weights; 0 leaves them where they are.
    acc : int
        Steps over which influences are averaged before the weights move.

    Raises
    ------
    ValueError
        As `fixed_weights`, or if an initial weight is 0, ratio negative or acc no whole number of 1 or more.
    """
    theta, w, lr, ratio = _start(gradients, theta0, w, lr, ratio=ratio)
    require(w > 0, "w", w, "positive in every entry: no multiple of a weight of 0 is another one")
    require(whole(acc, 1), "acc", acc, "a whole number, 1 or more")
    one, S = np.ones(w.shape[:-1]), np.zeros_like(w)
    yield Checkpoint(theta, w, one, S)
    t = 0
    while True:
        rollout = gradients.rollout(theta, rng)
        I = influence(gradients.each(theta, rollout))
        S, t = S + I, t + 1
        if t % acc == 0:
            w, S = mirror_step(w, S / acc, ratio[..., 0]), np.zeros_like(w)
        theta = theta + lr * gradients.of(w, theta, rollout)
        yield Checkpoint(theta, w, one, I)


@algorithm
def mgda_weights(
    gradients: Gradients, theta0: Array, *, w: Array, lr: Number = 1.0, rng: np.random.Generator | None = None
) -> Iterator[Checkpoint]:
    """Take in every step the weights whose mixture of the gradients g_i is the shortest, argmin ‖Σ w_i g_i‖.

    Parameters
    ----------
    gradients, theta0, lr, rng
        As in `fixed_weights`.
    w : array (*batch, K)
        What the first state says; no step uses it.
    """
    theta, w, lr = _start(gradients, theta0, w, lr)
    one = np.ones(w.shape[:-1])
    yield Checkpoint(theta, w, one, np.zeros_like(w))
    while True:
        rollout = gradients.rollout(theta, rng)
        g = gradients.each(theta, rollout)
        w = least_norm(g).weights
        theta = theta + lr * gradients.of(w, theta, rollout)
        yield Checkpoint(theta, w, one, influence(g))


def _start(gradients: Gradients, theta0: Array, w: Array, lr: Number, **others: Number) -> tuple[Array, ...]:
    """θ_0 (*batch, p), w (*batch, K), lr and further numbers of 0 or more (*batch, 1), once they are allowed."""
    problem = gradients.problem
    theta0 = np.asarray(theta0)
    real = theta0.dtype.kind in "biuf" and bool(np.isfinite(theta0).all())
    require(real, "theta0", theta0, "an array of finite numbers")
    require(theta0.shape[-1:] == (problem.p,), "the shape of theta0", theta0.shape, f"(*batch, {problem.p})")
    w = check_weights("w", w, problem.K)
    require(_size("lr", lr) > 0, "lr", lr, "positive and finite")
    for name, number in others.items():
        require(_size(name, number) >= 0, name, number, "0 or more and finite")
    theta, lr, first, *rest = replicates(theta0, _size("lr", lr), w[..., 0], *map(np.asarray, others.values()))
    batch = np.broadcast_shapes(theta.shape[:-1], first.shape[:-1])
    return theta, np.broadcast_to(w, (*batch, problem.K)).copy(), lr, *rest


def _size(name: str, value: Number) -> Array:
    """A finite number, or an array of such."""
    number = np.asarray(value)
    require(
        number.dtype.kind in "iuf" and np.isfinite(number).all(), name, value, "a finite number, or an array of such"
    )
    return number


# Their parts


def influence(g: Array) -> Array:
    """I_i = ⟨g_i, Σ_j g_j⟩, what a step along g_i does for all objectives: (*batch, K, p) → (*batch, K).

    With g_i = ∇J_i a step of length η along Σ w_i g_i changes Σ_j J_j by η Σ w_i I_i + O(η²).
    """
    return np.matvec(g, g.sum(-2))


def mirror_step(w: Array, I: Array, ratio: Number) -> Array:
    """The w⁺ that maximises ratio ⟨w⁺, I⟩ − KL(w⁺‖w) over the simplex: softmax(log w + ratio I), (*batch, K)."""
    return softmax(np.log(np.maximum(w, LEAST)) + np.asarray(ratio)[..., None] * I)


def step_ratio(lr: float, mu: float) -> float:
    """The ratio lr/μ of a step of the policy and the price of moving the weights, e.g. 10⁻⁶/10⁻⁵ = 0.1.

    Raises
    ------
    ValueError
        If one of them isn't positive.
    """
    for name, number in (("lr", lr), ("mu", mu)):
        require(number > 0, name, number, "positive")
    return lr / mu


def meta_reward(gain: Array, hv_scale: Number) -> Array:
    """The factor m = 0.5 + 1.5 tanh(hv_scale ΔHV) of the next reward, in [0.5, 2)."""
    return 0.5 + 1.5 * np.tanh(hv_scale * np.asarray(gain))


def extended(front: Array, J: Array, reference: Array) -> tuple[Array, Array]:
    """What a vector adds to the hypervolume of a front, and the front with it.

    ΔHV is the box between the reference and J, less the part of it that the front dominates already.

    Parameters
    ----------
    front : array (*batch, N, K)
        No point of it dominated, filled up with the reference.
    J : array (*batch, K)
        The new vector; to be large in every entry.
    reference : array (K,) or (*batch, K)
        Points that aren't above it in every entry add nothing.

    Returns
    -------
    gain : array (*batch)
        ΔHV, 0 or more.
    front : array (*batch, N', K)
        Without what is dominated now.
    """
    corner = np.broadcast_to(reference, J.shape)
    box = np.maximum(J - corner, 0).prod(-1)
    shared = hypervolume(-np.minimum(front, J[..., None, :]), -corner)
    covered = (front >= J[..., None, :]).all(-1).any(-1)
    gain = np.where(covered, 0.0, np.maximum(box - shared, 0))
    corner = corner[..., None, :]
    joined = np.concatenate([front, np.where(gain[..., None] > 0, J, corner[..., 0, :])[..., None, :]], -2)
    kept = non_dominated(-joined) & (joined > corner).all(-1)
    first = np.argsort(~kept, axis=-1, kind="stable")[..., : max(int(kept.sum(-1).max()), 1)]
    filled = np.where(kept[..., None], joined, corner)
    return gain, np.take_along_axis(filled, first[..., None], -2)


def progress(J: Array, reference: Array) -> Array:
    """Hypervolume of all checkpoints so far, step by step: J (T + 1, *batch, K) → (T + 1, *batch).

    Raises
    ------
    ValueError
        If the reference is no vector of K finite numbers.
    """
    J, reference = np.asarray(J, float), np.asarray(reference, float)
    require(
        reference.shape == J.shape[-1:], "the shape of reference", reference.shape, f"{J.shape[-1:]}, as of a vector J"
    )
    require(np.isfinite(reference), "reference", reference, "finite")
    front = np.broadcast_to(reference, (*J.shape[1:-1], 1, J.shape[-1]))
    gains = []
    for now in J:
        gain, front = extended(front, now, reference)
        gains.append(gain)
    return np.cumsum(gains, 0)


# The two ends of a front that is bent inwards


def scalarised(p: Array, w: Number, H: int) -> Array:
    """What fixed weights climb, φ(p) = w p^H + (1 − w)(1 − p)^H: convex for H ≥ 2, so largest at an end."""
    _check_tokens(w, H)
    p = np.asarray(p)
    require((p >= 0) & (p <= 1), "p", p, "from 0 to 1")
    return w * p**H + (1 - np.asarray(w)) * (1 - p) ** H


def watershed(w: Number, H: int) -> Array:
    """The p* at which φ is least, 1/(1 + (w/(1 − w))^{1/(H−1)}): starts above it end at p = 1, those below at 0.

    1 at w = 0 and 0 at w = 1.

    Raises
    ------
    ValueError
        If H < 2, where φ is straight and has none, or w isn't between 0 and 1.
    """
    _check_tokens(w, H)
    require(H >= 2, "H", H, "2 or more: with H = 1 φ is straight")
    w = np.asarray(w, float)
    up, down = w ** (1 / (H - 1)), (1 - w) ** (1 / (H - 1))
    return down / (up + down)


def _check_tokens(w: Number, H: int) -> None:
    require(whole(H, 1), "H", H, "a whole number, 1 or more")
    require((np.asarray(w) >= 0) & (np.asarray(w) <= 1), "w", w, "from 0 to 1")
