import DequeModule

/// Which statements the server knows by name on one connection, in the order they were prepared.
///
/// Names are never used twice, so what the server still knows after ``forgetAll()`` does no harm.
struct PreparedStatements {
    /// The same text with other parameter types is another statement.
    private struct Key: Hashable {
        let text: String
        let types: [UInt32]
    }

    private var names: [Key: String] = [:]
    private var keys: [String: Key] = [:]
    private var order: Deque<String> = []
    private var last = 0
    /// Names that the server knows and we no longer use: to be dropped with the next statements.
    private var condemned: [String] = []

    /// The statement's name, and whether it must be prepared first.
    mutating func name(for statement: SQL) -> (name: String, isNew: Bool) {
        let key = Key(text: statement.text, types: statement.parameters.fields.map(\.type))
        if let name = names[key] { return (name, false) }
        last += 1
        let name = "s\(last)"
        names[key] = name
        keys[name] = key
        order.append(name)
        return (name, true)
    }

    /// The names to drop: those that went out of use, and the oldest beyond what a connection keeps.
    mutating func takeCondemned() -> [String] {
        while order.count > ConnectionLimit.preparedMax { condemn(order[0]) }
        defer { condemned = [] }
        return condemned
    }

    /// Drops a name with the next statements, or drops it again where that did not come about.
    mutating func condemn(_ name: String) {
        forget(name)
        condemned.append(name)
    }

    /// Forgets a name whose preparation did not happen.
    mutating func forget(_ name: String) {
        guard let key = keys.removeValue(forKey: name) else { return }
        names[key] = nil
        order.removeAll { $0 == name }
    }

    /// Forgets every name, because the server's session is another one.
    mutating func forgetAll() {
        names = [:]
        keys = [:]
        order = []
        condemned = []
    }
}
