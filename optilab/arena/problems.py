"""What is raced on: problems with their properties as arguments, each with starts, a reference value and its noise.

`PROBLEMS["quadratic"](kappa=1000, noise=0.1)` makes an `Instance`. With noise, all that a method can ask for is sampled
gradients: exact gradients, values and Hessians are what only the onlooker knows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from optilab.arena.contract import WORDS
from optilab.classics.proximal_gradient import fast_proximal_gradient
from optilab.core.check import require, whole
from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression as robust
from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian
from optilab.problems.composite import Sum
from optilab.problems.data import mixture
from optilab.problems.expression import Expression
from optilab.problems.least_squares import LeastSquares
from optilab.problems.logistic import LogisticRegression
from optilab.problems.mlp import MLP, Fit
from optilab.problems.noisy import Gaussian, Noisy
from optilab.problems.quadratic import Quadratic
from optilab.problems.rosenbrock import Rosenbrock
from optilab.problems.simple import L1

Array = np.ndarray
Value = float | int | str
LOOKS = 200  # starts at which a problem is measured: the length of its gradients, and at a few its curvature
FEW = 8
FLATTEST = 1e-3  # what a method is told of the strong convexity where there is none, in units of L


class Facts(NamedTuple):
    """What is known of a problem."""

    problem: Any  # its value and oracles, all exact
    start: Callable[[np.random.Generator, int], Array]  # starts (count, d)
    minimum: float  # its smallest value, or a bound on it
    exact: bool = True  # whether that is the smallest value for certain
    L: float | None = None  # curvatures where they are known, measured otherwise
    mu: float | None = None
    data: int | None = None  # how many data the value is a mean over
    M: float = 0.0  # of a part with kinks: h(x) − h(y) − ⟨h′(y), x − y⟩ ≤ M‖x − y‖
    norm: float = 0.0  # of its matrix ‖K‖: its smooth version has curvature ‖K‖²/η
    hidden: bool = False  # whether only samples of it can be had
    model: Any = None  # what stands for it where a method is made for a class of problems: a policy


@dataclass(frozen=True, eq=False)
class Instance:
    """A problem made for a race.

    Parameters
    ----------
    name : str
        Of its entry in `PROBLEMS`.
    properties : dict
        The values that it was made with.
    facts : Facts
        What is known of it.
    noise : float
        Length of the noise on a gradient over the length of a gradient at a start; 0 is none.
    """

    name: str
    properties: dict[str, Value]
    facts: Facts
    noise: float = 0.0

    @cached_property
    def looks(self) -> Array:
        """Starts at which it is measured: (LOOKS, d)."""
        return self.facts.start(np.random.default_rng(0), LOOKS)

    @property
    def d(self) -> int:
        """The dimension."""
        return self.looks.shape[-1]

    @cached_property
    def slope(self) -> float:
        """The length of a gradient at a start, the root mean square."""
        return float(np.sqrt((self.facts.problem.grad(self.looks) ** 2).sum(-1).mean()))

    @cached_property
    def asked(self) -> Any:
        """What methods may ask: the problem itself, or sampled gradients alone where there is noise."""
        if self.noise == 0:
            return Samples(self.facts.problem) if self.facts.hidden else self.facts.problem
        return Samples(Noisy(self.facts.problem, Gaussian(self.noise * self.slope / np.sqrt(self.d)), self.d))

    def given(self, kind: type) -> Any:
        """What a method gets that is made for a class of problems; None if there is none of the class."""
        return next((one for one in (self.asked, self.facts.model) if isinstance(one, kind)), None)

    @property
    def composite(self) -> bool:
        """Whether there are other parts than the smooth one: then `grad` is that of the smooth part alone."""
        return hasattr(self.asked, "simple") or hasattr(self.asked, "subgrad")

    @cached_property
    def offers(self) -> frozenset[str]:
        """The oracles that methods may ask; a proximal map only of a simple part."""
        offered = {name for name in WORDS if hasattr(self.asked, name)}
        return frozenset(offered if self.composite else offered - {"prox"})

    @cached_property
    def L(self) -> float:
        """The largest curvature, at the starts where it varies."""
        if self.facts.L is not None:
            return self.facts.L
        return float(abs(np.linalg.eigvalsh(self.facts.problem.hess(self.looks[:FEW]))).max())

    @property
    def mu(self) -> float:
        """The smallest curvature, or a guess where there is none that is positive."""
        return self.facts.mu if self.facts.mu else FLATTEST * self.L

    @cached_property
    def first_gap(self) -> float:
        """The median gap at a start."""
        return float(np.median(self.gap(self.looks)))

    def share(self, size: int) -> float:
        """What a gradient on `size` samples costs in whole ones: size/n of n data, size where samples are noise."""
        return size if self.noise > 0 or not self.facts.data else size / self.facts.data

    def gap(self, x: Array) -> Array:
        """How far the exact value at x (*batch, d) lies above the reference: (*batch)."""
        return self.facts.problem(x) - self.facts.minimum


class Samples:
    """Sampled gradients, and nothing else of a problem but its simple part."""

    def __init__(self, problem: Any):
        self.sample, self.sample_grad = problem.sample, problem.sample_grad
        if hasattr(problem, "simple"):
            self.simple, self.prox = problem.simple, problem.prox


class Negative:
    """Minus the objective of a policy, seen by trajectories; its exact value and gradient are for onlookers."""

    def __init__(self, policy: Any):
        self.policy, self.sample = policy, policy.sample

    def __call__(self, theta: Array) -> Array:
        """−J at θ (*batch, d) → (*batch)."""
        return -self.policy(theta)

    def grad(self, theta: Array) -> Array:
        """−∇J at θ (*batch, d) → (*batch, d)."""
        return -self.policy.grad(theta)

    def sample_grad(self, theta: Array, sample: Array) -> Array:
        """Unbiased −∇J at θ (*batch, d) from m trajectories of each replicate: (*batch, d)."""
        return -self.policy.g(self.policy.rollout(theta, sample), theta)


@dataclass(frozen=True)
class Property:
    """A property of a problem that a race can vary.

    Parameters
    ----------
    sentence : str
        What it is.
    default, low, high : number
        What it is unless given, and its range; or a text, of which every one that the problem can read is allowed.
    log : bool
        Whether it is read on a log axis.
    """

    sentence: str
    default: Value
    low: float = 0.0
    high: float = np.inf
    log: bool = False

    def check(self, name: str, value: Any) -> None:
        """Refuse values of another kind or outside of the range."""
        if isinstance(self.default, str):
            require(isinstance(value, str), name, value, "a text")
            return
        allowed = f"{'a whole number' if isinstance(self.default, int) else 'a number'} from {self.low} to {self.high}"
        kind = whole(value) if isinstance(self.default, int) else isinstance(value, int | float | np.number)
        require(kind and self.low <= value <= self.high, name, value, allowed)


NOISE = Property("length of the noise over that of a gradient at a start; 0 for exact gradients", 0.0, 0.0, 10.0)


@dataclass(frozen=True)
class Entry:
    """A problem that can be raced on.

    Parameters
    ----------
    name, sentence : str
        What it is called, and what is hard about it.
    make : function
        From values of its properties to `Facts`.
    own : dict of name to Property
        The properties that `make` takes; `noise` comes on top.
    """

    name: str
    sentence: str
    make: Callable[..., Facts]
    own: dict[str, Property] = field(default_factory=dict)
    noisy: bool = True  # whether its gradients can be had with noise

    @property
    def properties(self) -> dict[str, Property]:
        """All properties, noise last."""
        return self.own | ({"noise": NOISE} if self.noisy else {})

    def __call__(self, **values: Any) -> Instance:
        """The problem with these properties, the others at their defaults.

        Raises
        ------
        ValueError
            If a property is unknown or its value not allowed.
        """
        known = self.properties
        for name, value in values.items():
            require(name in known, "a property", name, f"one of {', '.join(known)}")
            known[name].check(name, value)
        full = {name: _plain(values.get(name, one.default)) for name, one in known.items()}
        return _made(self.name, tuple(full.items()))


def _plain(value: Any) -> Value:
    """A NumPy number as Python's own."""
    return value.item() if isinstance(value, np.generic) else value


