"""Mapping files: how an extract of any shape becomes the five tables.

    decimal: ","                       # numbers as the source writes them thousands: "." date_formats:
          ["%d.%m.%Y"] delimiter: ";" tables: invoices: file: "open_items*.csv"        # else the table's
          own name; a flat extract feeds every table named here where: {doc_type: [RV, X2], belegnr: {blank:
          false}} columns: invoice_id: belegnr                              # rename currency: {constant:
          EUR}                        # the same in every row country: {column: land, values: {D: DE, A:
          AT}}  # values put into the house's own payment_id: {column: belegnr, prefix: "PAY-"} description:
          null                                # not known, though the source has such a column

Columns not named keep their name. `distinct: true` takes the first row of each key (customers out of a list
of invoices). A payment derived from a clearing date is a `payments` table over the same file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from relance.config.document import Document, read_document
from relance.config.values import nearest
from relance.config.wording import check_model
from relance.errors import LedgerError
from relance.ledger.tables import TABLES


def _as_text(value: object) -> object:
    """Cells are text: `391` and `true` in YAML stand for the cells "391" and "true"."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _as_texts(value: object) -> object:
    return tuple(_as_text(one) for one in value) if isinstance(value, list | tuple) else (_as_text(value),)


def _keys_as_text(value: object) -> object:
    return {str(_as_text(key)): one for key, one in value.items()} if isinstance(value, dict) else value


Cell = Annotated[str, BeforeValidator(_as_text)]
Cells = Annotated[tuple[str, ...], BeforeValidator(_as_texts)]


class MappingModel(BaseModel):
    """What all parts of a mapping share: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSource(MappingModel):
    """Where a column comes from: a column of the source, or a constant."""

    column: str | None = Field(None, description="The source's column.", examples=["belegnr"])
    constant: Cell | None = Field(None, description="The same in every row.", examples=["EUR"])
    values: Annotated[dict[str, Cell | None], BeforeValidator(_keys_as_text)] | None = Field(
        None, description="What values of the source mean; others stay as they are.", examples=["{D: DE}"]
    )
    prefix: str = Field("", description="Put before the value.", examples=["PAY-"])


class Condition(MappingModel):
    """Which rows of the source count."""

    blank: bool | None = Field(
        None, description="true: only where the cell is empty; false: only where it is not."
    )
    in_: Cells | None = Field(None, alias="in", description="Only these values.", examples=[["RV"]])
    not_in: Cells | None = Field(None, description="All but these values.", examples=[["X2"]])
    by_entity: dict[str, Cells] | None = Field(
        None, description="These values for these entities; other entities take every row."
    )


def _condition(value: object) -> object:
    return value if isinstance(value, dict | Condition) else {"in": _as_texts(value)}


def _column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class TableMapping(MappingModel):
    """How one table is taken from a file."""

    file: str | None = Field(
        None, description="File name or pattern; else the table's own name.", examples=["*.csv"]
    )
    where: dict[str, Annotated[Condition, BeforeValidator(_condition)]] = Field(default_factory=dict)
    distinct: bool = Field(False, description="Only the first row of each key.")
    columns: dict[str, Annotated[ColumnSource, BeforeValidator(_column)] | None] = Field(default_factory=dict)


TableName = Literal["customers", "contacts", "invoices", "payments", "signals"]


class Mapping(MappingModel):
    """A mapping file."""

    decimal: Literal[".", ","] = Field(".", description="What stands before the decimals.")
    thousands: Literal["", ",", ".", " ", "'"] = Field("", description="What stands between thousands.")
    date_formats: tuple[str, ...] = Field(
        ("%Y-%m-%d",), description="Tried in order.", examples=[["%d.%m.%Y"]]
    )
    delimiter: Literal[",", ";", "|", "\t"] | None = Field(
        None, description="Of CSV; else seen from the header."
    )
    tables: dict[TableName, TableMapping] = Field(default_factory=dict)

    def table(self, name: str) -> TableMapping:
        """How that table is taken; by its own names where the mapping is silent."""
        return next((one for table, one in self.tables.items() if table == name), _PLAIN_TABLE)


_PLAIN_TABLE = TableMapping.model_validate({})

PLAIN = Mapping.model_validate({})
"""The mapping of an extract that has the five tables under their own names."""


def load_mapping(path: Path) -> Mapping:
    """The mapping of a YAML file.

    Raises:
        LedgerError: with every problem as `file:line: what; write …`.
    """
    document = read_document(path)
    mapping = check_model(Mapping, document)
    if mapping is not None:
        _check_names(mapping, document)
    if mapping is None or document.problems:
        listing = "\n".join(str(problem) for problem in sorted(document.problems))
        raise LedgerError(f"{listing}\n", hint="Mend the mapping file.")
    return mapping


def _check_names(mapping: Mapping, document: Document) -> None:
    """Columns that a table doesn't have, and sources that say two things or nothing."""
    for name, table in mapping.tables.items():
        known = [column.header for column in TABLES[name].columns]
        for target, source in table.columns.items():
            place = ("tables", name, "columns", target)
            if target not in known:
                guess = nearest(target, known)
                document.add(place, f"{name} has no column {target!r}", f"write {guess or ', '.join(known)}")
            elif source is not None and (source.column is None) == (source.constant is None):
                document.add(
                    place, f"{target} needs either column or constant", f"write {target}: <its column>"
                )
    if mapping.decimal == mapping.thousands:
        document.add(("thousands",), "decimal and thousands are the same sign", 'write thousands: ""')
