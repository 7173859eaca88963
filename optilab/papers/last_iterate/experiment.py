"""What the last iterate costs: the hard instance, and races on kinks, simplices, heavy tails, ridges and bowls."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import beta

from optilab.classics import worst_case
from optilab.core.claim import Claim, Claims, collect
from optilab.core.randomness import common
from optilab.core.run import run
from optilab.papers.last_iterate import algorithm as alg
from optilab.papers.last_iterate.algorithm import SCHEDULES, csmd
from optilab.papers.last_iterate.problems import Distance, Harvey, outliers, scenarios
from optilab.problems.mirror import Entropy, Euclidean, Mirror, Power
from optilab.problems.noisy import Gaussian, Lomax, Noise, Noisy
from optilab.problems.quadratic import Quadratic
from optilab.problems.simple import L1, SquaredNorm

OUTPUTS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "last": lambda x, t: x[-1],
    "average": alg.average,
    "suffix": alg.suffix_average,
}


def states(
    problem: Any, x1: np.ndarray, eta: np.ndarray, runs: int, seed: int, *, mirror: Mirror | None = None
) -> Iterator[alg.Iterate]:
    """All schedules eta (T, *schedules) and runs side by side, x (*schedules, runs, d), on the same samples."""
    schedules = eta.shape[1:]
    start = np.broadcast_to(x1, (*schedules, runs, len(x1)))
    rng: Any = common(np.random.default_rng(seed), len(schedules))
    return csmd(problem, start, eta=eta[..., None], rng=rng, mirror=mirror)


def gaps(
    problem: Any,
    x1: np.ndarray,
    eta: np.ndarray,
    runs: int,
    seed: int,
    *,
    mirror: Mirror | None = None,
    outputs: tuple[str, ...] = ("last",),
) -> dict[str, np.ndarray]:
    """Final gaps F − F* of some outputs, all schedules and runs advanced together on the same samples.

    Parameters
    ----------
    problem
        Has `minimum`, `simple`, `sample`, `sample_grad`.
    x1 : array (d,)
        Where all runs start.
    eta : array (T, *schedules)
        Step sizes.
    runs, seed : int
        Replicates of each schedule, and the seed of their samples.
    mirror : Mirror
        The map; Euclidean by default.
    outputs : names in `OUTPUTS`
        Which points are handed out; averages keep all iterates in memory.

    Returns
    -------
    dict of arrays (*schedules, runs)
        By name of the output; NaN where a run left the ball of radius 10⁶.
    """
    T = len(eta)
    every = T if outputs == ("last",) else 1
    trace = run(states(problem, x1, eta, runs, seed, mirror=mirror), T, every=every, keep=["x"], limit=1e6)
    if trace.step[-1] < T:
        return {name: np.full((*eta.shape[1:], runs), np.nan) for name in outputs}
    return {name: problem(OUTPUTS[name](trace.x, T)) - problem.minimum for name in outputs}


def ratios(slow: np.ndarray, fast: np.ndarray) -> np.ndarray:
    """Mean over runs of one, divided by the other's: (*schedules, runs) → (*schedules)."""
    return slow.mean(-1) / fast.mean(-1)


# The hard instance


def hard_instance(T: int) -> dict[str, float]:
    """√T · f of the outputs on Harvey's instance after T steps at η = 1, simulated; and whether step t saw h_t."""
    problem = Harvey(T)
    result = {}
    for name, schedule in SCHEDULES.items():
        path = csmd(problem, np.zeros(T), eta=schedule(T, 1.0), rng=np.random.default_rng(0))
        trace = run(path, T, piece=lambda state: problem.active(state.x))
        result[name] = float(np.sqrt(T) * problem(trace.x[-1]))
        result[f"{name}, in order"] = float((trace.piece[:-1] == np.arange(T)).all())
        if schedule is alg.poly:
            result["average"] = float(np.sqrt(T) * problem(alg.average(trace.x, T)))
            result["suffix"] = float(np.sqrt(T) * problem(alg.suffix_average(trace.x, T)))
    return result


