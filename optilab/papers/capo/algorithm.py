"""CAPO: foretell, token by token, how far an update would move objective and policy, and leave out what goes too far.

A policy π(·|s) = softmax(W h(s)) over K tokens writes G responses of T tokens to each of q prompts; a response has the
reward R at its end and an advantage A, shared by its tokens. The policy climbs the mean of A log π. Before it does, a
model of the last layer says for every token what a step of it alone would do: with v = e_a − π, F = diag(π) − ππᵀ, the
candidate ΔW and u = ΔW h

    m_H = A vᵀu + ½A[(vᵀu)² − uᵀFu]    of the objective, to second order
    m_F = ½(vᵀu)²                      of the policy, as a KL divergence

and only tokens with low_H ≤ m_H < τ_H and m_F < τ_F are learned from.

    the paper                                              here
    sample q prompts, G responses each; rewards            Language.sample, Language.rollout
    A = R, R − mean, (R − mean)/(std + 10⁻⁴)               advantages
    v = e_a − π                                            directions
    ΔW = α A v hᵀ, or what Adam would make of it           displacements, look_ahead
    m_H, m_F                                               shifts; token_scores with the line above
    subsets of tokens, one token each by default           subset_scores
    accept                                                 accepted
    the objective: aggregation over accepted tokens        token_weights, aggregate
    its gradient, unchanged but for the mask               gradient
    step of the optimiser; its moments                     ascend; updated, adam_direction
    CAPO                                                   capo
    GRPO, Dr. GRPO, REINFORCE                              policy_gradient
    PPO's min(ρA, clip(ρ, 1 ± ε)A); a KL price             surrogate; kl_slope
    theorem 5.1                                            improvement_bound
    not in the paper: tokens left out at random            random_mask
                      α*, where m_H turns negative         overshoot
                      largest m_F where ‖h‖ = 1            largest_fisher

Policies here are their last layer, so "all parameters" are W. The paper's experiments don't discount.

Source: L. C. Melo, A. Abate, Y. Gal, "Stabilizing Policy Gradients for Sample-Efficient Reinforcement Learning in LLM
Reasoning", ICLR 2026 (arXiv 2510.00819), as in the authors' public code.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.classics import group_advantages
from optilab.core.check import AnyArray, AnyNumber, numbers, require, whole
from optilab.core.run import algorithm, replicates
from optilab.papers.capo.problems import Language, Rollout, log_softmax

Array = np.ndarray
Number = float | np.ndarray  # one for all replicates, or (*batch)
BASES = ("GRPO", "Dr. GRPO", "REINFORCE")
OPTIMIZERS = ("SGD", "Adam")
SUBSETS = ("token", "response", "batch")
STATUS = ("updated", "no_signal", "all_rejected")  # of a step, by its number in a state
ADDED = 1e-4  # to a group's standard deviation
BETAS = (0.9, 0.999)  # of Adam
EPS = 1e-8  # of Adam


class Update(NamedTuple):
    """A state: the policy and the batch that it was made with; before the first step all tokens of that count as 0."""

    theta: Array  # (*batch, Kd) vec(W)
    R: Array  # (*batch, N) rewards of the N = qG responses
    A: Array  # (*batch, N) their advantages
    kept: Array  # (*batch, N, T) which tokens were learned from
    status: Array  # (*batch) a number in STATUS


class Scored(NamedTuple):
    """A state of `capo`: the same, with what was foretold of every token."""

    theta: Array
    R: Array
    A: Array
    kept: Array
    status: Array
    mH: Array  # (*batch, N, T)
    mF: Array  # (*batch, N, T)
    length: Array  # (*batch, N, T) ‖h‖


class Moments(NamedTuple):
    """Adam's running means of the gradient and of its square, after t updates."""

    m: Array  # (*batch, K, d)
    s: Array  # (*batch, K, d)
    t: int


# The methods


