"""On the Dynamics of Acceleration in First order Gradient Methods (Parimi, Mehra, Wagh, Yerudkar, Singh, 2025)."""
