"""Sparse transport: the checks accept every right answer and name what is wrong."""

import numpy as np
import pytest
import sympy as sp
from scipy.special import logsumexp, softmax

from optilab.papers.sparse_optimal_transport import algorithm, exercises
from optilab.papers.sparse_optimal_transport.exercises import b, gamma, s1, s2, s3

THETA, VALUE, LIMIT = exercises.level(3), exercises.column_value(3), s1 * b - gamma * b**2 / 2
T = [(s - THETA) / gamma for s in (s1, s2, s3)]


@pytest.mark.parametrize(
    "value",
    [
        VALUE,
        THETA * b + sum((s - THETA) ** 2 for s in (s1, s2, s3)) / (2 * gamma),
        sum(s * t - gamma / 2 * t**2 for s, t in zip((s1, s2, s3), T, strict=True)),
        sp.expand(VALUE),
    ],
)
def test_every_form_of_the_level_and_the_value_is_right(value):
    exercises.check_level(THETA, value, LIMIT)
    plain = {symbol: sp.Symbol(symbol.name) for symbol in (s1, s2, s3, b, gamma)}
    exercises.check_level(THETA.subs(plain), value.subs(plain), LIMIT.subs(plain))


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ((THETA, VALUE.subs(b, 1), LIMIT), "r = 3 is that of a column of sum 1"),
        ((THETA, VALUE.subs(gamma, 1), LIMIT), "r = 3 lacks γ"),
        ((sp.Symbol("x"), VALUE, LIMIT), "not on x"),
        (("s1", VALUE, LIMIT), "SymPy expression"),
    ],
)
def test_wrong_levels_beside_those_of_the_assignment_are_told_what_is_wrong(answers, says):
    with pytest.raises(AssertionError, match=says):
        exercises.check_level(*answers)


def column(s, b, k, gamma):
    found = algorithm.conj_b(s, b, k, gamma)
    return float(found.value), found.dense


@pytest.mark.parametrize("seed", range(3))
def test_right_columns_pass(seed):
    exercises.check_conj_b(column, seed)
    exercises.check_conj_b(lambda *case: [np.array(column(*case)[0]), column(*case)[1].tolist()], seed)


@pytest.mark.parametrize("mistake", exercises.MISTAKES)
@pytest.mark.parametrize("seed", range(3))
def test_every_known_mistake_is_named(mistake, seed):
    wrong, says = exercises.MISTAKES[mistake]

    def answer(s, b, k, gamma):
        t = wrong(s, b, k, gamma)
        return exercises.earned(s, t, gamma), t

    with pytest.raises(AssertionError) as said:
        exercises.check_conj_b(answer, seed)
    assert str(said.value) == says


@pytest.mark.parametrize("mistake", exercises.ENTROPIC_MISTAKES)
def test_every_known_mistake_with_entropy_is_named(mistake):
    wrong, says = exercises.ENTROPIC_MISTAKES[mistake]
    with pytest.raises(AssertionError) as said:
        exercises.check_entropic(lambda s, b, k, gamma: (0.0, wrong(s, b, k, gamma)))
    assert str(said.value) == says


def test_a_right_column_with_entropy_passes():
    def column(s, b, k, gamma):
        t = b * softmax(np.where(s >= np.sort(s)[-k], s / gamma, -np.inf))
        return gamma * b * (logsumexp(np.sort(s)[-k:] / gamma) - np.log(b)), t

    assert "mixtures of experts" in exercises.check_entropic(column)
    with pytest.raises(AssertionError, match="its value"):
        exercises.check_entropic(lambda *case: (0.0, column(*case)[1]))


