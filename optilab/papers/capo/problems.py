"""A language model small enough that its accuracy is known exactly: a softmax over a few tokens on fixed features.

    Language    T tokens answer one of P prompts; the reward is 1 if all are right
    arithmetic  P = 49 prompts (a, b), answered by a + b, a + 2b, ab modulo 7, a few contexts with long features
    one_token   one prompt, one token: everything can be enumerated

A context is a prompt, a position and the token before it; its feature h is the hidden state before the last layer W,
which is all that is learned: the policy is softmax(W h).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import advance
from optilab.problems.seeds import instances

Array = np.ndarray
M, D = 7, 128  # tokens and features of the arithmetic
PAIRS = np.stack(np.meshgrid(range(M), range(M), indexing="ij"), -1).reshape(-1, 2)  # the prompts (a, b)
ANSWERS = np.stack([PAIRS.sum(1), PAIRS @ [1, 2], PAIRS.prod(1)], -1) % M
PRETRAINED = 0.5  # accuracy at which the base policy stops learning from examples
BASE_STEP, BASE_MOST = 5.0, 3000


class Draw(NamedTuple):
    """Where the luck of a batch is: prompts and uniform numbers."""

    prompt: Array  # (*batch, q) of int
    u: Array  # (*batch, q, G, T)


class Rollout(NamedTuple):
    """N = qG responses of T tokens, those to one prompt side by side."""

    R: Array  # (*batch, N) rewards
    a: Array  # (*batch, N, T) tokens
    pi: Array  # (*batch, N, T, K) probabilities of all tokens
    h: Array  # (*batch, N, T, d) hidden states


def log_softmax(z: Array) -> Array:
    """Logarithms of softmax, z − log Σ eᶻ, along the last axis."""
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


@dataclass(frozen=True)
class Language:
    """Prompts, the features of all contexts, and the right answers.

    Parameters
    ----------
    phi : array (*batch, P, T, K + 1, d)
        Features of a prompt, a position and the token before it; the last of these, K, is the start of a response.
        One world for all replicates, or one for each.
    answer : array of int (P, T)
        The right tokens.

    Raises
    ------
    ValueError
        If the shapes don't fit, or an answer has a token outside the vocabulary.
    """

    phi: Array
    answer: Array

    def __post_init__(self) -> None:
        phi, answer = np.asarray(self.phi, float), np.asarray(self.answer)
        fits = phi.ndim >= 4 and answer.shape == phi.shape[-4:-2] and phi.shape[-2] >= 3
        require(fits, "the shapes of phi and answer", (phi.shape, answer.shape), "(*batch, P, T, K + 1, d) and (P, T)")
        require(np.isfinite(phi), "phi", phi, "finite")
        inside = answer.dtype.kind in "iu" and (answer >= 0).all() and (answer < phi.shape[-2] - 1).all()
        require(inside, "answer", answer, f"tokens 0 … {phi.shape[-2] - 2}")
        object.__setattr__(self, "phi", phi)
        object.__setattr__(self, "answer", answer)

    @property
    def P(self) -> int:
        """How many prompts there are."""
        return self.answer.shape[0]

    @property
    def T(self) -> int:
        """How many tokens a response has."""
        return self.answer.shape[1]

    @property
    def K(self) -> int:
        """How many tokens there are."""
        return self.phi.shape[-2] - 1

    @property
    def d(self) -> int:
        """How many features."""
        return self.phi.shape[-1]

    @property
    def p(self) -> int:
        """How many parameters."""
        return self.K * self.d

    def W(self, theta: Array) -> Array:
        """The last layer of θ: (*batch, Kd) → (*batch, K, d).

        Raises
        ------
        ValueError
            If there aren't Kd parameters.
        """
        theta = np.asarray(theta)
        require(theta.shape[-1:] == (self.p,), "the shape of theta", theta.shape, f"(*batch, {self.p})")
        return theta.reshape(*theta.shape[:-1], self.K, self.d)

    @cached_property
    def taught(self) -> Array:
        """Features of the contexts of right answers: (*batch, P, T, d)."""
        before = np.concatenate([np.full((self.P, 1), self.K), self.answer[:, :-1]], -1)
        return self.phi[..., np.arange(self.P)[:, None], np.arange(self.T), before, :]

    def log_policy(self, theta: Array) -> Array:
        """Log probabilities of all tokens where the answer so far is right: (*batch, P, T, K)."""
        flat = self.taught.reshape(*self.taught.shape[:-3], -1, self.d)
        logits = flat @ np.swapaxes(self.W(theta), -1, -2)
        return log_softmax(logits.reshape(*logits.shape[:-2], self.P, self.T, self.K))

    def success(self, theta: Array) -> Array:
        """Probability of the right answer to each prompt, the product of its tokens': (*batch, P)."""
        right = np.take_along_axis(self.log_policy(theta), self._right(theta), -1)[..., 0]
        return np.exp(right.sum(-1))

    def accuracy(self, theta: Array) -> Array:
        """J, the mean reward of a prompt drawn uniformly: (*batch)."""
        return self.success(theta).mean(-1)

    def kl(self, theta: Array, after: Array) -> Array:
        """KL(π‖π′) in the mean over the contexts of right answers: (*batch)."""
        old, new = self.log_policy(theta), self.log_policy(after)
        p = np.exp(old)
        return np.where(p > 0, p * (old - new), 0).sum(-1).mean((-2, -1))

    def entropy(self, theta: Array) -> Array:
        """−Σ π log π in the mean over the contexts of right answers: (*batch)."""
        log_p = self.log_policy(theta)
        p = np.exp(log_p)
        return -np.where(p > 0, p * log_p, 0).sum(-1).mean((-2, -1))

    def draw(self, rng: np.random.Generator, size: tuple[int, ...]) -> Draw:
        """Draw q prompts with replacement and the uniform numbers of G responses to each: size (*batch, q, G)."""
        return Draw(rng.integers(0, self.P, size=size[:-1]), rng.random(size=(*size, self.T)))

    def rollout(self, theta: Array, draw: Draw) -> Rollout:
        """Responses of θ (*batch, Kd), token by token."""
        W, batch = np.swapaxes(self.W(theta), -1, -2), np.shape(theta)[:-1]
        G = draw.u.shape[-2]
        prompt = np.repeat(draw.prompt, G, -1)
        u = draw.u.reshape(*draw.u.shape[:-3], -1, self.T)
        before = np.full(prompt.shape, self.K)
        a, pi, h = [], [], []
        for t in range(self.T):
            h.append(self._features(prompt, t, before, batch))
            pi.append(np.exp(log_softmax(h[-1] @ W)))
            before = (u[..., t, None] >= pi[-1].cumsum(-1)[..., :-1]).sum(-1)  # the inverse distribution function
            a.append(before)
        tokens = np.stack(a, -1)
        R = (tokens == self.answer[prompt]).all(-1).astype(float)
        return Rollout(R, tokens, np.stack(pi, -2), np.stack(h, -2))

    def _features(self, prompt: Array, t: int, before: Array, batch: tuple[int, ...]) -> Array:
        at = (prompt * self.T + t) * (self.K + 1) + before
        flat = self.phi.reshape(*self.phi.shape[:-4], -1, self.d)
        if flat.ndim == 2:
            return flat[at]
        return np.take_along_axis(np.broadcast_to(flat, (*batch, *flat.shape[-2:])), at[..., None], -2)

    def _right(self, theta: Array) -> Array:
        return np.broadcast_to(self.answer[..., None], (*np.shape(theta)[:-1], self.P, self.T, 1))


