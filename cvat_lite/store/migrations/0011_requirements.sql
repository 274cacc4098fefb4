-- What annotations of a kind have to reach. The base requirement of settings is those settings
-- themselves: what it compares by is in their row. NULL is inherited from the parent, or the base.
CREATE TABLE quality_requirements (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    settings_id INTEGER NOT NULL REFERENCES quality_settings (id) ON DELETE CASCADE,
    is_base INTEGER NOT NULL DEFAULT 0 CHECK (is_base IN (0, 1)),
    name TEXT NOT NULL,
    sort_order INTEGER NOT NULL DEFAULT 0,
    filter TEXT NOT NULL DEFAULT '',
    enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    annotation_type TEXT,
    metric TEXT,
    required_score REAL,
    parent_requirement INTEGER REFERENCES quality_requirements (id) ON DELETE CASCADE,
    iou_threshold REAL,
    point_size REAL,
    point_size_base TEXT,
    line_thickness REAL,
    match_orientation INTEGER CHECK (match_orientation IN (0, 1)),
    line_orientation_threshold REAL,
    match_groups INTEGER CHECK (match_groups IN (0, 1)),
    group_match_threshold REAL,
    check_covered_annotations INTEGER CHECK (check_covered_annotations IN (0, 1)),
    object_visibility_threshold REAL,
    panoptic_comparison INTEGER CHECK (panoptic_comparison IN (0, 1)),
    attribute_comparison TEXT NOT NULL DEFAULT '{}',
    created_date TEXT NOT NULL,
    updated_date TEXT NOT NULL
) STRICT;
CREATE INDEX quality_requirements_settings ON quality_requirements (settings_id);
CREATE INDEX quality_requirements_parent ON quality_requirements (parent_requirement);
CREATE UNIQUE INDEX quality_requirements_base ON quality_requirements (settings_id) WHERE is_base;

-- What lists tell of a report, so that the whole need not be read for them: the summary that
-- the API answers, as JSON. Reports that have been imported have none. immediate are those that the
-- completion of a job asked for.
CREATE TABLE quality_summaries (
    report_id INTEGER PRIMARY KEY REFERENCES quality_reports (id) ON DELETE CASCADE,
    data TEXT NOT NULL,
    immediate INTEGER NOT NULL DEFAULT 0 CHECK (immediate IN (0, 1))
) STRICT;

-- Which attributes do not agree, as a JSON array of their names.
ALTER TABLE quality_conflicts ADD COLUMN attribute_names TEXT NOT NULL DEFAULT '[]';
