"""Long work: leased by one worker, run with progress, tried again, given up, forgotten."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import checks, jobs
from accounts.models import Job
from tests.together import together

KIND = f"{__name__}.work"
outcomes: list[object] = []


def work(job, progress):
    """Do what the test has laid out."""
    outcome = outcomes.pop(0) if outcomes else "done"
    if isinstance(outcome, Exception):
        raise outcome
    if callable(outcome):
        return outcome(job, progress)
    progress(40)
    return outcome


@pytest.fixture(autouse=True)
def laid_out(monkeypatch):
    monkeypatch.setattr(jobs, "KINDS", {KIND})
    outcomes.clear()


@pytest.fixture
def job(user) -> Job:
    return jobs.queue(user, KIND, color="red")


def due(job: Job) -> None:
    """Let the pause, or the lease, be over."""
    Job.objects.filter(pk=job.pk).update(next_at=timezone.now() - timedelta(seconds=1))


def test_a_job_is_done_once_and_keeps_its_result(job):
    assert (jobs.run_due(), jobs.run_due()) == (1, 0)
    job.refresh_from_db()
    assert (job.state, job.progress, job.result, job.attempts) == ("done", 100, "done", 1)
    assert job.finished_at is not None


def test_a_verb_is_given_its_job_with_what_was_asked(job):
    outcomes.append(lambda given, _: f"{given.user.username} {given.params['color']}")
    jobs.run_due()
    job.refresh_from_db()
    assert job.result == "mei red"


def test_only_verbs_that_a_room_has_named_are_queued(user):
    with pytest.raises(jobs.UnknownWork):
        jobs.queue(user, "os.system")
    assert not Job.objects.exists()


def test_verbs_that_do_not_exist_are_reported(monkeypatch):
    assert checks.jobs_resolve() == []
    monkeypatch.setattr(jobs, "KINDS", {"console.nowhere.write"})
    assert [error.id for error in checks.jobs_resolve()] == ["accounts.E004"]


def test_progress_is_stored_and_prolongs_the_lease(job):
    seen = []

    def slow(given, progress):
        Job.objects.filter(pk=given.pk).update(next_at=timezone.now())
        progress(55)
        seen.append(Job.objects.get(pk=given.pk))
        progress(300)
        seen.append(Job.objects.get(pk=given.pk))
        return ""

    outcomes.append(slow)
    jobs.run_due()
    assert [row.progress for row in seen] == [55, 99]
    assert seen[0].next_at > timezone.now() + jobs.LEASE / 2


def test_a_job_of_a_dead_worker_is_taken_up_when_its_lease_is_over(job):
    first = jobs.claim()
    assert first == job
    assert jobs.claim() is None
    due(job)
    second = jobs.claim()
    assert second
    assert (second.pk, second.attempts) == (job.pk, 2)
    with pytest.raises(jobs.JobLost):
        jobs._advance(first, 50)
    jobs._close(first, state="done", result="late")
    job.refresh_from_db()
    assert job.state == "running", "who lost the lease changes nothing"


@pytest.mark.django_db(transaction=True)
def test_one_of_many_workers_gets_the_job(user):
    for _ in range(5):
        made = jobs.queue(user, KIND)
        assert [found for found in together(8, lambda _: jobs.claim()) if found] == [made]


def test_a_failure_is_logged_and_tried_again_later_each_time(job, caplog):
    pauses = []
    with caplog.at_level(logging.ERROR):
        for _ in range(jobs.TRIES - 1):
            outcomes.append(ValueError("broken"))
            assert jobs.run_due() == 0
            job.refresh_from_db()
            assert (job.state, job.finished_at) == ("pending", None)
            pauses.append((job.next_at - timezone.now()).total_seconds())
            due(job)
    assert "A job failed" in caplog.text
    assert [round(pause) for pause in pauses] == [30, 60, 120, 240]
    outcomes.append(ValueError("broken"))
    jobs.run_due()
    job.refresh_from_db()
    assert (job.state, job.result) == ("failed", ""), "what broke is in the log, not on a page"


def test_a_job_that_takes_every_worker_along_is_given_up(job):
    for _ in range(jobs.TRIES):
        assert jobs.claim()
        due(job)
    assert jobs.run_due() == 0
    job.refresh_from_db()
    assert job.state == "failed"
    assert jobs.claim() is None


def test_a_refusal_is_final_and_told_in_words(job):
    outcomes.append(jobs.WorkRefused("There is nothing to erase."))
    jobs.run_due()
    job.refresh_from_db()
    assert (job.state, job.result, job.attempts) == ("failed", "There is nothing to erase.", 1)


def test_a_job_whose_account_goes_meanwhile_ends_without_a_word(job, user, caplog):
    def orphan(_, progress):
        user.delete()
        progress(50)
        return "never"

    outcomes.append(orphan)
    with caplog.at_level(logging.ERROR):
        assert jobs.run_due() == 0
    assert caplog.text == ""


def test_one_failing_job_does_not_stop_the_next(user, caplog):
    jobs.queue(user, KIND)
    jobs.queue(user, KIND)
    outcomes.append(ValueError("broken"))
    assert jobs.run_due() == 1


def test_a_worker_does_not_do_more_than_it_is_asked_for(user):
    for _ in range(3):
        jobs.queue(user, KIND)
    assert [jobs.run_due(2), jobs.run_due(2)] == [2, 1]


def test_finished_jobs_are_forgotten_after_a_week(user):
    ages = {"done": 8, "failed": 8, "running": 8}
    rows = {state: jobs.queue(user, KIND) for state in [*ages, "fresh"]}
    for state, days in ages.items():
        Job.objects.filter(pk=rows[state].pk).update(
            state=state, finished_at=None if state == "running" else timezone.now() - timedelta(days=days)
        )
    Job.objects.filter(pk=rows["fresh"].pk).update(state="done", finished_at=timezone.now() - timedelta(days=6))
    assert jobs.prune() == 2
    assert set(Job.objects.all()) == {rows["running"], rows["fresh"]}
