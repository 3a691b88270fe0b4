"""From pydantic's errors to problems in a reader's words: the place, what is amiss, what to write instead."""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from relance.config.document import Document, Place
from relance.config.values import nearest

M = TypeVar("M", bound=BaseModel)
# A consequence of another error, which is reported itself.
_ECHOES = frozenset({"default_factory_not_called"})


def check_model(model: type[M], document: Document) -> M | None:
    """The document as `model`, or None; every error becomes a problem of the document."""
    if document.data is None and document.problems:
        return None
    if not isinstance(document.data, dict):
        document.add((), "the file holds no keys", f"write {_template(model)}")
        return None
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["type"] not in _ECHOES:
                _note(model, document, detail)
        return None


def _note(model: type[BaseModel], document: Document, detail: ErrorDetails) -> None:
    place: Place = tuple(part for part in detail["loc"] if part != "[key]")
    word = _WORDS.get(detail["type"], _other)
    message, mend = word(model, place, detail)
    label = _label(place)
    document.add(place, f"{label}: {message}" if label else message, mend)


def _label(place: Place) -> str:
    """The path of a key as people write it: `steps[2].channels`."""
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _template(model: type[BaseModel]) -> str:
    return ", ".join(
        f"{key}: {_example(model, (key,))}" for key, info in model.model_fields.items() if info.is_required()
    )


def _example(model: type[BaseModel], place: Place) -> str:
    """What may stand at `place`, from the field's example or default."""
    keys = [part for part in place if isinstance(part, str)]
    owner = _owner(model, place[: place.index(keys[-1])]) if keys else None
    info = owner.model_fields.get(keys[-1]) if owner and keys else None
    if info is None:
        return "a value"
    example = info.examples[0] if info.examples else info.default
    return (
        _shown(example)
        if isinstance(example, str | int | float | list | tuple) and example != ()
        else "a value"
    )


def _shown(example: object) -> str:
    if isinstance(example, list | tuple):
        return f"[{', '.join(_shown(one) for one in example)}]"
    text = str(example)
    # Quotes where YAML or a reader needs them: money, a channel's #name.
    return f'"{text}"' if re.match(r"#|\d+\.\d+ [A-Z]{3}$", text) else text


def _owner(model: type[BaseModel], place: Place) -> type[BaseModel] | None:
    """The model whose keys stand at `place`."""
    here: Any = model
    keyed = False  # the next part is a key of a mapping, whose values are `here`
    for part in place:
        if isinstance(part, int):
            continue
        if keyed:
            keyed = False
            continue
        info = here.model_fields.get(part) if isinstance(here, type) and issubclass(here, BaseModel) else None
        if info is None:
            return None
        here, keyed = _model_in(info.annotation), get_origin(info.annotation) is dict
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model within Annotated, tuple[…], dict[…] and unions; None when there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Annotated, tuple, list, dict, Union, types.UnionType):
        found = (_model_in(one) for one in get_args(annotation))
        return next((one for one in found if one), None)
    return None


def _unknown_key(model: type[BaseModel], place: Place, _: ErrorDetails) -> tuple[str, str]:
    key = str(place[-1])
    owner = _owner(model, place[:-1])
    known = list(owner.model_fields) if owner else []
    guess = nearest(key, known)
    return "unknown key", f"write {guess}" if guess else f"write one of {', '.join(known)}, or delete it"


def _missing(model: type[BaseModel], place: Place, _: ErrorDetails) -> tuple[str, str]:
    return "this key is required and missing", f"write {place[-1]}: {_example(model, place)}"


def _not_one_of(model: type[BaseModel], place: Place, detail: ErrorDetails) -> tuple[str, str]:
    known = _choices(model, place) or [word.strip("' ") for word in str(detail["ctx"]["expected"]).split(",")]
    value = detail["input"]
    guess = nearest(value, known) if isinstance(value, str) else None
    shown = repr(value)[:40] if isinstance(value, str | int | float) else "this"
    listed = ", ".join(known)
    return (
        f"{shown} is not one of {listed}",
        f"write {guess}" if guess else f"write {listed.replace(', ', ' or ')}",
    )


def _choices(model: type[BaseModel], place: Place) -> list[str]:
    keys = [part for part in place if isinstance(part, str)]
    owner = _owner(model, place[: place.index(keys[-1])]) if keys else None
    info = owner.model_fields.get(keys[-1]) if owner else None
    return _literals(info.annotation) if info else []


def _literals(annotation: object) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(one) for one in get_args(annotation)]
    return [word for one in get_args(annotation) for word in _literals(one)] if get_origin(annotation) else []


def _refused(_: type[BaseModel], __: Place, detail: ErrorDetails) -> tuple[str, str]:
    return str(detail["ctx"]["what"]), str(detail["ctx"]["mend"])


def _bound(_: type[BaseModel], __: Place, detail: ErrorDetails) -> tuple[str, str]:
    context = detail["ctx"]
    limit = next(context[key] for key in ("ge", "gt", "le", "lt") if key in context)
    sides = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    side = next(sides[key] for key in sides if key in context)
    return f"{repr(detail['input'])[:40]} is out of range", f"write {side} {limit:g}"


def _too_short(model: type[BaseModel], place: Place, _: ErrorDetails) -> tuple[str, str]:
    return "the list is empty", f"write at least one, such as {_example(model, place)}"


def _no_keys(model: type[BaseModel], place: Place, _: ErrorDetails) -> tuple[str, str]:
    owner = _owner(model, place)
    return "keys are wanted here", f"write {{{_template(owner)}}}" if owner else "write key: value"


def _other(model: type[BaseModel], place: Place, detail: ErrorDetails) -> tuple[str, str]:
    return detail["msg"][:1].lower() + detail["msg"][1:], f"write {_example(model, place)}"


_WORDS: dict[str, Callable[[type[BaseModel], Place, ErrorDetails], tuple[str, str]]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "literal_error": _not_one_of,
    "policy": _refused,
    "greater_than_equal": _bound,
    "greater_than": _bound,
    "less_than_equal": _bound,
    "less_than": _bound,
    "too_short": _too_short,
    "model_type": _no_keys,
    "model_attributes_type": _no_keys,
}
