"""The digests of each entity in Slack, daily and weekly, at the hours of config/slack.yaml; built by relance.orchestration."""

from __future__ import annotations

from relance.orchestration.digests import digest_dags

for dag in digest_dags():
    globals()[dag.dag_id] = dag
