-- What an asset is, as its first bytes tell; older ones are offered as plain files.
ALTER TABLE assets ADD COLUMN content_type TEXT NOT NULL DEFAULT 'application/octet-stream';

-- The events of one project, task, job, user or organization are asked for by that.
CREATE INDEX events_user ON events (user_id);
CREATE INDEX events_organization ON events (organization_id);
CREATE INDEX events_project ON events (project_id);
CREATE INDEX events_task ON events (task_id);
CREATE INDEX events_job ON events (job_id);
