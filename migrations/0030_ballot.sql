-- +goose Up
-- Polls 居民议事投票.
CREATE TABLE polls (
    id           {{code}} PRIMARY KEY,
    state        {{code}} NOT NULL CHECK (state IN ('draft', 'open', 'closed')),
    version      bigint NOT NULL,
    since        bigint NOT NULL,
    due_at       bigint NOT NULL,
    due_do       {{code}} NOT NULL,
    place        {{code}} NOT NULL,
    community    {{code}} NOT NULL,
    street       {{code}} NOT NULL,
    author       {{code}} NOT NULL,
    created_at   bigint NOT NULL,
    question     text NOT NULL,
    rule         {{code}} NOT NULL,
    nature       {{code}} NOT NULL CHECK (nature IN ('意见征集', '项目排序')),
    unit         {{code}} NOT NULL CHECK (unit IN ('person', 'household')),
    basis        text NOT NULL,
    budget       bigint NOT NULL CHECK (budget >= 0),
    max_choices  integer NOT NULL CHECK (max_choices >= 0),
    opens        bigint NOT NULL,
    closes       bigint NOT NULL,
    roll_place   {{code}} NOT NULL,
    roll_level   integer NOT NULL CHECK (roll_level BETWEEN 1 AND 3),
    roll_size    bigint NOT NULL,
    roll_salt    {{code}} NOT NULL,
    roll_hash    {{code}} NOT NULL,
    early        integer NOT NULL,
    voters       bigint NOT NULL,
    invalid      bigint NOT NULL,
    changed      bigint NOT NULL,
    paper        bigint NOT NULL,
    counted      integer NOT NULL,
    ballots_hash {{code}} NOT NULL,
    CHECK (closes > opens),
    CHECK (voters <= roll_size AND invalid <= voters AND changed <= voters AND paper <= voters)
);
CREATE INDEX polls_community ON polls (community, id);
CREATE INDEX polls_street ON polls (street, id);
CREATE INDEX polls_state ON polls (state, id);
CREATE INDEX polls_due ON polls (due_at) WHERE due_at > 0;

CREATE TABLE poll_options (
    poll    {{code}} NOT NULL REFERENCES polls (id),
    id      {{code}} NOT NULL,
    title   text NOT NULL,
    cost    bigint NOT NULL CHECK (cost >= 0),
    project {{code}} NOT NULL,
    PRIMARY KEY (poll, id)
);
CREATE INDEX poll_options_project ON poll_options (project) WHERE project <> '';

-- The roll 名册, frozen at the opening. It tells who may vote and whether a
-- ballot came in, never when, how or which.
CREATE TABLE poll_roll (
    poll      {{code}} NOT NULL REFERENCES polls (id),
    voter     {{code}} NOT NULL,
    household {{code}} NOT NULL,
    voted     integer NOT NULL,
    PRIMARY KEY (poll, voter)
);
CREATE INDEX poll_roll_household ON poll_roll (poll, household);

-- The box 票箱: the one table that ties a voter to a ballot, emptied at the close.
CREATE TABLE poll_box (
    poll      {{code}} NOT NULL REFERENCES polls (id),
    household {{code}} NOT NULL,
    voter     {{code}} NOT NULL,
    receipt   {{code}} NOT NULL,
    choices   text NOT NULL,
    changes   integer NOT NULL,
    paper     integer NOT NULL,
    invalid   integer NOT NULL,
    PRIMARY KEY (poll, household)
);

-- The first of two entries of a paper or telephone ballot.
CREATE TABLE poll_papers (
    poll      {{code}} NOT NULL REFERENCES polls (id),
    household {{code}} NOT NULL,
    voter     {{code}} NOT NULL,
    staff     {{code}} NOT NULL,
    choices   text NOT NULL,
    invalid   integer NOT NULL,
    PRIMARY KEY (poll, household)
);

-- Ballots that were checked but not yet put in; dropped with the ballot and at the close.
CREATE TABLE poll_drafts (
    poll    {{code}} NOT NULL REFERENCES polls (id),
    voter   {{code}} NOT NULL,
    choices text NOT NULL,
    PRIMARY KEY (poll, voter)
);
CREATE INDEX poll_drafts_voter ON poll_drafts (voter);

-- The ballots as published: no voter, no time, no order but the random receipt's.
CREATE TABLE poll_ballots (
    poll    {{code}} NOT NULL REFERENCES polls (id),
    receipt {{code}} NOT NULL,
    choices text NOT NULL,
    PRIMARY KEY (poll, receipt)
);

CREATE TABLE poll_results (
    poll   {{code}} PRIMARY KEY REFERENCES polls (id),
    result text NOT NULL
);

-- +goose Down
DROP TABLE poll_results;
DROP TABLE poll_ballots;
DROP TABLE poll_drafts;
DROP TABLE poll_papers;
DROP TABLE poll_box;
DROP TABLE poll_roll;
DROP TABLE poll_options;
DROP TABLE polls;
