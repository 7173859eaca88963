"""One column's oracle: the k largest prices, and water up to the level that leaves γb."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.papers.sparse_optimal_transport.algorithm import Columns, conj_b, conj_plus
from optilab.papers.sparse_optimal_transport.explorer.colours import color
from optilab.papers.sparse_optimal_transport.explorer.posts import posts
from optilab.ui.controls import slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, dots, here, panel, promise, walk
from optilab.ui.theme import BLUE, INK, ink
from optilab.ui.words import number

PLACES, SEEDS = 12, 20
KS = np.arange(1, PLACES + 1)
EDGES = [0.4, PLACES + 0.6]


@lru_cache(SEEDS)
def prices(seed: int) -> np.ndarray:
    """Twelve prices, the largest of them 1."""
    s = np.random.default_rng(seed).normal(size=PLACES)
    return s - s.max() + 1


def column(k: int, b: float, gamma: float, seed: int, fixed: bool) -> Columns:
    """The best column with k nonzeros; one after the other for an array of them."""
    s = np.broadcast_to(prices(seed), (*np.shape(k), PLACES))
    return conj_b(s, b + np.zeros(np.shape(k)), k, gamma) if fixed else conj_plus(s, k, gamma)


@lru_cache(64)
def columns(b: float, gamma: float, seed: int, fixed: bool) -> Columns:
    """The best columns for every k."""
    return column(KS, b, gamma, seed, fixed)  # type: ignore[arg-type]


def compute(k: int, b: float, gamma: float, seed: int, fixed: bool) -> dict[str, Any]:
    """Prices, level and column, and what the column earns for every k."""
    s, every = prices(seed), columns(b, gamma, seed, fixed)
    t, free, theta, value = every.dense[k - 1], every.dense[-1], float(every.theta[k - 1]), every.value
    low = min(s.min(), float(every.theta[0])) - 0.2  # the level of k = 1 is the lowest: k doesn't move the axis
    chosen, above, enough = np.isin(KS - 1, np.argsort(-s, kind="stable")[:k]), t > 0, int((free > 0).sum())
    note = (
        f"Above the level {number(theta) if fixed else '0 (the sum is free)'}: {above.sum()} of the {k} largest prices"
    )
    note += f", together by γb = {number(gamma * b)}. " if fixed else ". "
    note += f"Without a cap {enough} {'place is' if enough == 1 else 'places are'} used: "
    note += (
        "a larger k changes nothing any more."
        if k >= enough
        else f"the cap costs {number(value[-1] - value[k - 1])} of what the column earns."
    )
    return {
        "rest": posts(KS, low, np.where(chosen, np.nan, s)),
        "under": posts(KS, low, np.where(chosen, np.minimum(s, theta), np.nan)),
        "out": posts(KS, np.where(above, theta, np.nan), s),
        "water": ([*EDGES, *EDGES[::-1]], [low, low, theta, theta]),
        "level": (EDGES, [theta, theta]),
        "tall": [low, 1.25],
        "t": posts(KS, 0, t),
        "t_free": (KS, np.where(free > 0, free, np.nan)),
        "value": (KS, value),
        "here": (k, value[k - 1]),
        "note": note,
    }


def one_column(**start: Any) -> Explorer:
    """Choose the k largest prices of twelve, then let the water in."""
    place, blue = axis("place i", EDGES, dtick=1), color("sparse OT")
    return Explorer(
        compute,
        {
            "k": slider("k, nonzeros allowed", 3, 1, PLACES, 1),
            "b": slider("b, mass of the column", 1.5, 0.1, 3, 0.1, when=lambda values: values["fixed"]),
            "gamma": slider("γ, weight of the square", 2.0, 0.2, 4, 0.1),
            "seed": slider("prices (seed)", 0, 0, SEEDS - 1, 1),
            "fixed": switch("sum fixed to b (semi-dual)", True),
        },
        [
            panel(
                "The k largest prices are candidates; what stands above the water is the column",
                band("water", "", BLUE),
                curve("rest", "not among the k largest", ink(0.2), width=15),
                curve("under", "candidate", ink(0.55), width=15),
                curve("out", "above the water: γt", BLUE, width=15),
                promise("level", "level θ", INK),
                x=place,
                y=axis("price s = α − c", "tall"),
            ),
            panel(
                "The column t, and what it would be without a cap",
                curve("t", "t", blue, width=15),
                dots("t_free", "without a cap", color("quadratic OT"), symbol="diamond"),
                x=place,
                y=axis("mass t", rangemode="tozero"),
            ),
            panel(
                "What the column earns: flat once k reaches what the water leaves",
                walk("value", shade=ink(0.5)),
                here("here", shade=blue),
                x=axis("k", [0.4, PLACES + 0.6], dtick=1),
                y="⟨s, t⟩ − γ/2 ‖t‖²",
            ),
        ],
        call="optilab.papers.sparse_optimal_transport.explorer.one_column",
        start=start,
        recipe=column,
    )
