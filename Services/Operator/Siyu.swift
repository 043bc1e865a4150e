import ArgumentParser
import Hosting
import Kernel
import Logging
import Postgres

/// The operator's command line.
@main
struct Siyu: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "siyu",
        abstract: "Runs and looks after Siyu: databases, brands, keys, imports, reports, jobs.",
        subcommands: [
            MigrateCommand.self, DoctorCommand.self, TourCommand.self, ClockCommand.self, BrandCommand.self,
            ShopCommand.self, CategoryCommand.self, GiftsCommand.self, APIKeyCommand.self, HooksCommand.self,
            PolicyCommand.self, PrivacyCommand.self, AuditCommand.self,
            KeysCommand.self, JobsCommand.self, ImportCommand.self, MerchantCommand.self, RefundCommand.self,
            PayoutCommand.self, ReconcileCommand.self, CodesCommand.self, DrawCommand.self, LimitsCommand.self,
            LedgerCommand.self,
            ReportCommand.self,
            BenchCommand.self, BenchWorkerCommand.self,
            BenchBareCommand.self,
        ])

    static func main() async {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            // A command speaks for itself; the rooms' logs matter only when something is wrong.
            handler.logLevel = .warning
            return handler
        }
        do {
            try await perform(Array(CommandLine.arguments.dropFirst()))
        } catch {
            exit(withError: Failure.exit(for: error))
        }
    }
}

extension Siyu {
    /// Runs a command; what changes something is written down before it begins, and once more if it fails.
    static func perform(_ arguments: [String]) async throws {
        var command = try parseAsRoot(arguments)
        let noting = try Noting(type(of: command), arguments)
        try await noting?.note()
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            // That it was asked for is written down already; whoever asked must hear why it failed, whatever becomes of the note.
            try? await noting?.note(failure: error)
            throw error
        }
    }
}

/// Ends a command with a sentence on standard error and an exit code: 1 refused by a rule, 64–78 as sysexits.
struct Failure: Error {
    let sentence: String
    let code: Int32

    init(_ sentence: String, code: Int32 = 1) {
        self.sentence = sentence
        self.code = code
    }

    init(_ sentence: String, _ code: Sysexit) {
        self.init(sentence, code: code.rawValue)
    }

    /// What the argument parser is to end with: its own errors as they are, ours as one sentence and a code.
    static func exit(for error: any Error) -> any Error {
        let failure: Failure
        switch error {
        case let own as Failure: failure = own
        case let problem as Problem: failure = Failure(problem.detail)
        case let fault as PostgresError: failure = Failure(sentence(for: fault), code(for: fault))
        default: return error
        }
        Terminal.complain(failure.sentence)
        return ExitCode(failure.code)
    }

    private static func sentence(for fault: PostgresError) -> String {
        fault.code == .connectionFailed
            ? "The database cannot be reached: \(fault). Check DATABASE_URL." : "The database did not do it: \(fault)"
    }

    private static func code(for fault: PostgresError) -> Sysexit {
        switch fault.code {
        case .connectionFailed, .connectionLost, .outcomeUnknown, .poolExhausted, .timedOut: .unavailable
        case .server(.insufficientPrivilege): .noPermission
        default: .software
        }
    }
}
