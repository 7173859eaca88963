from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest

from optilab.classics.soba import soba
from optilab.core.run import run
from optilab.papers.bo_rep import algorithm as alg
from optilab.papers.bo_rep import problems as pr
from optilab.problems.bilevel import Bilevel, calls, counted

EXACT = pr.world(pr.draw(0), 0.0, 0.0)
A, H, B = EXACT.lower.A, EXACT.lower.H, EXACT.upper.b


def rng(seed=0):
    return np.random.default_rng(seed)


def states(generator, k):
    return list(islice(generator, k + 1))


def F_x(x):
    return np.exp(x - 20) - np.exp(-x)


def F_y(y):
    return (y - B) / np.sqrt(1 + (y - B) ** 2)


def into_ball(w, c, radius):
    far = np.sqrt(((w - c) ** 2).sum())
    return w if far <= radius else c + (w - c) * (radius / far)


def lower_by_hand(x, c, gamma, N, radius):
    w, path = c, []
    for _ in range(N):
        w = into_ball(w - gamma * H @ (w - A @ x), c, radius)
        path.append(w)
    return np.mean(path, 0)


def test_every_iteration_is_the_one_written_out():
    eta, beta, nu, gamma, I, N, R = 0.05, 0.8, 0.15, 0.3, 3, 4, 0.05
    x0, y0 = rng(1).normal(size=3), rng(2).normal(size=6)
    made = states(alg.bo_rep(EXACT, x0, y0, eta=eta, beta=beta, nu=nu, gamma=gamma, I=I, N=N, R=R), 40)
    x, y, z, m = x0, y0, np.zeros(6), None
    bound = 0
    for k, state in enumerate(made[1:]):
        if k > 0 and k % I == 0:
            new = lower_by_hand(x, y, gamma, N, R)
            bound += np.linalg.norm(lower_by_hand(x, y, gamma, N, np.inf) - y) > R
            y = new
        gh = F_x(x) + A.T @ H @ z
        z = z - nu * (H @ z - F_y(y))
        m = gh if m is None else beta * m + (1 - beta) * gh
        x = x - eta * m / np.sqrt((m**2).sum())
        for ours, theirs in zip(state, (x, y, z, m), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)
    assert bound >= 5  # the ball took part


def test_the_noise_of_each_call_is_a_draw_of_its_own():
    P, same = pr.world(pr.draw(0), 0.1, 0.05), rng(3)
    x, y = rng(1).normal(size=3), rng(2).normal(size=6)
    made = states(alg.bo_rep(P, x, y, eta=0.05, beta=0.5, I=1, N=1, rng=rng(3)), 2)

    def noise(d, scale):
        return scale * same.standard_normal(6)[:d]

    z, m = np.zeros(6), None
    for k, state in enumerate(made[1:]):
        if k:
            y = y - 0.2 * (H @ (y - A @ x) + noise(6, 0.1))
        length = np.linalg.norm(z)
        gh = F_x(x) + noise(3, 0.1) + A.T @ H @ z - noise(3, 0.05 * length)
        z = z - 0.1 * (H @ z + noise(6, 0.05 * length) - F_y(y) - noise(6, 0.1))
        m = gh if m is None else 0.5 * m + 0.5 * gh
        x = x - 0.05 * m / np.linalg.norm(m)
        np.testing.assert_allclose(state.x, x, rtol=1e-11)
        np.testing.assert_allclose(state.z, z, rtol=1e-11)


def test_x_moves_at_constant_speed_and_y_only_every_I_iterations():
    P = pr.world(pr.draw(0))
    made = states(alg.bo_rep(P, pr.start(3), np.zeros(6), eta=0.02, I=7, N=2, rng=rng()), 60)
    for k, (before, after) in enumerate(pairwise(made)):
        assert np.linalg.norm(after.x - before.x) == pytest.approx(0.02, rel=1e-11)
        assert np.array_equal(before.y, after.y) == (k == 0 or k % 7 != 0)


def test_without_momentum_to_follow_x_stays():
    flat = Bilevel(Constant(), EXACT.lower, 3, 6)
    made = states(alg.bo_rep(flat, np.ones(3), A @ np.ones(3), eta=0.1), 5)
    np.testing.assert_array_equal(made[-1].x, 1)


