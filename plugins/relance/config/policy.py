"""The policy as the rest of the house sees it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from relance.config.channels import Channels
from relance.config.models import Entity, Region, Scenario, SegmentRule
from relance.config.profiles import Profiles
from relance.config.roles import UNWRITTEN, Roles
from relance.config.slack import SlackRules
from relance.config.values import nearest
from relance.errors import UsageError


class Policy(BaseModel):
    """All policy files of a directory, typed, whole and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entities: dict[str, Entity] = Field(default_factory=dict)
    regions: dict[str, Region] = Field(default_factory=dict)
    scenarios: dict[str, Scenario] = Field(default_factory=dict)
    segments: tuple[SegmentRule, ...] = ()
    profiles: Profiles = Field(default_factory=Profiles)
    roles: Roles = Field(default_factory=lambda: UNWRITTEN)
    channels: Channels = Field(default_factory=Channels)
    slack: SlackRules = Field(default_factory=SlackRules)
    directory: Path = Path("config")

    @cached_property
    def version(self) -> str:
        """Hex SHA-256 of what planning goes by, defaults written out; comments and layout don't count."""
        canonical = json.dumps(self.content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @cached_property
    def content(self) -> dict[str, Any]:
        """What planning goes by, as plain data: not who may decide (addresses stay out) nor how messages travel."""
        return self.model_dump(mode="json", exclude={"directory", "roles", "channels", "slack"})

    def entity(self, name: str) -> Entity:
        """The entity of that id.

        Raises:
            UsageError: when there is none; names the nearest.
        """
        return self.entities[_known(name, self.entities, kind="entity", directory=self.directory)]

    def region_of(self, entity: Entity | str) -> Region:
        """The region of an entity (or of its id).

        Raises:
            UsageError: when the entity or its region doesn't exist.
        """
        one = self.entity(entity) if isinstance(entity, str) else entity
        return self.regions[_known(one.region, self.regions, kind="region", directory=self.directory)]

    def scenario(self, name: str) -> Scenario:
        """The scenario of that id.

        Raises:
            UsageError: when there is none; names the nearest.
        """
        return self.scenarios[_known(name, self.scenarios, kind="scenario", directory=self.directory)]


def _known(name: str, known: Iterable[str], *, kind: str, directory: Path) -> str:
    names = sorted(known)
    if name in names:
        return name
    guess = nearest(name, names)
    listed = (
        f"There is {', '.join(names[:12])}{' …' if len(names) > 12 else ''}."
        if names
        else f"There is no {kind} at all."
    )
    hint = f"Did you mean {guess}?" if guess else listed
    raise UsageError(f"There is no {kind} {name!r} in {directory}.", hint=hint)
