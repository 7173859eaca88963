"""How exactly the flows of a pass over batches and of momentum predict where training goes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from optilab.classics.heavy_ball import heavy_ball
from optilab.core.claim import Claim
from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm.flows import gradient_flow_field, igr_flow_field
from optilab.papers.discretisation_drift.algorithm.integration import Field, integrate_flow
from optilab.papers.discretisation_drift.algorithm.passes import (
    mean_over_orders_field,
    momentum_field,
    pass_field,
    sgd_passes,
)
from optilab.papers.discretisation_drift.experiment.flows import VALLEY, VALLEY_START, slopes

RATES = np.array([0.08, 0.04, 0.02, 0.01])


@dataclass(frozen=True)
class Batch:
    """A batch loss with gradient Aᵀ tanh(Aθ − b)/rows; A (draws, rows, D) and b (draws, rows)."""

    A: np.ndarray
    b: np.ndarray

    def residual(self, theta: np.ndarray) -> np.ndarray:
        """Aθ − b at θ (*batch, draws, D) → (*batch, draws, rows)."""
        return np.matvec(self.A, theta) - self.b

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Loss mean log cosh(Aθ − b) at θ (*batch, draws, D) → (*batch, draws)."""
        return np.log(np.cosh(self.residual(theta))).mean(-1)

    def grad(self, theta: np.ndarray) -> np.ndarray:
        """Gradient at θ (*batch, draws, D) → (*batch, draws, D)."""
        return self.pulled_back(np.tanh(self.residual(theta)))

    def hvp(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hessian at θ times v, both (*batch, draws, D)."""
        return self.pulled_back(np.matvec(self.A, v) / np.cosh(self.residual(theta)) ** 2)

    def pulled_back(self, rows: np.ndarray) -> np.ndarray:
        """Aᵀ times a value for each row, over the number of rows."""
        return np.matvec(self.A.mT, rows) / self.A.shape[-2]


@dataclass(frozen=True)
class Mean:
    """The mean of batch losses."""

    batches: list[Batch]

    def grad(self, theta: np.ndarray) -> np.ndarray:
        """Gradient at θ (*batch, D)."""
        return np.mean([E.grad(theta) for E in self.batches], axis=0)

    def hvp(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hessian at θ times v, both (*batch, D)."""
        return np.mean([E.hvp(theta, v) for E in self.batches], axis=0)


def draw(seeds: Iterable[int]) -> tuple[list[Batch], np.ndarray]:
    """Four batches of five rows in three dimensions and a start (seeds, 3), all standard normal, for each seed."""
    A, b, theta0 = [], [], []
    for rng in map(np.random.default_rng, seeds):
        A.append(rng.standard_normal((4, 5, 3)))
        b.append(rng.standard_normal((4, 5)))
        theta0.append(rng.standard_normal(3))
    return [Batch(*pair) for pair in zip(np.stack(A, 1), np.stack(b, 1), strict=True)], np.stack(theta0)


def pass_errors(batches: list[Batch], theta0: np.ndarray) -> dict[str, np.ndarray]:
    """Distance of each flow at time 4h from the end of a pass, or from the mean over orders: (rates, seeds)."""
    start = np.broadcast_to(theta0, (len(RATES), *theta0.shape))
    h, mean = RATES[:, None], Mean(batches)

    def end_of_pass(order: tuple[int, ...]) -> np.ndarray:
        return run(sgd_passes(batches, start, h=h, order=order), 1).theta[-1]

    def miss(field: Field, reached: np.ndarray) -> np.ndarray:
        return np.linalg.norm(integrate_flow(field, start, len(batches) * h, 20) - reached, axis=-1)

    ordered = end_of_pass(tuple(range(len(batches))))
    shuffled = np.mean([end_of_pass(order) for order in permutations(range(len(batches)))], axis=0)
    return {
        "NGF": miss(gradient_flow_field(mean, h), ordered),
        "IGR": miss(igr_flow_field(mean, len(batches) * h), ordered),
        "ordered": miss(pass_field(batches, h), ordered),
        "mean": miss(mean_over_orders_field(batches, h), shuffled),
    }


def momentum_errors(h: float, beta: float) -> tuple[float, float]:
    """Distance of the momentum flow of order 1 and 2, followed from the iterate at t = 0.5, from the iterate at 1."""
    half = round(0.5 / h)
    theta = run(heavy_ball(VALLEY, VALLEY_START, alpha=h, beta=beta), 2 * half).x
    ends = (integrate_flow(momentum_field(VALLEY, h, beta, order), theta[half], half * h, 500) for order in (1, 2))
    first, corrected = (float(np.linalg.norm(end - theta[-1])) for end in ends)
    return first, corrected


def one_pass(quick: bool = False) -> Iterator[Claim]:
    """Only the flow that knows the order of the batches has an error of third order after one pass."""
    errors = pass_errors(*draw(range(4 if quick else 12)))
    finest = {name: slopes(values)[-1] for name, values in errors.items()}
    for name, order, text in (
        ("NGF", 2, "gradient flow of the full loss, ordered pass"),
        ("IGR", 2, "IGR flow of the full loss, ordered pass: no better"),
        ("ordered", 3, "flow of the ordered pass"),
        ("mean", 3, "mean flow, end points averaged over all 24 orders"),
    ):
        statement = f"{text}: error shrinks like h^{order}; distance of the log₂ slope from {order}, median of draws"
        yield Claim.over(statement, abs(finest[name] - order), np.median, at_most=0.1)


def momentum(quick: bool = False) -> Iterator[Claim]:
    """The corrected flow of momentum is of one order more."""
    first, corrected = np.array([momentum_errors(h, 0.9) for h in (0.004, 0.002, 0.001)[quick:]]).T
    yield Claim(
        "momentum 0.9, flow of first order: error per halving of h falls by a factor of",
        2 ** slopes(first)[-1],
        at_least=1.8,
        at_most=2.2,
    )
    yield Claim(
        "momentum 0.9, corrected flow: error per halving of h falls by a factor of",
        2 ** slopes(corrected)[-1],
        at_least=3.5,
        at_most=4.5,
    )


EXPERIMENTS = (one_pass, momentum)
