"""Builds take their time, write what they do, and fail for the reasons for which builds fail."""

from __future__ import annotations

import pytest

from createos_nb.simulator.traffic import Build, BuildBehavior, BuildSettings, build
from createos_nb.simulator.traffic.build_logs import LONGEST_BUILD

T = 1_767_571_200
RUNTIMES = ("node:20", "bun:1.1", "python:3.12", "golang:1.22", "rust:1.75", "static", "build-ai", "other:1")


def made(settings: BuildSettings | None = None, behavior: BuildBehavior | None = None, name: str = "d") -> Build:
    return build(7, name, settings or BuildSettings(), behavior or BuildBehavior(), T)


def said(of: Build, stage: str = "") -> str:
    return "\n".join(line.text for line in of.lines if stage in ("", line.stage))


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("framework", ["", "nextjs", "fastapi"])
def test_a_build_goes_through_its_stages_in_order(runtime: str, framework: str) -> None:
    of = made(BuildSettings(runtime=runtime, framework=framework))
    assert of.failure == ""
    expected = ["queue", "clone", "install", "build", "push", "deploy"]
    names = [name for name, _, _ in of.stages]
    assert names == ([n for n in expected if n != "install"] if "install" not in names else expected)
    assert all(begin <= end for _, begin, end in of.stages)
    assert [line.number for line in of.lines] == list(range(len(of.lines)))
    times = [line.time for line in of.lines]
    assert times == sorted(times)
    assert of.deploying is not None
    assert T <= of.building < of.deploying < of.finished
    spans = {name: (begin, end) for name, begin, end in of.stages}
    assert all(spans[line.stage][0] <= line.time <= spans[line.stage][1] for line in of.lines)
    assert "{" not in said(of)


def test_a_log_that_is_still_being_written_is_the_beginning_of_the_whole() -> None:
    of = made()
    for now in range(T - 1, of.finished + 2):
        part = of.until(now)
        assert part == of.lines[: len(part)]
    assert of.until(T - 1) == ()
    assert of.until(of.finished) == of.lines


def test_the_same_build_is_the_same_and_another_is_not() -> None:
    assert made() == made()
    assert {made(name=str(i)).finished for i in range(20)} != {made().finished}


def test_an_upload_is_unpacked_and_build_ai_says_what_it_found() -> None:
    of = made(BuildSettings(source="upload", build_ai=True, framework="astro"))
    assert [name for name, _, _ in of.stages][1:3] == ["unpack", "detect"]
    assert "Build AI: found astro" in said(of, "detect")


def test_own_commands_are_run() -> None:
    of = made(BuildSettings(install="pnpm i", build="pnpm build"))
    assert "$ pnpm i" in said(of, "install")
    assert "$ pnpm build" in said(of, "build")


def test_a_wrong_repository_id_fails_the_clone() -> None:
    of = made(BuildSettings(repository="123456"), BuildBehavior(reachable=False))
    assert of.deploying is None
    assert of.lines[-1].stage == "clone"
    assert "repository 123456 was not found" in of.failure
    assert "check the repository id" in said(of)


@pytest.mark.parametrize(
    ("directory", "fits"), [("apps/shop", True), ("/apps/shop/", True), ("", False), ("shop", False)]
)
def test_a_monorepo_needs_the_right_directory(directory: str, fits: bool) -> None:
    of = made(BuildSettings(directory=directory), BuildBehavior(directories=("apps/shop", "apps/admin")))
    assert (of.failure == "") is fits
    if not fits:
        assert "it is in: /apps/shop, /apps/admin; check the directory path" in of.failure


@pytest.mark.parametrize("runtime", ["node:20", "python:3.12", "golang:1.22"])
def test_a_private_package_needs_its_token_among_the_build_variables(runtime: str) -> None:
    private = BuildBehavior(private_package="acme-core", token="ACME_TOKEN")
    bare = made(BuildSettings(runtime=runtime), private)
    assert bare.failure == "package acme-core is private and ACME_TOKEN is not set among the buildVars"
    assert "acme-core" in said(bare, "install")
    mistaken = made(BuildSettings(runtime=runtime, run_variables=("ACME_TOKEN",)), private)
    assert "among the runEnvs, which a build does not see" in mistaken.failure
    assert made(BuildSettings(runtime=runtime, variables=("ACME_TOKEN",)), private).failure == ""


def test_a_variable_that_the_build_reads_does_not_come_from_the_run_variables() -> None:
    reads = BuildBehavior(needs=("API_URL",))
    assert "among the runEnvs" in made(BuildSettings(run_variables=("API_URL",)), reads).failure
    assert made(BuildSettings(variables=("API_URL",)), reads).failure == ""


def test_a_build_ends_after_fifteen_minutes() -> None:
    of = made(BuildSettings(framework="nextjs"), BuildBehavior(slow=100))
    assert of.failure == "the build took longer than 15 minutes"
    assert of.finished == of.building + LONGEST_BUILD
    assert of.lines[-1].text == "ERROR: the build took longer than 15 minutes and was ended"
    assert of.lines[-1].time == of.finished * 1_000_000


@pytest.mark.parametrize(
    ("behavior", "settings", "stage", "told"),
    [
        (BuildBehavior(missing_package="lefft-pad"), BuildSettings(), "install", "package lefft-pad was not found"),
        (BuildBehavior(error="Property 'x' is missing"), BuildSettings(), "build", "Property 'x' is missing"),
        (
            BuildBehavior(dockerfile_error="RUN npm run biuld"),
            BuildSettings(dockerfile=True),
            "build",
            "the Dockerfile's instruction failed: RUN npm run biuld",
        ),
        (BuildBehavior(unhealthy="connection refused"), BuildSettings(port=81), "deploy", "health check on port 81"),
    ],
)
def test_a_failure_is_the_last_word_of_its_stage(
    behavior: BuildBehavior, settings: BuildSettings, stage: str, told: str
) -> None:
    of = made(settings, behavior)
    assert told in of.failure
    assert (of.lines[-1].stage, of.lines[-1].text) == (stage, f"ERROR: {of.failure}")
    assert of.stages[-1][0] == stage
    assert (of.deploying is None) is (stage != "deploy")


def test_limits_are_said_in_words() -> None:
    with pytest.raises(ValueError, match="slow is"):
        BuildBehavior(slow=0)
    with pytest.raises(ValueError, match="queue is"):
        BuildBehavior(queue=-1)
