"""The digests of each entity in Slack, at the hours of config/slack.yaml: one Airflow DAG an entity and kind.

Built by relance.orchestration. Airflow reads a file for DAGs only when it finds both of its words, airflow and dag, in it.
"""

from __future__ import annotations

from relance.orchestration.digests import digest_dags

for dag in digest_dags():
    globals()[dag.dag_id] = dag
