"""One step for all σ: iterations on C and on S, where f must choose among the lower solutions."""

from functools import cache
from typing import Any

import numpy as np

from optilab.core.run import run
from optilab.papers.bilevel_penalty.algorithm import double_loop
from optilab.papers.bilevel_penalty.experiment import FIXED, PROBLEMS, instances, length, origin
from optilab.papers.bilevel_penalty.explorer.parts import color
from optilab.papers.bilevel_penalty.problems import draw
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import curve, guide, here, log, panel, walk
from optilab.ui.words import number

STEPS, TARGET = 4000, 0.01
KEPT = np.unique(np.concatenate([[0], np.geomspace(1, STEPS, 200).astype(int)]))


@cache
def runs(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """‖∇ψ_σ‖ at the steps `KEPT` (steps, σ) and the first step from which it stays at 0.01 or below (σ)."""
    problem, sigma = instances(name, range(seed, seed + 1)), FIXED[:, None]
    states = double_loop(problem, *origin(problem, (len(FIXED), 1)), sigma=sigma, alpha=0.01, T=1)
    norm = length(problem.penalty_grad(run(states, STEPS, keep=["x"]).x, sigma))[..., 0]
    above = norm > TARGET
    last = np.where(above.any(0), len(above) - above[::-1].argmax(0), 0).astype(float)
    return norm[KEPT], np.where(last < len(above), last, np.nan)


def both(seed: int) -> dict[str, Any]:
    """The same of both problems."""
    return {name: runs(name, seed) for name in PROBLEMS}


def curvature(name: str, seed: int) -> np.ndarray:
    """The least positive curvature of σf + g in y, at each σ."""
    A, *_, C, _ = draw(seed)
    of_f = C.T @ C if name == "C" else np.diag(np.linspace(0.5, 2, 8))
    values = np.linalg.eigvalsh(A.T @ A + FIXED[:, None, None] * of_f)
    return np.where(values > 1e-9, values, np.inf).min(-1)


def compute(index: int, seed: int) -> dict[str, Any]:
    """Iterations for every σ, and both runs at one of them."""
    data: dict[str, Any] = {}
    said = []
    for name, (norm, needed) in both(seed).items():
        bend = curvature(name, seed)
        data[f"needed {name}"] = (FIXED, needed)
        data[f"bend {name}"] = (FIXED, bend)
        data[f"norm {name}"] = (KEPT + 1, np.clip(norm[:, index], 1e-5, 1e2))
        data[f"now {name}"] = ([FIXED[index]], [needed[index]])
        took = f"{needed[index]:.0f}" if np.isfinite(needed[index]) else f"more than {STEPS}"
        said.append(f"{name} takes <b>{took}</b> iterations (least curvature {number(bend[index])})")
    return data | {
        "inverse": (FIXED, 9 / FIXED),
        "target": ([1, STEPS + 1], [TARGET, TARGET]),
        "note": f"σ = {number(FIXED[index])}: {' and '.join(said)}.",
    }


def choosing(**start: Any) -> Explorer:
    """One of nine σ and the instance beside iterations, curvatures and runs."""
    shades = {"C": color("C"), "S": color("S")}
    return Explorer(
        compute,
        {
            "index": slider("which σ", 2, 0, len(FIXED) - 1, 1),
            "seed": slider("seed", 0, 0, 4, 1),
        },
        [
            panel(
                "Iterations: with S, where f chooses, a small σ costs",
                guide("inverse", "∝ 1/σ"),
                *(walk(f"needed {name}", name, shade) for name, shade in shades.items()),
                *(here(f"now {name}", shade=shade) for name, shade in shades.items()),
                x=log("σ", [-2.6, -0.4]),
                y=log("iterations until ‖∇ψ_σ‖ stays ≤ 0.01", [1.8, 3.7]),
            ),
            panel(
                "Why: the least curvature of σf + g, kernel aside",
                *(walk(f"bend {name}", name, shade) for name, shade in shades.items()),
                x=log("σ", [-2.6, -0.4]),
                y=log("curvature", [-3.2, 0]),
            ),
            panel(
                "Both runs at this σ",
                guide("target", "0.01"),
                *(curve(f"norm {name}", name, shade) for name, shade in shades.items()),
                x=log("step k + 1", [0, 3.7]),
                y=log("‖∇ψ_σ‖", [-5, 1]),
                wide=True,
                height=280,
            ),
        ],
        call=__name__,
        start=start,
        recipe=both,
    )
