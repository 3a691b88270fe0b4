"""The policy: YAML files that people review, read into frozen objects; an error names file, line and mend."""

from __future__ import annotations

from relance.config.check import check_policy
from relance.config.load import load_policy
from relance.config.policy import Policy
from relance.config.problems import Problem

__all__ = ["Policy", "Problem", "check_policy", "load_policy"]