def hard(quick: bool) -> Iterator[Claim]:
    """The last iterate of 1/√t grows like log T beside 1/√T; that of linear decay doesn't."""
    sizes = [16, 64, 256] if quick else [16, 64, 256, 1024]
    table = [hard_instance(T) for T in sizes]
    growth = np.diff([row["1/√t"] for row in table])
    about = f"hard instance, T = {sizes[0]} … {sizes[-1]}"
    yield Claim(f"{about}: each factor 4 in T adds to √T·f(last) of 1/√t", growth.min(), 0.067, 0.062)
    excess = [row["1/√t"] / (np.log(T) / 32) for T, row in zip(sizes, table, strict=True)]
    yield Claim(f"{about}: √T·f(last) of 1/√t over the proved ln T/32, least", min(excess), at_least=1)
    flat = [row["linear decay"] for row in table]
    yield Claim(f"{about}: √T·f(last) of linear decay, which stays flat, most", max(flat), at_most=0.04)
    averages = [max(row["average"], row["suffix"]) for row in table]
    statement = f"{about}: √T·f of the averages of 1/√t, over all steps or the last half, most"
    yield Claim(statement, max(averages), at_most=0.095)
    order = [row[f"{name}, in order"] for row in table for name in SCHEDULES]
    yield Claim(f"{about}: share of runs whose step t met piece t, as designed", min(order), at_least=1)


# Robust regression with ℓ₁, and with a ridge


def regression(seed: int, etas: list[float], runs: int = 50, T: int = 4000) -> dict[str, dict[str, np.ndarray]]:
    """Final gaps (η, runs) of every schedule and output on robust regression with h = 0.1‖x‖₁."""
    problem = outliers(seed, L1(0.1))
    return {
        name: gaps(problem, np.zeros(10), schedule(T, np.array(etas)), runs, 12345, outputs=tuple(OUTPUTS))
        for name, schedule in SCHEDULES.items()
    }


def tuned(race: dict[str, dict[str, np.ndarray]], output: str = "last") -> dict[str, float]:
    """Mean gap of an output at each schedule's best η."""
    return {name: float(found[output].mean(-1).min()) for name, found in race.items()}


def robust(quick: bool) -> Iterator[Claim]:
    """Where η is too large, linear decay forgives."""
    T, runs, data = (1500, 20, range(3)) if quick else (4000, 50, range(6))
    etas = [0.05, 0.1, 0.2, 0.3, 0.4, 0.8, 1.6, 3.2]
    large = [etas.index(eta) for eta in (0.8, 1.6, 3.2)]
    races = [regression(seed, etas, runs, T) for seed in data]
    for other in ("1/√t", "constant"):
        ratio = [ratios(race[other]["last"], race["linear decay"]["last"])[large].min() for race in races]
        statement = f"regression: last at the worst of η = 0.8, 1.6, 3.2, {other} over linear decay"
        yield Claim.over(statement, ratio, np.min, at_least=2)
    best = [tuned(race) for race in races]
    for slow in ("constant", "1/√t"):
        ratio = [row[slow] / row["linear decay"] for row in best]
        statement = f"regression: last at each best η, {slow} over linear decay"
        yield Claim.over(statement, ratio, np.median, at_least=1)
    for output, bounds in (("average", {"at_least": 1.05}), ("suffix", {"at_most": 1.5})):
        ratio = [tuned(race, output)["1/√t"] / row["linear decay"] for race, row in zip(races, best, strict=True)]
        statement = f"regression: {output} of 1/√t over last of linear decay, each at its best η"
        yield Claim.over(statement, ratio, np.median, **bounds)
    margin = []
    for problem, race in zip((outliers(seed, L1(0.1)) for seed in data), races, strict=True):
        D, s2 = 0.5 * (problem.minimizer**2).sum(), problem.M**2 + problem.sigma**2
        promised = {name: alg.bound(schedule(T, np.array(etas)), D, s2) for name, schedule in SCHEDULES.items()}
        margin.append(max((race[name]["last"].mean(-1) / promised[name]).max() for name in SCHEDULES))
    statement = "regression: mean gap over its bound, worst of schedules and η"
    yield Claim.over(statement, margin, np.max, at_most=0.4)


def ridge(quick: bool) -> Iterator[Claim]:
    """With a strongly convex h, steps 1/(μt) and 2/(μ(t + 1)): the shorter ones end better here."""
    T, runs, mu = 2500 if quick else 5000, 20 if quick else 50, 0.1
    worse, margin = [], []
    for seed in range(3 if quick else 6):
        problem = outliers(seed, SquaredNorm(mu))
        eta = np.stack([alg.strong1(T, mu), alg.strong2(T, mu)], -1)
        last = gaps(problem, np.zeros(10), eta, runs, 12345)["last"]
        worse.append(float(ratios(last[1], last[0])))
        D, s2 = float(0.5 * (problem.minimizer**2).sum()), problem.M**2 + problem.sigma**2
        margin.append(max(last[k].mean() / alg.strong_bound(eta[:, k], D, s2, mu_h=mu) for k in range(2)))
    yield Claim.over("ridge, μ = 0.1: last of 2/(μ(t+1)) over last of 1/(μt)", worse, np.min, at_least=1.2)
    yield Claim.over("ridge, μ = 0.1: mean gap over its bound, worst of both", margin, np.max, at_most=0.02)


