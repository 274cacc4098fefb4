-- What a full CVAT keeps beyond tasks and people: sounds, validation, quality, consensus, webhooks
-- and cloud storages. Lists and objects are JSON text.
CREATE TABLE audios (
    data_id INTEGER PRIMARY KEY REFERENCES data (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    sampling_rate INTEGER,
    has_cover_image INTEGER NOT NULL DEFAULT 0 CHECK (has_cover_image IN (0, 1))
) STRICT;

CREATE TABLE cloud_storages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    provider_type TEXT NOT NULL,
    resource TEXT NOT NULL,
    display_name TEXT NOT NULL,
    owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    organization_id INTEGER REFERENCES organizations (id) ON DELETE CASCADE,
    credentials_type TEXT NOT NULL,
    credentials TEXT NOT NULL DEFAULT '',
    specific_attributes TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX cloud_storages_owner ON cloud_storages (owner_id);
CREATE INDEX cloud_storages_organization ON cloud_storages (organization_id);

CREATE TABLE cloud_storage_manifests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cloud_storage_id INTEGER NOT NULL REFERENCES cloud_storages (id) ON DELETE CASCADE,
    filename TEXT NOT NULL
) STRICT;
CREATE INDEX cloud_storage_manifests_storage ON cloud_storage_manifests (cloud_storage_id);

CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target_url TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    type TEXT NOT NULL CHECK (type IN ('organization', 'project')),
    content_type TEXT NOT NULL DEFAULT 'application/json',
    secret TEXT NOT NULL DEFAULT '',
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    enable_ssl INTEGER NOT NULL DEFAULT 1 CHECK (enable_ssl IN (0, 1)),
    events TEXT NOT NULL DEFAULT '[]',
    owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    organization_id INTEGER REFERENCES organizations (id) ON DELETE CASCADE,
    project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX webhooks_owner ON webhooks (owner_id);
CREATE INDEX webhooks_organization ON webhooks (organization_id);
CREATE INDEX webhooks_project ON webhooks (project_id);

-- request is what was sent (JSON), response what came back, as it came.
CREATE TABLE webhook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event TEXT NOT NULL,
    status_code INTEGER,
    redelivery INTEGER NOT NULL DEFAULT 0 CHECK (redelivery IN (0, 1)),
    attempt INTEGER,
    request_duration INTEGER,
    changed_fields TEXT NOT NULL DEFAULT '',
    request TEXT NOT NULL DEFAULT '{}',
    response TEXT NOT NULL DEFAULT '',
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX webhook_deliveries_webhook ON webhook_deliveries (webhook_id);

-- The frames of a task that its quality is measured by; numbers are frames of the task.
CREATE TABLE validation_layouts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    data_id INTEGER NOT NULL UNIQUE REFERENCES data (id) ON DELETE CASCADE,
    mode TEXT NOT NULL CHECK (mode IN ('gt', 'gt_pool')),
    frames TEXT NOT NULL DEFAULT '[]',
    disabled_frames TEXT NOT NULL DEFAULT '[]',
    frames_per_job_count INTEGER
) STRICT;

CREATE TABLE quality_settings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER UNIQUE REFERENCES tasks (id) ON DELETE CASCADE,
    project_id INTEGER UNIQUE REFERENCES projects (id) ON DELETE CASCADE,
    job_filter TEXT NOT NULL DEFAULT '',
    inherit INTEGER NOT NULL DEFAULT 1 CHECK (inherit IN (0, 1)),
    max_validations_per_job INTEGER NOT NULL DEFAULT 0,
    target_metric TEXT NOT NULL DEFAULT 'accuracy',
    target_metric_threshold REAL NOT NULL DEFAULT 0.7,
    iou_threshold REAL NOT NULL DEFAULT 0.4,
    oks_sigma REAL NOT NULL DEFAULT 0.09,
    point_size_base TEXT NOT NULL DEFAULT 'group_bbox_size',
    line_thickness REAL NOT NULL DEFAULT 0.01,
    low_overlap_threshold REAL NOT NULL DEFAULT 0.8,
    compare_line_orientation INTEGER NOT NULL DEFAULT 1 CHECK (compare_line_orientation IN (0, 1)),
    line_orientation_threshold REAL NOT NULL DEFAULT 0.1,
    compare_groups INTEGER NOT NULL DEFAULT 1 CHECK (compare_groups IN (0, 1)),
    group_match_threshold REAL NOT NULL DEFAULT 0.5,
    check_covered_annotations INTEGER NOT NULL DEFAULT 1
        CHECK (check_covered_annotations IN (0, 1)),
    object_visibility_threshold REAL NOT NULL DEFAULT 0.05,
    panoptic_comparison INTEGER NOT NULL DEFAULT 1 CHECK (panoptic_comparison IN (0, 1)),
    compare_attributes INTEGER NOT NULL DEFAULT 1 CHECK (compare_attributes IN (0, 1)),
    empty_is_annotated INTEGER NOT NULL DEFAULT 0 CHECK (empty_is_annotated IN (0, 1)),
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;

-- data is the whole report as JSON; summaries and confusion matrices are made from it.
CREATE TABLE quality_reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER REFERENCES jobs (id) ON DELETE CASCADE,
    task_id INTEGER REFERENCES tasks (id) ON DELETE CASCADE,
    project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    assignee_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    assignee_last_updated TEXT,
    created_date TEXT NOT NULL,
    target_last_updated TEXT NOT NULL,
    gt_last_updated TEXT,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX quality_reports_job ON quality_reports (job_id);
CREATE INDEX quality_reports_task ON quality_reports (task_id);
CREATE INDEX quality_reports_project ON quality_reports (project_id);
CREATE INDEX quality_reports_assignee ON quality_reports (assignee_id);

-- A task's report stands over those of its jobs, a project's over those of its tasks.
CREATE TABLE quality_report_parents (
    report_id INTEGER NOT NULL REFERENCES quality_reports (id) ON DELETE CASCADE,
    parent_id INTEGER NOT NULL REFERENCES quality_reports (id) ON DELETE CASCADE,
    PRIMARY KEY (report_id, parent_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX quality_report_parents_parent ON quality_report_parents (parent_id);

CREATE TABLE quality_conflicts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report_id INTEGER NOT NULL REFERENCES quality_reports (id) ON DELETE CASCADE,
    frame INTEGER NOT NULL,
    type TEXT NOT NULL,
    severity TEXT NOT NULL
) STRICT;
CREATE INDEX quality_conflicts_report ON quality_conflicts (report_id, frame);

-- The annotations that a conflict is about. They may be gone since, hence no reference to them.
CREATE TABLE quality_annotation_ids (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conflict_id INTEGER NOT NULL REFERENCES quality_conflicts (id) ON DELETE CASCADE,
    job_id INTEGER NOT NULL,
    obj_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    shape_type TEXT
) STRICT;
CREATE INDEX quality_annotation_ids_conflict ON quality_annotation_ids (conflict_id);

CREATE TABLE consensus_settings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL UNIQUE REFERENCES tasks (id) ON DELETE CASCADE,
    iou_threshold REAL NOT NULL DEFAULT 0.4
) STRICT;
