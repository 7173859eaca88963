"""What a bet on the last gradient wins and loses: turning and alternating losses, moving targets, curved losses.

The paper has no experiments; these are small enough for a student's machine and large enough to show its theorems.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from optilab.classics.adagrad import adagrad_norm
from optilab.classics.online_descent import ogd
from optilab.core.claim import Claim, Claims, collect
from optilab.core.run import run
from optilab.papers.optimistic_omd import algorithm as alg
from optilab.papers.optimistic_omd.algorithm import Convex, StronglyConvex, ensemble, optimistic
from optilab.papers.optimistic_omd.problems import (
    Linear,
    Tracking,
    alternating,
    fixed,
    linearised_regret,
    random_signs,
    regression,
    rotating,
    spinning,
    switching,
    tracking,
)
from optilab.problems.oracles import Number, Online

Array = np.ndarray
D = 2.0  # the diameter of the unit ball
OURS, RIVALS = "optimistic OMD", ("OGD", "AdaGrad", "optimistic FTRL")


def plays(states: Iterator[Any], T: int) -> Array:
    """x_1 … x_T of a method: (T, *batch, d)."""
    return run(states, T, keep=["x"]).x[:T]


def contenders(losses: Online, x1: Array, G: Number, *, delta: Number, nu: Number) -> dict[str, Iterator[Any]]:
    """Four methods on the same rounds, from x1 (*batch, d) on the unit ball."""
    return {
        "OGD": ogd(losses, x1, alpha=lambda t: D / (G * np.sqrt(t))),
        "AdaGrad": adagrad_norm(losses, x1, D=D),
        OURS: optimistic(losses, x1, steps=Convex(D, G, delta)),
        "optimistic FTRL": alg.optimistic_ftrl(losses, x1, D=D, nu=nu),
    }


# Linear losses on the disc


def turned(losses: Linear) -> dict[str, Array]:
    """The plays of the four methods on linear losses on the disc, δ = 1 and ν = 4G: (T, *batch, 2) each."""
    G = losses.G
    found = contenders(losses, np.zeros((*G.shape, 2)), G, delta=1.0, nu=4 * G)
    return {name: plays(states, losses.T) for name, states in found.items()}


def of_path(losses: Linear) -> Array:
    """The largest share of its path bound that the regret of optimistic descent reaches: (*batch)."""
    trace = run(optimistic(losses, np.zeros((*losses.G.shape, 2)), steps=Convex(D, losses.G, 1.0)), losses.T)
    bound = alg.path_bound(trace.V[1:], D, losses.G, 1.0)
    return (linearised_regret(trace.g[1:], trace.x[:-1]) / bound).max(0)


def interpolation(quick: bool) -> Iterator[Claim]:
    """Where losses turn, optimistic descent follows them, the better the less noise there is."""
    sigmas, seeds = np.array([0.0, 0.1, 0.3, 1.0, 1.5]), range(5) if quick else range(20)
    losses = spinning(4000, 100.0, sigmas[:, None], seeds)
    found = turned(losses)
    dynamic = {name: losses.dynamic_regret(x)[-1] for name, x in found.items()}  # (sigmas, seeds)
    ours, about = dynamic[OURS], "losses that turn once in 100 rounds"
    ahead = np.min([dynamic[name][:2] / ours[:2] for name in ("OGD", "optimistic FTRL")], axis=(0, 1))
    statement = f"{about}: dynamic regret of OGD and FTRL over ours, σ ≤ 0.1, the least"
    yield Claim.over(statement, ahead, np.min, at_least=25)
    grown = (ours[1:] / ours[:-1]).min(0)
    statement = f"{about}: our dynamic regret at σ = 0.1, 0.3, 1, 1.5 over the one before"
    yield Claim.over(statement, grown, np.min, at_least=1.02)
    level = ours[3] / dynamic["OGD"][3]
    yield Claim.over(f"{about}: our dynamic regret over OGD's at σ = 1", level, np.mean, at_least=0.88, at_most=0.92)
    late = dynamic["AdaGrad"][4] / ours[4]
    yield Claim.over(f"{about}: AdaGrad's dynamic regret over ours at σ = 1.5", late, np.mean, at_most=1.01)
    still = (dynamic["optimistic FTRL"][:4] / losses.T).min(0)
    statement = f"{about}: dynamic regret of FTRL a round, σ ≤ 1, where 1 is to stand still"
    yield Claim.over(statement, still, np.min, at_least=0.96)
    static = losses.static_regret(found["optimistic FTRL"])[-1][:4].max(0) / (D * np.sqrt(losses.T))
    yield Claim.over(f"{about}: static regret of FTRL over D√T, as promised", static, np.max, at_most=0.1)
    statement = f"{about}: our regret over its path bound, worst round and σ"
    yield Claim.over(statement, of_path(losses).max(0), np.max, at_most=0.2)


def alike(quick: bool) -> Iterator[Claim]:
    """Where all rounds are alike every method is far below its bound, and ours isn't the best."""
    sigmas, seeds = np.array([0.3, 1.0]), range(5) if quick else range(20)
    losses = spinning(4000, np.inf, sigmas[:, None], seeds)
    T, G, found = losses.T, losses.G, turned(losses)
    static = {name: losses.static_regret(x)[-1] for name, x in found.items()}
    promised = {
        "OGD": 1.5 * D * G * np.sqrt(T),
        "AdaGrad": 1.5 * D * np.sqrt((losses.g**2).sum((0, -1))),
        OURS: alg.convex_bound(losses.noise_total, losses.drift_total, D, G, 0.0, 1.0),
        "optimistic FTRL": alg.ftrl_worst(T, D, G),
    }
    share = np.max([(static[name] / promised[name]).max(0) for name in static], axis=0)
    about = "i.i.d. losses"
    yield Claim.over(f"{about}: regret over its bound, worst of methods and σ", share, np.max, at_most=0.2)
    behind = (static[OURS].mean(-1) / static["optimistic FTRL"].mean(-1)).min()
    yield Claim(f"{about}: our mean regret over FTRL's, the less of σ = 0.3 and 1", behind, at_least=3)


