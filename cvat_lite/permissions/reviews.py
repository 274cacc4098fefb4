"""Who may do what to reviews: as with the issues of the same job, which a review brings along.

Ownerships: ``owner`` of the review (its reviewer), ``job:assignee``, ``task:owner``,
``task:assignee``, ``project:owner``, ``project:assignee``. ``create@job`` asks about the job.
"""

from __future__ import annotations

from cvat_lite.permissions.issues import CHIEFS, CREW
from cvat_lite.permissions.rules import Privilege, listed, own, policy, staffed

REVIEWER = own("owner")

POLICY = policy(
    "reviews",
    listed(),
    staffed("create@job", Privilege.WORKER, CREW),
    staffed("view", Privilege.NONE, CREW | REVIEWER),
    staffed("delete", Privilege.WORKER, CHIEFS | REVIEWER),
)
