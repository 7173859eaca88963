"""Numbers as one reads them."""

from math import isfinite, isnan

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 3) -> str:
    """A number for a sentence: 0.46, −12, 3.9×10⁻¹⁶; ∞ and — (no number) too.

    Parameters
    ----------
    value : float
        The number.
    digits : int
        Significant digits.
    """
    if isnan(value):
        return "—"
    sign = "−" if value < 0 else ""
    if not isfinite(value):
        return f"{sign}∞"
    if value == 0:
        return "0"
    mantissa, _, power = f"{abs(value):.{digits - 1}e}".partition("e")
    if -4 <= int(power) < 6:
        text = f"{float(f'{mantissa}e{power}'):.{max(digits - 1 - int(power), 0)}f}"
        return sign + (text.rstrip("0").rstrip(".") if "." in text else text)
    return f"{sign}{mantissa.rstrip('0').rstrip('.')}×10{str(int(power)).translate(RAISED)}"