@lru_cache(64)
def _made(name: str, values: tuple[tuple[str, Value], ...]) -> Instance:
    """The instance of an entry, made once."""
    properties = dict(values)
    own = {key: value for key, value in properties.items() if key != "noise"}
    return Instance(name, properties, PROBLEMS[name].make(**own), float(properties.get("noise", 0.0)))


def around(centre: Any, spread: float = 1.0) -> Callable[[np.random.Generator, int], Array]:
    """Starts about a centre (d,), normal with a standard deviation in every coordinate."""
    centre = np.asarray(centre, dtype=float)
    return lambda rng, count: centre + spread * rng.standard_normal((count, len(centre)))


# The problems


def rotated(d: int, turn: float, seed: int = 1) -> Array:
    """A rotation (d, d) that takes every axis `turn` times the angle between an axis and a diagonal of the cube.

    That angle is arccos(1/√d): 45° with two variables, 77° with 20. At 1 an axis is as near to its own place as, in the
    mean, to any other. It is I + sin θ S + (1 − cos θ) S² (Rodrigues), where the random S turns planes, all alike; with
    an odd d one direction stays, a diagonal.
    """
    stays = d % 2 / d  # the square of each coordinate of the direction that stays
    centred = np.eye(d) - stays
    mixed = centred @ np.random.default_rng(seed).standard_normal((d, d)) @ centred
    U, sizes, V = np.linalg.svd(mixed - mixed.T)
    S = U * (sizes > 1e-9 * sizes[0]) @ V
    cosine = (np.cos(turn * np.arccos(1 / np.sqrt(d))) - stays) / (1 - stays)
    return np.eye(d) + np.sqrt(1 - cosine**2) * S + (1 - cosine) * S @ S


