"""The version row: one number that every change of a key, a setting, a price or a channel moves."""

from django.db import models


class Version(models.Model):
    """A single row, pk 1. Commits return the number and workers poll it, so that caches agree within a second."""

    number = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.number)
