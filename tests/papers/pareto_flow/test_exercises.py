"""The checks on right answers and on what they say of wrong ones."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.pareto_flow import exercises
from optilab.papers.pareto_flow.algorithm import guidance, sampling, theory

x, v, t = exercises.x, exercises.v, exercises.t
COT = sp.cos(sp.pi * t / 2) / sp.sin(sp.pi * t / 2)
END = sp.sin(sp.pi * t / 2) * x + 2 / sp.pi * sp.cos(sp.pi * t / 2) * v


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_check_on_the_budget():
    check = exercises.check_same_budget
    assert "eight times" in check(167.0)
    refused(check, "50 has the same", 50)
    refused(check, "80 has the same", 80)
    refused(check, "is to be 3.86", 100)


def swept(Y, r):
    total, height = 0.0, r[1]
    for f1, f2 in Y[np.argsort(Y[:, 0])]:
        if f1 < r[0] and f2 < height:
            total += (r[0] - f1) * (height - f2)
            height = f2
    return total


def test_the_check_on_the_volume():
    check = exercises.check_volume
    for seed in range(200):
        assert "one number" in check(swept, seed=seed)
    refused(check, "which overlap", lambda Y, r: np.prod(r - Y[(r > Y).all(1)], 1).sum(), seed=1)
    refused(check, "sort the points", lambda Y, r: exercises._swept(Y[(r > Y).all(1)], r), seed=1)
    refused(check, "count nothing", lambda Y, r: exercises._swept(Y[np.argsort(Y[:, 0])], r), seed=1)
    refused(check, "of 1 points", lambda Y, r: 0.0, seed=1)


def test_the_check_on_another_path():
    check = exercises.check_path
    half = sp.pi / 2
    assert "same recipe" in check(half * COT, half * COT, END)
    check(half / sp.tan(half * t), half / sp.tan(half * t), sp.simplify(END))
    refused(check, "straight path's", half * COT, (1 - t) / t, END)
    refused(check, "the inverse", half * COT, half / COT, END)
    refused(check, "at the rate π/2", half * COT, COT, END)
    refused(check, "the sign", half * COT, -half * COT, END)
    refused(check, "has the mean", half * COT, half, END)
    refused(check, "drift: what is left", 1 / t, half * COT, END)
    refused(check, "doesn't go on in a straight line", half * COT, half * COT, x + (1 - t) * v)
    refused(check, "a rate per unit", half * COT, half * COT, END.subs(v, half * v))
    refused(check, "end: solve", half * COT, half * COT, x)
    refused(check, "not in", sp.Symbol("q"), half * COT, END)


def test_the_other_path_is_right_by_its_own_law():
    flow_m, s, at, time = 0.3, 0.7, 0.9, 0.35
    a, b = np.cos(np.pi * time / 2), np.sin(np.pi * time / 2)
    V = a**2 + b**2 * s**2
    x0, x1 = a / V * (at - b * flow_m), flow_m + b * s**2 / V * (at - b * flow_m)
    velocity, score = np.pi / 2 * (a * x1 - b * x0), -(at - b * flow_m) / V
    numbers = {x: at, v: velocity, t: time}
    assert float((sp.pi / 2 * COT).subs(numbers)) * (at + score) == pytest.approx(velocity)
    assert float(END.subs(numbers)) == pytest.approx(x1)


def stepping(sign=-1, where="end", factor=None, early=False, more=1.0, dt_used=True, equal=False):
    def step(field, networks, at, time, dt, w, gamma, t_min):
        velocity = field(at, time)
        end = at + (1 - time) * velocity if where == "end" else at
        if equal:
            w = np.full_like(w, 0.5)
        pull = 0
        for i, layers in enumerate(networks):
            inputs = [end]
            for W, b in layers[:-1]:
                inputs.append(np.maximum(inputs[-1] @ W.T + b, 0))
            g = w[:, i : i + 1] * np.ones((len(at), 1))
            g = g @ layers[-1][0]
            for (W, _), a in zip(layers[-2::-1], inputs[:0:-1], strict=True):
                g = (g * (a > 0)) @ W
            pull = pull + g
        weight = (1 - time) / time if factor is None else factor(time)
        push = sign * gamma * weight * more * pull if time >= t_min or early else 0
        return at + dt * velocity + (dt if dt_used else 1.0) * push

    return step


def test_the_check_on_a_step():
    check = exercises.check_step
    for seed in range(3):
        assert "never differentiated" in check(stepping(), seed=seed)
    refused(check, "objectives are to be small", stepping(sign=1), seed=0)
    refused(check, "at the end point", stepping(where="x"), seed=0)
    refused(check, "no guidance yet", stepping(early=True), seed=0)
    refused(check, r"where is \(1 − t\)/t", stepping(factor=lambda time: 1.0), seed=0)
    refused(check, r"not t/\(1 − t\)", stepping(factor=lambda time: time / (1 - time)), seed=0)
    refused(check, "no further 1 − t", stepping(more=0.3), seed=0)
    refused(check, "multiplied by Δt", stepping(dt_used=False), seed=0)
    refused(check, "its own weight", stepping(equal=True), seed=0)
    refused(check, "flow alone", lambda *given: given[2], seed=0)
    refused(check, "differences of the networks", stepping(more=2.0), seed=0)
    refused(check, "the shape", lambda *given: np.zeros(3), seed=0)


def choosing(widen=1.0, by_angle=False):
    def choose(P, w, near, half):
        places = []
        for i, row in enumerate(near):
            off = guidance.angle(P[row], w[i])
            inside = [j for j, away in zip(row, off, strict=True) if away <= widen * half[i]]
            if by_angle or not inside:
                inside = [row[off.argmin()]]
            places.append(max(inside, key=lambda j, i=i: w[i] @ P[j]))
        return places

    return choose


def test_the_check_on_the_choice():
    check = exercises.check_choose
    for seed in range(5):
        assert "left to the weight" in check(choosing(), seed=seed)
    refused(check, "not twice", choosing(widen=2))
    refused(check, "by the angle; among", choosing(by_angle=True))
    refused(check, "without a filter", choosing(widen=100))
    refused(check, "need 5 places", lambda *given: [])
    refused(check, "return the places", lambda *given: None)
    refused(check, "only the offspring of neighbours", lambda *given: [4, 2, 2, 4, 3])
    refused(check, "it is", lambda *given: [1, 2, 2, 4, 3])


def test_the_check_on_the_curse():
    true, other, promised = exercises._judged(1)
    peak, crossing = int(true.argmax()), int((promised > 1).argmax())

    def check(first, second, *answers, cause="left the data"):
        return exercises.check_curse(lambda seed: (first, second), lambda seed: answers, cause, seed=1)

    assert "proves that" in check(true, promised, peak, crossing)
    check(list(true), promised, peak + 3, crossing)
    refused(check, "judged at ρ = 10", other, promised, peak, crossing)
    refused(check, "that is the predicted", promised, promised, peak, crossing)
    refused(check, "at generation 20", 2 * true, promised, peak, crossing)
    refused(check, "in z-scores", true, 2 * promised, peak, crossing)
    refused(check, "a number for each", true[:20], promised, peak, crossing)
    refused(check, r"\*predicted\*", true, promised, int(promised.argmax()), crossing)
    refused(check, "it reaches", true, promised, 148, crossing)
    refused(check, "is a generation", true, promised, 151, crossing)
    refused(check, "first at another", true, promised, peak, crossing + 1)
    refused(check, "does what it is", true, promised, peak, crossing, cause="too few generations")
    refused(check, "one of", true, promised, peak, crossing, cause="luck")
    refused(check, "the two generations", true, promised, peak)


def test_the_examples_of_the_choice_have_margins():
    w = guidance.lattice(2, 5)
    near, half = guidance.neighbourhoods(w, 3), guidance.half_apertures(w)
    off = guidance.angle(exercises.P[near], w[:, None])
    assert abs(off - half[:, None]).min() > 0.03
    assert sampling.choose(exercises.P, near, 1, w, w, half)[0].tolist() == [2, 2, 2, 4, 3]
    assert theory.guidance_budget(20.0, 0.5) == pytest.approx(3.863, abs=1e-3)
