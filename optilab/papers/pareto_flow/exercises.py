"""Checks for the assignment on ParetoFlow: each says what is wrong, not only that something is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from optilab.course.forms import agrees, array, formula, number
from optilab.papers.pareto_flow import experiment
from optilab.papers.pareto_flow.algorithm import guidance, sampling, theory
from optilab.problems.pareto import hypervolume, simplex_weights

Array = np.ndarray
x, v = sp.symbols("x v", real=True)  # to be used in the answers
t = sp.Symbol("t", positive=True)
NEAR = 1e-6


# On paper


def check_same_budget(gamma: Any) -> str:
    """The γ that at t_min = 0.8 has the budget of γ = 20 at t_min = 0.5, to three digits."""
    answer, wanted = number(gamma), float(theory.guidance_budget(20.0, 0.5))
    expected = wanted / float(theory.guidance_budget(1.0, 0.8))
    assert not np.isclose(answer, 20 * 0.5 / 0.2, rtol=1e-3), (
        "50 has the same γ times remaining time, but guidance is weighed by (1 − t)/t, which is small where t is late"
    )
    assert not np.isclose(answer, 20 * (0.5 / 0.5) / (0.2 / 0.8), rtol=1e-3), (
        "80 has the same (1 − t)/t at its start: what counts is the integral from there to 1"
    )
    assert np.isclose(answer, expected, rtol=2e-3), (
        f"γ (t_min − 1 − ln t_min) is to be {wanted:.4f} at t_min = 0.8, with γ = {answer:.4g} it is "
        f"{answer * wanted / expected:.4f}"
    )
    return "eight times 20: the authors' γ = 2 at a late start hardly moves anything, and 20 wouldn't move much."


def check_volume(volume: Callable[..., Any], seed: int | None = None) -> str:
    """`volume(Y, r)`: the area below r that points Y (N, 2) dominate, dominated points and points beyond r among them.

    Recognises the sum of all boxes, points beyond r, and a sweep that isn't sorted.
    """
    rng = np.random.default_rng(seed)
    for N in (1, 5, 30):
        Y, r = rng.uniform(0, 1.2, (N, 2)), np.ones(2)
        Y[0], Y[1:2] = (0.4, 0.5), (1.1, 0.0)  # the second one is beyond r, and lowest
        expected = float(hypervolume(Y, r))
        inner = Y[(r > Y).all(-1)]
        boxes = float(np.prod(r - inner, axis=-1).sum())
        answer = number(volume(Y.copy(), r.copy()), "the volume")
        assert np.isclose(boxes, expected) or not np.isclose(answer, boxes), (
            "that sums the boxes of all points, which overlap"
        )
        unsorted = _swept(inner, r)
        assert np.isclose(unsorted, expected) or not np.isclose(answer, unsorted), (
            "sweep along f₁ from left to right: sort the points first"
        )
        beyond = _swept(Y[np.argsort(Y[:, 0])], r)
        assert np.isclose(beyond, expected) or not np.isclose(answer, beyond), (
            "points that aren't below r in both objectives count nothing, not a negative area"
        )
        assert np.isclose(answer, expected), f"of {N} points it is {expected:.6f}, got {answer:.6f}"
    return "one number for a whole set: it grows with every point that none dominates, and with nothing else."


def _swept(Y: Array, r: Array) -> float:
    """A sweep over points in the order given, none left out."""
    total, height = 0.0, r[1]
    for f1, f2 in Y:
        if f2 < height:
            total += (r[0] - f1) * (height - f2)
            height = f2
    return float(total)


# Another path


def check_path(drift: Any, factor: Any, end: Any) -> str:
    """For x_t = cos(πt/2) x₀ + sin(πt/2) x₁: v = drift·x + factor·score, and the mean of x₁ from x, v and t.

    Recognises the straight path's answers, the inverse, a sign, and a forgotten π/2.
    """
    drift, factor, end = (
        formula(value, name, x, v, t) for value, name in ((drift, "drift"), (factor, "factor"), (end, "end"))
    )
    for name, value, allowed in (("drift", drift, {t}), ("factor", factor, {t}), ("end", end, {x, v, t})):
        strange = sorted(symbol.name for symbol in value.free_symbols - allowed)
        assert not strange, f"{name}: write it in {', '.join(sorted(map(str, allowed)))} of exercises, not in {strange}"
    turn = sp.pi / 2
    cot = sp.cos(turn * t) / sp.sin(turn * t)
    assert not agrees(factor, (1 - t) / t), "factor: that is the straight path's"
    assert not agrees(factor, turn / cot), (
        "factor: the inverse: guidance is strong at the start, where x tells little of x₁"
    )
    assert not agrees(factor, cot), "factor: the path moves at the rate π/2 per unit of t: where is it?"
    assert not agrees(factor, -turn * cot), "factor: the sign: the score points to where designs are, and so does v"
    assert agrees(factor, turn * cot), (
        "factor: x₀ has the mean −cos(πt/2) times the score at x; put it into v, and x₁ from x. Yours is " + str(factor)
    )
    assert agrees(drift, turn * cot), (
        f"drift: what is left of v where the score is 0, x over x₁'s share times its rate; not {drift}"
    )
    right = sp.sin(turn * t) * x + sp.cos(turn * t) / turn * v
    assert not agrees(end, x + (1 - t) * v), (
        "end: that is the straight path's: here a sample doesn't go on in a straight line"
    )
    assert not agrees(end, sp.sin(turn * t) * x + sp.cos(turn * t) * v), (
        "end: v is a rate per unit of t: divide it by π/2"
    )
    assert agrees(end, right), f"end: solve x = cos·x₀ + sin·x₁ and v = (π/2)(cos·x₁ − sin·x₀) for x₁; not {end}"
    return "another path, another factor, the same recipe: what stands before the score stands before the guidance."


# One guided step, and the filter


def _relu(layers: Sequence[tuple[Array, Array]], at: Array) -> Array:
    """A ReLU network's outputs (N,) at points (N, d)."""
    for W, b in layers[:-1]:
        at = np.maximum(at @ W.T + b, 0)
    W, b = layers[-1]
    return (at @ W.T + b)[:, 0]


