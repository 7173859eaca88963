"""The dial k on two hills, experts with full buffers, and palettes: the claims that they must keep."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from optilab.classics.adam import adam
from optilab.classics.exact_transport import exact_transport
from optilab.classics.sinkhorn import solve_sinkhorn
from optilab.core.claim import Claim, Claims, collect
from optilab.core.run import run
from optilab.papers.sparse_optimal_transport.algorithm import (
    Certificate,
    Lines,
    SemiDual,
    after_adam,
    assignment,
    captured,
    certified,
    expert_choice,
    lbfgs,
    lines,
    load,
    processed,
    relaxed_cost,
    sinkhorn_choice,
    sparse_choice,
    token_choice,
)
from optilab.problems.transport import Transport, affinities, bumps, palettes, random_bumps, routing

DIAL = (1, 2, 3, 4, 6, 24)


def replicate(problem: Transport, i: int) -> Transport:
    """One instance of a batch, for L-BFGS and cutting planes, which take one at a time."""
    return Transport(problem.a[i], problem.b[i], problem.C[i])


def after(values: np.ndarray, evaluations: int) -> float:
    """The best of the first so many values of a run, or of all if it made fewer."""
    return float(values[:evaluations].max())


@lru_cache(maxsize=16)
def optimum(k: int) -> Certificate:
    """The certified maximum of S on `bumps()` at γ = 1, to within 1e-6 and from both sides."""
    return certified(SemiDual(bumps(), k))


def reference_lines(problem: Transport, gamma: float = 1.0) -> Lines:
    """LP, quadratic transport and LP + γ/2 ‖b‖², computed for one instance."""
    quadratic = lbfgs(SemiDual(problem, problem.m, gamma), maxiter=2000)
    return lines(problem, linear=exact_transport(problem).value, quadratic=np.asarray(quadratic.value), gamma=gamma)


def adam_values(problem: Transport, ks: Sequence[int], steps: int, alpha: float = 0.01) -> np.ndarray:
    """S after 0, 1, … steps of Adam from 0, for every k and replicate at once: (steps + 1, ks, *batch)."""
    k = np.reshape(ks, (-1, *(1 for _ in problem.a.shape[:-1])))
    semi_dual = SemiDual(problem, k)
    x0 = np.zeros((len(ks), *problem.a.shape))
    return run(adam(semi_dual.loss, x0, alpha=alpha), steps, keep=["x"], value=lambda state: semi_dual(state.x)).value


def dial(quick: bool = False) -> Iterator[Claim]:
    """One hill to two hills, γ = 1: k from the linear program to quadratic transport."""
    problem, ks = bumps(), (1, 2, 6, 24) if quick else DIAL
    low, middle, high = reference_lines(problem)
    found = [optimum(k) for k in ks]
    runs = [lbfgs(SemiDual(problem, k), maxiter=2000) for k in ks]
    values = adam_values(problem, ks, 299)
    tops = np.array([each.value for each in found])
    bounds = np.array([each.bound for each in found])

    drops = tops[:-1] - bounds[1:]
    yield Claim(f"two hills: certified drop of max S from one k of {ks} to the next, least", drops.min(), at_least=1e-5)
    slack = min((tops - low).min(), (bounds - middle).min(), (high - tops).min())
    yield Claim("two hills: LP ≤ QOT ≤ max S ≤ LP + γ/2 ‖b‖², least slack", slack, at_least=-1e-9)
    yield Claim(
        "two hills: distance of max S at k = 1 from LP + γ/2 ‖b‖², by cutting planes", abs(tops[0] - high), at_most=1e-9
    )
    over = max(max(each.values.max() for each in runs) - high, (values.max(0) - bounds).max())
    yield Claim("two hills: value of any iterate of L-BFGS or Adam over its upper bound, most", over, at_most=1e-9)

    stopped = bounds[0] - runs[0].value
    yield Claim("two hills: gap at which L-BFGS from 0 stops at k = 1, reporting success", stopped, 1.3e-2, 1.4e-3)
    yield Claim("two hills: gap of 300 evaluations of Adam there", bounds[0] - values[:, 0].max(), at_most=5e-4)
    yield Claim(
        "two hills: gap of L-BFGS there after 100 evaluations", bounds[0] - after(runs[0].values, 100), 3.6e-2, 4e-3
    )
    quadratic = middle - after(lbfgs(SemiDual(problem, 24)).values, 100)
    yield Claim("two hills: gap of L-BFGS at k = 24 after 100 evaluations", float(quadratic), at_most=2e-6)

    relaxed = [float(relaxed_cost(problem, each.mixed, k, 1.0)) for k, each in zip(ks, found, strict=True)]
    mixed = abs(np.array(relaxed) - tops).max()
    yield Claim(
        "two hills: cost of the mixed plan in the k-support norm, distance from max S, most over k", mixed, at_most=2e-6
    )
    fullest = min(int((each.mixed > 1e-9).sum(0).max()) for each in found[:2])
    yield Claim("two hills: nonzeros of the mixed plan's fullest column at k = 1 and 2, least", fullest, at_least=5)
    rows = max(float(problem.row_error(each.mixed)) for each in found)
    yield Claim("two hills: ‖T1 − a‖₁ of the mixed plan, most over k", rows, at_most=1e-12)


def plans_near(k: int, within: float = 1e-5, draws: int = 300) -> np.ndarray:
    """Plans on `bumps()` at potentials around the certified maximum whose value is within so much: (found, 24, 24)."""
    semi_dual, top = SemiDual(bumps(), k), optimum(k)
    around = top.alpha + within * np.random.default_rng(0).normal(size=(draws, len(top.alpha)))
    return semi_dual.plan(around[semi_dual(around) >= top.bound - within])


def kinks(quick: bool = False) -> Iterator[Claim]:
    """At a kink the plan depends on the side from which it is read: the value doesn't tell it."""
    problem = bumps()
    for k, least, most in ((1, 0.15, 1.5), (2, 0.1, 1.32), (3, 0.05, 0.46), (4, 0.03, 0.18), (6, 0.005, 0.04)):
        if quick and k not in (1, 6):
            continue
        error = problem.row_error(plans_near(k))
        what = f"two hills, near the top: ‖T1 − a‖₁ of plans within 1e-5 of max S, k = {k}"
        yield Claim(f"{what}, least", error.min(), at_least=least)
        yield Claim(f"{what}, most", error.max(), at_most=most)
        if k <= 2:
            yield Claim(f"{what}, most / least", error.max() / error.min(), at_least=2)


