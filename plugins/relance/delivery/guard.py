"""What templates may do, decided when they are read: what is not on these lists is refused with its line, before it runs.

A sandbox would ask at every expression of every message instead. What a template's tree can't tell, `compiling` guards
while it runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from keyword import iskeyword

from jinja2 import nodes
from jinja2.exceptions import SecurityError
from markupsafe import Markup

FUNCTIONS = frozenset({"say", "paragraphs", "plural", "fit", "range", "namespace", "dict"})
"""What may be called by name, beside the macros that a template has or imports."""

METHODS = frozenset(
    {
        "money", "money_code", "money_name", "date", "long_date", "short_date", "number", "plural",  # formats
        "get", "items", "keys", "values", "count", "index",
        "upper", "lower", "capitalize", "title", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix",
        "startswith", "endswith", "replace", "split", "splitlines", "join", "isoformat", "cycle", "changed",
    }
)  # fmt: skip
"""What may be called of a value; not `format`, whose text could name attributes, nor what changes a value."""

FILTERS = frozenset(
    {
        "abs", "batch", "capitalise", "capitalize", "count", "d", "default", "e", "escape", "first", "groupby", "indent",
        "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace",
        "reverse", "round", "select", "selectattr", "slice", "sort", "string", "sum", "title", "trim", "truncate",
        "unique", "upper", "wordcount",
    }
)  # fmt: skip
"""The filters there are; none reaches attributes by a name that is made up, none turns text into markup."""

_NODES = frozenset({
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Macro, nodes.With, nodes.Assign,
    nodes.AssignBlock, nodes.Include, nodes.FromImport, nodes.FilterBlock, nodes.Name, nodes.NSRef, nodes.Const,
    nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call,
    nodes.Getitem, nodes.Getattr, nodes.Slice, nodes.Concat, nodes.Compare, nodes.Operand, nodes.Mul, nodes.Div,
    nodes.FloorDiv, nodes.Add, nodes.Sub, nodes.Mod, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos,
})  # fmt: skip
# All other methods of plain values are no attributes either: a name could be given to one, and called.
_CALLABLES = frozenset(
    name
    for kind in (str, Markup, bytes, int, float, list, tuple, dict, set, range, type, datetime)
    for name in dir(kind)
    if name not in METHODS and callable(getattr(kind, name, None))
)
PRIVATE = re.compile(r"_|(?:gi|cr|ag|tb|f|co|func)_")
"""How attributes begin that are nobody's business: Python's own."""


def check(tree: nodes.Template, name: str | None = None) -> None:
    """Refuse a template that does what is not on the lists.

    Raises:
        SecurityError: (a TemplateError) with the template, the line and what it is that is not allowed.
    """
    callable_names = FUNCTIONS | set(_macros(tree))
    line = 1
    for node in _walk(tree):
        line = node.lineno or line  # a few nodes have none of their own
        if complaint := _complaint(node, callable_names):
            raise SecurityError(f"{name}, line {line}: {complaint}" if name else f"line {line}: {complaint}")


def _walk(tree: nodes.Node) -> Iterator[nodes.Node]:
    yield tree
    for node in tree.iter_child_nodes():
        yield from _walk(node)


def _macros(tree: nodes.Template) -> Iterator[str]:
    for macro in tree.find_all(nodes.Macro):
        yield macro.name
    for imported in tree.find_all(nodes.FromImport):
        for name in imported.names:
            yield name if isinstance(name, str) else name[1]


def _complaint(node: nodes.Node, callable_names: frozenset[str]) -> str | None:
    complaint = None
    if type(node) not in _NODES:
        complaint = f"{type(node).__name__.lower()} is not for templates"
    elif isinstance(node, nodes.Getattr):
        complaint = _attribute(node)
    elif isinstance(node, nodes.Call):
        complaint = _call(node, callable_names)
    elif isinstance(node, (nodes.Include, nodes.FromImport)):
        complaint = _other_template(node)
    elif isinstance(node, nodes.Filter):
        complaint = _filter(node)
    elif isinstance(node, nodes.Name) and (node.name == "self" or node.name.startswith("_")):
        complaint = f"the name {node.name!r} is not for templates"
    return complaint


def _attribute(node: nodes.Getattr) -> str | None:
    if PRIVATE.match(node.attr) or node.attr in _CALLABLES:
        return f"{node.attr!r} is not for templates"
    return None


def _call(node: nodes.Call, callable_names: frozenset[str]) -> str | None:
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        return "arguments can't be given as * or **"
    if any(iskeyword(one.key) for one in node.kwargs):
        return "an argument has the name of a Python keyword"
    if isinstance(node.node, nodes.Name) and node.node.name in callable_names:
        return None
    if isinstance(node.node, nodes.Getattr) and node.node.attr in METHODS:
        return None
    called = getattr(node.node, "name", getattr(node.node, "attr", None))
    known = ", ".join(sorted(FUNCTIONS))
    return f"{called!r} can't be called; there are {known}" if called else "what is called must have a name"


def _filter(node: nodes.Filter) -> str | None:
    applied = node.args[0] if node.name == "map" and node.args else nodes.Const(node.name)
    if not isinstance(applied, nodes.Const):
        return "what map applies is named as it is"
    wrong = next((one for one in (node.name, applied.value) if one not in FILTERS), None)
    return f"there is no filter {wrong!r}" if wrong is not None else None


def _other_template(node: nodes.Include | nodes.FromImport) -> str | None:
    target = node.template
    if isinstance(target, nodes.Const) and isinstance(target.value, str) and target.value.endswith(".j2"):
        return None if ".." not in target.value.split("/") else "another template is named from the top"
    return "another template is named as it is, and its name ends in .j2"
