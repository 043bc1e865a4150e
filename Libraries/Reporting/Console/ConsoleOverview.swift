package import FoundationEssentials
package import Jobs

/// What the overview shows; a part that could not be read in time is nil.
package struct ConsoleReadings: Sendable {
    /// When it was read.
    package var at: Date
    /// The queues.
    package var queues: [JobQueueStatistics]?
    /// What became of jobs within the last minute.
    package var throughput: [JobThroughput]?
    /// The pauses in force.
    package var pauses: [JobPause]?
    /// The jobs that were discarded last, the latest first.
    package var discarded: [JobRecord]?

    /// Readings, none of them taken yet.
    package init(at: Date) { self.at = at }
}

extension ConsolePage {
    struct Overview: Sendable {
        let asOf: String
        let refreshLabel: String
        let refreshes: [Link]
        let trouble: String?
        let tiles: [Tile]
        let queues: [QueueRow]
        let empty: String?
        let pauses: [PauseRow]
        let noPauses: String?
        let discards: [DiscardRow]
        let noDiscards: String?
        let hasQueues, hasPauses, hasDiscards: Bool
        let pauseHref: String
    }
    struct Tile: Hashable, Sendable { let name, value, kind: String }
    struct QueueRow: Hashable, Sendable {
        let name: String
        let cells: [Cell]
        let stateLabel, state, stateKind: String
        let stateNote: String?
        let pauseHref: String
        let pauseName: String
    }
    struct PauseRow: Hashable, Sendable { let target, reason, author, since, until, held, action: String }
    struct DiscardRow: Hashable, Sendable {
        let kind, href: String
        let cells: [Cell]
        let error: String?
        let redriveHref: String
    }

    /// The overview of the whole queue.
    package init(_ readings: ConsoleReadings, _ options: ConsoleOptions) {
        let words = ConsoleWords(language: options.language)
        let address = ConsoleAddress(options.language, [("refresh", options.refresh.map { "\($0)" })])
        self.init(words.title, at: .overview, address, options)
        refresh = options.refresh.map { "\($0);url=\(address.own)" }
        let parts: [(Bool, String)] = [
            (readings.queues == nil, words.pick("队列数字", "the queues")),
            (readings.throughput == nil, words.pick("完成速度", "the rates")),
            (readings.pauses == nil, words.pick("暂停", "the pauses")),
            (readings.discarded == nil, words.pick("放弃的任务", "the discarded jobs")),
        ]
        let missing = parts.filter(\.0).map(\.1).joined(separator: words.pick("、", ", "))
        overview = Overview(
            asOf: words.pick("截至 ", "As of ") + words.instant(readings.at),
            refreshLabel: words.pick("自动刷新", "Refresh"),
            refreshes: [nil, 10, 60].map { seconds in
                Link(
                    name: seconds.map { words.span(.seconds($0)) } ?? words.pick("关", "off"),
                    href: address.href("/jobs", [("refresh", seconds.map { "\($0)" })]),
                    isCurrent: options.refresh == seconds)
            },
            trouble: missing.isEmpty ? nil : words.trouble(missing),
            tiles: readings.queues.map { Self.tiles($0, words) } ?? [],
            queues: (readings.queues ?? []).map { Self.row($0, readings, words, address) },
            empty: readings.queues?.isEmpty == true ? words.pick("还没有任何队列。", "There is no queue yet.") : nil,
            pauses: (readings.pauses ?? []).map { Self.row($0, words, address) },
            noPauses: readings.pauses?.isEmpty == true ? words.table["noPauses"] : nil,
            discards: Self.groups(readings.discarded ?? []).map { Self.row($0, readings.at, words, address) },
            noDiscards: readings.discarded?.isEmpty == true ? words.table["noDiscards"] : nil,
            hasQueues: readings.queues?.isEmpty == false, hasPauses: readings.pauses?.isEmpty == false,
            hasDiscards: readings.discarded?.isEmpty == false, pauseHref: address.href("/jobs/pause", []))
    }

    private static func tiles(_ queues: [JobQueueStatistics], _ words: ConsoleWords) -> [Tile] {
        func sum(_ state: JobState, _ part: KeyPath<JobQueueStatistics, Int>) -> Tile {
            let isCapped = queues.contains { $0[keyPath: part] > ConsoleWords.countMax }
            let total = queues.reduce(0) { $0 + min($1[keyPath: part], ConsoleWords.countMax) }
            return Tile(name: words.state(state), value: words.count(total) + (isCapped ? "+" : ""), kind: "")
        }
        let late = queues.map(\.oldestReadyAge).max() ?? .zero
        return [
            Tile(
                name: words.pick("最久等待", "Oldest ready job"), value: late == .zero ? "–" : words.span(late),
                kind: lateness(late)),
            sum(.ready, \.ready), sum(.running, \.running), sum(.waiting, \.waiting),
        ]
    }

    /// A minute is a queue that does not keep up; ten are people who wait.
    private static func lateness(_ age: Duration) -> String {
        guard age >= .seconds(60) else { return "" }
        return age >= .seconds(600) ? "bad" : "late"
    }