@algorithm
def capo(
    problem: Language,
    theta0: Array,
    *,
    lr: Number = 40.0,
    tauH: AnyNumber = 2e4,
    tauF: AnyNumber = 1.2e4,
    lowH: AnyNumber | None = None,
    base: str = "GRPO",
    prompts: int = 2,
    G: int = 8,
    optimizer: str = "SGD",
    model: str = "SGD",
    subset: str = "token",
    beta1: float = BETAS[0],
    beta2: float = BETAS[1],
    rng: np.random.Generator,
) -> Iterator[Scored]:
    """Climb along the tokens that the last-layer model lets pass: yields θ_0, θ_1, … without end.

    Parameters
    ----------
    problem : Language
        The policy and its rewards.
    theta0 : array (*batch, Kd)
        Where to start.
    lr : float or array (*batch)
        Step length α.
    tauH, tauF : float or array (*batch)
        What m_H and m_F must stay below, positive; inf is no test.
    lowH : float or array (*batch), optional
        What m_H mustn't fall below: −tauH if not given; 0 is the one-sided test, δ_H with tauH = inf the theorem's.
    base : str
        What makes advantages and aggregates tokens, one of `BASES`.
    prompts, G : int
        Prompts of a batch (drawn with replacement) and responses to each.
    optimizer, model : str
        What makes a step of a gradient, and a candidate of a token's: "SGD" or "Adam".
    subset : str
        What is accepted or rejected together: "token", "response" or "batch".
    beta1, beta2 : float
        Adam's decays, in [0, 1).
    rng : numpy.random.Generator
        Of prompts and responses.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    lowH = _lower(lowH, tauH, tauF)
    theta, lr, low, high, most = _start(problem, theta0, lr, base, prompts, G, lowH=lowH, tauH=tauH, tauF=tauF)
    require(subset in SUBSETS, "subset", subset, f"one of {SUBSETS}")
    moments = _moments(problem, theta, optimizer, model, beta1, beta2)
    betas, batch = (beta1, beta2), theta.shape[:-1]
    yield Scored(*_before(problem, theta, prompts * G), *np.zeros((3, *batch, prompts * G, problem.T)))
    while True:
        rollout = problem.rollout(theta, problem.draw(rng, (*batch, prompts, G)))
        A = advantages(rollout.R, G, base)
        v = directions(rollout.a, rollout.pi)
        mH, mF = subset_scores(subset, A, v, rollout, lr, moments if model == "Adam" else None, betas)
        kept = accepted(mH, mF, low[..., None], high[..., None], most[..., None])
        g = gradient(token_weights(kept, base) * A[..., None], v, rollout.h)
        theta, moments = ascend(theta, g, lr, moments, optimizer, betas)
        yield Scored(theta, rollout.R, A, kept, status(A, kept), mH, mF, np.linalg.norm(rollout.h, axis=-1))


@algorithm
def policy_gradient(
    problem: Language,
    theta0: Array,
    *,
    lr: Number = 40.0,
    base: str = "GRPO",
    prompts: int = 2,
    G: int = 8,
    epochs: int = 1,
    clip: AnyNumber = 0.2,
    beta: Number = 0.0,
    optimizer: str = "SGD",
    beta1: float = BETAS[0],
    beta2: float = BETAS[1],
    rng: np.random.Generator,
) -> Iterator[Update]:
    """Climb along all tokens: GRPO, Dr. GRPO, REINFORCE; with several epochs on a batch, PPO's clipping bites.

    Parameters
    ----------
    problem, theta0, lr, base, prompts, G, optimizer, beta1, beta2, rng
        As in `capo`.
    epochs : int
        Steps on one batch.
    clip : float or array (*batch)
        ε, how far ρ = π/π_old may leave 1 before a token has no gradient; inf clips nothing.
    beta : float or array (*batch)
        Price of KL(π‖π_ref), with the policy of `theta0` as reference; 0 or more.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    theta, lr, clip, beta = _start(problem, theta0, lr, base, prompts, G, clip=clip, beta=beta)
    require(whole(epochs, 1), "epochs", epochs, "a whole number, 1 or more")
    moments = _moments(problem, theta, optimizer, optimizer, beta1, beta2)
    batch, reference = theta.shape[:-1], theta
    yield _before(problem, theta, prompts * G)
    while True:
        rollout = problem.rollout(theta, problem.draw(rng, (*batch, prompts, G)))
        A = advantages(rollout.R, G, base)
        kept, pi = np.ones(rollout.a.shape, bool), rollout.pi
        for epoch in range(epochs):
            pi = pi if epoch == 0 else policy(problem, theta, rollout.h)
            coefficient = surrogate(A, rollout, pi, clip[..., None])
            if (beta > 0).any():
                fixed = policy(problem, reference, rollout.h)
                coefficient = coefficient - beta[..., None] * kl_slope(rollout.a, pi, fixed)
            g = gradient(token_weights(kept, base) * coefficient, directions(rollout.a, pi), rollout.h)
            theta, moments = ascend(theta, g, lr, moments, optimizer, (beta1, beta2))
        yield Update(theta, rollout.R, A, kept, status(A, kept))


