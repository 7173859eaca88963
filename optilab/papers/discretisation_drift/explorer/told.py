"""What is said of gradient descent and the flows that try to follow it: the titles and the sentence below."""

from optilab.ui.words import number


def map_title(z: float, bowl: bool) -> str:
    """What to see on the map."""
    if not bowl:
        return "At every dot the flows start anew. Drag the start."
    if z > 1:
        return f"Only the orange flow {'flies off' if z > 2 else 'zigzags'} with the dots. Drag the start."
    return "No zigzag below hλ₀ = 1. Drag the start."


def wheel_title(z: float, bowl: bool, away: float) -> str:
    """What to see along the steep direction."""
    if bowl and z > 1:
        return "From above: it turns half a circle a step, the dots are where it meets the real line"
    if away > 1e-6:
        return "From above: it leaves the real line after a dot and comes back near the next one"
    return "From above: nothing turns, all flows stay on the real line"


def note(z: float, bowl: bool, made: int, steps: int, away: dict[str, float]) -> str:
    """What happens, in one sentence; how far the gradient flow and the principal flow are away at the last step."""
    if made < steps:
        return (
            f"Gradient descent diverges: it has left the picture at step {made + 1} (hλ₀ = {number(z)} at the start)."
        )
    gaps = f"the gradient flow is {number(away['NGF'])} away from it, the principal flow {number(away['PF'])}"
    if not bowl:
        return f"hλ₀ = {number(z)} at the start. Followed from one dot to the next, at step {made} {gaps}."
    if abs(z - 1) < 1e-9:
        mode = "one step finishes the steepest direction: the principal flow would have to go there infinitely fast"
    elif z <= 0:
        mode = "at the start the loss curves nowhere upwards"
    elif abs(z - 2) < 1e-9:
        mode = "gradient descent zigzags and neither grows nor shrinks: the edge of stability"
    elif z > 2:
        mode = "gradient descent zigzags and grows: beyond the edge of stability"
    elif z > 1:
        mode = "gradient descent zigzags and shrinks"
    else:
        mode = "gradient descent creeps down one side"
    return f"hλ₀ = {number(z)}: {mode}. At step {made} {gaps}."
