-- +goose Up
-- What a table of matters brought, for taking it back.
CREATE TABLE import_matters (
    batch   {{code}} NOT NULL REFERENCES imports (id),
    line    integer NOT NULL,
    subject {{code}} NOT NULL,
    PRIMARY KEY (batch, line)
);

-- +goose Down
DROP TABLE import_matters;
