-- Honeypots are found without looking at the other frames.
CREATE INDEX images_honeypots ON images (data_id, frame) WHERE is_placeholder = 1;
