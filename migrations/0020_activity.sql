-- +goose Up
-- Activities 微行动.
CREATE TABLE activities (
    id            {{code}} PRIMARY KEY,
    state         {{code}} NOT NULL CHECK (state IN ('draft', 'published', 'running', 'finished', 'closed', 'cancelled')),
    version       bigint NOT NULL,
    since         bigint NOT NULL,
    due_at        bigint NOT NULL,
    due_do        {{code}} NOT NULL,
    place         {{code}} NOT NULL,
    community     {{code}} NOT NULL,
    street        {{code}} NOT NULL,
    author        {{code}} NOT NULL,
    created_at    bigint NOT NULL,
    title         text NOT NULL,
    body          text NOT NULL,
    kind          {{code}} NOT NULL,
    location_note text NOT NULL,
    starts        bigint NOT NULL,
    ends          bigint NOT NULL CHECK (ends > starts),
    cutoff        bigint NOT NULL,
    capacity      bigint NOT NULL CHECK (capacity > 0),
    reserved      bigint NOT NULL CHECK (reserved >= 0 AND reserved <= capacity),
    taken         bigint NOT NULL CHECK (taken >= 0 AND taken <= capacity),
    kept          bigint NOT NULL CHECK (kept >= 0 AND kept <= taken),
    waiting       bigint NOT NULL CHECK (waiting >= 0),
    came          bigint NOT NULL CHECK (came >= 0),
    confirmed     bigint NOT NULL CHECK (confirmed >= 0 AND confirmed <= came),
    next_line     bigint NOT NULL,
    minimum_age   bigint NOT NULL,
    audience      text NOT NULL,
    skills        text NOT NULL,
    insurance     text NOT NULL,
    bring         text NOT NULL,
    rule          text NOT NULL,
    skips         text NOT NULL,
    series        {{code}} NOT NULL,
    sequence      bigint NOT NULL,
    changed_at    bigint NOT NULL,
    reminded      integer NOT NULL,
    origin        {{code}} NOT NULL
);
CREATE INDEX activities_community ON activities (community, id);
CREATE INDEX activities_community_starts ON activities (community, starts, id);
CREATE INDEX activities_street ON activities (street, id);
CREATE INDEX activities_starts ON activities (starts, id);
CREATE INDEX activities_author ON activities (author, id);
CREATE INDEX activities_series ON activities (series, starts) WHERE series <> '';
CREATE INDEX activities_due ON activities (due_at) WHERE due_at > 0;

-- Hosts 联办单位, each with its part and credit.
CREATE TABLE activity_hosts (
    activity {{code}} NOT NULL REFERENCES activities (id),
    grp      {{code}} NOT NULL,
    part     text NOT NULL,
    position integer NOT NULL,
    PRIMARY KEY (activity, grp)
);
CREATE INDEX activity_hosts_grp ON activity_hosts (grp, activity);

CREATE TABLE activity_shifts (
    activity {{code}} NOT NULL REFERENCES activities (id),
    number   integer NOT NULL,
    title    text NOT NULL,
    starts   bigint NOT NULL,
    ends     bigint NOT NULL CHECK (ends > starts),
    capacity bigint NOT NULL CHECK (capacity > 0),
    taken    bigint NOT NULL CHECK (taken >= 0 AND taken <= capacity),
    PRIMARY KEY (activity, number)
);

-- One entry a person, also for a whole family; an entry without an account was
-- written down by the organiser.
CREATE TABLE activity_entries (
    id         {{code}} PRIMARY KEY,
    activity   {{code}} NOT NULL REFERENCES activities (id),
    account    {{code}} NOT NULL,
    grp        {{code}} NOT NULL,
    names      text NOT NULL,
    party      bigint NOT NULL CHECK (party > 0),
    shift      integer NOT NULL,
    kept       integer NOT NULL,
    state      {{code}} NOT NULL CHECK (state IN ('in', 'waiting', 'offered', 'cancelled', 'absent')),
    line       bigint NOT NULL,
    until      bigint NOT NULL,
    in_at      bigint NOT NULL,
    out_at     bigint NOT NULL,
    how        {{code}} NOT NULL,
    confirmed  integer NOT NULL,
    at         bigint NOT NULL
);
CREATE UNIQUE INDEX activity_entries_person ON activity_entries (activity, account) WHERE account <> '';
CREATE INDEX activity_entries_line ON activity_entries (activity, state, line);
CREATE INDEX activity_entries_account ON activity_entries (account, activity) WHERE account <> '';

