"""Five flows against gradient descent: all the way on a quadratic, for one step in a curved valley."""

from collections.abc import Iterator, Sequence

import numpy as np

from optilab.classics.gradient_descent import gradient_descent
from optilab.core.claim import Claim
from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm.flows import FLOWS
from optilab.papers.discretisation_drift.algorithm.integration import integrate_flow
from optilab.problems.expression import Expression
from optilab.problems.quadratic import Quadratic

BOWL = Quadratic(np.diag([2.0, 0.02]), np.zeros(2))
BOWL_START = np.array([-0.35, -0.2])
VALLEY = Expression("0.5*(1-x)**2 + 2.5*(y-x**2)**2")
VALLEY_START = np.array([-0.6, 0.9])
RATES = np.array([0.02, 0.01, 0.005, 0.0025])
ORDERS = {"NGF": 2, "IGR": 3, "third order": 4, "PF": 3, "PF + non-principal": 4}


def slopes(errors: np.ndarray) -> np.ndarray:
    """log₂ of the ratio of successive errors (rates, *batch) as the learning rate halves."""
    return np.log2(errors[:-1] / errors[1:])


def bowl_errors(
    h: np.ndarray, steps: int = 5, n_sub: int = 2000, names: Sequence[str] = tuple(FLOWS)
) -> dict[str, np.ndarray]:
    """Distance of the flows named from gradient descent after `steps` steps on the bowl, one for each h (rates,)."""
    reached = run(gradient_descent(BOWL, BOWL_START, alpha=h), steps).x[-1]
    start = np.broadcast_to(BOWL_START, reached.shape)
    ends = {name: integrate_flow(FLOWS[name](BOWL, h), start, steps * h, n_sub) for name in names}
    return {name: np.linalg.norm(end - reached, axis=-1) for name, end in ends.items()}


def local_errors(theta0: np.ndarray, h: np.ndarray = RATES, n_sub: int = 20) -> dict[str, np.ndarray]:
    """Distance of each flow from one step of gradient descent in the valley: θ₀ (*batch, 2) → (rates, *batch)."""
    starts = np.broadcast_to(theta0, (len(h), *np.shape(theta0)))
    rates = h.reshape(-1, *(1,) * (starts.ndim - 2))
    reached = starts - rates[..., None] * VALLEY.grad(starts)
    ends = {name: integrate_flow(flow(VALLEY, rates), starts, rates, n_sub) for name, flow in FLOWS.items()}
    return {name: np.linalg.norm(end - reached, axis=-1) for name, end in ends.items()}


def quadratic(quick: bool = False) -> Iterator[Claim]:
    """On a quadratic past hλ = 1 only the principal flow goes where gradient descent goes."""
    h = np.array([0.9, 1.05])
    principal = bowl_errors(h, n_sub=1500 if quick else 2000, names=["PF"])["PF"]
    yield Claim(
        "five steps at hλ = 1.8 and 2.1: largest distance of the principal flow from gradient descent",
        principal.max(),
        at_most=1e-9,
    )
    others = bowl_errors(h, n_sub=400, names=["NGF", "IGR", "third order"])
    yield Claim("the other flows: smallest distance", np.min(list(others.values())), at_least=0.1)


def orders(quick: bool = False) -> Iterator[Claim]:
    """Order in h of each flow's error in one step, from one start with all pairs of rates and from others at random."""
    found = {name: slopes(errors) for name, errors in local_errors(VALLEY_START).items()}
    for name, order in ORDERS.items():
        off = abs(found[name] - order)
        yield Claim(
            f"{name}: one step's error shrinks like h^{order}; largest distance of a log₂ slope from {order}",
            off.max(),
            at_most=0.2,
        )
    starts = np.random.default_rng(0).uniform(-1, 1, (4 if quick else 12, 2))
    finest = {name: slopes(errors)[0] for name, errors in local_errors(starts, RATES[-1:] / [1, 2]).items()}
    off = np.max([abs(finest[name] - order) for name, order in ORDERS.items()], axis=0)
    statement = f"all flows from {len(starts)} random starts, h = 0.0025 and 0.00125: largest distance of a slope"
    yield Claim.over(statement, off, np.max, at_most=0.15)


EXPERIMENTS = (quadratic, orders)
