"""Common random numbers."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.core.randomness import common, separate

DRAWS = {
    "normal": (),
    "standard_normal": (),
    "random": (),
    "uniform": (-1, 1),
    "integers": (10,),
    "exponential": (2.0,),
    "choice": (5,),
    "poisson": (3.0,),
    "laplace": (),
    "multivariate_normal": (np.zeros(2), np.eye(2)),
    "dirichlet": ([1.0, 2.0, 3.0],),
}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(DRAWS)),
    st.integers(0, 2),
    st.lists(st.integers(1, 4), min_size=2, max_size=3),
)
def test_a_batch_of_draws_is_one_draw_shared(name, axes, size):
    size = tuple(size)
    generator = common(np.random.default_rng(0), axes)
    draw = getattr(generator, name)
    plain = getattr(np.random.default_rng(0), name)
    many = draw(*DRAWS[name], size=size)
    one = plain(*DRAWS[name], size=size[axes:])
    assert many.shape == size[:axes] + np.shape(one)
    for index in np.ndindex(*size[:axes]):
        np.testing.assert_array_equal(many[index], one)


def test_positional_sizes_are_understood():
    shared, plain = common(np.random.default_rng(0)), np.random.default_rng(0)
    np.testing.assert_array_equal(shared.standard_normal((4, 3)), [plain.standard_normal(3)] * 4)
    np.testing.assert_array_equal(shared.normal(0, 1, 4), [plain.normal(0, 1)] * 4)


def test_what_has_no_size_passes_through():
    shared, plain = common(np.random.default_rng(0)), np.random.default_rng(0)
    np.testing.assert_array_equal(shared.permutation(6), plain.permutation(6))
    assert shared.normal() == plain.normal()
    assert shared.bit_generator.state == plain.bit_generator.state


def test_children_share_too_and_are_those_of_the_generator():
    shared, plain = common(np.random.default_rng(0)).spawn(2), np.random.default_rng(0).spawn(2)
    for mine, yours in zip(shared, plain, strict=True):
        np.testing.assert_array_equal(mine.normal(size=(3, 2)), [yours.normal(size=2)] * 3)


def test_a_common_generator_can_be_sent_to_another_process():
    shared = common(np.random.default_rng(0))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(shared)).random((2, 3)), shared.random((2, 3)))


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="axes must be 0 or more, got -1"):
        common(np.random.default_rng(0), -1)
    with pytest.raises(ValueError, match="size must be at least 2 axes long"):
        common(np.random.default_rng(0), 2).normal(size=3)


def test_separate_generators_draw_what_each_would_alone():
    rng, alone = separate([3, 8]), [np.random.default_rng(seed) for seed in (3, 8)]
    for _ in range(2):
        np.testing.assert_array_equal(rng.normal(size=(2, 5)), [one.normal(size=5) for one in alone])
        np.testing.assert_array_equal(rng.integers(9, size=(2, 4)), [one.integers(9, size=4) for one in alone])
    np.testing.assert_array_equal(rng.normal(1.0, 2.0, (2, 3)), [one.normal(1.0, 2.0, 3) for one in alone])
    np.testing.assert_array_equal(rng.random(2), [one.random() for one in alone])
    (child,) = rng.spawn(1)
    np.testing.assert_array_equal(child.random(size=(2, 3)), [one.spawn(1)[0].random(3) for one in alone])


def test_separate_generators_can_be_shared_and_pickled():
    shared = common(separate([3, 8]), 1).integers(9, size=(4, 2, 5))
    np.testing.assert_array_equal(shared, np.broadcast_to(separate([3, 8]).integers(9, size=(2, 5)), (4, 2, 5)))
    again = pickle.loads(pickle.dumps(separate([3, 8])))
    np.testing.assert_array_equal(again.random(size=(2, 3)), separate([3, 8]).random(size=(2, 3)))


def test_separate_generators_refuse_other_sizes():
    with pytest.raises(ValueError, match="as many as there are generators"):
        separate([3, 8]).normal(size=(3, 5))
    with pytest.raises(ValueError, match="as many as there are generators"):
        separate([3, 8]).normal()
    with pytest.raises(ValueError, match="the number of seeds"):
        separate([])
