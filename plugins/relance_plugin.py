"""What Relance adds to Airflow; the only file here that Airflow loads by itself (see `.airflowignore`)."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from relance.orchestration.timetable import RegionBusinessDays


class RelancePlugin(AirflowPlugin):
    """The timetable: a DAG's schedule can only be read back where its class is registered."""

    name = "relance"
    timetables = [RegionBusinessDays]  # noqa: RUF012 — Airflow's own way to declare
