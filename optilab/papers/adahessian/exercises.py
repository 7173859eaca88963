"""Checks for the assignment on ADAHESSIAN: each says what is wrong, not only that something is."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from optilab.core.run import run
from optilab.course.forms import agrees, array, formula, number
from optilab.papers.adahessian.algorithm import adahessian
from optilab.papers.adahessian.experiment.training import NETWORK, task
from optilab.papers.adahessian.experiment.units import bowls
from optilab.papers.adahessian.problems import Changed
from optilab.problems.quadratic import Quadratic

Array = np.ndarray
A, B = sp.symbols("a b", positive=True)  # the curvatures of the bowl
ALPHA = sp.symbols("alpha", real=True)  # the angle

# 1. the turned bowl


def check_turned(answer: Any) -> str:
    """What the root mean square of one probe estimates for entry 1 of RᵀDR, D = diag(A, B), R a turn by `ALPHA`.

    Recognises the diagonal entry, the mean curvature, the other row, and the square without its root.
    """
    value = formula(answer, "the estimate", A, B, ALPHA)
    unknown = value.free_symbols - {A, B, ALPHA}
    assert not unknown, f"write it in exercises.A, B and ALPHA alone, not in {sorted(map(str, unknown))}"
    c, s = sp.cos(ALPHA), sp.sin(ALPHA)
    square = A**2 * c**2 + B**2 * s**2
    assert not agrees(value, A * c**2 + B * s**2), "that is H₁₁ itself, the mean of D̂: its square has another mean"
    assert not agrees(value, (A + B) / 2), "that is the trace over n: which says nothing of entry 1, nor of squares"
    assert not agrees(value, square), "that is the mean square: the step divides by its root"
    assert not agrees(value**2, A**2 * s**2 + B**2 * c**2), "that is the norm of the second row"
    assert agrees(value**2, square), "it isn't the norm of the first row of RᵀDR: square that matrix, take entry (1, 1)"
    sample = number(value.subs({A: 1, B: 10, ALPHA: 0.5}))
    assert sample > 0, f"a root mean square is positive; at a = 1, b = 10, α = ½ yours is {sample:.3g}"
    return "turned, a flat direction looks steep: so the step along it is short, and no learning rate mends that."


# 2. the method


class Call(NamedTuple):
    """One question to a problem: what was asked, where, of which batch, and along what."""

    kind: str
    theta: Array
    batch: int
    z: Array


class Minibatches:
    """Quadratics ½ θᵀH_i θ − b_iᵀθ, one for each minibatch i, that record what they are asked.

    Parameters
    ----------
    H : array (batches, d, d)
        Hessians.
    b : array (batches, d)
        Linear parts.
    seed : int
        Of the draws.
    """

    def __init__(self, H: Array, b: Array, seed: int = 0):
        self._H, self._b = np.array(H, dtype=float), np.array(b, dtype=float)
        self._rng = np.random.default_rng(seed)
        self._calls: list[Call] = []

    def sample(self) -> int:
        """Draw a minibatch: its number."""
        return int(self._rng.integers(len(self._H)))

    def grad(self, theta: Array, batch: int) -> Array:
        """Gradient of a minibatch at θ (d,)."""
        return self._answer("gradient", theta, batch, np.zeros(len(self._b[0])))

    def hvp(self, theta: Array, z: Array, batch: int) -> Array:
        """Hessian of a minibatch at θ times z, both (d,)."""
        return self._answer("product", theta, batch, z)

    def _answer(self, kind: str, theta: Any, batch: int, z: Any) -> Array:
        call = Call(kind, np.array(theta, dtype=float), int(batch), np.array(z, dtype=float))
        self._calls.append(call)
        if kind == "gradient":
            return self._H[call.batch] @ call.theta - self._b[call.batch]
        return self._H[call.batch] @ call.z


Setting = Mapping[str, float]
DEFAULT = {"lr": 0.15, "beta1": 0.9, "beta2": 0.999, "eps": 1e-4, "weight_decay": 0.0, "k": 1.0, "freq": 1}
MISTAKES = {
    "eps inside": "ε goes outside of the power: (…)ᵏ + ε",
    "no correction of v": "v starts at 0: divide √v by √(1 − β₂ⁿ), n being the estimates so far",
    "no root": "D̄ is the root of the mean square: k acts on √v, not on v",
    "decay in g": "the decay is decoupled: it is added to the step, lr·λθ, and never enters m",
    "correct by t": "v is corrected by the number of Hessian estimates so far, not by the number of steps",
    "no correction of m": "m starts at 0: divide it by 1 − β₁ᵗ",
    "no square": "v is a mean of squares D̂², not of D̂",
}


def replay(problem: Minibatches, theta: Array, pairs: list[tuple[Call, Call | None]], wrong: str, **s: float) -> Array:
    """Path from θ on the batches and probes of `pairs`, with a mistake or none (""): (steps + 1, d)."""
    m, v, n, path = np.zeros_like(theta), np.zeros_like(theta), 0, [theta]
    for t, (at, probe) in enumerate(pairs, start=1):
        g = problem._H[at.batch] @ theta - problem._b[at.batch]
        g = g + s["weight_decay"] * theta * (wrong == "decay in g")
        if probe is not None:
            D = probe.z * (problem._H[probe.batch] @ probe.z)
            n, v = n + 1, s["beta2"] * v + (1 - s["beta2"]) * (D if wrong == "no square" else D * D)
        m = s["beta1"] * m + (1 - s["beta1"]) * g
        corrected = (
            v if wrong == "no correction of v" else v / (1 - s["beta2"] ** (t if wrong == "correct by t" else n))
        )
        D_bar = corrected if wrong == "no root" else np.sqrt(corrected)
        scale = (D_bar + s["eps"]) ** s["k"] if wrong == "eps inside" else D_bar ** s["k"] + s["eps"]
        m_hat = m if wrong == "no correction of m" else m / (1 - s["beta1"] ** t)
        theta = theta - s["lr"] * (m_hat / scale + s["weight_decay"] * theta * (wrong != "decay in g"))
        path.append(theta)
    return np.array(path)


def _paired(calls: list[Call], steps: int, freq: int) -> list[tuple[Call, Call | None]]:
    """The gradient of every step with the product that belongs to it; refuses products that belong to none."""
    gradients = [call for call in calls if call.kind == "gradient"]
    products = [call for call in calls if call.kind == "product"]
    due = -(-steps // freq)
    assert len(gradients) == steps, f"{steps} steps take {steps} gradients, one each; yours take {len(gradients)}"
    assert len(products) == due, f"{steps} steps with freq = {freq} take {due} products Hz; yours take {len(products)}"
    pairs: list[tuple[Call, Call | None]] = []
    for t, at in enumerate(gradients):
        probe = products[t // freq] if t % freq == 0 else None
        if probe is not None:
            signs = probe.z.shape == at.theta.shape and bool((abs(probe.z) == 1).all())
            assert signs, f"z must be of signs ±1, one for each parameter; in step {t + 1} it is {probe.z}"
            assert probe.batch == at.batch, (
                f"in step {t + 1} the product is asked of another minibatch than the gradient"
            )
            assert np.array_equal(probe.theta, at.theta), f"in step {t + 1} the product is asked at another θ"
        pairs.append((at, probe))
    return pairs


def _held(
    method: Callable[..., Any], problem: Minibatches, theta: Array, steps: int, seed: int, **changed: float
) -> None:
    """Run a method and hold every θ that it asks about, and its last, against the replay."""
    setting = DEFAULT | changed
    answer = array(method(problem, theta.copy(), steps, seed=seed, **setting), "the path")
    assert answer.shape == theta.shape, (
        f"the last θ must have the shape of the first, {theta.shape}, not {answer.shape}"
    )
    freq = int(setting.pop("freq"))
    pairs = _paired(problem._calls, steps, freq)
    right = replay(problem, theta, pairs, "", **setting)
    seen = np.array([*(at.theta for at, _ in pairs), answer])

    def agrees(path: Array) -> bool:
        return np.allclose(seen, path, rtol=1e-9, atol=1e-12)

    if agrees(right):
        return
    for wrong, said in MISTAKES.items():
        assert not agrees(replay(problem, theta, pairs, wrong, **setting)), said
    t = int((abs(seen - right) > 1e-9 * (1 + abs(right))).any(-1).argmax())
    raise AssertionError(f"with {setting}, freq = {freq}: after step {t} θ is {seen[t]}, and should be {right[t]}")


def check_method(method: Callable[..., Any], seed: int = 0) -> str:
    """`method(problem, theta, steps, *, seed, lr, beta1, …, freq)` must be ADAHESSIAN with one probe and no blocks.

    Held against a replay of the minibatches and probes that it used. Recognises the mistakes of `MISTAKES`, probes that
    are no signs, and products of another minibatch, at another θ, or too many.
    """
    rng = np.random.default_rng(seed)
    diagonal = np.diag([1.0, 10.0, 100.0])[None]
    start = np.array([1.0, -2.0, 0.5]) * rng.uniform(0.8, 1.2, 3)
    for k in (1.0, 0.5):
        _held(method, Minibatches(diagonal, np.zeros((1, 3))), start, 1, seed, weight_decay=0.1, k=k)
    root = rng.standard_normal((5, 4, 4))
    coupled = root @ root.mT + np.eye(4)
    linear, theta = rng.standard_normal((2, 5, 4))
    _held(method, Minibatches(coupled, linear, seed), theta[0], 20, seed, weight_decay=0.03, k=0.7)
    _held(method, Minibatches(diagonal, np.zeros((1, 3))), start, 6, seed, freq=3, beta2=0.9)
    _held(method, Minibatches(coupled, linear, seed), theta[1], 20, seed, freq=4, beta1=0.5, beta2=0.9, eps=1e-2)
    return "gradient and curvature come from one minibatch at one θ: only then do their units cancel."


# 3. what changes the path

CHANGES = ("stretch", "turn", "add", "multiply")


def changed(name: str, seed: int) -> tuple[Any, Array, Callable[[Array], Array]]:
    """A bowl ½ yᵀ diag(1 … 10) y in 20 dimensions, changed; its start; and the way back, from a path x to one of y.

    Parameters
    ----------
    name : {"plain", "stretch", "turn", "add", "multiply"}
        Not at all; every parameter in another unit, up to 10^±1.5; a random turn; 7 added to the loss; 100 times it.
    seed : int
        Of the start and the change.

    Returns
    -------
    problem, x0, back
        `back` takes points (..., 20).
    """
    assert name in ("plain", *CHANGES), f"name must be one of {('plain', *CHANGES)}, got {name!r}"
    (_, y0), rng = bowls([seed], 0.0), np.random.default_rng(seed + 1)
    plain = Quadratic(np.diag(np.logspace(0, 1, 20)), np.zeros(20))
    M = np.eye(20)
    if name == "stretch":
        M = np.diag(10 ** rng.uniform(-1.5, 1.5, 20))
    if name == "turn":
        M = np.linalg.qr(rng.standard_normal((20, 20)))[0]
    problem: Any = Changed(plain, M)
    if name == "add":
        problem = Affine(problem, 1.0, 7.0)
    if name == "multiply":
        problem = Affine(problem, 100.0, 0.0)
    return problem, np.linalg.solve(M, y0[0]), lambda x: np.asarray(x) @ M.T


class Affine:
    """`times` f + `plus`."""

    def __init__(self, problem: Any, times: float, plus: float):
        self.problem, self.times, self.plus = problem, times, plus

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, d) → (*batch)."""
        return self.times * self.problem(x) + self.plus

    def grad(self, x: Array) -> Array:
        """Gradient at x (*batch, d) → (*batch, d)."""
        return self.times * self.problem.grad(x)

    def hvp(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, both (*batch, d) → (*batch, d)."""
        return self.times * self.problem.hvp(x, v)


def path_of(name: str, seed: int, k: float, steps: int = 50) -> Array:
    """The path of ADAHESSIAN with ε = 0 on a changed bowl, back in y: (steps + 1, 20)."""
    problem, x0, back = changed(name, seed)
    states = adahessian(problem, x0, k=k, eps=0.0, probe_rng=np.random.default_rng(seed))
    return back(run(states, steps, keep=["theta"]).theta)


def check_experiment(
    farthest: Callable[[int, float], Mapping[str, float]], unchanged: Mapping[float, Collection[str]], seed: int = 0
) -> str:
    """`farthest(seed, k)`: largest distance from the plain path in 50 steps, by change; and what changes nothing.

    Recognises paths that were not taken back to y.
    """
    for k in (1.0, 0.5):
        found = farthest(seed, k)
        missing = set(CHANGES) - set(found)
        assert not missing, f"no distance for {sorted(missing)}"
        plain = path_of("plain", seed, k)
        for name in CHANGES:
            path = path_of(name, seed, k)
            expected = float(np.linalg.norm(path - plain, axis=-1).max())
            problem, x0, _ = changed(name, seed)
            raw = run(adahessian(problem, x0, k=k, eps=0.0, probe_rng=np.random.default_rng(seed)), 50).theta
            unmapped = float(np.linalg.norm(raw - plain, axis=-1).max())
            answer = number(found[name], f"the distance for {name}")
            if name in ("stretch", "turn"):
                assert not np.isclose(answer, unmapped, rtol=1e-6), f"{name}, k = {k:g}: take the path back to y first"
            right = abs(answer - expected) <= 1e-8 + 1e-6 * expected
            assert right, f"{name}, k = {k:g}: the paths are {expected:.3g} apart at most, you say {answer:.3g}"
    for k in (1.0, 0.5):
        assert k in unchanged, f"unchanged needs an entry for k = {k:g}"
        said = set(unchanged[k])
        assert said <= set(CHANGES), f"unchanged[{k:g}] must hold names of {CHANGES}, got {sorted(map(str, said))}"
        truth = {"stretch", "add", "multiply"} if k == 1 else {"add"}
        for name in CHANGES:
            if name in said - truth:
                raise AssertionError(f"k = {k:g}: {name} does change the path; {WHY[name]}")
            if name in truth - said:
                raise AssertionError(f"k = {k:g}: {name} leaves the path as it is; {WHY[name]}")
    return "k = 1 forgets all units, of the parameters and of the loss; no k forgets a turn."


WHY = {
    "stretch": "the step of θ scales by s^(2−2k)",
    "turn": "the diagonal of RᵀHR isn't that of H",
    "add": "a constant has neither gradient nor curvature",
    "multiply": "the step scales by c^(1−k)",
}


# in the lesson: why averaging over rows hurts


def spread(seed: int, cond: float) -> float:
    """Median over rows of the first layer of largest over smallest exact |H_ii|, biases left out, at the start."""
    given = task([seed], cond)
    diagonal = abs(np.diagonal(given.train.hess(given.theta0)[0]))
    out, columns = NETWORK.shapes[0]
    rows = diagonal[: out * columns].reshape(out, columns)[:, :-1]
    return float(np.median(rows.max(1) / rows.min(1)))


def check_spread(factor: float, reason: str) -> str:
    """The spread of |H_ii| in a row at scales 1 … 1/100 must be right to a factor of 4, and what follows from it."""
    size = number(factor, "the factor")
    assert not 10 <= size < 400, (
        f"{size:.3g} is what it is with equal scales, or by the scales themselves: they enter squared"
    )
    assert 5e3 <= size <= 1e5, f"the median row spans 10⁴ to 4.5·10⁴ at scales 1 … 1/100, you say {size:.3g}"
    reasons = ("steep inputs", "flat inputs", "all alike")
    assert reason in reasons, f"reason must be one of {reasons}, got {reason!r}"
    assert reason == "flat inputs", (
        "the row's mean is set by its steepest entries, which it suits: who gets far too large a denominator?"
    )
    return "the mean of a row is that of its steepest entries: small features get steps thousands of times too short."
