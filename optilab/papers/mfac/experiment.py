"""What M-FAC claims, measured: what pruning keeps, what damping does to it, how fast the optimiser trains."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import kendalltau

from optilab.classics.adam import Moments, adam
from optilab.classics.adam import step as adam_step
from optilab.classics.sgd import sgd
from optilab.core.claim import Claim, Claims, collect
from optilab.core.run import run
from optilab.papers.mfac import algorithm as alg
from optilab.problems.data import mixture
from optilab.problems.least_squares import LeastSquares
from optilab.problems.mlp import MLP, Fit

Array = np.ndarray
PRUNED, TRAINED = (20, 40, 20, 3), (20, 16, 3)  # units of the networks that are pruned, and trained
M, SIZE, LAM = 128, 16, 1e-5  # gradients, samples of each and damping when pruning


# Exactness


def products(m: int, d: int, lam: float, seed: int) -> float:
    """The largest relative difference of the products of all ways to the inverse from the dense one."""
    rng = np.random.default_rng(seed)
    G, x = rng.normal(size=(m, d)), rng.normal(size=d)
    window = alg.empty_window(m, d, lam)
    for g in G:
        window = alg.update(window, g)
    truth = np.linalg.solve(alg.dense_fisher(G, lam), x)
    found = [alg.static_precompute(G, lam).ihvp(x), alg.paged_precompute(G, lam, 2).ihvp(x), alg.ihvp(window, x)]
    return max(float(np.linalg.norm(product - truth) / np.linalg.norm(truth)) for product in found)


def exact(quick: bool) -> Iterator[Claim]:
    """Static, paged and dynamic products are the dense one; a step is as short as promised."""
    sizes = [(m, d) for m in (2, 8, 32) for d in (5, 40, 120)]
    differences = [
        products(m, d, lam, seed) for seed in range(2 if quick else 10) for m, d in sizes for lam in (0.1, 1)
    ]
    statement = "products, static, paged and dynamic: relative difference from a dense solve, largest"
    yield Claim.over(statement, differences, np.max, at_most=1e-12)
    rng, shares = np.random.default_rng(0), []
    for _ in range(200 if quick else 2000):
        m, lam = int(rng.integers(1, 9)), 10.0 ** rng.uniform(-4, 1)
        window = alg.empty_window(m, 5, lam)
        for scale in 10.0 ** rng.uniform(-3, 3, 2 * m):
            window = alg.update(window, scale * rng.normal(size=5))
        newest = window.G[window.last - 1]
        shares.append(np.linalg.norm(alg.ihvp(window, newest)) / alg.step_bound(m, lam))
    statement = "step ‖u‖ over its bound ½√(m/λ), largest of all windows: never above, nearly reached"
    yield Claim(statement, max(shares), at_most=1 + 1e-6, at_least=0.95)


# Pruning


@cache
def dense_network(seed: int, steps: int = 1500) -> tuple[Fit, Fit, Array]:
    """A network trained by Adam: its fit to 1500 points, to as many others, and its weights (1723,).

    Batches of 64 are drawn after the weights; the step size falls from 0.01 to 0 in a straight line.
    """
    X, labels, X_test, labels_test = mixture(seed, 1500, 30)
    network = MLP(PRUNED)
    fit = Fit(network, X, labels, "cross_entropy")
    rng = np.random.default_rng(seed)
    start = network.init(rng)
    state = Moments(start, np.zeros_like(start), np.zeros_like(start))
    for t in range(1, steps + 1):
        g = fit.sample_grad(state.x, fit.sample(rng, (64,)))
        state = adam_step(state, g, t, alpha=0.01 * (1 - t / steps), beta1=0.9, beta2=0.999, eps=1e-8)
    return fit, Fit(network, X_test, labels_test, "cross_entropy"), state.x


class Judged(NamedTuple):
    """What pruned networks are worth."""

    w: np.ndarray  # (points, d) weights
    zeros: np.ndarray  # (points,) share of weights dropped
    accuracy: np.ndarray  # (points,) on points not trained on
    loss: np.ndarray  # (points,) on those trained on


def judged(w: np.ndarray, seed: int) -> Judged:
    """Zeros, accuracy and loss of weights (points, 1723)."""
    fit, test, _ = dense_network(seed)
    return Judged(w, (w == 0).mean(-1), test.accuracy(w), fit(w))


PRUNERS: dict[str, dict[str, Any]] = {  # all by the brain surgeon; magnitude is besides
    "one shot": {"nrec": 1, "block": None},
    "no compensation": {"nrec": 8, "block": None, "compensate": False},
    "diagonal Fisher": {"nrec": 8, "block": 1},
    "M-FAC": {"nrec": 8, "block": None},
    "M-FAC, block 64": {"nrec": 8, "block": 64},
}


def pruned(seed: int, target: float, name: str, **changes: Any) -> Array:
    """Weights (1723,) of the dense network of that seed, pruned to the target by a method; no training after it."""
    fit, _, w = dense_network(seed)
    if name == "magnitude":
        return alg.by_magnitude(w, target).w
    settings = {"m": M, "size": SIZE, "lam": LAM} | PRUNERS[name] | changes
    *_, last = alg.prune_to(fit, w, target=target, rng=np.random.default_rng(seed), **settings)
    return last.w


def accuracies(seeds: range, target: float, names: Iterable[str] = ("magnitude", *PRUNERS)) -> dict[str, Array]:
    """Test accuracy (seeds,) right after pruning, by method."""
    return {
        name: np.array([dense_network(seed)[1].accuracy(pruned(seed, target, name)) for seed in seeds])
        for name in names
    }


def pruning(quick: bool) -> Iterator[Claim]:
    """Recomputed and compensated, pruning keeps what magnitude loses; either alone does little."""
    seeds = range(5 if quick else 12)
    low = accuracies(seeds, 0.7, ("magnitude", "M-FAC"))
    high = accuracies(seeds, 0.8)
    most = accuracies(seeds, 0.9, ("magnitude", "one shot", "M-FAC"))
    yield Claim.over(
        "70 % zeros: test accuracy, M-FAC − magnitude, mean", low["M-FAC"] - low["magnitude"], np.mean, at_least=0.1
    )
    gain = high["M-FAC"] - high["magnitude"]
    yield Claim.over("80 % zeros: test accuracy, M-FAC − magnitude, mean", gain, np.mean, at_least=0.15)
    yield Claim.over("80 % zeros: test accuracy, M-FAC − magnitude, least", gain, np.min, at_least=0.08)
    alone = high["M-FAC"] - high["no compensation"]
    yield Claim.over("80 % zeros: M-FAC − no compensation, mean", alone, np.mean, at_least=0.1)
    yield Claim.over("80 % zeros: M-FAC − no compensation, least", alone, np.min, at_least=0)
    full = high["M-FAC"] - high["diagonal Fisher"]
    yield Claim.over("80 % zeros: M-FAC − diagonal Fisher, least", full, np.min, at_least=0)
    diagonal = high["diagonal Fisher"] - high["magnitude"]
    yield Claim.over("80 % zeros: diagonal Fisher − magnitude, mean", diagonal, np.mean, at_least=0)
    once = high["one shot"] - high["magnitude"]
    yield Claim.over("80 % zeros: one shot − magnitude, mean: not recomputed", once, np.mean, at_most=0.08)
    blocks = high["M-FAC, block 64"] - high["M-FAC"]
    yield Claim.over("80 % zeros: blocks of 64 − all in one block, mean (no claim)", blocks, np.mean)
    lost = most["one shot"] - most["magnitude"]
    yield Claim.over("90 % zeros: one shot − magnitude, mean", lost, np.mean, at_most=0.08)
    left = most["M-FAC"] - most["magnitude"]
    yield Claim.over("90 % zeros: M-FAC − magnitude, mean", left, np.mean, at_least=0.1)


def train_losses(seeds: range, lam: float, nrec: int, target: float = 0.7) -> Array:
    """Train loss (seeds,) right after pruning by M-FAC with this damping and so many recomputations."""
    return np.array([dense_network(seed)[0](pruned(seed, target, "M-FAC", lam=lam, nrec=nrec)) for seed in seeds])


def damping(quick: bool) -> Iterator[Claim]:
    """Too much damping is magnitude; with recomputation too little does no harm."""
    seeds, lams = range(4 if quick else 12), (1e-2, 1e-4, 1e-5) if quick else (1e-2, 1e-4, 1e-5, 1e-10)
    loss = {lam: train_losses(seeds, lam, 8) for lam in lams}
    about = "70 % zeros, 8 recomputations"
    for more, less, least in ((1e-2, 1e-4, 1.5), (1e-4, 1e-5, 0.95)):
        statement = f"{about}: train loss, λ = {more:g} over λ = {less:g}, median"
        yield Claim.over(statement, loss[more] / loss[less], np.median, at_least=least)
    if not quick:
        tiny = loss[1e-10] / loss[1e-5]
        yield Claim.over(f"{about}: train loss, λ = 1e-10 over λ = 1e-5, median", tiny, np.median, at_most=1.3)
    plain = np.array([dense_network(seed)[0](pruned(seed, 0.7, "magnitude")) for seed in seeds])
    once = abs(train_losses(seeds, 0.1, 1) - plain)
    yield Claim.over("70 % zeros, one shot, λ = 0.1: train loss off magnitude's, median", once, np.median, at_most=0.01)


def rankings(seed: int, lams: Array, block: int | None = None) -> tuple[Array, Array]:
    """Kendall's τ between saliency and |w| over all weights of the dense network, and mean leverage: (lams,) both."""
    fit, _, w = dense_network(seed)
    samples = fit.sample(np.random.default_rng(seed), (M, SIZE))
    G = fit.sample_grad(np.broadcast_to(w, (M, len(w))), samples)
    diagonals = [alg.fisher_inverse(G, lam, block).diagonal() for lam in lams]
    tau = [kendalltau(alg.saliency(w, diagonal), abs(w)).statistic for diagonal in diagonals]
    return np.array(tau), np.array([(1 - lam * diagonal).mean() for lam, diagonal in zip(lams, diagonals, strict=True)])


