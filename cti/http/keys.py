"""Where handlers find the resources that many rooms share; what one room owns has its key in that room."""

from pathlib import Path

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

ENGINE = web.AppKey("engine", AsyncEngine)
#: The region (ISO 3166, `CN`) in which a number without country code is read.
REGION = web.AppKey("region", str)
#: Where large files that somebody sends lie until they are done with.
UPLOADS = web.AppKey("uploads", Path)
