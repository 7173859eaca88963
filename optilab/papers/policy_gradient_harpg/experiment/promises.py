"""The theory's constants and bounds, held against decision processes small enough to be known exactly."""

from collections.abc import Iterator

import numpy as np

from optilab.core.claim import Claim
from optilab.core.run import run
from optilab.papers.policy_gradient_harpg import algorithm as alg
from optilab.papers.policy_gradient_harpg.algorithm import METHODS, decay
from optilab.problems.mdp import random_mdp
from optilab.problems.softmax_mdp import CURVATURE, SCORE, SoftmaxMDP

SIZES = ((2, 3), (3, 2), (4, 2), (2, 2))  # states, actions


def random_table(seed: int) -> tuple[SoftmaxMDP, np.ndarray]:
    """A random process with discount and horizon, and a policy somewhere between even and nearly fixed."""
    rng = np.random.default_rng(seed)
    S, A = SIZES[seed % len(SIZES)]
    mdp = random_mdp(seed, S, A, gamma=float(rng.uniform(0.3, 0.95)))
    problem = SoftmaxMDP(mdp, rng.dirichlet(np.ones(S)), int(rng.integers(2, 12)))
    return problem, rng.normal(size=problem.p) * rng.uniform(0, 3)


def margins(seed: int) -> dict[str, float]:
    """What is measured over what is promised, at one random table and policy."""
    problem, theta = random_table(seed)
    known = {"gamma": problem.gamma, "M_g": float(SCORE)}
    slope, cut = problem.endless_grad(theta), problem.grad(theta) - problem.endless_grad(theta)
    mu_F = float(np.linalg.eigvalsh(problem.fisher(theta)).min())
    gap = problem.rho @ (problem.mdp.optimal().max(-1) - problem.values(theta)[0])
    tau = problem.rollout(theta, problem.sample(np.random.default_rng(seed), 1000))
    u = unit_vector(seed, problem.p)
    bent = (problem.grad(theta + 1e-4 * u) - problem.grad(theta - 1e-4 * u)) / 2e-4
    return {
        "gap under weak gradient domination": gap / alg.dominated_gap(length(slope), mu_F=mu_F, M_g=SCORE),
        "‖∇J_H − ∇J‖": length(cut) / alg.truncation_bound(problem.H, **known),
        "variance of g": problem.each_g(tau, theta).var(0).sum() / alg.variance_bound(**known),
        "second moment of B u": (problem.each_hvp(tau, theta, u) ** 2).sum(-1).mean()
        / alg.product_bound(problem.H, M_h=CURVATURE, **known),
        "‖∇²J u‖": length(bent) / alg.smoothness(M_h=CURVATURE, **known),
    }


def length(vector: np.ndarray) -> float:
    """Euclidean length of (p,)."""
    return float(np.linalg.norm(vector))


def unit_vector(seed: int, p: int) -> np.ndarray:
    """A random direction (p,)."""
    return alg.unit(np.random.default_rng(seed).normal(size=p))


def constants(quick: bool) -> Iterator[Claim]:
    """Every constant of the theory bounds what it should."""
    tables = [margins(seed) for seed in range(20 if quick else 200)]
    for name in tables[0]:
        share = [table[name] for table in tables]
        yield Claim(f"{len(tables)} random tables: {name} over its bound", max(share), at_most=1, seeds=share)


def curves(quick: bool) -> Iterator[Claim]:
    """Mean direction errors lie under their bounds along whole runs."""
    T, runs, H, gamma = (100, 50, 8, 0.5) if quick else (1000, 100, 8, 0.5)
    problem = SoftmaxMDP(random_mdp(3, 2, 2, gamma), np.ones(2) / 2, H)
    known = {"gamma": gamma, "M_g": float(SCORE)}
    noise = {
        "sigma": np.sqrt(alg.variance_bound(**known)),
        "L": alg.smoothness(M_h=CURVATURE, **known),
        "sigma_B": np.sqrt(alg.product_bound(H, M_h=CURVATURE, **known)),
    }
    for name, power in (("N-MPG", 2 / 3), ("N-HARPG", 1.0)):
        path = METHODS[name](problem, np.zeros((runs, problem.p)), T=T, gamma0=0.3, rng=np.random.default_rng(0))
        trace = run(path, T)
        err = np.linalg.norm(trace.d[1:] - problem.grad(trace.theta_prev[1:]), axis=-1).mean(-1)
        bound = alg.error_bound(name, alg.values(decay(power), T), alg.values(decay(1), T, 0.3), **noise)
        statement = f"table of 2 states, {T} updates: mean error of {name} over its bound, at its largest"
        yield Claim(statement, (err / bound).max(), at_most=1)
