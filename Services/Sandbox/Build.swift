package import Hosting
import Kernel
package import Logging

/// What the sandbox does in its own time.
package struct SandboxOptions: Sendable {
    /// From an accepted refund to its end.
    package var refundTime: Duration = .milliseconds(500)
    /// As WeChat Pay has it: the least time between two refunds of one order.
    package var refundSpacing: Duration = .seconds(60)
    /// For how long a transfer waits for whoever is to get the money.
    package var confirmTime: Duration = .seconds(86_400)
    /// How long it takes to make codes.
    package var codesTime: Duration = .seconds(2)
    /// How many codes are in a package.
    package var packageCodes: Int64 = 50_000
    /// The pauses between the attempts of a notification; then it is given up.
    ///
    /// WeChat Pay's own plan begins with 15 s and ends after a day: `PUT /sandbox/faults` chooses it.
    package var retryPauses: [Duration] = [1, 1, 2, 3, 5, 10, 15, 30, 60, 60].map { .seconds($0) }
    /// As WeChat Pay has it: who answers a notification later has not answered.
    package var answerTime: Duration = .seconds(5)
    /// How often the sandbox looks whether something is due.
    package var tick: Duration = .milliseconds(50)

    /// The options of siyu-sandbox.
    package init() {}
}

/// Composes siyu-sandbox; opens nothing, so that `--check` and tests may call it.
///
/// The state folder is opened when both ports are, because `merchant.json` tells the address.
///
/// - Throws: `StartupFailure` in production, and where there is no state folder.
package func build(
    _ settings: ServiceSettings, logger: Logger, options: SandboxOptions = SandboxOptions()
) throws -> ServiceApplication {
    guard settings.environment != .production else {
        throw StartupFailure(
            .config, "siyu-sandbox plays WeChat Pay and never runs in production: SIYU_ENV must be development.")
    }
    guard !settings.sandboxState.isEmpty else {
        throw StartupFailure(
            .config, "SIYU_SANDBOX_STATE is not set: it names the folder of the sandbox's keys and book.")
    }
    let folder = StateFolder(path: settings.sandboxState)
    if let flaw = folder.flaw() { throw flaw }
    let sandbox = Sandbox(folder: folder, options: options)
    var application = ServiceApplication(
        withoutDatabase: settings, logger: logger, checks: [sandbox.check],
        workers: [Clockwork(sandbox: sandbox, logger: logger)], openAPI: openAPI
    ) { router in
        PayRoutes(sandbox: sandbox).add(to: router)
        TransferRoutes(sandbox: sandbox).add(to: router)
        BillRoutes(sandbox: sandbox).add(to: router)
        MarketcodeRoutes(sandbox: sandbox).add(to: router)
        ControlRoutes(sandbox: sandbox).add(to: router)
        LoginRoutes().add(to: router)
    }
    let host = ["0.0.0.0", "::", ""].contains(settings.host) ? "127.0.0.1" : settings.host
    application.whenOpen = { ports in
        let report = try sandbox.open(baseURL: "http://\(host.contains(":") ? "[\(host)]" : host):\(ports.api)")
        logger.notice(
            "Opened the book.",
            metadata: ["entries": "\(report.entries)", "dropped_bytes": "\(report.droppedBytes)"])
    }
    return application
}