@algorithm
def random_mask(
    problem: Language,
    theta0: Array,
    *,
    rate: Number,
    mask_rng: np.random.Generator,
    lr: Number = 40.0,
    base: str = "GRPO",
    prompts: int = 2,
    G: int = 8,
    rng: np.random.Generator,
) -> Iterator[Update]:
    """Leave out tokens by lot, each with probability `rate`: the control of what a mask does by itself.

    Parameters
    ----------
    problem, theta0, lr, base, prompts, G, rng
        As in `capo`.
    rate : float or array (*batch)
        Probability that a token is left out, in [0, 1).
    mask_rng : numpy.random.Generator
        Of the lots, so that prompts and responses draw what they draw in the other methods.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    theta, lr, rate = _start(problem, theta0, lr, base, prompts, G, rate=rate)
    batch = theta.shape[:-1]
    yield _before(problem, theta, prompts * G)
    while True:
        rollout = problem.rollout(theta, problem.draw(rng, (*batch, prompts, G)))
        A = advantages(rollout.R, G, base)
        kept = mask_rng.random(size=rollout.a.shape) >= rate[..., None]
        v = directions(rollout.a, rollout.pi)
        theta = theta + lr * _flat(gradient(token_weights(kept, base) * A[..., None], v, rollout.h))
        yield Update(theta, rollout.R, A, kept, status(A, kept))


# Advantages, aggregation and the objective


def advantages(rewards: Array, G: int, base: str) -> Array:
    """What a response is worth beside the other G − 1 to its prompt: rewards (*batch, N) → (*batch, N).

    REINFORCE: R. Dr. GRPO: R − mean. GRPO: (R − mean)/(std + 10⁻⁴), std² the sum of squares over G − 1.

    Raises
    ------
    ValueError
        If the base isn't known, G is below 1 (2 where there is a mean), or N isn't a multiple of it.
    """
    _check_base(base, G)
    rewards = np.asarray(rewards, float)
    fits = rewards.ndim >= 1 and rewards.shape[-1] > 0 and rewards.shape[-1] % G == 0
    require(fits, "the shape of rewards", rewards.shape, f"(*batch, N) with N a multiple of G = {G}")
    groups = rewards.reshape(*rewards.shape[:-1], -1, G)
    if base == "GRPO":
        A = group_advantages.grpo(groups, ADDED)
    else:
        A = (group_advantages.dr_grpo if base == "Dr. GRPO" else group_advantages.reinforce)(groups)
    return A.reshape(rewards.shape)


def token_weights(kept: Array, base: str) -> Array:
    """What a token counts in the objective: kept (*batch, N, T) → (*batch, N, T).

    GRPO, REINFORCE: mean over all N responses of the mean over a response's kept tokens. Dr. GRPO: of their sum over T.
    """
    N, T = kept.shape[-2:]
    below = T if base == "Dr. GRPO" else np.maximum(kept.sum(-1, keepdims=True), 1)
    return kept / below / N


def aggregate(values: Array, kept: Array, base: str) -> Array:
    """The objective of values of tokens (*batch, N, T), of which `kept` count: (*batch)."""
    _check_base(base, 2)
    values, kept = np.asarray(values), np.asarray(kept)
    require(values.shape == kept.shape, "the shapes of values and kept", (values.shape, kept.shape), "the same")
    return (values * token_weights(kept, base)).sum((-2, -1))


def surrogate(A: Array, rollout: Rollout, pi: Array, clip: AnyNumber) -> Array:
    """The slope of min(ρA, clip(ρ, 1 ± ε)A) by log π: ρA, or 0 where the clipped one is less: (*batch, N, T)."""
    rho, A = chosen(pi, rollout.a) / chosen(rollout.pi, rollout.a), A[..., None]
    beyond = np.where(A > 0, rho > 1 + clip, rho < 1 - clip)
    return np.where(beyond, 0.0, rho * A)


def kl_slope(a: Array, pi: Array, reference: Array) -> Array:
    """The slope of eˣ − x − 1, x = log π_ref − log π, by log π: 1 − eˣ, for tokens a (*batch, N, T)."""
    return 1 - chosen(reference, a) / chosen(pi, a)


def chosen(pi: Array, a: Array) -> Array:
    """π(a): (…, K) and (…) → (…)."""
    return np.take_along_axis(pi, a[..., None], -1)[..., 0]


def policy(problem: Language, theta: Array, h: Array) -> Array:
    """softmax(W h): (*batch, N, T, d) → (*batch, N, T, K)."""
    W = problem.W(theta)[..., None, :, :]
    return np.exp(log_softmax(h @ np.swapaxes(W, -1, -2)))


def gradient(c: Array, v: Array, h: Array) -> Array:
    """Σ c v hᵀ over the tokens: (*batch, N, T), (*batch, N, T, K), (*batch, N, T, d) → (*batch, K, d)."""
    batch = c.shape[:-2]
    weighted = (c[..., None] * v).reshape(*batch, -1, v.shape[-1])
    return np.swapaxes(weighted, -1, -2) @ h.reshape(*batch, -1, h.shape[-1])


# The model of the last layer


def directions(a: Array, pi: Array) -> Array:
    """The slope v = e_a − π of log π(a) by the logits: (…) and (…, K) → (…, K).

    Raises
    ------
    ValueError
        If a token is outside the vocabulary.
    """
    a, K = np.asarray(a), pi.shape[-1]
    inside = a.dtype.kind in "iu" and (a >= 0).all() and (a < K).all()
    require(inside, "a", a, f"tokens 0 … {K - 1}")
    return (a[..., None] == np.arange(K)) - pi


def shifts(A: Array, v: Array, pi: Array, u: Array) -> tuple[Array, Array]:
    """m_H and m_F of tokens whose logits would move by u: (…), (…, K), (…, K), (…, K) → two (…).

    m_H = A vᵀu + ½A[(vᵀu)² − uᵀFu],  m_F = ½(vᵀu)²,  uᵀFu = Σ π_k u_k² − (Σ π_k u_k)²
    """
    vu = (v * u).sum(-1)
    uFu = (pi * u**2).sum(-1) - (pi * u).sum(-1) ** 2
    return A * vu + 0.5 * A * (vu**2 - uFu), 0.5 * vu**2


def look_ahead(g: Array, moments: Moments | None, betas: tuple[float, float] = BETAS) -> Array:
    """What Adam would make of a gradient g (*batch, n, K, d) as its next one; g itself before there are moments."""
    if moments is None or moments.t == 0:
        return g
    shared = Moments(moments.m[..., None, :, :], moments.s[..., None, :, :], moments.t)
    return adam_direction(updated(shared, g, betas), betas)


def updated(moments: Moments, g: Array, betas: tuple[float, float]) -> Moments:
    """The moments with a gradient g (…, K, d) in them; the old ones aren't changed."""
    m = betas[0] * moments.m + (1 - betas[0]) * g
    s = betas[1] * moments.s + (1 - betas[1]) * g**2
    return Moments(m, s, moments.t + 1)


