"""What drift does to two players: the rotation game, the Dirac-GAN, and a GAN on the line."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from optilab.core.claim import Claim
from optilab.core.run import Trace, run
from optilab.papers.discretisation_drift.algorithm.baselines import consensus
from optilab.papers.discretisation_drift.algorithm.games import (
    alternating,
    runge_kutta,
    simultaneous,
    simultaneous_sgd,
)
from optilab.papers.discretisation_drift.algorithm.rotation import (
    flow_rate,
    rotation_flow_matrix,
    rotation_update_matrix,
    update_rate,
)
from optilab.papers.discretisation_drift.problems import GAN, two_bumps, wasserstein
from optilab.problems.games import DiracGAN, Rotation
from optilab.problems.mlp import MLP
from optilab.problems.oracles import Number

LINE = GAN(discriminator=MLP((1, 16, 1)), generator=MLP((2, 16, 1)))


def radius(state: Any) -> np.ndarray:
    """Distance of both players from the origin, where these games are in equilibrium: (*batch)."""
    return np.linalg.norm(state.x, axis=-1)


def rotation_run(
    eps: float, start: Sequence[float], h: float = 0.2, steps: int = 500, alternate: bool = False
) -> Trace:
    """Simultaneous or alternating updates of the rotation game from (φ, θ): `x` and `radius`."""
    phi0, theta0 = np.array(start, float)[..., :1], np.array(start, float)[..., 1:]
    update = alternating if alternate else simultaneous
    return run(update(Rotation(eps), phi0, theta0, a=h, b=h), steps, limit=1e8, radius=radius)


def rotation_game(quick: bool) -> Iterable[Claim]:
    """Simultaneous updates of the rotation game diverge where the flow converges; their modified flow says so."""
    h, steps = 0.2, 500
    for eps, start, bound in ((0.09, (0.07, -0.09), {"at_least": 2}), (0.2, (0.08, -0.05), {"at_most": 1e-3})):
        sim = rotation_run(eps, start, h, steps).radius
        alt = rotation_run(eps, start, h, steps, alternate=True).radius
        where = f"rotation game ε = {eps}, h = {h}: radius, in units of its start, after {steps}"
        yield Claim(f"{where} simultaneous updates", sim[-1] / sim[0], **bound)
        yield Claim(f"{where} alternating updates", alt[-1] / alt[0], at_most=1e-3)
    for kind in ("simultaneous", "alternating"):
        true = update_rate(rotation_update_matrix(0.09, h, h, alternating=kind == "alternating"), h)
        modified = flow_rate(rotation_flow_matrix(0.09, h, h, kind), h)
        yield Claim(
            f"rotation game ε = 0.09, h = {h}: growth rate {true:.4f} of {kind} updates less that of the modified "
            f"flow, in units of its distance from the flow's −0.09",
            abs(true - modified) / abs(true + 0.09),
            at_most=0.05,
        )


def dirac_methods(h: Number, phi0: np.ndarray, theta0: np.ndarray) -> dict[str, Iterator[Any]]:
    """States of every method on the Dirac-GAN, by name, with rate h for both players."""
    game = DiracGAN()
    rates: dict[str, Any] = {"a": h, "b": h}
    penalised: Any = consensus(game, 0.1)
    return {
        "simultaneous": simultaneous(game, phi0, theta0, **rates),
        "interaction ×(−1)": simultaneous(game, phi0, theta0, **rates, interaction=-1),
        "interaction ×(−1), self ×1": simultaneous(game, phi0, theta0, **rates, interaction=-1, self_term=1),
        "interaction ×(−2)": simultaneous(game, phi0, theta0, **rates, interaction=-2),
        "consensus 0.1": simultaneous(penalised, phi0, theta0, **rates),
        "alternating": alternating(game, phi0, theta0, **rates),
        "Runge–Kutta": runge_kutta(game, phi0, theta0, **rates),
        "Runge–Kutta, consensus 0.1": runge_kutta(penalised, phi0, theta0, **rates),
    }


def dirac_radii(
    hs: Sequence[float] = (0.1, 0.2), starts: np.ndarray | None = None, steps: int = 2000, every: int = 1
) -> dict[str, np.ndarray]:
    """Radius of each method of `dirac_methods` on the Dirac-GAN, (kept, h, start); starts (N, 2), (1, 1) by default."""
    starts = np.ones((1, 2)) if starts is None else starts
    h = np.asarray(hs)[:, None]
    methods = dirac_methods(h, starts[:, :1], starts[:, 1:])
    return {name: run(states, steps, every=every, keep=[], radius=radius).radius for name, states in methods.items()}


def dirac_game(quick: bool) -> Iterable[Claim]:
    """On the Dirac-GAN simultaneous updates spiral out, without the interaction term they circle."""
    steps = 2000
    hs = (0.1, 0.2)
    rng = np.random.default_rng(0)
    others = rng.uniform(0.5, 1.5, size=(12, 2)) * rng.choice([-1, 1], size=(12, 2))
    starts = np.concatenate([np.ones((1, 2)), others])
    radii = dirac_radii(hs, starts, steps, every=steps)
    begin = np.linalg.norm(starts, axis=-1)
    end = {name: values[-1] for name, values in radii.items()}
    for i, h in enumerate(hs):
        where = f"Dirac-GAN from (1, 1), h = {h}, radius after {steps} updates"
        yield Claim(f"{where}, simultaneous", end["simultaneous"][i, 0], at_least=2.5)
        cancelled = end["interaction ×(−1)"][i, 0] / np.sqrt(2)
        yield Claim(f"{where}, interaction cancelled, in units of √2", cancelled, at_least=0.9, at_most=1.1)
        yield Claim(f"{where}, interaction ×(−2)", end["interaction ×(−2)"][i, 0], at_most=0.3)
        for name in ("interaction ×(−1), self ×1", "consensus 0.1", "alternating", "Runge–Kutta"):
            yield Claim(f"{where}, {name}", end[name][i, 0])
        yield Claim(f"{where}, Runge–Kutta, consensus 0.1", end["Runge–Kutta, consensus 0.1"][i, 0], at_most=0.1)
    where = f"Dirac-GAN from {len(others)} other starts, h = 0.1 and 0.2, end/start radius"
    growth = {name: (values / begin)[:, 1:] for name, values in end.items()}
    yield Claim.over(f"{where}, simultaneous, least", growth["simultaneous"], np.min, at_least=1.5)
    kept = growth["interaction ×(−1)"]
    yield Claim.over(f"{where}, interaction cancelled, most", kept, np.max, at_most=1.1)
    yield Claim.over(f"{where}, interaction cancelled, least", kept, np.min, at_least=0.9)
    yield Claim.over(f"{where}, interaction ×(−2), most", growth["interaction ×(−2)"], np.max, at_most=0.1)


GAN_METHODS = {  # name: (interaction, self_term)
    "plain": (0.0, 0.0),
    "interaction cancelled": (-1.0, 0.0),
    "interaction cancelled, self doubled": (-1.0, 1.0),
    "self cancelled": (0.0, -1.0),
}


def gan_distances(
    name: str,
    seeds: Sequence[int] = (0,),
    *,
    h: Number = 0.3,
    steps: int = 2000,
    size: int = 64,
    every: int = 100,
) -> Trace:
    """Train a GAN on the line by one of `GAN_METHODS`, all seeds at once.

    Parameters
    ----------
    name : str
        The method.
    seeds : sequence of int
        Of the starts; the batches come from one generator, the same for all methods.
    h : number or array (S,)
        Learning rate of both networks.
    steps, size, every : int
        Updates, samples an update, and how often the distance is measured.

    Returns
    -------
    Trace
        `distance` (kept, S): Wasserstein distance of 1000 generated points from 1000 of the data; about 0.1 is noise.
    """
    gan = LINE
    interaction, self_term = GAN_METHODS[name]
    phi0 = np.stack([gan.discriminator.init(np.random.default_rng(seed)) for seed in seeds])
    theta0 = np.stack([gan.generator.init(np.random.default_rng(seed + 50)) for seed in seeds])
    rng, judge = np.random.default_rng(seeds[0]).spawn(2)

    def distance(state: Any) -> np.ndarray:
        data = two_bumps(judge, (len(seeds), 1000))
        latent = judge.standard_normal((len(seeds), 1000, gan.generator.sizes[0]))
        return wasserstein(data, gan.generator.forward(state.theta, latent))

    states = simultaneous_sgd(
        gan, phi0, theta0, a=h, b=h, rng=rng, size=size, interaction=interaction, self_term=self_term
    )
    return run(states, steps, every=every, keep=[], limit=1e8, distance=distance)


def gan_on_the_line(quick: bool) -> Iterable[Claim]:
    """The self terms help a GAN to converge; on an easy one the interaction terms do no harm."""
    seeds = range(3) if quick else range(12)
    steps = 1000 if quick else 2000
    for name in [name for name in GAN_METHODS if not (quick and name.endswith("self doubled"))]:
        distance = gan_distances(name, seeds, steps=steps).distance[-5:].mean(0)
        statement = f"GAN on the line, h = 0.3, {steps} updates, {len(seeds)} seeds, {name}: Wasserstein distance"
        distance = np.where(np.isfinite(distance), distance, np.inf)
        if name == "self cancelled":
            yield Claim.over(f"{statement}, median", distance, np.median, at_least=1.5)
        else:
            yield Claim.over(f"{statement}, most", distance, np.max, at_most=0.4)


EXPERIMENTS = (rotation_game, dirac_game, gan_on_the_line)
