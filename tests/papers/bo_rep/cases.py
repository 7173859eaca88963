"""Runs whose batch is to be its replicates one by one, and the levels of this room's problems."""

import numpy as np

from optilab.papers.bo_rep.algorithm import Refinement, bo_rep, ma_soba, saba, stocbio, sustain, ttsa, vrbo
from optilab.papers.bo_rep.problems import cleaning, draw, draw_data, stacked, stacked_data, world

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 6))
V, U = RNG.normal(size=(3, 200)), RNG.normal(size=(3, 20))
STEP = np.array([0.02, 0.1, 0.05])


def w(i):
    return world(stacked(range(3)) if i == slice(None) else draw(i))


def h(i):
    return cleaning(stacked_data(range(3)) if i == slice(None) else draw_data(i), 4)


def bo_rep_case(i, rng):
    radius = np.array([0.1, 0.5, np.inf])[i]
    beta = np.array([0.9, 0.5, 0.0])[i]
    return bo_rep(w(i), X[i], Y[i], eta=STEP[i], beta=beta, N=4, R=radius, refine=Refinement(0.4, 3, 1.0, 2), rng=rng)


CASES = {
    "bo_rep": bo_rep_case,
    "bo_rep: H": lambda i, rng: bo_rep(h(i), V[i], U[i], eta=STEP[i], rng=rng),
    "ma_soba": lambda i, rng: ma_soba(w(i), X[i], Y[i], alpha=STEP[i], beta=0.7, rng=rng),
    "saba": lambda i, rng: saba(h(i), V[i], U[i], alpha=STEP[i], rng=rng),
    "stocbio": lambda i, rng: stocbio(w(i), X[i], Y[i], alpha=STEP[i], rng=rng),
    "ttsa": lambda i, rng: ttsa(w(i), X[i], Y[i], alpha=STEP[i], rng=rng),
    "sustain": lambda i, rng: sustain(w(i), X[i], Y[i], alpha=STEP[i], eta=np.array([0.1, 0.5, 1.0])[i], rng=rng),
    "vrbo": lambda i, rng: vrbo(w(i), X[i], Y[i], alpha=STEP[i], S=4, rng=rng),
}

W, H = world(draw(0)), cleaning(draw_data(0), 4)
LEVELS = {
    "walls": (W.upper.level, 3, 6),
    "follow": (W.lower.level, 3, 6),
    "follow with noise of a call": (W.lower, 3, 6),
    "clean points": (H.upper, 200, 20),
    "weighted points": (H.lower, 200, 20),
}
