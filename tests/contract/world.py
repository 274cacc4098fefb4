"""Objects of every kind, made through the published SDK for tests that call its operations."""

from __future__ import annotations

import io
import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cvat_sdk.api_client import ApiClient, Configuration, models

from tests.client import ADMIN_PASSWORD
from tests.images import png
from tests.process import CHECKOUT, ServerProcess
from tests.s3 import S3
from tests.s3 import serving as s3_serving

PASSWORD = "An0ther_one!"
FORMAT, IMPORTED = "CVAT for images 1.1", "CVAT 1.1"
FORM = "multipart/form-data"
PATIENCE = 30
#: A function that annotates, under this name.
FUNCTION, SOURCE = "spots", CHECKOUT / "examples" / "bright_spots.py"
MANIFEST = b'{"version":"1.1"}\n{"type":"images"}\n{"name":"cat","extension":".png"}\n'
LABELS = [models.PatchedLabelRequest(name="cat")]
SPECIFICATION = {"name": "cats", "labels": LABELS}


class World:
    """A server, and what the calls need: each answer of a method is a new object's id."""

    def __init__(self, server: ServerProcess, share: Path, s3: S3) -> None:
        self.server = server
        self.s3 = s3
        self.share = share
        self.api = self.client("admin", ADMIN_PASSWORD)
        self.numbers = itertools.count(1)

    def client(self, username: str, password: str = PASSWORD) -> ApiClient:
        """A client that somebody is logged in with."""
        return ApiClient(Configuration(self.server.url, username=username, password=password))

    def storage_request(self) -> models.CloudStorageWriteRequest:
        """A bucket with a picture and a manifest that names it."""
        name = self.s3.new_bucket({"cat.png": png(), "manifest.jsonl": MANIFEST})
        body = self.s3.storage(name, manifests=["manifest.jsonl"])
        body["provider_type"] = models.ProviderTypeEnum(body["provider_type"])
        body["credentials_type"] = models.CredentialsTypeEnum(body["credentials_type"])
        return models.CloudStorageWriteRequest(**body)

    def storage(self) -> int:
        """A cloud storage."""
        made, _ = self.api.cloudstorages_api.create(self.storage_request())
        return int(made.id)

    def bearer(self) -> ApiClient:
        """A client that proves who it is by an access token."""
        made = self.token()
        return ApiClient(Configuration(self.server.url, access_token=made.value))

    def name(self) -> str:
        """A name that nothing has yet."""
        return f"name{next(self.numbers)}"

    def user(self) -> tuple[int, str]:
        """Somebody: the id and the name, which is that of the address too."""
        name = self.name()
        request = models.RegisterSerializerExRequest(
            username=name, email=f"{name}@example.org", password1=PASSWORD, password2=PASSWORD
        )
        self.api.auth_api.create_register(register_serializer_ex_request=request)
        found, _ = self.api.users_api.list(search=name)
        return next(one.id for one in found.results if one.username == name), name

    def token(self) -> Any:
        """An access token."""
        request = models.AccessTokenWriteRequest(name=self.name(), read_only=False)
        return self.api.auth_api.create_access_tokens(access_token_write_request=request)[0]

    def organization(self) -> int:
        request = models.OrganizationWriteRequest(slug=self.name())
        return self.api.organizations_api.create(organization_write_request=request)[0].id

    def invitation(self) -> tuple[str, str]:
        """An invitation: its key, and the name of who is invited."""
        _, name = self.user()
        request = models.InvitationWriteRequest(role="worker", email=f"{name}@example.org")
        made, _ = self.api.invitations_api.create(
            invitation_write_request=request, org_id=self.organization()
        )
        return made.key, name

    def membership(self) -> int:
        """The membership of somebody who has accepted an invitation."""
        key, name = self.invitation()
        self.client(name).invitations_api.accept(key)
        found, _ = self.api.memberships_api.list(search=name)
        return next(one.id for one in found.results if one.user.username == name)

    def project(self) -> int:
        request = models.ProjectWriteRequest(**SPECIFICATION)
        return self.api.projects_api.create(project_write_request=request)[0].id

    def empty_task(self, **more: Any) -> int:
        """A task without data."""
        request = models.TaskWriteRequest(**{**SPECIFICATION, **more})
        return self.api.tasks_api.create(task_write_request=request)[0].id

    def data(self) -> dict[str, Any]:
        """The arguments that bring two pictures into a task."""
        files = [self.file(f"im{number}.png", png(64, 48, number)) for number in range(2)]
        request = models.DataRequest(client_files=files, image_quality=70)
        return {"data_request": request, "_content_type": FORM}

    def file(self, name: str, content: bytes) -> io.BytesIO:
        """A file to be sent."""
        found = io.BytesIO(content)
        found.name = name
        return found

    def task(self, **more: Any) -> int:
        """A task of two pictures."""
        task = self.empty_task(**more)
        made, _ = self.api.tasks_api.create_data(task, **self.data())
        self.finished(made.rq_id)
        return task

    def honeypot_task(self) -> int:
        """A task one of whose pictures is shown again to check the work."""
        parameters = models.DataRequestValidationParams(
            mode="gt_pool",
            frame_selection_method="random_uniform",
            frame_count=1,
            frames_per_job_count=1,
        )
        names = [f"im{number}.png" for number in range(3)]
        for number, name in enumerate(names):
            (self.share / name).write_bytes(png(64, 48, number))
        request = models.DataRequest(
            server_files=names,
            image_quality=70,
            sorting_method="random",
            validation_params=parameters,
        )
        task = self.empty_task(segment_size=1)
        made, _ = self.api.tasks_api.create_data(task, data_request=request)
        self.finished(made.rq_id)
        return task

    def consensus_task(self) -> int:
        """A task that is annotated twice."""
        return self.task(consensus_replicas=2)

    def replicated(self) -> int:
        """A task that is annotated twice, and has been once."""
        task = self.consensus_task()
        found, _ = self.api.jobs_api.list(parent_job_id=self.job(task), sort="id")
        request = models.PatchedJobWriteRequest(state="completed")
        self.api.jobs_api.partial_update(found.results[0].id, patched_job_write_request=request)
        return task

    def consensus_settings(self) -> int:
        """How a task is merged."""
        found, _ = self.api.consensus_api.list_settings(task_id=self.consensus_task())
        return found.results[0].id

    def quality_settings(self) -> int:
        """How a task is judged."""
        found, _ = self.api.quality_api.list_settings(task_id=self.task())
        return found.results[0].id

    def quality_requirement(self) -> int:
        """What tags have to reach."""
        request = models.QualityRequirementRequest(settings_id=self.quality_settings(), name="tags")
        made, _ = self.api.quality_api.create_settings_requirements(
            quality_requirement_request=request
        )
        return int(made.id)

    def judged(self) -> tuple[int, int]:
        """A report of a task that has been judged, and its requirement."""
        task = self.task()
        truth = models.JobWriteRequest(
            type="ground_truth", task_id=task, frame_selection_method="manual", frames=[0]
        )
        job, _ = self.api.jobs_api.create(job_write_request=truth)
        done = models.PatchedJobWriteRequest(stage="acceptance", state="completed")
        self.api.jobs_api.partial_update(job.id, patched_job_write_request=done)
        report = self.report(task_id=task)
        found, _ = self.api.quality_api.retrieve_report(report)
        return report, found.summary.requirements["items"][0].requirement_id

    def quality_report(self) -> int:
        """A report of a project without tasks."""
        return self.report(project_id=self.project())

    def report(self, **target: int) -> int:
        """A report of a task or project."""
        request = models.QualityReportCreateRequest(**target)
        _, answer = self.api.quality_api.create_report(
            quality_report_create_request=request, _parse_response=False
        )
        return int(self.finished(json.loads(answer.data)["rq_id"]).result_id)

    def spotted_task(self) -> int:
        """A task with a label for what the function finds."""
        return self.task(labels=[models.PatchedLabelRequest(name="spot")])

    def batch_request(self) -> Any:
        """What has the function annotate a task."""
        return models.FunctionCallRequest(function=FUNCTION, task=self.spotted_task())

    def batch(self) -> str:
        """The function at work on a task."""
        request = self.batch_request()
        return self.api.lambda_api.create_requests(function_call_request=request)[0].id

    def growth(self) -> str:
        """What is kept of the administrator's liking."""
        return str(self.api.growth_api.list()[0].results[0].id)

    def filled_project(self) -> int:
        """A project with a task."""
        project = self.project()
        self.task(project_id=project, labels=[])
        return project

    def job(self, task: int | None = None) -> int:
        """The first job of a task; of a new one, unless one is named."""
        task = task or self.task()
        found, _ = self.api.jobs_api.list(task_id=task, type="annotation", sort="id")
        return found.results[0].id

    def ground_truth(self) -> dict[str, Any]:
        """The arguments that make a ground truth job in a new task."""
        request = models.JobWriteRequest(
            type="ground_truth", task_id=self.task(), frame_selection_method="manual", frames=[1]
        )
        return {"job_write_request": request}

    def ground_truth_job(self) -> int:
        return self.api.jobs_api.create(**self.ground_truth())[0].id

    def label(self) -> int:
        found, _ = self.api.labels_api.list(project_id=self.project())
        return found.results[0].id

    def labeled(self, task: int, kind: type[Any] = models.LabeledDataRequest) -> Any:
        """Annotations of a task: a rectangle on its first frame."""
        found, _ = self.api.labels_api.list(task_id=task)
        shape = models.LabeledShapeRequest(
            type="rectangle", frame=0, label_id=found.results[0].id, points=[1.0, 2.0, 20.0, 30.0]
        )
        return kind(version=0, tags=[], shapes=[shape], tracks=[])

    def issue(self) -> int:
        request = models.IssueWriteRequest(
            job=self.job(), frame=0, position=[1.0, 2.0], message="why?"
        )
        return self.api.issues_api.create(issue_write_request=request)[0].id

    def comment(self) -> int:
        request = models.CommentWriteRequest(issue=self.issue(), message="because")
        return self.api.comments_api.create(comment_write_request=request)[0].id

    def guide(self) -> int:
        request = models.AnnotationGuideWriteRequest(task_id=self.empty_task(), markdown="look")
        return self.api.guides_api.create(annotation_guide_write_request=request)[0].id

    def asset(self) -> str:
        made, _ = self.api.assets_api.create(
            guide_id=self.guide(), file=self.file("cat.png", png())
        )
        return made.uuid

    def webhook_request(self) -> Any:
        """A webhook that this server itself gets."""
        return models.WebhookWriteRequest(
            target_url=f"{self.server.url}/api/server/about",
            type="project",
            project_id=self.project(),
            events=[models.EventsEnum("update:project")],
        )

    def webhook(self) -> int:
        request = self.webhook_request()
        return self.api.webhooks_api.create(webhook_write_request=request)[0].id

    def delivery(self) -> dict[str, Any]:
        """The arguments that name a delivery."""
        webhook = self.webhook()
        made, _ = self.api.webhooks_api.create_ping(webhook)
        return {"id": webhook, "delivery_id": str(made.id)}

    def task_export(self) -> tuple[str, str]:
        """A background request that has made annotations of a task: its id and its result."""
        task = self.task()
        self.api.tasks_api.update_annotations(task, labeled_data_request=self.labeled(task))
        made, _ = self.api.tasks_api.create_dataset_export(FORMAT, task)
        return made.rq_id, self.finished(made.rq_id).result_url

    def fetched(self, url: str) -> io.BytesIO:
        """The result of a background request, as a file to be sent."""
        _, response = self.api.call_api(
            url.removeprefix(self.server.url), "GET", _parse_response=False
        )
        return self.file("result.zip", response.data)

    def exported(self) -> io.BytesIO:
        """Annotations of a task as a file."""
        return self.fetched(self.task_export()[1])

    def exported_with_images(self) -> io.BytesIO:
        """A task as a file."""
        made, _ = self.api.tasks_api.create_dataset_export(FORMAT, self.task(), save_images=True)
        return self.fetched(self.finished(made.rq_id).result_url)

    def backed_up(self, kind: str, number: int) -> io.BytesIO:
        """The backup of a task or a project as a file."""
        made, _ = getattr(self.api, f"{kind}_api").create_backup_export(number)
        return self.fetched(self.finished(made.rq_id).result_url)

    def finished(self, rq_id: str) -> Any:
        """A background request once it has ended well."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found, _ = self.api.requests_api.retrieve(rq_id)
            if str(found.status) in ("finished", "failed"):
                assert str(found.status) == "finished", found
                return found
            time.sleep(0.02)
        raise AssertionError(f"{rq_id} has not ended")

    @contextmanager
    def waiting(self) -> Iterator[str]:
        """A background request that has not begun, as the one before it waits for a file."""
        task = self.task()
        with hanging() as url:
            request = models.DataRequest(remote_files=[url], image_quality=70)
            self.api.tasks_api.create_data(self.empty_task(), data_request=request)
            made, _ = self.api.tasks_api.create_dataset_export(FORMAT, task)
            yield made.rq_id

    def forgotten_password(self) -> dict[str, str]:
        """The uid and the token of the message to somebody who has forgotten the password."""
        _, name = self.user()
        request = models.PasswordResetSerializerExRequest(email=f"{name}@example.org")
        self.api.auth_api.create_password_reset(password_reset_serializer_ex_request=request)
        assert self.server.process.stderr is not None
        for line in self.server.process.stderr:
            found = re.search(r"confirm\?uid=(\d+)&token=(\w+)", line)
            if found:
                return {"uid": found[1], "token": found[2]}
        raise AssertionError("no message was logged")


@contextmanager
def hanging() -> Iterator[str]:
    """The address of a picture that comes only when this ends."""
    over = threading.Event()

    class Picture(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            over.wait(PATIENCE)
            self.send_error(404)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Picture)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/cat.png"
    finally:
        over.set()
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()


@contextmanager
def serving(directory: Path) -> Iterator[World]:
    """A server that one may do everything with."""
    share = directory / "share"
    share.mkdir()
    settings = {
        "CVAT_LITE_ALLOW_PRIVATE_ADDRESSES": "1",
        "CVAT_LITE_BACKGROUND_WORKERS": "1",
        "CVAT_LITE_CONFIRM_INVITATIONS": "1",
        "CVAT_LITE_RATE_LIMIT_PER_MINUTE": "0",
    }
    words = ("serve", "--port", "0", "--data-dir", directory / "data", "--share", share)
    words = (*words, "--function", f"{FUNCTION}={SOURCE}")
    with ServerProcess(*words, **settings) as server, s3_serving() as s3:
        yield World(server, share, s3)
