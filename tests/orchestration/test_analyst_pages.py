"""What an analyst really sees: the pages of a real ``dagster dev``, in a browser."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from ddg_pipeline.orchestration.running import prepare_instance

pytestmark = pytest.mark.thorough

CHROMIUM = Path("/usr/bin/chromium")
_PATIENCE = 120  # seconds, for a server to come up
WORKSPACE = (
    "load_from: [{python_module: {module_name: ddg_pipeline.orchestration.definitions, working_directory: .}}]\n"
)


@pytest.fixture
def page(small):
    """A browser on the project's pages, after the gate refused a release that somebody had changed."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}: install chromium to look at Dagster's pages in it")
    small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
    assert not small.materialize("by_sex/release", "by_age/release").success
    prepare_instance(small.project)
    (small.root / "workspace.yaml").write_text(WORKSPACE, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [Path(sys.executable).with_name("dagster"), "dev", "--workspace", "workspace.yaml"]
    with (small.root / "dev.log").open("w") as log:
        server = subprocess.Popen(
            [*program, "--host", "127.0.0.1", "--port", str(port)],
            cwd=small.root, env=os.environ | {"DDG_PROJECT": str(small.root)}, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        assert _up(port), (small.root / "dev.log").read_text()
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
            opened = browser.new_page(viewport={"width": 1700, "height": 2400}, base_url=f"http://127.0.0.1:{port}")
            opened.set_default_timeout(60_000)
            yield opened
            browser.close()
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


@retry(
    retry=retry_if_result(lambda up: not up),
    stop=stop_after_delay(_PATIENCE),
    wait=wait_fixed(0.5),
    retry_error_callback=lambda _state: False,
)
def _up(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_release_s_pages_answer_what_an_analyst_asks(page, small):
    # where does it come from, what score, what level, what is hidden
    page.goto("/assets/by_sex/release")
    page.get_by_text("Comes from source/cases: cases.").first.wait_for()
    for tag in ("ddg/score: 16", "ddg/level: ddg", "ddg/decision: mask", re.compile(r"ddg/masked-in-\d{4}-\d\d")):
        page.get_by_text(tag).first.wait_for()
    chart = page.get_by_role("img", name=re.compile("^Rows suppressed: "))
    chart.wait_for()
    assert chart.evaluate("image => image.naturalWidth") > 0, "the page draws it"
    assert not _row(page, "share_of_rows_suppressed_percent").get_by_text("28.6").is_hidden()
    origins = _row(page, "columns_come_from")
    origins.get_by_text("by_sex/masked ← aggregates/by_sex ← staging/stg_cases").first.wait_for()
    assert origins.get_by_role("link", name="source/cases").first.get_attribute("href").endswith("/assets/source/cases")

    # why was it masked
    page.goto("/assets/by_sex/masked")
    chart = page.get_by_role("img", name=re.compile("^Score 16; masked over 12"))
    chart.wait_for()
    assert chart.evaluate("image => image.naturalWidth") > 0

    # did the gate pass, what did the attacker find
    page.goto("/assets/by_sex/release?view=checks&checkDetail=attack_audit")
    page.get_by_text("Do not publish, and report it with the contract").first.wait_for()
    page.get_by_text(re.compile("^Not safe: 1 small count is shown")).wait_for()
    page.goto("/assets/by_sex/release?view=checks&checkDetail=great_expectations")
    page.get_by_text("expect_counts_to_exclude_small_numbers").first.wait_for()
    page.get_by_text("county=Alpha, sex=F").first.wait_for()

    # what was masked this month
    month = re.search(r"(\d{4}-\d\d)", small.latest("by_sex/release")["certificate_issued_at"].value)[1]
    page.goto(f"/assets?asset-selection=tag%3A%22ddg%2Fmasked-in-{month}%22")
    page.get_by_role("link", name=re.compile("by_sex")).first.wait_for()
    assert page.get_by_role("link", name=re.compile("statewide")).count() == 0


def _row(page, key):
    return page.get_by_role("row").filter(has=page.get_by_text(key, exact=True))
