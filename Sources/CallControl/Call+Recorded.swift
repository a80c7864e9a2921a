internal import Basics
internal import Identity
internal import MediaSession

/// Calls that are recorded by a setting.
extension Call {
    /// Once both parties' audio is agreed, what the caller says and hears goes to a file.
    mutating func settleRecording(in env: inout CallEnvironment) {
        guard recorder == nil, isInviteAnswered, let connected = connectedIndex, !legs[connected].isServer,
            [0, connected].contains(where: { legs[$0].settings.recordsCalls == .all }),
            let stream = caller.streams.lazy.compactMap({ $0 }).first(where: { $0.audio != nil })
        else { return }
        let recorder = MediaRecorderID(call: id, number: 1)
        self.recorder = recorder
        let name: String = recordingName
        note("is recorded as \(name)", in: &env)
        env.effects.append(
            .media(.record(RecordingPlan(id: recorder, endpoint: stream.plan.id, name: name, content: .both))))
    }

    /// Below the tenant's own folder; unique, as calls are numbered.
    private var recordingName: String { "tenant-\(tenant.id)/calls/\(id)" }

    mutating func recordingEnded(_ result: RecordingResult, in env: inout CallEnvironment) {
        if case .failed(let why) = result.end {
            note("the recording failed: \(why)", in: &env)
        } else {
            note("recorded \(result.duration.wholeSeconds) s, \(result.bytes) bytes", in: &env)
        }
    }
}
