"""Every problem of the library held against the oracles that it offers: one meaning each, whatever the problem.

A room says in `tests/papers/<slug>/cases.py` how to ask its own:

PROBLEMS
    Fields of a `Case` for each problem, by a name.
GAMES
    Game and sizes (m, n) of the two players' points, by a name.
LEVELS
    Level of a bilevel problem and sizes (n, m) of x and y, by a name.
"""

import importlib.util
import inspect
import pkgutil
import re
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optilab.papers
import optilab.problems
from optilab.core.counted import Counted
from optilab.core.numerics import complex_step
from optilab.papers.last_iterate.algorithm import csmd
from optilab.problems.bilevel import NoisyLevel, Residual
from optilab.problems.composite import Sum
from optilab.problems.expression import Expression
from optilab.problems.games import DiracGAN, FormulaGame, Rotation
from optilab.problems.least_squares import LeastSquares
from optilab.problems.logistic import LogisticRegression
from optilab.problems.mdp import grid_world
from optilab.problems.mlp import ACTIVATIONS, KINKED, MLP, Fit
from optilab.problems.noisy import Lomax, Noisy
from optilab.problems.quadratic import Quadratic
from optilab.problems.rosenbrock import Rosenbrock
from optilab.problems.simple import L1, Ball, Box, Simplex, SquaredNorm, Zero

ROOMS = Path(__file__).parents[1] / "papers"
BATCHES = [(), (3,), (2, 2)]
STEPS = np.array([0.05, 0.7, 4.0])
MOST = 2000  # samples by whose mean to judge


def rng(seed=0):
    return np.random.default_rng(seed)


def normal(rng, shape):
    return rng.normal(size=shape)


@dataclass(frozen=True)
class Case:
    """A problem, and what the test must know about it."""

    problem: Any
    d: int = 0
    points: Callable[..., np.ndarray] = normal  # where to ask it: (rng, (*batch, d))
    rest: Callable[[np.ndarray], Any] = lambda x: 0  # the gradient of parts that have no oracle of their own
    simple: Any = None  # the part that `prox` belongs to, if not the whole
    solved: bool = True  # whether it has one minimizer
    analytic: bool = True  # whether its gradient is, in complex points


