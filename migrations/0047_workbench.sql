-- +goose Up
-- Views of the workbench that a member of staff keeps under a name. A view
-- holds state, category and place; there is nothing in it that names a person.
CREATE TABLE views (
    account  {{code}} NOT NULL REFERENCES accounts (id),
    name     text NOT NULL,
    state    {{code}} NOT NULL,
    category {{code}} NOT NULL,
    place    {{code}} NOT NULL,
    PRIMARY KEY (account, name)
);

-- +goose Down
DROP TABLE views;
