"""Markov decision processes against linear algebra and counting."""

import dataclasses

import numpy as np
import pytest

from optilab.problems.mdp import MDP, coordinates, grid_world, random_mdp


@pytest.mark.parametrize("slip", [0.0, 0.3])
def test_value_iteration_ends_where_policy_iteration_does(slip):
    mdp = grid_world(4, gamma=0.9, pit=(1, 1), slip=slip)
    acting = np.flatnonzero(~mdp.terminal)
    policy = np.zeros(16, int)
    for _ in range(50):
        P = mdp.P[np.arange(16), policy] * ~mdp.terminal
        r = np.array([(mdp.P[s, a] * mdp.R[s, a]).sum() for s, a in enumerate(policy)])
        V = np.zeros(16)
        V[acting] = np.linalg.solve(np.eye(len(acting)) - 0.9 * P[np.ix_(acting, acting)], r[acting])
        Q = (mdp.P * (mdp.R + 0.9 * V * ~mdp.terminal)).sum(-1)
        policy = np.where(Q.max(-1) > Q[np.arange(16), policy] + 1e-9, Q.argmax(-1), policy)
    np.testing.assert_allclose(mdp.optimal()[acting], Q[acting], atol=1e-10)
    np.testing.assert_array_equal(mdp.optimal()[mdp.terminal], 0)


def test_the_grid_world_is_the_one_described():
    mdp = grid_world()
    Q = mdp.optimal()
    assert len(mdp.acting) == 23
    assert Q[19].tolist()[2] == 1  # above the goal, down
    assert Q[7, 2] == -1  # above the pit, down
    assert Q[0].max() == pytest.approx(0.95**7)  # eight moves from the far corner
    assert Q[0, 0] == pytest.approx(0.95**8)  # a move into the wall is lost
    assert np.sqrt((Q[mdp.acting] ** 2).mean()) == pytest.approx(0.825, abs=5e-4)
    np.testing.assert_array_equal(coordinates(5)[[0, 12, 24]], [[-1, -1], [0, 0], [1, 1]])


def test_the_smallest_grid_has_room_for_both_and_cells_may_be_lists():
    assert grid_world(2).terminal.tolist() == [True, False, False, True]
    mdp = grid_world(3, goal=[0, 2], pit=[2, 0])
    np.testing.assert_array_equal(mdp.R.max((0, 1)), [0, 0, 1, 0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(mdp.R.min((0, 1)), [0, 0, 0, 0, 0, 0, -1, 0, 0])


def test_transitions_are_drawn_as_often_as_they_should():
    mdp = grid_world(3, slip=0.4)
    rng = np.random.default_rng(0)
    seen = mdp.sample(rng, (200, 1000))
    assert not mdp.terminal[seen.s].any()
    counts = np.zeros((9, 4, 9))
    np.add.at(counts, (seen.s, seen.a, seen.s_next), 1)
    visits = counts.sum(-1)[mdp.acting]
    np.testing.assert_allclose(visits / visits.mean(), 1, atol=0.05)
    np.testing.assert_allclose(counts[mdp.acting] / visits[..., None], mdp.P[mdp.acting], atol=0.02)
    np.testing.assert_array_equal(seen.over, mdp.terminal[seen.s_next])
    np.testing.assert_array_equal(seen.r, mdp.R[seen.s, seen.a, seen.s_next])


def test_values_of_a_batch_are_backed_up_one_by_one():
    mdp = grid_world(slip=0.1)
    V = np.random.default_rng(1).normal(size=(3, 25))
    np.testing.assert_allclose(mdp.backup(V), [mdp.backup(v) for v in V], rtol=1e-12)


def test_bad_processes_are_refused():
    mdp = grid_world(3)
    with pytest.raises(ValueError, match=r"gamma must be in \[0, 1\), got 1"):
        grid_world(gamma=1.0)
    with pytest.raises(ValueError, match="pit must be another cell"):
        grid_world(3, goal=(1, 1))
    with pytest.raises(ValueError, match="goal must be a cell of the 3 × 3 grid"):
        grid_world(3, goal=(3, 1))
    for goal in ((1, 2, 3), (0.5, 1), (-1, 0)):
        with pytest.raises(ValueError, match="goal must be a cell of the 3 × 3 grid"):
            grid_world(3, goal=goal)
    with pytest.raises(ValueError, match="pit must be another cell"):
        grid_world(5, goal=[2, 2])
    with pytest.raises(ValueError, match="side must be an integer, 2 or more"):
        coordinates(1)
    with pytest.raises(ValueError, match="slip"):
        grid_world(slip=1.5)
    with pytest.raises(ValueError, match="side"):
        grid_world(1)
    with pytest.raises(ValueError, match="P must be distributions"):
        dataclasses.replace(mdp, P=mdp.P * 2)
    with pytest.raises(ValueError, match="the shape of R"):
        MDP(mdp.P, mdp.R[:2], mdp.terminal, 0.9)
    with pytest.raises(ValueError, match="the shape of terminal"):
        MDP(mdp.P, mdp.R, mdp.terminal[:2], 0.9)
    with pytest.raises(ValueError, match="tolerance"):
        mdp.optimal(0.0)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda mdp: dataclasses.replace(mdp, R=np.full_like(mdp.R, np.nan)), "R must be finite"),
        (lambda mdp: dataclasses.replace(mdp, P=np.ones(3)), r"the shape of P must be \(S, A, S\), got \(3,\)"),
        (lambda mdp: dataclasses.replace(mdp, terminal=np.zeros(9)), "the type of terminal must be bool, got float64"),
        (lambda mdp: grid_world(2.5), "side must be an integer, 2 or more, got 2.5"),
        (lambda mdp: random_mdp(0, 2.5), r"states and actions must be integers, 1 or more, got \(2.5, 2\)"),
        (lambda mdp: random_mdp(0, 2, 0), r"states and actions must be integers, 1 or more, got \(2, 0\)"),
        (lambda mdp: random_mdp(0.5), "seed must be an integer, 0 or more, got 0.5"),
    ],
)
def test_what_is_no_process_is_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make(grid_world(3))
