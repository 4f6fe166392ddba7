-- +goose Up
-- Webhooks 事件推送: who outside hears of public events of a place. The signing
-- secret is derived from the installation's, so none is kept here.
CREATE TABLE webhooks (
    id         {{code}} PRIMARY KEY,
    owner      {{code}} NOT NULL,
    place      {{code}} NOT NULL,
    url        text NOT NULL,
    kinds      text NOT NULL,
    state      {{code}} NOT NULL CHECK (state IN ('active', 'disabled', 'ended')),
    reason     {{code}} NOT NULL DEFAULT '',
    rotation   integer NOT NULL DEFAULT 1,
    hold_until bigint NOT NULL DEFAULT 0,
    failing_at bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    active_at  bigint NOT NULL,
    changed_at bigint NOT NULL
);
CREATE INDEX webhooks_place ON webhooks (place, id);
CREATE INDEX webhooks_active ON webhooks (id) WHERE state = 'active';

CREATE TABLE webhook_deliveries (
    id          {{code}} PRIMARY KEY,
    webhook     {{code}} NOT NULL REFERENCES webhooks (id),
    seq         bigint NOT NULL,
    state       {{code}} NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
    tries       integer NOT NULL DEFAULT 0,
    next_at     bigint NOT NULL,
    lease_until bigint NOT NULL DEFAULT 0,
    created_at  bigint NOT NULL,
    ended_at    bigint NOT NULL DEFAULT 0,
    status      integer NOT NULL DEFAULT 0,
    fault       {{code}} NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX webhook_deliveries_once ON webhook_deliveries (webhook, seq);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (webhook, id);

-- +goose Down
DROP TABLE webhook_deliveries;
DROP TABLE webhooks;
