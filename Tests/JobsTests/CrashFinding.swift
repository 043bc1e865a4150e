import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// What a round, or several rounds, of a fault found.
struct CrashFinding: Sendable {
    /// How often each field is played: 20 times in the full run, or as often as SIYU_CHAOS says; else a part of them once.
    static let rounds: Int = {
        let wish = ProcessInfo.processInfo.environment["SIYU_CHAOS"] ?? ""
        return wish == "full" ? 20 : max(1, Int(wish) ?? 1)
    }()
    /// Whether every field is played.
    static let isFull = rounds > 1

    /// Which fault, and where.
    var field: String
    /// How often it struck.
    var runs = 1
    /// Jobs that were pushed and are neither done nor about.
    var lost = 0
    /// Effects that are there more than once.
    var duplicates = 0
    /// Rules that a snapshot broke: after the strike, or in the end.
    var broken: [String] = []
    /// Seconds from the strike to the start of the last job that the victim had held.
    var rescue: Double?
    /// What else went wrong.
    var fault: String?

    init(field: String) { self.field = field }

    /// Looks whether the tables are as they must be in every snapshot.
    mutating func look(_ db: TestDatabase) async throws {
        broken += try await JobInvariants.broken(on: db.superuser).map { "\($0.rule): \($0.subject)" }
    }

    /// Looks whether anything was left behind by jobs that are all done; a worker must still be there.
    mutating func lookForLeftovers(_ db: TestDatabase) async throws {
        let tables = ["gate", "signal", "uniq", "dependency", "cancellation", "checkpoint"]
        do {
            try await eventually(within: .seconds(10)) {
                for table in tables where try await db.count("jobs.\(table)") > 0 { return false }
                return true
            }
        } catch is TestSupportError {
            for table in tables where try await db.count("jobs.\(table)") > 0 { broken.append("left in jobs.\(table)") }
        }
    }

    /// One line of JSON for each field, and an issue for whatever is not as it must be.
    static func expectNothingLost(_ findings: [CrashFinding]) {
        struct Line: Encodable {
            let fault: String
            let runs, lost, duplicates, broken: Int
            let rescueMedian, rescueMost: Double?
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for (field, found) in Dictionary(grouping: findings, by: \.field).sorted(by: { $0.key < $1.key }) {
            let rescues = found.compactMap(\.rescue).sorted().map { ($0 * 100).rounded() / 100 }
            let line = Line(
                fault: field, runs: found.map(\.runs).reduce(0, +), lost: found.map(\.lost).reduce(0, +),
                duplicates: found.map(\.duplicates).reduce(0, +), broken: found.map(\.broken.count).reduce(0, +),
                rescueMedian: rescues.isEmpty ? nil : rescues[rescues.count / 2], rescueMost: rescues.last)
            if let json = try? encoder.encode(line) { print("chaos \(String(decoding: json, as: UTF8.self))") }
        }
        for finding in findings {
            #expect(finding.fault == nil, "\(finding.field): \(finding.fault ?? "")")
            #expect(finding.lost == 0, "\(finding.field): lost jobs")
            #expect(finding.duplicates == 0, "\(finding.field): duplicate effects")
            #expect(finding.broken.isEmpty, "\(finding.field): \(finding.broken.prefix(5))")
        }
    }
}
