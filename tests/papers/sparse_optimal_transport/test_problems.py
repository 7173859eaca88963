"""The painted bay and the palette of a picture."""

import numpy as np
import pytest

from optilab.papers.sparse_optimal_transport.problems import HEIGHT, WIDTH, bay, palette


@pytest.mark.parametrize("dusk", [False, True])
def test_a_palette_is_the_picture_s(dusk):
    picture = bay(dusk)
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert picture.min() >= 0
    assert picture.max() <= 1
    np.testing.assert_array_equal(picture, bay(dusk))
    found = palette(picture, 16)
    assert found.shares.sum() == pytest.approx(1)
    assert (found.shares > 0).all()
    assert (np.diff(found.colours.sum(-1)) >= 0).all()
    for i, (colour, share) in enumerate(zip(found.colours, found.shares, strict=True)):
        own = found.label == i
        assert own.mean() == pytest.approx(share)
        np.testing.assert_allclose(picture[own].mean(0), colour, atol=0.03)
    nearest = ((picture[..., None, :] - found.colours) ** 2).sum(-1).argmin(-1)
    assert (nearest == found.label).mean() > 0.97


def test_noon_is_blue_and_dusk_is_red():
    noon, dusk = bay(False).mean((0, 1)), bay(True).mean((0, 1))
    assert noon[2] > noon[0] + 0.1
    assert dusk[0] > dusk[2] + 0.1


def test_a_palette_of_few_colours_has_no_more_than_there_are():
    picture = np.zeros((4, 5, 3))
    picture[:2] = 1
    found = palette(picture, 6)
    np.testing.assert_array_equal(found.colours, [[0, 0, 0], [1, 1, 1]])
    np.testing.assert_array_equal(found.shares, [0.5, 0.5])
    assert (found.label[:2] == 1).all()


@pytest.mark.parametrize(
    ("picture", "size", "says"),
    [
        (np.zeros((4, 5)), 2, "the shape of the picture"),
        (np.zeros((4, 5, 3)), 0, "size must be an integer from 1 to 20, got 0"),
        (np.zeros((1, 2, 3)), 3, "size must be an integer from 1 to 2, got 3"),
        (np.zeros((4, 5, 3)), 2.5, "size must be an integer from 1 to 20, got 2.5"),
        (np.full((4, 5, 3), np.nan), 2, "the picture must be finite"),
    ],
)
def test_no_palette_of_what_is_no_picture(picture, size, says):
    with pytest.raises(ValueError, match=says):
        palette(picture, size)


def test_no_bay_of_what_is_no_seed():
    with pytest.raises(ValueError, match=r"seed must be an integer, 0 or more, got 0\.5"):
        bay(True, 0.5)
