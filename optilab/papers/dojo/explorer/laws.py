"""Friction and impact at every smoothness: what a force does, the gradient of that, and what 500 noisy solves say."""

from typing import Any

import numpy as np

from optilab.papers.dojo.algorithm import PointMass, braked_speed, friction_slope, gap_slope, smoothed_gap
from optilab.papers.dojo.algorithm.smoothing import draws
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Axis, axis, cloud, curve, entry, here, panel, promise
from optilab.ui.pictures import Panel
from optilab.ui.theme import ink, methods
from optilab.ui.words import number

SAMPLES = 500
HARD = 1e-8  # of the κ at which smoothing and contact are equally strong: (μmgh)²/m for friction, mg²h³ for impact
FORCE = np.linspace(0, 2, 201)  # in units of the force at the kink
SEEN = np.linspace(0, 2, 41)
GRADIENTS, VALUES = "gradients", "values"
AXES = {"friction": "push / μmg", "impact": "lift / weight"}
color = methods(ours=["smoothed contact"], rivals=["randomised"], reference=["hard contact"])


def pushed(force: np.ndarray, kappa: float, mu: float, h: float) -> tuple[np.ndarray, np.ndarray]:
    """Next x of a block at rest (weight 1 N, mass 1 kg), pushed by μ · force, and ∂x/∂F, as parts of h²."""
    c = mu * h
    F = h * mu * force
    V = np.sign(F) * braked_speed(np.abs(F), c, 1.0, kappa)
    return V / (h * mu), 1 / (1 + friction_slope(np.abs(V), c, kappa))


def lifted(force: np.ndarray, kappa: float, h: float) -> tuple[np.ndarray, np.ndarray]:
    """Next gap of the block on the floor, lifted by its weight · force, and ∂gap/∂F, as parts of h²."""
    s = smoothed_gap(h**2 * (force - 1), kappa, 1.0, h)
    return s / h**2, gap_slope(s, kappa, 1.0, h)


def half_the_force(kappa: float, mu: float, h: float) -> float:
    """What the block feels of a free block's gradient at half the force that breaks it loose."""
    block = PointMass(m=1.0, mu=mu, h=h, g=1.0)
    impulse = np.array([0.5 * mu * h, 0.0, 0.0])
    return block.linearise(block.at_rest(kappa), impulse, kappa).B[3, 0]  # of a free block: 1


def compute(kappa: float, mu: float, h: float, sigma: float, kind: str) -> dict[str, Any]:
    """Curves of both contacts at κ and at their hard limit, and the randomised gradients of the hard ones."""
    eps = draws(np.random.default_rng(0), SEEN, sigma, SAMPLES)
    laws = {
        "friction": (lambda F, k: pushed(F, k, mu, h), HARD * (mu * h) ** 2),
        "impact": (lambda F, k: lifted(F, k, h), HARD * h**3),
    }
    data: dict[str, Any] = {}
    kinks = {}
    for name, (law, limit) in laws.items():
        value, slope = law(FORCE, kappa)
        hard, step = law(FORCE, limit)
        values, slopes = law(SEEN + eps, limit)
        rise = (values - law(SEEN, limit)[0]) * eps / sigma**2
        kinks[name] = slope[100]
        data |= {
            name: (FORCE, value),
            f"{name} hard": (FORCE, hard),
            f"{name} slope": (FORCE, slope),
            f"{name} step": (FORCE, step),
            f"{name} dots": (SEEN, (slopes if kind == GRADIENTS else rise).mean(0)),
            f"{name} kink": (1.0, slope[100]),
        }
    half, floats = half_the_force(kappa, mu, h), data["impact"][1][0] > 0.25
    data["half"] = (0.5, half)
    data["pushed"] = "A block is pushed: " + ("it sticks, then it slides" if half < 0.2 else "at this κ it creeps")
    data["lifted"] = "A block is lifted: " + ("at this κ it floats" if floats else "it lies, then it rises")
    data["fades"] = f"In stiction: {number(half, 2)} of a free block's gradient at half the force"
    note = (
        f"At half the force that breaks it loose the block feels <b>{number(half, 2)}</b> of a free "
        f"block's gradient (hard contact: 0). At the kink: {kinks['friction']:.2f} for friction, "
        f"{kinks['impact']:.2f} for impact. The dots took {SAMPLES} hard solves each, the curve one."
    )
    return data | {"note": note}


def moves(name: str, title: str, y: Axis) -> Panel:
    """What the force does."""
    hard, smooth = promise(f"{name} hard", "hard", color("hard contact")), color("smoothed contact")
    return panel(title, hard, curve(name, "at κ", smooth), x=AXES[name], y=y, height=250)


def gradient(name: str, title: str) -> Panel:
    """The gradient of that."""
    return panel(
        title,
        promise(f"{name} step", "hard", color("hard contact")),
        cloud(f"{name} dots", f"mean of {SAMPLES} noisy hard solves", color("randomised")),
        curve(f"{name} slope", "at κ", color("smoothed contact")),
        *([here("half", shade=color("smoothed contact"))] if name == "friction" else []),
        here(f"{name} kink", shade=ink(0.9), symbol="circle-open", marker={"line": {"width": 2}}),
        x=AXES[name],
        y=axis("gradient / free gradient", [-0.15, 1.3]),
        height=250,
    )


def laws(**start: Any) -> Explorer:
    """Turn κ, friction and step, and compare with gradients averaged over noise."""
    named = {"rollouts": 1e-6, "gradients": 1e-1}
    return Explorer(
        compute,
        {
            "kappa": log_slider("smoothness κ", 1e-4, 1e-8, 1, steps=16, readout=".1e", named=named),
            "mu": slider("friction μ", 0.5, 0.05, 1, 0.05),
            "h": slider("time step h (s)", 0.1, 0.01, 0.1, 0.01),
            "sigma": slider("noise σ / kink", 0.1, 0.02, 0.3, 0.02),
            "kind": choice("averaged over noise:", GRADIENTS, [GRADIENTS, VALUES]),
        },
        [
            moves("friction", entry("pushed"), axis("moves / μgh²", [-0.1, 2.1])),
            gradient("friction", entry("fades")),
            moves("impact", entry("lifted"), axis("gap / gh²")),
            gradient("impact", "Impact: ½ at the kink, whatever κ"),
        ],
        call=__name__,
        start=start,
        recipe=half_the_force,
    )
