"""Checks of answers about differentiable contact: each says what is wrong, or what a right answer is good for."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from optilab.course.forms import agrees, array, formula, number
from optilab.papers.dojo.algorithm.point_mass import PointMass
from optilab.papers.dojo.experiment.puck import exponent, plans

beta1, kappa = sp.symbols("beta1 kappa", positive=True)
v = sp.Symbol("v", real=True)
psi, mu, m, g, h = sp.symbols("psi mu m g h", positive=True)
EIGHTHS = np.arange(-24, 1) / 8  # log₁₀ κ_g
ROOT = sp.sqrt(kappa**2 + 4 * beta1**2 * v**2)


def understood(answer: Any, name: str, *allowed: sp.Symbol) -> sp.Expr:
    """The answer with its symbols, recognised by name, replaced by ours."""
    expr = formula(answer, name, *allowed)
    strange = sorted(symbol.name for symbol in expr.free_symbols - set(allowed))
    names = ", ".join(symbol.name for symbol in allowed) or "nothing"
    assert not strange, f"{name} may depend on {names} alone, not on {', '.join(strange)}"
    return expr


def check_friction_law(eta1: Any, law: Any, seed: int = 3) -> str:
    """η₁ and the friction impulse b in one dimension, from β ∘ η = κ(1, 0), β = (β₁, b), η = (η₁, v).

    Parameters
    ----------
    eta1, law : SymPy expressions
        In symbols called beta1, v and kappa.
    seed : int
        Of the points at which they are compared.

    Raises
    ------
    AssertionError
        If one is wrong; the message says why.
    """
    eta1 = understood(eta1, "η₁", beta1, v, kappa)
    law = understood(law, "the law", beta1, v, kappa)
    right = (kappa + ROOT) / (2 * beta1)
    negative = "η₁ is the other root of the quadratic: it is negative, and η would lie outside its cone"
    assert not agrees(eta1, (kappa - ROOT) / (2 * beta1), seed), negative
    mixed = "κ and κ/β₁ are mixed up: β₁η₁ + bv = κ gives η₁² − (κ/β₁)η₁ − v² = 0"
    slips = [(kappa + sp.sqrt(kappa**2 + 4 * v**2)) / 2, (kappa / beta1 + sp.sqrt(kappa**2 + 4 * v**2)) / 2]
    slips += [(kappa + ROOT) / 2, (kappa / beta1 + ROOT) / 2]
    assert not any(agrees(eta1, slip, seed) for slip in slips), mixed
    assert agrees(eta1, right, seed), "η₁ doesn't solve β₁η₁ + bv = κ with b = −β₁v/η₁"
    hard = "that is hard friction, −β₁ sign(v): keep κ, the smoothing"
    assert law != -beta1, hard
    assert not agrees(law, -beta1 * sp.sign(v), seed), hard
    assert not agrees(law, beta1 * v / right, seed), "the sign: friction pulls against the motion"
    assert not agrees(law, -beta1 * v / ((kappa - ROOT) / (2 * beta1)), seed), negative
    assert not any(agrees(law, -beta1 * v / slip, seed) for slip in slips), mixed
    assert agrees(law, -beta1 * v / right, seed), "the law isn't −β₁v/η₁ with your η₁"
    return "near rest it is −β₁²v/κ, honey, which is why a gradient comes through stiction at all"


def check_pyramid_law(law: Any, rest: Any, slope: Any, seed: int = 3) -> str:
    """The pyramid's friction in one dimension: b by ψ, v and κ, then ψ and ∂b/∂v at v = 0 by β₁ and κ.

    Parameters
    ----------
    law, rest, slope : SymPy expressions
        In symbols called beta1, v, psi and kappa.
    seed : int
        Of the points at which they are compared.

    Raises
    ------
    AssertionError
        If one is wrong; the message says why.
    """
    law = understood(law, "the law", psi, v, kappa)
    rest, slope = (understood(answer, name, beta1, kappa) for answer, name in ((rest, "ψ at rest"), (slope, "slope")))
    right = -2 * kappa * v / (psi**2 - v**2)
    assert not agrees(law, -right, seed), "the sign: b = β₊ − β₋, and where v > 0 the slack ψ + v of β₊ is the larger"
    assert agrees(law, right, seed), "the law isn't β₊ − β₋ with β₊ = κ/(ψ + v) and β₋ = κ/(ψ − v)"
    assert not agrees(rest, 2 * kappa / beta1, seed), "ψ has a pair too: β₁ − β₊ − β₋ = κ/ψ isn't zero"
    assert not agrees(rest, kappa / beta1, seed), "that is the cone's η₁ at rest; here β₊, β₋ and κ/ψ share β₁"
    assert agrees(rest, 3 * kappa / beta1, seed), "put β₊ = β₋ = κ/ψ at v = 0 into ψ (β₁ − β₊ − β₋) = κ"
    cones = "that is the cone's slope −β₁²/κ: differentiate your law at v = 0 and put your ψ in"
    assert not agrees(slope, -(beta1**2) / kappa, seed), cones
    assert not agrees(slope, 2 * beta1**2 / (9 * kappa), seed), "the sign: friction grows against the motion"
    assert agrees(slope, -2 * beta1**2 / (9 * kappa), seed), "the slope isn't that of your law at v = 0 with your ψ"
    return "at the same κ the pyramid's honey is 4.5 times thinner, which is why a κ says nothing without its cone"


def boundary_step(lam: np.ndarray, d: np.ndarray, tau: float) -> float:
    """min(1, τ · first positive root of (λ₁ + αΔ₁)² = ‖λ₂ + αΔ₂‖²), by the quadratic formula; 1 if there is none."""
    J = np.diag([1.0, *(-np.ones(len(lam) - 1))])
    roots = np.roots([d @ J @ d, 2 * lam @ J @ d, lam @ J @ lam])
    ahead = roots[(np.abs(roots.imag) < 1e-12) & (roots.real > 0)].real
    return min(1.0, tau * ahead.min()) if ahead.size else 1.0


def step_with_mistake(lam: np.ndarray, d: np.ndarray, tau: float, mistake: str) -> float:
    """The step length with one of the mistakes that are easy to make."""
    if mistake == "orthant":
        ratios = -tau * lam[d < 0] / d[d < 0]
        return min([1.0, *ratios[ratios > 0]])
    if mistake == "orthant, all":
        return min([1.0, *(-tau * lam[d < 0] / d[d < 0])])
    if mistake == "tau forgotten":
        return boundary_step(lam, d, 1.0)
    return tau * boundary_step(lam, d, 1.0)


MISTAKES = {
    "orthant": "that is the rule of the orthant, entry by entry; the cone's boundary is λ₁ = ‖(λ₂, λ₃)‖",
    "orthant, all": "that is the rule of the orthant, entry by entry; the cone's boundary is λ₁ = ‖(λ₂, λ₃)‖",
    "tau forgotten": "τ is forgotten: go only the part τ of the way to the boundary",
    "tau last": "where the boundary is further than a full step away the length is 1: τ belongs to the way to the "
    "boundary, not to the 1",
}


def check_soc_step_length(step: Callable[..., float], seed: int = 11) -> str:
    """`step(lam, d, tau)`: the largest α ≤ 1 along d (3,) from lam (3,) that goes at most the part τ to the boundary.

    Tried at 200 random points inside the cone; recognises the `MISTAKES`, and steps that overlook that a direction may
    never leave the cone.

    Raises
    ------
    AssertionError
        If it isn't; the message names the mistake where it is a known one.
    """
    rng = np.random.default_rng(seed)
    b, d = rng.normal(size=(200, 2)), rng.normal(size=(200, 3))
    d[:40, 0] = np.linalg.norm(d[:40, 1:], axis=-1) * rng.uniform(1.05, 2, 40)  # never leave
    lam = np.column_stack([np.linalg.norm(b, axis=-1) + rng.uniform(1e-3, 2, 200), b])
    tau = rng.choice([0.5, 0.95], 200)
    right = np.array([boundary_step(*given) for given in zip(lam, d, tau, strict=True)])
    answers = [
        number(step(start.copy(), along.copy(), part), "the length")
        for start, along, part in zip(lam, d, tau, strict=True)
    ]
    found = np.array(answers)
    if np.allclose(found, right, rtol=0, atol=1e-9):
        return "no iterate reaches a boundary, which is why the solver's matrices stay invertible"
    for mistake, message in MISTAKES.items():
        wrong = np.array([step_with_mistake(*given, mistake) for given in zip(lam, d, tau, strict=True)])
        assert not np.allclose(found, wrong, rtol=0, atol=1e-9), message
    far = right == 1.0
    missed = far & ~(np.abs(found - 1) <= 1e-9)
    i = int(missed.argmax())
    no_crossing = (
        f"from λ = {lam[i].round(3)} along Δ = {d[i].round(3)} a full step stays inside, so the length is 1, not "
        f"{found[i]:.3g}"
    )
    assert not (missed.any() and np.allclose(found[~far], right[~far], rtol=0, atol=1e-9)), no_crossing
    i = int((~(np.abs(found - right) <= 1e-9)).argmax())
    raise AssertionError(
        f"from λ = {lam[i].round(3)} along Δ = {d[i].round(3)} with τ = {tau[i]} "
        f"expected {right[i]:.6f}, got {found[i]:.6f}"
    )


def boundaries(lam: np.ndarray, d: np.ndarray, mu: float) -> tuple[float, float]:
    """The ends of the α with ‖b‖ ≤ μγ at (γ, b) = lam + α d: the roots of a quadratic next to 0, or ∓∞."""
    J = np.diag([mu**2, -1.0, -1.0])
    roots = np.roots([d @ J @ d, 2 * lam @ J @ d, lam @ J @ lam])
    real = roots[np.abs(roots.imag) < 1e-12].real
    return real[real < 0].max(initial=-np.inf), real[real > 0].min(initial=np.inf)


def cone_slips(lam: np.ndarray, d: np.ndarray, mu: float) -> dict[str, tuple[float, float]]:
    """What the mistakes that are easy to make give for `boundaries`, by what is said of them."""
    J = np.diag([mu**2, -1.0, -1.0])
    roots = np.roots([d @ J @ d, 2 * lam @ J @ d, lam @ J @ lam]).real
    low, high = boundaries(lam, d, mu)
    one = "μ is forgotten: the cone is ‖b‖ ≤ μγ, as wide as the friction is strong"
    return {
        one: boundaries(lam, d, 1.0),
        "the cone is ‖b‖ ≤ μγ; yours is γ ≤ μ‖b‖, or μ‖b‖ ≤ γ": boundaries(lam, d, 1 / mu),
        "the roots aren't always on both sides of 0: the far one of two on one side belongs to the cone's mirror "
        "image below": (roots.min(), roots.max()),
        "where the line never leaves the cone that end is −inf or inf, not 0": (
            low if np.isfinite(low) else 0.0,
            high if np.isfinite(high) else 0.0,
        ),
    }


def check_cone_interval(interval: Callable[..., Any], seed: int = 11) -> str:
    """`interval(lam, d, mu)`: the two ends of all α, negative ones too, with lam + α d in ‖b‖ ≤ μγ, ∓∞ where none.

    Tried at 200 random points (γ, b_x, b_y) inside the cone.

    Raises
    ------
    AssertionError
        If it isn't; the message names the mistake where it is a known one.
    """
    rng = np.random.default_rng(seed)
    mu, b, d = rng.uniform(0.2, 0.8, 200), rng.normal(size=(200, 2)), rng.normal(size=(200, 3))
    d[:40, 0] = np.linalg.norm(d[:40, 1:], axis=-1) / mu[:40] * rng.uniform(1.05, 2, 40) * rng.choice([-1, 1], 40)
    lam = np.column_stack([np.linalg.norm(b, axis=-1) / mu + rng.uniform(1e-3, 2, 200), b])
    cases = list(zip(lam, d, mu.tolist(), strict=True))
    right = np.array([boundaries(*case) for case in cases])
    answers = []
    for point, along, friction in cases:
        answer = interval(point.copy(), along.copy(), friction)
        ends = array(answer, "the two ends")
        assert ends.shape == (2,), f"return two real numbers, the lower and the upper end, not {answer!r}"
        answers.append(ends)
    found = np.array(answers)

    def near(other: np.ndarray) -> np.ndarray:
        return np.isclose(found, other, rtol=1e-7, atol=1e-7)

    if near(right).all():
        return "the way ahead bounds the solver's step, and the way back says how close to its boundary it already is"
    slips = [cone_slips(*case) for case in cases]
    for message in slips[0]:
        assert not near(np.array([slip[message] for slip in slips])).all(), message
    swapped = "the lower end comes first"
    assert not near(right[:, ::-1]).all(), swapped
    i = int((~near(right).all(-1)).argmax())
    raise AssertionError(
        f"from {lam[i].round(3)} along {d[i].round(3)} with μ = {mu[i]:.3f} expected "
        f"{right[i].round(6).tolist()}, got {found[i].round(6).tolist()}"
    )


def check_friction_gradient(gradient: Callable[..., np.ndarray], seed: int | None = None) -> str:
    """`gradient(v, v_free, m, mu, gamma, kappa)`: ∂v/∂μ (2,) at the root v of m(v − v_free) = b(v), with β₁ = μγ.

    Held against central differences of whole steps: one that slides and one that sticks, or ten random ones by `seed`.

    Raises
    ------
    AssertionError
        If it isn't; the message names the mistake where it is a known one.
    """
    if seed is None:
        cases = [
            (1.3, 0.05, 0.4, np.array([1.0, 0.5]), 1e-3),
            (1.3, 0.05, 0.4, np.array([0.5 * 0.4 * 9.81 * 0.05, 0]), 1e-3),
        ]
    else:
        rng = np.random.default_rng(seed)
        cases = [
            (rng.uniform(0.5, 2), 0.05, rng.uniform(0.2, 0.8), rng.normal(size=2) * 10 ** rng.uniform(-1.5, 0), 1e-3)
            for _ in range(10)
        ]
    for mass, step, friction, free, smooth in cases:

        def after(mu: float, mass=mass, step=step, free=free, smooth=smooth) -> np.ndarray:
            ball = PointMass(m=mass, mu=mu, h=step)
            return ball.step(ball.at_rest(smooth), np.append(mass * free, 0.0), smooth).z[3:5]

        root, gamma = after(friction), mass * 9.81 * step
        right = (after(friction + 1e-5) - after(friction - 1e-5)) / 2e-5
        found = array(gradient(root.copy(), free.copy(), mass, friction, gamma, smooth), "∂v/∂μ")
        assert found.shape == (2,), f"return the two derivatives as an array (2,), not shape {found.shape}"
        if np.allclose(found, right, rtol=1e-5, atol=1e-6):
            continue
        along = root / np.linalg.norm(root)
        hard = -gamma / mass * along
        implicit = "the sign: (∂r/∂v) dv = −(∂r/∂μ) dμ"
        assert not np.allclose(found, -right, rtol=1e-5, atol=1e-6), implicit
        assert not np.allclose(found, right / gamma, rtol=1e-5, atol=1e-6), "the chain rule: β₁ = μγ gives a factor γ"
        explicit = "that is the derivative of hard friction −μγ v/‖v‖, which neither knows κ nor that v depends on μ"
        S = np.sqrt(smooth**2 + 4 * (friction * gamma) ** 2 * (root @ root))
        partial = -2 * friction * gamma**2 * root / S / mass
        frozen = "v is held fixed in b(v, μ): differentiate m(v − v_free) − b(v, μ) = 0 as a whole and solve for ∂v/∂μ"
        assert not np.allclose(found, partial, rtol=1e-9, atol=0), frozen
        assert not np.allclose(found, hard, rtol=1e-3, atol=1e-6), explicit
        raise AssertionError(f"at v = {root}, v_free = {free} expected {right}, got {found}")
    return "it is the sensitivity that Gauss–Newton needs, which is how friction is read from a path"


@cache
def measured_thresholds(distance: tuple[float, ...], mu: float) -> tuple[float, ...]:
    """Smallest log₁₀ κ_g of `EIGHTHS` that works for goals that far along x; remembered, as answers come often."""
    goals = np.outer(distance, [1.0, 0.0])
    cost = plans(mu, 10 ** EIGHTHS[:, None] * np.ones(len(distance)), goals).cost
    works = cost[-1] < cost[0] / 2
    assert works.any(0).all(), f"no κ_g frees the puck for one of the distances {distance}"
    return tuple(EIGHTHS[works.argmax(0)])


def check_thresholds(
    log_kappa: np.ndarray, power: float, distance: tuple[float, ...] = (0.5, 0.8, 1.2, 1.6), mu: float = 0.4
) -> str:
    """Smallest log₁₀ κ_g on eighths of decades with which iLQR from zero force gets away, and its power of distance.

    Measured anew here for goals at `distance` (m) and friction `mu`.

    Raises
    ------
    AssertionError
        If a threshold is more than 0.15 off, or the power isn't that of the thresholds; the message says why.
    """
    log_kappa, power = array(log_kappa, "the thresholds"), number(power, "the power")
    shape = f"one threshold for each of the distances {distance}, not shape {log_kappa.shape}"
    assert log_kappa.shape == (len(distance),), shape
    as_kappa = "give log₁₀ κ_g, not κ_g itself"
    assert not (log_kappa > 0).all(), as_kappa
    any_small = "−3 for every distance is what runs show whose first guess slides already: start from zero force"
    assert not (np.abs(log_kappa + 3) <= 0.1).all(), any_small
    right = np.array(measured_thresholds(tuple(distance), float(mu)))
    natural = "those are natural logarithms"
    assert not (np.abs(log_kappa / np.log(10) - right) <= 0.15).all(), natural
    off = ~(np.abs(log_kappa - right) <= 0.15)  # written so that NaN is off
    i = int(off.argmax())
    assert not off.any(), f"for a goal {distance[i]} m away the smallest that works is not 10^{log_kappa[i]:g}"
    assert np.isfinite(power), f"give the power as one number, not {power}"
    constant = "a power near 0 would mean that the same κ_g does for every distance"
    assert abs(power) > 0.3, constant
    upside = "the power is negative: the further the goal, the stronger the first push, and the harder κ_g may be"
    assert power < 0, upside
    fitted = exponent(np.array(distance), log_kappa)
    turned = "that is the slope of log₁₀ distance against log₁₀ κ_g: exchange the axes"
    assert not np.isclose(power, np.polyfit(log_kappa, np.log10(distance), 1)[0], rtol=0, atol=0.005), turned
    bases = "both logarithms have the base 10"
    assert not np.isclose(power, fitted / np.log(10), rtol=0, atol=0.005), bases
    line = f"the line through your thresholds against log₁₀ of the distance has the slope {fitted:.2f}, not {power:.2f}"
    assert abs(power - fitted) <= 0.02, line
    return "the first push grows with the distance, so a far goal forgives gradients that leave a near one stuck"


def check_softness(damping: Any, factor: Any, seed: int = 5) -> str:
    """What the pyramid leaves of a gradient at rest, ∂v⁺/∂v_free, and its κ over the cone's that leaves as much.

    Parameters
    ----------
    damping, factor : SymPy expressions
        In symbols called mu, m, g, h and kappa.
    seed : int
        Of the points at which they are compared.

    Raises
    ------
    AssertionError
        If one is wrong; the message says why.
    """
    damping = understood(damping, "the damping", mu, m, g, h, kappa)
    factor = understood(factor, "the factor")
    x = m * (mu * g * h) ** 2 / kappa
    thin = sp.Rational(2, 9) * x
    assert damping != 0, "hard friction damps gradients to 0; at κ > 0 a little comes through"
    assert kappa in damping.free_symbols, "the damping depends on κ: friction's slope at rest does"
    inverse = "that is what the gradient is divided by: the factor is its inverse"
    assert not agrees(damping, 1 + thin, seed), inverse
    approximate = "that is the factor for κ → 0 only: don't forget the 1 that inertia gives"
    assert not agrees(damping, 1 / thin, seed), approximate
    cones = "that is the cone's damping: take the pyramid's slope of task 1"
    assert not agrees(damping, 1 / (1 + x), seed), cones
    forgotten = "β₁ = μγ with γ = mgh at rest, and friction's slope at rest is divided by the mass m"
    assert agrees(damping, 1 / (1 + thin), seed), forgotten
    upside = "that is the cone's κ over the pyramid's: the thinner honey needs the smaller κ"
    assert not agrees(factor, sp.Rational(9, 2), seed), upside
    assert agrees(factor, sp.Rational(2, 9), seed), "set both dampings equal: κ enters them by slope times κ alone"
    return "a pyramid is as soft at 2κ/9 as the cone at κ, so compare engines by their dampings, never by their κ"
