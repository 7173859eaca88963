"""A finite decision process steered by a table of logits: everything about it can be computed exactly.

    π(a|s) = exp(θ[s, a]) / Σ_b exp(θ[s, b])

In the block of the visited state ∇log π(a|s) = e_a − π and ∇²log π u = −π∘u + π(π·u), whatever the action.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import as_annotated, require
from optilab.problems.episodes import Array, Episodes, Trajectory, check_episodes
from optilab.problems.mdp import MDP

SCORE, CURVATURE, SKEW = np.sqrt(2), 0.5, np.sqrt(2 / 27)  # the largest ‖∇log π‖, ‖∇²log π‖, ‖∇³log π‖ there can be
LARGEST = 100_000  # trajectories that are enumerated at most


@dataclass(frozen=True, eq=False)
class SoftmaxMDP(Episodes):
    """A decision process and a horizon; θ is the table of logits, row after row.

    Parameters
    ----------
    mdp : MDP
        The process; its reward is the expected one of state and action, a terminal state is never left.
    rho : array (S,)
        Distribution of the first state.
    H : int
        Steps of a trajectory.
    reference : bool
        Whether the last action of each state keeps the logit 0, so that no direction of θ is without effect.

    Raises
    ------
    ValueError
        If `rho` is no distribution over the states or H is below 1.
    """

    mdp: MDP
    rho: Array
    H: int
    reference: bool = True

    def __post_init__(self) -> None:
        as_annotated(type(self), (), vars(self))
        check_episodes(self.mdp.gamma, self.H)
        object.__setattr__(self, "rho", np.asarray(self.rho, dtype=float))
        S, A = self.mdp.reward.shape
        require(np.shape(self.rho) == (S,), "the shape of rho", np.shape(self.rho), f"({S},)")
        require((self.rho >= 0).all() and np.isclose(self.rho.sum(), 1), "rho", self.rho, "a distribution")
        require(A >= 2 or not self.reference, "the number of actions", A, "2 or more")

    @property
    def gamma(self) -> float:  # type: ignore[override]
        """Discount."""
        return self.mdp.gamma

    @property
    def columns(self) -> int:
        """Free logits of a state."""
        return self.mdp.reward.shape[1] - self.reference

    @property
    def p(self) -> int:
        """Number of logits."""
        return len(self.rho) * self.columns

    @cached_property
    def transition(self) -> Array:
        """P(s′|s, a) with terminal states that are never left: (S, A, S)."""
        stay = np.eye(len(self.rho))[:, None, :]
        return np.where(self.mdp.terminal[:, None, None], stay, self.mdp.P)

    def table(self, theta: Array) -> Array:
        """θ, or a direction of it, as a table with the reference's zeros: (*batch, p) → (*batch, S, A)."""
        theta = self.parameters(theta)
        rows = theta.reshape(*theta.shape[:-1], len(self.rho), self.columns)
        return np.concatenate([rows, np.zeros_like(rows[..., :1])], -1) if self.reference else rows

    def flat(self, table: Array) -> Array:
        """The free entries of a table: (*batch, S, A) → (*batch, p)."""
        free = table[..., : self.columns]
        return free.reshape(*free.shape[:-2], self.p)

    def policy(self, theta: Array) -> Array:
        """π(a|s): (*batch, p) → (*batch, S, A)."""
        logits = self.table(theta)
        weights = np.exp(logits - logits.max(-1, keepdims=True))
        return weights / weights.sum(-1, keepdims=True)

    def __call__(self, theta: Array) -> Array:
        """J_H(θ) by following the distribution of the state: (*batch, p) → (*batch)."""
        pi = self.policy(theta)
        here, value = np.broadcast_to(self.rho, pi.shape[:-1]), np.zeros(pi.shape[:-2])
        for discount in self.discounts:
            taken = here[..., None] * pi
            value = value + discount * (taken * self.mdp.reward).sum((-2, -1))
            here = np.einsum("...sa,sat->...t", taken, self.transition)
        return value

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Array:
        """Uniform numbers (*size, H, 2): what decides about the state and about the action of each step."""
        size = (size,) if isinstance(size, int | np.integer) else tuple(size)
        return rng.random(size=(*size, self.H, 2))

    def rollout(self, theta: Array, noise: Array) -> Trajectory:
        """Trajectories of θ (*batch, p) on noise (*batch, N, H, 2)."""
        chances = self.policy(theta).cumsum(-1)  # (*batch, S, A)
        following = self.transition.cumsum(-1)
        s, a = np.zeros((2, *noise.shape[:-1]), dtype=int)
        for t in range(self.H):
            edges = following[s[..., t - 1], a[..., t - 1]] if t else self.rho.cumsum()
            s[..., t] = _drawn(edges, noise[..., t, 0])
            edges = np.take_along_axis(chances, s[..., t, None], -2)
            a[..., t] = _drawn(edges, noise[..., t, 1])
        return Trajectory(s, a, self.mdp.reward[s, a])

    def log_prob(self, tau: Trajectory, theta: Array) -> Array:
        """Return log π(a_t|s_t): (*batch, N, H)."""
        return self._taken(np.log(self.policy(theta)), tau)

    def slope(self, tau: Trajectory, theta: Array, u: Array) -> Array:
        """u[s, a] − π_s·u_s: (*batch, N, H)."""
        u = self.table(u)
        return self._taken(u - (self.policy(theta) * u).sum(-1, keepdims=True), tau)

    def score(self, tau: Trajectory, theta: Array, c: Array) -> Array:
        """Σ_t c_t (e_a − π_s) in the blocks of the visited states: (*batch, N, p)."""
        visits = self._gathered(tau, c)
        return self.flat(visits - visits.sum(-1, keepdims=True) * self._of_each(self.policy(theta)))

    def curvature(self, tau: Trajectory, theta: Array, c: Array, u: Array) -> Array:
        """Σ_t c_t (−π_s∘u_s + π_s (π_s·u_s)): (*batch, N, p)."""
        pi, u = self.policy(theta), self.table(u)
        bent = -pi * (u - (pi * u).sum(-1, keepdims=True))
        return self.flat(self._gathered(tau, c).sum(-1, keepdims=True) * self._of_each(bent))

    def _of_each(self, table: Array) -> Array:
        """A table of each replicate, ready to meet its trajectories: (*batch, 1, S, A)."""
        return table[..., None, :, :]

    def _taken(self, table: Array, tau: Trajectory) -> Array:
        """The entries of tables (*batch, S, A) that trajectories visit: (*batch, N, H)."""
        flat = table.reshape(*table.shape[:-2], 1, -1)
        index = tau.s * table.shape[-1] + tau.a
        flat = np.broadcast_to(flat, (*index.shape[:-1], flat.shape[-1]))
        return np.take_along_axis(flat, index, -1)

    def _gathered(self, tau: Trajectory, c: Array) -> Array:
        """Σ_t c_t at the visited entries: (*batch, N, H) → (*batch, N, S, A)."""
        S, A = self.mdp.reward.shape
        shape = np.broadcast_shapes(tau.s.shape, c.shape)
        entry = np.broadcast_to(tau.s * A + tau.a, shape).reshape(-1, self.H)
        cell = entry + S * A * np.arange(len(entry))[:, None]
        sums = np.bincount(cell.ravel(), np.broadcast_to(c, shape).ravel(), minlength=S * A * len(entry))
        return sums.reshape(*shape[:-1], S, A)

    # By enumeration, for short horizons

    def all_trajectories(self) -> Trajectory:
        """Every trajectory once, (N, H) with N = (S A)^H.

        Raises
        ------
        ValueError
            If there are more than 100,000.
        """
        S, A = self.mdp.reward.shape
        count = (S * A) ** self.H
        require(count <= LARGEST, "the number of trajectories", count, f"at most {LARGEST}")
        pairs = np.stack(np.unravel_index(np.arange(count), (S * A,) * self.H), -1)
        s, a = np.divmod(pairs, A)
        return Trajectory(s, a, self.mdp.reward[s, a])

    def probability(self, tau: Trajectory, theta: Array) -> Array:
        """How likely trajectories (N, H) are under θ (p,): (N,)."""
        moves = self.transition[tau.s[:, :-1], tau.a[:, :-1], tau.s[:, 1:]].prod(-1)
        return self.rho[tau.s[:, 0]] * moves * np.exp(self.log_prob(tau, theta).sum(-1))

    def enumerated_grad(self, theta: Array) -> Array:
        """∇J_H as the mean of g over all trajectories: (p,) → (p,)."""
        tau = self.all_trajectories()
        return self.probability(tau, theta) @ self.each_g(tau, theta)

    def enumerated_hess(self, theta: Array) -> Array:
        """∇²J_H as the mean of B over all trajectories, column by column: (p,) → (p, p)."""
        tau = self.all_trajectories()
        chance = self.probability(tau, theta)
        return np.stack([chance @ self.each_Bu(tau, theta, unit) for unit in np.eye(self.p)], -1)

    # Without a horizon

    def values(self, theta: Array) -> tuple[Array, Array]:
        """V (S,) and Q (S, A) of the policy θ (p,), without a horizon."""
        pi, reward = self.policy(theta), self.mdp.reward
        P = np.einsum("sa,sat->st", pi, self.transition)
        V = np.linalg.solve(np.eye(len(P)) - self.gamma * P, (pi * reward).sum(-1))
        return V, reward + self.gamma * self.transition @ V

    def occupancy(self, pi: Array) -> Array:
        """d(s) = (1 − γ) Σ_t γ^t P(s_t = s) under π (S, A): (S,)."""
        P = np.einsum("sa,sat->st", pi, self.transition)
        return np.linalg.solve(np.eye(len(P)) - self.gamma * P.T, (1 - self.gamma) * self.rho)

    def scores(self, theta: Array) -> Array:
        """∇log π(a|s) for every s, a: (p,) → (S, A, p)."""
        S, A = self.mdp.reward.shape
        blocks = (np.eye(A) - self.policy(theta)[:, None, :])[..., : self.columns]
        return np.einsum("st,sab->satb", np.eye(S), blocks).reshape(S, A, self.p)

    def fisher(self, theta: Array) -> Array:
        """E ∇log π ∇log πᵀ over states of `occupancy` and actions of θ (p,): (p, p)."""
        pi, scores = self.policy(theta), self.scores(theta)
        return np.einsum("sa,sai,saj->ij", self.occupancy(pi)[:, None] * pi, scores, scores)

    def endless_grad(self, theta: Array) -> Array:
        """∇J without a horizon by the policy gradient theorem: (p,) → (p,)."""
        pi = self.policy(theta)
        V, Q = self.values(theta)
        weight = self.occupancy(pi)[:, None] * pi * (Q - V[:, None]) / (1 - self.gamma)
        return np.einsum("sa,sai->i", weight, self.scores(theta))

    def compatible_error(self, theta: Array) -> Array:
        """ε_bias: what a direction in θ (p,) can't say about advantages, on states and actions of the best policy.

        E (A(s, a) − (1 − γ) w·∇log π)², w = F⁻¹ ∇J, under the occupancy of the greedy policy of Q*.
        """
        V, Q = self.values(theta)
        w = np.linalg.lstsq(self.fisher(theta), self.endless_grad(theta))[0]
        missed = Q - V[:, None] - (1 - self.gamma) * self.scores(theta) @ w
        greedy = np.eye(Q.shape[1])[self.mdp.optimal().argmax(-1)]
        return self.occupancy(greedy) @ (greedy * missed**2).sum(-1)


def _drawn(edges: Array, u: Array) -> Array:
    """Which cell of a distribution function (…, cells) a uniform number falls into."""
    return np.minimum((edges <= u[..., None]).sum(-1), edges.shape[-1] - 1)
