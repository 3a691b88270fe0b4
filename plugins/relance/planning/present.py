"""A plan as the public JSON of the command line (`commands.md`): minor units, ISO dates, the order of the specification."""

from __future__ import annotations

import json
from typing import Any

from relance.planning.model import Plan


def as_json_text(plan: Plan) -> str:
    """The plan as one line of JSON."""
    head = {"entity": plan.entity, "as_of": plan.as_of.isoformat(), "policy_version": plan.policy_version}
    frames = {"outcomes": plan.outcomes, "contacts": plan.contacts, "tasks": plan.tasks}
    members = [f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=False)}" for name, value in head.items()]
    members += [f"{json.dumps(name)}:{frame.write_json()}" for name, frame in frames.items()]
    return "{" + ",".join(members) + "}"


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain dictionaries."""
    plain: dict[str, Any] = json.loads(as_json_text(plan))
    return plain
