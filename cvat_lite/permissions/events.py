"""Who may send events and who may read them.

``dump:events`` opens the export; which rows it then holds is ``view``: one's own (``self``), an
organization's maintainers all of the organization's.
"""

from __future__ import annotations

from cvat_lite.permissions.rules import (
    Privilege,
    Role,
    anywhere,
    organization,
    own,
    policy,
    sandbox,
    staffed,
)

POLICY = policy(
    "events",
    anywhere("send:events", Privilege.NONE),
    sandbox("dump:events", Privilege.WORKER),
    organization("dump:events", Privilege.WORKER, Role.WORKER),
    staffed("view", Privilege.WORKER, own("self")),
)
