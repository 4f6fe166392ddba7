-- +goose Up
-- Consent given at the counter 窗口授权: an elder without a phone lets family
-- act, in front of staff. A second member of staff confirms it.
CREATE TABLE counter_consents (
    id         {{code}} PRIMARY KEY,
    community  {{code}} NOT NULL,
    elder      {{code}} NOT NULL,
    guardian   {{code}} NOT NULL,
    relation   {{code}} NOT NULL,
    how        {{code}} NOT NULL CHECK (how IN ('signed', 'spoken', 'visit')),
    state      {{code}} NOT NULL CHECK (state IN ('waiting', 'done', 'refused', 'ended')),
    version    bigint NOT NULL DEFAULT 1,
    asked_by   {{code}} NOT NULL,
    asked_at   bigint NOT NULL,
    decided_by {{code}} NOT NULL DEFAULT '',
    decided_at bigint NOT NULL DEFAULT 0,
    ended_at   bigint NOT NULL DEFAULT 0,
    CHECK (decided_by <> asked_by)
);
CREATE INDEX counter_consents_place ON counter_consents (community, state, id);
CREATE INDEX counter_consents_elder ON counter_consents (elder);
CREATE UNIQUE INDEX counter_consents_once ON counter_consents (elder, guardian) WHERE state IN ('waiting', 'done');

-- Hand-over when a worker leaves 离岗交接: what the worker held, and who goes on
-- with it ('' for nobody yet).
CREATE TABLE handovers (
    id      {{code}} PRIMARY KEY,
    account {{code}} NOT NULL,
    place   {{code}} NOT NULL,
    by_whom {{code}} NOT NULL,
    at      bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1
);
CREATE INDEX handovers_place ON handovers (place, id);

CREATE TABLE handover_items (
    handover  {{code}} NOT NULL REFERENCES handovers (id),
    kind      {{code}} NOT NULL,
    ref       {{code}} NOT NULL,
    role      {{code}} NOT NULL DEFAULT '',
    place     {{code}} NOT NULL DEFAULT '',
    grp       {{code}} NOT NULL DEFAULT '',
    successor {{code}} NOT NULL DEFAULT '',
    PRIMARY KEY (handover, kind, ref)
);

-- +goose Down
DROP TABLE handover_items;
DROP TABLE handovers;
DROP TABLE counter_consents;
