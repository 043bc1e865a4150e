import CLibPQ

/// Says what is wrong with a connection string, without repeating it.
///
/// libpq's own words quote what it takes for a host, a port or a database: with a password that holds `@` or `/` and was
/// not percent-encoded, that is a part of the password.
enum ConnectionString {
    /// What is wrong; nil where libpq may try it.
    static func fault(in text: String) -> String? {
        if text.utf8.contains(0) { return "the connection string has a NUL in it" }
        let isURL = text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
        // Anything else without a "=" is the name of a database.
        guard isURL || text.contains("=") else { return text.contains("://") ? unreadable : nil }
        var message: UnsafeMutablePointer<CChar>?
        let options = unsafe PQconninfoParse(text, &message)
        defer {
            unsafe PQconninfoFree(options)
            unsafe PQfreemem(message)
        }
        guard var option = unsafe options else { return unreadable }
        while let keyword = unsafe option.pointee.keyword {
            let value = unsafe option.pointee.val.map { unsafe String(cString: $0) } ?? ""
            switch unsafe String(cString: keyword) {
            case "port" where !value.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ",") }),
                "host" where value.contains("@") && !value.hasPrefix("@"),
                "dbname" where isURL && value.contains("@"):
                return "the connection string is ambiguous: percent-encode @ : / ? # in the password"
            default: break
            }
            unsafe option += 1
        }
        return nil
    }

    private static let unreadable = "the connection string is neither a postgres:// URL nor key=value pairs"
}