def nonzeros(_quick: bool = False) -> Iterator[Claim]:
    """How many entries the plans of two hills have."""
    problem = bumps()
    semi_dual = SemiDual(problem, problem.m)
    T = semi_dual.plan(lbfgs(semi_dual, maxiter=2000).x)
    yield Claim("two hills, nonzeros: the quadratic plan's fullest column", int(np.count_nonzero(T, 0).max()), 11, 9)
    yield Claim("two hills, nonzeros: the quadratic plan, of 576", int(np.count_nonzero(T)), 98, 88)
    dense = int(np.count_nonzero(solve_sinkhorn(problem, epsilon=0.02) > 1e-9))
    yield Claim("two hills, nonzeros: entries of Sinkhorn's plan above 1e-9, ε = 0.02", dense, 390, 366)
    vertex = np.count_nonzero(exact_transport(problem).T > 1e-12)
    yield Claim(
        "two hills, nonzeros: the exact plan, m + n − 1 at most", int(vertex), at_most=problem.m + problem.n - 1
    )


def conditioning(quick: bool = False) -> Iterator[Claim]:
    """How fast L-BFGS gets near the maximum at k = 1 and at k = 6: 100 evaluations from many starts and instances."""
    problem, starts = bumps(), range(200, 204 if quick else 212)
    high = reference_lines(problem).ceiling
    gaps = {}
    for k in (1, 6):
        semi_dual = SemiDual(problem, k)
        begin = [semi_dual.start, *(0.01 * np.random.default_rng(seed).normal(size=24) for seed in starts)]
        hundred = np.array([after(lbfgs(semi_dual, x0, maxfun=100).values, 100) for x0 in begin])
        gaps[k] = (high if k == 1 else optimum(6).bound) - hundred
    yield Claim.over(
        "two hills, 100 evaluations: gap of L-BFGS at k = 6, median over starts", gaps[6], np.median, at_most=5e-5
    )
    ratio = gaps[1] / np.maximum(gaps[6], 1e-7)
    yield Claim("two hills, 100 evaluations: gap at k = 1 / gap at k = 6, start 0", ratio[0], at_least=1e3)
    yield Claim.over(
        "two hills, 100 evaluations: gap at k = 1 / gap at k = 6, median over starts near 0",
        ratio[1:],
        np.median,
        at_least=300,
    )


