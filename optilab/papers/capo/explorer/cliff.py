"""One token's own step on three tokens: pushing down what is unlikely already."""

from typing import Any

import numpy as np

from optilab.papers.capo.algorithm import directions, overshoot, shifts
from optilab.papers.capo.problems import log_softmax
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, here, log, panel, promise, rule, texts, thin
from optilab.ui.theme import BLUE, INK, ORANGE, PURPLE, TEAL, ink
from optilab.ui.words import number

POLICY = np.array([0.9, 0.07, 0.03])
ALPHAS = np.linspace(0, 10, 201)
HEIGHT = np.sqrt(3) / 2
NAMES = {"first": 0, "second": 1, "third": 2}
SIGNS = {"A = −1": -1.0, "A = +1": 1.0}
SHADES = {"first": INK, "second": BLUE, "third": TEAL}


def own_step(token: str, sign: str) -> Any:
    """Policies (201, 3) along a token's own step, ‖h‖ = 1, and of each m_H and the true A(ρ − 1)."""
    A, a = SIGNS[sign], np.array(NAMES[token])
    v = directions(a, POLICY)
    u = ALPHAS[:, None] * A * v
    q = np.exp(log_softmax(np.log(POLICY) + u))
    mH, _ = shifts(np.full(len(u), A), np.broadcast_to(v, u.shape), np.broadcast_to(POLICY, u.shape), u)
    return q, mH, A * (q[:, a] / POLICY[a] - 1)


def placed(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of the triangle: first token left, second right, third on top."""
    return q[..., 1] + q[..., 2] / 2, HEIGHT * q[..., 2]


def compute(alpha: float, token: str, sign: str) -> dict[str, Any]:
    """The way over the simplex, and the three stories of it."""
    A, a = SIGNS[sign], NAMES[token]
    q, mH, truth = own_step(token, sign)
    k = round(alpha / 10 * 200)
    v = directions(np.array(a), POLICY)
    first = ALPHAS * A**2 * (v @ v)
    limit = overshoot(A, POLICY, a)
    marked = limit if limit <= 10 else np.nan
    turned = (
        f"m<sub>H</sub> turns negative at α* = <b>{number(limit, 4)}</b>"
        if np.isfinite(limit)
        else "m<sub>H</sub> never turns"
    )
    return {
        **{name: (ALPHAS, np.maximum(q[:, i], 1e-12)) for name, i in NAMES.items()},
        "gone now": ([alpha], [max(float(q[k, a]), 1e-12)]),
        "path": placed(np.where(np.arange(len(q))[:, None] <= k, q, np.nan)),
        "rest": placed(q),
        "start": placed(POLICY[None]),
        "now": placed(q[k : k + 1]),
        "first order": (ALPHAS, first),
        "mH": (ALPHAS, mH),
        "truth": (ALPHAS, truth),
        "true now": ([alpha], [min(float(truth[k]), 5.9)]),
        "limit": ([marked, marked], [-4.0, 6.0]),
        "note": f"π goes from (0.9, 0.07, 0.03) to ({', '.join(number(float(x), 2) for x in q[k])}). "
        f"First order promises {number(float(first[k]))}, m<sub>H</sub> {number(float(mH[k]))}; true is "
        f"<b>{number(round(float(truth[k]), 12))}</b>. "
        f"{turned}.",
    }


def cliff(**start: Any) -> Explorer:
    """Step length, token and sign beside the simplex and what is promised of the step."""
    bare: dict[str, Any] = {"ticks": [], "showgrid": False, "showline": False}
    corners = np.array([[0.0, 1.0, 0.5, 0.0], [0.0, 0.0, HEIGHT, 0.0]])
    return Explorer(
        compute,
        {
            "alpha": slider("step length α", 2.0, 0.0, 10.0, 0.05, named={"α* of the second": 1.3, "long": 10.0}),
            "token": choice("token a", "second", [*NAMES]),
            "sign": choice("advantage", "A = −1", [*SIGNS]),
        },
        [
            panel(
                "Where the policy goes: each corner is a token",
                thin((corners[0], corners[1]), "", hoverinfo="skip"),
                texts(([-0.04, 1.04, 0.5], [-0.06, -0.06, HEIGHT + 0.06]), ["first", "second", "third"]),
                thin("rest", "", ink(0.35)),
                curve("path", "", BLUE, width=4),
                dots("start", "", INK, symbol="circle-open", size=12),
                here("now", "", BLUE),
                x=axis(span=[-0.2, 1.2], **bare),
                y=axis(span=[-0.15, 1.0], equal=True, **bare),
                height=380,
            ),
            panel(
                "What the step is worth: promised and true",
                rule(y=0.0),
                promise("first order", "first order", PURPLE),
                promise("mH", "m<sub>H</sub>", ORANGE),
                curve("truth", "true A(ρ − 1)", INK),
                thin("limit", "α*", ink(0.7)),
                here("true now", "", INK),
                x=axis("α", [0, 10]),
                y=axis("change of the token's objective", [-4, 6]),
                height=380,
            ),
            panel(
                "What becomes of all three tokens",
                *(curve(name, name, shade) for name, shade in SHADES.items()),
                here("gone now", "", INK),
                x=axis("α", [0, 10]),
                y=log("probability", [-10, 0.2], dtick=2),
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=own_step,
    )
