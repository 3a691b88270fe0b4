"""What digests and alerts say, one file a language."""
