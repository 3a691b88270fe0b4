"""Modals and the Home tab as HTML, as Slack would draw them, for pictures and previews. Pure; nothing can be pressed."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relance.slack.drawn import block_html, text_html
from relance.slack.modals.modal import View

_FOLDER = Path(__file__).parent


def style() -> str:
    """The style sheet of previews with that of views."""
    return "".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("preview.css", "drawing.css"))


def modal_html(view: View) -> str:
    """A modal as a window: its title, its blocks, its buttons."""
    blocks = "".join(map(_block, view["blocks"]))
    submit = f'<span class="button primary">{text_html(view["submit"])}</span>' if "submit" in view else ""
    close = f'<span class="button">{text_html(view["close"])}</span>' if "close" in view else ""
    return (
        f'<section class="modal"><header><b>{text_html(view["title"])}</b><i>✕</i></header>'
        f'<div class="body">{blocks}</div><footer>{close}{submit}</footer></section>'
    )


def home_html(view: View) -> str:
    """The Home tab under the app's name."""
    blocks = "".join(map(_block, view["blocks"]))
    return (
        '<section class="home"><header><div class="face">R</div><b>Relance</b></header>'
        f'<nav><b>Home</b><span>Messages</span><span>About</span></nav><div class="body">{blocks}</div></section>'
    )


def message_html(blocks: Sequence[Mapping[str, Any]], *, only_you: bool = False) -> str:
    """A message of the app; `only_you`: as one that one person sees."""
    mark = '<p class="only">👁 Only visible to you</p>' if only_you else ""
    said = "".join(map(_block, blocks))
    return (
        f'<article class="message">{mark}<div class="face">R</div><div class="said"><p class="who"><b>Relance</b>'
        f'<span class="app">APP</span><time>08:05</time></p>{said}</div></article>'
    )


def page(content: str, *, dark: bool = False, wide: int = 760) -> str:
    """A page with nothing else on it, `wide` pixels."""
    scheme = "dark" if dark else "light"
    return (
        f'<!doctype html><html lang="en" class="{scheme}"><head><meta charset="utf-8"><title>Slack</title>'
        f'<style>{style()}</style></head><body class="sheet" style="width:{wide}px">{content}</body></html>'
    )


def _block(block: Mapping[str, Any]) -> str:
    return _input(block) if block["type"] == "input" else block_html(block)


def _input(block: Mapping[str, Any]) -> str:
    optional = ' <span class="optional">(optional)</span>' if block.get("optional") else ""
    hint = f'<p class="hint">{text_html(block["hint"])}</p>' if "hint" in block else ""
    label = f"<b>{text_html(block['label'])}{optional}</b>"
    return f'<div class="input">{label}{_element(block["element"])}{hint}</div>'


def _element(element: Mapping[str, Any]) -> str:
    kind = str(element["type"])
    if kind == "radio_buttons":
        return _radio(element)
    given = _given(element)
    shown = given or f'<span class="empty">{_placeholder(element)}</span>'
    if kind == "plain_text_input" and element.get("multiline"):
        return f'<div class="field lines">{shown}</div>'
    mark = "▾" if "select" in kind else "📅" if kind == "datepicker" else ""
    return f'<div class="field"><span>{shown}</span><i>{mark}</i></div>'


def _radio(element: Mapping[str, Any]) -> str:
    chosen = (element.get("initial_option") or {}).get("value")
    lines = "".join(
        f'<li class="{"on" if one["value"] == chosen else "off"}">{text_html(one["text"])}</li>'
        for one in element["options"]
    )
    return f'<ul class="radio">{lines}</ul>'


def _given(element: Mapping[str, Any]) -> str:
    """What stands in the field at first."""
    if "initial_option" in element:
        return text_html(element["initial_option"]["text"])
    if "initial_options" in element:
        return "".join(
            f'<span class="chip">{text_html(one["text"])}</span>' for one in element["initial_options"]
        )
    users = element.get("initial_users") or [one for one in [element.get("initial_user")] if one]
    if users:
        return "".join(f'<span class="chip">@{html.escape(str(one))}</span>' for one in users)
    return html.escape(str(element.get("initial_value") or element.get("initial_date") or ""))


def _placeholder(element: Mapping[str, Any]) -> str:
    if "placeholder" in element:
        return text_html(element["placeholder"])
    return "Select a date" if element["type"] == "datepicker" else "&nbsp;"