class Constant:
    def __call__(self, x, y):
        return 0 * x[..., 0]

    def grad_x(self, x, y):
        return 0 * x

    def grad_y(self, x, y):
        return 0 * y


class Scaled:
    """s times a level."""

    def __init__(self, level, s):
        self.level, self.s = level, s

    def grad_x(self, x, y):
        return self.s * self.level.grad_x(x, y)

    def grad_y(self, x, y):
        return self.s * self.level.grad_y(x, y)


@pytest.mark.parametrize(("s", "error"), [(2.0**20, 0), (1e6, 1e-12)])
def test_the_scale_of_the_upper_level_has_no_effect(s, error):
    other, start = replace(EXACT, upper=Scaled(EXACT.upper, s)), (pr.start(6), np.zeros(6))
    ends = [states(alg.bo_rep(P, *start, eta=0.02), 1500)[-1] for P in (EXACT, other)]
    assert abs(ends[0].x - ends[1].x).max() <= error
    assert abs(ends[0].y - ends[1].y).max() <= error
    plain = [states(soba(P, *start, alpha=1e-9), 5)[-1].x for P in (EXACT, other)]
    assert abs(plain[0] - plain[1]).max() > 1e-3


def test_without_normalisation_it_is_ma_soba_that_sees_the_new_y(monkeypatch):
    monkeypatch.setattr(alg, "unit", lambda m: m)
    x, y, z, m = pr.start(1), np.ones(6), np.zeros(6), np.zeros(3)
    made = states(alg.bo_rep(EXACT, x, y, eta=0.05, beta=0.7, nu=0.15, gamma=0.3, I=1, N=1), 50)
    for k, state in enumerate(made[1:]):
        if k:
            y = y - 0.3 * H @ (y - A @ x)
        d, z = F_x(x) + A.T @ H @ z, z - 0.15 * (H @ z - F_y(y))
        m = d if k == 0 else 0.7 * m + 0.3 * d
        x = x - 0.05 * m
        np.testing.assert_allclose(state.x, x, rtol=1e-11)


def epochs_by_hand(x, y, gamma1, T1, D1, E):
    for s in range(E):
        y = lower_by_hand(x, y, gamma1 / 2**s, T1 * 2**s, D1 / np.sqrt(2) ** s)
    return y


def test_epoch_sgd_is_the_one_written_out_and_its_ball_binds():
    x, refine = pr.start(3), alg.Refinement(0.4, 3, 1.0, 3)
    problem = counted(EXACT)
    found = alg.epoch_sgd(problem, x, np.zeros(6), refine)
    np.testing.assert_allclose(found, epochs_by_hand(x, np.zeros(6), *refine), rtol=1e-12)
    assert calls(problem) == {"lower gradients": refine.calls} == {"lower gradients": 21}
    assert np.linalg.norm(found - epochs_by_hand(x, np.zeros(6), 0.4, 3, 4.0, 3)) > 0.03
    far, near = (
        np.linalg.norm(y - A @ x) for y in (np.zeros(6), alg.epoch_sgd(EXACT, x, np.zeros(6), alg.Refinement()))
    )
    assert near < 0.01 * far


def test_the_refinement_comes_before_the_first_state():
    refine = alg.Refinement(0.4, 3, 1.0, 2)
    first = next(alg.bo_rep(EXACT, pr.start(3), np.zeros(6), eta=0.1, refine=refine))
    np.testing.assert_array_equal(first.y, alg.epoch_sgd(EXACT, pr.start(3), np.zeros(6), refine))
    np.testing.assert_array_equal(first.x, pr.start(3))


def test_what_is_counted_is_what_is_said():
    problem, refine = counted(EXACT), alg.Refinement(0.4, 3, 1.0, 2)
    made = alg.bo_rep(problem, pr.start(3), np.zeros(6), eta=0.1, I=3, N=5, refine=refine)
    for k, _ in enumerate(islice(made, 12)):
        assert sum(calls(problem).values()) == alg.calls(k, 3, 5, refine)


