#!/usr/bin/env python3
"""Draws every template in every language for review: .relance/gallery/index.html with pictures beside the pages.

    make gallery                or: python scripts/gallery.py [--out DIR] [--language fr] [--template first]

E-mails are drawn by a headless Chromium where there is one (`CHROMIUM` names it), as on a desk and on a phone, a few in the
dark and without pictures; without it the pages alone are kept. Letters are PDF and pictures of their pages. The payers and
invoices are made up (`relance.delivery.samples`).
"""

from __future__ import annotations

import argparse
import base64
import html
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import typer
from PIL import Image, ImageChops

from relance.config.models import Entity
from relance.delivery import gsm7, letter, render, samples
from relance.delivery.payment.pictures import epc_png
from relance.delivery.samples import Words
from relance.delivery.templates import Language, Templates

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("fr", "en", "de", "es", "it", "nl", "pt")
BOTH = ("interest", "compensation")
PICTURES = (
    ("announced", Words("preventive", "preventive", "friendly", "email")),
    ("one", Words("due", "preventive", "neutral", "email")),
    ("one", Words("first", "level_1", "friendly", "email")),
    ("many", Words("first", "level_1", "firm", "email")),
    ("many", Words("second", "level_2", "neutral", "email")),
    ("one", Words("call", "level_2", "neutral", "email")),
    ("many", Words("formal_notice", "level_3", "formal", "email", BOTH)),
    ("bare", Words("final", "level_3", "firm", "email", BOTH)),
    ("interest", Words("final", "level_3", "formal", "email", BOTH)),
    ("one", Words("promise_confirmed", "preventive", "friendly", "email")),
    ("many", Words("promise_confirmed", "preventive", "friendly", "email")),
    ("one", Words("handover", "litigation", "neutral", "email")),
)
"""What is drawn: a shape of contact, and how it speaks."""
OTHERS = ("sms", "whatsapp", "voice", "call", "internal")
SCREENS = {"desk": (760, 4000), "phone": (390, 5200)}
SELLER = Entity.model_validate(
    {
        "entity": "FR01", "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
        "default_scenario": "standard", "bank": {"holder": "Lumen SAS", "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"},
        "sender": {"email": "compta@lumen.example", "name": "Lumen", "signatory": "Service recouvrement"},
    }
)  # fmt: skip


_HEAD = """<!DOCTYPE html><meta charset=utf-8><title>Templates</title>
<style>body{font:14px sans-serif;margin:24px}img{height:520px;border:1px solid #ccc;margin:4px;vertical-align:top}
pre{background:#f4f4f4;padding:8px;white-space:pre-wrap}</style>"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One template in one language, and the files that show it."""

    name: str
    title: str
    texts: dict[str, str]
    page: Path
    pictures: tuple[Path, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, and say where it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / ".relance" / "gallery")
    parser.add_argument("--templates", type=Path, default=ROOT / "include" / "templates")
    parser.add_argument("--language", action="append", choices=LANGUAGES)
    parser.add_argument("--template", action="append")
    asked = parser.parse_args(arguments)
    shutil.rmtree(asked.out, ignore_errors=True)
    asked.out.mkdir(parents=True)
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        typer.echo(
            "no Chromium here: e-mails are kept as pages only (install chromium, or name it in CHROMIUM)",
            err=True,
        )
    templates = Templates(asked.templates)
    wanted = [one for one in PICTURES if not asked.template or one[1].template in asked.template]
    drawn: dict[str, list[Drawn]] = {}
    with ThreadPoolExecutor(2) as pool:
        for tag in asked.language or LANGUAGES:
            jobs = [pool.submit(draw, asked.out, tag, templates, *one, browser=browser) for one in wanted]
            drawn[tag] = [job.result() for job in jobs]
            typer.echo(f"{tag}: {len(jobs)} templates")
    index = asked.out / "index.html"
    index.write_text(index_of(drawn), encoding="utf-8")
    typer.echo(index)
    return 0


