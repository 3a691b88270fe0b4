"""Views drawn for pictures: what Slack would show, and nothing that it would not; and the pictures of the docs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from relance.slack import actions, drawing
from relance.slack.modals import MODALS
from relance.slack.samples import ANSWERS, CARDS, HOME_VIEWS, MODAL_VIEWS
from tests.unit.slack.judge import refusals, view_refusals
from tests.unit.slack.modal_scenes import scene
from tests.unit.slack.scenes import facts

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("slack_gallery", ROOT / "scripts" / "slack_gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_sample_is_what_slack_takes() -> None:
    for name, view in {**MODAL_VIEWS, **HOME_VIEWS}.items():
        assert view_refusals(dict(view)) == [], name
    for name, blocks in {**CARDS, **{key: card.blocks for key, card in ANSWERS.items()}}.items():
        assert refusals({"text": "x", "blocks": list(blocks)}) == [], name


def test_samples_show_every_modal_and_every_kind_of_card() -> None:
    shown = {view["callback_id"] for view in MODAL_VIEWS.values()}
    assert MODALS.keys() <= shown
    assert {actions.MESSAGE_TO_CASE, actions.MESSAGE_TO_PROMISE} <= shown


def test_ledger_text_is_drawn_as_text() -> None:
    payer = {"name": "<script>alert(1)</script>", "country": "FR", "sales_owner": None}
    one = scene(actions.COMMENT, prefill={"text": "<b>bold</b>"})
    case = type(one.case)(
        **{name: getattr(one.case, name) for name in one.case.__slots__} | {"facts": facts(payer=payer)}
    )
    view = MODALS[actions.COMMENT].build(
        type(one)(case=case, voice=one.voice, today=one.today, prefill=one.prefill)
    )
    page = drawing.page(drawing.modal_html(view))
    assert "<script>" not in page
    assert "<b>bold</b>" not in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page


def test_every_screen_has_its_small_picture_in_the_docs(gallery: ModuleType) -> None:
    names = {f"{one.name}.png" for one in gallery.SCREENS}
    kept = {path.name: path.stat().st_size for path in (ROOT / "docs" / "slack").glob("*.png")}
    assert names <= kept.keys()
    assert [name for name in names if kept[name] > 60_000] == []
