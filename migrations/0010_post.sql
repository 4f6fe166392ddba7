-- +goose Up
-- Posts 微平台: news, notices and disclosure of the channels of district, street and community.
CREATE TABLE posts (
    id           {{code}} PRIMARY KEY,
    state        {{code}} NOT NULL CHECK (state IN ('draft', 'submitted', 'published', 'retracted')),
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
    summary      text NOT NULL,
    channel      {{code}} NOT NULL CHECK (channel IN ('district', 'street', 'community', 'party_affairs', 'government_affairs', 'residents_affairs')),
    heading      text NOT NULL,
    topic        {{code}} NOT NULL CHECK (topic IN ('', 'news', 'policy', 'volunteering', 'livelihood', 'lost_found', 'anti_fraud')),
    reach        {{code}} NOT NULL,
    lift_to      {{code}} NOT NULL,
    publish_at   bigint NOT NULL,
    published_at bigint NOT NULL,
    shown_at     bigint NOT NULL,
    pinned       integer NOT NULL,
    publisher    {{code}} NOT NULL,
    returned     text NOT NULL,
    likes        bigint NOT NULL DEFAULT 0,
    dislikes     bigint NOT NULL DEFAULT 0,
    comments     bigint NOT NULL DEFAULT 0
);
-- A reader's list is the newest of a few short walks: own community, and what reaches it from above.
CREATE INDEX posts_shown ON posts (shown_at, id);
CREATE INDEX posts_community ON posts (community, shown_at, id) WHERE community <> '';
CREATE INDEX posts_street ON posts (street, shown_at, id) WHERE street <> '';
CREATE INDEX posts_reach ON posts (reach, shown_at, id);
CREATE INDEX posts_author ON posts (author, shown_at, id);
CREATE INDEX posts_state ON posts (state, shown_at, id) WHERE state <> 'published';
CREATE INDEX posts_pinned ON posts (reach, published_at) WHERE pinned = 1;
CREATE INDEX posts_heading ON posts (place, channel, heading, published_at) WHERE heading <> '';
CREATE INDEX posts_due ON posts (due_at) WHERE due_at > 0;

-- Comments in two levels: parent is '' or a comment of the first level.
CREATE TABLE post_comments (
    id           {{code}} PRIMARY KEY,
    post         {{code}} NOT NULL REFERENCES posts (id),
    parent       {{code}} NOT NULL,
    author       {{code}} NOT NULL,
    body         text NOT NULL,
    state        {{code}} NOT NULL CHECK (state IN ('shown', 'hidden', 'withdrawn')),
    version      bigint NOT NULL,
    at           bigint NOT NULL,
    reports      bigint NOT NULL DEFAULT 0,
    moderator    {{code}} NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT '',
    moderated_at bigint NOT NULL DEFAULT 0,
    appeal       text NOT NULL DEFAULT '',
    appeal_at    bigint NOT NULL DEFAULT 0,
    appeal_state {{code}} NOT NULL DEFAULT '' CHECK (appeal_state IN ('', 'open', 'upheld', 'restored'))
);
CREATE INDEX post_comments_post ON post_comments (post, id);
CREATE INDEX post_comments_waiting ON post_comments (id) WHERE reports > 0 OR appeal_state = 'open';

-- One report of one person on one comment.
CREATE TABLE post_reports (
    comment {{code}} NOT NULL REFERENCES post_comments (id),
    account {{code}} NOT NULL,
    reason  text NOT NULL,
    at      bigint NOT NULL,
    PRIMARY KEY (comment, account)
);

-- What was done to comments and why, for everybody to read; no words of the comment.
CREATE TABLE post_moderations (
    id      {{code}} PRIMARY KEY,
    comment {{code}} NOT NULL REFERENCES post_comments (id),
    post    {{code}} NOT NULL,
    place   {{code}} NOT NULL,
    did     {{code}} NOT NULL CHECK (did IN ('hide', 'keep', 'restore', 'uphold')),
    reason  text NOT NULL,
    account {{code}} NOT NULL,
    at      bigint NOT NULL
);
CREATE INDEX post_moderations_place ON post_moderations (place, id);

CREATE TABLE post_reactions (
    post    {{code}} NOT NULL REFERENCES posts (id),
    account {{code}} NOT NULL,
    value   integer NOT NULL CHECK (value IN (-1, 1)),
    PRIMARY KEY (post, account)
);

-- Who wants to hear: target is a post's id or the code of a channel's place.
CREATE TABLE post_follows (
    target  {{code}} NOT NULL,
    account {{code}} NOT NULL,
    at      bigint NOT NULL,
    PRIMARY KEY (target, account)
);
CREATE INDEX post_follows_account ON post_follows (account);

-- +goose Down
DROP TABLE post_follows;
DROP TABLE post_reactions;
DROP TABLE post_moderations;
DROP TABLE post_reports;
DROP TABLE post_comments;
DROP TABLE posts;
