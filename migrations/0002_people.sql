-- +goose Up
-- Places 地点, by official code in significant digits (GB/T 2260 + GB/T 10114 + local serial).
CREATE TABLE places (
    code       {{code}} PRIMARY KEY,
    parent     {{code}} NOT NULL,
    level      {{code}} NOT NULL CHECK (level IN ('province', 'city', 'district', 'street', 'community', 'grid', 'building', 'unit')),
    name       text NOT NULL,
    phone      text NOT NULL DEFAULT '',
    hours      text NOT NULL DEFAULT '',
    look       text NOT NULL DEFAULT '{}',
    boundary   text NOT NULL DEFAULT '',
    valid_from bigint NOT NULL DEFAULT 0,
    valid_to   bigint NOT NULL DEFAULT 0,
    version    bigint NOT NULL DEFAULT 1
);
CREATE INDEX places_parent ON places (parent, code);

-- A grid 网格 is a dated set of buildings; re-drawing renames nothing.
CREATE TABLE grid_buildings (
    grid     {{code}} NOT NULL REFERENCES places (code),
    building {{code}} NOT NULL REFERENCES places (code),
    from_at  bigint NOT NULL,
    to_at    bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (grid, building, from_at)
);

-- Settings of a place; what a place does not say, the place above says, last the default.
CREATE TABLE settings (
    place {{code}} NOT NULL,
    key   {{code}} NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (place, key)
);

-- Days off and make-up working days laid over the State Council's, by place ('' = everywhere).
CREATE TABLE calendar_days (
    place    {{code}} NOT NULL,
    date     {{code}} NOT NULL,
    day      {{code}} NOT NULL CHECK (day IN ('off', 'work')),
    occasion text NOT NULL,
    PRIMARY KEY (place, date)
);

-- Accounts 账号. There is no column for a national ID number, by design.
CREATE TABLE accounts (
    id            {{code}} PRIMARY KEY,
    name          {{code}} NOT NULL UNIQUE,
    public_name   text NOT NULL,
    real_name     text NOT NULL DEFAULT '',
    phone         {{code}} NOT NULL DEFAULT '',
    email         {{code}} NOT NULL DEFAULT '',
    level         integer NOT NULL CHECK (level BETWEEN 0 AND 3),
    home          {{code}} NOT NULL DEFAULT '',
    dwelling      {{code}} NOT NULL DEFAULT '',
    password      {{code}} NOT NULL DEFAULT '',
    totp          {{code}} NOT NULL DEFAULT '',
    totp_step     bigint NOT NULL DEFAULT 0,
    state         {{code}} NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'closed', 'erased')),
    demo          integer NOT NULL DEFAULT 0,
    has_channel   integer NOT NULL DEFAULT 1,
    sessions_from bigint NOT NULL DEFAULT 0,
    born          bigint NOT NULL DEFAULT 0,
    version       bigint NOT NULL DEFAULT 1,
    created_at    bigint NOT NULL
);
CREATE UNIQUE INDEX accounts_phone ON accounts (phone) WHERE phone <> '';
CREATE UNIQUE INDEX accounts_email ON accounts (email) WHERE email <> '';
CREATE INDEX accounts_home ON accounts (home, id);

-- Groups 组织: one core, many parties.
CREATE TABLE groups (
    id          {{code}} PRIMARY KEY,
    kind        {{code}} NOT NULL,
    name        text NOT NULL,
    place       {{code}} NOT NULL,
    registered  text NOT NULL DEFAULT '',
    about       text NOT NULL DEFAULT '',
    rules       text NOT NULL DEFAULT '',
    phone       text NOT NULL DEFAULT '',
    state       {{code}} NOT NULL DEFAULT 'active' CHECK (state IN ('applied', 'active', 'refused', 'ended')),
    from_at     bigint NOT NULL DEFAULT 0,
    to_at       bigint NOT NULL DEFAULT 0,
    version     bigint NOT NULL DEFAULT 1,
    created_at  bigint NOT NULL
);
CREATE INDEX groups_place ON groups (place, kind, id);

-- Roles are held on a place ("there or below") or in a group, from a date to a date.
CREATE TABLE roles (
    id         {{code}} PRIMARY KEY,
    account    {{code}} NOT NULL REFERENCES accounts (id),
    role       {{code}} NOT NULL,
    place      {{code}} NOT NULL DEFAULT '',
    grp        {{code}} NOT NULL DEFAULT '',
    post       text NOT NULL DEFAULT '',
    letter     text NOT NULL DEFAULT '',
    from_at    bigint NOT NULL,
    to_at      bigint NOT NULL DEFAULT 0,
    granted_by {{code}} NOT NULL DEFAULT ''
);
CREATE INDEX roles_account ON roles (account);
CREATE INDEX roles_grp ON roles (grp) WHERE grp <> '';
CREATE INDEX roles_place ON roles (place, role) WHERE place <> '';

-- Guardians and family who act for a person, with the consent on record.
CREATE TABLE guardians (
    account {{code}} NOT NULL REFERENCES accounts (id),
    ward    {{code}} NOT NULL REFERENCES accounts (id),
    how     text NOT NULL,
    by_whom {{code}} NOT NULL,
    from_at bigint NOT NULL,
    to_at   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (account, ward, from_at)
);
CREATE INDEX guardians_ward ON guardians (ward);

CREATE TABLE sessions (
    token   {{code}} PRIMARY KEY,
    data    text NOT NULL,
    account {{code}} NOT NULL DEFAULT '',
    agent   text NOT NULL DEFAULT '',
    seen    bigint NOT NULL DEFAULT 0,
    expiry  bigint NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expiry);
CREATE INDEX sessions_account ON sessions (account) WHERE account <> '';

-- API tokens, as SHA-256 only.
CREATE TABLE tokens (
    hash       {{code}} PRIMARY KEY,
    account    {{code}} NOT NULL REFERENCES accounts (id),
    label      text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL DEFAULT 0
);
CREATE INDEX tokens_account ON tokens (account);

-- One-time codes: single use, five minutes, five tries.
CREATE TABLE codes (
    target  {{code}} NOT NULL,
    purpose {{code}} NOT NULL,
    hash    {{code}} NOT NULL,
    at      bigint NOT NULL,
    tries   integer NOT NULL DEFAULT 0,
    PRIMARY KEY (target, purpose)
);

-- Forms that could not be taken, kept 24 hours under their operation id.
CREATE TABLE drafts (
    operation {{code}} PRIMARY KEY,
    account   {{code}} NOT NULL,
    path      text NOT NULL,
    form      text NOT NULL,
    at        bigint NOT NULL
);

-- Who looked at a personal field of whom, and for which matter. Shown to the subject.
CREATE TABLE looks (
    seq     {{serial}},
    viewer  {{code}} NOT NULL,
    subject {{code}} NOT NULL,
    field   {{code}} NOT NULL,
    matter  {{code}} NOT NULL DEFAULT '',
    reason  text NOT NULL DEFAULT '',
    at      bigint NOT NULL
);
CREATE INDEX looks_subject ON looks (subject, seq);

-- +goose Down
DROP TABLE looks;
DROP TABLE drafts;
DROP TABLE codes;
DROP TABLE tokens;
DROP TABLE sessions;
DROP TABLE guardians;
DROP TABLE roles;
DROP TABLE groups;
DROP TABLE accounts;
DROP TABLE calendar_days;
DROP TABLE settings;
DROP TABLE grid_buildings;
DROP TABLE places;
