import inspect

import numpy as np
import pytest
import sympy as sp

from optilab.core.derive import Derivation
from optilab.core.run import run
from optilab.papers.optimistic_omd import algorithm as alg
from optilab.papers.optimistic_omd import derivation
from optilab.papers.optimistic_omd.algorithm import Convex, optimistic
from optilab.papers.optimistic_omd.problems import Linear, spinning


def rng(seed=0):
    return np.random.default_rng(seed)


def test_every_derivation_proves_its_lines():
    proofs = [
        proof
        for name, proof in vars(derivation).items()
        if inspect.isfunction(proof) and proof.__annotations__.get("return") is Derivation
    ]
    assert len(proofs) == 13
    assert all(len(proof().lines) >= 2 for proof in proofs)


def test_the_identity_is_that_of_vectors_and_an_inequality_with_projections():
    xhat, m, g, u = rng().normal(size=(4, 200, 3))

    def sides(play, after, eta):
        square = [((p - q) ** 2).sum(-1) for p, q in ((u, xhat), (u, after), (after, play), (play, xhat))]
        right = ((g - m) * (play - after)).sum(-1) + (square[0] - square[1] - square[2] - square[3]) / (2 * eta)
        return (g * (play - u)).sum(-1), right

    left, right = sides(xhat - 0.3 * m, xhat - 0.3 * g, 0.3)
    np.testing.assert_allclose(left, right, atol=1e-12)
    shrink = lambda v: v / np.maximum(1, np.linalg.norm(v, axis=-1, keepdims=True))  # noqa: E731
    u, xhat = shrink(u), shrink(xhat)
    left, right = sides(shrink(xhat - 0.9 * m), shrink(xhat - 0.9 * g), 0.9)
    assert (left <= right + 1e-12).all()
    assert (left < right - 1e-3).any()


def test_the_sums_of_the_bound_hold_along_a_run():
    g = rng(1).normal(size=(300, 2))
    D, G, delta = 2.0, float(np.linalg.norm(g, axis=-1).max()), 0.3
    trace = run(optimistic(Linear(g, np.zeros_like(g)), np.zeros(2), steps=Convex(D, G, delta)), 300)
    squares, lines = np.diff(trace.V), derivation.sum_of_surprises().lines
    paid = (trace.eta[:-1] * squares).sum()
    assert paid <= 2 * D * np.sqrt(delta + trace.V[-1])
    root = {sp.Function("R", positive=True)(t): np.sqrt(delta + trace.V[t]) for t in (0, 300)}
    telescoped, last = (line.expr.subs(sp.Symbol("T", integer=True, positive=True), 300) for line in lines[2:])
    assert (squares / np.sqrt(delta + trace.V[1:])).sum() <= float(telescoped.subs(root)) <= float(last.subs(root))
    constant = derivation.path_constant().numpy(derivation.D, sp.Symbol("R", positive=True))
    total = constant(D, np.sqrt(delta + 4 * G**2 + trace.V[-1]))
    assert total == pytest.approx(float(alg.path_bound(trace.V[-1], D, G, delta)))


def test_the_variation_of_a_run_is_split_as_derived():
    losses = spinning(400, 30.0, 0.5, range(200))
    V = (np.diff(losses.g, axis=0, prepend=0) ** 2).sum(-1).sum(0)
    promised = 1 + 8 * float(np.squeeze(losses.noise_total)) + 4 * float(losses.drift_total[0])
    assert V.mean() <= promised
    assert V.mean() == pytest.approx(1 + 400 * ((2 * np.pi / 30) ** 2 + 2 * 0.25), rel=0.02)


def test_the_derived_constants_are_those_of_the_bound():
    D, G, L, noise, drift = 1.7, 2.3, 0.6, 11.0, 5.0
    smooth = float(derivation.best_offset().result.subs({derivation.D: D, derivation.L: L}))
    rest = derivation.other_terms().numpy(derivation.D, derivation.G, derivation.noise, derivation.drift)
    whole = smooth + rest(D, G, np.sqrt(noise), np.sqrt(drift))
    assert whole == pytest.approx(float(alg.convex_bound(noise, drift, D, G, L)))
    best = np.sqrt(float(alg.best_delta(D, L)))
    assert best == pytest.approx(np.sqrt(10) * D * L)
    leftover = derivation.smoothness_term().numpy(derivation.D, derivation.L, derivation.s)
    r = np.linspace(0, 300, 100_001)
    assert leftover(D, L, best) == pytest.approx((5 * D * L * r - best * r**2 / (4 * D)).max(), rel=1e-6)


def test_the_potential_is_that_of_a_metric():
    H, v, c = np.array([[2.0, 0.3], [0.3, 1.0]]), np.array([0.7, -1.1]), 0.4
    new = H + c * np.outer(v, v)
    left = v @ np.linalg.solve(new, v)
    ratio = np.linalg.det(new) / np.linalg.det(H)
    assert left == pytest.approx((1 - 1 / ratio) / c)
    assert left <= np.log(ratio) / c
    lines = derivation.potential().lines
    h11, h12, h22 = sp.symbols("h_11 h_12 h_22", real=True)
    g1, g2 = sp.symbols("g_1 g_2", real=True)
    values = {h11: 2.0, h12: 0.3, h22: 1.0, g1: 0.7, g2: -1.1, derivation.c: c}
    assert float(lines[0].expr.subs(values)) == pytest.approx(left)
    more = {sp.Symbol("y", nonnegative=True): ratio - 1, derivation.c: c}
    assert float(lines[2].expr.subs(more)) == pytest.approx(left)
    bound = derivation.potential().numpy(sp.Symbol("z", positive=True), derivation.c)
    assert bound(ratio, c) == pytest.approx(np.log(ratio) / c)
    assert float(derivation.determinant().result.subs(values)) == pytest.approx(np.linalg.det(new))
