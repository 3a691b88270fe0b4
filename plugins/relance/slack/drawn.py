"""Blocks as HTML, for the preview page: what Slack would draw, buttons and menus included. Pure; nothing can be pressed."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from relance.slack.mrkdwn import plain_to_html, to_html

Block = Mapping[str, Any]


def block_html(block: Block) -> str:
    """One block; of a kind that is not drawn, its name."""
    draw = _BLOCKS.get(str(block["type"]))
    return draw(block) if draw else f'<p class="none">{html.escape(str(block["type"]))}</p>'


def text_html(text: Mapping[str, Any]) -> str:
    """A text object."""
    return plain_to_html(text["text"]) if text["type"] == "plain_text" else to_html(text["text"])


def _header(block: Block) -> str:
    return f"<h3>{plain_to_html(block['text']['text'])}</h3>"


def _context(block: Block) -> str:
    parts = "".join(f"<span>{text_html(one)}</span>" for one in block["elements"] if "text" in one)
    return f'<div class="context">{parts}</div>'


def _section(block: Block) -> str:
    text = f'<div class="text">{text_html(block["text"])}</div>' if "text" in block else ""
    fields = "".join(f"<div>{text_html(field)}</div>" for field in block.get("fields") or [])
    shown = text + (f'<div class="fields">{fields}</div>' if fields else "")
    beside = _element(block["accessory"]) if "accessory" in block else ""
    return f'<div class="beside"><div>{shown}</div>{beside}</div>' if beside else shown


def _actions(block: Block) -> str:
    return f'<div class="actions">{"".join(_element(one) for one in block["elements"])}</div>'


def _input(block: Block) -> str:
    hint = f"<p>{text_html(block['hint'])}</p>" if "hint" in block else ""
    return f'<div class="input"><b>{text_html(block["label"])}</b>{_element(block["element"])}{hint}</div>'


def _image(block: Block) -> str:
    return f'<p class="none">{html.escape(str(block.get("alt_text") or ""))}</p>'


def _element(element: Block) -> str:
    draw = _ELEMENTS.get(str(element["type"]), _field)
    return draw(element)


def _button(element: Block) -> str:
    style = element.get("style") or ""
    kind = f"button {style}" if style in {"primary", "danger"} else "button"
    sure = element.get("confirm")
    title = f' title="{html.escape(sure["text"]["text"])}"' if sure else ""
    return f'<span class="{kind}"{title}>{text_html(element["text"])}</span>'


def _overflow(element: Block) -> str:
    return f'<details class="menu"><summary>⋯</summary>{_options(element["options"])}</details>'


def _select(element: Block) -> str:
    shown = text_html(element["placeholder"]) if "placeholder" in element else "…"
    chosen = element.get("initial_option")
    shown = text_html(chosen["text"]) if chosen else shown
    return f'<details class="menu select"><summary>{shown} ▾</summary>{_options(element.get("options") or [])}</details>'


def _choices(element: Block) -> str:
    return _options(element["options"])


def _options(options: Sequence[Block]) -> str:
    shown = "".join(f"<li>{text_html(one['text'])}</li>" for one in options)
    return f"<ul>{shown}</ul>"


def _field(element: Block) -> str:
    """A field to write or choose in: what stands in it."""
    given = element.get("initial_value") or element.get("initial_date") or element.get("initial_user")
    shown = html.escape(str(given)) if given else ""
    if not shown and "placeholder" in element:
        shown = text_html(element["placeholder"])
    return f'<span class="field">{shown}</span>'


_BLOCKS: Mapping[str, Callable[[Block], str]] = MappingProxyType(
    {
        "header": _header,
        "context": _context,
        "section": _section,
        "actions": _actions,
        "input": _input,
        "image": _image,
        "divider": lambda _: "<hr>",
    }
)
_ELEMENTS: Mapping[str, Callable[[Block], str]] = MappingProxyType(
    {
        "button": _button,
        "overflow": _overflow,
        "static_select": _select,
        "external_select": _select,
        "multi_static_select": _select,
        "users_select": _select,
        "radio_buttons": _choices,
        "checkboxes": _choices,
    }
)
