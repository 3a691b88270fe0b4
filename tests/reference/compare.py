"""Readable differences between two plans in the JSON of `spec/commands.md`.

What an implementation is free in doesn't count: the values of keys (but what shares a key must share it on
both sides), `policy_version`, `score`, the sources of holds, and keys that the page doesn't name.
"""

from __future__ import annotations

from typing import Any

SHARED = ["scenario", "step", "level"]
OUTCOME = ["payer_id", "outcome", "reason", *SHARED, "step_date", "next_step", "next_on", "level_reached"]
OUTCOME += ["passed_over", "open", "to_demand", "currency", "days_late"]
CONTACT = [
    "payer_id",
    "kind",
    "channel",
    "contact_id",
    "to",
    "language",
    *SHARED,
    "acts",
    "demands",
    "announces",
]
CONTACT += ["mentions", "totals", "approval"]
TASK = ["payer_id", "kind", *SHARED, "acts", "demands", "totals", "approval"]


def differences(expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """One line a difference, `place: expected …, got …`; empty when the plans say the same."""
    found = [
        f"{name}: expected {expected[name]!r}, got {actual.get(name)!r}"
        for name in ("entity", "as_of")
        if expected[name] != actual.get(name)
    ]
    found += compare_rows(
        "outcome", expected["outcomes"], actual["outcomes"], ("invoice_id",), OUTCOME, holds=True
    )
    found += compare_rows("contact", expected["contacts"], actual["contacts"], ("payer_id",), CONTACT)
    found += compare_rows("task", expected["tasks"], actual["tasks"], ("payer_id", "step"), TASK)
    return found + compare_links(expected, actual)


def compare_rows(
    kind: str,
    expected: list[dict[str, Any]],
    actual: list[dict[str, Any]],
    identity: tuple[str, ...],
    fields: list[str],
    *,
    holds: bool = False,
) -> list[str]:
    """Rows matched by identity, then their order, then their fields."""
    wanted = {tuple(row[name] for name in identity): row for row in expected}
    given = {tuple(row.get(name) for name in identity): row for row in actual}
    found = [f"{kind} {'/'.join(key)}: missing" for key in wanted if key not in given]
    found += [f"{kind} {'/'.join(map(str, key))}: not expected" for key in given if key not in wanted]
    if len(given) != len(actual):
        found.append(f"{kind}: {len(actual) - len(given)} given twice")
    both = [key for key in wanted if key in given]
    if both != [key for key in given if key in wanted]:
        found.append(f"{kind}: in another order")
    for key in both:
        label = f"{kind} {'/'.join(key)}"
        for name in fields:
            want, have = wanted[key][name], given[key].get(name, "(absent)")
            if want != have:
                found.append(f"{label} {name}: expected {want!r}, got {have!r}")
        if holds:
            found += compare_holds(label, wanted[key]["holds"], given[key].get("holds", []))
    return found


def compare_holds(label: str, expected: list[dict[str, Any]], actual: list[dict[str, Any]]) -> list[str]:
    """Holds in order, by reason and until: sources are each implementation's own words."""
    wanted = [(hold["reason"], hold["until"]) for hold in expected]
    given = [(hold["reason"], hold.get("until")) for hold in actual]
    found = [] if wanted == given else [f"{label} holds: expected {wanted}, got {given}"]
    return found + [f"{label} hold {hold['reason']}: no source" for hold in actual if not hold.get("source")]


def compare_links(expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """`contact_key` must lead to the same contact or task on both sides, whatever the keys look like."""
    found = []
    wanted, given = targets(expected), targets(actual)
    keyed = (*expected["contacts"], *expected["tasks"])
    if len(wanted) != len(keyed):
        found.append("keys: two contacts or tasks of the expected plan share one")
    if len(given) != len(actual["contacts"]) + len(actual["tasks"]):
        found.append("keys: two contacts or tasks share one")
    theirs = {row["invoice_id"]: row.get("contact_key") for row in actual["outcomes"]}
    for row in expected["outcomes"]:
        if row["invoice_id"] not in theirs:
            continue
        want, have = target(wanted, row["contact_key"]), target(given, theirs[row["invoice_id"]])
        if want != have:
            found.append(f"outcome {row['invoice_id']} contact_key: expected {want}, got {have}")
    return found


def target(known: dict[str, Any], key: str | None) -> Any:
    return None if key is None else known.get(key, f"unknown key {key}")


def targets(plan: dict[str, Any]) -> dict[str, Any]:
    """What each key stands for."""
    contacts = {row["key"]: ("contact", row["payer_id"]) for row in plan["contacts"]}
    return contacts | {row["key"]: ("task", row["payer_id"], row["step"]) for row in plan["tasks"]}
