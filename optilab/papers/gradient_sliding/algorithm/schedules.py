"""The parameters of gradient sliding, outer step by outer step, and what theory promises for them.

A schedule is known in advance, so the methods differ in nothing else. `gs_convex`, `gs_anytime` and `m_sgs` are those
of G. Lan, "Gradient sliding for composite optimization", Math. Prog. 2016 (arXiv 1406.0919); `rf_sgs` is a
restart-free schedule with the complexity announced by X. Wu, Z. Xu, H. Zhang, "Restart-Free (Accelerated) Gradient
Sliding Methods for Strongly Convex Composite Optimization", 2026 (arXiv 2602.04161), proved in the lesson.

Constants: f is L-smooth, h(x) ≤ h(y) + h′(y)·(x − y) + M‖x − y‖, a sampled subgradient has variance at most σ², χ is
μ-strongly convex. S is M² for full and M² + σ² for sampled subgradients.
"""

from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole

LARGEST = 10**15  # inner lengths beyond this are all too long; it keeps them within the integers


class Schedule(NamedTuple):
    """Parameters of the outer steps, arrays (N, *batch); a replicate rests where γ and T are 0."""

    gamma: np.ndarray  # weight γ_k of the new point in the average
    beta: np.ndarray  # prox weight β_k
    B: np.ndarray  # inner step t has prox weight β p_t = B t/2; B is β, or β + μ where it knows μ
    T: np.ndarray  # inner lengths T_k
    restart: np.ndarray  # whether x starts anew from the average before this step

    def within(self, budget: float) -> "Schedule":
        """The steps that a budget of subgradients allows: a replicate stops before the one that would exceed it.

        Raises
        ------
        ValueError
            If the first step exceeds it.
        """
        require(self.T[0] <= budget, "the budget", budget, f"at least the first inner length {np.max(self.T[0])}")
        going = (self.T.cumsum(0) <= budget) & (self.T > 0)
        steps = int(going.reshape(len(going), -1).any(1).sum())
        return Schedule(*(column[:steps] for column in self.resting(going)))

    def resting(self, going: np.ndarray) -> "Schedule":
        """The same with replicates at rest where `going` (N, *batch) is false."""
        return self._replace(gamma=going * self.gamma, T=going * self.T, restart=going & self.restart)


def schedule(gamma, beta, B, T, restart=False) -> Schedule:
    """Bring the columns to one shape (N, *batch) and the lengths to integers of at least 1."""
    T = np.clip(np.ceil(T), 1, LARGEST).astype(np.int64)
    return Schedule(*np.broadcast_arrays(gamma, beta, B, T, restart))


def steps(N: int, *parameters: float | np.ndarray) -> np.ndarray:
    """The numbers k = 1 … N as a column (N, 1, …) that broadcasts against the parameters (*batch)."""
    require(whole(N, 1), "N", N, "a whole number, 1 or more")
    batch = np.broadcast_shapes(*(np.shape(parameter) for parameter in parameters))
    return np.arange(1, N + 1).reshape(N, *(1 for _ in batch))


def refuse(**constants: float | np.ndarray) -> None:
    """Refuse constants of the problem that no method can work with, and numbers that no schedule has."""
    for name, value in constants.items():
        value = np.asarray(value)
        require(value.dtype.kind in "biuf", name, value, "a number or an array of numbers")
        if name in ("M", "K", "sigma2", "gap0", "V0", "E0", "k", "s"):
            require((value >= 0) & (value < np.inf), name, value, "finite and 0 or more")
        elif name in ("gamma", "lam"):
            require((value > 0) & (value <= 1), name, value, "in (0, 1]")
        elif name == "mu":
            needed = "positive: restart-free sliding needs chi to be mu-strongly convex; use gs_convex for mu = 0"
            require((value > 0) & (value < np.inf), name, value, needed)
        else:
            require((value > 0) & (value < np.inf), name, value, "positive and finite")


def gs_convex(*, L, M, sigma2=0.0, D, N: int) -> Schedule:
    """Gradient sliding for merely convex problems, with N outer steps fixed in advance (Lan 2016).

    Parameters
    ----------
    L, M, sigma2 : number or array (*batch)
        Constants of the problem.
    D : number or array (*batch)
        Target scale D̃; best is 3/2 of V(x0, x*) with full, 3/4 of it with sampled subgradients.
    N : int
        Outer steps.
    """
    refuse(L=L, M=M, sigma2=sigma2, D=D)
    k = steps(N, L, M, sigma2, D)
    beta = 2 * L / k
    return schedule(2 / (k + 1), beta, beta, N * (M**2 + sigma2) * k**2 / (D * L**2))


