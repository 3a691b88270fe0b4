"""What the bot answers to one person, one file a language."""
