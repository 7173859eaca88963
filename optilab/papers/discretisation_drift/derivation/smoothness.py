"""Why the gradient of a spectrally normalised layer is orthogonal to its weights."""

import sympy as sp

from optilab.core.derive import Derivation

w = sp.Matrix(2, 2, sp.symbols("w0:4", real=True))
c = sp.Symbol("c", positive=True)


def spectral_norm_is_scale_free() -> Derivation:
    """Stretching W leaves W/σ(W) as it is, hence ⟨W, ∇_W L(W/σ(W))⟩ = 0; proved for a 2×2 matrix."""
    square = sum(entry**2 for entry in w)
    sigma = sp.sqrt((square + sp.sqrt(square**2 - 4 * w.det() ** 2)) / 2)
    stretched = {entry: c * entry for entry in w}
    return (
        Derivation(
            "Spectral normalisation forgets the length of W",
            sigma,
            "The largest singular value σ of a 2×2 matrix: the larger root of a quadratic in σ².",
        )
        .then("Stretch the matrix by c > 0.", lambda largest: largest.subs(stretched, simultaneous=True))
        .equals(c * sigma, "Its largest singular value stretches in proportion.")
        .then("The layer uses W/σ. How fast does that change with c?", lambda largest: (c * w / largest).diff(c))
        .equals(sp.zeros(2, 2), "Not at all: no loss of W/σ has a gradient along W, and each step makes W longer.")
    )
