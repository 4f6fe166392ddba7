-- +goose Up
-- The start of which those who signed up were reminded the day before; 0 for none.
ALTER TABLE activities ADD COLUMN called_up bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE activities DROP COLUMN called_up;
