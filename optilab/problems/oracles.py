"""What a problem can be asked: one meaning of each oracle in the whole library, and the shapes of what it gives.

A problem offers the oracles that it has; an algorithm annotates the protocol that it needs. Points are arrays x
(*batch, d), whose leading axes are independent replicates. Of a composite problem f + h + χ, `grad` and `hvp` belong to
the smooth part f, `subgrad` to the nonsmooth part h and `prox` to the simple part χ; calling it gives the sum.

Randomness is a value: `sample` draws m samples for every replicate, and what begins with `sample_` averages over them.
So one sample can be asked at two points, shared by methods, or given by a test.
"""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from optilab.core.check import require

Array = np.ndarray
Number = float | np.ndarray  # one for all replicates, or (*batch), one for each


# Functions


@runtime_checkable
class Smooth(Protocol):
    """A function with a gradient."""

    def grad(self, x: Array, /) -> Array:
        """Gradient at x: (*batch, d) → (*batch, d)."""


@runtime_checkable
class Valued(Smooth, Protocol):
    """A function with a gradient whose exact value can be asked too."""

    def __call__(self, x: Array, /) -> Array:
        """Value at x: (*batch, d) → (*batch)."""


@runtime_checkable
class TwiceSmooth(Smooth, Protocol):
    """A function with Hessian-vector products, at about the price of two gradients each."""

    def hvp(self, x: Array, v: Array, /) -> Array:
        """Hessian at x times v: (*batch, d) → (*batch, d)."""


@runtime_checkable
class ExplicitHessian(Smooth, Protocol):
    """A function whose Hessian can be had as a matrix."""

    def hess(self, x: Array, /) -> Array:
        """Hessian at x: (*batch, d) → (*batch, d, d)."""


@runtime_checkable
class ValuedHessian(Valued, ExplicitHessian, Protocol):
    """A function with value, gradient and Hessian matrix."""


@runtime_checkable
class ThriceSmooth(TwiceSmooth, Protocol):
    """A function whose third derivative can be contracted with a direction, twice."""

    def third(self, x: Array, v: Array, /) -> Array:
        """∇(vᵀ H(x) v) at fixed v: (*batch, d) → (*batch, d)."""


@runtime_checkable
class Nonsmooth(Protocol):
    """A convex function with subgradients."""

    def subgrad(self, x: Array, /) -> Array:
        """A subgradient at x: (*batch, d) → (*batch, d)."""


@runtime_checkable
class Proximal(Protocol):
    """A function with a proximal map; that of an indicator projects onto its set, whatever the step."""

    def prox(self, x: Array, step: Number, /) -> Array:
        """argmin_z h(z) + ‖z − x‖²/(2 step) for x (*batch, d) and a step, a number or (*batch): (*batch, d)."""


@runtime_checkable
class Simple(Proximal, Protocol):
    """The simple part of a composite problem, which says its value too; infinite outside of a constraint set."""

    def __call__(self, x: Array, /) -> Array:
        """Value at x: (*batch, d) → (*batch)."""


@runtime_checkable
class SmoothAndSimple(Smooth, Proximal, Protocol):
    """A sum f + χ: `grad` of the smooth f, `prox` of the simple χ."""


@runtime_checkable
class Composite(Smooth, Nonsmooth, Proximal, Protocol):
    """A sum f + h + χ: `grad` of the smooth f, `subgrad` of the nonsmooth h, `prox` of the simple χ."""


@runtime_checkable
class Smoothable(Smooth, Proximal, Protocol):
    """A composite problem whose nonsmooth part h has a smooth h_η beside it, h_η ≤ h ≤ h_η + ηΩ."""

    def smooth_grad(self, x: Array, eta: Number, /) -> Array:
        """Gradient of h_η at x (*batch, d), η a number or (*batch): (*batch, d)."""


@runtime_checkable
class Solved(Protocol):
    """A function of which the smallest value and a point that has it are known."""

    def __call__(self, x: Array, /) -> Array:
        """Value at x: (*batch, d) → (*batch)."""

    @property
    def minimizer(self) -> Array:
        """Where it is smallest: (d,), or (*batch, d) of a batch of problems."""

    @property
    def minimum(self) -> Number:
        """Its value there: a number, or (*batch) of a batch of problems."""


