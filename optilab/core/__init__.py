"""What every paper stands on: running, counting, deriving, claiming. NumPy and SymPy only, no plotting."""
