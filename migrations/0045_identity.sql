-- +goose Up
-- Sign-in by another house: a provider and a pseudonym of its subject, never the subject itself.
CREATE TABLE identities (
    provider {{code}} NOT NULL,
    subject  {{code}} NOT NULL,
    account  {{code}} NOT NULL REFERENCES accounts (id),
    at       bigint NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_account ON identities (account);

-- Passkeys 通行密钥: public keys only.
CREATE TABLE passkeys (
    id         {{code}} PRIMARY KEY,
    account    {{code}} NOT NULL REFERENCES accounts (id),
    credential text NOT NULL,
    label      text NOT NULL,
    at         bigint NOT NULL,
    used_at    bigint NOT NULL DEFAULT 0
);
CREATE INDEX passkeys_account ON passkeys (account);

-- Consents 授权: what a person agreed to, how, until when it was taken back.
CREATE TABLE consents (
    id       {{code}} PRIMARY KEY,
    account  {{code}} NOT NULL REFERENCES accounts (id),
    purpose  {{code}} NOT NULL,
    party    {{code}} NOT NULL DEFAULT '',
    how      {{code}} NOT NULL,
    by_whom  {{code}} NOT NULL,
    given_at bigint NOT NULL,
    ended_at bigint NOT NULL DEFAULT 0
);
CREATE INDEX consents_account ON consents (account, given_at);

-- What one person asks and another decides: a level checked at the counter, a
-- role that needs two, a family member to act for. data holds ids and codes.
CREATE TABLE asks (
    id         {{code}} PRIMARY KEY,
    kind       {{code}} NOT NULL CHECK (kind IN ('level', 'role', 'guardian')),
    account    {{code}} NOT NULL REFERENCES accounts (id),
    target     {{code}} NOT NULL DEFAULT '',
    place      {{code}} NOT NULL DEFAULT '',
    data       text NOT NULL,
    state      {{code}} NOT NULL CHECK (state IN ('open', 'done', 'refused')),
    asked_by   {{code}} NOT NULL,
    asked_at   bigint NOT NULL,
    decided_by {{code}} NOT NULL DEFAULT '',
    decided_at bigint NOT NULL DEFAULT 0,
    CHECK (state <> 'done' OR decided_by <> asked_by)
);
CREATE INDEX asks_open ON asks (place, id) WHERE state = 'open';
CREATE INDEX asks_account ON asks (account, id);
CREATE INDEX asks_target ON asks (target) WHERE target <> '' AND state = 'open';

-- 权责清单: which group is responsible for, or supports, a matter of a category at or below a place.
CREATE TABLE responsibilities (
    id       {{code}} PRIMARY KEY,
    grp      {{code}} NOT NULL REFERENCES groups (id),
    place    {{code}} NOT NULL,
    category {{code}} NOT NULL,
    part     {{code}} NOT NULL CHECK (part IN ('responsible', 'supporting')),
    basis    text NOT NULL DEFAULT '',
    from_at  bigint NOT NULL,
    to_at    bigint NOT NULL DEFAULT 0
);
CREATE INDEX responsibilities_place ON responsibilities (place, category);

-- +goose Down
DROP TABLE responsibilities;
DROP TABLE asks;
DROP TABLE consents;
DROP TABLE passkeys;
DROP TABLE identities;