def ranking(quick: bool) -> Iterator[Claim]:
    """With few gradients the full method ranks weights much as magnitude does: its gain is in what it makes up for."""
    lams = np.logspace(-12, 0, 4 if quick else 13)
    found = [rankings(seed, lams) for seed in range(3 if quick else 12)]
    statement = "Kendall's τ between the full Fisher's saliency and the size of a weight: least over λ"
    yield Claim.over(statement, [tau.min() for tau, _ in found], np.min, at_least=0.96)
    bound = alg.leverage_bound(M, len(dense_network(0)[2]))
    share = [seen.max() / bound for _, seen in found]
    yield Claim.over("mean leverage over its bound m/d, largest over λ", share, np.max, at_most=1)


# Training


@cache
def small_fit(seed: int, cond: float = 100.0) -> Fit:
    """A network of 387 weights and 600 points whose features have unequal scales."""
    X, labels, _, _ = mixture(seed, 600, cond)
    return Fit(MLP(TRAINED), X, labels, "cross_entropy")


EVERY = 10  # steps between two looks at the train loss
RACE: dict[str, dict[str, Any]] = {
    "SGD 0.1": {"alpha": 0.1, "beta": 0.9},
    "SGD 0.3": {"alpha": 0.3, "beta": 0.9},
    "Adam 0.03": {"alpha": 0.03},
    "Adam 0.1": {"alpha": 0.1},
    "M-FAC": {"m": 64, "lam": 1e-3, "lr": 0.01},
    "M-FAC, m = 16": {"m": 16, "lam": 1e-3, "lr": 0.01},
    "M-FAC, paper's λ and lr": {"m": 64, "lam": 1e-5, "lr": 1e-3},
}


