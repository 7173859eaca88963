"""The palette by numbers: contrast on both themes, distances as colour-blind readers see them."""

from itertools import combinations

import numpy as np
import pytest

from optilab.ui import theme

PALETTE = dict(
    zip(["BLUE", "ORANGE", "GREEN", "PURPLE", "PINK", "TEAL", "BROWN"], theme.TEMPLATE.layout.colorway, strict=True)
)

# Dichromatic vision in linear sRGB: G. Machado, M. Oliveira, L. Fernandes, "A Physiologically-based Model for
# Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009, severity 1.
VISIONS = {
    "trichromacy": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
APART = 15  # CIELAB units; 2.3 are just noticeable side by side, thin curves need several times that


def linear(color):
    """Linear sRGB of "#rrggbb"."""
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """The contrast ratio of the Web Content Accessibility Guidelines."""
    low, high = sorted(linear(color) @ XYZ[1] for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """CIELAB of linear sRGB, relative to its white."""
    ratio = XYZ @ rgb / XYZ.sum(1)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def seen(color, vision):
    return lab(np.clip(np.asarray(VISIONS[vision]) @ linear(color), 0, 1))


def test_the_measures_agree_with_known_values():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    np.testing.assert_allclose(lab(linear("#ff0000")), [53.24, 80.09, 67.20], atol=0.05)
    for vision, matrix in VISIONS.items():
        np.testing.assert_allclose(np.sum(matrix, 1), 1, atol=1e-5, err_msg=f"{vision} leaves greys as they are")


@pytest.mark.parametrize("background", ["#ffffff", "#111111"])
@pytest.mark.parametrize("name", PALETTE)
def test_every_colour_is_legible_on_both_themes(name, background):
    assert contrast(PALETTE[name], background) >= 3


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("pair", list(combinations(PALETTE, 2)), ids="-".join)
def test_every_pair_of_colours_stays_apart(pair, vision):
    one, other = (seen(PALETTE[name], vision) for name in pair)
    assert np.linalg.norm(one - other) >= APART


def test_the_palette_is_what_the_names_say():
    assert [getattr(theme, name) for name in PALETTE] == list(PALETTE.values())


@pytest.mark.parametrize("method", theme.METHODS)
def test_every_method_has_a_colour_of_the_palette_or_the_ink(method):
    assert theme.color(method) in [theme.INK, *PALETTE.values()]


def test_a_method_without_a_colour_is_refused():
    with pytest.raises(ValueError, match=r"method must be one of .*'gradient descent'.*, got 'gradient ascent'"):
        theme.color("gradient ascent")


def test_ink_at_an_opacity_is_the_same_ink():
    assert theme.ink(0.5) == "rgba(1,2,3,0.5)"
    assert theme.INK == "rgb(1,2,3)"


def test_all_text_has_the_colour_of_the_reader_s_theme():
    layout = theme.TEMPLATE.layout
    assert layout.font.color == theme.INK
    assert layout.annotationdefaults.font.color == theme.INK
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
