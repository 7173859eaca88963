"""What is optimised: losses of many records at several clients, whose gradients are clipped one record at a time.

    f(x) = 1/P Σ_p f_p(x),   f_p(x) = 1/n_p Σ_{z ∈ D_p} ℓ(x, z)

A problem gives the gradients of all its records at a point; of two points they can be subtracted, record by record,
before they are clipped. No array of n gradients is made: of these losses the norm of each is known from a few numbers.
"""

from optilab.papers.diff2.problems.kind import Gradients, Private, clip_factor
from optilab.papers.diff2.problems.logistic import Logistic, Slopes, federated, prototypes
from optilab.papers.diff2.problems.network import Layers, Network, teacher
