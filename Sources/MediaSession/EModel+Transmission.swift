internal import Glibc

extension EModel {
    /// All parameters of the narrowband E-model with their default values (ITU-T G.107 Table 3).
    ///
    /// What a server measures is coding, loss and delay; the rest is of use where a customer's plant is known.
    public struct Transmission: Hashable, Sendable {
        /// Send and receive loudness ratings, in dB.
        public var sendLoudness: Double = 8
        public var receiveLoudness: Double = 2
        /// Sidetone masking rating, in dB; D-values of both telephones.
        public var sidetone: Double = 15
        public var receiveD: Double = 3
        public var sendD: Double = 3
        /// Talker echo loudness rating, weighted echo path loss, in dB.
        public var talkerEcho: Double = 65
        public var echoPathLoss: Double = 110
        /// Mean one-way delay of the echo path, round trip of the four-wire loop, absolute one-way delay, in ms.
        public var echoDelay: Double = 0
        public var loopDelay: Double = 0
        public var absoluteDelay: Double = 0
        /// Units of quantising distortion.
        public var quantising: Double = 1
        /// Effective equipment impairment: ``EModel/impairment(_:loss:burstRatio:)``.
        public var equipmentImpairment: Double = 0
        /// Circuit noise in dBm0p, noise floor at the receive side in dBmp, room noise at both sides in dB(A).
        public var circuitNoise: Double = -70
        public var noiseFloor: Double = -64
        public var sendRoomNoise: Double = 35
        public var receiveRoomNoise: Double = 35
        /// What users forgive for the convenience (Annex A of G.113): 0 ... 20.
        public var advantage: Double = 0

        public init() {}

        /// R (G.107 eq. 7-1).
        public var rating: Double {
            let noise: Double = noiseSum
            let basic: Double = 15 - 1.5 * (sendLoudness + noise)
            let sidetoneImpairment: Double = sidetoneImpairment
            return basic - (loudnessImpairment(noise) + sidetoneImpairment + quantisingImpairment(basic))
                - (talkerEchoImpairment(noise, sidetoneImpairment) + listenerEchoImpairment(basic)
                    + EModel.delayImpairment(absoluteDelay)) - equipmentImpairment + advantage
        }

        private var overallLoudness: Double { sendLoudness + receiveLoudness }

        /// No (eq. 7-3 ... 7-7).
        private var noiseSum: Double {
            let sent: Double = sendRoomNoise - overallLoudness - sendD - 14
            let fromSend: Double = sendRoomNoise - sendLoudness - sendD - 100 + 0.004 * sent * sent
            let listenerSidetone: Double = sidetone + receiveD
            let effective: Double = receiveRoomNoise + 10 * log10(1 + pow(10, (10 - listenerSidetone) / 10))
            let received: Double = effective - 35
            let fromReceive: Double = receiveLoudness - 121 + effective + 0.008 * received * received
            return 10
                * log10(
                    pow(10, circuitNoise / 10) + pow(10, fromSend / 10) + pow(10, fromReceive / 10)
                        + pow(10, (noiseFloor + receiveLoudness) / 10))
        }

        /// Iolr (eq. 7-9, 7-10).
        private func loudnessImpairment(_ noise: Double) -> Double {
            let x: Double = (overallLoudness + 0.2 * (64 + noise - receiveLoudness)) / 8
            return 20 * (pow(1 + pow(x, 8), 1.0 / 8) - x)
        }

        /// Ist (eq. 7-11, 7-12).
        private var sidetoneImpairment: Double {
            let total: Double =
                -10 * log10(pow(10, -sidetone / 10) + exp(-echoDelay / 4) * pow(10, -talkerEcho / 10))
            let first: Double = 12 * pow(1 + pow((total - 13) / 6, 8), 1.0 / 8)
            let second: Double = 28 * pow(1 + pow((total + 1) / 19.4, 35), 1.0 / 35)
            let third: Double = 13 * pow(1 + pow((total - 3) / 33, 13), 1.0 / 13)
            return first - second - third + 29
        }

        /// Iq (eq. 7-13 ... 7-17).
        private func quantisingImpairment(_ basic: Double) -> Double {
            let q: Double = 37 - 15 * log10(quantising)
            let g: Double = 1.07 + 0.258 * q + 0.0602 * q * q
            let y: Double = (basic - 100) / 15 + 46 / 8.4 - g / 9
            let z: Double = 46.0 / 30 - g / 40
            return 15 * log10(1 + pow(10, y) + pow(10, z))
        }

        /// Idte (eq. 7-19 ... 7-24).
        private func talkerEchoImpairment(_ noise: Double, _ sidetoneImpairment: Double) -> Double {
            let delay: Double = echoDelay
            var echo: Double =
                talkerEcho - 40 * log10((1 + delay / 10) / (1 + delay / 150)) + 6 * exp(-0.3 * delay * delay)
            if sidetone < 9 { echo += sidetoneImpairment / 2 }
            let basic: Double = -1.5 * (noise - receiveLoudness)
            let rating: Double = 80 + 2.5 * (echo - 14)
            let half: Double = (basic - rating) / 2
            let impairment: Double = (half + (half * half + 100).squareRoot() - 1) * (1 - exp(-delay))
            guard sidetone > 20 else { return impairment }
            return (impairment * impairment + sidetoneImpairment * sidetoneImpairment).squareRoot()
        }

        /// Idle (eq. 7-25, 7-26).
        private func listenerEchoImpairment(_ basic: Double) -> Double {
            let rating: Double = 10.5 * (echoPathLoss + 7) * pow(loopDelay + 1, -0.25)
            let half: Double = (basic - rating) / 2
            return half + (half * half + 169).squareRoot()
        }
    }
}
