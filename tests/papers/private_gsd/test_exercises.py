import numpy as np
import pytest
import sympy as sp

from optilab.papers.private_gsd import exercises

m, rho, N, S, T, R = (getattr(exercises, name) for name in ("m", "rho", "N", "S", "T", "R"))


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_check_on_one_shot():
    sigma, scale = sp.sqrt(m / rho) / N, sp.sqrt(S / (2 * rho)) / N
    check = exercises.check_shot
    assert "twice as many people" in check(sigma, scale)
    check(sp.sqrt(2) / N * sp.sqrt(m / (2 * rho)), 2 / N / sp.sqrt(8 * rho / S))
    refused(check, "where is √m", sigma / sp.sqrt(m), scale)
    refused(check, "not their 2m queries", sigma * sp.sqrt(2), scale)
    refused(check, "where is √S", sigma, scale / sp.sqrt(S))
    refused(check, "Δ = √2/N, not 1/N", sigma / sp.sqrt(2), scale)
    refused(check, "yours is Δ/ε₀", sigma, scale / 2)
    refused(check, "without √2", sigma, scale * sp.sqrt(2))
    refused(check, "at N = 100, m = 8, rho = 1/2 sigma is 0.04", 3 * sigma, scale)
    refused(check, "scale is", sigma, 3 * scale)
    refused(check, "alone, not in", sp.Symbol("q") * sigma, scale)


def update(stat, q_old, q_new, n_rows):
    return (stat - q_old + q_new) / n_rows


def squares(a_hat, answers):
    return ((a_hat - answers) ** 2).sum(-1)


def test_the_check_on_the_update():
    check = exercises.check_update
    for seed in range(200):  # in some the row that comes answers as the one that goes
        assert "hundreds of thousands" in check(update, squares, seed=seed)
    refused(check, "not the new row alone", lambda s, o, n, k: s - o + n / k, squares, seed=0)
    refused(check, "signs", lambda s, o, n, k: (s + o - n) / k, squares, seed=0)
    refused(check, "counted anew", lambda s, o, n, k: s / k + 0 * o, squares)
    refused(check, "must have that shape", lambda s, o, n, k: ((s - o + n) / k)[:1], squares)
    refused(check, "asked for is their sum", update, lambda a, q: ((a - q) ** 2).mean(-1))
    refused(check, "the fitness is", update, lambda a, q: abs(a - q).sum(-1))
    refused(check, "the fitness must be", update, lambda a, q: ((a - q) ** 2).sum())

    def spoiling(stat, q_old, q_new, n_rows):
        stat -= q_old
        stat = stat + q_new
        return stat / n_rows

    for seed in range(200):
        refused(check, "changes the arrays", spoiling, squares, seed=seed)


def test_the_check_on_rounds():
    sigma, scale = sp.sqrt(3 * R * S * T / (2 * rho)) / N, sp.sqrt(3 * S * T / (2 * rho)) / N
    check = exercises.check_rounds
    assert "√R in noise" in check(sigma, scale)
    check(sp.sqrt(2 * R) / N / sp.sqrt(2 * sp.Rational(2, 3) * rho / T / S), scale)
    refused(check, "the other way", sp.sqrt(2) * sigma, scale)
    refused(check, "the other way", sigma, scale / sp.sqrt(2))
    refused(check, "half and half", sigma * sp.sqrt(4) / sp.sqrt(3), scale)
    refused(check, "half and half", sigma, scale * sp.sqrt(sp.Rational(2, 3)))
    refused(check, "each of the R resolutions", sigma / sp.sqrt(R), scale)
    refused(check, "2R answers, not R", sigma / sp.sqrt(2), scale)
    refused(check, "where is √T in sigma", sigma / sp.sqrt(T), scale)
    refused(check, "where is √S in scale", sigma, scale / sp.sqrt(S))
    refused(check, "yours is Δ/ε₀", sigma, scale / 2)
    refused(check, "yours is", sigma / 7, scale)


def mutate(best, sizes, rng, P):
    tables = np.repeat(best[None], P, axis=0)
    for new in tables:
        i, c = rng.integers(len(best)), rng.integers(len(sizes))
        new[i, c] = rng.random() if sizes[c] == 1 else rng.integers(sizes[c])
    return tables


