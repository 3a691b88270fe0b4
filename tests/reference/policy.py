"""The policy of `spec/config.md` as plain dicts, with the defaults of that page written out."""

from __future__ import annotations

from typing import Any

from relance.money import Money

LEVELS = ["preventive", "level_1", "level_2", "level_3", "litigation"]

ENTITY = {
    "max_ledger_age_days": 3,
    "call_capacity": 20,
    "max_messages_per_address_per_day": 5,
    "max_contacts_per_day": None,
}
REGION = {
    "subdivision": None,
    "business_days": ["mon", "tue", "wed", "thu", "fri"],
    "extra_holidays": [],
}
SCENARIO = {
    "min_days_between_levels": 7,
    "min_days_between_contacts": 3,
    "max_contacts_per_30_days": 6,
    "promise_grace_days": 2,
    "collection_grace_days": 5,
    "min_days_after_issue": 3,
    "call_patience_days": 5,
    "review_hold_after_days": 30,
    "approval_expires_days": 5,
    "minimum": [],
}
STEP = {
    "audience": ["accounts_payable", "finance_lead"],
    "cc": [],
    "attach": [],
    "charges": [],
    "tone": "neutral",
    "min_overdue": [],
    "approval": None,
}
NEEDS_NO_PERSON = ("internal", "handoff")

Policy = dict[str, Any]


def with_defaults(policy: Policy) -> Policy:
    """`{"entities", "regions", "scenarios": {id: file}, "segments": file}` with every default filled in."""
    return {
        "entities": {key: ENTITY | value for key, value in policy["entities"].items()},
        "regions": {key: REGION | value for key, value in policy["regions"].items()},
        "scenarios": {
            key: SCENARIO | value | {"steps": [STEP | step for step in value["steps"]]}
            for key, value in policy["scenarios"].items()
        },
        "segments": policy.get("segments") or {"rules": []},
    }


def threshold(amounts: list[str], currency: str) -> int | None:
    """The amount a list of money names in one currency: 'none listed, none'."""
    for amount in amounts:
        money = Money.parse(amount)
        if money.currency == currency:
            return money.minor
    return None


def amounts_by_currency(amounts: list[str]) -> dict[str, int]:
    return {money.currency: money.minor for money in map(Money.parse, amounts)}
