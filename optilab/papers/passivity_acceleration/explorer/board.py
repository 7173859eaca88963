"""The design board: one mode of the controlled flow in its phase plane, its energies and what it gains."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.passivity_acceleration.algorithm import Design, mode_path, mode_roots
from optilab.ui.controls import log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import BROWN, GREEN, INK, ORANGE, PURPLE, TEAL, color, ink

END = 12.0  # time
STEPS = 2400
FRAMES = 120
LIMIT = 1e6  # where a diverging run is cut
TIME = np.linspace(0, END, STEPS + 1)
FLOW = color("gradient flow")


def around(*arrays: np.ndarray) -> tuple[float, float]:
    """A range that holds the finite entries and 0, with a margin."""
    low = min(0.0, *(float(np.nanmin(array)) for array in arrays))
    high = max(0.0, *(float(np.nanmax(array)) for array in arrays))
    margin = 0.08 * max(high - low, 1e-9)
    return low - margin, high + margin


def field(design: Design, lam: float, xs: tuple[float, float], vs: tuple[float, float]) -> tuple[Any, Any]:
    """Short strokes along the flow in the (x, v) plane, with gaps between them."""
    x, v = np.meshgrid(np.linspace(*xs, 17)[1:-1], np.linspace(*vs, 15)[1:-1])
    force = design.gamma * v + design.kappa * lam * v + (design.c + design.gamma * design.kappa) * lam * x
    width, height = xs[1] - xs[0], vs[1] - vs[0]
    across, up = v / width, -force / height
    length = np.hypot(across, up) + 1e-12
    across, up = 0.022 * width * across / length, 0.022 * height * up / length
    gap = np.full(x.size, np.nan)
    return (
        np.stack([(x - across).ravel(), (x + across).ravel(), gap], 1).ravel(),
        np.stack([(v - up).ravel(), (v + up).ravel(), gap], 1).ravel(),
    )


def compute(gamma: float, kappa: float, c: float, lam: float, psi0: float, frame: int) -> dict[str, Any]:
    """The run up to a frame: phase plane, energies, gap."""
    design = Design(gamma, kappa, c)
    h = END / STEPS
    x, psi = mode_path(lam, design, 1.0, psi0, h, STEPS).T
    plain = mode_path(lam, Design(gamma, kappa, 0.0), 1.0, 0.0, h, STEPS)[:, 0]
    lost = ~(np.maximum.accumulate(abs(np.nan_to_num(x, nan=np.inf))) < LIMIT)
    x[lost] = psi[lost] = np.nan
    v = psi - kappa * lam * x
    gap, still = lam * x**2 / 2, lam * plain**2 / 2
    stored, filled = psi**2 / 2, c * gap
    on_distance, on_slope = gamma * psi**2, c * kappa * (lam * x) ** 2
    xs, vs = around(x), around(v, np.array([-kappa * lam]))
    manifold = np.array(xs)
    slow = mode_roots(lam, design)[0]
    real = abs(slow.imag) < 1e-9
    now = round(frame / FRAMES * STEPS)
    stroke_x, stroke_v = field(design, lam, xs, vs)
    rising = np.diff(gap)[~lost[1:]] > 0
    floor = 1e-14 * lam
    f, f_plain = np.maximum(gap, floor), np.maximum(still, floor)
    return {
        "x": x[: now + 1],
        "v": v[: now + 1],
        "x_all": x,
        "v_all": v,
        "x_now": x[[now]],
        "v_now": v[[now]],
        "gap_x": np.array([x[now], x[now]]),
        "gap_v": np.array([v[now], -kappa * lam * x[now]]),
        "manifold_x": manifold,
        "manifold_v": -kappa * lam * manifold,
        "slow_v": slow.real * manifold if real else np.full(2, np.nan),
        "stroke_x": stroke_x,
        "stroke_v": stroke_v,
        "x_range": list(xs),
        "v_range": list(vs),
        "t": TIME,
        "V": stored + filled,
        "S": stored,
        "filled": filled,
        "on_distance": on_distance,
        "on_slope": on_slope,
        "f": f,
        "f_plain": f_plain,
        "envelope": np.where(lost, np.nan, np.maximum(lam / 2 * np.exp(2 * min(slow.real, 3.0) * TIME), floor)),
        "now": TIME[now],
        "headline": headline(design, lam, lost, psi, -float(slow.real)),
        "balance": balance(c, stored + filled),
        "f_range": decades(f, f_plain),
        "note": note(design, lam, x, psi, plain, lost, rising, slow),
    }


def headline(design: Design, lam: float, lost: np.ndarray, psi: np.ndarray, rate: float) -> str:
    """What to see in the phase plane."""
    if lost.any():
        return "The run flees the minimum"
    if abs(psi).max() < 1e-9:
        return "The run never leaves the target manifold"
    if design.c == 0:
        return "The run falls onto the target manifold and stays"
    verdict = "gains" if rate > design.kappa * lam else "loses"
    return f"The run leaves the target manifold and {verdict} by it"


def balance(c: float, stored: np.ndarray) -> str:
    """What to see in the energies."""
    if c < 0:
        return "With c &lt; 0 the second brake pushes: V proves nothing"
    if np.nanmax(stored) < 1e-18:
        return "Nothing is stored: V = 0 from start to end"
    return "V falls whatever f does; below, the two brakes"


def decades(*curves: np.ndarray) -> list[int]:
    """A logarithmic range of whole decades, four at least, that holds the curves."""
    low = np.floor(np.log10(min(np.nanmin(curve) for curve in curves)))
    high = np.ceil(np.log10(max(np.nanmax(curve) for curve in curves)))
    return [int(min(low, high - 4)), int(high)]


def note(
    design: Design,
    lam: float,
    x: np.ndarray,
    psi: np.ndarray,
    plain: np.ndarray,
    lost: np.ndarray,
    rising: np.ndarray,
    slow: complex,
) -> str:
    """The state of the run in one or two sentences."""
    if lost.any():
        text = f"<b>Diverging</b>: |x| passes 10⁶ at t = {TIME[lost.argmax()]:.1f}, where the pictures are cut."
    else:
        text = (
            f"x(12) = {abs(x[-1]):.1e}; gradient flow alone is at {plain[-1]:.1e}. "
            f"This design decays like exp(−{abs(slow.real):.2f} t), gradient flow like "
            f"exp(−{design.kappa * lam:.2f} t). f rises on {100 * rising.mean():.0f} % of the way"
        )
        text += "." if design.c < 0 else ", V never."
    if design.c < 0:
        text += " With c &lt; 0 the sum V is no storage function: it may be negative and proves nothing."
    return text


def code(values: dict[str, Any]) -> str:
    """The call of the algorithm that gives the same run."""
    gamma, kappa, c, lam, psi0 = (f"{values[name]:.4g}" for name in ("gamma", "kappa", "c", "lam", "psi0"))
    return (
        "import numpy as np\n"
        "from optilab.core.run import run\n"
        "from optilab.papers.passivity_acceleration.algorithm import Design, controlled_flow\n"
        "from optilab.problems.quadratic import Quadratic\n\n"
        f"problem = Quadratic(np.array([[{lam}]]), np.zeros(1))\n"
        f"states = controlled_flow(problem, [1.0], Design({gamma}, {kappa}, {c}), h=0.005, psi0={psi0}, "
        "allow_unstable=True)\n"
        "run(states, 2400).x"
    )


def design_board(**start: Any) -> Explorer:
    """Choose γ, κ, c for one mode of curvature λ and see what feedback does with the distance to the manifold."""
    thin = {"mode": "lines", "hoverinfo": "skip"}
    cursor = {"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper", "line": {"width": 1, "color": INK}}
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
            Panel(
                "",
                [
                    (
                        go.Scatter(line={"color": ink(0.22), "width": 1}, **thin),
                        {"x": "stroke_x", "y": "stroke_v"},
                    ),
                    (
                        go.Scatter(line={"color": FLOW, "width": 2.5}, name="target manifold ψ = 0", **thin),
                        {"x": "manifold_x", "y": "manifold_v"},
                    ),
                    (
                        go.Scatter(line={"color": ORANGE, "width": 1.5, "dash": "dash"}, name="slow manifold", **thin),
                        {"x": "manifold_x", "y": "slow_v"},
                    ),
                    (
                        go.Scatter(line={"color": TEAL, "width": 1}, opacity=0.55, **thin),
                        {"x": "x_all", "y": "v_all"},
                    ),
                    (
                        go.Scatter(line={"color": TEAL, "width": 3}, name="the run", mode="lines"),
                        {"x": "x", "y": "v"},
                    ),
                    (
                        go.Scatter(line={"color": PURPLE, "width": 3}, name="ψ", **thin),
                        {"x": "gap_x", "y": "gap_v"},
                    ),
                    (
                        go.Scatter(mode="markers", marker={"color": TEAL, "size": 11}),
                        {"x": "x_now", "y": "v_now"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "position x"}},
                    "yaxis": {"title": {"text": "velocity v"}},
                },
                {"title": "headline", "xaxis.range": "x_range", "yaxis.range": "v_range"},
                height=380,
            ),
            Panel(
                "",
                [
                    (go.Scatter(name="V", line={"color": INK, "width": 2.5}), {"x": "t", "y": "V"}),
                    (go.Scatter(name="½ψ²", line={"color": PURPLE}), {"x": "t", "y": "S"}),
                    (go.Scatter(name="c(f − f*)", line={"color": GREEN}), {"x": "t", "y": "filled"}),
                    (
                        go.Scatter(name="γψ²", yaxis="y2", fill="tozeroy", line={"color": PURPLE, "width": 1}),
                        {"x": "t", "y": "on_distance"},
                    ),
                    (
                        go.Scatter(name="cκf′²", yaxis="y2", fill="tozeroy", line={"color": BROWN, "width": 1}),
                        {"x": "t", "y": "on_slope"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "time t"}, "anchor": "y2"},
                    "yaxis": {"title": {"text": "energy"}, "domain": [0.5, 1]},
                    "yaxis2": {"title": {"text": "loss −V̇, energy/time"}, "domain": [0, 0.42]},
                    "shapes": [cursor],
                },
                {"title": "balance", "shapes[0].x0": "now", "shapes[0].x1": "now"},
                height=380,
            ),
            Panel(
                "What it is worth: f along the run and along gradient flow",
                [
                    (
                        go.Scatter(name="the run", showlegend=False, line={"color": TEAL, "width": 2.5}),
                        {"x": "t", "y": "f"},
                    ),
                    (
                        go.Scatter(name="its slow root", line={"color": TEAL, "dash": "dash", "width": 1.5}),
                        {"x": "t", "y": "envelope"},
                    ),
                    (go.Scatter(name="gradient flow", line={"color": FLOW}), {"x": "t", "y": "f_plain"}),
                ],
                {
                    "xaxis": {"title": {"text": "time t"}},
                    "yaxis": {"title": {"text": "f − f*"}, "type": "log"},
                    "shapes": [cursor],
                },
                {"yaxis.range": "f_range", "shapes[0].x0": "now", "shapes[0].x1": "now"},
                height=380,
            ),
        ],
        call="optilab.papers.passivity_acceleration.explorer.design_board",
        start=start,
        code=code,
    )
