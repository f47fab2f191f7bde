"""The panel that deploys, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import panels
from createos_nb.errors import InvalidInput, ReadOnlyError
from createos_nb.panels.deploy import DeployPanel
from createos_nb.panels.file_drop import FileDropZone
from createos_nb.plans import Event, StepFailed
from createos_nb.simulator.http.server import serve
from tests.panels.acting import press, review
from tests.panels.robot import threads_left
from tests.panels.test_file_drop import Browser

FILES = {"index.html": "<h1>The spring page", ".env": "TOKEN=mine", "css/a.css": "a{}"}


@pytest.fixture
def pages(client: Any) -> DeployPanel:
    """A panel of a project that takes files."""
    return panels.deploy(client, "landing-pages")


def visible(panel: DeployPanel) -> list[str]:
    parts = {"image": panel._image, "branch": panel._branch, "files": panel._upload.box}
    return [name for name, widget in parts.items() if widget.layout.display != "none"]


@pytest.mark.parametrize(
    ("project", "asked"), [("landing-pages", ["files"]), ("edge-gateway", ["image"]), ("storefront", ["branch"])]
)
def test_it_asks_for_what_the_projects_type_takes(client: Any, project: str, asked: list[str]) -> None:
    assert visible(panels.deploy(client, project)) == asked
    panel = panels.deploy(client)
    panel.params["project"] = project
    assert visible(panel) == asked


def test_without_a_project_those_that_can_be_deployed_to_are_offered(client: Any) -> None:
    values = [value for _, value in panels.deploy(client)._project.options]
    assert "storefront" in values
    assert "winter-sale" not in values  # suspended


def test_a_project_that_is_suspended_is_said(client: Any) -> None:
    panel = panels.deploy(client, "winter-sale")
    assert "suspended" in panel._view.error.value
    assert visible(panel) == []
    with pytest.raises(InvalidInput, match="suspended"):
        panel.run()


def test_branches_and_environments_are_offered_and_any_branch_is_taken(client: Any) -> None:
    panel = panels.deploy(client, "storefront")
    assert panel._branch.options[:4] == ("main", "staging", "develop", "release")
    assert "feature/gift-cards" in panel._branch.options
    assert [value for _, value in panel._environment.options] == [
        "",
        "production",
        "staging",
        "development",
        "blue",
        "green",
    ]
    panel.params["branch"] = "any/other"
    assert panel.params["branch"] == "any/other"


def test_a_repository_that_can_not_be_read_leaves_the_environments_branches(client: Any) -> None:
    with client.world.faults(what="error", status=500, operations=["ListGithubRepositoryBranches"]):
        panel = panels.deploy(client, "storefront")
    assert panel.last_error is None
    assert "main" in panel._branch.options


def test_an_image_is_deployed_and_made_live(client: Any) -> None:
    panel = panels.deploy(client, "edge-gateway")
    panel.params = {
        "image": "  registry.example.com/juniper/edge-gateway:2.0.0 ",
        "environment": "staging",
        "confirm": "staging",
        "reason": "a test",
    }
    receipt = panel.run()
    assert receipt.finished
    row = client.environments.get("edge-gateway", "staging")
    live = client.deployments.get("edge-gateway", row["project_deployment_id"])
    assert live["source_image"] == "registry.example.com/juniper/edge-gateway:2.0.0"


@pytest.mark.parametrize(
    ("project", "words"), [("edge-gateway", "Choose an image."), ("landing-pages", "Drop a folder or files")]
)
def test_what_is_missing_is_said(client: Any, project: str, words: str) -> None:
    panel = panels.deploy(client, project)
    panel.review()
    assert panel.wait(30)
    assert words in panel._view.error.value
    with pytest.raises(InvalidInput, match=words):
        panel.run()


# --- files ------------------------------------------------------------------------------------------------------------


def test_what_is_left_out_is_shown_before_anything_is_sent(client: Any, pages: DeployPanel) -> None:
    pages.params["source"] = FILES
    shown = [row["cells"] for row in pages._upload.files.rows]
    assert shown[0][0] == ".env"
    assert shown[0][2] == "no"
    assert shown[0][3].startswith("secret")
    assert [row[0] for row in shown[1:]] == ["css/a.css", "index.html"]
    assert "2 files, 22 bytes; 1 excluded" in pages._upload.note.value
    assert "POST" not in set(client.log()["method"])


def test_what_can_not_be_uploaded_says_why(pages: DeployPanel) -> None:
    pages.params["source"] = {".env": "A=1"}
    assert "can&#x27;t be uploaded" in pages._upload.note.value or "can't be uploaded" in pages._upload.note.value
    pages.review()
    assert pages.wait(30)
    assert isinstance(pages.last_error, InvalidInput)


def test_a_folder_of_the_kernels_machine(client: Any, pages: DeployPanel, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("hi")
    pages.params["source"] = tmp_path / "site"
    assert pages.params["source"] == str(tmp_path / "site")
    assert [row["cells"][0] for row in pages._upload.files.rows] == ["index.html"]
    pages.params["source"] = str(tmp_path / "nowhere")
    assert "there is no file or folder" in pages._view.error.value


def test_what_was_dropped_is_uploaded(client: Any, pages: DeployPanel, tmp_path: Path) -> None:
    pages.params["source"] = str(tmp_path)  # the newest wish counts
    Browser(pages._upload.drop_zone).send(
        {"shop/index.html": b"<h1>dropped", "shop/.env": b"A=1"}, ["shop/node_modules"]
    )
    assert pages.params["source"] == pages._upload.drop_zone.source
    assert pages._upload.folder.value == ""
    assert [row["cells"][0] for row in pages._upload.files.rows] == [".env", "node_modules/", "index.html"]
    review(pages)
    assert pages.run().finished
    files = tmp_path / "got"
    client.deployments.download_to("landing-pages", 4, files)
    assert {path.name: path.read_bytes() for path in files.iterdir()} == {"index.html": b"<h1>dropped"}


def test_another_drop_needs_another_plan(pages: DeployPanel) -> None:
    browser = Browser(pages._upload.drop_zone)
    browser.send({"index.html": b"1"})
    pages.review()
    assert pages.wait(30)
    assert pages.plan is not None
    browser.send({"index.html": b"2"}, batch="c")
    assert pages.plan is None
    assert pages.form.apply_button.disabled


def test_files_that_changed_after_the_plan_was_shown_are_not_sent(
    client: Any, pages: DeployPanel, tmp_path: Path
) -> None:
    page = tmp_path / "index.html"
    page.write_text("shown")
    pages.params["source"] = str(page)
    review(pages)
    pages.form.drift_poller.stop()
    page.write_text("another")
    with pytest.raises(StepFailed, match="have changed"):
        pages.run()
    assert client.deployments.list("landing-pages")["version_number"].max() == 3


def test_typing_over_a_source_from_code_takes_its_place(pages: DeployPanel, tmp_path: Path) -> None:
    pages.params["source"] = FILES
    assert pages._upload.folder.value == "3 files given from code"
    assert pages.params["source"] is FILES
    pages._upload.folder.value = str(tmp_path)
    assert pages.params["source"] == str(tmp_path)
    pages.params["source"] = None
    assert pages.params["source"] is None
    assert pages._upload.files.layout.display == "none"


def test_a_saved_notebook_holds_no_content_of_files(pages: DeployPanel) -> None:
    pages.params["source"] = FILES
    assert "TOKEN=mine" not in str(pages._repr_mimebundle_())
    assert "3 files given from code" in pages.static()


def test_a_long_list_is_shown_in_part(pages: DeployPanel) -> None:
    pages.params["source"] = {f"{number:04}.txt": "x" for number in range(700)} | {".env": "A=1"}
    assert len(pages._upload.files.rows) == 500
    assert pages._upload.files.rows[0]["cells"][0] == ".env"
    assert "500 of 701 names are shown" in pages._upload.note.value


# --- while it builds --------------------------------------------------------------------------------------------------


def test_the_platform_can_be_asked_to_cancel_what_it_builds(client: Any) -> None:
    panel = panels.deploy(client, "storefront")
    client.world.push("storefront", "feature/gift-cards", message="Cards")
    panel.params["branch"] = "feature/gift-cards"
    assert panel._cancel_button.layout.display == "none"
    happened, shown = panel.form.on_event, []

    def watched(event: Event) -> None:
        happened(event)
        if "building" in event.text and not shown:
            shown.append(panel._cancel_button.layout.display)
            panel._cancel_button.click()
            assert all(worker.join(30) for worker in panel._background._channels.values())

    panel.form.on_event = watched  # type: ignore[method-assign]
    review(panel)
    press(panel, "Deploy")
    assert shown == [""]
    assert "cancelled" in str(panel.last_error)
    newest = client.deployments.list("storefront").iloc[0]
    assert newest["status"] == "cancelled"
    assert panel._cancel_button.layout.display == "none"


def test_with_nothing_being_built_there_is_nothing_to_cancel(pages: DeployPanel) -> None:
    with pytest.raises(InvalidInput, match="Nothing is being built"):
        pages.cancel_deployment()


def test_a_failed_build_shows_its_log_and_the_next_step() -> None:
    client = createos_nb.simulate("build-broken")
    panel = panels.deploy(client, "storefront")
    panel.form.make_plan = lambda: createos_nb.runbooks.retry_failed(client, "storefront", 4)  # type: ignore[method-assign]
    review(panel)
    press(panel, "Deploy")
    assert isinstance(panel.last_error, StepFailed)
    assert "build_error" in panel._view.error.value
    assert "→ Fix what the build log says and deploy again" in panel._view.error.value
    assert "npm error" not in panel._view.error.value  # the log is above, and told once
    assert "runbooks." not in panel._view.error.value
    assert len(panel.form.progress.log) > 3
    assert "createos-step-failed" in panel.form.progress.steps.value
    # first of all what failed, and that users see what they saw
    assert "The build failed: " in panel._outcome.value
    assert "No environment was changed." in panel._outcome.value


def test_a_client_that_only_reads_shows_the_plan_alone(origin: Any) -> None:
    client = createos_nb.simulate(origin.fork(), read_only=True)
    panel = panels.deploy(client, "landing-pages")
    panel.params["source"] = FILES
    review(panel)
    assert panel.form.apply_button.disabled
    with pytest.raises(ReadOnlyError):
        panel.run()


def test_over_http_everything_is_read_and_done_beside_the_kernel(origin: Any) -> None:
    """On a clock that is real the constructor returns at once, and closing deletes the dropped files."""
    with serve(origin.fork(), 0, 600.0) as served:
        client = createos_nb.connect(api_key=served.key, base_url=served.url)
        panel = panels.deploy(client, "landing-pages")
        assert panel.wait(30)
        Browser(panel._upload.drop_zone).send({"index.html": b"over http"})
        assert panel.wait(30)
        assert len(panel._upload.files.rows) == 1
        panel.params["environment"] = "production"
        review(panel)
        press(panel, "Deploy to production")
        assert panel.receipt is not None, panel.last_error
        folder = panel._upload.drop_zone.folder
        panel.close()
        assert folder is not None
        assert not folder.exists()
        assert not threads_left()


def test_drop_is_off_while_a_plan_is_carried_out(pages: DeployPanel) -> None:
    seen: list[bool] = []
    happened = pages.form.on_event

    def watched(event: Event) -> None:
        happened(event)
        seen.append(pages._upload.drop_zone.disabled)

    pages.form.on_event = watched  # type: ignore[method-assign]
    Browser(pages._upload.drop_zone).send({"index.html": b"1"})
    review(pages)
    pages.run()
    assert seen
    assert all(seen)
    assert not pages._upload.drop_zone.disabled
    assert isinstance(pages._upload.drop_zone, FileDropZone)
