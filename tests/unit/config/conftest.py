"""A small policy on disk whose files a test changes, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from relance.config import Problem, check_policy

FILES = {
    "entities/FR01.yaml": """\
entity: FR01
name: Lumen SAS
region: fr
currency: EUR
timezone: Europe/Paris
schedule: "0 7 * * 1-5"
default_scenario: standard
ledger: {source: files, path: include/sample/FR01}
bank: {holder: Lumen SAS, iban: FR7630006000011234567890189, bic: AGRIFRPP}
sender: {email: compta@lumen.example, sms: "+33100000000"}
slack: {channel: "#recouvrement", locale: fr}
targets: {dso: 45, overdue_30: 0.10}
""",
    "entities/DE01.yaml": """\
entity: DE01
name: Lumen GmbH
region: de
currency: EUR
timezone: Europe/Berlin
default_scenario: standard
""",
    "regions/fr.yaml": """\
region: fr
country: FR
languages: [fr, en]
business_days: [mon, tue, wed, thu, fri]
extra_holidays: [2026-12-24]
contact_hours: {sms: ["09:00", "19:00"]}
""",
    "regions/de.yaml": """\
region: de
country: DE
languages: [de]
""",
    "scenarios/standard.yaml": """\
scenario: standard
min_days_between_levels: 7
minimum: ["10.00 EUR"]
steps:
  - {id: preventive, level: preventive, day: -5, kind: message, channels: [email], template: preventive}
  - {id: first, level: level_1, day: 7, kind: message, channels: [sms, email], template: first}
  - {id: call, level: level_2, day: 14, kind: call, channels: [call], template: call}
  - {id: handover, level: litigation, day: 60, kind: handoff, channels: [internal], template: handover,
     min_overdue: ["500.00 EUR"], approval: {role: management}}
""",
    "scenarios/gentle.yaml": """\
scenario: gentle
steps:
  - {id: first, level: level_1, day: 10, kind: message, channels: [email], template: first}
""",
    "segments.yaml": """\
rules:
  - {name: key accounts, when: {vip: true}, scenario: gentle}
  - {name: small, when: {segment: [small], country: [FR, BE]}, scenario: gentle}
""",
}
TEMPLATES = ("preventive", "first", "call", "handover")
LAYOUTS = (
    "email.subject.j2",
    "email.html.j2",
    "email.txt.j2",
    "sms.txt.j2",
    "letter.txt.j2",
    "call.txt.j2",
    "internal.txt.j2",
)


class House:
    """A policy and its templates in a temporary directory."""

    def __init__(self, root: Path) -> None:
        self.config = root / "config"
        self.templates = root / "templates"
        for name, text in FILES.items():
            self.write(name, text)
        for layout in LAYOUTS:
            self.write_template(f"_layout/{layout}")
        for language in ("fr", "en", "de"):
            self.write_template(f"{language}/words.yaml")
            for template in TEMPLATES:
                self.write_template(f"{language}/{template}/wording.yaml")

    def write(self, name: str, text: str) -> None:
        path = self.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def write_template(self, name: str) -> None:
        path = self.templates / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("…", encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.config / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def problems(self) -> list[Problem]:
        return check_policy(self.config, self.templates)

    def only(self) -> tuple[str, int, str, str, str]:
        """The one problem: file within the policy, line, severity, message, mend."""
        found = self.problems()
        assert len(found) == 1, "\n".join(map(str, found)) or "no problem"
        problem = found[0]
        file = Path(problem.file)
        name = file.relative_to(self.config).as_posix() if file.is_relative_to(self.config) else problem.file
        return name, problem.line, problem.severity, problem.message, problem.mend


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)
