"""The check of the first exercise: it says what is wrong, not only that something is."""

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np

from optilab.classics.heavy_ball import heavy_ball
from optilab.problems.quadratic import Quadratic


def check_step(step: Callable[..., Any]) -> str:
    """Check one heavy-ball update `step(problem, x, x_before, alpha, beta) → x⁺` on a random quadratic.

    Recognises Nesterov's step (the gradient taken after the momentum), a gradient added instead of subtracted,
    momentum backwards, and an `x` changed in place.
    """
    rng = np.random.default_rng()
    problem = Quadratic(np.diag(rng.uniform(1, 5, size=3)), rng.normal(size=3))
    alpha, beta = 0.1, 0.7
    states = islice(heavy_ball(problem, rng.normal(size=3), alpha=alpha, beta=beta), 3)
    before, now, after = (state.x for state in states)
    given = now.copy()
    answer = np.asarray(step(problem, given, before.copy(), alpha, beta))
    momentum, gradient = beta * (now - before), problem.grad(now)
    assert np.array_equal(given, now), "the step changed x itself: return a new array, x = x + … instead of x += …"
    assert answer.shape == now.shape, f"expected an array of shape {now.shape}, got shape {answer.shape}"
    ahead = now + momentum
    mistakes = {
        "that is Nesterov's step: heavy ball takes the gradient at x, before the momentum": ahead
        - alpha * problem.grad(ahead),
        "the gradient points uphill: subtract it": ahead + alpha * gradient,
        "the momentum goes backwards: it is x − x_before, not x_before − x": now - momentum - alpha * gradient,
        "the momentum is missing: add beta times the last displacement x − x_before": now - alpha * gradient,
    }
    for message, mistaken in mistakes.items():
        assert not np.allclose(answer, mistaken), message
    assert np.allclose(answer, after), f"expected {after}, got {answer}: check alpha, beta and the signs"
    return "one more term, and no more gradients than before: all that momentum buys comes from remembering"
