"""Weights, cones, the guided field and Algorithm 1 against slow loops and exact flows."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.core.run import run
from optilab.papers.pareto_flow.algorithm import guidance, sampling
from optilab.papers.pareto_flow.algorithm.learning import Predictors
from optilab.papers.pareto_flow.algorithm.sampling import choose, distinct, finish, first_elites, pareto_flow
from optilab.papers.pareto_flow.algorithm.theory import GaussianFlow
from optilab.problems.pareto import ranks, simplex_weights


class Linear(NamedTuple):
    """Objectives f̂ = x A, whose gradients are A's columns."""

    A: np.ndarray  # (d, m)

    def __call__(self, x):
        return x @ self.A

    def pull(self, x, w):
        return w @ self.A.T


def wide(d):
    return {"low": np.full(d, -np.inf), "high": np.full(d, np.inf)}


def test_the_lattice_is_the_smallest_that_is_large_enough():
    assert len(guidance.lattice(2, 400)) == 400
    assert len(guidance.lattice(3, 400)) == 406
    assert len(guidance.lattice(3, 50)) == 55
    with pytest.raises(ValueError, match=r"^m must be"):
        guidance.lattice(1, 50)


def test_angles_of_two_objectives_are_differences_of_directions():
    w = simplex_weights(2, 7)
    direction = np.arctan2(w[:, 1], w[:, 0])
    np.testing.assert_allclose(guidance.angle(w[:, None], w), abs(direction[:, None] - direction), atol=1e-7)
    assert guidance.angle(np.zeros(2), w[0]) == np.pi / 2


@pytest.mark.parametrize(("m", "H"), [(2, 6), (3, 9)])
def test_neighbours_are_the_nearest_itself_first_ties_to_the_smaller_place(m, H):
    w = simplex_weights(m, H)
    near, half = guidance.neighbourhoods(w, m + 1), guidance.half_apertures(w)
    for i, own in enumerate(w):
        cosine = [own @ other / np.sqrt((own @ own) * (other @ other)) for other in w]
        away = np.round(np.arccos(np.clip(cosine, -1, 1)), 9)
        away[i] = -1
        order = sorted(range(len(w)), key=lambda j, away=away: (away[j], j))
        assert near[i].tolist() == order[: m + 1]
        np.testing.assert_allclose(half[i], away[order[1 : m + 1]].mean(), atol=1e-8)


CANDIDATES = np.array([(1.5, 0.3), (1.5, -0.3), (0.4, 0.6), (0.9, -0.3), (0.2, 0.0)])


def test_the_filter_chooses_by_score_among_those_in_the_cone():
    w = simplex_weights(2, 4)
    near, half = guidance.neighbourhoods(w, 3), guidance.half_apertures(w)

    def chosen(half):
        return choose(CANDIDATES, near, 1, w, w, half)[0].tolist()

    assert chosen(half) == [2, 2, 2, 4, 3]  # sample 0 has nobody in its cone
    assert chosen(2 * half) == [2, 2, 2, 3, 3]
    assert chosen(None) == [2, 0, 1, 3, 3]
    assert chosen(0 * half) == [2, 2, 2, 4, 4]  # by the angle alone


def slow_choose(P, near, O, aim, w, half):
    picks = []
    for i, neighbours in enumerate(near):
        places = [j * O + o for j in neighbours for o in range(O)]
        away = [float(guidance.angle(P[place], w[i])) for place in places]
        inside = [place for place, off in zip(places, away, strict=True) if off <= half[i]]
        inside = inside or [places[int(np.argmin(away))]]
        picks.append(max(inside, key=lambda place, i=i: aim[i] @ P[place]))
    return picks


