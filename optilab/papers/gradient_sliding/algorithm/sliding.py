"""Gradient sliding (Lan 2016): one gradient of f an outer step, then an inner loop that slides on h.

A problem brings `grad` of f, `subgrad` of h (or `sample` and `sample_subgrad`) and `prox` of χ over its set:
prox(v, s) = argmin χ(u) + ‖u − v‖²/(2 s), the step s being the inverse of the weight of the distance.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.papers.gradient_sliding.algorithm.schedules import Schedule

CAP = 10**8  # subgradients in all beyond which a run is refused

Generators = np.random.Generator | Sequence[np.random.Generator]


class Slide(NamedTuple):
    """State after k outer steps."""

    xbar: np.ndarray  # (*batch, n) the average x̄_k that the theorems speak about
    x: np.ndarray  # (*batch, n) prox centre x_k
    xu: np.ndarray  # (*batch, n) where the gradient of this step was taken
    T: np.ndarray  # (*batch) inner length of this step
    gradients: np.ndarray  # (*batch) so far
    subgradients: np.ndarray  # (*batch) so far


class Inner(NamedTuple):
    """State after t inner steps."""

    ut: np.ndarray  # (*batch, n) average ũ_t
    u: np.ndarray  # (*batch, n) last point u_t


@algorithm
def gradient_sliding(
    problem: Any, x0: np.ndarray, schedule: Schedule, *, rng: Generators | None = None
) -> Iterator[Slide]:
    """GS and SGS: freeze the gradient of f, slide T_k inner steps on h + χ, average.

    Parameters
    ----------
    problem
        Has `grad`, `subgrad`, `prox`; with `rng` also `sample`, `sample_subgrad`.
    x0 : array (*batch, n)
        Where to start.
    schedule : Schedule
        Parameters of the outer steps: `gs_convex`, `gs_anytime`, `m_sgs` or `rf_sgs`.
    rng : Generator, or one for each replicate, optional
        Draws the sampled subgradients; full ones without it.

    Raises
    ------
    ValueError
        If `x0` isn't finite, `prox` returns another shape or the schedule needs too many subgradients.
    """
    x, *_ = replicates(x0, schedule.T[0])
    check_run(x, schedule.T.sum(0), "subgradients")
    check_prox(problem, x)
    generators = one_each(rng, x.shape[:-1])
    xbar = xu = x
    gradients = subgradients = np.zeros(x.shape[:-1], int)
    yield Slide(xbar, x, xu, 0 * gradients, gradients, subgradients)
    for gamma, beta, B, T, restart in zip(*schedule, strict=True):
        T = np.broadcast_to(T, x.shape[:-1])
        going, weight = (T > 0)[..., None], gamma[..., None]
        x = np.where(restart[..., None] & going, xbar, x)
        xu = (1 - weight) * xbar + weight * x
        g = problem.grad(xu)
        samples = draw(problem, generators, T) if generators else None
        inner = last(prox_sliding(problem, g, x, beta=beta, B=B, T=T, samples=samples))
        x, xt = inner.u, inner.ut
        xbar = np.where(going, (1 - weight) * xbar + weight * xt, xbar)
        gradients, subgradients = gradients + (T > 0), subgradients + T
        yield Slide(xbar, x, xu, T, gradients, subgradients)


@algorithm
def prox_sliding(
    problem: Any, g: np.ndarray, x: np.ndarray, *, beta, B, T, samples: np.ndarray | None = None
) -> Iterator[Inner]:
    """PS: T proximal subgradient steps on ⟨g, u⟩ + h(u) + χ(u) + β V(x, u), from x.

    Parameters
    ----------
    problem
        Has `subgrad` or `sample_subgrad`, and `prox`.
    g, x : arrays (*batch, n)
        Frozen gradient of f; centre and start.
    beta, B : number or array (*batch)
        Prox weight β and B of β p_t = B t/2.
    T : int or array (*batch)
        Steps; a replicate that has made its own stays.
    samples : array (max T, *batch, 1), optional
        One sample for each step.
    """
    x, beta, B = replicates(x, beta, B)
    T = np.asarray(T)
    u = ut = x
    shortest, longest = int(T.min()), int(T.max())
    yield Inner(ut, u)
    for t in range(1, longest + 1):
        s = problem.subgrad(u) if samples is None else problem.sample_subgrad(u, samples[t - 1])
        a = beta + B * (t / 2)
        theta = 2 * (t + 1) / (t * (t + 3))
        u_next = problem.prox((beta * x + B * (t / 2) * u - g - s) / a, 1 / a[..., 0])
        ut_next = (1 - theta) * ut + theta * u_next
        if t > shortest:
            going = (t <= T)[..., None]
            u_next, ut_next = np.where(going, u_next, u), np.where(going, ut_next, ut)
        u, ut = u_next, ut_next
        yield Inner(ut, u)


def last(states: Iterator[Inner]) -> Inner:
    """The state in which an inner loop ends."""
    return deque(states, maxlen=1)[0]


def draw(problem: Any, generators: list[np.random.Generator], size: np.ndarray) -> np.ndarray:
    """Draw size (*batch) samples a replicate, each from its own generator: (max size, *batch, 1), zero past the end."""
    columns = [problem.sample(rng, (int(n),))[:, None] for rng, n in zip(generators, size.ravel(), strict=True)]
    longest = max(columns, key=len)
    samples = np.zeros((len(longest), len(columns), *longest.shape[1:]), longest.dtype)
    for number, column in enumerate(columns):
        samples[: len(column), number] = column
    return samples.reshape(len(longest), *size.shape, *longest.shape[1:])


def one_each(rng: Generators | None, batch: tuple[int, ...]) -> list[np.random.Generator]:
    """A generator for each replicate, the children of one where one is given."""
    if rng is None:
        return []
    count = int(np.prod(batch))
    if isinstance(rng, np.random.Generator):
        return [rng] if batch == () else list(rng.spawn(count))
    require(len(rng) == count, "the number of generators", len(rng), f"{count}, one for each replicate")
    return list(rng)


def check_run(x: np.ndarray, needed: np.ndarray, kind: str) -> None:
    """Refuse a start that isn't finite and a schedule that would never end."""
    require(np.isfinite(x), "x0", x, "finite")
    most = float(np.max(needed))
    if most > CAP:
        raise ValueError(f"the schedule needs {most:.1e} {kind}, at most {CAP:.0e} are allowed; increase D or reduce N")


def check_prox(problem: Any, x: np.ndarray) -> None:
    """Refuse a proximal map that returns another shape than it is given."""
    shape = np.shape(problem.prox(x, np.ones(x.shape[:-1])))
    require(shape == x.shape, "the shape that prox returns", shape, f"that of its argument, {x.shape}")
