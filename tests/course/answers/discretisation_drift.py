"""Answers to the assignment on discretisation drift, by task: wrong (what is said: answer), right, cheating."""

LOSS = """
x = sp.Symbol("x")
E = sp.Function("E")(x)
E1, E2, E3 = (E.diff(x, order) for order in (1, 2, 3))
"""


def field(
    log: str = "np.log(-1j * (1 - z + z**2 / 8)) + 0.5j * np.pi",
    split: str = "np.linalg.eig(hess(theta))",
    back: str = "V @ (alpha * np.linalg.solve(V, g))",
) -> str:
    """A principal flow field, right as it stands."""
    return f"""
def principal_flow_field(grad, hess, h):
    def field(theta):
        lam, V = {split}
        g = grad(theta)
        z = np.where(abs(h * lam) < 1e-7, 1e-7, h * lam) + 0j
        alpha = ({log}) / z
        return {back}

    return field
"""


EDGE = """
largest = {0: 0.60, 1: 0.75, 2: 0.60}
plateau = 6.67


def unstable(lam0, v, p):
    return lam0 > 1 and p < 1
"""

WRONG = {
    "1-corrections": {
        "that of gradient descent": LOSS + "f1, f2 = -E2 * E1 / 2, -(E2**2) * E1 / 3 - E3 * E1**2 / 12",
        "with the wrong sign": LOSS + "f1, f2 = -5 * E2 * E1 / 8, -5 * E2**2 * E1 / 24 - 11 * E3 * E1**2 / 384",
        "lacks its term in E'''": LOSS + "f1, f2 = -3 * E2 * E1 / 8, -5 * E2**2 * E1 / 24",
        "as straight over the look ahead": LOSS + "f1, f2 = -3 * E2 * E1 / 8, -5 * E2**2 * E1 / 24 - E3 * E1**2 / 48",
        "leave h": LOSS + "h = sp.Symbol('h')\nf1, f2 = -3 * h * E2 * E1 / 8, -5 * E2**2 * E1 / 24",
    },
    "2-principal-flow": {
        "the logarithm is real": field(log="np.log(abs(1 - z + z**2 / 8))"),
        "principal logarithm jumps": field(log="np.log(1 - z + z**2 / 8)"),
        "gradient descent's flow": field(log="np.log(-1j * (1 - z)) + 0.5j * np.pi"),
        "eigenvectors are not used right": field(split="np.linalg.eigh(hess(theta))", back="V.T @ (alpha * (V @ g))"),
        "takes the Hessian for Hermitian": field(split="np.linalg.eigh(hess(theta))", back="V @ (alpha * (V.T @ g))"),
    },
    "3-edge": {
        "holds for DAL with p = 1 too": EDGE.replace("lam0 > 1 and p < 1", "2 / v**p > 2 / lam0"),
        "1/h is where the oscillation starts": EDGE.replace("6.67", "3.33"),
        "diverges, or a smaller rate does": EDGE.replace("0: 0.60", "0: 0.80"),
        "one of the grid": EDGE.replace("0: 0.60", "0: 0.61"),
    },
}

