import sys

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.dynamic_reward_weighting import experiment as ex
from optilab.papers.dynamic_reward_weighting.algorithm import Gradients, fixed_weights, gradient_weights
from optilab.papers.dynamic_reward_weighting.explorer import parts, triangle
from optilab.papers.dynamic_reward_weighting.problems import Heads, Tokens, logit


def module(name):
    return sys.modules[f"optilab.papers.dynamic_reward_weighting.explorer.{name}"]


@pytest.mark.parametrize(("H", "w", "p", "ratio"), [(2, 0.5, 0.45, 1.0), (5, 0.7, 0.3, 4.0), (1, 0.3, 0.8, 0.0)])
def test_the_climb_of_the_tokens_is_that_of_the_algorithm(H, w, p, ratio):
    ours = module("tokens").climbed(H, w, p, ratio)
    gradients = Gradients(Tokens(H), "exact", clip=np.inf)
    trace = run(gradient_weights(gradients, logit(p), w=np.array([w, 1 - w]), lr=0.5, ratio=ratio), 300)
    np.testing.assert_allclose(ours[:, 0], Tokens(H).J(trace.theta)[:, 0] ** (1 / H), atol=1e-8)
    np.testing.assert_allclose(ours[:, 1], trace.w[:, 0], atol=1e-7)


@pytest.mark.parametrize(("ratio", "arms"), [(0.0, 16), (1.0, 5), (10.0, 32), (1e4, 16)])
def test_the_climb_of_the_heads_is_that_of_the_algorithm(ratio, arms):
    J, w = module("starving").climbed(ratio, arms)
    heads = Heads((2, 4, arms))
    states = gradient_weights(
        Gradients(heads, "exact", clip=np.inf), np.zeros(heads.p), w=np.full(3, 1 / 3), ratio=ratio
    )
    trace = run(states, 500)
    np.testing.assert_allclose(J, heads.J(trace.theta), atol=1e-8)
    np.testing.assert_allclose(w, trace.w, atol=1e-8)


def test_a_kept_run_is_that_of_the_experiment():
    w = triangle.mixed(0.334, 0.5)
    np.testing.assert_allclose(w, ex.SETTINGS["balanced"], atol=1e-12)
    found = ex.learn("gradient-based", "RLOO", [4], w=w, lr=3.0, steps=30, ratio=8.0)
    path = parts.kept("gradient-based", "RLOO", w, 3.0, 30, 4, 8.0)
    np.testing.assert_array_equal(path.J, found.J[:, 0])
    np.testing.assert_array_equal(path.w, found.trace.w[:, 0])


@pytest.mark.parametrize("first", [0.01, 0.334, 0.98])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_click_on_weights_gives_these_weights(first, share):
    w = np.array(triangle.mixed(first, share))
    assert w.min() >= 0.01 - 1e-12
    assert w.sum() == pytest.approx(1)
    again = triangle.clicked(*map(float, triangle.placed(w)))
    np.testing.assert_allclose(triangle.mixed(**again), w, atol=1e-9)


@pytest.mark.parametrize(("x", "y"), [(-1.0, 0.2), (2.0, 0.5), (0.5, 3.0), (0.3, -1.0)])
def test_a_click_beside_the_triangle_gives_weights_too(x, y):
    w = np.array(triangle.mixed(**triangle.clicked(x, y)))
    assert w.min() >= 0.01 - 1e-12
    assert w.sum() == pytest.approx(1)


def test_means_of_the_last_steps():
    values = np.arange(30.0)[:, None]
    found = parts.smooth(values, 10)
    assert found[0] == 0
    assert found[4] == pytest.approx(2)
    assert found[29] == pytest.approx(np.arange(20, 30).mean())
    np.testing.assert_allclose(parts.smooth(values[:3], 10)[:, 0], [0, 0.5, 1])


@pytest.mark.parametrize(
    ("estimator", "headline"),
    [("GRPO", "One path"), ("REINFORCE++", "One path"), ("RLOO", "Two runs"), ("Dr. GRPO", "Two runs")],
)
def test_the_title_of_the_scaled_reward_follows_the_estimator(estimator, headline):
    picture = module("scaled")
    runs = picture.both(estimator, 1000.0, ex.LR[estimator], 0)
    assert picture.compute(estimator, run=runs)["headline"].startswith(headline)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "p* = 0.5: from p = 0.45 fixed weights go left"),
        ({"w": 0.6}, "p* = 0.4: from p = 0.45 fixed weights go right"),
        ({"p": 0.5}, "on the watershed itself fixed weights stay"),
        ({"w": 0.55}, "on the watershed itself fixed weights stay"),  # moving ones don't
        ({"H": 3, "w": 0.09, "p": 0.76}, "p* = 0.760754: from p = 0.76 fixed weights go left"),
        ({"H": 1}, "φ is constant"),
        ({"H": 1, "w": 0.7}, "φ is straight"),
        ({"w": 0.0}, "p* = 1: from p = 0.45 fixed weights go left"),
        ({"w": 1.0}, "p* = 0: from p = 0.45 fixed weights go right"),
    ],
)
def test_the_note_on_the_tokens_follows_their_settings(values, said):
    data = module("tokens").compute(**{"H": 2, "w": 0.5, "p": 0.45, "ratio": 1.0} | values)
    assert said in data["note"]
    w, p = {"w": 0.5, "p": 0.45, **values}["w"], {"p": 0.45, **values}["p"]
    H = values.get("H", 2)
    states = fixed_weights(Gradients(Tokens(H), "exact"), logit(p), w=np.array([w, 1 - w]), lr=0.1)
    moved = float(run(states, 20).theta[-1, 0] - logit(p)[0])
    assert ("left" in data["note"]) == (moved < -1e-6 and H > 1)
    assert ("right" in data["note"]) == (moved > 1e-6 and H > 1)


def test_a_method_that_ends_with_as_much_is_said_to():
    made = module("fronts")
    fixed = parts.kept("fixed weights", "GRPO", triangle.mixed(0.334, 0.5), 1.0, 20, 0, 0.0)
    less = fixed._replace(HV=fixed.HV - 1e-6)
    for ours, said in ((less, "ends with as much:"), (fixed._replace(HV=fixed.HV - 1), "doesn't reach that and ends")):
        note = made.compute("hypervolume-guided", 0.334, 0.5, run=(ours, fixed))["note"]
        assert said in note.replace("</b>", "")


@pytest.mark.parametrize(("high", "said"), [(0.51, "hardly leaves ½"), (1.9, "jumps up")])
def test_the_title_of_m_follows_its_jumps(high, said):
    fixed = parts.kept("fixed weights", "GRPO", triangle.mixed(0.334, 0.5), 1.0, 200, 0, 0.0)
    m = np.r_[1.0, np.full(199, 0.5), high]
    assert said in module("scaled").compute("GRPO", run=(fixed._replace(m=m), fixed))["jumps"]


@pytest.mark.parametrize(
    ("ratio", "arms", "said"),
    [(1.0, 16, "126 steps"), (10.0, 16, "343 steps"), (1e4, 16, "69 steps"), (20.0, 32, "more than")],
)
def test_the_title_of_the_heads_counts_the_steps(ratio, arms, said):
    assert said in module("starving").compute(ratio, arms)["headline"]
