"""The lessons in order, and the papers behind them; `python -m optilab.catalogue` prints README's table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from optilab.core.check import require

TOPICS = (
    "dynamics",
    "stochastic",
    "curvature",
    "constraints",
    "bilevel",
    "multiobjective",
    "policies",
    "privacy",
    "sampling",
    "comparison",
)
LEVELS = {
    1: "calculus and linear algebra are enough",
    2: "a first course on optimisation or probability helps",
    3: "stands on the lessons that prepare for it",
}


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One lesson: what it is about, what it asks of a reader and of an evening, and what it leaves behind.

    Parameters
    ----------
    slug : str
        Its name everywhere: `lessons/NN_<slug>.ipynb`, for a paper `optilab/papers/<slug>/` and `tests/papers/<slug>/`.
    number : int
        From 0; lesson 0 is the introduction, the last one lets the methods of the others race.
    topic : str
        One of `TOPICS`.
    level : int
        One of `LEVELS`.
    minutes : int
        That a reader takes for it, without the assignment.
    after : tuple of str
        Slugs of the lessons that prepare for it: each explains at length what this one uses. None is required.
    live : str
        What to demonstrate where there is no time for more.
    message : str
        The sentence that the reader will remember.
    """

    slug: str
    number: int
    topic: str
    level: int
    minutes: int
    after: tuple[str, ...]
    live: str
    message: str

    @property
    def lesson(self) -> str:
        """File name of the lesson."""
        return f"{self.number:02d}_{self.slug}.ipynb"


@dataclass(frozen=True, kw_only=True)
class Paper(Lesson):
    """One paper and its lesson.

    Parameters
    ----------
    title, authors, year, source
        As cited; `source` is "arXiv" and the number where there is one.
    """

    title: str
    authors: str
    year: int
    source: str


START = Lesson(
    slug="start_here",
    number=0,
    topic="dynamics",
    level=1,
    minutes=15,
    after=(),
    live="Drag the start through the valley; then raise the momentum until the last pair leaves the real line.",
    message="Every lesson goes the same way: a question, predict, play, derive, read, measure, break it, your turn.",
)

