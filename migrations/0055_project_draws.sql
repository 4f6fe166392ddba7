-- +goose Up
-- What the draw of the residents who accept a project was made from: hashes, no
-- names. A project that is mended and accepted again is drawn for again.
CREATE TABLE project_draws (
    project  {{code}} NOT NULL REFERENCES projects (id),
    version  bigint NOT NULL,
    seed     {{code}} NOT NULL,
    size     integer NOT NULL,
    pool     text NOT NULL,
    PRIMARY KEY (project, version)
);

-- +goose Down
DROP TABLE project_draws;
