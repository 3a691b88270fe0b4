"""A problem of the policy: its place, what is amiss, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """`file` as named on the call (`config/entities/FR01.yaml`), `line` from 1; `mend` says "write …"."""

    file: str
    line: int
    message: str
    mend: str
    severity: Severity = "error"

    def __post_init__(self) -> None:
        # What a file holds is quoted in words: one line each, and nothing that a terminal would obey.
        for name in ("message", "mend"):
            text = " ".join(getattr(self, name).split())
            object.__setattr__(self, name, "".join(one if one.isprintable() else "\ufffd" for one in text))

    def __str__(self) -> str:
        kind = "warning: " if self.severity == "warning" else ""
        return f"{self.file}:{self.line}: {kind}{self.message}; {self.mend}"