def quadratic(kappa: float, dimension: int, rotation: float) -> Facts:
    """Curvatures evenly on a log axis from 1/κ to 1, along the axes or turned away from them."""
    Q = rotated(dimension, rotation)
    A = Q * np.logspace(-np.log10(kappa), 0, dimension) @ Q.T
    problem = Quadratic((A + A.T) / 2, np.zeros(dimension))
    return Facts(problem, around(np.zeros(dimension)), 0.0, L=1.0, mu=1 / kappa)


def least_squares(kappa: float, dimension: int, outliers: float) -> Facts:
    """200 equations whose columns have unequal scales; one in twenty has an error that is `outliers` times as large."""
    rng, n = np.random.default_rng(2), 200
    A = rng.standard_normal((n, dimension)) * np.logspace(-np.log10(kappa) / 2, 0, dimension)
    truth = rng.standard_normal(dimension)
    errors = 0.1 * rng.standard_normal(n) * np.where(np.arange(n) % 20 == 0, outliers, 1.0)
    problem = LeastSquares(A, A @ truth + errors)
    return Facts(problem, around(problem.minimizer), problem.minimum, L=problem.L, mu=problem.mu, data=n)


def logistic(kappa: float, dimension: int) -> Facts:
    """200 points of two classes that overlap, with a ridge of about L/κ."""
    rng, n = np.random.default_rng(3), 200
    A = rng.standard_normal((n, dimension))
    y = np.where(A @ np.ones(dimension) / np.sqrt(dimension) + rng.logistic(size=n) > 0, 1, -1)
    ridge = LogisticRegression(A, y).L / kappa
    problem = LogisticRegression(A, y, ridge)
    return Facts(problem, around(np.zeros(dimension)), problem.minimum, L=problem.L, mu=problem.mu, data=n)


def lasso(kappa: float, dimension: int, weight: float) -> Facts:
    """Least squares on 200 equations plus a multiple of ‖x‖₁; one in four of the true coefficients isn't 0."""
    rng, n = np.random.default_rng(5), 200
    A = (
        rng.standard_normal((n, dimension))
        * np.logspace(-np.log10(kappa) / 2, 0, dimension)[rng.permutation(dimension)]
    )
    truth = np.where(np.arange(dimension) % 4 == 0, 1 + rng.random(dimension), 0.0)
    smooth = LeastSquares(A, A @ truth + 0.1 * rng.standard_normal(n))
    heaviest = float(abs(smooth.grad(np.zeros(dimension))).max())  # from this weight on 0 is the minimiser
    problem = Sum(smooth, L1(weight * heaviest))
    states = fast_proximal_gradient(problem, np.zeros(dimension), L=smooth.L)
    least = min(float(problem(state.x)) for state in islice(states, 5_000))
    return Facts(problem, around(np.zeros(dimension)), least, exact=False, L=smooth.L, mu=smooth.mu, data=n)


def robust_regression(kappa: float, dimension: int) -> Facts:
    """A smooth part with curvatures up to 20, absolute residuals of 100 equations, and a ridge of 20/κ."""
    problem = robust(0, n=dimension, m=100, L=20.0, mu=20.0 / kappa)
    known: dict[str, Any] = {"L": 20.0, "mu": 20.0 / kappa, "M": float(problem.M), "norm": float(problem.norm)}
    return Facts(problem, around(np.zeros(dimension)), float(problem.minimum), exact=False, **known)


def rosenbrock(steepness: float, dimension: int) -> Facts:
    """A curved valley: walls `steepness` times as steep as its floor."""
    return Facts(Rosenbrock(1.0, steepness), around(np.resize([-1.0, 1.0], dimension), 0.3), 0.0)


def network(scales: float, width: int) -> Facts:
    """A small network on twelve clouds that make three classes, features of unequal scales; 0 bounds its loss."""
    n = 120
    X, labels, *_ = mixture(0, n, scales)
    model = MLP((20, width, 3))

    def start(rng: np.random.Generator, count: int) -> Array:
        return np.array([model.init(rng) for _ in range(count)])

    return Facts(Fit(model, X, labels, "cross_entropy"), start, 0.0, exact=False, data=n)


