"""Figures of one run, side by side with the bare work."""
