"""Templates to Python code: checked once (`guard`), then as fast as plain Jinja.

Two things that a template's tree can't tell stay guarded while it runs: a subscript never reaches an attribute that is
private or can be called, and ranges are short. Compiled code is kept by its source, so that reading a folder again is cheap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import MutableMapping
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.sandbox import safe_range
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from relance.delivery import guard


class PlainEnvironment(Environment):
    """Jinja whose templates are held to the guard's lists when they are read."""

    def __init__(self, directory: Path | None, *, html: bool) -> None:
        loader: BaseLoader | None = FileSystemLoader(directory) if directory else None
        super().__init__(
            loader=loader,
            autoescape=html,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            cache_size=1000,
            auto_reload=False,
        )
        self.filters["capitalise"] = lambda text: text[:1].upper() + text[1:]
        self.filters = {name: self.filters[name] for name in guard.FILTERS}
        self.globals = {"range": safe_range, "dict": dict, "namespace": self.globals["namespace"]}
        self.code_generator_class = _Generator
        self.eval_context = nodes.EvalContext(self)
        self._templates: dict[str, Template] = {}

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja's
    ) -> Template:
        """The template of a name; layouts ask for what they import in every message."""
        if not isinstance(name, str) or globals is not None:
            return super().get_template(name, parent, globals)
        known = self._templates.get(name)
        if known is None:
            known = self._templates[name] = super().get_template(name, parent)
        return known

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An item, or an attribute that is neither private nor callable; filters such as `map(attribute=…)` come here."""
        try:
            return obj[argument]
        except (AttributeError, TypeError, LookupError):
            if isinstance(argument, str) and not guard.PRIVATE.match(argument):
                value = getattr(obj, argument, None)
                if value is not None and not callable(value):
                    return value
        return self.undefined(obj=obj, name=argument)

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        guard.check(source, name)
        _fold(source)
        code = super()._generate(source, name, filename, defer_init=defer_init)
        # On the line that is there: the lines of the code lead back to those of the template.
        return code.replace("\n", f"; from {__name__} import attribute, escaped as escape\n", 1)

    def _compile(self, source: str, filename: str) -> CodeType:
        return _code(source, filename)


def escaped(value: object) -> str:
    """A value for HTML; markup, as all words are, and text that needs no escaping stay the objects that they are."""
    if type(value) is Markup:
        return value
    if type(value) is not str or "&" in value or "<" in value or ">" in value or '"' in value or "'" in value:
        return escape(value)
    return value


def attribute(environment: Environment, value: object, name: str) -> Any:
    """An attribute, or else an item of that name."""
    try:
        return getattr(value, name)
    except AttributeError:
        return environment.getattr(value, name)


@lru_cache(maxsize=4096)
def _code(source: str, filename: str) -> CodeType:
    return compile(source, filename, "exec")


def _fold(tree: nodes.Template) -> None:
    """Put texts that a layout names once, as it does with styles, where they are used; they are then escaped only once."""
    stored = Counter(one.name for one in tree.find_all(nodes.Name) if one.ctx != "load")
    texts = {
        node.target.name: node.node.value
        for node in tree.body
        if isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name)
        if isinstance(node.node, nodes.Const)
        and type(node.node.value) is str
        and stored[node.target.name] == 1
    }
    if texts:
        _Folding(texts).visit(tree)


class _Folding(NodeTransformer):
    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def visit_Name(self, node: nodes.Name) -> nodes.Expr:  # noqa: N802 - Jinja's
        """The text in place of its name."""
        if node.ctx != "load" or node.name not in self._texts:
            return node
        return nodes.Const(self._texts[node.name], lineno=node.lineno, environment=node.environment)


class _Generator(CodeGenerator):
    """Calls at once what is called: nothing on the lists wants Jinja's context handed to it."""

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - Jinja's
        """An attribute, without a method between."""
        self.write("attribute(environment, ")
        self.visit(node.node, frame)
        self.write(f", {node.attr!r})")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: ARG002, N802 - Jinja's
        """A call as Python, without `context.call`."""
        self.visit(node.node, frame)
        self.write("(")
        for argument in (*node.args, *node.kwargs):
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")
