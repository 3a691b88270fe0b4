"""What cards say, one file a language."""