@runtime_checkable
class Certified(Solved, Protocol):
    """A solved function with a proof: no value lies below `lower`, so `minimizer` misses by minimum − lower at most."""

    @property
    def lower(self) -> Number:
        """A lower bound on all values: a number, or (*batch) of a batch of problems."""


# Samples


@runtime_checkable
class Sampled(Protocol):
    """A problem from which samples are drawn: data, noise, trajectories."""

    def sample(self, rng: np.random.Generator, size: tuple[int, ...], /) -> Any:
        """Draw m samples for every replicate, size (*batch, m): an array (*batch, m, …), or a tuple of such."""


@runtime_checkable
class Stochastic(Sampled, Protocol):
    """A function with sampled gradients; where it has a kink, with sampled subgradients of the same name."""

    def sample_grad(self, x: Array, sample: Any, /) -> Array:
        """Unbiased gradient at x, a mean over the m samples of each replicate: (*batch, d) → (*batch, d)."""


@runtime_checkable
class StochasticTwiceSmooth(Stochastic, Protocol):
    """A function with sampled Hessian-vector products."""

    def sample_hvp(self, x: Array, v: Array, sample: Any, /) -> Array:
        """Unbiased Hessian at x times v, a mean over the m samples of each replicate: (*batch, d) → (*batch, d)."""


@runtime_checkable
class StochasticNonsmooth(Sampled, Protocol):
    """A composite problem whose nonsmooth part has sampled subgradients."""

    def sample_subgrad(self, x: Array, sample: Any, /) -> Array:
        """Unbiased subgradient at x, a mean over the m samples of each replicate: (*batch, d) → (*batch, d)."""


@runtime_checkable
class StochasticComposite(Smooth, StochasticNonsmooth, Proximal, Protocol):
    """A composite problem with `grad`, `prox` and sampled subgradients."""


@runtime_checkable
class StochasticSmoothable(Smooth, Proximal, Sampled, Protocol):
    """A composite problem whose smooth h_η has sampled gradients."""

    def sample_smooth_grad(self, x: Array, sample: Any, eta: Number, /) -> Array:
        """Unbiased gradient of h_η at x, a mean over the m samples of each replicate: (*batch, d) → (*batch, d)."""


# Games


@runtime_checkable
class Players(Protocol):
    """The velocities of two players φ (*batch, m) and θ (*batch, n)."""

    def f(self, phi: Array, theta: Array, /) -> Array:
        """Velocity of φ: (*batch, m)."""

    def g(self, phi: Array, theta: Array, /) -> Array:
        """Velocity of θ: (*batch, n)."""


@runtime_checkable
class Game(Players, Protocol):
    """A game with the four Jacobian-vector products of its velocities; v is (*batch, m), w is (*batch, n)."""

    def f_phi(self, phi: Array, theta: Array, v: Array, /) -> Array:
        """(∂f/∂φ) v: (*batch, m)."""

    def f_theta(self, phi: Array, theta: Array, w: Array, /) -> Array:
        """(∂f/∂θ) w: (*batch, m)."""

    def g_phi(self, phi: Array, theta: Array, v: Array, /) -> Array:
        """(∂g/∂φ) v: (*batch, n)."""

    def g_theta(self, phi: Array, theta: Array, w: Array, /) -> Array:
        """(∂g/∂θ) w: (*batch, n)."""


# Two levels


@runtime_checkable
class Level(Protocol):
    """A function of x (*batch, n) and y (*batch, m), one level of a bilevel problem."""

    def __call__(self, x: Array, y: Array, /) -> Array:
        """Value at (x, y): (*batch)."""

    def grad_x(self, x: Array, y: Array, /) -> Array:
        """∂/∂x: (*batch, n)."""

    def grad_y(self, x: Array, y: Array, /) -> Array:
        """∂/∂y: (*batch, m)."""


@runtime_checkable
class TwiceLevel(Level, Protocol):
    """A level with products of its second derivatives with v (*batch, m)."""

    def hvp_yy(self, x: Array, y: Array, v: Array, /) -> Array:
        """∇²_yy v: (*batch, m)."""

    def hvp_xy(self, x: Array, y: Array, v: Array, /) -> Array:
        """∇²_xy v, the derivative of ⟨∂/∂y, v⟩ by x: (*batch, n)."""


