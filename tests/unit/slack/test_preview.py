"""The preview page: what Slack would show, and no markup of the ledger's."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance import slack
from relance.slack.cards import card, reply
from relance.slack.mrkdwn import EMOJI, plain_to_html, to_html
from relance.slack.preview import Message, page
from tests.unit.slack.scenes import case, hostile_scenes, promise_case, scene
from tests.unit.slack.test_buttons import states

AT = datetime(2026, 3, 12, 7, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* and _it_ and ~no~", "<strong>bold</strong> and <em>it</em> and <s>no</s>"),
        ("`a*b*c`", "<code>a*b*c</code>"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("&lt;!channel&gt; &amp;amp;", "&lt;!channel&gt; &amp;amp;"),
        ("<https://lumen.example|Open>", '<a href="https://lumen.example" rel="noreferrer">Open</a>'),
        ("<!date^1773316800^{date_short}|12 mars 2026>", '<time title="2026-03-12">12 mars 2026</time>'),
        ("<javascript:alert(1)|x>", '<span class="mention">x</span>'),
        (">quoted", "<blockquote>quoted</blockquote>"),
        ("a\nb", "a<br>b"),
        (":bell: :unknown_thing:", "🔔 :unknown_thing:"),
    ],
)
def test_mrkdwn_is_shown_as_slack_shows_it(text: str, shown: str) -> None:
    assert to_html(text) == shown


def test_plain_text_shows_marks_as_they_are() -> None:
    assert plain_to_html("*a* <b> :x:") == "*a* &lt;b&gt; ❌"


OURS = {
    "html", "head", "meta", "title", "style", "body", "nav", "h1", "h2", "h3", "a", "span", "main", "section", "header",
    "b", "article", "div", "p", "time", "br", "strong", "em", "s", "code", "blockquote", "details", "summary", "ul", "li",
}  # fmt: skip


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in {"br", "meta", "hr"}:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile_scenes(), st.sampled_from(["pending", "sent", "dead"]))
def test_no_ledger_text_becomes_markup(one: object, state: str) -> None:
    drawn = page([Message("#x<script>", 7, "card", card(one).payload(), state, "<img src=x>", AT)])
    tags = Tags()
    tags.feed(drawn)
    assert tags.stack == []
    assert tags.seen <= OURS


def test_channels_are_listed_and_cards_stand_under_theirs() -> None:
    first, second = scene(case()), scene(promise_case("today"), "fr")
    messages = [
        Message("#direction-credit", 1, "card", card(first).payload(), "pending", None, AT),
        Message("#recouvrement", 2, "card", card(second).payload(), "sent", None, AT),
        Message("#recouvrement", 2, "reply", reply(second).payload(), "dead", "is_archived", AT),
    ]
    drawn = page(messages)
    one, other = drawn.index('id="channel-0"'), drawn.index('id="channel-1"')
    assert one < drawn.index("More than 90 days late") < other < drawn.index("Promis pour aujourd’hui")
    assert 'title="is_archived"' in drawn
    assert "There are no cards yet." in page([])


def test_every_emoji_that_a_message_uses_is_drawn() -> None:
    named = re.compile(r":([a-z0-9_+-]*[a-z]):")
    sources = [*Path(slack.__file__).parent.rglob("*.py")]
    written = {name for path in sources for name in named.findall(path.read_text(encoding="utf-8"))}
    drawn = {
        name for one in states() for text in re.findall(r'"text": "([^"]*)"', json.dumps(card(one).payload()))
        for name in named.findall(text)
    }  # fmt: skip
    assert {"rotating_light", "raised_hand", "zzz"} <= drawn <= written
    assert written - set(EMOJI) == set()


def test_buttons_and_menus_are_drawn() -> None:
    one = scene(case("exhausted", owner=None))
    drawn = page([Message("#x", 7, "card", card(one).payload(), "sent", None, AT)])
    assert '<span class="button danger" title="What Brasserie du Port SARL owes' in drawn
    assert "<li>Payment announced…</li>" in drawn
    assert "<li>History</li>" in drawn