COSTS = {
    "ma_soba": (lambda P: alg.ma_soba(P, pr.start(1), np.zeros(6), alpha=0.01), 5),
    "stocbio": (lambda P: alg.stocbio(P, pr.start(1), np.zeros(6), alpha=0.01, T=3, Q=5), 11),
    "sustain": (lambda P: alg.sustain(P, pr.start(1), np.zeros(6), alpha=0.01, Q=5), 18),
}


@pytest.mark.parametrize("name", COSTS)
def test_what_a_step_of_a_rival_costs(name):
    make, cost = COSTS[name]
    problem = counted(EXACT)
    made = states(make(problem), 1)
    before = sum(calls(problem).values())
    made = make(problem)
    for _ in range(4):
        next(made)
    assert len(calls(problem)) == 3
    first = cost if name != "sustain" else 9
    assert sum(calls(problem).values()) - before == first + 2 * cost


@pytest.mark.parametrize("from_zero", [False, True])
def test_ma_soba_starts_its_momentum_at_the_first_direction_or_at_0(from_zero):
    x, y, z, m = pr.start(1), np.ones(6), np.zeros(6), np.zeros(3)
    made = states(alg.ma_soba(EXACT, x, y, alpha=0.05, beta=0.8, from_zero=from_zero), 30)
    for k, state in enumerate(made[1:]):
        d = F_x(x) + A.T @ H @ z
        m = d if k == 0 and not from_zero else 0.8 * m + 0.2 * d
        x, y, z = x - 0.05 * m, y - 0.2 * H @ (y - A @ x), z - 0.1 * (H @ z - F_y(y))
        np.testing.assert_allclose(state.x, x, rtol=1e-12)


def inexact(x, y, nu, Q):
    """The hypergradient with the sum of powers written out."""
    T = np.eye(6) - nu * H
    p = nu * sum(np.linalg.matrix_power(T, q) for q in range(Q + 1)) @ F_y(y)
    return F_x(x) + A.T @ H @ p


def test_stocbio_is_the_one_written_out():
    x, y = pr.start(1), np.ones(6)
    for state in states(alg.stocbio(EXACT, x, y, alpha=0.05, gamma=0.3, nu=0.4, T=2, Q=4), 20)[1:]:
        for _ in range(2):
            y = y - 0.3 * H @ (y - A @ x)
        x = x - 0.05 * inexact(x, y, 0.4, 4)
        np.testing.assert_allclose(state.x, x, rtol=1e-11)


