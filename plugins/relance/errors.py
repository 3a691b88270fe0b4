"""The one error tree of Relance.

    RelanceError
    ├── UsageError            the call itself is wrong (unknown entity, unreadable option)
    ├── PolicyError           config/ does not hold together; carries every problem
    ├── LedgerError           an extract can't be taken as a whole
    │   └── ImportRefusedError    a broken export: nothing was changed
    ├── StoreError            the database
    │   └── BusyError         somebody else holds the entity's day
    ├── DeliveryError         a channel
    │   ├── TransientError    worth another try (time-out, 4xx, full mailbox)
    │   └── PermanentError    never will work (refused address, bad credentials)
    └── CaseError             a person asked for something that can't be done
        ├── NotAllowedError  … or that this person may not do
        └── AlreadyDoneError … or that somebody has done already

Bad *data* is never an exception: it is a list of problems with their places. These are for what stops the work.
Codes are stable; `hint` says what to do.
"""

from __future__ import annotations


class RelanceError(Exception):
    """What stops the work; `code` is stable, `hint` says what to do about it."""

    code = "relance"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class UsageError(RelanceError):
    """The call is wrong: an unknown entity, an option that can't be read."""

    code = "usage"


class PolicyError(RelanceError):
    """The policy files do not hold together; `problems` are their places and mends, as printable lines."""

    code = "policy"

    def __init__(self, message: str, *, problems: tuple[str, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join((super().__str__(), *self.problems))


class LedgerError(RelanceError):
    """An extract can't be read or taken as a whole."""

    code = "ledger"


class ImportRefusedError(LedgerError):
    """A broken export: the import stopped and changed nothing."""

    code = "ledger.refused"


class StoreError(RelanceError):
    """The database can't be reached or is not what it should be."""

    code = "store"


class BusyError(StoreError):
    """Another run holds this entity's day; the message says who."""

    code = "store.busy"


class DeliveryError(RelanceError):
    """A channel did not take a message."""

    code = "delivery"


class TransientError(DeliveryError):
    """Worth another try later. `retry_after` is in seconds, where the other side named it."""

    code = "delivery.transient"

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class PermanentError(DeliveryError):
    """Trying again can't help."""

    code = "delivery.permanent"


class CaseError(RelanceError):
    """A person asked for something that a case can't do.

    `key` and `values`: the same sentence among the words of Slack's surfaces (`refusal.<key>`), for who reads another language
    than English; without a key the message is shown as it is.
    """

    code = "case"

    def __init__(
        self, message: str, *, hint: str | None = None, key: str | None = None, **values: object
    ) -> None:
        super().__init__(message, hint=hint)
        self.key = key
        self.values = values


class NotAllowedError(CaseError):
    """This person may not do this; the message says why."""

    code = "case.not_allowed"


class AlreadyDoneError(CaseError):
    """Somebody has done it before; the message says who, what and when."""

    code = "case.done"
