package import FoundationEssentials
package import Jobs

/// Which jobs a list of the console shows.
package struct ConsoleFilter: Hashable, Sendable {
    /// Their state.
    package var state: JobState
    /// Their queue; nil for any.
    package var queue: String?
    /// Their kind; nil for any.
    ///
    /// Not asked for of those that run.
    package var kind: String?
    /// Why they were discarded; nil for any.
    package var reason: DiscardReason?

    /// Jobs of a state.
    package init(state: JobState, queue: String? = nil, kind: String? = nil, reason: DiscardReason? = nil) {
        self.state = state
        self.queue = queue
        self.kind = kind
        self.reason = reason
    }

    var parameters: [(String, String?)] { [("queue", queue), ("kind", kind), ("reason", reason?.rawValue)] }
}

/// A part of a list, whatever it is ordered by.
package struct ConsoleJobs: Sendable {
    /// The jobs, with where those run that do.
    package let jobs: [(record: JobRecord, running: RunningJob?)]
    /// Where the next part begins, as the URL says it; nil at the end.
    package let next: String?

    /// Jobs of any state.
    package init<Cursor>(_ page: JobPage<Cursor>, next: String?) {
        jobs = page.jobs.map { ($0, nil) }
        self.next = next
    }

    /// Jobs that run.
    package init(_ running: [RunningJob], next: JobCursor?) {
        jobs = running.map { ($0.record, $0) }
        self.next = next.map { "\($0)" }
    }
}

extension ConsolePage {
    struct List: Sendable {
        let stateName: String
        let state: String
        let queues: [Choice]
        let kind: String
        let reasons: [Choice]
        let columns: [Column]
        let rows: [ListRow]
        let hasKind, hasReasons, hasRows: Bool
        let none: String?
        let next: String?
        let first: String?
        let redrive: String?
    }
    struct Column: Hashable, Sendable { let name, kind: String }
    struct ListRow: Hashable, Sendable {
        let href, kind, id: String
        let cells: [Cell]
        let error: String?
    }

    /// A list of jobs.
    ///
    /// - Parameters:
    ///   - after: Where the part began; nil for the first one.
    ///   - queues: The names of all queues, to choose from.
    ///   - now: When it was read.
    package init(
        _ part: ConsoleJobs, _ filter: ConsoleFilter, after: String?, queues: [String], now: Date,
        _ options: ConsoleOptions
    ) {
        let words = ConsoleWords(language: options.language)
        let wanted = [("state", filter.state.rawValue)] + filter.parameters
        let address = ConsoleAddress(options.language, wanted + [("after", after)])
        self.init(
            words.state(filter.state), at: ConsoleAddress.Tab(rawValue: filter.state.rawValue), address, options)
        let rows = part.jobs.map { Self.row($0.record, $0.running, now, words, address) }
        list = List(
            stateName: words.state(filter.state), state: filter.state.rawValue,
            queues: Self.choices(queues, filter.queue, words) { $0 }, kind: filter.kind ?? "",
            reasons: Self.choices(
                ConsoleWords.reasons(of: filter.state), filter.reason?.rawValue, words, words.reason),
            columns: rows.first?.cells.map { Column(name: $0.label, kind: $0.kind) } ?? [], rows: rows,
            hasKind: filter.state != .running,
            hasReasons: filter.state == .discarded, hasRows: !rows.isEmpty,
            none: rows.isEmpty ? words.table[part.next == nil ? "none" : "noneYet"] : nil,
            next: part.next.map { address.href("/jobs", wanted + [("after", $0)]) },
            first: after == nil ? nil : address.href("/jobs", wanted),
            redrive: filter.state == .discarded ? address.href("/jobs/redrive", filter.parameters) : nil)
    }

    /// What a form offers: anything, and the names; one that is chosen but not among them stays.
    static func choices(
        _ names: [String], _ chosen: String?, _ words: ConsoleWords, _ name: (String) -> String
    ) -> [Choice] {
        let known = chosen.map { names.contains($0) ? names : names + [$0] } ?? names
        return [Choice(value: "", name: words.everything, isSelected: chosen == nil)]
            + known.map { Choice(value: $0, name: name($0), isSelected: $0 == chosen) }
    }

    private static func row(
        _ job: JobRecord, _ running: RunningJob?, _ now: Date, _ words: ConsoleWords, _ address: ConsoleAddress
    ) -> ListRow {
        var cells = [Cell(label: words.table["queue"] ?? "", text: job.queue)]
        let ago = job.at.map { words.ago($0, now) } ?? "–"
        switch job.state {
        case .running:
            cells.append(
                Cell(label: words.pick("已执行", "For"), text: running.map { words.span($0.runningFor) } ?? "–"))
            cells.append(
                Cell(
                    label: words.table["worker"] ?? "", text: running.map(words.worker) ?? "–",
                    note: running.flatMap(words.progress)))
        case .ready: cells.append(Cell(label: words.pick("可执行", "Ready"), text: ago))
        case .waiting:
            cells.append(Cell(label: words.table["why"] ?? "", text: words.reason(job.reason ?? "")))
            cells.append(
                Cell(label: words.pick("到期", "Due"), text: job.at.map(words.instant) ?? words.pick("未定", "not known")))
        case .completed: cells.append(Cell(label: words.pick("完成", "Done"), text: ago))
        case .discarded:
            cells.append(Cell(label: words.table["reason"] ?? "", text: words.reason(job.reason ?? "")))
            cells.append(Cell(label: words.pick("放弃", "Discarded"), text: ago))
        }
        cells.append(Cell(label: words.pick("失败次数", "Failed tries"), text: words.count(job.tries), kind: "n"))
        return ListRow(
            href: address.job(job.id), kind: job.name, id: "\(job.id)", cells: cells,
            error: job.error.flatMap { $0.isEmpty ? nil : String($0.prefix(300)) })
    }
}

extension ConsoleWords {
    /// The process that runs a job.
    func worker(_ job: RunningJob) -> String {
        guard let app = job.app, let host = job.host else {
            return pick("进程已丢失，即将接回", "its process is lost; about to be rescued")
        }
        return "\(app) · \(host)" + (job.processID.map { " · \($0)" } ?? "")
    }

    /// How far a job has come, if it says so.
    func progress(_ job: RunningJob) -> String? {
        guard let done = job.done else { return job.note }
        let text = job.total.map { "\(count(done)) / \(count($0))" } ?? count(done)
        return job.note.map { "\(text) · \($0)" } ?? text
    }
}
