"""Training of the small network, with what its Hessian and the flows say along the way."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import Trace
from optilab.papers.discretisation_drift.algorithm.coefficients import ALPHAS
from optilab.papers.discretisation_drift.algorithm.flows import FLOWS
from optilab.papers.discretisation_drift.algorithm.integration import restarts
from optilab.papers.discretisation_drift.algorithm.stability import Modes, modes, predicted_change
from optilab.papers.discretisation_drift.experiment import edge
from optilab.papers.discretisation_drift.explorer.parts import NAMES

STEPS, EVERY, CHECKS = 3000, 9, 12  # an odd stride: the iterates oscillate with period 2


class Training(NamedTuple):
    """One run and what was measured along it."""

    trace: Trace
    looked: np.ndarray  # (looks,) steps at which the Hessian was measured
    rate: np.ndarray  # (looks,) learning rate of the step that follows
    sharpness: np.ndarray  # (looks,)
    change: dict[str, np.ndarray]  # (looks,) change of the loss in that step, actual and by flow
    checked: np.ndarray  # (CHECKS,) steps at which the flows predict the next iterate
    errors: dict[str, np.ndarray]  # (CHECKS,) by flow


def one_run(h: float, seed: int, width: int, momentum: float, adjusted: bool, p: float) -> Any:
    """The network's loss on T₄, and its training by full-batch gradient descent or DAL-p."""
    problem, starts = edge.regression([seed], width)
    if adjusted:
        trace = edge.adjusted(problem, starts[0], STEPS, p=p, momentum=momentum)
    else:
        trace = edge.descend(problem, starts[0], STEPS, h=h, momentum=momentum)
    return problem, trace


def train(
    h: float, seed: int, width: int, adjusted: bool, p: float, momentum: float, progress: Callable[..., None]
) -> Training:
    """Train the network, then look at its Hessian along the way; with momentum no flow predicts anything."""
    problem, trace = one_run(h, seed, width, momentum, adjusted, p)
    rates = np.append(trace.h[1:], np.nan) if adjusted else np.full(len(trace.step), h)
    last = int(np.isfinite(trace.loss).sum()) - 1
    looked = np.arange(0, max(last, 1), EVERY)
    checked = np.unique(np.linspace(0, max(last - 1, 0), CHECKS).astype(int))
    found = []
    for done, step in enumerate(looked):
        found.append(modes(problem, trace.theta[step]))
        progress(1 + 5 * done / len(looked), 10)
    each = Modes(*map(np.stack, zip(*found, strict=True)))
    change = {"actual": trace.loss[looked + 1] - trace.loss[looked]}
    nothing, errors = np.full(len(looked), np.nan), {name: np.full(len(checked), np.nan) for name in NAMES}
    plain = momentum == 0 and bool(np.isfinite(rates[looked]).all() and np.isfinite(rates[checked]).all())
    for name in ("NGF", "PF"):
        change[name] = predicted_change(each, rates[looked], ALPHAS[name]) if plain else nothing
    for done, name in enumerate(NAMES if plain else ()):
        after = restarts(FLOWS[name](problem, rates[checked]), trace.theta[checked], rates[checked], n_sub=4)
        errors[name] = np.linalg.norm(after - trace.theta[checked + 1], axis=-1)
        progress(7 + done, 10)
    return Training(trace, looked, rates[looked], each.lam[:, -1], change, checked, errors)
