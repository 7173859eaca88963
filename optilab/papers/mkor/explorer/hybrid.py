"""When MKOR-H goes back to its backend, and what happens after that."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.papers.mkor.algorithm import Switch, Watch, switch_step
from optilab.papers.mkor.experiment import EVERY, STEPS, TARGET, race
from optilab.papers.mkor.explorer.parts import color
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, guide, here, log, panel, rule, thin
from optilab.ui.words import number

SHIFT = 3.0
BACKENDS = {"SGD, rate 0.1": ("MKOR", "SGD", 0.1), "LAMB, rate 0.03": ("MKOR + LAMB", "LAMB", 0.03)}
PLACES = np.arange(EVERY, STEPS + 1, EVERY)  # where a window can end; the last stands for never
WINDOWS = [int(window) for window in PLACES[:10]]
TAUS = np.round(np.linspace(0.1, 1.0, 19), 2)


class At(Switch):
    """A switch that goes off at a step of its own in each replicate, whatever the loss."""

    def watch(self, seen: Watch | None, loss: np.ndarray, t: int) -> Watch:
        """Say only whether t is before that step."""
        nothing = np.zeros(np.shape(loss))
        return Watch(loss, nothing, nothing, np.broadcast_to(t < PLACES[:, None], np.shape(loss)))


def branches(backend: str, seed: int, progress: Any = False) -> Any:
    """Losses on all data of runs that go back to the backend after 10, 20, … 400 steps of MKOR: (41, 40)."""
    name, _, lr = BACKENDS[backend]
    return race(name, [seed], SHIFT, lr=[lr] * len(PLACES), switch=At(), progress=progress).full[..., 0]


def simulate(backend: str, seed: int, progress: Callable[[float, float], None] | None = None) -> dict[str, np.ndarray]:
    """All branches, MKOR's own minibatch losses, and where every window and τ would switch."""
    name, bare, lr = BACKENDS[backend]
    tick = progress or (lambda done, total: None)
    pure = race(name, [seed], SHIFT, lr=lr, every=1, measures={"batch": lambda state: state.loss})
    losses = pure.batch[1:]
    many = np.broadcast_to(losses, (STEPS, len(TAUS)))
    return {
        "branches": branches(backend, seed, lambda done, steps: tick(done, 1.1 * steps)),
        "bare": race(bare, [seed], SHIFT, lr=lr).full[:, 0],
        "mean": running_mean(losses[:, 0]),
        "off": np.array([switch_step(many, window, TAUS) for window in WINDOWS]),
    }


def running_mean(losses: np.ndarray, beta: float = 0.9) -> np.ndarray:
    """The mean that the switch watches: (T,)."""
    e = [losses[0]]
    for loss in losses[1:]:
        e.append(beta * e[-1] + (1 - beta) * loss)
    return np.array(e)


def compute(tau: float, window: int, backend: str, seed: int, run: Any) -> dict[str, Any]:
    """Where τ and the window switch, and the branch that goes on from there."""
    off = run["off"][WINDOWS.index(window)]
    at = int(off[abs(TAUS - tau).argmin()])
    t, name = PLACES - EVERY, BACKENDS[backend][1]
    branch, pure = run["branches"][:, np.flatnonzero(at == PLACES)[0]], run["branches"][:, -1]
    steps, ends = np.arange(STEPS), np.arange(0, min(at, STEPS - 1) + 1, window)
    never = at == STEPS
    worst = float(branch[at // EVERY :].max())
    kept = np.append(t, STEPS)
    said = f"MKOR-H goes back to {name} after <b>{at} steps</b>" if not never else "MKOR-H never goes back"
    return {
        "mean": (steps, run["mean"]),
        "ends": (ends, run["mean"][ends]),
        "at": at,
        "pure": (kept, pure),
        "hybrid": (kept, branch),
        "bare": (kept, run["bare"]),
        "target": ([0, STEPS], [TARGET] * 2),
        "of tau": (TAUS, off),
        "now": ([tau], [at]),
        "headline": f"Back to {name} after {at} of {STEPS} steps" if not never else "Second-order to the end",
        "after": f"Afterwards the loss is {number(worst, 2)} at worst" if not never else "The same run as MKOR's",
        "note": f"{said}: loss {number(float(branch[-1]))} at the end, MKOR's {number(float(pure[-1]))}, "
        f"{name} alone {number(float(run['bare'][-1]))}; the highest after the switch is {number(worst)}.",
    }


def hybrid(**start: Any) -> Explorer:
    """τ, window, backend and seed beside what is watched, what becomes of the loss, and the switch as τ grows."""
    mine, ours, bare = color("MKOR-H"), color("MKOR"), color("SGD")
    quiet = {"hoverinfo": "skip"}
    return Explorer(
        compute,
        {
            "tau": slider("τ", 0.5, 0.1, 1.0, 0.05, named={"0.5": 0.5}),
            "window": slider("window", 50, WINDOWS[0], WINDOWS[-1], EVERY, named={"20": 20, "50": 50}),
            "backend": choice("backend", "SGD, rate 0.1", list(BACKENDS)),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                entry("headline"),
                thin("mean", shade=ours, name="running mean of MKOR's minibatch losses"),
                dots("ends", shade=mine, name="ends of windows"),
                rule("at", color=mine),
                x=axis("step", [0, STEPS]),
                y=log("minibatch loss, running mean", [-3.6, 0.4]),
            ),
            panel(
                entry("after"),
                guide("target", "", **quiet),
                thin("bare", "backend alone", bare),
                thin("pure", "MKOR", ours, width=2),
                curve("hybrid", "MKOR-H", mine),
                x=axis("step", [0, STEPS]),
                y=log("loss on all data", [-3.9, 0.6]),
            ),
            panel(
                "The larger τ, the sooner it goes back",
                curve("of tau", shade=mine, shape="hv"),
                here("now", shade=mine, **quiet),
                x=axis("τ", [0.08, 1.02]),
                y=axis("second-order steps", [0, STEPS + 15]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=branches,
        simulate=simulate,
        run="Run",
    )