def test_with_exact_oracles_recursive_directions_are_those_of_the_point():
    x, y = pr.start(1), np.ones(6)
    made = states(alg.sustain(EXACT, x, y, alpha=0.05, gamma=0.3, nu=0.4, Q=4, eta=0.2), 30)
    for before, after in pairwise(made):
        np.testing.assert_allclose(after.d_x, inexact(before.x, before.y, 0.4, 4), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(after.d_y, H @ (before.y - A @ before.x), rtol=1e-9, atol=1e-12)
    made = states(alg.vrbo(EXACT, x, y, alpha=0.05, gamma=0.3, nu=0.4, Q=4, T=2, q=7), 30)
    for before, after in pairwise(made):
        y = before.y
        for _ in range(2):
            y = y - 0.3 * H @ (y - A @ after.x)
        np.testing.assert_allclose(after.y, y, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(after.d_x, inexact(after.x, y, 0.4, 4), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(after.d_y, H @ (y - A @ after.x), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(after.x, before.x - 0.05 * inexact(before.x, before.y, 0.4, 4), rtol=1e-9)


def test_recursive_momentum_averages_the_noise_of_one_sample_at_two_points():
    P, eta = pr.world(pr.draw(0), 0.1, 0.0), 0.2
    made = states(alg.sustain(P, pr.start(1), np.ones(6), alpha=0.05, Q=0, eta=eta, rng=rng(4)), 20)
    same, error, along = rng(4), None, None
    for before, after in pairwise(made):
        e = 0.1 * same.standard_normal(6)
        of_x, of_y, _ = 0.1 * same.standard_normal((3, 6))  # F_x, F_y and jvp, whose noise is off
        d = of_x[:3] + 0.3 * A.T @ H @ of_y
        error = e if error is None else eta * e + (1 - eta) * error
        along = d if along is None else eta * d + (1 - eta) * along
        np.testing.assert_allclose(after.d_x - inexact(before.x, before.y, 0.3, 0), along, atol=1e-12)
        np.testing.assert_allclose(after.d_y - H @ (before.y - A @ before.x), error, atol=1e-12)


def test_a_random_term_of_the_series_is_right_on_average():
    x, y, n = pr.start(1), np.ones(6), 4000
    start = np.tile(x, (n, 1)), np.tile(y, (n, 1))
    after = states(alg.ttsa(EXACT, *start, alpha=0.05, gamma=0.3, nu=0.4, Q=5, rng=rng()), 1)[1]
    moved = y - 0.3 * H @ (y - A @ x)
    np.testing.assert_allclose(after.y[0], moved, rtol=1e-12)
    taken = (x - after.x) / 0.05
    np.testing.assert_allclose(taken.mean(0), inexact(x, moved, 0.4, 4), atol=5 * taken.std(0).max() / np.sqrt(n))
    assert len(np.unique(taken[:, 0].round(9))) == 5
    second = states(alg.ttsa(EXACT, x, A @ x, alpha=0.05, gamma=0.3, Q=1, rng=rng()), 2)
    step = second[1].y - second[2].y
    np.testing.assert_allclose(step, 0.3 * 2**-0.4 * H @ (second[1].y - A @ second[1].x), rtol=1e-11)


def test_saba_starts_at_full_gradients_and_its_noise_vanishes():
    data = pr.draw_data(0)
    small = pr.Data(*(values[:30] for values in data))
    problem = pr.cleaning(small, 4)
    start = np.zeros(30), np.full(20, 0.1)
    first = states(alg.saba(problem, *start, alpha=1.0, gamma=0.1, rng=rng()), 1)[1]
    full = states(soba(problem, *start, alpha=1.0, gamma=0.1), 1)[1]
    for ours, theirs in zip(first, full, strict=True):  # all tables hold what is now: no noise in the first step
        np.testing.assert_allclose(ours, theirs, atol=1e-14)
    fixed = {"alpha": 0.0, "gamma": 0.2, "nu": 0.2, "rng": rng(1)}
    end = states(alg.saba(problem, *start, **fixed), 6000)[-1]
    noisy = states(soba(problem, *start, **fixed), 6000)[-1]
    still = [np.linalg.norm(problem.lower.grad_y(end.x, one.y)) for one in (end, noisy)]
    assert still[0] < 1e-5 < 1e-3 < still[1]


def test_all_methods_descend_from_a_mild_start():
    P = pr.world(pr.stacked(range(3)))
    start = np.tile(pr.start(1), (3, 1)), np.zeros((3, 6))
    first = P.slope(start[0]).min()
    made = {
        "bo_rep": alg.bo_rep(P, *start, eta=0.1, rng=rng()),
        "ma_soba": alg.ma_soba(P, *start, alpha=0.1, rng=rng()),
        "stocbio": alg.stocbio(P, *start, alpha=0.1, rng=rng()),
        "ttsa": alg.ttsa(P, *start, alpha=1.0, rng=rng()),
        "sustain": alg.sustain(P, *start, alpha=0.1, rng=rng()),
        "vrbo": alg.vrbo(P, *start, alpha=0.1, rng=rng()),
    }
    for name, generator in made.items():
        last = run(generator, 400, every=400, keep=["x"]).x[-1]
        assert P.slope(last).max() < 0.4 * first, name


def test_z_goes_to_its_solution_while_x_and_y_rest():
    y = EXACT.y_star(pr.start(1))
    made = states(soba(EXACT, pr.start(1), y, alpha=0.0, nu=0.5), 200)[-1]
    np.testing.assert_allclose(made.z, np.linalg.solve(H, F_y(y)), rtol=1e-10)
    gradient = F_x(made.x) + A.T @ H @ made.z
    np.testing.assert_allclose(EXACT.hypergrad(pr.start(1)), gradient, rtol=1e-9)


# ---- what theory promises


def pairs(count=3000):
    """Points from wall to wall and others within the radius."""
    r, found = rng(7), alg.smoothness(**pr.CONSTANTS)
    x = r.uniform(-10, 30, (count, 3))
    v = r.normal(size=(count, 3))
    return found, x, x + found.radius * r.uniform(0, 1, (count, 1)) * v / np.linalg.norm(v, axis=-1, keepdims=True)


def test_the_constants_of_w():
    found = alg.smoothness(**pr.CONSTANTS)
    assert found == pytest.approx((40.47, 4.216, 0.1677), rel=1e-3)
    tame = alg.smoothness(**pr.CONSTANTS | {"L_x1": 0.0})
    assert (tame.K1, tame.radius) == (0, np.inf)


def test_phi_is_smooth_with_these_constants_and_with_none():
    found, x, other = pairs()
    change = np.linalg.norm(EXACT.hypergrad(x) - EXACT.hypergrad(other), axis=-1)
    far = np.linalg.norm(x - other, axis=-1)
    quotient = change / ((found.K0 + found.K1 * EXACT.slope(other)) * far)
    assert 0.15 < quotient.max() < 0.4
    assert (change / far).max() > 100 * found.K0  # no bound without the gradient


def test_a_normalised_step_descends_as_promised():
    found, x, _ = pairs()
    slope = EXACT.hypergrad(x)
    m = slope + rng(8).normal(size=slope.shape) * rng(9).choice([0, 0.1, 1, 10], (len(x), 1))
    error = np.linalg.norm(m - slope, axis=-1)
    for eta in (0.01, 0.1, found.radius):
        after = x - eta * m / np.linalg.norm(m, axis=-1, keepdims=True)
        assert eta * found.K1 <= 1
        bound = alg.descent(found.K0, found.K1, eta, EXACT.slope(x), error)
        assert (EXACT(after) - EXACT(x) <= bound + 1e-9 * EXACT(x)).all()


def test_the_drift_is_at_most_that_of_constant_speed():
    made = states(alg.bo_rep(EXACT, pr.start(6), np.zeros(6), eta=0.05, I=10), 200)
    moved = [np.linalg.norm(EXACT.y_star(made[k + 10].x) - EXACT.y_star(made[k].x)) for k in range(190)]
    assert 0.9 * alg.drift(0.05, 10) < max(moved) <= alg.drift(0.05, 10) * (1 + 1e-12)


def test_the_contraction_by_powers_of_a_matrix():
    for gamma, N in ((0.2, 3), (0.2, 150), (1.5, 3), (1.6, 40)):
        T = np.eye(6) - gamma * H
        mean = sum(np.linalg.matrix_power(T, t) for t in range(1, N + 1)) / N
        assert alg.contraction(pr.CURVATURES, gamma, N) == pytest.approx(np.linalg.norm(mean, 2), rel=1e-9)
    last = {N: max(g for g in np.linspace(0.02, 2, 1981) if alg.contraction(pr.CURVATURES, g, N) < 1) for N in (1, 3)}
    assert last == pytest.approx({1: 4 / 3, 3: 1.72}, abs=0.01)
    assert alg.tracking(0.02, 2, 1.1) == np.inf
    for curvature in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="curvatures must be > 0"):
            alg.contraction([1.0, curvature], 0.2, 3)


@pytest.mark.parametrize(("I", "N", "worst", "bound"), [(2, 3, 0.16, 0.21), (100, 150, 2.08, 2.13)])
def test_the_tracking_error_stays_below_its_bound(I, N, worst, bound):
    y0 = EXACT.y_star(np.full(3, 6.0))
    made = states(alg.bo_rep(EXACT, np.full(3, 6.0), y0, eta=0.02, I=I, N=N), 2500)
    error = max(np.linalg.norm(state.y - EXACT.y_star(state.x)) for state in made)
    assert error == pytest.approx(worst, abs=0.05)
    assert error <= alg.tracking(0.02, I, alg.contraction(pr.CURVATURES, 0.2, N)) == pytest.approx(bound, abs=5e-3)


# ---- bad input

BAD = {
    "eta": [0, -1.0, np.nan, np.inf, "fast", None],
    "nu": [0, -0.1, np.nan],
    "gamma": [0.0, -0.1, np.inf],
    "beta": [1.0, -0.1, np.nan, 2],
    "I": [0, 1.5, "2", True, -1],
    "N": [0, 2.0, None],
    "R": [0, -1.0, np.nan],
    "refine": [(0.4, 20, 30.0, 4), 3],
}


@pytest.mark.parametrize(("name", "bad"), [(name, bad) for name, values in BAD.items() for bad in values])
def test_bo_rep_refuses_by_name(name, bad):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        alg.bo_rep(EXACT, np.zeros(3), np.zeros(6), **{"eta": 0.1} | {name: bad})


@pytest.mark.parametrize(
    ("name", "refine"),
    [
        ("gamma1", alg.Refinement(gamma1=0.0)),
        ("T1", alg.Refinement(T1=0)),
        ("D1", alg.Refinement(D1=-1.0)),
        ("E", alg.Refinement(E=0)),
        ("E", alg.Refinement(E=1.5)),
    ],
)
def test_the_refinement_refuses_by_name(name, refine):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        alg.epoch_sgd(EXACT, np.zeros(3), np.zeros(6), refine)


def altered(**oracles):
    """The exact lower level with some oracles replaced."""

    class Other:
        def __getattr__(self, name):
            return oracles.get(name) or getattr(EXACT.lower, name)

    return replace(EXACT, lower=Other())


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (
            altered(hvp_yy=lambda x, y, v: v[..., :5]),
            r"the shape of hvp\(x, y, v\) must be that of y, \(6,\), got \(5,\)",
        ),
        (altered(hvp_xy=lambda x, y, v: v), r"the shape of jvp\(x, y, v\) must be that of x, \(3,\), got \(6,\)"),
        (altered(hvp_yy=lambda x, y, v: v**3), "hvp must be linear in v"),
        (replace(EXACT, mu=0.0), "lower level must be strongly convex"),
    ],
)
def test_what_a_problem_must_not_be(problem, message):
    for begin in (alg.bo_rep, soba):
        steps = {"eta": 0.1} if begin is alg.bo_rep else {"alpha": 0.1}
        with pytest.raises(ValueError, match=message):
            begin(problem, np.zeros(3), np.zeros(6), **steps)


def test_points_and_generators_are_refused_by_name():
    with pytest.raises(ValueError, match=r"the shape of y0 must be \(\*batch, 6\), got \(5,\)"):
        alg.bo_rep(EXACT, np.zeros(3), np.zeros(5), eta=0.1)
    with pytest.raises(ValueError, match=r"^x0 must be finite"):
        soba(EXACT, [np.nan, 0, 0], np.zeros(6), alpha=0.1)
    silent = Bilevel(EXACT.upper.level, EXACT.lower.level, 3, 6)
    with pytest.raises(ValueError, match="each level must be one that can be sampled"):
        alg.bo_rep(silent, np.zeros(3), np.zeros(6), eta=0.1, rng=rng())
    with pytest.raises(ValueError, match="each level must be a finite sum"):
        alg.saba(EXACT, np.zeros(3), np.zeros(6), alpha=0.1, rng=rng())
    with pytest.raises(ValueError, match="mu must be > 0: the lower level must be strongly convex"):
        alg.smoothness(**pr.CONSTANTS | {"mu": 0.0})


def test_a_replicate_that_overflows_is_lost_alone_and_says_where():
    x0, y0 = np.tile(pr.start(9), (2, 1)), np.zeros((2, 6))
    trace = run(soba(EXACT, x0, y0, alpha=np.array([0.01, 0.001])), 50, limit=alg.LIMIT)
    assert np.isfinite(trace.diverged).tolist() == [True, False]
    (said,) = alg.lost(trace)
    assert said.startswith(f"replicate 0, step {trace.diverged[0]:.0f}: overflow: the iterate left")
    deep = run(alg.bo_rep(EXACT, np.tile([[-800.0] * 3, [0.0] * 3], 1), y0, eta=0.1), 5, limit=alg.LIMIT)
    assert deep.diverged.tolist() == [1, np.inf]
