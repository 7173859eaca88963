"""What can be raced: each method with its hyper-parameters, their grids and defaults, and how it is started.

A step size is given in units of 1/L, or in units of x for methods whose steps don't scale with the gradient. No method
is tuned harder than another: a grid has `TRIALS` points, and its step sizes span `OCTAVES` octaves or more, whether
they are the only hyper-parameter or one of two. Momentum makes a step reach 1/(1 − β) times as far, so those that are
one of two begin an octave lower: with β = ½ the shortest reach is that of a method without. Arrays of hyper-parameters
run as replicates.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from optilab.arena import contract
from optilab.classics.adagrad import adagrad
from optilab.classics.adam import adam
from optilab.classics.gradient_descent import gradient_descent
from optilab.classics.heavy_ball import heavy_ball
from optilab.classics.nesterov import nesterov, nesterov_strongly_convex
from optilab.classics.proximal_gradient import fast_proximal_gradient, proximal_gradient
from optilab.classics.proximal_sgd import proximal_sgd
from optilab.classics.sgd import sgd
from optilab.classics.smoothed_gradient import smoothed_gradient
from optilab.core.check import require
from optilab.papers.adahessian.algorithm import adahessian
from optilab.papers.discretisation_drift.algorithm.drift_adjusted import dal
from optilab.papers.gradient_normalized_smoothness.algorithm.baselines import cubic_newton, fgm, gm, super_universal
from optilab.papers.gradient_normalized_smoothness.algorithm.search import gns
from optilab.papers.gradient_sliding.algorithm.schedules import Schedule, rf_sgs
from optilab.papers.gradient_sliding.algorithm.sliding import gradient_sliding
from optilab.papers.last_iterate.algorithm import const, csmd, linear, poly
from optilab.papers.mfac.algorithm.optimizer import mfac
from optilab.papers.mkor.algorithm.methods import mkor
from optilab.papers.mkor.algorithm.rivals import kfac
from optilab.papers.passivity_acceleration.algorithm.methods import momentum_method, triple_momentum_tuning
from optilab.papers.policy_gradient_harpg.algorithm.methods import harpg, n_pg_igt, steps, storm_pg, weights
from optilab.problems.oracles import ExplicitHessian, TwiceSmooth

Array = np.ndarray
TRIALS = 39
FEW = 13  # step sizes where each is tried with 3 values of another hyper-parameter
OCTAVES = 11  # from the shortest step to the longest, and one more where they are few


class Told(NamedTuple):
    """What a method is told of the problem and of its run."""

    L: float  # largest curvature, at the start where it varies
    mu: float  # smallest curvature, or a guess where there is none
    slope: float  # length of a gradient at a start
    M: float  # of a part with kinks, how far its subgradients jump
    norm: float  # of its matrix, by which its smooth version is curved
    gap: float  # the gap at a start
    T: int  # steps that the budget allows, at most
    size: int  # of a minibatch
    rng: Any  # draws samples
    signs: Any  # draws probes of Hessians


@dataclass(frozen=True)
class Knob:
    """A hyper-parameter.

    Parameters
    ----------
    name, sentence : str
        What the method's source calls it, and what it does.
    unit : {"1/L", "mu", "g²", ""}
        What its values are multiples of.
    grid : tuple of float
        The values that are tried, ascending.
    default : float or function of `Told`
        What the literature begins with.
    """

    name: str
    sentence: str
    unit: str
    grid: tuple[float, ...]
    default: float | Callable[[Told], float]

    def begins(self, told: Told) -> float:
        """The default, in its unit."""
        return float(self.default(told) if callable(self.default) else self.default)

    def absolute(self, value: Any, told: Told) -> Any:
        """Values as the method takes them."""
        return value * {"1/L": 1 / told.L, "mu": told.mu, "g²": told.slope**2, "": 1.0}[self.unit]


Start = Callable[..., Iterator[Any]]


@dataclass(frozen=True)
class Method:
    """A method that can be raced.

    Parameters
    ----------
    name, sentence : str
        What it is called, and its idea.
    generator : function
        The algorithm, whose annotations say what it needs.
    start : function (problem, x0, told, **knobs)
        How it is begun: x0 (*batch, d), each knob (*batch).
    knobs : tuple of Knob
        Its hyper-parameters, first the step size or what it has in its place.
    sampled : bool
        Whether it draws its own samples.
    also : tuple of protocols
        What it is given of the problem beside the problem itself, such as its Hessian as a function.
    size : int
        Data in a minibatch, where it samples data.
    grouped : bool
        Whether it draws one sample at a time, so that a minibatch has to stand for one.
    calls : function of (state, k), optional
        Oracle calls so far after k steps by kind, (*batch) each, where replicates differ in them.
    counts : tuple of str
        The fields of the state that `calls` reads.
    simple : bool
        Whether it takes the simple part of a composite problem as `problem.simple`.
    shade : str
        The colour that it, or what it is akin to, has in the lessons: a name of `optilab.ui.theme`.
    """

    name: str
    sentence: str
    generator: Callable[..., Iterator[Any]]
    start: Start
    knobs: tuple[Knob, ...]
    sampled: bool = False
    also: tuple[type, ...] = ()
    size: int = 8
    grouped: bool = False
    calls: Callable[[Any, Any], dict[str, Any]] | None = None
    counts: tuple[str, ...] = ("probes",)
    simple: bool = False
    shade: str = "INK"

    @cached_property
    def needs(self) -> frozenset[str]:
        """The oracles that it asks."""
        return frozenset(contract.needs(self.generator, self.sampled, self.also))

    @cached_property
    def classes(self) -> tuple[type, ...]:
        """The classes of problems that it is made for, where no protocol says what it needs."""
        return tuple(k for k in contract.kinds(self.generator, self.sampled) if not getattr(k, "_is_protocol", False))

    @property
    def grid(self) -> list[dict[str, float]]:
        """The settings that are tried, each knob in its unit."""
        names = [knob.name for knob in self.knobs]
        return [dict(zip(names, values, strict=True)) for values in product(*(knob.grid for knob in self.knobs))]

    def default(self, told: Told) -> dict[str, float]:
        """The setting that the literature begins with, each knob in its unit."""
        return {knob.name: knob.begins(told) for knob in self.knobs}

    def begin(self, problem: Any, x0: Array, told: Told, settings: dict[str, Array]) -> Iterator[Any]:
        """Its states from x0 (*batch, d) with the settings (*batch), each knob in its unit."""
        return self.start(
            problem, x0, told, **{knob.name: knob.absolute(settings[knob.name], told) for knob in self.knobs}
        )


# Grids


def octaves(first: float, last: float, count: int) -> tuple[float, ...]:
    """Powers of two from 2^first to 2^last, evenly."""
    return tuple(float(2.0**power) for power in np.linspace(first, last, count))


def span(top: float, few: bool) -> tuple[float, ...]:
    """The octaves up to 2^top: all trials on `OCTAVES` of them, or few that begin an octave lower."""
    return octaves(top - OCTAVES - 1, top, FEW) if few else octaves(top - OCTAVES, top, TRIALS)


def step(default: float | Callable[[Told], float] = 1.0, *, few: bool = False, top: float = 3.0) -> Knob:
    """A step size in units of 1/L."""
    return Knob("step", "step size", "1/L", span(top, few), default)


def first_step() -> Knob:
    """The step size that a search begins with."""
    return Knob("step", "first step size that is tried", "1/L", span(6.0, few=False), 1.0)


def length(default: float, *, few: bool = False, top: float = 2.0) -> Knob:
    """A step size in units of x, for methods whose steps have about this length in every coordinate."""
    return Knob("step", "step size, in units of x", "", span(top, few), default)


def momentum(*values: float, default: float | Callable[[Told], float]) -> Knob:
    """A share of the last displacement, or of the mean of gradients, that is kept."""
    return Knob("beta", "momentum", "", values, default)


def polyak_step(told: Told) -> float:
    """Polyak's step size for curvatures in [mu, L], in units of 1/L."""
    return float(4 / (1 + np.sqrt(told.mu / told.L)) ** 2)