# A smooth bowl


def bowl(quick: bool) -> Iterator[Claim]:
    """Smooth and strongly curved in one direction only, with steps capped at 1/(2L)."""
    T, L, start = 2000, 10.0, np.ones(10)
    quadratic = Quadratic(L * np.diag(np.geomspace(0.01, 1, 10)), np.zeros(10))
    problem = Noisy(quadratic, Gaussian(np.sqrt(0.1)), 10)
    eta = np.stack([schedule(T, 1.0, L) for schedule in SCHEDULES.values()], -1)
    last = np.stack([gaps(problem, start, eta, 50, seed)["last"] for seed in range(3 if quick else 6)])
    for k in range(2):
        ratio = ratios(last[:, k], last[:, 2])
        statement = f"bowl, η = 1: last of {list(SCHEDULES)[k]} over linear decay"
        yield Claim.over(statement, ratio, np.min, at_least=2.5)
    margin = (last.mean(-1) / alg.bound(eta, 0.5 * float(start @ start), 1.0, L)).max(-1)
    yield Claim.over("bowl, η = 1: mean gap over its bound, worst of schedules", margin, np.max, at_most=0.02)


# The simplex

GEOMETRIES: dict[str, tuple[Mirror, float]] = {"entropy": (Entropy(), 0.2), "Euclidean": (Euclidean(), 0.005)}


def portfolio(seed: int, T: int = 2000, runs: int = 20, doublings: int = 9) -> dict[str, dict[str, float]]:
    """Mean last gap at the best η, by geometry and schedule, on the worst of 20 scenarios with 200 assets."""
    problem = Noisy(scenarios(seed), Gaussian(0.5), 200)
    table: dict[str, dict[str, float]] = {}
    for geometry, (mirror, lowest) in GEOMETRIES.items():
        grid = lowest * 2.0 ** np.arange(doublings)
        eta = np.stack([schedule(T, grid) for schedule in SCHEDULES.values()], 1)
        last = gaps(problem, np.full(200, 1 / 200), eta, runs, 7, mirror=mirror)["last"].mean(-1)
        table[geometry] = dict(zip(SCHEDULES, last.min(-1).tolist(), strict=True))
    return table


def simplex(quick: bool) -> Iterator[Claim]:
    """On the simplex entropy beats Euclid with every schedule, and linear decay wins in both geometries."""
    tables = [portfolio(seed, *(500, 8, 8) if quick else (2000, 20, 9)) for seed in range(2 if quick else 4)]
    gain = [min(table["Euclidean"][name] / table["entropy"][name] for name in SCHEDULES) for table in tables]
    statement = "200 assets: best Euclidean gap over best entropy gap, worst of schedules"
    yield Claim.over(statement, gain, np.min, at_least=1.3)
    others = [(geometry, name) for geometry in GEOMETRIES for name in ("1/√t", "constant")]
    decay = [min(table[place][name] / table[place]["linear decay"] for place, name in others) for table in tables]
    statement = "200 assets: best gap of other schedules over linear decay's, worst of geometries"
    yield Claim.over(statement, decay, np.min, at_least=1.3 if quick else 1.6)


# Heavy tails

TARGET = np.array([2.0, 0.0, 0.0, 0.0, 0.0])


def heavy_race(
    seed: int, T: int = 8000, runs: int = 300, tail: float = 1.6, p: float = 1.5, eta: float = 0.3
) -> dict[str, np.ndarray]:
    """Final gaps (runs,) of plain and power steps to ‖x − a‖ = 0 under Lomax noise, all on the same samples."""
    problem = Noisy(Distance(TARGET), Lomax(tail), 5)
    power = Power(p, np.zeros(5))
    steps = np.stack([alg.poly(T, eta), alg.heavy_poly(T, eta, p)], -1)
    plain = gaps(problem, np.zeros(5), steps, runs, seed)["last"]
    mirrored = gaps(problem, np.zeros(5), steps[:, 1:], runs, seed, mirror=power)["last"]
    return {"Euclidean η/√t": plain[0], "Euclidean η/t^(1/p)": plain[1], "power map": mirrored[0]}


