-- +goose Up
-- The spine: what happened, in order, never changed.
CREATE TABLE events (
    seq        {{serial}},
    xid        bigint NOT NULL DEFAULT 0,
    at         bigint NOT NULL,
    kind       {{code}} NOT NULL,
    subject    {{code}} NOT NULL,
    version    bigint NOT NULL,
    move       {{code}} NOT NULL,
    from_state {{code}} NOT NULL,
    to_state   {{code}} NOT NULL,
    actor      {{code}} NOT NULL,
    as_group   {{code}} NOT NULL,
    place      {{code}} NOT NULL,
    audience   {{code}} NOT NULL CHECK (audience IN ('public', 'private', 'staff')),
    data       text NOT NULL,
    words_hash {{code}} NOT NULL,
    hash       {{code}} NOT NULL
);
CREATE UNIQUE INDEX events_subject ON events (subject, version);
CREATE INDEX events_order ON events (xid, seq);

-- Words people wrote, erasable without changing the event they belong to.
CREATE TABLE event_words (
    seq    bigint PRIMARY KEY REFERENCES events (seq),
    salt   {{code}} NOT NULL,
    words  text NOT NULL,
    erased bigint NOT NULL DEFAULT 0
);

-- How far each reader of events has come.
CREATE TABLE cursors (
    name {{code}} PRIMARY KEY,
    xid  bigint NOT NULL DEFAULT 0,
    seq  bigint NOT NULL DEFAULT 0
);

-- Operation keys: one act, one reply, kept 24 hours.
CREATE TABLE acts (
    account  {{code}} NOT NULL,
    method   {{code}} NOT NULL,
    path     {{code}} NOT NULL,
    key      {{code}} NOT NULL,
    body     {{code}} NOT NULL,
    status   integer NOT NULL,
    location text NOT NULL,
    reply    text NOT NULL,
    at       bigint NOT NULL,
    PRIMARY KEY (account, method, path, key)
);
CREATE INDEX acts_at ON acts (at);

-- +goose Down
DROP TABLE acts;
DROP TABLE cursors;
DROP TABLE event_words;
DROP TABLE events;
