"""What the engine promises, measured: directions, gradients, plans, fits. See `EXPERIMENTS`."""

from optilab.core.claim import Claims, Experiment, collect
from optilab.papers.dojo.experiment import friction, identification, puck, pushing, rigid

EXPERIMENTS: tuple[Experiment, ...] = (
    *rigid.EXPERIMENTS,
    friction.directions,
    friction.gradients,
    puck.stiction,
    puck.scaling,
    puck.hopping,
    pushing.pushing,
    identification.identify,
    identification.shapes,
    puck.learning,
)

HEADLINES = {  # what the lesson shows: the beginnings of statements, by experiment
    rigid.spinning: ("20 random boxes",),
    rigid.dropping: ("12 random drops",),
    rigid.solving: ("250 random contacts: iterations",),
    friction.directions: ("a mass under the pyramid: degrees off its heading",),
    friction.gradients: ("stiction", "scatter"),
    puck.stiction: ("4 goals",),
    identification.identify: ("identification with κ",),
    puck.learning: ("policy by gradients with κ_g = 0.1",),
}


def headlines() -> Claims:
    """Ten of the claims, at their quick sizes."""
    chosen = (
        claim for measure, starts in HEADLINES.items() for claim in measure(True) if claim.statement.startswith(starts)
    )
    return Claims(chosen)


def claims(quick: bool = False) -> Claims:
    """All claims of the lesson; `quick` takes fewer seeds, goals and frictions."""
    return collect(EXPERIMENTS, quick)