def other_hills(quick: bool = False) -> Iterator[Claim]:
    """Wherever the hills lie the value falls as k grows, and L-BFGS is slower at small k; all maxima are certified."""
    seeds = range(300, 304 if quick else 312)
    batch, ks = random_bumps(seeds), (1, 6, 24) if quick else DIAL
    each = [[SemiDual(replicate(batch, i), k) for k in ks] for i in range(len(seeds))]
    found = [[certified(semi_dual) for semi_dual in row] for row in each]
    value, bound = (np.array([[getattr(one, side) for one in row] for row in found]) for side in ("value", "bound"))
    where, high = "other hills", np.array([reference_lines(replicate(batch, i)).ceiling for i in range(len(seeds))])
    drops = (value[:, :-1] - bound[:, 1:]).min(1)
    what = f"{where}: certified drop of max S from one k to the next, least"
    yield Claim.over(what, drops, np.min, at_least=1e-6)
    away = abs(value[:, 0] - high)
    yield Claim.over(f"{where}: distance of max S at k = 1 from LP + γ/2 ‖b‖², most", away, np.max, at_most=1e-9)
    stops = high - [lbfgs(row[0]).value for row in each]
    yield Claim.over(f"{where}: gap at which L-BFGS from 0 stops at k = 1, median", stops, np.median, at_least=1e-3)
    left = high - adam_values(batch, (1,), 299)[:, 0].max(0)
    what = f"{where}: gap of 300 evaluations of Adam there, most"
    yield Claim.over(what, left, np.max, at_most=1e-3)
    hundred = np.array([[after(lbfgs(row[ks.index(k)], maxfun=100).values, 100) for k in (1, 6)] for row in each])
    ratio = (high - hundred[:, 0]) / np.maximum(bound[:, ks.index(6)] - hundred[:, 1], 1e-7)
    yield Claim.over(f"{where}: gap after 100 evaluations, k = 1 / k = 6, median", ratio, np.median, at_least=300)


class Routed(NamedTuple):
    """What a router does with every seed's tokens."""

    processed: np.ndarray  # (seeds,) share of the tokens
    captured: np.ndarray  # (seeds,) affinity, a token's mean
    load: np.ndarray  # (seeds,) of the fullest expert


def routed(selected: np.ndarray, affinity: np.ndarray) -> Routed:
    """Measure selected pairs (seeds, m, n)."""
    return Routed(processed(selected), captured(selected, affinity), load(selected).max(-1))


def route_sparsely(
    affinity: np.ndarray, k: int, gamma: float = 1.0, *, steps: int = 0, **options: int
) -> tuple[Routed, np.ndarray]:
    """The sparse router on every seed, and the values of S that it reaches, (seeds,).

    Adam's steps are made for all seeds together; L-BFGS takes them one by one.
    """
    starts = after_adam(SemiDual(routing(affinity), k, gamma), steps=steps)
    found = [
        sparse_choice(each, k, gamma=gamma, x0=x0, steps=0, **options)
        for each, x0 in zip(affinity, starts, strict=True)
    ]
    selected = np.array([pairs for pairs, _ in found])
    return routed(selected, affinity), np.array([solution.value for _, solution in found])


ALONE = {"maxiter": 200, "maxfun": 2000}


