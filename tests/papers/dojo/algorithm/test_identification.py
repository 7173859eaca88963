"""Gauss–Newton on windows: its normal equations, for a ball and for rigid bodies."""

from dataclasses import replace

import numpy as np
import pytest

from optilab.papers.dojo import algorithm as dojo
from optilab.papers.dojo.experiment import identification


def test_the_normal_equations_are_the_losss_derivatives():
    paths = identification.tosses(range(2), noise=1e-2)
    windows = dojo.windows_of(paths, 3, identification.BALL, 1e-3)
    theta = np.array([[0.3, 0.4], [0.1, 0.6]])
    loss, g, H = windows.normal_equations(theta)
    assert np.allclose(loss, windows.loss(theta))
    for j in range(2):
        d = 1e-6 * np.eye(2)[j]
        assert np.allclose(g[:, j], (windows.loss(theta + d) - windows.loss(theta - d)) / 2e-6, rtol=1e-5, atol=1e-6)
    assert np.allclose(H, H.mT)
    assert (np.linalg.eigvalsh(H) > 0).all()


@pytest.mark.parametrize("shape", ["r", "p"])
def test_the_normal_equations_of_a_rigid_body_are_the_losss_derivatives(shape):
    rng = np.random.default_rng(3)
    solid, theta, path = identification.thrown_cube(12, rng)
    if shape == "r":  # a ball at each corner
        contacts = [replace(contact, p=0.8 * contact.p, r=0.05) for contact in solid.system.contacts]
        solid, theta = dojo.ThrownBody(replace(solid.system, contacts=contacts), "r"), np.append(0.3, np.full(8, 0.05))
    solid = replace(solid, options={"rtol": 1e-11, "btol": 1e-8})
    path = path[9:, :2]  # on the floor at last
    windows = dojo.windows_of(np.stack([path, identification.blurred(path, 1e-3, rng)], 2), 2, solid, 1e-3)
    theta = theta * np.array([1.1, 0.9])[:, None]
    loss, g, H = windows.normal_equations(theta)
    assert np.allclose(loss, windows.loss(theta))
    assert np.allclose(H, H.mT)
    tried = np.argsort(-abs(g[0]))[:3]
    for j in tried:
        d = 1e-6 * np.eye(theta.shape[-1])[j]
        found = (windows.loss(theta + d) - windows.loss(theta - d)) / 2e-6
        assert np.allclose(g[:, j], found, rtol=1e-5, atol=1e-6 * abs(g).max())


def test_a_ball_that_cant_turn_is_identified_as_a_point_mass():
    paths = identification.tosses(range(2))[::10]
    ball, rest = identification.BALL, np.zeros((*paths.shape[:-1], 3))
    upright = np.broadcast_to([1.0, 0, 0, 0], (*paths.shape[:-1], 4))
    system = dojo.System(
        [dojo.Body(1.0, 1e6 * np.eye(3))], [dojo.Contact(0, np.zeros(3), 0.5, 0.2)], h=identification.H
    )
    solid = dojo.ThrownBody(system, "r", {"rtol": 1e-11, "btol": 1e-8})
    there = np.concatenate([paths, upright, rest], -1)
    theta = np.array([[0.2, 0.45], [0.1, 0.55]])
    point = dojo.windows_of(paths, 1, ball, 1e-4).normal_equations(theta)
    rigid = dojo.windows_of(there, 1, solid, 1e-4).normal_equations(theta)
    for mine, theirs in zip(rigid, point, strict=True):
        assert np.allclose(mine, theirs, rtol=1e-4)


def test_bad_identifications_are_refused():
    paths = identification.tosses(range(1))
    with pytest.raises(ValueError, match="theta0"):
        identification.fitted(paths, 1e-4, np.array([0.9, 0.5]))
    with pytest.raises(ValueError, match="length"):
        dojo.windows_of(paths, 0, identification.BALL, 1e-4)
    with pytest.raises(ValueError, match="kappa"):
        dojo.windows_of(paths, 1, identification.BALL, 0.0)
    with pytest.raises(ValueError, match="shape of after"):
        dojo.Windows(paths[0], paths[0, :2], 1, identification.BALL, 1e-4)
    system = dojo.System([dojo.Body(1.0, np.eye(3))], [dojo.Contact(0, np.zeros(3), 0.5, 0.2)])
    with pytest.raises(ValueError, match="shape must be"):
        dojo.ThrownBody(system, "m")
    with pytest.raises(ValueError, match="bodies must be one"):
        dojo.ThrownBody(replace(system, bodies=system.bodies * 2), "r")
    windows = dojo.windows_of(paths, 1, identification.BALL, 1e-4)
    with pytest.raises(ValueError, match="rho"):
        dojo.gauss_newton(windows, identification.GUESS, rho=0.0)
    with pytest.raises(ValueError, match="shape of upper"):
        dojo.gauss_newton(windows, identification.GUESS, upper=1.0)
    with pytest.raises(ValueError, match="shape of theta0"):
        dojo.gauss_newton(windows, np.ones(3))
