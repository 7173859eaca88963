"""The theorem's guarantee: what it promises, and what it asks for."""

from typing import Any

import numpy as np

from optilab.papers.capo.algorithm import improvement_bound
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, here, log, panel, promise, region, rule
from optilab.ui.theme import BLUE, ORANGE
from optilab.ui.words import number

DELTAS = np.geomspace(1e-8, 1, 161)
GAMMAS = np.linspace(0, 0.999, 400)
SEEN = (2e-4, 0.23)  # where nine in ten steps of CAPO have their KL here


def guarantee(omega: float, gamma: float, epsilon: float) -> Any:
    """Gain that is promised for every δ_F, and the price C of its root for every γ."""
    promised = improvement_bound(omega, DELTAS, gamma, epsilon)
    return promised, -improvement_bound(0.0, 1.0, GAMMAS, epsilon)


def compute(omega: float, gamma: float, epsilon: float, power: float) -> dict[str, Any]:
    """Promise over δ_F, price over γ."""
    promised, price = guarantee(omega, gamma, epsilon)
    delta = 10.0**power
    C = -float(improvement_bound(0.0, 1.0, gamma, epsilon))
    now = float(improvement_bound(omega, delta, gamma, epsilon))
    least = (omega / C) ** 2 if C > 0 else np.inf
    return {
        "promised": (DELTAS, np.maximum(promised, -10)),
        "now": ([delta], [max(now, -0.24)]),
        "price": (GAMMAS, np.maximum(price, 1e-3)),
        "price now": ([gamma], [max(C, 1.1e-2)]),
        "note": f"At δ<sub>F</sub> = {number(delta)} the price is C√δ<sub>F</sub> = "
        f"<b>{number(C * np.sqrt(delta))}</b>, C = {number(C)}; promised is a gain of {number(now)}. A gain is "
        f"sure from δ<sub>F</sub> = {number(least)} down.",
    }


def theorem(**start: Any) -> Explorer:
    """ω, γ, ε and δ_F beside the promise and its price."""
    return Explorer(
        compute,
        {
            "power": slider("δ_F = 10 to the", -4.0, -8.0, 0.0, 0.1),
            "gamma": slider("discount γ", 0.5, 0.0, 0.999, 0.001, named={"½": 0.5, "0.99": 0.99}),
            "omega": slider("ω", 0.1, 0.0, 0.2, 0.01),
            "epsilon": slider("largest |advantage| ε", 1.0, 0.1, 1.0, 0.1),
        },
        [
            panel(
                "The gain that is promised; shaded: nine in ten of CAPO's steps",
                region(*SEEN),
                rule(y=0.0),
                promise("promised", "ω − C√δ<sub>F</sub>", BLUE),
                here("now", "", BLUE),
                x=log("δ<sub>F</sub>", [-8, 0], dtick=2),
                y=axis("change of J", [-0.25, 0.25]),
            ),
            panel(
                "Its price grows like 1/(1 − γ)²",
                promise("price", "C", ORANGE),
                here("price now", "", ORANGE),
                x=axis("γ", [0, 1]),
                y=log("C", [-2, 6.6], dtick=2),
            ),
        ],
        call=__name__,
        start=start,
        recipe=guarantee,
    )
