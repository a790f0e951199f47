"""``ddg init`` as a person meets it."""

from __future__ import annotations

BAD_INPUT = 2


class TestInit:
    def test_says_what_to_do_next(self, ddg, tmp_path):
        answer = ddg("init", tmp_path / "project")
        assert answer.code == 0
        assert (tmp_path / "project" / "ddg.yaml").is_file()
        assert answer.out.splitlines()[-2:] == ["  ddg run", "  ddg status"]

    def test_of_a_table_it_counts_the_questions_as_doctor_does(self, ddg, tmp_path):
        rows = [
            f"C-{n:03},01/{1 + n % 28:02}/2024,{('Alameda', 'Fresno')[n % 2]},{('F', 'M')[n % 3 % 2]}"
            for n in range(60)
        ]
        (tmp_path / "cases.csv").write_text("\n".join(["case_id,reported,county,sex", *rows, ""]), encoding="utf-8")
        project = tmp_path / "project"
        answer = ddg("init", project, "--from", tmp_path / "cases.csv")
        told = {line.split(": ")[0].split()[1]: int(line.split(": ")[1].split()[0])
                for line in answer.out.splitlines() if line.endswith("marked ASK")}  # fmt: skip
        files = [path for path in (project / "dbt_project" / "models").rglob("*") if path.suffix in (".sql", ".yml")]
        marked = {str(path.relative_to(project)): path.read_text().count("ASK: ") for path in files}
        assert told == {path: number for path, number in marked.items() if number}

    def test_quietly_it_names_the_directory_alone(self, ddg, tmp_path):
        assert ddg("init", tmp_path / "project", "--quiet").out == f"{tmp_path / 'project'}\n"

    def test_for_machines_it_lists_the_files(self, ddg, tmp_path):
        found = ddg("init", tmp_path / "project", "--json").json
        assert sorted(found["files"]) == found["files"]
        assert all((tmp_path / "project" / name).is_file() for name in found["files"])

    def test_a_second_time_it_is_refused_and_changes_nothing(self, ddg, tmp_path):
        ddg("init", tmp_path / "project")
        (tmp_path / "project" / "ddg.yaml").write_text("mine", encoding="utf-8")
        answer = ddg("init", tmp_path / "project")
        assert answer.code == BAD_INPUT
        assert "ddg.yaml" in answer.err
        assert (tmp_path / "project" / "ddg.yaml").read_text(encoding="utf-8") == "mine"
