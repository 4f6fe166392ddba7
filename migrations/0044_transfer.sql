-- +goose Up
-- Tables taken in 导入: the receipt of each, what it brought, and what a
-- half-finished one left waiting.
CREATE TABLE imports (
    id      {{code}} PRIMARY KEY,
    kind    {{code}} NOT NULL,
    name    text NOT NULL,
    sha256  {{code}} NOT NULL,
    by_whom {{code}} NOT NULL,
    amount  integer NOT NULL,
    state   {{code}} NOT NULL CHECK (state IN ('staged', 'done', 'undone')),
    at      bigint NOT NULL,
    undone  bigint NOT NULL DEFAULT 0
);
CREATE INDEX imports_at ON imports (at);

-- People on their way in, each with the event that tells of it.
CREATE TABLE import_people (
    batch       {{code}} NOT NULL REFERENCES imports (id),
    line        integer NOT NULL,
    id          {{code}} NOT NULL,
    public_name text NOT NULL,
    real_name   text NOT NULL,
    phone       {{code}} NOT NULL,
    email       {{code}} NOT NULL,
    level       integer NOT NULL,
    home        {{code}} NOT NULL,
    dwelling    {{code}} NOT NULL,
    has_channel integer NOT NULL,
    born        bigint NOT NULL,
    hash        {{code}} NOT NULL,
    PRIMARY KEY (batch, line)
);

-- Tables given out 导出: a link that works once, for its owner only, until it expires.
CREATE TABLE exports (
    token   {{code}} PRIMARY KEY,
    account {{code}} NOT NULL,
    kind    {{code}} NOT NULL,
    place   {{code}} NOT NULL,
    format  {{code}} NOT NULL,
    fields  integer NOT NULL,
    reason  text NOT NULL,
    at      bigint NOT NULL,
    expires bigint NOT NULL,
    used    bigint NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE exports;
DROP TABLE import_people;
DROP TABLE imports;
