/// What verdicts can be said in.
public enum QualityLanguage: String, Hashable, Sendable, CaseIterable {
    case english = "en"
    case french = "fr"
}

extension CallQuality {
    /// All findings in one sentence; a word that nothing can be said where there are none.
    public func verdict(in language: QualityLanguage) -> String {
        guard !findings.isEmpty else {
            switch language {
            case .english: return "too little was measured to judge"
            case .french: return "trop peu de mesures pour juger"
            }
        }
        return findings.map { $0.text(in: language) }.joined(separator: "; ")
    }

    /// The findings about one leg in one sentence; nil where there are none.
    public func verdict(of leg: UInt16, in language: QualityLanguage) -> String? {
        let own: [QualityFinding] = findings.filter { $0.leg == leg }
        return own.isEmpty ? nil : own.map { $0.text(in: language) }.joined(separator: "; ")
    }
}

extension QualityFinding {
    /// The finding in words. Times are minutes and seconds from the answer on; leg A is the caller.
    public func text(in language: QualityLanguage) -> String {
        switch language {
        case .english: english
        case .french: french
        }
    }

    private var who: String { CallQuality.letter(leg ?? 0) }
    private var listener: String { leg == 0 ? "B" : "A" }

    /// `01:10`, or `1:02:03` from an hour on; to the nearest second.
    static func clock(_ ms: UInt32) -> String {
        let seconds: UInt32 = (ms &+ 500) / 1000
        func two(_ value: UInt32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let minutes: String = two(seconds / 60 % 60) + ":" + two(seconds % 60)
        return seconds < 3600 ? minutes : "\(seconds / 3600):\(minutes)"
    }

    /// Tenths below 10, whole numbers above: `8`, `2.5`, `40`.
    private func percent(_ separator: String) -> String {
        let permille: UInt32 = value ?? 0
        if permille >= 100 || permille % 10 == 0 { return "\((permille + 5) / 10)" }
        return "\(permille / 10)\(separator)\(permille % 10)"
    }

    /// `4.4`.
    private func score(_ separator: String) -> String {
        let tenths: UInt32 = ((value ?? 0) + 5) / 10
        return "\(tenths / 10)\(separator)\(tenths % 10)"
    }

    private var seconds: String { "\(max(1, ((value ?? 0) + 500) / 1000)) s" }

    // MARK: English

    private var english: String {
        let place: String = address.map { " (\($0))" } ?? ""
        switch cause {
        case .nothingFromBoth: return "neither leg heard the other: no packet arrived from either"
        case .otherSource:
            return
                "leg \(listener) heard nothing\(since): packets for leg \(who)\(place) came from \(elsewhere ?? "elsewhere")"
                + " and were dropped; a router in between rewrites addresses (NAT or SIP ALG): switch its SIP ALG off,"
                + " or set latch-any-source=on for that phone"
        case .otherCoding:
            return "leg \(listener) heard nothing\(since): leg \(who)\(place) sends audio of a type that was not agreed"
        case .nothing: return "leg \(listener) heard nothing: no packet arrived from leg \(who)\(place)"
        case .stopped: return "leg \(listener) heard nothing\(since): no packet arrived from leg \(who)\(place)"
        case .unreachable: return "leg \(who) was sent nothing: where its media is to go is not known"
        case .gap:
            return "leg \(listener) heard nothing for \(seconds)\(around): no packet arrived from leg \(who)\(place)"
        case .lossOfBoth:
            return "both legs lost \(percent(".")) % of packets\(bursts)\(between): not one leg's line, but what they"
                + " share: this server or its network"
        case .lossFrom: return "leg \(who) lost \(percent(".")) % of packets\(bursts)\(between): its network\(place)"
        case .lossTo:
            return "leg \(who) missed \(percent(".")) % of what it was sent\(between): its network\(place)"
        case .jitter: return "packets of leg \(who) came up to \(value ?? 0) ms late\(between): its network\(place)"
        case .delay:
            return "delay \(value ?? 0) ms both ways" + (leg == nil ? "" : ", most of it on leg \(who)")
        case .held: return "on hold from the answer to the end: nothing was to be heard"
        case .poor: return "the legs heard each other poorly (MOS \(score(".")))"
        case .fair: return "the legs heard each other fairly (MOS \(score(".")))"
        case .good: return "both heard each other well (MOS \(score(".")))"
        }
    }

    private var bursts: String { isBursty ? " in bursts" : "" }

    private var between: String {
        guard let fromMs, let toMs else { return "" }
        return " between \(Self.clock(fromMs)) and \(Self.clock(toMs))"
    }

    private var since: String {
        guard let fromMs else { return "" }
        return toMs.map { " from \(Self.clock(fromMs)) to \(Self.clock($0))" } ?? " from \(Self.clock(fromMs))"
    }

    private var around: String { fromMs.map { " at \(Self.clock($0))" } ?? "" }

    // MARK: French

    private var french: String {
        let place: String = address.map { " (\($0))" } ?? ""
        switch cause {
        case .nothingFromBoth:
            return "aucun des deux correspondants n’a entendu l’autre : aucun paquet reçu d’aucun côté"
        case .otherSource:
            return "le poste \(listener) n’a rien entendu\(depuis) : les paquets du poste \(who)\(place) sont venus de"
                + " \(elsewhere ?? "ailleurs") et ont été écartés ; un routeur réécrit les adresses (NAT ou SIP ALG) :"
                + " y désactiver le SIP ALG, ou régler latch-any-source=on pour ce poste"
        case .otherCoding:
            return
                "le poste \(listener) n’a rien entendu\(depuis) : le poste \(who)\(place) envoie un codage non convenu"
        case .nothing: return "le poste \(listener) n’a rien entendu : aucun paquet reçu du poste \(who)\(place)"
        case .stopped:
            return "le poste \(listener) n’a rien entendu\(depuis) : aucun paquet reçu du poste \(who)\(place)"
        case .unreachable: return "rien n’a pu être envoyé au poste \(who) : sa destination média est inconnue"
        case .gap:
            return "le poste \(listener) n’a rien entendu pendant \(seconds)\(vers) : aucun paquet reçu du poste"
                + " \(who)\(place)"
        case .lossOfBoth:
            return
                "les deux postes ont perdu \(percent(",")) % des paquets\(rafales)\(entre) : non pas la ligne d’un poste,"
                + " mais ce qu’ils partagent : ce serveur ou son réseau"
        case .lossFrom:
            return "le poste \(who) a perdu \(percent(",")) % des paquets\(rafales)\(entre) : son réseau\(place)"
        case .lossTo:
            return
                "le poste \(who) n’a pas reçu \(percent(",")) % de ce qui lui était envoyé\(entre) : son réseau\(place)"
        case .jitter:
            return "les paquets du poste \(who) sont arrivés avec jusqu’à \(value ?? 0) ms de retard\(entre) : son"
                + " réseau\(place)"
        case .delay:
            return "délai de \(value ?? 0) ms dans chaque sens"
                + (leg == nil ? "" : ", surtout du côté du poste \(who)")
        case .held: return "en garde du décroché à la fin : il n’y avait rien à entendre"
        case .poor: return "les correspondants se sont mal entendus (MOS \(score(",")))"
        case .fair: return "les correspondants se sont entendus passablement (MOS \(score(",")))"
        case .good: return "les deux correspondants se sont bien entendus (MOS \(score(",")))"
        }
    }

    private var rafales: String { isBursty ? " par rafales" : "" }

    private var entre: String {
        guard let fromMs, let toMs else { return "" }
        return " entre \(Self.clock(fromMs)) et \(Self.clock(toMs))"
    }

    private var depuis: String {
        guard let fromMs else { return "" }
        return toMs.map { " de \(Self.clock(fromMs)) à \(Self.clock($0))" } ?? " à partir de \(Self.clock(fromMs))"
    }

    private var vers: String { fromMs.map { " vers \(Self.clock($0))" } ?? "" }
}