def crossover(first=False, row=True, column=True, noisy=True, once=False):
    def cross(best, elites, sizes, rng, noise, P):
        tables, drawn = np.repeat(best[None], P, axis=0), rng.normal()
        for new in tables:
            i, c = rng.integers(len(best) if row else 2), rng.integers(len(sizes) if column else 2)
            e = rng.integers(2 if first else len(elites))
            new[i, c] = elites[e, rng.integers(len(best)), c]
            if sizes[c] == 1 and noisy:
                new[i, c] = np.clip(new[i, c] + noise * (drawn if once else rng.normal()), 0, 1)
        return tables

    return cross


def test_the_check_on_the_operators():
    check = exercises.check_operators
    for seed in range(5):
        assert "spreads what works" in check(mutate, crossover(), seed=seed)
    refused(check, "the elite tables aren't", mutate, crossover(first=True))
    refused(check, "the rows that crossover changes aren't", mutate, crossover(row=False))
    refused(check, "the columns that crossover changes aren't", mutate, crossover(column=False))
    refused(check, "where is the noise", mutate, crossover(noisy=False))
    refused(check, "drawn anew for each", mutate, crossover(once=True))
    refused(check, "mutate must return 300 tables", lambda best, sizes, rng, P: best, crossover())
    refused(check, "mutate changed nothing", lambda best, sizes, rng, P: np.repeat(best[None], P, axis=0), crossover())

    def halves(best, sizes, rng, P):
        new = mutate(best, sizes, rng, P)
        return np.where((np.array(sizes) == 1) & (new != best), new / 2, new)

    refused(check, "tenths of", halves, crossover())

    def two_rows(best, sizes, rng, P):
        new = mutate(best[:2], sizes, rng, P)
        return np.concatenate([new, np.repeat(best[None, 2:], P, axis=0)], axis=1)

    refused(check, "the rows that mutate changes", two_rows, crossover())

    def beyond(best, sizes, rng, P):
        new = np.repeat(best[None], P, axis=0)
        new[:, 0, 0] = sizes[0]
        return new

    refused(check, "outside 0 … size − 1", beyond, crossover())

    def swapped(best, elites, sizes, rng, noise, P):
        return crossover()(best, elites[:, :, ::-1] if len(set(sizes)) == 1 else elites, sizes, rng, noise, P)

    refused(check, "another column", mutate, swapped)


LOW, HIGH = np.array([[0.02, 0.014], [0.019, 0.0141], [0.021, 0.0139]]), np.array([[1, 4.0], [1.1, 4.1], [0.9, 3.9]])


def test_the_check_on_when_choosing_pays():
    check = exercises.check_adaptive
    right = {0.2: LOW, 10.0: HIGH / 1000}
    assert "trades noise for ignorance" in check(right, "share")
    check({0.2: LOW.tolist(), 10: HIGH / 1000}, "share", {0.2: 0.02, 10.0: 0.001})
    refused(check, "where others measure", right, "share", {0.2: 0.04, 10.0: 0.001})
    refused(check, "the other way", {0.2: LOW[:, ::-1], 10.0: HIGH[:, ::-1] / 1000}, "share")
    refused(check, "too few", {0.2: LOW[:2], 10.0: HIGH}, "share")
    refused(check, "repeats itself", {0.2: LOW[[0, 0, 0]], 10.0: HIGH}, "share")
    refused(check, "no errors for ε = .10", {0.2: LOW}, "share")
    refused(check, "seeds, 2", {0.2: LOW.T, 10.0: HIGH}, "share")
    refused(check, "must be a dict", LOW, "share")
    refused(check, "at ε = 0.2 rounds over one shot is 0.37", {0.2: LOW * [1.0, 0.53], 10.0: HIGH}, "share")
    refused(check, "at ε = 10 rounds over one shot is 2.00", {0.2: LOW, 10.0: HIGH * [1.0, 0.5]}, "share")
    refused(check, "the same 30 workloads", right, "search")
    refused(check, "doesn't catch up", right, "start")
    refused(check, "one of", right, "luck")
    assert exercises.ratio_of(LOW) == pytest.approx(0.7)