def arithmetic(seeds: int | Sequence[int], scale: float = 16.0, share: float = 0.05) -> Language:
    """Sums and a product modulo 7, with features of which a few are long, as some hidden states of language models.

    A feature is the unit vector along the sum of three standard normal vectors: one of its context, one of its prompt,
    one of its position. Then each context is multiplied by `scale` with probability `share`.

    Parameters
    ----------
    seeds : int, or sequence of int
        One world, or one a seed. The same seed gives the same directions whatever the scale and the share.
    scale : float
        Length of a long feature, positive.
    share : float
        Probability that a context is long, from 0 to 1.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    require(np.isfinite(scale) and scale > 0, "scale", scale, "positive and finite")
    require(0 <= share <= 1, "share", share, "from 0 to 1")

    def features(seed: int) -> tuple[Array]:
        rng = np.random.default_rng(seed).spawn(1)[0]  # apart from what the methods draw
        phi = rng.normal(size=(len(PAIRS), 3, M + 1, D))
        phi = phi + rng.normal(size=(len(PAIRS), 1, 1, D)) + rng.normal(size=(3, 1, D))
        phi /= np.linalg.norm(phi, axis=-1, keepdims=True)
        return (phi * np.where(rng.random(size=phi.shape[:-1]) < share, scale, 1.0)[..., None],)

    return Language(instances(features, seeds)[0], ANSWERS)


def one_token(K: int = 3, d: int = 2, seed: int = 0) -> Language:
    """One prompt, one token, random features; the first token is right."""
    require(whole(K, 2), "K", K, "a whole number, 2 or more")
    require(whole(d, 1), "d", d, "a whole number, 1 or more")
    return Language(np.random.default_rng(seed).normal(size=(1, 1, K + 1, d)), np.zeros((1, 1), int))


def base_policy(world: Language) -> Array:
    """Learn from all right answers, cross-entropy and steps of 5 from W = 0, until half are given: (*batch, Kd).

    Raises
    ------
    ValueError
        If 3000 steps aren't enough.
    """
    X = world.taught.reshape(*world.taught.shape[:-3], -1, world.d)
    wanted = np.eye(world.K)[world.answer.reshape(-1)]
    theta = np.zeros((*X.shape[:-2], world.p))
    for _ in range(BASE_MOST):
        log_p = world.log_policy(theta)
        right = np.take_along_axis(log_p, world._right(theta), -1)[..., 0]
        going = np.exp(right.sum(-1)).mean(-1) < PRETRAINED
        if not going.any():
            return theta
        missing = wanted - np.exp(log_p).reshape(*X.shape[:-1], world.K)
        step = (np.swapaxes(missing, -1, -2) @ X).reshape(theta.shape) / len(wanted)
        theta = advance(going, theta + BASE_STEP * step, theta)
    raise ValueError(
        f"the world must be one that is learned in {BASE_MOST} steps, got accuracy {world.accuracy(theta)}"
    )
