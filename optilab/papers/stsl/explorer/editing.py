"""A digit measured badly and turned into another one: restored first or not, tuned on the way or not."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.papers.stsl import algorithm as alg
from optilab.papers.stsl import experiment as ex
from optilab.papers.stsl.explorer.parts import color, strip, strip_panel
from optilab.papers.stsl.problems import CLASSES, OPERATORS, Inverse, images, operator
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, bars, entry, panel, words
from optilab.ui.words import number

Array = np.ndarray
SOURCES = (0, 1, 3, 5, 8, 9)
ALMOST, FAR = 0.95, 1e3  # ᾱ at which classes are read; how far a latent may go


@lru_cache(32)
def source_of(source: int, which: int, name: str) -> tuple[Inverse, Array, Array]:
    """A test digit measured: the problem, the digit (64,), and its latent restored by STSL (24,)."""
    data, A = images(0), operator(name)
    x = data.test[data.labels == source][which]
    y = x @ A.T + ex.SIGMA * np.random.default_rng(1).normal(size=len(A))
    problem = Inverse(data.prior, data.W, data.b, A, y, ex.SIGMA)
    end = ex.sampled(ex.STSL, problem, np.zeros(data.prior.d), np.random.default_rng(2))
    return problem, x, end.z


def edited(
    source: int, which: int, name: str, target: int, w: float, tune: bool, mend: bool, lam: float, nu: float
) -> Array:
    """The latent (24,) of the edit; NaN if the steps were too large."""
    problem, _, restored = source_of(source, which, name)
    begun = restored if mend else problem.back_projected
    states = alg.edit(problem, begun, rng=np.random.default_rng(3), target=target, w=w, K=int(tune), lam=lam, nu=nu)
    with np.errstate(all="ignore"):
        *_, last = states
    return last.z if np.linalg.norm(last.z) < FAR else np.full_like(last.z, np.nan)


def classes(z: Array) -> Array:
    """The prior's probabilities of all classes for a latent: (10,)."""
    prior = images(0).prior
    return prior.local(z, ALMOST).r.reshape(CLASSES, -1).sum(-1)


def numeral(digit: int) -> str:
    """A digit with its article."""
    return f"{'an' if digit == 8 else 'a'} {digit}"


def compute(
    source: int, which: int, name: str, target: int, w: float, tune: bool, mend: bool, lam: float, nu: float
) -> dict[str, Any]:
    """The strip from digit to edit, and the classes of the edit."""
    problem, x, restored = source_of(source, which, name)
    z = edited(source, which, name, target, w, tune, mend, lam, nu)
    lost = not np.isfinite(z).all()
    new = problem.decode(z)
    share = np.full(CLASSES, np.nan) if lost else classes(z)
    kept = np.nan if lost else float(ex.correlation(new, x))
    begun = problem.decode(restored if mend else problem.back_projected)
    if lost:
        headline, note = "No edit", f"Step too large (‖z‖ > 10³): lower λ = {number(lam)} or ν = {number(nu)}."
    else:
        headline = f"The edit keeps a correlation of {number(kept, 2)} with the digit"
        note = (
            f"From {source} to {target}: the prior takes the edit for {numeral(int(share.argmax()))} (probability "
            f"{number(float(share.max()), 2)}). Correlation with the clean digit: <b>{number(kept)}</b>, of what the "
            f"edit began with: {number(float(ex.correlation(begun, x)))}."
        )
    return {
        "strip": strip([x, problem.y @ problem.A, begun, new]),
        "share": share,
        "empty": 0.5 if lost else np.nan,
        "headline": headline,
        "note": note,
    }


def editing(**start: Any) -> Explorer:
    """Source, target, guidance, tuning and restoration beside the edit and its class."""

    def tuned(now: dict[str, Any]) -> bool:
        return bool(now["tune"])

    return Explorer(
        compute,
        {
            "tune": switch("tune on the way (CAT)", True),
            "mend": switch("restore first (STSL)", True),
            "w": slider("guidance w", 1.5, 0.0, 4.0, 0.1),
            "source": choice("digit", 3, list(SOURCES)),
            "target": choice("target", 8, list(range(CLASSES))),
            "name": choice("task", "sr2", list(OPERATORS)),
            "which": slider("which one", 0, 0, 19, 1),
            "lam": log_slider("λ", 0.03, 3e-3, 3.0, when=tuned),
            "nu": log_slider("contrast ν", 2.0, 0.1, 20.0, when=tuned),
        },
        [
            strip_panel(entry("headline"), "strip", ["digit", "measured", "edit begins", "edit"], height=300),
            panel(
                "What the prior takes the edit for",
                bars(("share", [str(k) for k in range(CLASSES)]), shade=color("STSL"), across=True),
                words("no edit: the steps were too large", "empty", 4.5),
                x=axis("probability", [0, 1.02]),
                y=axis("class", type="category"),
                height=300,
            ),
        ],
        call=__name__,
        start=start,
        recipe=edited,
    )
