"""What the law room refuses."""

from __future__ import annotations

from relance.errors import RelanceError


class LawError(RelanceError):
    """What can't be given without guessing (no rate, no rule), or an act that the country's law forbids."""

    code = "law"
