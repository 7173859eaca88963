"""Private-GSD: measure counting queries with noise, then search a table that fits the noisy answers.

    D: a private table of N rows;  Q(D): the shares of its rows of which M queries hold, in m workloads.
    Neighbours differ in one row, replaced. What is computed from noisy answers alone costs no privacy.

    the paper                                               here
    ρ of (ε, δ); noise of a ρ; noisy maximum, the count     optilab.problems.privacy: cdp_rho; gaussian_sigma; Budget
    marginals and ranges, prefixes, half-spaces             problems: Cells, Prefixes, HalfSpaces
      a workload's sensitivity Δ₂                             Queries.sensitivity
    one shot: every workload measured with ρ/m              one_shot, measure
    adaptive: T rounds, each S workloads of largest error   adaptive
      hybrid: some workloads measured before the rounds       adaptive, its argument `first`
    the genetic projection of noisy answers                 genetic, project
      a copy of the best table with one new cell              mutate
      … with a cell that an elite table has                   crossover
      its answers by the one-row update                       one_row_update, fitness
    rivals: RAP, RAP++, PGM                                 SoftTable; Relaxed with anneal, annealed; pgm
      a table of soft categories made hard                    SoftTable.draws; draws, systematic
    what noise costs, what N' rows can do                   answer_bound, noise_floor, sampling_bound

Source: T. Liu, J. Tang, G. Vietri, Z. S. Wu, "Generating Private Synthetic Data with Genetic Algorithms", ICML 2023
(arXiv 2306.03257); defaults and the rivals' settings follow the authors' code of June 2023.
"""

from optilab.papers.private_gsd.algorithm.genetic import (
    Population,
    crossover,
    fitness,
    genetic,
    mutate,
    one_row_update,
    project,
)
from optilab.papers.private_gsd.algorithm.release import (
    Measured,
    Release,
    Round,
    adaptive,
    answer_bound,
    budget_for,
    measure,
    noise_floor,
    one_shot,
    sampling_bound,
)
from optilab.papers.private_gsd.algorithm.rivals import (
    Annealed,
    Joint,
    Relaxed,
    SoftTable,
    anneal,
    annealed,
    draws,
    pgm,
    systematic,
)
