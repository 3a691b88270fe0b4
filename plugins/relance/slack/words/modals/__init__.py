"""What modals and the Home tab say, one file a language."""
