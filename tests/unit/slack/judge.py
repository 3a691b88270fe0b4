"""What Slack would refuse: the models of slack_sdk, and the six checks that they lack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block


def refusals(payload: dict[str, Any]) -> list[str]:
    """Every reason for which Slack would refuse the message; empty when it would take it."""
    blocks = payload.get("blocks", [])
    sections = [one["text"]["text"] for one in blocks if one["type"] == "section" and "text" in one]
    fields = [one["text"] for block in blocks for one in block.get("fields", [])]
    headers = [one["text"]["text"] for one in blocks if one["type"] == "header"]
    ours = {
        "over 50 blocks": len(blocks) > 50,
        "blocks too long in all": len(json.dumps(blocks, ensure_ascii=False)) > 12_000,
        "field text over 2,000": any(_units(text) > 2000 for text in fields),
        "empty text": any(not one["text"].strip() for one in _texts(blocks)) or not payload["text"].strip(),
        "duplicate action_id": _duplicates(blocks),
        "input without submit": any(block["type"] == "input" for block in blocks),
        "text over 4,000": _units(payload["text"]) > 4000,
        "section over 3,000 UTF-16 units": any(_units(text) > 3000 for text in sections),
        "header over 150 UTF-16 units": any(_units(text) > 150 for text in headers),
    }
    return [*_models(blocks), *(why for why, found in ours.items() if found)]


def _models(blocks: list[dict[str, Any]]) -> Iterator[str]:
    for raw, block in zip(blocks, Block.parse_all(blocks), strict=True):
        if block is None:
            yield f"unknown block {raw.get('type')}"
            continue
        try:
            block.validate_json()
        except Exception as error:  # noqa: BLE001
            yield f"{raw['type']}: {error}"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _texts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("type") in {"plain_text", "mrkdwn"}:
            yield value
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _duplicates(blocks: list[dict[str, Any]]) -> bool:
    for block in blocks:
        ids = [one["action_id"] for one in block.get("elements", []) if "action_id" in one]
        if len(ids) != len(set(ids)):
            return True
    return False