def states(seed: int, name: str, cond: float = 100.0, **changes: Any) -> Iterator[Any]:
    """States of a method on the small network, the weights first; all have the same start and batches of 32."""
    fit, rng = small_fit(seed, cond), np.random.default_rng(1000 + seed)
    method: Any = {"S": sgd, "A": adam, "M": alg.mfac}[name[0]]
    start = fit.network.init(np.random.default_rng(seed))
    return method(fit, start, **({"rng": rng, "size": 32} | RACE[name] | changes))


def steps_to(losses: Iterable[float], goal: float = 0.1, every: int = EVERY) -> float:
    """The first step at which a loss is at most the goal, of losses at every tenth; inf if none is."""
    return next((float(every * k) for k, loss in enumerate(losses) if loss <= goal), np.inf)


def race(seed: int, names: Iterable[str] = tuple(RACE), cond: float = 100.0, most: int = 800) -> dict[str, float]:
    """Steps to a train loss of 0.1, by method; inf where it takes more than `most`."""
    fit = small_fit(seed, cond)
    kept = {name: islice(states(seed, name, cond), 0, most + 1, EVERY) for name in names}
    return {name: steps_to(float(fit(state[0])) for state in kept_of) for name, kept_of in kept.items()}


def training(quick: bool) -> Iterator[Claim]:
    """Faster than SGD with momentum where features have unequal scales; not faster than a tuned Adam."""
    seeds = range(5 if quick else 16)
    table = [race(seed, ("SGD 0.1", "SGD 0.3", "Adam 0.03", "Adam 0.1", "M-FAC", "M-FAC, m = 16")) for seed in seeds]
    steps = {name: np.array([min(row[name], 800.0) for row in table]) for name in table[0]}
    ratio = {name: count / steps["M-FAC"] for name, count in steps.items()}
    about, descent = "scales 1 … 1/100", np.minimum(ratio["SGD 0.1"], ratio["SGD 0.3"])
    statement = f"{about}: steps, the better SGD (0.1, 0.3) over M-FAC, median"
    yield Claim.over(statement, descent, np.median, at_least=1.5)
    statement = f"{about}: share of seeds on which the better SGD takes 1.5 times the steps, or more"
    yield Claim(statement, (descent >= 1.5).mean(), at_least=0.6)
    yield Claim.over(f"{about}: steps, Adam 0.03 over M-FAC, median (no claim)", ratio["Adam 0.03"], np.median)
    statement = f"{about}: steps, Adam 0.1 over M-FAC, median: tuned, it wins"
    yield Claim.over(statement, ratio["Adam 0.1"], np.median, at_most=0.9)
    statement = f"{about}: steps, m = 16 over m = 64, median"
    yield Claim.over(statement, ratio["M-FAC, m = 16"], np.median, at_least=1.3)
    same = [race(seed, ("SGD 0.1", "SGD 0.3", "M-FAC"), 1.0) for seed in seeds]
    equal = [min(row["SGD 0.1"], row["SGD 0.3"]) / row["M-FAC"] for row in same]
    yield Claim.over("equal scales: steps, the better SGD over M-FAC, median: no gain", equal, np.median, at_most=1.5)


