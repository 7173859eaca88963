"""What the runs of a race cost when a gradient has a price: the bill, the stretch of work, the line of equal bill."""

import numpy as np

from optilab.papers.gradient_sliding.experiment import Curve

STEPS = 3  # of RF-SGS, whose time the tape shows
NOWHERE = np.array([np.nan])


def of_seed(curve: Curve, seed: int, sliding: bool) -> Curve:
    """One replicate's curve, up to where it came to rest: a sliding method keeps a state for every gradient."""
    mine = curve.at((slice(None), seed))
    return mine.at(slice(int(mine.gradients[-1]) + 1)) if sliding else mine


def stretch(curve: Curve, price: float, end: int, span: float) -> tuple[np.ndarray, np.ndarray]:
    """Where in the `span` of time before its state `end` a method was at work, and where at gradients.

    Parameters
    ----------
    curve : Curve
        Of one replicate.
    price : float
        Time of a gradient, in subgradients.
    end : int
        The state at whose time the stretch ends.
    span : float
        Its length.

    Returns
    -------
    arrays (blocks, 2)
        Ends of the one block of work and of the gradients' blocks, as shares of the stretch.
    """
    counts = np.arange(curve.gradients[end] + 1)
    cheap = np.interp(counts, curve.gradients, curve.cheap)[: len(counts)]
    begins = price * counts[:-1] + cheap[:-1]  # a step begins with its gradient
    last = price * counts[-1] + cheap[-1]
    blocks = np.clip((np.stack([begins, begins + price], -1) - last) / span + 1, 0, 1)
    return np.array([[max(0.0, 1 - last / span), 1.0]]), blocks[blocks[:, 1] > 0]


def outlines(blocks: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Outlines of rectangles over the intervals (blocks, 2), with gaps between them."""
    left, right = blocks.T
    x = np.stack([left, right, right, left, left, np.full_like(left, np.nan)], -1).ravel()
    y = np.tile([low, low, high, high, low, np.nan], len(blocks))
    return (x, y) if len(x) else (NOWHERE, NOWHERE)


def equal_bill(bill: float, price: float, wide: float, tall: float) -> tuple[np.ndarray, np.ndarray]:
    """The straight line subgradients + price · gradients = bill, inside the frame [0, wide] × [0, tall]."""
    y = np.array([max(0.0, (bill - wide) / price), min(bill / price, tall)])
    return bill - price * y, y


def break_even(sliding: np.ndarray, subgradients: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """The price at which a sliding method and proximal SGD cost the same: r n_f + n_h = (r + 1) n_sgd."""
    with np.errstate(invalid="ignore"):  # where one of them never came there
        return (subgradients - plain) / (plain - sliding)
