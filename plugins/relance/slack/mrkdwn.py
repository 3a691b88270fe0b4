"""Slack's mrkdwn as HTML, for the preview page: what Slack would show, and nothing that it would not."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

EMOJI: Mapping[str, str] = MappingProxyType(
    {
        "rotating_light": "🚨",
        "warning": "⚠️",
        "white_check_mark": "✅",
        "handshake": "🤝",
        "hourglass_flowing_sand": "⏳",
        "bell": "🔔",
        "x": "❌",
        "heavy_division_sign": "➗",
        "arrows_counterclockwise": "🔄",
        "double_vertical_bar": "⏸️",
        "mailbox_with_no_mail": "📭",
        "raised_hand": "✋",
        "speech_balloon": "💬",
        "telephone_receiver": "📞",
        "memo": "📝",
        "bust_in_silhouette": "👤",
        "chart_with_downwards_trend": "📉",
        "briefcase": "💼",
        "checkered_flag": "🏁",
        "no_entry": "⛔",
        "inbox_tray": "📥",
        "zzz": "💤",
        "money_with_wings": "💸",
        "wastebasket": "🗑️",
        "card_index": "📇",
        "information_source": "ℹ️",
        "no_entry_sign": "🚫",
        "small_red_triangle": "🔺",
        "sparkles": "✨",
        "white_small_square": "▫️",
        "card_index_dividers": "🗂️",
    }
)
"""The emoji that messages use, by Slack's names (those of the iamcal emoji data, which Slack draws)."""

_CODE = re.compile(r"`([^`\n]+)`")
_ANGLE = re.compile(r"<([^<>\n]+)>")
_EMPHASIS = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), "strong"),
    (re.compile(r"(?<![\w_])_(?=\S)([^\n]+?)(?<=\S)_(?![\w_])"), "em"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), "s"),
)
_SHORT_NAME = re.compile(r":([a-z0-9_+-]+):")
_KEPT = re.compile("\ue000(\\d+)\ue001")


def to_html(text: str) -> str:
    """Mrkdwn text as HTML; every character of data comes out as itself."""
    kept: list[str] = []

    def keep(markup: str) -> str:
        kept.append(markup)
        return f"\ue000{len(kept) - 1}\ue001"

    text = re.sub("[\ue000\ue001]", "", text)
    text = _CODE.sub(lambda found: keep(f"<code>{_text(found[1])}</code>"), text)
    text = _ANGLE.sub(lambda found: keep(_angle(found[1])), text)
    lines = [_line(line) for line in text.split("\n")]
    return _KEPT.sub(lambda found: kept[int(found[1])], "".join(lines).removesuffix("<br>"))


def plain_to_html(text: str) -> str:
    """A plain_text object as HTML, with the emoji that Slack draws in it."""
    return emoji(html.escape(text))


def emoji(escaped: str) -> str:
    """Short names such as `:bell:` drawn; unknown ones stay as they are."""
    return _SHORT_NAME.sub(lambda found: EMOJI.get(found[1], found[0]), escaped)


def _line(line: str) -> str:
    quoted = line.startswith(">")
    shown = _emphasise(emoji(_text(line[1:] if quoted else line)))
    return f"<blockquote>{shown}</blockquote>" if quoted else f"{shown}<br>"


def _emphasise(text: str) -> str:
    for pattern, tag in _EMPHASIS:
        text = pattern.sub(rf"<{tag}>\1</{tag}>", text)
    return text


def _text(escaped: str) -> str:
    """Slack's three entities undone, then HTML's put on."""
    plain = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return html.escape(plain)


def _angle(inside: str) -> str:
    """What stands between < and >: a date, a link, or a mention."""
    target, _, label = inside.partition("|")
    if target.startswith("!date^"):
        seconds = target.split("^")[1]
        title = datetime.fromtimestamp(int(seconds), tz=UTC).date().isoformat() if seconds.isdigit() else ""
        return f'<time title="{title}">{_text(label)}</time>'
    if target.startswith(("https://", "http://", "mailto:")):
        return f'<a href="{_text(target)}" rel="noreferrer">{_text(label or target)}</a>'
    return f'<span class="mention">{_text(label or target)}</span>'