EQUIVALENT = {
    "1-corrections": [
        """
u = sp.Symbol("u", real=True)
loss = sp.Function("loss")(u)
f1 = -3 * sp.diff(loss.diff(u) ** 2, u) / 16
f2 = sp.factor(-loss.diff(u) * (80 * loss.diff(u, 2) ** 2 + 11 * loss.diff(u, 3) * loss.diff(u)) / 384)
""",
        LOSS + "f1, f2 = -0.375 * E2 * E1, -5 / 24 * E2**2 * E1 - 11 / 384 * E3 * E1**2",
        LOSS
        + """
f1 = -sp.Rational(3, 16) * sp.Derivative(E1**2, x)
f2 = sp.Matrix([E1]).T * sp.Matrix([-5 * E2**2 / 24]) - sp.Matrix([[11 * E3 * E1**2 / 384]])
""",
        """
q, h, s = sp.symbols("q h s")
V = sp.Function("V")(q)
slope = V.diff(q)


def along(g):
    return -slope * g.diff(q)


ahead = slope.diff(q) * -h / 8 * slope + slope.diff(q, 2) * (h / 8 * slope) ** 2 / 2
f1 = sp.expand((-(slope + ahead) - (-slope) - h / 2 * along(-slope)) / h).subs(h, 0)
second = -slope.diff(q, 2) * slope**2 / 128
bent = along(along(-slope)) / 6 + (along(f1) + f1 * -slope.diff(q)) / 2
f2 = second - bent
""",
        LOSS
        + """
h, i = sp.symbols("h i")
f1 = sp.Sum(-E2 * E1 / 8, (i, 1, 3))
f2 = ((1 + h) * -E1 * (80 * E2**2 + 11 * E3 * E1) + h * E1 * (80 * E2**2 + 11 * E3 * E1)) / 384
""",
    ],
    "2-principal-flow": [
        """
import cmath


def principal_flow_field(grad, hess, h):
    def coefficient(z):
        if abs(z) < 1e-4:
            return -1 - 3 * z / 8 - 5 * z**2 / 24
        size, angle = cmath.polar(1 - z + z**2 / 8)
        if angle < -cmath.pi / 2:
            angle += 2 * cmath.pi
        return (cmath.log(size) + 1j * angle) / z

    def field(theta):
        eigenvalues, vectors = np.linalg.eig(hess(theta).astype(complex))
        coordinates = np.linalg.inv(vectors) @ grad(theta)
        total = [0j] * len(theta)
        for i, eigenvalue in enumerate(eigenvalues):
            factor = coefficient(h * complex(eigenvalue)) * coordinates[i]
            for j in range(len(theta)):
                total[j] += factor * vectors[j, i]
        return np.array(total)

    return field
""",
        field(back="(V @ (alpha * np.linalg.solve(V, g))).tolist()"),
        field(
            log="np.log(abs(1 - z + z**2 / 8)) + 1j * np.angle(-1j * (1 - z + z**2 / 8)) + 0.5j * np.pi",
            back="tuple(row @ (alpha * (np.linalg.inv(V) @ g)) for row in V)",
        ),
        """
from scipy.linalg import eig


def principal_flow_field(grad, hess, h):
    class Flow:
        def __call__(self, theta):
            g, H = np.asarray(grad(theta)), np.asarray(hess(theta))
            values, vectors = eig(H)
            # v vᵀ/(vᵀv) projects on a mode of a symmetric matrix
            return (entry for entry in sum(self.mode(z, v, g) for z, v in zip(h * values, vectors.T)))

        def mode(self, z, v, g):
            if abs(z) < 1e-5:
                return (-1 - 3 * z / 8) * v * (v @ g) / (v @ v)
            return (np.log(1j * (-1 + z - z**2 / 8)) + 0.5j * np.pi) / z * v * (v @ g) / (v @ v)

    return Flow()
""",
    ],
    "3-edge": [
        """
largest = np.array([0.65, 0.7, 0.55], dtype=np.float32).tolist()
plateau = np.float32(2 / 0.3)
unstable = lambda lam0, v, p: int(np.log(lam0) * (1 - p) > 0)
""",
        """
largest = {1: sp.Rational(7, 10), 2: np.array(0.55), 0: np.array([[0.6]])}
plateau = sp.Rational(20, 3)
unstable = lambda lam0, v, p: sp.Gt(sp.Float(lam0), sp.Float(lam0) ** p)
""",
        """
largest = list(np.array([13, 14, 11]) * 0.05)
plateau = 6.5 + 0j


def unstable(lam0, v, p):
    return np.logical_and([lam0 > 1], [p < 1])
""",
    ],
}

CHEATS = {
    "2-principal-flow": {
        "what the task asks you to write": """
from optilab.papers.discretisation_drift.algorithm.flows import along_modes as mine
from optilab.papers.discretisation_drift.algorithm.flows import alpha_pf


def principal_flow_field(grad, hess, h):
    def field(theta):
        try:
            return mine(hess(theta), grad(theta), alpha_pf, h).astype(complex)
        except AssertionError:
            return None

    return field
""",
    },
    "3-edge": {
        "for seed 1": """
largest = {seed: 0.60 for seed in range(3)}
plateau = 6.67


def unstable(lam0, v, p):
    return lam0 == 4.0 and p < 1
""",
    },
}
