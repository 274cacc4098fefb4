-- People, their proofs of identity, and the organizations they work in.
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    username TEXT NOT NULL UNIQUE CHECK (length(username) BETWEEN 1 AND 150),
    password TEXT NOT NULL,
    email TEXT NOT NULL DEFAULT '',
    first_name TEXT NOT NULL DEFAULT '',
    last_name TEXT NOT NULL DEFAULT '',
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_staff INTEGER NOT NULL DEFAULT 0 CHECK (is_staff IN (0, 1)),
    is_superuser INTEGER NOT NULL DEFAULT 0 CHECK (is_superuser IN (0, 1)),
    has_analytics_access INTEGER NOT NULL DEFAULT 0 CHECK (has_analytics_access IN (0, 1)),
    email_verified INTEGER NOT NULL DEFAULT 1 CHECK (email_verified IN (0, 1)),
    last_login TEXT,
    last_activity_date TEXT,
    date_joined TEXT NOT NULL
) STRICT;
CREATE INDEX users_email ON users (email COLLATE NOCASE);

CREATE TABLE user_groups (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    key TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    created_date TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Only digests of session ids are kept: who reads the file cannot log in with it.
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_date TEXT NOT NULL,
    expiry_date TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE access_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL UNIQUE,
    hashed_key TEXT NOT NULL,
    owner_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    read_only INTEGER NOT NULL DEFAULT 0 CHECK (read_only IN (0, 1)),
    revoked INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
    expiry_date TEXT,
    last_used_date TEXT,
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX access_tokens_owner ON access_tokens (owner_id);

CREATE TABLE organizations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    contact TEXT NOT NULL DEFAULT '{}',
    owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX organizations_owner ON organizations (owner_id);

CREATE TABLE memberships (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    is_active INTEGER NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1)),
    joined_date TEXT,
    role TEXT NOT NULL CHECK (role IN ('worker', 'supervisor', 'maintainer', 'owner')),
    UNIQUE (user_id, organization_id)
) STRICT;
CREATE INDEX memberships_organization ON memberships (organization_id);

CREATE TABLE invitations (
    key TEXT PRIMARY KEY,
    membership_id INTEGER NOT NULL UNIQUE REFERENCES memberships (id) ON DELETE CASCADE,
    owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_date TEXT NOT NULL,
    sent_date TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_owner ON invitations (owner_id);

-- Where a project or task exports to and imports from.
CREATE TABLE storages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    location TEXT NOT NULL CHECK (location IN ('local', 'cloud_storage')),
    cloud_storage_id INTEGER
) STRICT;

CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    assignee_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    assignee_updated_date TEXT,
    bug_tracker TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'annotation',
    organization_id INTEGER REFERENCES organizations (id) ON DELETE CASCADE,
    source_storage_id INTEGER REFERENCES storages (id) ON DELETE SET NULL,
    target_storage_id INTEGER REFERENCES storages (id) ON DELETE SET NULL,
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX projects_owner ON projects (owner_id);
CREATE INDEX projects_assignee ON projects (assignee_id);
CREATE INDEX projects_organization ON projects (organization_id);

-- The media of a task. root is the directory its paths are relative to: none means the
-- server's own media directory of this id, anything else is where the files lie in place.
CREATE TABLE data (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL DEFAULT '' CHECK (kind IN ('', 'images', 'video', 'pdf', 'audio', 'point_cloud')),
    root TEXT,
    chunk_size INTEGER,
    size INTEGER NOT NULL DEFAULT 0,
    image_quality INTEGER NOT NULL DEFAULT 70,
    start_frame INTEGER NOT NULL DEFAULT 0,
    stop_frame INTEGER NOT NULL DEFAULT 0,
    frame_filter TEXT NOT NULL DEFAULT '',
    compressed_chunk_type TEXT NOT NULL DEFAULT 'imageset',
    original_chunk_type TEXT NOT NULL DEFAULT 'imageset',
    storage_method TEXT NOT NULL DEFAULT 'file_system',
    storage TEXT NOT NULL DEFAULT 'local' CHECK (storage IN ('local', 'share', 'cloud_storage')),
    cloud_storage_id INTEGER,
    sorting_method TEXT NOT NULL DEFAULT 'lexicographical',
    deleted_frames TEXT NOT NULL DEFAULT '[]',
    content_size INTEGER,
    chunks_updated_date TEXT
) STRICT;

CREATE TABLE images (
    data_id INTEGER NOT NULL REFERENCES data (id) ON DELETE CASCADE,
    frame INTEGER NOT NULL,
    path TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    is_placeholder INTEGER NOT NULL DEFAULT 0 CHECK (is_placeholder IN (0, 1)),
    real_frame INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (data_id, frame)
) STRICT, WITHOUT ROWID;

CREATE TABLE related_files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    data_id INTEGER NOT NULL REFERENCES data (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    UNIQUE (data_id, path)
) STRICT;

