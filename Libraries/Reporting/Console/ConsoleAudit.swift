package import Jobs

extension ConsolePage {
    struct Audit: Sendable {
        let rows: [AuditRow]
        let hasRows: Bool
        let none: String?
        let next: String?
        let first: String?
    }
    struct AuditRow: Hashable, Sendable {
        let at: String
        let cells: [Cell]
    }

    /// A page of what people did.
    ///
    /// - Parameters:
    ///   - entries: The entries, the latest first.
    ///   - before: Where the page began; nil for the first one.
    ///   - hasMore: Whether there are older ones.
    package init(auditing entries: [JobAuditEntry], before: Int64?, hasMore: Bool, _ options: ConsoleOptions) {
        let words = ConsoleWords(language: options.language)
        let address = ConsoleAddress(options.language, path: "/jobs/audit", [("before", before.map { "\($0)" })])
        self.init(words.pick("操作记录", "Audit"), at: .audit, address, options)
        audit = Audit(
            rows: entries.map { entry in
                AuditRow(
                    at: words.instant(entry.at),
                    cells: [
                        Cell(label: words.table["author"] ?? "", text: entry.author),
                        Cell(label: words.table["action"] ?? "", text: words.action(entry.action)),
                        Cell(label: words.table["target"] ?? "", text: entry.target),
                        Cell(label: words.table["count"] ?? "", text: words.count(entry.jobs), kind: "n"),
                        Cell(label: words.table["why"] ?? "", text: entry.reason),
                    ])
            }, hasRows: !entries.isEmpty, none: entries.isEmpty ? words.table["noAudit"] : nil,
            next: hasMore ? entries.last.map { address.href("/jobs/audit", [("before", "\($0.id)")]) } : nil,
            first: before == nil ? nil : address.href("/jobs/audit", []))
    }
}
