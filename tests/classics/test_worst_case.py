"""Worst cases: below the bounds, above what random problems take, proved by hand where there is a formula."""

import numpy as np
import pytest
import sympy as sp

from optilab.classics import gradient_descent as gd
from optilab.classics import heavy_ball as hb
from optilab.classics import nesterov as ag
from optilab.classics import worst_case as wc
from optilab.classics import worst_case_derivation as by_hand
from optilab.core.run import run
from optilab.papers.gradient_sliding import algorithm as sliding
from optilab.papers.last_iterate.algorithm import SCHEDULES, average, best, bound, csmd
from optilab.papers.passivity_acceleration.algorithm import momentum_method, triple_momentum_tuning

L, R, G = 3.0, 2.0, 5.0  # anything but the units of the tables
MANY = 1000
ROUNDED = 1e-4  # six digits, of solutions with an error of 1e-8, and no value below 1e-4


class Valleys:
    """Random separable functions: quadratic near 0, of the least curvature further out, minimum 0 at 0."""

    def __init__(self, mu, seed):
        rng = np.random.default_rng(seed)
        self.mu = mu
        self.curvature = np.where(rng.random((MANY, 2)) < 0.5, L, rng.uniform(mu, L, (MANY, 2)))
        self.edge = R * 10 ** rng.uniform(-2, 0.2, (MANY, 2))
        angle = np.where(rng.random(MANY) < 0.3, 0.0, rng.uniform(0, 2 * np.pi, MANY))
        self.start = R * np.stack([np.cos(angle), np.sin(angle)], -1)

    def grad(self, x):
        return self.mu * x + (self.curvature - self.mu) * np.clip(x, -self.edge, self.edge)

    def __call__(self, x):
        inside = np.minimum(abs(x), self.edge)
        return (self.mu * x**2 / 2 + (self.curvature - self.mu) * (abs(x) - inside / 2) * inside).sum(-1)


