"""Submitted modals, one file each."""
