"""Shortcuts on messages, one file each."""
