package import FoundationEssentials
package import Jobs

extension ConsolePage {
    struct Job: Sendable {
        let id: String
        let status: Message
        let facts: [Cell]
        let progress: Progress?
        let needs: [Link]
        let error: String?
        let attempts: [AttemptRow]
        let noAttempts: String?
        let hasNeeds, hasAttempts: Bool
        let act: Act?
    }
    struct Progress: Hashable, Sendable {
        let text: String
        let done, total: String?
    }
    struct AttemptRow: Hashable, Sendable { let run, at, error: String }
    struct Act: Hashable, Sendable { let action, name, hint: String }

    /// The page of one job.
    package init(_ job: JobDetails, now: Date, _ options: ConsoleOptions) {
        let words = ConsoleWords(language: options.language)
        let record = job.record
        let address = ConsoleAddress(options.language, path: "/jobs/\(record.id)")
        self.init(record.name, at: nil, address, options)
        var needs: [Link] = []
        if case .jobs(let jobs) = job.wait {
            needs = jobs.map { need in
                Link(
                    name: "\(need.id)", href: address.job(need.id),
                    tag: need.state.map(words.state) ?? words.pick("记录已清除", "not known any more"))
            }
        }
        self.job = Job(
            id: "\(record.id)", status: words.status(job, now), facts: Self.facts(job, words, address),
            progress: job.running.flatMap { running in
                words.progress(running).map { text in
                    Progress(
                        text: text, done: running.total == nil ? nil : running.done.map { "\($0)" },
                        total: running.done == nil ? nil : running.total.map { "\(max(1, $0))" })
                }
            },
            needs: needs, error: record.error.flatMap { $0.isEmpty ? nil : $0 },
            attempts: job.attempts.suffix(Self.attemptsMax).reversed().map {
                AttemptRow(
                    run: words.pick("第 \($0.runNumber) 次执行", "Run \($0.runNumber)"), at: words.instant($0.failedAt),
                    error: $0.error)
            }, noAttempts: job.attempts.isEmpty ? words.table["noAttempts"] : nil, hasNeeds: !needs.isEmpty,
            hasAttempts: !job.attempts.isEmpty, act: Self.act(job, words, address))
    }

    /// A job that is tried for ever has many failed runs; the last ones tell.
    private static let attemptsMax = 50

    private static func facts(_ job: JobDetails, _ words: ConsoleWords, _ address: ConsoleAddress) -> [Cell] {
        let record = job.record
        let since = record.state == .waiting ? words.pick("到期", "Due") : words.pick("自", "Since")
        let all: [(String, String?)] = [
            (words.table["worker"] ?? "", job.running.map(words.worker)),
            (words.pick("优先级", "Priority"), record.priority.map(words.priority)),
            (words.pick("执行次数", "Runs"), "\(record.runNumber)"),
            (words.pick("失败次数", "Failed tries"), "\(record.tries)"),
            (words.pick("丢失的进程", "Lost processes"), record.crashes.flatMap { $0 > 0 ? "\($0)" : nil }),
            (words.pick("推送于", "Pushed"), words.instant(record.enqueuedAt)),
            (since, record.at.map(words.instant)),
            (words.pick("期限", "Deadline"), record.deadlineAt.map(words.instant)),
            (words.pick("业务键", "Key"), record.key), (words.pick("通道", "Lane"), record.lane),
            (words.pick("配额", "Quota"), record.quota),
            (words.pick("品牌", "Brand"), record.brand.map { $0.uuidString.lowercased() }),
        ]
        return [
            Cell(
                label: words.table["queue"] ?? "", text: record.queue,
                href: address.list(record.state, queue: record.queue))
        ] + all.compactMap { name, value in value.map { Cell(label: name, text: $0) } }
    }

    private static func act(_ job: JobDetails, _ words: ConsoleWords, _ address: ConsoleAddress) -> Act? {
        let id = job.record.id
        switch job.record.state {
        case .completed: return nil
        case .discarded:
            return Act(
                action: address.href("/jobs/\(id)/retry", []), name: words.table["retry"] ?? "",
                hint: words.pick("失败次数清零，重新排队。", "Its failed tries are forgiven; it goes back into its queue."))
        case .running where job.running?.isBeingCancelled == true: return nil
        case .ready, .waiting, .running:
            return Act(
                action: address.href("/jobs/\(id)/cancel", []), name: words.table["cancel"] ?? "",
                hint: job.record.state == .running
                    ? words.pick("执行它的进程会在下一次心跳时停下它。", "Its worker stops it at its next heartbeat.")
                    : words.pick("它会移到已放弃，之后仍可重试。", "It goes to the discarded ones and can be retried."))
        }
    }
}

extension ConsoleWords {
    /// Where a job is in its life, and why.
    func status(_ job: JobDetails, _ now: Date) -> ConsolePage.Message {
        let since = job.record.at.map { ago($0, now) } ?? ""
        let (kind, icon, text): (String, String, String) =
            switch job.record.state {
            case .ready: ("good", "•", waiting(job))
            case .waiting: ("wait", "…", waiting(job))
            case .running where job.running?.isBeingCancelled == true:
                ("wait", "▶", pick("已请求停止，等待下一次心跳", "asked to stop, which takes a heartbeat"))
            case .running:
                (
                    "good", "▶",
                    job.running.map { pick("已执行 \(span($0.runningFor))", "for \(span($0.runningFor))") } ?? since
                )
            case .completed: ("good", "✓", since)
            case .discarded: ("bad", "✗", "\(reason(job.record.reason ?? "")) · \(since)")
            }
        return ConsolePage.Message(kind: kind, icon: icon, text: "\(state(job.record.state)) · \(text)")
    }

    /// What keeps a job from running, as a sentence.
    private func waiting(_ job: JobDetails) -> String {
        let why = job.record.reason.map(waiting) ?? ""
        let space = pick("", " ")
        switch job.wait {
        case nil: return why
        case .turn(let ahead):
            return ahead == 0
                ? pick("下一个就是它。", "it is next.")
                : pick("前面还有 \(capped(ahead)) 个任务。", "\(capped(ahead)) jobs go first.")
        case .instant(let due): return why + space + pick("到期：\(instant(due))。", "Due \(instant(due)).")
        case .handler, .jobs: return why
        case .pauses(let pauses):
            return why
                + pauses.prefix(3).map {
                    pick("\($0.author)：\($0.reason)", " \($0.author): \($0.reason)")
                }.joined(separator: pick("；", ";"))
        case .quota(let quota, let ahead):
            return why
                + pick("配额 \(quota.name)，前面还有 \(capped(ahead)) 个。", " Quota \(quota.name); \(capped(ahead)) go first.")
        case .lane(let lane, let ahead):
            return why + pick("通道 \(lane)，前面还有 \(capped(ahead)) 个。", " Lane \(lane); \(capped(ahead)) go first.")
        }
    }
}
