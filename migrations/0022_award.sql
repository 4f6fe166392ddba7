-- +goose Up
-- Award rounds 评先评优.
CREATE TABLE awards (
    id            {{code}} PRIMARY KEY,
    state         {{code}} NOT NULL CHECK (state IN ('open', 'review', 'notice', 'confirmed', 'ended')),
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
    criteria      text NOT NULL,
    opens         bigint NOT NULL,
    closes        bigint NOT NULL CHECK (closes > opens),
    issuer        text NOT NULL,
    basis         text NOT NULL,
    notice_days   bigint NOT NULL CHECK (notice_days BETWEEN 1 AND 30),
    notice_until  bigint NOT NULL,
    advisory_vote integer NOT NULL,
    published_by  {{code}} NOT NULL,
    confirmed_by  {{code}} NOT NULL,
    CHECK (state <> 'confirmed' OR confirmed_by <> published_by)
);
CREATE INDEX awards_community ON awards (community, id);
CREATE INDEX awards_street ON awards (street, id);
CREATE INDEX awards_state ON awards (state, id);
CREATE INDEX awards_due ON awards (due_at) WHERE due_at > 0;

CREATE TABLE award_nominees (
    id         {{code}} PRIMARY KEY,
    award      {{code}} NOT NULL REFERENCES awards (id),
    account    {{code}} NOT NULL,
    name       text NOT NULL,
    by_account {{code}} NOT NULL,
    by_group   {{code}} NOT NULL,
    reason     text NOT NULL,
    state      {{code}} NOT NULL CHECK (state IN ('nominated', 'passed', 'refused', 'objected', 'declined', 'honoured')),
    consent    integer NOT NULL,
    reviewer   {{code}} NOT NULL,
    opinion    text NOT NULL,
    objection  text NOT NULL,
    objector   {{code}} NOT NULL,
    minutes    bigint NOT NULL,
    wishes     bigint NOT NULL,
    votes      bigint NOT NULL CHECK (votes >= 0),
    at         bigint NOT NULL
);
CREATE INDEX award_nominees_award ON award_nominees (award, id);
CREATE UNIQUE INDEX award_nominees_person ON award_nominees (award, account) WHERE account <> '';
CREATE INDEX award_nominees_account ON award_nominees (account) WHERE account <> '';

-- One advisory vote a person; what it was for stays here and goes nowhere else.
CREATE TABLE award_votes (
    award   {{code}} NOT NULL REFERENCES awards (id),
    account {{code}} NOT NULL,
    nominee {{code}} NOT NULL,
    PRIMARY KEY (award, account)
);

-- +goose Down
DROP TABLE award_votes;
DROP TABLE award_nominees;
DROP TABLE awards;
