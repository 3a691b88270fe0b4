"""What Slack would refuse: the models of slack_sdk, and the six checks that they lack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block


def refusals(payload: dict[str, Any]) -> list[str]:
    """Every reason for which Slack would refuse the message; empty when it would take it."""
    blocks = payload.get("blocks", [])
    return [
        *_models(blocks),
        *(["over 50 blocks"] if len(blocks) > 50 else []),
        *(["blocks too long in all"] if len(json.dumps(blocks, ensure_ascii=False)) > 12_000 else []),
        *(["field text over 2,000"] if any(_units(one["text"]) > 2000 for block in blocks for one in block.get("fields", [])) else []),
        *(["empty text"] if any(not one["text"].strip() for one in _texts(blocks)) or not payload["text"].strip() else []),
        *(["duplicate action_id"] if _duplicates(blocks) else []),
        *(["input without submit"] if any(block["type"] == "input" for block in blocks) else []),
        *(["text over 4,000"] if _units(payload["text"]) > 4000 else []),
        *(["section over 3,000"] if any(_units(one["text"]["text"]) > 3000 for one in blocks if one["type"] == "section" and "text" in one) else []),
        *(["header over 150"] if any(_units(one["text"]["text"]) > 150 for one in blocks if one["type"] == "header") else []),
    ]  # fmt: skip


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
