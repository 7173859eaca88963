"""Gradient descent and the flows that try to follow it, on any loss of two variables."""

import warnings
from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.classics.gradient_descent import gradient_descent
from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm import coefficients, flows, integration
from optilab.problems.expression import Expression
from optilab.ui.controls import choice, formula, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, color, landscape

BOWL = "x**2 + 0.01*y**2"
VALLEY = "0.5*(1 - x)**2 + 2.5*(y - x**2)**2"
CUBIC = "0.95*x**2 + x**3/30 + 0.01*y**2"
VIEW = 2.0  # the pictures show [−2, 2]²
FAR = 1e3  # where a curve is cut
BETWEEN = 12  # moments drawn of every step
MOMENTS = 60  # frames of the film
NAMES = {
    "NGF": "gradient flow",
    "IGR": "IGR flow",
    "third order": "third-order flow",
    "PF": "principal flow",
}
GRID = np.linspace(-VIEW, VIEW, 49)


@lru_cache(maxsize=32)
def loss_of(text: str) -> tuple[Expression, bool, np.ndarray]:
    """The loss of a formula in x and y, whether it is quadratic, and its relief on the grid."""
    loss = Expression(text, variables=("x", "y"))
    probe = np.random.default_rng(0).normal(size=(8, 2))
    quadratic = bool(
        np.allclose(loss.third(probe, np.ones(2)), 0) and np.allclose(loss.third(probe, np.array([1.0, -1.0])), 0)
    )
    height = loss(np.stack(np.meshgrid(GRID, GRID), -1)).astype(float)
    height[~np.isfinite(height)] = np.nan
    low, high = np.nanquantile(height, [0, 0.97]) if np.isfinite(height).any() else (0.0, 1.0)
    return loss, quadratic, np.sqrt(np.clip((height - low) / max(high - low, 1e-300), 0, 1))


def cut(path: np.ndarray) -> np.ndarray:
    """A path (times, d) with a gap from where it is first further than `FAR` from the origin, or not finite."""
    with np.errstate(invalid="ignore"):
        lost = np.logical_or.accumulate(~(np.linalg.norm(path, axis=-1) < FAR))
    return np.where(lost[:, None], np.nan, path)


def closed_form(loss: Expression, H: np.ndarray, start: np.ndarray, h: float, steps: int) -> dict[str, np.ndarray]:
    """The flows from `start` on a quadratic, at `BETWEEN` moments a step: (steps · BETWEEN + 1, 2) each, complex."""
    center = start - np.linalg.solve(H, loss.grad(start))
    times = np.arange(steps * BETWEEN + 1) * h / BETWEEN
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the note says what hλ = 1 means
        return {
            name: center + flows.quadratic_solution(H, start - center, h, times, coefficients.ALPHAS[name])
            for name in NAMES
        }


def restarted(loss: Expression, iterates: np.ndarray, h: float, branch: str) -> dict[str, np.ndarray]:
    """The flows started anew at every iterate, at `BETWEEN` moments a step: (BETWEEN + 1, steps, 2) each, complex."""
    pieces = {}
    for name in NAMES:
        field = flows.principal_flow_field(loss, h, branch=branch) if name == "PF" else flows.FLOWS[name](loss, h)
        theta = iterates.astype(complex)
        piece = [theta]
        for _ in range(BETWEEN):
            theta = integration.integrate_flow(field, theta, h / BETWEEN, 1)
            piece.append(theta)
        pieces[name] = np.array(piece)
    return pieces


