import numpy as np
import pytest

from optilab.problems.bilevel import Bilevel, NoisyLevel, Residual, calls, counted
from optilab.problems.oracles import StochasticTwiceLevel

N, M = 3, 5
BATCHES = [(), (4,), (2, 4)]


def rng(seed=0):
    return np.random.default_rng(seed)


class Upper:
    """½‖y − c‖² + Σ sin x + x₁ y₁."""

    c = np.linspace(-1, 1, M)

    def __call__(self, x, y):
        return ((y - self.c) ** 2).sum(-1) / 2 + np.sin(x).sum(-1) + x[..., 0] * y[..., 0]

    def grad_x(self, x, y):
        first = np.zeros(N)
        first[0] = 1
        return np.cos(x) + y[..., :1] * first

    def grad_y(self, x, y):
        first = np.zeros(M)
        first[0] = 1
        return y - self.c + x[..., :1] * first


def problem(r, batch=()):
    """A residual of r rows, of one problem or a batch of them; the lower solution of least norm."""
    A, B = rng(1).normal(size=(*batch, r, M)), rng(2).normal(size=(*batch, r, N))
    return Bilevel(Upper(), Residual(A, B), N, M, lambda x: np.matvec(np.linalg.pinv(A), np.matvec(B, x)))


def points(batch):
    return rng(3).normal(size=(*batch, N)), rng(4).normal(size=(*batch, M))


def difference(f, x, step=1e-6):
    """Gradient of f (*batch) by central differences."""
    units = step * np.eye(x.shape[-1])
    return np.stack([(f(x + unit) - f(x - unit)) / (2 * step) for unit in units], -1)


@pytest.mark.parametrize("batch", BATCHES)
def test_the_hypergradient_is_that_of_the_hyper_objective(batch):
    bilevel, (x, _) = problem(7), points(batch)
    np.testing.assert_allclose(bilevel.hypergrad(x), difference(bilevel, x), atol=1e-6)
    np.testing.assert_allclose(bilevel.hypergrad(x, pinv=True), bilevel.hypergrad(x), atol=1e-10)


def test_a_batch_of_problems_gives_what_each_gives():
    bilevel, (x, y) = problem(7, (4,)), points((4,))
    for i in range(4):
        lower = Residual(bilevel.lower.A[i], bilevel.lower.B[i])
        np.testing.assert_allclose(bilevel.lower_hess(x, y)[i], lower.A.T @ lower.A, atol=1e-12)
        alone = Bilevel(Upper(), lower, N, M).hypergrad(x[i], y[i])
        np.testing.assert_allclose(bilevel.hypergrad(x, y)[i], alone, rtol=1e-9)


@pytest.mark.parametrize("pinv", [False, True])
def test_a_lost_replicate_takes_no_other_with_it(pinv):
    bilevel, (x, _) = problem(7, (4,)), points((4,))
    lower = Residual(bilevel.lower.A.copy(), bilevel.lower.B)
    lower.A[2, 0, 0] = np.nan  # as where a Hessian overflows
    y, others = bilevel.y_star(x), np.array([0, 1, 3])
    slope = Bilevel(Upper(), lower, N, M).hypergrad(x, y, pinv=pinv)
    np.testing.assert_array_equal(slope[others], bilevel.hypergrad(x, y, pinv=pinv)[others])
    assert np.isnan(slope[2]).all()


def test_a_singular_lower_level_is_refused_without_a_pseudo_inverse():
    bilevel, (x, _) = problem(2), points(())
    with pytest.raises(ValueError, match="the lower Hessian must be regular, or pinv=True"):
        bilevel.hypergrad(x)
    assert np.isfinite(bilevel.hypergrad(x, pinv=True)).all()


def test_what_a_problem_does_not_know_is_said():
    bilevel = Bilevel(Upper(), problem(2).lower, N, M)
    with pytest.raises(ValueError, match="solution must be known"):
        bilevel(np.zeros(N))
    with pytest.raises(ValueError, match="one that counts"):
        calls(bilevel)
    with pytest.raises(ValueError, match="the shape of B"):
        Residual(np.ones((2, M)), np.ones((3, N)))
    with pytest.raises(ValueError, match="scale must be 0 or more"):
        NoisyLevel(Upper(), N, M, -1.0)


def test_a_sample_can_be_asked_at_two_points():
    level = NoisyLevel(problem(3).lower, N, M, 0.5, 0.2)
    assert isinstance(level, StochasticTwiceLevel)
    (x, y), v = points((2,)), rng(5).normal(size=(2, M))
    sample = level.sample(rng(7), (2, 1))
    for name in ("grad_x", "grad_y", "hvp_xy", "hvp_yy"):
        rest = (y, v) if "hvp" in name else (y,)
        change = getattr(level, f"sample_{name}")(x + 1, *rest, sample) - getattr(level, f"sample_{name}")(
            x, *rest, sample
        )
        exact = getattr(level, name)(x + 1, *rest) - getattr(level, name)(x, *rest)
        np.testing.assert_allclose(change, exact, atol=1e-12)


def test_calls_are_told_apart_by_level():
    bilevel = counted(problem(7))
    x, y = points((4,))
    bilevel.upper.grad_x(x, y)
    bilevel.lower.grad_x(x, y)
    bilevel.lower.grad_y(x, y)
    bilevel.lower.hvp_xy(x, y, y)
    assert calls(bilevel) == {"upper gradients": 1, "lower gradients": 2, "second-derivative products": 1}
