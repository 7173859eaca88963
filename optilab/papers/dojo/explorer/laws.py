"""Friction and impact at every smoothness: what a force does, the gradient of that, and what 500 noisy solves say."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.dojo.algorithm.point_mass import braked_speed, friction_slope, gap_slope, smoothed_gap
from optilab.papers.dojo.algorithm.smoothing import draws
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import color, ink

SAMPLES = 500
HARD = 1e-8  # of the κ at which smoothing and contact are equally strong: (μmgh)²/m for friction, mg²h³ for impact
FORCE = np.linspace(0, 2, 201)  # in units of the force at the kink
SEEN = np.linspace(0, 2, 41)
GRADIENTS, VALUES = "gradients", "values"


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


def compute(kappa: float, mu: float, h: float, sigma: float, kind: str) -> dict[str, Any]:
    """Curves of both contacts at κ and at their hard limit, and the randomised gradients of the hard ones."""
    eps = draws(np.random.default_rng(0), SEEN, sigma, SAMPLES)
    data: dict[str, Any] = {"force": FORCE, "seen": SEEN, "kink": np.array([1.0])}
    laws = {
        "friction": (lambda F, k: pushed(F, k, mu, h), HARD * (mu * h) ** 2),
        "impact": (lambda F, k: lifted(F, k, h), HARD * h**3),
    }
    for name, (law, limit) in laws.items():
        value, slope = law(FORCE, kappa)
        hard, step = law(FORCE, limit)
        values, slopes = law(SEEN + eps, limit)
        rise = (values - law(SEEN, limit)[0]) * eps / sigma**2
        dots = (slopes if kind == GRADIENTS else rise).mean(0)
        data |= {
            f"{name}": value,
            f"{name}_slope": slope,
            f"{name}_hard": hard,
            f"{name}_step": step,
            f"{name}_dots": dots,
            f"{name}_kink": slope[[100]],
        }
    half = data["friction_slope"][50]
    at_kink = data["friction_slope"][100]
    data["note"] = (
        f"At half the force that breaks it loose the block feels <b>{half:.2g}</b> of a free block's gradient (hard "
        f"contact: 0). At the kink: {at_kink:.2f} for friction, {data['impact_slope'][100]:.2f} for impact. The dots "
        f"took {SAMPLES} hard solves each, the curve one."
    )
    return data


def code(values: dict[str, Any]) -> str:
    """One step of the block and its gradient, at half the force."""
    return (
        "from optilab.papers.dojo.algorithm import PointMass\n\n"
        f"kappa, block = {values['kappa']:.3g}, PointMass(m=1.0, mu={values['mu']:.2f}, h={values['h']:.2f}, g=1.0)\n"
        f"push = [{values['h']:.2f} * 0.5 * {values['mu']:.2f}, 0.0, 0.0]  # an impulse, N·s\n"
        "block.linearise(block.at_rest(kappa), push, kappa).B[3, 0]  # of a free block: 1"
    )


def curve(name: str, title: str, moves: str) -> Panel:
    """What the force does."""
    smooth, hard = color("smoothed contact"), color("hard contact")
    return Panel(
        title,
        [
            (
                go.Scatter(name="hard", line={"color": hard, "dash": "dash", "width": 1.5}),
                {"x": "force", "y": f"{name}_hard"},
            ),
            (go.Scatter(name="at κ", line={"color": smooth, "width": 2.6}), {"x": "force", "y": name}),
        ],
        {"xaxis": {"title": {"text": AXES[name]}}, "yaxis": {"title": {"text": moves}}},
        height=250,
    )


AXES = {"friction": "push / μmg", "impact": "lift / weight"}


def gradient(name: str, title: str) -> Panel:
    """The gradient of that."""
    smooth, hard = color("smoothed contact"), color("hard contact")
    dots = {"color": color("randomised"), "size": 5, "opacity": 0.8}
    return Panel(
        title,
        [
            (
                go.Scatter(name="hard", line={"color": hard, "dash": "dash", "width": 1.5}),
                {"x": "force", "y": f"{name}_step"},
            ),
            (
                go.Scatter(name=f"mean of {SAMPLES} noisy hard solves", mode="markers", marker=dots),
                {"x": "seen", "y": f"{name}_dots"},
            ),
            (go.Scatter(name="at κ", line={"color": smooth, "width": 2.6}), {"x": "force", "y": f"{name}_slope"}),
            (
                go.Scatter(
                    showlegend=False,
                    mode="markers",
                    marker={"symbol": "circle-open", "size": 12, "color": ink(0.9), "line": {"width": 2}},
                ),
                {"x": "kink", "y": f"{name}_kink"},
            ),
        ],
        {
            "xaxis": {"title": {"text": AXES[name]}},
            "yaxis": {"range": [-0.15, 1.3], "title": {"text": "gradient / free gradient"}},
        },
        height=250,
    )


def laws(**start: Any) -> Explorer:
    """Turn κ, friction and step, and compare with gradients averaged over noise."""
    return Explorer(
        compute,
        {
            "kappa": log_slider(
                "smoothness κ", 1e-4, 1e-8, 1, steps=16, readout=".1e", named={"rollouts": 1e-6, "gradients": 1e-1}
            ),
            "mu": slider("friction μ", 0.5, 0.05, 1, 0.05),
            "h": slider("time step h (s)", 0.1, 0.01, 0.1, 0.01),
            "sigma": slider("noise σ / kink", 0.1, 0.02, 0.3, 0.02),
            "kind": choice("averaged over noise:", GRADIENTS, [GRADIENTS, VALUES]),
        },
        [
            curve("friction", "A block is pushed: it sticks, then it slides", "moves / μgh²"),
            gradient("friction", "In stiction the gradient vanishes, unless κ is large"),
            curve("impact", "A block is lifted: it lies, then it rises", "gap / gh²"),
            gradient("impact", "At the kink it is ½, whatever κ"),
        ],
        call="optilab.papers.dojo.explorer.laws",
        start=start,
        code=code,
    )
