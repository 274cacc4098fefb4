"""Every model of CVAT that is known: what becomes of it, or why nothing does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cvat_lite.services.cvat_dump import labeled, media, outside, people, quality, review, work
from cvat_lite.services.cvat_dump.records import Model, Record

MODELS: Mapping[str, Model] = {
    one.name: one
    for group in (people, work, media, labeled, review, quality, outside)
    for one in group.MODELS
}

#: What the first reading looks at.
NOTES: Mapping[str, Callable[[Record], None]] = {**people.NOTES, **work.NOTES, **media.NOTES}

_UPLOADED = "the frames name the files they are made of"
_CREATION = "it only matters while a task is created"
_SOCIAL = "this server has no logins by other services"
_INSIDE = "it is about the inside of CVAT's own server"

#: Models that have no place here, with the reason; how many there were is reported.
LEFT_OUT: Mapping[str, str] = {
    "engine.clientfile": _UPLOADED,
    "engine.serverfile": _UPLOADED,
    "engine.remotefile": _UPLOADED,
    "engine.validationparams": _CREATION,
    "engine.validationframe": _CREATION,
    "sites.site": _INSIDE,
    "sessions.session": "people log in again",
    "admin.logentry": _INSIDE,
    "auth.permission": _INSIDE,
    "contenttypes.contenttype": _INSIDE,
    "account.emailconfirmation": "links in mails of the old server lead to it",
    "socialaccount.socialaccount": _SOCIAL,
    "socialaccount.socialapp": _SOCIAL,
    "socialaccount.socialtoken": _SOCIAL,
}
