"""Choices that menus load while somebody types, one file each."""