@runtime_checkable
class StochasticLevel(Sampled, Protocol):
    """A level with sampled gradients; one sample can be asked at two points."""

    def sample_grad_x(self, x: Array, y: Array, sample: Any, /) -> Array:
        """Unbiased ∂/∂x, a mean over the m samples of each replicate: (*batch, n)."""

    def sample_grad_y(self, x: Array, y: Array, sample: Any, /) -> Array:
        """Unbiased ∂/∂y, a mean over the m samples of each replicate: (*batch, m)."""


@runtime_checkable
class StochasticTwiceLevel(StochasticLevel, Protocol):
    """A level with sampled products of its second derivatives with v (*batch, m)."""

    def sample_hvp_yy(self, x: Array, y: Array, v: Array, sample: Any, /) -> Array:
        """Unbiased ∇²_yy v: (*batch, m)."""

    def sample_hvp_xy(self, x: Array, y: Array, v: Array, sample: Any, /) -> Array:
        """Unbiased ∇²_xy v: (*batch, n)."""


@runtime_checkable
class Coupling(Protocol):
    """Constraints g(x, y) ≤ 0 or = 0, l of them, that tie the levels together."""

    def __call__(self, x: Array, y: Array, /) -> Array:
        """Value at (x, y): (*batch, l)."""

    def pull_x(self, x: Array, y: Array, lam: Array, /) -> Array:
        """Σ λᵢ ∂gᵢ/∂x for λ (*batch, l): (*batch, n)."""

    def pull_y(self, x: Array, y: Array, lam: Array, /) -> Array:
        """Σ λᵢ ∂gᵢ/∂y for λ (*batch, l): (*batch, m)."""


# Rounds


class Revealed(NamedTuple):
    """What a round of online learning shows once x is played."""

    g: Array  # (*batch, d) the gradient of the round's loss at x, which is all that a learner sees
    loss: Array  # (*batch) its value there
    mean_grad: Array  # (*batch, d) the gradient of the expected loss there, for onlookers


@runtime_checkable
class Online(Protocol):
    """Losses f_1 … f_T, of which each is revealed after the play of its round; it may depend on what came before."""

    @property
    def T(self) -> int:
        """The number of rounds."""

    def reveal(self, t: int, x: Array, /) -> Revealed:
        """What round t = 1 … T shows at the play x (*batch, d)."""


# What every oracle refuses


def check_gradient(g: Array, x: Array, t: int) -> None:
    """Refuse the gradient of round t if its shape isn't that of x (*batch, d) or it isn't finite.

    Raises
    ------
    ValueError
        Names the round.
    """
    require(np.shape(g) == np.shape(x), f"the shape of the gradient of round {t}", np.shape(g), f"that of x, {x.shape}")
    require(np.isfinite(g), f"the gradient of round {t}", g, "finite")


def check_length(length: Array, t: int, G: Number) -> None:
    """Refuse the gradient of round t if its length ‖g‖ (*batch) exceeds what was promised.

    Raises
    ------
    ValueError
        Names the round and G.
    """
    if not (length <= G * (1 + 1e-9)).all():  # G may be long to write out
        require(False, f"G = {G} is violated at round {t}: ‖g‖", length, "at most G, or the bound is void")


def check_samples(x: Array, drawn: tuple[int, ...]) -> None:
    """Refuse samples of the shape `drawn`, unless they are m for each replicate of x (*batch, d): (*batch, m).

    Raises
    ------
    ValueError
        If their batch is another, or there are none.
    """
    batch = np.shape(x)[:-1]
    if drawn[:-1] != batch or not drawn or not drawn[-1]:
        allowed = f"(*batch, m), m samples for each replicate of x, whose batch is {batch}"
        raise ValueError(f"the shape of the samples must be {allowed}, got {drawn}")


def lifted(step: Number, x: Array) -> Array:
    """A step, a number or (*batch), with a last axis of 1, ready to multiply x (*batch, d).

    Raises
    ------
    ValueError
        If its shape doesn't fit the batch.
    """
    step = np.asarray(step)
    if step.ndim > 0:  # a number fits every batch
        batch = np.shape(x)[:-1]
        ends = zip(step.shape[::-1], batch[::-1], strict=False)
        fits = step.ndim <= len(batch) and all(ours in (1, theirs) for ours, theirs in ends)
        require(fits, "the shape of the step", step.shape, f"() or one that fits the batch {batch} of x")
    return step[..., None]
