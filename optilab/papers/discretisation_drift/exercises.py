"""Checks for the assignment on discretisation drift: each says what is wrong, not only that something is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef

from optilab.classics.gradient_descent import gradient_descent
from optilab.core.run import run
from optilab.course.forms import agrees, array, cancelled, formula, number
from optilab.papers.discretisation_drift.algorithm.coefficients import alpha_pf
from optilab.papers.discretisation_drift.algorithm.flows import along_modes
from optilab.papers.discretisation_drift.algorithm.games import alternating, follow_players, simultaneous
from optilab.papers.discretisation_drift.algorithm.integration import LIMIT, integrate_flow
from optilab.papers.discretisation_drift.experiment.edge import regression
from optilab.papers.discretisation_drift.experiment.flows import VALLEY
from optilab.problems.games import DiracGAN, FormulaGame

Field = Callable[[np.ndarray], np.ndarray]
LOOK = sp.Rational(1, 8)  # of a step, by which the method of the assignment looks ahead
RATES = np.arange(1, 17) * 0.05  # the grid of learning rates 0.05, 0.10, …, 0.80


def check_backward_error(f1: sp.Expr, f2: sp.Expr) -> str:
    """Check the corrections of ẋ = −E' + h f₁ + h² f₂ in one dimension, written with E = Function("E")(x).

    Recognises f₁ with its sign flipped (the drift of implicit Euler), powers of h left in, and f₂ without its term in
    E''' or with 1/6 in place of 1/12; any expression equal to the right one passes.
    """
    first, second, third = slopes()
    one, two = canonical(f1, "f1"), canonical(f2, "f2")
    assert not agrees(one, second * first / 2), (
        "f1 has the wrong sign: +½E''E' is the drift of implicit Euler, x⁺ = x − hE'(x⁺)"
    )
    assert agrees(one, -second * first / 2), f"f1 should cancel the h² term of the flow, ½E''E'; got {f1}"
    powers, bend = -(second**2) * first / 3, third * first**2
    assert not agrees(two, powers), "f2 lacks its term in E''': differentiate (E''E') along the flow once more"
    assert not agrees(two, powers - bend / 6), "f2 has 1/6 at E'''E'² where it should be 1/12: f₁ contributes too"
    assert agrees(two, powers - bend / 12), f"f2 should cancel the h³ terms that f₁ and the flow leave; got {f2}"
    return "−½E''E' = −¼(E'²)' is why long steps prefer flat places, and −⅓E''²E' belongs to the principal flow."


def check_look_ahead(f1: sp.Expr, f2: sp.Expr) -> str:
    """Check the same two corrections for the step that looks ahead, x⁺ = x − hE'(x − (h/8)E'(x)).

    Recognises the corrections of gradient descent, the look ahead with its sign flipped, powers of h left in, and f₂
    without its term in E''' or without what the curvature of E' adds to it over the look ahead.
    """
    first, second, third = slopes()
    one, two = canonical(f1, "f1"), canonical(f2, "f2")
    assert not agrees(one, -second * first / 2), "f1 is that of gradient descent: the look ahead adds E''E'/8 to it"
    assert not agrees(one, -(sp.Rational(1, 2) + LOOK) * second * first), (
        "f1 has the look ahead with the wrong sign: E'(x − (h/8)E') = E' − (h/8)E''E' + …, and the step subtracts it"
    )
    assert agrees(one, (LOOK - sp.Rational(1, 2)) * second * first), (
        f"f1 should make the h² terms of the step and of the flow equal; got {f1}"
    )
    powers, bend = (LOOK - sp.Rational(1, 3)) * second**2 * first, third * first**2
    straight = LOOK / 2 - sp.Rational(1, 12)
    assert not agrees(two, powers), "f2 lacks its term in E''': differentiate (E''E') along the flow once more"
    assert not agrees(two, powers + straight * bend), "f2 takes E' as straight over the look ahead: expand it to (h/8)²"
    assert agrees(two, powers + (straight - LOOK**2 / 2) * bend), (
        f"f2 should make the h³ terms of the step and of the flow equal; got {f2}"
    )
    return "the look ahead takes a quarter of the drift away: this step prefers flat places three quarters as much."


def slopes() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """E', E'' and E''' of the loss E(x)."""
    x = sp.Symbol("x")
    first, second, third = (sp.Function("E")(x).diff(x, order) for order in (1, 2, 3))
    return first, second, third


def canonical(expr: sp.Expr, name: str) -> sp.Expr:
    """The expression in E(x), whatever its loss and its variable are called."""
    expr = formula(expr, name)
    losses = {loss for loss in expr.atoms(AppliedUndef) if len(loss.args) == 1 and loss.args[0].is_Symbol}
    assert len(losses) == 1, f"write {name} with one loss E = sympy.Function('E')(x) and its derivatives, got {expr}"
    argument = losses.pop().args[0]
    expr = cancelled(expr, argument)
    extra = expr.free_symbols - {argument}
    assert not extra, f"{name} is a coefficient: leave h and other symbols out, got {sorted(map(str, extra))}"
    renamed = expr.replace(lambda e: isinstance(e, AppliedUndef), lambda _: sp.Function("E")(argument))
    return renamed.subs(argument, sp.Symbol("x"))


def coefficient(z: np.ndarray, look: float, branch: str = "rotated") -> np.ndarray:
    """log(1 − z + look z²)/z: α of the flow that is exact on quadratics, of a step that looks ahead by `look` steps."""
    return alpha_pf(z - look * z**2, branch) * (1 - look * z)


def check_principal_flow_field(principal_flow_field: Callable[..., Field], seed: int = 1, look: float = 0.0) -> str:
    """Check `principal_flow_field(grad, hess, h) → field`, field: θ (D,) → complex (D,), on problems drawn by `seed`.

    With `look` it has to follow θ⁺ = θ − h g(θ − look h g(θ)) in place of gradient descent. Recognises a real
    logarithm (or `abs` inside it), eigenvectors not transposed back, a division by λ = 0, NumPy's principal branch of
    the logarithm, `eigh` or a conjugate at complex θ, and gradient descent's own coefficient where it looks ahead.
    """

    def student(grad: Field, hess: Field, h: float) -> Field:
        field = principal_flow_field(grad, hess, h)
        return lambda theta: array(field(theta.copy()), "the field", complex)

    real, long, bent = np.random.default_rng(seed).spawn(3)
    check_at_real(student, real, look)
    check_on_quadratics(student, long, look)
    check_at_complex(student, bent, look)
    check_branch(student, look)
    return "your flow is where the steps are on every quadratic, below the edge and above it: it knows the zigzag."


def quadratic(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A dense symmetric 4×4 matrix with eigenvalues on both sides of 1, away from it, and a start."""
    U = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    lam = np.concatenate([rng.uniform(0.1, 0.9, 2), rng.uniform(1.1, 2.7, 2)])
    return (U * lam) @ U.T, rng.normal(size=4)


def check_at_real(student: Callable[..., Field], rng: np.random.Generator, look: float) -> None:
    """Compare single values of the field at real θ with the right and the well-known wrong ones."""
    H, theta = quadratic(rng)
    flat = student(lambda t: t, lambda t: np.zeros((4, 4)), 1.0)(theta)
    assert np.allclose(flat, -theta), (
        f"where λ → 0 the coefficient tends to −1, so the field to −g = {-theta}; got {flat}"
    )
    lam, U = np.linalg.eigh(H)
    g = H @ theta
    alpha = coefficient(lam, look)
    answer = student(lambda t: H @ t, lambda t: H, 1.0)(theta)
    assert answer.shape == (4,), f"the field at θ of shape (4,) must have shape (4,), got {answer.shape}"
    assert not np.allclose(answer, U @ (alpha.real * (U.T @ g))), (
        "the logarithm is real: where a step changes sides it is log|factor| + iπ; take neither abs nor the real part"
    )
    assert not look or not np.allclose(answer, U @ (alpha_pf(lam) * (U.T @ g))), (
        "this is gradient descent's flow: a step that looks ahead multiplies a mode by another factor than 1 − hλ"
    )
    for wrong in (alpha * (U.T @ g), U.T @ (alpha * (U @ g)), U @ (alpha * (U @ g)), U.T @ (alpha * (U.T @ g))):
        assert not np.allclose(answer, wrong), (
            "the eigenvectors are not used right: go to their coordinates with Uᵀg and come back with U"
        )
    right = U @ (alpha * (U.T @ g))
    assert not np.allclose(answer, right.conj()), "the logarithm of a negative number is taken as −iπ here, not +iπ"
    assert np.allclose(answer, right), f"at a dense quadratic with hλ = {lam.round(2)} expected {right}, got {answer}"


def check_on_quadratics(student: Callable[..., Field], rng: np.random.Generator, look: float) -> None:
    """On three quadratics the flow must be where the method is after five steps: an odd number shows the sign."""
    for _ in range(3):
        H, theta = quadratic(rng)
        h = rng.uniform(0.5, 2.0)
        H = H / h
        end = integrate_flow(student(lambda t, H=H: H @ t, lambda t, H=H: H, h), theta, 5 * h, 500)
        reached = np.linalg.matrix_power(np.eye(4) - h * H + look * h**2 * H @ H, 5) @ theta
        assert np.allclose(end, reached, rtol=0, atol=1e-6), (
            f"five steps on a quadratic: the method is at {reached}, the flow at {end} "
            "(check that the coefficient is log(factor of a step)/(hλ) and nothing is rounded to real numbers)"
        )


def check_at_complex(student: Callable[..., Field], rng: np.random.Generator, look: float) -> None:
    """Compare the field at a complex θ of a curved valley, near a point where the principal logarithm has flipped."""
    theta, h = np.array([-0.6 - 0.05j, 0.9 + 0.03j]) * (1 + rng.uniform(0, 0.05)), 0.2
    answer = student(VALLEY.grad, VALLEY.hess, h)(theta)
    assert answer.imag.any(), f"the field must be complex where θ is, got {answer}"
    H, g = VALLEY.hess(theta), VALLEY.grad(theta)
    lam, U = np.linalg.eigh(H)
    for back in (U.T, U.conj().T):
        assert not np.allclose(answer, U @ (coefficient(h * lam, look) * (back @ g))), (
            "eigh takes the Hessian for Hermitian, but at complex θ it is complex symmetric: "
            "use numpy.linalg.eig and solve with V, without a conjugate"
        )
    lam, V = np.linalg.eig(H)
    assert not np.allclose(answer, V @ (coefficient(h * lam, look) * (V.conj().T @ g))), (
        "at complex θ the eigenvectors are not unitary: solve V c = g for the coordinates of g, don't conjugate"
    )
    right, principal = (
        along_modes(H, g, partial(coefficient, look=look, branch=branch), np.asarray(h))
        for branch in ("rotated", "principal")
    )
    assert not np.allclose(answer, principal), BRANCH
    assert np.allclose(answer, right), f"at θ = {theta} and h = {h} expected {right}, got {answer}"


BRANCH = (
    "the principal logarithm jumps between +iπ and −iπ where its argument is nearly negative: turn its cut away, "
    "log(−iw) + iπ/2"
)


def check_branch(student: Callable[..., Field], look: float) -> None:
    """One step on a cubic, during which the principal logarithm flips."""
    field = student(lambda t: 1.9 * t + 0.1 * t**2, lambda t: (1.9 + 0.2 * t).reshape(1, 1), 1.0)
    end = integrate_flow(field, np.array([0.3]), 1.0, 400)[0]
    ahead = 0.3 - look * (1.9 * 0.3 + 0.1 * 0.3**2)
    step = 0.3 - (1.9 * ahead + 0.1 * ahead**2)
    assert abs(end - step) < 0.05, f"from 0.3 the method steps to {step:.3f}, the flow ends at {end:.3f}: {BRANCH}"


@cache
def finite_rates(seed: int) -> np.ndarray:
    """Which rates of the grid stay finite for 3000 steps of gradient descent on the regression: (16,) bool.

    Remembered: an answer is often checked more than once.
    """
    problem, starts = regression([seed])
    trace = run(gradient_descent(problem, starts, alpha=RATES), 3000, every=100, limit=LIMIT)
    return ~np.isfinite(trace.diverged)


def check_largest_rate(h: float, seed: int) -> str:
    """Check the largest rate of the grid that stays finite for 3000 steps together with all smaller ones.

    One grid step to either side passes. Recognises the largest finite rate where a smaller one diverged, and a value
    that is not on the grid.
    """
    h = number(h, "h")
    assert np.isclose(RATES, h).any(), f"h must be one of the grid 0.05, 0.10, …, 0.80, got {h}"
    finite = finite_rates(seed)
    largest = RATES[: finite.size if finite.all() else finite.argmin()][-1]
    if abs(h - largest) < 0.051:
        return f"seed {seed} trains up to h = {largest:.2f}: beyond it 2/h is too far below the sharpness at the start."
    assert not np.isclose(h, RATES[finite][-1]), (
        f"{h:.2f} stays finite, but a smaller rate diverges: stop below that one"
    )
    side = "diverges, or a smaller rate does" if h > largest else "is not the largest"
    raise AssertionError(f"h = {h:.2f} {side} for seed {seed}: look at the norm of θ along 3000 steps, rate by rate")


def check_interpretation(
    plateau: float, unstable: Callable[[float, float, float], bool], seed: int | None = None
) -> str:
    """Check the sharpness at which training at h = 0.3 levels off, and when DAL-p is unstable.

    Parameters
    ----------
    plateau : float
        Sharpness λ₀ after some 2500 steps; 5 % off 2/h passes.
    unstable : function (lam0, v, p) → bool, asked for p from 0 to 1
        Whether DAL-p throws an iterate out of a minimum of sharpness lam0 once the gradient is aligned with the
        steepest direction; v = ‖H g‖/‖g‖ ≤ lam0 is the present value and need not be used.
    seed : int, optional
        Ask about sharpnesses drawn by it instead of 0.5 and 4.

    Notes
    -----
    Recognises hλ₀/2 or 1/h in place of λ₀; "whenever 2/vᵖ > 2/λ₀", which is true of DAL with p = 1 as well; and
    conditions that forget λ₀ > 1 or p < 1.
    """
    plateau, edge = number(plateau, "the plateau"), 2 / 0.3
    assert abs(plateau - 1) > 0.1, "that is h λ₀/2: give the sharpness λ₀ itself"
    assert abs(plateau / edge - 0.5) > 0.05, (
        "1/h is where the oscillation starts; the plateau is where it stops decaying"
    )
    assert abs(plateau / edge - 1) <= 0.05, f"the sharpness levels off near 2/h = {edge:.3f} at h = 0.3, got {plateau}"
    flat, sharp = (0.5, 4.0) if seed is None else np.random.default_rng(seed).uniform([0.2, 2.0], [0.8, 6.0])
    cases = [(lam0, share * lam0, p) for lam0 in (flat, sharp) for share in (0.3, 1.0) for p in (0.25, 0.5, 1.0)]
    answers = np.array([bool(unstable(*case)) for case in cases])
    lam0, v, p = np.array(cases).T
    assert not np.array_equal(answers, 2 / v**p > 2 / lam0), (
        "2/vᵖ > 2/λ₀ holds for DAL with p = 1 too, whenever g is not aligned with u₀, and that does not fail: "
        "the overshoot turns g towards u₀, where v = λ₀. Ask what the step is there."
    )
    assert not np.array_equal(answers, p < 1), "at λ₀ < 1 the aligned step 2/λ₀ᵖ with p < 1 is below 2/λ₀, not above"
    assert not np.array_equal(answers, lam0 > 1), "at p = 1 the aligned step is 2/λ₀, neither above nor below the edge"
    for case, given, right in zip(cases, answers, lam0**p < lam0, strict=True):
        assert given == right, (
            f"λ₀ = {case[0]:.3g}, v = {case[1]:.2f}, p = {case[2]}: you say {'un' if given else ''}stable, but the "
            f"aligned step 2/λ₀ᵖ = {2 / case[0] ** case[2]:.3g} against 2/λ₀ = {2 / case[0]:.3g} says the opposite"
        )
    return "2/h is where an oscillation stops decaying, and p < 1 steps beyond it as soon as the minimum is steep."


def check_modified_game(modified_game: Callable[..., Any]) -> str:
    """`modified_game(f, g, jac, a, b, mode)` → (φ̇, θ̇), the modified flow in the clock of each player.

    f (m,) and g (n,) are the velocities at a point, jac = (∂f/∂φ, ∂f/∂θ, ∂g/∂φ, ∂g/∂θ) their Jacobians there, a and b
    the rates of the two players and mode "sim" or "alt". One update with rates a and b must follow the flow, φ read
    at time a and θ at time b, up to an error of third order in the rates.

    Raises
    ------
    AssertionError
        Says which player is wrong in which mode and, where it is a mistake that has a name, what it is.
    """
    dirac = DiracGAN(), np.array([1.0]), np.array([0.6])
    losses = "sin(x1*y2) + x2**2*y1 - x1*x2*y3", "x1**2*y1 + cos(x2*y2)*y1 + x1*y3*y2"
    tangled = FormulaGame(*losses, "x1, x2", "y1, y2, y3"), np.array([0.5, -0.4]), np.array([0.3, 0.7, -0.6])
    h = 0.2 / 2.0 ** np.arange(4)
    for mode, method in (("sim", simultaneous), ("alt", alternating)):
        for game, phi, theta in (dirac, tangled):
            flow = ModifiedGame(modified_game, game, 0.0, 0.0, mode)
            f, g, jac = flow.at(phi, theta)
            answer = modified_game(f, g, jac, 0.2, 0.12, mode)
            shapes = [np.shape(velocity) for velocity in answer] if isinstance(answer, tuple | list) else []
            assert shapes == [phi.shape, theta.shape], (
                f"return the pair (φ̇, θ̇), here of shapes {phi.shape} and {theta.shape}"
            )
            errors = []
            for a in h:
                b = 0.6 * a
                states = method(game, phi, theta, a=a, b=b)
                next(states)
                updated, flow = next(states), ModifiedGame(modified_game, game, a, b, mode)
                ends = follow_players(flow, phi, theta, a, 5).phi, follow_players(flow, phi, theta, b, 5).theta
                errors.append([np.linalg.norm(updated.phi - ends[0]), np.linalg.norm(updated.theta - ends[1])])
            falls = np.diff(np.log2(np.maximum(errors, 1e-15)), axis=0).mean(0) * -1
            for player, name in enumerate(("φ̇", "θ̇")):
                assert falls[player] > 2.8, (
                    f"{name} in mode {mode!r}: the error of one update should fall with slope 3 in the rates, "
                    f"yours falls with slope {falls[player]:.2f}. {mistake(modified_game, mode)}"
                )
    return "both players' terms are right in both modes: you can now cancel the one that stirs them up."


@dataclass(frozen=True)
class ModifiedGame:
    """The velocities that a student's `modified_game` gives in a game."""

    answer: Callable[..., Any]
    game: Any
    a: float
    b: float
    mode: str

    def at(self, phi: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
        """f, g and the four Jacobians at a point."""
        game, m, n = self.game, np.eye(len(phi)), np.eye(len(theta))
        columns = (
            game.f_phi(phi, theta, m),
            game.f_theta(phi, theta, n),
            game.g_phi(phi, theta, m),
            game.g_theta(phi, theta, n),
        )
        return game.f(phi, theta), game.g(phi, theta), tuple(column.T for column in columns)

    def f(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """φ̇."""
        return self.answer(*self.at(phi, theta), self.a, self.b, self.mode)[0]

    def g(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """θ̇."""
        return self.answer(*self.at(phi, theta), self.a, self.b, self.mode)[1]


def mistake(modified_game: Callable[..., Any], mode: str) -> str:
    """What is wrong with a `modified_game`, if it is one of the mistakes that have a name."""
    f, g, f_phi, f_theta, g_phi, g_theta = 0.7, -0.4, 0.3, 1.1, -0.9, 0.5
    a, b = 0.2, 0.12
    jac = tuple(np.array([[entry]]) for entry in (f_phi, f_theta, g_phi, g_theta))
    phi, theta = (velocity.item() for velocity in modified_game(np.array([f]), np.array([g]), jac, a, b, mode))

    def second(rate: float, factor: float) -> float:
        return g - rate / 2 * factor * g_phi * f - b / 2 * g_theta * g

    if mode == "alt" and np.isclose(theta, second(b, 1.0)):
        return "The second player sees the first player's new point: its interaction term has another coefficient."
    if mode == "alt" and np.isclose(theta, second(b, 1 - 2 * b / a)):
        return "The factor of the second player's interaction term is 1 − 2a/b, not 1 − 2b/a."
    factor = 1 - 2 * a / b if mode == "alt" else 1.0
    if np.isclose(phi, f - a / 2 * f_phi * f - b / 2 * f_theta * g) or np.isclose(theta, second(a, factor)):
        return "Both terms of a player are multiplied by half of its own rate: its clock runs at that rate."
    return "Compare the two terms of each player, self and interaction, with the expansion of one update."
