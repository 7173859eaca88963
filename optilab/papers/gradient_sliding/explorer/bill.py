"""What the runs of a race cost when a gradient has a price: the bill, the stretch of work, the line of equal bill."""

from typing import Any

import numpy as np

from optilab.papers.gradient_sliding.algorithm import rf_sgs
from optilab.papers.gradient_sliding.experiment import Curve, bound_of, constants
from optilab.papers.gradient_sliding.problems.robust_regression import RobustRegression
from optilab.ui.words import number

METHODS = ("RF-SGS", "M-SGS", "prox-SGD")
STEPS = 3  # of RF-SGS, whose time the tape shows
NOWHERE = np.array([np.nan])


def of_seed(curve: Curve, seed: int, sliding: bool) -> Curve:
    """One replicate's curve, up to where it came to rest: a sliding method keeps a state for every gradient."""
    mine = curve.at((slice(None), seed))
    return mine.at(slice(int(mine.gradients[-1]) + 1)) if sliding else mine


def stretch(curve: Curve, price: float, end: int, span: float) -> tuple[np.ndarray, np.ndarray]:
    """Where in the `span` of time before its state `end` a method was at work, and where at gradients.

    Parameters
    ----------
    curve : Curve
        Of one replicate.
    price : float
        Time of a gradient, in subgradients.
    end : int
        The state at whose time the stretch ends.
    span : float
        Its length.

    Returns
    -------
    arrays (blocks, 2)
        Ends of the one block of work and of the gradients' blocks, as shares of the stretch.
    """
    counts = np.arange(curve.gradients[end] + 1)
    cheap = np.interp(counts, curve.gradients, curve.cheap)[: len(counts)]
    begins = price * counts[:-1] + cheap[:-1]  # a step begins with its gradient
    last = price * counts[-1] + cheap[-1]
    blocks = np.clip((np.stack([begins, begins + price], -1) - last) / span + 1, 0, 1)
    return np.array([[max(0.0, 1 - last / span), 1.0]]), blocks[blocks[:, 1] > 0]


def outlines(blocks: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Outlines of rectangles over the intervals (blocks, 2), with gaps between them."""
    left, right = blocks.T
    x = np.stack([left, right, right, left, left, np.full_like(left, np.nan)], -1).ravel()
    y = np.tile([low, low, high, high, low, np.nan], len(blocks))
    return (x, y) if len(x) else (NOWHERE, NOWHERE)


def equal_bill(bill: float, price: float, wide: float, tall: float) -> tuple[np.ndarray, np.ndarray]:
    """The straight line subgradients + price · gradients = bill, inside the frame [0, wide] × [0, tall]."""
    y = np.array([max(0.0, (bill - wide) / price), min(bill / price, tall)])
    return bill - price * y, y


def break_even(sliding: np.ndarray, subgradients: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """The price at which a sliding method and proximal SGD cost the same: r n_f + n_h = (r + 1) n_sgd."""
    with np.errstate(invalid="ignore"):  # where one of them never came there
        return (subgradients - plain) / (plain - sliding)


def thinned(long: Curve, most: int = 250) -> Curve:
    """About `most` points of a long curve, dense at its beginning."""
    length = len(long.gap)
    kept = np.unique(np.concatenate([np.geomspace(1, length, most), np.linspace(1, length, most)]).astype(int)) - 1
    return long if length <= most else long.at(kept)


def bounded(problem: RobustRegression, free: Curve, effort: float, seed: int) -> np.ndarray:
    """The theorem's bound on the gap of RF-SGS, over the first gap."""
    x0 = np.zeros(problem.b.shape)
    plan = rf_sgs(**constants(problem, x0, problem.noise > 0), N=max(len(free.gap) - 1, 1), effort=effort)
    bound = bound_of(problem, x0, plan, effort)[: len(free.gap), seed]
    return bound / free.gap[0]


def of_the_plane(price, target, spent, bills, there, found, ends) -> dict[str, Any]:
    """The line of equal bill through the cheapest, that of the break-even price, and what there is to say."""
    counts = np.concatenate([*(np.array(both).T for both in found.values()), ends[: 0 if there else None]])
    tall, wide = 1.08 * np.nanmax(np.where(np.isfinite(counts), counts, 1.0), 0)
    line = even = (np.full(2, np.nan), np.full(2, np.nan))
    told = f"To {number(target)} of the first gap: " + "; ".join(
        f"{name} <b>{spent[name][0]:,.0f} gradients and {spent[name][1]:,.0f} subgradients</b>"
        if name in there
        else f"{name} doesn't come there"
        for name in METHODS
    )
    first = third = "No run comes to the target with this budget: nothing to pay for"
    if there:
        best = min(there, key=bills.__getitem__)
        line = equal_bill(bills[best], price, wide, tall)
        first = f"If a gradient costs {number(price)} subgradients, {best} is first at the target"
        third = f"On a line all bills are equal: {best} lies on this one, nobody below"
    if {"RF-SGS", "prox-SGD"} <= set(there):
        (gradients, cheap), (plain, _) = spent["RF-SGS"], spent["prox-SGD"]
        mine = float(break_even(gradients, cheap, plain))
        each = break_even(found["RF-SGS"][0], found["RF-SGS"][1], found["prox-SGD"][0])
        prices = sorted(float(price) for price in each if 0 < price < np.inf)
        if mine > 0:
            even = equal_bill(mine * gradients + cheap, mine, wide, tall)
            told += f". RF-SGS and prox-SGD cost the same at the price {number(mine, 2)}"
        else:
            told += f". {'RF-SGS' if cheap <= plain else 'prox-SGD'} is the cheaper of the two at every price"
        told += f"; break-even prices of the seeds: {', '.join(number(p, 2) for p in prices) or 'there are none'}"
    (right, left), (low, high) = line
    area = (np.array([0, right, right, left, 0, 0]), np.array([0, 0, low, high, high, 0]))
    return {
        "line": line,
        "affordable": area,
        "even": even,
        "wide": [0, wide],
        "tall": [0, tall],
        "first": first,
        "third": third,
        "note": told + ".",
    }
