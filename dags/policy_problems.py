"""Holds no DAG: when the policy does not hold together, this file is what Airflow lists as an import error.

The message names every problem with file and line. The DAGs of sound entities stand in `dunning.py` and keep
running: an import error there would take all of them off the schedule.
"""

from __future__ import annotations

from relance.orchestration.factory import refuse_unsound_policy

refuse_unsound_policy()