    private static func row(
        _ queue: JobQueueStatistics, _ readings: ConsoleReadings, _ words: ConsoleWords, _ address: ConsoleAddress
    ) -> QueueRow {
        func cell(_ state: JobState, _ count: Int, note: [String] = [], kind: String = "") -> Cell {
            Cell(
                label: words.state(state), text: words.capped(count),
                href: count == 0 ? nil : address.list(state, queue: queue.queue),
                note: note.isEmpty ? nil : note.joined(separator: words.pick("，", ", ")), kind: "n" + kind)
        }
        let waiting = [
            ("retry", queue.retrying), ("paused", queue.paused), ("gate", queue.gated),
            ("unknown_kind", queue.unknownKind),
        ].filter { $0.1 > 0 }.map { "\(words.reason($0.0)) \(words.capped($0.1))" }
        let pause = readings.pauses?.first { $0.scope == .queue(queue.queue) }
        return QueueRow(
            name: queue.queue,
            cells: [
                cell(.ready, queue.ready), cell(.running, queue.running), cell(.waiting, queue.waiting, note: waiting),
                cell(.discarded, queue.discarded, kind: queue.discarded == 0 ? "" : " bad"),
                Cell(
                    label: words.table["late"] ?? "",
                    text: queue.oldestReadyAge == .zero ? "–" : words.span(queue.oldestReadyAge),
                    kind: "n " + lateness(queue.oldestReadyAge)),
                rate(readings.throughput?.filter { $0.queue == queue.queue }, words),
            ],
            stateLabel: words.table["state"] ?? "",
            state: (pause == nil ? words.table["runs"] : words.table["paused"]) ?? "",
            stateKind: pause == nil ? "good" : "late",
            stateNote: pause.map { pause in
                words.pick("\(pause.author)：\(pause.reason)", "\(pause.author): \(pause.reason)")
                    + (pause.until.map { words.pick("，到 \(words.instant($0))", ", until \(words.instant($0))") } ?? "")
            },
            pauseHref: address.href("/jobs/pause", [("queue", queue.queue)]),
            pauseName: words.pick("暂停 \(queue.queue)", "Pause \(queue.queue)"))
    }

    /// What a queue completed in a minute; where only the last moments were counted, so many times that.
    private static func rate(_ kinds: [JobThroughput]?, _ words: ConsoleWords) -> Cell {
        guard let kinds else { return Cell(label: words.table["rate"] ?? "", text: "–", kind: "n") }
        let perMinute = kinds.reduce(0) { $0 + $1.completedPerSecond } * 60
        let failed = kinds.reduce(0) { $0 + $1.failed }
        let isRough = kinds.contains { $0.isCapped || $0.window < .seconds(60) }
        return Cell(
            label: words.table["rate"] ?? "",
            text: (isRough ? "≈ " : "") + words.count(Int(min(perMinute.rounded(), 1e12))),
            note: failed == 0 ? nil : words.pick("失败 \(words.count(failed))", "\(words.count(failed)) failed"),
            kind: "n")
    }

    private static func row(_ pause: JobPause, _ words: ConsoleWords, _ address: ConsoleAddress) -> PauseRow {
        let target = [
            (words.pick("队列", "Queue"), pause.scope.queue), (words.pick("类型", "Kind"), pause.scope.kind),
            (words.pick("配额", "Quota"), pause.scope.quota),
            (words.pick("品牌", "Brand"), pause.scope.brand.map { $0.uuidString.lowercased() }),
        ].compactMap { name, value in value.map { "\(name) \($0)" } }
        let held = words.pick("拦下 \(words.capped(pause.held)) 个任务", "holds \(words.capped(pause.held)) jobs")
        return PauseRow(
            target: target.joined(separator: " · "), reason: pause.reason, author: pause.author,
            since: words.instant(pause.pausedAt),
            until: pause.until.map { words.pick("到 \(words.instant($0))", "until \(words.instant($0))") }
                ?? ConsolePauseSpan.open.name(words), held: held,
            action: address.href("/jobs/pauses/\(pause.id)/resume", []))
    }

    private struct DiscardGroup {
        let last: JobRecord
        var count = 0
    }

    /// Those of one queue, kind and reason together, the largest group first.
    private static func groups(_ jobs: [JobRecord]) -> [DiscardGroup] {
        var groups: [[String]: DiscardGroup] = [:]
        for job in jobs {
            groups[[job.queue, job.name, job.reason ?? ""], default: DiscardGroup(last: job)].count += 1
        }
        return groups.values.sorted { a, b in
            a.count == b.count ? a.last.id.description < b.last.id.description : a.count > b.count
        }
    }

    private static func row(
        _ group: DiscardGroup, _ now: Date, _ words: ConsoleWords, _ address: ConsoleAddress
    ) -> DiscardRow {
        let job = group.last
        let filter = [("queue", job.queue), ("kind", job.name), ("reason", job.reason)]
        return DiscardRow(
            kind: job.name,
            href: address.list(.discarded, queue: job.queue, kind: job.name, reason: job.reason),
            cells: [
                Cell(label: words.table["queue"] ?? "", text: job.queue),
                Cell(label: words.table["reason"] ?? "", text: words.reason(job.reason ?? "")),
                Cell(label: words.table["count"] ?? "", text: words.count(group.count), kind: "n"),
                Cell(label: words.table["last"] ?? "", text: job.at.map { words.ago($0, now) } ?? "–"),
            ], error: job.error.flatMap { $0.isEmpty ? nil : String($0.prefix(300)) },
            redriveHref: address.href("/jobs/redrive", filter))
    }
}
