import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.core.randomness import common
from optilab.core.run import run
from optilab.papers.last_iterate import algorithm as alg
from optilab.papers.last_iterate.algorithm import SCHEDULES, bound, csmd, strong_bound
from optilab.papers.last_iterate.problems import Distance, Harvey, MaxAffine, outliers, scenarios
from optilab.problems.mirror import Entropy, Euclidean, Power
from optilab.problems.noisy import Gaussian, Lomax, Noisy
from optilab.problems.quadratic import Quadratic
from optilab.problems.simple import L1, Simplex, SquaredNorm

seeds = st.integers(0, 2**31)


quiet = settings(max_examples=40, deadline=None)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_euclidean_run_is_proximal_sgd_written_out():
    problem, eta = outliers(0, L1(0.1)), alg.linear(50, 0.4)
    rows = rng(3)
    x = np.zeros(10)
    for step in eta:
        i = rows.integers(100, size=())
        x = x - step * np.sign(problem.A[i] @ x - problem.b[i]) * problem.A[i]
        x = np.sign(x) * np.maximum(abs(x) - step * 0.1, 0)
    *_, last = csmd(problem, np.zeros(10), eta=eta, rng=rng(3))
    np.testing.assert_allclose(last.x, x, atol=1e-12)


def test_the_power_map_of_p_2_is_sgd():
    problem, eta = Noisy(Distance(np.ones(3)), Lomax(2.5), 3), alg.poly(40, 0.5)
    plain = run(csmd(problem, np.zeros((4, 3)), eta=eta, rng=rng()), 40).x
    power = run(csmd(problem, np.zeros((4, 3)), eta=eta, rng=rng(), mirror=Power(2.0, np.zeros(3))), 40).x
    np.testing.assert_allclose(power, plain, atol=1e-10)


CASES = {
    "regression": (outliers(0, L1(0.1)), np.zeros(10), None),
    "ball": (Harvey(30), np.zeros(30), None),
    "entropy": (Noisy(scenarios(0, 20), Gaussian(0.5), 20), np.full(20, 0.05), Entropy()),
    "simplex": (Noisy(scenarios(0, 20), Gaussian(0.5), 20), np.full(20, 0.05), Euclidean()),
    "power": (Noisy(Distance(np.ones(3)), Lomax(1.6), 3), np.zeros(3), Power(1.5, np.zeros(3))),
}


@pytest.mark.parametrize(("problem", "x1", "mirror"), CASES.values(), ids=CASES)
def test_a_batch_is_its_replicates_one_by_one(problem, x1, mirror):
    etas = np.array([0.1, 0.5, 1.0])
    start = np.broadcast_to(x1, (3, len(x1)))
    together = run(csmd(problem, start, eta=alg.poly(30, etas), rng=common(rng(5), 1), mirror=mirror), 30).x
    alone = [run(csmd(problem, x1, eta=alg.poly(30, eta), rng=rng(5), mirror=mirror), 30).x for eta in etas]
    np.testing.assert_allclose(together, np.stack(alone, 1), atol=1e-10)


def test_one_call_of_the_oracle_a_step_and_the_last_of_T_plus_1_points():
    trace = run(csmd(outliers(0), np.zeros((2, 10)), eta=alg.const(7, 1.0), rng=rng()), 100)
    assert trace.x.shape == (8, 2, 10)
    assert (trace.g[0] == 0).all()


def test_all_outputs_are_the_same_after_one_step():
    trace = run(csmd(outliers(0), np.zeros((2, 10)), eta=alg.poly(1, 1.0), rng=rng()), 1)
    for output in (alg.average(trace.x, 1), alg.suffix_average(trace.x, 1)):
        np.testing.assert_array_equal(output, trace.x[1])
    np.testing.assert_allclose(alg.weighted_average(trace.x, alg.poly(1, 1.0), 1), trace.x[1])


