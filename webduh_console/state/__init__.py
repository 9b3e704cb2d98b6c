"""The local memory: apps, deployments, what was last observed, pending variables, and the seal on secret values."""
