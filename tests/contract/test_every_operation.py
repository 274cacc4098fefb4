"""Every operation that the published SDK and this server both have, called by the SDK itself.

``CALLS`` says with what each is called; an operation without a line in it fails a test. What the
SDK makes of the answer has to be of the type that it promises.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cvat_sdk.api_client import exceptions, models
from cvat_sdk.api_client.model_utils import OpenApiModel

from tests.contract.shapes import endpoints
from tests.contract.world import FORM, FORMAT, FUNCTION, IMPORTED, PASSWORD, World, serving
from tests.images import png
from tests.openapi_check import checks

Arguments = dict[str, Any]
#: What the function answers besides the operation's arguments: who calls, if not the administrator.
BY = "by"
#: Operations that need something to go on while they are called; each has a test of its own.
APART = {"requests_create_cancel"}


def by_id(make: Callable[[World], Any], **more: Any) -> Callable[[World], Arguments]:
    """The arguments of an operation on a new object; what can be called makes a value first."""

    def arguments(world: World) -> Arguments:
        return {"id": make(world), **{name: given(world, value) for name, value in more.items()}}

    return arguments


def plain(**more: Any) -> Callable[[World], Arguments]:
    """The arguments of an operation on no object in particular."""
    return lambda world: {name: given(world, value) for name, value in more.items()}


def given(world: World, value: Any) -> Any:
    """A value, or what a function makes of the world."""
    return value(world) if callable(value) and not isinstance(value, OpenApiModel) else value


def annotations(kind: type[Any], **more: Any) -> Callable[[World], Arguments]:
    """The arguments that write annotations into a new task."""
    name = "patched_labeled_data_request" if "action" in more else "labeled_data_request"

    def arguments(world: World) -> Arguments:
        task = world.task()
        return {"id": task, name: world.labeled(task, kind), **more}

    return arguments


def job_annotations(kind: type[Any], **more: Any) -> Callable[[World], Arguments]:
    """The arguments that write annotations into a new job."""

    def arguments(world: World) -> Arguments:
        found = annotations(kind, **more)(world)
        return {**found, "id": world.job(found["id"])}

    return arguments


def by_key(*, guest: bool = False) -> Callable[[World], Arguments]:
    """The arguments of an operation on an invitation, called by the guest or by the host."""

    def arguments(world: World) -> Arguments:
        key, name = world.invitation()
        return {"key": key, **({BY: world.client(name)} if guest else {})}

    return arguments


def by_somebody(world: World) -> Arguments:
    """What changes the password of somebody, who calls."""
    _, name = world.user()
    request = models.PasswordChangeRequest(
        old_password=PASSWORD, new_password1="Yet_An0ther!", new_password2="Yet_An0ther!"
    )
    return {"password_change_request": request, BY: world.client(name)}


def invited(world: World) -> Arguments:
    """What invites somebody."""
    request = models.InvitationWriteRequest(role="worker", email=f"{world.name()}@example.org")
    return {"invitation_write_request": request, "org_id": world.organization()}


def registered(world: World) -> Any:
    """Somebody new."""
    name = world.name()
    return models.RegisterSerializerExRequest(
        username=name, email=f"{name}@example.org", password1=PASSWORD, password2=PASSWORD
    )


def password_reset(world: World) -> Any:
    """What gives somebody another password who has forgotten it."""
    return models.PasswordResetConfirmRequest(
        **world.forgotten_password(), new_password1=PASSWORD, new_password2=PASSWORD
    )


def somebody(world: World) -> int:
    """The id of somebody."""
    return world.user()[0]


def annotated_file(world: World) -> Any:
    return models.AnnotationFileRequest(annotation_file=world.exported())


ACTION = {"action": "create"}
WHOLE, PART = models.LabeledDataRequest, models.PatchedLabeledDataRequest
FRAME = {"type": "frame", "number": 0, "quality": "original"}
FILE = {"format": IMPORTED, "_content_type": FORM}
CALLS: dict[str, Callable[[World], Arguments]] = {
    "assets_create": plain(guide_id=World.guide, file=lambda world: world.file("cat.png", png())),
    "assets_destroy": lambda world: {"uuid": world.asset()},
    "assets_retrieve": lambda world: {"uuid": world.asset()},
    "auth_create_access_tokens": plain(
        access_token_write_request=models.AccessTokenWriteRequest(name="script", read_only=True)
    ),
    "auth_create_login": plain(
        login_serializer_ex_request=lambda world: models.LoginSerializerExRequest(
            username=world.user()[1], password=PASSWORD
        )
    ),
    "auth_create_logout": lambda world: {BY: world.client(world.user()[1])},
    "auth_create_password_change": by_somebody,
    "auth_create_password_reset": plain(
        password_reset_serializer_ex_request=models.PasswordResetSerializerExRequest(
            email="nobody@example.org"
        )
    ),
    "auth_create_password_reset_confirm": plain(password_reset_confirm_request=password_reset),
    "auth_create_register": plain(register_serializer_ex_request=registered),
    "auth_destroy_access_tokens": by_id(lambda world: world.token().id),
    "auth_list_access_tokens": plain(),
    "auth_partial_update_access_tokens": by_id(
        lambda world: world.token().id,
        patched_access_token_write_request=models.PatchedAccessTokenWriteRequest(name="other"),
    ),
    "auth_retrieve_access_tokens": by_id(lambda world: world.token().id),
    "auth_retrieve_access_tokens_self": lambda world: {BY: world.bearer()},
    "auth_retrieve_rules": plain(),
    "cloudstorages_create": plain(cloud_storage_write_request=World.storage_request),
    "cloudstorages_destroy": by_id(World.storage),
    "cloudstorages_list": plain(),
    "cloudstorages_partial_update": by_id(
        World.storage,
        patched_cloud_storage_write_request=models.PatchedCloudStorageWriteRequest(
            description="cats"
        ),
    ),
    "cloudstorages_retrieve": by_id(World.storage),
    "cloudstorages_retrieve_actions": by_id(World.storage),
    "cloudstorages_retrieve_content_v2": by_id(World.storage),
    "cloudstorages_retrieve_preview": by_id(World.storage),
    "cloudstorages_retrieve_status": by_id(World.storage),
    "comments_create": plain(
        comment_write_request=lambda world: models.CommentWriteRequest(
            issue=world.issue(), message="because"
        )
    ),
    "comments_destroy": by_id(World.comment),
    "comments_list": plain(),
    "comments_partial_update": by_id(
        World.comment,
        patched_comment_write_request=models.PatchedCommentWriteRequest(message="so"),
    ),
    "comments_retrieve": by_id(World.comment),
    "consensus_create_merge": plain(
        consensus_merge_create_request=lambda world: models.ConsensusMergeCreateRequest(
            task_id=world.replicated()
        )
    ),
    "consensus_list_settings": plain(),
    "quality_create_settings_requirements": plain(
        quality_requirement_request=lambda world: models.QualityRequirementRequest(
            settings_id=world.quality_settings(), name="boxes"
        )
    ),
    "quality_create_settings_requirements_bulk": plain(
        quality_requirement_bulk_create_request=lambda world: (
            models.QualityRequirementBulkCreateRequest(
                settings_id=world.quality_settings(),
                requirements=[models.QualityRequirementBulkCreateNodeRequest(name="boxes")],
            )
        )
    ),
    "quality_destroy_settings_requirements": by_id(World.quality_requirement),
    "quality_list_settings_requirements": plain(),
    "quality_partial_update_settings_requirements": by_id(
        World.quality_requirement,
        patched_quality_requirement_request=models.PatchedQualityRequirementRequest(name="b"),
    ),
    "quality_retrieve_settings_requirements": by_id(World.quality_requirement),
    "quality_update_settings_requirements": by_id(
        World.quality_requirement,
        quality_requirement_request=models.QualityRequirementRequest(name="c"),
    ),
    "quality_create_report": plain(
        _parse_response=False,
        quality_report_create_request=lambda world: models.QualityReportCreateRequest(
            project_id=world.project()
        ),
    ),
    "quality_list_conflicts": plain(),
    "quality_list_reports": plain(),
    "quality_list_settings": plain(),
    "quality_partial_update_settings": by_id(
        World.quality_settings,
        patched_quality_settings_request=models.PatchedQualitySettingsRequest(inherit=False),
    ),
    "quality_retrieve_report": by_id(World.quality_report),
    "quality_retrieve_report_confusion": by_id(World.quality_report),
    "quality_retrieve_report_requirement_confusion": lambda world: dict(
        zip(("id", "requirement"), world.judged(), strict=True)
    ),
    "quality_retrieve_report_data": by_id(World.quality_report),
    "quality_retrieve_settings": by_id(World.quality_settings),
    "quality_update_settings": by_id(
        World.quality_settings,
        quality_settings_request=models.QualitySettingsRequest(inherit=False),
    ),
    "consensus_partial_update_settings": by_id(
        World.consensus_settings,
        patched_consensus_settings_request=models.PatchedConsensusSettingsRequest(quorum=0.5),
    ),
    "consensus_retrieve_settings": by_id(World.consensus_settings),
    "events_create": plain(
        client_events_request=lambda _: models.ClientEventsRequest(
            events=[models.EventRequest(scope="click:element", timestamp=datetime.now(UTC))],
            timestamp=datetime.now(UTC),
        )
    ),
    "events_create_export": plain(),
    "events_list": plain(),
    "growth_list": plain(),
    "growth_partial_update": by_id(
        World.growth,
        patched_user_growth_data_request=models.PatchedUserGrowthDataRequest(
            github_prompt_shown=True
        ),
    ),
    "growth_retrieve": by_id(World.growth),
    "guides_create": plain(
        annotation_guide_write_request=lambda world: models.AnnotationGuideWriteRequest(
            project_id=world.project(), markdown="look"
        )
    ),
    "guides_destroy": by_id(World.guide),
    "guides_partial_update": by_id(
        World.guide,
        patched_annotation_guide_write_request=models.PatchedAnnotationGuideWriteRequest(
            markdown="look again"
        ),
    ),
    "guides_retrieve": by_id(World.guide),
    "invitations_accept": by_key(guest=True),
    "invitations_create": invited,
    "invitations_decline": by_key(guest=True),
    "invitations_destroy": by_key(),
    "invitations_list": plain(),
    "invitations_resend": by_key(),
    "invitations_retrieve": by_key(),
    "issues_create": plain(
        issue_write_request=lambda world: models.IssueWriteRequest(
            job=world.job(), frame=0, position=[1.0, 2.0], message="why?"
        )
    ),
    "issues_destroy": by_id(World.issue),
    "issues_list": plain(),
    "issues_partial_update": by_id(
        World.issue, patched_issue_write_request=models.PatchedIssueWriteRequest(resolved=True)
    ),
    "issues_retrieve": by_id(World.issue),
    "jobs_create": World.ground_truth,
    "jobs_create_annotations": by_id(World.job, annotation_file_request=annotated_file, **FILE),
    "jobs_create_dataset_export": by_id(World.job, format=FORMAT),
    "jobs_destroy": by_id(World.ground_truth_job),
    "jobs_destroy_annotations": by_id(World.job),
    "jobs_list": plain(),
    "jobs_partial_update": by_id(
        World.job, patched_job_write_request=models.PatchedJobWriteRequest(state="completed")
    ),
    "jobs_partial_update_annotations": job_annotations(PART, **ACTION),
    "jobs_partial_update_data_meta": by_id(
        World.job,
        patched_job_data_meta_write_request=models.PatchedJobDataMetaWriteRequest(
            deleted_frames=[0]
        ),
    ),
    "jobs_partial_update_validation_layout": by_id(
        lambda world: world.job(world.honeypot_task()),
        patched_job_validation_layout_write_request=models.PatchedJobValidationLayoutWriteRequest(
            frame_selection_method="random_uniform"
        ),
    ),
    "jobs_retrieve": by_id(World.job),
    "jobs_retrieve_annotations": by_id(World.job),
    "jobs_retrieve_data": by_id(World.job, **FRAME),
    "jobs_retrieve_data_meta": by_id(World.job),
    "jobs_retrieve_preview": by_id(World.job),
    "jobs_retrieve_validation_layout": by_id(lambda world: world.job(world.honeypot_task())),
    "jobs_update_annotations": job_annotations(WHOLE),
    "labels_destroy": by_id(World.label),
    "labels_list": plain(),
    "labels_partial_update": by_id(
        World.label, patched_label_request=models.PatchedLabelRequest(name="dog")
    ),
    "labels_retrieve": by_id(World.label),
    "lambda_create_functions": plain(
        func_id=FUNCTION,
        online_function_call_request=lambda world: models.OnlineFunctionCallRequest(
            task=world.spotted_task(), frame=0
        ),
    ),
    "lambda_create_requests": plain(function_call_request=World.batch_request),
    "lambda_delete_requests": by_id(World.batch),
    "lambda_list_functions": plain(),
    "lambda_list_requests": plain(),
    "lambda_retrieve_functions": plain(func_id=FUNCTION),
    "lambda_retrieve_requests": by_id(World.batch),
    "memberships_destroy": by_id(World.membership),
    "memberships_list": plain(),
    "memberships_partial_update": by_id(
        World.membership,
        patched_membership_write_request=models.PatchedMembershipWriteRequest(role="supervisor"),
    ),
    "memberships_retrieve": by_id(World.membership),
    "organizations_create": plain(
        organization_write_request=lambda world: models.OrganizationWriteRequest(slug=world.name())
    ),
    "organizations_destroy": by_id(World.organization),
    "organizations_list": plain(),
    "organizations_partial_update": by_id(
        World.organization,
        patched_organization_write_request=models.PatchedOrganizationWriteRequest(name="Zoo"),
    ),
    "organizations_retrieve": by_id(World.organization),
    "projects_create": plain(project_write_request=models.ProjectWriteRequest(name="animals")),
    "projects_create_backup": plain(
        project_file_request=lambda world: models.ProjectFileRequest(
            project_file=world.backed_up("projects", world.project())
        ),
        _content_type=FORM,
    ),
    "projects_create_backup_export": by_id(World.project),
    "projects_create_dataset": by_id(
        World.project,
        dataset_file_request=lambda world: models.DatasetFileRequest(
            dataset_file=world.exported_with_images()
        ),
        **FILE,
    ),
    "projects_create_dataset_export": by_id(World.filled_project, format=FORMAT),
    "projects_destroy": by_id(World.project),
    "projects_list": plain(),
    "projects_partial_update": by_id(
        World.project,
        patched_project_write_request=models.PatchedProjectWriteRequest(name="plants"),
    ),
    "projects_retrieve": by_id(World.project),
    "projects_retrieve_preview": by_id(World.filled_project),
    "requests_list": plain(),
    "requests_retrieve": by_id(lambda world: world.task_export()[0]),
    "schema_retrieve": plain(scheme="json"),
    "server_list_share": plain(),
    "server_retrieve_about": plain(),
    "server_retrieve_annotation_formats": plain(),
    "server_retrieve_plugins": plain(),
    "tasks_create": plain(task_write_request=models.TaskWriteRequest(name="cats")),
    "tasks_create_annotations": by_id(World.task, annotation_file_request=annotated_file, **FILE),
    "tasks_create_backup": plain(
        task_file_request=lambda world: models.TaskFileRequest(
            task_file=world.backed_up("tasks", world.task())
        ),
        _content_type=FORM,
    ),
    "tasks_create_backup_export": by_id(World.task),
    "tasks_create_data": lambda world: {"id": world.empty_task(), **world.data()},
    "tasks_create_dataset_export": by_id(World.task, format=FORMAT),
    "tasks_destroy": by_id(World.task),
    "tasks_destroy_annotations": by_id(World.task),
    "tasks_list": plain(),
    "tasks_partial_update": by_id(
        World.task, patched_task_write_request=models.PatchedTaskWriteRequest(name="dogs")
    ),
    "tasks_partial_update_annotations": annotations(PART, **ACTION),
    "tasks_partial_update_data_meta": by_id(
        World.task,
        patched_data_meta_write_request=models.PatchedDataMetaWriteRequest(deleted_frames=[0]),
    ),
    "tasks_partial_update_validation_layout": by_id(
        World.honeypot_task,
        patched_task_validation_layout_write_request=models.PatchedTaskValidationLayoutWriteRequest(
            frame_selection_method="random_uniform"
        ),
    ),
    "tasks_retrieve": by_id(World.task),
    "tasks_retrieve_annotations": by_id(World.task),
    "tasks_retrieve_data": by_id(World.task, **FRAME),
    "tasks_retrieve_data_meta": by_id(World.task),
    "tasks_retrieve_preview": by_id(World.task),
    "tasks_retrieve_status": by_id(World.task),
    "tasks_retrieve_validation_layout": by_id(World.honeypot_task),
    "tasks_update_annotations": annotations(WHOLE),
    "users_destroy": by_id(somebody),
    "users_list": plain(),
    "users_partial_update": by_id(
        somebody, patched_user_request=models.PatchedUserRequest(first_name="Ada")
    ),
    "users_retrieve": by_id(somebody),
    "users_retrieve_self": plain(),
    "webhooks_create": plain(webhook_write_request=World.webhook_request),
    "webhooks_create_deliveries_redelivery": World.delivery,
    "webhooks_create_ping": by_id(World.webhook),
    "webhooks_destroy": by_id(World.webhook),
    "webhooks_list": plain(),
    "webhooks_list_deliveries": by_id(World.webhook),
    "webhooks_partial_update": by_id(
        World.webhook,
        patched_webhook_write_request=models.PatchedWebhookWriteRequest(is_active=False),
    ),
    "webhooks_retrieve": by_id(World.webhook),
    "webhooks_retrieve_deliveries": World.delivery,
    "webhooks_retrieve_events": plain(type="all"),
    "webhooks_update": by_id(World.webhook, webhook_write_request=World.webhook_request),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("world")) as world:
        yield world


def call(world: World, operation_id: str, arguments: Arguments) -> Any:
    """What the SDK makes of the answer; of its own exceptions where it is an error."""
    tag, _, operation = operation_id.partition("_")
    client = arguments.pop(BY, world.api)
    found, response = getattr(getattr(client, f"{tag}_api"), operation)(**arguments)
    assert 200 <= response.status < 300
    return found


def test_every_operation_of_the_sdk_that_is_there_is_called() -> None:
    there = {
        operation["operationId"]
        for path in checks().document["paths"].values()
        for operation in path.values()
    }
    known = {operation_id for operation_id, _ in endpoints()}
    assert sorted(known & there) == sorted({*CALLS, *APART})


@pytest.mark.parametrize("operation_id", sorted(CALLS))
def test_the_sdk_calls_it_and_takes_the_answer(world: World, operation_id: str) -> None:
    arguments = CALLS[operation_id](world)
    found = call(world, operation_id, arguments)
    [endpoint] = [one for name, one in endpoints() if name == operation_id]
    promised = endpoint.settings["response_schema"]
    kind = promised[0] if promised else None
    # The answer of what a recorded CVAT does otherwise than the SDK declares is not parsed.
    if isinstance(kind, type) and "_parse_response" not in arguments:
        expected = io.IOBase if issubclass(kind, io.IOBase) else kind
        assert isinstance(found, expected)


def test_the_sdk_cancels_what_has_not_begun(world: World) -> None:
    with world.waiting() as rq_id:
        call(world, "requests_create_cancel", {"id": rq_id})
        with pytest.raises(exceptions.NotFoundException):
            world.api.requests_api.retrieve(rq_id)
