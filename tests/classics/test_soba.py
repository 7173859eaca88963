"""SOBA for bilevel problems: its three updates, its clipping, what it costs and what it refuses."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from optilab.classics.soba import soba
from optilab.core.randomness import common
from optilab.core.run import run
from optilab.problems.bilevel import Bilevel, NoisyLevel, Residual, calls, counted

N, M = 3, 5
A = np.random.default_rng(0).normal(size=(7, M)) / 2
B = np.random.default_rng(1).normal(size=(7, N)) / 2
C = np.linspace(-1, 1, M)


class Upper:
    """½‖y − c‖² + ¼Σx⁴."""

    def __call__(self, x, y):
        return ((y - C) ** 2).sum(-1) / 2 + (x**4).sum(-1) / 4

    def grad_x(self, x, y):
        return x**3

    def grad_y(self, x, y):
        return y - C


EXACT = Bilevel(Upper(), Residual(A, B), N, M, lambda x: np.matvec(np.linalg.pinv(A) @ B, x))
NOISY = replace(EXACT, upper=NoisyLevel(Upper(), N, M, 0.1, 0.05), lower=NoisyLevel(EXACT.lower, N, M, 0.1, 0.05))
X, Y = np.random.default_rng(2).normal(size=(3, N)), np.random.default_rng(3).normal(size=(3, M))


def rng(seed=0):
    return np.random.default_rng(seed)


def states(generator, k):
    return list(islice(generator, k + 1))


@pytest.mark.parametrize("tau", [np.inf, 0.5])
def test_the_updates_are_the_ones_written_out(tau):
    x, y, z, cut = X[0], Y[0], np.zeros(M), 0
    for state in states(soba(EXACT, x, y, alpha=0.1, gamma=0.3, nu=0.15, tau=tau), 30)[1:]:
        d = x**3 + B.T @ A @ z
        cut += np.linalg.norm(d) > tau
        d = d * min(1, tau / np.linalg.norm(d))
        x, y, z = x - 0.1 * d, y - 0.3 * A.T @ (A @ y - B @ x), z - 0.15 * (A.T @ A @ z - (y - C))
        for ours, theirs in zip(state, (x, y, z), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)
    assert (cut > 0) == (tau < np.inf)


def test_each_call_has_a_sample_of_its_own():
    same, x, y = rng(4), X[0], Y[0]
    made = states(soba(NOISY, x, y, alpha=0.1, gamma=0.3, nu=0.15, rng=rng(4)), 5)
    z = np.zeros(M)

    def draws():
        return [same.standard_normal((1, size))[0] for size in (N, M, N, M)]

    for state in made[1:]:
        length = np.linalg.norm(z)
        F_x, jvp, G_y, hvp, F_y = draws()[0], draws()[2], draws()[1], draws()[3], draws()[1]
        d = x**3 + 0.1 * F_x + B.T @ A @ z - 0.05 * length * jvp
        new_y = y - 0.3 * (A.T @ (A @ y - B @ x) + 0.1 * G_y)
        z = z - 0.15 * (A.T @ A @ z + 0.05 * length * hvp - (y - C) - 0.1 * F_y)
        x, y = x - 0.1 * d, new_y
        np.testing.assert_allclose(state.x, x, rtol=1e-11)
        np.testing.assert_allclose(state.y, y, rtol=1e-11)
        np.testing.assert_allclose(state.z, z, rtol=1e-11)


def test_it_ends_where_the_hypergradient_vanishes():
    end = states(soba(EXACT, X[0], Y[0], alpha=0.1, gamma=0.3, nu=0.3), 4000)[-1]
    np.testing.assert_allclose(EXACT.hypergrad(end.x), 0, atol=1e-10)
    assert np.linalg.norm(EXACT.hypergrad(X[0])) > 0.1


def test_what_a_step_costs():
    problem = counted(EXACT)
    next(made := soba(problem, X[0], Y[0], alpha=0.1))
    assert calls(problem) == {}
    next(made)
    assert calls(problem) == {"upper gradients": 2, "lower gradients": 1, "second-derivative products": 2}


def test_a_batch_is_its_replicates_one_by_one():
    steps, radii = np.array([0.02, 0.1, 0.05]), np.array([0.3, 1.0, np.inf])

    def begun(i, rng):
        return soba(NOISY, X[i], Y[i], alpha=steps[i], tau=radii[i], rng=rng)

    together = run(begun(slice(None), common(rng(5), 1)), 30)
    for i in range(3):
        for field, values in run(begun(i, rng(5)), 30).fields.items():
            np.testing.assert_allclose(together.fields[field][:, i], values, rtol=1e-10, atol=1e-12, err_msg=field)
    assert len({together.x[-1, i].tobytes() for i in range(3)}) == 3


class Bent:
    """A lower level with another product."""

    def __init__(self, name, made):
        self.name, self.made = name, made

    def __getattr__(self, name):
        return self.made if name == self.name else getattr(EXACT.lower, name)


@pytest.mark.parametrize(
    ("problem", "given", "message"),
    [
        (EXACT, {"alpha": -0.1}, "^alpha must be 0 or more and finite"),
        (EXACT, {"alpha": np.nan}, "^alpha must be"),
        (EXACT, {"gamma": 0.0}, "^gamma must be > 0"),
        (EXACT, {"nu": np.inf}, "^nu must be"),
        (EXACT, {"tau": 0.0}, "^tau must be > 0, infinity included"),
        (EXACT, {"tau": "far"}, "^tau must be"),
        (EXACT, {"x0": np.zeros(4)}, r"the shape of x0 must be \(\*batch, 3\), got \(4,\)"),
        (EXACT, {"y0": np.full(M, np.nan)}, "^y0 must be"),
        (EXACT, {"rng": rng()}, "each level must be one that can be sampled"),
        (replace(EXACT, lower=Bent("hvp_yy", lambda x, y, v: v**3)), {}, "hvp must be linear in v"),
        (replace(EXACT, lower=Bent("hvp_xy", lambda x, y, v: v)), {}, r"the shape of jvp\(x, y, v\)"),
    ],
)
def test_what_is_refused(problem, given, message):
    with pytest.raises(ValueError, match=message):
        soba(problem, **{"x0": X[0], "y0": Y[0], "alpha": 0.1} | given)
