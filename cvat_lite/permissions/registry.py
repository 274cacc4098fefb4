"""All policies by namespace."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cvat_lite.permissions import (
    access_tokens,
    analytics,
    cloudstorages,
    comments,
    consensus,
    events,
    guides,
    invitations,
    issues,
    jobs,
    labels,
    lambdas,
    memberships,
    organizations,
    projects,
    quality,
    requests,
    reviews,
    server,
    snapshots,
    tasks,
    users,
    webhooks,
)
from cvat_lite.permissions.rules import Policy

POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        policy.namespace: policy
        for policy in (
            access_tokens.POLICY,
            analytics.POLICY,
            cloudstorages.POLICY,
            comments.POLICY,
            consensus.MERGES,
            consensus.SETTINGS,
            events.POLICY,
            guides.POLICY,
            invitations.POLICY,
            issues.POLICY,
            jobs.POLICY,
            labels.POLICY,
            lambdas.POLICY,
            memberships.POLICY,
            organizations.POLICY,
            projects.POLICY,
            quality.CONFLICTS,
            quality.REPORTS,
            quality.REQUIREMENTS,
            quality.SETTINGS,
            requests.POLICY,
            reviews.POLICY,
            server.POLICY,
            snapshots.POLICY,
            tasks.POLICY,
            users.POLICY,
            webhooks.POLICY,
        )
    }
)


def policy_of(namespace: str) -> Policy:
    """The policy of a namespace; LookupError where there is none."""
    try:
        return POLICIES[namespace]
    except KeyError:
        raise LookupError(f"there is no policy for {namespace!r}") from None
