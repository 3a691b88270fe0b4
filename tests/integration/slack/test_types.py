"""Cards, modals, the Home tab and answers as Slack's own types have them: a key that is none of theirs is an error."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from relance.slack.samples import ANSWERS, CARDS, HOME_VIEWS, MODAL_VIEWS
from tests.slack_emulator import server


@pytest.fixture(scope="module")
def modules() -> Path:
    try:
        return server._install() / "node_modules"
    except server.EmulatorError as why:
        pytest.skip(f"SLACK'S TYPES ARE NOT TRIED: {why}")


def test_all_that_slack_is_sent_is_what_its_published_types_say(tmp_path: Path, modules: Path) -> None:
    messages = {**CARDS, **{name: card.blocks for name, card in ANSWERS.items()}}
    assert compiled(tmp_path, modules, messages, MODAL_VIEWS, HOME_VIEWS) == ""
    wrong = {**MODAL_VIEWS["comment"], "submitt": {"type": "plain_text", "text": "x"}}
    block = {"type": "section", "text": {"type": "mrkdown", "text": "x"}}
    told = compiled(tmp_path, modules, {"x": [block]}, {"y": wrong}, {})
    assert "submitt" in told
    assert "mrkdown" in told


def compiled(
    folder: Path,
    modules: Path,
    messages: Mapping[str, Any],
    modals: Mapping[str, Any],
    homes: Mapping[str, Any],
) -> str:
    """What the TypeScript compiler says of these as literals of Slack's types."""
    text = (
        'import type { KnownBlock, ModalView, HomeView } from "@slack/types";\n'
        f"export const messages: Record<string, KnownBlock[]> = {json.dumps(messages)};\n"
        f"export const modals: Record<string, ModalView> = {json.dumps(modals)};\n"
        f"export const homes: Record<string, HomeView> = {json.dumps(homes)};\n"
    )
    (folder / "sent.ts").write_text(text, encoding="utf-8")
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(modules)
    options = {"noEmit": True, "strict": True, "skipLibCheck": True, "types": [], "lib": ["es2022"]}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["sent.ts"]}))
    command = [str(server._node()), str(modules / "typescript" / "bin" / "tsc"), "-p", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr
