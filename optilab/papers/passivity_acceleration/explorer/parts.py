"""The methods' colours; and what the design board is made of: ranges, strokes along a flow, sentences."""

from collections.abc import Callable

import numpy as np

from optilab.papers.passivity_acceleration.algorithm import Design
from optilab.ui.theme import BROWN, methods

color = methods(others={"triple momentum": BROWN})
Span = tuple[float, float]


def around(*arrays: np.ndarray) -> Span:
    """A range that holds the finite entries and 0, with a margin."""
    low = min(0.0, *(float(np.nanmin(array)) for array in arrays))
    high = max(0.0, *(float(np.nanmax(array)) for array in arrays))
    margin = 0.08 * max(high - low, 1e-9)
    return low - margin, high + margin


def decades(*curves: np.ndarray) -> list[int]:
    """A logarithmic range of whole decades, four at least, that holds the curves."""
    low, high = np.floor(np.log10(np.nanmin(curves))), np.ceil(np.log10(np.nanmax(curves)))
    return [int(min(low, high - 4)), int(high)]


def strokes(velocity: Callable[[np.ndarray, np.ndarray], tuple], xs: Span, ys: Span) -> tuple[np.ndarray, np.ndarray]:
    """Short strokes along a flow (ẋ, ẏ) = velocity(x, y) of the plane, with gaps between them."""
    x, y = np.meshgrid(np.linspace(*xs, 17)[1:-1], np.linspace(*ys, 15)[1:-1])
    width, height = xs[1] - xs[0], ys[1] - ys[0]
    across, up = velocity(x, y)
    across, up = across / width, up / height
    half = 0.022 / (np.hypot(across, up) + 1e-12)
    across, up = half * width * across, half * height * up
    gap = np.full_like(x, np.nan)
    return np.stack([x - across, x + across, gap], -1).ravel(), np.stack([y - up, y + up, gap], -1).ravel()


def headline(design: Design, lam: float, lost: np.ndarray, psi: np.ndarray, rate: float) -> str:
    """What to see in the phase plane."""
    if lost.any():
        return "The run flees the minimum"
    if abs(psi).max() < 1e-9:
        return "The run never leaves the target manifold"
    if design.c == 0:
        return "The run falls onto the target manifold and stays"
    verdict = "gains" if rate > design.kappa * lam else "loses"
    return f"The run leaves the target manifold and {verdict} by it"


def balance(c: float, stored: np.ndarray) -> str:
    """What to see in the energies."""
    if c < 0:
        return "With c &lt; 0 the second brake pushes: V proves nothing"
    if np.nanmax(stored) < 1e-18:
        return "Nothing is stored: V = 0 from start to end"
    return "V falls whatever f does; below, the two brakes"


def note(
    design: Design, lam: float, x: np.ndarray, plain: np.ndarray, lost: np.ndarray, t: np.ndarray, rate: float
) -> str:
    """The state of the run in one or two sentences."""
    unproved = " With c &lt; 0 the sum V is no storage function: it may be negative and proves nothing."
    tail = unproved if design.c < 0 else ""
    if lost.any():
        return f"<b>Diverging</b>: |x| passes 10⁶ at t = {t[lost.argmax()]:.1f}, where the pictures are cut.{tail}"
    rising = (np.diff(lam * x**2 / 2) > 0).mean()
    return (
        f"x(12) = {abs(x[-1]):.1e}; gradient flow alone is at {plain[-1]:.1e}. This design decays like "
        f"exp(−{abs(rate):.2f} t), gradient flow like exp(−{design.kappa * lam:.2f} t). "
        f"f rises on {100 * rising:.0f} % of the way{'.' if design.c < 0 else ', V never.'}{tail}"
    )
