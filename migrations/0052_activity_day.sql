-- +goose Up
-- A day's activities of a street are a walk of an index, as a community's are.
CREATE INDEX activities_street_starts ON activities (street, starts, id);

-- +goose Down
DROP INDEX activities_street_starts;
