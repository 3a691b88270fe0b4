"""Rules that no single value shows: steps in order, names that exist. They hold for every load of a policy.

They read documents rather than models, so that a file with a misspelt key still gets all its other problems.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

from relance.config.document import Document, Place
from relance.config.models import CHANNELS_OF_KIND, LEVELS
from relance.config.reading import Reading
from relance.config.roles import EVERYBODY
from relance.config.values import nearest


def apply_rules(reading: Reading) -> None:
    """Note every broken rule in the documents of `reading`."""
    for document in reading.documents["scenarios"].values():
        _steps_go_up(document)
        _step_ids_are_unique(document)
        for position, step in steps_of(document):
            _day_fits_level(document, position, step)
            _channels_fit_kind(document, position, step)
    for document in reading.documents["regions"].values():
        _subdivision_exists(document)
    _names_exist(reading)
    _roles_exist(reading)


def _roles_exist(reading: Reading) -> None:
    """Roles that rows of roles.yaml and steps name are roles of that file; without the file nothing is said."""
    document = reading.single_documents.get("roles")
    roles = document.get("roles") if document else None
    if document is None or not isinstance(roles, dict):
        return
    places: list[tuple[tuple[str | int, ...], object]] = [
        (("roles", name, "next"), role.get("next")) for name, role in roles.items() if isinstance(role, dict)
    ]
    rows = document.get("permissions")
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        if isinstance(row, dict):
            places.append((("permissions", number, "role"), row.get("role")))
            _row_says_something(reading, document, number, row)
    places += _asked(document)
    for name, role in roles.items():
        if isinstance(role, dict) and not role.get("people") and not role.get("slack_groups"):
            document.warn(
                ("roles", name), f"nobody has the role {name!r}", "write people: [an e-mail address]"
            )
    for place, name in places:
        if isinstance(name, str) and name not in {*roles, EVERYBODY}:
            document.add(place, f"there is no role {name!r}", _instead(name, roles))
    _approvers_exist(reading, roles)


def _asked(document: Document) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Places that name who is asked for a yes: a role, or tiers of roles."""
    for what in ("snooze", "write_off"):
        said = document.get("approvals", what)
        yield ("approvals", what), said
        for number, tier in enumerate(said if isinstance(said, list) else []):
            if isinstance(tier, dict):
                yield ("approvals", what, number, "role"), tier.get("role")


def _approvers_exist(reading: Reading, roles: Iterable[str]) -> None:
    for scenario in reading.documents["scenarios"].values():
        for position, step in steps_of(scenario):
            approval = step.get("approval")
            name = approval.get("role") if isinstance(approval, dict) else None
            if isinstance(name, str) and name not in roles:
                what = f"{step_name(position, step)}: nobody has the role {name!r} in roles.yaml"
                scenario.warn(("steps", position, "approval", "role"), what, _instead(name, roles))


def _row_says_something(reading: Reading, document: Document, number: int, row: dict[str, Any]) -> None:
    if row.get("may") == []:
        document.warn(
            ("permissions", number, "may"), "this row allows nothing", "write may: [approve], or delete it"
        )
    entities = row.get("entity")
    known = reading.ids("entities")
    for name in [entities] if isinstance(entities, str) else entities or ():
        if isinstance(name, str) and name not in known:
            guess = nearest(name, known)
            mend = f"write {guess}" if guess else "name an entity of entities/"
            document.add(("permissions", number, "entity"), f"there is no entity {name!r}", mend)


def _instead(name: str, roles: Iterable[str]) -> str:
    guess = nearest(name, roles)
    return f"write {guess}" if guess else "add it to roles.yaml"


def steps_of(document: Document) -> Iterator[tuple[int, dict[str, Any]]]:
    """The steps of a scenario that can be looked at, with their position from 0."""
    steps = document.get("steps")
    for position, step in enumerate(steps if isinstance(steps, list) else []):
        if isinstance(step, dict):
            yield position, step


def step_name(position: int, step: dict[str, Any]) -> str:
    """How a problem names a step: by its id, else by its position from 1."""
    return f"step {step['id']}" if isinstance(step.get("id"), str) else f"step {position + 1}"


