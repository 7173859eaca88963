"""Inside one step: the interior-point iterations of a single contact, and where its variables go."""

from typing import Any

import numpy as np

from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm import Body, Contact, System, TimeStep, interior_point, state_of
from optilab.ui.controls import choice, log_slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, entry, goal, log, panel, promise, thin, walk
from optilab.ui.theme import BLUE, INK, ORANGE, TEAL, ink
from optilab.ui.words import number

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


def iterates(kappa: float, contact: str, predictor: bool, keep: bool) -> Trace:
    """All iterates of the step."""
    problem = step_of(contact, kappa)
    return run(interior_point(problem, kappa=kappa, predictor=predictor, correct_at_target=keep), MOST)


def compute(kappa: float, contact: str, predictor: bool, keep: bool) -> dict[str, Any]:
    """How far the iterates are off, (γ, s), and friction and sliding as parts of their cones."""
    trace = iterates(kappa, contact, predictor, keep)
    _, _, primals, duals = POINT.parts(trace.w)
    gamma, beta = primals[:, 0], primals[:, 1:]
    s, eta = duals[:, 0], duals[:, 1:]
    k, count = trace.step, trace.step[-1]
    converged = trace.converged[-1]
    used = np.linalg.norm(beta[-1, 1:]) / beta[-1, 0]
    note = (
        f"{'Converged' if converged else '<b>Stalled</b>'} after {count} iterations: "
        f"‖s∘g − κe‖ is {number(trace.b_vio[-1] / kappa, 2)} κ, ‖c‖ is {number(trace.r_vio[-1], 1)}. The gap is "
        f"{number(s[-1], 2)} m, the floor pushes with {number(gamma[-1], 2)} N·s, friction uses {used:.1%} of its cone."
    )
    return {
        "r_vio": (k, np.maximum(trace.r_vio, TINY)),
        "b_vio": (k, np.maximum(trace.b_vio, TINY)),
        "mu_t": (k, trace.mu_t),
        "target": (k, np.full(len(k), kappa)),
        "pair": (gamma, s),
        "step": (gamma[-1], s[-1]),
        "path": (SPAN, kappa / SPAN),
        "friction": (beta[:, 1] / beta[:, 0], beta[:, 2] / beta[:, 0]),
        "sliding": (eta[:, 1] / eta[:, 0], eta[:, 2] / eta[:, 0]),
        "title": f"{count} iterations to the end of the step" if converged else f"Stalled after {count}",
        "note": note,
    }


def central_path(**start: Any) -> Explorer:
    """Watch the solver of one contact: κ, the contact's state, and the two halves of Mehrotra's method."""
    head = [-1.15, 1.15]
    return Explorer(
        compute,
        {
            "kappa": log_slider("κ (N·s·m)", 1e-4, 1e-8, 1.0, steps=16, readout=".1e", named=NAMED),
            "contact": choice("contact", "sliding", list(STATES)),
            "predictor": switch("predictor", True),
            "keep": switch("keep the correction at the target", False, when=lambda values: values["predictor"]),
        },
        [
            panel(
                entry("title"),
                walk("r_vio", "‖c‖", INK),
                walk("b_vio", "‖s∘g − κe‖", BLUE),
                walk("mu_t", "target μₜ", ORANGE),
                promise("target", "κ", ink(0.6)),
                x="iteration",
                y=log("size", [-17.3, 1.3], dtick=4),
            ),
            panel(
                "Gap and push end on γs = κ (dashed), never at zero",
                promise("path", "γs = κ", ink(0.6)),
                walk("pair", "iterates", TEAL),
                goal("step", "the step", TEAL),
                x=log("push γ (N·s)", [-8.5, 1.5], dtick=2),
                y=log("gap s (m)", [-8.5, 1.5], dtick=2),
            ),
            panel(
                "Friction points against sliding",
                thin((np.cos(TURN), np.sin(TURN)), "boundary", ink(0.6)),
                walk("friction", "friction b/β₁", BLUE),
                walk("sliding", "sliding η/η₁", ORANGE),
                x=axis("x / head of the cone", head, constrain="domain"),
                y=axis("y / head of the cone", head, equal=True),
            ),
        ],
        call=__name__,
        start=start,
        recipe=iterates,
    )