CREATE TABLE related_file_frames (
    related_file_id INTEGER NOT NULL REFERENCES related_files (id) ON DELETE CASCADE,
    data_id INTEGER NOT NULL,
    frame INTEGER NOT NULL,
    PRIMARY KEY (data_id, frame, related_file_id),
    FOREIGN KEY (data_id, frame) REFERENCES images (data_id, frame) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX related_file_frames_file ON related_file_frames (related_file_id);

-- A video: its file and the size of its frames; the index of its frames is a file beside it.
CREATE TABLE videos (
    data_id INTEGER PRIMARY KEY REFERENCES data (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL
) STRICT;

CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    data_id INTEGER UNIQUE REFERENCES data (id) ON DELETE SET NULL,
    name TEXT NOT NULL,
    mode TEXT NOT NULL DEFAULT '',
    dimension TEXT NOT NULL DEFAULT '',
    media_type TEXT NOT NULL DEFAULT '',
    owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    assignee_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    assignee_updated_date TEXT,
    bug_tracker TEXT NOT NULL DEFAULT '',
    overlap INTEGER,
    segment_size INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'annotation',
    subset TEXT NOT NULL DEFAULT '',
    organization_id INTEGER REFERENCES organizations (id) ON DELETE CASCADE,
    source_storage_id INTEGER REFERENCES storages (id) ON DELETE SET NULL,
    target_storage_id INTEGER REFERENCES storages (id) ON DELETE SET NULL,
    consensus_replicas INTEGER NOT NULL DEFAULT 0,
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX tasks_project ON tasks (project_id);
CREATE INDEX tasks_owner ON tasks (owner_id);
CREATE INDEX tasks_assignee ON tasks (assignee_id);
CREATE INDEX tasks_organization ON tasks (organization_id);

CREATE TABLE segments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    start_frame INTEGER NOT NULL,
    stop_frame INTEGER NOT NULL,
    type TEXT NOT NULL DEFAULT 'range' CHECK (type IN ('range', 'specific_frames')),
    frames TEXT NOT NULL DEFAULT '[]',
    chunks_updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX segments_task ON segments (task_id);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    segment_id INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
    assignee_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    assignee_updated_date TEXT,
    status TEXT NOT NULL DEFAULT 'annotation',
    stage TEXT NOT NULL DEFAULT 'annotation',
    state TEXT NOT NULL DEFAULT 'new',
    type TEXT NOT NULL DEFAULT 'annotation',
    parent_job_id INTEGER REFERENCES jobs (id) ON DELETE CASCADE,
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_segment ON jobs (segment_id);
CREATE INDEX jobs_assignee ON jobs (assignee_id);
CREATE INDEX jobs_parent ON jobs (parent_job_id);

CREATE TABLE labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER REFERENCES tasks (id) ON DELETE CASCADE,
    project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    parent_id INTEGER REFERENCES labels (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    color TEXT NOT NULL DEFAULT '',
    type TEXT NOT NULL DEFAULT 'any',
    svg TEXT,
    CHECK (task_id IS NULL OR project_id IS NULL)
) STRICT;
CREATE INDEX labels_task ON labels (task_id);
CREATE INDEX labels_project ON labels (project_id);
CREATE INDEX labels_parent ON labels (parent_id);

CREATE TABLE attribute_specs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    label_id INTEGER NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    mutable INTEGER NOT NULL CHECK (mutable IN (0, 1)),
    input_type TEXT NOT NULL,
    default_value TEXT NOT NULL DEFAULT '',
    "values" TEXT NOT NULL DEFAULT '[]',
    UNIQUE (label_id, name)
) STRICT;

-- Review: issues on a frame of a job, and what is said about them.
CREATE TABLE issues (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    frame INTEGER NOT NULL,
    position TEXT NOT NULL,
    owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    assignee_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    assignee_updated_date TEXT,
    resolved INTEGER NOT NULL DEFAULT 0 CHECK (resolved IN (0, 1)),
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX issues_job ON issues (job_id);
CREATE INDEX issues_owner ON issues (owner_id);
CREATE INDEX issues_assignee ON issues (assignee_id);

CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_id INTEGER NOT NULL REFERENCES issues (id) ON DELETE CASCADE,
    owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    message TEXT NOT NULL DEFAULT '',
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX comments_issue ON comments (issue_id);
CREATE INDEX comments_owner ON comments (owner_id);

CREATE TABLE guides (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER UNIQUE REFERENCES tasks (id) ON DELETE CASCADE,
    project_id INTEGER UNIQUE REFERENCES projects (id) ON DELETE CASCADE,
    markdown TEXT NOT NULL DEFAULT '',
    is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1)),
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;

CREATE TABLE assets (
    uuid TEXT PRIMARY KEY,
    guide_id INTEGER REFERENCES guides (id) ON DELETE CASCADE,
    owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    filename TEXT NOT NULL,
    created_date TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX assets_guide ON assets (guide_id);

-- Long work. The id has CVAT's form; payload is what the worker needs to do it again.
CREATE TABLE background_requests (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    operation TEXT NOT NULL,
    target TEXT NOT NULL,
    project_id INTEGER,
    task_id INTEGER,
    job_id INTEGER,
    organization_id INTEGER,
    format TEXT,
    owner_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    status TEXT NOT NULL CHECK (status IN ('queued', 'started', 'finished', 'failed')),
    progress REAL NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '',
    payload TEXT NOT NULL DEFAULT '{}',
    attempts INTEGER NOT NULL DEFAULT 0,
    result_file TEXT,
    result_name TEXT,
    result_id INTEGER,
    created_date TEXT NOT NULL,
    started_date TEXT,
    finished_date TEXT,
    expiry_date TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX background_requests_status ON background_requests (status, number);
CREATE INDEX background_requests_owner ON background_requests (owner_id);

-- Uploads that are under way: TUS files, and the order of the files of an upload.
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    target TEXT NOT NULL,
    target_id INTEGER,
    filename TEXT NOT NULL,
    size INTEGER NOT NULL,
    metadata TEXT NOT NULL DEFAULT '{}',
    created_date TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_target ON uploads (target, target_id);

-- What an upload to a task has gathered before it is finished.
CREATE TABLE upload_files (
    id INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    target_id INTEGER NOT NULL,
    filename TEXT NOT NULL,
    UNIQUE (target, target_id, filename)
) STRICT;

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp TEXT NOT NULL,
    scope TEXT NOT NULL,
    user_id INTEGER,
    organization_id INTEGER,
    project_id INTEGER,
    task_id INTEGER,
    job_id INTEGER,
    fields TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX events_timestamp ON events (timestamp);

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
