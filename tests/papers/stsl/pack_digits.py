"""Write the digits of the room from scikit-learn's copy of them; whoever runs this needs scikit-learn, nobody else.

python tests/papers/stsl/pack_digits.py
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
room = Path(__file__).parents[3] / "optilab" / "papers" / "stsl"
np.savez_compressed(room / "digits.npz", pixels=digits.data.astype("u1"), labels=digits.target.astype("u1"))
