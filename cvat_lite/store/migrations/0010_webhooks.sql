-- Webhooks of the whole server beside those of organizations and projects, and deliveries that wait:
-- due is when the next attempt is to be made, and null once there will be none.
-- Ids that were given are not given again.
CREATE TEMP TABLE old_sequences AS SELECT name, seq FROM sqlite_sequence
    WHERE name IN ('webhooks', 'webhook_deliveries');
CREATE TEMP TABLE old_deliveries AS SELECT * FROM webhook_deliveries;
DROP TABLE webhook_deliveries;
CREATE TEMP TABLE old_webhooks AS SELECT * FROM webhooks;
DROP TABLE webhooks;

CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target_url TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    type TEXT NOT NULL CHECK (type IN ('organization', 'project', 'server')),
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
INSERT INTO webhooks SELECT * FROM old_webhooks;
DROP TABLE old_webhooks;

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
    updated_date TEXT NOT NULL,
    due TEXT
) STRICT;
CREATE INDEX webhook_deliveries_webhook ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due) WHERE due IS NOT NULL;
INSERT INTO webhook_deliveries SELECT *, NULL FROM old_deliveries;
DROP TABLE old_deliveries;

DELETE FROM sqlite_sequence WHERE name IN ('webhooks', 'webhook_deliveries');
INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM old_sequences;
DROP TABLE old_sequences;