@lru_cache(maxsize=8)
def trajectories(loss: str, h: float, steps: int, x0: float, y0: float, branch: str) -> dict[str, Any]:
    """Iterates of gradient descent and the flows between them."""
    problem, quadratic, relief = loss_of(loss)
    start = np.array([x0, y0])
    descent = run(gradient_descent(problem, start, alpha=h), steps, limit=FAR).x
    if np.isnan(descent[0]).any():
        raise ValueError(f"the loss {loss} has no finite gradient at the start ({x0:g}, {y0:g})")
    made = int(np.isfinite(descent[:, 0]).sum()) - 1
    H = problem.hess(start)
    lam, U = np.linalg.eigh(H)
    steep = U[:, -1] * (1 if U[np.argmax(abs(U[:, -1])), -1] > 0 else -1)
    quadratic = quadratic and abs(lam).min() > 1e-9

    with np.errstate(all="ignore"):
        if quadratic:
            paths = closed_form(problem, H, start, h, made)
            times = np.arange(made * BETWEEN + 1) / BETWEEN
            ends = {name: path[BETWEEN::BETWEEN] for name, path in paths.items()}
        else:
            pieces = restarted(problem, descent[:made], h, branch)
            ends = {name: piece[-1] for name, piece in pieces.items()}
            gap = np.full((1, made, 2), np.nan)
            paths = {name: np.concatenate([piece, gap]).swapaxes(0, 1).reshape(-1, 2) for name, piece in pieces.items()}
            times = (np.arange(made)[:, None] + np.append(np.arange(BETWEEN + 1) / BETWEEN, np.nan)).ravel()
        errors = {name: np.linalg.norm(end - descent[1 : made + 1], axis=-1) for name, end in ends.items()}

    data: dict[str, Any] = {"relief": relief, "descent_x": descent[:, 0], "descent_y": descent[:, 1]}
    data |= {"iterate": np.arange(len(descent)), "along": descent @ steep, "time": times, "step": 1 + np.arange(made)}
    for name, path in paths.items():
        shown = cut(path.real) if quadratic else path.real
        data |= {f"{name} x": shown[:, 0], f"{name} y": shown[:, 1], f"{name} along": shown @ steep}
        error = np.where(errors[name] < FAR, errors[name], np.nan)
        data[f"{name} error"] = np.maximum(error, 1e-17)
    imaginary = np.linalg.norm(paths["PF"].imag, axis=-1)
    data["imaginary"] = np.where(imaginary < FAR, imaginary, np.nan)
    reach = 1.15 * min(np.nanmax(abs(data["along"])), 3 * VIEW) + 0.05
    data |= {"reach": [-reach, reach], "span": [-0.02 * steps, 1.02 * steps]}
    data["steep"] = f"Along the steepest direction ({steep[0]:.2g}, {steep[1]:.2g}), λ = {lam[-1]:.3g}"
    data["wrong"] = "How far each flow is from gradient descent" + ("" if quadratic else " after one step")
    data["note"] = note(h * lam[-1], made, steps, data)
    return data


def compute(loss: str, h: float, steps: int, x0: float, y0: float, branch: str, moment: int) -> dict[str, Any]:
    """Iterates and flows, and where the flows are at a moment of the film; at the last one all steps are done."""
    data = trajectories(loss, h, steps, x0, y0, branch)
    now = moment / MOMENTS * data["iterate"][np.isfinite(data["along"])][-1]
    until = data["time"] <= now + 1e-9
    index = int(np.flatnonzero(until)[-1]) if until.any() else 0
    return data | {
        "now": now,
        "flows now x": np.array([data[f"{name} x"][index] for name in NAMES])
        if until.any()
        else np.full(len(NAMES), x0),
        "flows now y": np.array([data[f"{name} y"][index] for name in NAMES])
        if until.any()
        else np.full(len(NAMES), y0),
    }


def note(z: float, made: int, steps: int, data: dict[str, Any]) -> str:
    """What happens, in one sentence."""
    if made < steps:
        return f"Gradient descent diverges: it has left the picture at step {made + 1} (hλ₀ = {z:.3g} at the start)."
    if abs(z - 1) < 1e-9:
        mode = "one step finishes the steepest direction: the principal flow would have to go there infinitely fast"
    elif z <= 0:
        mode = "at the start the loss curves nowhere upwards"
    elif z > 2:
        mode = "gradient descent zigzags and grows: beyond the edge of stability"
    elif z > 1:
        mode = "gradient descent zigzags and shrinks"
    else:
        mode = "gradient descent creeps down one side"
    ngf, pf = (data[f"{name} error"][-1] for name in ("NGF", "PF"))
    away = f"At step {made} the gradient flow is {ngf:.1e} away from it, the principal flow {pf:.1e}."
    return f"hλ₀ = {z:.3g}: {mode}. {away}"


def code(values: dict[str, Any]) -> str:
    """The algorithm's own call."""
    return (
        "from optilab.classics.gradient_descent import gradient_descent\n"
        "from optilab.core.run import run\n"
        "from optilab.papers.discretisation_drift.algorithm import flows, integration\n"
        "from optilab.problems.expression import Expression\n\n"
        f'loss = Expression({values["loss"]!r}, variables=("x", "y"))\n'
        f"start, h = [{values['x0']:.4g}, {values['y0']:.4g}], {values['h']:.4g}\n"
        f"path = run(gradient_descent(loss, start, alpha=h), {values['steps']}).x\n"
        f"field = flows.principal_flow_field(loss, h, branch={values['branch']!r})\n"
        "after_one_step = integration.integrate_flow(field, path[0], h, n_sub=20)"
    )


