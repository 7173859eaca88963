from importlib import import_module

import numpy as np
import pytest

from optilab.papers.mfac import explorer

costs, digits, matrices, race, surgery, throw, window = (
    import_module(f"optilab.papers.mfac.explorer.{name}")
    for name in ("costs", "digits", "matrices", "race", "surgery", "throw", "window")
)


def values(factory, **changes):
    return factory().values | changes


def test_an_ellipse_has_the_root_of_the_curvature_as_its_radius():
    x, y = np.array(window.ellipse(np.diag([4.0, 1.0])))
    np.testing.assert_allclose(x**2 / 4 + y**2, 1)
    g = np.array([3.0, 4.0])
    x, y = np.array(window.ellipse(np.outer(g, g)))
    np.testing.assert_allclose(4 * x, 3 * y, atol=1e-6)  # a segment
    assert np.hypot(x, y).max() == pytest.approx(5)


def late(m, lam=0.1):
    theta, G = window.window_film(m, lam, 0.2)
    error = window.curvature_error(G, window.PROBLEM.curvature)
    return np.median(error[-100:]), error, window.PROBLEM(theta[-1]) - window.PROBLEM.minimum


def test_the_window_is_what_the_lesson_says_of_it():
    np.testing.assert_allclose([late(m)[0] for m in (1, 16, 64)], [0.96, 0.55, 0.33], atol=0.006)
    assert late(64)[1][60] == pytest.approx(12.2, abs=0.1)
    assert late(16, 10.0)[2] == pytest.approx(0.85, abs=0.01)
    assert late(16)[2] == pytest.approx(0.02, abs=0.005)


def test_the_ring_has_a_spoke_for_each_gradient_and_marks_the_last():
    _, G = window.window_film(4, 0.1, 0.2)
    x, y, (length, angle) = window.ring(G[6], 6)
    tips = np.hypot(x, y).reshape(4, 3)
    np.testing.assert_allclose(tips[:, 0], 1)
    np.testing.assert_allclose(tips[:, 1], 1 + 0.5 * np.log1p(np.linalg.norm(G[6], axis=1)))
    assert length == pytest.approx(tips[1, 1])  # the sixth of four slots is the second
    assert angle == pytest.approx(0)


def test_the_matrices_are_those_of_their_titles():
    data = matrices.compute(**values(explorer.matrices, i=8))
    np.testing.assert_allclose(data["prefix"][2], data["exact"][2], atol=1e-12)
    none = matrices.compute(**values(explorer.matrices, i=0))
    np.testing.assert_array_equal(none["prefix"][2], np.eye(24))
    for lam, share in ((1e-2, 0.312), (1e-6, 1 / 3)):
        seen = matrices.compute(**values(explorer.matrices, i=8, lam=lam))["leverage"][1]
        assert seen.mean() == pytest.approx(share, abs=5e-4)
    for lam in (1e-6, 10.0):
        data = matrices.compute(**values(explorer.matrices, i=5, lam=lam, m=32, d=40))
        assert abs(data["prefix"][2]).max() <= 1 + 1e-9
        G = matrices.gradients(32, 40)[:5]
        exact = lam * np.linalg.inv(lam * np.eye(40) + G.T @ G / 32)
        np.testing.assert_allclose(data["prefix"][2], exact, atol=1e-7)


def test_the_costs_are_what_the_lesson_says_of_them():
    million = costs.multiply_adds(64, 6.0, 128)
    assert million["static"] == (1e6 * 64**2, 2e6 * 64)
    assert million["dense"][0] / million["static"][0] == pytest.approx(4.1e7, rel=0.01)
    small = costs.multiply_adds(1024, 2.0, 128)
    assert small["dense"][0] < small["static"][0]
    assert "8000 GB" in costs.compute(64, 6.0, 128)["note"]


def test_the_digits_are_what_the_lesson_says_of_them():
    errors, least = digits.relative_errors(8, 24, 1e-3, "a gradient")
    promised = np.finfo(float).eps * np.array(
        [digits.alg.condition(digits.parallel(8, 24, 1e-3), lam) for lam in digits.LAMS]
    )
    middle = (digits.LAMS > 1e-11) & (digits.LAMS < 1e-5)
    assert (errors[middle] > promised[middle, None] / 1000).all()
    assert (errors[middle] < 10 * promised[middle, None]).all()
    assert (least >= 1).all()
    errors, _ = digits.relative_errors(8, 24, 1.0, "a random vector")
    assert errors[:, :2].max() < 1e-14
    assert errors[middle, 2].min() > 1e-12
    _, least = digits.relative_errors(12, 4, 1e-3, "a gradient")
    assert (least < 1).any()
    lost = np.finfo(float).eps * digits.alg.condition(digits.parallel(12, 4, 1e-3), digits.LAMS[least < 1].max())
    assert lost > 1
    assert np.isnan(digits.solved(np.zeros((2, 2)), np.ones(2))).all()


def test_the_throw_is_what_the_lesson_says_of_it():
    ours, plain = throw.both(10**0.5, 0.1, 8)
    assert throw.BOWL(plain[-1]) > 1e40 * throw.BOWL(plain[0])
    assert throw.BOWL(ours[-1]) < throw.BOWL(ours[0])
    ours, _ = throw.both(100.0, 0.1, 8)
    assert np.linalg.norm(ours[-1] - throw.START) == pytest.approx(620, rel=0.05)
    assert "M-FAC: <b>diverged" in throw.compute(100.0, 0.1, 8)["note"]
    assert "M-FAC: not diverged" in throw.compute(10**0.5, 0.1, 8)["note"]


def test_the_surgery_is_what_the_lesson_says_of_it():
    made = explorer.surgery()
    ends = {name: found.accuracy[np.isclose(found.zeros, 0.8, atol=1e-3)][-1] for name, found in made.result.items()}
    said = {"magnitude": 0.65, "one shot": 0.68, "no compensation": 0.69, "diagonal Fisher": 0.78, "M-FAC": 0.93}
    assert ends == pytest.approx(said, abs=0.006)

    def ours(**changes):
        settings = {name: made.values[name] for name in made.long} | changes
        w = surgery.brain_surgeon(**settings)
        return surgery.judged(w[-1:], 0).accuracy[0]

    assert [ours(nrec=nrec) for nrec in (2, 4, 16)] == pytest.approx([0.77, 0.90, 0.95], abs=0.006)
    first = surgery.dense_network(0)[0].network.matrices(made.result["M-FAC"].w[-1])[0]
    scale = np.argsort(surgery.dense_network(0)[0].X.std(0))
    kept = (first != 0).sum(0)[scale]
    assert kept[:3].tolist() == [20, 18, 18]
    assert kept[-2:].tolist() == [3, 7]
    assert [ours(lam=0.1), ours(block=64), ours(target=0.95)] == pytest.approx([0.75, 0.94, 0.72], abs=0.006)


def test_the_race_is_what_the_lesson_says_of_it():
    made = explorer.race()
    said = "M-FAC 130, SGD 0.1 420, SGD 0.3 240, Adam 0.03 220, Adam 0.1 90"
    assert said in made.data["note"]
    assert "less than 0.64" in made.data["note"]
    distance, bound = made.data["M-FAC distance.y"], made.data["bound.y"]
    assert (distance < bound).all()

    def steps(**changes):
        settings = {name: made.values[name] for name in made.long} | changes
        return race.steps_to(race.small_fit(0, settings["cond"])(race.trained(**settings)))

    assert [steps(lam=1e-5, lr=1e-3), steps(m=16), steps(cond=1.0)] == [420, 220, 60]
