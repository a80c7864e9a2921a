import Basics
import Identity
import Prompts
import Store
import Testing

@Suite("Replacements of prompts in the store")
struct PromptStoreTests {
    private func replacement(
        _ id: String, _ tenant: TenantID?, _ language: String?, _ origin: PromptReplacement.Origin = .upload,
        name: String = "a.wav"
    ) -> PromptReplacement {
        PromptReplacement(
            key: PromptKey(stored: id, tenant: tenant, language: language), origin: origin,
            sound: KeptSound(
                file: String(repeating: "a", count: 64), bytes: 32_044, duration: .milliseconds(1250),
                loudnessBefore: -11.5,
                loudness: -23.02, source: String(repeating: "b", count: 64)),
            originalName: name, changedBy: "marie", changedAt: WallTime(secondsSinceEpoch: 99))
    }

    @Test("a replacement is kept whole, one for each prompt, tenant, language and origin (MV-MEDIA-06)")
    func roundTrip() throws {
        let folder = TemporaryFolder()
        let database = try Database(folder: folder.path)
        let tenant = try database.tenants.create(try NewTenant(name: "acme", domains: ["acme.example"])).id
        let rows = [
            replacement("vm-intro", nil, "fr"), replacement("vm-intro", tenant, "fr"),
            replacement("vm-intro", tenant, "fr", .configuration), replacement("music", tenant, nil),
            replacement("upload/x", nil, nil),
        ]
        for row in rows { try database.prompts.put(row) }
        #expect(Set(try database.prompts.replacements()) == Set(rows))
        let changed = replacement("vm-intro", tenant, "fr", name: "b.wav")
        try database.prompts.put(changed)
        #expect(try database.prompts.replacements().count == rows.count)
        #expect(try database.prompts.remove(changed.key, origin: .upload) == changed)
        #expect(try database.prompts.remove(changed.key, origin: .upload) == nil)
        #expect(Set(try database.prompts.replacements()) == Set(rows).subtracting([rows[1]]))
    }

    @Test("a running server notices every change")
    func version() throws {
        let folder = TemporaryFolder()
        let database = try Database(folder: folder.path)
        let before = try database.directoryVersion()
        try database.prompts.put(replacement("music", nil, nil))
        let put = try database.directoryVersion()
        _ = try database.prompts.remove(replacement("music", nil, nil).key, origin: .upload)
        #expect(before < put)
        #expect(try put < database.directoryVersion())
    }

    @Test("a tenant that is not there has no prompts")
    func unknownTenant() throws {
        let folder = TemporaryFolder()
        let database = try Database(folder: folder.path)
        let refusal = #expect(throws: PromptRefusal.self) {
            try database.prompts.put(replacement("music", TenantID(77), nil))
        }
        #expect(refusal?.description.contains("refused by the database") == true)
    }

    @Test("the link to the operator's studio is kept (OI-145)")
    func studio() throws {
        let folder = TemporaryFolder()
        let database = try Database(folder: folder.path)
        #expect(try database.prompts.studioLink() == nil)
        try database.prompts.setStudioLink("https://studio.example/")
        #expect(try database.prompts.studioLink() == "https://studio.example/")
        try database.prompts.setStudioLink(nil)
        #expect(try database.prompts.studioLink() == nil)
    }
}
