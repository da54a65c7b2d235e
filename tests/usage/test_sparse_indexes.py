"""What is pruned early and what can be erased is found without reading the rest of the log."""

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from tests.booked import called, refused
from usage import addresses, retention
from usage.models import CallLog

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(user):
    """A log whose errors and addresses are few."""
    for number in range(200):
        called(user, address="203.0.113.1" if number == 7 else None)
    refused(user)
    if not settings.SQLITE:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE usage_calllog")
            cursor.execute("SET LOCAL enable_seqscan = off")
    return user


def test_errors_are_found_by_their_own_index(busy):
    plan = retention._old(timezone.now())["errors"].order_by("pk").explain()
    assert "calllog_error" in plan or "_id_idx" in plan, plan


def test_addresses_are_found_by_their_own_index(busy):
    plan = addresses._rows(busy.pk).explain()
    assert "calllog_address" in plan or "_user_id_id_" in plan, plan
    assert CallLog.objects.filter(address__isnull=False).count() == 1
