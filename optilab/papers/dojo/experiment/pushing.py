"""Pushing a rigid box out of stiction: the puck's task for eight corners, with gradients through the solver."""

from collections.abc import Iterator

import numpy as np

from optilab.core.claim import Claim
from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm import DrivenBodies, PointMass, cost_of, forward, ilqr, joined, state_of
from optilab.papers.dojo.experiment.puck import GOAL, KAPPA_R, STAYING, TWO_FORCES, Q, R, T, plans, puck, thresholds
from optilab.papers.dojo.experiment.rigid import cube

MU, H = 0.5, 0.1  # friction and step of the puck
LOW = 4  # corners that bear the weight
WEIGHTS = np.zeros((12, 12))  # the puck's, and none on rotation and spin
WEIGHTS[:6, :6] = Q


def pushed_box() -> tuple[DrivenBodies, np.ndarray, np.ndarray]:
    """A cube of the puck's mass and friction, pushed at its centre by (F_x, F_y); where it starts and shall end."""
    pushes = np.concatenate([TWO_FORCES, np.zeros((1, 3, 2))], 1)
    driven = DrivenBodies(cube(MU, H, "cone", bottom=False), pushes)
    height = 0.25 + LOW * KAPPA_R / (9.81 * H)
    return driven, joined(state_of((0, 0, height))), joined(state_of((*GOAL, height)))


def box_plans(kappa_g: float | np.ndarray, most: int) -> Trace:
    """At most `most` iterations of iLQR from zero control."""
    driven, z0, goal = pushed_box()
    return run(ilqr(driven, z0, goal, np.zeros((T, 2)), Q=WEIGHTS, R=R, kappa_r=KAPPA_R, kappa_g=kappa_g), most)


def softness(mu: float, h: float) -> float:
    """How much more the cube at rest yields to a force than the puck, as κ → 0: n (1 + μ²/h), on n = 4 corners.

    A corner carries the impulse γ/n and yields along the floor at the rate κ/(μγ/n)². So n of them yield n times as
    fast as the puck. And each gives way downwards at κ/(h(γ/n)²): the push, half an edge above the floor, rocks the
    cube. (Numbers in SI units: one κ serves products of different units.)
    """
    return LOW * (1 + mu**2 / h)


def pushing(quick: bool = False) -> Iterator[Claim]:
    """The box leaves stiction as the puck does, only at a smaller κ_g, and its plan is a plan for the puck."""
    driven, z0, _ = pushed_box()
    on_floor = PointMass().at_rest(KAPPA_R)
    _, B = driven.linearise(z0, np.zeros(2), KAPPA_R)
    _, B_puck = puck(MU).linearise(on_floor, np.zeros(2), KAPPA_R)
    off = B[0, 0] / B_puck[0, 0] / softness(MU, H) - 1
    yield Claim("box at rest: ∂x/∂F over 4(1 + μ²/h) = 14 times the puck's, off 1", round(abs(off), 5), at_most=0.01)

    if quick:
        large, small, most = np.array([0.01]), np.array([1e-4]), 1
    else:
        edge = 10 ** float(thresholds(np.array([MU]))[0]) / softness(MU, H)
        large, small, most = np.array([0.1, 2 * edge]), np.array([edge / 2, 1e-6]), 12
    trace = box_plans(np.concatenate([large, small]), most)
    works, stuck = np.split(trace.cost[-1], [len(large)])
    values = [" and ".join(f"{kappa:.2g}" for kappa in some) for some in (large, small)]
    yield Claim(f"box: cost after iLQR with κ_g = {values[0]} (from {STAYING:g}), most", works.max(), at_most=3)
    yield Claim(f"box: least cost with κ_g = {values[1]}: stuck", stuck.min(), at_least=60)

    best = works.argmin()
    z, F = forward(puck(MU), on_floor, trace.F[-1, best].reshape(T, 2), KAPPA_R)
    end = np.array([*GOAL, 0, 0, 0, 0])
    off = cost_of(puck(MU), z, F, end, Q, R) / works[best] - 1
    yield Claim(
        "the puck under the box's best plan: its cost off the box's, relative", round(abs(off), 5), at_most=0.01
    )
    if not quick:
        off = works.min() / plans().cost[-1] - 1
        yield Claim("box's best cost off the puck's with κ_g = 0.1, relative", abs(off), at_most=0.15)
