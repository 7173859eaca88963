"""What the engine promises, measured. See `EXPERIMENTS`."""
