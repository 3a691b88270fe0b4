"""What is worth another try, by kind of error."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from relance import errors


def by_kind_of_error() -> ExceptionRetryPolicy:
    """Wait for what passes by itself, fail at once where a person must act; else the task's default."""
    return ExceptionRetryPolicy(
        rules=[
            RetryRule(
                exception=errors.BusyError,
                retry_delay=timedelta(minutes=2),
                reason="another run holds this entity's day",
            ),
            RetryRule(
                exception=errors.TransientError,
                retry_delay=timedelta(minutes=10),
                reason="the channel may take it later",
            ),
            RetryRule(
                exception=errors.StoreError,
                retry_delay=timedelta(minutes=1),
                reason="the database may be back soon",
            ),
            RetryRule(
                exception=errors.RelanceError,
                action=RetryAction.FAIL,
                reason="trying again can't help: mend what the message names, then clear the task",
            ),
        ]
    )
