"""PDF/A judged by Apache PDFBox Preflight, which knows PDF/A-1b: the same letters and statements written at that level.

What levels 1b and 2b share (embedded fonts, metadata, colours, no actions, no encryption) is thereby judged by somebody
else; of the letter at its own level, 2b, Preflight may only say that it is another level, with a newer colour profile.
Debian has it: `apt-get install libpdfbox2-java libactivation-java libjaxb-api-java default-jre-headless`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from relance.delivery import statement, typesetting
from relance.delivery.extras import Extras
from tests.unit.delivery.letters.examples import CHARGES, Made, made, plain

JAVA = shutil.which("java")
JARS = Path("/usr/share/java")
NEEDED = ("preflight", "pdfbox2", "fontbox2", "xmpbox", "commons-logging", "javax.activation", "jaxb-api")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        JAVA is None or not all((JARS / f"{name}.jar").exists() for name in NEEDED),
        reason="PDFBox Preflight is not installed: nobody but Typst and pikepdf judges PDF/A here",
    ),
]


def letters() -> list[Made]:
    extras = Extras(charges=CHARGES.charges, link="https://pay.lumen.example/p/1")
    return [
        made("FR", "fr", template="formal_notice", extras=extras, channel="registered"),
        plain("CH", "de", rows=2),
        plain("GB", "en", rows=80),
    ]


def complaints(files: list[Path]) -> dict[str, set[str]]:
    """What Preflight says against each file, page numbers left out; empty for a valid one."""
    jars = ":".join(str(JARS / f"{name}.jar") for name in NEEDED)
    said = {}
    for file in files:
        command = [str(JAVA), "-cp", jars, "org.apache.pdfbox.preflight.Validator_A1b", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert "is a valid PDF/A-1b file" in done.stdout or "is not a valid" in done.stdout, done.stderr[
            -500:
        ]
        lines = [line.split(" on page")[0].strip() for line in done.stdout.splitlines() if line[:1].isdigit()]
        said[file.name] = set(lines)
    return said


def test_letters_and_statements_are_pdf_a_in_the_eyes_of_preflight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(typesetting, "STANDARD", "a-1b")
    files = []
    for place, one in enumerate(letters()):
        for name, content in (
            ("letter", one.pdf()),
            ("statement", statement.pdf(one.view, one.language).content),
        ):
            files.append(tmp_path / f"{name}-{place}.pdf")
            files[-1].write_bytes(content)
    assert all(not said for said in complaints(files).values()), complaints(files)


def test_of_the_level_that_goes_out_it_only_dislikes_that_it_is_another(tmp_path: Path):
    file = tmp_path / "letter.pdf"
    file.write_bytes(letters()[0].pdf())
    (said,) = complaints([file]).values()
    assert said == {
        "2.1.6 : Invalid graphics object, Invalid version of the ICCProfile",
        "7.11.2 : Error on MetaData, part must be 1",
    }


def test_preflight_finds_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(typesetting, "STANDARD", "1.4")
    file = tmp_path / "letter.pdf"
    file.write_bytes(letters()[1].pdf())
    (said,) = complaints([file]).values()
    assert said
