"""All policy files of a directory, read and checked one by one; every problem of every file at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import cast

from pydantic import BaseModel

from relance.config.channels import Channels
from relance.config.document import Document, read_document
from relance.config.models import Entity, Region, Scenario, Segments
from relance.config.problems import Problem
from relance.config.profiles import Profiles
from relance.config.roles import Roles
from relance.config.slack import SlackRules
from relance.config.values import nearest
from relance.config.wording import check_model

FOLDERS: Mapping[str, tuple[str, type[BaseModel]]] = MappingProxyType(
    {"entities": ("entity", Entity), "regions": ("region", Region), "scenarios": ("scenario", Scenario)}
)
SINGLE: Mapping[str, type[BaseModel]] = MappingProxyType(
    {"segments": Segments, "profiles": Profiles, "roles": Roles, "channels": Channels, "slack": SlackRules}
)
"""Files of which there is one, each optional: `<name>.yaml`."""
# What later capabilities specify, and what policy files point to.
_BESIDE = frozenset(
    {
        "law",
        "schemas",
        "mappings",
        "queries",
        "README.md",
    }
)


@dataclass(slots=True)
class Reading:
    """The files as read: documents by folder and id (sound or not), models likewise (the sound ones)."""

    directory: Path
    documents: dict[str, dict[str, Document]] = field(default_factory=lambda: {name: {} for name in FOLDERS})
    models: dict[str, dict[str, BaseModel]] = field(default_factory=lambda: {name: {} for name in FOLDERS})
    single_documents: dict[str, Document] = field(default_factory=dict)
    single: dict[str, BaseModel] = field(default_factory=dict)
    loose: list[Problem] = field(default_factory=list)

    @property
    def segments(self) -> Segments | None:
        """The segment rules, when they are there and sound."""
        return cast("Segments | None", self.single.get("segments"))

    def ids(self, folder: str) -> list[str]:
        """Ids of a folder: those of its file names, sound or not."""
        return sorted(self.documents[folder])

    def problems(self) -> list[Problem]:
        """All problems so far, in the order of file and line."""
        documents = [one for folder in self.documents.values() for one in folder.values()]
        documents += self.single_documents.values()
        found = {*self.loose, *(problem for document in documents for problem in document.problems)}
        return sorted(found)


def read_directory(directory: Path) -> Reading:
    """Read every policy file under `directory`; what is wrong is in the reading's problems."""
    reading = Reading(directory)
    if not directory.is_dir():
        name = directory.as_posix()
        reading.loose.append(
            Problem(name, 1, "there is no such directory", "name the policy with --config DIR")
        )
        return reading
    _look_around(reading)
    for folder in FOLDERS:
        _read_folder(reading, folder)
    for name in SINGLE:
        _read_single(reading, name)
    return reading


def _look_around(reading: Reading) -> None:
    known = {*FOLDERS, *(f"{name}.yaml" for name in SINGLE), *_BESIDE}
    for path in sorted(reading.directory.iterdir()):
        if path.name in known or path.name.startswith("."):
            continue
        guess = nearest(path.name, known)
        what = "folder" if path.is_dir() else "file"
        mend = f"rename it to {guess}" if guess else "delete it, or keep it outside the policy"
        reading.loose.append(Problem(path.as_posix(), 1, f"nothing reads this {what}", mend, "warning"))


def _read_folder(reading: Reading, folder: str) -> None:
    id_key, model = FOLDERS[folder]
    place = reading.directory / folder
    files = sorted(place.iterdir()) if place.is_dir() else []
    for path in files:
        if path.name.startswith("."):
            continue
        if path.suffix != ".yaml" or not path.is_file():
            mend = (
                f"rename it to {path.stem}.yaml"
                if path.suffix in (".yml", ".json")
                else f"write {id_key} files as <id>.yaml"
            )
            reading.loose.append(Problem(path.as_posix(), 1, "nothing reads this file", mend, "warning"))
            continue
        document = read_document(path)
        reading.documents[folder][path.stem] = document
        sound = check_model(model, document)
        if _named_as_its_file(document, id_key=id_key, stem=path.stem) and sound is not None:
            reading.models[folder][path.stem] = sound
    if not reading.documents[folder]:
        mend = f"write {(place / '<id>.yaml').as_posix()}"
        reading.loose.append(Problem(place.as_posix(), 1, f"there is no {id_key}", mend))


def _named_as_its_file(document: Document, *, id_key: str, stem: str) -> bool:
    said = document.get(id_key)
    if not isinstance(said, str) or said == stem:
        return True
    document.add(
        (id_key,),
        f"{id_key} {said!r} stands in the file {stem}.yaml",
        f"write {id_key}: {stem}, or rename the file",
    )
    return False


def _read_single(reading: Reading, name: str) -> None:
    path = reading.directory / f"{name}.yaml"
    if path.exists():
        document = reading.single_documents[name] = read_document(path)
        sound = check_model(SINGLE[name], document)
        if sound is not None:
            reading.single[name] = sound
