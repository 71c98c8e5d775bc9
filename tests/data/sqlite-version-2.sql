-- A store of version 2, as the program of that time wrote it: two sites, links with and without a campaign, a child,
-- clicks, bare clicks, and unfurls of known families.
BEGIN TRANSACTION;
CREATE TABLE sites (
        id INTEGER PRIMARY KEY,
        ident TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE,
        body TEXT NOT NULL
    ) STRICT;
INSERT INTO sites VALUES(1,'rqdMJmjL','The Courier','{"id":"rqdMJmjL","name":"The Courier","destinations":["example.com"],"origins":["https://www.example.com"],"consent":"aggregate","utm":false,"forward_query":false,"lineage":true,"created_at":"2026-11-22T08:53:13.853837194Z","keys":[{"kind":"publishable","hash":"998050cf7296e547c5cbedd489c11111d1a0a5f3fd5c17bcf8eaf701388640be"},{"kind":"secret","hash":"adcdfd69e523131780cf72792d985d6a327811efc8326f5dabd66c723516a607"}]}');
INSERT INTO sites VALUES(2,'s0L0icC4','radio','{"id":"s0L0icC4","name":"radio","destinations":["*"],"origins":[],"consent":null,"utm":false,"forward_query":false,"lineage":false,"created_at":"2026-11-22T08:53:13.976509574Z","keys":[{"kind":"publishable","hash":"dbe142d865525915af6d0f7505016a078daf5fcb63c7a9eef0434d453e6ec620"},{"kind":"secret","hash":"382c975365aa7c4eafeccb21fa5b53156d65333090e18de1973c163919dcb9b2"}]}');
CREATE TABLE site_keys (
        hash TEXT PRIMARY KEY,
        site INTEGER NOT NULL REFERENCES sites (id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO site_keys VALUES('382c975365aa7c4eafeccb21fa5b53156d65333090e18de1973c163919dcb9b2',2);
INSERT INTO site_keys VALUES('998050cf7296e547c5cbedd489c11111d1a0a5f3fd5c17bcf8eaf701388640be',1);
INSERT INTO site_keys VALUES('adcdfd69e523131780cf72792d985d6a327811efc8326f5dabd66c723516a607',1);
INSERT INTO site_keys VALUES('dbe142d865525915af6d0f7505016a078daf5fcb63c7a9eef0434d453e6ec620',2);
CREATE TABLE links (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        code TEXT NOT NULL UNIQUE,
        site INTEGER NOT NULL REFERENCES sites (id),
        url TEXT NOT NULL,
        channel TEXT NOT NULL,
        campaign TEXT,
        title TEXT,
        parent TEXT,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        disabled INTEGER NOT NULL,
        taken_down INTEGER NOT NULL,
        generation INTEGER NOT NULL DEFAULT 0
    ) STRICT;
INSERT INTO links VALUES(1,'first',1,'https://example.com/a?b=1','email','été & co',NULL,NULL,1795337596070,NULL,0,0,0);
INSERT INTO links VALUES(2,'second',1,'https://example.com/a?b=1','email','été & co',NULL,'first',1795337596236,NULL,0,0,1);
INSERT INTO links VALUES(3,'third',1,'https://example.com/a?b=1','sms',NULL,NULL,NULL,1795337596251,NULL,0,0,0);
INSERT INTO links VALUES(4,'fourth',1,'https://example.com/b','sms',NULL,NULL,NULL,1795337596289,NULL,0,0,0);
INSERT INTO links VALUES(5,'radio1',2,'https://example.org/','telegram',NULL,NULL,NULL,1795337596352,NULL,0,0,0);
CREATE TABLE once_names (
        site INTEGER NOT NULL,
        name BLOB NOT NULL,
        link INTEGER NOT NULL REFERENCES links (id) ON DELETE CASCADE,
        PRIMARY KEY (site, name)
    ) STRICT, WITHOUT ROWID;
INSERT INTO once_names VALUES(1,X'5e793143f3a7a325726dc9044fd1c9fe',1);
CREATE TABLE counts (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        link INTEGER NOT NULL,
        unfurls INTEGER NOT NULL,
        clicks INTEGER NOT NULL,
        visitors INTEGER NOT NULL,
        aggregate_clicks INTEGER NOT NULL,
        PRIMARY KEY (site, day, link)
    ) STRICT, WITHOUT ROWID;
INSERT INTO counts VALUES(1,20779,1,2,9,7,0);
INSERT INTO counts VALUES(1,20779,2,0,3,3,0);
INSERT INTO counts VALUES(1,20779,3,0,4,4,6);
INSERT INTO counts VALUES(1,20779,4,0,2,2,0);
INSERT INTO counts VALUES(2,20779,5,1,1,1,0);
CREATE TABLE known_unfurls (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        link INTEGER NOT NULL,
        app TEXT NOT NULL,
        unfurls INTEGER NOT NULL,
        PRIMARY KEY (site, day, link, app)
    ) STRICT, WITHOUT ROWID;
INSERT INTO known_unfurls VALUES(1,20779,1,'slack',1);
INSERT INTO known_unfurls VALUES(1,20779,1,'telegram',1);
INSERT INTO known_unfurls VALUES(2,20779,5,'whatsapp',1);
CREATE TABLE journals (
        name TEXT PRIMARY KEY,
        mark INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO journals VALUES('journal0version2',1795337594023442);
CREATE TABLE secrets (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO secrets VALUES('session',X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('links',5);
CREATE INDEX links_by_age ON links (site, created_at, code);
CREATE INDEX once_names_by_link ON once_names (link);
COMMIT;
PRAGMA user_version = 2;
