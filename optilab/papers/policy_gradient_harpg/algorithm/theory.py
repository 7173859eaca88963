"""What theory promises: how far a direction is off, how large the gap stays, and the constants of both.

Throughout, noise σ² ≥ E‖g − ∇J‖², J has an L-Lipschitz gradient and an L_h-Lipschitz Hessian, and
σ_B² ≥ E‖B u‖²/‖u‖² for the Hessian-vector product, all for one trajectory.
"""

from math import sqrt

import numpy as np

from optilab.classics.reinforce import check_counts
from optilab.core.check import require

Array = np.ndarray
DECAY = {"N-PG": 0.0, "N-MPG": 1 / 3, "N-PG-IGT": 2 / 5, "N-HARPG": 1 / 2}
COMPLEXITY = {"N-MPG": 3.0, "N-PG-IGT": 2.5, "N-HARPG": 2.0, "HARPG": 2.0}


def decay_exponent(name: str) -> float:
    """Direction error and gap fall at least like (trajectories)^−this, up to logarithms.

    Raises
    ------
    ValueError
        If theory says nothing of that method.
    """
    require(name in DECAY, "the method", name, f"one of {list(DECAY)}")
    return DECAY[name]


def sample_complexity(name: str, epsilon: float | Array) -> Array:
    """Trajectories to gaps ε, up to a constant and logarithms: ε^−3 for momentum, ε^−2.5, ε^−2.

    Parameters
    ----------
    name : str
        "N-MPG", "N-PG-IGT", "N-HARPG" or "HARPG".
    epsilon : number or array (points,)
        Gaps, positive.

    Returns
    -------
    array (points,)
        Trajectories for each ε.

    Raises
    ------
    ValueError
        If theory says nothing of that method, or ε isn't positive.
    """
    require(name in COMPLEXITY, "the method", name, f"one of {list(COMPLEXITY)}")
    positive(epsilon=epsilon)
    return np.asarray(epsilon, dtype=float) ** -COMPLEXITY[name]


def error_bound(
    name: str,
    eta: Array,
    gamma: Array,
    *,
    sigma: float,
    L: float = 0.0,
    L_h: float = 0.0,
    sigma_B: float = 0.0,
    N: int = 1,
) -> Array:
    """Bound E‖d_t − ∇J(θ_t)‖ for t = 0 … T − 1 by unrolling the recursion of a normalised method.

    The error's noise adds up in squares, n_t² = (1 − η)² n² + η² σ², with (1 − η)² γ² σ_B² more for N-HARPG; its drift
    in lengths, b_t = (1 − η)(b + L γ) for N-MPG and (1 − η)(b + L_h γ²/(2η)) for N-PG-IGT, where γ is the step before.
    A batch of N divides σ² by N; σ_B² becomes σ_B²/N + (1 − 1/N) L², since all its products are taken at one place q.

    Parameters
    ----------
    name : str
        "N-PG", "N-MPG", "N-PG-IGT" or "N-HARPG".
    eta, gamma : arrays (T,)
        Weights of what is new (`eta[0]` doesn't matter), and lengths of the steps.
    sigma, L, L_h, sigma_B : float
        Those that the method needs: noise of a gradient, of a Hessian-vector product, Lipschitz constants. N-HARPG
        needs L only for a batch.
    N : int
        Trajectories of a gradient, and of a product.

    Returns
    -------
    array (T,)
        The bound.

    Raises
    ------
    ValueError
        If there is no such method, a shape doesn't fit or a number isn't allowed.
    """
    decay_exponent(name)
    require(np.shape(eta) == np.shape(gamma) and np.ndim(eta) == 1, "eta and gamma", np.shape(eta), "arrays (T,)")
    check_counts(**{"the batch N": N})
    sizes(sigma=sigma, L=L, L_h=L_h, sigma_B=sigma_B)
    fresh, product = sigma**2 / N, sigma_B**2 / N + (1 - 1 / N) * L**2
    noise, drift = fresh, 0.0
    bound = [sqrt(noise)]
    for t in range(1, len(eta)):
        keep = 0.0 if name == "N-PG" else 1 - eta[t]
        noise = keep**2 * noise + (1 - keep) ** 2 * fresh
        if name == "N-HARPG":
            noise += (keep * gamma[t - 1]) ** 2 * product
        elif name == "N-MPG":
            drift = keep * (drift + L * gamma[t - 1])
        elif name == "N-PG-IGT":
            drift = keep * (drift + L_h * gamma[t - 1] ** 2 / (2 * eta[t]))
        bound.append(sqrt(noise) + drift)
    return np.array(bound)


