"""A trained network under the knife: what is left of its accuracy as more and more weights go."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.core.run import run
from optilab.papers.mfac.algorithm import by_magnitude, prune_to
from optilab.papers.mfac.experiment import SIZE, Judged, M, dense_network, judged
from optilab.papers.mfac.explorer.parts import SIGNED, color
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, heat, here, log, panel, rule, thin, walk
from optilab.ui.words import number

GRID = np.arange(20) / 20
PATHS = {name: color(name) for name in ("M-FAC", "no compensation", "diagonal Fisher")}
CURVES = {name: color(name) for name in ("magnitude", "one shot")}
FULL = 10_000  # a block that holds all weights


def brain_surgeon(target: float, nrec: int, lam: float, block: int, seed: int, compensate: bool = True) -> Any:
    """Weights (nrec + 1, 1723) as the surgeon goes on, the Fisher computed anew for every part."""
    fit, _, w = dense_network(seed)
    settings: dict[str, Any] = {"m": M, "size": SIZE, "lam": lam, "nrec": nrec, "block": block}
    rng = np.random.default_rng(seed)
    return run(prune_to(fit, w, target=target, rng=rng, compensate=compensate, **settings), nrec, keep=["w"]).w


def simulate(
    target: float, nrec: int, lam: float, block: int, seed: int, progress: Callable[..., None] | None = None
) -> dict[str, Judged]:
    """All methods on the network of that seed: three on their way to the target, two at many targets."""
    w = dense_network(seed)[2]
    found: dict[str, Judged] = {}

    def keep(name: str, weights: Any) -> None:
        found[name] = judged(np.array(weights), seed)
        if progress:
            progress(len(found), 5)

    keep("magnitude", [by_magnitude(w, share).w for share in GRID])
    keep("one shot", [brain_surgeon(share, 1, lam, block, seed)[-1] for share in GRID])
    keep("diagonal Fisher", brain_surgeon(target, nrec, lam, 1, seed))
    keep("no compensation", brain_surgeon(target, nrec, lam, block, seed, compensate=False))
    keep("M-FAC", brain_surgeon(target, nrec, lam, block, seed))
    return found


def compute(
    target: float, nrec: int, undone: int, lam: float, block: int, seed: int, *, run: dict[str, Judged]
) -> dict[str, Any]:
    """Accuracy and loss over the share of zeros, and the first layer before the last parts."""
    part = max(nrec - undone, 0)
    network = dense_network(seed)[0].network
    first = network.matrices(run["M-FAC"].w[part])[0]
    data: dict[str, Any] = {}
    for name, found in run.items():
        data |= {name: (found.zeros, found.accuracy), f"{name} loss": (found.zeros, found.loss)}
    ours = run["M-FAC"]
    ends = ", ".join(f"{name} {number(run[name].accuracy[-1])}" for name in ("no compensation", "diagonal Fisher"))
    plain, once = (float(np.interp(target, GRID, run[name].accuracy)) for name in CURVES)
    return data | {
        "now": (ours.zeros[part], ours.accuracy[part]),
        "now loss": (ours.zeros[part], ours.loss[part]),
        "layer": (np.arange(1, 22), np.arange(1, 41), np.where(first == 0, np.nan, first)),
        "note": f"At {number(100 * target)} % zeros: <b>M-FAC {number(ours.accuracy[-1])}</b>, {ends}, one shot "
        f"{number(once)}, magnitude {number(plain)}; the whole network has {number(ours.accuracy[0])}, guessing 0.33. "
        f"The last picture: after {part} of {nrec} parts, {number(100 * ours.zeros[part])} % zeros.",
    }


def surgery(**start: Any) -> Explorer:
    """Target, recomputations, damping, block and seed beside accuracy, loss and the first layer; runs at the button."""

    def curves(suffix: str, legend: bool) -> list[Any]:
        return [
            *(thin(f"{name}{suffix}", name if legend else "", shade, width=2) for name, shade in CURVES.items()),
            *(walk(f"{name}{suffix}", name if legend else "", shade) for name, shade in list(PATHS.items())[::-1]),
            here(f"now{suffix}", "", PATHS["M-FAC"]),
        ]

    return Explorer(
        compute,
        {
            "target": slider("share of zeros", 0.8, 0.0, 0.95, 0.05),
            "nrec": slider("recomputations", 8, 1, 16, 1),
            "undone": slider("last parts undone", 0, 0, 16, 1),
            "lam": log_slider("λ", 1e-5, 1e-10, 1.0, steps=20),
            "block": choice("block", FULL, [("1", 1), ("16", 16), ("64", 64), ("full", FULL)]),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                "Accuracy as weights go; a dot: a new Fisher",
                rule(y=1 / 3, dash="dot"),
                *curves("", legend=True),
                x=axis("share of weights that are 0", [-0.02, 1]),
                y=axis("test accuracy, no training after", [0.28, 1.01]),
            ),
            panel(
                "The loss of the same networks",
                *curves(" loss", legend=False),
                x=axis("share of weights that are 0", [-0.02, 1]),
                y=log("train loss"),
            ),
            panel(
                "M-FAC's first layer; what is gone is blank",
                heat("layer", colorscale=SIGNED, zmin=-2, zmax=2, bar="weight"),
                x=axis("input (21: bias)", showgrid=False),
                y=axis("unit", autorange="reversed", showgrid=False),
            ),
        ],
        call=__name__,
        start=start,
        recipe=brain_surgeon,
        simulate=simulate,
        run="Operate",
    )
