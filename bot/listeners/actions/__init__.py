"""Buttons, menus and fields, one file each."""
