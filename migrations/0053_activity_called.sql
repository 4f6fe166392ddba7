-- +goose Up
-- The start of which those who signed up were reminded the day before; 0 for none.
ALTER TABLE activities ADD COLUMN called_up bigint NOT NULL DEFAULT 0;
-- A mark of the browser that checked in, hashed with the activity; '' for none (docs/adr/0008).
ALTER TABLE activity_entries ADD COLUMN device {{code}} NOT NULL DEFAULT '';
CREATE INDEX activity_entries_device ON activity_entries (in_at) WHERE device <> '';

-- +goose Down
DROP INDEX activity_entries_device;
ALTER TABLE activity_entries DROP COLUMN device;
ALTER TABLE activities DROP COLUMN called_up;
