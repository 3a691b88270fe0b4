"""Whatever a file holds, the check answers with problems, each with a place and a mend; it never raises."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance.config import Problem, check_policy, load_policy
from relance.errors import PolicyError

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = {
    name: (ROOT / "config" / name).read_text(encoding="utf-8")
    for name in (
        "entities/FR01.yaml",
        "entities/ES01.yaml",
        "regions/es.yaml",
        "scenarios/standard.yaml",
        "segments.yaml",
    )
}
SCRAPS = st.sampled_from(
    [
        "",
        " ",
        "\n",
        "\t",
        ":",
        "-",
        "[",
        "]",
        "{",
        "}",
        '"',
        "'",
        "#",
        "&a ",
        "*a",
        "!x ",
        "!!int ",
        "null",
        "true",
        "no",
        "-1",
        "1e9",
        "9" * 40,
        ".nan",
        "10.00 EUR",
        "[[]]",
        "{a: {b: c}}",
        "? ",
        "---\n",
        "...\n",
        "\x00",
        "\ufeff",
        "é",
        "<<: ",
    ]
)


@st.composite
def mangled(draw):
    """An example file with some pieces cut, doubled or replaced."""
    name = draw(st.sampled_from(sorted(EXAMPLES)))
    text = EXAMPLES[name]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(st.one_of(SCRAPS, st.text(max_size=5))) + text[end:]
    return name, text


@st.composite
def revalued(draw):
    """An example file of which one value is something else."""
    name = draw(st.sampled_from(sorted(EXAMPLES)))
    lines = EXAMPLES[name].splitlines()
    number = draw(st.integers(1, len(lines) - 1))
    head, colon, _ = lines[number].partition(":")
    value = draw(
        st.sampled_from(
            [
                "null",
                "1",
                "-3",
                "1.5",
                "true",
                "text",
                "[]",
                "{}",
                "[1]",
                "[null]",
                "[[x]]",
                "{a: 1}",
                "2026-01-01",
                "''",
                "'é'",
            ]
        )
    )
    lines[number] = f"{head}{colon} {value}"
    return name, "\n".join(lines) + "\n"


def check_all(house, name: str, text: str) -> None:
    for example, original in EXAMPLES.items():
        house.write(example, original)
    (house.config / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    problems = check_policy(house.config, house.templates)
    for problem in problems:
        assert isinstance(problem, Problem)
        assert problem.line >= 1
        assert problem.message
        assert problem.mend
        assert "\n" not in str(problem)
    refused = refusals(house)
    assert set(refused) <= {str(problem) for problem in problems}


def refusals(house) -> tuple[str, ...]:
    try:
        load_policy(house.config)
    except PolicyError as error:
        return error.problems
    return ()


SETTINGS = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SETTINGS
@given(change=mangled())
def test_mangled_file_gives_problems_and_no_exception(house, change):
    check_all(house, *change)


@SETTINGS
@given(change=revalued())
def test_any_value_anywhere_gives_problems_and_no_exception(house, change):
    check_all(house, *change)


@SETTINGS
@given(name=st.sampled_from(sorted(EXAMPLES)), text=st.text(max_size=200))
def test_any_text_gives_problems_and_no_exception(house, name, text):
    check_all(house, name, text)
