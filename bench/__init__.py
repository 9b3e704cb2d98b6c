"""Figures of webduh on this machine, beside the raw cost of the same work. They are printed, never judged."""
