"""Plans for who teaches with the lessons: two hours, seven or fourteen weeks; `python -m optilab.plans` prints them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from optilab import catalogue


@dataclass(frozen=True)
class Session:
    """One item of a demonstration, or one week of a course.

    Parameters
    ----------
    title : str
        What it is about.
    lessons : tuple of str
        Slugs of the lessons that are gone through together, in order.
    home : tuple of str
        Slugs of those that are left to the reader until the next session.
    minutes : int
        That the session takes; in a demonstration only the live part of a lesson is shown.
    """

    title: str
    lessons: tuple[str, ...]
    home: tuple[str, ...] = ()
    minutes: int = 90

    @property
    def assignments(self) -> list[str]:
        """The assignments that belong to it: lesson 00 has none."""
        return [slug for slug in self.lessons if slug != catalogue.START.slug]


@dataclass(frozen=True)
class Plan:
    """A course.

    Parameters
    ----------
    title, words : str
        Its name, and what to know before it is followed.
    sessions : tuple of Session
        In order.
    """

    title: str
    words: str
    sessions: tuple[Session, ...]


DEMONSTRATION = Plan(
    "Two hours",
    "The lessons are open and run beforehand. Of each, only what the table says is shown; let the room predict by a "
    "show of hands, and move a slider only after that.",
    (
        Session("Momentum, and how a lesson works", ("start_here",), minutes=15),
        Session("The curve that gradient descent follows", ("discretisation_drift",), minutes=20),
        Session("When the final step is enough", ("last_iterate",), minutes=20),
        Session("A step in the right units", ("adahessian",), minutes=15),
        Session("At most k of each: from noon to dusk", ("sparse_optimal_transport",), minutes=15),
        Session("Hard contact, soft gradients", ("dojo",), minutes=20),
        Session("Questions, and the way to a kernel of one's own", (), minutes=15),
    ),
)
SEVEN = Plan(
    "Seven weeks",
    "One session of 90 minutes a week: predict and play together, derive at the board with the lesson's lines, measure "
    "and break it in pairs. A second lesson at home, and one assignment a week.",
    (
        Session("Steps and flows", ("start_here", "discretisation_drift"), ("passivity_acceleration",)),
        Session("Noise", ("last_iterate",), ("optimistic_omd",)),
        Session("Curvature", ("adahessian",), ("mfac",)),
        Session("Duality and contact", ("sparse_optimal_transport",), ("dojo",)),
        Session("One level below another", ("bilevel_penalty",), ("lv_hba",)),
        Session("Many objectives", ("multiobjective_pde",), ("pareto_flow",)),
        Session("Policies", ("policy_gradient_harpg",), ("capo",)),
    ),
)
FOURTEEN = Plan(
    "Fourteen weeks",
    "One session of 90 minutes a week, two lessons in most of them, one of their assignments at home; the last week is "
    "for what the students made: a claim measured anew with `optilab reproduce`, or a room for a new paper.",
    (
        Session("Steps and flows", ("start_here", "discretisation_drift")),
        Session("Acceleration by design; the last iterate", ("passivity_acceleration", "last_iterate")),
        Session("Two counters; hints", ("gradient_sliding", "optimistic_omd")),
        Session("Units and radii", ("adahessian", "gradient_normalized_smoothness")),
        Session("Inverses that nobody forms", ("mfac", "mkor")),
        Session("Duality and contact", ("sparse_optimal_transport", "dojo")),
        Session("One level below another", ("bilevel_penalty", "lv_hba")),
        Session("Unbounded smoothness; half a session to catch up", ("bo_rep",)),
        Session("Fronts", ("multiobjective_pde", "pareto_flow")),
        Session("Policies, and many rewards", ("policy_gradient_harpg", "dynamic_reward_weighting")),
        Session("Policies of language models; half a session to catch up", ("capo",)),
        Session("Privacy", ("private_gsd", "diff2")),
        Session("Sampling", ("langevin_averaging", "stsl")),
        Session("Which method? And what the students made", ("arena",)),
    ),
)
PLANS = (DEMONSTRATION, SEVEN, FOURTEEN)
PAGE = """# Teach with the lessons

Each plan keeps the order that the lessons would like: what prepares for a lesson comes before it. Minutes are a
reader's, without the assignment. A lesson stands on its own all the same, and says what it needs.

Every lesson but the first has an assignment that grades itself: `optilab course init my-course` makes a course of all
of them, and a [guide](lessons/assignments/README.md) tells how to hand out and grade. What is shown live may drag
points in pictures or start a run, so it needs `optilab lab`.

## {plans[0].title}

{plans[0].words}

{two_hours}

## {plans[1].title}

{plans[1].words}

{seven}

## {plans[2].title}

{plans[2].words}

{fourteen}

## Slides

The cells of every lesson are marked as slides, from the question to the last line that is derived. A prediction, its
options and its answer are in the speaker's notes (press S).

```sh
jupyter nbconvert --to slides --no-input --no-prompt --SlidesExporter.reveal_width=1200 \\
  --SlidesExporter.reveal_height=1000 --SlidesExporter.reveal_scroll=True --post serve lessons/04_last_iterate.ipynb
```

## The lessons

Levels are {levels}.

{lessons}
"""


def table(head: str, rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""
    columns = head.split(", ")
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def links(slugs: Sequence[str]) -> str:
    """Lessons as links."""
    rows = [catalogue.lesson(slug) for slug in slugs]
    return ", ".join(f"[{row.number:02d} {row.slug}](lessons/{row.lesson})" for row in rows)


def tasks(slugs: Sequence[str]) -> str:
    """Assignments as links."""
    return ", ".join(f"[{slug}](lessons/assignments/source/{slug}/{slug}.ipynb)" for slug in slugs)


def demonstration(plan: Plan) -> str:
    """The items of a demonstration, each with what is shown live."""
    rows = [
        (
            session.title,
            links(session.lessons),
            session.minutes,
            " ".join(catalogue.lesson(slug).live for slug in session.lessons),
        )
        for session in plan.sessions
    ]
    return table("item, lesson, minutes, show live", rows)


def weeks(plan: Plan) -> str:
    """The weeks of a course."""
    rows = [
        (week, session.title, links(session.lessons), links(session.home) or "–", tasks(session.assignments))
        for week, session in enumerate(plan.sessions, start=1)
    ]
    return table("week, about, together, at home, assignments", rows)


def lessons() -> str:
    """Every lesson with what it asks of an evening."""
    rows = [
        (
            links([row.slug]),
            row.topic,
            row.level,
            row.minutes,
            ", ".join(f"{catalogue.lesson(slug).number:02d}" for slug in row.after),
            row.live,
        )
        for row in catalogue.LESSONS
    ]
    return table("lesson, topic, level, minutes, better after, to show live", rows)


def markdown() -> str:
    """All plans as a page."""
    levels = "; ".join(f"{level}: {words}" for level, words in catalogue.LEVELS.items())
    return PAGE.format(
        two_hours=demonstration(DEMONSTRATION),
        seven=weeks(SEVEN),
        fourteen=weeks(FOURTEEN),
        levels=levels,
        lessons=lessons(),
        plans=PLANS,
    )


if __name__ == "__main__":
    print(markdown(), end="")
