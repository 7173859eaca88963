"""Where the guidance comes from, what a flow's velocity says, how small its loss can be, and what an angle is."""

import sympy as sp

from optilab.core.derive import Derivation

x, m = sp.symbols("x m", real=True)
s, t, gamma, a, b, t_min = sp.symbols("s t gamma a b t_min", positive=True)

VARIANCE = t**2 * s**2 + (1 - t) ** 2
END = m + t * s**2 / VARIANCE * (x - t * m)  # the mean of x₁ at x_t = x
START = (1 - t) / VARIANCE * (x - t * m)  # the mean of x₀ there
SCORE = -(x - t * m) / VARIANCE
LOG_DENSITY = -((x - t * m) ** 2) / (2 * VARIANCE) - sp.log(2 * sp.pi * VARIANCE) / 2


def end_given_now() -> Derivation:
    """Where a sample at x is bound for: the regression of x₁ on x_t, both Gaussian."""
    covariance, variance = sp.symbols("C V", positive=True)
    return (
        Derivation(
            "Where a sample is bound for",
            m + covariance / variance * (x - t * m),
            "x₁ ~ N(m, s²) and x_t = (1 − t)x₀ + t x₁ are jointly Gaussian with means m and tm: the mean of x₁ at a "
            "given x_t = x is a straight line, its slope the covariance C over the variance V of x_t",
        )
        .then(
            "x₀ ~ N(0, 1) is independent of x₁, so C = t s² and V = t²s² + (1 − t)²",
            lambda e: e.subs({covariance: t * s**2, variance: VARIANCE}),
        )
        .equals(
            (t * s**2 * x + (1 - t) ** 2 * m) / VARIANCE,
            "at t = 0 it is m, whatever x, and at t = 1 it is x; in the same way x₀ has the mean (1 − t)(x − tm)/V",
        )
    )


def score() -> Derivation:
    """The slope of the log density of x_t."""
    return (
        Derivation("The score", LOG_DENSITY, "log p_t(x) of x_t ~ N(tm, V)")
        .then("differentiate by x", lambda e: sp.diff(e, x))
        .equals(SCORE, "towards tm, the more the narrower x_t is spread")
    )


def guidance_from_the_score() -> Derivation:
    """The velocity is a drift along x plus (1 − t)/t times the score, so a condition adds (1 − t)/t of its gradient."""
    return Derivation(
        "Velocity and score", END - START, "the best velocity in mean square: the mean of x₁ − x₀ at x_t = x"
    ).equals(
        x / t + (1 - t) / t * SCORE,
        "(1 − t)/t times the score stands in it: to ask for y as well adds ∂ log p(y given x) to the score, and so "
        "(1 − t)/t times that to the velocity",
    )


def denoiser() -> Derivation:
    """One step of length 1 − t along the velocity ends at the mean of the designs that lead through x."""
    return Derivation(
        "What the velocity predicts",
        x + (1 - t) * (END - START),
        "go on from x at t with the velocity held, until t = 1",
    ).equals(END, "the mean of x₁ at x_t = x: predictors are asked there, not at the noisy x")


def loss_floor() -> Derivation:
    """The least mean square of any velocity: what x_t doesn't tell about x₁ − x₀, on average over t."""
    told = (t * s**2 - (1 - t)) ** 2 / VARIANCE  # covariance of x₁ − x₀ with x_t, squared, over the variance of x_t
    left = s**2 / VARIANCE
    return (
        Derivation(
            "The floor of the loss",
            1 + s**2 - told,
            "the variance of x₁ − x₀ is 1 + s², and its covariance with x_t is ts² − (1 − t): that much is explained",
        )
        .equals(left, "what x_t leaves unexplained, at one t")
        .then("for z-scores s = 1", lambda e: sp.cancel(e.subs(s, 1)))
        .then(
            "the mean over t, uniform on (0, 1): no network gets below on Gaussian data; structure is what lowers it",
            lambda e: sp.integrate(e, (t, 0, 1)),
        )
    )


def guidance_budget() -> Derivation:
    """How far a gradient of size 1 can push a sample in all."""
    start = sp.Integral(gamma * (1 - t) / t, (t, t_min, 1))
    return (
        Derivation("The guidance budget", start, "a step adds Δt γ(1 − t)/t times the gradient; sum from t_min to 1")
        .then("integrate", lambda e: sp.expand(e.doit()))
        .equals(
            gamma * (t_min - 1 - sp.log(t_min)),
            "in standard deviations per unit of gradient: 0.05 at γ = 2, t_min = 0.8, and 3.9 at γ = 20, t_min = 0.5",
        )
    )


def slope_of_the_flow() -> Derivation:
    """Two samples drift apart, or together, like the width of x_t."""
    return Derivation(
        "What the flow makes of a distance",
        sp.diff(END - START, x),
        "the slope of the velocity by x: two samples at a distance δ move apart at this rate times δ",
    ).equals(
        sp.diff(VARIANCE, t) / (2 * VARIANCE),
        "V′/(2V), with V = t²s² + (1 − t)²: a distance grows like √V, the width of x_t",
    )


def push_along_a_width() -> Derivation:
    """A push carries as far as the data are wide in its direction: the flow pulls back across what is narrow."""
    tau, width = sp.Symbol("tau", positive=True), sp.Function("V", positive=True)
    guidance = (1 - t) / t
    weighed = sp.Integral((guidance / sp.sqrt(width(t))).subs(t, tau), (tau, t_min, t))
    push = gamma * sp.sqrt(width(t)) * weighed
    return (
        Derivation("How far a gradient of size 1 pushes", push, "the shift of a sample by time t: this is to be proved")
        .then(
            "its rate of change, less what the flow makes of the shift so far, V′/(2V) times it",
            lambda e: sp.expand(sp.diff(e, t) - sp.diff(width(t), t) / (2 * width(t)) * e),
        )
        .equals(gamma * guidance, "is what guidance adds, as it has to be")
        .then(
            "at t = 1, where √V = s, the first line is s times the integral of this over √V; before that, where the "
            "data are narrow, √V is nearly 1 − t",
            lambda e: sp.integrate(s * e / (1 - t), (t, t_min, 1)),
        )
        .equals(
            gamma * s * sp.log(1 / t_min),
            "in proportion to the width s: along a surface of designs a push carries far, across it hardly",
        )
    )


def angle_of_weights() -> Derivation:
    """For two objectives a cone is an interval of slopes."""
    inner = a * b + (1 - a) * (1 - b)
    lengths = sp.sqrt(a**2 + (1 - a) ** 2) * sp.sqrt(b**2 + (1 - b) ** 2)
    return Derivation(
        "The angle of two weights",
        inner / lengths,
        "the cosine of the angle between (a, 1 − a) and (b, 1 − b)",
    ).equals(
        sp.expand_trig(sp.cos(sp.atan((1 - a) / a) - sp.atan((1 - b) / b))),
        "the cosine of the difference of their directions, both between 0 and π/2: the angle is that difference",
    )
