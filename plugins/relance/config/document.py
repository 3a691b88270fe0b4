"""One YAML file as plain data, with the line of every key, so that a problem can name its place.

Read as YAML 1.2: only true and false are booleans (`NO` is Norway), dates and times stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from relance.config.problems import Problem

try:
    from yaml import CSafeLoader as _BaseLoader
except ImportError:  # a PyYAML built without libyaml: slower, the same marks
    from yaml import SafeLoader as _BaseLoader  # type: ignore[assignment]

Place = tuple[str | int, ...]
_MAX_NODES = 100_000
_MAX_DEPTH = 40
_TAG = "tag:yaml.org,2002:"


class _Loader(_BaseLoader):
    """Composes nodes; its resolver knows the core schema of YAML 1.2 only."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 — PyYAML's own way to configure a loader


_Loader.add_implicit_resolver(
    f"{_TAG}bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(f"{_TAG}null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(f"{_TAG}int", re.compile(r"^[-+]?[0-9]{1,18}$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    f"{_TAG}float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]{1,3})?$"),
    list("-+.0123456789"),
)


@dataclass(slots=True)
class Document:
    """What a file holds: `data` is plain Python (None where nothing could be read)."""

    file: str
    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """The line of the key or item at `place`; of the nearest thing around it, where there is none."""
        known: Place = ()
        for part in place:
            if (*known, part) in self.lines:
                known = (*known, part)
        return self.lines.get(known, 1)

    def add(self, place: Place, message: str, mend: str) -> None:
        """Note an error at `place`."""
        self.problems.append(Problem(self.file, self.line(place), message, mend))

    def warn(self, place: Place, message: str, mend: str) -> None:
        """Note a warning at `place`."""
        self.problems.append(Problem(self.file, self.line(place), message, mend, "warning"))

    def get(self, *place: str | int) -> Any:
        """The value at `place`, or None."""
        value = self.data
        for part in place:
            if isinstance(value, dict):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return None
        return value


def read_document(path: Path, *, name: str | None = None) -> Document:
    """Read one file; what can't be read becomes problems of the document.

    Raises:
        OSError: never; an unreadable file is a problem too.
    """
    document = Document(name or path.as_posix())
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        document.add((), f"can't be read ({error.strerror})", "make it a readable file")
        return document
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        document.lines[()] = line
        document.add((), "holds a byte that is not UTF-8", "save the file as UTF-8")
        return document
    return parse_document(text, document)


def parse_document(text: str, document: Document) -> Document:
    """Fill `document` from YAML text."""
    root = _compose(text, document)
    if root is None:
        if not document.problems:
            document.add((), "the file is empty", "write its keys, or delete the file")
        return document
    document.lines[()] = root.start_mark.line + 1
    try:
        document.data = _Builder(document).build(root, ())
    except _TooMuchError as error:
        document.problems.append(
            Problem(
                document.file,
                error.line,
                "the file is nested too deeply or repeats itself",
                "write it out plainly, without & and *",
            )
        )
        document.data = None
    return document


def _compose(text: str, document: Document) -> yaml.Node | None:
    try:
        if _depth(text) > _MAX_DEPTH:
            document.problems.append(
                Problem(document.file, 1, "the file is nested too deeply", "write it out plainly")
            )
            return None
        return yaml.compose(text, Loader=_Loader)  # the loader derives from a safe one, and only composes
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        message, mend = _syntax_words(error, text, line)
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        message, mend = "holds a character that YAML doesn't allow", "delete the control character"
    document.problems.append(Problem(document.file, line, message, mend))
    return None


def _depth(text: str) -> int:
    """How deeply the text nests, event by event: libyaml's composer recurses without a limit of its own."""
    depth = deepest = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > _MAX_DEPTH:
                break
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return deepest


def _syntax_words(error: yaml.MarkedYAMLError, text: str, line: int) -> tuple[str, str]:
    lines = text.splitlines()
    here = lines[line - 1] if 0 < line <= len(lines) else ""
    said = " ".join(str(part) for part in (error.context, error.problem) if part)
    message = f"can't be read as YAML ({said})"
    if "\t" in here:
        return message, "write spaces where there is a tab"
    if "single document" in said:
        return message, "write one object a file, without a second ---"
    if "alias" in said or "anchor" in said:
        return message, "write the value out, without & and *"
    return message, "check the indentation, the colons, and the quotes and brackets around this line"


class _TooMuchError(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


class _Builder:
    """Turns nodes into plain data and remembers lines."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._nodes = 0

    def build(self, node: yaml.Node, place: Place) -> object:
        self._nodes += 1
        if self._nodes > _MAX_NODES or len(place) > _MAX_DEPTH:
            raise _TooMuchError(node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node, place)
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(line, "a key is a list or has keys itself", "write a plain word as key")
                continue
            key = str(key_node.value)
            if key in built:
                first = self._document.lines[(*place, key)]
                self._problem(line, f'"{key}" stands twice (first on line {first})', f"write {key} once")
                continue
            self._document.lines[(*place, key)] = line
            built[key] = self.build(value_node, (*place, key))
        return built

    def _sequence(self, node: yaml.SequenceNode, place: Place) -> list[Any]:
        built = []
        for position, item in enumerate(node.value):
            self._document.lines[(*place, position)] = item.start_mark.line + 1
            built.append(self.build(item, (*place, position)))
        return built

    def _scalar(self, node: yaml.Node) -> object:
        text = str(node.value)
        match str(node.tag).removeprefix(_TAG):
            case "null":
                return None
            case "bool" if text.lower() in ("true", "false"):
                return text.lower() == "true"
            case "int" if re.fullmatch(r"[-+]?[0-9]{1,18}", text):
                return int(text)
            case "float" if re.fullmatch(r"[-+]?(?:\.[0-9]+|[0-9]+\.?[0-9]*)(?:[eE][-+]?[0-9]{1,3})?", text):
                return float(text)
            case "str":
                return text
        self._problem(
            node.start_mark.line + 1,
            f"the tag {node.tag} is not used here",
            "write the plain value without !",
        )
        return text

    def _problem(self, line: int, message: str, mend: str) -> None:
        self._document.problems.append(Problem(self._document.file, line, message, mend))