def _slope(networks: Sequence[Any], at: Array, w: Array) -> Array:
    """∇ Σ wᵢ f̂ᵢ at points (N, d), by central differences, and how near a unit is to its kink."""
    steps = NEAR * np.eye(at.shape[1])
    ends = [
        sum(w[:, i] * (_relu(net, at + e) - _relu(net, at - e)) for i, net in enumerate(networks)) / (2 * NEAR)
        for e in steps
    ]
    return np.stack(ends, -1)


def _margin(networks: Sequence[Any], at: Array) -> float:
    """How near any unit of any network is to its kink at points (N, d)."""
    least = np.inf
    for layers in networks:
        a = at
        for W, b in layers[:-1]:
            z = a @ W.T + b
            least, a = min(least, float(abs(z).min())), np.maximum(z, 0)
    return least


def _case(rng: np.random.Generator, d: int = 4, n: int = 5) -> Any:
    """Networks, points and weights with no unit near its kink at the end points."""
    mean, sd = np.linspace(-0.5, 0.5, d), np.linspace(0.5, 1.5, d)

    def flow(at: Array, time: float) -> Array:  # exact for Gaussian data
        return mean + (time * sd**2 - (1 - time)) / (time**2 * sd**2 + (1 - time) ** 2) * (at - time * mean)

    while True:
        networks = [
            [
                (rng.normal(size=(6, d)), rng.normal(size=6)),
                (rng.normal(size=(5, 6)), rng.normal(size=5)),
                (rng.normal(size=(1, 5)), rng.normal(size=1)),
            ]
            for _ in range(2)
        ]
        at, w = rng.normal(size=(n, d)), rng.dirichlet(np.ones(2), n)
        ends = [at + (1 - time) * flow(at, time) for time in (0.3, 0.7)]
        if min(_margin(networks, points) for points in [at, *ends]) > 1e-4:
            return flow, networks, at, w