PAPERS = (
    Paper(
        slug="discretisation_drift",
        number=1,
        topic="dynamics",
        level=2,
        minutes=40,
        after=("start_here",),
        live="Press hλ₀ = 1, then raise h past it: between the dots the principal flow leaves the real line and turns.",
        title="On discretization drift and smoothness regularization in neural network training",
        authors="M. C. Rosca",
        year=2023,
        source="arXiv 2310.14036",
        message="Gradient descent follows a flow of its own, bent by the step size. Write that flow down and it tells "
        "when training becomes unstable, how long a step may be and which part of a game's drift to cancel.",
    ),
    Paper(
        slug="passivity_acceleration",
        number=2,
        topic="dynamics",
        level=2,
        minutes=40,
        after=("start_here",),
        live="Press c = 0, then 0.95: off the line the point is sooner there. Then heavy ball goes round in its trap.",
        title="On the Dynamics of Acceleration in First order Gradient Methods",
        authors="M. Parimi, R. Mehra, S. R. Wagh, A. Yerudkar, N. Singh",
        year=2025,
        source="arXiv 2509.18346",
        message="Acceleration can be designed: make gradient flow the target, feed the slope back through the distance "
        "to it, and Nesterov's method is what one tick of the clock computes. Heavy ball is that design with a term "
        "missing.",
    ),
    Paper(
        slug="gradient_sliding",
        number=3,
        topic="stochastic",
        level=3,
        minutes=45,
        after=("last_iterate",),
        live="Move the price of a gradient and watch whose bill is the smallest; then play one slide, step by step.",
        title="Restart-Free (Accelerated) Gradient Sliding Methods for Strongly Convex Composite Optimization",
        authors="X. Wu, Z. Xu, H. Zhang",
        year=2026,
        source="arXiv 2602.04161",
        message="Where one part of a problem is expensive and the other cheap, freeze the gradient of the expensive "
        "part, slide on the cheap one, and let the slides grow a little slower than the gap falls: no restarts needed.",
    ),
    Paper(
        slug="last_iterate",
        number=4,
        topic="stochastic",
        level=1,
        minutes=40,
        after=("start_here",),
        live="Press same walk. Then play the adversary's spikes: linear decay misses the late ones, which count most.",
        title="Revisiting the Last-Iterate Convergence of Stochastic Gradient Methods",
        authors="Z. Liu, Z. Zhou",
        year=2024,
        source="arXiv 2312.08531",
        message="The noise of a step is divided by the walk still to come: one sum bounds the last iterate of any "
        "schedule, and a straight line down to zero makes it as good as an average.",
    ),
    Paper(
        slug="dojo",
        number=5,
        topic="constraints",
        level=3,
        minutes=45,
        after=("sparse_optimal_transport",),
        live="Plan at κ_g = 0.001, then at 0.1: hard contact tells a resting puck nothing, a soft one where to go.",
        title="Dojo: A Differentiable Physics Engine for Robotics",
        authors="T. A. Howell, S. Le Cleac'h, J. Brüdigam, Q. Chen, J. Sun, J. Z. Kolter, M. Schwager, Z. Manchester",
        year=2022,
        source="arXiv 2203.00806",
        message="Contact is a cone-complementarity problem. An interior-point method walks to its root along a path "
        "from soft to hard: simulate at the hard end, differentiate at a soft point, and gradients tell a resting "
        "puck to move.",
    ),
    Paper(
        slug="sparse_optimal_transport",
        number=6,
        topic="constraints",
        level=2,
        minutes=40,
        after=(),
        live="Raise k from 1 until the second picture comes right; then recolour noon into dusk.",
        title="Sparsity-Constrained Optimal Transport",
        authors="T. Liu, J. Puigcerver, M. Blondel",
        year=2023,
        source="arXiv 2209.15466",
        message="Ask for at most k nonzeros a column and the dual of transport stays easy: the k best prices and a "
        "water level per column. k is a dial from the linear program, exact and hard to climb, to quadratic transport.",
    ),
    Paper(
        slug="policy_gradient_harpg",
        number=7,
        topic="policies",
        level=2,
        minutes=40,
        after=("last_iterate",),
        live="N-PG walks away from the star; change to N-PG-IGT, then to N-HARPG, and watch whose arrow turns first.",
        title="Stochastic Policy Gradient Methods: Improved Sample Complexity for Fisher-non-degenerate Policies",
        authors="I. Fatkhullin, A. Barakat, A. Kireeva, N. He",
        year=2023,
        source="arXiv 2302.01734",
        message="Momentum averages noise away and lags behind the path. Look ahead of the point, or carry the old "
        "direction along with one Hessian-vector product, and a trajectory or two a step are enough.",
    ),
    Paper(
        slug="adahessian",
        number=8,
        topic="curvature",
        level=1,
        minutes=35,
        after=("start_here",),
        live="Move s, the units of y: Adam takes another path, ADAHESSIAN the same.",
        title="ADAHESSIAN: An Adaptive Second Order Optimizer for Machine Learning",
        authors="Z. Yao, A. Gholami, S. Shen, M. Mustafa, K. Keutzer, M. W. Mahoney",
        year=2021,
        source="arXiv 2006.00719",
        message="Divide a gradient by a curvature and the units cancel: rescaled parameters take the same path. Random "
        "signs give the curvature for one Hessian-vector product, with the couplings mixed in.",
    ),
    Paper(
        slug="mfac",
        number=9,
        topic="curvature",
        level=2,
        minutes=45,
        after=("adahessian",),
        live="Shrink the window to one gradient and look at the ellipse; then prune, and see who makes up for it.",
        title="M-FAC: Efficient Matrix-Free Approximations of Second-Order Information",
        authors="E. Frantar, E. Kurtic, D. Alistarh",
        year=2021,
        source="arXiv 2107.03356",
        message="The inverse of damping plus m outer products of gradients is m vectors and a triangle. A product with "
        "it costs two passes over the gradients, in pruning and in training, and it knows m directions, no more.",
    ),
    Paper(
        slug="mkor",
        number=10,
        topic="curvature",
        level=3,
        minutes=40,
        after=("mfac",),
        live="Race at shift 3, at 6 and at 0: the lead goes with the mean that the inputs share.",
        title="MKOR: Momentum-Enabled Kronecker-Factor-Based Optimizer Using Rank-1 Updates",
        authors="M. Mozaffari, S. Li, Z. Zhang, M. Mehri Dehnavi",
        year=2023,
        source="arXiv 2306.01685",
        message="Where a layer's inputs share a large mean, their second moments are nearly rank one. Then a Kronecker "
        "factor is kept up to date in its inverse: one matrix–vector product a step, no inversion.",
    ),
    Paper(
        slug="gradient_normalized_smoothness",
        number=11,
        topic="curvature",
        level=2,
        minutes=40,
        after=("adahessian",),
        live="Let the ring walk until it touches the cone; then press zero: without curvature the radius is x/3.",
        title="Gradient-Normalized Smoothness for Optimization with Approximate Hessians",
        authors="A. Semenov, M. Jaggi, N. Doikov",
        year=2025,
        source="arXiv 2506.13710",
        message="How far may a Newton step be trusted? One radius, measured in gradients, answers for every class of "
        "functions and every stand-in for the Hessian, and a search that halves and doubles finds it by itself.",
    ),
    Paper(
        slug="lv_hba",
        number=12,
        topic="bilevel",
        level=3,
        minutes=40,
        after=("bilevel_penalty",),
        live="Move γ₂: the way changes, the end doesn't. Then the corner, where the constraint takes over.",
        title="Constrained Bi-Level Optimization: Proximal Lagrangian Value Function Approach and Hessian-free "
        "Algorithm",
        authors="W. Yao, C. Yu, S. Zeng, J. Zhang",
        year=2024,
        source="arXiv 2401.16164",
        message="Smooth the lower level in y and in its multiplier: the value function gets a gradient, and a bilevel "
        "problem with constraints is four projected gradient steps. What is left is the bias of a finite penalty.",
    ),
    Paper(
        slug="bilevel_penalty",
        number=13,
        topic="bilevel",
        level=2,
        minutes=35,
        after=(),
        live="Lower σ from 1 to 0.001 on the ring; then choose the lower level that jumps: a smaller σ errs more.",
        title="On Penalty Methods for Nonconvex Bilevel Optimization and First-Order Stochastic Approximation",
        authors="J. Kwon, D. Kwon, S. Wright, R. Nowak",
        year=2024,
        source="arXiv 2309.01753",
        message="Charge 1/σ for not minimising the lower level, and first derivatives are enough, even with many lower "
        "solutions. The price is a bias of order σ, as long as the lower solutions move continuously.",
    ),
    Paper(
        slug="bo_rep",
        number=14,
        topic="bilevel",
        level=3,
        minutes=40,
        after=("bilevel_penalty", "last_iterate"),
        live="Start at 9 in place of 6: SOBA is thrown out of the world, BO-REP keeps its speed and arrives.",
        title="Bilevel Optimization under Unbounded Smoothness: A New Algorithm and Convergence Analysis",
        authors="J. Hao, X. Gong, M. Liu",
        year=2024,
        source="arXiv 2401.09587",
        message="Where curvature grows with the gradient no fixed step is safe. Normalise the momentum: x moves at "
        "constant speed, and the lower level can't be outrun. It is an insurance; clipping is a cheaper one.",
    ),
    Paper(
        slug="multiobjective_pde",
        number=15,
        topic="multiobjective",
        level=2,
        minutes=40,
        after=(),
        live="Compare 16 even weights with the reference walk; click along the front and watch the state.",
        title="Multiobjective Optimization of Non-Smooth PDE-Constrained Problems",
        authors="M. Bernreuther, M. Dellnitz, B. Gebken, G. Müller, S. Peitz, K. Sonntag, S. Volkwein",
        year=2023,
        source="arXiv 2308.01113",
        message="Walk along a trade-off with a point below it, not with weights. Let a reduced model do the walking "
        "and a bound that costs no solve decide where the full equation is asked, kink and all.",
    ),
    Paper(
        slug="pareto_flow",
        number=16,
        topic="multiobjective",
        level=3,
        minutes=40,
        after=("multiobjective_pde",),
        live="Press play: the open circles promise more and more while the filled ones, the truth, turn back.",
        title="ParetoFlow: Guided Flows in Multi-Objective Optimization",
        authors="Y. Yuan, C. Chen, C. Pal, X. Liu",
        year=2025,
        source="arXiv 2412.03718",
        message="Where only a data set may be asked, a free search on learned objectives runs away to designs that "
        "only look good. A flow from noise to designs, pushed along weights, goes beyond the data and stays near them.",
    ),
    Paper(
        slug="dynamic_reward_weighting",
        number=17,
        topic="multiobjective",
        level=2,
        minutes=40,
        after=("multiobjective_pde",),
        live="Train from efficiency-focused weights and follow the weights through the triangle.",
        title="Learning to Optimize Multi-Objective Alignment Through Dynamic Reward Weighting",
        authors="Y. Lu, Z. Wang, S. Li, X. Liu, C. Yu, Q. Yin, Z. Shi, Z. Zhang, M. Jiang",
        year=2025,
        source="arXiv 2509.11452",
        message="Fixed weights freeze a trade-off before learning starts. Weights that follow the gradients make wrong "
        "ones good; scaling the reward by progress is a step length that half of the estimators divide out again.",
    ),
    Paper(
        slug="diff2",
        number=18,
        topic="privacy",
        level=3,
        minutes=40,
        after=("private_gsd", "last_iterate"),
        live="Press play: one cloud of estimates shrinks as the gradient does, one doesn't. Then lower n to 1000.",
        title="DIFF2: Differential Private Optimization via Gradient Differences for Nonconvex Distributed Learning",
        authors="T. Murata, T. Suzuki",
        year=2023,
        source="arXiv 2302.03884",
        message="A private release costs by its multiplier, not by its radius: release changes of the gradient, whose "
        "radius dies down with the steps, and start anew before their noises have added up.",
    ),
    Paper(
        slug="private_gsd",
        number=19,
        topic="privacy",
        level=2,
        minutes=45,
        after=(),
        live="Evolve a table from noisy answers, with mutations alone, then with crossovers alone.",
        title="Generating Private Synthetic Data with Genetic Algorithms",
        authors="T. Liu, J. Tang, G. Vietri, Z. S. Wu",
        year=2023,
        source="arXiv 2306.03257",
        message="Privacy is paid for when counts are measured with noise; finding a table that gives them is free. So "
        "it may be done by trial and error, one cell at a time, where thresholds leave a gradient nothing to go by.",
    ),
    Paper(
        slug="langevin_averaging",
        number=20,
        topic="sampling",
        level=3,
        minutes=40,
        after=("last_iterate",),
        live="Run the hot chain: its iterates stray round the equator, and their average points at the peak.",
        title="Improved High-Dimensional Estimation with Langevin Dynamics and Stochastic Weight Averaging",
        authors="S. Wei, A. Damian, J. D. Lee",
        year=2026,
        source="arXiv 2603.06028",
        message="A chain too hot to find anything leans a little towards what is hidden. Its average over time is "
        "nothing but that lean: noise and averaging smooth the landscape.",
    ),
    Paper(
        slug="optimistic_omd",
        number=21,
        topic="stochastic",
        level=2,
        minutes=45,
        after=("last_iterate",),
        live="Raise σ from 0.1 to 1.5 while the stream turns: the hint is worth a factor of 25, then nothing.",
        title="Optimistic Online Mirror Descent for Bridging Stochastic and Adversarial Online Convex Optimization",
        authors="S. Chen, Y.-J. Zhang, W.-W. Tu, P. Zhao, L. Zhang",
        year=2024,
        source="arXiv 2302.04552",
        message="Bet that the next gradient looks like the last: regret is paid in surprise, noise plus drift, not in "
        "the number of rounds. One method slides from i.i.d. to adversarial losses and follows what moves.",
    ),
    Paper(
        slug="capo",
        number=22,
        topic="policies",
        level=3,
        minutes=40,
        after=("policy_gradient_harpg",),
        live="Step through 4, 5 and 6: one run loses its tasks in a single step, the other leaves out a few tokens.",
        title="Stabilizing Policy Gradients for Sample-Efficient Reinforcement Learning in LLM Reasoning",
        authors="L. C. Melo, A. Abate, Y. Gal",
        year=2026,
        source="arXiv 2510.00819",
        message="A second-order model of the last layer foretells, token by token, how far a step would go. Leave out "
        "the few tokens that go too far, and a step that otherwise destroys the policy teaches it.",
    ),
    Paper(
        slug="stsl",
        number=23,
        topic="sampling",
        level=3,
        minutes=35,
        after=("pareto_flow",),
        live="Set η = 0 and sample: the cloud becomes a point. Then compare the starts.",
        title="Beyond First-Order Tweedie: Solving Inverse Problems using Latent Diffusion",
        authors="L. Rout, Y. Chen, A. Kumar, C. Caramanis, S. Shakkottai, W.-S. Chu",
        year=2024,
        source="arXiv 2312.00852",
        message="A mean put for what isn't known forgets the covariance. The trace of a Hessian, by one random vector, "
        "makes it a bound; what makes the pictures better is a good start and a few steps at each noise level.",
    ),
)
ARENA = Lesson(
    slug="arena",
    number=24,
    topic="comparison",
    level=2,
    minutes=30,
    after=("start_here",),
    live="Race in the turned valley, then along the axes; click through the first diagram from no noise to much of it.",
    message="Fashion is no property of a problem. Exact or noisy, along the axes or across them, few unknowns or many: "
    "look first, then tune, and name a winner only where the bands don't overlap.",
)
LESSONS: tuple[Lesson, ...] = tuple(sorted((START, *PAPERS, ARENA), key=lambda row: row.number))


