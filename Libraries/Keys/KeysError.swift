/// What can go wrong with keys and sealed values.
///
/// A description names files, modes and key numbers, so that an operator can act on it; it never holds a key, a plain
/// text or a sealed value.
package enum KeysError: Error, Equatable {
    /// The key folder or a key file is not there.
    case missing(path: String)
    /// Others than the owner may enter the folder or read the file; `mode` is the mode found, `wanted` the one to set.
    case exposed(path: String, mode: UInt32, wanted: UInt32)
    /// Neither this user nor root owns the folder or the file.
    case foreignOwner(path: String)
    /// The folder is a file, or the file something that is no regular file.
    case wrongKind(path: String)
    /// The file does not have the documented form; `line` counts from 1.
    case malformed(path: String, line: Int, reason: String)
    /// A key file is there already and is never overwritten.
    case exists(path: String)
    /// The operating system refused an operation.
    case system(operation: String, path: String, errno: Int32)
    /// The value was sealed with a master key that the ring does not hold (any more).
    case unknownKey(UInt32)
    /// The key seals what is new, so it cannot be taken away.
    case sealing(UInt32)
    /// The bytes are no sealed value of a known version.
    case unreadable
    /// The value was changed, or belongs to another key, purpose or context.
    case notAuthentic

    /// Whether the operator has to mend owners or permissions (exit code 77 rather than 78).
    package var isPermission: Bool {
        switch self {
        case .exposed, .foreignOwner: true
        case .system(_, _, let errno): errno == 13 || errno == 1  // EACCES, EPERM
        case .missing, .wrongKind, .malformed, .exists, .unknownKey, .sealing, .unreadable, .notAuthentic: false
        }
    }
}

extension KeysError: CustomStringConvertible {
    /// A sentence for an operator: what is wrong and, where there is one, the way out.
    package var description: String {
        switch self {
        case .missing(let path):
            "\(path) does not exist: SIYU_KEYS must name the folder that holds master.key."
        case .exposed(let path, let mode, let wanted):
            "\(path) has mode \(octal(mode)), so others may read the keys: run chmod \(octal(wanted)) \(path)."
        case .foreignOwner(let path):
            "\(path) belongs to another user: run chown so that the service's user owns it."
        case .wrongKind(let path):
            "\(path) is not what it should be: keys live in a folder that holds the regular file master.key."
        case .malformed(let path, let line, let reason):
            "\(path), line \(line): \(reason)."
        case .exists(let path):
            "\(path) exists already and is not overwritten."
        case .system(let operation, let path, let errno):
            "\(path): \(operation) failed with errno \(errno)."
        case .unknownKey(let id):
            "There is no master key \(id) in master.key."
        case .sealing(let id):
            "Master key \(id) seals what is new: let another one do that first, with `siyu keys rotate`."
        case .unreadable:
            "The bytes are not a sealed value."
        case .notAuthentic:
            "The sealed value was changed or belongs elsewhere."
        }
    }
}

private func octal(_ mode: UInt32) -> String {
    "0" + String(mode, radix: 8)
}