def check_step(step: Callable[..., Any], seed: int | None = None) -> str:
    """`step(v, networks, x, t, dt, w, gamma, t_min)` must be one guided Euler step, to 10⁻⁶.

    Recognises a missing minus, the gradient at x, guidance below t_min, the factor left out, and one weight for all.
    """
    rng = np.random.default_rng(seed)
    flow, networks, at, w = _case(rng)
    dt, gamma, t_min = 0.02, 3.0, 0.5

    def asked(time: float, strength: float) -> Array:
        copies = [[(W.copy(), b.copy()) for W, b in layers] for layers in networks]
        return array(step(flow, copies, at.copy(), time, dt, w.copy(), strength, t_min), "x")

    plain = at + dt * flow(at, 0.7)
    answer = asked(0.7, 0.0)
    assert answer.shape == at.shape, f"x must have the shape {at.shape}, not {answer.shape}"
    assert np.allclose(answer, plain, atol=1e-9), "with γ = 0 it is a step of the flow alone, x + Δt v(x, t)"
    early = asked(0.3, gamma)
    assert np.allclose(early, at + dt * flow(at, 0.3), atol=1e-9), "t = 0.3 is before t_min = 0.5: no guidance yet"
    answer, factor = asked(0.7, gamma), gamma * 0.3 / 0.7
    end = at + 0.3 * flow(at, 0.7)
    pull = _slope(networks, end, w)
    wrong = (
        (plain + dt * factor * pull, "the score is minus the weighted values: objectives are to be small"),
        (
            plain - dt * factor * _slope(networks, at, w),
            "ask the predictors at the end point x + (1 − t)v, not at the noisy x",
        ),
        (plain - dt * gamma * pull, "where is (1 − t)/t?"),
        (plain - dt * gamma * 0.7 / 0.3 * pull, "(1 − t)/t, not t/(1 − t)"),
        (
            plain - dt * factor * 0.3 * pull,
            "v is held constant, and ∇s is taken by the end point itself: no further 1 − t",
        ),
        (plain - factor * pull, "guidance is a velocity: it is multiplied by Δt, too"),
        (plain - dt * factor * _slope(networks, end, np.full_like(w, 0.5)), "each sample has its own weight"),
    )
    expected = plain - dt * factor * pull
    for mistake, message in wrong:
        assert np.allclose(mistake, expected, atol=1e-6) or not np.allclose(answer, mistake, atol=1e-6), message
    assert np.allclose(answer, expected, atol=1e-6), (
        f"differences of the networks give {expected[0]} for the first, not {answer[0]}"
    )
    return "one pass back through the predictors to their inputs: the flow itself is never differentiated."


P = np.array([(1.5, 0.3), (1.5, -0.3), (0.4, 0.6), (0.9, -0.3), (0.2, 0.0)])  # −f̂ of one offspring of each of five


def check_choose(choose: Callable[..., Any], seed: int | None = None) -> str:
    """`choose(P, w, near, half)` must give the offspring that each sample goes on from.

    Recognises the full aperture, the angle as the score, no filter, and nobody where no candidate is in the cone.
    """
    cases = [(P, simplex_weights(2, 4))]
    if seed is not None:
        rng = np.random.default_rng(seed)
        cases += [(rng.normal(0.3, 1, (len(w), w.shape[1])), w) for w in (simplex_weights(2, 9), simplex_weights(3, 3))]
    for points, w in cases:
        near, half = guidance.neighbourhoods(w, 3), guidance.half_apertures(w)

        def told(aperture: Array | None, points: Array = points, w: Array = w, near: Array = near) -> list[int]:
            return list(map(int, sampling.choose(points, near, 1, w, w, aperture)[0]))

        given = choose(points.copy(), w.copy(), near.copy(), half.copy())
        assert given is not None, "return the places, one for each sample"
        found = array(given, "the places")
        assert found.shape == (len(w),), (
            f"{len(w)} samples need {len(w)} places, got {found.shape}: where none is in the cone, the nearest by angle"
        )
        answer, right = found.astype(int).tolist(), told(half)
        assert answer == right or answer != told(2 * half), (
            "half holds half apertures: the angle to the axis may be as large, not twice"
        )
        assert answer == right or answer != told(0 * half), (
            "that chooses by the angle; among those in the cone the score ω·P decides"
        )
        assert answer == right or answer != told(None), (
            "that is the choice without a filter: who is outside of the cone doesn't count"
        )
        assert all(place in row for place, row in zip(answer, near.tolist(), strict=True)), (
            "only the offspring of neighbours are candidates"
        )
        assert answer == right, f"for P = {np.round(points, 2).tolist()} it is {right}, got {answer}"
    return "a strong design outside of the cone is left to the weight that it belongs to."


