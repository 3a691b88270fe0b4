#!/usr/bin/env python3
"""Draws what people see in Slack, from the real blocks, as pictures: docs/slack/*.png.

    make gallery                or: python scripts/slack_gallery.py [--out DIR] [--only home]

A headless Chromium is needed (`CHROMIUM` names it). The payers and people are made up (`relance.slack.samples`).
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from PIL import Image, ImageChops

from relance.slack import drawing
from relance.slack.samples import ANSWERS, CARDS, HOME_VIEWS, MODAL_VIEWS

ROOT = Path(__file__).resolve().parents[1]
COLOURS = 64
_TALL = 4000


@dataclass(frozen=True, slots=True)
class Screen:
    """One picture: its name, its HTML, its width in pixels."""

    name: str
    content: str
    wide: int = 760
    dark: bool = False

    def page(self) -> str:
        """The page to draw."""
        return drawing.page(self.content, dark=self.dark, wide=self.wide)


def _windows(name: str, *views: str, dark: bool = False) -> Screen:
    shown = "".join(drawing.modal_html(MODAL_VIEWS[view]) for view in views)
    return Screen(f"modal-{name}", f'<div class="row">{shown}</div>', 40 + 470 * len(views), dark)


def _cards(name: str, *kinds: str, dark: bool = False) -> Screen:
    return Screen(f"card-{name}", "".join(drawing.message_html(CARDS[kind]) for kind in kinds), dark=dark)


def _answers(name: str, *asked: str) -> Screen:
    return Screen(
        f"answer-{name}", "".join(drawing.message_html(ANSWERS[one].blocks, only_you=True) for one in asked)
    )


SCREENS: tuple[Screen, ...] = (
    _cards("overdue-90", "overdue_90"),
    _cards("dispute", "dispute"),
    _cards("promise", "promise"),
    _cards("approval", "approval"),
    _cards("call", "call"),
    _cards("no-contact-delivery", "no_contact", "delivery"),
    _cards("risk-question", "risk", "question"),
    _cards("handover-exhausted", "handover", "exhausted"),
    _cards("snoozed-closed", "snoozed", "closed"),
    _cards("french-dark", "overdue_90 fr", dark=True),
    _windows("comment-assign", "comment", "assign"),
    _windows("snooze", "snooze", "snooze de"),
    _windows("promise-instalments", "promise", "instalments"),
    _windows("dispute-contact", "dispute", "contact"),
    _windows("announce-write-off", "announce", "write off"),
    _windows("call", "call", "call promise"),
    _windows("resolve-reopen", "resolve", "reopen", "complete"),
    _windows("approve-reject", "approve", "reject"),
    _windows("history", "history"),
    _windows("shortcuts", "message comment", "message promise"),
    _windows("waiting", "loading", "refused", "no longer"),
    _windows("dark", "snooze fr", "instalments es", dark=True),
    Screen("home", drawing.home_html(HOME_VIEWS["home"]), 820),
    Screen("home-dark", drawing.home_html(HOME_VIEWS["home de"]), 820, dark=True),
    Screen("home-empty", drawing.home_html(HOME_VIEWS["home empty"]), 820),
    _answers("customer", "customer"),
    _answers("invoice-why", "invoice", "why"),
    _answers("plan", "plan"),
    _answers("kpi-forecast", "kpi", "forecast"),
    _answers("mine-statement", "mine", "statement"),
    _answers("help", "help", "unknown", "no such"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, and say where they are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "slack")
    parser.add_argument("--only", action="append")
    asked = parser.parse_args(arguments)
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        typer.echo(
            "no Chromium here: the pictures stay as they are (install chromium, or name it in CHROMIUM)",
            err=True,
        )
        return 0
    asked.out.mkdir(parents=True, exist_ok=True)
    for screen in SCREENS:
        if not asked.only or screen.name in asked.only:
            picture = asked.out / f"{screen.name}.png"
            picture.write_bytes(photograph(browser, screen))
            typer.echo(f"{picture} ({picture.stat().st_size // 1024} KB)")
    return 0


def photograph(browser: str, screen: Screen) -> bytes:
    """The screen as a small PNG: few colours, no empty ground below."""
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder) / "page.html", Path(folder) / "shot.png"
        page.write_text(screen.page(), encoding="utf-8")
        command = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile",
            f"--window-size={screen.wide},{_TALL}", f"--screenshot={shot}", page.as_uri(),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - our own command and file
        with Image.open(shot) as opened:
            full = opened.convert("RGB")
    ground = Image.new("RGB", full.size, full.getpixel((2, full.height - 2)))
    box = ImageChops.difference(full, ground).getbbox()
    bottom = min(full.height, (box[3] if box else full.height) + 14)
    small = full.crop((0, 0, screen.wide, bottom)).quantize(
        COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    kept = io.BytesIO()
    small.save(kept, "PNG", optimize=True)
    return kept.getvalue()


if __name__ == "__main__":
    sys.exit(main())
