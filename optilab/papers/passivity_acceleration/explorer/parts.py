"""The methods' colours; and what the design board is made of: ranges, strokes along a flow, sentences."""

from collections.abc import Callable

import numpy as np

from optilab.papers.passivity_acceleration.algorithm import Design, decay_rate
from optilab.ui.theme import BROWN, methods
from optilab.ui.words import number

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
    if lost.any() or rate < -1e-9:
        return "Nothing holds the run: it flees the minimum"
    if abs(psi).max() < 1e-9:
        return (
            "The run never leaves the target manifold"
            if design.kappa > 0
            else "κ = 0: on this manifold all stands still"
        )
    if design.c == 0:
        falls = "The run falls onto the target manifold and stays"
        return falls if design.gamma > 0 else "Without damping the run keeps its distance ψ"
    if rate < 1e-9:
        return "Without a brake the run goes round for ever"
    verdict = "gains" if rate > design.kappa * lam else "loses"
    return f"The run leaves the manifold and {verdict} by it"


def balance(design: Design, stored: np.ndarray) -> str:
    """What to see in the energies."""
    if design.c < 0:
        return "With c &lt; 0 the sum V may be negative: it proves nothing"
    if np.nanmax(stored) < 1e-18:
        return "Nothing is stored: V = 0 from start to end"
    brakes = [design.gamma > 0, design.c * design.kappa > 0]
    if not any(brakes):
        return "V stays as it is: both brakes are off"
    if not all(brakes):
        return f"V falls whatever f does, by the one brake {'γψ²' if brakes[0] else 'cκf′²'}"
    return "V falls whatever f does; below, the two brakes"


def pace(rate: float) -> str:
    """How something with this rate changes."""
    if abs(rate) < 1e-9:
        return "neither decays nor grows"
    return f"decays like exp(−{number(rate)} t)" if rate > 0 else f"grows like exp({number(-rate)} t)"


def note(
    design: Design, lam: float, x: np.ndarray, plain: np.ndarray, lost: np.ndarray, t: np.ndarray, swing: float
) -> str:
    """The state of the run in a few sentences; `swing` is how far it swings about 0 at the end, NaN if it doesn't."""
    unproved = " With c &lt; 0 the sum V is no storage function: it may be negative and proves nothing."
    tail = unproved if design.c < 0 else ""
    if lost.any():
        return f"<b>Diverging</b>: |x| passes 10⁶ at t = {t[lost.argmax()]:.1f}, where the pictures are cut.{tail}"
    rising = (np.diff(lam * x**2 / 2) > 0).mean()
    swings = "" if np.isnan(swing) else f", on swings of ±{number(swing, 2)}"
    rate = float(decay_rate(lam, design))
    return (
        f"x(12) = {number(x[-1], 2)}{swings}; gradient flow alone is at {number(plain[-1], 2)}. This design "
        f"{pace(rate)}, gradient flow {pace(design.kappa * lam)}. "
        f"f rises on {100 * rising:.0f} % of the way{'.' if design.c < 0 else ', V never.'}{tail}"
    )
