"""The coefficient α(hλ) with which each flow follows the gradient along an eigenvector of curvature λ."""

from collections.abc import Callable

import numpy as np

from optilab.core.check import require

ONE_STEP = 1e-12  # |1 − z| below this: a mode that one step brings to its minimum, where α is −∞


def log_rot(w: np.ndarray) -> np.ndarray:
    """Logarithm with its cut along the negative imaginary axis: +iπ on the negative real axis, without a jump.

    The argument 1 − hλ sits on that axis whenever hλ > 1. The principal logarithm has its cut there and flips
    between +iπ and −iπ inside a step as soon as θ has an imaginary part.
    """
    return np.log(-1j * np.asarray(w, complex)) + 0.5j * np.pi


BRANCHES: dict[str, Callable[[np.ndarray], np.ndarray]] = {"rotated": log_rot, "principal": np.log}


def alpha_ngf(z: np.ndarray) -> np.ndarray:
    """Coefficient of the negative gradient flow, −1 for every z = hλ."""
    return -np.ones_like(z)


def alpha_igr(z: np.ndarray) -> np.ndarray:
    """Coefficient of the IGR flow at z = hλ."""
    return -(1 + np.asarray(z) / 2)


def alpha_third(z: np.ndarray) -> np.ndarray:
    """Coefficient of the third-order flow at z = hλ."""
    z = np.asarray(z)
    return -(1 + z / 2 + z**2 / 3)


def alpha_pf(z: np.ndarray, branch: str = "rotated") -> np.ndarray:
    """Coefficient of the principal flow at z = hλ, log(1 − z)/z, complex.

    Parameters
    ----------
    z : array
        Real or complex. Near 0 the series is used; within 1e-12 of 1, where α is −∞, 1 − z counts as 1e-12.
    branch : {"rotated", "principal"}
        The logarithm: `log_rot`, or NumPy's, which goes wrong on non-quadratic losses where hλ > 1.

    Raises
    ------
    ValueError
        If `branch` has another name.
    """
    require(branch in BRANCHES, "branch", branch, "'rotated' or 'principal'")
    z = np.asarray(z)
    w = np.asarray(1 - z, complex)
    w = np.where(abs(w) < ONE_STEP, ONE_STEP, w)
    small = abs(z) < 1e-4
    series = -(1 + z / 2 + z**2 / 3 + z**3 / 4 + z**4 / 5)
    return np.where(small, series, BRANCHES[branch](w) / np.where(small, 1, z))


ALPHAS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "NGF": alpha_ngf,
    "IGR": alpha_igr,
    "third order": alpha_third,
    "PF": alpha_pf,
}
