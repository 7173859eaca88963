"""The figures that the claims stand on, on these and on other seeds and problems."""

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.passivity_acceleration import algorithm as room
from optilab.papers.passivity_acceleration.experiment import failure, flows, races
from optilab.papers.passivity_acceleration.problems import LogCosh

CURVED, START = flows.CURVED, flows.START


@pytest.mark.parametrize(
    ("name", "medians"),
    [("heavy ball", (62, 222, 776)), ("Nesterov", (81, 237, 673)), ("triple momentum", (95, 355, 1271))],
)
def test_iterations_on_quadratics(name, medians):
    starts = races.quadratic_starts(5)
    measured = [np.median(races.race(kappa, starts, name)) for kappa in (100.0, 1000.0, 10000.0)]
    np.testing.assert_allclose(measured, medians, rtol=0.02)


def test_gradient_descent_by_bisection_is_gradient_descent_run():
    starts = races.quadratic_starts(5)
    run = races.race(100.0, starts, "gradient descent")
    np.testing.assert_array_equal(races.gradient_descent_race(100.0, starts), run)
    measured = [np.median(races.gradient_descent_race(kappa, starts)) for kappa in (100.0, 1000.0, 10000.0)]
    np.testing.assert_allclose(measured, (387, 3979, 40827), rtol=0.02)


def test_ratios_hold_on_other_seeds():
    starts = races.quadratic_starts(20, first=5)
    for kappa, ratio in ((100.0, 3.0), (1000.0, 10.0)):
        nesterov = races.race(kappa, starts, "Nesterov")
        assert (races.gradient_descent_race(kappa, starts) / nesterov).min() >= ratio
    assert (races.race(1000.0, starts, "triple momentum") / nesterov).min() > 1


def test_without_the_steepest_mode_triple_momentum_wins():
    starts = races.quadratic_starts(5)
    starts[:, -1] = 0
    triple, nesterov = (races.race(1000.0, starts, name) for name in ("triple momentum", "Nesterov"))
    assert (triple < nesterov).all()
    assert np.median(triple) == pytest.approx(172, rel=0.02)


@pytest.mark.parametrize(("starts", "cycles"), [((1, 3.07, 3.2, 3.3, 3.46), True), ((2.5, 3.0, 3.5, 4, 5), False)])
def test_starts_that_cycle(starts, cycles):
    last = abs(failure.iterates("heavy ball", np.array(starts, dtype=float), 2000)[-3:]).max(0)
    np.testing.assert_allclose(last, 2592 / 1225 if cycles else 0, atol=1e-12)


def test_the_starts_that_cycle_lie_in_six_intervals():
    intervals = ((-4.35, -4.1), (-3.35, -3.225), (-3.05, -2.9), (0.975, 1.025), (2.775, 2.9), (3.075, 3.45))
    inside = np.any([(low - 1e-9 <= failure.GRID) & (high + 1e-9 >= failure.GRID) for low, high in intervals], 0)
    np.testing.assert_array_equal(failure.trapped("heavy ball"), inside)


def test_circle_criterion_at_ten():
    for name, margin in (("heavy ball", -0.512), ("Nesterov", 0.114), ("triple momentum", -0.134)):
        assert room.circle_margin(races.tuned(name, 1, 10), 1, 10) == pytest.approx(margin, abs=2e-3)
    assert room.circle_margin(room.gradient_descent_tuning(0.1), 1, 10) == pytest.approx(0.526, abs=2e-3)
    assert np.isnan(room.circle_margin(room.Tuning(3.0, 0.0, 0.0), 1, 10))


def test_errors_of_the_shadows():
    table = {
        "low resolution": (1.8e-1, 1.0e-1, 5.5e-2),
        "high-resolution heavy ball": (1.6e-1, 8.8e-2, 4.7e-2),
        "feedback with c = 1": (9.6e-2, 6.5e-2, 3.7e-2),
        "matched feedback": (2.6e-2, 7.3e-3, 2.0e-3),
        "exact map": (2.0e-2, 6.6e-3, 2.0e-3),
    }
    for place, fraction in enumerate((4, 16, 64)):
        errors = flows.errors(CURVED, START, 1 / (fraction * CURVED.L), substeps=2)
        for name, error in errors.items():
            assert error == pytest.approx(table[name][place], rel=0.05)


def test_the_matched_feedback_wins_on_random_problems():
    rng = np.random.default_rng(0)
    for _ in range(5):
        problem, x0 = LogCosh(rng.normal(size=(3, 2)) * 2), rng.normal(size=2) * 2
        errors = [flows.errors(problem, x0, 1 / (fraction * problem.L), substeps=2) for fraction in (16, 64)]
        low, matched = (np.array([e[flow] for e in errors]) for flow in ("low resolution", "matched feedback"))
        assert (low / matched >= [2, 5]).all()
        assert np.log2(matched[0] / matched[1]) > 1.6
        assert np.log2(low[0] / low[1]) < 1.1


def test_the_usual_start_of_the_velocity_leaves_a_first_order_error():
    errors = []
    for fraction in (16, 64):
        s = 1 / (fraction * CURVED.L)
        design = room.nesterov_high_resolution(CURVED.mu, s)
        psi0 = room.passive_output(CURVED, design, START, room.shi_velocity(CURVED, START, CURVED.mu, s))
        ticks = int(3 / np.sqrt(s))
        flow = run(room.controlled_flow(CURVED, START, design, h=np.sqrt(s), psi0=psi0, substeps=2), ticks).x
        points = run(room.split_nesterov(CURVED, START, mu=CURVED.mu, s=s), ticks).x
        errors.append(np.linalg.norm(flow - points, axis=-1).max())
    assert np.log2(errors[0] / errors[1]) < 1.1


@pytest.mark.parametrize(
    ("gamma", "critical", "explicit", "actual"),
    [(5.0, 3.1e-3, 3.3e-4, 1.9e-4), (20.0, 5.7e-4, 1.8e-5, 1.2e-5), (80.0, 5.0e-5, 2.5e-7, 2.1e-7)],
)
def test_distances_to_the_slow_manifold(gamma, critical, explicit, actual):
    np.testing.assert_allclose(flows.off_slow_manifold(gamma, np.ones(5)), [critical, explicit, actual], rtol=0.05)


def test_gaps_of_the_convex_case():
    accelerated, plain = (gap[[10, 50, 100, 200, 400]] for gap in races.convex_gaps()[:2])
    np.testing.assert_allclose(accelerated, [8.5e-2, 1.8e-2, 8.0e-3, 2.8e-3, 2.0e-4], rtol=0.03)
    np.testing.assert_allclose(plain, [1.2e-1, 5.4e-2, 3.7e-2, 2.6e-2, 1.7e-2], rtol=0.05)
