/// A list of migrations that only grows: `user_version` is how many of them a file has.
struct Schema: Sendable {
    /// Marks the file as ours; four letters.
    let applicationID: Int32
    let migrations: [String]

    static let history = Schema(
        applicationID: 0x4757_4831, migrations: [historyOne, historyTwo, historyThree, historyFour])
    static let journal = Schema(applicationID: 0x4757_4A31, migrations: [journalOne])
}

// STRICT and CHECK, because SQLite would else keep NaN as NULL and 'abc' in a REAL column (T4).
// A user's 64 bits are kept as the signed number with the same bits.
private let historyOne = """
    CREATE TABLE rollouts (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE streams (
        id INTEGER PRIMARY KEY,
        rollout INTEGER NOT NULL REFERENCES rollouts(id),
        region TEXT NOT NULL,
        generation INTEGER NOT NULL CHECK (generation >= 0),
        arm TEXT NOT NULL CHECK (arm IN ('stable', 'candidate', 'mirror', 'fallback')),
        version TEXT NOT NULL,
        digest TEXT NOT NULL CHECK (length(digest) = 64),
        UNIQUE (rollout, region, generation, arm, version, digest)) STRICT;
    CREATE TABLE predictions (
        id INTEGER PRIMARY KEY,
        prediction TEXT NOT NULL CHECK (length(prediction) BETWEEN 1 AND 64),
        arm TEXT NOT NULL,
        stream INTEGER NOT NULL REFERENCES streams(id),
        at INTEGER NOT NULL,
        latency INTEGER NOT NULL CHECK (latency >= 0),
        output TEXT CHECK (output IS NULL OR length(output) <= 4096),
        confidence REAL CHECK (confidence IS NULL OR confidence BETWEEN 0 AND 1),
        unit INTEGER NOT NULL,
        judged INTEGER CHECK (judged IN (0, 1)),
        paired INTEGER NOT NULL DEFAULT 0 CHECK (paired IN (0, 1)),
        UNIQUE (prediction, arm)) STRICT;
    CREATE INDEX predictions_at ON predictions (at);
    CREATE TABLE labels (
        prediction TEXT PRIMARY KEY, truth TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX labels_at ON labels (at);
    CREATE TABLE measurements (
        prediction TEXT NOT NULL, metric TEXT NOT NULL, value REAL NOT NULL,
        at INTEGER NOT NULL, met INTEGER NOT NULL DEFAULT 0 CHECK (met IN (0, 1)),
        PRIMARY KEY (prediction, metric)) STRICT, WITHOUT ROWID;
    CREATE INDEX measurements_at ON measurements (at);
    CREATE TABLE facts (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        rollout INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        answer INTEGER NOT NULL REFERENCES predictions(id) ON DELETE CASCADE,
        event TEXT NOT NULL CHECK (event IN ('answered', 'labelled', 'measured', 'paired')),
        metric TEXT,
        value REAL,
        result INTEGER CHECK (result IN (0, 1)),
        previously INTEGER CHECK (previously IN (0, 1))) STRICT;
    CREATE INDEX facts_rollout ON facts (rollout, sequence);
    CREATE INDEX facts_answer ON facts (answer);
    CREATE TABLE swept (id INTEGER PRIMARY KEY CHECK (id = 1), before INTEGER NOT NULL) STRICT;
    CREATE TABLE evidence (
        run TEXT PRIMARY KEY, sequence INTEGER NOT NULL, bytes BLOB NOT NULL,
        sha256 BLOB NOT NULL CHECK (length(sha256) = 32)) STRICT;
    CREATE TABLE steady (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        elapsed INTEGER NOT NULL CHECK (elapsed >= 0)) STRICT;
    INSERT INTO steady VALUES (1, 0);
    CREATE TABLE step_starts (
        rollout TEXT NOT NULL, decision INTEGER NOT NULL CHECK (decision >= 0),
        elapsed INTEGER NOT NULL CHECK (elapsed >= 0),
        PRIMARY KEY (rollout, decision)) STRICT, WITHOUT ROWID;
    CREATE TABLE decisions (
        rollout TEXT NOT NULL, number INTEGER NOT NULL CHECK (number >= 1), kind TEXT NOT NULL,
        at INTEGER NOT NULL, "commit" TEXT NOT NULL, subject TEXT NOT NULL,
        "from" TEXT, "to" TEXT, digest TEXT,
        PRIMARY KEY (rollout, number)) STRICT, WITHOUT ROWID;
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY, rollout TEXT NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX notes_rollout ON notes (rollout, id);
    CREATE TABLE traffic (
        rollout TEXT NOT NULL, region TEXT NOT NULL, arm TEXT NOT NULL, minute INTEGER NOT NULL,
        answers INTEGER NOT NULL CHECK (answers >= 0),
        failures INTEGER NOT NULL CHECK (failures BETWEEN 0 AND answers),
        PRIMARY KEY (rollout, region, arm, minute)) STRICT, WITHOUT ROWID;
    CREATE INDEX traffic_minute ON traffic (minute);
    """

// Facts learn to compare. SQLite cannot change a CHECK, so the table is made anew, with the same
// sequence numbers and the same next one.
private let historyTwo = """
    CREATE TABLE facts_two (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        rollout INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        answer INTEGER NOT NULL REFERENCES predictions(id) ON DELETE CASCADE,
        event TEXT NOT NULL
            CHECK (event IN ('answered', 'labelled', 'measured', 'paired', 'compared')),
        metric TEXT,
        value REAL,
        result INTEGER CHECK (result IN (0, 1)),
        previously INTEGER CHECK (previously IN (0, 1))) STRICT;
    INSERT INTO facts_two
        SELECT f.sequence, f.rollout, f.generation, f.answer, f.event, f.metric,
            CASE f.event WHEN 'labelled' THEN (
                SELECT coalesce(l.at, p.at) FROM predictions p
                LEFT JOIN labels l ON l.prediction = p.prediction WHERE p.id = f.answer)
            ELSE f.value END, f.result, f.previously
        FROM facts f;
    DELETE FROM sqlite_sequence WHERE name = 'facts_two';
    INSERT INTO sqlite_sequence (name, seq)
        SELECT 'facts_two', seq FROM sqlite_sequence WHERE name = 'facts';
    DROP TABLE facts;
    ALTER TABLE facts_two RENAME TO facts;
    CREATE INDEX facts_rollout ON facts (rollout, sequence);
    CREATE INDEX facts_answer ON facts (answer);
    """

// When an approval was first seen: whether its key counts is judged by that.
private let historyThree = """
    CREATE TABLE approvals_seen (
        payload TEXT PRIMARY KEY CHECK (length(payload) = 64), at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """

// A step is known by the file of its decision. Those of the old table begin again: later, never
// earlier.
private let historyFour = """
    DROP TABLE step_starts;
    CREATE TABLE step_starts (
        record TEXT PRIMARY KEY CHECK (length(record) = 64),
        elapsed INTEGER NOT NULL CHECK (elapsed >= 0)) STRICT, WITHOUT ROWID;
    """

private let journalOne = """
    CREATE TABLE entries (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        rollout TEXT NOT NULL,
        bytes BLOB NOT NULL,
        at INTEGER NOT NULL,
        sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
        read_back BLOB,
        decision INTEGER CHECK (decision >= 1),
        "commit" TEXT,
        CHECK ((decision IS NULL) = ("commit" IS NULL))) STRICT;
    CREATE INDEX entries_pending ON entries (position) WHERE decision IS NULL;
    """
