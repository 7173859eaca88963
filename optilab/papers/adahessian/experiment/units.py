"""Bowls in stretched and in turned coordinates: what the path of a method knows of the units."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from optilab.classics.adagrad import adagrad
from optilab.classics.adam import adam
from optilab.classics.heavy_ball import heavy_ball
from optilab.core.claim import Claim
from optilab.core.randomness import common, separate
from optilab.core.run import run
from optilab.papers.adahessian import algorithm as alg
from optilab.papers.adahessian.algorithm import adahessian
from optilab.papers.adahessian.problems import Changed
from optilab.problems.quadratic import Quadratic

Array = np.ndarray
D = 20  # coordinates
TARGET, LOST = 1e-6, 1e12  # of f/f_0: reached, and diverged


def bowls(seeds: Sequence[int], s: float, decades: float = 1.0) -> tuple[Changed, Array]:
    """½ Σ aᵢ(Sᵢxᵢ)² for each seed, a even on a log axis, S = 10^U(−s, s); starts x₀ = y₀/S, y₀ normal: (seeds, D)."""
    generators = [np.random.default_rng(seed) for seed in seeds]
    S = np.array([10 ** rng.uniform(-s, s, D) if s > 0 else np.ones(D) for rng in generators])
    y0 = np.array([rng.standard_normal(D) for rng in generators])
    plain = Quadratic(np.diag(np.logspace(0, decades, D)), np.zeros(D))
    return Changed(plain, S[..., None] * np.eye(D)), y0 / S


def turned_bowls(seeds: Sequence[int], turned: bool = True, decades: float = 4.0) -> tuple[Changed, Array]:
    """½ xᵀQΛQᵀx for each seed, Λ even on a log axis and a random Q, or none; and normal starts: (seeds, D)."""
    generators = [np.random.default_rng(seed) for seed in seeds]
    Q = np.array([np.linalg.qr(r.standard_normal((D, D)))[0] if turned else np.eye(D) for r in generators])
    start = np.array([rng.standard_normal(D) for rng in generators])
    return Changed(Quadratic(np.diag(np.logspace(0, decades, D)), np.zeros(D)), Q.mT), start


def steepest(problem: Changed) -> Array:
    """The largest eigenvalue of each bowl: (seeds,)."""
    return np.linalg.eigvalsh(problem.hess(np.zeros((len(problem.M), D))))[:, -1]


def steps_to_target(problem: Changed, states: Iterator[Any], cap: int) -> Array:
    """Steps until f ≤ 10⁻⁶ f₀, (*batch): inf where the cap comes first, NaN where f exceeds 10¹² f₀ before."""
    trace = run(states, cap, keep=[], value=lambda state: problem(state[0]))
    share = trace.value / trace.value[0]
    reached, lost = trace.first(share <= TARGET), trace.first(~(share <= LOST))
    return np.where(lost < reached, np.nan, reached)


def unit_test(seeds: Sequence[int], s: float, cap: int = 2000) -> dict[str, Array]:
    """Steps to the target of all methods on bowls stretched by 10^U(−s, s): (seeds,) each."""
    problem, x0 = bowls(seeds, s)
    probes = np.random.default_rng(0)  # whatever the signs: the Hessian is diagonal
    methods = {
        "ADAHESSIAN": adahessian(problem, x0, eps=0.0, probe_rng=probes),
        "ADAHESSIAN, ε = 1e-4": adahessian(problem, x0, probe_rng=probes),
        "ADAHESSIAN, k = ½": adahessian(problem, x0, k=0.5, eps=0.0, probe_rng=probes),
        "Adam, 0.01": adam(problem, x0, alpha=0.01),
        "Adam, 0.1": adam(problem, x0, alpha=0.1),
        "SGD with momentum": heavy_ball(problem, x0, alpha=0.3 / steepest(problem), beta=0.9),
    }
    return {name: steps_to_target(problem, states, cap) for name, states in methods.items()}


def stretched_bowls(quick: bool) -> Iterator[Claim]:
    """In units of the Hessian all stretches are the same bowl."""
    seeds = range(5) if quick else [*range(5), *range(100, 112)]
    tables = {s: unit_test(seeds, s) for s in ((0, 2, 3) if quick else (0, 1, 2, 3))}
    about = f"bowls stretched by up to 10^±3, {len(seeds)} seeds"
    counts = np.concatenate([table["ADAHESSIAN"] for table in tables.values()])
    alone = int(np.argmax(alg.residual(100) ** 2 <= TARGET))
    yield Claim(f"{about}: fewest steps of ADAHESSIAN, ε = 0, to 10⁻⁶ f₀", counts.min(), alone, alone)
    yield Claim(f"{about}: most steps of ADAHESSIAN, ε = 0, whatever stretch and start", counts.max(), alone, alone)
    far, farther = (np.minimum(tables[s]["Adam, 0.1"], 2000) / tables[s]["ADAHESSIAN"] for s in (2, 3))
    yield Claim.over(f"{about}: Adam, 0.1, takes times as many at 10^±2", far, np.median, at_least=8)
    yield Claim.over(f"{about}: Adam, 0.1, takes times as many at 10^±3, on every seed", farther, np.min, at_least=8)
    blunt = np.nan_to_num(tables[3]["ADAHESSIAN, ε = 1e-4"], nan=np.inf)
    yield Claim.over(f"{about}: steps with ε = 1e-4 at 10^±3", blunt, np.median, at_least=64)
    half = tables[3]["ADAHESSIAN, k = ½"]
    yield Claim(f"{about}: share that diverges with k = ½ at 10^±3", np.isnan(half).mean(), at_least=0.9)


def best(table: Array) -> Array:
    """Fewest steps over learning rates, of (rates, seeds): NaN counts as never."""
    return np.where(np.isnan(table), np.inf, table).min(0)


def race_of_bowls(seeds: Sequence[int], turned: bool, cap: int = 3000) -> dict[str, Array]:
    """Steps to the target on bowls with four decades, every learning rate: (rates, seeds) each."""
    problem, start = turned_bowls(seeds, turned)
    L = steepest(problem)

    def grid(*rates: float) -> tuple[Array, Array]:
        return np.array(rates)[:, None], np.broadcast_to(start, (len(rates), *start.shape))

    lr, x0 = grid(0.05, 0.15, 0.5, 1.5, 5.0)
    own = separate(777 + seed for seed in seeds)
    signs: Any = common(own, 1)
    adam_lr, adam_x0 = grid(0.1, 0.3, 0.5)
    sgd_lr, sgd_x0 = grid(1.0, 2.0, 3.0)
    ada_lr, ada_x0 = grid(1.0, 3.0)
    methods = {
        "one probe": adahessian(problem, x0, lr=lr, eps=0.0, probe_rng=signs),
        "exact diagonal": adahessian(problem, start[None], lr=1.5, eps=0.0, exact=True),
        "Adam": adam(problem, adam_x0, alpha=adam_lr),
        "SGD with momentum": heavy_ball(problem, sgd_x0, alpha=sgd_lr / L, beta=0.9),
        "Adagrad": adagrad(problem, ada_x0, alpha=ada_lr),
    }
    return {name: steps_to_target(problem, states, cap) for name, states in methods.items()}


def coupled(quick: bool) -> Iterator[Claim]:
    """Turn the bowl, and the diagonal says little of it."""
    seeds = range(3) if quick else [*range(3), *range(100, 110)]
    turned, straight = race_of_bowls(seeds, True), race_of_bowls(seeds, False)
    about = f"bowls of four decades, {len(seeds)} seeds"
    default = np.isfinite(turned["one probe"][:3]).mean()
    yield Claim(f"{about}: turned, one probe, lr 0.05, 0.15, 0.5: share that arrives in 3000", default, at_most=0)
    exact = np.minimum(turned["exact diagonal"][0], 3000)
    yield Claim.over(f"{about}: turned, exact diagonal, lr 1.5: steps", exact, np.median, at_most=2999)
    rivals = np.maximum(best(turned["Adam"]), best(turned["SGD with momentum"]))
    yield Claim.over(f"{about}: turned, Adam and SGD at best rates, the slower: steps", rivals, np.max, at_most=1800)
    yield Claim.over(f"{about}: straight, ADAHESSIAN, lr 0.15: steps", straight["one probe"][1], np.max, at_most=63)
    yield Claim.over(
        f"{about}: straight, Adagrad at its best rate: steps", best(straight["Adagrad"]), np.max, at_most=12
    )


def descending(quick: bool) -> Iterator[Claim]:
    """A step of α^k/β without momentum descends as far as the theorem says, and mostly farther."""
    problem, start = turned_bowls(range(20 if quick else 200), decades=2.0)
    for k in (0.0, 0.5, 1.0):
        states = adahessian(problem, start, lr=1.0**k / 100, beta1=0.0, eps=0.0, k=k, exact=True)
        trace = run(states, 30, keep=["theta"], value=lambda state: problem(state.theta))
        g = np.array([problem.grad(theta) for theta in trace.theta[:-1]])
        ratio = np.diff(trace.value, axis=0) / alg.descent_bound(g, 1.0, 100.0, k)
        statement = f"turned bowls, curvatures 1 … 100, k = {k:g}: descent of a step over what is promised"
        yield Claim.over(statement, ratio.min(0), np.min, at_least=1)


# The estimate


def cloud(c: float, probes: int, block: int = 1, mode: str = "signed", n: int = 2000, seed: int = 1) -> tuple[Any, Any]:
    """H = diag(1 … 8) + c·E (8, 8), E from seed 0, and n estimates of its diagonal, averaged over blocks: (n, 8)."""
    E = np.triu(np.random.default_rng(0).standard_normal((8, 8)), 1)
    H = np.diag(np.arange(1.0, 9)) + c * (E + E.T)
    estimates = alg.hutchinson(lambda v: v @ H, (n, 8), probes, np.random.default_rng(seed))
    return H, alg.curvature(estimates, block, mode, [(8,)])


def moments(quick: bool) -> Iterator[Claim]:
    """What the running root mean square estimates: the row norm, unless many probes are averaged."""
    for probes in (1, 16):
        figures = []
        for seed in range(3 if quick else 12):
            H, estimates = cloud(1.0, probes, seed=seed)
            figures.append(np.sqrt((estimates**2).mean(0) / alg.second_moment(H, probes)))
        statement = f"Hessian with couplings, {probes} probe{'s' * (probes > 1)}: root mean square over its formula"
        yield Claim.over(statement, figures, np.min, at_least=0.92)
        yield Claim.over(f"{statement}, largest", figures, np.max, at_most=1.08)