def test_rooms_of_one_are_the_column_of_the_lesson():
    level, value = (
        each.subs({exercises.q1: 1, exercises.q2: 1}) for each in (exercises.roomy_level(), exercises.roomy_value())
    )
    assert sp.simplify(level - exercises.level(2)) == 0
    assert sp.simplify(value - exercises.column_value(2)) == 0
    t = [q * (s - exercises.roomy_level()) / gamma for q, s in ((exercises.q1, s1), (exercises.q2, s2))]
    assert sp.simplify(sum(t) - b) == 0
    single = s1 * b - gamma * b**2 / (2 * exercises.q1)
    assert "weighted by room" in exercises.check_rooms(exercises.roomy_level(), exercises.roomy_value(), single)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda s, b, k, gamma: column(s, b, k, gamma)[1], "the pair"),
        (lambda s, b, k, gamma: (0.0, "no"), "t must be real numbers"),
        (lambda s, b, k, gamma: (1.0, 2.0, 3.0), "not 3 things"),
        (lambda s, b, k, gamma: (0.0, np.zeros(99)), "the shape of s"),
        (lambda s, b, k, gamma: (0.0, np.full_like(s, np.nan)), "isn't finite"),
        (lambda s, b, k, gamma: (0.0, column(s, b, k, gamma)[1]), "its value"),
        (lambda s, b, k, gamma: (0.0, s), "negative"),
        (lambda s, b, k, gamma: (0.0, np.full_like(s, b / len(s))), "more than k|earns more"),
        (lambda s, b, k, gamma: (0.0, 0 * s), "sums to 0"),
        (lambda s, b, k, gamma: (0.0, b * (s == s.max())), "another column earns more"),
    ],
)
def test_other_wrong_columns_are_described(answer, says):
    with pytest.raises(AssertionError, match=says):
        exercises.check_conj_b(answer)


def gradients(alpha, beta, problem, k, gamma):
    S = algorithm.SemiDual(problem, k, gamma)
    grad = S.dual.grad(np.concatenate([alpha, beta]))
    return S.grad(alpha), grad[: problem.m], grad[problem.m :]


@pytest.mark.filterwarnings("error")
def test_gradients_are_checked_against_differences():
    for seed in range(3):
        exercises.check_gradients(gradients, seed)
    for change, says in (
        (lambda S, A, B: (-S, A, B), "∇S has the wrong sign"),
        (lambda S, A, B: (S, A, -B), "∂D/∂β has the wrong sign"),
        (lambda S, A, B: (S, B, A), "rows of T belong to a"),
        (lambda S, A, B: (S, A), "three arrays"),
        (lambda S, A, B: S, "return three arrays"),
        (lambda S, A, B: (S, A + 1e-3, B), "∂D/∂α is off by"),
    ):
        with pytest.raises(AssertionError, match=says):
            exercises.check_gradients(lambda *case, change=change: change(*gradients(*case)))


def test_the_dial_is_read_within_one():
    right = int((exercises.errors_by_k() <= 1e-2).argmax()) + 1
    assert abs(right - 7) <= 1  # the error at 6 is 0.01 or 0.012: it depends on the last bits
    for k in (7, right - 1, right, right + 1, float(right), np.int64(right)):
        exercises.check_dial(k, "kink")
    for answer, says in (
        ((3, "kink"), "its error is still"),
        ((12, "kink"), "a smaller one does it"),
        ((40, "kink"), "a smaller one does it"),
        ((6.5, "kink"), "integer"),
        (("7", "kink"), "k must be one real number"),
        ((7, "weather"), "reason must be one of"),
        *(((7, reason), "the reason isn't") for reason in exercises.REASONS if reason != "kink"),
    ):
        with pytest.raises(AssertionError, match=says):
            exercises.check_dial(*answer)


def test_another_instance_has_its_own_answer():
    errors = exercises.errors_by_k(303)
    exercises.check_dial(int((errors <= 1e-2).argmax()) + 1, "kink", seed=303)
    assert not np.array_equal(errors, exercises.errors_by_k())
    exercises.check_dial(6, "kink", size=12)
    exercises.check_dial(9, "kink", seed=309, size=12)
    with pytest.raises(AssertionError, match="isn't the smallest"):
        exercises.check_dial(6, "kink", seed=309, size=12)
