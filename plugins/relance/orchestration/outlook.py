"""What a DAG must know of an entity, read from its own policy files alone.

A scheduler parses DAG files all day long, and every task parses them once more. So this reads an entity's
file and its region's and nothing else, and a file that does not hold together leaves the others standing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from relance.config.document import read_document
from relance.config.models import Entity, Region
from relance.config.wording import check_model


@dataclass(frozen=True, slots=True)
class Outlook:
    """An entity and its region, both sound."""

    entity: Entity
    region: Region


def outlooks(config: Path, *, wanted: Callable[[str], bool]) -> Iterator[Outlook]:
    """The sound entities of a policy directory, by id; reads the files of `wanted` ids only."""
    regions: dict[str, Region | None] = {}
    for path in sorted((config / "entities").glob("*.yaml")):
        if not wanted(path.stem):
            continue
        entity = check_model(Entity, read_document(path))
        if entity is None or entity.entity != path.stem:
            continue
        if entity.region not in regions:
            regions[entity.region] = _region(config / "regions" / f"{entity.region}.yaml")
        region = regions[entity.region]
        if region is not None:
            yield Outlook(entity, region)


def _region(path: Path) -> Region | None:
    return check_model(Region, read_document(path)) if path.is_file() else None