def signs(quick: bool) -> Iterator[Claim]:
    """Where the next gradient is the opposite of the last optimism is all wrong, and costs a factor, no more."""
    losses, coins, whole = alternating(4000), random_signs(4000, range(20)), D * np.sqrt(4000)

    def static(losses: Linear, name: str) -> Array:
        states = contenders(losses, np.zeros(losses.m.shape[1:]), 1.0, delta=1.0, nu=4.0)[name]
        return losses.static_regret(plays(states, losses.T))[-1]

    ours = float(static(losses, OURS))
    statement = "alternating gradients: our regret over OGD's"
    yield Claim(statement, ours / float(static(losses, "OGD")), at_least=1.3, at_most=1.6)
    yield Claim("alternating gradients: our regret over GD√T", ours / whole, at_most=1.6)
    yield Claim.over("random signs: our regret over GD√T", static(coins, OURS) / whole, np.mean, at_most=0.6)


# Moving targets


def longest(sigma: Number) -> Number:
    """The G of the tracking problems, which holds up to σ = 1 but for one run of 3000 rounds in some hundreds."""
    return 1.8 + 1.5 * np.asarray(sigma)


def followed(
    losses: Tracking, sigma: float, names: Sequence[str] = ("OGD", OURS, "ensemble"), switching: Number | None = None
) -> dict[str, Array]:
    """Dynamic regret of some methods, L = 1: (seeds,) each; `switching` is that of the ensemble."""
    G, x1 = float(longest(sigma)), np.zeros(losses.theta.shape[1:])
    methods = contenders(losses, x1, G, delta=alg.best_delta(D, 1.0), nu=D**2 + 2 * D * G)
    methods["ensemble"] = ensemble(losses, x1, D=D, G=G, L=1.0, switching=switching)
    return {name: losses.dynamic_regret(plays(methods[name], losses.T))[-1] for name in names}


def targets(quick: bool) -> Iterator[Claim]:
    """Under noise the ensemble tracks better than any single step size; without noise its steps are too short."""
    T, seeds = 3000, range(3) if quick else range(20)
    paths = {"jumps every 50 rounds": (switching(T, 50), 0.8, 0.6), "turns once in 200": (rotating(T, 200), 0.55, 0.35)}
    for name, (path, single, plain) in paths.items():
        last, about = followed(tracking(path, 1.0, seeds), 1.0), f"a target that {name}, σ = 1"
        yield Claim.over(
            f"{about}: ensemble over optimistic OMD", last["ensemble"] / last[OURS], np.max, at_most=single
        )
        yield Claim.over(f"{about}: ensemble over OGD", last["ensemble"] / last["OGD"], np.max, at_most=plain)
    for name, path, most in (
        ("jumps every 50 rounds", switching(T, 50), 0.55),
        ("turns once in 40", rotating(T, 40), 0.4),
    ):
        last = followed(tracking(path, 0.0, seeds), 0.0, (OURS, "ensemble"))
        share = last[OURS] / last["ensemble"]
        statement = f"a target that {name}, σ = 0: optimistic OMD over the ensemble"
        yield Claim.over(statement, share, np.max, at_most=most)