def polyak_momentum(told: Told) -> float:
    """Polyak's momentum for curvatures in [mu, L]."""
    root = np.sqrt(told.mu / told.L)
    return float(((1 - root) / (1 + root)) ** 2)


NEW = Knob("eta", "share of what is new in the first step", "", (0.25, 0.5, 1.0), 1.0)
CONVEXITY = Knob("mu", "the strong convexity that it is told", "mu", (0.1, 1.0, 10.0), 1.0)


def strongly(told: Any, step: Array, mu: Array) -> dict[str, Array]:
    """The constants mu ≤ L = 1/step of a method that takes both."""
    return {"mu": np.minimum(mu, 1 / step), "L": 1 / step}


# Outputs


class Mean(NamedTuple):
    """The mean of all points but the first."""

    x: Array  # (*batch, d)


def averaged(states: Iterator[Any]) -> Iterator[Mean]:
    """The running mean of the points of a run, the start left out once there are others."""
    yield Mean(next(states)[0])
    mean: Any = 0.0
    for k, state in enumerate(states, start=1):
        mean = mean + (state[0] - mean) / k
        yield Mean(mean)


# Calls of methods that search: begin looks once, then each of k steps takes probes and perhaps one more look


def newton_calls(state: Any, k: Any) -> dict[str, Any]:
    """A probe is a value and a gradient; each step forms a Hessian."""
    return {"gradients": 1 + state.probes, "values": 1 + state.probes, "Hessians": k}