def policy(spread: float, horizon: int) -> Facts:
    """A linear plant with two states, steered by a noisy linear policy: all that is known of it are trajectories."""
    model = LinearGaussian(sigma=spread, H=horizon)
    problem, start = Negative(model), around(np.zeros(2), 0.3)
    looks, h = start(np.random.default_rng(0), FEW)[:, None, :], 1e-3 * np.eye(2)
    H = (problem.grad(looks + h) - problem.grad(looks - h)) / 2e-3
    L = float(abs(np.linalg.eigvalsh((H + H.mT) / 2)).max())
    return Facts(problem, start, -model.maximum, exact=False, L=L, hidden=True, model=model)


def typed(formula: str) -> Facts:
    """A formula that somebody types; its smallest value is the least that was found from many starts."""
    problem = Expression(formula)
    start = around(np.zeros(problem.dim))
    least = min(_descended(problem, start(np.random.default_rng(4), 20)))
    require(least > -1e6, "the formula", formula, "bounded below: a descent from near 0 went under −1e6")
    return Facts(problem, start, least, exact=False)


def _descended(problem: Any, starts: Array) -> Iterable[float]:
    """The least values that SciPy's descents from starts (count, d) come to, those that fail left out."""
    with np.errstate(all="ignore"):
        found = [minimize(problem, x0=x, jac=problem.grad, method="BFGS") for x in starts]
    values = [float(one.fun) for one in found if np.isfinite(one.fun)]
    require(len(values) > 0, "the formula", problem.formula, "finite somewhere near 0")
    return values


KAPPA = Property("largest curvature over smallest", 100.0, 1.0, 1e6, log=True)
DIMENSION = Property("number of variables", 20, 2, 200, log=True)
ALL = (
    Entry(
        "quadratic",
        "A bowl whose curvatures differ: all that a linear method has to fear.",
        quadratic,
        {
            "kappa": KAPPA,
            "dimension": DIMENSION,
            "rotation": Property(
                "how far the valley is turned: 0 is along the axes, 1 as far from them as a diagonal", 0.0, 0.0, 1.0
            ),
        },
    ),
    Entry(
        "least squares",
        "A mean over 200 equations, some of them far off: no point suits all samples.",
        least_squares,
        {
            "kappa": KAPPA,
            "dimension": Property("number of variables", 10, 2, 100, log=True),
            "outliers": Property("error of one equation in twenty over that of the others", 10.0, 1.0, 100.0, log=True),
        },
    ),
    Entry(
        "logistic",
        "A classifier whose curvature fades where points are classified well.",
        logistic,
        {"kappa": KAPPA, "dimension": Property("number of variables", 10, 2, 100, log=True)},
    ),
    Entry(
        "lasso",
        "Least squares whose solution is to have zeros: a kink at every one of them, simple enough for a proximal map.",
        lasso,
        {
            "kappa": KAPPA,
            "dimension": Property("number of variables", 20, 2, 100, log=True),
            "weight": Property("weight of ‖x‖₁ over that which makes all zero", 0.1, 0.0, 1.0),
        },
    ),
    Entry(
        "robust regression",
        "Curvature, kinks and a ridge: the kinks have no gradient and no proximal map.",
        robust_regression,
        {"kappa": KAPPA, "dimension": Property("number of variables", 10, 2, 50, log=True)},
        noisy=False,
    ),
    Entry(
        "Rosenbrock",
        "A curved valley, not convex: the way along it turns.",
        rosenbrock,
        {
            "steepness": Property("steepness of the walls over that of the floor", 20.0, 1.0, 1000.0, log=True),
            "dimension": Property("number of variables", 2, 2, 50, log=True),
        },
    ),
    Entry(
        "network",
        "A small network on a mixture of clouds, not convex and with features of unequal scales.",
        network,
        {
            "scales": Property("largest scale of a feature over the smallest", 10.0, 1.0, 1000.0, log=True),
            "width": Property("hidden units", 6, 1, 20),
        },
    ),
    Entry(
        "policy",
        "A plant to be steered: a gradient is what one trajectory says, or the mean of a few.",
        policy,
        {
            "spread": Property("standard deviation of an action", 0.7, 0.1, 2.0, log=True),
            "horizon": Property("steps of a trajectory", 20, 2, 60),
        },
        noisy=False,
    ),
    Entry(
        "formula",
        "What you type, with all its derivatives.",
        typed,
        {"formula": Property("a formula in variables of your choice", "(1 - x)**2 + 5*(y - x**2)**2")},
    ),
)
PROBLEMS = {entry.name: entry for entry in ALL}
