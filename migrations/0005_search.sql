-- +goose Up
-- Search 检索: what anybody may read, and nothing else; built by a reader of
-- events and made anew from them at any time. doc follows from the subject's
-- id, so that newest first is a walk of the index on both engines.
CREATE TABLE search_docs (
    doc     {{sqlite integer}}{{pg bigint}} PRIMARY KEY,
    kind    {{code}} NOT NULL,
    subject {{code}} NOT NULL UNIQUE,
    place   {{code}} NOT NULL,
    title   text NOT NULL,
    at      bigint NOT NULL,
    version bigint NOT NULL,
    sum     {{code}} NOT NULL{{pg ,
    words   tsvector NOT NULL}}
);

-- The tokens: words of the text, and the scope (kind and places above) that
-- narrows a search inside the index. On PostgreSQL new entries go straight into
-- the index, because every search would read a waiting list from end to end.
{{sqlite CREATE VIRTUAL TABLE search_fts USING fts5(words, scope, content='', contentless_delete=1, prefix='1');}}{{pg CREATE INDEX search_docs_words ON search_docs USING gin (words) WITH (fastupdate = off);}}

-- The planner walks by number for a frequent word and takes the index for a
-- rare one; to tell them apart it must know more words than the usual thousand.
{{pg ALTER TABLE search_docs ALTER COLUMN words SET STATISTICS 1000;}}

-- +goose Down
{{sqlite DROP TABLE search_fts;}}
DROP TABLE search_docs;
