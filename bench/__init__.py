"""What Penstock's relay costs, measured beside its peers: see README.md, and run `scripts/bench`."""
