"""optilab: papers of modern optimisation that you can play with.

What a script needs is here by its first name and imported when it is first asked for: `optilab.run`,
`optilab.classics.heavy_ball`, `optilab.papers.last_iterate.algorithm.csmd`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from optilab.core.lazy import named, submodule

if TYPE_CHECKING:
    from optilab import arena, classics, core, papers, problems
    from optilab.core.claim import Claim
    from optilab.core.counted import Counted
    from optilab.core.derive import Derivation
    from optilab.core.run import Trace, algorithm, run
    from optilab.core.sweep import sweep

__version__ = "0.1.0"
__all__ = [
    "Claim",
    "Counted",
    "Derivation",
    "Trace",
    "algorithm",
    "arena",
    "classics",
    "core",
    "papers",
    "problems",
    "run",
    "sweep",
]

HOMES = {  # modules of `optilab.core`
    "Claim": "claim",
    "Counted": "counted",
    "Derivation": "derive",
    "Trace": "run",
    "algorithm": "run",
    "run": "run",
    "sweep": "sweep",
}


def __getattr__(name: str) -> Any:
    if name in HOMES:
        return getattr(import_module(f"optilab.core.{HOMES[name]}"), name)
    return submodule(__name__, name)


def __dir__() -> list[str]:
    return sorted({*named(__name__), *HOMES})
