"""Runs whose batch is to be its replicates one by one."""

from functools import partial

import numpy as np

from optilab.papers.discretisation_drift.algorithm import drift_adjusted, flows, games, integration, passes
from optilab.papers.discretisation_drift.algorithm.baselines import consensus, other_norms
from optilab.papers.discretisation_drift.algorithm.penalties import GradientPenalty, PenalisedLoss, WeightDecay
from optilab.papers.discretisation_drift.algorithm.q_learning import VARIANTS, q_learning
from optilab.papers.discretisation_drift.algorithm.spectral_norm import SpectralNorm, train_normalised
from optilab.papers.discretisation_drift.experiment.edge import Scaled, regression
from optilab.papers.discretisation_drift.experiment.flows import VALLEY
from optilab.papers.discretisation_drift.experiment.passes import Batch, Mean
from optilab.papers.discretisation_drift.problems import GAN
from optilab.problems.expression import Expression
from optilab.problems.games import FormulaGame
from optilab.problems.mdp import coordinates, grid_world
from optilab.problems.mlp import MLP, Fit

RNG = np.random.default_rng(0)
PHI, THETA = RNG.normal(size=(3, 2)), RNG.normal(size=(3, 3))
H, MOMENTUM = np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.5, 0.9])
PAIR = [VALLEY, Expression("x**2 + y**2 + x*y**2")]
FIT, STARTS = regression([10, 11, 12])
LOSSES = "sin(x1 + 2*y2 - x2) + cos(x2 - y1) + sin(y3 + x1)", "cos(y1 - 2*x2) + sin(y2 + x1 + y3) - sin(2*y3 - x2)"
TANGLE = FormulaGame(*LOSSES, "x1, x2", "y1, y2, y3")
NETWORKS = GAN(MLP((1, 3, 1)), MLP((2, 3, 1)))
CRITICS, MAKERS = (RNG.normal(size=(3, net.dim)) for net in (NETWORKS.discriminator, NETWORKS.generator))
DRIFTS = {"interaction": np.array([0.0, -1.0, 2.0]), "self_term": np.array([2.0, -1.0, 0.0])}


def play(method, players, i, rng, drifts=DRIFTS, **fixed):
    chosen = {name: value[i] for name, value in drifts.items()}
    return method(players, PHI[i], THETA[i], a=H[i], b=H[::-1][i], **chosen, **fixed)


NETWORK, TINY = MLP((2, 5, 4, 3), "tanh"), MLP((2, 6, 5, 4), "relu")
SMALL = Fit(NETWORK, RNG.normal(size=(9, 2)), RNG.normal(size=(9, 3)))
WEIGHTS, RATES = RNG.normal(size=(3, NETWORK.dim)), np.array([0.1, 0.05, 0.2])
VECTORS = SpectralNorm(NETWORK).start(WEIGHTS, RNG)
TABLES, LAYERS = np.stack([TINY.init(RNG, 1.5) for _ in range(3)]), RNG.normal(size=(3, 5))


def normalised(i, rng):
    norm = SpectralNorm(NETWORK, np.array([0.5, 2.0, np.inf])[i])
    return train_normalised(SMALL, WEIGHTS[i], VECTORS[i], norm, lr=RATES[i], momentum=MOMENTUM[i])


def learner(variant, i, rng):
    fixed = {"lr": RATES[i] / 5, "variant": variant, "rng": rng}
    return q_learning(grid_world(3, pit=(0, 2)), coordinates(3), TINY, TABLES[i], LAYERS[i], **fixed)


CASES = {
    **{
        f"follow: {name}": lambda i, rng, make=make: integration.follow(
            make(VALLEY, H[i] / 4), PHI[i] / 3, h=H[i] / 4, n_sub=3
        )
        for name, make in flows.FLOWS.items()
    },
    **{
        f"follow: {make.__name__}": lambda i, rng, make=make: integration.follow(
            make(PAIR, H[i] / 10), PHI[i] / 3, h=H[i] / 10, n_sub=3
        )
        for make in (passes.pass_field, passes.mean_over_orders_field)
    },
    "dal": lambda i, rng: drift_adjusted.dal(FIT, STARTS[i], p=1 - H[i], momentum=MOMENTUM[i]),
    "sgd_passes": lambda i, rng: passes.sgd_passes(PAIR, PHI[i] / 3, h=H[i] / 10),
    "simultaneous": partial(play, games.simultaneous, TANGLE),
    "simultaneous: other norms": partial(play, games.simultaneous, other_norms(TANGLE, 0.2), drifts={}),
    "alternating": partial(play, games.alternating, TANGLE, m=2, k=3),
    "runge_kutta": partial(play, games.runge_kutta, TANGLE, drifts={}),
    "runge_kutta: consensus": partial(play, games.runge_kutta, consensus(TANGLE, 0.2), drifts={}),
    "simultaneous_sgd": lambda i, rng: games.simultaneous_sgd(
        NETWORKS, CRITICS[i], MAKERS[i], a=H[i], b=H[::-1][i], rng=rng, size=4, interaction=-1.0, estimator="unbiased"
    ),
    "train_normalised": normalised,
    **{f"q_learning: {variant}": partial(learner, variant) for variant in VARIANTS},
}

BATCH = Batch(RNG.normal(size=(5, 3)), RNG.normal(size=5))
SLOPES = {
    f"{'one-sided ' * one_sided}penalty on slopes, {activation}": GradientPenalty(
        MLP((2, 4, 3), activation), SMALL.X, np.ones(3), rho=0.3, K=0.8, one_sided=one_sided
    )
    for activation in ("tanh", "softplus")
    for one_sided in (False, True)
}
PROBLEMS = {
    "generative game": {"problem": NETWORKS},
    "batch": {"problem": BATCH, "d": 3},
    "mean of batches": {"problem": Mean([BATCH, Batch(BATCH.A + 1, -BATCH.b)]), "d": 3},
    "scaled loss": {"problem": Scaled(FIT, np.array(3.0)), "d": STARTS.shape[-1]},
    "weight decay": {"problem": WeightDecay(0.3), "d": 4},
    "penalised loss": {"problem": PenalisedLoss(SMALL, WeightDecay(0.3)), "d": NETWORK.dim},
    **{name: {"problem": loss, "d": loss.network.dim, "analytic": False} for name, loss in SLOPES.items()},
}
GAMES = {
    "generative": (
        NETWORKS.on(NETWORKS.sample(np.random.default_rng(3), (5,))),
        NETWORKS.discriminator.dim,
        NETWORKS.generator.dim,
    )
}
