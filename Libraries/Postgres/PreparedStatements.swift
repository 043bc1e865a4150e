/// Which statements the server knows by name on one connection, in the order they were prepared.
struct PreparedStatements {
    /// The same text with other parameter types is another statement.
    private struct Key: Hashable {
        let text: String
        let types: [UInt32]
    }

    private var names: [Key: String] = [:]
    private var order: [Key] = []
    private var last = 0

    /// The statement's name; whether it must be prepared first; and a name to drop for it.
    mutating func name(for statement: SQL) -> (name: String, isNew: Bool, dropped: String?) {
        let key = Key(text: statement.text, types: statement.parameters.fields.map(\.type))
        if let name = names[key] { return (name, false, nil) }
        var dropped: String?
        if order.count >= ConnectionLimit.preparedMax { dropped = names.removeValue(forKey: order.removeFirst()) }
        last += 1
        names[key] = "s\(last)"
        order.append(key)
        return ("s\(last)", true, dropped)
    }

    /// Forgets names whose preparation did not happen.
    mutating func forget(_ gone: [(name: String, index: Int)]) {
        for (name, _) in gone {
            guard let key = names.first(where: { $0.value == name })?.key else { continue }
            names[key] = nil
            order.removeAll { $0 == key }
        }
    }

    /// Forgets every name; names are never used twice, so what the server still knows does no harm.
    mutating func forgetAll() {
        names = [:]
        order = []
    }
}
