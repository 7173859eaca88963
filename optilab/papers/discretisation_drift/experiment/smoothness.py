"""What smoothness constraints do.

The price of a Lipschitz bound, its effect on momentum, and the same idea in the optimiser of a Q-network.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import AnyArray, AnyNumber
from optilab.core.claim import INFINITY, Claim
from optilab.core.randomness import common
from optilab.core.run import Progress, Trace, run
from optilab.papers.discretisation_drift.algorithm.penalties import lipschitz_bound, steepness
from optilab.papers.discretisation_drift.algorithm.q_learning import q_learning, q_values
from optilab.papers.discretisation_drift.algorithm.spectral_norm import SpectralNorm, train_normalised
from optilab.problems.data import two_moons
from optilab.problems.mdp import coordinates, grid_world
from optilab.problems.mlp import MLP, Fit
from optilab.problems.oracles import Number

CLASSIFIER = MLP((2, 32, 32, 32, 2), "relu")
LOGIT_DIFFERENCE = np.array([1.0, -1.0])
Q_NETWORK = MLP((2, 64, 64, 4), "relu")
NO_NORM = INFINITY  # as a K


def he_start(network: MLP, seeds: Iterable[int], which: Sequence[int] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Parameters N(0, 2/in) with biases 0, and the u of the normalised layers after 20 power iterations.

    One start for each seed: (S, D) and (S, Σ out).
    """
    norm = SpectralNorm(network, which=which)
    thetas, vectors = [], []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        layers, u = [], []
        for into, out in zip(network.sizes, network.sizes[1:], strict=False):
            layers.append((rng.standard_normal((out, into)) * np.sqrt(2 / into), np.zeros(out)))
            u.append(rng.standard_normal(out))
        thetas.append(network.flat(layers))
        vectors.append(np.concatenate([u[l] for l in norm.chosen]))
    theta = np.stack(thetas)
    return theta, norm.joined(norm.estimate(theta, np.stack(vectors), 20))