def experts(quick: bool = False) -> Iterator[Claim]:
    """64 tokens, 8 experts, buffers of 8 = m/n: here the optimum is an assignment and max S = LP + γ/(2m)."""
    affinity = affinities(range(10 if quick else 70))
    m, k = affinity.shape[-2], 8
    sparse, value = route_sparsely(affinity, k, **ALONE)
    exact = np.array([assignment(each) for each in affinity])
    linear = routed(exact, affinity)
    what = "experts: share of tokens that sparse OT processes, mean"
    yield Claim.over(what, sparse.processed, np.mean, at_least=0.985)
    for name, selected, most in (
        ("token choice", token_choice(affinity, k), 0.65),
        ("expert choice", expert_choice(affinity, k), 0.85),
        ("Sinkhorn, then top 8", sinkhorn_choice(affinity, k), 0.95),
    ):
        share = routed(selected, affinity).processed
        yield Claim.over(f"experts: share that {name} processes, mean", share, np.mean, at_most=most)
    ratio = sparse.captured / linear.captured
    what = "experts: affinity of sparse OT / of the linear assignment, farthest from 1"
    yield Claim.over(what, ratio, far, at_most=1.02, at_least=0.96)
    gap = 1 / (2 * m) - linear.captured - value  # the linear program's value is minus what it captures
    yield Claim.over("experts: gap max S − S where L-BFGS stops, most", gap, np.max, at_most=5e-5)
    both, _ = route_sparsely(affinity, k, steps=300, maxfun=300)
    what = "experts: share processed after 300 Adam steps, then L-BFGS, mean"
    yield Claim.over(what, both.processed, np.mean, at_least=0.99)
    wide, _ = route_sparsely(affinity[:10], 12, **ALONE)
    yield Claim.over("experts: share processed with buffers of 12, least", wide.processed, np.min, at_least=0.99)
    quadratic, _ = route_sparsely(affinity[:10], m, **ALONE)
    yield Claim.over("experts: fullest expert of quadratic OT, mean", quadratic.load, np.mean, at_most=15, at_least=10)
    heavy, _ = route_sparsely(affinity[:10], m, 10.0, **ALONE)
    yield Claim.over("experts: fullest expert of quadratic OT at γ = 10, mean", heavy.load, np.mean, at_least=25)
    heavy, _ = route_sparsely(affinity[:10], k, 10.0, **ALONE)
    what = "experts: share that sparse OT processes at γ = 10, mean"
    yield Claim.over(what, heavy.processed, np.mean, at_least=0.98)


def far(ratio: np.ndarray) -> float:
    """The entry farthest from 1."""
    return float(ratio[abs(ratio - 1).argmax()])


def colours(quick: bool = False) -> Iterator[Claim]:
    """Random palettes of 40 colours: which colours lose all their mass, and how far the rows are off."""
    seeds = range(100, 104 if quick else 112)
    batch = palettes(seeds)
    plans, off = {}, {}
    for k in (1, 2, 4, 8, 12, 40):
        each = [SemiDual(replicate(batch, i), k) for i in range(len(seeds))]
        plans[k] = np.array([semi_dual.plan(lbfgs(semi_dual).x) for semi_dual in each])
        off[k] = batch.row_error(plans[k])
    for k, low, high in ((1, 0.2, 0.4), (2, 0.03, 0.15), (4, -np.inf, 0.05), (8, -np.inf, 0.02)):
        empty = (plans[k].sum(-1) <= 1e-12).mean(-1)
        yield Claim.over(
            f"colours: share of colours without mass at k = {k}, mean", empty, np.mean, at_most=high, at_least=low
        )
    for k, low, high in ((1, 0.35, 0.75), (2, 0.12, 0.35), (4, 0.005, 0.08)):
        yield Claim.over(f"colours: ‖T1 − a‖₁ at k = {k}, mean", off[k], np.mean, at_most=high, at_least=low)
    yield Claim.over("colours: ‖T1 − a‖₁ at k = 8, median", off[8], np.median, at_most=1e-4)
    used = np.count_nonzero(plans[40], -2).max(-1)
    yield Claim.over("colours: nonzeros of the quadratic plan's fullest column, most", used, np.max, at_most=14)
    change = abs(plans[12] - plans[40]).max((-2, -1))
    what = "colours: largest entry of the difference of the plans of k = 12 and k = 40"
    yield Claim.over(what, change, np.max, at_most=1e-5)


EXPERIMENTS = (dial, kinks, nonzeros, conditioning, other_hills, experts, colours)


def claims(quick: bool = False) -> Claims:
    """What the paper and theory promise; fewer k and seeds if `quick`."""
    return collect(EXPERIMENTS, quick)