def data(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def labels(n):
    return np.where(np.arange(n) % 3 == 0, -1, 1)


def fit(activation, loss):
    network = MLP((2, 4, 3), activation)
    Y = data(7, 3) if loss == "square" else np.arange(7) % 3
    return Case(Fit(network, data(7, 2, 1), Y, loss), network.dim, analytic=activation not in KINKED)


CASES = {
    "quadratic": Case(Quadratic(data(12, 3).T @ data(12, 3), np.arange(3.0)), 3),
    "saddle": Case(Quadratic([[1, 2], [2, -1]], [1, 0]), 2, solved=False),
    "least squares": Case(LeastSquares(data(12, 3), np.arange(12.0)), 3),
    "logistic": Case(LogisticRegression(data(12, 3), labels(12), l2=0.1), 3),
    "logistic, no ridge": Case(LogisticRegression(data(12, 3), labels(12)), 3, solved=False),
    "valley": Case(Rosenbrock(scale=0.5), 2),
    "chain of valleys": Case(Rosenbrock(a=0.7, b=3), 4, solved=False),
    "expression": Case(Expression("(1-x)**2 + 5*(y-x**2)**2 + exp(x*y/9)"), 2),
    **{f"{name} network, {loss}": fit(name, loss) for name in ACTIVATIONS for loss in ("square", "cross_entropy")},
    "noisy quadratic": Case(Noisy(Quadratic(np.eye(2), np.ones(2)), Lomax(3.5), 2), 2),
    "lasso": Case(
        Sum(LeastSquares(data(12, 3), np.arange(12.0)), L1(0.7)),
        3,
        rest=lambda x: 0.7 * np.sign(x),
        simple=L1(0.7),
    ),
    "zero": Case(Zero(), 4),
    "ℓ₁": Case(L1(0.7), 4),
    "ridge": Case(SquaredNorm(0.3), 4),
    "ball": Case(Ball(1.2), 4),
    "box": Case(Box(-0.5, np.array([1.0, 2.0, 0.1, 3.0])), 4),
    "simplex": Case(Simplex(), 4),
    "grid world": Case(grid_world(3)),
}


GAMES = {
    "rotation": (Rotation(0.09), 1, 1),
    "rotation in the plane": (Rotation(0.3), 2, 2),
    "Dirac": (DiracGAN(), 1, 1),
    "formula": (FormulaGame("sin(a*x)*y - a**2", "exp(x*y/5)*a + y**4", "a, x", "y"), 2, 1),
}
LEVELS = {
    "residual": (Residual(data(3, 5), data(3, 2)), 2, 5),
    "noisy residual": (NoisyLevel(Residual(data(4, 3), data(4, 2)), 2, 3, 0.5, 0.2), 2, 3),
}
for slug in sorted(path.name for path in ROOMS.iterdir() if (path / "cases.py").exists()):
    room = runpy.run_path(str(ROOMS / slug / "cases.py"))
    CASES |= {name: Case(**given) for name, given in room.get("PROBLEMS", {}).items()}
    GAMES |= room.get("GAMES", {})
    LEVELS |= room.get("LEVELS", {})
KNOWN = {type(case.problem) for case in CASES.values()} | {type(one) for one, *_ in (GAMES | LEVELS).values()}
ORACLES = (
    *("grad", "subgrad", "hess", "hvp", "third", "prox", "sample", "sample_grad", "sample_subgrad", "sample_hvp"),
    "f_phi",
    *("grad_x", "grad_y", "hvp_yy", "hvp_xy", "sample_grad_x", "sample_grad_y", "sample_hvp_yy", "sample_hvp_xy"),
)


def offers(problem, *names):
    return all(hasattr(problem, name) for name in names)


def cases(*names, where=lambda case: True):
    """The cases whose problem offers all these oracles."""
    chosen = {name: case for name, case in CASES.items() if offers(case.problem, *names) and where(case)}
    return pytest.mark.parametrize("case", chosen.values(), ids=chosen)


def points(case, batch=(), seed=0):
    """A point and a direction that leads to another one, each (*batch, d)."""
    x, y = case.points(rng(seed), (2, *batch, case.d))
    return x, y - x


def slope(case, x):
    """A subgradient of the whole: what all parts with an oracle say, and the rest."""
    total = np.asarray(case.rest(x)) + np.zeros_like(x)
    for oracle in ("grad", "subgrad"):
        if offers(case.problem, oracle):
            total = total + getattr(case.problem, oracle)(x)
    return total


def difference(function, x, v, e=1e-6):
    return (function(x + e * v) - function(x - e * v)) / (2 * e)


def problems_of(module):
    """The classes of a module that have an oracle."""
    for kind in vars(module).values():
        own = inspect.isclass(kind) and kind.__module__ == module.__name__ and not getattr(kind, "_is_protocol", False)
        if own and any(offers(kind, oracle) for oracle in ORACLES):
            yield kind


def test_every_problem_is_held_against_its_oracles():
    rooms = [f"{package.name}.problems" for package in pkgutil.iter_modules(optilab.papers.__path__, "optilab.papers.")]
    modules = [module.name for module in pkgutil.iter_modules(optilab.problems.__path__, "optilab.problems.")]
    for room in filter(importlib.util.find_spec, rooms):
        inside = getattr(importlib.import_module(room), "__path__", [])
        modules += [room, *(module.name for module in pkgutil.iter_modules(inside, f"{room}."))]
    found = {kind for module in modules for kind in problems_of(importlib.import_module(module))}
    assert {kind for kind in found if not inspect.isabstract(kind)} - KNOWN == set()


def asked(case, batch, seed=0):
    """What each oracle that maps points to points or values gives at a batch: name → a function of an index into it."""
    problem = case.problem
    x, v = points(case, batch, seed)
    step = rng(seed).uniform(0.1, 0.3, batch)
    arguments = {
        **dict.fromkeys(("__call__", "grad", "subgrad", "hess"), (x,)),
        **dict.fromkeys(("hvp", "third"), (x, v)),
        **dict.fromkeys(("prox", "smooth_grad"), (x, step)),
    }
    if offers(problem, "sample"):
        sample = problem.sample(rng(seed), (*batch, 3))
        arguments |= {
            **dict.fromkeys(("sample_grad", "sample_subgrad"), (x, sample)),
            "sample_hvp": (x, v, sample),
            "sample_smooth_grad": (x, sample, step),
        }
    return {name: given for name, given in arguments.items() if case.d and offers(problem, name)}


@cases()
@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_a_batch_is_its_points_one_by_one(case, batch):
    for name, given in asked(case, batch).items():
        oracle = getattr(case.problem, name)
        together = oracle(*given)
        shape = {"__call__": (), "hess": (case.d, case.d)}.get(name, (case.d,))
        assert np.shape(together) == (*batch, *shape), name
        for i in np.ndindex(*batch):
            alone = oracle(*(argument[i] for argument in given))
            np.testing.assert_allclose(together[i], alone, rtol=1e-9, atol=1e-10, err_msg=name)


# Values and derivatives


@cases("__call__", where=lambda case: offers(case.problem, "grad") or offers(case.problem, "subgrad"))
def test_gradients_and_subgradients_are_the_slope_of_the_value(case):
    x, v = points(case, (20,), seed=1)
    along = difference(case.problem, x, v)
    np.testing.assert_allclose((slope(case, x) * v).sum(-1), along, rtol=1e-6, atol=1e-7)


@cases("__call__", "subgrad")
def test_a_subgradient_lies_below_the_function(case):
    x, v = points(case, (200,), seed=2)
    for z in (x + v, x + 1e-3 * v):
        below = case.problem(x) + (slope(case, x) * (z - x)).sum(-1)
        assert (case.problem(z) >= below - 1e-9 * (1 + abs(below))).all()


@cases("grad", "hvp")
def test_hessian_vector_products_are_changes_of_the_gradient(case):
    x, v = points(case, (5,), seed=3)
    product = case.problem.hvp(x, v)
    np.testing.assert_allclose(product, difference(case.problem.grad, x, v), rtol=1e-5, atol=1e-7)
    if case.analytic:
        np.testing.assert_allclose(product, complex_step(case.problem.grad, x, v), rtol=1e-11, atol=1e-13)


@cases("hvp", "hess")
def test_the_hessian_is_symmetric_and_gives_the_products(case):
    x, v = points(case, (5,), seed=4)
    H = case.problem.hess(x)
    np.testing.assert_allclose(H, H.mT, atol=1e-13)
    np.testing.assert_allclose(np.matvec(H, v), case.problem.hvp(x, v), rtol=1e-9, atol=1e-11)


@cases("hvp", "third")
def test_third_derivatives_are_changes_of_the_products(case):
    x, v = points(case, (5,), seed=5)
    bend = difference(lambda x: case.problem.hvp(x, v), x, v)
    by_differences = isinstance(case.problem, Fit)
    rtol, atol = (1e-4, 2e-3) if by_differences else (1e-6, 1e-7)
    np.testing.assert_allclose(case.problem.third(x, v), bend, rtol=rtol, atol=atol)


# Proximal maps


@cases("prox", where=lambda case: case.solved)
def test_no_point_is_better_than_the_one_that_a_proximal_map_finds(case):
    h = case.simple or case.problem
    x = 2 * rng(6).normal(size=(6, case.d))
    for step in STEPS:
        best = case.problem.prox(x, step)

        def objective(z, step=step):
            return h(z) + ((z - x) ** 2).sum(-1) / (2 * step)

        least = objective(best)
        assert np.isfinite(least).all()
        if offers(h, "grad"):
            np.testing.assert_allclose(h.grad(best) + (best - x) / step, 0, atol=1e-11)
        others = [best + size * rng(7).normal(size=(200, *best.shape)) for size in (1e-4, 1e-2, 1)]
        if case.simple is None or np.isinf(h(best + 1)).any():  # an indicator counts what stays inside alone
            others += [case.problem.prox(other, step) for other in others]
        assert (objective(np.concatenate(others)) >= least - 1e-9).all()


@cases("prox")
def test_a_step_fits_the_batch_or_is_refused(case):
    x = points(case, (3,), seed=8)[0]
    step = np.array([0.1, 0.2, 0.3])
    each = case.problem.prox(x, step)
    for i in range(3):
        np.testing.assert_allclose(each[i], case.problem.prox(x[i], step[i]), rtol=1e-12)
    if np.allclose(case.problem.prox(x, 0.1), case.problem.prox(x, 0.3)):
        return  # a projection, whatever the step
    for wrong in (step[:, None], step[:2]):
        with pytest.raises(ValueError, match="the shape of the step must be"):
            case.problem.prox(x, wrong)


# Samples


def leaves(sample):
    return sample if isinstance(sample, tuple) else (sample,)


@cases("sample")
def test_samples_are_m_for_every_replicate_and_counted(case):
    counted = Counted(case.problem)
    for size in ((5,), (3, 5), (2, 3, 5)):
        before = counted.calls["samples"]
        for leaf in leaves(counted.sample(rng(9), size)):
            assert np.shape(leaf)[: len(size)] == size
        assert counted.calls["samples"] == before + 5


@cases("sample")
def test_an_axis_of_one_sample_takes_nothing_more_from_the_generator(case):
    one, many = (leaves(case.problem.sample(rng(10), size)) for size in ((4, 1), (4,)))
    for left, right in zip(one, many, strict=True):
        np.testing.assert_array_equal(left[:, 0], right)


SAMPLED = {
    "sample_grad": ("grad", "subgrad"),
    "sample_subgrad": ("subgrad",),
    "sample_smooth_grad": ("smooth_grad",),
    "sample_hvp": ("hvp",),
}


def sampled(case):
    """For each sampled oracle of a problem: a function of x and the sample, and the exact one of x, None if unknown."""
    before = {"sample_hvp": (np.linspace(-1, 1, case.d),)}  # what is given between x and the sample
    after = {"sample_smooth_grad": (0.7,)}
    for name, exact in SAMPLED.items():
        if offers(case.problem, name):
            ask = getattr(case.problem, name)
            known = next((getattr(case.problem, other) for other in exact if offers(case.problem, other)), None)
            first, last = before.get(name, ()), after.get(name, ())
            yield (
                lambda x, sample, ask=ask, first=first, last=last: ask(x, *first, sample, *last),
                None if known is None else lambda x, known=known, more=(*first, *last): known(x, *more),
            )


has_sampled = cases("sample", where=lambda case: any(offers(case.problem, name) for name in SAMPLED))


@has_sampled
def test_several_samples_are_averaged(case):
    x = points(case, (2,), seed=11)[0]
    sample = case.problem.sample(rng(12), (2, 3))
    for ask, _ in sampled(case):
        one_by_one = np.mean([ask(x, sample[:, j : j + 1]) for j in range(3)], 0)
        np.testing.assert_allclose(ask(x, sample), one_by_one, rtol=1e-9, atol=1e-11)


@has_sampled
def test_samples_of_another_batch_are_refused(case):
    x = points(case, (4,), seed=13)[0]
    for size in ((4,), (3, 2), (4, 0), (1, 4, 2)):
        sample = case.problem.sample(rng(14), size)
        for ask, _ in sampled(case):
            with pytest.raises(ValueError, match=r"the shape of the samples must be .* whose batch is \(4,\)"):
                ask(x, sample)


@has_sampled
def test_what_is_sampled_is_right_in_the_mean(case):
    x = points(case, seed=15)[0]
    sample = case.problem.sample(rng(16), (MOST, 1))
    everything = sample.dtype.kind == "i"  # numbers of data: each once, and the mean is exact
    sample = np.unique(sample)[:, None] if everything else sample
    for ask, exact in sampled(case):
        if exact is None:
            continue
        each = ask(np.broadcast_to(x, (len(sample), case.d)), sample)
        allowed = 1e-11 if everything else 5 * each.std(0) / np.sqrt(len(each)) + 1e-12
        assert (abs(each.mean(0) - exact(x)) <= allowed).all()


def test_replicates_of_mirror_descent_have_samples_of_their_own():
    case = CASES["tanh network, cross_entropy"]
    states = list(zip(range(3), csmd(case.problem, data(4, case.d), eta=np.full(2, 0.1), rng=rng(17)), strict=False))
    generator = rng(17)
    for (_, before), (_, after) in pairwise(states):
        sample = case.problem.sample(generator, (4, 1))
        assert len(np.unique(sample)) > 1
        for i in range(4):
            np.testing.assert_allclose(after.g[i], case.problem.sample_grad(before.x[i], sample[i]), rtol=1e-12)


# Minimizers


@cases("__call__", where=lambda case: case.solved and offers(type(case.problem), "minimizer"))
def test_no_value_is_below_the_minimum_which_the_minimizer_has(case):
    problem, best = case.problem, case.problem.minimizer
    assert best.shape == (case.d,)
    assert problem(best) == pytest.approx(problem.minimum, abs=1e-9)
    away = points(case, (300,), seed=18)[0] - best
    for z in (best + away, best + 0.01 * away):
        assert (problem(z) >= problem.minimum - 1e-7).all()
    if offers(problem, "grad") and not offers(problem, "subgrad"):
        np.testing.assert_allclose(problem.grad(best), 0, atol=1e-11)
    if offers(problem, "lower"):
        assert problem.minimum - 1e-8 <= problem.lower <= problem.minimum + 1e-12


# Games


each_game = pytest.mark.parametrize(("game", "m", "n"), GAMES.values(), ids=GAMES)


def moves(game, m, n, batch=(), seed=0):
    """Where the players are, how they move, and what each oracle is asked."""
    phi, theta, v, w = (rng(seed + k).normal(size=(*batch, size)) for k, size in enumerate((m, n, m, n)))
    asked = dict.fromkeys(("f", "g", "losses", "__call__"), (phi, theta))
    asked |= {
        "f_phi": (phi, theta, v),
        "g_phi": (phi, theta, v),
        "f_theta": (phi, theta, w),
        "g_theta": (phi, theta, w),
    }
    return phi, theta, v, w, {name: given for name, given in asked.items() if offers(game, name)}


@each_game
@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_a_batch_of_players_is_its_players_one_by_one(game, m, n, batch):
    *_, asked = moves(game, m, n, batch)
    for name, given in asked.items():
        oracle = getattr(game, name)
        together = oracle(*given)
        if name[0] in "fg":
            assert together.shape == (*batch, m if name[0] == "f" else n), name
        for i in np.ndindex(*batch):
            alone = oracle(*(argument[i] for argument in given))
            for whole, part in zip(np.broadcast_arrays(*leaves(together)), leaves(alone), strict=True):
                np.testing.assert_allclose(whole[i], part, rtol=1e-11, atol=1e-13, err_msg=name)


@each_game
def test_velocities_descend_the_losses(game, m, n):
    phi, theta, v, w, _ = moves(game, m, n, (4,), seed=1)

    def losses(phi, theta):
        return game.losses(phi, theta) if offers(game, "losses") else (-game(phi, theta), game(phi, theta))

    first = difference(lambda phi: losses(phi, theta)[0], phi, v)
    second = difference(lambda theta: losses(phi, theta)[1], theta, w)
    np.testing.assert_allclose(-(game.f(phi, theta) * v).sum(-1), first, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(-(game.g(phi, theta) * w).sum(-1), second, rtol=1e-6, atol=1e-8)


@each_game
def test_the_four_products_are_the_changes_of_the_velocities(game, m, n):
    phi, theta, v, w, _ = moves(game, m, n, (3,), seed=2)
    for field, by_phi, by_theta in ((game.f, game.f_phi, game.f_theta), (game.g, game.g_phi, game.g_theta)):
        for change, function, at, along in (
            (by_phi(phi, theta, v), lambda x, F=field: F(x, theta), phi, v),
            (by_theta(phi, theta, w), lambda x, F=field: F(phi, x), theta, w),
        ):
            np.testing.assert_allclose(change, difference(function, at, along), rtol=1e-6, atol=1e-8)
            np.testing.assert_allclose(change, complex_step(function, at, along), rtol=1e-11, atol=1e-13)


# Levels


each_level = pytest.mark.parametrize(("level", "n", "m"), LEVELS.values(), ids=LEVELS)


def both(level, n, m, batch=(), seed=0):
    """Where a level is asked, a direction of each kind, and what each of its oracles is asked."""
    x, y, u, v = (rng(seed + k).normal(size=(*batch, size)) for k, size in enumerate((n, m, n, m)))
    asked = dict.fromkeys(("__call__", "grad_x", "grad_y"), (x, y)) | dict.fromkeys(("hvp_yy", "hvp_xy"), (x, y, v))
    if offers(level, "sample"):
        sample = level.sample(rng(seed), (*batch, 3))
        asked |= {f"sample_{name}": (*given, sample) for name, given in asked.items()}
    return x, y, u, v, {name: given for name, given in asked.items() if offers(level, name)}


@each_level
@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_a_batch_of_a_level_is_its_points_one_by_one(level, n, m, batch):
    *_, asked = both(level, n, m, batch)
    for name, given in asked.items():
        oracle = getattr(level, name)
        together = oracle(*given)
        shape = () if name == "__call__" else (n,) if name.endswith(("_x", "xy")) else (m,)
        assert np.shape(together) == (*batch, *shape), name
        for i in np.ndindex(*batch):
            alone = oracle(*(part[i] if isinstance(part, np.ndarray) else part_of(part, i) for part in given))
            np.testing.assert_allclose(together[i], alone, rtol=1e-9, atol=1e-10, err_msg=name)


def part_of(sample, i):
    return type(sample)(*(part[i] for part in sample))


@each_level
def test_the_derivatives_of_a_level_are_those_of_its_value(level, n, m):
    x, y, u, v, _ = both(level, n, m, (5,), seed=1)
    for slope, function, at, along in (
        (level.grad_x(x, y), lambda x: level(x, y), x, u),
        (level.grad_y(x, y), lambda y: level(x, y), y, v),
    ):
        np.testing.assert_allclose(np.vecdot(slope, along), difference(function, at, along), rtol=1e-6, atol=1e-7)
    if offers(level, "hvp_yy"):
        bend = difference(lambda y: level.grad_y(x, y), y, v)
        np.testing.assert_allclose(level.hvp_yy(x, y, v), bend, rtol=1e-6, atol=1e-7)
        tilt = difference(lambda x: np.vecdot(level.grad_y(x, y), v), x, u)
        np.testing.assert_allclose(np.vecdot(level.hvp_xy(x, y, v), u), tilt, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", [name for name, (level, *_) in LEVELS.items() if offers(level, "sample")])
def test_what_is_sampled_of_a_level_is_right_in_the_mean(name):
    level, n, m = LEVELS[name]
    x, y, _, v, asked = both(level, n, m, seed=2)
    many = [np.broadcast_to(part, (MOST, *part.shape)) for part in (x, y, v)]
    sample = level.sample(rng(3), (MOST, 1))
    for ask in (ask for ask in asked if ask.startswith("sample_")):
        given = 3 if "hvp" in ask else 2
        each = getattr(level, ask)(*many[:given], sample)
        exact = getattr(level, ask.removeprefix("sample_"))(*(x, y, v)[:given])
        assert (abs(each.mean(0) - exact) <= 5 * each.std(0) / np.sqrt(MOST) + 1e-12).all()
        with pytest.raises(ValueError, match="the shape of the samples"):
            getattr(level, ask)(*many[:given], level.sample(rng(4), (3, 1)))


# The table


def test_the_table_of_problems_says_what_is_where_and_what_it_offers():
    words = ["value", *ORACLES, "minimizer", "minimum", "losses", "rollout", "f", "g", "f_theta", "g_phi", "g_theta"]
    table, modules, module = {}, set(), ""
    for line in re.findall(r"^    (?!module|---)(.*)$", optilab.problems.__doc__, re.MULTILINE):
        module = line.split()[0] if line[0] != " " else module
        modules.add(module)
        named = re.fullmatch(r"(?:\w+)? +([A-Z]\w+) +([a-z_ ]+)", line)
        if named:
            table[module, named[1]] = set(named[2].split())
    assert modules | {"oracles"} == {module.name for module in pkgutil.iter_modules(optilab.problems.__path__)}
    found = {}
    for name in modules:
        for kind in problems_of(importlib.import_module(f"optilab.problems.{name}")):
            offered = {word for word in words if ("__call__" if word == "value" else word) in dir(kind)}
            found[name, kind.__name__] = offered - ({"g"} if "rollout" in offered else set())  # of trajectories
    assert table == found
