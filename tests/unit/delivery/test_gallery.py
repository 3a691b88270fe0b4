"""The gallery draws what there is; without a browser it keeps the pages and says so."""

from __future__ import annotations

import importlib.util
import sys

from relance.settings import REPOSITORY


def load():
    spec = importlib.util.spec_from_file_location("gallery", REPOSITORY / "scripts" / "gallery.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["gallery"] = module  # its dataclasses look their annotations up there
    spec.loader.exec_module(module)
    return module


def test_without_a_browser_pages_letters_and_texts_are_drawn(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("shutil.which", lambda name: None)
    out = tmp_path / "gallery"
    assert load().main(["--out", str(out), "--language", "fr", "--template", "formal_notice"]) == 0
    assert "no Chromium here" in capsys.readouterr().err
    names = {path.name for path in out.iterdir()}
    stem = "fr-formal_notice-formal-many"
    assert {"index.html", f"{stem}.html", f"{stem}.pdf", f"{stem}-letter-1.png"} <= names
    page = (out / f"{stem}.html").read_text(encoding="utf-8")
    assert "cid:" not in page
    assert "data:image/png;base64," in page
    index = (out / "index.html").read_text(encoding="utf-8")
    assert f"{stem}-letter-1.png" in index
    assert "1 part" in index


def test_every_template_and_every_language_is_drawn():
    gallery = load()
    folders = {path.name for path in (REPOSITORY / "include" / "templates").glob("[!_]*/*") if path.is_dir()}
    assert {words.template for _, words in gallery.PICTURES} == folders
    assert set(gallery.LANGUAGES) == {
        path.name for path in (REPOSITORY / "include" / "templates").glob("[!_]*")
    }
