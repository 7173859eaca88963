"""A well-known simulator as a peer: the same cube slides, and the same cube falls, in MuJoCo."""

import mujoco
import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.dojo.algorithm import box, heading, rollout, state_of
from optilab.papers.dojo.algorithm.system import System
from optilab.papers.dojo.experiment import rigid

SCENE = """
<mujoco>
  <option cone="{cone}" timestep="{h}" gravity="0 0 -9.81"/>
  <worldbody>
    <geom type="plane" size="20 20 1" friction="{mu} 0 0"/>
    <body pos="0 0 {z}"><freejoint/>
      <geom type="box" size=".25 .25 .25" mass="1" friction="{mu} 0 0" condim="3"/>
    </body>
  </worldbody>
</mujoco>
"""


def played(cone, h, steps, z, v, mu=0.25):
    """Positions (steps, 3) of the cube in MuJoCo, and its lowest corner (steps)."""
    model = mujoco.MjModel.from_xml_string(SCENE.format(cone=cone, h=h, mu=mu, z=z))
    data = mujoco.MjData(model)
    data.qvel[:3] = v
    corners = 0.25 * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    places, lows = [], []
    for _ in range(steps):
        mujoco.mj_step(model, data)
        places.append(data.qpos[:3].copy())
        R = data.xmat[1].reshape(3, 3)
        lows.append((data.xpos[1] + corners @ R.T)[:, 2].min())
    return np.array(places), np.array(lows)


def test_the_peers_pyramid_bends_the_slide_as_ours_and_its_elliptic_cone_hardly():
    v0 = np.array([2.0, 0.4])
    bent = played("pyramidal", 0.01, 130, 0.25, (2.0, 0.4, 0))[0][-1]
    straight = played("elliptic", 0.002, 600, 0.25, (2.0, 0.4, 0))[0][-1]
    ours = {
        model: heading(rigid.travelled(rigid.slid(rigid.cube(0.25, 0.03, model), v0, 1e-6, 1.1)))
        for model in ("cone", "pyramid")
    }
    assert ours["pyramid"] == pytest.approx(heading(bent[:2]), abs=0.3)
    assert ours["cone"] == pytest.approx(heading(straight[:2]), abs=0.3)
    assert abs(ours["cone"] - heading(v0)) < 0.02


def test_the_peers_soft_floor_is_entered_and_ours_is_not():
    lows = [played("pyramidal", h, round(0.8 / h), 1.25, (0, 0, 0))[1].min() for h in (0.01, 0.002)]
    assert max(lows) < -0.005
    body, corners = box((0.5, 0.5, 0.5), mu=0.25, bottom=True)
    trace = run(rollout(System([body], corners, h=0.02), state_of((0, 0, 1.25)), kappa=1e-6), 40)
    assert 0 < trace.gap.min() < 1e-5
