"""Which template files a step needs, and which are missing in a language of the regions that use it.

<language>/words.yaml                  words that all templates of a language share
<language>/<template>/wording.yaml     what a template says
_layout/<surface>.j2                   one layout a surface; <language>/<template>/<surface>.j2 goes before it
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from relance.config.document import Document
from relance.config.problems import Problem
from relance.config.reading import Reading
from relance.config.rules import step_name, steps_of
from relance.config.values import nearest

_LAYOUTS = "_layout"
_SURFACES = {
    "email": ("email.subject.j2", "email.html.j2", "email.txt.j2"),
    "sms": ("sms.txt.j2",),
    "whatsapp": ("whatsapp.txt.j2",),
    "voice": ("voice.txt.j2",),
    "letter": ("letter.txt.j2",),
    "registered": ("letter.txt.j2",),
    "call": ("call.txt.j2",),
    "internal": ("internal.txt.j2",),
}


def templates_directory() -> Path:
    """RELANCE_TEMPLATES, else include/templates of the repository; holds `<language>/<template>/` folders."""
    named = os.environ.get("RELANCE_TEMPLATES")
    if named:
        return Path(named)
    here = Path(__file__).resolve().parents[3] / "include" / "templates"
    if not here.is_dir():
        return Path("include/templates")
    # Within the working directory a short path reads better in a problem.
    return here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here


def template_folder(templates: Path, *, language: str, template: str) -> Path | None:
    """The folder of a template in a language, or in its primary one (fr-BE is fr), or None."""
    for tag in (language, language.partition("-")[0]):
        folder = templates / tag / template
        if folder.is_dir():
            return folder
    return None


def check_templates(reading: Reading, templates: Path) -> None:
    """Note every template that doesn't exist, or is missing in a language of the regions that use it."""
    if not templates.is_dir():
        place = templates.as_posix()
        mend = "name the folder of the templates in RELANCE_TEMPLATES"
        reading.loose.append(Problem(place, 1, "there is no such directory of templates", mend))
        return
    known = {folder.name for folder in templates.glob("[!_]*/*") if folder.is_dir()}
    regions = _regions_by_scenario(reading)
    for name, document in reading.documents["scenarios"].items():
        languages = _languages(reading, regions[name])
        for position, step in steps_of(document):
            template = step.get("template")
            if isinstance(template, str):
                _check_step(document, position, templates=templates, known=known, languages=languages)


def _regions_by_scenario(reading: Reading) -> dict[str, set[str]]:
    """Which regions can use a scenario: by an entity's default, and by the rules that admit the entity."""
    reached: dict[str, set[str]] = defaultdict(set)
    segments = reading.single_documents.get("segments")
    rules = segments.get("rules") if segments else None
    for entity, document in reading.documents["entities"].items():
        region, default = document.get("region"), document.get("default_scenario")
        if not isinstance(region, str):
            continue
        if isinstance(default, str):
            reached[default].add(region)
        for rule in rules if isinstance(rules, list) else []:
            scenario = rule.get("scenario") if isinstance(rule, dict) else None
            if isinstance(scenario, str) and _admits(rule.get("when"), entity=entity, region=region):
                reached[scenario].add(region)
    return reached


def _admits(when: object, *, entity: str, region: str) -> bool:
    conditions = when if isinstance(when, dict) else {}
    for key, value in (("entity", entity), ("region", region)):
        listed = conditions.get(key)
        if isinstance(listed, list) and value not in listed:
            return False
    return True


def _languages(reading: Reading, regions: set[str]) -> dict[str, list[str]]:
    """The languages of regions, each with the regions that have it."""
    found: dict[str, list[str]] = defaultdict(list)
    for region in sorted(regions):
        document = reading.documents["regions"].get(region)
        languages = document.get("languages") if document else None
        for language in languages if isinstance(languages, list) else []:
            if isinstance(language, str):
                found[language].append(region)
    return found


def _check_step(
    document: Document, position: int, *, templates: Path, known: set[str], languages: dict[str, list[str]]
) -> None:
    step = document.get("steps", position)
    template, name, place = str(step["template"]), step_name(position, step), ("steps", position, "template")
    if template not in known:
        guess = nearest(template, known)
        wanted = (templates / "<language>" / template / "wording.yaml").as_posix()
        document.add(place, f"{name}: there is no template {template!r}", f"write {guess or wanted}")
        return
    for language, regions in sorted(languages.items()):
        of_regions = f"a language of region{'s' if len(regions) > 1 else ''} {', '.join(regions)}"
        folder = template_folder(templates, language=language, template=template)
        if folder is None:
            wording = templates / language / template / "wording.yaml"
            message = f"{name}: template {template} is missing in {language}, {of_regions}"
            document.add(place, message, f"write {wording.as_posix()}")
            continue
        for path in _missing_files(folder, templates=templates, channels=step.get("channels")):
            message = f"{name}: template {template} has no {path.name} in {language}, {of_regions}"
            document.add(place, message, f"write {path.as_posix()}")


def _missing_files(folder: Path, *, templates: Path, channels: object) -> list[Path]:
    """What a template's folder lacks to be rendered on `channels`."""
    words = [folder.parent / "words.yaml", folder / "wording.yaml"]
    missing = [path for path in words if not path.is_file()]
    for surface in _wanted_surfaces(channels):
        layout = templates / _LAYOUTS / surface
        if not (folder / surface).is_file() and not layout.is_file():
            missing.append(layout)
    return missing


def _wanted_surfaces(channels: object) -> list[str]:
    listed = channels if isinstance(channels, list) else []
    files = [file for channel in listed if isinstance(channel, str) for file in _SURFACES.get(channel, ())]
    return list(dict.fromkeys(files))