def tails(quick: bool) -> Iterator[Claim]:
    """A power map survives noise without a variance; part of its gain is its step sizes, and both are shown."""
    T, runs = (1500, 200) if quick else (8000, 300)
    races = [heavy_race(seed, T, runs) for seed in range(3 if quick else 6)]
    plain, same, power = (np.array([race[name] for race in races]) for name in races[0])
    about = "tail index 1.6"
    mean, most, fair = ratios(plain, power), plain.max(-1) / power.max(-1), ratios(same, power)
    yield Claim.over(f"{about}: mean gap, Euclidean η/√t over power map", mean, np.median, at_least=4)
    yield Claim.over(f"{about}: gap of the worst run, Euclidean η/√t over power map", most, np.median, at_least=4)
    yield Claim.over(f"{about}: mean gap at the same steps, Euclidean over power map", fair, np.median, at_least=1.8)
    radius, moments = 2 / 3 * 2**3, float(2**1.5 + 1.5 * beta(1.5, 0.1))  # ‖a‖ = 2, q = 3; E R^p = p B(p, 1.6 − p)
    margin = power.mean(-1) / alg.heavy_bound(alg.heavy_poly(T, 0.3, 1.5), radius, moments, 1.5)
    yield Claim.over("tail index 1.6: mean gap of the power map over its bound", margin, np.max, at_most=0.05)
    heavier = heavy_race(0, T, runs, tail=1.3, p=1.25)["power map"]
    statement = "tail index 1.3, safe, but hardly moving: mean gap of the power map, from 2 at the start"
    yield Claim(statement, heavier.mean(), 1.6, 0.8)


def confidence(quick: bool) -> Iterator[Claim]:
    """Under light tails bad luck costs a small factor; under heavy ones it costs everything."""
    T, runs = 500, 1000 if quick else 4000
    target = Distance(TARGET)
    eta = np.stack([schedule(T, alg.best_eta(schedule, T, 2.0, 5.0)) for schedule in SCHEDULES.values()], -1)

    def unlucky(noise: Noise) -> float:
        last = gaps(Noisy(target, noise, 5), np.zeros(5), eta, runs, 3)["last"]
        return float((np.quantile(last, 0.995, axis=-1) / np.median(last, -1)).max())

    statement = "unluckiest 0.5 %: gap over the median, worst of schedules"
    yield Claim(f"{statement}, Gaussian noise", unlucky(Gaussian(1 / np.sqrt(5))), at_most=5)
    yield Claim(f"{statement}, tail index 1.6", unlucky(Lomax(1.6)), at_least=200)


# The bound itself


def best_schedule(T: int, D: float = 0.5, s2: float = 1.0) -> np.ndarray:
    """The step sizes with the smallest bound there is: (T,), by L-BFGS-B on ln η from the tuned constant."""

    def value(log_eta: np.ndarray) -> tuple[float, np.ndarray]:
        eta = np.exp(log_eta)
        S = alg.remaining(eta)
        slope = -D / S[0] ** 2 + 2 * s2 * (2 * eta / S - np.cumsum(eta**2 / S**2))
        return float(alg.bound(eta, D, s2)), slope * eta

    start = np.log(alg.const(T, alg.best_eta(alg.const, T, D, s2)))
    return np.exp(minimize(value, start, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-13}).x)


def design(quick: bool) -> Iterator[Claim]:
    """No schedule has a bound much below linear decay's, and the best one is a straight line down."""
    T = 50
    best = best_schedule(T)
    smallest = float(alg.bound(best, 0.5, 1.0))
    tuned = {name: float(alg.bound(s(T, alg.best_eta(s, T, 0.5, 1.0)), 0.5, 1.0)) for name, s in SCHEDULES.items()}
    yield Claim(
        "bound at T = 50: linear decay over the best of all schedules", tuned["linear decay"] / smallest, 1.01, 1
    )
    yield Claim("bound at T = 50: constant over the best of all schedules", tuned["constant"] / smallest, at_least=1.1)
    yield Claim(
        "bound at T = 50: the best schedule off a straight line down to 0.1 of its start, over this start",
        abs(best / best[0] - np.linspace(1, 0.1, T)).max(),
        0.02,
    )


def loose(quick: bool) -> Iterator[Claim]:
    """How many times its worst case the bound is, for exact subgradients of 1-Lipschitz functions at distance 1."""
    for name, schedule in SCHEDULES.items():
        promised = float(alg.bound(schedule(20, 1.0), 0.5, 4.0))
        worst = float(worst_case.subgradient(20, G=1.0, R=1.0, eta=1.0, schedule=name))
        yield Claim(f"exact subgradients, T = 20, η = R/G: bound over worst case, {name}", promised / worst, at_least=1)


EXPERIMENTS = (hard, robust, ridge, bowl, simplex, tails, confidence, design, loose)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on one set of data each, and smaller where that is slow."""
    return collect(EXPERIMENTS, quick)