# The optimiser's curse

TASK, RHO = "ZDT1 surface", 20.0
CAUSES = {
    "left the data": "designs left the data, where the predictors err",
    "too few generations": "more generations were needed",
    "mutation": "mutation was too strong",
    "weights": "it has no weights to spread by",
}


@lru_cache(8)
def _judged(seed: int) -> tuple[Array, Array, Array]:
    """True hypervolumes at ρ = 20 and at ρ = 10, and the predicted ones: (151,) each."""
    found = experiment.surrogate(TASK, seed)
    generations = experiment.search(found)
    judge = replace(found.task, rho=RHO)
    return (
        experiment.true_volumes(found, generations, judge),
        experiment.true_volumes(found, generations),
        experiment.quality(found.z.values(generations.y), found.reference),
    )


def check_curse(volumes: Callable[..., Any], answers: Callable[..., Any], cause: str, seed: int) -> str:
    """`volumes(seed)` and `answers(seed)` of a search judged at ρ = 20, and why its designs get worse.

    Recognises ρ = 10, the peak of the predicted curve, a late crossing, and other causes.
    """
    right, other, promised = _judged(seed)
    given = list(volumes(seed))
    assert len(given) == 2, f"volumes: return the true and the predicted hypervolumes, not {len(given)} things"
    true, predicted = array(given[0], "true"), array(given[1], "predicted")
    for name, values in (("true", true), ("predicted", predicted)):
        assert values.shape == right.shape, (
            f"{name}: a number for each of the generations 0 … 150, got shape {values.shape}"
        )
    assert not np.allclose(true, other, atol=1e-6), "true: that is judged at ρ = 10, as the data were"
    assert not np.allclose(true, promised, atol=1e-6), "true: that is the predicted one"
    assert np.allclose(true, right, atol=1e-6), (
        f"true: at generation 20 it is {right[20]:.4f}, not {true[20]:.4f}: the whole population, over the product "
        "of the reference"
    )
    assert np.allclose(predicted, promised, atol=1e-6), (
        f"predicted: at generation 20 it is {promised[20]:.4f}, not {predicted[20]:.4f}: generations.y is in z-scores"
    )
    said = list(answers(seed))
    assert len(said) == 2, f"answers: return the two generations, not {len(said)} things"
    at, crossing = number(said[0], "the peak"), number(said[1], "the crossing")
    assert at in range(151), f"peak is a generation, 0 to 150, not {at}"
    best = int(right.argmax())
    fits = abs(at - best) <= 5 or right[int(at)] >= right[best] - 0.02
    assert fits or at != int(promised.argmax()), "peak: that is where the *predicted* hypervolume is largest"
    assert fits, (
        f"peak: at generation {int(at)} the true hypervolume is {right[int(at)]:.3f}, it reaches {right[best]:.3f}"
    )
    first = int((promised > 1).argmax())
    assert crossing == first, (
        f"crossing: predicted > 1 first at another generation than {crossing:g}; values ≥ 0 can't have that volume"
    )
    assert cause in CAUSES, f"cause must be one of {list(CAUSES)}, got {cause!r}"
    assert cause == "left the data", (
        f"{CAUSES[cause]}? The predicted hypervolume goes on rising to {promised[-1]:.1f}: the search does what it is "
        "asked; look at how far from the surface its designs are"
    )
    return "no true value is needed to see it: a promise of more than 1 proves that the predictors err."