def edge(values: dict[str, Any], multiple: float) -> float:
    """The step h at which hλ₀ is `multiple`, λ₀ the largest curvature at the start."""
    problem, _, _ = loss_of(values["loss"])
    steepest = np.linalg.eigvalsh(problem.hess(np.array([values["x0"], values["y0"]])))[-1]
    if not steepest > 0:
        raise ValueError("the loss curves nowhere upwards at the start: there is no edge")
    return multiple / float(steepest)


def descent_and_flows(**start: Any) -> Explorer:
    """A loss that the reader types, gradient descent on it and the flows that try to follow."""
    lines = [(go.Scatter(name=NAMES[name], line={"color": color(NAMES[name]), "width": 2.5}), name) for name in NAMES]
    shades = [color(NAMES[name]) for name in NAMES]
    dots = {"mode": "markers", "name": "gradient descent", "marker": {"size": 8, "color": INK}}
    return Explorer(
        compute,
        {
            "loss": formula("loss E(x, y) =", BOWL, named={"bowl": BOWL, "curved valley": VALLEY, "cubic": CUBIC}),
            "h": slider(
                "learning rate h",
                0.9,
                0.05,
                1.8,
                0.01,
                named={"hλ₀ = 1": lambda values: edge(values, 1), "edge 2/λ₀": lambda values: edge(values, 2)},
            ),
            "steps": slider("steps", 5, 1, 30, 1),
            "branch": choice("cut of the logarithm", "rotated", [("turned away", "rotated"), ("NumPy's", "principal")]),
            "moment": player("play", MOMENTS, MOMENTS),
            "x0": slider("start x", -1.4, -VIEW, VIEW, 0.05),
            "y0": slider("start y", -0.8, -VIEW, VIEW, 0.05),
        },
        [
            Panel(
                "Only one of the flows zigzags with gradient descent. Drag the start.",
                [
                    (
                        landscape(x=GRID, y=GRID),
                        {"z": "relief"},
                    ),
                    *((trace, {"x": f"{name} x", "y": f"{name} y"}) for trace, name in lines),
                    (go.Scatter(dots), {"x": "descent_x", "y": "descent_y"}),
                    (
                        go.Scatter(mode="markers", marker={"size": 13, "symbol": "circle-open", "color": shades}),
                        {"x": "flows now x", "y": "flows now y"},
                    ),
                ],
                {
                    "xaxis": {"range": [-VIEW, VIEW], "title": {"text": "x"}, "showgrid": False},
                    "yaxis": {"range": [-VIEW, VIEW], "title": {"text": "y"}, "showgrid": False},
                },
                click=("x0", "y0"),
                height=400,
            ),
            Panel(
                "",
                [
                    *(
                        (go.Scatter(trace, showlegend=False), {"x": "time", "y": f"{name} along"})
                        for trace, name in lines
                    ),
                    (
                        go.Scatter(
                            name="|Im θ| of the principal flow",
                            line={"color": color("principal flow"), "dash": "dot", "width": 1.5},
                        ),
                        {"x": "time", "y": "imaginary"},
                    ),
                    (go.Scatter(dots, showlegend=False), {"x": "iterate", "y": "along"}),
                ],
                {
                    "xaxis": {"title": {"text": "time t/h (steps)"}},
                    "yaxis": {"title": {"text": "position"}},
                    "shapes": [{"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper"}],
                },
                {
                    "title": "steep",
                    "shapes[0].x0": "now",
                    "shapes[0].x1": "now",
                    "xaxis.range": "span",
                    "yaxis.range": "reach",
                },
                height=400,
            ),
            Panel(
                "",
                [
                    (go.Scatter(trace, mode="lines+markers", showlegend=False), {"x": "step", "y": f"{name} error"})
                    for trace, name in lines
                ],
                {
                    "xaxis": {"title": {"text": "steps n"}},
                    "yaxis": {"type": "log", "title": {"text": "distance to gradient descent"}},
                },
                {"title": "wrong", "xaxis.range": "span"},
                height=400,
            ),
        ],
        call="optilab.papers.discretisation_drift.explorer.descent_and_flows",
        start=start,
        code=code,
    )
