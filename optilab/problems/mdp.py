"""Finite Markov decision processes, and a grid world with a goal and a pit."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole


class Transitions(NamedTuple):
    """What was seen: in state s, after action a, reward r and state s′; `over` where s′ ends the episode."""

    s: np.ndarray  # (*batch) of int
    a: np.ndarray  # (*batch) of int
    r: np.ndarray  # (*batch)
    s_next: np.ndarray  # (*batch) of int
    over: np.ndarray  # (*batch) of bool


@dataclass(frozen=True, eq=False)
class MDP:
    """A finite Markov decision process.

    Parameters
    ----------
    P : array (S, A, S)
        P[s, a, s′], the probability of s′ after action a in state s.
    R : array (S, A, S)
        The reward on the way from s to s′ by a.
    terminal : array (S,) of bool
        States in which an episode is over: nothing follows, whatever their rows of `P` and `R` say.
    gamma : float
        Discount, in [0, 1).

    Raises
    ------
    ValueError
        If shapes don't fit, a row of `P` is no distribution, a reward isn't finite, `terminal` isn't of bool or `gamma`
        is outside [0, 1).
    """

    P: np.ndarray
    R: np.ndarray
    terminal: np.ndarray
    gamma: float

    def __post_init__(self) -> None:
        square = self.P.ndim == 3 and self.P.shape[0] == self.P.shape[2]
        require(square, "the shape of P", self.P.shape, "(S, A, S)")
        S, A, _ = self.P.shape
        require(self.R.shape == (S, A, S), "the shape of R", self.R.shape, f"({S}, {A}, {S})")
        require(self.terminal.shape == (S,), "the shape of terminal", self.terminal.shape, f"({S},)")
        require(
            (self.P >= 0).all() and np.allclose(self.P.sum(-1), 1), "P", self.P, "distributions along its last axis"
        )
        require(np.isfinite(self.R), "R", self.R, "finite")
        require(self.terminal.dtype == bool, "the type of terminal", self.terminal.dtype, "bool")
        require(0 <= self.gamma < 1, "gamma", self.gamma, "in [0, 1)")

    @cached_property
    def acting(self) -> np.ndarray:
        """The states in which an action is taken: indices of those that aren't terminal."""
        return np.flatnonzero(~self.terminal)

    @cached_property
    def reward(self) -> np.ndarray:
        """Expected reward r(s, a), (S, A), zero in terminal states."""
        return (self.P * self.R).sum(-1) * ~self.terminal[:, None]

    @cached_property
    def cumulative(self) -> np.ndarray:
        """Distribution functions of the next state (S, A, S), by which it is drawn."""
        return self.P.cumsum(-1)

    def backup(self, V: np.ndarray) -> np.ndarray:
        """r(s, a) + γ Σ P(s′|s, a) V(s′): state values (*batch, S) → action values (*batch, S, A)."""
        follows = np.matvec(self.P, (V * ~self.terminal)[..., None, :])
        return self.reward + self.gamma * follows * ~self.terminal[:, None]

    def optimal(self, tolerance: float = 1e-12) -> np.ndarray:
        """Q* (S, A) by value iteration, to within `tolerance` in the largest entry."""
        require(tolerance > 0, "tolerance", tolerance, "positive")
        Q = self.reward
        while True:
            Q, before = self.backup(Q.max(-1)), Q
            if self.gamma * abs(Q - before).max() <= tolerance * (1 - self.gamma):
                return Q

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Transitions:
        """Transitions from states that aren't terminal, state and action drawn uniformly."""
        s = self.acting[rng.integers(len(self.acting), size=size)]
        a = rng.integers(self.P.shape[1], size=size)
        return self.step(rng, s, a)

    def step(self, rng: np.random.Generator, s: np.ndarray, a: np.ndarray) -> Transitions:
        """What follows action a in state s, both (*batch) of int."""
        u = rng.random(size=np.shape(s))[..., None]
        s_next = np.minimum((self.cumulative[s, a] <= u).sum(-1), len(self.P) - 1)
        return Transitions(s, a, self.R[s, a, s_next], s_next, self.terminal[s_next])


MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # up, right, down, left, as (row, column)


def grid_world(
    side: int = 5,
    gamma: float = 0.95,
    goal: tuple[int, int] | None = None,
    pit: tuple[int, int] | None = None,
    slip: float = 0.0,
) -> MDP:
    """A square grid with four moves; a move into the wall stays. Entering the goal gives +1, the pit −1, both end it.

    Parameters
    ----------
    side : int
        States are numbered row by row, side² of them.
    gamma : float
        Discount.
    goal, pit : (row, column), optional
        The last corner and the centre by default, of an even side the cell up and left of it.
    slip : float
        Probability with which the move is one of the four at random instead.

    Returns
    -------
    MDP
        P and R of shape (side², 4, side²).

    Raises
    ------
    ValueError
        If `side` is no integer of 2 or more, a cell lies outside, goal and pit coincide or `slip` is no probability.
    """
    require(whole(side, 2), "side", side, "an integer, 2 or more")
    require(0 <= slip <= 1, "slip", slip, "in [0, 1]")
    goal = (side - 1, side - 1) if goal is None else goal
    pit = ((side - 1) // 2, (side - 1) // 2) if pit is None else pit
    for name, cell in (("goal", goal), ("pit", pit)):
        inside = len(cell) == 2 and all(whole(index) and index < side for index in cell)
        require(inside, name, cell, f"a cell of the {side} × {side} grid")
    require(tuple(goal) != tuple(pit), "pit", pit, f"another cell than the goal {goal}")

    row, column = np.divmod(np.arange(side**2), side)
    moved = np.zeros((side**2, 4, side**2))
    for action, (down, right) in enumerate(MOVES):
        target = np.clip(row + down, 0, side - 1) * side + np.clip(column + right, 0, side - 1)
        moved[np.arange(side**2), action, target] = 1
    P = (1 - slip) * moved + slip * moved.mean(1, keepdims=True)

    terminal, entering = np.zeros(side**2, bool), np.zeros(side**2)
    for (down, right), prize in ((goal, 1.0), (pit, -1.0)):
        terminal[down * side + right] = True
        entering[down * side + right] = prize
    R = np.broadcast_to(entering, P.shape) * ~terminal[:, None, None]
    return MDP(P, R, terminal, gamma)


def random_mdp(seed: int, S: int = 3, A: int = 2, gamma: float = 0.9) -> MDP:
    """A process with transitions drawn evenly from all distributions and rewards of state and action in [−1, 1].

    Raises
    ------
    ValueError
        If the seed is no integer of 0 or more, or the numbers of states and actions none of 1 or more.
    """
    require(whole(seed), "seed", seed, "an integer, 0 or more")
    require(whole(S, 1) and whole(A, 1), "the numbers of states and actions", (S, A), "integers, 1 or more")
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(S), size=(S, A))
    R = np.broadcast_to(rng.uniform(-1, 1, (S, A, 1)), P.shape)
    return MDP(P, R, np.zeros(S, bool), gamma)


def coordinates(side: int) -> np.ndarray:
    """Row and column of each state of a `grid_world`, scaled to [−1, 1]: (side², 2).

    Raises
    ------
    ValueError
        If `side` is no integer of 2 or more.
    """
    require(whole(side, 2), "side", side, "an integer, 2 or more")
    return np.stack(np.divmod(np.arange(side**2), side), -1) * 2 / (side - 1) - 1
