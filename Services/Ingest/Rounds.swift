import Logging
import ServiceLifecycle

/// Looks again and again for what is due, until the process drains.
struct Rounds {
    /// How soon somebody looks again after the database was away.
    private static let pauseAfterFault: Duration = .seconds(60)

    /// Between two looks.
    let pause: Duration
    /// What is pushed, as the log names it.
    let name: String
    let logger: Logger

    /// Goes on until the process drains; a look that fails is left to the next one.
    func run(_ look: @escaping @Sendable () async throws -> Void) async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                var pause = self.pause
                do {
                    try await look()
                } catch {
                    logger.warning("\(name) could not be pushed", metadata: ["error": "\(error)"])
                    pause = Self.pauseAfterFault
                }
                do { try await Task.sleep(for: pause) } catch { return }
            }
        }
    }
}
