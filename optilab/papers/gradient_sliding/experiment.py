"""The headline experiments: who needs how many gradients and how many subgradients, on three problems."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from optilab.classics.proximal_sgd import proximal_sgd
from optilab.classics.smoothed_gradient import smoothed_gradient
from optilab.core.claim import Claim, Claims, collect
from optilab.core.run import Progress, run
from optilab.papers.gradient_sliding.algorithm import (
    AcceleratedSchedule,
    Schedule,
    accelerated_sliding,
    draw,
    gradient_sliding,
    m_sgs,
    phase_length,
    restarted_ags,
    rf_asgs,
    rf_asgs_bound,
    rf_asgs_operators,
    rf_sgs,
    rf_sgs_bound,
    rf_sgs_start,
)
from optilab.papers.gradient_sliding.problems.deblurring import deblurring
from optilab.papers.gradient_sliding.problems.portfolio import portfolio
from optilab.papers.gradient_sliding.problems.robust_regression import RobustRegression, robust_regression


class Curve(NamedTuple):
    """One method's gap Ψ(x̄) − Ψ* against its two counters, arrays (kept, *batch)."""

    gap: np.ndarray
    gradients: np.ndarray
    cheap: np.ndarray  # subgradients, operators or samples: the calls that should be cheap

    def at(self, kept: Any) -> "Curve":
        """The steps that an index keeps."""
        return Curve(*(column[kept] for column in self))

    def reached(self, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradients and cheap calls after which each replicate's gap is first at most `level` (*batch), else inf."""
        below = self.gap <= level
        first = below.argmax(0)[None]
        return tuple(  # type: ignore[return-value]
            np.where(below.any(0), np.take_along_axis(counter, first, 0)[0], np.inf)
            for counter in (self.gradients, self.cheap)
        )


def initial(problem: Any, x0: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gap and V(x0, x*) = ½‖x0 − x*‖² at the start: (*batch) each."""
    return problem(x0) - problem.minimum, ((x0 - problem.minimizer) ** 2).sum(-1) / 2


def generators(seeds: int | Sequence[int]) -> list[np.random.Generator]:
    """A fresh generator for each seed, apart from the one that made the problem."""
    return [np.random.default_rng(1000 + seed) for seed in np.ravel(seeds)]


def slide(
    problem: Any,
    x0: np.ndarray,
    plan: Schedule,
    rng: list[np.random.Generator] | None = None,
    progress: Progress = False,
) -> Curve:
    """Gradient sliding by a schedule."""
    states = gradient_sliding(problem, x0, plan, rng=rng)
    keep = ["xbar", "gradients", "subgradients"]
    trace = run(states, len(plan.T), keep=keep, limit=1e8, progress=progress)
    return Curve(problem(trace.xbar) - problem.minimum, trace.gradients, trace.subgradients)


def slide_accelerated(
    problem: Any, x0: np.ndarray, plan: AcceleratedSchedule, rng: list[np.random.Generator] | None = None
) -> Curve:
    """Accelerated sliding by a schedule; with `rng` the cheap calls are samples."""
    states = accelerated_sliding(problem, x0, plan, rng=rng)
    trace = run(states, len(plan.T), keep=["xbar", "gradients", "operators", "samples"])
    cheap = trace.operators if rng is None else trace.samples
    return Curve(problem(trace.xbar) - problem.minimum, trace.gradients, cheap)


def constants(problem: Any, x0: np.ndarray, stochastic: bool = True) -> dict[str, Any]:
    """L, M, σ², μ of a problem and the scale D = Δ₀, as a schedule takes them."""
    return {
        "L": problem.L,
        "M": problem.M,
        "sigma2": problem.sigma2 if stochastic else 0.0,
        "mu": problem.mu,
        "D": initial(problem, x0)[0],
    }


def bound_of(problem: Any, x0: np.ndarray, plan: Schedule, effort: float = 1.0, D: Any = None) -> np.ndarray:
    """The theorem's bound for `rf_sgs` after 0, 1, … steps of the plan, D = Δ₀ if not given: (N + 1, *batch)."""
    gap0, V0 = initial(problem, x0)
    gamma, beta = plan.gamma[0], plan.beta[0]
    E0 = rf_sgs_start(gap0=gap0, V0=V0, gamma=gamma, beta=beta, mu=problem.mu, T1=plan.T[0])
    k = np.arange(len(plan.T) + 1).reshape(-1, *(1 for _ in gap0.shape))
    return rf_sgs_bound(k, E0=E0, gamma=gamma, D=gap0 if D is None else D, effort=effort)


def race(
    problem: RobustRegression,
    seeds: int | Sequence[int],
    budget: int,
    effort: float = 1.0,
    every: int = 20,
    progress: Progress = False,
) -> Iterator[tuple[str, Curve]]:
    """Restart-free, restarted and no sliding with the same budget of subgradients, one method after the other.

    Parameters
    ----------
    problem : RobustRegression
        With the seeds' batch shape.
    seeds : int, or sequence of int
        Of the samples.
    budget : int
        Subgradients of each method.
    effort : float
        Multiplies the inner lengths of the restart-free schedule.
    every : int
        The steps of proximal SGD that are kept.
    progress : function (done, total), optional
        Of the three runs together.
    """
    x0 = np.zeros(np.shape(problem.b))
    sampled = problem.noise > 0
    known = constants(problem, x0)

    def fresh() -> list[np.random.Generator] | None:
        return generators(seeds) if sampled else None

    def third(number: int) -> Progress:
        return callable(progress) and (lambda done, total: progress(number + done / total, 3))

    yield "RF-SGS", slide(problem, x0, rf_sgs(**known, N=5000, effort=effort).within(budget), fresh(), third(0))
    yield "M-SGS", slide(problem, x0, m_sgs(**known, phases=30).within(budget), fresh(), third(1))
    shape = x0.shape[:-1]
    samples = draw(problem, generators(seeds), np.full(shape, budget)) if sampled else None
    states = proximal_sgd(problem, x0, L=problem.L, mu=problem.mu, samples=samples)
    trace = run(states, budget, every=every, keep=["xbar"], progress=third(2))
    steps = np.broadcast_to(trace.step.reshape(-1, *(1 for _ in shape)), trace.xbar.shape[:-1])
    yield "prox-SGD", Curve(problem(trace.xbar) - problem.minimum, steps, steps)


def worst_jump(curve: Curve, gradients: np.ndarray, window: int = 5) -> np.ndarray:
    """Largest factor by which the gap rises within `window` steps after one of the counts `gradients`, a replicate."""
    jumps = []
    for i in range(curve.gap.shape[1]):
        at = [k for k in gradients[:, i] if k + 1 <= curve.gradients[-1, i]]
        jumps.append(max((curve.gap[k : k + window + 1, i].max() / curve.gap[k, i] for k in at), default=1.0))
    return np.array(jumps)


def restarts(problem: RobustRegression, count: int = 12) -> np.ndarray:
    """Gradients after which M-SGS with sampled subgradients starts anew: (count, *batch)."""
    return np.arange(1, count + 1)[:, None] * phase_length(problem.L, problem.mu, problem.sigma2)


def robust(quick: bool = False) -> Iterator[Claim]:
    """Robust regression with sampled subgradients, κ = 100, 20 000 of them, or half of that if `quick`."""
    seeds = range(5 if quick else 10)
    problem = robust_regression(seeds)
    x0 = np.zeros(problem.b.shape)
    curves = dict(race(problem, seeds, 10_000 if quick else 20_000))
    free, phases, plain = curves["RF-SGS"], curves["M-SGS"], curves["prox-SGD"]
    delta = free.gap[0]

    ratio = plain.reached(free.gap[-1])[0] / free.gradients[-1]
    statement = "robust regression, sampled: gradients of prox-SGD / RF-SGS down to RF-SGS's last gap, least"
    yield Claim.over(statement, ratio, np.min, at_least=5)
    ratio = plain.reached(1e-3 * delta)[0] / free.reached(1e-3 * delta)[0]
    statement = "robust regression, sampled: gradients of prox-SGD / RF-SGS to 10⁻³ of the first gap, median"
    yield Claim.over(statement, ratio, np.median, at_least=3)
    statement = (
        "robust regression, sampled: last gap of RF-SGS / prox-SGD at equal subgradients (prox-SGD is ahead), median"
    )
    yield Claim.over(statement, free.gap[-1] / plain.gap[-1], np.median, at_least=1.2)
    ratio = free.gap[-1] / phases.gap[-1]
    wins = (ratio <= 1).mean()
    yield Claim("robust regression, sampled: share of seeds on which RF-SGS ends at or below M-SGS", wins, at_least=0.6)
    yield Claim.over("robust regression, sampled: last gap of RF-SGS / M-SGS, mean", ratio, np.mean, at_most=0.95)
    ratio = free.gradients[-1] / phases.gradients[-1]
    yield Claim.over(
        "robust regression, sampled: gradients of RF-SGS / M-SGS for the same subgradients, most",
        ratio,
        np.max,
        at_most=1,
    )
    statement = "robust regression, sampled: M-SGS's worst jump within 5 steps after a restart, median factor"
    yield Claim.over(statement, worst_jump(phases, restarts(problem)), np.median, at_least=3)
    plan = rf_sgs(**constants(problem, x0), N=len(free.gap) - 1)
    part = (free.gap / bound_of(problem, x0, plan))[10:].max(0)
    yield Claim.over(
        "robust regression, sampled: RF-SGS's gap / the theorem's bound, most over all steps from 10 on",
        part,
        np.max,
        at_most=0.5,
    )


def fit(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope of the least-squares line through (x, y), and its R²."""
    slope = np.polyfit(x, y, 1)[0]
    return float(slope), float(np.corrcoef(x, y)[0, 1] ** 2)


def deterministic(quick: bool = False) -> Iterator[Claim]:
    """Robust regression with full subgradients: the two laws, and the inner lengths that don't grow."""
    seeds = range(100, 104 if quick else 112)
    problem = robust_regression(seeds)
    x0 = np.zeros(problem.b.shape)
    known = constants(problem, x0, stochastic=False)
    plan = rf_sgs(**known, N=170)
    free = slide(problem, x0, plan)
    tail = slice(85, None)
    lines = [fit(np.arange(171)[tail], -np.log(free.gap[tail, i])) for i in range(len(seeds))]
    slope = np.array([line[0] for line in lines]) / (plan.gamma[0] / 2)
    yield Claim.over(
        "robust regression, full: rate of the gap per gradient / (γ/2), median",
        slope,
        np.median,
        at_most=1.15,
        at_least=0.7,
    )
    powers = [fit(-np.log(free.gap[tail, i]), np.log(free.cheap[tail, i]))[0] for i in range(len(seeds))]
    yield Claim.over(
        "robust regression, full: power of 1/gap in subgradients (theory: 1), median",
        powers,
        np.median,
        at_most=1.4,
        at_least=0.9,
    )
    if not quick:
        yield from growths(problem, known)
    phases = slide(problem, x0, m_sgs(**known, phases=30).within(40_000))
    ratio = phases.reached(free.gap[-1])[0] / 170
    yield Claim.over(
        "robust regression, full: gradients of M-GS / RF-GS to the same gap, median", ratio, np.median, at_least=1.3
    )
    for T, least in ((1, 10), (20, 2)):
        ratio = slide(problem, x0, plan._replace(T=np.full_like(plan.T, T))).gap[-1] / free.gap[-1]
        statement = f"robust regression, full: last gap with all inner lengths {T} / with growing ones, median"
        yield Claim.over(statement, ratio, np.median, at_least=least)


def growths(problem: RobustRegression, known: dict[str, Any]) -> Iterator[Claim]:
    """How much the growth s of the inner lengths matters, with 20,000 full subgradients; reported, nothing is asked."""
    x0 = np.zeros(problem.b.shape)
    ends = {
        growth: slide(problem, x0, rf_sgs(**known, N=400, growth=growth).within(20_000)).gap[-1]
        for growth in (0.25, 0.5, 1.0)
    }
    for growth in (0.25, 1.0):
        statement = (
            f"robust regression, full: last gap with growth s = {growth:g} / s = 0.5 at 20,000 subgradients, median"
        )
        yield Claim.over(statement, ends[growth] / ends[0.5], np.median)


def operator_constants(problem: Any, x0: np.ndarray) -> dict[str, Any]:
    """L, μ, ‖K‖, Ω of a problem and the scale D = Δ₀, as an accelerated schedule takes them."""
    delta = initial(problem, x0)[0]
    return {"L": problem.L, "mu": problem.mu, "K": problem.norm, "Omega": problem.Omega, "D": delta}


def structured(quick: bool = False) -> Iterator[Claim]:
    """Total-variation deblurring: restart-free against restarted accelerated sliding and plain smoothing."""
    problem = deblurring(range(5 if quick else 10))
    x0 = np.zeros(problem.b.shape)
    known = operator_constants(problem, x0)
    delta, V0 = initial(problem, x0)
    plan = rf_asgs(**known, N=75)
    free = slide_accelerated(problem, x0, plan)
    phases = slide_accelerated(problem, x0, restarted_ags(**known, phases=8))
    ours, theirs = free.reached(1e-3 * delta), phases.reached(1e-3 * delta)
    for name, mine, other in zip(("gradients", "operators"), ours, theirs, strict=True):
        statement = f"deblurring: {name} of RF-ASGS / restarted AGS to 10⁻³ of the first gap, most"
        yield Claim.over(statement, mine / other, np.max, at_most=0.65)
    coarse, fine = free.reached(3e-3 * delta), free.reached(3e-4 * delta)
    statement = "deblurring: more gradients for a 10 times smaller gap, median"
    yield Claim.over(statement, fine[0] - coarse[0], np.median, at_most=42, at_least=18)
    statement = "deblurring: times the operators for a 10 times smaller gap (√10 = 3.2), median"
    yield Claim.over(statement, fine[1] / coarse[1], np.median, at_most=14, at_least=3)
    eta = 1e-2 * delta / (2 * problem.Omega)
    M = problem.norm**2 / eta
    states = smoothed_gradient(problem, x0, L=problem.L, mu=problem.mu, M=M, eta=eta)
    trace = run(states, 1500, keep=["xbar"])
    gap = problem(trace.xbar) - problem.minimum
    ratio = trace.first(gap <= 1e-2 * delta) / free.reached(1e-2 * delta)[0]
    statement = "deblurring: gradients of plain smoothing / RF-ASGS to 10⁻² of the first gap, median"
    yield Claim.over(statement, ratio, np.median, at_least=2)
    lam, eta0 = plan.lam[0], delta / (2 * problem.Omega)
    k = np.arange(76)[:, None]
    bound = rf_asgs_bound(k, gap0=delta, V0=V0, mu=problem.mu, lam=lam, eta0=eta0, Omega=problem.Omega)
    part = (free.gap / bound)[10:].max(0)
    statement = "deblurring: RF-ASGS's gap / the corollary's bound, most over all steps from 10 on"
    yield Claim.over(statement, part, np.max, at_most=0.3)
    part = (free.cheap / rf_asgs_operators(k, L=problem.L, K=problem.norm, lam=lam, eta0=eta0)).max(0)
    yield Claim.over("deblurring: its operators / the corollary's bound, most over all steps", part, np.max, at_most=1)


def invest(quick: bool = False) -> Iterator[Claim]:
    """A portfolio on the simplex with sampled scenarios, 15 000 of them, or 8 000 if `quick`."""
    seeds, budget = (range(4), 8000) if quick else (range(10), 15_000)
    problem = portfolio(seeds)
    x0 = np.tile(np.eye(20)[0], (len(seeds), 1))
    known = constants(problem, x0)
    free = slide(problem, x0, rf_sgs(**known, N=500).within(budget), generators(seeds))
    phases = slide(problem, x0, m_sgs(**known, phases=20).within(budget), generators(seeds))
    gradients, _ = free.reached(2e-2 * free.gap[0])
    here = np.isfinite(gradients)
    statement = "portfolio: share of seeds that RF-SGS brings to a fiftieth of the first gap"
    yield Claim(statement, here.mean(), at_least=0.5)
    statement = "portfolio: gradients of RF-SGS to get there, most of those that do"
    yield Claim.over(statement, gradients[here], np.max, at_most=20)
    statement = "portfolio: last gap of RF-SGS / M-SGS for as many scenarios, median"
    yield Claim.over(statement, free.gap[-1] / phases.gap[-1], np.median, at_most=0.9)


def sampled_operators(quick: bool = False) -> Iterator[Claim]:
    """Robust regression with a smoothed h and sampled operators: few iterations, many samples."""
    seeds = range(4 if quick else 10)
    problem = robust_regression(seeds)
    x0 = np.zeros(problem.b.shape)
    delta, V0 = initial(problem, x0)
    plan = rf_asgs(**operator_constants(problem, x0), N=170, sigma2=problem.sigma2)
    curve = slide_accelerated(problem, x0, plan, generators(seeds))
    statement = "sampled RF-ASGS: last of 170 gaps / the first, most"
    yield Claim.over(statement, curve.gap[-1] / delta, np.max, at_most=2e-4)
    statement = "sampled RF-ASGS: inner iterations for 170 gradients, most"
    yield Claim.over(statement, plan.T.sum(0), np.max, at_most=500)
    yield Claim.over("sampled RF-ASGS: samples, median", curve.cheap[-1], np.median)
    known = {"lam": plan.lam[0], "eta0": plan.eta[0] / (1 - plan.lam[0] / 2), "Omega": problem.Omega}
    k = np.arange(171)[:, None]
    bound = rf_asgs_bound(k, gap0=delta, V0=V0, mu=problem.mu, D=delta, **known)
    part = (curve.gap / bound)[10:].max(0)
    yield Claim.over("sampled RF-ASGS: gap / bound, most over all steps from 10 on", part, np.max, at_most=0.2)


EXPERIMENTS = (robust, deterministic, structured, invest, sampled_operators)


def claims(quick: bool = False) -> Claims:
    """What the paper promises, over 10 or 12 seeds, or over 4 or 5 if `quick`."""
    return collect(EXPERIMENTS, quick)
