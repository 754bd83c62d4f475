"""Passwords: hashed with argon2id off the event loop, never kept or logged in any other form."""

import asyncio
import secrets
import string
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 10
LONGEST: Final = 200

#: 19 MiB and two passes, the least that OWASP recommends: some 30 ms of one core.
_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: Two at a time, so that a flood of sign-ins takes neither all memory nor both cores for long.
_threads: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
_READABLE: Final = "".join(c for c in string.ascii_letters + string.digits if c not in "0O1lI5S")


def generate_password(length: int = 16) -> str:
    """A random password without look-alike characters; 16 of them have 91 bits."""
    return "".join(secrets.choice(_READABLE) for _ in range(length))


async def hash_password(password: str) -> str:
    """The PHC string of a password."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; takes the same time when there is nobody to compare with."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, password_hash, password)


@cache
def _nobody() -> str:
    """The hash of a password that nobody has: somebody unknown costs the same time as somebody known."""
    return _hasher.hash(secrets.token_hex(16))


def _verify(password_hash: str | None, password: str) -> bool:
    nobody = _nobody()
    try:
        _hasher.verify(password_hash or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
