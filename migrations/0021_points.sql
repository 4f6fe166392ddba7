-- +goose Up
-- Rules of points 积分规则: versioned data, each version from a moment on.
CREATE TABLE points_rules (
    book      {{code}} NOT NULL CHECK (book IN ('residents', 'party')),
    code      {{code}} NOT NULL,
    version   bigint NOT NULL CHECK (version > 0),
    cause     {{code}} NOT NULL CHECK (cause IN ('service', 'wish', 'award')),
    title     text NOT NULL,
    points    bigint NOT NULL CHECK (points >= 0),
    per       {{code}} NOT NULL CHECK (per IN ('each', 'hour')),
    cap_day   bigint NOT NULL CHECK (cap_day >= 0),
    cap_month bigint NOT NULL CHECK (cap_month >= 0),
    evidence  text NOT NULL,
    from_at   bigint NOT NULL,
    made_by   {{code}} NOT NULL,
    made_at   bigint NOT NULL,
    PRIMARY KEY (book, code, version)
);
INSERT INTO points_rules (book, code, version, cause, title, points, per, cap_day, cap_month, evidence, from_at, made_by, made_at) VALUES
    ('residents', 'service', 1, 'service', '志愿服务', 10, 'hour', 80, 400, '组织者或受助居民确认的服务时长', 0, '', 0),
    ('residents', 'wish', 1, 'wish', '帮助实现微心愿', 20, 'each', 60, 300, '居民确认已解决或部分解决', 0, '', 0),
    ('residents', 'award', 1, 'award', '获评榜样', 100, 'each', 0, 0, '公示无异议并确认', 0, '', 0),
    ('party', 'service', 1, 'service', '党员志愿服务', 10, 'hour', 80, 400, '组织者或受助居民确认的服务时长', 0, '', 0),
    ('party', 'wish', 1, 'wish', '党员认领微心愿', 20, 'each', 60, 300, '居民确认已解决或部分解决', 0, '', 0);

-- The ledger 积分账: an entry moves points from one account to another, so
-- the sum of all lines is zero by its shape.
CREATE TABLE points_entries (
    id           {{code}} PRIMARY KEY,
    book         {{code}} NOT NULL CHECK (book IN ('residents', 'party')),
    payer        {{code}} NOT NULL,
    payee        {{code}} NOT NULL,
    amount       bigint NOT NULL CHECK (amount > 0),
    at           bigint NOT NULL,
    kind         {{code}} NOT NULL CHECK (kind IN ('rule', 'hand', 'reversal')),
    cause        {{code}} NOT NULL,
    version      bigint NOT NULL,
    rule         {{code}} NOT NULL,
    rule_version bigint NOT NULL,
    minutes      bigint NOT NULL,
    keyed_by     {{code}} NOT NULL,
    agreed_by    {{code}} NOT NULL,
    batch        {{code}} NOT NULL,
    reverses     {{code}} NOT NULL,
    place        {{code}} NOT NULL,
    CHECK (payer <> payee),
    CHECK (kind <> 'hand' OR (keyed_by <> '' AND agreed_by <> '' AND keyed_by <> agreed_by AND batch <> '')),
    CHECK ((kind = 'reversal') = (reverses <> '')),
    CHECK (cause <> '')
);
CREATE UNIQUE INDEX points_entries_reverses ON points_entries (reverses) WHERE reverses <> '';
CREATE INDEX points_entries_payee ON points_entries (payee, at, id);
CREATE INDEX points_entries_payer ON points_entries (payer, at, id);
CREATE INDEX points_entries_cause ON points_entries (cause);
CREATE INDEX points_entries_batch ON points_entries (batch) WHERE batch <> '';

-- What each account holds. Only the source of a book may stand below zero.
CREATE TABLE points_balances (
    account  {{code}} PRIMARY KEY,
    book     {{code}} NOT NULL,
    received bigint NOT NULL,
    given    bigint NOT NULL,
    balance  bigint NOT NULL,
    CHECK (balance = received - given),
    CHECK (balance >= 0 OR account = 'residents:source' OR account = 'party:source')
);

-- Entries keyed by hand, and reversals: one proposes, another agrees.
CREATE TABLE points_batches (
    id         {{code}} PRIMARY KEY,
    state      {{code}} NOT NULL CHECK (state IN ('proposed', 'agreed', 'refused', 'withdrawn')),
    version    bigint NOT NULL,
    since      bigint NOT NULL,
    due_at     bigint NOT NULL,
    due_do     {{code}} NOT NULL,
    place      {{code}} NOT NULL,
    community  {{code}} NOT NULL,
    street     {{code}} NOT NULL,
    author     {{code}} NOT NULL,
    created_at bigint NOT NULL,
    book       {{code}} NOT NULL CHECK (book IN ('residents', 'party')),
    reason     text NOT NULL,
    entry      {{code}} NOT NULL,
    amount     bigint NOT NULL CHECK (amount >= 0),
    agreed_by  {{code}} NOT NULL,
    CHECK (state <> 'agreed' OR (agreed_by <> '' AND agreed_by <> author))
);
CREATE INDEX points_batches_community ON points_batches (community, id);

CREATE TABLE points_batch_people (
    batch   {{code}} NOT NULL REFERENCES points_batches (id),
    account {{code}} NOT NULL,
    PRIMARY KEY (batch, account)
);

-- +goose Down
DROP TABLE points_batch_people;
DROP TABLE points_batches;
DROP TABLE points_balances;
DROP TABLE points_entries;
DROP TABLE points_rules;
