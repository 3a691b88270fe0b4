"""What the environment says, and what of it must not be shown."""

from __future__ import annotations

import pytest

from relance.errors import UsageError
from relance.settings import Settings


def test_secrets_stay_out_of_the_repr() -> None:
    settings = Settings.from_environment(
        {
            "RELANCE_DATABASE_URL": "postgresql://relance:hidden-one@db.example/relance",
            "RELANCE_SMTP_PASSWORD": "hidden-two",
            "RELANCE_SLACK_TOKEN": "hidden-three",
        }
    )
    assert settings.smtp.password == "hidden-two"
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize("name", ["RELANCE_SMTP_PORT", "RELANCE_SMTP_TIMEOUT"])
def test_what_is_no_number_is_told_by_its_name(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is 'many'"):
        Settings.from_environment({name: "many"})
