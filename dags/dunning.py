"""The day of each entity: one Airflow DAG a file of config/entities, built by relance.orchestration."""

from __future__ import annotations

from relance.orchestration.factory import dunning_dags

for dag in dunning_dags():
    globals()[dag.dag_id] = dag
