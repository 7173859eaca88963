import numpy as np
import pytest
from scipy.optimize import minimize

from optilab.papers.optimistic_omd import problems as env
from optilab.papers.optimistic_omd.problems import Linear, Regression, Tracking, spinning, tracking
from optilab.problems.oracles import Online


def rng(seed=0):
    return np.random.default_rng(seed)


ALL = {
    "spinning": (spinning(20, 7.0, 0.4, range(3)), 2),
    "alternating": (env.alternating(20), 2),
    "signs": (env.random_signs(20, range(3)), 2),
    "switching": (tracking(env.switching(20, 6), 0.4, range(3)), 5),
    "rotating": (tracking(env.rotating(20, 7.0), 0.4, range(3)), 5),
    "fixed": (tracking(env.fixed(20), 0.4, range(3)), 5),
    "regression": (env.regression(20, range(3)), 5),
}


def plays(losses, d, seed=0):
    batch = np.shape(losses.reveal(1, np.zeros((3, d))).g)[:-1] if losses.T else ()
    x = rng(seed).normal(size=(losses.T, *batch, d))
    return x / np.maximum(1, np.linalg.norm(x, axis=-1, keepdims=True))


@pytest.mark.parametrize(("losses", "d"), ALL.values(), ids=ALL)
def test_the_gradient_is_the_slope_of_the_loss(losses, d):
    assert isinstance(losses, Online)
    assert losses.T == 20
    x, v = rng(1).normal(size=(2, 3, d))
    for t in (1, 9, 20):
        shown, step = losses.reveal(t, x), 1e-6
        assert shown.g.shape == shown.mean_grad.shape == (3, d)
        slope = (losses.reveal(t, x + step * v).loss - losses.reveal(t, x - step * v).loss) / (2 * step)
        np.testing.assert_allclose((shown.g * v).sum(-1), slope, atol=1e-8)


def test_the_noise_is_as_long_as_it_says_and_has_no_mean():
    for losses, mean in ((spinning(3, 7.0, 0.4, range(4000)), 0), (tracking(env.fixed(3), 0.4, range(4000)), 0)):
        noise = losses.noise
        assert (noise**2).sum(-1).mean() == pytest.approx(0.16, rel=0.03)
        np.testing.assert_allclose(noise.mean(1), mean, atol=0.03)
        assert losses.noise_total == pytest.approx(3 * 0.16)


def test_what_is_drawn_for_a_seed_is_known():
    losses = spinning(6, 5.0, 0.3, [7, 8])
    xi = rng(8).standard_normal((6, 2))
    angle = 2 * np.pi * np.arange(1, 7) / 5
    expected = np.stack([np.cos(angle), np.sin(angle)], -1) + 0.3 * xi / np.sqrt(2)
    np.testing.assert_allclose(losses.g[:, 1], expected)
    np.testing.assert_array_equal(spinning(6, np.inf, 0.0, [0]).g[:, 0], [[1.0, 0.0]] * 6)
    draw = rng(4)
    first, second = (v / np.linalg.norm(v) * 0.8 for v in (draw.standard_normal(5), draw.standard_normal(5)))
    xi = draw.standard_normal((7, 5))
    moved = tracking(env.switching(7, 4), 0.5, [4])
    np.testing.assert_allclose(moved.theta[:, 0], [first] * 4 + [second] * 3)
    np.testing.assert_allclose(moved.noise[:, 0], 0.5 * xi / np.sqrt(5))


def test_corruption_flips_means_by_a_generator_of_its_own():
    whole, half = (spinning(4000, 50.0, 0.3, [3], flip=q) for q in (0.0, 0.3))
    np.testing.assert_allclose(half.noise, whole.noise)
    turned = (half.m * whole.m).sum(-1)
    np.testing.assert_allclose(abs(turned), 1)
    assert (turned < 0).mean() == pytest.approx(0.3, abs=0.03)
    assert half.drift_total > 100 * whole.drift_total


def test_corruption_costs_no_more_than_its_length():
    losses = spinning(4000, np.inf, 0.0, [3], flip=0.1)
    C = 2 * (losses.m[..., 0] < 0).sum()  # Σ‖c_t‖, with means F + c_t
    assert losses.drift_total <= 4 * C + 1
    assert losses.drift_total >= 1.5 * C


def test_grids_of_settings_share_their_noise():
    P, sigma = np.array([5.0, np.inf])[None, :, None], np.array([0.0, 0.5, 1.0])[:, None, None]
    grid = spinning(9, P, sigma, [2, 3])
    assert grid.g.shape == (9, 3, 2, 2, 2)
    np.testing.assert_allclose(grid.g[:, 1, 0, 1], spinning(9, 5.0, 0.5, [3]).g[:, 0])
    assert grid.G.shape == (3, 2, 2)
    many = tracking(env.rotating(9, 4.0), np.array([0.0, 0.5])[:, None], [2, 3])
    np.testing.assert_allclose(many.noise[:, 1, 1], tracking(env.rotating(9, 4.0), 0.5, [3]).noise[:, 0])


