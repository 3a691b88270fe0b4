"""Each refusal and warning of the specification: its file, its line, and what to write instead."""

from __future__ import annotations

import shutil

import pytest

STANDARD = "scenarios/standard.yaml"


def test_the_small_policy_is_sound(house):
    assert house.problems() == []


def test_unknown_key_names_the_nearest_known_one(house):
    house.change("entities/FR01.yaml", "schedule:", "shedule:")
    assert house.only() == ("entities/FR01.yaml", 6, "error", "shedule: unknown key", "write schedule")


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "key", "nearest"),
    [
        (STANDARD, "kind: call,", "kind: call, tonne: firm,", 7, "steps[3].tonne", "tone"),
        (STANDARD, "{role: management}", "{role: management, ower: []}", 9, "steps[4].approval.ower", "over"),
        ("entities/FR01.yaml", "holder:", "holdr:", 9, "bank.holdr", "holder"),
        ("entities/FR01.yaml", "locale:", "local:", 11, "slack.local", "locale"),
        ("segments.yaml", "segment:", "segmnt:", 3, "rules[2].when.segmnt", "segment"),
        ("regions/fr.yaml", "country:", "contry:", 2, "contry", "country"),
    ],
)
def test_unknown_key_inside_names_its_path(house, file, old, new, line, key, nearest):
    house.change(file, old, new)
    assert (house.config / file).as_posix() in str(house.problems()[0])
    found = [problem for problem in house.problems() if "unknown key" in problem.message]
    assert [(one.line, one.message, one.mend) for one in found] == [
        (line, f"{key}: unknown key", f"write {nearest}")
    ]


def test_what_a_file_holds_stays_on_one_line_and_harmless(house):
    house.change("regions/de.yaml", "region: de", 'region: de\n"a\\n\\e[31mb": 1')
    *place, message, _ = house.only()
    assert (place, message) == (["regions/de.yaml", 2, "error"], "a \ufffd[31mb: unknown key")


def test_unknown_key_like_no_other_lists_the_known_ones(house):
    house.change("regions/de.yaml", "region: de", "region: de\nzzzzzz: 1")
    *place, message, mend = house.only()
    assert (place, message) == (["regions/de.yaml", 2, "error"], "zzzzzz: unknown key")
    assert mend.startswith("write one of region, country, subdivision, languages")


def test_missing_key_is_mended_with_an_example(house):
    house.change("entities/FR01.yaml", "name: Lumen SAS\n", "")
    *place, message, mend = house.only()
    assert place == ["entities/FR01.yaml", 1, "error"]
    assert (message, mend) == ("name: this key is required and missing", "write name: Lumen SAS")


def test_missing_key_of_a_step_is_at_the_step(house):
    house.change(STANDARD, "day: 14, ", "")
    *place, message, mend = house.only()
    assert (place, message) == ([STANDARD, 7, "error"], "steps[3].day: this key is required and missing")
    assert mend == "write day: 7"


def test_levels_never_go_down(house):
    house.change(STANDARD, "level: level_2", "level: preventive")
    house.change(STANDARD, "id: first, level: level_1", "id: first, level: level_3")
    found = [problem for problem in house.problems() if "comes after" in problem.message]
    assert [(one.line, one.message) for one in found] == [
        (7, "step call: level preventive comes after level_3")
    ]
    assert found[0].mend == "write level: level_3 or a higher one, or move the step up"


def test_days_never_go_down(house):
    house.change(STANDARD, "day: 14", "day: 6")
    *place, message, mend = house.only()
    assert (place, message) == ([STANDARD, 7, "error"], "step call: day 6 comes after day 7")
    assert mend == "write day: 7 or a later one, or move the step up"


def test_equal_days_and_levels_are_no_descent(house):
    house.change(STANDARD, "level: level_2, day: 14", "level: level_1, day: 7")
    assert house.problems() == []


def test_preventive_day_above_0(house):
    house.change(STANDARD, "day: -5", "day: 5")
    *place, message, mend = house.only()
    assert place == [STANDARD, 5, "error"]
    assert message == "step preventive: a preventive step on day 5, after the due date"
    assert mend == "write day: -5 or 0"


def test_preventive_day_0_is_right(house):
    house.change(STANDARD, "day: -5", "day: 0")
    assert house.problems() == []


