"""Five ways to send tokens to experts, each with the bar that a token has to clear there."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from optilab.classics.sinkhorn import solve_sinkhorn
from optilab.papers.sparse_optimal_transport import algorithm
from optilab.papers.sparse_optimal_transport.algorithm import SemiDual, adam_then_lbfgs
from optilab.problems.transport import affinities, routing

TOKENS, EXPERTS = 64, 8
KS, PLACES = np.arange(4, 17), np.arange(1, EXPERTS + 1)
MEASURED = (6, 8, 12)  # seats for which sparse OT is solved in the law
EPSILON, STEPS, CALLS = 0.05, 100, 60  # of Sinkhorn; of Adam and L-BFGS, in the time of a slider's move

Routed = tuple[np.ndarray, np.ndarray]  # (tokens, experts) who sits where, and the bar that a token has to clear there


@lru_cache(256)
def token_choice(k: int, skew: float, seed: int) -> Routed:
    """Every token asks its favourite alone; the bar is 0, or 1 where all seats are taken when its turn comes."""
    affinity = affinities(seed, TOKENS, EXPERTS, skew)
    pairs = algorithm.token_choice(affinity, k)
    return pairs, np.where(pairs.cumsum(0) - pairs >= k, 1.0, 0.0)


@lru_cache(256)
def expert_choice(k: int, skew: float, seed: int) -> Routed:
    """Every expert takes its k best; the bar is the k-th of them."""
    affinity = affinities(seed, TOKENS, EXPERTS, skew)
    pairs = algorithm.expert_choice(affinity, k)
    return pairs, np.broadcast_to(np.sort(affinity, 0)[-k], affinity.shape)


@lru_cache(256)
def sinkhorn_choice(k: int, skew: float, seed: int) -> Routed:
    """Every expert takes the k tokens that an entropic plan T sends it most of; the bar is where T is the k-th."""
    affinity = affinities(seed, TOKENS, EXPERTS, skew)
    T = solve_sinkhorn(routing(affinity), epsilon=EPSILON)
    pairs = algorithm.expert_choice(T, k)
    return pairs, affinity - EPSILON * np.log(T / np.sort(T, 0)[-k])


@lru_cache(256)
def sparse_ot(k: int, skew: float, seed: int) -> Routed:
    """A token bids α, an expert asks θ or what its k-th bidder offers: the bar is the difference."""
    affinity = affinities(seed, TOKENS, EXPERTS, skew)
    semi_dual = SemiDual(routing(affinity), k)
    alpha = adam_then_lbfgs(semi_dual, steps=STEPS, maxfun=CALLS).x
    s = alpha[:, None] + affinity
    asked = np.maximum(semi_dual.oracle(alpha).columns.theta, np.sort(s, 0)[-k])
    return semi_dual.plan(alpha) > 0, asked - alpha[:, None]


def quadratic_ot(k: int, skew: float, seed: int) -> Routed:
    """The same without a cap, whatever k is: the bar is θ − α."""
    k = TOKENS
    return sparse_ot(k, skew, seed)


ROUTERS: dict[str, Callable[..., Routed]] = {
    "token choice": token_choice,
    "expert choice": expert_choice,
    "Sinkhorn, then top k": sinkhorn_choice,
    "quadratic OT": quadratic_ot,
    "sparse OT": sparse_ot,
}
RIVALS = list(ROUTERS)[:3]


@lru_cache(64)
def law(skew: float, seed: int) -> dict[str, Any]:
    """Tokens without a seat in per cent, for every k."""
    affinity = affinities(seed, TOKENS, EXPERTS, skew)
    T = solve_sinkhorn(routing(affinity), epsilon=EPSILON)
    choices = {"token choice": algorithm.token_choice, "expert choice": algorithm.expert_choice}
    kept = {name: [algorithm.processed(choose(affinity, int(k))) for k in KS] for name, choose in choices.items()}
    kept[RIVALS[2]] = [algorithm.processed(algorithm.expert_choice(T, int(k))) for k in KS]
    drops = {name: (KS, 100 * (1 - np.array(share))) for name, share in kept.items()}
    ours = [algorithm.processed(sparse_ot(k, skew, seed)[0]) for k in MEASURED]
    return drops | {"ours": (MEASURED, 100 * (1 - np.array(ours)))}


@lru_cache(64)
def best(skew: float, seed: int) -> float:
    """What the linear assignment earns."""
    affinity = affinities(seed, TOKENS, EXPERTS, skew)
    return float(algorithm.captured(algorithm.assignment(affinity), affinity))
