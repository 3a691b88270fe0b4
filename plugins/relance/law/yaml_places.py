"""YAML with places: values without floats, and the line on which each key stands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """The safe loader, reading 9.2 as an exact decimal."""


def _exact(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)))


_Loader.add_constructor("tag:yaml.org,2002:float", _exact)

Place = tuple[str | int, ...]


def read(text: str) -> tuple[Any, dict[Place, int]]:
    """The value of a YAML text, and the line (from 1) of each key or item by its path.

    Raises:
        yaml.YAMLError: for text that is not YAML.
        ValueError: for a key written twice, or a number that is not one; says the line.
    """
    lines: dict[Place, int] = {}
    node = yaml.compose(text, Loader=_Loader)
    if node is not None:
        _walk(node, (), lines)
    return yaml.load(text, Loader=_Loader), lines  # noqa: S506 — a SafeLoader with exact decimals


def line_of(place: Place, lines: dict[Place, int]) -> int:
    """The line of the nearest written part of `place`."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int]) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, key.value)
            if here in lines:
                raise ValueError(f"line {key.start_mark.line + 1}: {key.value!r} is written twice")
            lines[here] = key.start_mark.line + 1
            _walk(value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*place, index), lines)
