-- Where a job is, and what is said about it, in columns of their own: lists ask it of every row.
-- Triggers keep them, so that no statement can forget it; nothing else writes them.
ALTER TABLE jobs ADD COLUMN task_id INTEGER;
ALTER TABLE jobs ADD COLUMN organization_id INTEGER;
ALTER TABLE reviews ADD COLUMN task_id INTEGER;
ALTER TABLE reviews ADD COLUMN organization_id INTEGER;
ALTER TABLE issues ADD COLUMN task_id INTEGER;
ALTER TABLE issues ADD COLUMN organization_id INTEGER;
ALTER TABLE comments ADD COLUMN job_id INTEGER;
ALTER TABLE comments ADD COLUMN task_id INTEGER;
ALTER TABLE comments ADD COLUMN organization_id INTEGER;

UPDATE jobs SET (task_id, organization_id) = (
    SELECT t.id, t.organization_id FROM segments s JOIN tasks t ON t.id = s.task_id
    WHERE s.id = jobs.segment_id
);
UPDATE reviews SET (task_id, organization_id) = (
    SELECT j.task_id, j.organization_id FROM jobs j WHERE j.id = reviews.job_id
);
UPDATE issues SET (task_id, organization_id) = (
    SELECT j.task_id, j.organization_id FROM jobs j WHERE j.id = issues.job_id
);
UPDATE comments SET (job_id, task_id, organization_id) = (
    SELECT i.job_id, i.task_id, i.organization_id FROM issues i WHERE i.id = comments.issue_id
);

CREATE INDEX jobs_task ON jobs (task_id);
CREATE INDEX jobs_organization ON jobs (organization_id);
CREATE INDEX reviews_task ON reviews (task_id);
CREATE INDEX reviews_organization ON reviews (organization_id);
CREATE INDEX issues_task ON issues (task_id);
CREATE INDEX issues_organization ON issues (organization_id);
CREATE INDEX comments_job ON comments (job_id);
CREATE INDEX comments_task ON comments (task_id);
CREATE INDEX comments_organization ON comments (organization_id);

CREATE TRIGGER jobs_added AFTER INSERT ON jobs BEGIN
    UPDATE jobs SET (task_id, organization_id) = (
        SELECT t.id, t.organization_id FROM segments s JOIN tasks t ON t.id = s.task_id
        WHERE s.id = NEW.segment_id
    ) WHERE id = NEW.id;
END;
CREATE TRIGGER jobs_resegmented AFTER UPDATE OF segment_id ON jobs
WHEN OLD.segment_id <> NEW.segment_id BEGIN
    UPDATE jobs SET (task_id, organization_id) = (
        SELECT t.id, t.organization_id FROM segments s JOIN tasks t ON t.id = s.task_id
        WHERE s.id = NEW.segment_id
    ) WHERE id = NEW.id;
END;
CREATE TRIGGER segments_moved AFTER UPDATE OF task_id ON segments
WHEN OLD.task_id <> NEW.task_id BEGIN
    UPDATE jobs SET (task_id, organization_id) = (
        SELECT t.id, t.organization_id FROM tasks t WHERE t.id = NEW.task_id
    ) WHERE segment_id = NEW.id;
END;
CREATE TRIGGER tasks_moved AFTER UPDATE OF organization_id ON tasks
WHEN OLD.organization_id IS NOT NEW.organization_id BEGIN
    UPDATE jobs SET organization_id = NEW.organization_id WHERE task_id = NEW.id;
END;
CREATE TRIGGER jobs_moved AFTER UPDATE OF task_id, organization_id ON jobs
WHEN OLD.task_id IS NOT NEW.task_id OR OLD.organization_id IS NOT NEW.organization_id BEGIN
    UPDATE reviews SET task_id = NEW.task_id, organization_id = NEW.organization_id
    WHERE job_id = NEW.id;
    UPDATE issues SET task_id = NEW.task_id, organization_id = NEW.organization_id
    WHERE job_id = NEW.id;
END;

CREATE TRIGGER reviews_added AFTER INSERT ON reviews BEGIN
    UPDATE reviews SET (task_id, organization_id) = (
        SELECT j.task_id, j.organization_id FROM jobs j WHERE j.id = NEW.job_id
    ) WHERE id = NEW.id;
END;
CREATE TRIGGER issues_added AFTER INSERT ON issues BEGIN
    UPDATE issues SET (task_id, organization_id) = (
        SELECT j.task_id, j.organization_id FROM jobs j WHERE j.id = NEW.job_id
    ) WHERE id = NEW.id;
END;
CREATE TRIGGER issues_moved AFTER UPDATE OF job_id, task_id, organization_id ON issues
WHEN OLD.job_id <> NEW.job_id OR OLD.task_id IS NOT NEW.task_id
    OR OLD.organization_id IS NOT NEW.organization_id BEGIN
    UPDATE comments SET
        job_id = NEW.job_id, task_id = NEW.task_id, organization_id = NEW.organization_id
    WHERE issue_id = NEW.id;
END;
CREATE TRIGGER comments_added AFTER INSERT ON comments BEGIN
    UPDATE comments SET (job_id, task_id, organization_id) = (
        SELECT i.job_id, i.task_id, i.organization_id FROM issues i WHERE i.id = NEW.issue_id
    ) WHERE id = NEW.id;
END;
