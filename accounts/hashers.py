"""Password hashes."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Argon2id at OWASP's minimum (19 MiB, two passes, one lane): 22 ms a try, and 20 at once fit in 400 MiB."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