def test_averages_are_those_of_their_definition_and_prefixes_agree():
    x, eta = rng().normal(size=(12, 3, 2)), rng(1).uniform(0.5, 1, (11, 3))
    t = np.array([1, 2, 5, 11])
    np.testing.assert_allclose(alg.average(x, t), [x[1 : k + 1].mean(0) for k in t])
    np.testing.assert_allclose(alg.average(x, 5), x[1:6].mean(0))
    np.testing.assert_allclose(alg.suffix_average(x, t), [x[k // 2 + 1 : k + 1].mean(0) for k in t])
    np.testing.assert_allclose(alg.suffix_average(x, 11), x[6:12].mean(0))
    weights = eta[:5, :, None]
    np.testing.assert_allclose(alg.weighted_average(x, eta, 5), (weights * x[1:6]).sum(0) / weights.sum(0))
    np.testing.assert_array_equal(alg.best(np.array([3.0, 5.0, 2.0, 4.0])), [3, 3, 2, 2])


def test_schedules_are_what_they_are_called():
    t = np.arange(1, 11)
    np.testing.assert_allclose(alg.poly(10, 0.3), 0.3 / np.sqrt(t))
    np.testing.assert_allclose(alg.const(10, 0.3), 0.3 / np.sqrt(10))
    assert alg.linear(10, 0.3).sum() == pytest.approx(0.3 * 11 / (2 * np.sqrt(10)))
    for schedule in SCHEDULES.values():
        assert schedule(10, 5.0, L=2.0).max() <= 0.25
        np.testing.assert_allclose(schedule(10, np.array([0.1, 2.0]))[:, 1], schedule(10, 2.0))
    np.testing.assert_allclose(alg.heavy_poly(10, 0.3, 2.0), alg.poly(10, 0.3))
    np.testing.assert_allclose(alg.heavy_const(10, 0.3, 2.0), alg.const(10, 0.3))
    np.testing.assert_allclose(alg.heavy_linear(10, 0.3, 2.0), alg.linear(10, 0.3))
    np.testing.assert_allclose(alg.strong1(10, 0.5), 2 / t)
    np.testing.assert_allclose(alg.strong2(10, 0.5, 1.0), 4 / (t + 9))
    np.testing.assert_allclose(alg.strong2_simple(10, 0.5, 1.0), 4 / (t + 8))
    third = alg.strong3(10, 1.0)
    np.testing.assert_allclose(third, [1 / 1.5] * 5 + [2 / (k + 2) for k in range(1, 6)])
    for make in (alg.strong1, alg.strong2, alg.strong2_simple, alg.strong3):
        assert make(9, 0.5, 3.0).max() <= 1 / 6 + 1e-12


@pytest.mark.parametrize("T", [16, 64, 256])
@pytest.mark.parametrize("name", SCHEDULES)
def test_the_simulated_instance_is_its_closed_form(name, T):
    problem, eta = Harvey(T), SCHEDULES[name](T, 1.0)
    trace = run(csmd(problem, np.zeros(T), eta=eta, rng=rng()), T)
    np.testing.assert_allclose(problem(trace.x), problem.values(eta), atol=1e-12)
    np.testing.assert_allclose(trace.x[T // 3], problem.point(eta, T // 3 + 1), atol=1e-12)
    assert (problem.active(trace.x)[:-1] == np.arange(T)).all()
    assert np.linalg.norm(trace.x, axis=-1).max() < 0.4


def test_the_instance_pays_the_known_amounts():
    table = {16: (0.180, 0.153, 0.037), 256: (0.307, 0.275, 0.034), 4096: (0.437, 0.404, 0.034)}
    for T, row in table.items():
        found = [np.sqrt(T) * Harvey(T).values(schedule(T, 1.0))[-1] for schedule in SCHEDULES.values()]
        np.testing.assert_allclose(found, row, atol=6e-4)
    average = Harvey(4096).average(alg.poly(4096, 1.0))
    assert 64 * Harvey(4096)(average) == pytest.approx(0.052, abs=6e-4)


def exact(problem):
    """The problem with an oracle that tells the truth."""
    return Noisy(problem, Gaussian(0.0), len(problem.A))


@given(seed=seeds, d=st.integers(1, 5), T=st.integers(1, 30))
@quiet
def test_no_schedule_breaks_its_bound_without_noise(seed, d, T):
    draw = rng(seed)
    problem = MaxAffine(draw.normal(size=(d, 6)), draw.normal(size=6))
    eta = np.exp(draw.normal(size=T))
    M = 2 * np.linalg.norm(problem.A, axis=0).max()
    reference = draw.normal(size=(50, d))  # the bound holds against every point, x* among them
    *_, last = csmd(exact(problem), np.zeros(d), eta=eta, rng=draw)
    D = 0.5 * (reference**2).sum(-1)
    assert (problem(last.x) - problem(reference) <= [bound(eta, radius, M**2) for radius in D]).all()


@given(seed=seeds, d=st.integers(2, 5), T=st.integers(1, 30))
@quiet
def test_no_schedule_breaks_its_bound_on_the_simplex(seed, d, T):
    draw = rng(seed)
    problem = MaxAffine(draw.normal(size=(d, 6)), draw.normal(size=6), Simplex())
    eta = np.exp(draw.normal(size=T))
    *_, last = csmd(exact(problem), np.full(d, 1 / d), eta=eta, rng=draw, mirror=Entropy())
    assert problem(last.x) - problem.minimum <= bound(eta, np.log(d), 4 * abs(problem.A).max() ** 2)


@given(seed=seeds, d=st.integers(1, 5), T=st.integers(1, 30), mu=st.floats(0.01, 2))
@quiet
def test_no_schedule_breaks_the_strongly_convex_bound(seed, d, T, mu):
    draw = rng(seed)
    problem = MaxAffine(draw.normal(size=(d, 6)), draw.normal(size=6), SquaredNorm(mu))
    M = 2 * np.linalg.norm(problem.A, axis=0).max()
    reference = draw.normal(size=(20, d))
    for eta in (np.exp(draw.normal(size=T)), alg.strong1(T, mu), alg.strong2_simple(T, mu)):
        *_, last = csmd(exact(problem), np.zeros(d), eta=eta, rng=draw)
        for point in reference:
            promised = strong_bound(eta, 0.5 * point @ point, M**2, mu_h=mu)
            assert problem(last.x) - problem(point) <= promised * (1 + 1e-9)


@given(seed=seeds, T=st.integers(1, 30), share=st.floats(0.01, 0.5))
@quiet
def test_no_schedule_breaks_the_smooth_bound(seed, T, share):
    draw = rng(seed)
    H = np.diag(draw.uniform(0.1, 4, 3))
    problem = Quadratic(H, np.zeros(3))
    eta = draw.uniform(0.1, 1, T) * share / problem.L
    x1 = draw.normal(size=3)
    *_, last = csmd(exact(problem), x1, eta=eta, rng=draw)
    D = 0.5 * x1 @ x1
    assert problem(last.x) <= bound(eta, D, 0.0, L=problem.L)
    assert problem(last.x) <= strong_bound(eta, D, 0.0, mu_f=problem.mu, L=problem.L)


@given(seed=seeds, d=st.integers(1, 5), T=st.integers(1, 30), p=st.floats(1.2, 2))
@quiet
def test_no_schedule_breaks_the_bound_of_the_power_map(seed, d, T, p):
    draw = rng(seed)
    problem = MaxAffine(draw.normal(size=(d, 6)), draw.normal(size=6))
    power = Power(p, np.zeros(d))
    M = 2 * np.linalg.norm(problem.A, axis=0).max()
    eta = np.exp(draw.normal(size=T))
    *_, last = csmd(exact(problem), np.zeros(d), eta=eta, rng=draw, mirror=power)
    for point in draw.normal(size=(20, d)):
        D = power.divergence(point, np.zeros(d))
        promised = alg.heavy_bound(eta, D, M**p, p)
        assert problem(last.x) - problem(point) <= promised * (1 + 1e-9)


def test_bounds_have_known_values_and_limits():
    assert float(bound(alg.linear(10, 0.5), 0.5, 1.0)) == pytest.approx(1.0796668465)
    eta = rng().uniform(0.1, 1, 20)
    assert float(strong_bound(eta, 0.7, 1.3)) == pytest.approx(float(bound(eta, 0.7, 1.3)))
    assert float(alg.heavy_bound(eta, 0.7, 1.3, 2.0)) == pytest.approx(float(bound(eta, 0.7, 0.65)))
    both = np.stack([eta, 2 * eta], -1)
    np.testing.assert_allclose(bound(both, 0.7, 1.3), [bound(eta, 0.7, 1.3), bound(2 * eta, 0.7, 1.3)])
    for T, row in {10: (3.36, 3.42, 3.41), 1000: (4.93, 5.47, 3.99)}.items():
        tuned = [bound(s(T, alg.best_eta(s, T, 0.5, 1.0)), 0.5, 1.0) * np.sqrt(T) for s in SCHEDULES.values()]
        np.testing.assert_allclose(tuned, row, atol=0.006)


def test_the_third_strong_schedule_neither_overflows_nor_remembers_its_start():
    assert np.isfinite(strong_bound(alg.strong3(1500, 1.0), 1.0, 1.0, mu_f=1.0))
    assert 1e-28 < float(strong_bound(alg.strong3(100, 1.0), 1.0, 0.0, mu_f=1.0)) < 1e-26


def test_confidence_costs_a_logarithm():
    eta = alg.linear(100, 0.5)
    sure, surer = (
        alg.high_probability_shape(eta, 0.0, 0.0, 1.0, 0.1),
        alg.high_probability_shape(eta, 0.0, 0.0, 1.0, 0.01),
    )
    assert float(surer / sure) == pytest.approx((1 + 2 * np.log(200)) / (1 + 2 * np.log(20)))


WIDER = Noisy(Distance(np.ones(10)), Gaussian(0.1), 10)  # than the start that it is given


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: alg.poly(0, 1.0), "T must be a whole number"),
        (lambda: alg.const(0, 0.3), "T must be a whole number, 1 or more, got 0"),
        (lambda: alg.heavy_const(0, 0.3, 1.5), "T must be a whole number, 1 or more, got 0"),
        (lambda: alg.poly(2.5, 1.0), "T must be a whole number, 1 or more, got 2.5"),
        (lambda: alg.linear(10, 0.0), "eta must be positive"),
        (lambda: alg.linear(10, np.inf), "eta must be positive and finite"),
        (lambda: alg.poly(10, "1"), "eta must be positive and finite, got '1'"),
        (lambda: alg.strong2(10, 0.5, np.nan), "L must be 0 or more"),
        (lambda: alg.const(10, -1.0), "eta must be positive"),
        (lambda: alg.poly(10, 1.0, L=-1.0), "L must be"),
        (lambda: alg.heavy_poly(10, 1.0, 2.1), r"p must be in \(1, 2\]"),
        (lambda: alg.heavy_const(10, 1.0, 1.0), r"p must be in \(1, 2\]"),
        (lambda: alg.heavy_linear(10, 1.0, 0.5), r"p must be in \(1, 2\]"),
        (lambda: alg.strong1(10, 0.0), "mu must be positive"),
        (lambda: bound(np.array([0.1, 0.3]), 1.0, 1.0, L=2.0), r"at most 1/\(2L\) = 0.25"),
        (lambda: bound(np.array([0.1, 0.0]), 1.0, 1.0), "eta must be positive"),
        *(
            (lambda given=given: bound(np.array([0.1, 0.2]), **given), f"{name} must be 0 or more and finite")
            for name, given in (
                ("L", {"D": 1.0, "s2": 1.0, "L": np.nan}),
                ("L", {"D": 1.0, "s2": 1.0, "L": -1.0}),
                ("D", {"D": -1.0, "s2": 1.0}),
                ("s2", {"D": 1.0, "s2": -1.0}),
                ("s2", {"D": 1.0, "s2": np.nan}),
            )
        ),
        (lambda: strong_bound(np.ones(3), 1.0, 1.0, mu_h=-1.0), "mu_h must be 0 or more"),
        (lambda: alg.heavy_bound(np.ones(3), 1.0, -1.0, 1.5), "moments must be 0 or more"),
        (lambda: alg.high_probability_shape(np.ones(3), 1.0, 1.0, -1.0, 0.1), "sigma must be 0 or more"),
        (lambda: alg.best_eta(alg.poly, 10, 0.0, 1.0), "D must be positive"),
        (lambda: alg.average(np.zeros((5, 2)), 9), "t must be whole, from 1 to T = 4, got 9"),
        (lambda: alg.suffix_average(np.zeros((5, 2)), np.array([1, 5])), "t must be whole, from 1 to T = 4"),
        (lambda: alg.weighted_average(np.zeros((5, 2)), np.ones(3), 2), "the length of eta must be T = 4"),
        (lambda: strong_bound(np.array([0.5, 1.0]), 1.0, 1.0, mu_f=1.0), "below 1"),
        (lambda: strong_bound(np.array([1.5, 0.5]), 1.0, 1.0, mu_f=1.0), "at most 1"),
        (lambda: alg.heavy_bound(np.ones(3), 1.0, 1.0, 3.0), r"p must be in \(1, 2\]"),
        (lambda: alg.high_probability_shape(np.ones(3), 1.0, 1.0, 1.0, 0.0), "delta must be"),
        (lambda: csmd(outliers(0), np.zeros(10), eta=np.array([]), rng=rng()), "T ≥ 1"),
        (lambda: csmd(outliers(0), np.zeros(10), eta=np.array([1.0, -1.0]), rng=rng()), "eta must be positive"),
        (lambda: csmd(scenarios(0, 20), np.eye(20)[0], eta=np.ones(3), rng=rng(), mirror=Entropy()), "sum 1"),
        (
            lambda: list(csmd(WIDER, np.zeros(1), eta=np.ones(3), rng=rng())),
            r"shape of the subgradient of step 1 must be",
        ),
        (lambda: csmd(outliers(0), np.full(10, np.nan), eta=np.ones(3), rng=rng()), "finite"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_an_oracle_that_breaks_is_named_with_its_step():
    class Broken(Distance):
        calls = 0

        def sample(self, rng, size):
            return None

        def sample_grad(self, x, sample):
            Broken.calls += 1
            return self.subgrad(x) * (np.nan if Broken.calls == 4 else 1.0)

    states = csmd(Broken(np.ones(2)), np.zeros(2), eta=np.ones(9), rng=rng())
    with pytest.raises(ValueError, match="subgradient of step 4 must be finite"):
        list(states)