def test_another_day_below_1(house):
    house.change(STANDARD, "day: 7", "day: 0")
    *place, message, mend = house.only()
    assert place == [STANDARD, 6, "error"]
    assert message == "step first: a step of level_1 on day 0, before it is overdue"
    assert mend == "write day: 1, or level: preventive"


def test_step_id_twice(house):
    house.change(STANDARD, "id: call", "id: first")
    *place, message, mend = house.only()
    assert (place, message) == ([STANDARD, 7, "error"], "step id first stands twice (first on line 6)")
    assert mend == "write another id, such as first_2"


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "mend"),
    [
        (
            "channels: [call]",
            "channels: [email]",
            7,
            "step call: channel email does not fit kind call",
            "write call, or kind: message",
        ),
        (
            "channels: [email],",
            "channels: [internal],",
            5,
            "step preventive: channel internal does not fit kind message",
            "write email or sms or whatsapp or voice or letter or registered, or kind: internal or handoff",
        ),
        (
            "channels: [internal]",
            "channels: [call]",
            8,
            "step handover: channel call does not fit kind handoff",
            "write internal, or kind: call",
        ),
    ],
)
def test_channel_does_not_fit_kind(house, old, new, line, message, mend):
    house.change(STANDARD, old, new)
    found = [problem for problem in house.problems() if "does not fit" in problem.message]
    assert [(one.line, one.message, one.mend) for one in found] == [(line, message, mend)]


def test_region_without_business_days(house):
    house.change("regions/fr.yaml", "[mon, tue, wed, thu, fri]", "[]")
    *place, message, mend = house.only()
    assert place == ["regions/fr.yaml", 4, "error"]
    assert message == "business_days: a region without business days can never act"
    assert mend == "write [mon, tue, wed, thu, fri]"


def test_scenario_that_does_not_exist_in_an_entity(house):
    house.change("entities/FR01.yaml", "default_scenario: standard", "default_scenario: standart")
    *place, message, mend = house.only()
    assert place == ["entities/FR01.yaml", 7, "error"]
    assert (message, mend) == ("there is no scenario 'standart'", "write standard")


def test_scenario_that_does_not_exist_in_a_segment_rule(house):
    house.change("segments.yaml", "vip: true}, scenario: gentle", "vip: true}, scenario: zzz")
    *place, message, mend = house.only()
    assert (place, message) == (["segments.yaml", 2, "error"], "there is no scenario 'zzz'")
    assert mend.startswith("write one of gentle, standard, or add ")


def test_region_that_does_not_exist(house):
    house.change("entities/FR01.yaml", "region: fr", "region: frr")
    *place, message, mend = house.only()
    assert place == ["entities/FR01.yaml", 3, "error"]
    assert (message, mend) == ("there is no region 'frr'", "write fr")


def test_template_that_does_not_exist(house):
    house.change(STANDARD, "template: first", "template: frist")
    *place, message, mend = house.only()
    assert (place, message, mend) == (
        [STANDARD, 6, "error"],
        "step first: there is no template 'frist'",
        "write first",
    )


def test_template_that_does_not_exist_in_a_scenario_nobody_uses(house):
    house.write(
        "scenarios/spare.yaml",
        (house.config / "scenarios/gentle.yaml").read_text().replace("gentle", "spare"),
    )
    house.change("scenarios/spare.yaml", "template: first", "template: zzz")
    *place, message, _ = house.only()
    assert (place, message) == (
        ["scenarios/spare.yaml", 3, "error"],
        "step first: there is no template 'zzz'",
    )


def test_template_missing_in_one_of_the_regions_languages(house):
    shutil.rmtree(house.templates / "en" / "call")
    *place, message, mend = house.only()
    assert place == [STANDARD, 7, "error"]
    assert message == "step call: template call is missing in en, a language of region fr"
    assert mend == f"write {house.templates.as_posix()}/en/call/wording.yaml"


def test_template_without_its_wording(house):
    (house.templates / "de" / "first" / "wording.yaml").unlink()
    (house.templates / "de" / "first" / "sms.txt.j2").touch()
    found = {(one.line, one.message, one.mend) for one in house.problems() if "standard" in one.file}
    message = "step first: template first has no wording.yaml in de, a language of region de"
    assert found == {(6, message, f"write {house.templates.as_posix()}/de/first/wording.yaml")}


