"""An exercise's verdict, shown where the reader is looking: no traceback, one sentence."""

import html
from collections.abc import Callable
from typing import Any


class Verdict:
    """Whether an answer is right, and why that matters or what is wrong with it."""

    def __init__(self, right: bool, sentence: str):
        self.right, self.sentence = right, sentence

    def __repr__(self) -> str:
        if self.right:
            return f"Right: {self.sentence}" if self.sentence else "Right."
        return f"Not yet: {self.sentence}"

    def _repr_html_(self) -> str:
        shade = "var(--jp-success-color1, #2e7d32)" if self.right else "var(--jp-warn-color1, #b26a00)"
        return f'<b style="color: {shade}">{html.escape(repr(self))}</b>'


def attempt(check: Callable[..., Any], *answer: Any) -> Verdict:
    """Check an answer and say what is wrong with it.

    Parameters
    ----------
    check : callable
        Raises an `AssertionError` that names the mistake; returns a sentence on what a right answer is good for.
    *answer
        What it checks. An error that the answer itself raises counts as a mistake, and is named.

    Returns
    -------
    Verdict
        Shown by the notebook as one sentence.
    """
    try:
        said = check(*answer)
    except AssertionError as mistake:
        return Verdict(False, str(mistake) or "the answer is wrong")
    except Exception as error:
        return Verdict(False, f"your code stopped with {type(error).__name__}: {error}")
    return Verdict(True, said if isinstance(said, str) else "")
