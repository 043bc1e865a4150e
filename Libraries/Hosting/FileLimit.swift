#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How many files the process may have open: a connection is one.
enum FileLimit {
    /// What is open beside the connections of the API: the database's, the admin port's, logs, event loops.
    private static let reserve = 256

    /// Sees to it that so many connections fit, by raising the soft limit if that is all it takes.
    ///
    /// - Throws: ``StartupFailure`` where the hard limit is lower: connections would be refused one by one, much later.
    static func require(connections: Int) throws(StartupFailure) {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        // No limit that can be asked for is none that could be raised.
        guard getrlimit(resource, &limit) == 0 else { return }
        guard let needed = try wanted(connections: connections, soft: limit.rlim_cur, hard: limit.rlim_max) else {
            return
        }
        limit.rlim_cur = needed
        guard setrlimit(resource, &limit) == 0 else {
            throw StartupFailure(.noPermission, "The limit of open files cannot be raised to \(needed).")
        }
    }

    /// The soft limit that is to be set; nil if it is high enough.
    static func wanted(connections: Int, soft: UInt, hard: UInt) throws(StartupFailure) -> UInt? {
        let needed = UInt(max(0, connections + reserve))
        if soft >= needed { return nil }
        guard hard >= needed else {
            throw StartupFailure(
                .config,
                """
                This process may open \(hard) files, and \(connections) connections need \(needed): \
                raise LimitNOFILE of the unit, or ulimit -n.
                """)
        }
        return needed
    }
}