def draw(
    out: Path, tag: str, templates: Templates, shape: str, words: Words, *, browser: str | None
) -> Drawn:
    """The e-mail as page and pictures, the letter, and all other texts."""
    language = templates.language(tag, words.template)
    view = samples.view(words, shape, SELLER)
    mail = render.email(view, language)
    name = f"{tag}-{words.template}-{words.tone}-{shape}"
    page = out / f"{name}.html"
    code = epc_png(view.payment.epc) if view.payment and view.payment.epc else b""
    page.write_text(mail.html.replace("cid:pay.png", data_address(code)), encoding="utf-8")
    pictures = list(letter_pictures(out, name, language, shape, words))
    if browser:
        pictures[:0] = [
            photograph(browser, page, out / f"{name}-{screen}.png", *size) for screen, size in SCREENS.items()
        ]
        if words.template == "formal_notice":
            plain = out / f"{name}-no-pictures.html"
            plain.write_text(mail.html, encoding="utf-8")
            dark = photograph(browser, page, out / f"{name}-dark.png", *SCREENS["phone"], dark=True)
            pictures += [dark, photograph(browser, plain, out / f"{name}-no-pictures.png", *SCREENS["phone"])]
    texts = {channel: render.text(view, language, channel=channel) for channel in OTHERS}
    length = f"{gsm7.length(texts['sms'].rstrip())} characters, {gsm7.parts(texts['sms'].rstrip())} part"
    return Drawn(
        name,
        mail.subject,
        {f"sms ({length})": texts.pop("sms"), **texts, "email text": mail.text},
        page,
        tuple(pictures),
    )


def letter_pictures(out: Path, name: str, language: Language, shape: str, words: Words) -> Iterator[Path]:
    """The same words as a letter: its PDF is kept, its pages are given."""
    posted = Words(
        words.template, words.level, words.tone, "registered" if words.charges else "letter", words.charges
    )
    content = letter.pdf(samples.view(posted, shape, SELLER), language)
    (out / f"{name}.pdf").write_bytes(content)
    with pypdfium2.PdfDocument(content) as document:
        for number in range(len(document)):
            picture = out / f"{name}-letter-{number + 1}.png"
            document[number].render(scale=1.4).to_pil().save(picture)
            yield picture


def photograph(
    browser: str, page: Path, picture: Path, width: int, height: int, *, dark: bool = False
) -> Path:
    """A picture of a page as a screen of that width shows it, as long as the page is."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}",
            f"--window-size={width},{height}", f"--screenshot={picture}",
            f"--blink-settings=preferredColorScheme={int(not dark)}",
            page.resolve().as_uri(),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - our own command and file
    with Image.open(io.BytesIO(picture.read_bytes())) as shot:
        full = shot.convert("RGB")
    ground = Image.new("RGB", full.size, full.getpixel((2, full.height - 2)))
    box = ImageChops.difference(full, ground).getbbox()
    full.crop((0, 0, width, min(full.height, (box[3] if box else full.height) + 16))).save(
        picture, optimize=True
    )
    return picture


def data_address(content: bytes) -> str:
    """A picture within its page."""
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def index_of(drawn: dict[str, list[Drawn]]) -> str:
    """One page with everything, language by language."""
    parts = [_HEAD, f"<p>{' · '.join(f'<a href=#{tag}>{tag}</a>' for tag in drawn)}</p>"]
    for tag, templates in drawn.items():
        parts.append(f"<h1 id={tag}>{tag}</h1>")
        for one in templates:
            parts.append(
                f"<h2>{html.escape(one.name)}</h2><p><a href={one.page.name}>{html.escape(one.title)}</a></p>"
            )
            parts += [
                f"<a href={path.name}><img loading=lazy src={path.name} alt='{path.name}'></a>"
                for path in one.pictures
            ]
            parts += [
                f"<details><summary>{html.escape(kind)}</summary><pre>{html.escape(text)}</pre></details>"
                for kind, text in one.texts.items()
            ]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