def gap_bound(
    error: Array, gamma: Array, *, gap: float, L: float, mu_F: float, M_g: float, epsilon: float = 0.0
) -> Array:
    """Bound E[J* − J(θ_t)] for t = 0 … T by a normalised step's progress and `dominated_gap`.

    A step of length γ along d/‖d‖ wins at least γ(‖∇J‖ − 2‖d − ∇J‖) − Lγ²/2, and ‖∇J‖ + ε' ≥ (μ_F/M_g)·gap:
    gap⁺ ≤ (1 − γ μ_F/M_g)₊ gap + γ(ε' + 2 E‖d − ∇J‖) + Lγ²/2.

    Parameters
    ----------
    error, gamma : arrays (T,)
        Bounds on the direction's error, and lengths of steps.
    gap : float
        J* − J(θ_0).
    L, mu_F, M_g : float
        Smoothness, the least eigenvalue of the Fisher matrix, the largest score.
    epsilon : float
        ε' of `transfer_error`.

    Returns
    -------
    array (T + 1,)
        The bound.

    Raises
    ------
    ValueError
        If a constant isn't allowed, or the shapes of `error` and `gamma` differ.
    """
    positive(mu_F=mu_F, M_g=M_g)
    sizes(gap=gap, L=L, epsilon=epsilon)
    fits = np.shape(error) == np.shape(gamma) and np.ndim(error) == 1
    require(fits, "error and gamma", np.shape(error), "arrays (T,)")
    rate = mu_F / M_g
    bound = [float(gap)]
    for e, step in zip(error, gamma, strict=True):
        bound.append(max(1 - step * rate, 0.0) * bound[-1] + step * (epsilon + 2 * e) + L * step**2 / 2)
    return np.array(bound)


def dominated_gap(slope: float | Array, *, mu_F: float, M_g: float, epsilon: float = 0.0) -> Array:
    """Relaxed weak gradient domination: J* − J(θ) ≤ (‖∇J(θ)‖ + ε') M_g/μ_F. The norm, not its square.

    `slope` is ‖∇J(θ)‖, a number or an array (*batch); returns as many bounds.

    Raises
    ------
    ValueError
        If μ_F isn't positive, or another number is negative or not finite.
    """
    positive(mu_F=mu_F)
    sizes(slope=slope, M_g=M_g, epsilon=epsilon)
    return (np.asarray(slope) + epsilon) * M_g / mu_F


def transfer_error(eps_bias: float, *, mu_F: float, M_g: float, gamma: float) -> float:
    """ε' = μ_F √ε_bias/(M_g (1 − γ)): what a policy class that misses advantages by ε_bias costs.

    Raises
    ------
    ValueError
        If γ isn't in [0, 1), M_g isn't positive, or another number is negative or not finite.
    """
    positive(M_g=M_g)
    sizes(eps_bias=eps_bias, mu_F=mu_F)
    return mu_F * sqrt(eps_bias) / M_g * effective_horizon(gamma)


def theory_gamma0(mu_F: float, M_g: float) -> float:
    """γ₀ = 3M_g/μ_F, so that γ_t = 6M_g/(μ_F(t + 2)): of use only where μ_F is known.

    Raises
    ------
    ValueError
        If μ_F isn't positive, or M_g is negative or not finite.
    """
    sizes(M_g=M_g)
    positive(mu_F=mu_F)
    return 3 * M_g / mu_F


def theory_horizon(T: int, gamma: float) -> int:
    """H of the order log T/(1 − γ), here with factor 1 and at least 1.

    Raises
    ------
    ValueError
        If T is no whole number from 1 on, or γ isn't in [0, 1).
    """
    check_counts(T=T)
    return max(1, int(np.ceil(np.log(T) * effective_horizon(gamma))))


# Constants of a policy with ‖∇log π‖ ≤ M_g, ‖∇²log π‖ ≤ M_h and ‖∇³log π‖ ≤ l_2, and rewards |r| ≤ R_max


def effective_horizon(gamma: float) -> float:
    """1/(1 − γ), the sum of all discounts.

    Raises
    ------
    ValueError
        If γ isn't in [0, 1).
    """
    require(real(gamma) and np.ndim(gamma) == 0 and 0 <= gamma < 1, "gamma", gamma, "in [0, 1)")
    return 1 / (1 - gamma)


