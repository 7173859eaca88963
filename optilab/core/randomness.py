"""Random numbers of replicates: draws that they share, and a generator for each."""

import inspect
from collections.abc import Iterable
from functools import partial, wraps
from typing import Any

import numpy as np

from optilab.core.check import require


class CommonGenerator:
    """A generator whose draws with a `size` are made once and shared along the first `axes` axes of it."""

    def __init__(self, rng: Any, axes: int):
        self.rng, self.axes = rng, axes
        self.places: dict[str, int | None] = {}  # of `size` among a method's arguments: slow to find, always asked for

    def spawn(self, n_children: int) -> list["CommonGenerator"]:
        """Independent children that share in the same way."""
        return [CommonGenerator(child, self.axes) for child in self.rng.spawn(n_children)]

    def __getattr__(self, name: str) -> Any:
        if "rng" not in self.__dict__:  # unpickling asks before it is there
            raise AttributeError(name)
        draw = getattr(self.rng, name)
        if not callable(draw):
            return draw
        if name not in self.places:
            arguments = list(inspect.signature(draw).parameters)
            self.places[name] = arguments.index("size") if "size" in arguments else None
        place = self.places[name]
        return draw if place is None else partial(self._shared, draw, place)

    def _shared(self, draw: Any, place: int, *args: Any, **kwargs: Any) -> Any:
        size = kwargs.get("size", args[place] if place < len(args) else None)
        if size is None:
            return draw(*args, **kwargs)
        size = (size,) if isinstance(size, (int, np.integer)) else tuple(size)
        require(
            len(size) >= self.axes, "size", size, f"at least {self.axes} axes long, the axes that share their draws"
        )
        rest = size[self.axes :]
        if "size" in kwargs:
            kwargs["size"] = rest
        else:
            args = (*args[:place], rest, *args[place + 1 :])
        drawn = draw(*args, **kwargs)
        return np.broadcast_to(drawn, (*size[: self.axes], *np.shape(drawn)))


def common(rng: "np.random.Generator | SeparateGenerator", axes: int = 1) -> CommonGenerator:
    """A generator whose draws are shared along the first `axes` replicate axes.

    Step sizes are compared on the same samples with it, and a batch is tested against its replicates one by one:
    `common(rng, 1).normal(size=(8, 3))` is eight times what `rng.normal(size=3)` gives. What has no `size`
    (`permutation`, `shuffle`) is drawn once anyway and passes through.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of the draws.
    axes : int
        How many leading axes share them, at least 0.

    Returns
    -------
    CommonGenerator
        To be passed where a generator is asked for.

    Raises
    ------
    ValueError
        If `axes` is negative, or later a `size` has fewer axes.
    """
    require(axes >= 0, "axes", axes, "0 or more")
    return CommonGenerator(rng, axes)


class SeparateGenerator:
    """Generators side by side: the first axis of a draw's `size` runs over them, each draws its own part."""

    def __init__(self, rngs: list[Any]):
        self.rngs = rngs

    def spawn(self, n_children: int) -> list["SeparateGenerator"]:
        """Independent children, generator by generator."""
        return [SeparateGenerator(list(row)) for row in zip(*(rng.spawn(n_children) for rng in self.rngs), strict=True)]

    def __getattr__(self, name: str) -> Any:
        if "rngs" not in self.__dict__:  # unpickling asks before it is there
            raise AttributeError(name)
        draws = [getattr(rng, name) for rng in self.rngs]

        @wraps(draws[0])
        def separate_draw(*args: Any, **kwargs: Any) -> Any:
            given = inspect.signature(draws[0]).bind(*args, **kwargs)
            size = given.arguments.get("size")
            shape = (size,) if isinstance(size, int | np.integer) else tuple(size or ())
            allowed = f"({len(draws)}, …), as many as there are generators"
            require(shape[:1] == (len(draws),), "size", size, allowed)
            given.arguments["size"] = shape[1:]
            return np.stack([draw(*given.args, **given.kwargs) for draw in draws])

        return separate_draw


def separate(seeds: Iterable[int]) -> SeparateGenerator:
    """A generator for each seed, side by side: replicate i draws what `default_rng(seeds[i])` would draw for it alone.

    `separate([3, 8]).normal(size=(2, 5))` stacks `default_rng(3).normal(size=5)` on that of 8. Under `common` the
    further axes before them share these draws.

    Parameters
    ----------
    seeds : iterable of int
        One for each replicate.

    Raises
    ------
    ValueError
        If there is none, or later a `size` doesn't begin with their number.
    """
    rngs = [np.random.default_rng(seed) for seed in seeds]
    require(len(rngs) > 0, "the number of seeds", len(rngs), "1 or more")
    return SeparateGenerator(rngs)
