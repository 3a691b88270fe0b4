"""JSON Schemas of the policy files, made from the models, so that editors complete, explain and check them.

`relance config schema` (or `python -m relance.config.schema`) writes them into `config/schemas/`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from relance.config.channels import Channels
from relance.config.models import Entity, Region, Scenario, Segments
from relance.config.profiles import Profiles
from relance.config.roles import Roles
from relance.config.slack import SlackRules

SCHEMAS: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "entity": Entity,
        "region": Region,
        "scenario": Scenario,
        "segments": Segments,
        "profiles": Profiles,
        "roles": Roles,
        "channels": Channels,
        "slack": SlackRules,
    }
)


_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def render_schema(name: str) -> str:
    """The JSON text of the schema `name` (a key of SCHEMAS)."""
    # Draft 7 is what editors' YAML servers know best; nothing here needs a later one.
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **_with_bounds(SCHEMAS[name].model_json_schema()),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _with_bounds(node: Any) -> Any:
    """Bounds of values that are read by our own functions, in JSON Schema's words instead of pydantic's."""
    if isinstance(node, list):
        return [_with_bounds(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        _BOUNDS[key] if key in _BOUNDS and isinstance(value, (int, float)) else key: _with_bounds(value)
        for key, value in node.items()
    }


def write_schemas(directory: Path) -> list[Path]:
    """Write every schema into `directory`, made if need be; the paths written."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in SCHEMAS:
        path = directory / f"{name}.schema.json"
        path.write_text(render_schema(name), encoding="utf-8")
        paths.append(path)
    return paths


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1] if len(sys.argv) > 1 else "config/schemas"))
