"""A Spark session that is opened on this machine: nothing of it lies open here, or listens for others.

With ``method: session``, dbt-spark opens Spark in dbt's own process, and the reader of aggregates does so in its own.
Unless told otherwise, Spark then writes tables and a metastore into the working directory, spills rows into ``/tmp``,
and listens on the network. What is set here says otherwise, by way of the environment, so that both get the same; what
people have said themselves for their own Spark comes after it and wins.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.warehouse.private import DIRECTORY_MODE

WAREHOUSE: Final = "spark.sql.warehouse.dir"
_CLOSED: Final = {
    # the page shows the SQL of every query, and its log keeps it, with how many rows there were
    "spark.ui.enabled": "false",
    "spark.eventLog.enabled": "false",
    # Hadoop gives files their modes itself, whatever the mask of the process
    "spark.hadoop.fs.permissions.umask-mode": "077",
    # rows that do not fit into memory
    "spark.io.encryption.enabled": "true",
    # drawn with carriage returns into what dbt prints
    "spark.ui.showConsoleProgress": "false",
}
_HERE: Final = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
}
# a template may turn out to be it
_SESSION: Final = re.compile(r"""\bmethod["']?:\s*["']?(session\b|\{)""")
_MASTER: Final = ("spark.master", "spark.remote", "--master", "--remote")
_MASTER_VARIABLES: Final = ("MASTER", "SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED")


def session_environment(project: Project, manifest: Mapping[str, Any]) -> dict[str, str]:
    """Give the variables that close a Spark session which is opened on this machine; none where none is.

    A Spark that is reached by Thrift, HTTP or ODBC would read none of them.

    Raises:
        InputErrors: Spark's tables would lie in the restricted directory, which has a key, and they are not encrypted.
    """
    if manifest["metadata"].get("adapter_type") != "spark":
        return {}
    profiles = project.dbt_project / "profiles.yml"
    profile = _without_comments(profiles)
    if not _SESSION.search(profile):
        return {}
    # what people have said about their Spark: in the profile, in the environment, in Spark's own configuration
    defaults = _without_comments(_configuration() / "spark-defaults.conf")
    written = "\n".join([profile, defaults, os.environ.get("PYSPARK_SUBMIT_ARGS", "")])
    settings = dict(_CLOSED)
    if not any(word in written for word in _MASTER) and not any(os.environ.get(name) for name in _MASTER_VARIABLES):
        settings |= _HERE
    own = project.restricted / "spark"
    if WAREHOUSE not in written and not (_configuration() / "hive-site.xml").is_file():
        _refuse_plain_tables(project, profiles)
        settings[WAREHOUSE] = str(own / "warehouse")
    own.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    temporary = project.restricted_store.temporary
    java = {"java.io.tmpdir": temporary, "derby.system.home": own}  # a metastore that nobody named, and its log
    words = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    options = [f'"-D{name}={value}"' for name, value in java.items()]
    return {
        "PYSPARK_SUBMIT_ARGS": f"{shlex.join(words)} {os.environ.get('PYSPARK_SUBMIT_ARGS', 'pyspark-shell')}",
        "SPARK_SUBMIT_OPTS": " ".join([*options, os.environ.get("SPARK_SUBMIT_OPTS", "")]).strip(),
        "SPARK_LOCAL_DIRS": os.environ.get("SPARK_LOCAL_DIRS", str(temporary)),
    }


def _refuse_plain_tables(project: Project, profiles: Path) -> None:
    if project.encryption is None:
        return
    found = f"nothing, so that tables would lie unencrypted in {project.restricted}, beside a store with a key"
    expected = "name a directory on an encrypted disk, closed to others, under `server_side_parameters`"
    raise InputErrors([InputError(str(profiles), WAREHOUSE, found, expected)])


def _without_comments(path: Path) -> str:
    if not path.is_file():
        return ""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _configuration() -> Path:
    """The directory of Spark's own configuration, found as Spark finds it; it need not be there."""
    if named := os.environ.get("SPARK_CONF_DIR"):
        return Path(named)
    installed = importlib.util.find_spec("pyspark")
    inside = Path(installed.origin).parent if installed is not None and installed.origin else Path(os.devnull)
    return Path(os.environ.get("SPARK_HOME", inside)) / "conf"
