"""A schedule drawn by hand, who pays in its bound, and how far it is from the best there is."""

from functools import cache
from typing import Any

import numpy as np

from optilab.papers.last_iterate.algorithm import SCHEDULES, best_eta, remaining
from optilab.papers.last_iterate.experiment import best_schedule
from optilab.papers.last_iterate.explorer.parts import COLORS
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import area, axis, bars, curve, entry, here, log, panel, texts, thin
from optilab.ui.theme import GREEN, INK, ink
from optilab.ui.words import number

D, S2 = 0.5, 1.0
LOW, HIGH = 0.01, 1.2
PLACES = np.linspace(0, 1, 5)
TUNED = ("linear decay", "1/√t", "constant")
KNOTS = ["w1", "w2", "w3", "w4", "w5"]


@cache
def rivals(T: int) -> dict[str, np.ndarray]:
    """The best schedule of all, and the three at the η of their smallest bound."""
    tuned = {name: make(T, best_eta(make, T, D, S2)) for name, make in SCHEDULES.items()}
    return {"best of all": best_schedule(T, D, S2)} | {
        name: tuned[name] for name in ("linear decay", "1/√t", "constant")
    }


def knots_of(eta: np.ndarray) -> dict[str, float]:
    """The heights √T·η at the knots that draw a schedule best, as the sliders can have them."""
    T = len(eta)
    heights = np.interp(PLACES * (T - 1), np.arange(T), eta * np.sqrt(T))
    return {name: float(np.clip(round(h, 2), LOW, HIGH)) for name, h in zip(KNOTS, heights, strict=True)}


def nearest_knot(x: float, y: float) -> dict[str, float]:
    """A click in the picture: the knot next to it takes its height."""
    return {KNOTS[int(np.clip(round(x * 4), 0, 4))]: y}


def parts(eta: np.ndarray) -> tuple[float, np.ndarray]:
    """√T times the two parts of the bound: what is left of the start, and what each step's noise costs."""
    S = remaining(eta)
    return float(np.sqrt(len(eta)) * D / S[0]), np.sqrt(len(eta)) * 2 * S2 * eta**2 / S


def drawn(w1: float, w2: float, w3: float, w4: float, w5: float, T: int) -> Any:
    """The schedule through the dots, and √T times the two parts of its bound."""
    eta = np.interp(np.linspace(0, 1, T), PLACES, [w1, w2, w3, w4, w5]) / np.sqrt(T)
    return eta, *parts(eta)


def compute(T: int, w1: float, w2: float, w3: float, w4: float, w5: float) -> dict[str, Any]:
    """The bound of the drawn schedule, step by step, beside those of the tuned ones and of the best."""
    eta, start, noise = drawn(w1, w2, w3, w4, w5, T)
    others = rivals(T)
    rows = [(start, noise), *(parts(other) for other in others.values())]
    starts, noises = (np.array(column) for column in zip(*((start, noise.sum()) for start, noise in rows), strict=True))
    totals = starts + noises
    excess, versus = 100 * (totals[0] / totals[1:3] - 1)
    verdict = f"{number(abs(versus), 2)} % {'below' if versus < 0 else 'above'}"
    worst = int(noise.argmax())
    place, left = np.linspace(0, 1, T), T - np.arange(T)
    return {
        "mine": (place, eta * np.sqrt(T)),
        "knots": (PLACES, [w1, w2, w3, w4, w5]),
        "linear": (place, others["linear decay"] * np.sqrt(T)),
        "tax": (left, noise * left),
        "linear tax": (left, rows[2][1] * left),
        "starts": starts,
        "noises": noises,
        "totals": totals + 0.02 * totals.max(),
        "words": [f"<b>{total:.2f}</b>" for total in totals],
        "width": [0.0, max(5.4, 1.22 * totals.max())],
        "note": f"√T × your bound: {starts[0]:.2f} from the start + {noises[0]:.2f} from noise = "
        f"<b>{totals[0]:.3f}</b>, {verdict} the best linear decay and "
        f"{number(max(excess, 0), 2)} % above the best schedule there is. "
        f"The most expensive step is number {worst + 1} of {T}: {100 * noise[worst] / noises[0]:.0f} % of the noise.",
    }


def draw(**start: Any) -> Explorer:
    """Five knots to drag, in the picture or by sliders, beside the bound's parts and its rivals."""

    def preset(name: str) -> Any:
        return lambda values: knots_of(rivals(values["T"])[name])

    presets = {name: preset(name) for name in ("constant", "1/√t", "linear decay")}
    presets["optimise the bound"] = lambda values: knots_of(rivals(values["T"])["best of all"])
    heights = dict(zip(KNOTS, (0.3, 0.5, 0.2, 0.6, 0.3), strict=True))
    straight = COLORS["linear decay"]
    names = ["yours", "best of all", *TUNED]
    colors = [INK, GREEN, *(COLORS[name] for name in TUNED)]
    return Explorer(
        compute,
        {"T": slider("steps T", 50, 10, 200, 10, named=presets)}
        | {name: slider(f"dot {name[1]}", value, LOW, HIGH, 0.01) for name, value in heights.items()},
        [
            panel(
                "Drag the dots: your schedule",
                thin("linear", "linear decay", straight, width=2),
                curve("mine", "yours"),
                here("knots", hoverinfo="skip"),
                x=axis("step t", [-0.03, 1.03], ticks={0: "1", 0.5: "T/2", 1: "T"}),
                y=axis("step size √T · ηₜ", [0, HIGH + 0.04]),
                click=nearest_knot,
            ),
            panel(
                "Who pays? The area is the noise part of the bound",
                area("tax", "yours", fillcolor=ink(0.12)),
                thin("linear tax", "linear decay", straight, width=2),
                x=log("steps left n (time →)", [np.log10(240), -0.04], dtick=1),
                y=axis("√T · n · 2σ̃² ηₜ²/Sₜ", rangemode="tozero"),
            ),
            panel(
                "√T × the bound: what the start leaves (pale) and what noise costs",
                bars(("starts", names), shade=colors, across=True, name="start", opacity=0.4),
                bars(("noises", names), shade=colors, across=True, name="noise"),
                texts(("totals", names), entry("words"), textposition="middle right"),
                x=axis("√T × bound on the mean gap", "width"),
                y=axis(autorange="reversed", showgrid=False),
                barmode="stack",
            ),
        ],
        call=__name__,
        start=start,
        recipe=drawn,
    )
