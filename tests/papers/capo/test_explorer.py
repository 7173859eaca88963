import sys

import numpy as np
import pytest

import optilab.papers.capo.explorer  # noqa: F401 (puts its modules where the next lines find them)
from optilab.papers.capo import algorithm as alg
from optilab.papers.capo import experiment

race, tokens, prediction, cliff, theorem, runs, parts = (
    sys.modules[f"optilab.papers.capo.explorer.{name}"]
    for name in ("race", "tokens", "prediction", "cliff", "theorem", "runs", "parts")
)
START = {"lr": 40.0, "tauF": 1.2e4, "tauH": 2e4, "prompts": 2, "base": "GRPO", "scale": 16, "share": 0.05, "seed": 6}


def silent(done, total):
    pass


@pytest.fixture(scope="module")
def films():
    return runs.three_runs(**START, progress=silent)


def ends(**changed):
    found = runs.three_runs(**START | changed, progress=silent)
    return [float(found[name].accuracy[-1]) for name in ("all tokens", "CAPO")]


def test_the_films_are_runs_of_the_experiment(films):
    for name, method in (("all tokens", "plain"), ("CAPO", "CAPO")):
        found = experiment.learn(method, "GRPO", [6])
        np.testing.assert_allclose(films[name].accuracy, found.accuracy[:, 0], rtol=1e-5)
    careful = experiment.learn("plain", "GRPO", [6], **experiment.CONSERVATIVE)
    np.testing.assert_allclose(films["careful"].accuracy, careful.accuracy[:, 0], rtol=1e-5)
    assert films["careful"].responses[-1] == 28_800


def test_the_race_is_what_the_lesson_says_of_it(films):
    plain, ours = films["all tokens"], films["CAPO"]
    np.testing.assert_allclose([plain.accuracy[4], ours.accuracy[4]], 0.421, atol=1e-3)
    np.testing.assert_allclose([plain.accuracy[-1], ours.accuracy[-1]], [0.304, 0.639], atol=1e-3)
    assert [(plain.success[k] < 1e-3).sum() for k in (5, 100, 300)] == [36, 28, 26]
    assert (plain.status == alg.STATUS.index("no_signal")).sum() == 210
    data = race.compute(run=films, frame=100, **START)
    assert data["all tokens title"].startswith("All tokens: 28 of 49")
    assert len(data["all tokens crosses"]) == 28
    assert data["CAPO"][0][-1] == 1600


@pytest.mark.parametrize(
    ("changed", "after"),
    [
        ({"tauF": 1e3}, [0.304, 0.482]),
        ({"tauF": 1e5, "tauH": 1e10}, [0.304, 0.617]),
        ({"tauF": 1e10, "tauH": 1e10}, [0.304, 0.304]),
        ({"scale": 1}, [0.713, 0.722]),
        ({"lr": 100.0}, [0.080, 0.401]),
        ({"prompts": 8}, [0.772, 0.743]),
        ({"seed": 3}, [0.612, 0.594]),
    ],
)
def test_other_settings_end_as_the_lesson_says(changed, after):
    np.testing.assert_allclose(ends(**changed), after, atol=1e-3)


def test_the_tokens_are_what_the_lesson_says_of_them():
    trace = tokens.simulate(lr=40.0, base="GRPO", scale=16, share=0.05, seed=6, progress=silent)
    mF, length, kept = trace.mF[5].ravel(), trace.length[5].ravel(), trace.kept[5].ravel()
    assert (~kept).sum() == 8
    assert (length[~kept] > 1.001).all()
    assert mF[kept].max() == pytest.approx(2.3e3, rel=0.01)
    assert mF[~kept].min() == pytest.approx(4.47e6, rel=0.01)
    assert (trace.A[10] == 0).all()
    assert (trace.mF[1:] > 1e5).sum() == 28
    assert np.broadcast_to(trace.A[1:, :, None] != 0, trace.mF[1:].shape).sum() == 8040
    out = ~trace.kept[1:]
    assert (out & (trace.length[1:] < 1.001)).sum() / out.sum() == pytest.approx(0.75, abs=0.01)
    data = tokens.compute(run=trace, frame=5, tauF=1e5, tauH=1e10)
    assert "<b>8</b> are left out" in data["note"]
    assert "<b>0</b> are left out" in tokens.compute(run=trace, frame=5, tauF=1e10, tauH=1e10)["note"]
    drawn = sum(np.isfinite(data[f"{kind} {size}"][0]).sum() for kind in tokens.KINDS for size in ("short", "long"))
    assert drawn == 48


def test_the_step_is_foretold_as_the_lesson_says():
    found = [experiment.foretold(seed, 40.0, np.array([0.01, 0.1, 1.0, 10.0])) for seed in range(4)]
    ratio = np.array([one.all_tokens / one.kl for one in found])
    assert (abs(ratio[:, 1] - 1) < 0.07).all()
    biased = np.array([one.drawn[0] / one.kl[0] for one in found])
    assert 1.2 < biased.min() < biased.max() < 1.65
    wrong = np.array([one.mH[3] for one in found])
    assert -50 < wrong.min() < wrong.max() < -13
    true = np.array([one.truth[3] for one in found])
    assert 0.19 < true.min() < true.max() < 0.4
    assert 1 / ratio[2, 2] == pytest.approx(8, abs=0.1)


def test_the_cliff_is_what_the_lesson_says_of_it():
    q, mH, truth = cliff.own_step("second", "A = −1")
    assert np.sign(mH[[26, 27]]).tolist() == [1, -1]  # α = 1.30 and 1.35
    assert truth[26] == pytest.approx(0.90, abs=0.01)
    assert q[-1, 2] == pytest.approx(6e-6, rel=0.1)
    assert truth.max() <= 1
    assert (np.diff(truth) >= 0).all()
    assert "never turns" in cliff.compute(2.0, "first", "A = −1")["note"]


def test_the_theorem_promises_what_the_lesson_says():
    assert theorem.compute(0.1, 0.59, 1.0, -4.0)["now"][1][0] > 0 > theorem.compute(0.1, 0.6, 1.0, -4.0)["now"][1][0]
    assert "<b>280</b>" in theorem.compute(0.1, 0.99, 1.0, -4.0)["note"]


def test_nine_in_ten_steps_are_in_the_shaded_region():
    kl = experiment.learn("CAPO", "GRPO", range(4)).kl
    inside = (kl > theorem.SEEN[0]) & (kl < theorem.SEEN[1])
    assert inside.sum() / (kl > 0).sum() == pytest.approx(0.9, abs=0.03)
    least = (0.1 / -float(alg.improvement_bound(0.0, 1.0, 0.5))) ** 2
    assert (kl[kl > 0] > least).mean() > 0.8  # at the start of the sliders most of them are promised a loss


def test_signed_axes_are_odd_and_keep_powers_of_ten():
    np.testing.assert_allclose(parts.signed(np.array([-9.0, 0.0, 99.0])), [-1, 0, 2])
    assert parts.signed_axis("m", 4)["ticktext"] == ["0", "10²", "−10²", "10⁴", "−10⁴"]
    assert parts.written(-1) == "0.1"
    assert parts.off(1e10) == np.inf
    assert parts.off(9e9) == 9e9