-- Service hours 服务时长: what certificates and points are made of.
CREATE TABLE services (
    id           {{code}} PRIMARY KEY,
    state        {{code}} NOT NULL CHECK (state IN ('stated', 'confirmed', 'refused', 'withdrawn', 'revoked')),
    version      bigint NOT NULL,
    since        bigint NOT NULL,
    due_at       bigint NOT NULL,
    due_do       {{code}} NOT NULL,
    place        {{code}} NOT NULL,
    community    {{code}} NOT NULL,
    street       {{code}} NOT NULL,
    author       {{code}} NOT NULL,
    created_at   bigint NOT NULL,
    source       {{code}} NOT NULL,
    title        text NOT NULL,
    kind         {{code}} NOT NULL,
    grp          {{code}} NOT NULL,
    note         text NOT NULL,
    served_at    bigint NOT NULL,
    minutes      bigint NOT NULL CHECK (minutes >= 0 AND minutes <= 1440),
    attended     bigint NOT NULL,
    owner        {{code}} NOT NULL,
    host         {{code}} NOT NULL,
    confirmed_by {{code}} NOT NULL,
    confirmed_at bigint NOT NULL,
    reminded     integer NOT NULL
);
CREATE UNIQUE INDEX services_source ON services (source, author);
CREATE INDEX services_author ON services (author, served_at);
CREATE INDEX services_owner ON services (owner, id) WHERE owner <> '';
CREATE INDEX services_community ON services (community, state, id);
CREATE INDEX services_grp ON services (grp, served_at) WHERE grp <> '';
CREATE INDEX services_due ON services (due_at) WHERE due_at > 0;

-- Certificates 志愿服务记录证明. No document number: it is typed at printing.
CREATE TABLE certificates (
    serial     {{code}} PRIMARY KEY,
    code       {{code}} NOT NULL,
    account    {{code}} NOT NULL,
    grp        {{code}} NOT NULL,
    project    text NOT NULL,
    from_at    bigint NOT NULL,
    to_at      bigint NOT NULL,
    minutes    bigint NOT NULL,
    lines      text NOT NULL,
    place      {{code}} NOT NULL,
    in_charge  text NOT NULL,
    handler    text NOT NULL,
    contact    text NOT NULL,
    issued_by  {{code}} NOT NULL,
    issued_at  bigint NOT NULL,
    revoked_by {{code}} NOT NULL,
    revoked_at bigint NOT NULL,
    version    bigint NOT NULL
);
CREATE INDEX certificates_account ON certificates (account, issued_at) WHERE account <> '';
CREATE INDEX certificates_grp ON certificates (grp, issued_at) WHERE grp <> '';

-- On-call volunteers 网约志愿者.
CREATE TABLE volunteers (
    account    {{code}} PRIMARY KEY,
    place      {{code}} NOT NULL,
    skills     text NOT NULL,
    free       text NOT NULL,
    radius     {{code}} NOT NULL CHECK (radius IN ('building', 'community', 'street', 'district')),
    on_call    integer NOT NULL,
    version    bigint NOT NULL,
    changed_at bigint NOT NULL
);
CREATE INDEX volunteers_place ON volunteers (place) WHERE on_call = 1;

-- Secret calendar addresses: raising the number revokes the address given out before.
CREATE TABLE calendar_secrets (
    account {{code}} PRIMARY KEY,
    number  bigint NOT NULL
);

-- +goose Down
DROP TABLE calendar_secrets;
DROP TABLE volunteers;
DROP TABLE certificates;
DROP TABLE services;
DROP TABLE activity_entries;
DROP TABLE activity_shifts;
DROP TABLE activity_hosts;
DROP TABLE activities;
