-- +goose Up
-- Recovery codes 恢复码: ways past the second factor for who has lost the phone.
-- Only a keyed hash is kept; each is good once.
CREATE TABLE recovery_codes (
    account {{code}} NOT NULL REFERENCES accounts (id),
    hash    {{code}} NOT NULL,
    at      bigint NOT NULL,
    used_at bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (account, hash)
);

-- +goose Down
DROP TABLE recovery_codes;
