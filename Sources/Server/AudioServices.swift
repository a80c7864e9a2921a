import AudioFiles
import Basics
import Foundation
import Identity
import Logging
import Prompts
import Store
import Synchronization
import Telemetry

/// Prompts, music and recordings of a running server.
final class AudioServices: Sendable {
    let library: PromptLibrary
    let recordings: RecordingFiles
    private let configuration: ServerConfiguration
    private let database: Database
    private let desk: PromptDesk
    private let renderer: PromptRenderer
    private let clock: any MartinetClock
    private let logger: Logger
    private let watch: Mutex<StorageWatch>
    private let usage = Mutex<[StorageWatch.Kind: Int]>([:])

    init(_ configuration: ServerConfiguration, _ database: Database, clock: any MartinetClock, logger: Logger) {
        (self.configuration, self.database, self.clock, self.logger) = (configuration, database, clock, logger)
        let audio = configuration.audio
        renderer = PromptRenderer(recordings: HumanRecordings(folder: audio.voices))
        let shelf = SoundShelf(folder: configuration.audioFolder, renderer: renderer)
        var settings = PromptLibrarySettings()
        settings.language = audio.language
        library = PromptLibrary(
            folder: PromptFolder(configuration.promptFolder, renderer: renderer), shelf: shelf, settings: settings)
        recordings = RecordingFiles(folder: configuration.recordingFolder)
        desk = PromptDesk(records: database.prompts, sounds: shelf, shares: audio.shares)
        watch = Mutex(StorageWatch(important: audio.importantPercent, critical: audio.criticalPercent))
    }

    /// Blocks until all that is being recorded is on disk.
    func stop() {
        recordings.close()
        library.close()
    }

    /// Mends what a crash left open, and takes the replacements there are. Before anything is played or recorded.
    func begin() {
        for recording in recordings.repair() {
            if let failure = recording.failure {
                logger.error(
                    "a recording that was cut off can't be mended",
                    metadata: ["recording": "\(recording.name)", "error": "\(failure)"])
            } else {
                logger.warning(
                    "a recording was cut off when the server stopped last; it is mended",
                    metadata: [
                        "recording": "\(recording.name)",
                        "seconds": "\(recording.duration.map { Int($0.inSeconds) } ?? 0)",
                    ])
            }
        }
        reload()
        let missing: [String] = renderer.missingPackages
        if !missing.isEmpty {
            logger.warning(
                "some prompts can't be spoken: packages are missing",
                metadata: ["install": "apt-get install \(missing.joined(separator: " "))"])
        }
    }

    /// Takes the replacements of prompts anew.
    func reload() {
        do {
            let replacements = try database.prompts.replacements()
            library.setReplacements(replacements)
            logger.info("prompts read anew", metadata: ["replacements": "\(replacements.count)"])
        } catch {
            logger.error("prompts could not be read; the old ones stay", metadata: ["error": "\(error)"])
        }
    }

    /// Brings the recordings that the configuration asks for into place. Takes as long as they are: not before the start is over.
    func applyConfiguration() {
        do {
            let directory: Directory = try database.loadDirectory()
            var wanted: [PromptDesk.Configured] = []
            for item in configuration.audio.replacements {
                let tenant: Tenant? = item.tenant.flatMap { name in
                    directory.tenants.first { $0.name == name } ?? directory.tenant(owning: name)
                }
                if let name = item.tenant, tenant == nil {
                    refused(item.path, "there is no tenant \"\(name)\"")
                    continue
                }
                wanted.append(
                    PromptDesk.Configured(
                        key: try PromptKey(item.prompt, tenant: tenant?.id, language: item.language), path: item.path))
            }
            for (path, why) in try desk.apply(wanted, at: clock.wallNow) { refused(path, why.description) }
        } catch {
            logger.error("the configuration's recordings can't be kept", metadata: ["error": "\(error)"])
        }
    }

    private func refused(_ path: String, _ why: String) {
        logger.error(
            "a recording of the configuration is refused; what was there before stays",
            metadata: ["file": "\(path)", "error": "\(why)"])
    }

    // MARK: Storage

    private func share(_ kind: StorageWatch.Kind) -> Int {
        switch kind {
        case .announcements: configuration.audio.shares.announcements
        case .music: configuration.audio.shares.music
        case .voicemail: configuration.audio.recordingShare
        }
    }

    /// Looks how much each kind of file takes, and says so where a threshold is crossed (MV-VM-06).
    func lookAtStorage() {
        let replacements: [PromptReplacement]
        do {
            replacements = try database.prompts.replacements()
        } catch {
            return logger.error("what recordings take on disk can't be looked up", metadata: ["error": "\(error)"])
        }
        for kind in StorageWatch.Kind.allCases {
            let used: Int =
                switch kind {
                case .announcements: replacements.filter { !$0.key.id.isMusic }.reduce(0) { $0 + $1.sound.bytes }
                case .music: replacements.filter(\.key.id.isMusic).reduce(0) { $0 + $1.sound.bytes }
                case .voicemail: SoundCheck.bytes(below: configuration.recordingFolder)
                }
            usage.withLock { $0[kind] = used }
            for event in watch.withLock({ $0.note(kind, used: used, share: share(kind)) }) { tell(event) }
        }
    }

    private func tell(_ event: StorageWatch.Event) {
        let metadata: Logger.Metadata = [
            "file-type": "\(event.kind.rawValue)", "files": "\(event.kind.name)", "percent": "\(event.percent)",
            "threshold": "\(event.level)",
        ]
        if event.isAbove {
            logger.warning("storage use is above a threshold", metadata: metadata)
        } else {
            logger.notice("storage use is below the threshold again", metadata: metadata)
        }
    }

    func addMetrics(to page: inout MetricsPage) {
        let usage = usage.withLock { $0 }
        page.samples(
            "martinet_storage_bytes", .gauge, "Disk taken by a kind of file.",
            StorageWatch.Kind.allCases.map { kind in
                let name: String = kind == .voicemail ? "recordings" : "\(kind)"
                return MetricSample(Double(usage[kind] ?? 0), [(name: "kind", value: name)])
            })
        let figures = recordings.statistics
        page.gauge("martinet_recordings_open", "Recordings being written.", Double(figures.open))
        page.counter("martinet_recordings_total", "Recordings begun.", figures.opened)
        page.counter(
            "martinet_recordings_failed_total", "Recordings that the disk ended, or that lost audio.", figures.failed)
        page.counter(
            "martinet_recorded_bytes_total", "Audio written by recordings that have ended.", figures.bytesWritten)
    }
}
