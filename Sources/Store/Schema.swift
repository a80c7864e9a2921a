/// One step of the schema; its text is never edited once released, only followed by another.
package struct Migration: Sendable {
    /// Counts from 1 without gaps; the database keeps the last one applied as its `user_version`.
    package let number: Int
    package let name: String
    package let sql: String
}

/// Every step there is, in order.
package enum Schema {
    package static let migrations: [Migration] = [
        Migration(number: 1, name: "0001-first-call", sql: firstCall),
        Migration(number: 2, name: "0002-phone-states", sql: phoneStates),
        Migration(number: 3, name: "0003-binding-listeners", sql: bindingListeners),
        Migration(number: 4, name: "0004-registered-host", sql: registeredHost),
        Migration(number: 5, name: "0005-call-quality", sql: callQuality),
        Migration(number: 6, name: "0006-prompts", sql: prompts),
        Migration(number: 7, name: "0007-service-numbers", sql: serviceNumbers),
    ]

    /// Durations are in seconds, `…_at` columns in microseconds since 1970 (UTC), settings are JSON whose missing keys mean defaults.
    ///
    /// `directory_version` rises with every change of a tenant, user or terminal, whoever makes it, so that a running server
    /// notices what the command line wrote.
    /// What is known of a registered phone beside its registration: whether it answers, and how fast.
    private static let phoneStates: String = """
        CREATE TABLE phone_states (
            tenant_id INTEGER NOT NULL,
            user_id INTEGER NOT NULL,
            key TEXT NOT NULL,
            is_reachable INTEGER NOT NULL CHECK (is_reachable IN (0, 1)),
            round_trip_us INTEGER CHECK (round_trip_us >= 0),
            noted_at INTEGER NOT NULL,
            PRIMARY KEY (tenant_id, user_id, key),
            FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
        ) WITHOUT ROWID;
        """

    /// How a phone calls the server, for what it is shown of others.
    private static let registeredHost: String = "ALTER TABLE bindings ADD COLUMN registered_host TEXT;"
    /// The address that the listener of a registration was bound to: its number means nothing once the configuration changed.
    private static let bindingListeners: String = """
        ALTER TABLE bindings ADD COLUMN bound TEXT NOT NULL DEFAULT '';
        """

    /// Numbers that the server itself answers; `options` is JSON whose keys depend on the kind.
    private static let serviceNumbers: String = """
        CREATE TABLE service_numbers (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
            extension TEXT NOT NULL CHECK (length(extension) BETWEEN 1 AND 16),
            kind TEXT NOT NULL,
            options TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(options)),
            UNIQUE (tenant_id, extension)
        );
        \(directoryTriggers(["service_numbers"]))
        """

    /// Recordings that stand in for prompts and music. `tenant_id` NULL: for all tenants; `language` '': whatever the language; `file` is
    /// the SHA-256 that names the sound in the folder `audio`. Loudness is in LUFS.
    private static let prompts: String = """
        CREATE TABLE prompts (
            tenant_id INTEGER REFERENCES tenants (id) ON DELETE CASCADE,
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
            language TEXT NOT NULL CHECK (language = lower(language) AND length(language) <= 35),
            origin TEXT NOT NULL CHECK (origin IN ('configuration', 'upload')),
            file TEXT NOT NULL CHECK (length(file) = 64),
            bytes INTEGER NOT NULL CHECK (bytes > 0),
            seconds REAL NOT NULL CHECK (seconds > 0),
            loudness_before REAL NOT NULL,
            loudness REAL NOT NULL,
            source TEXT NOT NULL CHECK (length(source) = 64),
            original_name TEXT NOT NULL,
            changed_by TEXT NOT NULL,
            changed_at INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX prompts_by_name ON prompts (ifnull(tenant_id, 0), name, language, origin);

        \(directoryTriggers(["prompts"]))
        """

    private static let firstCall: String = """
        CREATE TABLE server_settings (
            name TEXT NOT NULL PRIMARY KEY,
            value BLOB NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE directory_version (
            only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
            version INTEGER NOT NULL
        );
        INSERT INTO directory_version (only_row, version) VALUES (1, 1);

        CREATE TABLE tenants (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
            settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings))
        );

        CREATE TABLE tenant_domains (
            domain TEXT NOT NULL PRIMARY KEY CHECK (domain = lower(domain) AND length(domain) BETWEEN 1 AND 253),
            tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
            position INTEGER NOT NULL CHECK (position >= 0),
            UNIQUE (tenant_id, position)
        ) WITHOUT ROWID;

        CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
            extension TEXT NOT NULL CHECK (length(extension) BETWEEN 1 AND 16),
            display_name TEXT NOT NULL,
            is_enabled INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
            UNIQUE (tenant_id, extension),
            UNIQUE (tenant_id, id)
        );

        CREATE TABLE terminals (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant_id INTEGER NOT NULL,
            user_id INTEGER NOT NULL,
            name TEXT NOT NULL,
            auth_username TEXT NOT NULL CHECK (length(auth_username) BETWEEN 1 AND 64),
            secret_md5 TEXT CHECK (length(secret_md5) = 32),
            secret_sha256 TEXT CHECK (length(secret_sha256) = 64),
            secret_sha512t256 TEXT CHECK (length(secret_sha512t256) = 64),
            settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)),
            UNIQUE (tenant_id, auth_username),
            FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
        );
        CREATE INDEX terminals_by_user ON terminals (tenant_id, user_id);

        -- A log: of the rows with one (tenant_id, user_id, key) the one with the highest version counts, and a row with is_removed
        -- says that there is none any more. Appending shares pages between writes where updating in place would not.
        CREATE TABLE bindings (
            version INTEGER NOT NULL PRIMARY KEY,
            tenant_id INTEGER NOT NULL,
            user_id INTEGER NOT NULL,
            key TEXT NOT NULL,
            is_removed INTEGER NOT NULL CHECK (is_removed IN (0, 1)),
            terminal_id INTEGER REFERENCES terminals (id) ON DELETE CASCADE,
            contact TEXT NOT NULL,
            contact_parameters TEXT NOT NULL,
            q INTEGER NOT NULL CHECK (q BETWEEN 0 AND 1000),
            call_id TEXT NOT NULL,
            cseq INTEGER NOT NULL CHECK (cseq BETWEEN 0 AND 4294967295),
            expires_at INTEGER NOT NULL,
            instance TEXT,
            reg_id INTEGER CHECK (reg_id > 0),
            path TEXT NOT NULL,
            listener INTEGER NOT NULL CHECK (listener BETWEEN 0 AND 255),
            transport TEXT NOT NULL CHECK (transport IN ('UDP', 'TCP', 'TLS', 'WS', 'WSS')),
            remote TEXT NOT NULL,
            user_agent TEXT,
            is_behind_nat INTEGER NOT NULL CHECK (is_behind_nat IN (0, 1)),
            listens_at_contact_port INTEGER NOT NULL CHECK (listens_at_contact_port IN (0, 1)),
            suspected_alg TEXT,
            registered_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            gruu_seed INTEGER NOT NULL,
            CHECK ((terminal_id IS NULL) = (is_removed = 1)),
            FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
        );

        -- Users are named by number without a foreign key: a record outlives its user.
        CREATE TABLE call_records (
            epoch INTEGER NOT NULL CHECK (epoch BETWEEN 0 AND 4294967295),
            shard INTEGER NOT NULL CHECK (shard BETWEEN 0 AND 255),
            number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
            tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
            caller_user_id INTEGER,
            caller_uri TEXT NOT NULL,
            caller_display TEXT NOT NULL,
            dialled TEXT NOT NULL,
            callee_user_id INTEGER,
            callee_uri TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            ringing_at INTEGER,
            answered_at INTEGER,
            ended_at INTEGER,
            outcome TEXT,
            hangup_by TEXT CHECK (hangup_by IN ('caller', 'callee', 'server')),
            sip_status INTEGER CHECK (sip_status BETWEEN 100 AND 699),
            reason TEXT NOT NULL,
            media TEXT NOT NULL CHECK (json_valid(media)),
            PRIMARY KEY (epoch, shard, number),
            CHECK ((outcome IS NULL) = (ended_at IS NULL))
        ) WITHOUT ROWID;
        CREATE INDEX call_records_by_time ON call_records (tenant_id, started_at);
        CREATE INDEX call_records_open ON call_records (tenant_id) WHERE outcome IS NULL;

        \(directoryTriggers(["tenants", "tenant_domains", "users", "terminals"]))
        """

    private static func directoryTriggers(_ tables: [String]) -> String {
        var sql: String = ""
        for table in tables {
            for event in ["INSERT", "UPDATE", "DELETE"] {
                sql += """
                    CREATE TRIGGER \(table)_\(event.lowercased())_seen AFTER \(event) ON \(table) BEGIN
                        UPDATE directory_version SET version = version + 1;
                    END;

                    """
            }
        }
        return sql
    }
}
