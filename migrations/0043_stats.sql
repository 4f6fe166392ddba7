-- +goose Up
-- Figures 数据看板, kept by a reader of events and made anew from them at any
-- time: how often something happened, by place (community, street and district
-- each have their own row), kind and day; day '' is how many there are now.
CREATE TABLE stats_counts (
    kind  {{code}} NOT NULL,
    what  {{code}} NOT NULL,
    place {{code}} NOT NULL,
    day   {{code}} NOT NULL,
    n     bigint NOT NULL,
    PRIMARY KEY (kind, what, place, day)
);
CREATE INDEX stats_counts_place ON stats_counts (place, day);

-- Where each matter stands, so that it is counted once.
CREATE TABLE stats_matters (
    subject  {{code}} PRIMARY KEY,
    kind     {{code}} NOT NULL,
    place    {{code}} NOT NULL,
    state    {{code}} NOT NULL,
    category {{code}} NOT NULL,
    shown    integer NOT NULL,
    answered integer NOT NULL
);

-- +goose Down
DROP TABLE stats_matters;
DROP TABLE stats_counts;
