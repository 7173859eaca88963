"""The tokens of one batch: what each would do to objective and policy by itself, and the box of those that pass."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.core.run import Trace
from optilab.papers.capo.algorithm import accepted
from optilab.papers.capo.experiment import STEPS
from optilab.papers.capo.explorer.parts import off, signed, signed_axis, thresholds, world_controls
from optilab.papers.capo.explorer.runs import capo_run
from optilab.ui.controls import log_slider, player
from optilab.ui.explorer import Explorer
from optilab.ui.marks import curve, dots, log, panel, thin
from optilab.ui.theme import BLUE, ORANGE, ink
from optilab.ui.words import number

LEFT, RIGHT, DECADES = -3.0, 9.0, 9  # powers of ten that are drawn
KINDS = {"A > 0": (BLUE, 1), "A < 0": (ORANGE, -1)}


def simulate(
    lr: float, base: str, scale: float, share: float, seed: int, progress: Callable[[float, float], Any]
) -> Trace:
    """A run of CAPO with the measured thresholds."""
    return capo_run(lr, 1.2e4, 2e4, base, scale, share, seed, progress=progress)


def compute(*, run: Trace, frame: int, tauF: float, tauH: float, **others: Any) -> dict[str, Any]:
    """The tokens of one batch, the box, and the whole run's tokens in decades of m_F."""
    A = np.broadcast_to(run.A[..., None], run.mF.shape)[frame].ravel()
    mH, mF, length = (field[frame].ravel() for field in (run.mH, run.mF, run.length))
    passed = accepted(mH, mF, -off(tauH), off(tauH), off(tauF))
    data: dict[str, Any] = {}
    for kind, (_, sign) in KINDS.items():
        for size in ("short", "long"):
            those = (sign * A > 0) & ((length > 1.001) == (size == "long"))
            x = np.clip(mF[those], 10.0**LEFT, 10.0**RIGHT)
            data[f"{kind} {size}"] = (x, signed(mH[those])) if those.any() else ([np.nan], [np.nan])
    top, right = float(signed(np.minimum(off(tauH), 10.0**DECADES))), min(off(tauF), 10.0**RIGHT)
    data["box"] = (np.array([10.0**LEFT, right, right, 10.0**LEFT]), np.array([top, top, -top, -top]))
    everywhere = run.mF[1:][(run.A[1:] != 0)]
    edges = np.linspace(LEFT, RIGHT, 49)
    counts, _ = np.histogram(np.log10(np.clip(everywhere, 10.0**LEFT, 10.0**RIGHT)), edges)
    data["decades"] = (10 ** ((edges[1:] + edges[:-1]) / 2), np.maximum(counts, 0.5))
    data["tauF"] = ([right, right], [0.5, 1e4])
    out = {kind: int((~passed & (sign * A > 0)).sum()) for kind, (_, sign) in KINDS.items()}
    zero, largest = int((A == 0).sum()), float(mF.max())
    note = (
        f"Step {frame}: {len(A)} tokens, {zero} with A = 0 (not drawn, they always pass). <b>{sum(out.values())}</b> "
        f"are left out by this box, {out['A > 0']} with A > 0 and {out['A < 0']} with A < 0. The largest "
        f"m<sub>F</sub> is {number(largest)}. The run itself used τ<sub>F</sub> = 1.2×10⁴, τ<sub>H</sub> = 2×10⁴."
    )
    return data | {"note": note}


def tokens(**start: Any) -> Explorer:
    """A frame and the box beside the tokens of that batch and those of the whole run."""
    return Explorer(
        compute,
        {
            "frame": player("step", 5, STEPS, interval=300),
            **thresholds(),
            "lr": log_slider("step length α", 40.0, 1.0, 100.0, named={"as measured": 40.0}),
            **world_controls(),
        },
        [
            panel(
                "What each token alone would do; the box holds those that pass",
                thin("box", "", ink(0.8), fill="toself", fillcolor=ink(0.07)),
                *(dots(f"{kind} short", kind, shade, size=8) for kind, (shade, _) in KINDS.items()),
                *(
                    dots(f"{kind} long", f"{kind}, long h", shade, size=17, symbol="diamond")
                    for kind, (shade, _) in KINDS.items()
                ),
                x=log("m<sub>F</sub>, change of the policy", [LEFT, RIGHT], dtick=2),
                y=signed_axis("m<sub>H</sub>, change of the objective", DECADES, 3),
                height=420,
            ),
            panel(
                "All tokens of the run with A ≠ 0: few are far out",
                curve("decades", "tokens", BLUE, shape="hvh"),
                thin("tauF", "τ<sub>F</sub>", ink(0.8)),
                x=log("m<sub>F</sub>", [LEFT, RIGHT], dtick=2),
                y=log("tokens in a quarter of a decade", [-0.3, 4]),
                height=420,
            ),
        ],
        call=__name__,
        start=start,
        recipe=capo_run,
        simulate=simulate,
        run="Run CAPO",
    )
