-- What people tell about themselves, how they came, and messages that let them in again.
ALTER TABLE users ADD COLUMN cvat_usage_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN primary_role TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN planned_activities TEXT NOT NULL DEFAULT '[]';
ALTER TABLE users ADD COLUMN data_types TEXT NOT NULL DEFAULT '[]';
ALTER TABLE users ADD COLUMN discovery_source TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN created_via TEXT
    CHECK (created_via IN ('registration', 'social', 'sso', 'ldap', 'invitation'));

-- Only digests of the tokens are kept, as with sessions.
CREATE TABLE password_resets (
    digest TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expiry_date TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX password_resets_user ON password_resets (user_id);

-- Which questions of the web client somebody has answered; without a row, none.
CREATE TABLE growth (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    github_prompt_shown INTEGER NOT NULL DEFAULT 0 CHECK (github_prompt_shown IN (0, 1)),
    github_prompt_support_clicked INTEGER NOT NULL DEFAULT 0
        CHECK (github_prompt_support_clicked IN (0, 1)),
    promotion_notifications_allowed INTEGER NOT NULL DEFAULT 0
        CHECK (promotion_notifications_allowed IN (0, 1))
) STRICT;