def gs_convex_bound(N, *, L, V0, D, stochastic: bool = False) -> np.ndarray:
    """Lan's guarantee on Ψ(x̄_N) − Ψ* for `gs_convex`, in expectation if stochastic; V0 = ½‖x0 − x*‖²."""
    refuse(N=N, L=L, V0=V0, D=D)
    return 2 * L / (N * (N + 1)) * (3 * V0 + (4 if stochastic else 2) * D)


def gs_anytime(*, L, M, sigma2=0.0, D, N: int) -> Schedule:
    """Gradient sliding whose parameters don't depend on the horizon N (Lan 2016); its guarantee needs a bounded set."""
    refuse(L=L, M=M, sigma2=sigma2, D=D)
    k = steps(N, L, M, sigma2, D)
    T = np.maximum(np.ceil((M**2 + sigma2) * (k + 1) ** 3 / (D * L**2)), 1)
    P = 2 / ((T + 1) * (T + 2))
    beta = 9 * L * (1 - P) / (2 * (k + 1))
    return schedule(3 / (k + 2), beta, beta, T)


def m_sgs(*, L, M, sigma2=0.0, mu, D, phases: int) -> Schedule:
    """Restarted gradient sliding, "M-SGS" (Lan 2016): phases of `gs_convex`, each halving the guaranteed gap.

    Parameters
    ----------
    L, M, sigma2, mu : number or array (*batch)
        Constants of the problem.
    D : number or array (*batch)
        Upper bound Δ₀ on the initial gap.
    phases : int
        ⌈log₂(Δ₀/ε)⌉ of them reach the gap ε.
    """
    refuse(L=L, M=M, sigma2=sigma2, mu=mu, D=D)
    require(whole(phases, 1), "phases", phases, "a whole number, 1 or more")
    N0 = phase_length(L, mu, sigma2)
    j = steps(phases * int(np.max(N0)), L, M, sigma2, mu, D) - 1
    s, k = np.minimum(j // N0, 1000), j % N0 + 1  # phase s = 0, 1, … and step k = 1 … N0 in it
    beta = 2 * L / k
    T = N0 * (M**2 + sigma2) * k**2 / (D / mu * 2.0**-s * L**2)
    plan = schedule(2 / (k + 1), beta, beta, T, restart=(k == 1) & (s > 0))
    return plan.resting(j < phases * N0)  # shorter phases end sooner


def phase_length(L, mu, sigma2=0.0) -> np.ndarray:
    """N₀ = ⌈2√(5L/μ)⌉ steps of a phase of `m_sgs` with full, ⌈2√(7L/μ)⌉ with sampled subgradients."""
    refuse(L=L, mu=mu, sigma2=sigma2)
    return np.ceil(2 * np.sqrt(np.where(np.asarray(sigma2) > 0, 7, 5) * L / mu)).astype(int)


def m_sgs_bound(s, *, D) -> np.ndarray:
    """Lan's guarantee for `m_sgs` after s phases: the gap is at most Δ₀ 2⁻ˢ, in expectation."""
    refuse(s=s, D=D)
    return D * 2.0 ** -np.asarray(s)


def e(T) -> np.ndarray:
    """e_T = 2/(T(T + 3)): what is left of the first distance in the average of an inner loop of length T."""
    return 2 / (T * (T + 3))


def restart_free_gamma(L, mu, T_min: int = 1) -> np.ndarray:
    """The constant momentum γ of `rf_sgs`, root of (1 + e₁)(Lγ² + μγ) = μ with e₁ = e(T_min)."""
    refuse(L=L, mu=mu)
    require(whole(T_min, 1), "T_min", T_min, "a whole number, 1 or more")
    a = 1 + e(T_min)
    return 2 * mu / (a * (mu + np.sqrt(mu**2 + 4 * L * mu / a)))  # the root without cancellation at small L


def rf_sgs(
    *, L, M, sigma2=0.0, mu, D, N: int, T_min: int = 1, effort=1.0, growth=0.5, gamma=None, beta=None
) -> Schedule:
    """Restart-free gradient sliding: constant momentum, inner loops that grow like ρ⁻ᵏ, ρ = 1 − γ/2.

    Parameters
    ----------
    L, M, sigma2, mu : number or array (*batch)
        Constants of the problem; sampled subgradients where sigma2 > 0.
    D : number or array (*batch)
        Target scale, best an upper bound Δ₀ on the initial gap; every value keeps the proof.
    N : int
        Outer steps.
    T_min : int
        Shortest inner loop.
    effort : number or array (*batch)
        Multiplies the inner lengths; the bound then has D/effort for D.
    growth : number or array (*batch)
        s of ρ = 1 − sγ, in [0, 1]; theory asks for ½.
    gamma, beta : number or array (*batch), optional
        Other values than the theory's root γ and Lγ; with another γ, ρ stays where the root puts it.
    """
    refuse(L=L, M=M, sigma2=sigma2, mu=mu, D=D, effort=effort)
    growth = np.asarray(growth)
    require((growth >= 0) & (growth <= 1), "growth", growth, "between 0 and 1")
    root = restart_free_gamma(L, mu, T_min)
    gamma = root if gamma is None else np.asarray(gamma)
    refuse(gamma=gamma)
    beta = L * gamma if beta is None else np.asarray(beta)
    refuse(beta=beta)
    k = steps(N, L, M, sigma2, mu, D, effort, growth, gamma, beta)
    B, rho = beta + mu, 1 - growth * root
    S2 = subgradient_noise(M, sigma2)
    with np.errstate(over="ignore", divide="ignore"):
        T = np.maximum(T_min, effort * 4 * S2 / (B * D) * rho ** (-1.0 * k))
    return schedule(gamma, beta, B, T)


def subgradient_noise(M, sigma2) -> np.ndarray:
    """S₂ = M² for full subgradients (σ² = 0), 2(M² + σ²) for sampled ones."""
    return np.where(np.asarray(sigma2) > 0, 2 * (M**2 + np.asarray(sigma2)), np.asarray(M) ** 2)


def rf_sgs_start(*, gap0, V0, gamma, beta, mu, T1) -> np.ndarray:
    """E₀ = Ψ(x0) − Ψ* + γB(1 + e_{T₁}) V(x0, x*), the Lyapunov function at the start, V0 = ½‖x0 − x*‖²."""
    refuse(gap0=gap0, V0=V0, gamma=gamma, beta=beta, mu=mu, T1=T1)
    return gap0 + gamma * (beta + mu) * (1 + e(T1)) * V0


def rf_sgs_bound(k, *, E0, gamma, D, effort=1.0) -> np.ndarray:
    """The theorem: Ψ(x̄_k) − Ψ* ≤ (1 − γ)ᵏ E₀ + 2D ρᵏ⁺¹/effort, in expectation."""
    refuse(k=k, E0=E0, gamma=gamma, D=D, effort=effort)
    k = np.asarray(k)
    return (1 - gamma) ** k * E0 + 2 * D / effort * (1 - gamma / 2) ** (k + 1)


def rf_sgs_recursion(plan: Schedule, *, E0, M, sigma2=0.0) -> np.ndarray:
    """Its step, E_k ≤ (1 − γ) E_{k−1} + 4γS₂/(B(T_k + 3)), iterated with any growing lengths: (N + 1, *batch)."""
    refuse(E0=E0, M=M, sigma2=sigma2)
    E = [np.broadcast_to(E0, plan.T.shape[1:])]
    for gamma, B, T in zip(plan.gamma, plan.B, plan.T, strict=True):
        E.append((1 - gamma) * E[-1] + 4 * gamma * subgradient_noise(M, sigma2) / (B * (T + 3)))
    return np.array(E)


def rf_sgs_steps(epsilon, *, E0, gamma, D) -> np.ndarray:
    """Outer steps, that is gradients, after which the bound is at most ε: ⌈(2/γ) ln((E₀ + 2D)/ε)⌉."""
    refuse(epsilon=epsilon, E0=E0, gamma=gamma, D=D)
    return np.ceil(2 / gamma * np.log((E0 + 2 * D) / epsilon))


def rf_sgs_subgradients(N, *, gamma, beta, mu, M, sigma2=0.0, D, T_min: int = 1) -> np.ndarray:
    """Bound on ΣT_k after N steps: N T_min + N + 8S₂ρ⁻ᴺ/(γBD)."""
    require(np.asarray(N) >= 0, "N", N, "0 or more")
    refuse(gamma=gamma, beta=beta, mu=mu, M=M, sigma2=sigma2, D=D)
    S2 = subgradient_noise(M, sigma2)
    return N * (T_min + 1) + 8 * S2 / (gamma * (beta + mu) * D) * (1 - gamma / 2) ** -N
