"""README's table of how many times its worst case a theorem promises is what the tables of worst cases say."""

from pathlib import Path

import numpy as np

from optilab.classics import gradient_descent, nesterov
from optilab.classics import worst_case as wc
from optilab.papers.last_iterate.algorithm import SCHEDULES, bound

README = Path(__file__).parents[2] / "README.md"
N = np.array([5, 10, 20])


def ratios():
    """By the first two cells of a row: what is promised over the worst case at `N`, L = R = G = 1."""
    plain = wc.gradient_descent(N, L=1.0, R=1.0, alpha=1.0)
    found = {
        ("gradient descent, step 1/L", "convex, L-smooth"): gradient_descent.gap_bound(N, 1.0, 1.0) / plain,
        ("Nesterov", "convex, L-smooth"): nesterov.gap_bound(N, 1.0, 1.0) / wc.nesterov(N, L=1.0, R=1.0),
    }
    for kappa in (25.0, 100.0, 1000.0):
        mu = 1 / kappa
        worst = wc.nesterov_strongly_convex(N, mu=mu, L=1.0, R=1.0)
        promised = nesterov.strongly_convex_gap_bound(N, mu, 1.0, 1.0)
        found["Nesterov", f"strongly convex too, κ = {kappa:.0f}"] = promised / worst
    for kappa in (25.0, 100.0):
        n = N[np.isin(N, wc.reach("sliding", (kappa,)))]
        promised = (1 - wc.sliding_momentum(kappa)) ** n  # times E₀
        found["gradient sliding, outer steps", f"composite, κ = {kappa:.0f}"] = promised / wc.sliding(
            n, mu=1 / kappa, L=1.0, E0=1.0
        )
    for name, schedule in SCHEDULES.items():
        worst = wc.subgradient(N, G=1.0, R=1.0, eta=1.0, schedule=name)
        promised = np.array([bound(schedule(int(T), 1.0), 0.5, 4.0) for T in N])  # D = R²/2, M = 2G
        found[f"subgradient steps, {name}, last iterate", "convex, G-Lipschitz"] = promised / worst
    return found


def test_the_table_of_ratios_is_computed_from_the_tables():
    expected = [" | ".join([*cells, *(f"{ratio:.2f}" for ratio in row)]) for cells, row in ratios().items()]
    head = "| method | on f that are | n = 5 | 10 | 20 |"
    _, _, table = README.read_text(encoding="utf-8").partition(head)
    given = [line.strip("| ") for line in table.split("\n\n")[0].strip().splitlines()[1:]]
    assert given == expected


def test_no_theorem_promises_less_than_its_worst_case():
    assert all((row >= 1 - 1e-4).all() for row in ratios().values())
