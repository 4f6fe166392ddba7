-- +goose Up
-- Livelihood projects 微实事.
CREATE TABLE projects (
    id           {{code}} PRIMARY KEY,
    state        {{code}} NOT NULL CHECK (state IN ('proposed', 'returned', 'merged', 'referred', 'study', 'screened', 'council', 'summarised',
        'polling', 'notice', 'panel', 'deferred', 'selected', 'building', 'acceptance', 'accepted', 'done')),
    version      bigint NOT NULL,
    since        bigint NOT NULL,
    due_at       bigint NOT NULL,
    due_do       {{code}} NOT NULL,
    place        {{code}} NOT NULL,
    community    {{code}} NOT NULL,
    street       {{code}} NOT NULL,
    author       {{code}} NOT NULL,
    created_at   bigint NOT NULL,
    title        text NOT NULL,
    body         text NOT NULL,
    cost         bigint NOT NULL CHECK (cost >= 0),
    ownership    {{code}} NOT NULL CHECK (ownership IN ('public', 'owners', 'unit', 'unclear')),
    fund         text NOT NULL,
    upkeep       text NOT NULL,
    consent      text NOT NULL,
    serves       text NOT NULL,
    wish         {{code}} NOT NULL,
    request      {{code}} NOT NULL,
    shown        integer NOT NULL,
    studied      integer NOT NULL,
    refer_to     text NOT NULL,
    merged_into  {{code}} NOT NULL,
    heard        text NOT NULL,
    doing        text NOT NULL,
    poll         {{code}} NOT NULL,
    votes        bigint NOT NULL,
    voters       bigint NOT NULL,
    roll         bigint NOT NULL,
    chosen       integer NOT NULL,
    line         integer NOT NULL,
    experts      text NOT NULL,
    convened_at  bigint NOT NULL,
    reminded     integer NOT NULL,
    verdict      {{code}} NOT NULL,
    verdict_text text NOT NULL,
    alone        integer NOT NULL,
    due          bigint NOT NULL,
    budget       bigint NOT NULL CHECK (budget >= 0),
    contractor   text NOT NULL,
    warranty     text NOT NULL,
    seed         {{code}} NOT NULL,
    oversight    {{code}} NOT NULL,
    accepted_at  bigint NOT NULL,
    asked        integer NOT NULL
);
CREATE INDEX projects_community ON projects (community, id);
CREATE INDEX projects_street ON projects (street, id);
CREATE INDEX projects_state ON projects (state, id);
CREATE INDEX projects_author ON projects (author, id);
CREATE INDEX projects_merged ON projects (merged_into) WHERE merged_into <> '';
CREATE INDEX projects_wish ON projects (wish) WHERE wish <> '';
CREATE INDEX projects_due ON projects (due_at) WHERE due_at > 0;

-- What people say to a project: positions, objections, opinions, verdicts of the drawn, ratings.
CREATE TABLE project_voices (
    id       {{code}} PRIMARY KEY,
    project  {{code}} NOT NULL REFERENCES projects (id),
    kind     {{code}} NOT NULL CHECK (kind IN ('for', 'worry', 'suggest', 'object', 'opinion', 'juror', 'oversight', 'rating')),
    account  {{code}} NOT NULL,
    body     text NOT NULL,
    verdict  {{code}} NOT NULL,
    interest text NOT NULL,
    post     text NOT NULL,
    answer   {{code}} NOT NULL,
    reason   text NOT NULL,
    at       bigint NOT NULL
);
CREATE INDEX project_voices_project ON project_voices (project, id);
CREATE INDEX project_voices_account ON project_voices (account, project);

CREATE TABLE project_milestones (
    project {{code}} NOT NULL REFERENCES projects (id),
    n       integer NOT NULL,
    title   text NOT NULL,
    done_at bigint NOT NULL,
    note    text NOT NULL,
    PRIMARY KEY (project, n)
);

-- Spending in 分: one enters, another countersigns.
CREATE TABLE project_spending (
    id      {{code}} PRIMARY KEY,
    project {{code}} NOT NULL REFERENCES projects (id),
    amount  bigint NOT NULL CHECK (amount > 0),
    what    text NOT NULL,
    keyed   {{code}} NOT NULL,
    signed  {{code}} NOT NULL,
    at      bigint NOT NULL,
    CHECK (keyed <> signed)
);
CREATE INDEX project_spending_project ON project_spending (project, id);

-- +goose Down
DROP TABLE project_spending;
DROP TABLE project_milestones;
DROP TABLE project_voices;
DROP TABLE projects;
