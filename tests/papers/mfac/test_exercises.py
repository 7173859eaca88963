import numpy as np
import pytest
import sympy as sp

from optilab.papers.mfac import exercises

n, m, lam, G, Lambda = exercises.n, exercises.m, exercises.lam, exercises.G, exercises.Lambda


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_check_on_a_gradient_alone():
    assert "below m" in exercises.check_alone(n / (lam + n / m))
    exercises.check_alone(1 / (lam / n + 1 / m))
    refused(exercises.check_alone, "the divisor is m", n / (lam + n))
    refused(exercises.check_alone, "λI alone", n / lam)
    refused(exercises.check_alone, "once more times g", 1 / (lam + n / m))
    refused(exercises.check_alone, "at n = 2", n * lam)
    refused(exercises.check_alone, "alone, not in", sp.Symbol("q"))


def static(divisor="m", old=True, scale=1.0):
    def precompute(rows, damping):
        V, delta = np.zeros_like(rows), np.zeros(len(rows))
        for i, g in enumerate(rows):
            V[i] = g / damping**scale - (V[:i] @ g / delta[:i]) @ V[:i]
            count = len(rows) if divisor == "m" else i + 1
            delta[i] = count + g @ V[i]
            if not old:
                delta[i] = count + g @ V[i] * (1 - g @ V[i] / delta[i])
        return V, delta

    def ihvp(V, delta, damping, x):
        return x / damping**scale - (V @ x / delta) @ V

    return precompute, ihvp


def test_the_check_on_the_static_algorithm():
    for seed in range(5):
        assert "m vectors" in exercises.check_static(*static(), seed=seed)
    refused(exercises.check_static, "not the number of gradients so far", *static(divisor="i"))
    refused(exercises.check_static, "before the update", *static(old=False))
    refused(exercises.check_static, "divide by λ", *static(scale=-1))
    refused(exercises.check_static, "off by", *static(scale=2))

    def hog(rows, damping):
        np.zeros((2_000, 2_000))  # 32 MB
        return static()[0](rows, damping)

    refused(exercises.check_static, "MB where V has 1.3", hog, static()[1])


def test_the_check_on_woodbury():
    inner = m * sp.eye(2) + G * Lambda.inv() * G.T
    L = sp.Matrix([[1, 0], [inner[1, 0] / inner[0, 0], 1]])
    assert "damping of every weight" in exercises.check_woodbury(inner, L)
    exercises.check_woodbury(sp.expand(inner), sp.simplify(L))
    refused(exercises.check_woodbury, "got lost", sp.eye(2) + G * Lambda.inv() * G.T, L)
    refused(exercises.check_woodbury, "holds Λ where", m * sp.eye(2) + G * Lambda * G.T, L)
    refused(exercises.check_woodbury, "for each coordinate", m * sp.eye(2) + G.T * Lambda.inv() * G, L)
    refused(exercises.check_woodbury, "yours is", 2 * inner, L)
    refused(exercises.check_woodbury, "lower triangular", inner, L.T)
    refused(exercises.check_woodbury, "pivots stand in the middle", inner, inner[0, 0] * L)
    lost = sp.Matrix([[1, 0], [inner[1, 0] / (inner[0, 0] - m), 1]])
    refused(exercises.check_woodbury, "m \\+ d₁₁", inner, lost)
    refused(exercises.check_woodbury, "yours is", inner, sp.Matrix([[1, 0], [inner[1, 0], 1]]))
    refused(exercises.check_woodbury, "2 × 2", sp.eye(3), L)
    refused(exercises.check_woodbury, "SymPy matrix", 3, L)
    refused(exercises.check_woodbury, "alone, not in", sp.Symbol("q") * inner, L)


def ring(row=True, column=True, filled=False, copy=True, forget=True):
    def push(rows, S, last, g):
        if copy:
            rows, S = rows.copy(), S.copy()
        rows[last] = g
        if row:
            S[last] = rows @ g
        if column:
            S[:, last] = rows @ g
        return rows, S, (last + 1) % len(rows) if forget else last

    def product(rows, S, damping, x):
        count = max((rows != 0).any(1).sum(), 1) if filled else len(rows)
        inner = count * np.eye(len(rows)) + S / damping
        return x / damping - rows.T @ np.linalg.solve(inner, rows @ x) / damping**2

    return push, product


def test_the_check_on_the_window():
    for seed in range(5):
        assert "no sorting" in exercises.check_window(*ring(), seed=seed)
    refused(exercises.check_window, "some are empty", *ring(filled=True))
    refused(exercises.check_window, "after push 2 only the row", *ring(column=False))
    refused(exercises.check_window, "after push 2 only the column", *ring(row=False))
    refused(exercises.check_window, "S is no longer", *ring(row=False, column=False))
    refused(exercises.check_window, "copy them first", *ring(copy=False))
    refused(exercises.check_window, "overwrite the oldest slot", *ring(forget=False))
    refused(exercises.check_window, "off by", ring()[0], lambda rows, S, damping, x: x / damping)


def test_the_check_on_the_ranking():
    fit, _, w = exercises.dense_network(1)
    samples = fit.sample(np.random.default_rng(5), (128, 16))
    rows = fit.sample_grad(np.broadcast_to(w, (128, 1723)), samples)
    tau = exercises.taus(rows, w, 1)
    damping, least = exercises.LAMS[np.argmax(tau >= 0.99)], exercises.taus(rows, w, None).min()
    assert "making up" in exercises.check_ranking(rows, damping, least, "rank", seed=1)
    check = exercises.check_ranking
    refused(check, "reaches 0.99 at another", rows, 100 * damping, least, "rank", seed=1)
    refused(check, "reaches 0.99 at another", rows, -1.0, least, "rank", seed=1)
    refused(check, "diagonal Fisher; the full one", rows, damping, tau.min(), "rank", seed=1)
    refused(check, "least τ is not", rows, damping, 0.999, "rank", seed=1)
    refused(check, "at λ = 1e-12 too", rows, damping, least, "damping", seed=1)
    refused(check, "with more gradients τ falls", rows, damping, least, "exact", seed=1)
    refused(check, "one of", rows, damping, least, "luck", seed=1)
    refused(check, "one a row", rows[:5], damping, least, "rank", seed=1)
    refused(check, "sums for means", 16 * rows, damping, least, "rank", seed=1)
    refused(check, "no gradients of the network of seed 1", rows[:, ::-1], damping, least, "rank", seed=1)
