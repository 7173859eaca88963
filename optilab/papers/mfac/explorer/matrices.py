"""The inverse beside what holds it: gradients, two triangles, and the prefixes that grow by one gradient each."""

from typing import Any

import numpy as np

from optilab.papers.mfac.algorithm import dense_fisher, empty_window, leverage_bound, static_precompute, update
from optilab.papers.mfac.explorer.parts import SIGNED, color
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, guide, heat, panel, texts
from optilab.ui.theme import INK
from optilab.ui.words import number


def gradients(m: int, d: int) -> np.ndarray:
    """The first m of 32 random gradients (m, d); the slope along the last coordinate is a twentieth of the first."""
    return np.random.default_rng(0).normal(size=(32, 40))[:m, :d] * np.geomspace(1, 0.05, d)


def both_ways(m: int, d: int, lam: float) -> Any:
    """The static vectors V and denominators δ, and a window's triangles D and B, of the same gradients."""
    G = gradients(m, d)
    window = empty_window(m, d, lam)
    for g in G:
        window = update(window, g)
    static = static_precompute(G, lam)
    return static.V, static.delta, window.D, window.B


def prefix(V: np.ndarray, delta: np.ndarray, lam: float, i: int) -> np.ndarray:
    """λFᵢ⁻¹ = I − λ Σ_{j≤i} vⱼvⱼᵀ/δⱼ, (d, d), from the first i vectors."""
    return np.eye(V.shape[1]) - lam * V[:i].T @ (V[:i] / delta[:i, None])


def compute(i: int, lam: float, m: int, d: int) -> dict[str, Any]:
    """All matrices with the first i gradients taken in, and all of them by the dense inverse."""
    i = min(i, m)
    G = gradients(m, d)
    V, delta, D, B = both_ways(m, d, lam)
    scaled = prefix(V, delta, lam, i)
    exact = lam * np.linalg.inv(dense_fisher(G, lam))
    seen = np.where(np.arange(m)[:, None] < i, G, np.nan)
    off = abs(through_window(G, D, B, lam) - exact).max()
    rows, columns = np.arange(1, m + 1), np.arange(1, d + 1)
    return {
        "G": (columns, rows, seen),
        "prefix": (columns, columns, scaled),
        "exact": (columns, columns, exact),
        "D": (rows, rows, np.where(np.triu(np.ones((m, m))) > 0, D, np.nan)),
        "B": (rows, rows, np.where(np.tril(np.ones((m, m))) > 0, lam * B, np.nan)),
        "most": abs(D).max(),
        "least": -abs(D).max(),
        "none": ([d / 2 + 0.5], [m / 2 + 0.5]),
        "said": ["" if i else "none yet: take some in"],
        "headline": f"λFᵢ⁻¹, i = {i}: the identity with {i} dent{'s' * (i != 1)}",
        "leverage": (columns, 1 - scaled.diagonal()),
        "mean": (columns[[0, -1]], np.full(2, leverage_bound(i, d))),
        "across": [0.5, d + 0.5],
        "down": [d + 0.5, 0.5],
        "slots": [m + 0.5, 0.5],
        "slots across": [0.5, m + 0.5],
        "tick": 1 if d < 8 else 5,
        "slot tick": 1 if m < 12 else 5,
        "note": f"After {i} of {m} gradients the prefix is {number(abs(scaled - exact).max(), 2)} from λF⁻¹ at most; "
        f"all {m} by the triangles: {number(off, 1)}. "
        f"Mean of 1 − λ(F⁻¹)ₖₖ over k: <b>{number(1 - scaled.diagonal().mean())}</b>, at most i/d = "
        f"{number(leverage_bound(i, d))}. Kept: {m * d:,} numbers of V, or of G, and {m * m:,} of "
        f"the two triangles; the inverse would be {d * d:,}.",
    }


def through_window(G: np.ndarray, D: np.ndarray, B: np.ndarray, lam: float) -> np.ndarray:
    """λF⁻¹ (d, d) as the triangles D and B make it of the gradients G."""
    rows = B @ G  # Fᵢ₋₁⁻¹gᵢ
    return np.eye(G.shape[1]) - lam * rows.T @ (rows / (len(G) + D.diagonal())[:, None])


def matrices(**start: Any) -> Explorer:
    """The number of gradients taken in, damping, m and d beside G, the inverse as it grows, and the triangles."""
    across = axis("coordinate", "across", dtick=entry("tick"), tick0=0)
    square: dict[str, Any] = {"x": across, "y": axis("coordinate", "down", dtick=entry("tick"), tick0=0)}
    slots = axis("gradient", "slots", dtick=entry("slot tick"), tick0=0)
    small: dict[str, Any] = {"x": axis("gradient", "slots across", dtick=entry("slot tick"), tick0=0), "y": slots}
    whole: dict[str, Any] = {"zmin": -1, "zmax": 1, "colorscale": SIGNED}
    return Explorer(
        compute,
        {
            "i": slider("gradients taken in, i", 4, 0, 32, 1, named={"none": 0, "all": lambda values: values["m"]}),
            "lam": log_slider("λ", 1e-2, 1e-6, 10.0),
            "m": slider("m", 8, 1, 32, 1),
            "d": slider("d", 24, 4, 40, 1),
        },
        [
            panel(
                "G: a gradient is a row; those taken in",
                heat("G", colorscale=SIGNED, zmid=0),
                texts("none", entry("said")),
                x=across,
                y=slots,
            ),
            panel(entry("headline"), heat("prefix", **whole), **square),
            panel("λF⁻¹ of all gradients, as a dense inverse", heat("exact", bar="", **whole), **square),
            panel(
                "D: what one gradient says of the next",
                heat("D", colorscale=SIGNED, zmin=entry("least"), zmax=entry("most"), bar=""),
                **small,
            ),
            panel("λB: each gradient with the earlier ones taken off", heat("B", bar="", **whole), **small),
            panel(
                "1 − λ(Fᵢ⁻¹)ₖₖ: what is known of each coordinate",
                guide("mean", end="i/d: above the mean", shade=INK),
                curve("leverage", "", color("M-FAC"), shape="hvh"),
                x=across,
                y=axis("leverage", [0, 1.02]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=both_ways,
    )
