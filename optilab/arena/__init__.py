"""Which method for which problem: methods race on equal budgets, as far as what they need is what a problem has.

methods     METHODS: what can be raced, its hyper-parameters with their grids, the oracles that it asks
problems    PROBLEMS: what is raced on, with its properties as arguments
contract    fits: whether a method can run on a problem, or the sentence why not
costs       what an oracle call costs
race        tune on some seeds, race on others, and name a winner where the bands don't overlap
phase       who wins where, over two properties of a problem
diagrams    two such diagrams with the race of every cell
decisions   the map of decisions: every arrow is a race
"""

from types import ModuleType

from optilab.core.door import guard
from optilab.core.lazy import named, submodule

guard(__name__)


def __getattr__(name: str) -> ModuleType:
    return submodule(__name__, name)


def __dir__() -> list[str]:
    return named(__name__)
