"""Policies with several rewards, small enough that the mean of every objective is known.

All objectives are to be made large. A policy that responds has `sample`, `rollout` and `score`, the others an exact
Jacobian; `J` of both is the vector of objectives that a checkpoint is judged by.

    FactoredBandit   guess, length and format of a response to each of C prompts: accuracy, −tokens, format
    Heads            separate softmaxes over different numbers of arms: nothing in conflict
    Tokens           H tokens, each "A" with probability p: (p^H, (1 − p)^H), a front that is not concave
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from optilab.core.check import require, whole
from optilab.problems.stable import sigmoid, softmax

Array = np.ndarray
GUESSES, LENGTHS, FORMATS = 6, 6, 2
LOGITS = GUESSES + LENGTHS + FORMATS  # of a prompt
LUCKY = 0.25  # probability with which a right guess counts although the reasoning was too short
KNOWN = 2.0  # logit of the right guess at the start


class Rollout(NamedTuple):
    """Responses of every replicate, n to each of G prompts."""

    R: Array  # (*batch, K, G, n) rewards
    chosen: Array  # (*batch, G, n, logits) indicators of what was chosen


@runtime_checkable
class Judged(Protocol):
    """A policy with K objectives."""

    @property
    def K(self) -> int:
        """How many objectives."""

    @property
    def p(self) -> int:
        """How many parameters."""

    def J(self, theta: Array, /) -> Array:
        """Mean of every objective: (*batch, p) → (*batch, K)."""


@runtime_checkable
class Responding(Judged, Protocol):
    """A policy that is asked G prompts and estimates gradients from its responses."""

    def sample(self, rng: np.random.Generator, size: tuple[int, ...], /) -> Array:
        """Noise for n responses to every prompt: size (*batch, n) → (*batch, n, …)."""

    def rollout(self, theta: Array, noise: Array, /) -> Rollout:
        """Responses of θ (*batch, p) on that noise."""

    def score(self, rollout: Rollout, theta: Array, A: Array, /) -> Array:
        """Mean over all responses of A ∇log π, for advantages A (*batch, G, n): (*batch, p)."""


@runtime_checkable
class Exact(Judged, Protocol):
    """A policy whose gradients are known."""

    def jac(self, theta: Array, /) -> Array:
        """∇J_i in row i: (*batch, p) → (*batch, K, p)."""


@dataclass(frozen=True)
class FactoredBandit:
    """Reasoning reduced to three choices: a guess of 6, a length ℓ of 0 … 5, a format flag φ of 0 or 1.

    Each prompt has three independent softmaxes. A response is right with probability 1 if its guess is and ℓ ≥ need,
    with ¼ if its guess is and ℓ < need. It costs 1 + ℓ + φ tokens. Its rewards: right or not; shorter than the mean of
    the batch or not; φ.

    Parameters
    ----------
    need : array of int (*batch, C)
        The length that each prompt needs, one instance for all replicates or one for each.
    right : array of int (*batch, C)
        The right guess for each prompt.

    Raises
    ------
    ValueError
        If the shapes differ, or an entry is no length or guess.
    """

    need: Array
    right: Array

    def __post_init__(self) -> None:
        need, right = np.asarray(self.need), np.asarray(self.right)
        require(need.ndim >= 1 and need.shape[-1] >= 1, "the shape of need", need.shape, "(*batch, C), C ≥ 1")
        require(right.shape == need.shape, "the shape of right", right.shape, f"{need.shape}, that of need")
        for name, values, count in (("need", need, LENGTHS), ("right", right, GUESSES)):
            fits = values.dtype.kind in "iu" and ((values >= 0) & (values < count)).all()
            require(fits, name, values, f"whole numbers, 0 … {count - 1}")
            object.__setattr__(self, name, values)

    @property
    def K(self) -> int:
        """Accuracy, conciseness, format."""
        return 3

    @property
    def C(self) -> int:
        """How many prompts."""
        return self.need.shape[-1]

    @property
    def p(self) -> int:
        """Logits of all prompts."""
        return LOGITS * self.C

    @property
    def start(self) -> Array:
        """Where learning begins, the right guess likely and all else even: (*batch, p)."""
        logits = np.zeros((*self.need.shape, LOGITS))
        np.put_along_axis(logits, self.right[..., None], KNOWN, -1)
        return logits.reshape(*self.need.shape[:-1], -1)

    def policies(self, theta: Array) -> tuple[Array, Array, Array]:
        """Probabilities of guesses (*batch, C, 6), lengths (*batch, C, 6) and formats (*batch, C, 2).

        Raises
        ------
        ValueError
            If there aren't p parameters.
        """
        theta = np.asarray(theta)
        require(theta.shape[-1:] == (self.p,), "the shape of theta", theta.shape, f"(*batch, {self.p})")
        logits = theta.reshape(*theta.shape[:-1], self.C, LOGITS)
        guess, length, form = np.split(logits, (GUESSES, GUESSES + LENGTHS), -1)
        return softmax(guess), softmax(length), softmax(form)

    def J(self, theta: Array) -> Array:
        """Accuracy, −tokens and format in the mean over prompts and responses, without noise: (*batch, 3)."""
        guess, length, form = self.policies(theta)
        knows = (guess * (np.arange(GUESSES) == self.right[..., None])).sum(-1)
        enough = (length * (np.arange(LENGTHS) >= self.need[..., None])).sum(-1)
        accuracy = knows * (enough + LUCKY * (1 - enough))
        tokens = 1 + length @ np.arange(LENGTHS) + form[..., 1]
        return np.stack([accuracy, -tokens, form[..., 1]], -1).mean(-2)

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Array:
        """Draw four uniform numbers for each response to each prompt: (*batch, n) → (*batch, n, C, 4)."""
        size = (size,) if isinstance(size, int | np.integer) else tuple(size)
        return rng.random(size=(*size, self.C, 4))

    def rollout(self, theta: Array, noise: Array) -> Rollout:
        """Responses of θ (*batch, p) on noise (*batch, n, C, 4), n to each prompt."""
        u = np.moveaxis(noise, -3, -2)  # (*batch, C, n, 4)
        guess, length, form = (
            (u[..., k, None] >= policy.cumsum(-1)[..., None, :-1]).sum(-1)  # the inverse distribution function
            for k, policy in enumerate(self.policies(theta))
        )
        lucky = (length >= self.need[..., None]) | (u[..., 3] < LUCKY)
        tokens = 1 + length + form
        concise = tokens < tokens.mean((-2, -1), keepdims=True)
        R = np.stack([(guess == self.right[..., None]) & lucky, concise, form == 1], -3).astype(float)
        chosen = [
            choice[..., None] == np.arange(count)
            for choice, count in ((guess, GUESSES), (length, LENGTHS), (form, FORMATS))
        ]
        return Rollout(R, np.concatenate(chosen, -1))

    def score(self, rollout: Rollout, theta: Array, A: Array) -> Array:
        """Mean over all responses of A ∇log π: the indicator of what was chosen minus its probability, times A."""
        policy = np.concatenate(self.policies(theta), -1)
        total = np.vecmat(A, rollout.chosen) - policy * A.sum(-1)[..., None]
        return total.reshape(*total.shape[:-2], self.p) / (A.shape[-2] * A.shape[-1])


def instance(seed: int) -> FactoredBandit:
    """Eight prompts: for seed 0 the one of the text, for others needs min(u, 2), u in 0 … 4, and guesses at random.

    Raises
    ------
    ValueError
        If the seed is no whole number of 0 or more.
    """
    require(whole(seed), "seed", seed, "a whole number, 0 or more")
    if seed == 0:
        return FactoredBandit(np.array([0, 2, 2, 2, 2, 2, 2, 2]), np.array([5, 3, 3, 1, 1, 0, 0, 0]))
    rng = np.random.default_rng(seed)
    return FactoredBandit(np.minimum(rng.integers(5, size=8), 2), rng.integers(GUESSES, size=8))


@dataclass(frozen=True)
class Heads:
    """Separate softmaxes, J_i the probability of the first arm of head i: all can be had at once.

    Parameters
    ----------
    arms : sequence of int
        How many arms each head has.
    """

    arms: tuple[int, ...] = (2, 4, 16)

    def __post_init__(self) -> None:
        require(len(self.arms) > 0 and min(self.arms) >= 2, "arms", self.arms, "2 or more for each head")

    @property
    def K(self) -> int:
        """How many heads."""
        return len(self.arms)

    @property
    def p(self) -> int:
        """Logits of all heads."""
        return sum(self.arms)

    def J(self, theta: Array) -> Array:
        """Probabilities of the first arms: (*batch, p) → (*batch, K)."""
        return np.stack([softmax(logits)[..., 0] for logits in self._heads(theta)], -1)

    def jac(self, theta: Array) -> Array:
        """∇J_i = q₀(e₀ − q) in the block of head i, 0 elsewhere: (*batch, p) → (*batch, K, p)."""
        jac, end = np.zeros((*np.shape(theta)[:-1], self.K, self.p)), 0
        for i, logits in enumerate(self._heads(theta)):
            q, first, end = softmax(logits), end, end + logits.shape[-1]
            jac[..., i, first:end] = q[..., :1] * ((np.arange(end - first) == 0) - q)
        return jac

    def _heads(self, theta: Array) -> list[Array]:
        require(np.shape(theta)[-1:] == (self.p,), "the shape of theta", np.shape(theta), f"(*batch, {self.p})")
        return np.split(np.asarray(theta), np.cumsum(self.arms)[:-1], -1)


@dataclass(frozen=True)
class Tokens:
    """H tokens without memory, each "A" with probability p = σ(θ): J = (p^H, (1 − p)^H), all A or none.

    Parameters
    ----------
    H : int
        Tokens of a response, 1 or more. From 2 on the front J₁^(1/H) + J₂^(1/H) = 1 is bent inwards.
    """

    H: int = 2

    def __post_init__(self) -> None:
        require(whole(self.H, 1), "H", self.H, "a whole number, 1 or more")

    @property
    def K(self) -> int:
        """All A, and none."""
        return 2

    @property
    def p(self) -> int:
        """One logit."""
        return 1

    def J(self, theta: Array) -> Array:
        """(p^H, (1 − p)^H): (*batch, 1) → (*batch, 2)."""
        theta = np.asarray(theta)
        return sigmoid(np.concatenate([theta, -theta], -1)) ** self.H

    def jac(self, theta: Array) -> Array:
        """Derivatives H p^H (1 − p) and −H (1 − p)^H p by θ: (*batch, 1) → (*batch, 2, 1)."""
        up, down = sigmoid(np.asarray(theta)), sigmoid(-np.asarray(theta))
        return self.H * np.stack([up**self.H * down, -(down**self.H) * up], -2)


def logit(p: float | Array) -> Array:
    """The θ (*batch, 1) at which a token is "A" with probability p.

    Raises
    ------
    ValueError
        If p isn't between 0 and 1.
    """
    p = np.asarray(p, float)
    require((p > 0) & (p < 1), "p", p, "between 0 and 1, without them")
    return np.log(p / (1 - p))[..., None]
