"""The checks accept what is right and say what is wrong with the rest."""

import numpy as np
import pytest
import sympy as sp

from optilab.core.numerics import log_slope
from optilab.papers.passivity_acceleration import derivation as d
from optilab.papers.passivity_acceleration import exercises
from optilab.papers.passivity_acceleration.experiment import failure


def test_dissipation_check():
    right = -d.gamma * (d.psi1**2 + d.psi2**2) - d.c * d.kappa * (d.g1**2 + d.g2**2)
    cross = d.c * (d.g1 * d.psi1 + d.g2 * d.psi2)
    exercises.check_dissipation(sp.factor(right))
    for wrong, message in (
        (-d.gamma * (d.psi1**2 + d.psi2**2) - cross, "store of the valley"),
        (right + cross, "cross term c∇fᵀψ"),
        (right - cross, "cross term −c∇fᵀψ"),
        (right.subs(d.c, 1), "cκ, not κ"),
        (-right, "the sign"),
        (right + d.psi1, "off by psi1"),
        (right + sp.Symbol("z"), "should not be there"),
    ):
        with pytest.raises(AssertionError, match=message):
            exercises.check_dissipation(wrong)


def right_step(x, psi, grad, mu, s):
    q = np.sqrt(mu * s)
    psi = (1 - q) / (1 + q) * psi
    x = x + np.sqrt(s) * psi - s * grad(x)
    return x, psi - np.sqrt(s) * grad(x)


def test_split_check():
    exercises.check_split_step(right_step)
    for mistake, message in exercises.MISTAKES.items():
        with pytest.raises(AssertionError, match=message[:20].replace("(", r"\(")):
            exercises.check_split_step(mistake)
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
    medians = {
        "gradient descent": [387, 3979, 40827],
        "heavy ball": [62, 222, 776],
        "Nesterov": [81, 237, 673],
        "triple momentum": [95, 355, 1271],
    }
    slopes = {name: log_slope(np.array(exercises.KAPPAS), np.array(row)) for name, row in medians.items()}
    root = -(1 - 1 / np.sqrt(1000))
    exercises.check_race(medians, slopes, root)
    for arguments, message in (
        ((medians, {name: 2 * p for name, p in slopes.items()}, root), "against √κ"),
        ((medians | {"triple momentum": [76, 249, 813]}, slopes, root), "not at ξ"),
        ((medians | {"Nesterov": [81, 237, 700]}, slopes, root), "median 700"),
        ((medians | {"Nesterov": [81, 237]}, slopes, root), "three medians"),
        ((medians, slopes | {"Nesterov": 0.6}, root), "slope 0.60"),
        ((medians, slopes, -root), "the sign is not"),
        ((medians, slopes, 0.5), "no multiplier"),
        (({}, slopes, root), "not found"),
    ):
        with pytest.raises(AssertionError, match=message):
            exercises.check_race(*arguments)
