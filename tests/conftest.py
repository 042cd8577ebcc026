"""What every test stands on: databases of both kinds, a real LiteLLM where there is one, a clean environment.

Fakes live in tests/fakes.py and beside the tests that use them; this file knows none of Purser's own words.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import hypothesis
import pytest

from storage.engine import Books
from tests import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
DATABASES = ("sqlite", "postgresql")
MEMORY = Path("/dev/shm")
MEMORY_WANTED_BYTES = 4 << 30
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

# A developer's own settings must not reach the tests or the processes they start.
for _name in list(os.environ):
    if _name.startswith(("PURSER_", "SLACK_", "LITELLM_")) and "_TEST_" not in _name:
        del os.environ[_name]
os.environ.pop("DATABASE_URL", None)

# A commit waits for the disk, milliseconds each, and no test pulls a machine's plug. So files go to memory, if there is
# plenty of it. Whoever says TMPDIR has decided.
if "TMPDIR" not in os.environ and MEMORY.is_mount() and shutil.disk_usage(MEMORY).free > MEMORY_WANTED_BYTES:
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# Shared cores make single examples slow without anything being wrong.
hypothesis.settings.register_profile(
    "default", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("nightly", hypothesis.settings.get_profile("default"), max_examples=2_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


# --- one PostgreSQL server for the session, started by whoever needs it first ---


@dataclass(frozen=True)
class Session:
    """What the workers of one pytest run share: a folder, and the process that outlives them all."""

    folder: Path
    owner_pid: int


SESSION = pytest.StashKey[Session]()


def pytest_configure(config: pytest.Config) -> None:
    """Agree on the shared folder: the first process makes it, workers are told."""
    told: dict[str, Any] | None = getattr(config, "workerinput", None)
    if told is None:
        config.stash[SESSION] = Session(Path(tempfile.mkdtemp(prefix="purser-tests-")), os.getpid())
    else:
        config.stash[SESSION] = Session(Path(told["shared_folder"]), told["owner_pid"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker (pytest-xdist) where the shared folder is."""
    session = node.config.stash[SESSION]
    node.workerinput["shared_folder"] = str(session.folder)
    node.workerinput["owner_pid"] = session.owner_pid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the tests out as tests/sharing.py says, whatever `--dist` says."""
    from tests import sharing

    return sharing.Sharing(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long starts first, where there are workers; without them the order stays random."""
    if hasattr(config, "workerinput"):
        from tests import sharing

        items.sort(key=lambda item: sharing.rank(item.nodeid))


def pytest_unconfigure(config: pytest.Config) -> None:
    """The first process, which is the last to leave, stops the server."""
    session = config.stash.get(SESSION, None)
    if session is not None and session.owner_pid == os.getpid():
        postgres.stop_shared(session.folder)
        shutil.rmtree(session.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> postgres.Server:
    """The session's PostgreSQL. Without the binaries a test is skipped, but never in CI."""
    already_running = os.environ.get("PURSER_TEST_POSTGRES")
    if already_running:
        return postgres.Server(urlsplit(already_running).port or 5432)
    session = pytestconfig.stash[SESSION]
    try:
        return postgres.shared(session.folder, session.owner_pid)
    except postgres.NoServer as problem:
        if IN_CI:
            pytest.fail(str(problem))
        pytest.skip(str(problem))


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """A fresh, empty PostgreSQL database of the test's own."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_server.create(name)
    postgres_server.drop(name)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database of either kind; each test that asks for it runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'purser.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A SQLite file with the newest schema and no rows, to be copied; every test of the worker copies the same."""
    path = tmp_path_factory.mktemp("migrated") / "purser.db"
    _migrate(f"sqlite:///{path}")
    empty = path.read_bytes()
    yield path
    assert path.read_bytes() == empty, "a test wrote into the file that all others copy"
    assert list(path.parent.iterdir()) == [path], "a test opened the file that all others copy"


@pytest.fixture(scope="session")
def migrated_template(postgres_server: postgres.Server, pytestconfig: pytest.Config) -> str:
    """The name of a PostgreSQL database with the newest schema and no rows, made once for all workers."""
    session = pytestconfig.stash[SESSION]
    name = f"migrated_{session.owner_pid}"
    with postgres.locked(session.folder / "template.lock"):
        if not postgres_server.exists(name):
            _migrate(postgres_server.create(name))
    return name


@pytest.fixture
def migrated_postgres_url(postgres_server: postgres.Server, migrated_template: str) -> Iterator[str]:
    """A PostgreSQL database of the test's own with the newest schema and no rows."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_server.create(name, template=migrated_template)
    postgres_server.drop(name)


@pytest.fixture(params=DATABASES)
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of either kind with the newest schema and no rows: a copy, faster than migrating."""
    if request.param == "sqlite":
        path = tmp_path / "purser.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("migrated_postgres_url")
    return url


def _migrate(url: str) -> None:
    books = Books(url)
    books.migrate()
    books.close()


# --- the real LiteLLM ---


@dataclass(frozen=True)
class RealLiteLLM:
    """A LiteLLM proxy that someone started for the tests; its keys are made up and cost nothing."""

    base_url: str
    master_key: str


@pytest.fixture(scope="session")
def litellm() -> RealLiteLLM:
    """The proxy of LITELLM_TEST_BASE_URL and LITELLM_TEST_MASTER_KEY; without them the test is left out."""
    base_url, master_key = os.environ.get("LITELLM_TEST_BASE_URL"), os.environ.get("LITELLM_TEST_MASTER_KEY")
    if not base_url or not master_key:
        pytest.skip("no real LiteLLM: LITELLM_TEST_BASE_URL and LITELLM_TEST_MASTER_KEY are not set")
    return RealLiteLLM(base_url, master_key)
