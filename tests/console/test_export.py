"""The export of an account: for its owner alone, one at a time, and gone after a week."""

import io
import stat
from datetime import timedelta
from zipfile import ZipFile

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient
from django.utils import timezone

from accounts import jobs, limits
from accounts import services as accounts
from accounts.models import Job, User
from console import archive, export
from security.models import Event
from tests.booked import called
from tests.console.exported import exported, file


def test_only_the_server_can_read_it_and_nobody_can_guess_its_place(owner, media, settings):
    job, _ = exported(owner)
    path = file(job)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(place.stat().st_mode) for place in (path.parent, path.parent.parent)} == {0o700}
    assert export.folder_of(owner.pk + 1) != path.parent
    settings.SECRET_KEY = "another"
    assert export.folder_of(owner.pk) != path.parent
    assert [entry.name for entry in path.parent.iterdir()] == [f"{job.pk}.zip"], "no draft is left"


def test_tables_are_private_while_they_are_written(owner, monkeypatch):
    seen: set[int] = set()
    spread = archive._spread

    def spy(table, folder, told):
        paths = spread(table, folder, told)
        seen.update(stat.S_IMODE(path.stat().st_mode) for path in [*paths, folder / "export.zip"])
        return paths

    monkeypatch.setattr(archive, "_spread", spy)
    exported(owner)
    assert seen == {0o600}


def test_progress_grows_with_the_rows(owner, monkeypatch):
    for _ in range(7):
        called(owner)
    monkeypatch.setattr("common.tables.BATCH", 2)
    told: list[int] = []
    job = export.begin(owner)
    jobs.claim()
    export.write(job, told.append)
    assert told == sorted(told)
    assert len(set(told)) > 3
    assert told[-1] == 99


def test_one_export_is_written_at_a_time(owner):
    first = export.begin(owner)
    assert export.begin(owner) == first
    jobs.run_due()
    assert export.begin(owner) != first


def test_a_new_export_takes_the_place_of_the_old_one(owner, django_capture_on_commit_callbacks):
    old, _ = exported(owner)
    before = file(old)
    with django_capture_on_commit_callbacks(execute=True):
        new, _ = exported(owner)
    assert not before.exists()
    assert file(new).exists()
    assert Job.objects.get() == new


@pytest.mark.usefixtures("noon")
def test_five_exports_a_day_are_enough(owner):
    for _ in range(5):
        exported(owner)
    with pytest.raises(limits.TooManyTries):
        export.begin(owner)
    assert Job.objects.count() == 1, "the last one stays"


def test_its_owner_is_told(owner):
    exported(owner)
    assert Event.objects.get(user=owner).kind == "exported"
    assert owner.deliveries.get().subject == "The data of your Tollgate account was exported"


def test_it_is_gone_after_a_week(owner):
    job, _ = exported(owner)
    path = file(job)
    Job.objects.update(finished_at=timezone.now() - timedelta(days=7, seconds=1))
    assert export.latest(owner) is None, "even where no worker runs"
    assert jobs.prune() == 1
    assert export.sweep() == 1
    assert not path.exists()
    assert not path.parent.exists()


def test_the_sweep_spares_what_is_wanted(owner, media):
    job, _ = exported(owner)
    running = jobs.queue(owner, export.KIND)
    draft = export.folder_of(owner.pk) / f"{running.pk}.part"
    draft.mkdir()
    orphan = media / "exports" / "0123" / "77.zip"
    orphan.parent.mkdir()
    orphan.write_bytes(b"x")
    dead = export.folder_of(owner.pk) / "9999.part"
    dead.mkdir()
    assert export.sweep() == 2
    assert file(job).exists()
    assert draft.exists()
    assert not orphan.parent.exists()
    assert export.sweep() == 0


def test_a_worker_that_was_killed_leaves_no_draft_to_the_next(owner):
    job = export.begin(owner)
    draft = export.folder_of(owner.pk) / f"{job.pk}.part"
    draft.mkdir(parents=True)
    (draft / "calls.csv").write_text("half")
    jobs.run_due()
    assert not draft.exists()


@pytest.mark.req("L2")
def test_an_account_deleted_while_its_export_is_written_leaves_no_file(owner, media, monkeypatch):
    pack = archive.pack

    def late(*args):
        written = pack(*args)
        accounts.delete(owner)
        return written

    export.begin(owner)
    monkeypatch.setattr(archive, "pack", late)
    assert jobs.run_due() == 0
    assert list(media.rglob("*.*")) == []


def test_a_disk_that_is_full_is_tried_again_later(owner, monkeypatch, caplog):
    def full(*args):
        raise OSError(28, "No space left on device")

    export.begin(owner)
    monkeypatch.setattr(archive, "pack", full)
    assert jobs.run_due() == 0
    job = Job.objects.get()
    assert (job.state, export.file_of(job)) == ("pending", None)


def test_the_readme_is_in_the_language_of_the_account(owner):
    User.objects.filter(pk=owner.pk).update(language="zh-hans")
    _job, found = exported(owner)
    assert "全部数据" in found.read("README.txt").decode()


@pytest.mark.django_db(transaction=True)
def test_a_server_sends_it_piece_by_piece(async_owner, monkeypatch):
    client, job = async_owner
    monkeypatch.setattr("common.files.PIECE", 100)

    @async_to_sync
    async def fetch():
        answer = await client.get(f"/settings/delete/export/{job.pk}/")
        return answer, [piece async for piece in answer.streaming_content]

    answer, pieces = fetch()
    assert len(pieces) > 3
    assert int(answer["Content-Length"]) == sum(map(len, pieces))
    assert ZipFile(io.BytesIO(b"".join(pieces))).testzip() is None


@pytest.fixture
def async_owner(transactional_db, monkeypatch):
    """A client of an asynchronous server, and a finished export."""
    group = accounts.default_group()
    owner = User.objects.create_user("mei", "mei@example.com", "correct horse battery", group=group)
    job, _ = exported(owner)
    client = AsyncClient()
    client.force_login(owner)
    monkeypatch.setattr("security.sudo.recent", lambda _request: True)
    return client, job
