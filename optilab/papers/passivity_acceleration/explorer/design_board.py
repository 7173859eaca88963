"""The design board: one mode of the controlled flow in its phase plane, its energies and what it gains."""

from typing import Any

import numpy as np

from optilab.papers.passivity_acceleration.algorithm import Design, mode_path, mode_roots
from optilab.papers.passivity_acceleration.explorer.parts import around, balance, decades, headline, note, strokes
from optilab.ui.controls import log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import area, axis, curve, entry, here, log, panel, promise, rule, thin
from optilab.ui.theme import BROWN, GREEN, INK, ORANGE, PURPLE, TEAL, color, ink

END, STEPS, FRAMES = 12.0, 2400, 120
LIMIT = 1e6  # where a diverging run is cut
TIME = np.linspace(0, END, STEPS + 1)
THIRD = slice(None, None, 3)  # what is drawn against time
FLOW = color("gradient flow")


def one_run(gamma: float, kappa: float, c: float, lam: float, psi0: float) -> np.ndarray:
    """(x, ψ) along an eigenvector of curvature λ from x = 1, (times, 2)."""
    return mode_path(lam, Design(gamma, kappa, c), 1.0, psi0, END / STEPS, STEPS)


def compute(gamma: float, kappa: float, c: float, lam: float, psi0: float, frame: int) -> dict[str, Any]:
    """The run up to a frame: phase plane, energies, gap."""
    design = Design(gamma, kappa, c)
    x, psi = one_run(gamma, kappa, c, lam, psi0).T
    plain = one_run(gamma, kappa, 0.0, lam, 0.0)[:, 0]
    lost = ~(np.maximum.accumulate(abs(np.nan_to_num(x, nan=np.inf))) < LIMIT)
    x[lost] = psi[lost] = np.nan
    v = psi - kappa * lam * x
    gap, still = lam * x**2 / 2, lam * plain**2 / 2
    stored, filled = psi**2 / 2, c * gap
    xs, vs = around(x), around(v, np.array([-kappa * lam]))
    manifold, floor_of_x = np.array(xs), np.linspace(*xs, 121)
    slow, fast = mode_roots(lam, design)
    rate = -float(slow.real)
    swing = np.nan
    if slow.imag > 0.3:  # x = a exp(rt) + its conjugate
        swing = float(2 * abs((v[0] - fast * x[0]) / (slow - fast)) * np.exp(slow.real * END))
    now = round(frame / FRAMES * STEPS)
    floor = 1e-14 * lam
    f, f_plain = np.maximum(gap, floor), np.maximum(still, floor)
    envelope = np.maximum(lam / 2 * np.exp(2 * min(slow.real, 3.0) * TIME), floor)
    return {
        "strokes": strokes(lambda x, v: (v, -(gamma + kappa * lam) * v - (c + gamma * kappa) * lam * x), xs, vs),
        "manifold": (manifold, -kappa * lam * manifold),
        "slow": (manifold, slow.real * manifold if abs(slow.imag) < 1e-9 else np.full(2, np.nan)),
        "whole": (x[::2], v[::2]),
        "run": (x[: now + 1 : 2], v[: now + 1 : 2]),
        "psi": ([x[now], x[now]], [v[now], -kappa * lam * x[now]]),
        "here": (x[now], v[now]),
        "valley": (floor_of_x, lam * floor_of_x**2 / 2),
        "ball": (x[now], gap[now]),
        "plain ball": (plain[now], still[now]),
        "valley_range": lam / 2 * max(abs(end) for end in xs) ** 2 * np.array([-0.15, 1.15]),
        "x_range": list(xs),
        "v_range": list(vs),
        "V": (stored + filled)[THIRD],
        "S": stored[THIRD],
        "filled": filled[THIRD],
        "on_distance": gamma * psi[THIRD] ** 2,
        "on_slope": c * kappa * (lam * x[THIRD]) ** 2,
        "f": f[THIRD],
        "f_plain": f_plain[THIRD],
        "envelope": np.where(lost, np.nan, envelope)[THIRD],
        "now": TIME[now],
        "headline": headline(design, lam, lost, psi, rate),
        "balance": balance(design, stored + filled),
        "f_range": decades(f, f_plain),
        "note": note(design, lam, x, plain, lost, TIME, swing),
    }


def design_board(**start: Any) -> Explorer:
    """Choose γ, κ, c for one mode of curvature λ: two balls in its valley, the phase plane, the energies."""
    return Explorer(
        compute,
        {
            "gamma": slider("damping γ", 2.0, 0.0, 10.0, 0.1),
            "kappa": slider("target speed κ", 0.05, 0.0, 0.5, 0.01),
            "c": slider("feedback c", 0.95, -0.5, 1.5, 0.05, named={"c = 0": 0.0, "0.95": 0.95}),
            "lam": log_slider("curvature λ", 4.0, 0.4, 400.0),
            "psi0": slider("start off the manifold ψ(0)", 0.0, -2.0, 2.0, 0.1),
            "frame": player("time, tenths", 24, FRAMES, interval=80),
        },
        [
            panel(
                entry("headline"),
                thin("strokes", "", ink(0.22), hoverinfo="skip"),
                curve("manifold", "target manifold ψ = 0", FLOW, hoverinfo="skip"),
                promise("slow", "slow manifold", ORANGE, hoverinfo="skip"),
                thin("whole", "", TEAL, opacity=0.55, hoverinfo="skip"),
                curve("run", "the run", TEAL),
                curve("psi", "ψ", PURPLE, hoverinfo="skip"),
                here("here", "", TEAL),
                thin("valley", "", INK, yaxis="y2", hoverinfo="skip"),
                here("plain ball", "", FLOW, yaxis="y2"),
                here("ball", "", TEAL, yaxis="y2"),
                x=axis("position x", "x_range", anchor="y2"),
                y=axis("velocity v", "v_range", domain=[0.3, 1]),
                yaxis2=axis("f", "valley_range", domain=[0, 0.22], showticklabels=False, ticks="", showgrid=False),
                height=360,
            ),
            panel(
                entry("balance"),
                curve((TIME[THIRD], "V"), "V", INK),
                thin((TIME[THIRD], "S"), "½ψ²", PURPLE),
                thin((TIME[THIRD], "filled"), "c(f − f*)", GREEN),
                area((TIME[THIRD], "on_distance"), "γψ²", PURPLE, yaxis="y2"),
                area((TIME[THIRD], "on_slope"), "cκf′²", BROWN, yaxis="y2"),
                rule("now"),
                x=axis("time t", anchor="y2"),
                y=axis("energy", domain=[0.5, 1]),
                yaxis2=axis("loss −V̇, energy/time", domain=[0, 0.42]),
                height=360,
            ),
            panel(
                "f along the run, and along gradient flow",
                curve((TIME[THIRD], "f"), "the run", TEAL, showlegend=False),
                promise((TIME[THIRD], "envelope"), "its slow root", TEAL),
                curve((TIME[THIRD], "f_plain"), "gradient flow", FLOW),
                rule("now"),
                x="time t",
                y=log("f − f*", "f_range"),
                height=360,
            ),
        ],
        call=__name__,
        start=start,
        recipe=one_run,
    )
