/// The exit codes of our executables: those of BSD's `sysexits.h` that we use.
package enum Sysexit: Int32, Sendable {
    /// Everything held.
    case ok = 0
    /// The command line is wrong.
    case usage = 64
    /// What a file holds is not what it should be.
    case dataError = 65
    /// A file that was named cannot be read.
    case noInput = 66
    /// Something we need is away: the database, or a port somebody else holds.
    case unavailable = 69
    /// A fault of ours.
    case software = 70
    /// A file cannot be written.
    case cannotCreate = 73
    /// Files or folders have the wrong owner or mode.
    case noPermission = 77
    /// The configuration is wrong, or the database does not fit this version.
    case config = 78
}

/// A reason not to start: an exit code and one sentence for the operator.
package struct StartupFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The code the process ends with.
    package let exit: Sysexit
    /// The sentence; it holds no secret.
    package let description: String

    /// A failure in its two parts.
    package init(_ exit: Sysexit, _ sentence: String) {
        self.exit = exit
        description = sentence
    }
}
