# What Tollgate uses of django-otp 1.7, which ships no types.
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser
from django.db import models

class DeviceManager(models.Manager[Any]): ...

class Device(models.Model):
    user: models.ForeignKey[Any, Any]
    name: models.CharField[str, str]
    confirmed: models.BooleanField[bool, bool]
    objects: ClassVar[models.Manager[Self]]

    class Meta:
        abstract: ClassVar[bool]

    @property
    def persistent_id(self) -> str: ...
    @classmethod
    def from_persistent_id(cls, persistent_id: str, for_verify: bool = False) -> Self | None: ...
    def verify_token(self, token: str) -> bool: ...
