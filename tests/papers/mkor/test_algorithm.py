"""MKOR against dense inverses, a loop written anew, and what its theory promises."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.core.randomness import common
from optilab.core.run import run
from optilab.papers.mkor import algorithm as alg
from optilab.papers.mkor.algorithm import costs, theory
from optilab.papers.mkor.algorithm.rivals import clipped, one_sided
from optilab.problems.mlp import MLP, Fit

NETWORK = MLP((4, 5, 3))


def rng(seed=0):
    return np.random.default_rng(seed)


def problem(seed=0, n=40):
    r = rng(seed)
    return Fit(NETWORK, r.normal(size=(n, 4)) + 1.5, r.integers(3, size=n), "cross_entropy")


def start(seed=0):
    return NETWORK.init(rng(seed))


def positive(r, d):
    root = r.normal(size=(d, d))
    return root @ root.T + 0.5 * np.eye(d)


def last(states, steps):
    for _ in range(steps + 1):
        state = next(states)
    return state


# ---- rules


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), gamma=st.floats(0.05, 0.99), d=st.integers(1, 6))
def test_the_exact_rule_inverts_the_running_mean(seed, gamma, d):
    r = rng(seed)
    F, v = positive(r, d), 2 * r.normal(size=d)
    new = alg.exact(np.linalg.inv(F), v, gamma)
    np.testing.assert_allclose(new @ (gamma * F + (1 - gamma) * np.outer(v, v)), np.eye(d), atol=1e-8)
    np.testing.assert_allclose(new, new.T, rtol=1e-12, atol=1e-12)
    assert np.linalg.eigvalsh(new).min() > 0


def test_the_printed_rule_inverts_something_else():
    r, gamma = rng(1), 0.8
    F, v = positive(r, 4), r.normal(size=4)
    Finv = np.linalg.inv(F)
    s = v @ Finv @ v
    kappa = (1 - gamma) / (gamma * (gamma**3 + (1 - gamma) * (1 + gamma**4) * s))
    new = alg.printed(Finv, v, gamma)
    np.testing.assert_allclose(new @ (F / gamma - kappa * np.outer(v, v)), np.eye(4), atol=1e-10)
    assert abs(new @ (gamma * F + (1 - gamma) * np.outer(v, v)) - np.eye(4)).max() > 0.1
    one = np.eye(1)
    assert alg.exact(one, np.array([10.0]), 0.9)[0, 0] == pytest.approx(0.0917, abs=5e-5)
    assert alg.printed(one, np.array([10.0]), 0.9)[0, 0] == pytest.approx(2.135, abs=5e-4)


def test_the_package_rule_stays_below_the_identity():
    r, Finv = rng(2), np.eye(5)
    for _ in range(50):
        v = 3 * r.normal(size=5)
        M = 0.95 * Finv + 0.05 * np.eye(5)
        expected = np.linalg.inv(np.linalg.inv(M) + np.outer(v, v))
        Finv = alg.package(Finv, v, 0.3)
        np.testing.assert_allclose(Finv, expected, atol=1e-10)
        assert np.linalg.eigvalsh(Finv).max() <= 1 + 1e-12


def test_rank_r_inverts_the_running_mean_of_several():
    r, gamma = rng(3), 0.9
    F, C = positive(r, 5), r.normal(size=(3, 5))
    new = alg.rank_r(np.linalg.inv(F), C, gamma)
    np.testing.assert_allclose(new @ (gamma * F + (1 - gamma) * C.T @ C), np.eye(5), atol=1e-9)
    np.testing.assert_allclose(alg.rank_r(F, C[:1], gamma), alg.exact(F, C[0], gamma), rtol=1e-12)


def test_principal_vectors_are_the_best_copy_and_all_samples_are_exact():
    V = rng(4).normal(size=(30, 6)) + 2
    second = V.T @ V / 30
    values, vectors = np.linalg.eigh(second)
    C = alg.principal(V, 2)
    best = (vectors[:, -2:] * values[-2:]) @ vectors[:, -2:].T
    np.testing.assert_allclose(C.T @ C, best, atol=1e-10)
    all_of_them = alg.some_samples(V, 30, rng())
    np.testing.assert_allclose(all_of_them.T @ all_of_them, second, atol=1e-12)
    some = alg.some_samples(V, 7, rng()) * np.sqrt(7)
    assert len({row.tobytes() for row in np.round(some, 8)}) == 7
    assert all(np.isclose(V, row).all(-1).any() for row in some)
    with pytest.raises(ValueError, match="r must be"):
        alg.principal(V, 7)
    with pytest.raises(ValueError, match="r must be"):
        alg.some_samples(V, 31, rng())


def test_principal_vectors_of_a_diverged_replicate_disturb_no_other():
    V = np.stack([rng().normal(size=(8, 3)), np.full((8, 3), np.inf)])
    C = alg.principal(V, 2)
    np.testing.assert_array_equal(C[0], alg.principal(V[0], 2))
    assert np.isnan(C[1]).all()


# ---- stabiliser, rescaling, direction


def test_the_stabiliser_acts_on_the_row_sum():
    w = np.array([6.0, *[1.0] * 11])
    Finv = np.eye(12) + np.outer(w, w)
    assert (alg.norm_inf(Finv), np.linalg.norm(Finv, 2), Finv.max()) == (103, pytest.approx(48), 37)
    np.testing.assert_allclose(alg.stabilise(Finv, 50.0, 0.9), 0.9 * Finv + 0.1 * np.eye(12))
    np.testing.assert_array_equal(alg.stabilise(Finv, 104.0, 0.9), Finv)
    both = alg.stabilise(np.stack([Finv, np.eye(12)]), 50.0, 0.9)
    np.testing.assert_array_equal(both[1], np.eye(12))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_positive_definite_pair_gives_a_descent_direction_of_the_gradients_length(seed):
    r = rng(seed)
    L, R, G = positive(r, 3), positive(r, 5), r.normal(size=(3, 5))
    dW = alg.rescaled(alg.precondition(L, G, R), G)
    assert (dW * G).sum() > 0
    assert np.linalg.norm(dW) == pytest.approx(np.linalg.norm(G))
    np.testing.assert_allclose(alg.precondition(L, G, R).ravel("F"), np.kron(R, L) @ G.ravel("F"), rtol=1e-9)


def test_a_direction_of_zero_stays_zero():
    np.testing.assert_array_equal(alg.rescaled(np.zeros((2, 2)), np.ones((2, 2))), 0)
    np.testing.assert_array_equal(alg.rescaled(np.zeros((2, 2)), np.zeros((2, 2))), 0)


# ---- one layer's step, and all of them


def layer(r, out=3, into=5, b=8):
    A = np.column_stack([r.normal(size=(b, into - 1)) + 1, np.ones(b)])
    Delta = r.normal(size=(b, out))
    return A, Delta, Delta.T @ A / b


def test_one_layers_step_is_stabilise_update_precondition_rescale():
    A, Delta, G = layer(rng(5))
    L, R = 100 * np.eye(3), np.eye(5)
    dW, Linv, Rinv = alg.mkor_direction(L, R, A, Delta, G)
    g, a = Delta.mean(0), A.mean(0)
    pulled = 0.9 * L + 0.1 * np.eye(3)
    expected_L = np.linalg.inv(0.95 * np.linalg.inv(pulled) + 0.05 * np.outer(g, g))
    expected_R = np.linalg.inv(0.95 * np.eye(5) + 0.05 * np.outer(a, a))
    np.testing.assert_allclose(Linv, expected_L, rtol=1e-9)
    np.testing.assert_allclose(Rinv, expected_R, rtol=1e-9)
    free = expected_L @ G @ expected_R
    np.testing.assert_allclose(dW, free * np.linalg.norm(G) / np.linalg.norm(free), rtol=1e-9)


def test_one_layers_step_refuses_what_doesnt_fit():
    A, Delta, G = layer(rng(6))
    L, R = np.eye(3), np.eye(5)
    crooked, broken = L.copy(), R.copy()
    crooked[0, 1], broken[2, 2] = 0.1, np.inf
    bad = {
        "one sample or more": (L, R, A[:0], Delta[:0], G),
        r"the shape of A must be .*5\)": (L, R, A[:, 1:], Delta, G),
        r"the shape of Delta must be .*8, 3\)": (L, R, A, Delta[:-1], G),
        "the shape of G": (L, R, A, Delta, G.T),
        "Linv of layer 3 at step 7 must be symmetric": (crooked, R, A, Delta, G),
        "Rinv of layer 3 at step 7 must be finite": (L, broken, A, Delta, G),
    }
    for message, arguments in bad.items():
        with pytest.raises(ValueError, match=message):
            alg.mkor_direction(*arguments, layer=3, step=7)
    with pytest.raises(ValueError, match="gamma = 1 never updates"):
        alg.mkor_direction(L, R, A, Delta, G, gamma=1.0)


def by_hand(fit, theta, lr, steps, seed, size, gamma, eps, zeta, f, kind):
    """MKOR once more: one replicate, dense inverses, layer by layer."""
    r, W = rng(seed), [matrix.copy() for matrix in NETWORK.matrices(theta)]
    L, R = [np.eye(len(w)) for w in W], [np.eye(w.shape[1]) for w in W]
    m, v = [np.zeros_like(w) for w in W], [np.zeros_like(w) for w in W]
    for t in range(steps):
        rows = fit.sample(r, (size,))
        for k, part in enumerate(fit.drawn(rows).factors(NETWORK.vector(W))):
            G = part.delta.T @ part.a / size
            if t % f == 0:
                for factors, x in ((L, part.delta.mean(0)), (R, part.a.mean(0))):
                    Finv = np.linalg.inv(factors[k])
                    if abs(Finv).sum(1).max() > eps:
                        Finv = zeta * Finv + (1 - zeta) * np.eye(len(Finv))
                    factors[k] = gamma * np.linalg.inv(Finv) + (1 - gamma) * np.outer(x, x)
            step = np.linalg.inv(L[k]) @ G @ np.linalg.inv(R[k])
            step *= np.linalg.norm(G) / np.linalg.norm(step)
            if kind == "SGD":
                m[k] = 0.9 * m[k] + step
                W[k] = W[k] - lr * m[k]
            else:
                m[k], v[k] = 0.9 * m[k] + 0.1 * step, 0.999 * v[k] + 0.001 * step**2
                s = m[k] / (np.sqrt(v[k]) + 1e-6)
                W[k] = W[k] - lr * min(np.linalg.norm(W[k]), 10) / np.linalg.norm(s) * s
    return NETWORK.vector(W), [np.linalg.inv(F) for F in (*L, *R)]


@pytest.mark.parametrize(("kind", "f"), [("SGD", 1), ("SGD", 3), ("LAMB", 1)])
def test_mkor_is_the_algorithm_written_anew(kind, f):
    numbers = {"lr": 0.05, "size": 6, "gamma": 0.9, "eps": 2.0, "zeta": 0.8, "f": f}
    state = last(alg.mkor(problem(), start(), rng=rng(3), method=kind, **numbers), 12)
    x, inverses = by_hand(problem(), start(), steps=12, seed=3, kind=kind, **numbers)
    np.testing.assert_allclose(state.x, x, rtol=1e-8, atol=1e-10)
    for mine, theirs in zip((*state.Linv, *state.Rinv), inverses, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-10)


def test_factors_of_single_samples_are_dense_inverses_of_the_running_mean():
    fit, x, gamma = problem(), start(), 0.95
    states = alg.mkor(fit, x, lr=0.01, rng=rng(1), size=1, gamma=gamma, eps=None, rescale=False)
    next(states)
    r, L, R = rng(1), np.eye(5), np.eye(5)
    for _ in range(50):
        part = fit.drawn(fit.sample(r, (1,))).factors(x)[0]
        L = gamma * L + (1 - gamma) * np.outer(part.delta[0], part.delta[0])
        R = gamma * R + (1 - gamma) * np.outer(part.a[0], part.a[0])
        state = next(states)
        x = state.x
    np.testing.assert_allclose(state.Linv[0], np.linalg.inv(L), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(state.Rinv[0], np.linalg.inv(R), rtol=1e-8, atol=1e-10)


def test_all_samples_as_components_are_kfac_without_damping():
    fit = problem()
    states = alg.mkor(fit, start(), lr=0.02, rng=rng(2), size=8, eps=None, rank=8, components="samples")
    state = last(states, 1)
    for k, part in enumerate(fit.drawn(fit.sample(rng(2), (8,))).factors(start())):
        for mine, V in ((state.Linv[k], part.delta), (state.Rinv[k], part.a)):
            dense = 0.95 * np.eye(V.shape[1]) + 0.05 * V.T @ V / 8
            np.testing.assert_allclose(mine, np.linalg.inv(dense), rtol=1e-9, atol=1e-12)


def test_minibatches_are_the_same_whatever_stands_for_the_second_moment(monkeypatch):
    plain, drawn = Fit.sample, []

    def recorded(self, r, size):
        drawn.append(plain(self, r, size))
        return drawn[-1]

    monkeypatch.setattr(Fit, "sample", recorded)
    for components, rank in (("mean", 1), ("principal", 2), ("samples", 2)):
        last(alg.mkor(problem(), start(), lr=0.02, rng=rng(2), size=8, components=components, rank=rank), 4)
    last(alg.first_order(problem(), start(), lr=0.02, rng=rng(2), size=8), 4)
    drawn = np.reshape(drawn, (4, 4, 8))
    np.testing.assert_array_equal(drawn[1:], np.broadcast_to(drawn[0], (3, 4, 8)))
    assert len(np.unique(drawn[0], axis=0)) == 4


def test_with_gamma_near_one_the_backend_is_alone():
    for kind in alg.BACKENDS:
        bare = last(alg.first_order(problem(), start(), lr=0.05, rng=rng(4), method=kind), 20)
        state = last(alg.mkor(problem(), start(), lr=0.05, rng=rng(4), gamma=1 - 1e-9, method=kind), 20)
        np.testing.assert_allclose(state.x, bare.x, atol=1e-6)
        assert max(alg.norm_inf(F - np.eye(len(F))) for F in (*state.Linv, *state.Rinv)) < 1e-6


def test_layers_and_sides_that_are_not_preconditioned_keep_their_identity():
    fit, theta = problem(), start()
    state = last(alg.mkor(fit, theta, lr=0.05, rng=rng(4), layers=[1]), 5)
    np.testing.assert_array_equal(state.Rinv[0], np.eye(5))
    assert abs(state.Rinv[1] - np.eye(6)).max() > 0.01
    state = last(alg.mkor(fit, theta, lr=0.05, rng=rng(4), sides="right"), 5)
    np.testing.assert_array_equal(state.Linv[1], np.eye(3))
    assert abs(state.Rinv[1] - np.eye(6)).max() > 0.01
    nothing = last(alg.mkor(fit, theta, lr=0.05, rng=rng(4), layers=[]), 5)
    np.testing.assert_allclose(nothing.x, last(alg.first_order(fit, theta, lr=0.05, rng=rng(4)), 5).x, rtol=1e-12)


def test_workers_that_average_their_means_are_one_worker():
    alone, shared = (last(alg.mkor(problem(), start(), lr=0.05, rng=rng(1), size=12, workers=p), 20).x for p in (1, 4))
    np.testing.assert_allclose(shared, alone, rtol=1e-9, atol=1e-12)
    V = rng().normal(size=(2, 12, 3))
    np.testing.assert_allclose(alg.all_reduce_mean(V, 3), alg.all_reduce_mean(V[:, ::-1], 4), atol=1e-14)


# ---- backends


def test_lamb_gives_a_layer_of_zeros_its_plain_step():
    x, direction = np.array([0.0, 0.0, 3.0, 4.0]), np.array([1.0, 0.0, 2.0, 0.0])
    kept = (np.zeros(4), np.zeros(4))
    new, _ = alg.LAMB().step(x, direction, kept, 1, np.array([0.1]), [slice(0, 2), slice(2, 4)])
    plain = 0.1 * direction / (np.sqrt(0.001) * abs(direction) + 1e-6)
    np.testing.assert_allclose(new[:2], -0.1 * plain[:2], rtol=1e-12)
    np.testing.assert_allclose(new[2:], x[2:] - 0.1 * 5 * np.array([1.0, 0.0]), rtol=1e-12)


def test_lamb_takes_weights_for_ten_at_most():
    x, kept = np.array([300.0, 400.0]), (np.zeros(2), np.zeros(2))
    new, _ = alg.LAMB().step(x, np.array([1.0, 1.0]), kept, 1, np.array([0.1]), [slice(0, 2)])
    assert np.linalg.norm(new - x) == pytest.approx(1.0)


# ---- baselines


def test_kfac_without_damping_to_speak_of_inverts_its_covariances():
    fit, x = problem(), start()
    states = alg.kfac(fit, x, lr=0.05, rng=rng(2), size=10, mu=1e-12, f=2)
    next(states)
    r, L, R = rng(2), np.eye(3), np.eye(6)
    for t in range(5):
        part = fit.drawn(fit.sample(r, (10,))).factors(x)[1]
        L = 0.95 * L + 0.05 * part.delta.T @ part.delta / 10
        R = 0.95 * R + 0.05 * part.a.T @ part.a / 10
        state = next(states)
        x = state.x
        if t % 2 == 0:
            fresh = np.linalg.inv(L), np.linalg.inv(R)
        np.testing.assert_allclose(state.Linv[1], fresh[0], rtol=1e-4, atol=1e-6)  # stale in every second step
        np.testing.assert_allclose(state.Rinv[1], fresh[1], rtol=1e-4, atol=1e-6)


def test_kfac_shares_its_damping_by_the_mean_eigenvalues():
    Linv, Rinv = alg.damped_inverses(4 * np.eye(2), 9 * np.eye(3), 0.04)
    assert Linv[0, 0] == pytest.approx(1 / (4 + 0.2 / 1.5))
    assert Rinv[0, 0] == pytest.approx(1 / (9 + 1.5 * 0.2))


def test_kfacs_clip_bounds_the_step():
    dW, G, lr = np.array([[3.0, 4.0], [1e-3, 0.0]]), np.array([[1.0, 1.0], [1e-3, 0.0]]), np.full((2, 1), 0.5)
    short = clipped(dW, G, lr, 1e-3)
    np.testing.assert_allclose(short[0], dW[0] * np.sqrt(1e-3 / (0.25 * 7)))
    np.testing.assert_array_equal(short[1], dW[1])
    free, held = (last(alg.kfac(problem(), start(), lr=0.3, rng=rng(), rescale=False, kappa=k), 3) for k in (1e9, 1e-3))
    assert np.linalg.norm(held.x - start()) < 0.5 * np.linalg.norm(free.x - start())


def test_evas_inverse_is_the_dense_one():
    r = rng(3)
    G, v = r.normal(size=(2, 4, 5)), r.normal(size=(2, 4))
    dense = np.linalg.inv(v[:, :, None] * v[:, None, :] + 0.03 * np.eye(4)) @ G
    np.testing.assert_allclose(one_sided(G, v, 0.03), dense, rtol=1e-9, atol=1e-12)


def test_evas_steps_are_by_running_means_of_the_vectors():
    fit, x, r, means = problem(), start(), rng(5), None
    memory = [0.0, 0.0]
    for _ in range(3):
        parts, W = fit.drawn(fit.sample(r, (10,))).factors(x), NETWORK.matrices(x)
        new = [(part.delta.mean(0), part.a.mean(0)) for part in parts]
        means = [
            tuple(0.95 * o + 0.05 * n for o, n in zip(*p, strict=True)) for p in zip(means or new, new, strict=True)
        ]
        for k, part in enumerate(parts):
            left, right = (np.linalg.inv(np.outer(v, v) + 0.03 * np.eye(len(v))) for v in means[k])
            dW = left @ part.gradient @ right
            memory[k] = 0.9 * memory[k] + dW * np.linalg.norm(part.gradient) / np.linalg.norm(dW)
        x = NETWORK.vector([w - 0.1 * b for w, b in zip(W, memory, strict=True)])
    state = last(alg.eva(fit, start(), lr=0.1, rng=rng(5), size=10), 3)
    np.testing.assert_allclose(state.x, x, rtol=1e-9, atol=1e-12)


# ---- MKOR-H


def test_the_switch_is_off_for_good_once_a_window_pays_too_little():
    losses = np.array([1.0] * 4 + [0.5] * 4 + [0.49] * 4 + [0.1] * 4)
    assert alg.switch_step(losses, window=4, tau=0.5, beta=0.0) == 8
    assert alg.switch_step(losses, window=4, tau=1e-3, beta=0.0) == 16
    both = alg.switch_step(np.stack([losses, np.linspace(1, 2, 16)], -1), window=4, tau=0.5, beta=0.0)
    assert both.tolist() == [8, 4]  # a loss that rises in the first window switches too


def test_the_switch_watches_a_running_mean():
    losses = np.array([1.0, 3.0, 0.5])
    seen = None
    for t, loss in enumerate(losses):
        seen = alg.Switch(window=2, tau=0.5, beta=0.75).watch(seen, loss, t)
    assert seen.e == pytest.approx(0.75 * (0.75 * 1 + 0.25 * 3) + 0.25 * 0.5)
    assert not seen.on


def test_mkor_h_is_mkor_up_to_its_switch_and_then_the_backend():
    fit = problem()
    pure = run(alg.mkor(fit, start(), lr=0.2, rng=rng(1)), 60, keep=["x", "loss"])
    off = int(alg.switch_step(pure.loss[1:], 5, 0.9))
    states = alg.mkor(fit, start(), lr=0.2, rng=rng(1), switch=alg.Switch(window=5, tau=0.9))
    hybrid = run(states, 60, keep=["x", "on"])
    assert 5 <= off < 60
    assert hybrid.on[1:].sum() == off
    np.testing.assert_array_equal(hybrid.x[: off + 1], pure.x[: off + 1])
    r = rng(1)
    for _ in range(off):
        fit.sample(r, (64,))
    memory = (hybrid.x[off - 1] - hybrid.x[off]) / 0.2  # which the backend keeps
    gradient = fit.drawn(fit.sample(r, (64,))).grad(hybrid.x[off])
    np.testing.assert_allclose(hybrid.x[off + 1], hybrid.x[off] - 0.2 * (0.9 * memory + gradient), atol=1e-10)


def test_after_its_switch_mkor_h_does_no_second_order_work(monkeypatch):
    calls, plain = [], alg.precondition
    monkeypatch.setattr(alg.factors, "precondition", lambda *around: calls.append(1) or plain(*around))
    theta = np.array([start(), start(1)])
    switch = alg.Switch(window=5, tau=np.array([0.9, 0.4]))
    states = alg.mkor(problem(), theta, lr=0.05, rng=common(rng(1)), size=40, switch=switch)
    both = [next(states) for _ in range(41)]
    on = np.array([state.on for state in both[1:]])
    first, second = on.sum(0)
    assert 5 <= first < second < len(on)
    assert len(calls) == second * len(NETWORK.shapes)
    kept, later = both[first], both[-1]
    for F, G in zip((*kept.Linv, *kept.Rinv), (*later.Linv, *later.Rinv), strict=True):
        np.testing.assert_array_equal(F[0], G[0])
        assert abs(F[1] - G[1]).max() > 1e-3


# ---- what is refused


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("gamma", 1.0, "gamma = 1 never updates, gamma = 0 is singular"),
        ("gamma", 0.0, "gamma must be"),
        ("zeta", 1.2, r"zeta must be in \[0, 1\]"),
        ("eps", 0.0, "eps must be positive"),
        ("f", 0, "f must be"),
        ("size", 0, "a batch of 0 has no gradient"),
        ("rule", "third", "one of exact, package, printed"),
        ("method", "Lion", "one of SGD, Adam, LAMB"),
        ("sides", "top", "one of both, left, right"),
        ("components", "median", "one of mean, principal, samples"),
        ("rank", 2, "there is one mean"),
        ("workers", 5, "divides the batch's size"),
        ("layers", [2], "a layer must be a whole number from 0 to 1"),
        ("lr", 0.0, "lr must be positive"),
    ],
)
def test_mkor_refuses_by_name(name, value, said):
    with pytest.raises(ValueError, match=said):
        alg.mkor(problem(), start(), **{"lr": 0.1, "rng": rng(), name: value})


def test_a_switch_refuses_what_it_cant_watch():
    for arguments, said in ((1,), "window must be"), ((10, 0.0), "tau must be"), ((10, 0.5, 1.0), "beta must be"):
        with pytest.raises(ValueError, match=said):
            alg.Switch(*arguments)


def test_mkor_refuses_a_start_of_another_network_and_mixed_up_approximations():
    with pytest.raises(ValueError, match="the shape of x0"):
        alg.mkor(problem(), np.zeros(7), lr=0.1, rng=rng())
    with pytest.raises(ValueError, match="rule must be 'exact'"):
        alg.mkor(problem(), start(), lr=0.1, rng=rng(), components="samples", rank=2, rule="printed")
    with pytest.raises(ValueError, match="workers must be 1"):
        alg.mkor(problem(), start(), lr=0.1, rng=rng(), components="samples", rank=2, workers=2)


def test_a_stabiliser_that_cant_contain_the_growth_is_warned_of():
    with pytest.warns(UserWarning, match="grow without a bound"):
        alg.mkor(problem(), start(), lr=0.1, rng=rng(), gamma=0.7, zeta=0.7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alg.mkor(problem(), start(), lr=0.1, rng=rng(), gamma=0.7, zeta=0.69)
        alg.mkor(problem(), start(), lr=0.1, rng=rng(), gamma=0.7, zeta=0.8, eps=None)
        alg.mkor(problem(), start(), lr=0.1, rng=rng(), gamma=0.7, zeta=0.8, rule="package")


# ---- theory


def test_an_unseen_direction_grows_by_the_law():
    Finv, v, gamma = np.eye(3), np.array([1.0, 0.0, 0.0]), 0.9
    for t in range(1, 40):
        Finv = alg.exact(Finv, v, gamma)
        assert Finv[2, 2] == pytest.approx(theory.unseen(t, gamma))
        assert Finv[0, 0] == pytest.approx(1.0)
    for zeta in (0.8, 0.9, 0.95):
        x = np.eye(3)
        for t in range(1, 40):
            x = alg.exact(alg.stabilise(x, 1e-12, zeta), v, gamma)
            assert x[2, 2] == pytest.approx(float(theory.unseen_stabilised(t, gamma, zeta)))
    assert theory.fixed_point(0.9, 0.8) == pytest.approx(2.0)
    assert theory.fixed_point(0.9, 0.9) == np.inf
    assert theory.unseen_stabilised(10_000, 0.9, 0.8) == pytest.approx(2.0)


def test_the_threshold_contains_the_growth():
    Finv, v, most = np.eye(4), np.eye(4)[0], 0.0
    for _ in range(2000):
        Finv = alg.exact(alg.stabilise(Finv, 50.0, 0.9), v, 0.95)
        most = max(most, float(alg.norm_inf(Finv)))
    assert 50 < most <= theory.largest(0.95, 0.9, 50.0) == pytest.approx(50 / 0.95)
    assert theory.largest(0.7, 0.8, 50.0) == np.inf


def test_the_printed_rule_grows_along_a_repeated_vector():
    Finv, v = 1e6 * np.eye(2), np.array([1.0, 0.0])
    new = alg.printed(alg.stabilise(Finv, 50.0, 0.9), v, 0.95)
    assert new[0, 0] / Finv[0, 0] == pytest.approx(theory.printed_growth(0.95, 0.9), rel=1e-4)
    assert theory.printed_growth(0.95, 0.9) == pytest.approx(1.905, abs=5e-4)


def test_softmax_leaves_a_direction_of_the_output_layer_unseen():
    state = last(alg.mkor(problem(), start(), lr=0.01, rng=rng(), eps=None), 120)
    ones = np.ones(3) / np.sqrt(3)
    assert ones @ state.Linv[1] @ ones == pytest.approx(0.95**-120, rel=1e-6)


def test_theory_refuses_what_it_cant_use():
    for call in (
        lambda: theory.unseen(3, 1.0),
        lambda: theory.fixed_point(0.9, 1.1),
        lambda: theory.largest(0.9, 0.8, 0.0),
        lambda: theory.printed_growth(0.0, 0.9),
    ):
        with pytest.raises(ValueError, match="must be"):
            call()


# ---- counters


def test_counts_are_those_of_the_formulas():
    assert costs.compute("MKOR", 100, 10) == 3 * 100**2 + 1000
    assert costs.compute("KFAC", 100, 10) == 100**3 + 10 * 100**2
    assert costs.compute("SNGD", 100, 10) == 1000
    ratio = costs.compute("KFAC", 4096, 1) / costs.compute("MKOR", 4096, 1)
    assert ratio == pytest.approx(4096 / 3, rel=0.01)
    assert (costs.memory("MKOR", 8, 2), costs.memory("KFAC", 8, 2), costs.memory("Eva", 8, 2)) == (64, 256, 16)
    assert costs.memory("SNGD", 8, 2) == costs.communication("SNGD", 8, 2) == 36
    assert costs.communication("MKOR", 8, 2) == 8
    assert costs.communication("KFAC", 8, 2, workers=1) == 0
    assert costs.preconditioning("MKOR", 3, 5) == costs.preconditioning("KFAC", 3, 5) == 120
    assert costs.preconditioning("Eva", 3, 5) == 60
    for bad in (("Newton", 3, 3), ("MKOR", 0, 3), ("MKOR", 3, 2.5)):
        with pytest.raises(ValueError, match="must be"):
            costs.compute(*bad)


def test_what_is_stored_and_sent_is_what_the_state_and_the_means_hold():
    state = last(alg.mkor(problem(), start(), lr=0.1, rng=rng()), 1)
    stored = sum(F.size for F in (*state.Linv, *state.Rinv))
    assert stored == sum(out**2 + into**2 for out, into in NETWORK.shapes)
    work, sent = costs.per_step("MKOR", NETWORK.sizes, 64)
    bare, gradient = costs.per_step("first order", NETWORK.sizes, 64)
    assert gradient == NETWORK.dim
    assert sent - gradient == sum(out + into for out, into in NETWORK.shapes)
    assert bare == 3 * 64 * NETWORK.dim
    seldom, sent_seldom = costs.per_step("MKOR", NETWORK.sizes, 64, f=10)
    assert sent_seldom - gradient == pytest.approx((sent - gradient) / 10)
    assert bare < seldom < work
    assert costs.per_step("KFAC", NETWORK.sizes, 64)[1] - gradient == 2 * stored


# ---- the first layer's inputs


def test_the_rank_one_error_is_zero_for_equal_rows_and_one_for_centred_ones():
    V = np.ones((5, 3)) * np.array([1.0, 2.0, 3.0])
    assert alg.rank_one_error(V) == pytest.approx(0, abs=1e-12)
    W = rng().normal(size=(500, 3))
    assert alg.rank_one_error(W - W.mean(0)) == pytest.approx(1)
