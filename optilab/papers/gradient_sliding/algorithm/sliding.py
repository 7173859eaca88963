"""Gradient sliding (Lan 2016): one gradient of f an outer step, then an inner loop that slides on h.

V(x, v) = ½‖v − x‖². What minimises ⟨g + s, v⟩ + β V(x, v) + β p_t V(u, v) + χ(v) is the proximal map of χ with step
1/a at (βx + β p_t u − g − s)/a, where a = β(1 + p_t).
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import advance, algorithm, replicates
from optilab.papers.gradient_sliding.algorithm.schedules import Schedule
from optilab.problems.oracles import Composite, StochasticComposite

CAP = 10**8  # subgradients in all beyond which a run is refused

Generators = np.random.Generator | Sequence[np.random.Generator]


class Outer(NamedTuple):
    """State after k outer steps."""

    xbar: np.ndarray  # (*batch, n) the average x̄_k that the theorems speak about
    x: np.ndarray  # (*batch, n) prox centre x_k
    xu: np.ndarray  # (*batch, n) where the gradient of this step was taken
    T: np.ndarray  # (*batch) inner length of this step
    gradients: np.ndarray  # (*batch) so far
    subgradients: np.ndarray  # (*batch) so far


class Inner(NamedTuple):
    """State after t inner steps."""

    u: np.ndarray  # (*batch, n) last point u_t
    ut: np.ndarray  # (*batch, n) average ũ_t


@algorithm
def gradient_sliding(
    problem: Composite | StochasticComposite, x0: np.ndarray, schedule: Schedule, *, rng: Generators | None = None
) -> Iterator[Outer]:
    """GS and SGS: freeze the gradient of f, slide T_k inner steps on h + χ, average.

    Parameters
    ----------
    problem : Composite, or StochasticComposite with `rng`
        The sum f + h + χ.
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
    x, generators = checked(problem, x0, schedule, rng, subgradients=schedule.T.sum(0))
    xbar = xu = x
    gradients = subgradients = np.zeros(x.shape[:-1], int)
    yield Outer(xbar, x, xu, 0 * gradients, gradients, subgradients)
    for step in rows(schedule, x.shape[:-1]):
        gamma, T = step.gamma[..., None], step.T
        x = advance(step.restart, xbar, x)
        xu = (1 - gamma) * xbar + gamma * x
        g = problem.grad(xu)
        samples = draw(problem, generators, T)
        x, xt = last(prox_sliding(problem, g, x, beta=step.beta, B=step.B, T=T, samples=samples))
        xbar = (1 - gamma) * xbar + gamma * xt
        gradients, subgradients = gradients + (T > 0), subgradients + T
        yield Outer(xbar, x, xu, T, gradients, subgradients)


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
    u = ut = x
    yield Inner(u, ut)
    for t, going in inner_steps(T):
        s = problem.subgrad(u) if samples is None else problem.sample_subgrad(u, samples[t - 1])
        beta_p, theta = B * (t / 2), 2 * (t + 1) / (t * (t + 3))
        a = beta + beta_p
        # u = argmin ⟨g + s, v⟩ + β V(x, v) + β p_t V(u, v) + χ(v)
        u = advance(going, problem.prox((beta * x + beta_p * u - g - s) / a, 1 / a[..., 0]), u)
        ut = advance(going, (1 - theta) * ut + theta * u, ut)
        yield Inner(u, ut)


# What lets replicates run side by side, each with inner loops of its own length and a generator of its own


def checked(
    problem: Any, x0: np.ndarray, schedule: Any, rng: Generators | None, **needed: np.ndarray
) -> tuple[np.ndarray, list[np.random.Generator]]:
    """The start (*batch, n) and the generators, once the run is known to be possible and to end."""
    x, *_ = replicates(x0, schedule.T[0])
    require(np.isfinite(x), "x0", x, "finite")
    for kind, count in needed.items():
        most = float(np.max(count))
        if most > CAP:
            raise ValueError(
                f"the schedule needs {most:.1e} {kind}, at most {CAP:.0e} are allowed; increase D or reduce N"
            )
    shape = np.shape(problem.prox(x, np.ones(x.shape[:-1])))
    require(shape == x.shape, "the shape that prox returns", shape, f"that of its argument, {x.shape}")
    return x, one_each(rng, x.shape[:-1])


def rows(schedule: Any, batch: tuple[int, ...]) -> Iterator[Any]:
    """The steps of a schedule, one after the other, with an inner length for each replicate."""
    for step in map(schedule._make, zip(*schedule, strict=True)):
        yield step._replace(T=np.broadcast_to(step.T, batch))


def inner_steps(T: np.ndarray) -> Iterator[tuple[int, bool | np.ndarray]]:
    """The steps t = 1, 2, … of the longest inner loop, and whose loops are still going then: True while all are."""
    shortest = np.min(T)
    for t in range(1, int(np.max(T)) + 1):
        yield t, bool(t <= shortest) or t <= T


def last(states: Iterator[Inner]) -> Inner:
    """The state in which an inner loop ends."""
    return deque(states, maxlen=1)[0]


def draw(problem: Any, generators: list[np.random.Generator], size: np.ndarray) -> np.ndarray | None:
    """Draw size (*batch) samples a replicate, each from its own generator: (max size, *batch, 1), zero past the end.

    None where there are no generators.
    """
    if not generators:
        return None
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
