"""What it all comes to: figures and key figures of an entity, what is to come in, digests for people. Reads, decides nothing."""

from __future__ import annotations

from relance.insight.figures import Figures, figures
from relance.insight.kpis import Kpis, kpis
from relance.insight.outlook import Expected, expected
from relance.insight.statements import statement

__all__ = ["Expected", "Figures", "Kpis", "expected", "figures", "kpis", "statement"]
