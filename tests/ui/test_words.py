import numpy as np
import pytest

from optilab.ui.words import number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (100.0, "100"),
        (0.46, "0.46"),
        (-12, "−12"),
        (123456, "123000"),
        (9.999, "10"),
        (0.00012345, "0.000123"),
        (3.94e-16, "3.94×10⁻¹⁶"),
        (-2.5e12, "−2.5×10¹²"),
        (1e6, "1×10⁶"),
        (0, "0"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
        (np.nan, "—"),
        (np.float64(5e-324), "4.94×10⁻³²⁴"),
    ],
)
def test_a_number_is_written_as_one_reads_it(value, text):
    assert number(value) == text


def test_digits_are_significant_ones():
    assert [number(1234.5678, digits) for digits in (1, 2, 5, 6)] == ["1000", "1200", "1234.6", "1234.57"]
