"""YAML as it comes: what can't be read is a problem with its line, never an exception."""

from __future__ import annotations

import pytest

from relance.config.document import Document, parse_document


def parse(text: str) -> Document:
    return parse_document(text, Document("a.yaml"))


def faults(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.mend) for problem in parse(text).problems]


def test_duplicate_key_names_both_lines(house):
    house.change("entities/FR01.yaml", "currency: EUR", "currency: EUR\nname: Lumen")
    *place, message, mend = house.only()
    assert place == ["entities/FR01.yaml", 5, "error"]
    assert (message, mend) == ('"name" stands twice (first on line 2)', "write name once")


def test_file_that_is_no_yaml_names_the_line_and_spares_the_others(house):
    house.change("entities/FR01.yaml", "currency: EUR", "currency: [EUR")
    house.change("entities/DE01.yaml", "currency: EUR", "currency: EURO")
    first, second = house.problems()
    assert (first.file[-9:], first.line) == ("DE01.yaml", 4)
    assert (second.file[-9:], second.line) == ("FR01.yaml", 5)
    assert "can't be read as YAML" in second.message


@pytest.mark.parametrize(
    ("text", "line", "mend"),
    [
        ("a: 1\nb:\n\t- y\n", 3, "write spaces where there is a tab"),
        ("a: 1\n---\nb: 2\n", 2, "write one object a file, without a second ---"),
        ("a: 1\nb: *x\n", 2, "write the value out, without & and *"),
        ("a: &x [*x]\n", 1, "write it out plainly, without & and *"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "write the plain value without !"),
        ("a: 1\n? [x, y]\n: 2\n", 2, "write a plain word as key"),
        ("a: \x01\n", 1, "delete the control character"),
        ("", 1, "write its keys, or delete the file"),
        ("# only a remark\n", 1, "write its keys, or delete the file"),
        ("a: 'x\n", 2, "check the indentation, the colons, and the quotes and brackets around this line"),
    ],
)
def test_what_yaml_cannot_take(text, line, mend):
    assert faults(text) == [(line, mend)]


def test_file_in_another_encoding_names_the_line(house):
    (house.config / "regions/de.yaml").write_bytes("region: de\ncountry: DE # Österreich\n".encode("latin-1"))
    *place, message, mend = house.only()
    assert place == ["regions/de.yaml", 2, "error"]
    assert (message, mend) == ("holds a byte that is not UTF-8", "save the file as UTF-8")


def test_byte_order_mark_and_windows_line_ends_are_taken(house):
    text = (house.config / "regions/de.yaml").read_text()
    (house.config / "regions/de.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert house.problems() == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-5", -5),
        ("0.05", 0.05),
        ("1e3", 1000.0),
        ("9:00", "9:00"),
        ("2026-12-24", "2026-12-24"),
        ("1_000", "1_000"),
        ('"12"', "12"),
        ("007", 7),
        (".inf", ".inf"),
        ("9" * 30, "9" * 30),
        ("0x10", "0x10"),
    ],
)
def test_only_the_core_schema_of_yaml_1_2_is_read(text, value):
    assert parse(f"a: {text}\n").data == {"a": value}


def test_lines_are_those_of_keys_and_items():
    document = parse("a:\n  b: 1\n  c:\n    - x\n    - {d: 2,\n       e: 3}\n")
    assert [document.line(place) for place in (("a", "b"), ("a", "c", 1), ("a", "c", 1, "e"))] == [2, 5, 6]
    assert document.line(("a", "zzz")) == 1


def test_deep_nesting_is_a_problem():
    assert faults("a: " + "[" * 200 + "]" * 200)
    assert faults("[" * 100_000)


def test_aliases_that_multiply_are_a_problem():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "too deeply or repeats itself" in parse("\n".join(lines)).problems[0].message
