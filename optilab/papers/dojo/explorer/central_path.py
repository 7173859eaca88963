"""Inside one step: the interior-point iterations of a single contact, and where its variables go."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.dojo.algorithm import Body, Contact, Iterate, System, TimeStep, interior_point, state_of
from optilab.ui.controls import choice, log_slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import BLUE, INK, ORANGE, TEAL, ink

MU, H, MOST = 0.5, 0.1, 30
POINT = System([Body(1.0, np.eye(3))], [Contact(0, np.zeros(3), 0.0, MU)], h=H)
STATES = ("in the air", "sticking", "sliding")
TINY = 1e-17  # a zero on a log axis
TURN = np.linspace(0, 2 * np.pi, 91)
SPAN = np.array([1e-9, 1e3])
NAMED = {
    "simulate": 1e-6,
    "smooth": 1e-2,
    "stall": {"kappa": 1e-1, "contact": "sliding", "predictor": True, "keep": True},
}


def step_of(contact: str, kappa: float) -> TimeStep:
    """A point of 1 kg: half a metre up, at rest but pushed sideways by half of what friction holds, or sliding."""
    resting = kappa / (POINT.gravity * H)
    height, v, push = {
        "in the air": (0.5, (1.0, 0.5, 0.0), 0.0),
        "sticking": (resting, (0.0, 0.0, 0.0), 0.5 * MU * POINT.gravity * H),
        "sliding": (resting, (2.0, 1.0, 0.0), 0.0),
    }[contact]
    return TimeStep(POINT, state_of((0, 0, height), v), np.array([[push, 0, 0, 0, 0, 0]]))


def compute(kappa: float, contact: str, predictor: bool, keep: bool) -> dict[str, Any]:
    """All iterates of the step: how far they are off, (γ, s), and friction and sliding as parts of their cones."""
    found = list(
        interior_point(step_of(contact, kappa), kappa=kappa, predictor=predictor, correct_at_target=keep, max_iter=MOST)
    )
    columns = Iterate(*(np.array(column) for column in zip(*found, strict=True)))
    _, _, primals, duals = POINT.parts(columns.w)
    last = found[-1]
    converged = bool(last.converged)
    gamma, s = primals[-1, 0], duals[-1, 0]
    beta, eta = primals[:, 1:], duals[:, 1:]
    title = f"{last.iterations} iterations to the end of the step" if converged else f"Stalled after {last.iterations}"
    note = (
        f"{'Converged' if converged else '<b>Stalled</b>'} after {int(last.iterations)} iterations: "
        f"‖s∘g − κe‖ is {last.b_vio / kappa:.1e} κ, ‖c‖ is {last.r_vio:.1g}. The gap is {s:.2g} m, the floor pushes "
        f"with {gamma:.2g} N·s, friction uses {np.linalg.norm(beta[-1, 1:]) / beta[-1, 0]:.1%} of its cone."
    )
    return {
        "k": np.arange(len(found)),
        "r_vio": np.maximum(columns.r_vio, TINY),
        "b_vio": np.maximum(columns.b_vio, TINY),
        "mu_t": columns.mu_t,
        "target": np.full(len(found), kappa),
        "gamma": primals[:, 0],
        "gap": duals[:, 0],
        "at_gamma": primals[-1:, 0],
        "at_gap": duals[-1:, 0],
        "path_gamma": SPAN,
        "path_gap": kappa / SPAN,
        "b_x": beta[:, 1] / beta[:, 0],
        "b_y": beta[:, 2] / beta[:, 0],
        "eta_x": eta[:, 1] / eta[:, 0],
        "eta_y": eta[:, 2] / eta[:, 0],
        "title": title,
        "note": note,
    }


def code(values: dict[str, Any]) -> str:
    """The iterations by hand."""
    return (
        "from optilab.papers.dojo.algorithm import interior_point\n"
        "from optilab.papers.dojo.explorer.central_path import step_of\n\n"
        f"kappa = {values['kappa']:.10g}\n"
        f"problem = step_of({values['contact']!r}, kappa)\n"
        f"list(interior_point(problem, kappa=kappa, predictor={values['predictor']}, "
        f"correct_at_target={values['keep']}, max_iter={MOST}))"
    )


def _errors() -> Panel:
    lines = (("‖c‖", "r_vio", INK), ("‖s∘g − κe‖", "b_vio", BLUE), ("target μₜ", "mu_t", ORANGE))
    traces: list[tuple[Any, dict[str, str]]] = [
        (
            go.Scatter(name=name, mode="lines+markers", line={"color": shade, "width": 2}, marker={"size": 5}),
            {"x": "k", "y": quantity},
        )
        for name, quantity, shade in lines
    ]
    dashed = {"color": ink(0.6), "width": 1.5, "dash": "dash"}
    traces.append((go.Scatter(name="κ", mode="lines", line=dashed), {"x": "k", "y": "target"}))
    layout = {
        "xaxis": {"title": {"text": "iteration"}},
        "yaxis": {"title": {"text": "size"}, "type": "log", "range": [-17.3, 1.3], "dtick": 4},
    }
    return Panel("", traces, layout, {"title": "title"})


def _gap() -> Panel:
    path = {"color": TEAL, "width": 2}
    return Panel(
        "Gap and push meet on γs = κ, never at zero",
        [
            (
                go.Scatter(name="γs = κ", mode="lines", line={"color": ink(0.6), "width": 1.5, "dash": "dash"}),
                {"x": "path_gamma", "y": "path_gap"},
            ),
            (
                go.Scatter(name="iterates", mode="lines+markers", line=path, marker={"size": 5}),
                {"x": "gamma", "y": "gap"},
            ),
            (
                go.Scatter(name="the step", mode="markers", marker={"size": 12, "color": TEAL, "symbol": "star"}),
                {"x": "at_gamma", "y": "at_gap"},
            ),
        ],
        {
            "xaxis": {"title": {"text": "push γ (N·s)"}, "type": "log", "range": [-8.5, 1.5], "dtick": 2},
            "yaxis": {"title": {"text": "gap s (m)"}, "type": "log", "range": [-8.5, 1.5], "dtick": 2},
        },
    )


def _cone() -> Panel:
    return Panel(
        "Friction and sliding part at their cones' axis",
        [
            (
                go.Scatter(
                    name="boundary",
                    x=np.cos(TURN),
                    y=np.sin(TURN),
                    mode="lines",
                    line={"color": ink(0.6), "width": 1.5},
                ),
                {},
            ),
            (
                go.Scatter(name="friction b/β₁", mode="lines+markers", line={"color": BLUE}, marker={"size": 6}),
                {"x": "b_x", "y": "b_y"},
            ),
            (
                go.Scatter(name="sliding η/η₁", mode="lines+markers", line={"color": ORANGE}, marker={"size": 6}),
                {"x": "eta_x", "y": "eta_y"},
            ),
        ],
        {
            "xaxis": {"title": {"text": "x / head of the cone"}, "range": [-1.15, 1.15], "constrain": "domain"},
            "yaxis": {"title": {"text": "y / head of the cone"}, "range": [-1.15, 1.15], "scaleanchor": "x"},
        },
    )


def central_path(**start: Any) -> Explorer:
    """Watch the solver of one contact: κ, the contact's state, and the two halves of Mehrotra's method."""
    return Explorer(
        compute,
        {
            "kappa": log_slider("κ (N·s·m)", 1e-4, 1e-8, 1.0, steps=16, readout=".1e", named=NAMED),
            "contact": choice("contact", "sliding", list(STATES)),
            "predictor": switch("predictor", True),
            "keep": switch("keep the correction at the target", False),
        },
        [_errors(), _gap(), _cone()],
        call="optilab.papers.dojo.explorer.central_path",
        start=start,
        code=code,
    )