def moons(seeds: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
    """Two moons of 200 points for each seed: X (S, 200, 2) and labels (S, 200)."""
    X, labels = zip(*(two_moons(200, 0.1, seed) for seed in seeds), strict=True)
    return np.stack(X), np.stack(labels)


def train_moons(
    K: AnyNumber = 2.0,
    seeds: Sequence[int] = (0,),
    *,
    lr: Number = 0.1,
    momentum: Number = 0.9,
    steps: int = 1500,
    every: int = 50,
    which: Sequence[int] | None = None,
    progress: Progress = False,
) -> Trace:
    """Full-batch heavy ball on two moons with spectrally normalised layers, all replicates at once.

    Parameters
    ----------
    K : number or array (*batch)
        Singular value that each layer gets; inf for none.
    seeds : sequence of int
        Of data and start, the last axis of the batch.
    lr, momentum : number or array (*batch)
        Of the heavy ball.
    steps, every : int
        Updates, and how often a state is kept.
    which : sequence of int, optional
        The normalised layers, all by default.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Trace
        `theta`, `u` and `loss`, the cross-entropy on the training data.
    """
    fit = Fit(CLASSIFIER, *moons(seeds), loss="cross_entropy")
    norm = SpectralNorm(CLASSIFIER, K, which)
    states = train_normalised(fit, *he_start(CLASSIFIER, seeds, which), norm, lr=lr, momentum=momentum)

    def loss(state: Any) -> np.ndarray:
        return fit(norm.forward(state.theta, norm.estimate(state.theta, state.u)))

    return run(states, steps, every=every, keep=["theta", "u"], limit=1e8, progress=progress, loss=loss)


class Judgement(NamedTuple):
    """What a trained classifier is like, each (*batch, S); NaN where training diverged."""

    loss: np.ndarray
    accuracy: np.ndarray
    test_accuracy: np.ndarray
    lipschitz: np.ndarray  # largest slope of the logit difference on the training points
    bound: np.ndarray  # √2 times the product of the layers' singular values


def judge(
    theta: AnyArray, u: AnyArray, K: AnyNumber, seeds: Sequence[int], which: Sequence[int] | None = None
) -> Judgement:
    """Measure classifiers θ (*batch, S, D) of `train_moons`, with σ from 50 power iterations."""
    norm = SpectralNorm(CLASSIFIER, K, which)
    theta_bar = norm.forward(theta, norm.estimate(theta, u, 50))
    X, labels = moons(seeds)
    X_test, labels_test = moons([seed + 1000 for seed in seeds])

    def accuracy(X: np.ndarray, labels: np.ndarray) -> np.ndarray:
        right = CLASSIFIER.forward(theta_bar, X).argmax(-1) == labels
        return np.where(np.isfinite(theta_bar).all(-1), right.mean(-1), np.nan)

    return Judgement(
        Fit(CLASSIFIER, X, labels, loss="cross_entropy")(theta_bar),
        accuracy(X, labels),
        accuracy(X_test, labels_test),
        steepness(CLASSIFIER, theta_bar, X, LOGIT_DIFFERENCE).max(-1),
        lipschitz_bound(CLASSIFIER, theta_bar, LOGIT_DIFFERENCE),
    )


def final_loss_map(
    K: AnyNumber,
    lrs: Sequence[float],
    momenta: Sequence[float],
    seeds: Sequence[int] = (0,),
    steps: int = 400,
    which: Sequence[int] | None = None,
    progress: Progress = False,
) -> np.ndarray:
    """Loss after `steps` at each learning rate and momentum (lr, momentum, seed), NaN where it diverged; one run."""
    lr, momentum = np.asarray(lrs)[:, None, None], np.asarray(momenta)[:, None]
    trace = train_moons(K, seeds, lr=lr, momentum=momentum, steps=steps, every=steps, which=which, progress=progress)
    return trace.loss[-1]


def price_of_smoothness(quick: bool) -> Iterable[Claim]:
    """A small K smooths the classifier, until it can't fit."""
    seeds = range(10, 13) if quick else range(10, 20)
    Ks = np.array([1.0, 2.0, 4.0] if quick else [0.5, 1.0, 1.5, 2.0, 4.0])
    K = np.append(Ks, NO_NORM)[:, None]
    steps = 800 if quick else 1500
    trace = train_moons(K, seeds, steps=steps, every=steps)
    outcome = judge(trace.theta[-1], trace.u[-1], K, seeds)
    loss, _, _, lipschitz, bound = (np.median(figure, -1) for figure in outcome)
    at = {k: index for index, k in enumerate(K[:, 0])}
    where = f"two moons, {steps} steps, median of {len(seeds)} seeds"
    yield Claim(
        f"the loss falls at every step of K from {Ks[0]} to {Ks[-1]}, {where}: largest ratio of neighbours",
        (loss[1 : len(Ks)] / loss[: len(Ks) - 1]).max(),
        at_most=1,
    )
    yield Claim(
        f"the Lipschitz constant rises at every step of K, {where}: smallest ratio of neighbours",
        (lipschitz[1 : len(Ks)] / lipschitz[: len(Ks) - 1]).min(),
        at_least=1,
    )
    one, two = outcome.accuracy[at[1]], outcome.accuracy[at[2]]
    yield Claim.over(f"K = 1 can't fit: training accuracy, {where}", one, np.median, at_most=0.9)
    yield Claim.over(f"K = 2 fits: training accuracy, {where}", two, np.median, at_least=0.98)
    yield Claim(
        f"K = 2 makes the Lipschitz constant smaller than without the norm: ratio of medians, {where}",
        lipschitz[-1] / lipschitz[at[2]],
        at_least=4,
    )
    yield Claim(f"K = 4: the product bound is loose, bound/measured, {where}", (bound / lipschitz)[at[4]], at_least=4)
    for k in Ks[Ks <= 1]:
        tight = outcome.bound[at[k]] / outcome.lipschitz[at[k]]
        statement = f"K = {k}: the product bound is tight, bound/measured, {where}"
        yield Claim.over(statement, tight, np.median, at_least=1 - 1e-9, at_most=1.04)


def momentum_and_smoothness(quick: bool) -> Iterable[Claim]:
    """Under spectral normalisation more momentum stops helping."""
    seeds = range(10, 14) if quick else range(10, 30)
    K = np.array([NO_NORM, 2.0])[:, None, None]
    momentum = np.array([0.9, 0.99])[:, None]
    loss = train_moons(K, seeds, lr=0.03, momentum=momentum, steps=400, every=400).loss[-1]
    gain = loss[:, 0] / loss[:, 1]
    where = f"learning rate 0.03, 400 steps, median of {len(seeds)} seeds"
    statement = f"momentum 0.9 → 0.99 lowers the final loss without spectral norm, {where}"
    yield Claim.over(statement, gain[0], np.median, at_least=50)
    statement = f"with K = 2 it changes the final loss little either way, {where}"
    yield Claim.over(statement, np.maximum(gain[1], 1 / gain[1]), np.median, at_most=3)


def q_errors(
    variant: str,
    lrs: Sequence[float] = (1e-2,),
    seeds: Sequence[int] = (0,),
    *,
    epsilon: float = 1e-4,
    steps: int = 2500,
    every: int = 20,
) -> Trace:
    """Q-learning on the 5 × 5 grid world, all learning rates and seeds at once.

    Parameters
    ----------
    variant : str
        One of `algorithm.q_learning.VARIANTS`.
    lrs : sequence of float
        Adam's learning rates, the first axis.
    seeds : sequence of int
        Of the starts, the second axis; all learning rates see the same transitions.
    epsilon : float
        Adam's ε.
    steps, every : int
        Updates, and how often the error is measured.

    Returns
    -------
    Trace
        `error` (kept, lr, seed): root mean square of Q − Q* over states that aren't terminal.
    """
    mdp, features = grid_world(5), coordinates(5)
    optimum = mdp.optimal()[mdp.acting]
    theta, u = he_start(Q_NETWORK, seeds, which=[-2])
    rng = common(np.random.default_rng(seeds[0]))
    lr = np.asarray(lrs)[:, None] * np.ones(len(seeds))
    states = q_learning(mdp, features, Q_NETWORK, theta, u, variant=variant, lr=lr, epsilon=epsilon, rng=rng)

    def error(state: Any) -> np.ndarray:
        return np.sqrt(((q_values(Q_NETWORK, state, features[mdp.acting]) - optimum) ** 2).mean((-2, -1)))

    return run(states, steps, every=every, keep=[], limit=1e8, error=error)


def late_error(trace: Trace, last: int = 500) -> np.ndarray:
    """Mean error over the last steps, (lr, seed)."""
    return trace.error[trace.step > trace.step[-1] - last].mean(0)


def spectral_norm_of_a_q_network(quick: bool) -> Iterable[Claim]:
    """Normalising one layer, or dividing the outputs by its σ, brings Q-learning to Q*; other variants don't here."""
    seeds = range(10, 13) if quick else range(10, 20)
    steps = 2000 if quick else 2500
    where = f"5 × 5 grid, Adam 1e-2, {steps} updates, median of {len(seeds)} seeds"
    base = late_error(q_errors("base", seeds=seeds, steps=steps))[0]
    for variant in ("SN", "DivOut"):
        error = late_error(q_errors(variant, seeds=seeds, steps=steps))[0]
        yield Claim(
            f"{variant} makes the error of Q smaller than base: ratio of medians, {where}",
            np.median(base) / np.median(error),
            at_least=4,
            seeds=np.median(base) / error,
        )
    if not quick:
        for variant in ("DivGrad", "DivGrad own", "DivGrad own, always", "MulEps"):
            error = late_error(q_errors(variant, seeds=seeds))[0]
            yield Claim(
                f"{variant}, in contrast with the paper's runs on Atari games: ratio of medians, base over it, {where}",
                np.median(base) / np.median(error),
                seeds=np.median(base) / error,
            )


EXPERIMENTS = (price_of_smoothness, momentum_and_smoothness, spectral_norm_of_a_q_network)