def correction(quick: bool) -> Iterator[Claim]:
    """Charging the bases for movement helps where the target rests, and hurts where it jumps."""
    T, seeds = 3000, range(4) if quick else range(10)
    for name, path, bounds in (
        ("a target that jumps every 50 rounds", switching(T, 50), {"at_least": 1.15}),
        ("a fixed target", fixed(T), {"at_most": 0.76}),
    ):
        losses = tracking(path, 1.0, seeds)
        with_it, without = (followed(losses, 1.0, ["ensemble"], cost)["ensemble"] for cost in (None, 0.0))
        statement = f"{name}, σ = 1: regret of the ensemble with its correction over that without"
        yield Claim(statement, with_it.mean() / without.mean(), seeds=with_it / without, **bounds)


# Curved losses


def rested(sigma: float, seeds: range, T: int = 3000) -> dict[str, Array]:
    """Mean regret on a fixed target after every round, of methods for strong convexity and of one that isn't: (T,)."""
    losses, x1 = tracking(fixed(T), sigma, seeds), np.zeros((len(seeds), 5))
    methods = {
        OURS: optimistic(losses, x1, steps=Convex(D, longest(sigma), alg.best_delta(D, 1.0))),
        "optimistic OMD, λ": optimistic(losses, x1, steps=StronglyConvex(1.0)),
        "OGD, λ": ogd(losses, x1, alpha=lambda t: 1 / t),
        "optimistic FTL": alg.optimistic_ftl(losses, x1, mu=1.0),
    }
    return {name: losses.dynamic_regret(plays(states, T)).mean(-1) for name, states in methods.items()}


def strong(quick: bool) -> Iterator[Claim]:
    """With steps 2/(λt) regret grows like a logarithm, with the convex ones like a root."""
    found = [rested(sigma, range(5) if quick else range(20)) for sigma in (0.5, 1.0)]
    grown = {name: [regret[name][-1] / regret[name][299] for regret in found] for name in found[0]}
    about = "a fixed target, rounds 300 → 3000"
    yield Claim(f"{about}: growth with steps 2/(λt), the more of σ = ½ and 1", max(grown["optimistic OMD, λ"]), 1.5)
    yield Claim(f"{about}: growth with convex steps, the less", min(grown[OURS]), at_least=2.8)
    least = min(regret["optimistic OMD, λ"][-1] / regret["OGD, λ"][-1] for regret in found)
    yield Claim(f"{about}: our regret over that of OGD with steps 1/(λt)", least, at_least=1.2)


BETAS = {"theory, β = 1/32": 1 / 32, "β = 1": 1.0, "β = 4": 4.0}


def regressed(T: int, seeds: range) -> dict[str, Array]:
    """Regret against the best predictor after T rounds of regression: (seeds,) each."""
    losses, x1, G = regression(T, seeds), np.zeros((len(seeds), 5)), 2.0
    found = {
        "OGD": ogd(losses, x1, alpha=lambda t: D / (G * np.sqrt(t))),
        OURS: optimistic(losses, x1, steps=Convex(D, G, alg.best_delta(D, 1.0))),
    }
    regrets = {name: losses.static_regret(plays(states, T)) for name, states in found.items()}
    betas = np.array(list(BETAS.values()))[:, None]
    x = plays(alg.exp_concave(losses, np.zeros((len(betas), len(seeds), 5)), beta=betas, G=G), T)
    return regrets | {name: losses.static_regret(x[:, k]) for k, name in enumerate(BETAS)}


def curved(quick: bool) -> Iterator[Claim]:
    """A metric that learns pays where β is large; with the β of the theorem it loses at this horizon."""
    seeds = range(10) if quick else range(20)
    early, late = ({name: r.mean() for name, r in regressed(T, seeds).items()} for T in (1000, 4000))
    best, theory = "β = 4", "theory, β = 1/32"
    yield Claim("regression, 4000 rounds: mean regret with β = 4 over OGD's", late[best] / late["OGD"], 0.8)
    yield Claim(
        "regression, 4000 rounds: mean regret with β = 4 over that of convex steps", late[best] / late[OURS], 0.36
    )
    lost = late[theory] / late[OURS]
    statement = "regression, 4000 rounds: mean regret with the theorem's β over that of convex steps"
    yield Claim(statement, lost, at_least=3.5)
    grown = {name: late[name] / early[name] for name in late}
    yield Claim("regression, rounds 1000 → 4000: growth of regret with β = 4", grown[best], 1.8, 1.1)
    statement = "regression, rounds 1000 → 4000: growth of regret with convex steps"
    yield Claim(statement, grown[OURS], at_least=1.9)


EXPERIMENTS = (interpolation, alike, signs, targets, correction, strong, curved)


def claims(quick: bool = False) -> Claims:
    """Measure all claims, with fewer seeds if `quick`.

    Returns
    -------
    Claims
    """
    return collect(EXPERIMENTS, quick)
