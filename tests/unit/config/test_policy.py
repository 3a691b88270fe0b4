"""The policy as a whole: loading, refusing, its version, its helpers."""

from __future__ import annotations

import pickle
import shutil

import pytest

from relance.config import Policy, load_policy
from relance.config.models import LEVELS
from relance.errors import PolicyError, UsageError


def test_load_gives_every_file_by_its_id(house):
    policy = load_policy(house.config)
    assert sorted(policy.entities) == ["DE01", "FR01"]
    assert sorted(policy.regions) == ["de", "fr"]
    assert sorted(policy.scenarios) == ["gentle", "standard"]
    assert [(rule.name, rule.scenario) for rule in policy.segments] == [
        ("key accounts", "gentle"),
        ("small", "gentle"),
    ]
    assert policy.directory == house.config
    assert [step.level for step in policy.scenario("standard").steps] == [
        level for level in LEVELS if level != "level_3"
    ]


def test_load_does_not_need_templates(house):
    shutil.rmtree(house.templates)
    assert load_policy(house.config).entity("FR01").name == "Lumen SAS"


def test_load_does_not_need_segments(house):
    (house.config / "segments.yaml").unlink()
    assert load_policy(house.config).segments == ()


def test_load_refuses_with_every_problem_as_a_line(house):
    house.change("entities/FR01.yaml", "currency: EUR", "currency: EURO")
    house.change("scenarios/standard.yaml", "day: 14", "day: 6")
    with pytest.raises(PolicyError) as caught:
        load_policy(house.config)
    first, second = caught.value.problems
    config = house.config.as_posix()
    assert first.startswith(f"{config}/entities/FR01.yaml:4: currency: 'EURO' is not a currency; write ")
    assert second.startswith(
        f"{config}/scenarios/standard.yaml:7: step call: day 6 comes after day 7; write day: 7"
    )
    assert first in str(caught.value)


def test_load_does_not_refuse_warnings(house):
    house.write("stray.txt", "")
    assert load_policy(house.config)


def test_directory_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(PolicyError, match="there is no such directory"):
        load_policy(tmp_path / "nowhere")


def test_policy_without_entities_is_refused(house):
    shutil.rmtree(house.config / "entities")
    _, line, severity, message, mend = house.only()
    assert (line, severity, message) == (1, "error", "there is no entity")
    assert mend == f"write {house.config.as_posix()}/entities/<id>.yaml"


def test_version_is_of_the_content_not_of_the_layout(house):
    before = load_policy(house.config).version
    text = (house.config / "regions/fr.yaml").read_text().splitlines()
    house.write(
        "regions/fr.yaml", "# a remark\n" + "\n".join(reversed(text)) + "\nlaw: FR\nsubdivision: null\n"
    )
    house.change(
        "regions/fr.yaml", "[mon, tue, wed, thu, fri]", "\n  - fri\n  - mon\n  - tue\n  - wed\n  - thu"
    )
    assert load_policy(house.config).version == before
    assert len(before) == 64


def test_version_does_not_depend_on_the_place(house, tmp_path):
    shutil.copytree(house.config, tmp_path / "elsewhere")
    assert load_policy(tmp_path / "elsewhere").version == load_policy(house.config).version


def test_version_changes_with_what_counts(house):
    before = load_policy(house.config).version
    house.change("scenarios/standard.yaml", "day: 14", "day: 15")
    assert load_policy(house.config).version != before


def test_helpers_find_what_is_there(house):
    policy = load_policy(house.config)
    assert policy.region_of("FR01") is policy.region_of(policy.entity("FR01")) is policy.regions["fr"]


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda policy: policy.entity("FR1"), "Did you mean FR01?"),
        (lambda policy: policy.entity("zzz"), "There is DE01, FR01."),
        (lambda policy: policy.scenario("standrad"), "Did you mean standard?"),
        (lambda policy: policy.region_of("DE1"), "Did you mean DE01?"),
    ],
)
def test_helpers_name_the_nearest_known_id(house, call, hint):
    with pytest.raises(UsageError) as caught:
        call(load_policy(house.config))
    assert caught.value.hint == hint


def test_policy_survives_pickling(house):
    policy = load_policy(house.config)
    copy = pickle.loads(pickle.dumps(policy))
    assert copy == policy
    assert copy.version == policy.version


def test_empty_policy_can_be_made_by_hand():
    assert len(Policy().version) == 64