def test_the_two_sums_are_those_of_their_definition():
    losses = spinning(50, 10.0, 0.3, [0])
    assert losses.drift_total == pytest.approx(1 + 49 * 4 * np.sin(np.pi / 10) ** 2)
    moved = tracking(env.rotating(50, 10.0), 0.3, [0])
    assert moved.drift_total == pytest.approx(1.8**2 + 49 * 4 * 0.64 * np.sin(np.pi / 10) ** 2)
    assert moved.path_length == pytest.approx(49 * 1.6 * np.sin(np.pi / 10))
    u = rng().normal(size=(500, 5))
    u = u / np.linalg.norm(u, axis=-1, keepdims=True)
    first = moved.theta[0, 0]
    assert (np.linalg.norm(u - first, axis=-1) ** 2).max() <= (1 + np.linalg.norm(first)) ** 2 + 1e-12


def test_regrets_are_against_the_best_that_a_solver_finds():
    losses = spinning(20, 7.0, 0.4, [1])
    x = plays(losses, 2)[:, :1]
    value = (losses.m * x).sum()
    angles = np.linspace(0, 2 * np.pi, 100_001)
    circle = np.stack([np.cos(angles), np.sin(angles)], -1)
    assert losses.static_regret(x)[-1, 0] == pytest.approx(value - (circle @ losses.m[:, 0].sum(0)).min())
    assert losses.dynamic_regret(x)[-1, 0] == pytest.approx(value - sum((circle @ m).min() for m in losses.m[:, 0]))
    moved = tracking(env.switching(20, 6), 0.4, [1])
    x = plays(moved, 5)[:, :1]
    total = 0.5 * ((x - moved.theta) ** 2).sum()
    found = minimize(lambda u: 0.5 * ((u - moved.theta[:, 0]) ** 2).sum(), np.zeros(5)).fun
    assert moved.dynamic_regret(x)[-1, 0] == pytest.approx(total)
    assert moved.static_regret(x)[-1, 0] == pytest.approx(total - found)


@pytest.mark.parametrize("scale", [1.0, 8.0])
def test_the_best_predictor_is_that_of_a_solver(scale):
    plain = env.regression(200, [3])
    losses = Regression(plain.A, scale * plain.y)
    ball = {"type": "ineq", "fun": lambda u: 1 - u @ u}

    def value(u):
        return 0.5 * ((losses.A[:, 0] @ u - losses.y[:, 0]) ** 2).mean()

    found = minimize(value, np.zeros(5), constraints=[ball], method="SLSQP", options={"ftol": 1e-15, "maxiter": 500})
    np.testing.assert_allclose(losses.best[0], found.x, atol=1e-5)
    assert (np.linalg.norm(losses.best) > 1 - 1e-9) == (scale > 1)
    x = plays(losses, 5)[:, :1]
    own = 0.5 * (((losses.A * x).sum(-1) - losses.y) ** 2).sum()
    assert losses.static_regret(x)[0] == pytest.approx(own - 200 * found.fun, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spinning(0, 5.0, 0.1, [0]), "T must be a whole number, 1 or more"),
        (lambda: spinning(5, 0.0, 0.1, [0]), "P must be positive"),
        (lambda: spinning(5, 5.0, -0.1, [0]), "sigma must be 0 or more"),
        (lambda: spinning(5, 5.0, 0.1, [0], flip=1.5), "flip must be between 0 and 1"),
        (lambda: env.alternating(0), "T must be a whole number, 1 or more"),
        (lambda: env.switching(5, 0), "block must be a whole number, 1 or more"),
        (lambda: env.rotating(5, -1.0), "P must be positive"),
        (lambda: tracking(env.fixed(5), -1.0, [0]), "sigma must be 0 or more"),
        (lambda: Linear(np.zeros((0, 2)), np.zeros((0, 2))), "T ≥ 1"),
        (lambda: Linear(np.zeros((4, 2)), np.zeros((3, 2))), "the number of rounds with noise must be T = 4"),
        (lambda: Linear(np.zeros((4, 2)), np.zeros((4, 2)), radius=0.0), "radius must be positive"),
        (lambda: Tracking(np.zeros(4), np.zeros(4)), "T ≥ 1"),
        (lambda: Regression(np.zeros((4, 2)), np.zeros(3)), "the shape of y must be"),
    ],
)
def test_bad_values_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
