"""HTTP: one module is one namespace of the API, and this is their list."""

from __future__ import annotations

from aiohttp import web

import cvat_lite.api.jobs.annotations as job_annotations
import cvat_lite.api.tasks.annotations as task_annotations
import cvat_lite.api.tasks.backups as task_backups
from cvat_lite.api import (
    access_tokens,
    assets,
    auth,
    cloud_storages,
    comments,
    consensus,
    docs_pages,
    events,
    growth,
    guides,
    invitations,
    issues,
    labels,
    lambdas,
    memberships,
    organizations,
    project_backups,
    project_datasets,
    projects,
    quality,
    quality_requirements,
    requests,
    reviews,
    schema,
    server,
    snapshots,
    uploads,
    users,
    webhooks,
)
from cvat_lite.api import jobs as job_routes
from cvat_lite.api import tasks as task_routes
from cvat_lite.api.jobs import data as job_data
from cvat_lite.api.jobs import validation as job_validation
from cvat_lite.api.tasks import data as task_data
from cvat_lite.api.tasks import validation as task_validation

NAMESPACES: tuple[web.RouteTableDef, ...] = (
    server.routes,
    requests.routes,
    task_routes.routes,
    task_data.routes,
    task_annotations.routes,
    task_validation.routes,
    task_backups.routes,
    job_routes.routes,
    job_data.routes,
    job_annotations.routes,
    job_validation.routes,
    labels.routes,
    projects.routes,
    project_backups.routes,
    project_datasets.routes,
    organizations.routes,
    memberships.routes,
    invitations.routes,
    issues.routes,
    comments.routes,
    reviews.routes,
    consensus.routes,
    quality_requirements.routes,
    quality.routes,
    auth.routes,
    access_tokens.routes,
    cloud_storages.routes,
    users.routes,
    growth.routes,
    guides.routes,
    assets.routes,
    events.routes,
    lambdas.routes,
    snapshots.routes,
    uploads.routes,
    webhooks.routes,
    schema.routes,
    docs_pages.routes,
)
