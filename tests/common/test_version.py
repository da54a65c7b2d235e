"""The number that tells workers of changes: each change moves it, however many come at once."""

import threading

import pytest
from django.db import connection

from common import version
from common.models import Version


def test_every_change_moves_it(db):
    seen = [version.current()]
    for _ in range(3):
        version.bump()
        seen.append(version.current())
    assert seen == sorted(set(seen))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [None, 5])
def test_changes_at_once_all_count_with_or_without_a_row(number):
    Version.objects.all().delete()
    if number:
        Version.objects.create(pk=1, number=number)
    gate = threading.Barrier(8)

    def change() -> None:
        gate.wait(5)
        version.bump()
        connection.close()

    threads = [threading.Thread(target=change) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert version.current() == (number or 1) + 8
