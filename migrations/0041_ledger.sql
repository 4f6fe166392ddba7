-- +goose Up
-- The public ledger 公开账本. A place has one log at a time; a restore begins a
-- new one, whose first entry is the last checkpoint of the one before.
CREATE TABLE ledger_logs (
    number     bigint PRIMARY KEY,
    origin     {{code}} NOT NULL UNIQUE,
    before     text NOT NULL,
    size       bigint NOT NULL CHECK (size >= 0),
    root       {{code}} NOT NULL,
    rules      text NOT NULL,
    public     {{code}} NOT NULL,
    signed     bigint NOT NULL CHECK (signed >= 0 AND signed <= size),
    signed_at  bigint NOT NULL,
    checkpoint text NOT NULL
);

-- Tiles and entry bundles, by the path they are served at.
CREATE TABLE ledger_tiles (
    log  bigint NOT NULL REFERENCES ledger_logs (number),
    path {{code}} NOT NULL,
    data {{sqlite blob}}{{pg bytea}} NOT NULL,
    PRIMARY KEY (log, path)
);

-- Which entry tells of which event. An entry that tells new rules has no hash
-- and names the event from which on they hold; a checkpoint's has neither.
CREATE TABLE ledger_leaves (
    log  bigint NOT NULL REFERENCES ledger_logs (number),
    idx  bigint NOT NULL,
    seq  bigint REFERENCES events (seq),
    hash {{code}} NOT NULL,
    PRIMARY KEY (log, idx)
);
CREATE INDEX ledger_leaves_seq ON ledger_leaves (seq);
CREATE INDEX ledger_leaves_hash ON ledger_leaves (hash) WHERE hash <> '';

-- +goose Down
DROP TABLE ledger_leaves;
DROP TABLE ledger_tiles;
DROP TABLE ledger_logs;
