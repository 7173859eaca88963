"""One column's oracle: the k largest prices, and water up to the level that leaves γb."""

from typing import Any

import numpy as np

from optilab.papers.sparse_optimal_transport.algorithm import Columns, conj_b, conj_plus
from optilab.papers.sparse_optimal_transport.explorer.colours import color
from optilab.ui.controls import slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, bars, dots, entry, here, panel, promise, walk
from optilab.ui.theme import BLUE, INK, ink

PLACES = 12
KS = np.arange(1, PLACES + 1)
EDGES = [0.4, PLACES + 0.6]


def prices(seed: int) -> np.ndarray:
    """Twelve prices, the largest of them 1."""
    s = np.random.default_rng(seed).normal(size=PLACES)
    return s - s.max() + 1


def column(k: int, b: float, gamma: float, seed: int, fixed: bool) -> Columns:
    """The best column with k nonzeros."""
    s = prices(seed)
    return conj_b(s, b, k, gamma) if fixed else conj_plus(s, k, gamma)


def compute(k: int, b: float, gamma: float, seed: int, fixed: bool) -> dict[str, Any]:
    """Prices, level and column, and what the column earns for every k."""
    s, every = prices(seed), [column(each, b, gamma, seed, fixed) for each in KS.tolist()]
    t, free, theta = every[k - 1].dense, every[-1].dense, float(every[k - 1].theta)
    value = np.array([each.value for each in every])
    chosen, above, enough = np.isin(KS - 1, np.argsort(-s, kind="stable")[:k]), t > 0, int((free > 0).sum())
    low = min(s.min(), theta) - 0.2
    level = f"{theta:.2f}".replace("-", "−") if fixed else "0 (the sum is free)"
    note = f"Above the level {level}: {above.sum()} of the {k} largest prices"
    note += f", together by γb = {gamma * b:.2f}. " if fixed else ". "
    note += f"Without a cap {enough} {'place is' if enough == 1 else 'places are'} used: "
    note += (
        "a larger k changes nothing any more."
        if k >= enough
        else f"the cap costs {value[-1] - value[k - 1]:.3f} of what the column earns."
    )
    return {
        "ground": np.full(PLACES, low),
        "rest": np.where(chosen, np.nan, s - low),
        "under": np.where(chosen & ~above, s - low, np.nan),
        "foot": np.where(above, theta - low, np.nan),
        "water": np.full(PLACES, theta),
        "out": np.where(above, s - theta, np.nan),
        "level": np.full(2, theta),
        "tall": [float(low), 1.25],
        "t": t,
        "t_free": np.where(free > 0, free, np.nan),
        "value": value,
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
            "b": slider("b, mass of the column", 1.5, 0.1, 3, 0.1),
            "gamma": slider("γ, weight of the square", 2.0, 0.2, 4, 0.1),
            "seed": slider("prices (seed)", 0, 0, 19, 1),
            "fixed": switch("sum fixed to b (semi-dual)", True),
        },
        [
            panel(
                "The k largest prices are candidates; what stands above the water is the column",
                bars((KS, "rest"), "not among the k largest", ink(0.2), base=entry("ground")),
                bars((KS, "under"), "candidate, under water", ink(0.5), base=entry("ground")),
                bars((KS, "foot"), "", "rgba(29,100,175,0.35)", base=entry("ground")),
                bars((KS, "out"), "above it: γt", BLUE, base=entry("water")),
                promise((EDGES, "level"), "level θ", INK),
                x=place,
                y=axis("price s = α − c", "tall"),
                barmode="overlay",
            ),
            panel(
                "The column t, and what it would be without a cap",
                bars((KS, "t"), "t", blue),
                dots((KS, "t_free"), "without a cap", color("quadratic OT"), symbol="diamond"),
                x=place,
                y=axis("mass t", rangemode="tozero"),
            ),
            panel(
                "What the column earns: flat once k reaches what the water leaves",
                walk((KS, "value"), shade=ink(0.5)),
                here("here", shade=blue),
                x=axis("k", dtick=1),
                y="⟨s, t⟩ − γ/2 ‖t‖²",
            ),
        ],
        call="optilab.papers.sparse_optimal_transport.explorer.one_column",
        start=start,
        recipe=column,
    )