@given(seed=st.integers(0, 2**31), m=st.integers(2, 3), O=st.integers(1, 3), K=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_choosing_is_what_a_loop_over_samples_does(seed, m, O, K):
    rng = np.random.default_rng(seed)
    w = simplex_weights(m, 4)
    P, aim = rng.normal(size=(2, len(w) * O, m)), rng.dirichlet(np.ones(m), len(w))
    near, half = guidance.neighbourhoods(w, K), guidance.half_apertures(w)
    pick, score = choose(P, near, O, aim, w, half)
    for b in range(2):
        assert pick[b].tolist() == slow_choose(P[b], near, O, aim, w, half)
        np.testing.assert_allclose(score[b], (P[b][pick[b]] * aim).sum(-1))


def test_a_run_without_noise_is_the_written_out_loop():
    flow, A = GaussianFlow(0.3, 0.8), np.array([[1.0, -0.4], [0.2, 0.9], [-0.5, 0.1]])
    w, low, high = simplex_weights(2, 4), np.full(3, -0.7), np.full(3, 1.1)
    numbers = {"T": 40, "gamma": 3.0, "t_min": 0.35, "g": 0.0, "O": 1, "K": 1}
    trace = run(pareto_flow(flow, Linear(A), w, low=low, high=high, rng=np.random.default_rng(0), **numbers), 99)
    x = np.random.default_rng(0).normal(size=(5, 3))
    E, S = x.copy(), np.full(5, -np.inf)
    assert len(trace.t) == 40
    for k in range(1, 40):
        dt = 1 / 39
        before, t = (k - 1) * dt, k * dt
        v = flow(x, before)
        if before >= 0.35:
            v = v - 3 * (1 - before) / before * w @ A.T  # −Σ ωᵢ∇f̂ᵢ is the gradient of the score
        x = x + dt * v
        u = (1 - t) * flow(x, t)
        x = np.minimum(np.maximum(x, low - u), high - u)
        if t >= 0.35:
            x1 = np.clip(x + (1 - t) * flow(x, t), low, high)
            score = -((x1 @ A) * w).sum(-1)
            E[score > S], S = x1[score > S], np.maximum(S, score)
        np.testing.assert_allclose(trace.x[k], x, atol=1e-12)
        np.testing.assert_allclose(trace.score[k], S)
    np.testing.assert_allclose(trace.elites[-1], E, atol=1e-12)


def test_guidance_divides_by_dt_at_the_start():
    flow, predictors = GaussianFlow(), Linear(np.ones((2, 1)))
    x = np.zeros((1, 2))
    pushed = guidance.guided(flow, predictors, x, 0.0, aim=np.ones((1, 1)), gamma=2.0, dt=0.01)
    np.testing.assert_allclose(pushed, flow(x, 0.0) - 2 / 0.01)


def test_nothing_but_the_flow_moves_a_sample_without_guidance_noise_and_neighbours():
    flow = GaussianFlow(np.array([0.5, -1.0]), 0.6)
    w, rng = simplex_weights(2, 6), np.random.default_rng(1)
    states = pareto_flow(flow, Linear(np.eye(2)), w, rng=rng, T=60, gamma=0.0, t_min=0.2, g=0.0, O=1, K=1, **wide(2))
    trace = run(states, 59)
    plain = run(sampling.euler(flow, trace.x[0], T=60), 59)
    np.testing.assert_allclose(trace.x, plain.x, atol=1e-12)
    np.testing.assert_array_equal(trace.t, plain.t)
    mean, sd = trace.x[0].mean(0), trace.x[0].std(0)
    np.testing.assert_allclose(plain.x[-1].mean(0), np.array([0.5, -1.0]) + 0.6 * mean, atol=0.05)
    np.testing.assert_allclose(plain.x[-1].std(0), 0.6 * sd, rtol=0.05)


def sampled(**changes):
    rng = np.random.default_rng(2)
    predictors = Predictors(rng.normal(size=(2, 3 * 6 + 6 + 7)), 3, (6,))
    given = {"T": 60, "gamma": 5.0, "t_min": 0.5, "g": 0.3, "O": 3, "K": 2, **wide(3)} | changes
    return run(pareto_flow(GaussianFlow(), predictors, simplex_weights(2, 5), rng=rng, **given), 99), predictors


def test_scores_of_elites_never_fall_and_are_those_of_the_elites():
    low, high = np.full(3, -1.5), np.full(3, 1.0)
    trace, predictors = sampled(low=low, high=high)
    begun = trace.t >= 0.5
    assert np.isneginf(trace.score[~begun]).all()
    assert (np.diff(trace.score[begun], axis=0) >= 0).all()
    w = simplex_weights(2, 5)
    for E, S in zip(trace.elites[begun], trace.score[begun], strict=True):
        np.testing.assert_allclose(S, -(predictors(E) * w).sum(-1))
        assert ((low <= E) & (high >= E)).all()
    at_home = trace.chosen[~begun] == np.arange(6)
    assert at_home.all()
    near = guidance.neighbourhoods(w, 2)
    assert all((near == chosen[:, None]).any(-1).all() for chosen in trace.chosen)
    assert (trace.chosen[begun] != np.arange(6)).any()


def test_repair_puts_the_predicted_end_point_into_the_box():
    flow, rng = GaussianFlow(0.0, 2.0), np.random.default_rng(3)
    z, low, high = 3 * rng.normal(size=(50, 2)), np.array([-0.5, -1.0]), np.array([0.5, 2.0])
    mended = sampling.repair(flow, z, 0.6, low, high)
    v = flow(z, 0.6)
    end = mended + 0.4 * v
    assert ((end >= low - 1e-12) & (end <= high + 1e-12)).all()
    inside = ((z + 0.4 * v >= low) & (z + 0.4 * v <= high)).all(-1)
    assert 0 < inside.sum() < 50
    np.testing.assert_array_equal(mended[inside], z[inside])


def test_one_objective_has_no_cones():
    w, A = np.ones((4, 1)), np.array([[1.0], [2.0]])
    traces = [
        run(
            pareto_flow(
                GaussianFlow(),
                Linear(A),
                w,
                rng=np.random.default_rng(4),
                T=30,
                t_min=0.3,
                K=2,
                local_filter=filtered,
                **wide(2),
            ),
            30,
        )
        for filtered in (True, False)
    ]
    np.testing.assert_array_equal(traces[0].x, traces[1].x)
    assert (traces[0].elites[-1] @ A).max() < 0


def test_equal_weights_aim_at_one_point_and_keep_the_lattices_neighbours():
    aim = np.full((6, 2), 0.5)
    trace, predictors = sampled(aim=aim, local_filter=False)
    np.testing.assert_allclose(trace.score[-1], -predictors(trace.elites[-1]).mean(-1))
    other, _ = sampled(local_filter=False)
    assert abs(trace.x[-1] - other.x[-1]).max() > 0.1


def test_first_elites_are_the_best_points_each_used_once():
    rng = np.random.default_rng(5)
    x, y, w = rng.normal(size=(30, 2)), rng.normal(size=(30, 2)), simplex_weights(2, 7)
    E, S = first_elites(x, y, w)
    kept = np.argsort(ranks(y), kind="stable")[:8]
    places = [int(np.flatnonzero((x == e).all(-1))[0]) for e in E]
    assert len(set(places)) == 8
    assert ranks(y)[places].max() <= ranks(y)[kept].max()
    np.testing.assert_allclose(S, -(y[places] * w).sum(-1))
    assert S[0] == max(-(y[places] @ w[0]))
    reverse = first_elites(x, y, w, sign=-1)
    assert reverse.score[0] == -min(-(y[places] @ w[0]))
    few = first_elites(x[:3], y[:3], w)
    assert np.isfinite(few.score[:3]).all()
    assert np.isneginf(few.score[3:]).all()


def test_near_duplicates_count_once_and_missing_designs_are_told():
    x = np.array([[0.0, 1.0], [0.0009, 1.0], [0.0, 1.5], [0.0, 1.0], [0.0018, 1.0]])
    assert distinct(x).tolist() == [True, False, True, False, True]
    y = np.array([[1.0, 2.0], [0.0, 0.0], [2.0, 1.0], [0.0, 0.0], [3.0, 3.0]])
    places, missing = finish(x, y, 2)
    assert places.tolist() == [0, 2]
    assert missing == 0
    places, missing = finish(x, y, 4)
    assert places.tolist() == [0, 2, 4]
    assert missing == 1


REFUSED = [
    ({"T": 1}, "T"),
    ({"O": 0}, "O"),
    ({"K": 0}, "K"),
    ({"K": 7}, "K"),
    ({"gamma": -1.0}, "gamma"),
    ({"g": -0.1}, "g"),
    ({"t_min": 1.1}, "t_min"),
    ({"t_min": -0.1}, "t_min"),
    ({"low": np.ones(3), "high": np.zeros(3)}, "low"),
    ({"aim": np.ones((6, 2))}, "aim"),
    ({"aim": np.full((5, 2), 0.5)}, "the shape of aim"),
    ({"elites": sampling.Elites(np.zeros((5, 3)), np.zeros(5))}, "the shape of the elites"),
]


@pytest.mark.parametrize(("change", "named"), REFUSED)
def test_what_is_not_allowed_is_refused_by_name(change, named):
    with pytest.raises(ValueError, match=rf"^{named} must be"):
        sampled(**change)


@pytest.mark.parametrize("weights", [[[-0.5, 1.5]], [[0.4, 0.4]], [[0.0, 0.0]]])
def test_weights_off_the_simplex_are_refused(weights):
    with pytest.raises(ValueError, match=r"^weights must be"):
        pareto_flow(GaussianFlow(), Linear(np.eye(2)), np.array(weights), rng=np.random.default_rng(0), **wide(2))


def test_samples_that_diverge_are_stopped_with_the_name_of_gamma():
    with pytest.raises(ValueError, match=r"^gamma must be smaller: at t = .* samples are beyond 1e"):
        sampled(gamma=1e9)
    low, high = np.full(3, -1.0), np.full(3, 1.0)
    trace, _ = sampled(gamma=1e4, low=low, high=high)  # in a box, repair keeps them
    assert abs(trace.x).max() < 1e6