def adam_direction(moments: Moments, betas: tuple[float, float]) -> Array:
    """m̂/(√ŝ + 10⁻⁸) with m̂ = m/(1 − β₁ᵗ) and ŝ = s/(1 − β₂ᵗ), after one update or more: (…, K, d)."""
    m, s, t = moments
    return m / (1 - betas[0] ** t) / (np.sqrt(s / (1 - betas[1] ** t)) + EPS)


def displacements(
    A: Array, v: Array, h: Array, lr: Array, moments: Moments | None, betas: tuple[float, float] = BETAS
) -> Array:
    """The change u = ΔW h of logits by the candidate ΔW = α look_ahead(A v hᵀ) of each token alone: (*batch, n, K)."""
    if moments is None or moments.t == 0:  # (v hᵀ)h = ‖h‖² v: no matrix is needed
        return (lr * A * (h**2).sum(-1))[..., None] * v
    g = (A[..., None] * v)[..., None] * h[..., None, :]
    return lr[..., None] * np.matvec(look_ahead(g, moments, betas), h)


def token_scores(
    A: Array,
    v: Array,
    pi: Array,
    h: Array,
    lr: Number,
    moments: Moments | None = None,
    betas: tuple[float, float] = BETAS,
) -> tuple[Array, Array]:
    """m_H and m_F of each token's own candidate step, not divided by the size of the batch.

    Parameters
    ----------
    A : array (*batch, n)
        Advantages.
    v, pi : array (*batch, n, K)
        e_a − π, and π.
    h : array (*batch, n, d)
        Hidden states.
    lr : float or array (*batch)
        Step length α.
    moments : Moments, optional
        Of Adam; without them the candidate is that of SGD. They aren't changed.
    betas : two numbers in [0, 1)
        Adam's decays.

    Returns
    -------
    mH, mF : array (*batch, n)

    Raises
    ------
    ValueError
        If lr isn't positive, shapes don't fit or probabilities aren't such.
    """
    A, v, pi, h = (np.asarray(values, float) for values in (A, v, pi, h))
    rate = _rate(lr)[..., None]
    fits = v.shape == pi.shape and A.shape == v.shape[:-1] == h.shape[:-1]
    require(fits, "the shapes of A, v, pi, h", (A.shape, v.shape, pi.shape, h.shape), "(n,), (n, K), (n, K), (n, d)")
    sums = (pi >= 0).all() and np.allclose(pi.sum(-1), 1, rtol=0, atol=1e-8)
    require(sums, "pi", pi, "probabilities, 0 or more with sum 1")
    for number, beta in enumerate(betas, 1):
        require(0 <= beta < 1, f"beta{number}", beta, "in [0, 1)")
    return shifts(A, v, pi, displacements(A, v, h, rate, moments, betas))