# The window


def regression(seed: int) -> LeastSquares:
    """200 points in the plane whose single gradients have the Hessian as their Fisher at the optimum."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(200, 2)) * [1, 0.3]
    return LeastSquares(A, A @ [1.0, -1.0] + rng.normal(size=200))


def film(m: int, lam: float = 0.1, lr: float = 0.2, seed: int = 0, steps: int = 300) -> tuple[Array, Array]:
    """Points (steps + 1, 2) and windows (steps + 1, m, 2) of the optimiser on the regression, single gradients."""
    rng = np.random.default_rng(1000 + seed)
    states = alg.mfac(regression(seed), np.array([-4.0, 4.0]), rng=rng, m=m, lam=lam, lr=lr)
    trace = run(states, steps, keep=["theta", "G"])
    return trace.theta, trace.G


def curvature_error(G: Array, H: Array) -> Array:
    """‖GᵀG/m − H‖/‖H‖, Frobenius, of windows G (..., m, d): (...)."""
    return np.linalg.norm(G.mT @ G / G.shape[-2] - H, axis=(-2, -1)) / np.linalg.norm(H)


def window(quick: bool) -> Iterator[Claim]:
    """Far from the optimum a small window is noisy; near it a large one knows the Hessian better."""
    seeds, errors = range(10 if quick else 40), {}
    for m in (4, 64):
        found = [curvature_error(film(m, seed=seed)[1], regression(seed).curvature) for seed in seeds]
        errors[m] = np.array(found)
    early = np.median(errors[4][:, 10]) / np.median(errors[64][:, 10])
    yield Claim("window of 4 over one of 64: error against the Hessian at step 10, medians", early, at_least=2.5)
    late = [np.median(np.median(errors[m][:, 200:], 1)) for m in (4, 64)]
    statement = "window of 4 over one of 64: error against the Hessian over the last 100 of 300 steps, medians"
    yield Claim(statement, late[0] / late[1], at_least=1)


EXPERIMENTS = (exact, pruning, damping, ranking, training, window)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on fewer seeds."""
    return collect(EXPERIMENTS, quick)
