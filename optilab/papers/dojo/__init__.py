"""Contact as a cone-complementarity problem: hard where it is simulated, smooth where it is differentiated.

An interior-point method follows the central path of a time step; its root is differentiated by the implicit-function
theorem, at a softness κ that the user chooses.

T. A. Howell, S. Le Cleac'h, J. Brüdigam, Q. Chen, J. Sun, J. Z. Kolter, M. Schwager, Z. Manchester, "Dojo: A
Differentiable Physics Engine for Robotics", 2022 (arXiv 2203.00806).
"""