def truncation_bound(H: int | Array, *, gamma: float, M_g: float, R_max: float = 1.0) -> Array:
    """‖∇J_H − ∇J‖ ≤ D_g γ^H with D_g = M_g R_max/(1 − γ) · √(1/(1 − γ) + H).

    `H` is a number or an array (*batch); returns as many bounds.

    Raises
    ------
    ValueError
        As for all these constants: if γ isn't in [0, 1), or another number is negative or not finite.
    """
    sizes(H=H, M_g=M_g, R_max=R_max)
    H, far = np.asarray(H), effective_horizon(gamma)
    return M_g * R_max * far * np.sqrt(far + H) * gamma**H


def smoothness(*, gamma: float, M_g: float, M_h: float, R_max: float = 1.0) -> float:
    """L = R_max (M_g² + M_h)/(1 − γ)².

    Raises
    ------
    ValueError
        As `truncation_bound`.
    """
    sizes(M_g=M_g, M_h=M_h, R_max=R_max)
    return R_max * (M_g**2 + M_h) * effective_horizon(gamma) ** 2


def hessian_smoothness(*, gamma: float, M_g: float, M_h: float, l_2: float, R_max: float = 1.0) -> float:
    """L_h = R_max [(√3 M_g³ + 3 M_g M_h) √(1 + γ)/(1 − γ)^{5/2} + l_2/(1 − γ)²], for every horizon.

    Along a line p''' = p (ℓ'³ + 3ℓ'ℓ'' + ℓ'''), where ℓ = log p sums the log π of the n actions before a reward. The
    slopes ℓ' are a martingale: E ℓ'² ≤ n M_g² and E ℓ'⁴ ≤ 3n² M_g⁴, so E|ℓ'|³ ≤ √3 n^{3/2} M_g³; |ℓ''| ≤ n M_h and
    |ℓ'''| ≤ n l_2. Summed with γ^{n−1}: Σ γ^{n−1} n = (1 − γ)^{−2}, and Σ γ^{n−1} n^{3/2} ≤ √(1 + γ) (1 − γ)^{−5/2}.

    Raises
    ------
    ValueError
        As `truncation_bound`.
    """
    sizes(M_g=M_g, M_h=M_h, l_2=l_2, R_max=R_max)
    far = effective_horizon(gamma)
    return R_max * ((sqrt(3) * M_g**3 + 3 * M_g * M_h) * sqrt(1 + gamma) * far**2.5 + l_2 * far**2)


def variance_bound(*, gamma: float, M_g: float, R_max: float = 1.0) -> float:
    """E‖g − ∇J‖² ≤ R_max² M_g²/(1 − γ)³.

    Raises
    ------
    ValueError
        As `truncation_bound`.
    """
    sizes(M_g=M_g, R_max=R_max)
    return R_max**2 * M_g**2 * effective_horizon(gamma) ** 3


def product_bound(H: int, *, gamma: float, M_g: float, M_h: float, R_max: float = 1.0) -> float:
    """E‖B u‖² ≤ R_max² (H M_g² + M_h)²/(1 − γ)⁴ for ‖u‖ = 1, however the trajectories fall.

    Raises
    ------
    ValueError
        As `truncation_bound`.
    """
    sizes(H=H, M_g=M_g, M_h=M_h, R_max=R_max)
    return R_max**2 * (H * M_g**2 + M_h) ** 2 * effective_horizon(gamma) ** 4


# What constants are refused


def sizes(**constants: float | Array) -> None:
    """Refuse constants, given by their names, that are negative or not finite.

    Raises
    ------
    ValueError
        If there is one.
    """
    for name, value in constants.items():
        require(real(value) and np.min(value) >= 0, name, value, "0 or more and finite")


def real(value: float | Array) -> bool:
    """Whether a value is a finite real number, or an array of such that holds some."""
    array = np.asarray(value)
    return array.dtype.kind in "iuf" and array.size > 0 and bool(np.isfinite(array).all())


def positive(**constants: float | Array) -> None:
    """Refuse constants, given by their names, that are not positive and finite.

    Raises
    ------
    ValueError
        If there is one.
    """
    for name, value in constants.items():
        require(real(value) and np.min(value) > 0, name, value, "positive and finite")
