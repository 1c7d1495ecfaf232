PRAGMA application_id = 1229736787;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE diary (
            number INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, event TEXT NOT NULL, says TEXT NOT NULL,
            until INTEGER, source TEXT NOT NULL, count INTEGER NOT NULL
        ) STRICT;
INSERT INTO "diary" VALUES(1,1790000000000000000,'started','It began.',NULL,'eth0',0);
CREATE TABLE findings (
            id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, time INTEGER NOT NULL, last INTEGER NOT NULL,
            count INTEGER NOT NULL, severity TEXT NOT NULL, detector TEXT NOT NULL, body TEXT NOT NULL
        ) STRICT;
INSERT INTO "findings" VALUES('a',3,1790000000000000000,1790000000000000001,9,'high','sweep','{"id":"a","detector":"sweep","version":1,"kind":"alert","severity":"high","confidence":0.5,"title":"Title of a","explanation":"Seen \u202e and \u00fc.","time":1790000000000000000,"last":1790000000000000001,"count":9,"realm":"","machines":["10.0.0.2"],"assets":[],"evidence":[{"source":"a","frames":[1,2],"total":2,"table":"","note":""}],"techniques":[],"requirements":[],"actions":[{"text":"look","risk":"none"}],"accepted":"known","accepted_until":"2999-01-01","data":[["a","b"]]}');
INSERT INTO "findings" VALUES('b',2,1790000000000000000,1790000000000000001,3,'high','sweep','{"id":"b","detector":"sweep","version":1,"kind":"alert","severity":"high","confidence":0.5,"title":"Title of b","explanation":"Seen \u202e and \u00fc.","time":1790000000000000000,"last":1790000000000000001,"count":3,"realm":"","machines":["10.0.0.2"],"assets":[],"evidence":[{"source":"a","frames":[1,2],"total":2,"table":"","note":""}],"techniques":[],"requirements":[],"actions":[{"text":"look","risk":"none"}],"accepted":null,"accepted_until":null,"data":[["a","b"]]}');
CREATE TABLE states (name TEXT PRIMARY KEY, time INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
INSERT INTO "states" VALUES('inventory',1790000000000000000,X'00017374617465');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('diary',1);
COMMIT;
