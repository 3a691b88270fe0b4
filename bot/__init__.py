"""Slack in: what people press, fill in, write and ask. Thin: verify, keep the intent, acknowledge, and let workers work."""
