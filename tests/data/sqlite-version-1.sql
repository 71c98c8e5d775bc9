-- A store of version 1, as the program of that time wrote it: two sites, a line of three links, a line whose
-- first parent was deleted and made again as the last one's child, clicks, unfurls and bare clicks.
BEGIN TRANSACTION;
CREATE TABLE sites (
        id INTEGER PRIMARY KEY,
        ident TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE,
        body TEXT NOT NULL
    ) STRICT;
INSERT INTO sites VALUES(1,'DM4Ux2iY','The Courier','{"id":"DM4Ux2iY","name":"The Courier","destinations":["example.com","xn--bcher-kva.example"],"origins":["https://www.example.com"],"consent":"aggregate","utm":true,"forward_query":false,"created_at":"2026-11-22T07:57:16.415572047Z","keys":[{"kind":"publishable","hash":"bb3dc491b194bbd87a3145236d0667f3777d3073a4dc538bc6534b60489a3251"},{"kind":"secret","hash":"dcd9babf3102e2623bd551f24aa1cfb25853a4ad6cf6e17e2954940e751901aa"}]}');
INSERT INTO sites VALUES(2,'NxJm4IuZ','radio','{"id":"NxJm4IuZ","name":"radio","destinations":["*"],"origins":[],"consent":null,"utm":false,"forward_query":false,"created_at":"2026-11-22T07:57:16.519450544Z","keys":[{"kind":"publishable","hash":"432c00378f3de73dee426a57e5137bfcba4d8391163edd9b1a77b40f7bb9031c"},{"kind":"secret","hash":"8a2e2297bd33d5130efb2f9ce9d391f186d43a692fdcebab9bcca0b817b33213"}]}');
CREATE TABLE site_keys (
        hash TEXT PRIMARY KEY,
        site INTEGER NOT NULL REFERENCES sites (id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO site_keys VALUES('432c00378f3de73dee426a57e5137bfcba4d8391163edd9b1a77b40f7bb9031c',2);
INSERT INTO site_keys VALUES('8a2e2297bd33d5130efb2f9ce9d391f186d43a692fdcebab9bcca0b817b33213',2);
INSERT INTO site_keys VALUES('bb3dc491b194bbd87a3145236d0667f3777d3073a4dc538bc6534b60489a3251',1);
INSERT INTO site_keys VALUES('dcd9babf3102e2623bd551f24aa1cfb25853a4ad6cf6e17e2954940e751901aa',1);
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
        taken_down INTEGER NOT NULL
    ) STRICT;
INSERT INTO links VALUES(1,'first',1,'https://example.com/a?b=1','email','été & co','A title',NULL,1795334237565,NULL,0,0);
INSERT INTO links VALUES(2,'second',1,'https://example.com/a?b=1','sms',NULL,NULL,'first',1795334237618,NULL,0,0);
INSERT INTO links VALUES(3,'third',1,'https://example.com/a?b=1','whatsapp',NULL,NULL,'second',1795334237633,4070908800000,0,0);
INSERT INTO links VALUES(5,'orphan',1,'https://example.com/a?b=1','copy',NULL,NULL,'gone',1795334237720,NULL,0,0);
INSERT INTO links VALUES(6,'orphans-child',1,'https://example.com/a?b=1','copy',NULL,NULL,'orphan',1795334237763,NULL,0,0);
INSERT INTO links VALUES(7,'radio1',2,'https://example.com/','telegram',NULL,NULL,NULL,1795334237902,NULL,0,0);
INSERT INTO links VALUES(8,'gone',1,'https://example.com/again','viber',NULL,NULL,'orphans-child',1795334238122,NULL,0,0);
CREATE TABLE once_names (
        site INTEGER NOT NULL,
        name BLOB NOT NULL,
        link INTEGER NOT NULL REFERENCES links (id) ON DELETE CASCADE,
        PRIMARY KEY (site, name)
    ) STRICT, WITHOUT ROWID;
INSERT INTO once_names VALUES(1,X'ee656ec33058b916b6b96657100a8265',1);
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
INSERT INTO counts VALUES(1,20779,1,2,3,3,0);
INSERT INTO counts VALUES(1,20779,3,0,0,0,1);
INSERT INTO counts VALUES(2,20779,7,1,0,0,0);
CREATE TABLE journals (
        name TEXT PRIMARY KEY,
        mark INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO journals VALUES('journal0version1',1795334236578387);
CREATE TABLE secrets (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO secrets VALUES('session',X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('links',8);
CREATE INDEX links_by_age ON links (site, created_at, code);
CREATE INDEX once_names_by_link ON once_names (link);
COMMIT;
PRAGMA user_version = 1;
