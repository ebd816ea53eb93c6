-- One database an experiment (or a shard of it). The parent process is the only writer, one transaction an attempt.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- The last state of every run that came to an end; a run without a row is still to be done.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    variant INTEGER NOT NULL, point INTEGER NOT NULL, replicate INTEGER NOT NULL,
    run_key TEXT NOT NULL, seed INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    digest TEXT NOT NULL,
    error_type TEXT NOT NULL, error TEXT NOT NULL,
    UNIQUE (variant, point, replicate)
);

-- Every attempt, also those that were lost or failed: what differs from one execution to the next.
CREATE TABLE attempts (
    variant INTEGER NOT NULL, point INTEGER NOT NULL, replicate INTEGER NOT NULL,
    attempt INTEGER NOT NULL, status TEXT NOT NULL,
    started REAL NOT NULL, seconds REAL NOT NULL, burn_in_seconds REAL NOT NULL, peak_mb REAL NOT NULL,
    host TEXT NOT NULL, pid INTEGER NOT NULL,
    error_type TEXT NOT NULL, error TEXT NOT NULL, traceback TEXT NOT NULL,
    PRIMARY KEY (variant, point, replicate, attempt)
) WITHOUT ROWID;

-- Words behind the numbers in series; kind is indicator, jurisdiction or sector.
CREATE TABLE names (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name));

CREATE TABLE series (
    run INTEGER NOT NULL, indicator INTEGER NOT NULL, jurisdiction INTEGER NOT NULL, sector INTEGER NOT NULL,
    year INTEGER NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (run, indicator, year, jurisdiction, sector)
) WITHOUT ROWID;

CREATE VIEW outputs AS
SELECT r.variant, r.point, r.replicate, s.year, j.name AS jurisdiction, c.name AS sector, i.name AS indicator, s.value
FROM series s JOIN runs r ON r.id = s.run
JOIN names i ON i.id = s.indicator JOIN names j ON j.id = s.jurisdiction JOIN names c ON c.id = s.sector;
