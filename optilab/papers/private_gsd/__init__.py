"""Private synthetic data by a genetic search: noisy answers to counting queries, and a table that fits them."""
