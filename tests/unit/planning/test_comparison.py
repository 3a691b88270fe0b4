"""Two plans of a day held against each other: the same content is the same bytes, and every other row is named."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relance.planning.comparison import PlanRows, compare

ROWS = st.lists(
    st.fixed_dictionaries(
        {"invoice_id": st.text(max_size=4), "payer_id": st.text(max_size=2), "open": st.integers()}
    ),
    unique_by=lambda row: row["invoice_id"],
    max_size=6,
)


def rows(*outcomes: dict[str, Any], contacts: list[dict[str, Any]] | None = None) -> PlanRows:
    return PlanRows(list(outcomes), contacts or [], [])


@given(ROWS)
def test_the_order_of_rows_and_of_keys_does_not_matter(outcomes: list[dict[str, Any]]) -> None:
    turned = [dict(reversed(row.items())) for row in reversed(outcomes)]
    found = compare(rows(*outcomes), rows(*turned))
    assert found.equal
    assert found.stored_sha256 == found.again_sha256
    assert found.deviations == ()


@given(ROWS, ROWS)
def test_not_equal_means_that_something_is_named(
    old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> None:
    found = compare(rows(*old), rows(*new))
    assert found.equal == (not found.deviations)


def test_fields_and_missing_rows_are_named() -> None:
    one = {"invoice_id": "A", "payer_id": "P", "open": 1}
    contact = {"key": "k", "payer_id": "P", "step": "first"}
    found = compare(
        rows(one, contacts=[contact]), rows(one | {"open": 2}, {"invoice_id": "B", "payer_id": "Q"})
    )
    assert [(one.kind, one.subject, one.missing, one.fields) for one in found.deviations] == [
        ("outcome", "A", None, {"open": (1, 2)}),
        ("outcome", "B", "stored", {}),
        ("contact", "k", "again", {}),
    ]
