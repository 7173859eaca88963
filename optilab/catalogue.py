"""The papers in the order of their lessons; `python -m optilab.catalogue` prints README's table."""

import re
from dataclasses import dataclass

from optilab.core.check import require


@dataclass(frozen=True)
class Paper:
    """One paper: what it is called here, where it comes from and what its lesson leaves you with.

    Parameters
    ----------
    slug : str
        Its name everywhere: `optilab/papers/<slug>/`, `lessons/NN_<slug>.ipynb`, `tests/papers/<slug>/`.
    number : int
        Of its lesson, from 1; lesson 0 is the introduction.
    title, authors, year, source
        As cited; `source` is "arXiv" and the number where there is one.
    message : str
        The sentence that the reader will remember.
    """

    slug: str
    number: int
    title: str
    authors: str
    year: int
    source: str
    message: str

    @property
    def lesson(self) -> str:
        """File name of the lesson."""
        return f"{self.number:02d}_{self.slug}.ipynb"


PAPERS = (
    Paper(
        slug="discretisation_drift",
        number=1,
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
        title="Beyond First-Order Tweedie: Solving Inverse Problems using Latent Diffusion",
        authors="L. Rout, Y. Chen, A. Kumar, C. Caramanis, S. Shakkottai, W.-S. Chu",
        year=2024,
        source="arXiv 2312.00852",
        message="A mean put for what isn't known forgets the covariance. The trace of a Hessian, by one random vector, "
        "makes it a bound; what makes the pictures better is a good start and a few steps at each noise level.",
    ),
)


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


def markdown() -> str:
    """README's table: lesson, paper, message."""
    rows = ["| lesson | paper | what you leave with |", "|---|---|---|"]
    for row in PAPERS:
        source = re.sub(r"^arXiv (\S+)$", r"[arXiv \1](https://arxiv.org/abs/\1)", row.source)
        lesson = f"[{row.number:02d} {row.slug}](lessons/{row.lesson})"
        rows.append(f"| {lesson} | {row.authors}, *{row.title}*, {row.year}, {source} | {row.message} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(markdown())