def subset_scores(
    subset: str,
    A: Array,
    v: Array,
    rollout: Rollout,
    lr: Array,
    moments: Moments | None,
    betas: tuple[float, float] = BETAS,
) -> tuple[Array, Array]:
    """m_H and m_F of every token's subset, its mean over the tokens of that: lr (*batch, 1) → two (*batch, N, T).

    The candidate of a subset is that of the mean of its gradients; a token is a subset by default.
    """
    shape = rollout.a.shape
    batch, (N, T) = shape[:-2], shape[-2:]
    sets, size = {"token": (N * T, 1), "response": (N, T), "batch": (1, N * T)}[subset]

    def sorted_in(values: Array, last: int) -> Array:
        return values.reshape(*batch, sets, size, last)

    each = np.broadcast_to(A[..., None], shape).reshape(*batch, sets, size)
    v, pi, h = sorted_in(v, v.shape[-1]), sorted_in(rollout.pi, v.shape[-1]), sorted_in(rollout.h, rollout.h.shape[-1])
    if size == 1:
        u = displacements(each[..., 0], v[..., 0, :], h[..., 0, :], lr, moments, betas)[..., None, :]
    else:
        g = np.swapaxes(each[..., None] * v, -1, -2) @ h / size
        u = lr[..., None, None] * (h @ np.swapaxes(look_ahead(g, moments, betas), -1, -2))
    mH, mF = (m.mean(-1, keepdims=True) for m in shifts(each, v, pi, u))
    return tuple(np.broadcast_to(m, (*batch, sets, size)).reshape(shape) for m in (mH, mF))  # type: ignore[return-value]