def gm_calls(state: Any, k: Any) -> dict[str, Any]:
    """A probe is a value; each step looks once more where it arrives."""
    return {"gradients": 1 + k, "values": 1 + k + state.probes}


def fgm_calls(state: Any, k: Any) -> dict[str, Any]:
    """A probe is two values and a gradient; each step looks once more where it arrives."""
    return {"gradients": 1 + k + state.probes, "values": 1 + k + 2 * state.probes}


def sliding_calls(state: Any, k: Any) -> dict[str, Any]:
    """A subgradient and a proximal map each inner step, and one proximal map to begin with."""
    return {
        "gradients": state.gradients,
        "subgradients": state.subgradients,
        "proximal maps": 1 + state.subgradients,
    }


def slides(told: Told, step: Array, scale: Array) -> Schedule:
    """The restart-free schedule for an initial gap `scale` times as large, no inner loop longer than gradients last."""
    plan = rf_sgs(L=1 / step, M=told.M, mu=told.mu, D=scale * told.gap, N=told.T)
    return plan._replace(T=np.minimum(plan.T, told.T))


ALL = (
    Method(
        "gradient descent",
        "Step against the gradient.",
        gradient_descent,
        lambda f, x, told, step: gradient_descent(f, x, alpha=step),
        (step(),),
        shade="INK",
    ),
    Method(
        "heavy ball",
        "Gradient descent that keeps a share of its last step.",
        heavy_ball,
        lambda f, x, told, step, beta: heavy_ball(f, x, alpha=step, beta=beta),
        (step(polyak_step, few=True), momentum(0.5, 0.9, 0.98, default=polyak_momentum)),
        shade="PINK",
    ),
    Method(
        "Nesterov",
        "Look ahead along growing momentum, then step: for convex functions.",
        nesterov,
        lambda f, x, told, step: nesterov(f, x, L=1 / step),
        (step(),),
        shade="TEAL",
    ),
    Method(
        "Nesterov, strongly convex",
        "Look ahead along constant momentum that knows the strong convexity.",
        nesterov_strongly_convex,
        lambda f, x, told, step, mu: nesterov_strongly_convex(f, x, **strongly(told, step, mu)),
        (step(few=True), CONVEXITY),
        shade="TEAL",
    ),
    Method(
        "triple momentum",
        "Momentum in three places, the best rate known for strongly convex functions.",
        momentum_method,
        lambda f, x, told, step, mu: momentum_method(f, x, triple_momentum_tuning(**strongly(told, step, mu))),
        (step(few=True), CONVEXITY),
        shade="BROWN",
    ),
    Method(
        "AdaGrad",
        "Divide each coordinate's gradient by the root of the sum of its squares so far.",
        adagrad,
        lambda f, x, told, step: adagrad(f, x, alpha=step),
        (length(0.1, top=5.0),),
        shade="ORANGE",
    ),
    Method(
        "RMSProp",
        "Divide each coordinate's gradient by a running root mean square of it (Adam with β₁ = 0).",
        adam,
        lambda f, x, told, step, beta: adam(f, x, alpha=step, beta1=0.0, beta2=beta),
        (length(0.001, few=True), Knob("beta", "decay of the squares", "", (0.9, 0.99, 0.999), 0.9)),
        shade="PURPLE",
    ),
    Method(
        "Adam",
        "A running mean of gradients, divided coordinate by coordinate by their root mean square.",
        adam,
        lambda f, x, told, step, beta: adam(f, x, alpha=step, beta1=beta),
        (length(0.001, few=True), momentum(0.0, 0.9, 0.98, default=0.9)),
        shade="GREEN",
    ),
    Method(
        "minibatch Adam",
        "Adam on gradients of a few samples each.",
        adam,
        lambda f, x, told, step, beta: adam(f, x, alpha=step, beta1=beta, rng=told.rng, size=told.size),
        (length(0.001, few=True), momentum(0.0, 0.9, 0.98, default=0.9)),
        sampled=True,
        shade="GREEN",
    ),
    Method(
        "SGD with momentum",
        "SGD that keeps a share of its last step.",
        sgd,
        lambda f, x, told, step, beta: sgd(f, x, rng=told.rng, alpha=step, beta=beta, size=told.size),
        (step(0.1, few=True), momentum(0.5, 0.9, 0.98, default=0.9)),
        sampled=True,
        shade="PINK",
    ),
    Method(
        "SGD",
        "Constant steps against gradients of a few samples each, and the proximal map of a simple part.",
        csmd,
        lambda f, x, told, step: csmd(f, x, eta=const(told.T, step * np.sqrt(told.T)), rng=told.rng),
        (step(),),
        sampled=True,
        grouped=True,
        simple=True,
        shade="INK",
    ),
    Method(
        "SGD, 1/√t",
        "SGD whose steps shrink like 1/√t.",
        csmd,
        lambda f, x, told, step: csmd(f, x, eta=poly(told.T, step), rng=told.rng),
        (step(top=6.0),),  # the last steps are √T times as short
        sampled=True,
        grouped=True,
        simple=True,
        shade="PURPLE",
    ),
    Method(
        "SGD, linear decay",
        "SGD whose steps shrink to zero in a straight line over the whole budget.",
        csmd,
        lambda f, x, told, step: csmd(f, x, eta=linear(told.T, step * np.sqrt(told.T)), rng=told.rng),
        (step(),),
        sampled=True,
        grouped=True,
        simple=True,
        shade="ORANGE",
    ),
    Method(
        "averaged SGD",
        "SGD with constant steps; the mean of all points is handed out.",
        csmd,
        lambda f, x, told, step: averaged(csmd(f, x, eta=const(told.T, step * np.sqrt(told.T)), rng=told.rng)),
        (step(),),
        sampled=True,
        grouped=True,
        simple=True,
        shade="BROWN",
    ),
    Method(
        "ADAHESSIAN",
        "Adam with the diagonal of the Hessian, estimated by random signs, in place of the squared gradient.",
        adahessian,
        lambda f, x, told, step, beta: adahessian(f, x, lr=step, beta1=beta, probe_rng=told.signs),
        (
            Knob("step", "step size, 1 for a Newton step of each coordinate", "", span(2.0, few=True), 0.15),
            momentum(0.0, 0.9, 0.98, default=0.9),
        ),
        shade="BLUE",
    ),
    Method(
        "minibatch ADAHESSIAN",
        "ADAHESSIAN on gradients and Hessian-vector products of a few samples each.",
        adahessian,
        lambda f, x, told, step, beta: adahessian(
            f, x, lr=step, beta1=beta, probe_rng=told.signs, rng=told.rng, size=told.size
        ),
        (
            Knob("step", "step size, 1 for a Newton step of each coordinate", "", span(2.0, few=True), 0.15),
            momentum(0.0, 0.9, 0.98, default=0.9),
        ),
        sampled=True,
        shade="BLUE",
    ),
    Method(
        "drift-adjusted",
        "Gradient descent whose step is 2 over the curvature along the gradient, or 2 over its power.",
        dal,
        lambda f, x, told, beta, cap: dal(f, x, p=1.0, momentum=beta, lr_max=cap),
        (
            Knob("cap", "longest step size", "1/L", span(7.0, few=True), 8.0),
            momentum(0.0, 0.5, 0.9, default=0.0),
        ),
        also=(TwiceSmooth,),
        shade="ORANGE",
    ),
    Method(
        "line search",
        "Gradient descent that halves its step until the value falls enough, and doubles it after.",
        gm,
        lambda f, x, told, step: gm(f, x, L0=1 / step),
        (first_step(),),
        calls=gm_calls,
        shade="INK",
    ),
    Method(
        "Nesterov with line search",
        "The fast gradient method with a step that is searched for.",
        fgm,
        lambda f, x, told, step: fgm(f, x, L0=1 / step),
        (first_step(),),
        calls=fgm_calls,
        shade="TEAL",
    ),
    Method(
        "GNS Newton",
        "Newton steps, regularised by the gradient over a radius that halves and doubles by itself.",
        gns,
        lambda f, x, told, gamma: gns(f, x, hessian=f.hess, gamma0=gamma),
        (Knob("gamma", "first radius that is tried, in units of x", "", octaves(-4, 31, TRIALS), 1.0),),
        also=(ExplicitHessian,),
        calls=newton_calls,
        shade="BLUE",
    ),
    Method(
        "super-universal Newton",
        "Newton steps, regularised by a weight times the gradient; the weight is searched for.",
        super_universal,
        lambda f, x, told, M: super_universal(f, x, hessian=f.hess, M0=M),
        (Knob("M", "first weight that is tried", "", octaves(-30, 4, TRIALS), 1.0),),
        also=(ExplicitHessian,),
        calls=newton_calls,
        shade="PURPLE",
    ),
    Method(
        "cubic Newton",
        "Minimise the quadratic model plus a cube whose weight is searched for.",
        cubic_newton,
        lambda f, x, told, M: cubic_newton(f, x, M0=M),
        (Knob("M", "first weight of the cube that is tried", "", octaves(-30, 4, TRIALS), 1.0),),
        calls=newton_calls,
        shade="PINK",
    ),
    Method(
        "proximal gradient",
        "A gradient step on the smooth part, then the proximal map of the simple one.",
        proximal_gradient,
        lambda f, x, told, step: proximal_gradient(f, x, L=1 / step),
        (step(),),
        simple=True,
        shade="INK",
    ),
    Method(
        "fast proximal gradient",
        "The same with Nesterov's momentum.",
        fast_proximal_gradient,
        lambda f, x, told, step: fast_proximal_gradient(f, x, L=1 / step),
        (step(),),
        simple=True,
        shade="TEAL",
    ),
    Method(
        "proximal subgradient",
        "Shrinking steps along gradient plus subgradient, then the proximal map; the weighted mean is handed out.",
        proximal_sgd,
        lambda f, x, told, step, mu: proximal_sgd(f, x, L=1 / step, mu=mu),
        (step(few=True), CONVEXITY),
        simple=True,
        shade="INK",
    ),
    Method(
        "gradient sliding",
        "Freeze the gradient of the smooth part and slide on the kinks, a little longer each time.",
        gradient_sliding,
        lambda f, x, told, step, scale: gradient_sliding(f, x, slides(told, step, scale)),
        (step(few=True), Knob("scale", "target scale, in units of the first gap", "", (0.1, 1.0, 10.0), 1.0)),
        simple=True,
        calls=sliding_calls,
        counts=("gradients", "subgradients"),
        shade="BLUE",
    ),
    Method(
        "smoothing",
        "Round the kinks off by η, then an accelerated proximal gradient method.",
        smoothed_gradient,
        lambda f, x, told, eta: smoothed_gradient(f, x, L=told.L, mu=told.mu, M=told.norm**2 / eta, eta=eta),
        (Knob("eta", "smoothing", "", octaves(-11.5, 0, TRIALS), 0.1),),
        simple=True,
        shade="ORANGE",
    ),
    Method(
        "M-FAC",
        "Precondition by the inverse Fisher matrix of the last 16 minibatch gradients, matrix-free.",
        mfac,
        lambda f, x, told, step, lam: mfac(f, x, rng=told.rng, m=16, lam=lam, lr=step * lam, size=told.size),
        (
            Knob(
                "step",
                "step size times damping: that of SGD where no direction is known",
                "1/L",
                span(7.0, few=True),
                1.0,
            ),
            Knob("lam", "damping, in units of a squared gradient", "g²", (1e-3, 1e-2, 1e-1), 1e-2),
        ),
        sampled=True,
        size=32,
        shade="BLUE",
    ),
    Method(
        "N-PG-IGT",
        "Steps of given length along a mean of policy gradients, each sampled where the mean's error cancels.",
        n_pg_igt,
        lambda f, x, told, step, eta: n_pg_igt(
            f, x, eta=weights(told.T, 4 / 5, eta), gamma=steps(told.T, 1, step), rng=told.rng, N=told.size
        ),
        (length(0.5, few=True), NEW),
        sampled=True,
        size=1,
        shade="BLUE",
    ),
    Method(
        "HARPG",
        "A policy gradient that is carried along the path by Hessian-vector products.",
        harpg,
        lambda f, x, told, step, eta: harpg(
            f, x, eta=weights(told.T, 1, eta), gamma=steps(told.T, 1 / 2, step), rng=told.rng, N=told.size
        ),
        (step(0.05, few=True, top=1.0), NEW),
        sampled=True,
        size=1,
        shade="ORANGE",
    ),
    Method(
        "STORM",
        "A policy gradient, corrected by what the same trajectory says at the point before.",
        storm_pg,
        lambda f, x, told, step, eta: storm_pg(
            f, x, eta=weights(told.T, 1, eta), gamma=steps(told.T, 1, step), rng=told.rng, N=told.size
        ),
        (step(0.05, few=True, top=1.0), NEW),
        sampled=True,
        size=1,
        shade="PURPLE",
    ),
    Method(
        "MKOR",
        "Precondition each layer by two inverse factors, kept by rank-one updates.",
        mkor,
        lambda f, x, told, step, gamma: mkor(f, x, lr=step, gamma=gamma, zeta=0.5, rng=told.rng, size=told.size),
        (
            Knob("step", "learning rate", "", span(1.0, few=True), 0.1),
            Knob("gamma", "momentum of the factors", "", (0.8, 0.9, 0.95), 0.9),
        ),
        sampled=True,
        size=32,
        shade="GREEN",
    ),
    Method(
        "KFAC",
        "Precondition each layer by the damped inverses of two running covariances.",
        kfac,
        lambda f, x, told, step, mu: kfac(f, x, lr=step, mu=mu, rng=told.rng, size=told.size),
        (
            Knob("step", "learning rate", "", span(1.0, few=True), 0.1),
            Knob("mu", "damping", "", (1e-3, 1e-2, 1e-1), 1e-2),
        ),
        sampled=True,
        size=32,
        shade="ORANGE",
    ),
)
METHODS = {method.name: method for method in ALL}


def named(name: str) -> Method:
    """The method of that name, however its words are joined and written: `heavy-ball` is "heavy ball".

    Raises
    ------
    ValueError
        If there is none.
    """
    plain = {plainly(known): method for known, method in METHODS.items()}
    require(plainly(name) in plain, "the method", name, f"one of {', '.join(METHODS)}")
    return plain[plainly(name)]


def plainly(name: str) -> str:
    """A name in small letters and figures alone."""
    return "".join(letter for letter in name.lower().replace("√", "sqrt") if letter.isalnum())
