"""What is known of people beside their names: the words for groups, aims and ways in."""

from __future__ import annotations

GROUPS = ("admin", "user", "worker")
#: What somebody uses the server for; the empty one is not to say.
USAGE_REASONS = (
    "work_project",
    "academic_research",
    "teaching_or_coursework",
    "personal_project",
    "",
)
PLANNED_ACTIVITIES = (
    "set_up_projects",
    "annotate_data",
    "review_quality",
    "manage_annotators",
    "connect_models",
    "evaluate_for_organization",
)
#: How an account came to be; one made by an administrator has none of these.
CREATED_VIA = ("registration", "social", "sso", "ldap", "invitation")