def accepted(mH: AnyArray, mF: AnyArray, lowH: AnyNumber, tauH: AnyNumber, tauF: AnyNumber) -> Array:
    """Which tokens pass: low_H ≤ m_H < τ_H and m_F < τ_F; a bound that is infinite is no test.

    Raises
    ------
    ValueError
        If a threshold isn't positive, or the lower bound not below the upper one.
    """
    _check_thresholds(lowH, tauH, tauF)
    high = (mH < tauH) | (np.asarray(tauH) == np.inf)
    low = (mH >= lowH) | (np.asarray(lowH) == -np.inf)
    return low & high & ((mF < tauF) | (np.asarray(tauF) == np.inf))


def status(A: Array, kept: Array) -> Array:
    """What a step was, as a number in `STATUS`: no advantage but 0, or no token with another one kept: (*batch)."""
    signal = A != 0
    left = (signal[..., None] & kept).any((-2, -1))
    return np.where(signal.any(-1), np.where(left, 0, 2), 1)


def collapsed(accuracy: AnyArray) -> Array:
    """Whether the last exact accuracy is below half the first, that of the base policy: (steps, *batch) → (*batch)."""
    return ~(np.asarray(accuracy)[-1] >= 0.5 * np.asarray(accuracy)[0])  # NaN has collapsed


def ascend(
    theta: Array, g: Array, lr: Array, moments: Moments | None, optimizer: str, betas: tuple[float, float] = BETAS
) -> tuple[Array, Moments | None]:
    """One step along g (*batch, K, d), and the moments with g in them, where there are any."""
    if moments is None:
        return theta + lr * _flat(g), None
    moments = updated(moments, g, betas)
    if optimizer == "Adam":
        g = adam_direction(moments, betas)
    return theta + lr * _flat(g), moments


# Theory


def improvement_bound(omega: AnyNumber, deltaF: AnyNumber, gamma: AnyNumber, epsilon: float = 1.0) -> Array:
    """Least gain of J by a step of subsets with m_H ≥ ω + ½Mr² and m_F ≤ δ_F: ω − C√δ_F, C = 2√2 γε/(1 − γ)².

    |A| ≤ ε, rewards discounted by γ < 1; M bounds a curvature and r the step. Source: theorem 5.1.

    Raises
    ------
    ValueError
        If δ_F or ε is negative, or γ not in [0, 1).
    """
    gamma, deltaF = np.asarray(gamma, float), np.asarray(deltaF, float)
    require((gamma >= 0) & (gamma < 1), "gamma", gamma, "in [0, 1)")
    require(deltaF >= 0, "deltaF", deltaF, "0 or more")
    require(epsilon >= 0, "epsilon", epsilon, "0 or more")
    return omega - 2 * np.sqrt(2) * gamma * epsilon / (1 - gamma) ** 2 * np.sqrt(deltaF)


def overshoot(A: float, pi: Array, a: int, h: float = 1.0) -> float:
    """α*, the step beyond which m_H of token a is negative: 2a₂/(−A‖h‖²(a₂² − vᵀFv)), a₂ = ‖v‖²; inf if there is none.

    Raises
    ------
    ValueError
        If π are no probabilities, a is none of its tokens or the length h of the hidden state isn't positive.
    """
    pi = np.asarray(pi, float)
    good = pi.ndim == 1 and (pi >= 0).all() and abs(pi.sum() - 1) <= 1e-8
    require(good, "pi", pi, "probabilities (K,), 0 or more with sum 1")
    require(h > 0, "h", h, "positive")
    v = directions(np.asarray(a), pi)
    bend = -A * h**2 * ((v @ v) ** 2 - (pi * v**2).sum() + (pi @ v) ** 2)
    return float(2 * (v @ v) / bend) if bend > 0 else np.inf


