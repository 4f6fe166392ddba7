-- +goose Up
-- Wishes 微心愿.
CREATE TABLE wishes (
    id            {{code}} PRIMARY KEY,
    state         {{code}} NOT NULL CHECK (state IN ('review', 'open', 'claimed', 'delivered', 'fulfilled', 'disputed', 'lapsed', 'returned', 'withdrawn', 'expired', 'converted')),
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
    category      {{code}} NOT NULL,
    location_note text NOT NULL,
    price_note    text NOT NULL,
    total         bigint NOT NULL CHECK (total >= 0),
    unit          text NOT NULL,
    claimed       bigint NOT NULL CHECK (claimed >= 0),
    delivered     bigint NOT NULL CHECK (delivered >= 0),
    visibility    {{code}} NOT NULL CHECK (visibility IN ('public', 'private')),
    wanted_by     bigint NOT NULL,
    tier          integer NOT NULL CHECK (tier BETWEEN 1 AND 3),
    tier_at       bigint NOT NULL,
    rank          {{code}} NOT NULL CHECK (rank IN ('community', 'street', 'district')),
    offered_to    {{code}} NOT NULL,
    helped        {{code}} NOT NULL,
    helped_name   text NOT NULL,
    helped_phone  text NOT NULL,
    consent_how   {{code}} NOT NULL,
    consent_by    text NOT NULL,
    consent_at    bigint NOT NULL,
    outcome       {{code}} NOT NULL,
    satisfied     {{code}} NOT NULL,
    channel       {{code}} NOT NULL,
    disputes      integer NOT NULL,
    on_spot       integer NOT NULL,
    same_hand     integer NOT NULL,
    reviewer      {{code}} NOT NULL,
    urged_at      bigint NOT NULL,
    origin        {{code}} NOT NULL,
    became        {{code}} NOT NULL,
    CHECK (total = 0 OR claimed <= total),
    CHECK (total > 0 OR claimed <= 1),
    CHECK (delivered <= claimed)
);
CREATE INDEX wishes_community ON wishes (community, id);
CREATE INDEX wishes_community_state ON wishes (community, state, id);
CREATE INDEX wishes_street ON wishes (street, id);
CREATE INDEX wishes_state ON wishes (state, id);
CREATE INDEX wishes_author ON wishes (author, id);
CREATE INDEX wishes_helped ON wishes (helped, id);
CREATE INDEX wishes_due ON wishes (due_at) WHERE due_at > 0;

CREATE TABLE wish_claims (
    id        {{code}} PRIMARY KEY,
    wish      {{code}} NOT NULL REFERENCES wishes (id),
    account   {{code}} NOT NULL,
    grp       {{code}} NOT NULL,
    amount    bigint NOT NULL CHECK (amount >= 0),
    delivered bigint NOT NULL CHECK (delivered >= 0 AND delivered <= amount),
    state     {{code}} NOT NULL CHECK (state IN ('held', 'delivered', 'released', 'lapsed')),
    lead      integer NOT NULL,
    until     bigint NOT NULL,
    at        bigint NOT NULL
);
CREATE INDEX wish_claims_wish ON wish_claims (wish, id);
CREATE INDEX wish_claims_account ON wish_claims (account, wish);
CREATE INDEX wish_claims_grp ON wish_claims (grp, wish);
CREATE UNIQUE INDEX wish_claims_lead ON wish_claims (wish) WHERE lead = 1 AND state IN ('held', 'delivered');

-- +goose Down
DROP TABLE wish_claims;
DROP TABLE wishes;
