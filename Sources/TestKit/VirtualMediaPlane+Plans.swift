internal import MediaSession

extension VirtualMediaPlane {
    /// What is wrong with a plan, and with how it goes with its partner's: a shared codec is relayed, anything else can be transcoded.
    static func faults(of plan: MediaEndpointPlan, _ partner: MediaEndpointPlan?) -> [String] {
        var found: [String] = []
        for formats in [plan.incoming, plan.outgoing] where Set(formats.map(\.payloadType)).count != formats.count {
            found.append("\(plan.id): two formats under one number")
        }
        for format in plan.outgoing
        where !isEvent(format) && !plan.incoming.contains(where: { $0.isSameCoding(as: format) }) {
            found.append("\(plan.id): is sent \(format.content), which its description does not name")
        }
        guard let partner, !plan.incoming.isEmpty, !partner.incoming.isEmpty else { return found }
        let (own, its) = (speech(plan), speech(partner))
        guard let first = own.first, let other = its.first else { return found }
        let shared: Bool = own.contains { format in its.contains { $0.isSameCoding(as: format) } }
        if shared, !first.isSameCoding(as: other) {
            found.append("\(plan.id) and \(partner.id) share a codec, and get \(first.content) and \(other.content)")
        } else if !shared, first.codec == nil || other.codec == nil {
            found.append("\(plan.id) and \(partner.id): \(first.content) can't be made of \(other.content)")
        }
        return found
    }

    private static func isEvent(_ format: MediaFormat) -> Bool {
        if case .telephoneEvent = format.content { return true }
        return false
    }

    static func isTranscoded(_ plan: MediaEndpointPlan, _ partner: MediaEndpointPlan?) -> Bool {
        guard let partner, let first = speech(plan).first, let other = speech(partner).first else { return false }
        return !first.isSameCoding(as: other)
    }

    private static func speech(_ plan: MediaEndpointPlan) -> [MediaFormat] {
        plan.outgoing.filter { format in
            switch format.content {
            case .audio, .other: true
            case .telephoneEvent, .comfortNoise: false
            }
        }
    }
}
