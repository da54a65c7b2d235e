# What Tollgate uses of django-otp 1.7, which ships no types.
from typing import Any

from django.http import HttpRequest

DEVICE_ID_SESSION_KEY: str

def login(request: HttpRequest, device: Any) -> None: ...