def _is_day(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _steps_go_up(document: Document) -> None:
    level, day = "", None
    for position, step in steps_of(document):
        here, today = step.get("level"), step.get("day")
        if here in LEVELS:
            if level and LEVELS.index(here) < LEVELS.index(level):
                mend = f"write level: {level} or a higher one, or move the step up"
                document.add(
                    ("steps", position, "level"),
                    f"{step_name(position, step)}: level {here} comes after {level}",
                    mend,
                )
            else:
                level = str(here)
        if _is_day(today):
            if day is not None and today < day:
                mend = f"write day: {day} or a later one, or move the step up"
                document.add(
                    ("steps", position, "day"),
                    f"{step_name(position, step)}: day {today} comes after day {day}",
                    mend,
                )
            else:
                day = today


def _step_ids_are_unique(document: Document) -> None:
    seen: dict[str, Place] = {}
    for position, step in steps_of(document):
        name = step.get("id")
        place: Place = ("steps", position, "id")
        if not isinstance(name, str):
            continue
        if name in seen:
            first = document.line(seen[name])
            document.add(
                place,
                f"step id {name} stands twice (first on line {first})",
                f"write another id, such as {name}_2",
            )
        seen.setdefault(name, place)


def _day_fits_level(document: Document, position: int, step: dict[str, Any]) -> None:
    level, day = step.get("level"), step.get("day")
    if not _is_day(day) or level not in LEVELS:
        return
    place: Place = ("steps", position, "day")
    if level == "preventive" and day > 0:
        document.add(
            place,
            f"{step_name(position, step)}: a preventive step on day {day}, after the due date",
            f"write day: {-day} or 0",
        )
    if level != "preventive" and day < 1:
        mend = f"write day: {max(1, -day)}, or level: preventive"
        document.add(
            place, f"{step_name(position, step)}: a step of {level} on day {day}, before it is overdue", mend
        )


def _channels_fit_kind(document: Document, position: int, step: dict[str, Any]) -> None:
    kind, channels = step.get("kind"), step.get("channels")
    fitting = CHANNELS_OF_KIND.get(kind) if isinstance(kind, str) else None
    if fitting is None or not isinstance(channels, list):
        return
    known = {channel for fit in CHANNELS_OF_KIND.values() for channel in fit}
    for number, channel in enumerate(channels):
        if isinstance(channel, str) and channel in known and channel not in fitting:
            message = f"{step_name(position, step)}: channel {channel} does not fit kind {kind}"
            kinds = [one for one, fit in CHANNELS_OF_KIND.items() if channel in fit]
            mend = f"write {' or '.join(fitting)}, or kind: {' or '.join(kinds)}"
            document.add(("steps", position, "channels", number), message, mend)


def _subdivision_exists(document: Document) -> None:
    country, part = document.get("country"), document.get("subdivision")
    if not isinstance(country, str) or not isinstance(part, str):
        return
    from holidays import list_supported_countries

    parts = list_supported_countries(include_aliases=True).get(country)
    if parts is None or part in parts:
        return
    guess = nearest(part, parts)
    mend = (
        f"write {guess}"
        if guess
        else f"write one of {', '.join(parts)}"
        if parts
        else "write null: its holidays are the same all over"
    )
    document.add(("subdivision",), f"{country} has no subdivision {part!r} with holidays of its own", mend)


def _names_exist(reading: Reading) -> None:
    for document in reading.documents["entities"].values():
        _exists(document, ("region",), reading, folder="regions")
        _exists(document, ("default_scenario",), reading, folder="scenarios")
    segments = reading.single_documents.get("segments")
    rules = segments.get("rules") if segments else None
    if segments and isinstance(rules, list):
        for position in range(len(rules)):
            _exists(segments, ("rules", position, "scenario"), reading, folder="scenarios")


def _exists(document: Document, place: Place, reading: Reading, *, folder: str) -> None:
    name, known = document.get(*place), reading.ids(folder)
    if not isinstance(name, str) or name in known:
        return
    kind = folder.removesuffix("s")
    guess = nearest(name, known)
    path = (reading.directory / folder / f"{name}.yaml").as_posix()
    document.add(
        place,
        f"there is no {kind} {name!r}",
        f"write {guess}" if guess else f"write one of {', '.join(known)}, or add {path}",
    )
