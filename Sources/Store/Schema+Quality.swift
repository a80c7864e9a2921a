extension Schema {
    /// What the audio of answered calls was like. Scores are in hundredths; `verdict` is the gravest finding's word, empty where there was
    /// too little to judge; the rest is JSON (see QualityJSON).
    static let callQuality: String = """
        CREATE TABLE call_quality (
            epoch INTEGER NOT NULL,
            shard INTEGER NOT NULL,
            number INTEGER NOT NULL,
            tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
            mos INTEGER CHECK (mos BETWEEN 100 AND 500),
            worst_mos INTEGER CHECK (worst_mos BETWEEN 100 AND 500),
            verdict TEXT NOT NULL,
            answered_ms INTEGER NOT NULL CHECK (answered_ms >= 0),
            ended_ms INTEGER NOT NULL CHECK (ended_ms >= 0),
            findings TEXT NOT NULL CHECK (json_valid(findings)),
            legs TEXT NOT NULL CHECK (json_valid(legs)),
            PRIMARY KEY (epoch, shard, number),
            FOREIGN KEY (epoch, shard, number) REFERENCES call_records (epoch, shard, number) ON DELETE CASCADE
        ) WITHOUT ROWID;
        """
}
