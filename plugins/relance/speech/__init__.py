"""What planning decided, in words that a person reads: the same text on every surface."""

from relance.speech.explain import Paragraph, explain
from relance.speech.words import LANGUAGES, language_of

__all__ = ["LANGUAGES", "Paragraph", "explain", "language_of"]
