import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.gradient_normalized_smoothness import experiment
from optilab.papers.gradient_normalized_smoothness.experiment import decades, measured, steps_to
from optilab.papers.gradient_normalized_smoothness.problems import labelled, soft_maximum


def test_decades_on_labelled_points_are_those_found_elsewhere():
    counts = {
        (0.0, "exact"): [8, 13, 18, 23],
        (0.0, "Fisher"): [6, 130, 287, 452],
        (0.0, "zero"): [53, 189, 346, 511],
        (0.0, "gradient method"): [43, 147, 268, 397],
        (0.0, "constant step"): [1211, np.inf, np.inf, np.inf],
        (0.1, "exact"): [6, 7, 8, 8],
        (0.1, "Fisher"): [5, 23, 47, 72],
        (0.1, "zero"): [27, 126, 241, 360],
        (0.1, "gradient method"): [22, 142, 283, 427],
        (0.1, "constant step"): [127, 881, 1762, 2662],
    }
    for (flips, name), known in counts.items():
        f = labelled(0, flips=flips)
        least = 0.0 if flips == 0 else experiment.least_loss(f)
        found = decades(measured(experiment.logistic_runs(f, least)[name], 3000), least)
        np.testing.assert_allclose(found, known, atol=2, err_msg=f"{name}, {flips}")
    assert experiment.least_loss(labelled(0, flips=0.1)) == pytest.approx(0.2826, abs=1e-4)


def test_counts_on_a_soft_maximum_are_those_found_elsewhere():
    for mu, exact, newton in ((1.0, (10, 10), (14, 17)), (0.1, (35, 48), (128, 182))):
        for seed in (0, 1):
            found = experiment.soft_counts(seed, mu, ("exact", "Gauss–Newton"))
            assert exact[0] - 2 <= found["exact"] <= exact[1] + 2
            assert newton[0] - 2 <= found["Gauss–Newton"] <= newton[1] + 2


def test_baselines_on_a_soft_maximum_count_what_is_known_of_them():
    known = {"Super-Universal": (9, 10), "gradient method": (23, 28), "gradient method, B = I": (75, 110)}
    for seed in (0, 1):
        found = experiment.soft_counts(seed, 1.0, tuple(known))
        assert all(low - 2 <= found[name] <= high + 2 for name, (low, high) in known.items()), found
    assert 46 <= experiment.soft_counts(1, 0.1, ("Super-Universal",))["Super-Universal"] <= 76


def test_the_metric_of_the_data_is_an_approximate_hessian():
    f = labelled(0)
    B = experiment.Metric(f.signed.T @ f.signed / len(f.y))
    runs = experiment.logistic_runs(f, 0.0, B)
    found = {name: float(steps_to(measured(runs[name], 200), 0.0)) for name in ("Fisher", "zero", "gradient method")}
    assert found == pytest.approx({"Fisher": 83, "zero": 88, "gradient method": 84}, abs=1)


def test_flat_residuals_and_the_chain_count_what_is_known_of_them():
    flat = {name: float(steps_to(measured(states, 200), 0.0)) for name, states in experiment.flat_runs(0).items()}
    assert flat == pytest.approx(
        {"exact": 25, "Fisher": 17, "zero": 9, "gradient method": 23, "gradient method, B = I": 49}, abs=1
    )
    x0 = np.random.default_rng(1).uniform(0, 1, 50)
    runs = experiment.chain_runs(x0)
    exact = run(runs["exact"], 60)
    assert (len(exact.step) - 1, exact.failures[-1]) == (20, 3)
    assert float(steps_to(measured(runs["gradient method"], 200), 0.0)) == pytest.approx(143, abs=1)


def test_a_run_lies_under_its_bounds():
    f = soft_maximum(0, 0.1)
    path = experiment.along(f, experiment.soft_runs(f, np.ones(60))["exact"])
    assert (path["gap"] <= path["product"] * (1 + 1e-9)).all()
    assert (path["product"] <= path["flat"] * (1 + 1e-9)).all()
    assert path["product"][-1] < 0.2 < path["flat"][-1] / path["gap"][0]
