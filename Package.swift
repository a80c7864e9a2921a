// swift-tools-version: 6.2
import PackageDescription

// The floors of docs/architecture.md: a target lists only targets of floors below its own.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

/// What tests test is optimised; they themselves are neither that nor described for debuggers, which would make a clean build two minutes longer.
let testSettings: [SwiftSetting] = settings + [.unsafeFlags(["-Onone", "-gnone"])]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// `golden` tests read their folder of golden files by path.
func tests(_ name: String, _ dependencies: [Target.Dependency] = [], golden: Bool = false) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, exclude: golden ? ["Golden"] : [],
        swiftSettings: testSettings)
}

/// A library of the system: its pkg-config name and Debian's package.
func clib(_ name: String, _ pkgConfig: String, _ debian: String) -> Target {
    .systemLibrary(name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([debian])])
}

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "martinet",
    products: [.executable(name: "martinet", targets: ["martinet"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Floor 0
        module("Basics"),
        // Floor 1
        module("SIPMessage", ["Basics"]),
        module("SDP", ["Basics"]),
        module("RTP", ["Basics"]),
        module("STUN", ["Basics", "COpenSSL"]),
        module("SRTP", ["COpenSSL"]),
        clib("COpus", "opus", "libopus-dev"),
        clib("CSpanDSP", "spandsp", "libspandsp-dev"),
        clib("CSpeexDSP", "speexdsp", "libspeexdsp-dev"),
        clib("CBcg729", "libbcg729", "libbcg729-dev"),
        clib("COpenSSL", "openssl", "libssl-dev"),
        clib("CSndfile", "sndfile", "libsndfile1-dev"),
        clib("CEbur128", "libebur128", "libebur128-dev"),
        .target(
            name: "Codecs", dependencies: ["Basics", "COpus", "CSpanDSP", "CSpeexDSP", "CBcg729"],
            swiftSettings: settings, linkerSettings: [.linkedLibrary("m")]),
        module("Signals", ["Basics", "CSpanDSP"]),
        module("Fax", ["CSpanDSP"]),
        // Floor 2
        module("SIPTransaction", ["Basics", "SIPMessage"]),
        module("DTLS", ["Basics", "SRTP", "COpenSSL"]),
        module("ICE", ["Basics", "STUN"]),
        // Floor 3
        module("SIPDialog", ["Basics", "SIPMessage", "SIPTransaction"]),
        module("Registration", ["Basics", "SIPMessage", "SIPTransaction"]),
        module("MediaSession", ["Basics", "RTP", "SRTP", "DTLS", "ICE", "Codecs", "Signals", "Fax"]),
        module("Prompts", ["Basics"]),
        // Beside MediaSession, whose plans it fills.
        module("MediaNegotiation", ["Basics", "SDP", "SRTP", "DTLS", "ICE", "Codecs", "Fax", "MediaSession"]),
        // Floor 4
        module("Identity", ["Basics", "SIPMessage", crypto]),
        module("Numbering", ["Basics", "Identity"]),
        module(
            "CallControl",
            [
                "Basics", "SIPMessage", "SDP", "SIPTransaction", "SIPDialog", "Registration", "MediaSession", "Prompts",
                "MediaNegotiation", "Identity", "Numbering", "Codecs", "Fax",
            ]),
        // Floor 6
        clib("CAres", "libcares", "libc-ares-dev"),
        .target(name: "CSys"),
        // The program that forwards media in the kernel, and how it gets there.
        .target(name: "CForward", exclude: ["forward.bpf.c", "bytecode"]),
        // Below the adapters, which share it.
        module("Batching", ["Basics"]),
        module(
            "SIPTransport",
            [
                "Basics", "SIPMessage", "STUN", "SIPTransaction", "CAres", "CSys", nio, nioPosix, nioSSL, nioTLS, x509,
                asn1,
                crypto,
                logging,
            ]),
        module("MediaTransport", ["Basics", "RTP", "DTLS", "MediaSession", "CSys", "CForward"]),
        module(
            "Store",
            [
                "Basics", "Batching", "SIPMessage", "SIPTransaction", "Registration", "Prompts", "Identity",
                "CallControl", "Fax",
                grdb,
                grdbSQLite,
            ]),
        module("Telemetry", ["Basics", "Batching", "SIPTransaction", "MediaSession", "CallControl"]),
        module(
            "AudioFiles",
            [
                "Basics", "Batching", "Codecs", "MediaSession", "Prompts", "CSndfile", "CEbur128", "CSpeexDSP", "CSys",
                crypto,
            ]),
        // Floor 7
        module("API", ["Basics", nio, hummingbird, logging]),
        // Floor 8
        module(
            "Server",
            [
                "Basics", "SIPMessage", "SIPTransaction", "Registration", "MediaSession", "Identity", "CallControl",
                "SIPTransport", "MediaTransport", "AudioFiles", "Prompts", "Store", "Telemetry", "API", nio, nioPosix,
                logging,
                yams,
            ]),
        .executableTarget(
            name: "martinet",
            dependencies: [
                "Basics", "Identity", "Registration", "SIPTransaction", "CallControl", "Store", "Telemetry",
                "AudioFiles", "MediaTransport", "Prompts", "Server",
                arguments, logging,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "MediaBench",
            dependencies: ["Basics", "SRTP", "Codecs", "MediaSession", "MediaTransport", "AudioFiles"],
            path: "Benchmarks/MediaBench",
            swiftSettings: settings),
        .executableTarget(
            name: "FilesBench", dependencies: ["AudioFiles", "MediaSession"], path: "Benchmarks/FilesBench",
            swiftSettings: settings),
        .executableTarget(
            name: "CodecBench", dependencies: ["Codecs", "COpus", "CSpanDSP", "CSpeexDSP", "CBcg729"],
            path: "Benchmarks/CodecBench",
            swiftSettings: settings),
        .executableTarget(
            name: "SRTPBench", dependencies: ["Basics", "SRTP", "DTLS", "CSRTP2"], path: "Benchmarks/SRTPBench",
            swiftSettings: settings),
        // Only tests import these
        clib("CSRTP2", "libsrtp2", "libsrtp2-dev"),
        clib("CTIFF", "libtiff-4", "libtiff-dev"),
        module("FaxKit", ["Fax", "CSpanDSP", "CTIFF"]),
        .target(name: "CVirtualTime"),
        module(
            "TestKit",
            [
                "Basics", "SIPMessage", "SDP", "RTP", "SRTP", "DTLS", "ICE", "Codecs", "SIPTransaction", "SIPDialog",
                "Registration",
                "MediaSession", "Identity",
                "Numbering", "CallControl", "Fax",
            ]),
        tests("Basics"),
        tests("Batching"),
        tests("SIPMessage", ["Basics"], golden: true),
        tests("SDP", ["Basics"], golden: true),
        tests("RTP", ["Basics"]),
        tests("STUN", ["Basics"]),
        tests("Codecs", ["CSpanDSP"], golden: true),
        tests("Signals", ["Basics", "CSpanDSP"], golden: true),
        tests("Fax", ["FaxKit", "CSpanDSP"]),
        tests("SRTP", ["Basics", "CSRTP2"]),
        tests("DTLS", ["Basics", "SRTP", "CVirtualTime"]),
        tests("ICE", ["Basics", "STUN"]),
        tests("SIPTransaction", ["Basics", "SIPMessage"]),
        tests("SIPDialog", ["Basics", "SIPMessage", "SIPTransaction"]),
        tests("Registration", ["Basics", "SIPMessage", "SIPTransaction"]),
        tests(
            "MediaSession",
            [
                "Basics", "RTP", "STUN", "SRTP", "DTLS", "ICE", "Codecs", "Signals", "Fax", "FaxKit", "CSpanDSP",
                "CVirtualTime",
            ]),
        tests(
            "MediaNegotiation", ["Basics", "SDP", "SRTP", "DTLS", "ICE", "Codecs", "Fax", "MediaSession"], golden: true),
        tests("Identity", ["Basics", "SIPMessage"]),
        tests("Numbering", ["Basics", "SIPMessage", "Identity"]),
        tests(
            "Store",
            [
                "Basics", "SIPMessage", "SIPTransaction", "Identity", "Registration", "CallControl", "Fax", "Prompts",
                grdb,
            ]),
        tests("Prompts", golden: true),
        tests("AudioFiles", ["Basics", "MediaSession", "Prompts", "CSndfile", "CEbur128"]),
        tests("Telemetry", ["Basics", "SIPTransaction", "MediaSession", "CallControl"], golden: false),
        tests(
            "CallControl",
            [
                "Basics", "SRTP", "DTLS", "ICE", "Codecs", "Fax", "Identity", "MediaSession", "Registration",
                "SIPMessage",
                "SIPTransaction", "TestKit",
            ]),
        .testTarget(name: "SimulationTests", dependencies: ["TestKit"], swiftSettings: settings),
        tests("Server", ["Basics", "Prompts", "SIPTransaction", "Identity", "Store", "Telemetry"]),
        tests("API", ["Basics", logging]),
        tests("SIPTransport", ["Basics", "SIPMessage", "SIPTransaction", nio, nioPosix, nioSSL, logging]),
        tests(
            "MediaTransport", ["Basics", "RTP", "STUN", "SRTP", "DTLS", "ICE", "Codecs", "MediaSession", "CSys"]),
    ]
)
