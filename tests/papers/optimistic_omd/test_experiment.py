import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.optimistic_omd import experiment
from optilab.papers.optimistic_omd.algorithm import Convex, optimistic
from optilab.papers.optimistic_omd.problems import rotating, spinning, switching, tracking

TABLE = {  # dynamic regret: OGD, AdaGrad, optimistic OMD, optimistic FTRL, means of seeds 0–4
    (100, 0.0): (3406, 3406, 40, 3919),
    (100, 0.1): (3643, 3410, 127, 3915),
    (400, 0.1): (455, 280, 10, 3973),
}


def test_figures_of_turning_losses_are_as_known():
    P, sigma = (np.array(column, dtype=float)[:, None] for column in zip(*TABLE, strict=True))
    losses = spinning(4000, P, sigma, range(5))
    found = experiment.turned(losses)
    names = ("OGD", "AdaGrad", experiment.OURS, "optimistic FTRL")
    measured = np.stack([losses.dynamic_regret(found[name])[-1].mean(-1) for name in names], -1)
    np.testing.assert_allclose(measured, list(TABLE.values()), atol=0.6)


@pytest.mark.full
@pytest.mark.parametrize(
    ("path", "sigma", "row"),
    [
        (switching(3000, 50), 0.0, (483, 92, 192, 197)),
        (switching(3000, 50), 1.0, (650, 466, 675, 339)),
        (rotating(3000, 200), 0.3, (574, 100, 347, 108)),
        (rotating(3000, 40), 0.0, (925, 233, 498, 755)),
    ],
)
def test_figures_of_moving_targets_are_as_known(path, sigma, row):
    names = ("OGD", experiment.OURS, "optimistic FTRL", "ensemble")
    found = experiment.followed(tracking(path, sigma, range(3)), sigma, names)
    np.testing.assert_allclose([found[name].mean() for name in names], row, atol=0.6)


def test_what_a_run_pays_is_in_its_surprises():
    losses = spinning(4000, 100.0, np.array([0.0, 0.1, 0.3, 1.0])[:, None], [0])
    trace = run(optimistic(losses, np.zeros((4, 1, 2)), steps=Convex(2.0, losses.G, 1.0)), 4000, keep=["x", "V"])
    np.testing.assert_allclose(trace.V[-1, :, 0], [16.8, 97, 737, 8017], rtol=0.06)
    regret = losses.dynamic_regret(trace.x[:4000])[-1, :, 0]
    assert (np.diff(regret) > 0).all()
