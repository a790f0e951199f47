"""Make the pictures of docs/how-to/analysts.md anew, from a project that has been run, in the system's Chromium.

    ddg example var/example && ddg run && ddg run     # twice, so that figures can be plotted over time
    python docs/screenshots.py [PROJECT]              # by default this directory

Nothing is asked of any host but this one, and the project's place on this machine is not in the pictures. To show a
gate that is shut, a copy of the project is made in which somebody put hidden counts back; yours stays as it is.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = Path(__file__).parent / "images"
CHROMIUM = "/usr/bin/chromium"
LARGEST = 150_000  # bytes of a picture
BROKEN, RELEASE = "disease_cases_by_county", "ed_visits_by_county_race"
_PATIENCE = 120  # seconds for a server to come up

# whatever names this machine's directories, in texts and in what is shown on pointing
_HIDE = """root => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) walker.currentNode.data = walker.currentNode.data.replaceAll(root, '…');
}"""


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        name: Of its file.
        page: The page's address, without the host.
        width: Of the window, in pixels.
        height: Of the window, in pixels.
        act: What is clicked or scrolled to before.
        part: Left, top, width and height of what is kept; the whole window if it is not given.
    """

    name: str
    page: str
    width: int = 1500
    height: int = 850
    act: Callable[[Page], None] = lambda _page: None
    part: tuple[int, int, int, int] | None = None


def _to_metadata(page: Page) -> None:
    page.get_by_placeholder("Filter metadata keys").scroll_into_view_if_needed()
    page.evaluate("""() => {
        const box = [...document.querySelectorAll('input')].find(one => one.placeholder === 'Filter metadata keys');
        box.scrollIntoView({block: 'start'});
    }""")


def _plots(page: Page) -> None:
    _to_metadata(page)
    page.get_by_text("Plots", exact=True).click()
    page.wait_for_selector("canvas")


def _origins(page: Page) -> None:
    row = page.locator("tr", has=page.get_by_text("columns_come_from", exact=True))
    row.get_by_text("[Show Markdown]").click()
    page.get_by_text("by way of").wait_for()


def _sensors(page: Page) -> None:
    page.get_by_text("Standard sensor").first.wait_for()


PICTURES = [
    Picture("analyst-release", f"/assets/{RELEASE}/release", 1400, 680),
    Picture("analyst-masked", f"/assets/{RELEASE}/masked", 1600, 660, _to_metadata),
    Picture("analyst-suppression", f"/assets/{RELEASE}/release", 1600, 620, _to_metadata),
    Picture("analyst-over-time", f"/assets/{RELEASE}/release", 1400, 760, _plots),
    Picture("analyst-columns", f"/assets/{RELEASE}/publication", 1400, 700, _origins, (140, 40, 1120, 645)),
    Picture("analyst-automation", "/automation", 1500, 420, _sensors),
]


def catalogue(month: str) -> Picture:
    """Search for what was masked in a month."""
    found = f"/assets?asset-selection=tag%3A%22ddg%2Fmasked-in-{month}%22"
    return Picture("analyst-catalogue", found, 1500, 420)


SHUT = Picture(
    "analyst-gate-shut",
    f"/assets/{BROKEN}/release?view=checks&checkDetail=great_expectations",
    1500,
    820,
    lambda page: page.get_by_text("what_to_do").wait_for(),
    (238, 0, 1262, 820),
)


@contextmanager
def served(project: Path) -> Iterator[str]:
    """Run ``dagster dev`` for a project on a free port of this machine; it ends with all it started.

    Raises:
        RuntimeError: It did not come up.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("dagster")), "dev", "--workspace", "workspace.yaml"]
    environment = os.environ | {"DAGSTER_HOME": str(project / "var" / "dagster"), "DAGSTER_DISABLE_TELEMETRY": "yes"}
    server = subprocess.Popen(  # noqa: S603 - our own arguments
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=project, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(_PATIENCE):
            if _answers(address):
                break
            time.sleep(1)
        else:
            raise RuntimeError(f"dagster dev did not come up within {_PATIENCE} seconds")
        yield address
    finally:
        server.send_signal(signal.SIGINT)  # as Ctrl-C: it stops its own servers
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/server_info", timeout=5):  # noqa: S310 - this machine
            return True
    except (urllib.error.URLError, OSError):
        return False


def take(address: str, project: Path, pictures: list[Picture], folder: Path) -> None:
    """Open pages and keep pictures of them.

    Raises:
        RuntimeError: A picture is too large to be kept in the repository, or shows where the project lies.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for one in pictures:
            page = browser.new_page(viewport={"width": one.width, "height": one.height})
            page.route("**/*", lambda route: route.continue_() if _local(route.request.url) else route.abort())
            page.goto(f"{address}{one.page}")
            page.wait_for_load_state("networkidle")
            one.act(page)
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(1500)  # for charts to be drawn
            page.evaluate(_HIDE, str(project))
            file = folder / f"{one.name}.png"
            clip = dict(zip(("x", "y", "width", "height"), one.part, strict=True)) if one.part else None
            page.screenshot(path=str(file), clip=clip)
            if str(project) in page.inner_text("body"):  # drawn anew meanwhile
                file.unlink()
                raise RuntimeError(f"{one.name} shows {project}; try again")
            page.close()
            if file.stat().st_size > LARGEST:
                raise RuntimeError(f"{file.name}: {file.stat().st_size:,} bytes, over {LARGEST:,}")
        browser.close()


def _local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))


def break_the_gate(project: Path) -> None:
    """Put three hidden counts back into the staged table, with a figure that is made up, and run the gate on it."""
    import dagster as dg

    from ddg_pipeline.orchestration.building import build_definitions
    from ddg_pipeline.orchestration.project import load_project

    os.environ["DAGSTER_HOME"] = str(project / "var" / "dagster")
    loaded = load_project(project)
    (table,) = (loaded.staged(BROKEN) / "package").glob("*-by-*.csv")
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace(",,1,Cell suppressed", ",4,1,Cell suppressed", 3), encoding="utf-8")
    job = build_definitions(loaded).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.get() as instance:
        done = job.execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey([BROKEN, "release"])], raise_on_error=False
        )
    if done.success:
        raise RuntimeError("the gate let a table pass that somebody changed")


def main() -> None:
    """Make all pictures."""
    from ddg_pipeline.orchestration.project import load_project
    from ddg_pipeline.orchestration.tags import RELEASED, release_tags

    project = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    month = release_tags(load_project(project).public_store, RELEASE, months=False)[RELEASED]
    with served(project) as address:
        take(address, project, [*PICTURES, catalogue(month)], IMAGES)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch).resolve() / "project"
        for name in ("dbt_project", "expectations", "var"):
            shutil.copytree(project / name, copy / name, symlinks=True)
        for name in ("ddg.yaml", "workspace.yaml"):
            shutil.copy(project / name, copy)
        break_the_gate(copy)
        with served(copy) as address:
            take(address, copy, [SHUT], IMAGES)


if __name__ == "__main__":
    main()
