"""What a method asks of a problem and what a problem offers: the protocols decide who can race where.

A method's needs are read off the annotation of its generator's first parameter; where that is a union, a method that
samples takes the part with samples, any other the part without. In a race it is given nothing else.
"""

from collections.abc import Callable, Sequence
from inspect import signature, unwrap
from typing import Any, get_args, get_type_hints

import numpy as np

from optilab.core.counted import Counted

Array = np.ndarray
WORDS = {
    "grad": "gradients",
    "sample_grad": "sampled gradients",
    "subgrad": "subgradients",
    "sample_subgrad": "sampled subgradients",
    "hvp": "Hessian-vector products",
    "sample_hvp": "sampled Hessian-vector products",
    "hess": "a Hessian matrix",
    "third": "third derivatives",
    "prox": "a proximal map",
    "smooth_grad": "a smooth version of its kinks",
    "sample_smooth_grad": "a smooth version of its kinks, sampled",
    "sample": "samples",
    "__call__": "exact values",
}
KINKS = {"subgrad", "smooth_grad"}
KINDS = {  # what a minibatch answers costs by its size, so it is counted apart
    "sample_grad": "sampled gradients",
    "sample_subgrad": "sampled gradients",
    "sample_hvp": "sampled products",
    "drawn": "sampled gradients",
    "smooth_grad": "subgradients",  # of the rounded part, at the same price
    "g": "sampled gradients",  # of trajectories
    "g_weighted": "sampled gradients",
    "Bu": "sampled products",
}
LOST = 1e9  # a point this far out, in the Euclidean norm, has diverged
STEEP = 1e6  # and so has one whose gradient is this many times as long as at a start


def members(protocol: type) -> set[str]:
    """The oracles that a protocol declares, those it inherits included."""
    declared = [vars(base) for base in protocol.__mro__ if getattr(base, "_is_protocol", False)]
    return {name for names in declared for name in names if name == "__call__" or not name.startswith("_")}


def kinds(generator: Callable[..., Any], sampled: bool) -> list[type]:
    """What a generator asks its first argument to be: protocols of oracles, or classes of problems.

    Parameters
    ----------
    generator : function
        An algorithm.
    sampled : bool
        Of a union, whether the part with samples is meant or the one without.
    """
    generator = unwrap(generator)
    hint = get_type_hints(generator)[next(iter(signature(generator).parameters))]
    parts = get_args(hint) or (hint,)
    return [kind for kind in parts if len(parts) == 1 or ("sample" in members(kind)) == sampled]


class Oracles:
    """A problem that answers what a method says it needs, and no more; a replicate that is lost is answered with 0.

    A replicate is lost beyond the norm `LOST`, where its answer isn't finite or its gradient longer than `longest`: it
    stays where it is and disturbs no other. Where a problem only has sampled gradients, `grad` draws new samples.

    Parameters
    ----------
    problem : Counted
        What is asked. It counts what is asked of the problem in the end, new samples for a `grad` included.
    needs : set of str
        The oracles.
    rng : numpy.random.Generator
        Draws the samples of a `grad` that the problem has only sampled.
    size : int
        How many at a time.
    longest : float
        The length of gradients beyond which a replicate is lost.
    group : int
        How many samples of the problem stand for one that the method draws.
    """

    def __init__(
        self, problem: Counted, needs: frozenset[str], rng: Any, size: int, longest: float = np.inf, group: int = 1
    ):
        self.problem, self.needs, self.rng, self.size = problem, needs, rng, size
        self.longest, self.group = longest, group
        self.calls = problem.calls
        self.sampled = not hasattr(problem, "grad") and hasattr(problem, "sample_grad")
        if hasattr(problem, "simple"):
            self.simple = Counted(problem.simple)  # asked by itself its proximal maps are counted with the rest
            self.simple.calls = problem.calls

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, d) → (*batch), if it is needed."""
        if "__call__" not in self.needs:
            raise AttributeError("a value isn't among what the method says it needs")
        return self.problem(x)

    def __getattr__(self, name: str) -> Any:
        if name not in self.__dict__.get("needs", ()):
            raise AttributeError(f"{name} isn't among what the method says it needs")
        if name == "grad" and self.sampled:
            return self._on_fresh_samples
        oracle = getattr(self.problem, name)
        if name == "sample":
            return self._in_groups
        if not callable(oracle) or name == "prox":
            return oracle
        longest = self.longest if name in ("grad", "sample_grad") else np.inf

        def answer(x: Array, *more: Any) -> Array:
            return settled(oracle(x, *more), x, longest)

        return answer

    def _in_groups(self, rng: Any, size: tuple[int, ...]) -> Any:
        return self.problem.sample(rng, (*size[:-1], self.group * size[-1]))

    def _on_fresh_samples(self, x: Array) -> Array:
        sample = self.problem.sample(self.rng, (*x.shape[:-1], self.size))
        return settled(self.problem.sample_grad(x, sample), x, self.longest)


def settled(answer: Array, x: Array, longest: float) -> Array:
    """The answer (*batch, …) at x (*batch, d), with 0 for replicates that are lost."""
    size = np.linalg.norm(x, axis=-1)
    axes = tuple(range(size.ndim, np.ndim(answer)))
    fine = (size <= LOST) & np.isfinite(answer).all(axes)
    if longest < np.inf:
        fine &= np.vecdot(answer, answer) <= longest**2
    return answer if fine.all() else np.where(fine.reshape(fine.shape + (1,) * len(axes)), answer, 0.0)


def needs(generator: Callable[..., Any], sampled: bool, also: tuple[type, ...]) -> set[str]:
    """The oracles of all protocols that a method asks for."""
    return {name for kind in (*kinds(generator, sampled), *also) for name in members(kind)}


def listed(names: Sequence[str]) -> str:
    """Names in a row: "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def fits(method: Any, problem: Any) -> str | None:
    """Whether a method can run on a problem: None if it can, otherwise the sentence why not.

    Parameters
    ----------
    method : Method
        One of `METHODS`.
    problem : Instance
        What an entry of `PROBLEMS` makes.
    """
    which = "a noisy problem has none" if problem.noise > 0 else "this problem has none"
    for kind in method.classes:
        if problem.given(kind) is None:
            return f"needs {CLASSES.get(kind.__name__, f'a problem of the kind {kind.__name__}')}; {which}"
    offered = problem.offers | ({"grad"} if "sample_grad" in problem.offers else set())
    missing = [WORDS[name] for name in WORDS if name in method.needs - offered]
    if missing:
        return f"needs {listed(missing)}; {which}"
    if problem.offers & KINKS and not method.needs & KINKS:
        return "sees gradients alone; this problem has a part with kinks, which has none"
    if problem.composite and not method.simple:
        return "sees gradients alone; this problem has a simple part, which has none"
    return None


CLASSES = {"Fit": "the layers of a network", "Episodes": "trajectories of a policy"}


def counted(method: Any, problem: Any, rng: Any, size: int) -> Oracles | Counted:
    """The problem as a method sees it in a race, counting in `calls` what it is asked."""
    if method.classes:
        return Counted(problem.given(method.classes[0]), KINDS)
    group = size if method.grouped else 1
    return Oracles(Counted(problem.asked, KINDS), method.needs, rng, size, STEEP * problem.slope, group)
