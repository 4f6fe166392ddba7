-- +goose Up
-- Inbox 收件箱: who was told of what. Made anew from the events at any time;
-- what people did with it (read it, were called) lies in the tables below.
CREATE TABLE inbox (
    id       {{code}} PRIMARY KEY,
    account  {{code}} NOT NULL,
    seq      bigint NOT NULL,
    at       bigint NOT NULL,
    kind     {{code}} NOT NULL,
    subject  {{code}} NOT NULL,
    version  bigint NOT NULL,
    move     {{code}} NOT NULL,
    to_state {{code}} NOT NULL,
    place    {{code}} NOT NULL,
    audience {{code}} NOT NULL,
    target   {{code}} NOT NULL,
    why      {{code}} NOT NULL,
    act      integer NOT NULL,
    done_at  bigint NOT NULL DEFAULT 0,
    planned  integer NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX inbox_once ON inbox (account, subject, version);
CREATE INDEX inbox_account ON inbox (account, id);
CREATE INDEX inbox_open ON inbox (account, target) WHERE act = 1 AND done_at = 0;

CREATE INDEX inbox_subject ON inbox (subject, seq);
CREATE INDEX inbox_unplanned ON inbox (id) WHERE planned = 0;

-- Tells to more people than one transaction takes.
CREATE TABLE inbox_fanouts (
    seq     bigint NOT NULL,
    target  {{code}} NOT NULL,
    subject {{code}} NOT NULL,
    after   {{code}} NOT NULL,
    act     integer NOT NULL,
    why     {{code}} NOT NULL,
    done_at bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (seq, target)
);
CREATE INDEX inbox_fanouts_subject ON inbox_fanouts (subject);

CREATE TABLE inbox_reads (
    id      {{code}} PRIMARY KEY,
    account {{code}} NOT NULL,
    at      bigint NOT NULL
);
CREATE INDEX inbox_reads_account ON inbox_reads (account);

-- How a person wants to hear: by kind ('' = every kind) and channel.
CREATE TABLE notify_prefs (
    account {{code}} NOT NULL,
    kind    {{code}} NOT NULL,
    channel {{code}} NOT NULL,
    how     {{code}} NOT NULL CHECK (how IN ('now', 'digest', 'act', 'off')),
    PRIMARY KEY (account, kind, channel)
);

-- Quiet hours and the hour of the digest, in minutes of the day in China.
CREATE TABLE notify_hours (
    account    {{code}} PRIMARY KEY,
    quiet_from integer NOT NULL CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_to   integer NOT NULL CHECK (quiet_to BETWEEN 0 AND 1439),
    digest_at  integer NOT NULL CHECK (digest_at BETWEEN 0 AND 1439)
);

-- Addresses that belong to a device or an app, not to the account: browsers, openids.
CREATE TABLE notify_addresses (
    id      {{code}} PRIMARY KEY,
    account {{code}} NOT NULL,
    channel {{code}} NOT NULL,
    address text NOT NULL,
    at      bigint NOT NULL
);
CREATE INDEX notify_addresses_account ON notify_addresses (account, channel);

-- What goes out. item is the id of an inbox row, or 'digest:DAY'.
CREATE TABLE deliveries (
    id          {{code}} PRIMARY KEY,
    account     {{code}} NOT NULL,
    channel     {{code}} NOT NULL,
    item        {{code}} NOT NULL,
    state       {{code}} NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
    tries       integer NOT NULL DEFAULT 0,
    next_at     bigint NOT NULL,
    lease_until bigint NOT NULL DEFAULT 0,
    created_at  bigint NOT NULL,
    ended_at    bigint NOT NULL DEFAULT 0,
    fault       {{code}} NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX deliveries_once ON deliveries (account, channel, item);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX deliveries_account ON deliveries (account, id);

-- Call list 待电话告知: what somebody without a live channel is told by phone.
CREATE TABLE calls (
    id        {{code}} PRIMARY KEY,
    account   {{code}} NOT NULL,
    community {{code}} NOT NULL,
    at        bigint NOT NULL,
    kind      {{code}} NOT NULL,
    subject   {{code}} NOT NULL,
    version   bigint NOT NULL,
    move      {{code}} NOT NULL,
    to_state  {{code}} NOT NULL,
    place     {{code}} NOT NULL,
    audience  {{code}} NOT NULL,
    why       {{code}} NOT NULL,
    act       integer NOT NULL,
    state     {{code}} NOT NULL CHECK (state IN ('waiting', 'told', 'replaced')),
    tries     integer NOT NULL DEFAULT 0,
    tried_at  bigint NOT NULL DEFAULT 0,
    how       {{code}} NOT NULL DEFAULT '',
    told_by   {{code}} NOT NULL DEFAULT '',
    told_at   bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX calls_once ON calls (account, subject, version);
CREATE INDEX calls_waiting ON calls (community, account) WHERE state = 'waiting';
CREATE INDEX calls_told ON calls (community, told_at) WHERE state = 'told';

-- The access token of a WeChat account, for all nodes; one of them renews it.
CREATE TABLE wechat_tokens (
    app        {{code}} PRIMARY KEY,
    value      text NOT NULL,
    until      bigint NOT NULL,
    claimed_to bigint NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE wechat_tokens;
DROP TABLE calls;
DROP TABLE deliveries;
DROP TABLE notify_addresses;
DROP TABLE notify_hours;
DROP TABLE notify_prefs;
DROP TABLE inbox_reads;
DROP TABLE inbox_fanouts;
DROP TABLE inbox;
