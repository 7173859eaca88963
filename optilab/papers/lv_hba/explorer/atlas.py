"""A map of three papers on bilevel problems: what each does where the textbook's hypergradient descent fails."""

from typing import Any

import numpy as np

from optilab.ui.controls import choice
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, bars, panel, texts
from optilab.ui.theme import ink

HARD = ["constrained", "many solutions", "unbounded curvature"]
PAPERS = ["BO-REP", "penalty", "LV-HBA"]
ANSWERS = {
    ("LV-HBA", "constrained"): "multipliers,<br>smoothed",
    ("LV-HBA", "many solutions"): "the gap f − v,<br>f(x, ·) convex",
    ("LV-HBA", "unbounded curvature"): "assumes it<br>bounded",
    ("penalty", "constrained"): "sets X, Y;<br>no coupling",
    ("penalty", "many solutions"): "(1/σ)(f − min f),<br>an error bound",
    ("penalty", "unbounded curvature"): "assumes it<br>bounded",
    ("BO-REP", "constrained"): "no constraints",
    ("BO-REP", "many solutions"): "only one:<br>strongly convex",
    ("BO-REP", "unbounded curvature"): "steps of one length,<br>y renewed at times",
}
SAID = {
    "constrained": "The lower level has constraints that tie x and y together: LV-HBA smooths the multiplier as it "
    "does y, and needs a joint projection instead of second derivatives.",
    "many solutions": "y*(x) isn't a function: LV-HBA and the penalty methods charge for the gap of the lower level "
    "and let F choose among its solutions.",
    "unbounded curvature": "The upper level's curvature grows with its gradient, so no step size is safe: BO-REP moves "
    "x at constant speed, which y can follow though it is renewed only now and then.",
}


def column(hard: str) -> Any:
    """What each paper answers to one difficulty."""
    return {paper: ANSWERS[paper, hard].replace("<br>", " ") for paper in PAPERS[::-1]}


def compute(hard: str) -> dict[str, Any]:
    """The column of one difficulty, shaded."""
    return {
        "column": (np.arange(3), np.where(np.array(HARD) == hard, 3.0, 0.0)),
        "note": f"{SAID[hard]} " + "; ".join(f"{paper}: {said}" for paper, said in column(hard).items()) + ".",
    }


def atlas(**start: Any) -> Explorer:
    """What is hard, and what three papers say to it."""
    places = [(column, row) for column in range(3) for row in range(3)]
    said = [ANSWERS[PAPERS[row], HARD[column]] for column, row in places]
    across, up = np.array(places, dtype=float).T
    return Explorer(
        compute,
        {"hard": choice("what is hard", HARD[0], HARD)},
        [
            panel(
                "Three difficulties of bilevel problems, and who has an answer",
                bars("column", shade=ink(0.12), width=0.96, hoverinfo="skip"),
                texts((across, up + 0.5), said),
                x=axis(span=[-0.5, 2.5], ticks=dict(enumerate(HARD)), showgrid=False),
                y=axis(span=[0, 3], ticks={row + 0.5: name for row, name in enumerate(PAPERS)}, showgrid=False),
                wide=True,
                height=300,
            )
        ],
        call=__name__,
        start=start,
        recipe=column,
    )
