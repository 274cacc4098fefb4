-- A reviewer's verdict on a job. The issues raised with it stay when it is taken back.
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    assignee_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    status TEXT NOT NULL CHECK (status IN ('accepted', 'rejected', 'review_further')),
    estimated_quality REAL NOT NULL CHECK (estimated_quality BETWEEN 0 AND 5),
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX reviews_job ON reviews (job_id);
CREATE INDEX reviews_owner ON reviews (owner_id);
CREATE INDEX reviews_assignee ON reviews (assignee_id);

ALTER TABLE issues ADD COLUMN review_id INTEGER REFERENCES reviews (id) ON DELETE SET NULL;
CREATE INDEX issues_review ON issues (review_id);
