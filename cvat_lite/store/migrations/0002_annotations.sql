-- Annotations. points, attributes, score and rotation are the JSON text that goes into the answer
-- as it stands: no number loses a bit on its way. attributes hold every spec of the label
-- (immutable ones on tracks, mutable ones on their shapes) in the order of spec ids. Columns bear
-- the names of the wire.
CREATE TABLE tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
    frame INTEGER NOT NULL CHECK (frame >= 0),
    "group" INTEGER NOT NULL DEFAULT 0,
    source TEXT NOT NULL DEFAULT 'manual',
    attributes TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX tags_job ON tags (job_id, frame);
CREATE INDEX tags_label ON tags (label_id);

-- The elements of a skeleton are rows whose parent is the skeleton.
CREATE TABLE shapes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    parent_id INTEGER REFERENCES shapes (id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    frame INTEGER NOT NULL CHECK (frame >= 0),
    "group" INTEGER NOT NULL DEFAULT 0,
    source TEXT NOT NULL DEFAULT 'manual',
    score TEXT NOT NULL DEFAULT '1.0',
    occluded INTEGER NOT NULL DEFAULT 0 CHECK (occluded IN (0, 1)),
    outside INTEGER NOT NULL DEFAULT 0 CHECK (outside IN (0, 1)),
    z_order INTEGER NOT NULL DEFAULT 0,
    rotation TEXT NOT NULL DEFAULT '0.0',
    points TEXT NOT NULL DEFAULT '[]',
    attributes TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX shapes_job ON shapes (job_id, parent_id, frame);
CREATE INDEX shapes_parent ON shapes (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX shapes_label ON shapes (label_id);

CREATE TABLE tracks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    parent_id INTEGER REFERENCES tracks (id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
    frame INTEGER NOT NULL CHECK (frame >= 0),
    "group" INTEGER NOT NULL DEFAULT 0,
    source TEXT NOT NULL DEFAULT 'manual',
    attributes TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX tracks_job ON tracks (job_id, parent_id, frame);
CREATE INDEX tracks_parent ON tracks (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tracks_label ON tracks (label_id);

-- The keyframes of a track.
CREATE TABLE tracked_shapes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    frame INTEGER NOT NULL CHECK (frame >= 0),
    occluded INTEGER NOT NULL DEFAULT 0 CHECK (occluded IN (0, 1)),
    outside INTEGER NOT NULL DEFAULT 0 CHECK (outside IN (0, 1)),
    z_order INTEGER NOT NULL DEFAULT 0,
    rotation TEXT NOT NULL DEFAULT '0.0',
    points TEXT NOT NULL DEFAULT '[]',
    attributes TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX tracked_shapes_track ON tracked_shapes (track_id, frame);

-- Spans of a sound in milliseconds; without a stop it goes on to the end.
CREATE TABLE intervals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
    start INTEGER NOT NULL CHECK (start >= 0),
    stop INTEGER,
    "group" INTEGER NOT NULL DEFAULT 0,
    source TEXT NOT NULL DEFAULT 'manual',
    score TEXT NOT NULL DEFAULT '1.0',
    attributes TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX intervals_job ON intervals (job_id, start);
CREATE INDEX intervals_label ON intervals (label_id);
