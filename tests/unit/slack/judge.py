"""What Slack would refuse: the models of slack_sdk, and the six checks that they lack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from slack_sdk.models.blocks import Block, BlockElement, ConfirmObject, Option
from slack_sdk.models.views import View


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
        "option value over 150": any(len(one["value"]) > 150 for one in _options(blocks)),
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
            for element in _elements(raw):
                _check_element(element)
        except Exception as error:  # noqa: BLE001
            yield f"{raw['type']}: {error}"


def _elements(block: dict[str, Any]) -> list[dict[str, Any]]:
    """What can be pressed in a block."""
    return [
        one
        for one in [*block.get("elements", []), block.get("accessory")]
        if one is not None and one.get("type") not in {"mrkdwn", "plain_text"}
    ]


def _check_element(raw: dict[str, Any]) -> None:
    """The element, its options and its confirmation, by slack_sdk's models, and its text by what its page says."""
    element = BlockElement.parse(raw)
    if element is None:
        raise ValueError(f"unknown element {raw['type']}")
    element.validate_json()
    for option in raw.get("options", []):
        Option(text=option["text"]["text"], value=option["value"]).validate_json()
    if "confirm" in raw:
        words = {name: raw["confirm"][name]["text"] for name in ("title", "text", "confirm", "deny")}
        ConfirmObject(**words, style=raw["confirm"].get("style")).validate_json()
    if raw["type"] == "overflow" and not 1 <= len(raw["options"]) <= 5:
        raise ValueError("an overflow menu of other than 1 to 5 options")
    if raw["type"] == "static_select" and not 1 <= len(raw["options"]) <= 100:
        raise ValueError("a menu of other than 1 to 100 options")
    values = [one["value"] for one in raw.get("options", [])]
    if len(values) != len(set(values)):
        raise ValueError("two options of one value")


def _options(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        for element in _elements(block):
            yield from element.get("options", [])


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
        ids = [one["action_id"] for one in _elements(block) if "action_id" in one]
        if len(ids) != len(set(ids)):
            return True
    return False


def view_refusals(view: dict[str, Any]) -> list[str]:
    """Every reason for which Slack would refuse a modal or a Home tab; empty when it would take it."""
    blocks = view["blocks"]
    named = [one["block_id"] for one in blocks if "block_id" in one]
    asks = any(one["type"] == "input" for one in blocks)
    modal = view["type"] == "modal"
    titles = [view[name]["text"] for name in ("title", "submit", "close") if name in view]
    ours = {
        "over 100 blocks": len(blocks) > 100,
        "no blocks": not blocks,
        "duplicate block_id": len(named) != len(set(named)),
        "block_id over 255": any(len(one) > 255 for one in named),
        "duplicate action_id": _duplicates(blocks),
        "input without submit": asks and modal and "submit" not in view,
        "title, submit or close over 24": any(not text.strip() or _units(text) > 24 for text in titles),
        "private_metadata over 3,000": _units(view.get("private_metadata", "")) > 3000,
        "empty text": any(not one["text"].strip() for one in _texts(view)),
        "view over 100,000 characters": len(json.dumps(view, ensure_ascii=False)) > 100_000,
        "unknown key": bool(view.keys() - _VIEW_KEYS),
        "no title": modal and "title" not in view,
    }
    return [
        *(why for why, found in ours.items() if found),
        *_models(blocks),
        *_view_model(view),
        *(why for block in blocks for why in _block_refusals(block)),
    ]


_VIEW_KEYS = {"type", "callback_id", "title", "submit", "close", "private_metadata", "blocks"}
_LIMITS = {"label": 2000, "hint": 2000, "placeholder": 150}


def _view_model(view: dict[str, Any]) -> Iterator[str]:
    try:
        View(**view).validate_json()
    except Exception as error:  # noqa: BLE001
        yield f"view: {error}"


def _block_refusals(block: dict[str, Any]) -> Iterator[str]:
    kind = block["type"]
    text = block["text"]["text"] if kind in {"section", "header"} and "text" in block else ""
    if _units(text) > {"section": 3000, "header": 150}.get(kind, 0):
        yield f"{kind} too long"
    if any(_units(one["text"]) > 2000 for one in block.get("fields", [])):
        yield "field text over 2,000"
    for holder in (block, block.get("element") or {}):
        for name, limit in _LIMITS.items():
            if name in holder and _units(holder[name]["text"]) > limit:
                yield f"{name} over {limit}"
    if kind == "input":
        yield from _input_refusals(block["element"])
    for one in [block.get("element"), *block.get("elements", []), block.get("accessory")]:
        if one is not None and "options" in one:
            yield from _option_refusals(one)


def _input_refusals(element: dict[str, Any]) -> Iterator[str]:
    """What a field begins with must be something that it could hold."""
    model = BlockElement.parse(element)
    if model is None:
        yield f"unknown element {element['type']}"
        return
    try:
        model.validate_json()
    except Exception as error:  # noqa: BLE001
        yield f"{element['type']}: {error}"
    initial = element.get("initial_value")
    if initial is not None and not 0 < _units(initial) <= element.get("max_length", 3000):
        yield "initial value that does not fit"
    if element.get("max_length", 3000) > 3000:
        yield "max_length over 3,000"
    if "initial_date" in element:
        date.fromisoformat(element["initial_date"])


def _option_refusals(element: dict[str, Any]) -> Iterator[str]:
    options = element["options"]
    values = [one["value"] for one in options]
    initial = [
        *element.get("initial_options", []),
        *([element["initial_option"]] if "initial_option" in element else []),
    ]
    most = {"overflow": 5, "radio_buttons": 10, "checkboxes": 10}.get(element["type"], 100)
    if not 1 <= len(options) <= most:
        yield f"{len(options)} options"
    if len(values) != len(set(values)):
        yield "two options of one value"
    if any(one not in options for one in initial):
        yield "an initial option that is none of the options"
    for one in options:
        if _units(one["text"]["text"]) > 75 or _units(one["value"]) > 150 or not one["value"]:
            yield f"option too long: {one}"