def test_channel_without_a_layout(house):
    (house.templates / "_layout" / "sms.txt.j2").unlink()
    house.write_template("fr/first/sms.txt.j2")
    house.write_template("en/first/sms.txt.j2")
    *place, message, mend = house.only()
    assert place == [STANDARD, 6, "error"]
    assert message == "step first: template first has no sms.txt.j2 in de, a language of region de"
    assert mend == f"write {house.templates.as_posix()}/_layout/sms.txt.j2"


def test_registered_letter_takes_the_layout_of_a_letter(house):
    house.change(STANDARD, "channels: [sms, email]", "channels: [registered]")
    assert house.problems() == []


def test_template_of_a_regional_language_is_that_of_the_primary_one(house):
    house.change("regions/fr.yaml", "[fr, en]", "[fr-BE, en-GB]")
    assert house.problems() == []


def test_template_is_wanted_only_in_languages_of_regions_that_use_the_scenario(house):
    shutil.rmtree(house.templates / "de" / "first")
    house.change("entities/DE01.yaml", "default_scenario: standard", "default_scenario: german")
    house.write(
        "scenarios/german.yaml",
        "scenario: german\nsteps:\n  - {id: a, level: level_1, day: 1, kind: call,"
        " channels: [call], template: call}\n",
    )
    house.change("segments.yaml", "{vip: true}", "{vip: true, entity: [FR01]}")
    house.change("segments.yaml", "segment: [small]", "segment: [small], region: [fr]")
    assert house.problems() == []


def test_no_directory_of_templates_is_one_problem(house):
    shutil.rmtree(house.templates)
    _, line, severity, message, mend = house.only()
    assert (line, severity, message) == (1, "error", "there is no such directory of templates")
    assert mend == "name the folder of the templates in RELANCE_TEMPLATES"


def test_min_overdue_on_a_preventive_step_warns(house):
    house.change(STANDARD, "template: preventive", 'template: preventive, min_overdue: ["5.00 EUR"]')
    *place, message, mend = house.only()
    assert place == [STANDARD, 5, "warning"]
    assert message == "step preventive: min_overdue on a preventive step, when nothing is overdue"
    assert mend == "delete min_overdue here"


def test_file_name_is_the_id(house):
    house.change("entities/FR01.yaml", "entity: FR01", "entity: FR02")
    *place, message, mend = house.only()
    assert place == ["entities/FR01.yaml", 1, "error"]
    assert message == "entity 'FR02' stands in the file FR01.yaml"
    assert mend == "write entity: FR01, or rename the file"


def test_subdivision_that_the_country_does_not_have(house):
    house.change("regions/de.yaml", "country: DE", "country: DE\nsubdivision: Bavaria")
    *place, message, mend = house.only()
    assert place == ["regions/de.yaml", 3, "error"]
    assert message == "DE has no subdivision 'Bavaria' with holidays of its own"
    assert mend.startswith("write ")


def test_unknown_file_in_the_policy_warns(house):
    house.write("segment.yaml", "rules: []\n")
    assert house.only() == (
        "segment.yaml",
        1,
        "warning",
        "nothing reads this file",
        "rename it to segments.yaml",
    )


def test_file_with_another_ending_warns(house):
    house.write("regions/uk.yml", "region: uk\n")
    assert house.only() == ("regions/uk.yml", 1, "warning", "nothing reads this file", "rename it to uk.yaml")


def test_all_problems_of_all_files_come_at_once(house):
    house.change("entities/FR01.yaml", "currency: EUR", "currency: EURO")
    house.change("regions/fr.yaml", "country: FR", "country: France")
    house.change(STANDARD, "id: call", "id: first")
    house.change(STANDARD, "min_days_between_levels: 7", "min_days_betwen_levels: 7")
    house.change("segments.yaml", "vip: true", "vip: perhaps")
    places = [
        (problem.file.removeprefix(f"{house.config.as_posix()}/"), problem.line)
        for problem in house.problems()
    ]
    assert places == [
        ("entities/FR01.yaml", 4),
        ("regions/fr.yaml", 2),
        (STANDARD, 2),
        (STANDARD, 7),
        ("segments.yaml", 2),
    ]
