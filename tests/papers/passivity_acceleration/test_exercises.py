"""What the checks say beyond the answers to the assignment, and all that the check of the trap says."""

import re

import numpy as np
import pytest
import sympy as sp

from optilab.papers.passivity_acceleration import derivation as d
from optilab.papers.passivity_acceleration import exercises
from optilab.papers.passivity_acceleration.experiment import failure


def test_dissipation_check():
    on_distance = -d.gamma * (d.psi1**2 + d.psi2**2)
    right = on_distance - d.c * d.kappa * (d.g1**2 + d.g2**2)
    cross = d.c * (d.g1 * d.psi1 + d.g2 * d.psi2)
    assert "whatever f does" in exercises.check_dissipation(sp.factor(right))
    for wrong, message in (
        (right + 2 * d.c * d.kappa * (d.g1**2 + d.g2**2), "off by"),
        (right + cross, "cross term c∇fᵀψ"),
        (on_distance - d.kappa * (d.g1**2 + d.g2**2), "cκ, not κ"),
        (-right, "V falls"),
        (sp.Symbol("h"), "should not be there"),
        (on_distance - cross, "store of the valley"),
        (right - cross, "cross term −c∇fᵀψ"),
        (right + d.psi1, "off by psi1"),
    ):
        with pytest.raises(AssertionError, match=message):
            exercises.check_dissipation(wrong)


def test_split_check():
    def split(x, psi, grad, mu, s):
        q = (mu * s) ** 0.5
        psi = (1 - q) / (1 + q) * psi
        x = x + s**0.5 * psi - s * grad(x)
        return x, psi - s**0.5 * grad(x)

    assert "exactly" in exercises.check_split_step(split, seed=3)
    for mistake, message in exercises.MISTAKES.items():
        with pytest.raises(AssertionError, match=re.escape(message)):
            exercises.check_split_step(mistake, seed=3)
    with pytest.raises(AssertionError, match="off Nesterov"):
        exercises.check_split_step(lambda x, psi, grad, mu, s: (x - s * grad(x), psi))


def test_trap_check():
    starts = failure.GRID[failure.trapped("heavy ball")]
    cycle = [sp.Rational(792, 1225), sp.Rational(-2208, 1225), sp.Rational(2592, 1225)]
    exercises.check_trap(starts, cycle, "cycles")
    exercises.check_trap(starts[::-1] + 1e-9, [cycle[2], cycle[0], cycle[1]], "cycles")
    for arguments, message in (
        ((starts, cycle, "diverges"), "bounded"),
        ((starts, cycle, "converges"), "not 'converges'"),
        ((starts[1:], cycle, "cycles"), "1 starts are missing"),
        (([*starts, 0.0], cycle, "cycles"), "1 starts do arrive"),
        (([*starts, 0.01], cycle, "cycles"), "no point of"),
        ((starts, cycle[::-1], "cycles"), "wrong order"),
        ((starts, [0.6465, -1.8025, 2.1159], "cycles"), "exactly"),
        ((starts, cycle[:2], "cycles"), "three points"),
    ):
        with pytest.raises(AssertionError, match=message):
            exercises.check_trap(*arguments)


def test_race_check():
    medians = dict(
        zip(exercises.METHODS, ([387, 3979, 40827], [62, 222, 776], [81, 237, 673], [95, 355, 1271]), strict=True)
    )
    slopes = {name: exercises.log_slope(exercises.KAPPAS, row) for name, row in medians.items()}
    root = -(1000**0.5 - 1) / (1000**0.5 + 1)
    exercises.check_race(medians, slopes, root)
    for arguments, message in (
        ((medians | {"triple momentum": [76, 249, 813]}, slopes, root), "not at ξ"),
        ((medians | {"Nesterov": [81, 237, 700]}, slopes, root), "median 700"),
        ((medians, slopes | {"Nesterov": 0.6}, root), "slope 0.60"),
        ((medians, slopes, 0.5), "no multiplier"),
        ((medians, slopes, -root), "sign"),
        ((medians, slopes, -(1 - 1 / 1000**0.5)), "triple momentum's"),
        (({}, slopes, root), "not found"),
    ):
        with pytest.raises(AssertionError, match=message):
            exercises.check_race(*arguments)


class Rounded:
    """|z| times the edge, rounded within it: L = 1."""

    def __init__(self, edge):
        self.edge = edge

    def __call__(self, z):
        inside = np.minimum(abs(z), self.edge)
        return inside * (abs(z) - inside / 2)

    def grad(self, z):
        return np.clip(z, -self.edge, self.edge)


def test_the_multipliers_of_one_step_leave_a_square_and_what_they_prove_is_attained():
    f0, _, g0, g1 = exercises.ONE_STEP
    h = exercises.h
    left = f0 - (h + sp.Rational(1, 2)) * g1**2 - (sp.Rational(3, 2) - h) * (g0 - g1) ** 2
    assert sp.expand(exercises.weighed((2, 1, 1)) - left) == 0
    for size in exercises.SIZES:
        f = Rounded(0.4)
        before = (1 + size) * 0.4
        after = before - size * f.grad(before)
        assert f.grad(after) ** 2 / f(before) == pytest.approx(2 / (1 + 2 * size))
        z = np.random.default_rng(0).uniform(-3, 3, 1000)
        assert (f.grad(z - size * f.grad(z)) ** 2 <= 2 / (1 + 2 * size) * f(z) * (1 + 1e-12)).all()
