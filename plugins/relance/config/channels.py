"""How messages travel: provider, pace and daily caps by channel and by provider: `channels.yaml`. Planning asks none of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from relance.config.models import PolicyModel
from relance.config.places import Language
from relance.config.values import AsList, Count, Identifier, Text, wrong

MessageChannel = Literal["email", "sms", "whatsapp", "voice", "letter", "registered"]
Provider = Literal["smtp", "graph", "twilio", "drop_folder", "sftp", "eletter", "folder"]

PROVIDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "email": ("graph", "smtp", "folder"),
        "sms": ("twilio", "folder"),
        "whatsapp": ("twilio", "folder"),
        "voice": ("twilio", "folder"),
        "letter": ("sftp", "drop_folder", "folder"),
        "registered": ("eletter", "sftp", "drop_folder", "folder"),
    }
)
"""Who can carry a channel; unless the policy names one, the first whose settings are there. `folder` keeps files."""

PerSecond = Annotated[float, Field(gt=0, le=10_000)]


class ApprovedTemplate(PolicyModel):
    """A WhatsApp template as the provider approved it, in one language."""

    sid: Text = Field(description="The template's id at the provider.", examples=["HX0123456789abcdef"])
    variables: Annotated[tuple[Identifier, ...], AsList] = Field(
        (), description="Names of what its places {{1}}, {{2}} … hold.", examples=[["payer", "what", "total"]]
    )


class Pace(PolicyModel):
    """How many messages may go."""

    per_second: PerSecond | None = Field(None, description="Messages a second, at most.", examples=[10])
    per_day: Count | None = Field(None, description="Messages a day, at most.", examples=[5000])


class ChannelRules(Pace):
    """One channel: caps count per entity."""

    provider: Provider | None = Field(
        None, description="Who carries it; else the first whose settings are there.", examples=["smtp"]
    )
    templates: dict[Identifier, dict[Language, ApprovedTemplate]] = Field(
        default_factory=dict, description="whatsapp: approved templates, by our template and language."
    )


class Channels(PolicyModel):
    """`channels.yaml`. Without the file messages travel as the environment's settings allow, without caps."""

    channels: dict[MessageChannel, ChannelRules] = Field(
        default_factory=dict, description="By channel.", examples=["email: {provider: smtp}"]
    )
    providers: dict[Provider, Pace] = Field(
        default_factory=dict, description="By provider: caps count over all entities and channels."
    )
    senders: Annotated[int, Field(ge=1, le=32)] = Field(4, description="Connections that send at once.")

    @model_validator(mode="after")
    def _providers_fit(self) -> Self:
        for channel, rules in self.channels.items():
            if rules.provider and rules.provider not in PROVIDERS[channel]:
                raise wrong(
                    f"{rules.provider} carries no {channel}", f"write {' or '.join(PROVIDERS[channel])}"
                )
            if rules.templates and channel != "whatsapp":
                raise wrong(f"{channel} has no approved templates", "leave out templates")
        return self

    def of(self, channel: str) -> ChannelRules:
        """The rules of a channel; no caps where it is not named."""
        return next((rules for name, rules in self.channels.items() if name == channel), ChannelRules())

    def of_provider(self, provider: str) -> Pace:
        """The caps of a provider; none where it is not named."""
        return next((pace for name, pace in self.providers.items() if name == provider), Pace())