def lesson(slug: str) -> Lesson:
    """The lesson of that slug.

    Raises
    ------
    ValueError
        If there is none; the message lists those that there are.
    """
    by_slug = {row.slug: row for row in LESSONS}
    require(slug in by_slug, "the lesson", slug, f"one of {', '.join(by_slug)}")
    return by_slug[slug]


def paper(slug: str) -> Paper:
    """The paper of that slug.

    Raises
    ------
    ValueError
        If there is none; the message lists those that there are.
    """
    by_slug = {row.slug: row for row in PAPERS}
    require(slug in by_slug, "the paper", slug, f"one of {', '.join(by_slug)}")
    return by_slug[slug]


def about(row: Lesson) -> str:
    """Topic, level, minutes and what prepares for a lesson, in a few words."""
    after = ", ".join(f"{lesson(slug).number:02d}" for slug in row.after)
    return f"{row.topic}, level {row.level}, {row.minutes} min{after and f', after {after}'}"


def head(row: Lesson) -> str:
    """The line under a lesson's title: topic, level, minutes, and what prepares for it."""
    links = [f"[{one.number:02d}]({one.lesson})" for one in map(lesson, row.after)]
    prepared = f" · better after {' and '.join(links)}" if links else ""
    return f"*{row.topic.capitalize()} · level {row.level} of {len(LEVELS)} · {row.minutes} minutes{prepared}*"


def markdown(papers: Sequence[Paper] = PAPERS) -> str:
    """README's table: lesson, what it is about, paper, message."""
    rows = ["| lesson | about | paper | what you leave with |", "|---|---|---|---|"]
    for row in papers:
        source = re.sub(r"^arXiv (\S+)$", r"[arXiv \1](https://arxiv.org/abs/\1)", row.source)
        link = f"[{row.number:02d} {row.slug}](lessons/{row.lesson})"
        cells = (link, about(row), f"{row.authors}, *{row.title}*, {row.year}, {source}", row.message)
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(markdown())
