package import Jobs

extension ConsolePage {
    struct Redrive: Sendable {
        let queue, kind, reason: String
        let queues, reasons: [Choice]
        let intro: String
        let rows: [RedriveRow]
        let hasRows: Bool
        let none: String?
        let total: String
        let confirm: Confirm?
    }
    struct RedriveRow: Hashable, Sendable {
        let kind: String
        let cells: [Cell]
    }
    struct Confirm: Hashable, Sendable { let action, text, rateLabel, submit: String }

    /// The most jobs that one redrive takes: it must end while somebody waits for the page.
    package static let redriveMax = 10_000

    /// The dry run of a redrive: what it would take, and the form that does it.
    ///
    /// - Parameters:
    ///   - report: What was counted; nil where the filter names nothing, so that nothing was.
    ///   - queues: The names of all queues, to choose from.
    package init(
        redriving filter: ConsoleFilter, _ report: JobRedriveReport?, queues: [String], _ options: ConsoleOptions
    ) {
        let words = ConsoleWords(language: options.language)
        let address = ConsoleAddress(options.language, path: "/jobs/redrive", filter.parameters)
        self.init(words.pick("重新投递", "Redrive discarded jobs"), at: .discarded, address, options)
        let found = report?.found ?? 0
        let rows = (report?.groups ?? []).map { group in
            RedriveRow(
                kind: group.kind,
                cells: [
                    Cell(label: words.table["reason"] ?? "", text: words.reason(group.reason)),
                    Cell(label: words.table["count"] ?? "", text: words.count(group.jobs), kind: "n"),
                ])
        }
        redrive = Redrive(
            queue: filter.queue ?? "", kind: filter.kind ?? "", reason: filter.reason?.rawValue ?? "",
            queues: Self.choices(queues, filter.queue, words) { $0 },
            reasons: Self.choices(
                ConsoleWords.reasons(of: .discarded), filter.reason?.rawValue, words, words.reason),
            intro: words.pick(
                "先选范围、看数量；确认之前什么也不会发生。一次最多 \(words.count(Self.redriveMax)) 个，先放弃的先来。",
                "Choose and count first; nothing happens before you confirm. "
                    + "\(words.count(Self.redriveMax)) at a time at most, those discarded first."),
            rows: rows, hasRows: !rows.isEmpty,
            none: report == nil
                ? words.pick("请至少选一个条件。", "Choose at least one condition.")
                : found == 0 ? words.pick("没有符合条件的任务。", "No discarded job fits.") : nil,
            total: words.jobs(found),
            confirm: found == 0 ? nil : Self.confirm(found, words, address))
    }

    private static func confirm(_ found: Int, _ words: ConsoleWords, _ address: ConsoleAddress) -> Confirm {
        Confirm(
            action: address.href("/jobs/redrive", []),
            text: words.pick(
                "它们会重新开始，失败次数清零，按这个速度依次进入队列。",
                "They begin anew, their failed tries forgiven, and enter their queues at this rate."),
            rateLabel: words.pick("每秒最多几个", "How many a second"),
            submit: words.pick("重新投递 \(words.count(found)) 个任务", "Redrive \(words.jobs(found))"))
    }
}

extension ConsoleWords {
    /// A number of jobs.
    func jobs(_ number: Int) -> String { pick("\(count(number)) 个任务", number == 1 ? "1 job" : "\(count(number)) jobs") }
}
