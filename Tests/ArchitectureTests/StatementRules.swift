/// Where SQL lives, and what the statements of the business must and must not say.
enum StatementRules {
    /// Rooms of the first floor whose every statement binds the brand.
    ///
    /// Reporting reads across by design, but has a test of its own for its writes.
    static let bound: Set<String> = [
        "Accounting", "Audit", "Vault", "Orders", "Codes", "Gifting", "Members", "Touch", "Promotions",
    ]

    /// Statements without a brand, as `file:part of the text`, each with a reason.
    ///
    /// This list may only shrink.
    static let brandless: [(file: String, part: String, reason: String)] = [
        (
            "BatchStatements.swift", "FROM codes.handle h",
            "the directory of batches: a code names its batch before anybody knows the brand"
        ),
        (
            "MerchantStatements.swift", "WHERE mchid = ",
            "a payment's notification names the merchant, which tells the brand"
        ),
    ]

    /// The words that read a clock, a random number or a sequence: they make a statement give two answers.
    private static func impure(_ sql: String) -> Substring? {
        sql.firstMatch(
            of:
                /\b(?:now\s*\(|clock_timestamp|statement_timestamp|transaction_timestamp|current_timestamp|current_date|localtimestamp|random\s*\(|gen_random_uuid|uuid_generate|nextval|siyu\.clock)/
                .ignoresCase().wordBoundaryKind(.simple)
        )?.output
    }

    static func isSQL(_ text: String) -> Bool {
        text.contains(/\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\s/.wordBoundaryKind(.simple))
    }

    private static func mayHoldSQL(_ file: SourceFile) -> Bool {
        file.name.hasSuffix("Statements.swift") || ["Schema", "Postgres"].contains(file.room) || file.isIn("Tests")
    }

    /// SQL outside its home.
    static func violations(inHomesOf files: [SourceFile]) -> [Violation] {
        files.filter { !mayHoldSQL($0) }.flatMap { file in
            file.swift.literals.filter { isSQL($0.text) }.map {
                Violation(path: file.path, line: $0.line, what: "SQL belongs in a …Statements.swift")
            }
        }
    }

    /// Statements of the business that bind no brand, or that call what gives another answer tomorrow.
    static func violations(inBusiness files: [SourceFile]) -> [Violation] {
        files.filter { $0.isIn("Libraries") && bound.contains($0.room) && $0.name.hasSuffix("Statements.swift") }
            .flatMap { file in
                file.swift.literals.filter { isSQL($0.text) }.flatMap { literal -> [Violation] in
                    var found: [Violation] = []
                    let isExcepted = brandless.contains { $0.file == file.name && literal.text.contains($0.part) }
                    if readsBusiness(literal.text), !bindsBrand(literal.text), !isExcepted {
                        found.append(Violation(path: file.path, line: literal.line, what: "binds no brand_id"))
                    }
                    if let word = impure(literal.text), !isClockAlone(literal.text) {
                        found.append(
                            Violation(path: file.path, line: literal.line, what: "calls \(word): pass it as a value"))
                    }
                    return found
                }
            }
    }

    /// With an empty search_path a table is always named with its schema; a statement without one only computes.
    private static func readsBusiness(_ sql: String) -> Bool {
        sql.contains(/\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:ONLY\s+)?[a-z_]+\.[a-z_]+/.wordBoundaryKind(.simple))
    }

    /// `brand_id = \(…)`, or an insert whose first column and first value are the brand.
    private static func bindsBrand(_ sql: String) -> Bool {
        sql.contains(/\bbrand_id\s*=\s*\\\(/.wordBoundaryKind(.simple))
            || sql.contains(/INSERT INTO \S+ \(\s*brand_id\b[^)]*\)\s*VALUES\s*\(\s*\\\(/.wordBoundaryKind(.simple))
            || isClockAlone(sql)
    }

    /// The one statement that reads the clock: as it was at the start of a transaction, or, where a lock was waited for, as it is now.
    private static func isClockAlone(_ sql: String) -> Bool {
        sql.contains(/^\s*SELECT siyu\.clock\(\)(?: \+ \(clock_timestamp\(\) - transaction_timestamp\(\)\))?\s*$/)
    }
}
