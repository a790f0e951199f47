"""What importing rooms costs: nothing heavy is imported before someone uses it. (The command line: tests/cli.)"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOLVERS_AND_GATE = {"great_expectations", "highspy", "llvmlite", "numba", "scipy"}
DATABASES = {"duckdb", "sqlalchemy", "psycopg"}


def heavy_modules_after(code: str, heavy: set[str]) -> set[str]:
    """Run code in a fresh interpreter, in the project's directory, and say which of the modules it has loaded."""
    program = f"import sys\n{code}\nprint('loaded', *sorted({heavy!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


class TestRooms:
    ROOMS = (
        "rulebook", "populations", "contract", "assessment", "masking", "audit", "preparation", "advice", "quality",
        "publishing", "review.approving", "masking.optimal", "masking.proof_file", "audit.verify", "verify_run",
        "masking_run",
    )  # fmt: skip

    def test_import_neither_gate_nor_solver(self):
        heavy = SOLVERS_AND_GATE | DATABASES | {"dagster", "dbt"}
        code = (  # one after the other: whichever loads something heavy is named
            f"for room in {self.ROOMS!r}:\n"
            "    __import__(f'ddg_pipeline.{room}')\n"
            f"    assert not {heavy!r} & sys.modules.keys(), room"
        )
        assert heavy_modules_after(code, heavy) == set()


class TestCodeLocation:
    def test_is_put_together_without_gate_solver_and_database(self, tmp_path):
        # the restricted store of its own, so that the test neither needs nor touches a run's
        project = tmp_path / "project"
        project.mkdir()
        text = (ROOT / "ddg.yaml").read_text(encoding="utf-8")
        for key in ("sources", "dbt_project", "expectations"):
            text = text.replace(f"{key}: ", f"{key}: {ROOT}/")
        (project / "ddg.yaml").write_text(text, encoding="utf-8")
        code = (
            "from pathlib import Path\n"
            "from ddg_pipeline.orchestration.building import build_definitions\n"
            "from ddg_pipeline.orchestration.project import load_project\n"
            f"definitions = build_definitions(load_project(Path({str(project)!r})))\n"
            "assert definitions.resolve_asset_graph().get_all_asset_keys()"
        )
        assert heavy_modules_after(code, SOLVERS_AND_GATE | DATABASES) == set()

    def test_what_others_import_for_it_loads_none_either(self):
        code = "from ddg_pipeline.dagster import DdgReleases, DdgTranslator, build_definitions"
        heavy = SOLVERS_AND_GATE | DATABASES | {"dagster_dbt", "dbt"}
        assert heavy_modules_after(code, heavy) == set()

    def test_dagster_s_tools_find_the_component_without_dbt(self):
        # `dg` asks for everything in the package whenever it starts
        code = "import ddg_pipeline\nassert [getattr(ddg_pipeline, name) for name in dir(ddg_pipeline)]"
        assert heavy_modules_after(code, SOLVERS_AND_GATE | DATABASES | {"dagster_dbt", "dbt"}) == set()


class TestPackage:
    def test_import_costs_nothing(self):
        assert heavy_modules_after("import ddg_pipeline", {"dagster", "pydantic", "pandas", "yaml"}) == set()
