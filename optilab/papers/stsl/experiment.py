"""What a bound is worth, how digits are restored, how wrong posteriors are, and how edits keep their source."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

from optilab.core.check import require
from optilab.core.claim import Claim, Claims, collect
from optilab.papers.stsl import algorithm as alg
from optilab.papers.stsl.problems import CLASSES, Images, Inverse, Mixture, images, operator
from optilab.problems.stable import log_sum_exp, softmax

Array = np.ndarray
SIGMA = 0.05
SHOWN, COPIES = slice(20, 60), 2  # test images to restore, samples of each
METHODS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "LDPS 50": (alg.ldps, {"S": 50}),
    "PSLD 50": (alg.psld, {"S": 50}),
    "PSLD 50, DDIM start": (alg.psld, {"S": 50, "init": "ddim"}),
    "PSLD 250, ω = 0.1": (alg.psld, {"S": 250, "omega": 0.1}),
    "PSLD 250, ω = 1": (alg.psld, {"S": 250}),
    "P2L 125": (alg.p2l, {"S": 125}),
    "STSL 10 × 5": (alg.stsl, {"S": 10, "lam": 0.3}),
    "STSL 10 × 5, η = 0": (alg.stsl, {"S": 10, "lam": 0.3, "eta": 0.0}),
    "STSL 10 × 5, η = 0.2": (alg.stsl, {"S": 10, "lam": 0.3, "eta": 0.2}),
    "STSL 10 × 1": (alg.stsl, {"S": 10, "K": 1, "lam": 0.3}),
    "STSL 50 × 1": (alg.stsl, {"S": 50, "K": 1, "lam": 0.3}),
    "STSL 10 × 5, noisy start": (alg.stsl, {"S": 10, "lam": 0.3, "init": "q_sample"}),
    "STSL 10 × 1, noisy start": (alg.stsl, {"S": 10, "K": 1, "lam": 0.3, "init": "q_sample"}),
}


def sampled(method: str, problem: Inverse, noise: Array, rng: np.random.Generator, **changed: Any) -> alg.Particle:
    """The last state of a method, a name in `METHODS`, with settings changed.

    Raises
    ------
    ValueError
        If there is no such method.
    """
    require(method in METHODS, "method", method, f"one of {list(METHODS)}")
    sampler, settings = METHODS[method]
    drawn = {"rng": rng} if sampler in (alg.stsl, alg.ldps) else {}
    *_, last = sampler(problem, noise, **settings, **drawn, **changed)
    return last


# How wrong each likelihood's score is

ALPHAS = (0.981, 0.754, 0.591, 0.276, 0.083)


def rotated(rng: np.random.Generator, K: int, d: int) -> Array:
    """Covariances (K, d, d) in random directions, with eigenvalues 0.09 times uniform ones from 0.3 to 2."""
    Q = np.linalg.qr(rng.normal(size=(K, d, d)))[0]
    return (Q * (0.09 * rng.uniform(0.3, 2, (K, 1, d)))) @ Q.swapaxes(-1, -2)


class Wrong(NamedTuple):
    """Over 10 problems × 20 points, at each ᾱ of `ALPHAS`: rows first order, surrogate, full second order."""

    error: Array  # (3, levels) median of ‖g − g*‖/‖g*‖
    cosine: Array  # (3, levels) mean
    below: Array  # (2, levels) share of points where the value is below log p(y | z_t); of the first two


@cache
def likelihood_scores(seed: int) -> Wrong:
    """Scores of the measurement against the exact one, at draws of the true posterior, noised."""
    rng = np.random.default_rng(seed)
    found: list[list[Any]] = [[] for _ in ALPHAS]
    for _ in range(10):
        prior = Mixture(np.ones(4), 2 * rng.normal(size=(4, 4)), rotated(rng, 4, 4))
        A = np.linalg.qr(rng.normal(size=(4, 2)))[0].T
        y = A @ prior.draw(rng, ()) + 0.1 * rng.normal(size=2)
        problem = Inverse(prior, np.eye(4), np.zeros(4), A, y, 0.1)
        clean, noise = problem.posterior().draw(rng, (20,)), rng.normal(size=(20, 4))
        for alpha, rows in zip(ALPHAS, found, strict=True):
            z = np.sqrt(alpha) * clean + np.sqrt(1 - alpha) * noise
            value, truth = alg.exact_likelihood(problem, z, alpha)
            first, second = (alg.bound(problem, z, alpha, order) for order in (1, 2))
            full = alg.slopes(partial(alg.log_likelihood, problem, alpha=alpha), z)
            g = np.stack([first[1], second[1], full])
            size = np.linalg.norm(truth, axis=-1)
            error = np.linalg.norm(g - truth, axis=-1) / size
            cosine = np.vecdot(g, truth) / (np.linalg.norm(g, axis=-1) * size)
            rows.append((error, cosine, [first[0] <= value + 1e-9, second[0] <= value + 1e-9]))
    joined = [[np.concatenate(part, -1) for part in zip(*rows, strict=True)] for rows in found]
    error, cosine, below = zip(*joined, strict=True)
    return Wrong(np.median(error, -1).T, np.mean(cosine, -1).T, np.mean(below, -1).T)


def a_bound(quick: bool) -> Iterator[Claim]:
    """With the trace the plug-in becomes a lower bound; its gradient doesn't come closer to the truth for that.

    Source: Theorem 4.4.
    """
    runs = [likelihood_scores(seed) for seed in range(3 if quick else 12)]
    below, error = np.array([run.below for run in runs]), np.array([run.error for run in runs])
    holds = below[:, 1].min(-1)
    yield Claim.over("share of points where the surrogate is below log p(y given z)", holds, np.min, at_least=1)
    statement = "share of points where the first-order plug-in is below log p(y given z), at ᾱ = 0.981"
    yield Claim.over(statement, below[:, 0, 0], np.median, at_most=0.65)
    for k in (3, 4):
        ratio = error[:, 1, k] / error[:, 0, k]
        statement = f"score of the surrogate: its error over that of first order, ᾱ = {ALPHAS[k]}"
        yield Claim.over(statement, ratio, np.median, at_least=1.4)
    sharp = error[:, 2, :2].max(-1)
    yield Claim.over("error of the full second order, ᾱ ≥ 0.75", sharp, np.median, at_most=0.02)


# Digits restored


@cache
def asked(name: str, seed: int) -> tuple[Inverse, Array, Array]:
    """A measurement of 40 test digits, the digits (40, 64), and noise (2, 40, d); split and mask by the seed."""
    data = images(seed)
    rng = np.random.default_rng([seed, 1])
    A, x = operator(name, seed), data.test[SHOWN]
    y = x @ A.T + SIGMA * rng.normal(size=(len(x), len(A)))
    return Inverse(data.prior, data.W, data.b, A, y, SIGMA), x, rng.normal(size=(COPIES, len(x), data.prior.d))


def rmse(problem: Inverse, z: Array, x: Array) -> Array:
    """Root mean squared error in pixels, image by image."""
    return np.sqrt(((problem.decode(z) - x) ** 2).mean(-1))


@cache
def restored(method: str, name: str, seed: int) -> float:
    """Mean RMSE over 40 digits and 2 samples."""
    problem, x, noise = asked(name, seed)
    last = sampled(method, problem, noise, np.random.default_rng([seed, 2]))
    return float(rmse(problem, last.z, x).mean())


def over_seeds(method: str, name: str, seeds: Sequence[int]) -> Array:
    """`restored` for each seed."""
    return np.array([restored(method, name, seed) for seed in seeds])


STSL = "STSL 10 × 5"


def digits(quick: bool) -> Iterator[Claim]:
    """Fewer calls and a smaller error than PSLD's on two tasks; on blur there is nothing to win.

    Source: Algorithm 1.
    """
    seeds = range(3 if quick else 12)
    ours = {name: over_seeds(STSL, name, seeds) for name in ("sr2", "box", "blur")}
    for name in ("sr2", "box"):
        for rival, mean, least in (
            ("PSLD 250, ω = 0.1", 0.1, 0.05),
            ("PSLD 250, ω = 1", 0.15, 0.1),
            ("P2L 125", 0.1, 0.05),
        ):
            gain = 1 - ours[name] / over_seeds(rival, name, seeds)
            subject = f"{name}, RMSE of STSL 10 × 5 below that of {rival}"
            yield Claim.over(f"{subject}: mean", gain, np.mean, at_least=mean)
            yield Claim.over(f"{subject}: least", gain, np.min, at_least=least)
        shorter = 1 - over_seeds("PSLD 50", name, seeds) / over_seeds("PSLD 250, ω = 0.1", name, seeds)
        yield Claim.over(f"{name}, PSLD with 50 steps, below 250: mean", shorter, np.mean, at_least=-0.03, at_most=0.06)
    rest = ours["blur"] / over_seeds("PSLD 50, DDIM start", "blur", seeds) - 1
    yield Claim.over("blur, RMSE of STSL above PSLD 50 with its start: mean", rest, np.mean, at_least=0.02)
    problem, _, noise = asked("sr2", 0)
    ends = {
        name: sampled(name, problem, noise[:1], np.random.default_rng(0))
        for name in (STSL, "STSL 10 × 5, η = 0", "PSLD 250, ω = 1")
    }
    for name, calls in ((STSL, 120), ("STSL 10 × 5, η = 0", 70), ("PSLD 250, ω = 1", 250)):
        yield Claim(f"score calls, {name}", ends[name].score_calls, calls, calls)


def ingredients(quick: bool) -> Iterator[Claim]:
    """The gain is in the inner steps and in the start; the trace is neutral.

    Source: Algorithm 1.
    """
    seeds = range(3 if quick else 12)
    for name in ("sr2", "box"):
        ours = over_seeds(STSL, name, seeds)
        once = over_seeds("STSL 10 × 1, noisy start", name, seeds)
        more = once / over_seeds("STSL 10 × 5, noisy start", name, seeds) - 1
        yield Claim.over(f"{name}: RMSE of one inner step above five, noisy start", more, np.mean, at_least=0.15)
        start = over_seeds("STSL 10 × 5, noisy start", name, seeds) / ours - 1
        yield Claim.over(f"{name}: RMSE of the noisy start above DDIM's", start, np.mean, at_least=0.04)
        spread = over_seeds("STSL 50 × 1", name, seeds) / ours - 1
        yield Claim.over(f"{name}: RMSE of 50 × 1 above 10 × 5", spread, np.mean, at_least=0.02)
        trace = abs(over_seeds("STSL 10 × 5, η = 0", name, seeds) - ours)
        yield Claim.over(f"{name}: RMSE, farthest with and without the trace", trace, np.max, at_most=0.01)


# Posteriors


def energy_distance(X: Array, Y: Array) -> float:
    """2E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖ of samples (n, d), (m, d)."""
    return float(2 * cdist(X, Y).mean() - cdist(X, X).mean() - cdist(Y, Y).mean())


SAMPLERS: dict[str, tuple[str, dict[str, Any]]] = {
    "LDPS": ("LDPS 50", {"zeta": 0.3}),
    "PSLD": ("PSLD 250, ω = 0.1", {}),
    "STSL, noisy start": ("STSL 10 × 5, noisy start", {}),
    "STSL, DDIM start": (STSL, {}),
    "STSL, DDIM start, η = 0": ("STSL 10 × 5, η = 0", {}),
}


def closed_form(seed: int) -> Inverse:
    """Six of 16 pixels of a draw of a mixture in ℝ⁸, whose posterior is known."""
    rng = np.random.default_rng(seed)
    prior = Mixture(np.ones(6), rng.normal(size=(6, 8)), rotated(rng, 6, 8))
    W = np.linalg.qr(rng.normal(size=(16, 8)))[0]
    A = np.eye(16)[rng.permutation(16)[:6]]
    y = A @ W @ prior.draw(rng, ()) + SIGMA * rng.normal(size=6)
    return Inverse(prior, W, np.zeros(16), A, y, SIGMA)


@cache
def posterior_quality(seed: int) -> dict[str, Array]:
    """Medians over five problems, 300 particles each: error of the mean, energy distance, spread over the true one."""
    found: dict[str, list[Any]] = {name: [] for name in SAMPLERS}
    for k in range(5):
        problem = closed_form(1000 * seed + k)
        rng = np.random.default_rng([seed, k])
        after = problem.posterior()
        mean = after.weights @ after.means
        away = after.means - mean
        size = (after.weights * (np.trace(after.covariances, axis1=1, axis2=2) + (away**2).sum(-1))).sum()
        exact, noise = after.draw(rng, (300,)), rng.normal(size=(300, 8))
        for name, (method, changed) in SAMPLERS.items():
            settings = {**METHODS[method][1], **changed, **({"S": 250} if name == "LDPS" else {})}
            sampler = METHODS[method][0]
            drawn = {"rng": np.random.default_rng([seed, k])} if sampler is not alg.psld else {}
            *_, last = sampler(problem, noise, **settings, **drawn)
            z = last.z
            spread = np.sqrt(z.var(0).sum() / size)
            found[name].append((np.linalg.norm(z.mean(0) - mean), energy_distance(z, exact), spread))
    return {name: np.median(rows, 0) for name, rows in found.items()}


def posteriors(quick: bool) -> Iterator[Claim]:
    """A good guess isn't a good sample: as posteriors the order is the other way round."""
    runs = [posterior_quality(seed) for seed in range(2 if quick else 12)]
    distance = {name: np.array([run[name][1] for run in runs]) for name in SAMPLERS}
    for (one, other), least in zip(pairwise(list(SAMPLERS)[:4]), (0.5, 0.0, 0.2), strict=True):
        more = distance[other] / distance[one] - 1
        statement = f"energy distance to the posterior, {other}: above that of {one}"
        yield Claim.over(statement, more, np.median, at_least=least)
    spread = [run["STSL, DDIM start, η = 0"][2] for run in runs]
    yield Claim.over(
        "spread of STSL over the true one, DDIM start, η = 0: it is one point", spread, np.max, at_most=1e-9
    )


