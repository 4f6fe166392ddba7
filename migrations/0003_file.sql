-- +goose Up
-- Uploaded files 附件: the bytes lie in the blob store under the id. A file
-- belongs to nothing (subject '') until a feature attaches it to its matter.
CREATE TABLE files (
    id           {{code}} PRIMARY KEY,
    owner        {{code}} NOT NULL,
    name         text NOT NULL,
    media        {{code}} NOT NULL,
    bytes        bigint NOT NULL CHECK (bytes >= 0),
    sha256       {{code}} NOT NULL,
    width        integer NOT NULL CHECK (width >= 0),
    height       integer NOT NULL CHECK (height >= 0),
    created_at   bigint NOT NULL,
    subject      {{code}} NOT NULL DEFAULT '',
    subject_kind {{code}} NOT NULL DEFAULT '',
    position     integer NOT NULL DEFAULT 0,
    deleted      bigint NOT NULL DEFAULT 0,
    CHECK ((subject = '') = (subject_kind = ''))
);
CREATE INDEX files_subject ON files (subject, position);
CREATE INDEX files_loose ON files (owner, subject);
CREATE INDEX files_deleted ON files (deleted) WHERE deleted > 0;

-- +goose Down
DROP TABLE files;
