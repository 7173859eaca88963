"""The checks accept what is right in any form, and say of each listed mistake which one it is."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.mkor import algorithm as alg
from optilab.papers.mkor import exercises
from optilab.papers.mkor.exercises import FINV, S, U, V, gamma, rule


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_check_of_the_rule():
    share = (1 - gamma) / gamma
    right = rule(1 / gamma, -share / gamma / (1 + share * S))
    assert "outer product" in exercises.check_rule(right)
    exercises.check_rule(sp.simplify(right))
    exercises.check_rule((gamma * FINV.inv() + (1 - gamma) * V * V.T).inv())
    other = sp.Symbol("gamma")
    exercises.check_rule(right.subs(gamma, other))
    wrong = {
        "the rule as printed": exercises.PRINTED,
        "F⁻¹ itself is scaled, too": rule(1, -share / gamma / (1 + share * S)),
        "uuᵀ is divided by γ²": rule(1 / gamma, -share / (1 + share * S)),
        "no .1 − γ.²": rule(1 / gamma, -((1 - gamma) ** 2) / gamma**2 / (1 + share * S)),
        "below stands": rule(1 / gamma, -share / gamma / (1 + gamma * (1 - gamma) * S)),
        "it isn't I": rule(1 / gamma, share / gamma / (1 + share * S)),
        "alone, not in": right.subs(gamma, sp.Symbol("beta")),
        "not one of shape": U,
    }
    for message, answer in wrong.items():
        refused(exercises.check_rule, message, answer)
    refused(exercises.check_rule, "a 2×2 SymPy matrix", 3)


def test_the_check_of_the_undone_update():
    down = 1 - (1 - gamma) * S
    right = rule(gamma, gamma * (1 - gamma) / down)
    assert "as the printed rule does" in exercises.check_undo(right)
    exercises.check_undo(((FINV.inv() - (1 - gamma) * V * V.T) / gamma).inv())
    wrong = {
        "one more update": exercises.EXACT,
        "its shape is right here": exercises.PRINTED,
        "the sign": rule(gamma, -gamma * (1 - gamma) / down),
        "taken away, not added": rule(gamma, gamma * (1 - gamma) / (1 + (1 - gamma) * S)),
        "multiplied by γ": rule(1, (1 - gamma) / down),
        "belongs to both": rule(gamma, (1 - gamma) / down),
        "no .1 − γ.²": rule(gamma, gamma * (1 - gamma) ** 2 / down),
        "it isn't I": FINV,
    }
    for message, answer in wrong.items():
        refused(exercises.check_undo, message, answer)


def test_an_update_undone_is_where_it_was():
    r = np.random.default_rng(0)
    F, v, share = exercises.positive(r, 2), r.normal(size=2), 0.8
    after = alg.exact(np.linalg.inv(F), v, share)
    down = 1 - (1 - gamma) * S
    values = {exercises.p: after[0, 0], exercises.k: after[0, 1], exercises.r: after[1, 1], exercises.v1: v[0]}
    values |= {exercises.v2: v[1], gamma: share}
    before = np.array(rule(gamma, gamma * (1 - gamma) / down).subs(values), dtype=float)
    np.testing.assert_allclose(before, np.linalg.inv(F), rtol=1e-9)


def rank_r(Finv, C, share):
    Finv = Finv / share
    for c in C:
        u = Finv @ c
        Finv = Finv - np.outer(u, u) * ((1 - share) / (1 + (1 - share) * (c @ u)))
    return Finv


def test_the_check_of_the_update():
    for seed in range(5):
        assert "never inverted" in exercises.check_update(rank_r, seed=seed)
    assert exercises.check_update(alg.rank_r, seed=1)
    assert exercises.check_cost(rank_r)

    def woodbury(Finv, C, share):
        U = Finv @ C.T / share
        return Finv / share - U @ np.linalg.solve(np.eye(len(C)) / (1 - share) + C @ U, U.T)

    assert exercises.check_update(woodbury, seed=1)

    def repeated(Finv, C, share):
        for c in C:
            Finv = rank_r(Finv, c[None], share)
        return Finv

    def inverted(Finv, C, share):
        return np.linalg.inv(share * np.linalg.inv(Finv) + (1 - share) * C.T @ C)

    wrong = {
        "1/γ once": repeated,
        "the update inverts F⁻¹": inverted,
        "shrunk to 0": lambda F, C, g: np.linalg.pinv(g * np.linalg.pinv(F) + (1 - g) * C.T @ C),
        "weighed by √": lambda F, C, g: rank_r(F, C / np.sqrt(1 - g), g),
        "not by 1 − γ": lambda F, C, g: rank_r(F, C * np.sqrt(1 - g), g),
        "not their mean": lambda F, C, g: rank_r(F, C / np.sqrt(len(C)), g),
        "where is F⁻¹/γ": lambda F, C, g: rank_r(F * g, C, g),
        "must have the shape": lambda F, C, g: F[:2],
        "it is not the inverse": lambda F, C, g: F / g,
    }
    for message, answer in wrong.items():
        refused(exercises.check_update, message, answer, seed=2)


def test_the_check_of_the_cost():
    def slow(*given):
        raise AssertionError("checking your answer took longer than 4 s")

    refused(exercises.check_cost, "not by matrices", slow)
    refused(exercises.check_cost, "borrowed", lambda *given: exec("raise AssertionError('borrowed')"))


def step(Linv, Rinv, A, Delta, G, share, zeta, eps, norm=exercises.row_sum, late=False, divide=1.0, rescale=True):
    new = []
    for Finv, v in ((Linv, Delta.mean(0) / divide), (Rinv, A.mean(0))):
        pull = lambda F: zeta * F + (1 - zeta) * np.eye(len(F)) if norm(F) > eps else F  # noqa: E731
        Finv = Finv if late else pull(Finv)
        Finv = rank_r(Finv, v[None], share)
        new.append(pull(Finv) if late else Finv)
    dW = new[0] @ G @ new[1]
    return dW * np.linalg.norm(G) / np.linalg.norm(dW) if rescale else dW, *new


def changed(**options):
    return lambda *given: step(*given, **options)


def test_the_check_of_the_direction():
    for seed in range(5):
        assert "two mean vectors" in exercises.check_direction(step, seed=seed)
    wrong = {
        "before the update": changed(late=True),
        "singular value or entry": changed(norm=exercises.spectral),
        "divides by b once": changed(divide=8),
        "brought to the length of G": changed(rescale=False),
        "give back three things": lambda *given: step(*given)[0],
        "have the shapes": lambda *given: step(*given)[::-1],
        "with v the mean row": lambda L, R, *rest: (step(L, R, *rest)[0], L, R),
        "with the new inverses": lambda L, R, A, D, G, *rest: (G, *step(L, R, A, D, G, *rest)[1:]),
    }
    for message, answer in wrong.items():
        refused(exercises.check_direction, message, answer, seed=1)
    refused(exercises.check_direction, "singular value or entry", changed(norm=exercises.largest_entry), seed=1)


def test_the_check_of_zeta():
    assert "settles at 5" in exercises.check_zeta(0.875)
    assert exercises.check_zeta(sp.Rational(1, 2))
    refused(exercises.check_zeta, "nothing settles there", 0.95)
    refused(exercises.check_zeta, "no x", 0.9)
    refused(exercises.check_zeta, "above 5", 0.89)
    refused(exercises.check_zeta, "between 0 and 1", -1)


SHORT = {"shift": 2.0, "seeds": range(20, 22)}


def test_the_check_of_the_smallest_shift():
    def ratio(shift, seeds, rates=(0.03, 0.1, 0.3)):
        sgd = exercises.mean_by_rate("SGD", shift, seeds)
        return min(exercises.mean_by_rate("MKOR", shift, seeds).values()) / min(sgd[rate] for rate in rates)

    for smallest in (1.5, 1.75, 2.0):
        assert "about 0.15" in exercises.check_smallest(ratio, smallest, **SHORT)
    refused(exercises.check_smallest, "tune SGD too", ratio, 1.0, **SHORT)
    refused(exercises.check_smallest, "still needs", ratio, 1.25, **SHORT)
    refused(exercises.check_smallest, "go through the shifts", ratio, 2.5, **SHORT)
    refused(exercises.check_smallest, "one of", ratio, 7, **SHORT)
    refused(exercises.check_smallest, "upside down", lambda *given: 1 / ratio(*given), 1.75, **SHORT)
    refused(exercises.check_smallest, "SGD at 0.3 alone", lambda *given: ratio(*given, rates=[0.3]), 1.75, **SHORT)
    refused(exercises.check_smallest, "it is", lambda *given: 0.3 * ratio(*given), 1.75, **SHORT)