# Edits

PAIRS = ((3, 8), (1, 7), (9, 4), (5, 6), (0, 6), (8, 3))
VARIANTS = {"STSL + CAT": (True, 1), "STSL": (True, 0), "CAT": (False, 1), "neither": (False, 0)}  # restored, K


def judge(data: Images) -> Callable[[Array], Array]:
    """A classifier of images (*batch, 64), by logistic regression on the training digits, light ridge."""
    X = np.concatenate([data.train, np.ones((len(data.train), 1))], 1)
    hot = np.eye(CLASSES)[data.train_labels]

    def loss(flat: Array) -> tuple[float, Array]:
        C = flat.reshape(-1, CLASSES)
        logits = X @ C
        value = (log_sum_exp(logits) - (hot * logits).sum(-1)).mean() + 5e-4 * (C**2).sum()
        return value, (X.T @ (softmax(logits) - hot) / len(X) + 1e-3 * C).ravel()

    C = minimize(loss, np.zeros(X.shape[1] * CLASSES), jac=True, method="L-BFGS-B").x.reshape(-1, CLASSES)
    return lambda x: (x @ C[:-1] + C[-1]).argmax(-1)


@cache
def edited(name: str, seed: int, w: float = 1.5) -> dict[str, tuple[float, float]]:
    """Share of edits that the judge takes for the target, and their mean correlation with the clean source."""
    data = images(seed)
    decide = judge(data)
    rng = np.random.default_rng([seed, 3])
    A = operator(name, seed)
    found: dict[str, list[Any]] = {variant: [] for variant in VARIANTS}
    for source, target in PAIRS:
        x = data.test[data.labels == source][:6]
        y = x @ A.T + SIGMA * rng.normal(size=(len(x), len(A)))
        problem = Inverse(data.prior, data.W, data.b, A, y, SIGMA)
        noise = rng.normal(size=(COPIES, len(x), data.prior.d))
        good = sampled(STSL, problem, noise, rng).z
        poor = np.broadcast_to(problem.back_projected, noise.shape)
        for variant, (mend, K) in VARIANTS.items():
            *_, last = alg.edit(problem, good if mend else poor, rng=rng, target=target, w=w, K=K)
            new = problem.decode(last.z)
            found[variant].append((np.mean(decide(new) == target), correlation(new, x).mean()))
    return {variant: tuple(np.mean(rows, 0).tolist()) for variant, rows in found.items()}


def correlation(x: Array, other: Array) -> Array:
    """Pearson's, over pixels: (*batch, 64) → (*batch)."""
    one, two = (part - part.mean(-1, keepdims=True) for part in (x, other))
    return np.vecdot(alg.normed(one), alg.normed(two))


def edits(quick: bool) -> Iterator[Claim]:
    """Restoring and tuning keep more of the source, and the target is still reached."""
    runs = [edited(name, seed) for name in ("sr2", "box") for seed in range(2 if quick else 8)]
    gain = [run["STSL + CAT"][1] - run["neither"][1] for run in runs]
    reached = [run["STSL + CAT"][0] for run in runs]
    yield Claim.over("correlation with the source gained by restoring and tuning: least", gain, np.min, at_least=0.08)
    yield Claim.over("share of edits of the target's class: mean", reached, np.mean, at_least=0.9)
    for variant in ("STSL", "CAT"):
        half = [run[variant][1] - run["neither"][1] for run in runs]
        yield Claim.over(f"correlation with the source gained by {variant} alone: mean", half, np.mean, at_least=0.03)


EXPERIMENTS = (a_bound, digits, ingredients, posteriors, edits)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on fewer seeds."""
    return collect(EXPERIMENTS, quick)