class Corners:
    """Random worst-of-planes max_j ⟨a_j, x⟩ and 0, ‖a_j‖ ≤ G: minimum 0 at 0."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        a = rng.normal(size=(MANY, 4, 3))
        flat = rng.random(MANY) < 0.5
        a[flat, 1:] = np.where(rng.random((flat.sum(), 3, 1)) < 0.5, -1, 1) * a[flat, :1]  # valleys along a line
        self.a = G * a / np.linalg.norm(a, axis=-1, keepdims=True)
        start = rng.normal(size=(MANY, 3))
        start[flat] = a[flat, 0]
        self.start = R * start / np.linalg.norm(start, axis=-1, keepdims=True)

    def _heights(self, x):
        return np.einsum("mjd,...md->...mj", self.a, x)

    def __call__(self, x):
        return np.maximum(self._heights(x).max(-1), 0)

    def sample(self, rng, size):
        return np.zeros(size)

    def sample_grad(self, x, sample):
        heights = self._heights(x)
        slopes = np.take_along_axis(self.a, heights.argmax(-1)[:, None, None], 1)[:, 0]
        return np.where(heights.max(-1, keepdims=True) > 0, slopes, 0)


def worst_measured(problem, states, n):
    """The largest gap of all random problems after each number of steps."""
    return run(states, max(n), gap=lambda s: problem(s.x)).gap[n].max(-1)


def kappas(name):
    return [kappa for (kappa,) in wc.grid(name)]


@pytest.mark.parametrize("h", [h for (h,) in wc.grid("gradient_descent")])
def test_gradient_descent_keeps_to_its_worst_case(h):
    n = wc.steps("gradient_descent", (h,))
    table = wc.gradient_descent(n, L=L, R=R, alpha=h / L)
    np.testing.assert_allclose(table, L * R**2 * np.maximum(1 / (4 * n * h + 2), (1 - h) ** (2 * n) / 2), rtol=ROUNDED)
    if h <= 1:
        np.testing.assert_allclose(gd.gap_bound(n, L, R, h / L), table, rtol=ROUNDED)  # the bound is exact
    valleys = Valleys(0.0, seed=1)
    measured = worst_measured(valleys, gd.gradient_descent(valleys, valleys.start, alpha=h / L), n)
    assert (measured <= table * (1 + ROUNDED)).all()
    assert (measured >= 0.8 * table).all()


def test_nesterov_keeps_to_its_worst_case():
    n = wc.steps("nesterov")
    table = wc.nesterov(n, L=L, R=R)
    valleys = Valleys(0.0, seed=2)
    measured = worst_measured(valleys, ag.nesterov(valleys, valleys.start, L=L), n)
    assert (measured <= table * (1 + ROUNDED)).all()
    assert (table * (1 - ROUNDED) <= ag.gap_bound(n, L, R)).all()
    assert (table < wc.gradient_descent(n, L=L, R=R, alpha=1 / L) * (1 + ROUNDED)).all()


def tight_rate(alpha):
    return lambda n, mu: L / 2 * R**2 * gd.rate(alpha(mu), mu, L) ** (2 * n)


STRONG = {
    "gradient_descent_short": (
        lambda n, mu: wc.gradient_descent_strongly_convex(n, mu=mu, L=L, R=R, tuned=False),
        lambda f, mu: gd.gradient_descent(f, f.start, alpha=1 / L),
        tight_rate(lambda mu: 1 / L),
    ),
    "gradient_descent_tuned": (
        lambda n, mu: wc.gradient_descent_strongly_convex(n, mu=mu, L=L, R=R, tuned=True),
        lambda f, mu: gd.gradient_descent(f, f.start, **gd.tuned(mu, L)),
        tight_rate(lambda mu: 2 / (mu + L)),
    ),
    "nesterov_strongly_convex": (
        lambda n, mu: wc.nesterov_strongly_convex(n, mu=mu, L=L, R=R),
        lambda f, mu: ag.nesterov_strongly_convex(f, f.start, mu=mu, L=L),
        lambda n, mu: ag.strongly_convex_gap_bound(n, mu, L, R),
    ),
    "heavy_ball": (
        lambda n, mu: wc.heavy_ball(n, mu=mu, L=L, R=R),
        lambda f, mu: hb.heavy_ball(f, f.start, **hb.tuned(mu, L)),
        lambda n, mu: np.inf,  # it has none
    ),
    "triple_momentum": (
        lambda n, mu: wc.triple_momentum(n, mu=mu, L=L, R=R),
        lambda f, mu: momentum_method(f, f.start, triple_momentum_tuning(mu, L)),
        lambda n, mu: np.inf,  # its theorem has no constant
    ),
}


@pytest.mark.parametrize("name", STRONG)
def test_strongly_convex_methods_keep_to_their_worst_cases(name):
    look_up, method, promised = STRONG[name]
    for kappa in kappas(name):
        mu, n = L / kappa, wc.steps(name, (kappa,))
        table = look_up(n, mu)
        valleys = Valleys(mu, seed=3)
        measured = worst_measured(valleys, method(valleys, mu), n)
        assert (measured <= table * (1 + ROUNDED)).all(), kappa
        assert (measured >= 0.02 * table).any(), kappa
        assert (table * (1 - ROUNDED) <= promised(n, mu)).all(), kappa


def test_the_heavy_ball_leaves_smooth_strongly_convex_functions():
    """Tuned for quadratics, beyond a κ of about 18 there is a function on which it never comes to rest."""
    for kappa in kappas("heavy_ball"):
        n = wc.steps("heavy_ball", (kappa,))
        worst = wc.heavy_ball(n, mu=1 / kappa, L=1.0, R=1.0)
        assert (worst[-1] < worst[len(worst) // 2]) == (kappa < 18)
        assert (worst[-1] > worst[0]) == (kappa > 18)


def test_triple_momentum_keeps_its_rate_from_the_first_step():
    """On the whole table the worst gap is ½ κ L R² ρ²ⁿ: its rate is exact, and the start is paid for by a factor κ."""
    for kappa in kappas("triple_momentum"):
        n = wc.steps("triple_momentum", (kappa,))
        expected = kappa * L * R**2 / 2 * (1 - kappa**-0.5) ** (2 * n)
        np.testing.assert_allclose(wc.triple_momentum(n, mu=L / kappa, L=L, R=R), expected, rtol=ROUNDED)


@pytest.mark.parametrize("schedule", wc.SCHEDULES)
def test_subgradients_keep_to_their_worst_cases(schedule):
    corners = Corners(seed=4)
    for unit in sorted({setting[0] for setting in wc.grid("subgradient")}):
        eta = unit * R / G
        for T in wc.steps(
            "subgradient",
            (
                unit,
                schedule,
                "last",
            ),
        ):
            step = SCHEDULES[schedule](int(T), eta)
            np.testing.assert_allclose(wc.schedule_steps(schedule, int(T), eta), step, rtol=1e-14)
            table = {
                output: wc.subgradient(T, G=G, R=R, eta=eta, schedule=schedule, output=output) for output in wc.OUTPUTS
            }
            x = run(csmd(corners, corners.start, eta=step, rng=np.random.default_rng(0)), int(T)).x
            outputs = {"last": corners(x[-1]), "average": corners(average(x, int(T))), "best": best(corners(x))[-1]}
            for output, gaps in outputs.items():
                assert gaps.max() <= table[output] * (1 + ROUNDED)
                assert gaps.max() >= 0.1 * table[output]
            assert table["last"] <= bound(step, R**2 / 2, 4 * G**2) * (1 + ROUNDED)
            assert table["best"] <= (R**2 + G**2 * (step**2).sum()) / (2 * step.sum()) * (1 + ROUNDED)
            assert table["best"] <= table["last"] * (1 + ROUNDED)


def test_averages_of_constant_steps_are_below_their_bound():
    """T (R²/(2sT) + sG²/2) bounds the sum over x¹ … xᵀ, and f(xᵀ⁺¹) − f(x¹) ≤ G · sTG the change of its ends."""
    for unit in (0.1, 0.3, 1.0):
        T = wc.steps(
            "subgradient",
            (
                unit,
                "constant",
                "average",
            ),
        )
        step = unit * R / G / np.sqrt(T)
        table = wc.subgradient(T, G=G, R=R, eta=unit * R / G, schedule="constant", output="average")
        assert (table <= (R**2 / (2 * step * T) + 1.5 * step * G**2) * (1 + ROUNDED)).all()


def test_linear_decay_hands_out_at_the_end_what_constant_steps_average():
    for unit in (0.1, 0.3, 1.0):
        T = wc.steps("subgradient", (unit, "linear decay", "last"))
        setting = {"G": G, "R": R, "eta": unit * R / G}
        last = wc.subgradient(T, **setting, schedule="linear decay", output="last")
        mean = wc.subgradient(T, **setting, schedule="constant", output="average")
        np.testing.assert_allclose(last, mean, rtol=ROUNDED)


def test_proximal_and_mirror_steps_have_the_known_worst_cases():
    for (h,) in wc.grid("proximal_gradient"):
        n = wc.steps("proximal_gradient", (h,))
        table = wc.proximal_gradient(n, L=L, R=R, alpha=h / L)
        np.testing.assert_allclose(table, L * R**2 / (4 * n * h), rtol=ROUNDED)
        valleys, weight = Valleys(0.0, seed=5), np.random.default_rng(6).uniform(0, 2 * L, (MANY, 2))
        x, measured = valleys.start, []
        for _ in range(n[-1]):
            ahead = x - h / L * valleys.grad(x)
            x = np.sign(ahead) * np.maximum(abs(ahead) - h / L * weight, 0)
            measured.append((valleys(x) + (weight * abs(x)).sum(-1)).max())
        assert (np.array(measured)[n - 1] <= table * (1 + ROUNDED)).all()
    n = wc.steps("proximal_point")
    np.testing.assert_allclose(wc.proximal_point(n, R=R, alpha=0.7), R**2 / (4 * 0.7 * n), rtol=ROUNDED)
    for (h,) in wc.grid("bregman_gradient"):
        n = wc.steps("bregman_gradient", (h,))
        table = wc.bregman_gradient(n, L=L, D=R**2 / 2, alpha=h / L)
        np.testing.assert_allclose(table, L * R**2 / (2 * n * h), rtol=ROUNDED)
        assert (table >= wc.gradient_descent(n, L=L, R=R, alpha=h / L)).all()


class Slides:
    """Random composites: a valley, a weighted ℓ₁ norm and ½μ‖x‖², minimum 0 at 0; slides see the last two as one."""

    def __init__(self, mu, seed):
        self.mu, self.valleys = mu, Valleys(0.0, seed)
        self.weight = np.random.default_rng(seed).choice([0.0, 0.1, 1.0], size=(MANY, 1)) * L
        self.start = self.valleys.start

    def __call__(self, x):
        return self.valleys(x) + (self.weight * abs(x) + self.mu * x**2 / 2).sum(-1)

    def grad(self, x):
        return self.valleys.grad(x)

    def subgrad(self, x):
        return 0 * x

    def prox(self, v, step):
        step = np.asarray(step)[..., None]
        return np.sign(v) * np.maximum(abs(v) - step * self.weight, 0) / (1 + step * self.mu)


def test_sliding_keeps_to_its_worst_case_and_that_to_the_theorem():
    for (kappa,) in wc.grid("sliding"):
        mu, n = L / kappa, wc.steps("sliding", (kappa,))
        gamma = wc.sliding_momentum(kappa)
        assert gamma == pytest.approx(float(sliding.restart_free_gamma(L, mu)), rel=1e-12)
        table = wc.sliding(n, mu=mu, L=L, E0=7.0)
        promised = sliding.rf_sgs_bound(n, E0=7.0, gamma=gamma, D=1e-12)  # of slides that leave nothing undone
        assert (table <= promised * (1 + ROUNDED)).all()
        assert (table >= 0.995 * promised).all()  # the outer loop's theorem is all but exact
        slides, T = Slides(mu, seed=7), 150
        plan = sliding.rf_sgs(L=L, M=0.0, mu=mu, D=1.0, N=int(n[-1]), T_min=T, gamma=gamma)
        gap0, V0 = slides(slides.start), (slides.start**2).sum(-1) / 2
        E0 = sliding.rf_sgs_start(gap0=gap0, V0=V0, gamma=gamma, beta=L * gamma, mu=mu, T1=T)
        average = run(sliding.gradient_sliding(slides, slides.start, plan), int(n[-1]), keep=["xbar"]).xbar[n]
        measured = (slides(average) / E0).max(-1)
        assert (measured <= wc.sliding(n, mu=mu, L=L, E0=1.0) * (1 + 1e-3)).all()
        assert (measured >= 0.1 * table / 7.0).any()


def test_formulas_by_hand_are_the_tables():
    short, long = by_hand.descent_short_step().numpy(by_hand.h), by_hand.descent_long_step().numpy(by_hand.h)
    two = by_hand.two_descent_steps().numpy(by_hand.h)
    for (h,) in wc.grid("gradient_descent"):
        one = (short if h <= 1.5 else long)(h)
        assert wc.gradient_descent(1, L=1.0, R=1.0, alpha=h) == pytest.approx(one, rel=ROUNDED)
        if h <= 17 / 12:
            assert wc.gradient_descent(2, L=1.0, R=1.0, alpha=h) == pytest.approx(two(h), rel=ROUNDED)
    long, short = (
        derive().numpy(by_hand.eta) for derive in (by_hand.subgradient_long_step, by_hand.subgradient_short_step)
    )
    for eta, schedule, output in wc.grid("subgradient"):
        if output != "best":  # of one step, the last iterate is the average too
            value = wc.subgradient(1, G=1.0, R=1.0, eta=eta, schedule=schedule, output=output)
            assert value == pytest.approx(short(eta) if eta <= 0.25 else long(eta), rel=ROUNDED)


def test_formulas_by_hand_are_attained_and_meet():
    h, eta = by_hand.h, by_hand.eta
    attained = by_hand.descent_attained().result
    assert by_hand.descent_stays_on_the_wall().result == 0
    n = next(iter(attained.free_symbols - {h}))
    for steps, derive in ((1, by_hand.descent_short_step), (2, by_hand.two_descent_steps)):
        assert sp.simplify(derive().result - attained.subs(n, steps)) == 0
    meet = sp.Rational(3, 2)
    assert by_hand.descent_short_step().result.subs(h, meet) == by_hand.descent_long_step().result.subs(h, meet)
    long = by_hand.subgradient_long_step().result
    assert sp.simplify(long - by_hand.subgradient_long_step_attained().result) == 0
    assert long.subs(eta, sp.Rational(1, 4)) == by_hand.subgradient_short_step().result.subs(eta, sp.Rational(1, 4))


def test_a_table_says_how_far_it_reaches():
    assert wc.reach("nesterov").tolist() == wc.steps("nesterov").tolist()
    assert wc.reach("gradient_descent_short", (2 * (1 + 1e-12),)).tolist() == [1, 2, 3, 4, 5]
    assert wc.reach("subgradient", (0.3, "constant", "best"))[-1] == 20
    for nowhere in ((), (3.0,), (2.0, "last"), ("2",)):
        assert wc.reach("gradient_descent_short", nowhere).size == 0
    with pytest.raises(ValueError, match="name must be one of"):
        wc.reach("adam")


def test_what_is_not_in_a_table_is_refused():
    fine = {"L": 1.0, "R": 1.0}
    for bad in (0, 11, 21, 1.0, "3", [1, 11]):
        with pytest.raises(ValueError, match=r"n must be in the table: 1, 2, .*, 20"):
            wc.gradient_descent(bad, **fine, alpha=1.0)
    with pytest.raises(ValueError, match=r"alpha \* L must be in the table: 0.25, 0.5, .*, got 0.3"):
        wc.gradient_descent(1, **fine, alpha=0.3)
    with pytest.raises(ValueError, match=r"L / mu must be in the table: 2, 4, .*, got 3"):
        wc.nesterov_strongly_convex(1, mu=1.0, L=3.0, R=1.0)
    with pytest.raises(ValueError, match=r"n must be in the table: 1, .*there it ends"):
        wc.gradient_descent_strongly_convex(20, mu=0.5, **fine, tuned=True)
    for name in fine:
        for bad in (0.0, -1.0, np.inf, np.nan, "1"):
            with pytest.raises(ValueError, match=f"{name} must be positive and finite"):
                wc.nesterov(1, **{**fine, name: bad})
    with pytest.raises(ValueError, match="mu must be below L = 1"):
        wc.heavy_ball(1, mu=1.0, **fine)
    sub = {"G": 1.0, "R": 1.0, "eta": 0.3, "schedule": "constant"}
    for name, bad in (("schedule", "cosine"), ("output", "first")):
        with pytest.raises(ValueError, match=f"{name} must be one of"):
            wc.subgradient(1, **{**sub, name: bad})
    with pytest.raises(ValueError, match=r"eta \* G / R must be in the table: 0.1, 0.3, 1, got 0.6"):
        wc.subgradient(1, **{**sub, "G": 2.0})
    with pytest.raises(ValueError, match="name must be one of nesterov"):
        wc.grid("adam")
    for bad in ((), (3.0,), ("a",), (25.0, "last"), 25.0, None):
        with pytest.raises(ValueError, match=r"setting must be one of \(2.0,\), \(4.0,\)"):
            wc.steps("heavy_ball", bad)
    with pytest.raises(ValueError, match="T must be a whole number"):
        wc.schedule_steps("constant", 0, 1.0)


def test_worst_cases_scale_as_the_function_does():
    n = np.array([[1, 4], [8, 20]])
    table = wc.nesterov(n, L=1.0, R=1.0)
    assert table.shape == n.shape
    np.testing.assert_allclose(wc.nesterov(n, L=7.0, R=0.1), 0.07 * table, rtol=1e-12)
    np.testing.assert_allclose(
        wc.subgradient(n, G=4.0, R=0.5, eta=0.0125, schedule="constant"),
        2 * wc.subgradient(n, G=1.0, R=1.0, eta=0.1, schedule="constant"),
        rtol=1e-12,
    )
    np.testing.assert_allclose(wc.bregman_gradient(3, L=2.0, D=5.0, alpha=0.25), 10 / (3 * 0.5), rtol=ROUNDED)


@pytest.mark.full
def test_tables_are_what_the_program_computes():
    from optilab.classics import performance_estimation as program

    asked = program.settings()
    for solve in {solve for solve, _ in asked}:
        assert wc.grid(solve.__name__) == [setting for one, setting in asked if one is solve]
    for solve, setting in asked[::3]:
        n = wc.steps(solve.__name__, setting)
        for at in {int(n[0]), int(n[min(3, len(n) - 1)]), int(n[min(9, len(n) - 1)])}:
            assert solve(at, *setting) == pytest.approx(
                wc._look_up(solve.__name__, at, "setting", *setting), rel=ROUNDED
            )