def largest_fisher(lr: float, G: int) -> float:
    """What m_F of a token with ‖h‖ = 1 stays below with GRPO: 2α²(G − 1)²/G, as |A| ≤ (G − 1)/√G and ‖v‖² ≤ 2.

    Raises
    ------
    ValueError
        If α isn't positive, or the group has less than two responses.
    """
    _rate(lr)
    _check_base("GRPO", G)
    return 2 * lr**2 * (G - 1) ** 2 / G


# What all methods begin with


def _flat(g: Array) -> Array:
    return g.reshape(*g.shape[:-2], -1)


def _rate(lr: Number) -> Array:
    rate = np.asarray(lr)
    require(rate.dtype.kind in "iuf" and ((rate > 0) & (rate < np.inf)).all(), "lr", lr, "positive and finite")
    return rate


def _check_base(base: str, G: int) -> None:
    require(base in BASES, "base", base, f"one of {BASES}")
    require(whole(G, 1), "G", G, "a whole number, 1 or more")
    require(G >= 2 or base == "REINFORCE", "G", G, f"2 or more: {base} compares the responses of a group")


def _check_thresholds(lowH: AnyNumber, tauH: AnyNumber, tauF: AnyNumber) -> None:
    for name, tau in (("tauH", tauH), ("tauF", tauF)):
        require(np.asarray(tau) > 0, name, tau, "positive; inf is no test")
    require(np.asarray(lowH) < np.asarray(tauH), "lowH", lowH, f"below tauH = {tauH}")


def _lower(lowH: AnyNumber | None, tauH: AnyNumber, tauF: AnyNumber) -> AnyNumber:
    """The lower bound of m_H, −τ_H if none is given, once all three are allowed."""
    for name, number in (("tauH", tauH), ("tauF", tauF), ("lowH", 0.0 if lowH is None else lowH)):
        numbers(name, number)
    lowH = -np.asarray(tauH) if lowH is None else lowH
    _check_thresholds(lowH, tauH, tauF)
    return lowH


RANGES = {
    "clip": (lambda value: value > 0, "positive; inf clips nothing"),
    "beta": (lambda value: (value >= 0) & (value < np.inf), "0 or more and finite"),
    "rate": (lambda value: (value >= 0) & (value < 1), "in [0, 1)"),
}


def _start(
    problem: Language, theta0: Array, lr: Number, base: str, prompts: int, G: int, **others: AnyNumber
) -> list[Array]:
    """θ_0 (*batch, Kd), lr and further numbers (*batch, 1), once they are allowed."""
    theta0 = np.asarray(theta0)
    real = theta0.dtype.kind in "biuf" and theta0.ndim >= 1 and bool(np.isfinite(theta0).all())
    require(real, "theta0", theta0, "an array of finite numbers")
    problem.W(theta0)
    _check_base(base, G)
    require(whole(prompts, 1), "prompts", prompts, "a whole number, 1 or more")
    for name, number in others.items():
        require(np.asarray(number).dtype.kind in "iuf", name, number, "a number, or an array of such")
        if name in RANGES:
            inside, allowed = RANGES[name]
            require(inside(np.asarray(number)), name, number, allowed)
    return replicates(theta0, _rate(lr), *others.values())


def _moments(problem: Language, theta: Array, optimizer: str, model: str, beta1: float, beta2: float) -> Moments | None:
    """Moments of 0 where optimiser or model need some."""
    for name, given in (("optimizer", optimizer), ("model", model)):
        require(given in OPTIMIZERS, name, given, f"one of {OPTIMIZERS}")
    for name, beta in (("beta1", beta1), ("beta2", beta2)):
        number = np.ndim(beta) == 0 and isinstance(beta, int | float | np.number) and 0 <= beta < 1
        require(number, name, beta, "in [0, 1)")
    zero = np.zeros((*theta.shape[:-1], problem.K, problem.d))
    return Moments(zero, zero, 0) if "Adam" in (optimizer, model) else None


def _before(problem: Language, theta: Array, N: int) -> Update:
    batch = theta.shape[:-1]
    nothing = np.zeros((*batch, N))
    return Update(theta, nothing, nothing, np.ones((*batch, N, problem.T), bool), np.zeros(batch, int))
