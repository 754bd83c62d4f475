"""Who may see campaigns over HTTP, and who may change them."""

from typing import Final

from cti.http.principal import Role

ADMIN: Final = (Role.ADMIN,)
READERS: Final = (Role.SUPERVISOR, Role.ADMIN)
