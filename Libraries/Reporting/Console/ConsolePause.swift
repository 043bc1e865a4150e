import FoundationEssentials
package import Jobs

extension ConsolePage {
    struct Pause: Hashable, Sendable {
        let action, hint: String
        let queues, quotas, spans: [Choice]
        let kind, brand: String
        let labels: [String: String]
    }

    /// The form that pauses a queue, a kind, a brand, a quota, or what fits several of them.
    ///
    /// - Parameters:
    ///   - scope: What is filled in already.
    ///   - queues: The names of all queues, to choose from.
    ///   - quotas: The names of quotas, to choose from.
    package init(pausing scope: JobPauseScope, queues: [String], quotas: [String], _ options: ConsoleOptions) {
        let words = ConsoleWords(language: options.language)
        let brand = scope.brand.map { $0.uuidString.lowercased() }
        let address = ConsoleAddress(
            options.language, path: "/jobs/pause",
            [("queue", scope.queue), ("kind", scope.kind), ("brand", brand), ("quota", scope.quota)])
        let heading =
            if let queue = scope.queue, scope == .queue(queue) {
                words.pick("暂停队列 \(queue)", "Pause the queue \(queue)")
            } else {
                words.pick("暂停任务", "Pause jobs")
            }
        self.init(heading, at: nil, address, options)
        pause = Pause(
            action: address.href("/jobs/pause", []),
            hint: words.pick(
                "暂停同时符合所填各项的任务，至少填一项。正在执行的任务会做完；新的任务不再开始，直到恢复。",
                "Jobs that fit everything named are paused; name at least one. "
                    + "Running jobs finish; no other one starts until it is resumed."),
            queues: Self.choices(queues, scope.queue, words) { $0 },
            quotas: Self.choices(quotas, scope.quota, words) { $0 },
            spans: ConsolePauseSpan.allCases.map {
                Choice(value: $0.rawValue, name: $0.name(words), isSelected: $0 == .open)
            }, kind: scope.kind ?? "", brand: brand ?? "",
            labels: [
                "quota": words.pick("配额", "Quota"),
                "brand": words.pick("品牌（编号，UUID）", "Brand (its id, a UUID)"),
                "until": words.pick("多久", "For how long"), "submit": words.pick("暂停", "Pause"),
            ])
    }
}

/// For how long something is paused.
package enum ConsolePauseSpan: String, Sendable, CaseIterable {
    case open, quarter, hour, hours4, day

    /// The span; nil until somebody resumes it.
    package var duration: Duration? {
        switch self {
        case .open: nil
        case .quarter: .seconds(15 * 60)
        case .hour: .seconds(3_600)
        case .hours4: .seconds(4 * 3_600)
        case .day: .seconds(24 * 3_600)
        }
    }

    func name(_ words: ConsoleWords) -> String {
        duration.map(words.span) ?? words.pick("直到有人恢复", "until somebody resumes it")
    }
}
