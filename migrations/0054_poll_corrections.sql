-- +goose Up
-- Corrections of a frozen roll: one of the staff asks, another makes them.
CREATE TABLE poll_corrections (
    id        {{code}} PRIMARY KEY,
    poll      {{code}} NOT NULL REFERENCES polls (id),
    voter     {{code}} NOT NULL,
    household {{code}} NOT NULL,
    change    {{code}} NOT NULL CHECK (change IN ('add', 'remove')),
    asked_by  {{code}} NOT NULL,
    asked_at  bigint NOT NULL,
    signed_by {{code}} NOT NULL,
    signed_at bigint NOT NULL,
    CHECK (asked_by <> signed_by)
);
CREATE INDEX poll_corrections_poll ON poll_corrections (poll, id);
ALTER TABLE polls ADD COLUMN asked bigint NOT NULL DEFAULT 0;
ALTER TABLE polls ADD COLUMN corrected bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE polls DROP COLUMN corrected;
ALTER TABLE polls DROP COLUMN asked;
DROP TABLE poll_corrections;
